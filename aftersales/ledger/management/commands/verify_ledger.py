"""``manage.py verify_ledger``: every sum follows from the transfers, no row is missing; exit 1 with the first fault."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from aftersales.ledger import selectors
from aftersales.ledger.models import Account, Journal, Transfer


class Command(BaseCommand):
    help = (
        "Prove that the ledger is whole: entries, transfers, balances. Exits 1 at the first row that is not."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--all", action="store_true", help="name every fault, not only the first")

    def handle(self, *args: Any, **options: Any) -> None:
        found = []
        for fault in selectors.faults():
            found.append(fault)
            self.stderr.write(str(fault))
            if not options["all"]:
                break
        if found:
            raise CommandError("The ledger is not whole.")
        for unit, debits, credits in selectors.totals():
            self.stdout.write(f"{unit}: debits {debits} = credits {credits}")
        counts = (Account.objects.count(), Journal.objects.count(), Transfer.objects.count())
        self.stdout.write("{} accounts, {} entries, {} transfers: whole.".format(*counts))
