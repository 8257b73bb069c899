"""A process that uses an embedded server: what a manage.py command does, and nothing else."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

GIVEN_SERVERS = {"DATABASE_URL", "CELERY_BROKER_URL"}
ROOT = Path(__file__).resolve().parent.parent.parent
HOLD = """
import sys
from aftersales.core import embedded
lease = embedded.hold_{server}()
print("held", flush=True)
sys.stdin.readline()
"""


class User:
    def __init__(self, data: Path, server: str = "database", **environment: str) -> None:
        self.data, self.kind = data, {"database": "postgres", "broker": "valkey"}[server]
        keep = {
            name: value
            for name, value in os.environ.items()
            if name not in {"DATABASE_URL", "CELERY_BROKER_URL"}
        }
        self.environment = {**keep, "AFTERSALES_DATA": str(data), "AFTERSALES_FAST": "1", **environment}
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD.format(server=server)],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def held(self) -> "User":
        assert self.process.stdout
        assert self.process.stdout.readline().strip() == "held"
        return self

    def ask(self, statement: str) -> str:
        """Through another command of the same data folder."""
        code = (
            "import sys; from aftersales.core import embedded; "
            "embedded.hold_database(); rows = embedded.postgres.connect('aftersales').execute(sys.argv[1]); "
            "print(rows.fetchone()[0] if rows.description else '')"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, statement],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def leave(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.stdout.close()

    @property
    def servers(self) -> list[int]:
        """Server processes of this data folder, main process first."""
        return servers(self.data, self.kind)

    @property
    def keepers(self) -> list[int]:
        return keepers(self.data, self.kind)


def _processes() -> list[Path]:
    return sorted((entry for entry in Path("/proc").glob("[0-9]*")), key=lambda entry: int(entry.name))


def servers(data: Path, kind: str) -> list[int]:
    place, found = str((data / kind / "data").resolve()), []
    for entry in _processes():
        try:
            if os.readlink(entry / "cwd") == place and kind in os.readlink(entry / "exe"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def keepers(data: Path, kind: str) -> list[int]:
    found = []
    for entry in _processes():
        try:
            command = (entry / "cmdline").read_text()
        except OSError:
            continue
        if "keeper.main()" in command and f'"{data.resolve() / kind}"' in command:
            found.append(int(entry.name))
    return found


def eventually(question: Callable[[], object], seconds: float = 20.0) -> bool:
    """Asked again and again; no fixed sleep hides a slow machine."""
    until, pause = time.monotonic() + seconds, 0.02
    while time.monotonic() < until:
        if question():
            return True
        time.sleep(pause)
        pause = min(
            pause * 1.2, 0.2
        )  # the question itself may take more of the machine than what it waits for
    return bool(question())


def kill(*pids: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):  # a child may go with its parent
            os.kill(pid, signal.SIGKILL)
