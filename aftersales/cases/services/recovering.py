"""A recovery follows the payments of its case: opened with the first advance, more with the next, less or ended when
money comes back or an appeal frees the merchant (R4.10).

Lock order: order → ticket → case → recovery → merchant → accounts of the ledger.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.cases.models import Case, CasePayment, Recovery, RecoveryStep, Ruling
from aftersales.cases.recovery.rules import ZERO, claim, give_back_of
from aftersales.cases.recovery.states import (
    BEING_COLLECTED,
    DONE_RECOVERIES,
    MONEY,
    RecoveryState,
    Source,
    WriteOffState,
)
from aftersales.cases.services.locking import held, refuse_foreign, require
from aftersales.cases.services.proposing import payment_propose
from aftersales.cases.states import COUNTS_AS_PAID, CaseState, PaymentState, Side
from aftersales.core import moves, series
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.ledger import chart
from aftersales.ledger import services as ledger
from aftersales.ledger.chart import Line, Ref
from aftersales.ledger.models import Journal
from aftersales.ledger.states import EntryKind
from aftersales.merchants import services as merchants
from aftersales.merchants.models import Merchant
from aftersales.standards.selectors import duration

WENT = frozenset({"payment.succeeded"})
CAME_BACK = frozenset({"payment.returned", "payment.reversed"})


def case_pay_first(
    *, case: Case, reason: str, actor: Any, now: datetime, version: int | None = None
) -> list[CasePayment]:
    """A person decides that the platform pays what the merchant owes; his authority for advances is asked.

    Errors: reason, wrong_case_state, no_merchant, and those of ``payment_propose``.
    """
    require(actor, "cases.pay_first")
    words = reason.replace("\x00", "").strip()
    if not words:
        raise DomainError(_("Say why the platform pays first."), "reason")
    with transaction.atomic():
        mine = held(case, version=version)
        refuse_foreign(mine.ticket, actor)
        row = mine.case
        if row.state != CaseState.APPROVED:
            raise DomainError(_("Only an approved case is paid."), "wrong_case_state")
        if row.merchant is None or row.merchant.self_run:
            raise DomainError(_("There is no other merchant who would owe it."), "no_merchant")
        told = row.told(amount=str(row.left))
        moves.change(
            row,
            actor=actor,
            now=now,
            event="case.paid_first",
            reason=words[:200],
            payload=told,
            paid_first_by=actor,
        )
        return payment_propose(case=row, actor=actor, now=now)


def recovery_keep(*, case_id: int, now: datetime) -> Recovery | None:
    """Bring the recovery of a case to what its payments and its final ruling say. Again, it changes nothing."""
    case = Case.objects.filter(pk=case_id).first()
    if case is None or not CasePayment.objects.filter(case=case, paid_first=True).exists():
        return None
    known = Recovery.objects.filter(case=case).exists()
    number = "" if known else series.next_number("recovery", now)
    with transaction.atomic():
        mine = held(case, sealed_too=True)
        payments = list(CasePayment.objects.filter(case=case).order_by("pk"))
        _book(payments, now)
        row = Recovery.objects.filter(case=case).first()
        advanced, due = _claimed(mine.case, payments, row.freed if row else ZERO)
        if row is None:
            return _opened(mine.case, payments, number, advanced, due, now) if due else None
        return _follow(moves.locked(row), advanced, due, now)


def _book(payments: list[CasePayment], now: datetime) -> None:
    """The ledger hears of each advance every time it went out, and of each time that it came back.

    One that the bank returned and paid after all went out twice: its first entry is the payment's, later ones name the
    event that told of them.
    """
    ours = {one.pk: one for one in payments if one.paid_first}
    told = Event.objects.filter(
        subject_kind="cases.casepayment", subject_id__in=ours, kind__in=WENT | CAME_BACK
    )
    standing: dict[int, Journal | None] = {}
    for event in told.order_by("id"):
        payment = ours[event.subject_id]
        if event.kind in WENT:
            source = ("core.event", event.pk) if payment.pk in standing else payment
            standing[payment.pk] = _booked(payment, source, now)
        elif entry := standing.get(payment.pk):
            ledger.reverse(journal=entry, actor=system_user(now), now=now, reason="payment came back")
            standing[payment.pk] = None


def _booked(payment: CasePayment, source: CasePayment | tuple[str, int], now: datetime) -> Journal | None:
    line = Line(chart.COST, chart.CASH, payment.amount, payment.currency)
    return ledger.post(
        source=source, kind=EntryKind.ADVANCE, lines=[line], actor=system_user(now), now=now
    ).journal


def _claimed(case: Case, payments: list[CasePayment], freed: Decimal) -> tuple[Decimal, Decimal]:
    """What was advanced, and what of it the merchant owes."""
    paid = [one for one in payments if one.state == PaymentState.SUCCEEDED]
    advanced = sum((one.amount for one in paid if one.paid_first), ZERO)
    settled = [one for one in payments if one.state in COUNTS_AS_PAID and not one.paid_first]
    ordinary = sum((one.amount for one in settled if one.borne_by == Side.MERCHANT), ZERO)
    last = Ruling.objects.filter(dispute__case=case).order_by("at", "id").last()
    ruled = last.amount if last is not None and last.overturns else None
    fault = last.fault_platform if last is not None else 0
    return advanced, claim(advanced, ruled=ruled, ordinary=ordinary, platform_fault=fault, freed=freed)


def _opened(
    case: Case, payments: list[CasePayment], number: str, advanced: Decimal, due: Decimal, now: datetime
) -> Recovery:
    first = next(one for one in payments if one.paid_first)
    until = now + duration("recovery_objection_days", now)
    who = case.paid_first_by_id or case.decided_by_id or first.proposed_by_id
    assert case.merchant_id is not None  # an advance is always somebody's
    row = Recovery(
        number=number or series.next_number("recovery", now), case=case, merchant_id=case.merchant_id,
        currency=case.currency, advanced=advanced, due=due, opened_by_id=who, opened_at=now, noticed_at=now,
        object_until=until,
    )  # fmt: skip
    payload = row.told(until=until.isoformat())
    made: Recovery = moves.create(
        row, actor=system_user(now), now=now, event="recovery.opened", payload=payload
    )
    return made


def _follow(row: Recovery, advanced: Decimal, due: Decimal, now: datetime) -> Recovery:
    """Under lock: the claim rises or falls; what was taken beyond it goes back."""
    if (advanced, due) == (row.advanced, row.due):
        return row
    system = system_user(now)
    sums = {"advanced": advanced, "due": due, **_given_back(row, due, now)}
    for one in row.write_offs.filter(state=WriteOffState.PROPOSED):
        moves.perform(one, "withdraw", actor=system, now=now, reason="claim changed")
    left = due - sums.get("taken", row.taken) - sums.get("written_off", row.written_off)
    until = now + duration("recovery_objection_days", now)
    who: dict[str, Any] = {"actor": system, "now": now}
    changed: Recovery
    if not due and row.state != RecoveryState.OVERTURNED:
        changed = moves.perform(row, "fall", sums=sums, **who)
    elif row.state in DONE_RECOVERIES and left > 0:
        changed = moves.perform(row, "notify_anew", sums=sums, until=until, **who)
    elif row.state in BEING_COLLECTED and not left:
        changed = moves.perform(row, "finish", sums=sums, **who)
    else:
        rises = row.state == RecoveryState.NOTIFIED and due > row.due
        anew: dict[str, Any] = {"noticed_at": now, "object_until": until} if rises else {}
        anew |= sums
        told = row.told() | {"amount": str(due)}
        changed = moves.change(row, event="recovery.changed", payload=told, **anew, **who)
    return changed


# What goes back


def _given_back(row: Recovery, due: Decimal, now: datetime) -> Mapping[str, Decimal]:
    """Debts and write-offs fall first, then money goes back where it came from, the last taken first."""
    excess = row.taken + row.receivable + row.written_off - due
    if excess <= 0:
        return {}
    debt = min(row.receivable, excess)
    lost = min(row.written_off, excess - debt)
    booked: tuple[tuple[str, Ref, Decimal], ...] = (
        (Source.RECEIVABLE, chart.receivable(row.merchant_id), debt), (Source.WRITE_OFF, chart.WRITTEN_OFF, lost)
    )  # fmt: skip
    for name, account, part in booked:
        if part:
            line = Line(chart.COST, account, part, row.currency)
            step_post(row, name, [line], part, system_user(now), now, back=True)
    money = give_back_of(money_taken(row), excess - debt - lost, MONEY)
    for source, part in money:
        _money_back(row, source, part, now)
    came_back = sum((part for _source, part in money), ZERO)
    return {
        "receivable": row.receivable - debt, "written_off": row.written_off - lost, "taken": row.taken - came_back
    }  # fmt: skip


def _money_back(row: Recovery, source: str, part: Decimal, now: datetime) -> None:
    to = chart.payable(row.merchant_id)
    if source == Source.DEPOSIT:
        to = chart.deposit(row.merchant_id)
        merchants.deposit_give_back(
            merchant=Merchant(pk=row.merchant_id),
            amount=part,
            reference=row.number,
            actor=system_user(now),
            now=now,
        )
    step_post(row, source, [Line(chart.COST, to, part, row.currency)], part, system_user(now), now, back=True)


def money_taken(row: Recovery) -> dict[str, Decimal]:
    """What stands taken of each source, net of what went back."""
    found: dict[str, Decimal] = dict.fromkeys(MONEY, ZERO)
    for step in RecoveryStep.objects.filter(recovery=row, source__in=MONEY):
        found[step.source] += -step.amount if step.back else step.amount
    return found


def step_post(
    row: Recovery, source: str, lines: list[Line], amount: Decimal, actor: Any, now: datetime, *,
    back: bool = False, reference: str = "", kind: str = EntryKind.RECOVERY,
) -> RecoveryStep:  # fmt: skip
    """One step with its entry in the ledger: all of it or nothing."""
    step = RecoveryStep(
        recovery=row,
        source=source,
        back=back,
        amount=amount,
        reference=reference or row.number,
        at=now,
        by=actor,
    )
    step.save(force_insert=True)
    ledger.post(source=step, kind=kind, lines=lines, actor=actor, now=now, rule_version="R4.10")
    return step


def lines_of(row: Recovery, debit: Ref, amount: Decimal, owed: Decimal) -> list[Line]:
    """Money that comes pays the booked debt first (``owed``), then what was not booked yet."""
    debt = min(amount, owed)
    lines = [Line(debit, chart.receivable(row.merchant_id), debt, row.currency)] if debt else []
    rest = amount - debt
    return lines + ([Line(debit, chart.COST, rest, row.currency)] if rest else [])
