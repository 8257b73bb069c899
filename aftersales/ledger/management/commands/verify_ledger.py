"""``manage.py verify_ledger``: sums follow from the transfers, no row is missing, no sealed row was changed.

Exit 1 with the first fault. ``--kept HASH``: a hash that was written down elsewhere must still be one of the chain's;
whoever forges rows and makes the seals anew is found by that alone.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from aftersales.ledger import sealed, selectors
from aftersales.ledger.models import Account, Journal, Seal, Transfer


class Command(BaseCommand):
    help = (
        "Prove that the ledger is whole: entries, transfers, balances. Exits 1 at the first row that is not."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--all", action="store_true", help="name every fault, not only the first")
        parser.add_argument("--kept", action="append", default=[], help="a hash that was kept elsewhere")

    def handle(self, *args: Any, **options: Any) -> None:
        for digest in options["kept"]:
            if not sealed.holds(digest):
                raise CommandError(f"{digest} is the hash of no seal: the chain was made anew.")
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
        last = Seal.objects.order_by("-pk").defer("leaves").first()
        if last:
            self.stdout.write(f"Sealed up to transfer {last.last_id}: {last.digest}")
