"""What carriers say of parcels on their way: delivered at the door, stopped or not; and what silence means (R4.2)."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from accounts.services import system_user
from aftersales.cases.models import CaseParcel
from aftersales.cases.services.parcels import parcel_held
from aftersales.cases.states import Direction, ParcelState
from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.standards.selectors import duration

logger = logging.getLogger(__name__)
TRANSIT_DAYS, STOP_HOURS = "return_transit_days", "intercept_hours"
BATCH = 200


def parcel_at_door(
    *, parcel: CaseParcel, actor: Any, now: datetime, presumed: bool = False, version: int | None = None
) -> CaseParcel:
    """The carrier delivered goods to whoever takes them back, who has to confirm it from now on.

    Errors: wrong_state, arrived (twice), outbound.
    """
    with transaction.atomic():
        mine = parcel_held(parcel, actor=actor, version=version)
        mine.parcel = moves.perform(mine.parcel, "arrive", actor=actor, now=now, presumed=presumed)
        mine.settle(actor, now)
    return mine.parcel


def parcel_ask_stop(
    *, parcel: CaseParcel, actor: Any, now: datetime, version: int | None = None
) -> CaseParcel:
    """The carrier is asked to stop what goes to the customer; he has some hours for it (R4.3).

    Errors: wrong_state, inbound, asked.
    """
    return _on_its_way(parcel, "ask_stop", actor, now, version)


def parcel_not_stopped(
    *, parcel: CaseParcel, actor: Any, now: datetime, version: int | None = None
) -> CaseParcel:
    """It goes on to the customer, who is told. Errors: wrong_state, inbound, not_asked."""
    return _on_its_way(parcel, "fail_stop", actor, now, version)


def _on_its_way(parcel: CaseParcel, move: str, actor: Any, now: datetime, version: int | None) -> CaseParcel:
    with transaction.atomic():
        mine = parcel_held(parcel, actor=actor, version=version)
        moved: CaseParcel = moves.perform(mine.parcel, move, actor=actor, now=now)
    return moved


def stops_end(*, now: datetime) -> int:
    """What no carrier stopped within his time goes on to the customer. Answers how many."""
    over = CaseParcel.objects.filter(
        state=ParcelState.IN_TRANSIT, stop_asked_at__lte=now - duration(STOP_HOURS, now)
    )
    return _each(over.order_by("stop_asked_at", "pk")[:BATCH], parcel_not_stopped, now)


def parcels_presume(*, now: datetime) -> int:
    """What is on its way back for longer than carriers need counts as delivered: somebody has to say what became of it.

    Answers how many.
    """
    late = CaseParcel.objects.filter(
        state=ParcelState.IN_TRANSIT, direction=Direction.INBOUND, arrived_at=None,
        shipped_at__lte=now - duration(TRANSIT_DAYS, now), case__ticket__historic=False,
    )  # fmt: skip
    return _each(late.order_by("shipped_at", "pk")[:BATCH], partial(parcel_at_door, presumed=True), now)


def _each(rows: Iterable[CaseParcel], act: Callable[..., CaseParcel], now: datetime) -> int:
    found = 0
    for parcel in rows:
        try:
            act(parcel=parcel, actor=system_user(now), now=now)
            found += 1
        except DomainError as error:
            logger.warning("parcel %s stays as it is: %s", parcel.pk, error.code)
    return found
