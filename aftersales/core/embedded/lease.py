"""Using an embedded server: hold its lease; the first holder starts the keeper, the last one lets it stop."""

import atexit
import fcntl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from .serving import locks
from .serving.ready import ANSWERS
from .serving.spec import Spec

# A fresh interpreter that sees only the keeper's package: no Django, no inherited files or threads.
BOOT = "import sys; sys.path.append(sys.argv.pop(1)); from serving import keeper; keeper.main()"
PATIENCE = 90.0


class CannotServe(Exception):
    """The embedded server could not be started; the message is one sentence for a person."""


class Lease:
    """A right to use one server. Kept for the life of the process: a file lock, gone when we are."""

    def __init__(self, spec: Spec, furnish: Callable[[], None] | None = None) -> None:
        self.spec = spec
        self.furnish = furnish
        self.file: IO[str] | None = None

    def hold(self) -> "Lease":
        """Return when the server answers. Raises CannotServe with one sentence."""
        try:
            Path(self.spec.folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise CannotServe(
                f"The data folder {self.spec.folder} cannot be used: {error.strerror}."
            ) from error
        gate = locks.take(self.spec.folder, "gate", fcntl.LOCK_EX)
        assert gate
        with gate:
            # Waits while a keeper that found nobody here is still stopping its server.
            if self.file is None:
                self.file = locks.take(self.spec.folder, "lease", fcntl.LOCK_SH)
                atexit.register(self.leave)
            self._served(time.monotonic() + PATIENCE)
            if self.furnish:
                self.furnish()  # behind the gate: two starters would both make the roles
        return self

    def _served(self, until: float) -> None:
        answers = ANSWERS[self.spec.kind]
        while True:
            if not self.kept:
                self._start()
            elif answers(self.spec.socket):
                return
            if time.monotonic() > until:
                raise CannotServe(f"The {self.spec.kind} server does not answer; see {self.spec.folder}.")
            time.sleep(0.02)

    def _start(self) -> None:
        command = [sys.executable, "-I", "-c", BOOT, str(Path(__file__).parent), self.spec.dump()]
        keeper = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
            text=True,
            cwd="/",
        )
        assert keeper.stdout
        with keeper.stdout:
            sentence = keeper.stdout.readline().strip()
        if sentence != "ready":
            raise CannotServe(sentence or f"The {self.spec.kind} keeper ended without a word.")
        # The keeper outlives us on purpose; nobody waits for it.
        keeper.returncode = 0

    @property
    def kept(self) -> bool:
        """Whether a keeper looks after the server now."""
        return locks.held(self.spec.folder, "keeper")

    def leave(self) -> None:
        """Give the right back and do not look round."""
        if self.file:
            self.file.close()
            self.file = None

    def release(self, patience: float = 35.0) -> bool:
        """Give the right back and wait until the server is gone. False when others still use it."""
        self.leave()
        until = time.monotonic() + patience
        while self.kept and time.monotonic() < until:
            time.sleep(0.05)
            # The keeper looks ten times a second; after that, shared holders are other people.
            if time.monotonic() > until - patience + 0.5 and not locks.held(self.spec.folder, "lease"):
                return False
        return not self.kept
