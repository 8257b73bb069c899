"""manage.py load_demo: an invented world of shops, people, orders and tickets. A second run does nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts import demo as people
from aftersales.core import demonstration
from aftersales.desk.demo import life, managed, measured, months, scored, trials, write


class Command(BaseCommand):
    help = "Fill an empty installation with demonstration data (never in production)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--at", help="The moment the demonstration calls now (ISO 8601 with zone).")
        parser.add_argument("--orders", type=int, default=write.ORDERS, help="How many orders to invent.")
        parser.add_argument("--seed", type=int, default=write.SEED, help="Another seed, another world.")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("Demonstration data is not loaded in production.")
        now = _moment(options["at"])
        loaded = write.loaded()
        if not loaded:
            scored.rule_book(now)
        cast = people.create(now)
        if loaded:
            self.stdout.write("Demonstration data is there already; nothing was changed.")
            return
        with transaction.atomic():
            scored.formula(cast, now)
            counted = write.load(now, orders=options["orders"], seed=options["seed"])
            counted |= life.live(now, cast, seed=options["seed"])
            demonstration.play(now, cast)
            counted["scores"] = scored.count(now)
            counted["proposals by figures"] = months.play(cast, now)
            counted["measures"] = measured.live(cast, now)
            scored.count_again()
            counted["plans"] = managed.live(now, cast)
            counted["trials"] = trials.try_out(now, cast)
            life.old_news_drop(now)
        self.stdout.write(", ".join(f"{count} {name}" for name, count in counted.items()))


def _moment(text: str | None) -> datetime:
    if not text:
        return timezone.now().replace(microsecond=0)
    moment = parse_datetime(text)
    if moment is None or moment.tzinfo is None:
        raise CommandError(f"--at {text!r} is not a moment with a zone, such as 2026-11-20T14:36:00+08:00.")
    return moment
