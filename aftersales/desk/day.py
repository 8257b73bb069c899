"""My day: what one person owes first thing in the morning, read in a fixed number of statements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.models import Shift
from aftersales.core.components.charts import Column, bars_line, data_table
from aftersales.desk import appointments
from aftersales.desk.promises import Face, face
from aftersales.standards.pages import conditions
from aftersales.standards.selectors import book, limit_words
from aftersales.standards.states import Promise
from aftersales.tickets.looks import owed
from aftersales.tickets.models import Ticket, TicketWait
from aftersales.tickets.selectors import promises, reading, waits
from aftersales.tickets.states import ACTIVE_STATES, NO_DUE, OPEN_STATES, TicketState

CAP = 300  # tickets of one person that the page reads; who has more has another problem, and the page says so
SHOWN = 8  # lines of one list before the queue says it better
PROMISES = 50


@dataclass(frozen=True)
class Line:
    """One ticket in a list of the page: why it stands there, and when."""

    ticket: Ticket
    why: str
    at: datetime | None = None
    bad: bool = False


@dataclass(frozen=True)
class Reads:
    """One changed rule: what it is, what it was, and from when on it keeps new tickets away."""

    change: reading.Change
    touches: str
    now_words: str
    before_words: str
    blocks: bool


@dataclass(frozen=True)
class Day:
    """Everything the page shows. ``total`` is what is in hand: not yet resolved; ``unconfirmed`` is resolved."""

    shift: Shift | None
    since: datetime
    promises: list[Face]
    appointments: list[appointments.Face]
    woken: list[Line]
    calls: list[Line]
    replies: list[Line]
    waits: list[Line]
    late: list[Line]
    reads: list[Reads]
    due_today: int
    total: int
    unconfirmed: int
    cut: bool
    chart: SafeString | str = ""
    table: SafeString | str = ""
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def blocked(self) -> bool:
        return any(one.blocks for one in self.reads)

    @property
    def quiet(self) -> bool:
        """Nothing of the page asks for anything."""
        return not (
            self.promises
            or self.appointments
            or self.woken
            or self.calls
            or self.replies
            or self.waits
            or self.late
            or self.reads
        )


def read(user: Any, now: datetime) -> Day:
    """The day of one person. Seven statements of its own, whatever he holds."""
    midnight = _midnight(now)
    shift, since = shifts(user, now)
    mine = list(
        Ticket.objects.filter(assignee=user, state__in=ACTIVE_STATES)
        .select_related("customer")
        .order_by("next_due_at", "id")[: CAP + 1]
    )
    cut, mine = len(mine) > CAP, mine[:CAP]
    due = [one for one in mine if one.next_due_at < NO_DUE]
    late = [one for one in due if one.next_due_at < now]
    today = [one for one in due if now <= one.next_due_at < midnight]
    replies = [one for one in mine if _wrote(one, since)]
    in_hand = sum(one.state in OPEN_STATES for one in mine)
    waiting = waits.of_person(user, now, CAP)
    chart, table = by_hour(today, len(late), now)
    found = Day(
        shift=shift, since=since,
        promises=[face(one, now) for one in promises.due_of(user, midnight + timedelta(days=1), PROMISES)],
        appointments=appointments.of_day(user, midnight, now),
        woken=[_woken(one) for one in waiting.woken],
        calls=[_call(one) for one in mine if one.ask_in_person],
        replies=[Line(one, _("The customer wrote"), one.last_customer_at) for one in _newest(replies)],
        waits=[_wait(one, now, waiting.running.get(one.pk)) for one in _waking(mine, midnight)],
        late=[Line(one, owed(one.state, str(Promise(one.next_promise).label)), one.next_due_at, True) for one in late],
        reads=_reads(user, now), due_today=len(today),
        total=in_hand, unconfirmed=len(mine) - in_hand, cut=cut, chart=chart, table=table,
    )  # fmt: skip
    for name in ("promises", "appointments", "woken", "calls", "replies", "waits", "late"):
        found.counts[name] = len(getattr(found, name))
    return found


def shifts(user: Any, now: datetime) -> tuple[Shift | None, datetime]:
    """The shift that runs or comes next today, and when the last one ended: since then it was night. One query."""
    near = Shift.objects.planned().filter(person=user, starts_at__lt=_midnight(now))
    found = list(near.order_by("-starts_at")[:3])
    ended = next((one for one in found if one.ends_at <= now), None)
    coming = [one for one in found if one.ends_at > now]
    since = ended.ends_at if ended else now - timedelta(days=1)
    return (coming[-1] if coming else None), since


def _midnight(now: datetime) -> datetime:
    here = timezone.localtime(now)
    return timezone.make_aware(datetime.combine(here.date() + timedelta(days=1), time.min))


def _wrote(ticket: Ticket, since: datetime) -> bool:
    """The customer wrote again and waits for an answer; the words that opened a ticket are no reply."""
    at = ticket.last_customer_at
    return at is not None and ticket.unread and at >= since and at > ticket.opened_at


def _newest(rows: Sequence[Ticket]) -> list[Ticket]:
    return sorted(rows, key=lambda one: one.last_customer_at or one.opened_at)


def _waking(rows: Sequence[Ticket], until: datetime) -> list[Ticket]:
    waiting = [
        one for one in rows if one.state == TicketState.WAITING and one.wake_at and one.wake_at < until
    ]
    return sorted(waiting, key=lambda one: one.wake_at or until)


def _call(ticket: Ticket) -> Line:
    return Line(ticket, str(ticket.get_ask_in_person_display()), ticket.resolved_at)


def _wait(ticket: Ticket, now: datetime, noted: TicketWait | None) -> Line:
    """For whom, and which answer is expected."""
    whom, at = str(ticket.get_wait_for_display()), ticket.wake_at
    why = f"{whom} · {noted.expects}" if noted is not None and noted.expects else whom
    return Line(ticket, why, at, (at or now) < now)


def _woken(row: TicketWait) -> Line:
    """What it waited for, and what ended that."""
    words = _("waited for %(whom)s: %(how)s") % {
        "whom": row.get_wait_for_display(), "how": row.get_woken_display()
    }  # fmt: skip
    return Line(row.ticket, f"{words} · {row.expects}" if row.expects else words, row.ended_at)


def _reads(user: Any, now: datetime) -> list[Reads]:
    mine = reading.unread([user], now).get(user.pk, [])
    return [
        Reads(
            one, conditions(one.version), terms(one.version), terms(one.before) if one.before else "",
            one.blocks_at <= now,
        )
        for one in mine
    ]  # fmt: skip


def terms(version: Any) -> str:
    """What a version promises, in one line: how long, counted in which hours."""
    rules_now = book()
    name = rules_now.name_of(rules_now.calendar_code(version))
    return f"{limit_words(version.limit_value, version.limit_unit)} · {name}"


def by_hour(rows: Sequence[Ticket], late: int, now: datetime) -> tuple[SafeString | str, SafeString | str]:
    """How many of the own tickets fall due in each hour that is left of the day, with the table behind."""
    if not rows:
        return "", ""
    counted = Counter(timezone.localtime(one.next_due_at).hour for one in rows)
    hours = range(timezone.localtime(now).hour, 24)
    top = max(counted.values())
    columns = [
        Column(f"{hour}", counted[hour], tone="warn" if counted[hour] == top > 1 else "") for hour in hours
    ]
    busiest = next(hour for hour in hours if counted[hour] == top)
    message = ngettext(
        "%(n)d ticket falls due today, around %(hour)02d:00.",
        "%(n)d tickets fall due today, most around %(hour)02d:00.",
        len(rows),
    ) % {"n": len(rows), "hour": busiest}
    listed = [(f"{hour:02d}:00", counted[hour]) for hour in hours if counted[hour]]
    heads = (pgettext("my day", "Hour"), pgettext("my day", "Tickets"))
    return bars_line(columns, message=message, width=480, height=170, here=0), data_table(
        heads, listed, caption=message
    )
