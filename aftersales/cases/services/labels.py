"""How goods are handed to the carrier: picked up by appointment, or dropped off, under a label of its own (R4.2)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import CaseParcel, ParcelLabel
from aftersales.cases.repairs.states import HandIn
from aftersales.cases.services.locking import require
from aftersales.cases.services.parcels import carrier_name, parcel_held, waybill
from aftersales.cases.states import Direction, ParcelState
from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.tickets.models import Appointment
from aftersales.tickets.states import AppointmentKind, AppointmentState


def parcel_label(
    *,
    parcel: CaseParcel,
    way: str,
    carrier: str,
    label_no: str,
    actor: Any,
    now: datetime,
    appointment: Appointment | None = None,
    version: int | None = None,
) -> ParcelLabel:
    """Keep the label of a parcel that is awaited; a later one replaces it. The parcel is *sent* when it is scanned.

    Errors: way, carrier, waybill, not_awaited, appointment (not an agreed pick-up of this ticket).
    """
    require(actor, "cases.ship")
    if way not in HandIn.values:
        raise DomainError(_("Say how the goods are handed in."), "way")
    number, by = waybill(label_no), carrier_name(carrier)
    with transaction.atomic():
        mine = parcel_held(parcel, actor=actor, version=version)
        row = mine.parcel
        if row.state != ParcelState.AWAITED or row.direction != Direction.INBOUND:
            raise DomainError(_("Only a parcel that is awaited has a label."), "not_awaited")
        if appointment is not None and (
            way != HandIn.PICK_UP or not _agreed(appointment, mine.cases[row.case_id].ticket.pk)
        ):
            raise DomainError(_("Choose a pick-up that was agreed on this ticket."), "appointment")
        label, _new = ParcelLabel.objects.update_or_create(
            parcel=row,
            defaults={
                "way": way,
                "carrier": by,
                "label_no": number,
                "appointment": appointment,
                "made_at": now,
            },
        )
        moves.change(row, actor=actor, now=now, event="case_parcel.labelled", payload=row.told())
    return label


def _agreed(appointment: Appointment, ticket_id: int) -> bool:
    return bool(
        Appointment.objects.filter(
            pk=appointment.pk, ticket=ticket_id, kind=AppointmentKind.PICK_UP, state=AppointmentState.AGREED
        ).exists()
    )
