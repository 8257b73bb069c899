"""Web, worker and beat as one group: restarted when they die, gone when we are, however we end."""

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field

from .serving.identity import die_with_parent

LONGEST_PAUSE = 30.0  # seconds between two starts of a child that keeps dying
SETTLED = 60.0  # seconds after which a child counts as healthy again


@dataclass
class Child:
    """One process (and its own process group) that we keep alive."""

    name: str
    command: list[str]
    cwd: str
    pass_fds: tuple[int, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    pause: float = 0.0
    started: float = 0.0
    starts: int = 0

    def start(self) -> None:
        parent = os.getpid()
        self.started = time.monotonic()
        self.starts += 1
        self.process = subprocess.Popen(
            self.command,
            cwd=self.cwd,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            pass_fds=self.pass_fds,
            process_group=0,
            # We have no threads, so code between fork and exec is safe.
            preexec_fn=lambda: die_with_parent(parent, signal.SIGTERM),
        )

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def revive(self) -> bool:
        """Start again when dead and its pause is over. True when that was done."""
        now = time.monotonic()
        if self.alive or now < self.started + self.pause:
            return False
        self.kill_group()  # what a killed leader left behind
        settled = now - self.started > SETTLED
        self.pause = 1.0 if settled or not self.pause else min(self.pause * 2, LONGEST_PAUSE)
        self.start()
        return True

    def signal(self, number: int) -> None:
        if self.process and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)

    def kill_group(self) -> None:
        if self.process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


class Group:
    """Children in the order of starting; stopped in the opposite order of importance to people: web first."""

    def __init__(self, children: list[Child]) -> None:
        self.children = children

    def start(self) -> None:
        for child in self.children:
            child.start()

    def revive(self) -> list[tuple[str, int | None]]:
        """Names and exit codes of the children that had died and were started again."""
        revived = []
        for child in self.children:
            code = child.process.poll() if child.process else None
            if child.revive():
                revived.append((child.name, code))
        return revived

    def stop(self, grace: float) -> None:
        """Ask all, wait, then kill what is left of each group."""
        for child in self.children:
            child.signal(signal.SIGTERM)
        until = time.monotonic() + grace
        for child in self.children:
            if child.process:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.process.wait(max(until - time.monotonic(), 0.1))
            child.kill_group()
            if child.process:
                child.process.wait()
