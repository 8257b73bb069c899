"""What of an agreed refund stands once the goods were seen: the accounts are granted anew, downwards or up again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from aftersales.cases.models import Case, CaseLine, CaseParcel, ParcelItem, Ruling, Settlement
from aftersales.cases.refunding import ZERO, Judged, Quote, settled, worth
from aftersales.cases.repairs.selectors import difference_back, going_out
from aftersales.cases.selectors import pays_for_goods
from aftersales.cases.services import accounts
from aftersales.cases.services.carrying import carried
from aftersales.cases.services.dues import paid_of
from aftersales.cases.services.following import workshop_take
from aftersales.cases.services.locking import Held, held, refuse_foreign, require
from aftersales.cases.services.paying import cancel_what_can_be
from aftersales.cases.services.pieces import LOST, good_pieces, inbound_of
from aftersales.cases.services.settling import close_if_settled
from aftersales.cases.states import (
    COMING,
    HERE,
    JUDGED,
    MONEY_BACK,
    CaseKind,
    CaseState,
    DecidedBy,
    ParcelState,
    ReviewCause,
)
from aftersales.core import moves

ON_THE_WAY = COMING - HERE
BETWEEN_BOTH = frozenset({DecidedBy.RULING, DecidedBy.AGREEMENT})


def receipt_preview(case: Case) -> Quote:
    """What the customer gets after his goods were seen, term by term, for reading."""
    lines = list(CaseLine.objects.filter(case=case).order_by("line_id"))
    return _judged(case, lines, inbound_of(case), None, bound_until(case))


def goods_count(mine: Held, *, actor: Any, now: datetime, bound: datetime | None = None) -> Case:
    """After a decision: goods that came before it count for it. ``bound``: it was made knowing what was found."""
    if mine.case.kind == CaseKind.REPAIR:
        for parcel in mine.case.parcels.filter(state=ParcelState.RECEIVED):
            workshop_take(mine, parcel.items.all(), actor=actor, now=now)
    receipt_settle(mine, actor=actor, now=now, bound=bound)
    goods_in(mine, actor=actor, now=now)
    return mine.case


def bound_until(case: Case) -> datetime | None:
    """Since when both sides are bound by a ruling or a settlement: what was found of the goods before it is decided."""
    if case.decided_how not in BETWEEN_BOTH:
        return None
    rulings = Ruling.objects.filter(dispute__case=case).values_list("at", flat=True)
    agreed = Settlement.objects.filter(dispute__case=case, accepted_at__isnull=False)
    found: list[datetime] = list(rulings.union(agreed.values_list("accepted_at", flat=True)))
    return max(found, default=None)


def receipt_settle(mine: Held, *, actor: Any, now: datetime, bound: datetime | None = None) -> Case:
    """Compute again what a case under lock gives after its goods were seen; nothing changes while all is accepted.

    An instant refund, or one that is in payments, is only marked for a person.
    """
    case = mine.case
    if case.state != CaseState.APPROVED or not case.goods_back or not mine.books:
        return case
    if case.kind == CaseKind.EXCHANGE:
        _replaced_for_nothing(mine, actor, now)
        case = mine.case
    if not pays_for_goods(case) and not case.back_freight:
        return case
    parcels = inbound_of(case)
    done = bool(parcels) and not any(one.state in COMING for one in parcels)
    found = _judged(case, mine.lines, parcels, mine.books, bound or bound_until(case))
    if found.total < case.paying and not case.instant:  # what is not out yet is called back
        cancel_what_can_be(mine, actor, now)
        case = mine.case
    if found.total < case.agreed and (case.instant or found.total < case.paying):
        return _flagged(mine, found, parcels, actor, now, done)
    if found.total == case.agreed and bool(case.settled_at) == done:
        return case
    anew = not case.agreed and found.total > 0  # goods that were missing came after all
    accounts.grant(mine.books, case, mine.lines, found)
    due = "open" if found.total or not done else "none"
    mine.case = moves.change(
        case, actor=actor, now=now, event="case.settled",
        payload=case.told(amount=str(found.total), done=done, due=due),
        agreed=found.total, agreed_freight=found.freight, agreed_extra=found.extra, settled_at=now if done else None,
    )  # fmt: skip
    if anew:
        goods_in(mine, actor=actor, now=now)
    return mine.case


def goods_in(mine: Held, *, actor: Any, now: datetime) -> None:
    """Everything that is to come has come, is lost or was given up: the refund is owed from now on (law §25)."""
    case = mine.case
    if case.state != CaseState.APPROVED or not case.goods_back or case.left <= 0 or not pays_for_goods(case):
        return
    states = {one.state for one in inbound_of(case)}
    if states & ON_THE_WAY or not states & (HERE | JUDGED | LOST):
        return
    mine.case = moves.change(case, actor=actor, now=now, event="case.goods_in", payload=case.told())


def _judged(
    case: Case,
    lines: list[CaseLine],
    parcels: Iterable[CaseParcel],
    books: accounts.Books | None,
    bound: datetime | None,
) -> Quote:
    by_key = {one.pk: one for one in parcels}
    good: dict[int, int] = defaultdict(int)
    off: dict[int, Decimal] = defaultdict(Decimal)
    why: dict[int, list[str]] = defaultdict(list)
    for item in ParcelItem.objects.filter(parcel__in=by_key, case_line__case=case).order_by("id"):
        parcel = by_key[item.parcel_id]
        if parcel.state in JUDGED and bound and parcel.inspected_at and parcel.inspected_at <= bound:
            good[item.case_line_id] += max(item.announced, item.received)
            continue
        good[item.case_line_id] += good_pieces(item, parcel.state)
        if parcel.state in JUDGED and item.deduction:
            off[item.case_line_id] += item.deduction
            why[item.case_line_id].append(item.why)
    pieces = [
        Judged(
            line.line_id, line.approved, min(good[line.pk], line.approved), line.promised, off[line.pk],
            " · ".join(why[line.pk]), books.line_accounts[line.line_id].left + line.agreed if books else None,
        )
        for line in lines
    ]  # fmt: skip
    rest = case.promised - case.promised_freight - sum((line.promised for line in lines), ZERO)
    stands = bool(lines) or not by_key or any(one.state in COMING | JUDGED | LOST for one in by_key.values())
    freight = case.promised_freight if stands else ZERO
    extra = _extra(
        case, by_key.values(), lines, {line.pk: min(good[line.pk], line.approved) for line in lines}
    )
    return settled(
        pieces, freight=freight, rest=rest if stands else ZERO, extra=extra,
        order_left=books.account.left + case.agreed - case.agreed_extra if books else None,
    )  # fmt: skip


def _flagged(
    mine: Held, found: Quote, parcels: list[CaseParcel], actor: Any, now: datetime, done: bool
) -> Case:
    """The money is out or on its way: a person decides what follows from the difference; nothing is taken back."""
    review = ReviewCause.NEVER_SENT if never_sent(parcels) else ReviewCause.SHORT
    return _marked(mine, review, mine.case.agreed - found.total, actor, now, done)


def never_sent(parcels: Iterable[CaseParcel]) -> bool:
    """Whether goods were awaited, and nothing was sent until their time was over."""
    states = {one.state for one in parcels} - {ParcelState.CANCELLED}
    return states == {ParcelState.EXPIRED}


def _extra(
    case: Case, parcels: Iterable[CaseParcel], lines: list[CaseLine], good: Mapping[int, int]
) -> Decimal:
    """What goes beyond the order: return freight follows the parcel, what was paid on top for a replacement follows the
    replacement, and what was paid for one that never came stands."""
    freight = ZERO if never_sent(parcels) else case.back_freight
    if case.kind == CaseKind.EXCHANGE:
        return freight + _exchanged_extra(case, lines, good)
    if case.kind not in MONEY_BACK:
        return freight
    by_line, on_top = carried(case, lines), ZERO
    for line in lines:
        if line.line_id in by_line and good[line.pk]:
            on_top += worth(by_line[line.line_id], line.approved, good[line.pk])
    own = paid_of(case) if case.agreed_extra or by_line else ZERO
    granted = max(
        case.agreed_extra - case.back_freight - own, ZERO
    )  # a fixed amount may have left some of it out
    return own + freight + (min(on_top, granted) if granted else on_top)


def _exchanged_extra(case: Case, lines: list[CaseLine], good: Mapping[int, int]) -> Decimal:
    """What the replacement costs less than the goods of the order still give: of pieces that are good."""
    more = max((difference_back(case) or ZERO) - case.promised, ZERO)
    asked, came = sum(line.approved for line in lines), sum(good[line.pk] for line in lines)
    return worth(more, asked, came) if more and came else ZERO


def _replaced_for_nothing(mine: Held, actor: Any, now: datetime) -> None:
    """Who has his replacement, or has it on its way, and never sent the goods is looked at."""
    if never_sent(inbound_of(mine.case)) and going_out(mine.case):
        worth = sum((line.value for line in mine.lines), ZERO)
        _marked(mine, ReviewCause.NEVER_SENT, worth, actor, now, bool(mine.case.settled_at))


def _marked(mine: Held, review: str, amount: Decimal, actor: Any, now: datetime, done: bool) -> Case:
    case = mine.case
    if case.review == review and bool(case.settled_at) == done:
        return case
    mine.case = moves.change(
        case, actor=actor, now=now, event="case.flagged",
        payload=case.told(review=review, amount=str(amount)), review=review, settled_at=now if done else None,
    )  # fmt: skip
    return mine.case


def case_reviewed(*, case: Case, actor: Any, now: datetime, version: int | None = None) -> Case:
    """Somebody looked at the mark: it goes, what was found stays in the parcels, and a settled case ends."""
    require(actor, "cases.decide")
    with transaction.atomic():
        mine = held(case, version=version)
        refuse_foreign(mine.ticket, actor)
        if not mine.case.review:
            return mine.case
        mine.case = moves.change(
            mine.case, actor=actor, now=now, event="case.reviewed", payload=mine.case.told(), review=""
        )
        return close_if_settled(mine, now=now)
