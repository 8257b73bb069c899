"""``manage.py draw_machines``: write docs/machines.md from the declared machines."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from aftersales.core import pictures


class Command(BaseCommand):
    help = "Write docs/machines.md from the declared machines."

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / "docs" / "machines.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(pictures.document(), encoding="utf-8")
        self.stdout.write(str(path))
