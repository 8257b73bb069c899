"""Parcels of cases on their way: sent, lost, refused, stopped, sent back. Lock order: order, tickets, cases, parcel."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import Case, CaseLine, CaseParcel, ParcelItem
from aftersales.cases.services.following import goods_follow
from aftersales.cases.services.locking import Held, held_together, refuse_foreign, require
from aftersales.cases.services.obliging import arrival_follow, replacement_follow
from aftersales.cases.services.receipts import goods_in, receipt_settle
from aftersales.cases.services.settling import close_if_settled
from aftersales.cases.states import MONEY_BACK, CaseKind, CaseState, Direction, ParcelState, ReviewCause, Side
from aftersales.core import moves
from aftersales.core.errors import Busy, DomainError, Refusal, WrongState

WAYBILL = re.compile(r"[A-Z0-9]{4,64}")
NOT_WANTED = frozenset({CaseState.WITHDRAWN, CaseState.REJECTED})


def his_goods(case: Case) -> bool:
    """Whether the goods of a case stay the customer's: what arrives goes back, unless he asks anew.

    They are his too when his return ended without money because nothing had come.
    """
    ended = case.state == CaseState.CLOSED and case.kind in MONEY_BACK and not case.agreed
    return case.state in NOT_WANTED or ended


@dataclass
class HeldParcel:
    """A parcel under lock, with the cases whose goods lie in it."""

    parcel: CaseParcel
    cases: dict[int, Held]
    items: list[ParcelItem] = field(default_factory=list)

    def case_of(self, item: ParcelItem) -> Held:
        return self.cases[self.line_case[item.case_line_id]]

    @property
    def line_case(self) -> dict[int, int]:
        return {line.pk: mine.case.pk for mine in self.cases.values() for line in mine.lines}

    @property
    def lines(self) -> dict[int, CaseLine]:
        return {line.pk: line for mine in self.cases.values() for line in mine.lines}

    def items_save(self, columns: Sequence[str]) -> None:
        if self.items:
            ParcelItem.objects.bulk_update(self.items, list(columns))

    def lines_save(self, columns: Sequence[str]) -> None:
        if self.lines:
            CaseLine.objects.bulk_update(list(self.lines.values()), list(columns))

    def settle(self, actor: Any, now: datetime) -> None:
        """The refund and the repair of each case follow what its goods became."""
        if any(mine.case.kind == CaseKind.REPAIR for mine in self.cases.values()):
            parcel = CaseParcel.objects.get(pk=self.parcel.pk)
            goods_follow(parcel, self.items, self.cases, actor=actor, now=now)
        for mine in self.cases.values():
            receipt_settle(mine, actor=actor, now=now)
            if self.parcel.arrived_at:
                arrival_follow(mine, CaseParcel.objects.get(pk=self.parcel.pk), actor=actor, now=now)
            replacement_follow(mine, actor=actor, now=now)
            close_if_settled(mine, now=now)


def parcel_held(
    parcel: CaseParcel, *, actor: Any, version: int | None = None, also: CaseParcel | None = None
) -> HeldParcel:
    """Raises gone, sealed, Busy and Conflict. ``also``: another parcel whose cases are locked with it."""
    asked = [parcel.pk, *([also.pk] if also else [])]
    found = CaseParcel.objects.filter(pk__in=asked).select_related("case")
    of = {one.case.order_id for one in found}
    if not found or len(of) != 1 or None in of:
        raise DomainError(_("This no longer exists."), "gone")
    ids = _cases_in(asked)
    cases = held_together(of.pop(), ids)
    for mine in cases.values():
        refuse_foreign(mine.ticket, actor, mine.case)
    current = moves.locked(CaseParcel(pk=parcel.pk), version=version)
    if also:
        moves.locked(CaseParcel(pk=also.pk))
    if _cases_in(asked) != ids:  # goods were put into another parcel meanwhile
        raise Busy()
    items = list(ParcelItem.objects.select_for_update().filter(parcel=current).order_by("id"))
    return HeldParcel(current, cases, items)


def _cases_in(parcel_ids: Sequence[int]) -> set[int]:
    through = ParcelItem.objects.filter(parcel__in=parcel_ids).values_list("case_line__case", flat=True)
    return {*through, *CaseParcel.objects.filter(pk__in=parcel_ids).values_list("case_id", flat=True)}


def waybill(text: str) -> str:
    """A waybill as scanners read it: capital letters and digits. Error: waybill."""
    plain = re.sub(r"[\s\-_.]", "", unicodedata.normalize("NFKC", text)).upper()
    if not WAYBILL.fullmatch(plain):
        raise DomainError(_("A waybill has 4 to 64 letters and digits."), "waybill")
    return plain


def carrier_name(text: str) -> str:
    """Error: carrier."""
    name = " ".join(text.replace("\x00", "").split())
    if not 0 < len(name) <= 60:
        raise DomainError(_("Say which carrier it is."), "carrier")
    return name


def parcel_ship(
    *,
    parcel: CaseParcel,
    carrier: str,
    tracking_no: str,
    actor: Any,
    now: datetime,
    acting_as: str = "",
    version: int | None = None,
) -> CaseParcel:
    """The goods were sent. The same waybill for several cases of an order is one parcel; a wrong one is corrected.

    One that had expired comes to life again with what was agreed. Errors: waybill, carrier, wrong_state.
    """
    require(actor, "cases.ship")
    number, by = waybill(tracking_no), carrier_name(carrier)
    with transaction.atomic():
        other = _same_waybill(parcel, number)
        mine = parcel_held(parcel, actor=actor, version=version, also=other)
        if mine.parcel.state == ParcelState.IN_TRANSIT:
            return _corrected(mine.parcel, by, number, actor, now, acting_as)
        if other and mine.parcel.state in (ParcelState.AWAITED, ParcelState.EXPIRED):
            _shipped_lines(mine)
            return _joined(mine, other, actor, now)
        sent: CaseParcel = moves.perform(
            mine.parcel, "ship", actor=actor, now=now, acting_as=acting_as, carrier=by, tracking_no=number
        )
        _shipped_lines(mine)
        mine.settle(actor, now)
    return sent


def _same_waybill(parcel: CaseParcel, number: str) -> CaseParcel | None:
    """Another parcel of the same order that is on its way under this number."""
    order = Case.objects.filter(parcels=parcel).values("order_id")
    found: CaseParcel | None = (
        CaseParcel.objects.filter(
            tracking_no=number,
            state=ParcelState.IN_TRANSIT,
            direction=Direction.INBOUND,
            case__order__in=order,
        )
        .exclude(pk=parcel.pk)
        .order_by("id")
        .first()
    )
    return found


def _corrected(
    parcel: CaseParcel, carrier: str, number: str, actor: Any, now: datetime, acting_as: str
) -> CaseParcel:
    if (parcel.carrier, parcel.tracking_no) == (carrier, number):
        return parcel
    changed: CaseParcel = moves.change(
        parcel, actor=actor, now=now, acting_as=acting_as, event="case_parcel.waybill_changed",
        payload=parcel.told(), carrier=carrier, tracking_no=number,
    )  # fmt: skip
    return changed


def _shipped_lines(mine: HeldParcel) -> None:
    for item in mine.items:
        line = mine.lines[item.case_line_id]
        line.shipped = min(line.approved, line.shipped + item.announced)
    mine.lines_save(["shipped"])


def _joined(mine: HeldParcel, other: CaseParcel, actor: Any, now: datetime) -> CaseParcel:
    """The pieces lie in the other parcel; none of their own is awaited any more."""
    if ParcelItem.objects.filter(
        parcel=other, case_line__in=[one.case_line_id for one in mine.items]
    ).exists():
        raise DomainError(_("This waybill is registered for these articles already."), "waybill")
    for item in mine.items:
        item.parcel_id = other.pk
    mine.items_save(["parcel"])
    moves.change(other, actor=actor, now=now, event="case_parcel.joined", payload=other.told())
    if mine.parcel.state == ParcelState.AWAITED:
        moves.perform(mine.parcel, "cancel", actor=actor, now=now)
    mine.settle(actor, now)
    joined: CaseParcel = CaseParcel.objects.get(pk=other.pk)
    return joined


def parcel_lose(*, parcel: CaseParcel, actor: Any, now: datetime, version: int | None = None) -> CaseParcel:
    """The carrier lost it: the customer gets his refund now, the claim on the carrier runs beside it (R4.3)."""
    with transaction.atomic():
        lost = _moved(parcel, "lose", actor, now, version)
        for one in parcel_held(lost, actor=actor).cases.values():
            goods_in(one, actor=actor, now=now)
    return lost


def parcel_refuse(*, parcel: CaseParcel, actor: Any, now: datetime, version: int | None = None) -> CaseParcel:
    """Refused at the door: the goods are on their way back to where they came from."""
    return _moved(parcel, "refuse_at_door", actor, now, version)


def parcel_intercept(
    *, parcel: CaseParcel, actor: Any, now: datetime, version: int | None = None
) -> CaseParcel:
    """The carrier stopped an outgoing parcel; its goods come back and are inspected. Error: inbound."""
    return _moved(parcel, "intercept", actor, now, version)


def parcel_deliver(
    *, parcel: CaseParcel, actor: Any, now: datetime, version: int | None = None
) -> CaseParcel:
    """An outgoing parcel reached the customer. Where its money is refunded already, a person is told to look."""
    with transaction.atomic():
        mine = parcel_held(parcel, actor=actor, version=version)
        done: CaseParcel = moves.perform(mine.parcel, "deliver", actor=actor, now=now)
        for one in mine.cases.values():
            case = one.case
            if case.kind == "refund_only" and case.agreed and not case.review:
                moves.change(
                    case, actor=actor, now=now, event="case.flagged", review=ReviewCause.DELIVERED,
                    payload=case.told(review=ReviewCause.DELIVERED, amount=str(case.agreed)),
                )  # fmt: skip
        mine.settle(actor, now)
    return done


def parcel_keep(*, parcel: CaseParcel, actor: Any, now: datetime, version: int | None = None) -> CaseParcel:
    """The goods stay. Errors: goods_his (the case was withdrawn or refused: they go back), strangers."""
    with transaction.atomic():
        mine = parcel_held(parcel, actor=actor, version=version)
        if strangers(mine.items):
            raise DomainError(
                _("Another article lies in this parcel: send it back to the customer first."), "strangers"
            )
        if any(his_goods(one.case) for one in mine.cases.values()):
            raise DomainError(_("The customer did not give these goods up; send them back."), "goods_his")
        kept: CaseParcel = moves.perform(mine.parcel, "keep", actor=actor, now=now)
        mine.settle(actor, now)
    return kept


def strangers(items: Sequence[ParcelItem]) -> int:
    """Pieces that were another article: the customer's own, which nobody keeps."""
    return sum(item.wrong for item in items)


