"""Goods at the door: the carrier delivered them, or they are on their way for too long (R4.2)."""

import logging
from datetime import datetime
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
TRANSIT_DAYS = "return_transit_days"
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


def parcels_presume(*, now: datetime) -> int:
    """What is on its way back for longer than carriers need counts as delivered: somebody has to say what became of it.

    Answers how many.
    """
    late = CaseParcel.objects.filter(
        state=ParcelState.IN_TRANSIT, direction=Direction.INBOUND, arrived_at=None,
        shipped_at__lte=now - duration(TRANSIT_DAYS, now), case__ticket__historic=False,
    )  # fmt: skip
    found = 0
    for parcel in late.order_by("shipped_at", "pk")[:BATCH]:
        try:
            parcel_at_door(parcel=parcel, actor=system_user(now), now=now, presumed=True)
            found += 1
        except DomainError as error:
            logger.warning("parcel %s was not counted as delivered: %s", parcel.pk, error.code)
    return found
