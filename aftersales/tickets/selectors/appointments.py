"""Answers about agreed appointments. Nothing here writes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject
from django.utils.translation import gettext as _

from aftersales.core import wording
from aftersales.core.writtenout import written_out
from aftersales.standards.selectors import Book, parameter
from aftersales.standards.worktime import WorkingTime, elapsed
from aftersales.tickets.models import Appointment, Ticket
from aftersales.tickets.states import AppointmentKind, AppointmentState, AppointmentWith

SHOWN = 30  # appointments of one ticket; nobody has seen a tenth of it


@dataclass(frozen=True)
class Agreed:
    """One open appointment as it was read along with its ticket."""

    kind: str
    with_whom: str
    starts_at: datetime
    ends_at: datetime
    place: str
    responsible: str

    @property
    def label(self) -> str:
        return str(AppointmentKind(self.kind).label)

    @property
    def whom(self) -> str:
        return str(AppointmentWith(self.with_whom).label)

    def is_over(self, now: datetime) -> bool:
        return self.ends_at <= now


def with_appointments(tickets: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """The tickets with their open appointments, nearest first, read along in the same statement."""
    return tickets.annotate(appointment_rows=_rows())


@cache
def _rows() -> Any:
    rows = Appointment.objects.open().filter(ticket=OuterRef("pk")).order_by("starts_at", "id")
    names = ("kind", "with_whom", "starts_at", "ends_at", "place")
    row = JSONObject(**{name: name for name in names}, responsible="responsible__display_name")
    return written_out(Ticket, ArraySubquery(rows.values(row=row)))


def agreed_on(ticket: Ticket) -> list[Agreed] | None:
    """The appointments read along by ``with_appointments``; None where they were not asked for."""
    rows = ticket.__dict__.get("appointment_rows", ...)
    return None if rows is ... else [_agreed(row) for row in rows or ()]


def _agreed(row: Mapping[str, Any]) -> Agreed:
    moments = {name: datetime.fromisoformat(row[name]) for name in ("starts_at", "ends_at")}
    return Agreed(**{**row, **moments})


def open_appointments(rows: Sequence[Ticket], now: datetime) -> Mapping[int, list[str]]:
    """What still has to come of an agreed window before a ticket is resolved: one sentence for each. One query, none
    for rows whose appointments were read already."""
    found: dict[int, list[str]] = defaultdict(list)
    fresh = []
    for row in rows:
        known = agreed_on(row)
        if known is None:
            fresh.append(row.pk)
        for one in known or ():
            found[row.pk].append(_still_open(one.label, one.starts_at, one.ends_at, now))
    asked = Appointment.objects.open().filter(ticket__in=fresh).order_by("starts_at", "id") if fresh else ()
    for one in asked:
        label = str(one.get_kind_display())
        found[one.ticket_id].append(_still_open(label, one.starts_at, one.ends_at, now))
    return found


def _still_open(label: str, starts_at: datetime, ends_at: datetime, now: datetime) -> str:
    words = (
        _("The appointment “%(what)s” (%(at)s) is over: say first what came of it.")
        if ends_at <= now
        else _("The appointment “%(what)s” (%(at)s) is open: wait for it, move it or cancel it first.")
    )
    return words % {"what": label, "at": wording.minute(starts_at, now)}


def of_ticket(ticket_id: int) -> list[Appointment]:
    """All of one ticket: open ones by their start, then ended ones, newest first. One query."""
    rows = Appointment.objects.filter(ticket=ticket_id).select_related("responsible", "agreed_by", "ended_by")
    every = list(rows.order_by("-id")[:SHOWN])
    return sorted((one for one in every if one.is_open), key=lambda one: one.starts_at) + [
        one for one in every if not one.is_open
    ]


def of_person(person: Any, until: datetime, limit: int) -> list[Appointment]:
    """What this person is responsible for, or what was agreed on his tickets, up to a moment; those whose outcome
    nobody has said yet among them. One query."""
    mine = Q(responsible=person.pk) | Q(ticket__assignee=person.pk)
    rows = Appointment.objects.open().filter(mine, starts_at__lt=until)
    return list(rows.select_related("ticket__customer", "responsible").order_by("starts_at", "id")[:limit])


def for_customer(ticket_id: int) -> list[Appointment]:
    """The open appointments that concern the customer, nearest first, for his own page. One query."""
    found = Appointment.objects.open().filter(ticket=ticket_id, erased_at=None).order_by("starts_at", "id")
    return [one for one in found[:SHOWN] if one.concerns_customer]


def still_stands(appointment_id: Any) -> Appointment | None:
    """The appointment while it is agreed; None once it was moved, cancelled or ended."""
    found: Appointment | None = Appointment.objects.filter(
        pk=appointment_id, state=AppointmentState.AGREED
    ).first()
    return found


def calendar_of(kind: str, rules_now: Book, now: datetime) -> WorkingTime:
    """The business calendar in which windows of this kind are agreed (a number of the rule book names it)."""
    return rules_now.calendar_named(str(parameter(f"appointment_calendar_{kind}", now, among=rules_now)))


def is_inside(calendar: WorkingTime, starts_at: datetime, ends_at: datetime) -> bool:
    """Whether the whole window lies in open time."""
    return elapsed(calendar, starts_at, ends_at) == ends_at - starts_at
