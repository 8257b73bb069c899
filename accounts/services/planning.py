"""Every write about teams, absences and shifts (R1.4, R1.5)."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, cast

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import rules
from accounts.models import Away, Shift, Team, TeamMember, User
from accounts.services.breaks import follow, give_way, overlapping
from accounts.services.people import _require
from accounts.states import AwayReason, Duty
from aftersales.core import moves
from aftersales.core.errors import DomainError, NotPermitted, Refused


def team_create(
    *,
    code: str,
    name_zh: str,
    name_en: str,
    duties: Sequence[str],
    actor: Any,
    now: datetime,
    lead: User | None = None,
    vendor: str = "",
) -> Team:
    """A new team; its lead is a member from the first moment."""
    _require(actor, "accounts.manage_teams")
    _known_duties(duties)
    if Team.objects.filter(code=code).exists():
        raise DomainError(_("This code is taken."), "code_taken")
    team = Team(
        code=code,
        name_zh=name_zh,
        name_en=name_en,
        duties=list(duties),
        lead=lead,
        vendor=vendor,
        created_at=now,
    )
    with transaction.atomic():
        moves.create(team, actor=actor, now=now, event="team.created", payload={"duties": team.duties})
        if lead is not None:
            team_join(team=team, person=lead, actor=actor, now=now)
    return team


TEAM_EDITABLE = frozenset({"name_zh", "name_en", "duties", "lead_id", "vendor"})


@transaction.atomic
def team_change(*, team: Team, actor: Any, now: datetime, version: int | None = None, **columns: Any) -> Team:
    """Names, lead, duties, vendor. A new lead becomes a member too."""
    _require(actor, "accounts.manage_teams")
    if set(columns) - TEAM_EDITABLE:
        raise DomainError(_("These fields cannot be changed here."), "not_editable")
    _known_duties(columns.get("duties", ()))
    changed = sorted(name for name, value in columns.items() if getattr(team, name) != value)
    row: Team = moves.change(
        team,
        actor=actor,
        now=now,
        event="team.changed",
        version=version,
        payload={"columns": changed},
        **columns,
    )
    lead = row.lead
    if lead is not None and not row.members.filter(person=lead, active_to=None).exists():
        team_join(team=row, person=lead, actor=actor, now=now)
    return row


def team_close(*, team: Team, actor: Any, now: datetime, reason: str = "") -> Team:
    """The team takes no more work; its members and history stay readable."""
    _require(actor, "accounts.manage_teams")
    return moves.change(team, actor=actor, now=now, event="team.closed", reason=reason, active_to=now)


def team_join(*, team: Team, person: User, actor: Any, now: datetime) -> TeamMember:
    """Joining twice changes nothing."""
    _require(actor, "accounts.manage_teams")
    if _machine(person):
        raise DomainError(_("This account belongs to the system."), "machine")
    with transaction.atomic():
        User.objects.select_for_update().get(pk=person.pk)
        current = TeamMember.objects.filter(team=team, person=person, active_to=None).first()
        if current is not None:
            return cast(TeamMember, current)
        member = TeamMember(team=team, person=person, active_from=now)
        return moves.create(
            member,
            actor=actor,
            now=now,
            event="team_member.joined",
            payload={"team": team.pk, "person": person.pk},
        )


def team_leave(*, member: TeamMember, actor: Any, now: datetime) -> TeamMember:
    _require(actor, "accounts.manage_teams")
    if member.team.lead_id == member.person_id:
        raise DomainError(_("Name another lead first."), "is_lead")
    return moves.change(
        member, actor=actor, now=now, event="team_member.left", active_to=now,
        payload={"team": member.team_id, "person": member.person_id},
    )  # fmt: skip


@transaction.atomic
def away_set(
    *, person: User, starts_at: datetime, ends_at: datetime | None, reason: str, actor: Any, now: datetime
) -> Away:
    """The person takes no new work in this period; ``ends_at=None`` until further notice. Breaks give way to it."""
    _may_plan(person, actor, own="accounts.set_own_away")
    _refuse_period(starts_at, ends_at)
    if reason not in AwayReason.values:
        raise DomainError(_("Unknown reason."), "unknown_reason")
    User.objects.select_for_update().get(pk=person.pk)
    others = Away.objects.lasting().filter(person=person)
    if reason != AwayReason.BREAK:
        others = others.exclude(reason=AwayReason.BREAK)
    if overlapping(others, starts_at, ends_at).exists():
        raise DomainError(_("The person is already away in this period."), "overlap")
    if reason != AwayReason.BREAK:
        give_way(person, starts_at, ends_at, actor=actor, now=now)
    away = Away(person=person, starts_at=starts_at, ends_at=ends_at, reason=reason)
    payload = {"person": person.pk, "away_reason": reason, "from": starts_at, "to": ends_at}
    return moves.create(away, actor=actor, now=now, event="away.set", payload=payload)


def away_end(*, away: Away, actor: Any, now: datetime) -> Away:
    """Back at work from now on; a period that has not begun becomes empty."""
    _may_plan(away.person, actor, own="accounts.set_own_away")
    if away.ends_at is not None and away.ends_at <= now:
        raise DomainError(_("This absence is already over."), "over")
    return moves.change(
        away, actor=actor, now=now, event="away.ended", payload={"person": away.person_id},
        ends_at=max(now, away.starts_at),
    )  # fmt: skip


@transaction.atomic
def shift_plan(*, person: User, starts_at: datetime, ends_at: datetime, actor: Any, now: datetime) -> Shift:
    """A working time; shifts of one person never overlap. Planning the same one again changes nothing."""
    _may_plan(person, actor)
    _refuse_period(starts_at, ends_at)
    User.objects.select_for_update().get(pk=person.pk)
    same = Shift.objects.filter(person=person, starts_at=starts_at).first()
    if same is not None and same.ends_at == ends_at and same.cancelled_at is None:
        return cast(Shift, same)
    _refuse_double_shift(person, starts_at, ends_at, but=same)
    payload = {"person": person.pk, "from": starts_at, "to": ends_at}
    if same is not None:
        if same.cancelled_at is None:
            follow(person, (starts_at, same.ends_at), (starts_at, ends_at), actor=actor, now=now)
        return cast(
            Shift,
            moves.change(
                same,
                actor=actor,
                now=now,
                event="shift.moved",
                payload=payload,
                ends_at=ends_at,
                cancelled_at=None,
            ),
        )
    shift = Shift(person=person, starts_at=starts_at, ends_at=ends_at)
    return moves.create(shift, actor=actor, now=now, event="shift.planned", payload=payload)


@transaction.atomic
def shifts_plan(
    *, plans: Sequence[tuple[User, datetime, datetime]], actor: Any, now: datetime
) -> list[Shift]:
    """Many shifts of many people at once (a roster): all or none. ``plans``: (person, from, until)."""
    by_person: dict[int, list[tuple[datetime, datetime]]] = {}
    people = {person.pk: person for person, _start, _end in plans}
    list(User.objects.select_for_update().filter(pk__in=people).order_by("pk").values_list("pk"))
    for person in people.values():
        _may_plan(person, actor)
    for shift in Shift.objects.planned().filter(person__in=people):
        by_person.setdefault(shift.person_id, []).append((shift.starts_at, shift.ends_at))
    for person, starts_at, ends_at in plans:
        _refuse_period(starts_at, ends_at)
        by_person.setdefault(person.pk, []).append((starts_at, ends_at))
    for times in by_person.values():
        times.sort()
        if any(later[0] < earlier[1] for earlier, later in pairwise(times)):
            raise DomainError(_("The person has another shift in this time."), "overlap")
    rows = [
        Shift(person=person, starts_at=starts_at, ends_at=ends_at) for person, starts_at, ends_at in plans
    ]
    payloads = [{"person": row.person_id, "from": row.starts_at, "to": row.ends_at} for row in rows]
    return cast(
        "list[Shift]", moves.create_many(rows, actor=actor, now=now, event="shift.planned", payloads=payloads)
    )


@transaction.atomic
def shift_move(
    *,
    shift: Shift,
    starts_at: datetime,
    ends_at: datetime,
    actor: Any,
    now: datetime,
    version: int | None = None,
) -> Shift:
    """Other times; the breaks that are to come go with it."""
    _may_plan(shift.person, actor)
    _refuse_period(starts_at, ends_at)
    User.objects.select_for_update().get(pk=shift.person_id)
    _refuse_double_shift(shift.person, starts_at, ends_at, but=shift)
    payload = {"person": shift.person_id, "from": starts_at, "to": ends_at}
    was = Shift.objects.values_list("starts_at", "ends_at").get(pk=shift.pk)
    moved: Shift = moves.change(
        shift, actor=actor, now=now, event="shift.moved", payload=payload, version=version,
        starts_at=starts_at, ends_at=ends_at,
    )  # fmt: skip
    follow(shift.person, was, (starts_at, ends_at), actor=actor, now=now)
    return moved


@transaction.atomic
def shift_cancel(*, shift: Shift, actor: Any, now: datetime, reason: str = "") -> Shift:
    """It does not take place, nor do its breaks that are to come."""
    _may_plan(shift.person, actor)
    User.objects.select_for_update().get(pk=shift.person_id)
    follow(shift.person, (shift.starts_at, shift.ends_at), None, actor=actor, now=now)
    payload = {"person": shift.person_id}
    return moves.change(
        shift,
        actor=actor,
        now=now,
        event="shift.cancelled",
        reason=reason,
        payload=payload,
        cancelled_at=now,
    )


def _may_plan(person: User, actor: Any, own: str = "") -> None:
    if own and person.pk == actor.pk and actor.has_perm(own):
        return
    _require(actor, "accounts.plan")
    if not _machine(actor) and not User.objects.visible_to(actor).filter(pk=person.pk).exists():
        raise NotPermitted()


def _machine(person: Any) -> bool:
    return any(True for _reason in rules.is_person(person))


def _known_duties(duties: Sequence[str]) -> None:
    if set(duties) - set(Duty.values):
        raise DomainError(_("Unknown duty."), "unknown_duty")


def _refuse_period(starts_at: datetime, ends_at: datetime | None) -> None:
    reasons = list(rules.period(starts_at, ends_at))
    if reasons:
        raise Refused(reasons)


def _refuse_double_shift(person: User, starts_at: datetime, ends_at: datetime, *, but: Shift | None) -> None:
    others = Shift.objects.planned().filter(person=person).exclude(pk=but.pk if but else None)
    if overlapping(others, starts_at, ends_at).exists():
        raise DomainError(_("The person has another shift in this time."), "overlap")
