"""Signs that a figure was made to look better than the work was (operations: gaming page). Signs, not proof.

Each measure finds events of the range, the ticket behind each and the person it is laid to. Whoever passed a
ticket on is asked about the passing on, whoever lowered a severity about the lowering.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    DateTimeField,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Length
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from aftersales.clocks.models import Clock
from aftersales.clocks.rules import share_used
from aftersales.core import events
from aftersales.core.models import Event
from aftersales.dashboards.selectors.overview import Scope
from aftersales.standards.selectors import Book, book, parameter
from aftersales.standards.states import TIME_UNITS, Unit
from aftersales.standards.worktime import ALWAYS
from aftersales.tickets.models import Message, Ticket
from aftersales.tickets.states import OwnReason

TICKET = "tickets.ticket"
SHOWN = 200


@dataclass(frozen=True)
class Measure:
    """One sign. ``why``: what it may hide, and what may be innocent about it."""

    code: str
    label: Any
    why: Any
    found: Callable[[Scope, Book], QuerySet[Event]]
    laid_to: str = (
        "actor"  # who acted; "giver": the same, with a sheet who gave away; "holder": who has the ticket
    )


@dataclass(frozen=True)
class Sign:
    """A measure over one range: how many tickets, how many at each person, and how often (``times``)."""

    measure: Measure
    tickets: int
    people: dict[int, int] = field(default_factory=dict)
    before: int | None = None
    times: int = 0
    often: dict[int, int] = field(default_factory=dict)  # times at each person


@dataclass(frozen=True)
class Trace:
    """One event behind a sign."""

    at: datetime
    person: str
    sentence: str
    ticket: Ticket


def _number(code: str, scope: Scope, numbers: Book) -> int:
    return int(parameter(code, scope.now, among=numbers))


def _events(scope: Scope, *kinds: str) -> QuerySet[Event]:
    return Event.objects.filter(
        kind__in=kinds, subject_kind=TICKET, at__gte=scope.since, at__lte=scope.to,
        subject_id__in=scope.tickets().values("pk"),
    )  # fmt: skip


def _text(name: str) -> KeyTextTransform:
    return KeyTextTransform(name, "payload")


def _parked(scope: Scope, numbers: Book) -> QuerySet[Event]:
    rows = _events(scope, "ticket.waiting").exclude(actor_role="system")
    often = (
        rows.values("subject_id")
        .annotate(times=Count("id"))
        .filter(times__gte=_number("integrity_waits", scope, numbers))
        .order_by()
    )
    longest = timedelta(days=_number("integrity_wait_days", scope, numbers))
    rows = rows.annotate(waits_until=Cast(_text("until"), DateTimeField()))
    return rows.filter(Q(subject_id__in=often.values("subject_id")) | Q(waits_until__gt=F("at") + longest))


def _passed_on_late(scope: Scope, numbers: Book) -> QuerySet[Event]:
    """Two statements find which: the last part of a clock is of the time that counts for it, nights left out."""
    late = 1 - _number("integrity_last_percent", scope, numbers) / 100
    rows = _events(scope, "ticket.assigned", "ticket.transferred", "ticket.unassigned")
    rows = rows.annotate(giver=_text("from_id")).exclude(giver=None)
    # By a rule alone nobody passes anything on; a sheet that both signed is the act of who gave it away
    rows = rows.exclude(Q(actor_role="system", acting_as="") & ~Q(reason=OwnReason.HANDED_OVER))
    running: dict[int, list[Clock]] = {}
    for clock in Clock.objects.filter(
        Q(ended_at=None) | Q(ended_at__gte=scope.since), subject_kind=TICKET, is_historic=False,
        subject_id__in=rows.values("subject_id"), due_at__gte=scope.since,
    ):  # fmt: skip
        running.setdefault(clock.subject_id, []).append(clock)
    found = [
        pk
        for pk, ticket, at in rows.values_list("pk", "subject_id", "at")
        if any(_in_last_part(clock, at, late, numbers) for clock in running.get(ticket, ()))
    ]
    return rows.filter(pk__in=found)


def _in_last_part(clock: Clock, at: datetime, late: float, numbers: Book) -> bool:
    if not clock.started_at <= at <= clock.due_at or (clock.ended_at is not None and clock.ended_at < at):
        return False
    version = numbers.by_id.get(clock.standard_version_id or 0)
    calendar = ALWAYS
    if version is not None and version.limit_unit in (*TIME_UNITS, Unit.WORKING_DAYS):
        calendar = numbers.calendar(version)
    return late <= share_used(calendar, clock.counted_from, clock.due_at, at, clock.pause_list()) <= 1


def _severity_lowered(scope: Scope, numbers: Book) -> QuerySet[Event]:
    rows = _events(scope, "ticket.regraded")
    return rows.filter(
        Q(payload__old_severity="critical", payload__severity__in=["major", "minor"])
        | Q(payload__old_severity="major", payload__severity="minor")
    )


def _by_silence(scope: Scope, numbers: Book) -> QuerySet[Event]:
    return _events(scope, "ticket.closed")


def _without_content(scope: Scope, numbers: Book) -> QuerySet[Event]:
    limit = _number("integrity_reply_characters", scope, numbers)
    short = Message.objects.filter(pk=OuterRef("message"), erased_at=None).annotate(size=Length("text"))
    rows = _events(scope, "ticket.replied").annotate(message=Cast(_text("message_id"), BigIntegerField()))
    return rows.filter(Exists(short.filter(size__lt=limit)))


def _untold(scope: Scope, numbers: Book) -> QuerySet[Event]:
    return _events(scope, "ticket.resolved").filter(payload__told="no")


def _reached_unsaid(scope: Scope, numbers: Book) -> QuerySet[Event]:
    rows = _events(scope, "ticket.contact_tried").filter(payload__reached=True)
    return rows.annotate(message=_text("message_id")).filter(message=None)


def _verified_by_own_word(scope: Scope, numbers: Book) -> QuerySet[Event]:
    return _events(scope, "ticket.verified")


def _cancelled(scope: Scope, numbers: Book) -> QuerySet[Event]:
    later = Event.objects.filter(
        kind="ticket.reopened", subject_kind=TICKET, subject_id=OuterRef("subject_id"), at__gt=OuterRef("at")
    )
    rows = _events(scope, "ticket.cancelled")
    return rows.filter(~Q(payload__why="withdrawn") | Exists(later))


def _reopened_as_new(scope: Scope, numbers: Book) -> QuerySet[Event]:
    days = timedelta(days=_number("integrity_again_days", scope, numbers))
    earlier = Ticket.objects.filter(
        order=OuterRef("order"), kind=OuterRef("kind"), closed_at__lte=OuterRef("opened_at"),
        closed_at__gte=OuterRef("opened_at") - days, historic=False,
    ).exclude(pk=OuterRef("pk"))  # fmt: skip
    again = scope.tickets().filter(
        Exists(earlier), order__isnull=False, opened_at__gte=scope.since, opened_at__lte=scope.to
    )
    return _events(scope, "ticket.opened").filter(subject_id__in=again.values("pk"))


MEASURES: tuple[Measure, ...] = (
    Measure(
        "parked", pgettext_lazy("integrity", "Parked in waiting"),
        _("Set to waiting again and again while the clock stood still. Innocent where a third party keeps us waiting."),
        _parked,
    ),
    Measure(
        "passed_on", pgettext_lazy("integrity", "Passed on in the last tenth"),
        _("Given away shortly before time ran out. Innocent at the end of a shift or with a hand-over sheet."),
        _passed_on_late, "giver",
    ),
    Measure(
        "lowered", pgettext_lazy("integrity", "Severity lowered"),
        _("A milder grade promises less. The first clock stays; the reason stands on the ticket."),
        _severity_lowered,
    ),
    Measure(
        "silence", pgettext_lazy("integrity", "Closed by silence"),
        _("No answer came in time. Many of them: was the question asked well, and did it arrive?"),
        _by_silence, "holder",
    ),
    Measure(
        "empty_reply", pgettext_lazy("integrity", "Reply without content"),
        _("A few characters met the response clock. Innocent in a quick chat."),
        _without_content,
    ),
    Measure(
        "untold", pgettext_lazy("integrity", "Resolved, customer not told"),
        _("The result reached nobody when the ticket was resolved."),
        _untold,
    ),
    Measure(
        "reached", pgettext_lazy("integrity", "Reached, nothing noted"),
        _("A contact counted as an answer, and nobody wrote down what was said."),
        _reached_unsaid,
    ),
    Measure(
        "own_word", pgettext_lazy("integrity", "Confirmed to staff"),
        _("Closed on the word of whoever worked on it. A sample call to the customer settles it."),
        _verified_by_own_word,
    ),
    Measure(
        "cancelled", pgettext_lazy("integrity", "Cancelled by staff"),
        _("Ended as a duplicate or a mistake, not by the customer."),
        _cancelled,
    ),
    Measure(
        "again", pgettext_lazy("integrity", "Same problem as a new ticket"),
        _("The same order and kind came back soon after closing: a reopening that counts as new."),
        _reopened_as_new, "holder",
    ),
)  # fmt: skip
BY_CODE = {measure.code: measure for measure in MEASURES}

# Whoever the system acted for, else whoever acted; a lead who takes a ticket from somebody acts himself.
_ACTED_FOR = Cast(
    Func(F("acting_as"), Value(r"^user:(\d+)"), function="substring", output_field=TextField()),
    BigIntegerField(),
)
WHO = Case(When(acting_as__startswith="user:", then=_ACTED_FOR), default=F("actor_id"))
GIVER = Cast(_text("from_id"), BigIntegerField())
HOLDER = Subquery(Ticket.objects.filter(pk=OuterRef("subject_id")).values("assignee_id")[:1])
LAID_TO: dict[str, Any] = {
    "actor": WHO,
    "giver": Case(
        When(acting_as__startswith="user:", then=_ACTED_FOR), When(actor_role="system", then=GIVER),
        default=F("actor_id"),
    ),
    "holder": HOLDER,
}  # fmt: skip


def _of(measure: Measure, scope: Scope, numbers: Book, person: int | None = None) -> QuerySet[Any]:
    rows: QuerySet[Any] = measure.found(scope, numbers).annotate(who=LAID_TO[measure.laid_to])
    return rows.filter(who=person) if person else rows


def signs(scope: Scope, compare: str = "", person: int | None = None) -> list[Sign]:
    """All measures. One statement each, and two to find what was passed on; as many with a range to compare with."""
    numbers = book()
    return [_sign(measure, scope, numbers, compare, person) for measure in MEASURES]


def sign(measure: Measure, scope: Scope, person: int | None = None) -> Sign:
    """One measure by itself. One statement."""
    return _sign(measure, scope, book(), "", person)


def _sign(measure: Measure, scope: Scope, numbers: Book, compare: str, person: int | None) -> Sign:
    found = (
        _of(measure, scope, numbers, person)
        .values("who", "subject_id")
        .annotate(times=Count("id"))
        .order_by()
    )
    tickets: set[int] = set()
    people: dict[int, int] = {}
    often: dict[int, int] = {}
    for row in found:
        tickets.add(row["subject_id"])
        people[row["who"]] = people.get(row["who"], 0) + 1
        often[row["who"]] = often.get(row["who"], 0) + row["times"]
    before = _count(measure, scope.before(compare), numbers, person) if compare else None
    return Sign(measure, len(tickets), people, before, sum(often.values()), often)


def _count(measure: Measure, scope: Scope, numbers: Book, person: int | None) -> int:
    found = _of(measure, scope, numbers, person).aggregate(tickets=Count("subject_id", distinct=True))
    return int(found["tickets"])


def people_of(found: Iterable[Sign]) -> list[tuple[User, list[int]]]:
    """The persons of the signs with their counts in the order of the measures, most signs first. One statement."""
    found = list(found)
    keys = {key for sign in found for key in sign.people}
    known = User.objects.people().in_bulk(keys)
    rows = [(known[key], [sign.people.get(key, 0) for sign in found]) for key in keys if key in known]
    return sorted(rows, key=lambda row: (-sum(row[1]), str(row[0])))


def resolutions(scope: Scope) -> QuerySet[Any]:
    """What was resolved in the range, by whom (``who``): of the tickets this viewer may see, without the archive's."""
    return _events(scope, "ticket.resolved").annotate(who=WHO)


def resolved_by(scope: Scope) -> dict[int, int]:
    """How many tickets each person resolved in the range: what the signs are to be seen against. One statement."""
    rows = resolutions(scope)
    counted = rows.values_list("who").annotate(tickets=Count("subject_id", distinct=True)).order_by()
    return dict(counted)


def traces(measure: Measure, scope: Scope, person: int | None = None) -> list[Trace]:
    """The newest events behind a sign, at most ``SHOWN``. Three statements, and those of the measure."""
    return traced(_of(measure, scope, book(), person), scope)


def traced(rows: QuerySet[Any], scope: Scope) -> list[Trace]:
    """The newest of these events (with ``who``), at most ``SHOWN``, each with its ticket. Three statements."""
    found = list(rows.order_by("-at", "-id")[:SHOWN])
    tickets = Ticket.objects.visible_to(scope.user).in_bulk([event.subject_id for event in found])
    people = User.objects.in_bulk([event.who for event in found if event.who])
    return [
        Trace(
            event.at,
            str(people.get(event.who, event.actor_name)),
            events.sentence(event),
            tickets[event.subject_id],
        )
        for event in found
        if event.subject_id in tickets
    ]
