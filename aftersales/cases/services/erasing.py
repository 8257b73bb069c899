"""Words of cases go with their customer; what was decided and paid stays (R2.2, e-commerce law: three years)."""

from datetime import datetime
from typing import Any

from aftersales.cases.models import CaseNote
from aftersales.customers.models import Customer
from aftersales.tickets.models import ArchiveRecord


def customer_forget(customer: Customer, *, actor: Any, reason: str, now: datetime) -> None:
    """Blank what was said in the cases of an erased customer, except where a legal hold keeps it."""
    held = ArchiveRecord.objects.exclude(legal_hold="").values("ticket")
    mine = CaseNote.objects.filter(case__customer=customer, erased_at=None).exclude(case__ticket__in=held)
    mine.update(text="", erased_at=now)
