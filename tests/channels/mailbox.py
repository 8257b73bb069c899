"""A mailbox that speaks as much IMAP as our reader asks for: some threads, no disk."""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Mailbox(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self, letters: list[bytes], *, move: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.letters = dict(enumerate(letters, 7))
        self.seen: set[int] = set()
        self.moved: dict[int, bytes] = {}
        self.move = move
        self.fetched: list[str] = []
        self.guard = threading.Lock()

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Talk(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        self._say("* OK ready")
        while line := self.rfile.readline().decode("utf-8", "replace").strip():
            tag, _blank, rest = line.partition(" ")
            verb = rest.split(" ")[0].upper()
            if verb == "UID":
                self._uid(tag, rest[4:])
            elif verb == "LOGIN" and "secret" not in rest:
                self._say(f"{tag} NO wrong password")
            else:
                if verb == "CAPABILITY":
                    self._say("* CAPABILITY IMAP4rev1" + (" MOVE" if self.server.move else ""))
                if verb == "SELECT":
                    self._say(f"* {len(self.server.letters)} EXISTS")
                self._say(f"{tag} OK done")
            if verb == "LOGOUT":
                return

    def _uid(self, tag: str, rest: str) -> None:
        verb, box = rest.split(" ")[0].upper(), self.server
        uid = int(found.group(1)) if (found := re.match(r"\w+ (\d+)", rest)) else 0
        if verb == "SEARCH":
            left = [str(one) for one in box.letters if "UNSEEN" not in rest or one not in box.seen]
            self._say(f"* SEARCH {' '.join(left)}")
        elif verb == "FETCH" and uid in box.letters:
            raw = box.letters[uid]
            box.fetched.append(rest)
            if "RFC822.SIZE" in rest:
                self._say(f"* 1 FETCH (UID {uid} RFC822.SIZE {len(raw)})")
            elif raw == b"NOTHING":
                self._say(f"* 1 FETCH (UID {uid} FLAGS ())")
            elif not raw or raw.startswith(b"QUOTED:"):
                told = raw.removeprefix(b"QUOTED:").decode().replace("\\", "\\\\").replace('"', '\\"')
                self._say(f'* 1 FETCH (UID {uid} BODY[] "{told}")')
            else:
                part = re.search(r"<0\.(\d+)>", rest)
                raw = raw[: int(part.group(1))] if part else raw
                self.wfile.write(f"* 1 FETCH (UID {uid} BODY[] {{{len(raw)}}}\r\n".encode() + raw + b")\r\n")
        elif verb == "STORE":
            box.seen.add(uid)
        elif verb == "MOVE":
            with box.guard:
                if uid in box.letters:
                    box.moved[uid] = box.letters.pop(uid)
        self._say(f"{tag} OK done")

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")


@contextmanager
def mailbox(settings: Any, letters: list[bytes], *, move: bool = False) -> Iterator[Mailbox]:
    with Mailbox(letters, move=move) as box:
        threading.Thread(target=box.serve_forever, args=(0.02,), daemon=True).start()  # it ends when told to
        settings.MAIL_IN, settings.IMAP_HOST, settings.IMAP_PORT = "imap", "127.0.0.1", box.port
        settings.IMAP_SECURITY, settings.IMAP_USER, settings.IMAP_PASSWORD = "none", "service", "secret"
        settings.IMAP_FOLDER, settings.IMAP_DONE = "INBOX", "Done" if move else ""
        try:
            yield box
        finally:
            box.shutdown()
