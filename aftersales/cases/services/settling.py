"""A case ends by itself when nothing of it is open any more: money paid, goods at their place."""

import logging
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Coalesce

from accounts.services import system_user
from aftersales.cases.disputestates import MAY_CHANGE
from aftersales.cases.models import Case, CaseParcel, CasePayment, Dispute
from aftersales.cases.repairs.selectors import SPECIAL, is_done
from aftersales.cases.services.locking import Held, held, tell_ticket
from aftersales.cases.services.pieces import pieces_release
from aftersales.cases.states import CaseState
from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.standards.selectors import duration

logger = logging.getLogger(__name__)
EMPTY_DAYS = "case_nothing_owed_days"
BATCH = 200


def case_settle(*, case: Case, now: datetime) -> Case:
    """Close the case when everything of it is settled; else leave it as it is. Whoever ends a part of it calls this."""
    with transaction.atomic():
        mine = held(case)
        return close_if_settled(mine, now=now)


def close_if_settled(mine: Held, *, now: datetime) -> Case:
    """The same under locks that are held already."""
    return _close(mine, now) if is_settled(mine.case) else mine.case


def _close(mine: Held, now: datetime) -> Case:
    pieces_release(mine)
    closed: Case = moves.perform(mine.case, "close", actor=system_user(), now=now)
    tell_ticket(mine.ticket, "ticket.case_ended", closed, actor=system_user(), now=now)
    mine.case = closed
    return closed


def cases_end_empty(*, now: datetime) -> int:
    """End cases that give nothing: nothing was sent, nothing of it was accepted, or all was given back before.

    Until then the customer may have the platform decide; afterwards he may ask anew. Answers how many.
    """
    since, ended = now - duration(EMPTY_DAYS, now), 0
    own: Any = {"case": OuterRef("pk")}
    rows = Case.objects.filter(state=CaseState.APPROVED, agreed=0).exclude(kind__in=SPECIAL)
    rows = rows.annotate(since=Coalesce(F("settled_at"), F("decided_at"))).filter(since__lte=since)
    rows = rows.exclude(goods_back=True, settled_at=None)
    rows = rows.exclude(Exists(CaseParcel.objects.open().filter(**own)))
    rows = rows.exclude(Exists(CasePayment.objects.open().filter(**own)))
    rows = rows.exclude(Exists(Dispute.objects.filter(**own, state__in=MAY_CHANGE)))
    for case in rows.order_by("id")[:BATCH]:
        try:
            ended += _ended_empty(case, now)
        except DomainError as error:
            logger.warning("case %s did not end: %s", case.pk, error.code)
    return ended


def _ended_empty(case: Case, now: datetime) -> int:
    with transaction.atomic():
        mine = held(case)
        if mine.case.agreed or not is_settled(mine.case, empty=True):
            return 0
        _close(mine, now)
    return 1


def is_settled(case: Case, *, empty: bool = False) -> bool:
    """Approved, all of the agreed money paid, and the goods that were to come back at their end.

    An exchange or a repair that gives no money is settled by what it was for. Another case that gives none is so only
    after a while (``empty``).
    """
    special = case.kind in SPECIAL
    if case.state != CaseState.APPROVED or case.left or not (case.agreed or special or empty):
        return False
    if special and not is_done(case):
        return False
    if Dispute.objects.filter(case=case, state__in=MAY_CHANGE).exists():
        return False
    if CasePayment.objects.open().filter(case=case).exists():
        return False
    parcels: Any = CaseParcel.objects.filter(case=case)
    if case.goods_back and not parcels.exists():
        return False
    return not CaseParcel.objects.open().filter(case=case).exists()
