"""At the receiving desk: counted, inspected, piece by piece; never more than was approved (R4.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import Case, CaseNote, CaseParcel, ParcelItem, ParcelPhoto, ParcelReceipt
from aftersales.cases.refunding import ZERO, Quote
from aftersales.cases.services.awaiting import rest_await
from aftersales.cases.services.locking import held_together, refuse_foreign, require
from aftersales.cases.services.opening import note
from aftersales.cases.services.parcels import (
    HeldParcel,
    carrier_name,
    his_goods,
    parcel_apart,
    parcel_held,
    strangers,
    waybill,
)
from aftersales.cases.services.pieces import inbound_of
from aftersales.cases.services.receipts import goods_in, receipt_preview
from aftersales.cases.states import (
    MONEY_BACK,
    CaseState,
    Direction,
    FoundCause,
    Grade,
    NoteKind,
    ParcelState,
    PhotoOf,
    Side,
)
from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.core.files import StoredFile
from aftersales.core.money import CENT

RECEIVE = "cases.receive"
COUNTED = ("accepted", "damaged", "missing", "wrong")


@dataclass(frozen=True)
class Arrival:
    """What the desk finds with a parcel. ``rest_follows``: the customer sends what is missing in another one."""

    counts: Mapping[int, int]
    carrier: str = ""
    tracking_no: str = ""
    weight_g: int | None = None
    rest_follows: bool = False
    photos: Sequence[StoredFile] = ()
    source: str = ""
    source_ref: str = ""


@dataclass(frozen=True)
class Finding:
    """What the inspection says of the pieces of one item; the four counts together are the received ones."""

    accepted: int = 0
    damaged: int = 0
    missing: int = 0
    wrong: int = 0
    grade: str = ""
    resellable: bool | None = None
    borne_by: str = ""
    cause: str = ""
    deduction: Decimal = ZERO
    why: str = ""
    photos: Sequence[StoredFile] = ()


def parcel_receive(
    *, parcel: CaseParcel, arrival: Arrival, actor: Any, now: datetime, version: int | None = None
) -> CaseParcel:
    """Count what came in, as often as something comes. The same (source, source_ref) twice is one count.

    ``counts``: item → pieces. Errors: too_many (more than approved), nothing, wrong_state (inspected already).
    """
    require(actor, RECEIVE)
    with transaction.atomic():
        mine = parcel_held(parcel, actor=actor, version=None if arrival.source_ref else version)
        if _counted_before(arrival):
            return mine.parcel
        return _received(mine, arrival, actor, now)


def _counted_before(arrival: Arrival) -> bool:
    known = ParcelReceipt.objects.filter(source=arrival.source, source_ref=arrival.source_ref)
    return bool(arrival.source_ref) and known.exists()


def _received(mine: HeldParcel, arrival: Arrival, actor: Any, now: datetime) -> CaseParcel:
    _count(mine, arrival.counts)
    if mine.parcel.state == ParcelState.RECEIVED:
        mine.parcel = moves.change(
            mine.parcel, actor=actor, now=now, event="case_parcel.counted", payload=mine.parcel.told(),
            weight_g=arrival.weight_g or mine.parcel.weight_g,
        )  # fmt: skip
    else:
        mine.parcel = moves.perform(
            mine.parcel, "receive", actor=actor, now=now, weight_g=arrival.weight_g,
            carrier=carrier_name(arrival.carrier) if arrival.carrier.strip() else "",
            tracking_no=waybill(arrival.tracking_no) if arrival.tracking_no.strip() else "",
        )  # fmt: skip
    ParcelReceipt(
        parcel=mine.parcel, counts={str(pk): count for pk, count in arrival.counts.items()}, at=now, by=actor,
        source=arrival.source, source_ref=arrival.source_ref,
    ).save()  # fmt: skip
    photos_keep(arrival.photos, PhotoOf.OPENING, actor=actor, now=now, parcel=mine.parcel)
    if arrival.rest_follows:
        _rest(mine, actor, now)
    _unwanted_apart(mine, actor, now)
    for one in mine.cases.values():
        goods_in(one, actor=actor, now=now)
    mine.settle(actor, now)
    return mine.parcel


def _count(mine: HeldParcel, counts: Mapping[int, int]) -> None:
    by_key = {item.pk: item for item in mine.items}
    if set(counts) - set(by_key) or any(count < 0 for count in counts.values()):
        raise DomainError(_("This article does not belong to the parcel."), "not_of_parcel")
    if mine.items and not any(counts.values()):
        raise DomainError(_("Count at least one piece."), "nothing")
    for pk, count in counts.items():
        item = by_key[pk]
        line = mine.lines[item.case_line_id]
        room = line.approved - line.received
        if count > room:
            raise DomainError(
                _(
                    "Of this article %(room)d more can be received; %(approved)d were approved. Put the others aside."
                )
                % {"room": room, "approved": line.approved},
                "too_many",
            )
        item.received += count
        line.received += count
    mine.items_save(["received"])
    mine.lines_save(["received"])


def _rest(mine: HeldParcel, actor: Any, now: datetime) -> None:
    """What is not here yet comes in another parcel, one for each case."""
    short = [item for item in mine.items if item.received < item.announced]
    for case_id, one in mine.cases.items():
        rest = {
            item.case_line_id: item.announced - item.received
            for item in short
            if mine.line_case[item.case_line_id] == case_id
        }
        if rest and one.case.state == CaseState.APPROVED:
            rest_await(one.case, rest, actor=actor, now=now)
            for item in short:
                if item.case_line_id in rest:
                    item.announced = item.received
    mine.items_save(["announced"])


def _unwanted_apart(mine: HeldParcel, actor: Any, now: datetime) -> None:
    """Goods of withdrawn cases that came together with others are put apart: they go back to the customer."""
    gone = {pk for pk, one in mine.cases.items() if his_goods(one.case)}
    for case_id in sorted(gone) if len(gone) < len(mine.cases) else ():
        items = [item for item in mine.items if mine.line_case[item.case_line_id] == case_id]
        if not items:
            continue
        apart = parcel_apart(mine.parcel, actor=actor, now=now, case=mine.cases[case_id].case)
        for item in items:
            item.parcel_id = apart.pk
        ParcelItem.objects.bulk_update(items, ["parcel"])
        mine.items = [item for item in mine.items if item not in items]


def parcel_arrive(
    *, case: Case, pieces: Mapping[int, int], arrival: Arrival, actor: Any, now: datetime
) -> CaseParcel:
    """Goods of a case came without being announced, or once more. ``pieces``: case line → how many.

    Where a parcel of this case is awaited, they are counted in it. Errors: not_approved, too_many, nothing.
    """
    require(actor, RECEIVE)
    with transaction.atomic():
        order_id = Case.objects.values_list("order_id", flat=True).filter(pk=case.pk).first()
        if order_id is None:
            raise DomainError(_("This no longer exists."), "gone")
        mine = held_together(order_id, [case.pk])[case.pk]
        refuse_foreign(mine.ticket, actor, mine.case)
        if _counted_before(arrival):
            return inbound_of(mine.case)[-1]
        if mine.case.state != CaseState.APPROVED or not mine.case.goods_back:
            raise DomainError(_("No goods are awaited for this case; decide it first."), "not_approved")
        if mine.lines and not any(pieces.values()):
            raise DomainError(_("Say which articles lie in the parcel: count at least one piece."), "nothing")
        open_one = _open_for(mine.case, arrival)
        parcel = open_one or _unannounced(mine.case, pieces, arrival, actor, now)
        own = parcel_held(parcel, actor=actor)
        by_line = {item.case_line_id: item.pk for item in own.items}
        if set(pieces) - set(by_line):
            raise DomainError(_("This article does not belong to the parcel."), "not_of_parcel")
        counts = {by_line[pk]: count for pk, count in pieces.items()}
        return _received(own, _with_counts(arrival, counts), actor, now)


def _with_counts(arrival: Arrival, counts: Mapping[int, int]) -> Arrival:
    return Arrival(**{**arrival.__dict__, "counts": counts})


def _open_for(case: Case, arrival: Arrival) -> CaseParcel | None:
    """The parcel that is awaited for it: of the same waybill, or one that has none yet."""
    number = waybill(arrival.tracking_no) if arrival.tracking_no.strip() else ""
    waiting = [
        one
        for one in inbound_of(case)
        if one.state in (ParcelState.AWAITED, ParcelState.IN_TRANSIT, ParcelState.EXPIRED, ParcelState.LOST)
    ]
    same = [one for one in waiting if number and one.tracking_no == number]
    return next(iter(same or [one for one in waiting if not one.tracking_no]), None)


def _unannounced(
    case: Case, pieces: Mapping[int, int], arrival: Arrival, actor: Any, now: datetime
) -> CaseParcel:
    parcel = CaseParcel(
        case=case, merchant_id=case.merchant_id, state=ParcelState.RECEIVED, direction=Direction.INBOUND,
        announced_at=now, received_at=now, received_by=actor,
        carrier=carrier_name(arrival.carrier) if arrival.carrier.strip() else "",
        tracking_no=waybill(arrival.tracking_no) if arrival.tracking_no.strip() else "",
    )  # fmt: skip
    moves.create(parcel, actor=actor, now=now, event="case_parcel.received", payload=parcel.told())
    known = set(case.lines.filter(pk__in=pieces).values_list("pk", flat=True))
    ParcelItem.objects.bulk_create(
        [ParcelItem(parcel=parcel, case_line_id=pk) for pk in pieces if pk in known]
    )
    return parcel


def parcel_inspect(
    *,
    parcel: CaseParcel,
    findings: Mapping[int, Finding],
    actor: Any,
    now: datetime,
    words: str = "",
    keep: bool = False,
    version: int | None = None,
) -> CaseParcel:
    """Judge the received pieces item by item; the refund of each case follows. ``keep``: the goods stay at once, unless
    another article lies among them.

    Errors: sum, grade, deduction, goods_his, nothing (no article of it is known), wrong_state.
    """
    require(actor, "cases.inspect")
    with transaction.atomic():
        mine = parcel_held(parcel, actor=actor, version=version)
        if keep and any(his_goods(one.case) for one in mine.cases.values()):
            raise DomainError(_("The customer did not give these goods up; send them back."), "goods_his")
        if not mine.items and any(one.lines for one in mine.cases.values()):
            raise DomainError(
                _("No article is known to lie in this parcel: count it on its case first."), "nothing"
            )
        mine.parcel = moves.perform(mine.parcel, "inspect", actor=actor, now=now)
        for item in mine.items:
            _judge(mine, item, findings.get(item.pk, Finding()))
        mine.items_save([*COUNTED, "resellable", "grade", "borne_by", "cause", "deduction", "why"])
        mine.lines_save(COUNTED)
        for item in mine.items:
            photos = findings[item.pk].photos if item.pk in findings else ()
            photos_keep(photos, PhotoOf.GOODS, actor=actor, now=now, parcel=mine.parcel, item=item)
        for one in mine.cases.values():
            note(one.case, NoteKind.INSPECT, Side.MERCHANT, words, actor, now)
            _deductions_note(mine, one.case, findings, actor, now)
        if keep and not strangers(mine.items):  # another article goes home first
            mine.parcel = moves.perform(mine.parcel, "keep", actor=actor, now=now)
        mine.settle(actor, now)
    return mine.parcel


def _judge(mine: HeldParcel, item: ParcelItem, found: Finding) -> None:
    counts = [getattr(found, name) for name in COUNTED]
    if any(count < 0 for count in counts) or sum(counts) != item.received:
        raise DomainError(
            _(
                "Accepted, damaged, missing and other articles are %(sum)d together, but %(received)d were received."
            )
            % {"sum": sum(counts), "received": item.received},
            "sum",
        )
    known = (
        (found.grade, Grade.values), (found.cause, FoundCause.values), (found.borne_by, Side.values),
    )  # fmt: skip
    if any(value and value not in values for value, values in known) or (found.accepted and not found.grade):
        raise DomainError(_("Grade the goods that were accepted."), "grade")
    _refuse_nonsense(found)
    if found.deduction < 0 or found.deduction != found.deduction.quantize(CENT):
        raise DomainError(_("A deduction is an amount of money, to the cent."), "deduction")
    if found.deduction and not found.why.strip():
        raise DomainError(_("Say why something is taken off."), "deduction")
    line = mine.lines[item.case_line_id]
    if found.deduction > line.promised:
        raise DomainError(_("A deduction is at most what was paid for these pieces."), "deduction")
    for name, count in zip(COUNTED, counts, strict=True):
        setattr(item, name, count)
        setattr(line, name, getattr(line, name) + count)
    item.grade, item.resellable, item.borne_by = found.grade, found.resellable, found.borne_by
    item.cause, item.deduction, item.why = found.cause, found.deduction, found.why.strip()[:200]


def _refuse_nonsense(found: Finding) -> None:
    """As new, sold again and a deduction speak of the article itself, of which there must be some."""
    if not found.accepted and not found.damaged and (found.grade == Grade.NEW or found.resellable):
        raise DomainError(
            _(
                "None of the article itself was found: it is neither as new nor can it be sold again."
                " Leave both empty, or correct the counts."
            ),
            "grade",
        )
    if not found.accepted and not found.damaged and found.deduction:
        raise DomainError(
            _("Nothing is refunded for missing or other articles: there is nothing to take off."), "deduction"
        )


def _deductions_note(
    mine: HeldParcel, case: Case, findings: Mapping[int, Finding], actor: Any, now: datetime
) -> CaseNote | None:
    whys = [
        one.why
        for item in mine.items
        if mine.line_case[item.case_line_id] == case.pk and (one := findings.get(item.pk)) and one.deduction
    ]
    return note(case, NoteKind.DEDUCT, Side.MERCHANT, "\n".join(whys)[:2000], actor, now)


def photos_keep(
    stored: Sequence[StoredFile],
    shows: str,
    *,
    actor: Any,
    now: datetime,
    parcel: CaseParcel | None = None,
    item: ParcelItem | None = None,
    unknown: Any = None,
) -> None:
    """Rows for pictures that are stored already."""
    ParcelPhoto.objects.bulk_create(
        [
            ParcelPhoto(
                parcel=parcel, item=item, unknown=unknown, shows=shows, name=one.name, original_name=one.original_name,
                content_type=one.content_type, size=one.size, sha256=one.sha256, at=now, by=actor,
            )
            for one in stored
        ]
    )  # fmt: skip


def parcel_process(
    *,
    parcel: CaseParcel,
    arrival: Arrival,
    findings: Mapping[int, Finding],
    actor: Any,
    now: datetime,
    words: str = "",
    keep: bool = False,
    version: int | None = None,
) -> CaseParcel:
    """Count what is new and judge everything, as one act; the same form twice is one."""
    with transaction.atomic():
        current = parcel
        if any(arrival.counts.values()):
            if _counted_before(arrival):
                return CaseParcel.objects.get(pk=parcel.pk)
            current = parcel_receive(parcel=parcel, arrival=arrival, actor=actor, now=now, version=version)
            version = None
        return parcel_inspect(
            parcel=current, findings=findings, actor=actor, now=now, words=words, keep=keep, version=version
        )


def parcel_process_preview(
    *, parcel: CaseParcel, arrival: Arrival, findings: Mapping[int, Finding], actor: Any, now: datetime
) -> list[tuple[Case, Quote]]:
    """What each case of the parcel would give after this: done as it would be, and taken back."""
    with transaction.atomic():
        done = parcel_process(parcel=parcel, arrival=arrival, findings=findings, actor=actor, now=now)
        rows = Case.objects.filter(lines__parcel_items__parcel=done).distinct().order_by("id")
        found = [(case, receipt_preview(case)) for case in rows if case.kind in MONEY_BACK]
        transaction.set_rollback(True)
    return found
