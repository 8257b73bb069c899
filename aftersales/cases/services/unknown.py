"""The unknown shelf: parcels that nobody knows, matched later by telephone, order number or goods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import Case, CaseParcel, UnknownParcel
from aftersales.cases.services.locking import require
from aftersales.cases.services.parcels import waybill
from aftersales.cases.services.receiving import RECEIVE, Arrival, parcel_arrive, photos_keep
from aftersales.cases.states import PhotoOf
from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.core.files import StoredFile


@dataclass(frozen=True)
class Stranger:
    """What can be read on a parcel that nobody knows."""

    tracking_no: str = ""
    carrier: str = ""
    phone_tail: str = ""
    order_no: str = ""
    goods: str = ""
    place: str = ""
    weight_g: int | None = None
    source: str = ""
    source_ref: str = ""


LENGTHS = {"carrier": 60, "order_no": 64, "goods": 200, "place": 40}


def unknown_shelve(
    *, stranger: Stranger, actor: Any, now: datetime, photos: Sequence[StoredFile] = ()
) -> UnknownParcel:
    """Put a parcel on the shelf. The same waybill, or the same form, is one parcel. Errors: waybill, phone, long."""
    require(actor, RECEIVE)
    number = waybill(stranger.tracking_no) if stranger.tracking_no.strip() else ""
    if stranger.phone_tail and not (len(stranger.phone_tail) == 4 and stranger.phone_tail.isdecimal()):
        raise DomainError(_("The last four digits of the telephone, please."), "phone")
    words = {name: " ".join(getattr(stranger, name).replace("\x00", "").split()) for name in LENGTHS}
    if any(len(words[name]) > length for name, length in LENGTHS.items()):
        raise DomainError(_("That is too long."), "long")
    if known := _known(stranger, number):
        return known
    row = UnknownParcel(
        tracking_no=number, phone_tail=stranger.phone_tail, weight_g=stranger.weight_g, arrived_at=now,
        shelved_by=actor, source=stranger.source, source_ref=stranger.source_ref, **words,
    )  # fmt: skip
    try:
        with transaction.atomic():
            moves.create(row, actor=actor, now=now, event="unknown_parcel.shelved")
            photos_keep(photos, PhotoOf.UNKNOWN, actor=actor, now=now, unknown=row)
    except IntegrityError:  # somebody put it there at this moment
        if standing := _known(stranger, number):
            return standing
        raise
    return row


def _known(stranger: Stranger, number: str) -> UnknownParcel | None:
    found: UnknownParcel | None = None
    if stranger.source_ref:
        mine = UnknownParcel.objects.filter(source=stranger.source, source_ref=stranger.source_ref)
        found = mine.first()
    if found is None and number:
        found = UnknownParcel.objects.on_shelf().filter(tracking_no=number).first()
    return found


def unknown_match(
    *,
    unknown: UnknownParcel,
    case: Case,
    pieces: Mapping[int, int],
    actor: Any,
    now: datetime,
    version: int | None = None,
) -> CaseParcel:
    """It belongs to this case: counted there, and off the shelf. Errors: not_approved, too_many, off_shelf."""
    require(actor, RECEIVE)
    with transaction.atomic():
        arrival = Arrival(
            {}, carrier=unknown.carrier, tracking_no=unknown.tracking_no, weight_g=unknown.weight_g,
            source="unknown", source_ref=unknown.public_id,
        )  # fmt: skip
        parcel = parcel_arrive(case=case, pieces=pieces, arrival=arrival, actor=actor, now=now)
        row = _on_shelf(unknown, version)
        moves.change(
            row, actor=actor, now=now, event="unknown_parcel.matched",
            payload={"case_id": case.pk, "parcel_id": parcel.pk}, parcel=parcel, ended_at=now, ended_by=actor,
        )  # fmt: skip
        row.photos.update(parcel=parcel)
    return parcel


def unknown_give_back(
    *, unknown: UnknownParcel, actor: Any, now: datetime, reason: str, version: int | None = None
) -> UnknownParcel:
    """Nobody wants it: the carrier took it again. Errors: reason, off_shelf."""
    require(actor, RECEIVE)
    if not reason.strip():
        raise DomainError(_("Say why, please."), "reason")
    with transaction.atomic():
        row = _on_shelf(unknown, version)
        back: UnknownParcel = moves.change(
            row, actor=actor, now=now, event="unknown_parcel.given_back", reason=reason.strip()[:2000],
            ended_at=now, ended_by=actor,
        )  # fmt: skip
    return back


def _on_shelf(unknown: UnknownParcel, version: int | None) -> UnknownParcel:
    row: UnknownParcel = moves.locked(unknown, version=version)
    if row.ended_at:
        raise DomainError(_("This parcel is off the shelf already."), "off_shelf")
    return row
