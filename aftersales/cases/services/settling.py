"""A case ends by itself when nothing of it is open any more: money paid, goods at their place."""

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.services import system_user
from aftersales.cases.disputestates import MAY_CHANGE
from aftersales.cases.models import Case, CaseParcel, CasePayment, Dispute
from aftersales.cases.repairs.selectors import SPECIAL, is_done
from aftersales.cases.services.locking import Held, held, tell_ticket
from aftersales.cases.services.pieces import pieces_release
from aftersales.cases.states import CaseState
from aftersales.core import moves


def case_settle(*, case: Case, now: datetime) -> Case:
    """Close the case when everything of it is settled; else leave it as it is. Whoever ends a part of it calls this."""
    with transaction.atomic():
        mine = held(case)
        return close_if_settled(mine, now=now)


def close_if_settled(mine: Held, *, now: datetime) -> Case:
    """The same under locks that are held already."""
    if not is_settled(mine.case):
        return mine.case
    pieces_release(mine)
    closed: Case = moves.perform(mine.case, "close", actor=system_user(), now=now)
    tell_ticket(mine.ticket, "ticket.case_ended", closed, actor=system_user(), now=now)
    mine.case = closed
    return closed


def is_settled(case: Case) -> bool:
    """Approved, all of the agreed money paid, and the goods that were to come back at their end.

    An exchange or a repair that gives no money is settled by what it was for.
    """
    special = case.kind in SPECIAL
    if case.state != CaseState.APPROVED or case.left or not (case.agreed or special):
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
