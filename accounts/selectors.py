"""Answers about people for pages and for dispatch."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.db.models import Exists, F, Max, OuterRef, Q, Subquery

from accounts import rules
from accounts.capabilities import allowed
from accounts.models import Away, Shift, Taste, Team, TeamMember, User
from accounts.querysets import sees_everybody
from accounts.states import FACTORS, MACHINE_ROLES, Role
from aftersales.core.models import Event


@dataclass(frozen=True)
class Candidate:
    """One person of a team with the duty, with everything dispatch needs to judge (R3.2, R1.5)."""

    person: User
    team: Team
    capacity: int
    on_shift: bool
    shift_ends_at: datetime | None
    next_shift_at: datetime | None
    away_reason: str
    is_lead: bool
    away_until: datetime | None = None
    member_since: datetime | None = None

    @property
    def available(self) -> bool:
        """On shift and not away; how full the person's hands are is dispatch's own count."""
        return self.on_shift and not self.away_reason


def second_factors(user: Any) -> frozenset[str]:
    """The kinds of second factor that this person has set up, as allauth names them. One query."""
    held = Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS)
    return frozenset(held.values_list("type", flat=True))


@dataclass(frozen=True)
class Door:
    """How somebody comes in: the address, the last sign-in, whether a second factor is set up."""

    email: str = ""
    signed_in_at: datetime | None = None
    has_second_factor: bool = False


def doors(people: Sequence[int]) -> dict[int, Door]:
    """For each of these people how he comes in. Three statements."""
    emails = dict(User.objects.filter(pk__in=people).values_list("pk", "email"))
    held = set(
        Authenticator.objects.filter(user_id__in=people, type__in=FACTORS).values_list("user_id", flat=True)
    )
    told = Event.objects.filter(kind="user.signed_in", subject_kind="accounts.user", subject_id__in=people)
    last = dict(told.values_list("subject_id").annotate(at=Max("at")).order_by())
    return {pk: Door(email, last.get(pk), pk in held) for pk, email in emails.items()}


def people_on_duty(duty: str, at: datetime) -> list[Candidate]:
    """Every active member of the open teams with this duty, available or not, each once. One query."""
    return _candidates(Q(team__duties__contains=[duty]), at)


def people_of_team(team_id: int, at: datetime) -> list[Candidate]:
    """The same facts for one team. One query."""
    return _candidates(Q(team_id=team_id), at)


def names_of_teams(team_ids: Sequence[int], at: datetime) -> list[tuple[int, str]]:
    """Key and name of everybody in these teams, by name: enough for a list to choose from. One query."""
    members = TeamMember.objects.at(at).filter(
        team_id__in=team_ids, team__active_to=None, person__is_active=True
    )
    found = members.values_list("person_id", "person__display_name", "person__username")
    return sorted({(pk, name or username) for pk, name, username in found}, key=lambda pair: pair[1])


def names_of_others(viewer: User, at: datetime, *, but: int) -> list[tuple[int, str, str]]:
    """Key, name and team of the people whom `viewer` may see in other open teams than `but`, by team. One query."""
    members = (
        TeamMember.objects.at(at)
        .filter(person__in=User.objects.visible_to(viewer).active(), team__active_to=None)
        .exclude(person__in=TeamMember.objects.at(at).filter(team_id=but).values("person"))
        .select_related("person", "team")
        .order_by("team__code", "person__display_name")
    )
    found: dict[int, tuple[int, str, str]] = {}
    for member in members:
        if member.person.has_perm("tickets.work"):
            found.setdefault(member.person_id, (member.person_id, str(member.person), member.team.name))
    return list(found.values())


def _candidates(which: Q, at: datetime) -> list[Candidate]:
    mine = Shift.objects.planned().filter(person=OuterRef("person"))
    current = mine.filter(starts_at__lte=at, ends_at__gt=at)
    away = Away.objects.at(at).filter(person=OuterRef("person")).order_by("starts_at", "pk")
    members = (
        TeamMember.objects.at(at)
        .filter(which, team__active_to=None, person__is_active=True)
        .select_related("person", "team")
        .annotate(
            shift_ends_at=Subquery(current.values("ends_at")[:1]),
            next_shift_at=Subquery(
                mine.filter(starts_at__gt=at).order_by("starts_at").values("starts_at")[:1]
            ),
            away_reason=Subquery(away.values("reason")[:1]),
            away_until=Subquery(away.values("ends_at")[:1]),
        )
        .order_by("person_id", "team_id")
    )
    found: dict[int, Candidate] = {}
    for member in members:
        found.setdefault(member.person_id, _candidate(member))
    return list(found.values())


def _candidate(member: TeamMember) -> Candidate:
    facts = member.__dict__
    return Candidate(
        person=member.person,
        team=member.team,
        capacity=member.person.capacity,
        on_shift=facts["shift_ends_at"] is not None,
        shift_ends_at=facts["shift_ends_at"],
        next_shift_at=facts["next_shift_at"],
        away_reason=facts["away_reason"] or "",
        is_lead=member.team.lead_id == member.person_id,
        away_until=facts["away_until"],
        member_since=member.active_from,
    )


def team_ids_of(user: User) -> list[int]:
    """Teams the person belongs to or leads, open ones only. One query."""
    member = Exists(TeamMember.objects.current().filter(team=OuterRef("pk"), person=user))
    return list(Team.objects.active().filter(member | Q(lead=user)).values_list("pk", flat=True))


def leads_and_supervisors(duty: str) -> list[User]:
    """Who must know when nobody of a duty is there: the leads of its open teams and the supervisors, each once."""
    leads = Q(teams_led__active_to=None, teams_led__duties__contains=[duty]) if duty else Q(pk__in=[])
    return list(
        User.objects.active().filter(leads | Q(roles__overlap=[Role.SUPERVISOR])).distinct().order_by("pk")
    )


def people_who_may(code: str) -> list[User]:
    """Active people whose roles give this capability, machines left out, by name. One query."""
    holders = [role for role in Role if role not in MACHINE_ROLES and allowed([role], code)]
    return list(User.objects.active().filter(roles__overlap=holders).order_by("display_name", "pk"))


def lead_of(person_id: int) -> User | None:
    """The lead of the person's first team that is led by somebody else; the lead's own lead is nobody."""
    team = led_teams_of([person_id]).get(person_id)
    return team.lead if team else None


def led_teams_of(people: Iterable[int]) -> dict[int, Team]:
    """Each person's first team that is led by somebody else; whoever has none is left out. One query."""
    members = (
        TeamMember.objects.current()
        .filter(person_id__in=list(people), team__active_to=None, team__lead__is_active=True)
        .exclude(team__lead_id=F("person_id"))
        .select_related("team__lead")
        .order_by("pk")
    )
    found: dict[int, Team] = {}
    for member in members:
        found.setdefault(member.person_id, member.team)
    return found