def parcel_send_back(
    *,
    parcel: CaseParcel,
    carrier: str,
    tracking_no: str,
    actor: Any,
    now: datetime,
    only_wrong: bool = False,
    version: int | None = None,
) -> CaseParcel:
    """Send goods back to the customer: all of the parcel, or only the pieces that were another article.

    Errors: waybill, carrier, nothing (no piece was another article), wrong_state.
    """
    number, by = waybill(tracking_no), carrier_name(carrier)
    with transaction.atomic():
        mine = parcel_held(parcel, actor=actor, version=version)
        going = _wrong_ones(mine, actor, now) if only_wrong else mine.parcel
        sent: CaseParcel = moves.perform(
            going, "send_back", actor=actor, now=now, carrier=by, tracking_no=number
        )
        _make_room(mine, sent)
        mine.settle(actor, now)
    return sent


def _make_room(mine: HeldParcel, sent: CaseParcel) -> None:
    """What was another article and went home uses nothing up: the article itself may still come."""
    for item in ParcelItem.objects.filter(parcel=sent, wrong__gt=0):
        line = mine.lines[item.case_line_id]
        line.received, line.wrong = line.received - item.wrong, line.wrong - item.wrong
    mine.lines_save(["received", "wrong"])


def _wrong_ones(mine: HeldParcel, actor: Any, now: datetime) -> CaseParcel:
    """The pieces that do not belong here, as a parcel of their own."""
    require(actor, "cases.receive")
    if mine.parcel.state != ParcelState.INSPECTED:
        raise WrongState([Refusal("wrong_state", _("The goods were not inspected yet."))])
    apart = [one for one in mine.items if one.wrong]
    if not apart:
        raise DomainError(_("No piece of this parcel was another article."), "nothing")
    new = parcel_apart(mine.parcel, actor=actor, now=now)
    ParcelItem.objects.bulk_create(
        [
            ParcelItem(
                parcel=new,
                case_line_id=one.case_line_id,
                received=one.wrong,
                wrong=one.wrong,
                cause=one.cause,
            )
            for one in apart
        ]
    )
    for one in apart:
        one.received, one.wrong = one.received - one.wrong, 0
    mine.items_save(["received", "wrong"])
    return new


