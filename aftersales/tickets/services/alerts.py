"""Warnings and breaches reach a person in one digest inside the own shift; what is critical reaches him at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Shift, User
from accounts.selectors import leads_and_supervisors
from accounts.services import system_user
from accounts.states import Role
from aftersales.clocks.models import Clock
from aftersales.clocks.states import ClockState, RungBy, RungTo
from aftersales.core import wording
from aftersales.core.models import Event
from aftersales.notices.models import Notice
from aftersales.notices.services import Order, notice_send, notices_send
from aftersales.standards import selectors as rule_book
from aftersales.tickets.models import Ticket
from aftersales.tickets.models.alerts import Alert
from aftersales.tickets.states import Severity

DIGEST = "work.digest"
ESCALATED = "clock.breached.lead"
LOOK_AROUND = timedelta(
    days=14
)  # whoever has no shift in these days before and after is not planned by shifts


@dataclass(frozen=True)
class Span:
    """A stretch of a person's working time: a planned shift, or opening hours for whoever has none."""

    start: datetime
    end: datetime

    def slot(self, now: datetime, every: timedelta) -> datetime:
        """The last moment for digests up to now: the start of the shift, then every so often."""
        return self.start + (now - self.start) // every * every


def alert(
    *, person: User, template: str, ticket: Ticket, clock: Clock, event: Event, values: Mapping[str, Any],
    now: datetime, at_once: bool = False,
) -> None:  # fmt: skip
    """Tell a person of a promise: at once what is critical or over before his next digest, else in the digest."""
    if at_once or ticket.severity == Severity.CRITICAL or _over_before_digest(person, clock, now):
        key = f"event:{event.pk}" + (f":{event.payload['to']}" if "to" in event.payload else "")
        notice_send(
            template=template, to=person, about=ticket, values=values, key=key, actor=system_user(), now=now
        )
        return
    row = Alert(
        person=person, ticket=ticket, clock_id=clock.pk, event_id=event.pk, template=template, noted_at=now
    )
    Alert.objects.bulk_create([row], ignore_conflicts=True)


def _over_before_digest(person: User, clock: Clock, now: datetime) -> bool:
    """He is at work, and the promise would be late before the next digest speaks of it."""
    span = spans_now([person.pk], now).get(person.pk)
    every = rule_book.duration("digest_every_minutes", now)
    return span is not None and now < clock.due_at <= span.slot(now, every) + every


def escalation_tell(
    *, event: Event, ticket: Ticket, clock: Clock, holder: User | None, now: datetime
) -> None:
    """A rung of the ladder: those it names, except who holds the promise and is told anyway."""
    handler = str(holder) if holder else None
    values = {
        "number": ticket.number, "problem": ticket.subject, "promise": clock.get_promise_display(),
        "due": clock.due_at, "handler": handler,
    }  # fmt: skip
    for person in _named(event.payload["to"], ticket, holder):
        alert(
            person=person, template=ESCALATED, ticket=ticket, clock=clock, event=event, values=values, now=now,
            at_once=event.payload["by"] == RungBy.AT_ONCE,
        )  # fmt: skip


def _named(to: str, ticket: Ticket, holder: User | None) -> list[User]:
    if to == RungTo.HOLDER:
        return [holder] if holder is not None else []
    if to == RungTo.LEAD:
        lead = ticket.team.lead if ticket.team is not None else None
        found = [lead] if lead is not None and lead.is_active else []
    elif to == RungTo.DUTY:
        duties = ticket.team.duties if ticket.team is not None else []
        found = leads_and_supervisors(duties[0] if duties else "")
    else:
        role = Role.SUPERVISOR if to == RungTo.SUPERVISOR else Role.OPERATIONS
        found = list(User.objects.active().filter(roles__overlap=[role]).order_by("pk"))
    return [person for person in found if holder is None or person.pk != holder.pk]


def digest_sweep(*, now: datetime) -> int:
    """Everybody at work whose digest is due gets one message about all that came up; answers how many.

    Once per person and slot. Off shift nobody is told: it waits for the next shift.
    """
    waiting = list(Alert.objects.order_by("person_id").values_list("person_id", flat=True).distinct())
    every = rule_book.duration("digest_every_minutes", now) if waiting else timedelta(0)
    slots = {pk: span.slot(now, every) for pk, span in spans_now(waiting, now).items()}
    told = _told(slots)
    return sum(
        _digest(pk, slot, now) for pk, slot in sorted(slots.items()) if _key(pk, slot) not in told
    )  # fmt: skip


