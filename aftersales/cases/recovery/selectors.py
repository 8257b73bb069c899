"""Answers about recoveries for guards of other rooms."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import Count

from aftersales.cases.models import Recovery, RecoveryProof
from aftersales.merchants.models import Merchant


def proof_files(names: Sequence[str]) -> Iterable[str]:
    """Which of these stored files prove an objection."""
    return RecoveryProof.objects.filter(name__in=names).values_list("name", flat=True)


def open_duties(rows: Sequence[Merchant], now: datetime) -> Mapping[int, int]:
    """How many recoveries of each merchant are open: none closes with them. One query."""
    found = Recovery.objects.open().filter(merchant__in=[row.pk for row in rows])
    counted = found.order_by().values("merchant").annotate(count=Count("pk")).values_list("merchant", "count")
    return dict(counted)
