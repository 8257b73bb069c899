"""Everything in one terminal: embedded servers, web, worker and beat. Ctrl-C stops all of it."""

import fcntl
import hashlib
import http.client
import os
import signal
import socket
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from aftersales.core import catalogs, embedded, health
from aftersales.core.embedded.supervisor import Child, Group

TICK = 0.2
GRACE = 12.0  # seconds for work in hand
READY = 90.0
STARTS = 3  # of one part before everything is ready; more will not help
PORTS_TRIED = 50


class Stopped(Exception):
    """A person or the system asked us to end."""


class Command(BaseCommand):
    help = "Run the whole product in this terminal; with --demo also load demo data. Ctrl-C stops everything."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--demo", action="store_true", help="load demo data and show the logins")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument(
            "--port", type=int, default=0, help="8000, or PORT; the next free one when it is taken"
        )
        parser.add_argument(
            "--provision", action="store_true", help="even when nothing seems to have changed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.options, self.parent, self.signals = options, os.getppid(), 0
        self.leases: list[embedded.Lease] = []
        self.group = Group([])
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.asked)
        self.alone = only_one(settings.DATA)
        try:
            self.run()
        except Stopped:
            pass
        finally:
            self.stop()

    def asked(self, number: int, frame: object) -> None:
        self.signals += 1

    def run(self) -> None:
        began, port = time.monotonic(), self.options["port"] or wanted_port()
        self.serve_embedded()
        listening = listen(self.options["host"], port)
        address = f"http://{self.options['host']}:{listening.getsockname()[1]}"
        # Demo mail carries links: who writes it knows where the site will answer.
        site = {"SITE_URL": os.environ.get("SITE_URL") or address}
        self.provision(site)
        self.group = Group(children(listening, site))
        self.group.start()
        self.until_ready(listening.getsockname())
        self.alone.truncate(0)
        self.alone.write(address)
        self.alone.flush()
        self.welcome(address, time.monotonic() - began)
        self.watch()

    # -- steps --------------------------------------------------------------------------------------------

    def serve_embedded(self) -> None:
        self.say("Starting PostgreSQL and the broker")
        try:
            self.leases = [lease for lease in (embedded.hold_database(), embedded.hold_broker()) if lease]
        except embedded.CannotServe as error:
            raise CommandError(str(error)) from error

    def provision(self, site: dict[str, str]) -> None:
        """Only when the code or the database changed, so that a second start takes seconds."""
        stamp = settings.DATA / "provisioned"
        state = fingerprint(demo=self.options["demo"])
        if not self.options["provision"] and stamp.exists() and stamp.read_text() == state and migrated():
            return
        self.say("Preparing the database")
        self.manage(site, "provision", *(["--demo"] if self.options["demo"] else []))
        catalogs.reread()
        stamp.write_text(state)

    def manage(self, site: dict[str, str], *arguments: str) -> None:
        """One of our commands in a process group of its own: nothing survives a stop in the middle."""
        manage = str(settings.BASE_DIR / "manage.py")
        child = Child(arguments[0], [sys.executable, manage, *arguments], str(settings.BASE_DIR), (), site)
        self.group = Group([child])
        child.start()
        while child.alive:
            self.pause()
        assert child.process
        if child.process.returncode:
            raise CommandError(f"manage.py {' '.join(arguments)} failed.")

    def until_ready(self, address: tuple[str, int]) -> None:
        until = time.monotonic() + READY
        while not answers(address):
            self.pause()
            if time.monotonic() > until:
                raise CommandError(f"Nothing answers at {address[0]}:{address[1]}; see the lines above.")
            self.look_after()
            for child in self.group.children:
                if child.starts > STARTS:
                    raise CommandError(f"{child.name} ends again and again; see the lines above.")

    def watch(self) -> None:
        while True:
            self.pause()
            self.look_after()

    def look_after(self) -> None:
        for name, code in self.group.revive():
            self.say(f"{name} ended ({code}) and was started again")
        for lease in self.leases:
            if not lease.kept:
                self.say(f"The {lease.spec.kind} server is gone and is started again")
                try:
                    lease.hold()
                except embedded.CannotServe as error:
                    self.say(str(error))

    def pause(self) -> None:
        """A moment's sleep; raises Stopped when somebody asked us to end, or `make demo` itself is gone."""
        time.sleep(TICK)
        if self.signals or (self.options["demo"] and os.getppid() != self.parent):
            raise Stopped

    def stop(self) -> None:
        if self.group.children:
            self.say("Stopping")
        self.group.stop(GRACE if self.signals < 2 else 0.0)
        connection.close()
        for lease in reversed(self.leases):
            lease.release()
        self.alone.close()

    # -- words --------------------------------------------------------------------------------------------

    def say(self, sentence: str) -> None:
        self.stdout.write(f"{sentence} ...")
        self.stdout.flush()

    def welcome(self, address: str, seconds: float) -> None:
        lines = ["", f"  Aftersales is ready at {address}   (after {seconds:.1f} s; Ctrl-C stops it)", ""]
        lines += [f"    {line}" for line in logins()] if self.options["demo"] else []
        self.stdout.write("\n".join([*lines, ""]))
        self.stdout.flush()