def parcel_apart(parcel: CaseParcel, *, actor: Any, now: datetime, case: Case | None = None) -> CaseParcel:
    """A part of a received parcel that goes its own way from here."""
    new = CaseParcel(
        case_id=case.pk if case else parcel.case_id, merchant_id=parcel.merchant_id, state=ParcelState.RECEIVED,
        carrier=parcel.carrier, tracking_no=parcel.tracking_no, announced_at=now, shipped_at=parcel.shipped_at,
        received_at=parcel.received_at or now, received_by_id=parcel.received_by_id or actor.pk,
    )  # fmt: skip
    moves.create(new, actor=actor, now=now, event="case_parcel.split", payload=new.told())
    return new


def parcel_deliver_back(
    *, parcel: CaseParcel, actor: Any, now: datetime, version: int | None = None
) -> CaseParcel:
    """The customer has his goods back."""
    return _moved(parcel, "deliver_back", actor, now, version)


def parcel_unclaim(
    *, parcel: CaseParcel, actor: Any, now: datetime, version: int | None = None
) -> CaseParcel:
    """Nobody took the goods that were sent back; they may be sent once more."""
    return _moved(parcel, "unclaim", actor, now, version)


def _moved(parcel: CaseParcel, move: str, actor: Any, now: datetime, version: int | None) -> CaseParcel:
    with transaction.atomic():
        mine = parcel_held(parcel, actor=actor, version=version)
        moved: CaseParcel = moves.perform(mine.parcel, move, actor=actor, now=now)
        mine.settle(actor, now)
    return moved


