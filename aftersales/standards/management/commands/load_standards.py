"""``manage.py load_standards``: the shipped rule book, once; what people changed stays."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.services import system_user
from aftersales.core import origin, shipped
from aftersales.standards import shipping


class Command(BaseCommand):
    help = "Load the shipped service standards, numbers and calendars that are not there yet."

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        with origin.coming_from("command"):
            system = system_user(now)
            report = shipping.load(actor=system, now=now)
            others = shipped.load(actor=system, now=now)
        self.stdout.write(json.dumps({"created": {**asdict(report), **others}}))
