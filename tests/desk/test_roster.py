"""The roster page: people and hours against the forecast, what is planned from it, and what bad addresses do."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import services
from accounts.models import Away, Shift, Team
from accounts.states import AwayReason, Role
from aftersales.core.errors import DomainError
from aftersales.desk import roster
from aftersales.tickets.models import Ticket
from tests.cast import Cast

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = date(2026, 11, 23)
URL = "desk:roster"


@pytest.fixture(autouse=True)
def _forget_the_weeks_behind(db: None) -> None:
    cache.clear()


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(MONDAY + timedelta(days=day), time(hour, minute), SHANGHAI)


def board(desk: Cast, now: datetime, **asked: Any) -> roster.Board:
    data = QueryDict(mutable=True)
    data.update({"team": str(desk.team.pk), "week": "2026-W48"} | asked)
    return roster.read(desk.lead, roster.asked(desk.lead, data, now, SHANGHAI), now)


def calls(desk: Cast, opener: Any, number: int, *, hour: int, weeks: int = 3) -> None:
    """So many calls at this hour of the Fridays before."""
    made = [opener(channel="phone", customer_id=None) for _n in range(number * weeks)]
    for place, ticket in enumerate(made):
        Ticket.objects.filter(pk=ticket.pk).update(opened_at=at(4, hour) - timedelta(weeks=1 + place % weeks))
    cache.clear()


def test_a_hole_is_said_in_words(open_ticket: Any, desk: Cast, now: datetime) -> None:
    """Fridays at noon bring twelve calls of six minutes: that needs three people, and nobody is planned."""
    calls(desk, open_ticket, 12, hour=12)
    Shift.objects.update(cancelled_at=now)

    found = board(desk, now)

    assert any("12–13" in hole for hole in found.holes)
    cell = next(one for one in found.days[4].cells if one.hour == 12)
    assert (cell.needed, cell.planned, cell.tone, cell.sign) == (3, "0", "bad", "−3")
    assert "3" in cell.words
    services.shift_plan(person=desk.agent, starts_at=at(4, 9), ends_at=at(4, 18), actor=desk.lead, now=now)
    less = next(one for one in board(desk, now).days[4].cells if one.hour == 12)
    assert (less.planned, less.sign) == ("1", "−2")


def test_what_if_numbers_change_the_need_and_nothing_else(
    open_ticket: Any, desk: Cast, now: datetime
) -> None:
    calls(desk, open_ticket, 12, hour=12)

    def needed(**asked: Any) -> int:
        return next(one.needed for one in board(desk, now, **asked).days[4].cells if one.hour == 12)

    assert needed(more="200") > needed() > needed(phone="1")
    assert needed() == 3


def test_a_person_on_a_break_or_away_is_not_there(open_ticket: Any, desk: Cast, now: datetime) -> None:
    shift = services.shift_plan(
        person=desk.agent, starts_at=at(4, 9), ends_at=at(4, 18), actor=desk.lead, now=now
    )
    services.break_plan(shift=shift, starts_at=at(4, 12), ends_at=at(4, 12, 30), actor=desk.lead, now=now)

    cells = {one.hour: one.planned for one in board(desk, now).days[4].cells}

    assert (cells[11], cells[12], cells[13]) == ("1", "0.5", "1")
    with pytest.raises(DomainError):
        services.break_plan(
            shift=shift, starts_at=at(4, 17, 30), ends_at=at(4, 18, 30), actor=desk.lead, now=now
        )


def test_last_week_is_copied_with_its_breaks_and_never_over_something_else(desk: Cast, now: datetime) -> None:
    Shift.objects.update(cancelled_at=now)
    before = now - timedelta(days=9)
    other = desk.person(Role.AGENT, name="请假的人")
    desk.join(desk.team, other)
    for day in range(5):
        for person in (desk.agent, other):
            shift = services.shift_plan(
                person=person, starts_at=at(day - 7, 13), ends_at=at(day - 7, 21), actor=desk.lead, now=before
            )
        services.break_plan(
            shift=shift, starts_at=at(day - 7, 17), ends_at=at(day - 7, 18), actor=desk.lead, now=before
        )
    services.shift_plan(person=desk.agent, starts_at=at(1, 8), ends_at=at(1, 16), actor=desk.lead, now=now)
    Away(person=other, starts_at=at(2, 0), ends_at=at(4, 0), reason=AwayReason.LEAVE).save()
    asked = {
        "team_id": desk.team.pk,
        "start": at(0, 0),
        "days": 7,
        "zone": SHANGHAI,
        "actor": desk.lead,
        "now": now,
    }

    first, again = services.roster_copy(**asked), services.roster_copy(**asked)

    assert first == (7, 3)  # one in the way, two on leave
    assert again == (0, 10)
    monday = Shift.objects.get(person=other, starts_at=at(0, 13))
    assert monday.ends_at == at(0, 21)
    assert Away.objects.filter(person=other, reason="break", starts_at=at(0, 17)).count() == 1


def test_the_page_plans_moves_and_cancels_by_the_services(desk: Cast, at_now: Any) -> None:
    lead = desk.client(Role.LEAD)

    def do(name: str, **data: Any) -> Any:
        return lead.post(
            reverse("desk:roster_act", args=[name]), {"team": desk.team.pk, "week": "2026-W48"} | data
        )

    do("plan", person=desk.agent.pk, day="2026-11-27", **{"from": "22:00", "until": "06:00"})
    shift = Shift.objects.get(starts_at=at(4, 22))
    assert shift.ends_at == at(5, 6)
    do("move", shift=shift.pk, version=shift.version, day="2026-11-27", **{"from": "09:00", "until": "18:00"})
    shift.refresh_from_db()
    assert (shift.starts_at, shift.ends_at) == (at(4, 9), at(4, 18))
    do("move", shift=shift.pk, version=1, day="2026-11-27", **{"from": "10:00", "until": "18:00"})
    shift.refresh_from_db()
    assert shift.starts_at == at(4, 9)  # somebody else had moved it meanwhile
    do("break", shift=shift.pk, day="2026-11-27", **{"from": "12:00", "until": "13:00"})
    pause = Away.objects.get(reason="break")
    do("break-end", away=pause.pk)
    pause.refresh_from_db()
    assert pause.ends_at == pause.starts_at
    do("cancel", shift=shift.pk, reason="人手够了")
    assert not Shift.objects.planned().filter(pk=shift.pk).exists()


@pytest.mark.parametrize(
    "query",
    [
        "week=x", "week=2026-W99", "week=99999-W01", "week=0001-W01", "week=%00", "team=abc", "team=999999999999999999",
        "more=-5", "more=999999999", "chat=0", "phone=x", "edit=abc", "edit=1&plan=1&day=x", "day=2026-02-31&plan=1",
        "week=²026-W01",
    ],
)  # fmt: skip
def test_an_address_that_makes_no_sense_shows_the_page(desk: Cast, at_now: Any, query: str) -> None:
    assert desk.client(Role.LEAD).get(f"{reverse(URL)}?{query}").status_code == 200


@pytest.mark.parametrize("name", ["plan", "move", "cancel", "break", "break-end", "copy", "nothing"])
def test_a_form_without_its_data_changes_nothing(desk: Cast, at_now: Any, name: str) -> None:
    before = Shift.objects.count(), Away.objects.count()
    answer = desk.client(Role.LEAD).post(
        reverse("desk:roster_act", args=[name]), {"day": "x", "person": "-1"}
    )
    assert answer.status_code == (404 if name == "nothing" else 302)
    assert (Shift.objects.count(), Away.objects.count()) == before


def test_a_vendors_lead_sees_and_plans_only_his_own_people(desk: Cast, at_now: Any) -> None:
    theirs = desk.make_team(
        "V", lead=desk.vendor_lead, members=[desk.vendor_lead, desk.vendor_agent], vendor="云桥"
    )
    client = desk.client(Role.VENDOR_LEAD)
    page = client.get(reverse(URL), {"team": desk.team.pk}).content.decode()
    assert theirs.name_zh in page
    assert desk.agent.display_name not in page
    data = {"person": desk.agent.pk, "day": "2026-11-27", "from": "09:00", "until": "18:00"}
    client.post(reverse("desk:roster_act", args=["plan"]), data)
    assert not Shift.objects.filter(person=desk.agent, starts_at=at(4, 9)).exists()


def test_the_page_asks_as_little_for_twenty_people_as_for_two(desk: Cast, at_now: Any) -> None:
    client = desk.client(Role.LEAD)

    def asked() -> int:
        with CaptureQueriesContext(connection) as found:
            client.get(reverse(URL))
        return len(found)

    asked()
    few = asked()
    for _n in range(18):
        person = desk.person(Role.AGENT)
        desk.join(desk.team, person)
        desk.shift(person)
    assert asked() == few


def test_a_team_with_few_days_behind_it_gets_their_average_and_is_told(
    open_ticket: Any, desk: Cast, now: datetime
) -> None:
    """Five days with two calls at ten each: every day is expected to bring two, also those that never were."""
    for day in range(5):
        for _n in range(2):
            Ticket.objects.filter(pk=open_ticket(channel="phone", customer_id=None).pk).update(
                opened_at=at(day - 7, 10)
            )
    cache.clear()

    found = board(desk, at(-2, 9))

    assert found.thin
    assert "5" in found.basis
    assert "14" in found.basis
    assert {day.came[1] for day in found.days} == {"2"}


def test_a_team_without_a_ticket_gets_an_even_part_of_all_teams(
    open_ticket: Any, desk: Cast, now: datetime
) -> None:
    other = desk.make_team("other")
    for day in range(4):
        ticket = open_ticket(channel="phone", customer_id=None)
        Ticket.objects.filter(pk=ticket.pk).update(opened_at=at(day - 7, 10), team=other)
    Ticket.objects.exclude(team=other).update(historic=True)
    cache.clear()
    teams = Team.objects.active().count()

    found = board(desk, at(-3, 9))

    assert found.thin
    assert "4" in found.basis
    assert {float(day.came[1]) for day in found.days} == {round(1 / teams, 1)}


def test_where_nothing_is_known_the_page_says_what_a_forecast_needs(desk: Cast, now: datetime) -> None:
    Ticket.objects.update(historic=True)

    found = board(desk, now)

    assert found.thin
    assert "14" in found.basis
    assert {tuple(day.came) for day in found.days} == {("0", "0", "0")}