def parcel_dispatch(
    *,
    case: Case,
    carrier: str,
    tracking_no: str,
    actor: Any,
    now: datetime,
    source: str = "",
    source_ref: str = "",
) -> CaseParcel:
    """A parcel of this case goes to the customer: a replacement, a repaired article, or the one to be stopped.

    The same (source, source_ref), and the same waybill of one case, is one parcel. Errors: waybill, carrier.
    """
    require(actor, "cases.ship")
    number, by = waybill(tracking_no), carrier_name(carrier)
    with transaction.atomic():
        mine = held_together(Case.objects.values_list("order_id", flat=True).get(pk=case.pk), [case.pk])[
            case.pk
        ]
        refuse_foreign(mine.ticket, actor, mine.case)
        known = CaseParcel.objects.filter(case=case, direction=Direction.OUTBOUND, tracking_no=number)
        if source_ref:
            known = known | CaseParcel.objects.filter(source=source, source_ref=source_ref)
        standing: CaseParcel | None = known.order_by("id").first()
        if standing:
            return standing
        parcel = CaseParcel(
            case=case, merchant_id=mine.case.merchant_id, direction=Direction.OUTBOUND, announced_at=now,
            freight_by=Side.MERCHANT, source=source, source_ref=source_ref,
        )  # fmt: skip
        moves.create(parcel, actor=actor, now=now, event="case_parcel.announced", payload=parcel.told())
        sent: CaseParcel = moves.perform(parcel, "ship", actor=actor, now=now, carrier=by, tracking_no=number)
    return sent
