"""What a merchant owes after an approval (R4.2): where to send the goods, that they came, and the replacement.

Each is an event that starts his clock; where the clock runs out a person of the platform decides, and what he does
after all takes the mark away. Of its own sales the platform owes nothing to itself.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Sum

from accounts.services import system_user
from aftersales.cases.models import Case, CaseParcel, Due, Exchange, ParcelItem
from aftersales.cases.repairs.selectors import OUT_OF_REACH
from aftersales.cases.repairs.states import DueKind
from aftersales.cases.services.locking import Held, held
from aftersales.cases.services.returning import addresses_keep, each_case
from aftersales.cases.states import CaseKind, CaseState, Direction, ParcelState, ReviewCause
from aftersales.clocks.models import Clock
from aftersales.core import moves
from aftersales.core.events import Draft
from aftersales.core.models import Event
from aftersales.merchants.selectors import takes_returns
from aftersales.standards.selectors import duration
from aftersales.standards.states import Promise

KIND = "cases.case"
SHIP_DAYS = "return_ship_days"
ASKED, GIVEN = "case.address_asked", "case.address_given"
ARRIVED, CONFIRMED = "case.goods_arrived", "case.goods_confirmed"
OWED, SENT, TURNED = "case.replacement_owed", "case.replacement_sent", "case.turned"
MISSED = {
    Promise.RETURN_ADDRESS.value: ReviewCause.NO_ADDRESS,
    Promise.RECEIPT.value: ReviewCause.UNCONFIRMED,
    Promise.REPLACEMENT.value: ReviewCause.NOT_SENT,
}
DUTIES = frozenset(MISSED)


# ------------------------------------------------------------------------------------------------ return address
def send_until(case: Case, now: datetime) -> datetime | None:
    """Until when the customer sends his goods; None while nobody knows where to."""
    known = case.merchant_id is None or case.merchant_id in takes_returns([case.merchant_id])
    return now + duration(SHIP_DAYS, now) if known else None


def addresses_ask(cases: Iterable[Case], *, actor: Any, now: datetime) -> None:
    """Cases under lock whose goods have nowhere to go: their merchants owe the address."""
    drafts = [Draft(kind=ASKED, row=case, actor=actor, at=now, payload=case.told()) for case in cases]
    moves.tell_many(drafts, actor=actor, now=now)


def addresses_follow(*, now: datetime) -> int:
    """Customers whose merchant has given an address by now may send; their time runs from here. Answers how many."""
    rows = CaseParcel.objects.filter(
        state=ParcelState.AWAITED, direction=Direction.INBOUND, ship_by=None, merchant_id__isnull=False,
        case__state=CaseState.APPROVED,
    )  # fmt: skip
    known = takes_returns(rows.values_list("merchant_id", flat=True).distinct())
    return each_case(rows.filter(merchant_id__in=known), _given, now)


def _given(case_id: int, now: datetime) -> int:
    with transaction.atomic():
        mine = held(Case.objects.only("pk", "order_id", "ticket_id").get(pk=case_id))
        until = send_until(mine.case, now)
        waiting = CaseParcel.objects.filter(
            case=mine.case, state=ParcelState.AWAITED, direction=Direction.INBOUND, ship_by=None
        )
        if until is None or mine.case.state != CaseState.APPROVED or not waiting.update(ship_by=until):
            return 0
        addresses_keep([mine.case], now=now)
        told(mine, GIVEN, ReviewCause.NO_ADDRESS, actor=system_user(now), now=now)
    return 1


# ------------------------------------------------------------------------------------------------ receipt
def arrival_follow(mine: Held, parcel: CaseParcel, *, actor: Any, now: datetime) -> None:
    """Delivered goods wait for the merchant's word; received, lost or refused, it is known what became of them."""
    last = _last(mine.case, ARRIVED, CONFIRMED)
    if parcel.state == ParcelState.IN_TRANSIT:
        if last != ARRIVED and mine.case.state == CaseState.APPROVED and _sells_for_himself(mine.case):
            told(mine, ARRIVED, actor=actor, now=now)
    elif last == ARRIVED and not _unconfirmed(mine.case):
        told(mine, CONFIRMED, ReviewCause.UNCONFIRMED, actor=actor, now=now)


def _unconfirmed(case: Case) -> bool:
    at_door = CaseParcel.objects.filter(state=ParcelState.IN_TRANSIT, arrived_at__isnull=False)
    return at_door.filter(items__case_line__case=case).exists() or at_door.filter(case=case).exists()


# ------------------------------------------------------------------------------------------------ replacement
def replacement_follow(mine: Held, *, actor: Any, now: datetime) -> None:
    """Once nothing stands before the replacement of an exchange, the merchant owes it: first, or once more."""
    case = mine.case
    if case.kind != CaseKind.EXCHANGE or case.state != CaseState.APPROVED or not _sells_for_himself(case):
        return
    row = Exchange.objects.filter(case=case, ended_at=None).first()
    if row is None or pieces_missing(mine, row):
        return
    standing = row.lines.standing()
    waiting = standing.filter(parcel=None) | standing.filter(parcel__state__in=OUT_OF_REACH)
    if not waiting.exists() or Due.objects.unpaid().filter(case=case, kind=DueKind.DIFFERENCE).exists():
        return
    if _last(case, OWED, SENT, TURNED) != OWED:
        told(mine, OWED, actor=actor, now=now)


def pieces_missing(mine: Held, row: Exchange) -> int:
    """How many pieces are still to come back before the replacement goes out."""
    if row.send_first or not mine.case.goods_back:
        return 0
    lost = ParcelItem.objects.filter(parcel__state=ParcelState.LOST, case_line__case=mine.case)
    gone = lost.aggregate(sum=Sum("announced"))["sum"] or 0
    return max(sum(line.approved - line.received for line in mine.lines) - gone, 0)


# ------------------------------------------------------------------------------------------------ silence
def obligation_missed(*, event: Event, now: datetime) -> None:
    """His time ran out: the breach is his, and a person of the platform decides what follows (R4.7)."""
    cause = MISSED.get(event.payload["promise"])
    if event.subject_kind != KIND or cause is None:
        return
    with transaction.atomic():
        mine = held(Case.objects.only("pk", "order_id", "ticket_id").get(pk=event.subject_id))
        open_still = Clock.objects.filter(pk=event.payload["clock"], ended_at=None).exists()
        if not open_still or mine.case.state != CaseState.APPROVED or mine.case.review:
            return
        moves.change(
            mine.case, actor=system_user(now), now=now, event="case.flagged", review=cause,
            payload=mine.case.told(review=cause, amount="0"),
        )  # fmt: skip


def told(mine: Held, event: str, cause: str = "", *, actor: Any, now: datetime) -> None:
    """One of these events of a case under lock; the mark that stood for its absence goes with it."""
    done: dict[str, Any] = {"review": ""} if cause and mine.case.review == cause else {}
    mine.case = moves.change(mine.case, actor=actor, now=now, event=event, payload=mine.case.told(), **done)


def _sells_for_himself(case: Case) -> bool:
    return case.merchant is not None and not case.merchant.self_run


def _last(case: Case, *kinds: str) -> str:
    rows = Event.objects.about(KIND, case.pk).filter(kind__in=kinds).order_by("-id")
    return rows.values_list("kind", flat=True).first() or ""