def _key(person_id: int, slot: datetime) -> str:
    return f"digest:{person_id}:{slot.isoformat()}"


def _told(slots: Mapping[int, datetime]) -> set[str]:
    refs = [f"{_key(pk, slot)}/user:{pk}/in_app" for pk, slot in slots.items()]
    found = Notice.objects.filter(source=DIGEST, source_ref__in=refs).values_list("source_ref", flat=True)
    return {ref.partition("/")[0] for ref in found}


def _digest(person_id: int, slot: datetime, now: datetime) -> int:
    """One person's digest; what was kept or fell away meanwhile is left out."""
    with transaction.atomic():
        mine = Alert.objects.select_for_update(skip_locked=True).filter(
            person_id=person_id, noted_at__lte=slot
        )
        alerts = list(mine.order_by("pk"))
        if not alerts:
            return 0
        Alert.objects.filter(pk__in=[one.pk for one in alerts]).delete()
        lines = _still_true(alerts, now)
        if not lines:
            return 0
        person = User.objects.get(pk=person_id)
        order = Order(DIGEST, person, person, _values(lines, person, now), _key(person_id, slot))
        return len(notices_send([order], actor=system_user(), now=now)) and 1


def _still_true(alerts: Sequence[Alert], now: datetime) -> list[tuple[Clock, Ticket]]:
    """Each promise once, the one due first on top: late ones and those that will be.

    Its ticket is the alert's: a promise may be about a case of the ticket, whose number is another one.
    """
    about = {one.clock_id: one.ticket_id for one in alerts}
    clocks = (
        Clock.objects.open().filter(pk__in=about).exclude(state=ClockState.PAUSED).order_by("due_at", "id")
    )
    tickets = Ticket.objects.in_bulk(set(about.values()))
    return [(clock, tickets[about[clock.pk]]) for clock in clocks]


def _values(lines: Sequence[tuple[Clock, Ticket]], person: User, now: datetime) -> dict[str, Any]:
    """The blanks of the digest in the person's language; more than fit are counted."""
    late = sum(clock.due_at < now for clock, _ticket in lines)
    shown = int(rule_book.parameter("digest_lines", now))
    with translation.override("en" if person.language.startswith("en") else "zh-hans"):
        said = [_line(clock, ticket, now) for clock, ticket in lines[:shown]]
        if len(lines) > shown:
            said.append(_("… and %(n)d more") % {"n": len(lines) - shown})
    return {"late": str(late), "soon": str(len(lines) - late), "list": "\n".join(said)}


def _line(clock: Clock, ticket: Ticket, now: datetime) -> str:
    """Its number leads to the words: a customer's words in somebody's own notice would outlive their erasure."""
    names = {
        "number": ticket.number, "promise": clock.get_promise_display(), "due": wording.minute(clock.due_at, now),
    }  # fmt: skip
    if clock.due_at < now:
        return _("%(number)s %(promise)s was due %(due)s") % names
    return _("%(number)s %(promise)s is due %(due)s") % names


def spans_now(people: Iterable[int], now: datetime) -> dict[int, Span]:
    """For those who are at work now: their shift; opening hours for people whom nobody plans by shifts."""
    ids = set(people)
    if not ids:
        return {}
    around = Shift.objects.planned().filter(
        person_id__in=ids, ends_at__gt=now - LOOK_AROUND, starts_at__lt=now + LOOK_AROUND
    )
    shifts = {pk: list(rows) for pk, rows in groupby(around.order_by("person_id"), lambda row: row.person_id)}
    found = {
        pk: Span(row.starts_at, row.ends_at)
        for pk, rows in shifts.items()
        for row in rows
        if row.starts_at <= now < row.ends_at
    }
    hours = _opening_hours(now)
    if hours is not None:
        found |= dict.fromkeys(ids - shifts.keys(), hours)
    return found


def _opening_hours(now: datetime) -> Span | None:
    calendar = rule_book.calendar(str(rule_book.parameter("digest_hours", now)))
    for opens, closes in calendar.spans(calendar.local_day(now)):
        if opens <= now < closes:
            return Span(opens, closes)
    return None
