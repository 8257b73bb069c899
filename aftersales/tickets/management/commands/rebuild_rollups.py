"""``manage.py rebuild_rollups``: clocks, nearest due times and search texts that are gone are made anew."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from aftersales.core import origin
from aftersales.tickets.services.rebuild import rollups_rebuild


class Command(BaseCommand):
    help = (
        "Make anew what was thrown away and follows from events and texts: clocks, due times, search texts."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--deliver", action="store_true", help="Give every consumer all events once more as well."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with origin.coming_from("command"):
            made = rollups_rebuild(now=timezone.now(), deliver=options["deliver"])
        self.stdout.write(json.dumps(made))
