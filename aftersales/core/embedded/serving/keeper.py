"""The keeper: starts one server, restarts it when it dies, stops it when nobody holds the lease.

Started by ``aftersales.core.embedded.lease`` as a process of its own. It prints ``ready`` or one sentence
that says why not, and then says nothing more.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from . import identity, locks
from .ready import ANSWERS
from .spec import Spec, load

PATIENCE = 60.0  # seconds until a server must answer
STOPPING = 30.0  # seconds until a stopping server is killed
TICK = 0.1
LOG_LIMIT = 10_000_000


class CannotStart(Exception):
    """One sentence for the person who started us."""


class Keeper:
    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.mode = identity.choose(refuses_root=spec.refuses_root)
        self.bin = Path(spec.binaries)
        self.data = Path(spec.folder) / "data"
        self.log = Path(spec.folder) / "server.log"
        self.server: subprocess.Popen[bytes] | None = None
        self.lease: IO[str] | None = None
        self.asked_to_stop = False

    # -- making -------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Folders, binaries and, once, the data."""
        if self.mode == "drop":
            self.move_out()
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.data.chmod(0o700)
        socket_folder(self.spec.socket_folder)
        if self.mode == "drop":
            uid, gid = identity.unprivileged()
            os.chown(self.data, uid, gid)
            os.chown(self.spec.socket_folder, uid, gid)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".old.log"))
        if self.spec.create and not (self.data / self.spec.marker).exists():
            self.create()

    def move_out(self) -> None:
        """Where no namespace is allowed another user must reach the binaries and the data: /var/tmp."""
        home = Path("/var/tmp") / f"{Path(self.spec.socket_folder).name}-{self.spec.kind}"
        home.mkdir(mode=0o711, exist_ok=True)
        if home.is_symlink() or home.stat().st_uid != 0:
            raise CannotStart(f"{home} belongs to somebody else; remove it or set AFTERSALES_DATA.")
        copy = home / "package" / self.bin.parent.name
        if not (home / "complete").exists():
            shutil.rmtree(home / "package", ignore_errors=True)
            shutil.copytree(self.bin.parent, copy, symlinks=True)
            if self.spec.libraries:
                shutil.copytree(
                    self.spec.libraries, home / Path(self.spec.libraries).name, dirs_exist_ok=True
                )
            (home / "complete").touch()
        self.bin = copy / self.bin.name
        self.data = home / "data"

    def create(self) -> None:
        """Make the data beside its place and rename it: a kill in the middle leaves nothing half made."""
        unfinished = self.data.with_name("unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        if self.mode == "drop":
            os.chown(unfinished, *identity.unprivileged())
            os.chmod(self.data.parent, 0o711)  # noqa: S103 - passable, not readable
        done = subprocess.run(
            self.filled(self.spec.create, unfinished),
            preexec_fn=identity.become(self.mode, signal.SIGKILL),
            env=ENVIRONMENT,
            cwd=unfinished,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise CannotStart(f"The {self.spec.kind} data could not be created: {last_line(done.stderr)}")
        shutil.rmtree(self.data)
        unfinished.rename(self.data)

    def filled(self, command: list[str], data: Path) -> list[str]:
        return [part.replace("{bin}", str(self.bin)).replace("{data}", str(data)) for part in command]

    # -- running ------------------------------------------------------------------------------------------

    def start(self) -> None:
        self.clear_leftovers()
        with self.log.open("ab") as log:
            self.server = subprocess.Popen(
                self.filled(self.spec.command, self.data),
                preexec_fn=identity.become(self.mode, self.spec.stop_signal),
                env=ENVIRONMENT,
                cwd=self.data,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def wait_ready(self) -> None:
        answers, until = ANSWERS[self.spec.kind], time.monotonic() + PATIENCE
        while not answers(self.spec.socket):
            assert self.server
            if self.server.poll() is not None:
                raise CannotStart(
                    f"The {self.spec.kind} server stopped at once: {last_line(self.log_tail())}"
                )
            if time.monotonic() > until:
                raise CannotStart(f"The {self.spec.kind} server does not answer; see {self.log}.")
            time.sleep(0.02)

    def log_tail(self) -> str:
        return self.log.read_bytes()[-4000:].decode("utf-8", "replace") if self.log.exists() else ""

    def clear_leftovers(self) -> None:
        """After a kill -9 the old server may still be stopping, or a stale pid file may name a stranger."""
        until = time.monotonic() + STOPPING
        while pids := servers_in(self.data, self.spec.program):
            if time.monotonic() > until:
                for pid in pids:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
        if sys.platform == "linux" and self.spec.kind == "postgres":
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            for lock in Path(self.spec.socket_folder).glob(f"{self.spec.socket_file}.lock"):
                lock.unlink(missing_ok=True)

    def watch(self) -> None:
        """Until nobody holds the lease. A server that dies is started again, ever more slowly."""
        pause = 0.2
        while not self.asked_to_stop:
            self.lease = locks.take(self.spec.folder, "lease", fcntl.LOCK_EX | fcntl.LOCK_NB)
            if self.lease:
                return  # kept until the process ends: newcomers wait for the server to be gone
            if not self.data.exists():
                return
            assert self.server
            if self.server.poll() is None:
                time.sleep(TICK)
                continue
            time.sleep(pause)
            pause = min(pause * 2, 10.0)
            socket_folder(self.spec.socket_folder)
            self.start()

    def stop(self) -> None:
        server = self.server
        if server is None or server.poll() is not None:
            return
        server.send_signal(self.spec.stop_signal)
        try:
            server.wait(STOPPING)
        except subprocess.TimeoutExpired:
            server.send_signal(self.spec.kill_signal)
            server.wait()
        with contextlib.suppress(OSError):
            Path(self.spec.socket_folder).rmdir()  # when the other server does not use it too


ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def socket_folder(path: str) -> None:
    """Short and private: a stranger's folder of that name is never used."""
    Path(path).mkdir(mode=0o700, exist_ok=True)
    Path(path).chmod(0o700)


def servers_in(data: Path, program: str) -> list[int]:
    """Processes of this program whose working folder is this data folder (Linux; elsewhere none are seen)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*") if sys.platform == "linux" else []:
        with contextlib.suppress(OSError):
            if os.readlink(entry / "cwd") == str(data) and program in os.readlink(entry / "exe"):
                found.append(int(entry.name))
    return found


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # PostgreSQL's hints follow the reason; the reason is what a person needs.
    reasons = [line for line in lines if "FATAL" in line or "error" in line.lower()]
    return (reasons or lines or ["no reason given."])[-1]


def announce(sentence: str) -> None:
    """The one line our starter waits for; afterwards we own no terminal and no pipe."""
    with contextlib.suppress(OSError):
        os.write(1, sentence.encode() + b"\n")
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)


def main() -> None:
    spec = load(sys.argv[1])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    mine = locks.take(spec.folder, "keeper", fcntl.LOCK_EX | fcntl.LOCK_NB)
    if mine is None:
        announce("ready")
        return
    keeper = Keeper(spec)
    signal.signal(signal.SIGTERM, lambda *_: setattr(keeper, "asked_to_stop", True))
    try:
        keeper.prepare()
        try:
            keeper.start()
            keeper.wait_ready()
        except CannotStart:
            # The other server's keeper may have removed the empty socket folder at this very moment.
            socket_folder(spec.socket_folder)
            keeper.start()
            keeper.wait_ready()
    except (CannotStart, OSError) as error:
        keeper.stop()
        announce(str(error))
        sys.exit(1)
    announce("ready")
    keeper.watch()
    keeper.stop()
    mine.close()
