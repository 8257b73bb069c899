"""What lies at the receiving desk and has to go back to the customer: why, since when, to whom and where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils.translation import pgettext, pgettext_lazy

from aftersales.cases.models import CaseParcel, ParcelItem, Repair
from aftersales.cases.repairs.states import RepairState
from aftersales.cases.services.parcels import NOT_WANTED, his_goods, strangers
from aftersales.cases.states import MONEY_BACK, CaseKind, CaseState, Direction, ParcelState
from aftersales.customers.models import Contact
from aftersales.desk.cases import parcel_badge

P = ParcelState
MOST = 100
READY = (RepairState.TESTED, RepairState.DECLINED, RepairState.UNREPAIRABLE)
"""The workshop has nothing more to do with the article."""
WORKSHOP_HAS_IT = (
    RepairState.RECEIVED, RepairState.DIAGNOSED, RepairState.QUOTED, RepairState.ACCEPTED,
    RepairState.AWAITING_PARTS, RepairState.REPAIRING,
)  # fmt: skip
UNDECIDED = pgettext_lazy("way home", "Inspected: it stays or goes back")


@dataclass(frozen=True)
class Homeward:
    """One parcel that goes home. ``since``: when it was clear that it does, as far as the parcel itself says."""

    parcel: CaseParcel
    state: Any
    items: Sequence[ParcelItem]
    why: str
    since: datetime | None
    name: Contact | None = None
    address: Contact | None = None
    undecided: bool = False  # it may stay as well


def homeward(user: Any) -> list[Homeward]:
    """Another article, ended cases, articles out of the workshop, and what nobody took: the oldest first."""
    wide = _lying(user).select_related(
        "case__order__ship_name", "case__order__ship_address", "case__merchant", "case__ticket"
    )
    wide = wide.prefetch_related("items__case_line__line", "items__case_line__case")
    found: list[Homeward] = []
    for low in count(0, MOST):
        rows = list(wide[low : low + MOST])
        ready = _ready({one.case_id for one in rows if one.case.kind == CaseKind.REPAIR})
        found += [_row(one, why) for one in rows if (why := _why(one, ready))]
        if len(found) >= MOST or len(rows) < MOST:
            break
    return found[:MOST]


def going_home(user: Any) -> list[CaseParcel]:
    """Sent back and not yet known to have arrived, the oldest first: until somebody says so their cases stay open."""
    rows = CaseParcel.objects.visible_to(user).filter(direction=Direction.INBOUND, state=P.SENT_BACK)
    return list(rows.select_related("case").order_by("received_at", "id")[:MOST])


def _lying(user: Any) -> Any:
    """Inbound parcels of which nearly all have to go home, the oldest first; the reason is read from their rows."""
    ended = Q(case__state__in=NOT_WANTED) | Q(
        case__state=CaseState.CLOSED, case__kind__in=MONEY_BACK, case__agreed=0
    )
    repairs = Repair.objects.filter(case=OuterRef("case"))
    repaired = Q(Exists(repairs.filter(state__in=READY)), case__kind=CaseKind.REPAIR)
    here = Q(state=P.RECEIVED) & (ended | repaired)
    rows = CaseParcel.objects.visible_to(user).filter(direction=Direction.INBOUND)
    since = Coalesce("inspected_at", "received_at").asc(nulls_first=True)
    return rows.filter(here | Q(state__in=[P.INSPECTED, P.UNCLAIMED])).order_by(since, "id")


def _ready(cases: set[int]) -> Mapping[int, set[str]]:
    """Of each case the states of its repairs, where the workshop has none of them any more."""
    states: dict[int, set[str]] = defaultdict(set)
    for case_id, state in Repair.objects.filter(case__in=cases).values_list("case", "state"):
        states[case_id].add(state)
    return {case: found for case, found in states.items() if not found & set(WORKSHOP_HAS_IT)}


def _why(parcel: CaseParcel, ready: Mapping[int, set[str]]) -> str:
    """In words; empty where it stays or still waits for somebody else."""
    items = list(parcel.items.all())
    cases = {parcel.case_id: parcel.case} | {one.case_line.case_id: one.case_line.case for one in items}
    if parcel.state == P.UNCLAIMED:
        return pgettext("way home", "Nobody took it: send it once more")
    if all(his_goods(one) for one in cases.values()):
        return str(CaseState(parcel.case.state).label)
    if parcel.state == P.INSPECTED and strangers(items):
        return pgettext("way home", "Another article lies in it")
    if parcel.case.kind == CaseKind.REPAIR and (states := ready.get(parcel.case_id)):
        last = next((one for one in reversed(READY) if one in states), None)
        return str(RepairState(last).label) if last else ""
    return str(UNDECIDED) if parcel.state == P.INSPECTED else ""


def _row(parcel: CaseParcel, why: str) -> Homeward:
    order = parcel.case.order
    return Homeward(
        parcel, parcel_badge(parcel), list(parcel.items.all()), why, parcel.inspected_at or parcel.received_at,
        order.ship_name if order else None, order.ship_address if order else None, why == str(UNDECIDED),
    )  # fmt: skip
