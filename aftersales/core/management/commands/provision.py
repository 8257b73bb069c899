import gc
import os
import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError

from aftersales.core import catalogs


class Command(BaseCommand):
    help = (
        "Bring an installation up to date: catalogues, migrations (as the database owner), cache table, "
        "the app role's rights, static files, and the shipped rule book (as the app role)."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--demo", action="store_true", help="also load the demo data")

    def handle(self, *args: Any, demo: bool, **options: Any) -> None:
        verbosity = int(options["verbosity"])
        self.say("Translations")
        catalogs.compile_stale(settings.LOCALE_PATHS)
        self.say("Database")
        # Models are built by the thousand; a fifth of the time went into looking for garbage.
        gc.set_threshold(50_000, 20, 50)
        call_command("migrate", interactive=False, verbosity=max(verbosity - 1, 0))
        self.say("Static files")
        call_command("collectstatic", interactive=False, verbosity=0)
        # The demonstration's rule book is some months old: it comes first, and the other adds nothing to it.
        for name in (*(["load_demo"] if demo else []), "load_standards"):
            if name in get_commands():
                self.say({"load_standards": "Rule book", "load_demo": "Demo data"}[name])
                self.as_app(name)

    def say(self, what: str) -> None:
        self.stdout.write(f"  {what} ...")
        self.stdout.flush()

    def as_app(self, command: str) -> None:
        """Rows are written by the app role, so that events, rights and guards are those of every day."""
        environment = {
            name: value for name, value in os.environ.items() if name != "AFTERSALES_DATABASE_ROLE"
        }
        manage = str(settings.BASE_DIR / "manage.py")
        done = subprocess.run(
            [sys.executable, manage, command],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            raise CommandError(f"{command} failed; nothing else was started.\n{done.stdout}")
