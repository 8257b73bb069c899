"""What money he gets, how it was computed, when and where it goes. Pure: reads what was loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from aftersales.cases.models import CasePayment
from aftersales.cases.states import MONEY_BACK, CaseState, Gateway, PaymentState
from aftersales.core.wording import masked, money

from .reading import Whole

M = PaymentState
ZERO = Decimal(0)


@dataclass(frozen=True)
class Row:
    """One line of the sum; ``was``: what was paid for it, where that is another amount."""

    what: str
    amount: Decimal
    why: str = ""
    was: Decimal | None = None


@dataclass(frozen=True)
class Payment:
    amount: Decimal
    words: str
    at: datetime | None
    to: str
    good: bool


@dataclass(frozen=True)
class Money:
    """``promised``: what was agreed before the goods were seen, where the check changed it."""

    currency: str
    title: str
    total: Decimal
    rows: Sequence[Row] = field(default_factory=list)
    note: str = ""
    payments: Sequence[Payment] = field(default_factory=list)


def of(found: Whole) -> Money | None:
    """Nothing of a request that gives no money."""
    case = found.case
    if case.state == CaseState.WITHDRAWN:
        return None
    payments = [_payment(found, one) for one in found.payments]
    if case.state in (CaseState.APPROVED, CaseState.CLOSED) and (case.agreed or payments):
        note = ""
        if case.settled_at and case.promised != case.agreed - case.agreed_extra and case.promised:
            note = _("Computed anew after the goods were checked.")
        return Money(case.currency, _("You get"), case.agreed, _rows(found), note, payments)
    if payments:
        return Money(case.currency, _("You get"), case.agreed, _rows(found), "", payments)
    if case.state in (CaseState.OFFERED, CaseState.COUNTERED) and case.offered:
        title = _("On the table") if case.state == CaseState.OFFERED else _("You ask for")
        return Money(case.currency, title, case.offered, [], _paid_for(found))
    if case.kind in MONEY_BACK and case.is_open and found.lines:
        total = sum((one.value for one in found.lines), ZERO)
        rows = [Row(_piece(one.line, one.announced), one.value) for one in found.lines]
        return Money(
            case.currency, _("You paid for these pieces"), total, rows,
            _("What you get is decided with the request; it goes back the way you paid."),
        )  # fmt: skip
    return None


def _rows(found: Whole) -> list[Row]:
    """Line by line as it was agreed, then freight, then what lies beyond what was paid: together exactly the sum."""
    case, why = found.case, _deductions(found)
    rows = [
        Row(
            _piece(one.line, one.approved or one.announced), one.agreed, why.get(one.pk, ""),
            one.value if one.value != one.agreed else None,
        )
        for one in found.lines
    ]  # fmt: skip
    if case.agreed_freight:
        rows.append(Row(_("Outbound freight"), case.agreed_freight))
    back = min(case.back_freight, case.agreed_extra)
    if back:
        rows.append(Row(_("Your return freight"), back))
    if case.agreed_extra - back:
        rows.append(Row(_("Compensation"), case.agreed_extra - back))
    rest = case.agreed - sum((one.amount for one in rows), ZERO)
    if rest:
        rows.append(Row(_("As agreed"), rest))
    return rows


def _paid_for(found: Whole) -> str:
    """What an offer is measured by."""
    total = sum((one.value for one in found.lines), ZERO)
    return (
        _("You paid %(amount)s for these pieces.") % {"amount": money(total, found.case.currency)}
        if total
        else ""
    )


def _piece(line: object, count: int) -> str:
    name = getattr(line, "product_name", "") or getattr(line, "sku", "")
    return f"{name} × {count}"


def _deductions(found: Whole) -> dict[int, str]:
    """Why something was taken off, by case line, in the words he is told."""
    told: dict[int, list[str]] = {}
    for items in found.items.values():
        for item in items:
            if item.why:
                told.setdefault(item.case_line_id, []).append(item.why)
    return {pk: " · ".join(dict.fromkeys(words)) for pk, words in told.items()}


def _payment(found: Whole, row: CasePayment) -> Payment:
    words = {
        M.PROPOSED: _("is being prepared"),
        M.AWAITING_APPROVAL: _("is being checked by a second person"),
        M.APPROVED: _("goes out next"),
        M.SUBMITTED: _("is with the bank"),
        M.SUCCEEDED: _("was paid"),
        M.FAILED: _("was not paid by the bank; we follow it up"),
        M.UNKNOWN: _("is not confirmed by the bank yet; we follow it up"),
        M.RETURNED: _("came back from the bank; we follow it up"),
        M.PAYEE_NEEDED: _("waits for an account"),
        M.REPLACED: _("came back and is paid anew to the account you named"),
        M.REVERSED: _("was given back"),
    }[PaymentState(row.state)]
    return Payment(row.amount, words, row.paid_at if row.state == M.SUCCEEDED else None, _to(found, row),
                   row.state == M.SUCCEEDED)  # fmt: skip


def _to(found: Whole, row: CasePayment) -> str:
    """Where it goes: never a whole account, and nothing of the account of somebody else."""
    if not found.is_his(row):
        return _("to whoever paid the order")
    if row.other_payee is not None and row.other_payee.account:
        account = f"{row.other_payee.bank} {masked(row.other_payee.account, 'code')}".strip()
        return _("to the account you named: %(account)s") % {"account": account}
    if row.gateway == Gateway.IN_KIND:
        return _("as what you paid with")
    return "" if row.state in (M.PAYEE_NEEDED, M.REPLACED) else _("back the way you paid")
