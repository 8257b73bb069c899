"""What the customer owes beyond his order: asked, paid by a reference, dropped, given back."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import Case, Due
from aftersales.cases.refunding import ZERO
from aftersales.cases.repairs.states import DueKind
from aftersales.cases.services.locking import held, refuse_foreign, require
from aftersales.cases.services.obliging import replacement_follow
from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.core.wording import money

LONGEST = 80


def due_paid(*, due: Due, reference: str, actor: Any, now: datetime) -> Due:
    """The customer paid it. The same reference twice is one payment. Errors: reference, due_over, reference_used."""
    require(actor, "cases.take_due")
    text = " ".join(reference.replace("\x00", "").split())
    if not 0 < len(text) <= LONGEST:
        raise DomainError(_("Name the reference by which it was paid."), "reference")
    with transaction.atomic():
        mine = held(due.case)
        refuse_foreign(mine.ticket, actor)
        row: Due = Due.objects.select_for_update().get(pk=due.pk)
        if row.paid_at and row.paid_ref == text:
            return row
        if row.paid_at or row.dropped_at:
            raise DomainError(_("This amount is not owed any more."), "due_over")
        row.paid_at, row.paid_ref, row.told_by = now, text, actor
        try:
            with transaction.atomic():
                row.save(update_fields=["paid_at", "paid_ref", "told_by"])
        except IntegrityError:
            raise DomainError(_("This reference pays another amount already."), "reference_used") from None
        _tell(row, mine.case, "case.due_paid", actor, now)
        replacement_follow(mine, actor=actor, now=now)
    return row


def due_ask(case: Case, kind: str, amount: Decimal, *, actor: Any, now: datetime) -> Due | None:
    """Under the case's lock: exactly this is owed of this kind; what was paid counts, an older question is dropped."""
    paid = paid_of(case, kind)
    open_one: Due | None = Due.objects.unpaid().filter(case=case, kind=kind).first()
    wanted = max(amount - paid, ZERO)
    if open_one and open_one.amount == wanted:
        return open_one
    if open_one:
        _drop(open_one, case, actor, now)
    if not wanted:
        return None
    row = Due(case=case, kind=kind, amount=wanted, currency=case.currency, owed_at=now)
    row.save()
    _tell(row, case, "case.due_asked", actor, now)
    return row


def dues_drop(case: Case, *, actor: Any, now: datetime) -> None:
    """Nothing that is unpaid is owed any more."""
    for row in Due.objects.unpaid().filter(case=case):
        _drop(row, case, actor, now)


def paid_of(case: Case, kind: str = "") -> Decimal:
    """What the customer paid beyond his order for this case."""
    rows = Due.objects.paid().filter(case=case)
    rows = rows.filter(kind=kind) if kind else rows
    return rows.aggregate(sum=Sum("amount"))["sum"] or ZERO


def paid_of_many(cases: Iterable[Case]) -> dict[int, Decimal]:
    """The same for many cases, by key; one query."""
    rows = Due.objects.paid().filter(case__in=list(cases)).order_by().values("case")
    return dict(rows.annotate(sum=Sum("amount")).values_list("case", "sum"))


def open_dues(case: Case) -> list[Due]:
    return list(Due.objects.unpaid().filter(case=case))


def refuse_open(case: Case, kind: str = DueKind.DIFFERENCE) -> None:
    """Error: due_open."""
    for one in Due.objects.unpaid().filter(case=case, kind=kind):
        raise DomainError(
            _("%(amount)s is still owed by the customer.") % {"amount": money(one.amount, one.currency)},
            "due_open",
        )


def _drop(row: Due, case: Case, actor: Any, now: datetime) -> None:
    row.dropped_at = now
    row.save(update_fields=["dropped_at"])
    _tell(row, case, "case.due_dropped", actor, now)


def _tell(row: Due, case: Case, event: str, actor: Any, now: datetime) -> None:
    told = {"case_id": case.pk, "due": row.kind, "amount": str(row.amount), "currency": row.currency}
    moves.change(case, actor=actor, now=now, event=event, payload=told)
