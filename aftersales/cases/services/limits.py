"""Who lets money out alone, and how much a compensation may be (R1.3, R4.8).

What a person lets out alone is asked of whoever keeps certificates and limits (``core.authority``), under lock, so that
ten small payments at once count together. What goes out by rule, without anybody, is bounded by rows of the rule book.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Sum
from django.utils.translation import gettext as _

from accounts.states import MERCHANT_ROLES
from aftersales.cases.models import Case, CasePayment
from aftersales.cases.refunding import ZERO
from aftersales.cases.services.locking import Held
from aftersales.cases.states import CompensationKind, Ground, PaymentKind, PaymentState
from aftersales.core import authority
from aftersales.core.authority import Claim, Ruling
from aftersales.core.errors import DomainError
from aftersales.core.wording import money
from aftersales.standards.selectors import market_default, parameter
from aftersales.tickets.models import Ticket
from aftersales.tickets.selectors.dispatching import own_order_facts

RELEASE = "cases.release"
CUSTOMER = 4102  # class of transaction locks
GONE = [PaymentState.REJECTED, PaymentState.CANCELLED, PaymentState.REVERSED, PaymentState.REPLACED]


def number(code: str, now: datetime) -> Decimal:
    return Decimal(str(parameter(code, now)))


def _one_at_a_time(kind: int, key: int) -> None:
    """Until the transaction ends nobody else sums up for the same customer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [kind, key % 2**31])


def claim_of(payment: CasePayment, severity: str, *, confirms: bool) -> Claim:
    """What letting this payment out decides: a compensation what it is for, everything else what it pays. What the
    customer paid beyond his order goes back to him as a refund does.

    What the platform pays for a merchant who did not agree is an advance, whatever it is for (R4.10).
    """
    kind = payment.compensation if payment.kind == PaymentKind.COMPENSATION else payment.kind
    kind = PaymentKind.REFUND if kind == PaymentKind.SUPPLEMENT else kind
    kind = PaymentKind.ADVANCE if payment.paid_first else kind
    return Claim(
        kind=kind, amount=payment.amount, currency=payment.currency, severity=severity,
        customer_id=payment.payee_id, confirms=confirms,
    )  # fmt: skip


def releases(
    rows: Sequence[CasePayment], actor: Any, data: Mapping[str, Any], now: datetime
) -> dict[int, list[Claim]]:
    """The second person's decision; that it is another person is the machine's own guard. One query."""
    severities = dict(
        CasePayment.objects.filter(pk__in=[one.pk for one in rows]).values_list(
            "pk", "case__ticket__severity"
        )
    )
    return {one.pk: [claim_of(one, severities[one.pk], confirms=True)] for one in rows}


def second_person(mine: Held, payments: list[CasePayment], actor: Any, now: datetime) -> str:
    """Why these payments of one case need a second person; empty: they go out, and count as his from now on."""
    if any(one.payee_id is None for one in payments):
        return "payee"
    if actor.pk in own_order_facts([mine.ticket], now)[mine.ticket.pk].of(mine.ticket.pk):
        return "own_order"
    if mine.case.ground == Ground.MINOR:
        return "minor"
    if actor.has_role(*MERCHANT_ROLES):
        return "merchant"
    if "system" in actor.roles:
        return _beyond_rule(mine, payments, now)
    claims = [claim_of(one, mine.ticket.severity, confirms=False) for one in payments]
    ruling = authority.take(actor=actor, claims={mine.case.pk: claims}, now=now)[mine.case.pk]
    return "" if ruling.allowed else str(ruling.refusals[0].code)


def count_no_longer(payment: CasePayment) -> None:
    """It was let out and called back before it was paid: the authority that it took is free again."""
    if payment.approved_at is None:
        return
    alone = not payment.second_why
    severity = Ticket.objects.values_list("severity", flat=True).get(cases=payment.case_id)
    authority.give_back(
        person=payment.proposed_by if alone else payment.approved_by,
        claims=[claim_of(payment, severity, confirms=not alone)],
        decided_at=payment.proposed_at if alone else payment.approved_at,
    )


def _beyond_rule(mine: Held, payments: list[CasePayment], now: datetime) -> str:
    """Nobody decided: one case and one customer get so much by rule, in the market's currency."""
    total = sum((one.amount for one in payments), ZERO)
    if any(one.currency != market_default().currency for one in payments):
        return "no_currency"
    before = CasePayment.objects.filter(second_why="").exclude(state__in=GONE)
    before = before.exclude(pk__in=[one.pk for one in payments])
    payees = sorted({one.payee_id for one in payments if one.payee_id})
    for payee in payees:
        _one_at_a_time(CUSTOMER, payee)
    of_case = before.filter(case=mine.case).aggregate(sum=Sum("amount"))["sum"] or ZERO
    if total + of_case > number("payment_by_rule_yuan", now):
        return "rule_case"
    since = now - timedelta(days=int(number("payment_by_rule_customer_days", now)))
    given = (
        before.filter(payee__in=payees, proposed_at__gte=since).aggregate(sum=Sum("amount"))["sum"] or ZERO
    )
    return "rule_customer" if total + given > number("payment_by_rule_customer_yuan", now) else ""


