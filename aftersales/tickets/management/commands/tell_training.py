"""``manage.py tell_training``: count once more what people did on each day of a span."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from aftersales.core import origin
from aftersales.tickets.services.daily_facts import facts_backfill


class Command(BaseCommand):
    help = "Count tickets handled, satisfaction and reopened tickets of each person anew, day by day."

    def add_arguments(self, parser: CommandParser) -> None:
        for name in ("since", "until"):
            parser.add_argument(name, type=date.fromisoformat, help="A day (YYYY-MM-DD), counted as well.")

    def handle(self, *args: Any, **options: Any) -> None:
        with origin.coming_from("command"):
            try:
                changed = facts_backfill(since=options["since"], until=options["until"])
            except ValueError as error:
                raise CommandError(str(error)) from error
        self.stdout.write(f"{changed} figures are new or changed.")
