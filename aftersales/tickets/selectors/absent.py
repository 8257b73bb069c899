"""What people who are not there hold or still owe: on leave, ill, gone. Nothing here writes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts.models import Away, TeamMember, User
from accounts.states import Role
from aftersales.tickets.models import Ticket

SHOWN = 100


@dataclass(frozen=True)
class Held:
    """What one absent person holds; ``first`` is due first."""

    person: User
    away: Away | None
    count: int
    first: Ticket
    tickets: list[Ticket]


def absent_people(at: datetime) -> QuerySet[User]:
    """Who cannot work now and holds tickets or owes something on solved ones: away, or no longer active."""
    away = Exists(Away.objects.at(at).filter(person=OuterRef("pk")))
    holds = Exists(Ticket.objects.filter(assignee=OuterRef("pk")).held())
    people: QuerySet[User] = User.objects.people().filter(Q(is_active=False) | away).filter(holds)
    return people


def held_by_absent(viewer: Any, now: datetime) -> list[Held]:
    """Of the tickets this person may see, those whose holder is not there, by holder. Three statements."""
    seen: QuerySet[Ticket] = Ticket.objects.visible_to(viewer)
    return _grouped(seen, absent_people(now), now)


def long_held(now: datetime, longer: timedelta) -> list[Held]:
    """The same of everybody who has been away for longer than this, for the sweep."""
    since = now - longer
    gone = absent_people(now).filter(
        Q(is_active=False) | Exists(Away.objects.at(now).filter(person=OuterRef("pk"), starts_at__lte=since))
    )
    return _grouped(Ticket.objects.all(), gone, now)


def _grouped(tickets: QuerySet[Ticket], people: QuerySet[User], now: datetime) -> list[Held]:
    found = {person.pk: person for person in people.order_by("display_name", "pk")}
    held = tickets.filter(assignee__in=list(found)).held()  # type: ignore[attr-defined]
    counts = dict(held.order_by().values_list("assignee").annotate(n=Count("id"))) if found else {}
    rows: dict[int | None, list[Ticket]] = defaultdict(list)
    if found:
        for ticket in held.select_related("customer").order_by("next_due_at", "id")[: SHOWN * 5]:
            if len(rows[ticket.assignee_id]) < SHOWN:
                rows[ticket.assignee_id].append(ticket)
    away = (
        {one.person_id: one for one in Away.objects.at(now).filter(person__in=list(found))} if found else {}
    )
    return [
        Held(person, away.get(pk), counts[pk], rows[pk][0], rows[pk])
        for pk, person in found.items()
        if rows.get(pk)
    ]


def leads_of(ids: Sequence[int], now: datetime) -> Mapping[int, list[User]]:
    """Who must know for each of these people: the active leads of their teams, else the supervisors."""
    found: dict[int, list[User]] = {pk: [] for pk in ids}
    places = TeamMember.objects.at(now).filter(
        person__in=ids, team__active_to=None, team__lead__is_active=True
    )
    for place in places.exclude(team__lead__in=ids).select_related("team__lead").order_by("team_id"):
        lead = place.team.lead
        if lead is not None and lead not in found[place.person_id]:
            found[place.person_id].append(lead)
    if ids and not all(found.values()):
        supervisors = list(
            User.objects.active().with_role(Role.SUPERVISOR).exclude(pk__in=ids).order_by("pk")
        )
        found = {pk: leads or supervisors for pk, leads in found.items()}
    return found