@dataclass(frozen=True)
class Bound:
    """One bound of a compensation of the rule book, which no post exceeds: what it counts, in the case's currency."""

    code: str
    label: str
    most: Decimal
    given: Decimal = ZERO

    @property
    def left(self) -> Decimal:
        return max(self.most - self.given, ZERO)


def bounds(case: Case, paid: Decimal, now: datetime, *, locked: bool = False) -> list[Bound]:
    """Every bound of a compensation and what of it is used; ``paid``: for the order. Empty for all other cases.

    ``locked``: nobody else sums up for the same customer until the transaction ends.
    """
    if not case.compensation:
        return []
    kind = case.get_compensation_display()
    if case.compensation == CompensationKind.GOODWILL:
        at_once = _("As “%(kind)s”, at once") % {"kind": kind}
        found = [Bound("above_bound", at_once, number("compensation_goodwill_yuan", now))]
        return [*_of_customer(case, now, locked), *found]
    most = paid * number("compensation_promise_times", now)
    if case.compensation != CompensationKind.PROMISE:
        most = max(
            paid * number("compensation_statutory_times", now),
            number("compensation_statutory_least_yuan", now),
        )
    label = _("As “%(kind)s”, for this order in all") % {"kind": kind}
    return [Bound("above_bound", label, most, _given_as(case, locked))]


def refuse_above_bound(mine: Held, amount: Decimal, now: datetime) -> None:
    """A compensation is bounded by what it is for, not by what was paid; however many cases an order has. Whatever is
    exceeded is said at once.

    Errors: above_bound, goodwill_customer.
    """
    paid = mine.books.order.paid if mine.books else ZERO
    over = [one for one in bounds(mine.case, paid, now, locked=True) if amount > one.left]
    if not over:
        return
    words = _("%(bound)s: at most %(most)s, %(given)s given so far, %(left)s left.")
    currency = mine.case.currency
    told = [
        words
        % {
            "bound": one.label, "most": money(one.most, currency), "given": money(one.given, currency),
            "left": money(one.left, currency),
        }
        for one in over
    ]  # fmt: skip
    told.append(str(_("The rule book sets these bounds; nobody decides above them.")))
    raise DomainError(" ".join(told), over[0].code)


def own_limits(case: Case, amount: Decimal, actor: Any, now: datetime) -> Ruling:
    """Whether this person would let such a compensation out alone; if not, every reason and which tier may."""
    claim = Claim(
        kind=case.compensation or PaymentKind.REFUND, amount=amount, currency=case.currency,
        severity=case.ticket.severity, customer_id=case.customer_id,
    )  # fmt: skip
    return authority.weigh(actor=actor, claims={case.pk: [claim]}, now=now)[case.pk]


def _given_as(case: Case, locked: bool) -> Decimal:
    """What other cases of the same order give as the same kind; the order is locked. Of a case without an order: those
    of the same customer."""
    others = Case.objects.filter(compensation=case.compensation, order=case.order_id).exclude(pk=case.pk)
    if case.order_id is None and case.customer_id is not None:
        if locked:
            _one_at_a_time(CUSTOMER, case.customer_id)
        others = others.filter(customer=case.customer_id)
    elif case.order_id is None:
        others = others.filter(ticket=case.ticket_id)
    return others.aggregate(sum=Sum("agreed"))["sum"] or ZERO


def _of_customer(case: Case, now: datetime, locked: bool) -> list[Bound]:
    """What one customer gets of goodwill within some days, whatever it is about."""
    if case.customer_id is None:
        return []
    if locked:
        _one_at_a_time(CUSTOMER, case.customer_id)
    days = int(number("compensation_goodwill_days", now))
    others = Case.objects.filter(
        customer=case.customer_id,
        compensation=CompensationKind.GOODWILL,
        decided_at__gte=now - timedelta(days=days),
    ).exclude(pk=case.pk)
    given = others.aggregate(sum=Sum("agreed"))["sum"] or ZERO
    label = _("Goodwill for this customer within %(days)d days") % {"days": days}
    return [Bound("goodwill_customer", label, number("compensation_goodwill_customer_yuan", now), given)]
