"""How many PostgreSQL sessions a real worker opens."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from celery import Celery

from aftersales.core import embedded
from aftersales.core.embedded import broker_url
from aftersales.core.embedded.folders import socket_folder
from aftersales.core.embedded.serving.identity import die_with_parent
from tests import database
from tests.bench.data import Sets, copy_of
from tests.bench.measure import Result, count

ROOT = Path(__file__).resolve().parents[2]
TASKS = 300
LONGEST = 90.0  # seconds for all tasks
FLUSH = 1.5  # seconds until a session's counters are in the statistics


def measure(sets: Sets, _effort: int) -> Iterator[Result]:
    embedded.hold_broker()
    with copy_of(sets.base) as name:
        box = redis.Redis(unix_socket_path=f"{socket_folder()}/valkey.sock")
        box.flushdb()
        with _worker(name):
            _work_off(box, 20)
            before = _sessions(name)
            if not before:
                raise RuntimeError("the worker is not on this database")
            start = time.perf_counter()
            _work_off(box, TASKS)
            took = time.perf_counter() - start
            opened = _sessions(name) - before
        box.flushdb()
        yield count(
            "PostgreSQL sessions per 1,000 Celery tasks", opened * 1000 / TASKS, 10,
            f"{opened} for {TASKS} tasks, {TASKS / took:.0f} tasks/s",
        )  # fmt: skip


@contextmanager
def _worker(name: str) -> Iterator[None]:
    """The product's own worker on this database, gone when we are."""
    parent = os.getpid()
    environment = {
        **os.environ, "DATABASE_NAME": name, "DJANGO_SETTINGS_MODULE": "aftersales.settings",
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "aftersales", "worker", "--concurrency", "2", "--loglevel", "ERROR",
         "--without-mingle", "--without-gossip"],
        cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        process_group=0,
        preexec_fn=lambda: die_with_parent(parent, signal.SIGTERM),
    )  # fmt: skip
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _work_off(box: "redis.Redis", number: int) -> None:
    """Trivial tasks of the product (nothing is due), until the broker holds none of them."""
    producer = Celery("producer", broker=broker_url())
    for _n in range(number):
        producer.send_task("aftersales.core.tasks.run_due_work")
    until = time.monotonic() + LONGEST
    while box.llen("celery") or box.hlen("unacked"):
        if time.monotonic() > until:
            raise RuntimeError(f"the worker left {box.llen('celery')} of {number} tasks")
        time.sleep(0.05)


def _sessions(name: str) -> int:
    time.sleep(FLUSH)
    with database.superuser() as admin:
        row = admin.execute("SELECT sessions FROM pg_stat_database WHERE datname = %s", [name]).fetchone()
        return int(row[0]) if row else 0
