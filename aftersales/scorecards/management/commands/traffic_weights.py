"""``manage.py traffic_weights``: what share of its traffic each shop gets, for the system that deals traffic out."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.services import system_user
from aftersales.core import origin
from aftersales.scorecards import services, weightsheets


class Command(BaseCommand):
    help = "Print the traffic weights of every shop that sells; taking the file is recorded."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["json", "csv"], default="csv")
        parser.add_argument("--at", help="As they stood at this moment (ISO 8601 with zone); now without it.")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        at = parse_datetime(options["at"]) if options["at"] else now
        if at is None or at.tzinfo is None:
            given = options["at"]
            raise CommandError(
                f"--at {given!r} is not a moment with a zone, such as 2026-11-20T14:36:00+08:00."
            )
        with origin.coming_from("command"):
            taken = services.weights_take(fmt="csv", actor=system_user(now), now=now, at=at)
        if options["format"] == "csv":
            self.stdout.write(taken.content.decode("utf-8-sig"), ending="")
            return
        names = [one.name for one in weightsheets.WeightSheet.columns()]
        rows = [dict(zip(names, row, strict=True)) for row in weightsheets.cells(weightsheets.weights(at))]
        told = {"edition": taken.sha256, "at": at.isoformat(), "shops": rows}
        self.stdout.write(json.dumps(told, ensure_ascii=False))