@dataclass
class Worked:
    """Somebody's shifts that touch a time, and the parts of them in which he is not away."""

    shifts: list[rules.Span] = field(default_factory=list)
    there: list[rules.Span] = field(default_factory=list)


def worked(person_ids: Iterable[int | None], since: datetime, until: datetime) -> dict[int, Worked]:
    """When each of these people is on shift and when he is there. Two queries; people without a shift are left out."""
    ids = [pk for pk in set(person_ids) if pk]
    shifts = Shift.objects.planned().filter(person__in=ids, starts_at__lt=until, ends_at__gt=since)
    gone = Away.objects.filter(person__in=ids, starts_at__lt=until).filter(
        Q(ends_at=None) | Q(ends_at__gt=since)
    )
    away: dict[int, list[rules.Span]] = {}
    for person_id, starts_at, ends_at in gone.values_list("person_id", "starts_at", "ends_at"):
        away.setdefault(person_id, []).append((starts_at, ends_at or datetime.max.replace(tzinfo=UTC)))
    found: dict[int, Worked] = {}
    for person_id, *span in shifts.order_by("starts_at").values_list("person_id", "starts_at", "ends_at"):
        one = found.setdefault(person_id, Worked())
        one.shifts.append((span[0], span[1]))
        one.there += rules.without((span[0], span[1]), away.get(person_id, ()))
    return found


@dataclass
class Rostered:
    """One person of a team with the shifts and absences that touch a time; breaks are absences with that reason."""

    person: User
    is_lead: bool
    shifts: list[Shift] = field(default_factory=list)
    away: list[Away] = field(default_factory=list)

    @property
    def there(self) -> list[rules.Span]:
        """When the person is on shift and not away."""
        forever = datetime.max.replace(tzinfo=UTC)
        gaps = [(one.starts_at, one.ends_at or forever) for one in self.away]
        return [
            piece for shift in self.shifts for piece in rules.without((shift.starts_at, shift.ends_at), gaps)
        ]


def roster_of(viewer: User, team_id: int, start: datetime, end: datetime) -> list[Rostered]:
    """The people of a team whom the viewer may see, by name, with their shifts and absences. Three queries."""
    members = (
        TeamMember.objects.current()
        .filter(team_id=team_id, person__in=User.objects.visible_to(viewer).active())
        .select_related("person", "team")
        .order_by("person__display_name", "person_id")
    )
    found = {one.person_id: Rostered(one.person, one.team.lead_id == one.person_id) for one in members}
    for shift in Shift.objects.planned().filter(
        person__in=found, starts_at__lt=end, ends_at__gt=start
    ).order_by("starts_at"):  # fmt: skip
        found[shift.person_id].shifts.append(shift)
    gone = (
        Away.objects.lasting()
        .filter(person__in=found, starts_at__lt=end)
        .filter(Q(ends_at=None) | Q(ends_at__gt=start))
    )
    for away in gone.order_by("starts_at"):
        found[away.person_id].away.append(away)
    return list(found.values())


def just_started(after: datetime, until: datetime) -> list[int]:
    """Persons whose shift began in (after, until]: the sweep of unassigned work looks at them."""
    began = Shift.objects.planned().filter(starts_at__gt=after, starts_at__lte=until)
    return sorted(set(began.values_list("person_id", flat=True)))


def names(ids: Iterable[int]) -> dict[int, str]:
    """Display names by key, for lists. One query."""
    return {
        user.pk: str(user) for user in User.objects.filter(pk__in=set(ids)).only("display_name", "username")
    }


def strangers(reader: User, ids: Iterable[int | None]) -> set[int]:
    """Those of these people whose names the reader sees nowhere. Own staff know one another: no query for them."""
    asked = {pk for pk in ids if pk}
    if not asked or sees_everybody(reader):
        return set()
    return asked - set(User.objects.visible_to(reader).filter(pk__in=asked).values_list("pk", flat=True))


def taste_of(user: Any) -> Taste:
    """How this person likes the pages; without a row, or for a guest, as shipped. It came with the person."""
    try:
        return user.taste  # type: ignore[no-any-return]
    except (AttributeError, Taste.DoesNotExist):
        return Taste()
