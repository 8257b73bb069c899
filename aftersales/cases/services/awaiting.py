"""Goods that are to come: awaited when a case is approved, expired after a warning, alive again when they come."""

import logging
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, Sum

from accounts.services import system_user
from aftersales.cases.models import Case, CaseParcel, ParcelItem
from aftersales.cases.services.locking import Held, held
from aftersales.cases.services.obliging import addresses_ask, send_until
from aftersales.cases.services.receipts import goods_in, receipt_settle
from aftersales.cases.services.returning import addresses_keep
from aftersales.cases.states import GOODS_BACK, Direction, ParcelState
from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.standards.selectors import duration

logger = logging.getLogger(__name__)
WARN_HOURS = "return_warn_hours"
BATCH = 500
OUT = [ParcelState.EXPIRED, ParcelState.CANCELLED, ParcelState.SENT_BACK, ParcelState.DELIVERED_BACK]


def parcel_await(mine: Held, case: Case, *, actor: Any, now: datetime) -> CaseParcel | None:
    """After an approval: await what is to come back and is not on its way already; await nothing that was waived."""
    if not case.goods_back or case.kind not in GOODS_BACK:
        awaited_cancel(case, now=now)
        return None
    standing = CaseParcel.objects.filter(
        Q(case=case) | Q(items__case_line__case=case), direction=Direction.INBOUND
    )
    standing = standing.exclude(state__in=OUT)
    if not mine.lines:
        return None if standing.exists() else _awaited(case, {}, actor, now)
    on_way = ParcelItem.objects.filter(parcel__in=standing, case_line__case=case)
    known = dict(on_way.values_list("case_line").annotate(sum=Sum("announced")).order_by())
    left = {line.pk: line.approved - known.get(line.pk, 0) for line in mine.lines}
    left = {pk: count for pk, count in left.items() if count > 0}
    return _awaited(case, left, actor, now) if left else None


def _awaited(case: Case, pieces: dict[int, int], actor: Any, now: datetime) -> CaseParcel:
    until = send_until(case, now)
    parcel = CaseParcel(
        case=case,
        merchant_id=case.merchant_id,
        ship_by=until,
        announced_at=now,
        freight_by=case.return_freight,
    )
    moves.create(parcel, actor=actor, now=now, event="case_parcel.announced", payload=parcel.told())
    ParcelItem.objects.bulk_create(
        [ParcelItem(parcel=parcel, case_line_id=pk, announced=count) for pk, count in pieces.items()]
    )
    addresses_keep([case], now=now)
    if until is None:
        addresses_ask([case], actor=actor, now=now)
    return parcel


def rest_await(case: Case, pieces: dict[int, int], *, actor: Any, now: datetime) -> CaseParcel:
    """The customer sends the rest in another parcel: its time runs anew."""
    return _awaited(case, pieces, actor, now)


def awaited_cancel(case: Case, *, now: datetime) -> None:
    """No parcel is awaited of a case that ended or whose goods were waived; what is on its way stays."""
    waiting = CaseParcel.objects.filter(case=case, state=ParcelState.AWAITED, direction=Direction.INBOUND)
    for parcel in waiting.order_by("pk"):
        moves.perform(parcel, "cancel", actor=system_user(now), now=now)


def parcels_warn(*, now: datetime) -> int:
    """Remind customers once whose time to send ends soon. Answers how many."""
    soon = now + duration(WARN_HOURS, now)
    due = CaseParcel.objects.filter(
        state=ParcelState.AWAITED, warned_at=None, ship_by__gt=now, ship_by__lte=soon
    )
    warned = 0
    for pk in due.order_by("ship_by").values_list("pk", flat=True)[:BATCH]:
        warned += _warn(pk, now)
    return warned


def _warn(pk: int, now: datetime) -> int:
    with transaction.atomic():
        parcel = moves.locked(CaseParcel(pk=pk))
        if parcel.state != ParcelState.AWAITED or parcel.warned_at:
            return 0
        moves.change(
            parcel,
            actor=system_user(now),
            now=now,
            event="case_parcel.warned",
            payload=parcel.told(),
            warned_at=now,
        )
    return 1


def parcels_expire(*, now: datetime) -> int:
    """End the waiting for goods that were never sent; what was reserved for them is free again. Answers how many."""
    due = CaseParcel.objects.filter(state=ParcelState.AWAITED, ship_by__lte=now).order_by("ship_by")
    ended = 0
    for pk, case_id in due.values_list("pk", "case_id")[:BATCH]:
        try:
            ended += _expire(pk, case_id, now)
        except DomainError as error:
            logger.warning("parcel %s did not expire: %s", pk, error.code)
    return ended


def _expire(pk: int, case_id: int, now: datetime) -> int:
    with transaction.atomic():
        mine = held(Case.objects.only("pk", "order_id", "ticket_id").get(pk=case_id))
        parcel = moves.locked(CaseParcel(pk=pk))
        if parcel.state != ParcelState.AWAITED or not parcel.ship_by or parcel.ship_by > now:
            return 0
        moves.perform(parcel, "expire", actor=system_user(now), now=now)
        receipt_settle(mine, actor=system_user(now), now=now)
        goods_in(mine, actor=system_user(now), now=now)
    return 1
