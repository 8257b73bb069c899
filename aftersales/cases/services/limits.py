"""Who lets money out alone, and how much a compensation may be (R4.8). The numbers are rows of the rule book.

Sums over a day or a customer are read under a lock of their own, so that ten small payments at once count together.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import Case, CasePayment
from aftersales.cases.refunding import ZERO
from aftersales.cases.services.locking import Held
from aftersales.cases.states import CompensationKind, PaymentState
from aftersales.core.errors import DomainError
from aftersales.standards.selectors import market_default, parameter
from aftersales.tickets.selectors.dispatching import own_order_facts

PERSON, CUSTOMER = 4101, 4102  # classes of transaction locks
GONE = [PaymentState.REJECTED, PaymentState.CANCELLED, PaymentState.REVERSED, PaymentState.REPLACED]


def number(code: str, now: datetime) -> Decimal:
    return Decimal(str(parameter(code, now)))


def _one_at_a_time(kind: int, key: int) -> None:
    """Until the transaction ends nobody else sums up for the same person or customer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [kind, key % 2**31])


def second_person(mine: Held, payments: list[CasePayment], actor: Any, now: datetime) -> str:
    """Why these payments of one case need a second person; empty: within what one person lets out alone."""
    total = sum((one.amount for one in payments), ZERO)
    if any(one.compensation == CompensationKind.STATUTORY for one in payments):
        return "statutory"
    if any(one.currency != market_default().currency for one in payments):
        return "currency"
    if actor.pk in own_order_facts([mine.ticket], now)[mine.ticket.pk].of(mine.ticket.pk):
        return "own_order"
    if total + _alone(
        CasePayment.objects.filter(case=mine.case).exclude(pk__in=[p.pk for p in payments])
    ) > number("payment_alone_yuan", now):
        return "amount"
    return _person_day(payments, total, actor, now) or _customer_sum(payments, total, now)


def _alone(rows: QuerySet[CasePayment]) -> Decimal:
    """What of these went out without a second person."""
    found = rows.filter(second_why="").exclude(state__in=GONE).aggregate(sum=Sum("amount"))["sum"]
    return found or ZERO


def _person_day(payments: list[CasePayment], total: Decimal, actor: Any, now: datetime) -> str:
    if "system" in actor.roles:
        return ""
    _one_at_a_time(PERSON, actor.pk)
    today = now.astimezone(ZoneInfo(settings.TIME_ZONE)).replace(hour=0, minute=0, second=0, microsecond=0)
    before = CasePayment.objects.filter(proposed_by=actor, proposed_at__gte=today).exclude(
        pk__in=[one.pk for one in payments]
    )
    return "day" if total + _alone(before) > number("payment_alone_day_yuan", now) else ""


def _customer_sum(payments: list[CasePayment], total: Decimal, now: datetime) -> str:
    payees: set[int] = {one.payee_id for one in payments if one.payee_id}
    if any(one.payee_id is None for one in payments):
        return "payee"
    since = now - timedelta(days=int(number("payment_alone_customer_days", now)))
    for payee in sorted(payees):
        _one_at_a_time(CUSTOMER, payee)
    before = CasePayment.objects.filter(payee__in=payees, proposed_at__gte=since).exclude(
        pk__in=[one.pk for one in payments]
    )
    return "customer" if total + _alone(before) > number("payment_alone_customer_yuan", now) else ""


def refuse_above_bound(mine: Held, amount: Decimal, now: datetime) -> None:
    """A compensation is bounded by what it is for, not by what was paid. Errors: above_bound, goodwill_customer."""
    case = mine.case
    if not case.compensation:
        return
    paid = mine.books.order.paid if mine.books else ZERO
    if case.compensation == CompensationKind.GOODWILL:
        bound = number("compensation_goodwill_yuan", now)
        _refuse_goodwill_again(case, amount, now)
    elif case.compensation == CompensationKind.PROMISE:
        bound = paid * number("compensation_promise_times", now)
    else:
        bound = max(
            paid * number("compensation_statutory_times", now),
            number("compensation_statutory_least_yuan", now),
        )
    if amount > bound:
        raise DomainError(
            _("As “%(kind)s” at most %(bound)s may be given.")
            % {"kind": case.get_compensation_display(), "bound": bound}, "above_bound",
        )  # fmt: skip


def _refuse_goodwill_again(case: Case, amount: Decimal, now: datetime) -> None:
    if case.customer_id is None:
        return
    _one_at_a_time(CUSTOMER, case.customer_id)
    since = now - timedelta(days=int(number("compensation_goodwill_days", now)))
    others = Case.objects.filter(
        customer=case.customer_id, compensation=CompensationKind.GOODWILL, decided_at__gte=since
    ).exclude(pk=case.pk)
    given = others.aggregate(sum=Sum("agreed"))["sum"] or ZERO
    bound = number("compensation_goodwill_customer_yuan", now)
    if given + amount > bound:
        raise DomainError(
            _("This customer had %(given)s of goodwill lately; at most %(bound)s may be given in all.")
            % {"given": given, "bound": bound}, "goodwill_customer",
        )  # fmt: skip