def only_one(data: Path) -> IO[str]:
    """One stack per data folder: two would sweep twice. The file also says where the first one answers."""
    data.mkdir(parents=True, exist_ok=True)
    file = open(data / "stack", "a+", encoding="utf-8")  # noqa: SIM115 - the lock lives with the file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        where = file.read().strip() or "it is still starting"
        raise CommandError(f"Already running with this data folder ({where}); stop it first.") from None
    return file


def wanted_port() -> int:
    text = os.environ.get("PORT", "").strip() or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise CommandError(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def listen(host: str, first: int) -> socket.socket:
    """A listening socket on the first free port; web servers inherit it: a restart never loses it."""
    for port in range(first, min(first + PORTS_TRIED, 65536)):
        line = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            line.bind((host, port))
            line.listen(512)
        except PermissionError:
            line.close()
            raise CommandError(
                f"Port {port} of {host} may not be used; set PORT to one above 1023."
            ) from None
        except socket.gaierror:
            raise CommandError(f"{host!r} is no address of this machine.") from None
        except OSError:
            line.close()
            continue
        return line
    raise CommandError(f"No free port from {first} to {first + PORTS_TRIED - 1} on {host}; set PORT.")


def children(listening: socket.socket, site: dict[str, str]) -> list[Child]:
    here, python = str(settings.BASE_DIR), [sys.executable, "-u", "-m"]
    environment = {
        **site,
        # As root in a container the worker is what it is; tasks are JSON only.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
    }
    web = ["gunicorn", "-c", "python:aftersales.gunicorn_conf", "--bind", f"fd://{listening.fileno()}"]
    worker = [
        "worker",
        "--concurrency",
        str(settings.WORKER_PROCESSES),
        "--without-gossip",
        "--without-mingle",
    ]
    beat = ["beat", "--schedule", str(settings.DATA / "beat"), "--pidfile="]
    celery = [*python, "celery", "--app", "aftersales", "--quiet"]
    return [
        Child("web", [*python, *web, "aftersales.wsgi"], here, (listening.fileno(),), environment),
        Child("worker", [*celery, *worker, "--loglevel", "WARNING"], here, (), environment),
        Child("beat", [*celery, *beat, "--loglevel", "WARNING"], here, (), environment),
    ]


def answers(address: tuple[str, int]) -> bool:
    """Whether /ready says so."""
    host = "127.0.0.1" if address[0] == "0.0.0.0" else address[0]  # noqa: S104 - compared, not bound
    line = http.client.HTTPConnection(host, address[1], timeout=5)
    try:
        line.request(
            "GET", "/ready", headers={"Host": (settings.ALLOWED_HOSTS or ["localhost"])[0].lstrip(".")}
        )
        return line.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


def migrated() -> bool:
    try:
        return not health.pending_migrations()
    except DatabaseError:
        return False
    finally:
        connection.close()


def fingerprint(*, demo: bool) -> str:
    """Of everything that provisioning reads: code, catalogues, static files, pins, and which database."""
    digest = hashlib.sha256(
        f"{demo} {settings.DATABASES['default']['HOST']} {settings.DATABASES['default']['NAME']}".encode()
    )
    digest.update((settings.BASE_DIR / "requirements.txt").read_bytes())
    for room in ("aftersales", "accounts", "training"):
        for path in sorted((settings.BASE_DIR / room).rglob("*")):
            if path.is_file() and path.suffix not in {".pyc", ".mo"}:
                status = path.stat()
                digest.update(f"{path.name} {status.st_size} {status.st_mtime_ns}".encode())
    return digest.hexdigest()


def logins() -> list[str]:
    """The demo's people, when they exist: name, password and what they do."""
    try:
        people = import_module("accounts.demo").LOGINS
    except (ImportError, AttributeError):
        return []
    rows = [f"  {who.username:<16}{who.password:<18}{who.display_name}  {who.role.label}" for who in people]
    return ["Sign in as:", *rows]
