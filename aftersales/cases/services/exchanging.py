"""Exchange: the replacement is chosen, goes out, or is missing and the case is turned into a refund (R4.2, R4.9)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import Case, CaseParcel, Exchange
from aftersales.cases.repairs.selectors import OUT_OF_REACH, going_out
from aftersales.cases.services.deciding import agree_anew
from aftersales.cases.services.dues import dues_drop, refuse_open
from aftersales.cases.services.following import repairs_end
from aftersales.cases.services.locking import Held, held, refuse_foreign, require
from aftersales.cases.services.obliging import SENT, pieces_missing, told
from aftersales.cases.services.opening import note
from aftersales.cases.services.parcels import parcel_dispatch
from aftersales.cases.services.paying import cancel_what_can_be
from aftersales.cases.services.replacing import Replacement, replacements_checked, replacements_keep
from aftersales.cases.services.settling import close_if_settled
from aftersales.cases.states import (
    GOODS_BACK,
    SELLERS_FAULT,
    UNDECIDED,
    CaseKind,
    CaseState,
    Ground,
    NoteKind,
    ParcelState,
    ReviewCause,
    Side,
)
from aftersales.core.errors import DomainError

__all__ = ["Replacement", "case_turn", "exchange_choose", "exchange_send"]


def exchange_choose(
    *,
    case: Case,
    replacements: Sequence[Replacement],
    actor: Any,
    now: datetime,
    send_first: bool = False,
    version: int | None = None,
) -> Exchange:
    """Choose what goes out; every piece that is asked for is replaced by one. Until something is on its way.

    Errors: not_exchange, pieces, price, name, replacement_sent, paid.
    """
    require(actor, "cases.decide")
    with transaction.atomic():
        mine = held(case, version=version)
        refuse_foreign(mine.ticket, actor)
        _refuse_other_kinds(mine)
        if going_out(mine.case):
            raise DomainError(_("The replacement is on its way already."), "replacement_sent")
        lines = replacements_checked(mine, replacements)
        row = replacements_keep(mine, lines=lines, send_first=send_first, actor=actor, now=now)
        if mine.case.state == CaseState.APPROVED:
            agree_anew(mine, actor=actor, now=now)
    return row


def _refuse_other_kinds(mine: Held) -> None:
    case = mine.case
    if case.kind != CaseKind.EXCHANGE or case.state not in {*UNDECIDED, CaseState.APPROVED}:
        raise DomainError(_("This case is not an exchange that is open."), "not_exchange")


def exchange_send(
    *, case: Case, carrier: str, tracking_no: str, actor: Any, now: datetime, version: int | None = None
) -> CaseParcel:
    """The replacement goes out. One that got lost or came back goes out again; the same waybill twice is one parcel.

    Errors: not_exchange, due_open, goods_awaited, replacement_sent, waybill, carrier.
    """
    require(actor, "cases.ship")
    with transaction.atomic():
        mine = held(case, version=version)
        refuse_foreign(mine.ticket, actor, mine.case)
        _refuse_other_kinds(mine)
        if mine.case.state != CaseState.APPROVED:
            raise DomainError(_("Only an approved exchange is sent."), "not_exchange")
        row = Exchange.objects.select_for_update().get(case=mine.case)
        refuse_open(mine.case)
        _refuse_before_goods(mine, row)
        parcel = parcel_dispatch(
            case=mine.case, carrier=carrier, tracking_no=tracking_no, actor=actor, now=now
        )
        standing = row.lines.standing()
        waiting = standing.filter(parcel=None) | standing.filter(parcel__state__in=OUT_OF_REACH)
        if not waiting.update(parcel=parcel) and not standing.filter(parcel=parcel).exists():
            raise DomainError(_("The replacement is on its way already."), "replacement_sent")
        told(mine, SENT, ReviewCause.NOT_SENT, actor=actor, now=now)
    return parcel


def _refuse_before_goods(mine: Held, row: Exchange) -> None:
    missing = pieces_missing(mine, row)
    if missing:
        raise DomainError(
            _("%(pieces)d pieces are not back yet; the replacement follows the goods.") % {"pieces": missing},
            "goods_awaited",
        )


def case_turn(
    *,
    case: Case,
    kind: str,
    actor: Any,
    now: datetime,
    ground: str = "",
    words: str = "",
    version: int | None = None,
) -> Case:
    """An approved return, exchange or repair goes on as another of the three (R4.9).

    Evidence, first reason and clocks stay. What was agreed is computed anew, and what the customer paid beyond his
    order is given back where he ends with a refund. A case that is not decided yet is amended instead.
    Errors: kind, wrong_state, replacement_sent, goods_kept, paid.
    """
    require(actor, "cases.turn")
    with transaction.atomic():
        mine = held(case, version=version)
        refuse_foreign(mine.ticket, actor)
        row, wanted = mine.case, ground or mine.case.ground
        if (
            kind not in GOODS_BACK
            or kind == row.kind
            or row.kind not in GOODS_BACK
            or wanted not in Ground.values
        ):
            raise DomainError(_("Choose what is asked for, and why."), "kind")
        _leave(mine, kind, actor, now)
        if mine.case.review == ReviewCause.NOT_SENT:  # nobody waits for the replacement any more
            told(mine, "case.reviewed", ReviewCause.NOT_SENT, actor=actor, now=now)
        terms = {
            "kind": kind, "ground": wanted,
            "return_freight": Side.MERCHANT if wanted in SELLERS_FAULT else row.return_freight,
        }  # fmt: skip
        mine.case = agree_anew(mine, actor=actor, now=now, terms=terms)
        note(mine.case, NoteKind.TURN, Side.PLATFORM, words, actor, now)
        close_if_settled(mine, now=now)
    return mine.case


def _leave(mine: Held, kind: str, actor: Any, now: datetime) -> None:
    """What belonged to the old kind ends; the goods stay where they are."""
    if going_out(mine.case):
        raise DomainError(
            _("The replacement is with the customer or on its way: stop it first."), "replacement_sent"
        )
    if kind == CaseKind.REPAIR and mine.case.parcels.filter(state=ParcelState.KEPT).exists():
        raise DomainError(
            _("The goods of this case stay with the merchant; they cannot be repaired."), "goods_kept"
        )
    Exchange.objects.filter(case=mine.case, ended_at=None).update(ended_at=now)
    dues_drop(mine.case, actor=actor, now=now)
    repairs_end(mine.case, actor=actor, now=now)
    cancel_what_can_be(mine, actor, now)
