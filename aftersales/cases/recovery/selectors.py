"""Answers about recoveries for guards of other rooms."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import Count

from aftersales.cases.models import Recovery
from aftersales.merchants.models import Merchant


def open_duties(rows: Sequence[Merchant], now: datetime) -> Mapping[int, int]:
    """How many recoveries of each merchant are open: none closes with them. One query."""
    found = Recovery.objects.open().filter(merchant__in=[row.pk for row in rows])
    counted = found.order_by().values("merchant").annotate(count=Count("pk")).values_list("merchant", "count")
    return dict(counted)
