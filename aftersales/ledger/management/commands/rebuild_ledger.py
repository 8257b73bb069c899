"""``manage.py rebuild_ledger``: the sums of all accounts anew from the transfers."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.services import system_user
from aftersales.core import origin
from aftersales.ledger import services


class Command(BaseCommand):
    help = "Count the balances of all accounts anew from the transfers."

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        with origin.coming_from("command"):
            wrong = services.balances_rebuild(actor=system_user(now), now=now)
        self.stdout.write(f"{wrong} accounts were counted anew.")
