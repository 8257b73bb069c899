"""Refunds that ran late while the platform had the money: not the merchant's breach, and his again when it comes back.

The refund's clock is the customer's and runs until he is paid. Whether its breach counts against the merchant follows
from whose turn it was.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.services import system_user
from aftersales.cases.models import CasePayment
from aftersales.cases.outofhand import CASE, money_held, reason_of
from aftersales.clocks.models import BreachExclusion, Clock
from aftersales.clocks.services import Away, breach_weigh
from aftersales.clocks.states import ExclusionCause
from aftersales.core.models import Event
from aftersales.standards.states import Debtor, Promise

BATCH = 200
LOOKED_AT = timedelta(days=120)  # breaches of before this was judged by itself, and what a delivery missed
SETTLED = timedelta(days=1)  # after its end the times of a clock are said once more


def refund_weigh(*, event: Event, now: datetime) -> None:
    """A refund's clock ran out, or ended late: whose breach is it?"""
    if event.subject_kind != CASE or event.payload["promise"] != Promise.REFUND:
        return
    for clock in _breached().filter(pk=event.payload["clock"]):
        _weigh([clock], now)


def refunds_weigh(*, now: datetime) -> int:
    """The same for all that may have changed since: his own time may have run out, with no act of anybody. How many."""
    mine = BreachExclusion.objects.standing().filter(
        Q(clock__ended_at=None) | Q(clock__ended_at__gte=now - SETTLED),
        by=system_user(now).pk, cause=ExclusionCause.PLATFORM, circumstance=None,
    )  # fmt: skip
    ever = BreachExclusion.objects.filter(clock=OuterRef("pk"))
    given = CasePayment.objects.filter(case=OuterRef("subject_id"), proposed_at__lte=OuterRef("due_at"))
    return sum((
        _weigh_all(_breached().filter(pk__in=mine.values("clock")), now),
        _weigh_all(_breached().filter(~Exists(ever), Exists(given), breached_at__gte=now - LOOKED_AT), now),
    ))  # fmt: skip


def _weigh_all(rows: QuerySet[Clock], now: datetime) -> int:
    number = after = 0
    while batch := list(rows.filter(pk__gt=after).order_by("pk")[:BATCH]):
        _weigh(batch, now)
        number, after = number + len(batch), batch[-1].pk
    return number


def _breached() -> QuerySet[Clock]:
    """Breaches of merchants that a payment may excuse."""
    rows: QuerySet[Clock] = Clock.objects.filter(
        subject_kind=CASE, promise=Promise.REFUND, owed_by=Debtor.MERCHANT, is_historic=False,
        merchant_id__isnull=False, breached_at__isnull=False,
    )  # fmt: skip
    return rows


def _weigh(clocks: Sequence[Clock], now: datetime) -> None:
    held = money_held({clock.subject_id for clock in clocks})
    wanted = {pk for one in held.values() for pk in one.payments}
    numbers = dict(CasePayment.objects.filter(pk__in=wanted).order_by().values_list("pk", "number"))
    for clock in clocks:
        money = held[clock.subject_id]
        shown = ", ".join(numbers[pk] for pk in sorted(money.payments))
        away = Away(ExclusionCause.PLATFORM, money.spells, reason_of(money.spells), shown)
        breach_weigh(clock=clock, away=away, actor=system_user(now), now=now)
