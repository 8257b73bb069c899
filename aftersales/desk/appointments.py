"""Appointments on the desk: the card of the workbench, the lines of My day, and what their forms post."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import User
from accounts.selectors import names_of_teams
from aftersales.clocks.selectors import open_hours
from aftersales.core.errors import DomainError
from aftersales.core.posted import day_of, moment_of, whole
from aftersales.core.wording import minute
from aftersales.standards.selectors import book
from aftersales.tickets.models import Appointment, Ticket
from aftersales.tickets.selectors.appointments import Agreed, agreed_on, calendar_of, of_person, of_ticket
from aftersales.tickets.selectors.pulling import out_of_reach
from aftersales.tickets.selectors.waits import running_on
from aftersales.tickets.states import AppointmentKind, AppointmentState, AppointmentWith, TicketState

SHOWN = 40
TONES: Mapping[str, str] = {
    AppointmentState.AGREED: "blue", AppointmentState.KEPT: "green", AppointmentState.MISSED_THEM: "amber",
    AppointmentState.MISSED_US: "red", AppointmentState.MOVED: "grey", AppointmentState.CANCELLED: "grey",
}  # fmt: skip
USUAL: Mapping[str, str] = {
    AppointmentKind.CALL_BACK: AppointmentWith.CUSTOMER, AppointmentKind.PICK_UP: AppointmentWith.CARRIER,
    AppointmentKind.VISIT: AppointmentWith.PARTNER, AppointmentKind.DELIVERY: AppointmentWith.CARRIER,
}  # fmt: skip


@dataclass(frozen=True)
class Face:
    """One appointment as the card and My day show it."""

    row: Appointment
    over: bool
    begun: bool
    tone: str
    window: str
    wish: str = ""
    wish_values: Mapping[str, str] | None = None

    @property
    def label(self) -> str:
        return str(self.row.get_kind_display())


def face(row: Appointment, now: datetime) -> Face:
    begun, over = row.starts_at <= now, row.ends_at <= now
    wished = row.wish_from is not None and row.wish_until is not None
    return Face(
        row, over and row.is_open, begun, TONES[row.state], window(row.starts_at, row.ends_at, now),
        window(row.wish_from, row.wish_until, now) if wished else "",  # type: ignore[arg-type]
        form_values(row.wish_from, row.wish_until) if wished else None,  # type: ignore[arg-type]
    )  # fmt: skip


def window(starts_at: datetime, ends_at: datetime, now: datetime) -> str:
    """“tomorrow 09:00–12:00”; an end on another day is said in full."""
    same = timezone.localdate(starts_at) == timezone.localdate(ends_at)
    until = timezone.localtime(ends_at).strftime("%H:%M") if same else minute(ends_at, now)
    return f"{minute(starts_at, now)}–{until}"


def form_values(starts_at: datetime, ends_at: datetime) -> dict[str, str]:
    """A window as the form's three fields."""
    first, last = timezone.localtime(starts_at), timezone.localtime(ends_at)
    return {
        "day": first.strftime("%Y-%m-%d"),
        "from": first.strftime("%H:%M"),
        "to": last.strftime("%H:%M"),
    }


def card(ticket: Ticket, user: Any, now: datetime) -> dict[str, Any]:
    """The whole card with its dialogs, fetched once the page stands."""
    rows = of_ticket(ticket.pk)
    holds = ticket.assignee_id == user.pk or user.has_perm("tickets.work_any")
    may = ticket.is_open and user.has_perm("tickets.appoint")
    open_rows = [face(row, now) for row in rows if row.is_open]
    return {
        "wait": running_on(ticket),
        "open": [(one, may and (holds or one.row.responsible_id == user.pk)) for one in open_rows],
        "ended": [face(row, now) for row in rows if not row.is_open],
        "may_agree": may and holds,
        "may_wait": ticket.state in (TicketState.ASSIGNED, TicketState.IN_PROGRESS),
        "kinds": _kinds(now), "parties": AppointmentWith.choices, "colleagues": colleagues(ticket, user, now),
        "start": form_values(*_tomorrow(now)), "soonest": timezone.localtime(now).strftime("%Y-%m-%d"),
    }  # fmt: skip


@dataclass(frozen=True)
class Line:
    """An open appointment as it stands on the page before its card is fetched."""

    row: Agreed
    window: str
    over: bool


def page(ticket: Ticket, now: datetime) -> dict[str, Any]:
    """What the workbench shows at once. No query: the row came with them."""
    rows = agreed_on(ticket) or ()
    return {"agreed": [Line(one, window(one.starts_at, one.ends_at, now), one.is_over(now)) for one in rows]}


def _kinds(now: datetime) -> list[tuple[str, str, str, str]]:
    """Each kind with whom it usually is and the hours in which it is agreed."""
    rules_now = book()
    return [
        (str(kind), str(kind.label), USUAL[kind], open_hours(calendar_of(kind, rules_now, now)))
        for kind in AppointmentKind
    ]


def colleagues(ticket: Ticket, user: Any, now: datetime) -> list[tuple[int, str]]:
    """Who may be responsible: people of the ticket's team, and whoever asks."""
    found = names_of_teams([ticket.team_id], now) if ticket.team_id else []
    if user.has_perm("tickets.work") and user.pk not in {pk for pk, _name in found}:
        found.insert(0, (user.pk, str(user)))
    return found


def who_goes_on(ticket: Ticket, user: Any, now: datetime) -> list[tuple[int, str]]:
    """The same, without those who never take this ticket."""
    found = colleagues(ticket, user, now)
    never = out_of_reach((pk for pk, _name in found), [ticket], now)
    return [one for one in found if one[0] not in never]


def _tomorrow(now: datetime) -> tuple[datetime, datetime]:
    first = timezone.localtime(now).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return first, first + timedelta(hours=3)


def of_day(user: Any, until: datetime, now: datetime) -> list[Face]:
    """What this person has to see to until then, those whose outcome is still to be said among them. One query."""
    return [face(row, now) for row in of_person(user, until, SHOWN)]


# What a form posts -------------------------------------------------------------------------------------------


def window_posted(posted: Mapping[str, Any]) -> dict[str, Any]:
    """The day with its two times, here, and whether it lies outside business hours on purpose. Errors: when."""
    day = day_of(str(posted.get("day", "")))
    starts, ends = (moment_of(f"{day}T{str(posted.get(name, ''))[:5]}") for name in ("from", "to"))
    if day is None or starts is None or ends is None:
        raise DomainError(_("Choose a day, a beginning and an end."), "when")
    return {"starts_at": starts, "ends_at": ends, "outside": posted.get("outside") == "1"}


def person_posted(posted: Mapping[str, Any], user: Any) -> User:
    """Who is responsible: somebody this person sees. Errors: to."""
    key = whole(str(posted.get("responsible", "")))
    found = User.objects.visible_to(user).active().filter(pk=key).first() if key is not None else None
    if found is None:
        raise DomainError(_("Choose a person."), "to")
    return found  # type: ignore[no-any-return]


def party_posted(posted: Mapping[str, Any]) -> str:
    """With whom it was agreed. Errors: with."""
    chosen = str(posted.get("with_whom", ""))
    if chosen not in AppointmentWith.values:
        raise DomainError(pgettext("appointment", "Say with whom it was agreed."), "with")
    return chosen
