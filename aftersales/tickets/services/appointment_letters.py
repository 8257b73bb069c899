"""What the customer and our own people are told of an appointment: agreed, near, moved, cancelled, over."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.dateparse import parse_datetime

from accounts.models import User
from accounts.services import system_user
from aftersales.core.models import ERASED, Event
from aftersales.notices import kinds
from aftersales.notices.services import notice_send
from aftersales.tickets.models import Appointment, Ticket
from aftersales.tickets.selectors.appointments import for_customer, still_stands
from aftersales.tickets.services.closing import customer_link_issue
from aftersales.tickets.states import AppointmentKind

PURPOSE = "appointment"
Letter = tuple[str, dict[str, Any]]
TEMPLATES: Mapping[str, str] = {
    "ticket.appointed": "appointment.agreed",
    "ticket.appointment_near": "appointment.near",
    "ticket.appointment_moved": "appointment.moved",
    "ticket.appointment_cancelled": "appointment.cancelled",
}
STAFF: Mapping[str, str] = {
    "ticket.appointment_near": "work.appointment_near",
    "ticket.appointment_over": "work.appointment_over",
    "ticket.appointment_wished": "work.appointment_wished",
}
STANDING = ("appointment.agreed", "appointment.near", "appointment.moved", "work.appointment_near")
"""Messages that are overtaken once the appointment stands no more."""


def letter(ticket: Ticket, event: Event, now: datetime) -> Letter:
    """The customer's letter about this event; none where it is not his matter, or overtaken."""
    row = _row(event)
    if row is None or not row.concerns_customer:
        return "", {}
    values = _values(ticket, row)
    if event.kind == "ticket.appointment_moved":
        values["was"] = parse_datetime(event.payload["old_starts_at"])
    values |= _reason(row, event)
    template = TEMPLATES[event.kind]
    return template, _said_in(template, values)


def _reason(row: Appointment, event: Event) -> dict[str, Any]:
    """Why it was moved stands with the earlier one; words that were erased since are not said."""
    told = {"ticket.appointment_moved": row.moved_from, "ticket.appointment_cancelled": row}.get(event.kind)
    return {"reason": told.why} if told is not None and told.why and event.reason != ERASED else {}


def _row(event: Event) -> Appointment | None:
    found: Appointment | None = (
        Appointment.objects.select_related("responsible", "moved_from")
        .filter(pk=event.payload["appointment_id"], erased_at=None)
        .first()
    )
    return found


def _values(ticket: Ticket, row: Appointment) -> dict[str, Any]:
    return {
        "number": ticket.number, "problem": ticket.subject, "appointment": AppointmentKind(row.kind).label,
        "from": row.starts_at, "until": row.ends_at, "place": row.place or None,
    }  # fmt: skip


def _said_in(template: str, values: dict[str, Any]) -> dict[str, Any]:
    """Those of the values that this message has blanks for."""
    blanks = kinds.kind(template).variables
    return {name: value for name, value in values.items() if name in blanks}


def staff_tell(*, ticket: Ticket, event: Event, now: datetime) -> None:
    """Whoever is responsible, and whoever holds the ticket when that is another; each once for one event."""
    template, row = STAFF.get(event.kind), _row(event) if event.kind in STAFF else None
    if template is None or row is None:
        return
    people: dict[int, User] = {one.pk: one for one in (row.responsible, ticket.assignee) if one is not None}
    for person in people.values():
        notice_send(
            template=template, to=person, about=ticket, values=_said_in(template, _values(ticket, row)),
            key=f"event:{event.pk}", actor=system_user(), now=now,
        )  # fmt: skip


def stands(key: str, now: datetime) -> bool:
    """Whether the appointment of this letter is still agreed when the letter goes out; its key names the event."""
    event = Event.objects.filter(pk=key.split(":")[1]).first()
    row = still_stands(event.payload["appointment_id"]) if event is not None else None
    return row is not None and row.ends_at > now


def link(subject_kind: str, subject_id: int, now: datetime) -> str | None:
    """The signed address of the customer's page, made when the message goes out; None when nothing stands any more."""
    ticket = Ticket.objects.filter(pk=subject_id).first()
    if subject_kind != "tickets.ticket" or ticket is None or not for_customer(ticket.pk):
        return None
    token = customer_link_issue(ticket=ticket, purpose=PURPOSE, actor=system_user(), now=now)
    return settings.SITE_URL + reverse("selfservice:appointment", args=[token])
