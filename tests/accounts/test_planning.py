"""Teams, absences, shifts; and who is on duty for what."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts import selectors, services
from accounts.models import Away, Shift, TeamMember, User
from accounts.states import AwayReason, Duty, Role
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Event

HOUR = timedelta(hours=1)


def refusal(act, **arguments):
    with pytest.raises(DomainError) as error:
        act(**arguments)
    return error.value.code


def test_a_team_starts_with_its_lead_as_member(cast, now):
    team = services.team_create(
        code="a",
        name_zh="甲组",
        name_en="A",
        duties=[Duty.RETURNS],
        lead=cast.lead,
        actor=cast.operations,
        now=now,
    )
    assert list(team.members.values_list("person_id", flat=True)) == [cast.lead.pk]
    kinds = list(Event.objects.order_by("id").values_list("kind", flat=True))
    assert kinds[-2:] == ["team.created", "team_member.joined"]


def test_joining_twice_changes_nothing_and_the_lead_cannot_leave(cast, now):
    team = cast.team
    services.team_join(team=team, person=cast.agent, actor=cast.operations, now=now)
    assert TeamMember.objects.filter(team=team, person=cast.agent).count() == 1
    lead = TeamMember.objects.get(team=team, person=cast.lead)
    assert refusal(services.team_leave, member=lead, actor=cast.operations, now=now) == "is_lead"


def test_who_left_a_team_may_join_again(cast, now):
    member = TeamMember.objects.get(team=cast.team, person=cast.agent)
    services.team_leave(member=member, actor=cast.operations, now=now)
    services.team_join(team=cast.team, person=cast.agent, actor=cast.operations, now=now + HOUR)
    assert TeamMember.objects.filter(team=cast.team, person=cast.agent).count() == 2


@pytest.mark.parametrize("role", [Role.AGENT, Role.LEAD, Role.AUDITOR, Role.MERCHANT_OWNER])
def test_teams_are_made_by_operations_and_administrators_only(cast, now, role):
    with pytest.raises(NotPermitted):
        services.team_create(code="a", name_zh="", name_en="", duties=[], actor=cast.of(role), now=now)


def test_shifts_of_one_person_never_overlap(cast, now):
    plan = {"person": cast.agent, "actor": cast.lead, "now": now}
    first = services.shift_plan(starts_at=now, ends_at=now + 8 * HOUR, **plan)
    assert services.shift_plan(starts_at=now, ends_at=now + 8 * HOUR, **plan) == first
    assert refusal(services.shift_plan, starts_at=now + HOUR, ends_at=now + 9 * HOUR, **plan) == "overlap"
    assert refusal(services.shift_plan, starts_at=now, ends_at=now, **plan) == "period"
    services.shift_plan(starts_at=now + 8 * HOUR, ends_at=now + 9 * HOUR, **plan)
    services.shift_cancel(shift=first, actor=cast.lead, now=now)
    again = services.shift_plan(starts_at=now, ends_at=now + 2 * HOUR, **plan)
    assert (again.pk, again.cancelled_at, again.ends_at) == (first.pk, None, now + 2 * HOUR)


def test_a_roster_is_planned_whole_or_not_at_all(cast, now):
    plans = [(cast.agent, now, now + HOUR), (cast.lead, now, now + HOUR), (cast.agent, now, now + 2 * HOUR)]
    assert refusal(services.shifts_plan, plans=plans, actor=cast.planner, now=now) == "overlap"
    assert not Shift.objects.exists()
    services.shifts_plan(plans=plans[:2], actor=cast.planner, now=now)
    assert Shift.objects.count() == Event.objects.filter(kind="shift.planned").count() == 2


def test_a_vendors_lead_plans_the_own_people_only(cast, now):
    cast.make_team("v", lead=cast.vendor_lead, members=[cast.vendor_lead, cast.vendor_agent])
    times = {"starts_at": now, "ends_at": now + HOUR, "actor": cast.vendor_lead, "now": now}
    services.shift_plan(person=cast.vendor_agent, **times)
    with pytest.raises(NotPermitted):
        services.shift_plan(person=cast.agent, **times)


def test_everybody_enters_the_own_absence_and_leads_that_of_others(cast, now):
    times = {"starts_at": now, "ends_at": now + HOUR, "reason": AwayReason.SICK, "now": now}
    services.away_set(person=cast.agent, actor=cast.agent, **times)
    assert refusal(services.away_set, person=cast.agent, actor=cast.lead, **times) == "overlap"
    services.away_set(person=cast.inspector, actor=cast.lead, **times)
    with pytest.raises(NotPermitted):
        services.away_set(person=cast.lead, actor=cast.agent, **times)


def test_an_open_absence_ends_when_the_person_is_back(cast, now):
    away = services.away_set(
        person=cast.agent, starts_at=now, ends_at=None, reason=AwayReason.LEAVE, actor=cast.agent, now=now
    )
    ended = services.away_end(away=away, actor=cast.agent, now=now + HOUR)
    assert ended.ends_at == now + HOUR
    assert refusal(services.away_end, away=ended, actor=cast.agent, now=now + 2 * HOUR) == "over"


# breaks


def _with_break(cast, now):
    """A shift of eight hours with a break in its fourth."""
    plan = {"actor": cast.planner, "now": now}
    shift = services.shift_plan(person=cast.agent, starts_at=now + HOUR, ends_at=now + 9 * HOUR, **plan)
    services.break_plan(shift=shift, starts_at=now + 4 * HOUR, ends_at=now + 5 * HOUR, **plan)
    return shift


def _breaks(cast, now):
    rows = Away.objects.lasting().filter(person=cast.agent, reason=AwayReason.BREAK)
    return [((one.starts_at - now) / HOUR, (one.ends_at - now) / HOUR) for one in rows]


@pytest.mark.parametrize(
    ("starts", "ends", "left"),
    [
        (0, None, []),  # ill until further notice
        (4, 5, []),
        (4.5, 6, [(4, 4.5)]),
        (3, 4.5, [(4.5, 5)]),
        (5, None, [(4, 5)]),
    ],
)
def test_who_is_ill_is_ill_whatever_breaks_are_planned(cast, now, starts, ends, left):
    _with_break(cast, now)
    ill = services.away_set(
        person=cast.agent, starts_at=now + starts * HOUR, ends_at=ends and now + ends * HOUR,
        reason=AwayReason.SICK, actor=cast.agent, now=now,
    )  # fmt: skip
    assert ill.pk
    assert _breaks(cast, now) == left


def test_a_break_never_lies_in_an_absence_or_another_break(cast, now):
    shift = _with_break(cast, now)
    plan = {"shift": shift, "actor": cast.planner, "now": now}
    again = {"starts_at": now + 4.5 * HOUR, "ends_at": now + 6 * HOUR}
    assert refusal(services.break_plan, **again, **plan) == "overlap"
    services.away_set(
        person=cast.agent, starts_at=now, ends_at=None, reason=AwayReason.SICK, actor=cast.agent, now=now
    )
    assert refusal(services.break_plan, **again, **plan) == "overlap"


def test_breaks_go_where_their_shift_goes_and_end_with_it(cast, now):
    shift, plan = _with_break(cast, now), {"actor": cast.planner, "now": now}
    # The whole shift an hour later takes its break along; a longer one leaves it where it stands
    shift = services.shift_move(shift=shift, starts_at=now + 2 * HOUR, ends_at=now + 10 * HOUR, **plan)
    assert _breaks(cast, now) == [(5, 6)]
    shift = services.shift_move(shift=shift, starts_at=now + 2 * HOUR, ends_at=now + 11 * HOUR, **plan)
    assert _breaks(cast, now) == [(5, 6)]
    # Planned again with an earlier end: what lies outside is gone, and its time is free for another
    shift = services.shift_plan(person=cast.agent, starts_at=now + 2 * HOUR, ends_at=now + 5 * HOUR, **plan)
    assert _breaks(cast, now) == []
    services.break_plan(shift=shift, starts_at=now + 3 * HOUR, ends_at=now + 4 * HOUR, **plan)
    services.shift_cancel(shift=shift, **plan)
    assert _breaks(cast, now) == []
    assert Event.objects.filter(kind="away.moved").count() == 3


def test_a_shift_takes_its_break_never_into_an_absence_nor_back_from_the_past(cast, now):
    shift, plan = _with_break(cast, now), {"actor": cast.planner, "now": now}
    services.away_set(
        person=cast.agent, starts_at=now + 6 * HOUR, ends_at=now + 8 * HOUR, reason=AwayReason.MEETING, **plan
    )
    later = plan | {"now": now + 5 * HOUR}
    services.shift_cancel(shift=shift, **later)
    assert _breaks(cast, now) == [(4, 5)]  # it was taken
    shift = services.shift_plan(person=cast.agent, starts_at=now + HOUR, ends_at=now + 9 * HOUR, **plan)
    services.shift_move(shift=shift, starts_at=now + 3 * HOUR, ends_at=now + 11 * HOUR, **plan)
    assert _breaks(cast, now) == []


# who is on duty


def test_people_on_duty_are_told_with_shift_absence_and_capacity(cast, now, django_assert_num_queries):
    resting = cast.person(Role.AGENT, capacity=5)
    cast.join(cast.team, resting)
    cast.shift(cast.agent)
    cast.shift(cast.lead)
    services.away_set(
        person=cast.lead, starts_at=now, ends_at=None, reason=AwayReason.MEETING, actor=cast.lead, now=now
    )
    with django_assert_num_queries(1):
        found = {one.person: one for one in selectors.people_on_duty(Duty.RETURNS, now)}
    assert {person for person, one in found.items() if one.available} == {cast.agent}
    assert (found[cast.lead].away_reason, found[cast.lead].is_lead) == (AwayReason.MEETING, True)
    assert (found[resting].on_shift, found[resting].capacity) == (False, 5)


def test_closed_accounts_closed_teams_and_former_members_are_not_asked(cast, now):
    gone, former = cast.person(Role.AGENT, is_active=False), cast.person(Role.AGENT)
    cast.join(cast.team, gone)
    member = cast.join(cast.team, former)
    services.team_leave(member=member, actor=cast.operations, now=now - HOUR)
    cast.make_team("closed", duties=[Duty.RETURNS], members=[cast.person(Role.AGENT)])
    services.team_close(team=TeamMember.objects.latest("pk").team, actor=cast.operations, now=now - HOUR)
    assert {one.person for one in selectors.people_on_duty(Duty.RETURNS, now)} == {cast.agent, cast.lead}


def test_a_person_of_two_teams_is_asked_once(cast, now):
    cast.make_team("second", duties=[Duty.RETURNS], members=[cast.agent])
    assert cast.team
    assert [one.person for one in selectors.people_on_duty(Duty.RETURNS, now)].count(cast.agent) == 1


def test_the_lead_of_a_person_is_somebody_else(cast):
    assert cast.team
    assert selectors.lead_of(cast.agent.pk) == cast.lead
    assert selectors.lead_of(cast.lead.pk) is None
    assert selectors.team_ids_of(cast.lead) == [cast.team.pk]


def test_whose_shift_just_began(cast, now):
    cast.shift(cast.agent, hours_before=0)
    cast.shift(cast.lead, hours_before=1)
    assert selectors.just_started(now - timedelta(minutes=1), now) == [cast.agent.pk]


# the first account


def test_the_first_administrator_comes_from_the_command(db, monkeypatch):
    monkeypatch.setattr("sys.stdin", StringIO("a-long-password-here\n"))
    call_command("create_administrator", "root", "--stdin", stdout=StringIO())
    user = User.objects.get(username="root")
    assert (user.roles, user.check_password("a-long-password-here")) == (["administrator"], True)
    monkeypatch.setattr("sys.stdin", StringIO("short\n"))
    with pytest.raises(CommandError):
        call_command("create_administrator", "other", "--stdin", stdout=StringIO())
