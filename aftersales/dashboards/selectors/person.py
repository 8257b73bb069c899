"""One person's own figures, each with its sample; a share of too few cases is not shown (R6.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Avg, Case, Count, Q, QuerySet, Value, When
from django.db.models.functions import ExtractHour, TruncDate
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import TeamMember, User
from accounts.states import Role
from aftersales.clocks.models import Clock
from aftersales.core.models import Event
from aftersales.dashboards.selectors import integrity, overview
from aftersales.dashboards.selectors.integrity import SHOWN, TICKET, WHO
from aftersales.dashboards.selectors.overview import Kept, Scope, Span
from aftersales.standards.selectors import parameter
from aftersales.tickets.figures import missed, settled
from aftersales.tickets.models import CustomerLink, Ticket
from aftersales.tickets.states import ACTIVE_STATES, OPEN_STATES, TicketState

SEE_ALL = (Role.SUPERVISOR, Role.OPERATIONS, Role.INSPECTOR, Role.AUDITOR)
ACTS = ("ticket.replied", "ticket.resolved", "ticket.contact_tried", "ticket.noted", "ticket.merchant_asked")


@dataclass(frozen=True)
class Marks:
    """What customers gave for the handling, apart from the outcome (R6.3)."""

    handling: float | None
    count: int


@dataclass(frozen=True)
class Own:
    """Everything the page of one person shows.

    ``open`` is what is in hand: not yet resolved. ``unconfirmed`` is resolved and waits for the customer's word; late
    counts both. ``handled`` counts a ticket once, ``resolved`` on each day on which it was resolved.
    """

    scope: Scope
    person: User
    floor: int
    open: int
    unconfirmed: int
    late: int
    handled: int
    resolved: dict[date, int]
    reopened: int
    first_response: Span
    solution: Span
    kept: list[Kept]
    team_kept: list[Kept]
    marks: Marks
    hours: dict[int, int]


def may_see(viewer: User, person: User, now: datetime) -> bool:
    """One's own figures; a lead those of his teams; who answers for the whole department or audits it, everybody's."""
    if viewer.pk == person.pk:
        return True
    if not User.objects.visible_to(viewer).filter(pk=person.pk).exists():
        return False
    if viewer.has_role(*SEE_ALL):
        return True
    led = TeamMember.objects.at(now).filter(person=person, team__lead=viewer, team__active_to=None)
    return led.exists()


def own(scope: Scope, person: User) -> Own:
    """Twelve statements."""
    mine = replace(scope, person_id=person.pk, team_id=None)
    resolved = _by_day(scope, person)
    standing = mine.tickets().filter(state__in=ACTIVE_STATES).aggregate(
        open=Count("id", filter=Q(state__in=OPEN_STATES)), late=Count("id", filter=Q(next_due_at__lt=scope.now)),
        resolved=Count("id", filter=Q(state=TicketState.RESOLVED)),
    )  # fmt: skip
    return Own(
        scope=mine,
        person=person,
        floor=int(parameter("person_figures_floor", scope.now)),
        open=standing["open"],
        unconfirmed=standing["resolved"],
        late=standing["late"],
        handled=integrity.resolved_by(scope).get(person.pk, 0),
        resolved=resolved,
        reopened=_came_back(mine, person).aggregate(n=Count("subject_id", distinct=True))["n"],
        first_response=overview.span(mine, "opened_at", "first_reply_at"),
        solution=overview.span(mine, "resolved_at", "resolved_at"),
        kept=kept_by(mine, person),
        team_kept=overview.kept(_team(scope, person)),
        marks=_marks(mine, person),
        hours=_hours(mine, person),
    )


def _team(scope: Scope, person: User) -> Scope:
    teams = person.team_ids
    return replace(scope, person_id=None, team_id=teams[0] if teams else None)


def _by_day(scope: Scope, person: User) -> dict[date, int]:
    """Tickets this person resolved, by local day: the same events that ``integrity.resolved_by`` counts."""
    rows = integrity.resolutions(scope).annotate(day=TruncDate("at", tzinfo=scope.zone)).filter(who=person.pk)
    return dict(rows.values_list("day").annotate(number=Count("subject_id", distinct=True)).order_by("day"))


def _came_back(scope: Scope, person: User) -> QuerySet[Any]:
    """Tickets this person resolved that came back in the range."""
    resolved = Event.objects.filter(kind="ticket.resolved", subject_kind=TICKET).annotate(who=WHO)
    mine = resolved.filter(who=person.pk, at__lte=scope.to).values("subject_id")
    rows = Event.objects.filter(
        kind="ticket.reopened", subject_kind=TICKET, at__gte=scope.since, at__lte=scope.to
    )
    back: QuerySet[Any] = rows.annotate(who=WHO).filter(subject_id__in=mine)
    return back


def kept_by(scope: Scope, person: User) -> list[Kept]:
    """Promises laid to whoever held them: when time ran out, else when they were kept."""
    rows = (
        _laid(scope, person)
        .values("promise")
        .annotate(
            missed=Count("subject_id", filter=missed(), distinct=True),
            total=Count("subject_id", distinct=True),
        )
        .order_by()
    )  # fmt: skip
    found = {row["promise"]: row for row in rows}
    return [
        Kept(promise, row["total"] - row["missed"], row["total"], None)
        for promise in overview.PROMISES
        if (row := found.get(promise))
    ]


def _laid(scope: Scope, person: User) -> QuerySet[Clock]:
    laid = Q(breach_holder=person.pk) | Q(breached_at=None, holder=person.pk)
    return Clock.objects.filter(
        laid, settled(scope.since, scope.to), subject_kind=TICKET, promise__in=overview.PROMISES,
        is_historic=False,
    )  # fmt: skip


def _marks(scope: Scope, person: User) -> Marks:
    """Marks for tickets that this person had when the customer answered."""
    found = CustomerLink.objects.filter(
        ticket__assignee=person,
        used_at__gte=scope.since,
        used_at__lte=scope.to,
        rating_handling__isnull=False,
    ).aggregate(mean=Avg("rating_handling"), n=Count("id"))
    return Marks(found["mean"], found["n"])


def _acts(scope: Scope, person: User) -> QuerySet[Any]:
    """What this person said, noted, tried and resolved on the last day of the range, with its hour."""
    start = max(
        scope.since, scope.to.astimezone(scope.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    )
    rows = Event.objects.filter(kind__in=ACTS, subject_kind=TICKET, at__gte=start, at__lte=scope.to)
    acts: QuerySet[Any] = rows.annotate(who=WHO, hour=ExtractHour("at", tzinfo=scope.zone)).filter(
        who=person.pk
    )
    return acts


def _hours(scope: Scope, person: User) -> dict[int, int]:
    """Acts by hour of the last day of the range."""
    rows = _acts(scope, person).values_list("hour").annotate(number=Count("id")).order_by("hour")
    return dict(rows)


# What stands behind a figure of the page.
DEEDS: Mapping[str, Callable[[Scope, User], QuerySet[Any]]] = {
    "resolved": lambda scope, person: integrity.resolutions(scope).filter(who=person.pk),
    "came-back": _came_back,
    "acts": _acts,
}


def deeds(scope: Scope, person: User, what: str, hour: int | None = None) -> Sequence[integrity.Trace] | None:
    """The events behind one figure or sign of a person; None for what is none."""
    if measure := integrity.BY_CODE.get(what):
        return integrity.traces(measure, scope, person.pk)
    if what not in DEEDS:
        return None
    rows = DEEDS[what](scope, person)
    return integrity.traced(rows if hour is None or what != "acts" else rows.filter(hour=hour), scope)


def ended(scope: Scope, person: User, promise: str) -> list[integrity.Trace]:
    """The tickets behind one row of kept promises, the missed ones first."""
    clocks = (
        _laid(scope, person)
        .filter(promise=promise)
        .annotate(late=Case(When(missed(), then=Value(True)), default=Value(False)))
    )
    found = list(clocks.order_by("-late", "-due_at", "-id")[:SHOWN])
    tickets = Ticket.objects.visible_to(scope.user).in_bulk([clock.subject_id for clock in found])
    words = {True: pgettext("figures", "Missed"), False: _("Kept in time")}
    return [
        integrity.Trace(clock.due_at, str(person), words[clock.late], tickets[clock.subject_id])
        for clock in found
        if clock.subject_id in tickets
    ]
