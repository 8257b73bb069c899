"""One person's own figures, each with its sample; a share of too few cases is not shown (R6.2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db.models import Avg, Count, Q
from django.db.models.functions import ExtractHour, TruncDate

from accounts.models import TeamMember, User
from accounts.states import Role
from aftersales.clocks.models import Clock
from aftersales.core.models import Event
from aftersales.dashboards.selectors import overview
from aftersales.dashboards.selectors.integrity import TICKET, WHO
from aftersales.dashboards.selectors.overview import Kept, Scope, Span
from aftersales.standards.selectors import parameter
from aftersales.tickets.figures import missed, settled
from aftersales.tickets.models import CustomerLink
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
    counts both.
    """

    scope: Scope
    person: User
    floor: int
    open: int
    unconfirmed: int
    late: int
    resolved: dict[date, int]
    reopened: int
    first_response: Span
    solution: Span
    kept: list[Kept]
    team_kept: list[Kept]
    marks: Marks
    hours: dict[int, int]

    @property
    def handled(self) -> int:
        return sum(self.resolved.values())


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
    """Eleven statements."""
    mine = replace(scope, person_id=person.pk, team_id=None)
    resolved = _acts(mine, person, "ticket.resolved")
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
        resolved=resolved,
        reopened=_reopened(mine, person),
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


def _acts(scope: Scope, person: User, *kinds: str) -> dict[date, int]:
    """Tickets this person acted on, by local day."""
    rows = (
        Event.objects.filter(kind__in=kinds, subject_kind=TICKET, at__gte=scope.since, at__lte=scope.to)
        .annotate(who=WHO, day=TruncDate("at", tzinfo=scope.zone))
        .filter(who=person.pk)
        .values_list("day")
        .annotate(number=Count("subject_id", distinct=True))
        .order_by("day")
    )
    return dict(rows)


def _reopened(scope: Scope, person: User) -> int:
    """Tickets this person resolved that came back in the range."""
    resolved = Event.objects.filter(kind="ticket.resolved", subject_kind=TICKET).annotate(who=WHO)
    came_back = Event.objects.filter(
        kind="ticket.reopened", subject_kind=TICKET, at__gte=scope.since, at__lte=scope.to
    )
    mine = resolved.filter(who=person.pk, at__lte=scope.to).values("subject_id")
    return int(came_back.filter(subject_id__in=mine).aggregate(n=Count("subject_id", distinct=True))["n"])


def kept_by(scope: Scope, person: User) -> list[Kept]:
    """Promises laid to whoever held them: when time ran out, else when they were kept."""
    laid = Q(breach_holder=person.pk) | Q(breached_at=None, holder=person.pk)
    rows = (
        Clock.objects.filter(
            laid, settled(scope.since, scope.to), subject_kind=TICKET, promise__in=overview.PROMISES,
            is_historic=False,
        )
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


def _marks(scope: Scope, person: User) -> Marks:
    """Marks for tickets that this person had when the customer answered."""
    found = CustomerLink.objects.filter(
        ticket__assignee=person,
        used_at__gte=scope.since,
        used_at__lte=scope.to,
        rating_handling__isnull=False,
    ).aggregate(mean=Avg("rating_handling"), n=Count("id"))
    return Marks(found["mean"], found["n"])


def _hours(scope: Scope, person: User) -> dict[int, int]:
    """Acts by hour of the last day of the range."""
    start = max(
        scope.since, scope.to.astimezone(scope.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    )
    rows = (
        Event.objects.filter(kind__in=ACTS, subject_kind=TICKET, at__gte=start, at__lte=scope.to)
        .annotate(who=WHO, hour=ExtractHour("at", tzinfo=scope.zone))
        .filter(who=person.pk)
        .values_list("hour")
        .annotate(number=Count("id"))
        .order_by("hour")
    )
    return dict(rows)
