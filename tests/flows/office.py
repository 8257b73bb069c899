"""The product's own worker, beat and broker beside a test: at the test's database, with a data folder of their own.

Everything is ended by its own process id, however the test ends. ``until`` asks with a deadline; nothing sleeps
in the hope that something will have happened.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from celery.beat import PersistentScheduler
from django.db import connection

from aftersales.celery import app
from aftersales.core.embedded import valkey
from aftersales.core.embedded.folders import socket_folder
from aftersales.core.embedded.lease import Lease
from tests.core.embedded_user import ROOT, eventually, kill, servers

PATIENCE = 90.0
CELERY = [sys.executable, "-u", "-m", "celery", "--app", "aftersales", "--quiet"]
WORKER = ["worker", "--concurrency", "2", "--without-gossip", "--without-mingle", "--loglevel", "WARNING"]


def database_url() -> str:
    """The test's database as an address."""
    given = connection.settings_dict
    user = ":".join(quote(part, safe="") for part in (given["USER"], given["PASSWORD"]) if part)
    options = {name: str(value) for name, value in given.get("OPTIONS", {}).items() if name == "options"}
    where = {"host": given["HOST"]} if given["HOST"].startswith("/") else {}
    place = "" if where else given["HOST"]
    query = urlencode({**where, **options, "port": str(given["PORT"] or 5432)}, quote_via=quote)
    return f"postgresql://{user}@{place}/{given['NAME']}?{query}"


class Office:
    """Who works while nobody looks."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.running: list[subprocess.Popen[bytes]] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AFTERSALES_DATA", str(data))
            self.lease = Lease(valkey.spec())
            self.broker_url = f"redis+socket://{socket_folder()}/{valkey.SOCKET}"
        self.environment = self._environment()
        self.lease.hold()

    def _environment(self) -> dict[str, str]:
        dropped = ("DATABASE_", "CELERY_", "EMAIL_", "AFTERSALES_", "PYTEST_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        return kept | {
            "DJANGO_SETTINGS_MODULE": "aftersales.settings",
            "AFTERSALES_DATA": str(self.data),
            "DATABASE_URL": database_url(),
            "CELERY_BROKER_URL": self.broker_url,
            "PYTHONWARNINGS": "ignore",
        }

    def worker(self) -> "subprocess.Popen[bytes]":
        return self._start([*CELERY, *WORKER, "--hostname", f"worker{len(self.running)}@tests"])

    def beat(self) -> "subprocess.Popen[bytes]":
        """Its schedule is a minute old, as after a restart: it asks for due work at once, then every 15 s."""
        file = str(self.data / f"beat{len(self.running)}")
        kept = PersistentScheduler(app, schedule_filename=file)
        kept.schedule["run-due-work"].last_run_at -= timedelta(minutes=1)
        kept.close()
        return self._start([*CELERY, "beat", "--schedule", file, "--pidfile="])

    def _start(self, command: list[str]) -> "subprocess.Popen[bytes]":
        with (self.data / "log").open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )
        self.running.append(process)
        return process

    @property
    def log(self) -> str:
        return (self.data / "log").read_text(errors="replace")[-4000:] if (self.data / "log").exists() else ""

    def until(self, question: Callable[[], object], what: str, seconds: float = PATIENCE) -> float:
        """Wait for it; answers how many seconds it took. Fails with what the processes said."""
        began = time.monotonic()
        assert eventually(question, seconds), f"after {seconds:.0f} s not yet: {what}\n{self.log}"
        return time.monotonic() - began

    def kill(self, process: "subprocess.Popen[bytes]") -> None:
        """kill -9 of the process and of its children, which would notice only later."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)

    def kill_broker(self) -> None:
        kill(*servers(self.data, "valkey"))

    @property
    def broker_runs(self) -> bool:
        return bool(servers(self.data, "valkey"))

    def close(self) -> None:
        for process in self.running:
            if process.poll() is None:
                process.terminate()
        until = time.monotonic() + 15
        for process in self.running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(until - time.monotonic(), 0.1))
            self.kill(process)
        self.lease.release()


@contextlib.contextmanager
def publishing_to(url: str):  # type: ignore[no-untyped-def]
    """This process wakes the office's workers, as the web does."""
    before = app.conf.task_always_eager
    app.conf.task_always_eager = False
    app.conf.broker_url = url
    _forget_connections()
    try:
        yield
    finally:
        app.conf.task_always_eager = before
        app.conf.broker_url = "memory://"
        _forget_connections()


def _forget_connections() -> None:
    from kombu import pools

    app._pool = app.amqp._producer_pool = None
    pools.reset()
