from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from aftersales.core import catalogs


class Command(BaseCommand):
    help = "Build the .mo files that are missing or older than their .po (no gettext needed)."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        for path in catalogs.compile_stale(settings.LOCALE_PATHS):
            self.stdout.write(f"Compiled {path}")
