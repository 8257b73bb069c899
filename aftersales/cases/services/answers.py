"""What a bank or channel answers: taken in once, in any order, by sheet and by message alike.

An answer that cannot be (another amount, a payment that never went out) is refused; one that comes again or too late
is kept and changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import BankAnswer, CasePayment, PaymentRun
from aftersales.cases.services.locking import require
from aftersales.cases.services.paying import held_payment, payment_bounce, payment_fail, payment_succeed
from aftersales.cases.services.ruling import kept_no_more
from aftersales.cases.services.runs import run_settle
from aftersales.cases.states import BankOutcome, PaymentState
from aftersales.core import origin
from aftersales.core.errors import DomainError
from aftersales.core.wording import money

S = PaymentState
WAITS = frozenset({S.SUBMITTED, S.UNKNOWN})
CAME_BACK = frozenset({S.RETURNED, S.PAYEE_NEEDED})
BACK = CAME_BACK | {S.REPLACED, S.REVERSED}


@dataclass(frozen=True)
class Answer:
    """What is said of one payment. ``way``: sheet, message or asked."""

    outcome: str
    amount: Decimal
    currency: str
    happened_at: datetime
    bank_ref: str = ""
    reason: str = ""
    way: str = "sheet"


def answer_take(*, payment: CasePayment, answer: Answer, actor: Any, now: datetime) -> BankAnswer:
    """Take one answer in; the same again is the same row. Errors: not_permitted, amount_differs, never_sent."""
    require(actor, "cases.pay")
    with transaction.atomic():
        _mine, row = held_payment(payment)
        known: BankAnswer | None = BankAnswer.objects.filter(
            payment=row, outcome=answer.outcome, bank_ref=answer.bank_ref
        ).first()
        if known is not None:
            return known
        if (answer.amount, answer.currency) != (row.amount, row.currency):
            raise DomainError(
                _("The bank names %(said)s, the payment is %(amount)s.")
                % {"said": money(answer.amount, answer.currency), "amount": money(row.amount, row.currency)},
                "amount_differs",
            )
        if not row.attempts:
            raise DomainError(_("This payment was never handed to the bank."), "never_sent")
        why_not = _act(row, answer, actor, now)
        taken = BankAnswer(
            payment=row, outcome=answer.outcome, bank_ref=answer.bank_ref, amount=answer.amount,
            currency=answer.currency, reason=answer.reason[:120], happened_at=answer.happened_at, taken_at=now,
            taken_by=actor, way=answer.way, acted=not why_not, why_not=why_not,
        )  # fmt: skip
        taken.save()
    return taken


def _act(row: CasePayment, answer: Answer, actor: Any, now: datetime) -> str:
    """Carry the answer out; or why it changes nothing: *already* so, or against what is known (*contradicts*)."""
    if answer.outcome == BankOutcome.PAID:
        return _paid(row, answer, actor, now)
    if answer.outcome == BankOutcome.FAILED:
        if row.state in WAITS:
            payment_fail(payment=row, actor=actor, now=now, failure=answer.reason, told=answer.way)
            kept_no_more(payment=row, now=now)
            return ""
        return "already" if row.state == S.FAILED else "contradicts"
    if row.state in WAITS:  # it was paid and came back before anybody told us that it was paid
        _paid(row, answer, actor, now)
    elif row.state != S.SUCCEEDED:
        return "already" if row.state in BACK and row.paid_at is not None else "contradicts"
    payment_bounce(payment=row, actor=actor, now=now, failure=answer.reason, told=answer.way)
    kept_no_more(payment=row, now=now)
    return ""


def _paid(row: CasePayment, answer: Answer, actor: Any, now: datetime) -> str:
    """A late *paid* counts although *failed* came before, and one after *returned* too: it must not go out again."""
    anew = row.state in BACK and _paid_anew(row, answer)
    if row.state in {*WAITS, S.FAILED, S.APPROVED} or (anew and row.state in CAME_BACK):
        payment_succeed(
            payment=row, actor=actor, now=now, paid_at=answer.happened_at, told=answer.way, bank_ref=answer.bank_ref
        )  # fmt: skip
        return ""
    known = row.state == S.SUCCEEDED or (row.state in BACK and not anew)
    return "already" if known else "contradicts"  # paid anew elsewhere: now the customer may have it twice


def _paid_anew(row: CasePayment, answer: Answer) -> bool:
    """Whether this is another payout than the one that came back: as often paid as returned before it was said."""
    if row.paid_at is None:  # given up as not paid
        return True
    said = BankAnswer.objects.filter(payment=row)
    back = list(said.filter(outcome=BankOutcome.RETURNED))
    if any(answer.happened_at < one.happened_at for one in back):
        return False
    paid = said.filter(outcome=BankOutcome.PAID).count()
    if not paid and all(one.bank_ref != row.bank_ref for one in back):
        paid = 1  # a person wrote it down
    return paid >= max(len(back), 1)


def answers_take(rows: Sequence[Mapping[str, Any]], actor: Any, now: datetime) -> list[int]:
    """A bank's result by sheet, row by row; the runs that have all their answers are done.

    This is news and no history that is read in: customers are told of it and rules hear it as of a message of the bank.
    """
    payments = CasePayment.objects.select_related("case").in_bulk([row["payment"] for row in rows])
    with origin.coming_from("web"):
        taken = [
            answer_take(payment=payments[row["payment"]], answer=_of_row(row, now), actor=actor, now=now).pk
            for row in rows
        ]
        for run in PaymentRun.objects.filter(payments__in=list(payments), state="exported").distinct():
            run_settle(run=run, actor=actor, now=now)
    return taken


def _of_row(row: Mapping[str, Any], now: datetime) -> Answer:
    return Answer(
        outcome=row["outcome"], amount=row["amount"], currency=row["currency"],
        happened_at=row.get("happened_at") or now, bank_ref=row["bank_ref"], reason=row.get("reason") or "",
    )  # fmt: skip
