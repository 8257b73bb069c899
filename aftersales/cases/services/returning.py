"""Where the goods of a case go back to: one of the merchant's places is chosen, and the case keeps its own copy (R4.2).

A correction of the place reaches cases whose parcels are not under way, and their customers are told; what is under
way arrives where the customer was told to send it.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.cases.models import Case, CaseAddress, CaseLine, CaseParcel
from aftersales.cases.services.locking import held
from aftersales.cases.states import CaseState, Direction, ParcelState
from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.merchants.models import ReturnAddress
from aftersales.merchants.selectors import fitting, return_addresses

CORRECTED = "case.address_changed"
BATCH = 200
COPIED = ("contact", "phone", "place")
NOT_SENT = (ParcelState.AWAITED, ParcelState.EXPIRED, ParcelState.CANCELLED)
CATEGORY = "line__product__category"


def addresses_offered(case: Case) -> tuple[list[ReturnAddress], ReturnAddress | None]:
    """The places that may be chosen for a case, and the one that its goods and kind lead to."""
    places = return_addresses([case.merchant_id]).get(case.merchant_id or 0, [])
    return places, fitting(places, _categories([case]).get(case.pk, []), case.kind)


def addresses_keep(cases: Sequence[Case], *, now: datetime) -> None:
    """Cases under lock whose goods are to come back: each keeps a copy of the place that fits it.

    One that has parcels under way keeps what it has; where no place is known, nothing is kept. Four statements for
    any number of cases that have no copy yet.
    """
    places = return_addresses({one.merchant_id for one in cases})
    asked = [one for one in cases if one.merchant_id in places]
    if not asked:
        return
    categories, known = _categories(asked), _known(asked)
    fresh = []
    for one in asked:
        chosen = fitting(places[one.merchant_id or 0], categories.get(one.pk, []), one.kind)
        assert chosen is not None
        if one.pk not in known:
            fresh.append(_copied(CaseAddress(case=one), chosen, now))
        elif not under_way(one):
            _copied(known[one.pk], chosen, now).save()
    CaseAddress.objects.bulk_create(fresh)


def address_pick(case: Case, address: ReturnAddress, *, now: datetime) -> None:
    """A case under lock takes this place instead of the one that fits. Nothing where no goods are waited for.

    Errors: address (of another merchant, or no longer used).
    """
    found = ReturnAddress.objects.in_use().filter(pk=address.pk, merchant=case.merchant_id).first()
    if found is None:
        raise DomainError(_("This return address is no longer used: choose another one."), "address")
    row = CaseAddress.objects.filter(case=case).first()
    if row is not None and not under_way(case):
        _copied(row, found, now).save()


def under_way(case: Case) -> bool:
    """Whether the customer has sent something already."""
    return _sent_for(case).exists()


def _sent_for(case: Case | OuterRef) -> QuerySet[CaseParcel]:
    sent = CaseParcel.objects.filter(direction=Direction.INBOUND).exclude(state__in=NOT_SENT)
    return sent.filter(Q(case=case) | Q(items__case_line__case=case))


def addresses_correct(*, now: datetime) -> int:
    """Cases whose place was corrected before anything was sent take the correction, and their customers hear of it.

    Answers how many. Twice is as once.
    """
    same = Q(**{name: F(f"source__{name}") for name in COPIED})
    waits = {"state": ParcelState.AWAITED, "direction": Direction.INBOUND}
    rows = CaseAddress.objects.filter(
        ~same, ~Exists(_sent_for(OuterRef("case"))), source__active_to=None, case__state=CaseState.APPROVED
    ).filter(**{f"case__parcels__{name}": value for name, value in waits.items()})
    return each_case(rows, _corrected, now)


def each_case(rows: QuerySet[Any], act: Callable[[int, datetime], int], now: datetime) -> int:
    """Every case that these rows name, in batches and each by itself: one that cannot be had now keeps back no other.

    Answers the sum of the answers.
    """
    done, last = 0, 0
    keys = rows.order_by("case_id").values_list("case_id", flat=True).distinct()
    while batch := list(keys.filter(case_id__gt=last)[:BATCH]):
        for last in batch:
            try:
                done += act(last, now)
            except DomainError:  # somebody is at it, or it is sealed: it is asked again the next time
                continue
    return done


def _corrected(case_id: int, now: datetime) -> int:
    with transaction.atomic():
        mine = held(Case.objects.only("pk", "order_id", "ticket_id").get(pk=case_id))
        row = CaseAddress.objects.select_related("source").get(case=case_id)
        if mine.case.state != CaseState.APPROVED or under_way(mine.case) or row.source.active_to is not None:
            return 0
        _copied(row, row.source, now).save()
        moves.change(mine.case, actor=system_user(now), now=now, event=CORRECTED, payload=mine.case.told())
    return 1


def _copied(row: CaseAddress, source: ReturnAddress, now: datetime) -> CaseAddress:
    row.source, row.chosen_at = source, now
    for name in COPIED:
        setattr(row, name, getattr(source, name))
    return row


def _known(cases: Iterable[Case]) -> dict[int, CaseAddress]:
    return {one.case_id: one for one in CaseAddress.objects.filter(case__in=cases)}


def _categories(cases: Iterable[Case]) -> dict[int, list[list[str]]]:
    """By case, for each of its articles the codes of its category and of those above it. One query."""
    found: dict[int, list[list[str]]] = {}
    names = (f"{CATEGORY}__code", f"{CATEGORY}__parent__code", f"{CATEGORY}__parent__parent__code")
    for case_id, *codes in CaseLine.objects.filter(case__in=cases).values_list("case_id", *names):
        found.setdefault(case_id, []).append([str(one) for one in codes if one])
    return found


def told_place(case: Case) -> Any:
    """Where the goods of a case go, as it keeps it; None while nobody said so."""
    return CaseAddress.objects.filter(case=case).first()
