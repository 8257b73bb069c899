"""Bring the shipped message texts into force where the department wrote none."""

import json
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from aftersales.core import origin
from aftersales.notices import texts


class Command(BaseCommand):
    help = "Load the shipped message texts; running it again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        with origin.coming_from("command"):
            created = texts.texts_load(now=timezone.now())
        self.stdout.write(json.dumps({"created": created}))
