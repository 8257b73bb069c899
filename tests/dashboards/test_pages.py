"""Team today, the wall and the pages of persons: the same truth as the queues, in few statements."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aftersales.core.once import new_key
from aftersales.customers.models import Contact, Customer
from aftersales.dashboards import ranges
from aftersales.dashboards.selectors import overview, person, wall
from aftersales.dashboards.selectors.overview import Scope
from aftersales.desk import queues
from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from tests.cast import Cast

Opener = Callable[..., Ticket]
HOUR = timedelta(hours=1)


def assign() -> dict[str, str]:
    """The act that the form of the page names, and its key."""
    return {"what": "action:assign", "back": "1", "form_key": new_key()}


@pytest.fixture
def three(open_ticket: Opener, customer: Customer, desk: Cast, now: Any) -> list[Ticket]:
    """Late, due today and far away, all with the agent."""
    Contact.objects.create(customer=customer, kind="email", value="linfang@example.com")
    found = []
    for due in (-HOUR, HOUR, timedelta(days=3)):
        ticket = open_ticket(at=now - 5 * HOUR)
        if ticket.assignee_id != desk.agent.pk:
            ticket = services.ticket_assign(ticket=ticket, to=desk.agent, actor=desk.lead, now=now - 5 * HOUR)
        Ticket.objects.filter(pk=ticket.pk).update(next_due_at=now + due)
        found.append(Ticket.objects.get(pk=ticket.pk))
    return found


def test_team_today_shows_late_and_due_before_midnight(three: list[Ticket], desk: Cast, now: Any) -> None:
    due = wall.due_today(Scope(desk.lead, now, 1))

    assert [ticket.pk for ticket in due] == [three[0].pk, three[1].pk]
    agent = next(one for one in wall.people(Scope(desk.lead, now, 1)) if one.person == desk.agent)
    assert (agent.open, agent.late, agent.today) == (3, 1, 1)


def test_the_lead_reassigns_there_and_comes_back(three: list[Ticket], desk: Cast, now: Any) -> None:
    with time_machine.travel(now, tick=False):
        client = desk.client(desk.lead)
        page = client.get("/overview/today/").content.decode()
        posted = client.post(
            "/desk/acts/run/",
            {"ids": [three[0].pk], "to": desk.lead.pk, "next": "/overview/today/", **assign()},
        )

    assert three[0].number in page
    assert three[2].number not in page
    assert posted.headers["Location"] == "/overview/today/"
    assert Ticket.objects.get(pk=three[0].pk).assignee == desk.lead


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_the_way_back_stays_in_the_house(three: list[Ticket], desk: Cast, now: Any, address: str) -> None:
    with time_machine.travel(now, tick=False):
        posted = desk.client(desk.lead).post(
            "/desk/acts/run/", {"ids": [three[0].pk], "to": desk.lead.pk, "next": address, **assign()}
        )

    assert posted.headers["Location"].startswith("/desk/tickets/")


def test_the_wall_says_what_the_queues_say(three: list[Ticket], desk: Cast, now: Any) -> None:
    found = wall.wall(Scope(desk.lead, now, 1))

    assert found.now.breached == queues.tickets(desk.lead, queues.Asked("breached"), now).count()
    with time_machine.travel(now, tick=False):
        part = desk.client(desk.lead).get("/overview/wall/", headers={"HX-Request": "true"}).content.decode()
    assert three[0].number in part
    assert "<html" not in part


@pytest.mark.parametrize("page", ["today/", "wall/", "me/", "integrity/"])
def test_a_page_takes_the_same_statements_with_one_ticket_and_with_many(
    three: list[Ticket], open_ticket: Opener, desk: Cast, now: Any, page: str
) -> None:
    def statements() -> int:
        with (
            time_machine.travel(now, tick=False),
            CaptureQueriesContext(connection) as seen,
        ):
            assert desk.client(desk.lead).get(f"/overview/{page}").status_code == 200
        return len(seen)

    def more(number: int) -> None:
        for _n in range(number):
            ticket = services.ticket_assign(
                ticket=open_ticket(at=now - HOUR), to=desk.lead, actor=desk.lead, now=now
            )
            services.ticket_cancel(ticket=ticket, why="mistake", reason="重复", actor=desk.lead, now=now)

    more(1)
    statements()
    few = statements()
    more(8)
    assert statements() == few


def test_a_share_of_few_cases_is_not_shown(three: list[Ticket], desk: Cast, now: Any) -> None:
    services.ticket_reply(ticket=three[0], text="您好，我来处理。", actor=desk.agent, now=now)
    with time_machine.travel(now, tick=False):
        page = desk.client(desk.agent).get("/overview/me/").content.decode()
        own = person.own(Scope(desk.agent, now, 7), desk.agent)

    assert own.kept[0].total == 1 < own.floor
    assert "100" not in page.split("首次响应")[-1].split("</tr>")[0]


def test_a_breach_is_laid_to_who_held_it_when_time_ran_out(three: list[Ticket], desk: Cast, now: Any) -> None:
    from aftersales.clocks import services as clocks
    from aftersales.clocks.models import Clock

    clock = Clock.objects.get(subject_id=three[0].pk, promise="first_response")
    clocks.sweep(clock.due_at + HOUR)
    after = clock.due_at + 2 * HOUR
    services.ticket_assign(
        ticket=Ticket.objects.get(pk=three[0].pk), to=desk.lead, actor=desk.lead, now=after
    )

    broken = {one.promise: one.missed for one in person.kept_by(Scope(desk.agent, after, 30), desk.agent)}
    inherited = {one.promise: one.missed for one in person.kept_by(Scope(desk.lead, after, 30), desk.lead)}

    assert broken["first_response"] >= 1
    assert inherited.get("first_response", 0) == 0


def test_resolved_is_one_figure_on_both_pages_and_every_figure_of_a_person_opens_its_tickets(
    three: list[Ticket], desk: Cast, now: Any
) -> None:
    """A ticket resolved on two days is one ticket; both pages count it once and say how often."""
    ticket = three[0]
    for days in (3, 2):
        at = now - timedelta(days=days)
        services.ticket_resolve(
            ticket=Ticket.objects.get(pk=ticket.pk),
            result="explained",
            text="已说明",
            actor=desk.agent,
            now=at,
        )
        services.ticket_move(
            ticket=Ticket.objects.get(pk=ticket.pk),
            name="reopen",
            reason="又来了",
            actor=desk.lead,
            now=at + HOUR,
        )
    services.ticket_reply(ticket=Ticket.objects.get(pk=ticket.pk), text="好", actor=desk.agent, now=now)
    with time_machine.travel(now, tick=False):
        browser = desk.client(desk.lead)
        page = browser.get(f"/overview/people/{desk.agent.pk}/?days=7")
        integrity = browser.get("/overview/integrity/?days=7")
        of_agent = next(row for row in integrity.context["people"] if row["user"] == desk.agent)
        assert page.context["own"].handled == of_agent["resolved"] == 1
        assert sum(page.context["own"].resolved.values()) == 2
        links = set(re.findall(r'href="(/(?:overview|desk)/[^"]*)"', page.content.decode()))
        resolved = f"/overview/people/{desk.agent.pk}/resolved/?days=7"
        assert resolved in links
        rows = browser.get(resolved).context["traces"]
        assert [row.ticket.pk for row in rows] == [ticket.pk] * 2
        assert any("/integrity/empty_reply/" in link and f"person={desk.agent.pk}" in link for link in links)
        for link in (one for one in links if "/people/" in one or "assignee=" in one or "person=" in one):
            assert browser.get(link.replace("&amp;", "&")).status_code == 200, link
        hours = [link.replace("&amp;", "&") for link in links if "/acts/" in link]
        assert [len(browser.get(link).context["traces"]) for link in hours] == [1]
        own = desk.client(desk.agent).get("/overview/me/?days=7").content.decode()
        assert f"/overview/people/{desk.agent.pk}/empty_reply/" in own
        assert (
            desk.client(desk.agent).get(f"/overview/people/{desk.agent.pk}/empty_reply/").status_code == 200
        )
        assert desk.client(desk.agent).get(f"/overview/people/{desk.lead.pk}/resolved/").status_code == 404
        assert browser.get(f"/overview/people/{desk.agent.pk}/nothing/").status_code == 404


def test_colleagues_do_not_see_each_other_and_leads_see_theirs(desk: Cast, now: Any) -> None:
    with time_machine.travel(now, tick=False):
        assert desk.client(desk.agent).get(f"/overview/people/{desk.lead.pk}/").status_code == 404
        assert desk.client(desk.agent).get(f"/overview/people/{desk.agent.pk}/").status_code == 200


def asked(desk: Cast, now: Any, query: str) -> ranges.Asked:
    from django.test import RequestFactory

    request = RequestFactory().get(f"/overview/?{query}")
    request.user = desk.lead
    return ranges.asked(request, now)


def test_any_two_days_are_a_range_and_nonsense_is_said(desk: Cast, now: Any) -> None:
    good = asked(desk, now, "from=2026-01-05&to=2026-01-11")
    swapped = asked(desk, now, "from=2026-01-11&to=2026-01-05")
    endless = asked(desk, now, "from=2001-01-01&to=2026-01-05")

    assert (good.scope.first_day, good.scope.last_day, good.scope.days) == (
        date(2026, 1, 5),
        date(2026, 1, 11),
        7,
    )
    assert not good.problem
    assert "" not in (swapped.problem, endless.problem)
    assert swapped.scope.days == endless.scope.days == 14
    assert asked(desk, now, "from=x&to=%00&days=9&team=0&compare=never").scope.days == 14


def test_the_range_compared_with_has_the_same_length(desk: Cast, now: Any) -> None:
    week = asked(desk, now, "from=2026-01-05&to=2026-01-11").scope

    assert (week.before("previous").first_day, week.before("previous").last_day) == (
        date(2025, 12, 29),
        date(2026, 1, 4),
    )
    assert week.before("year").first_day.weekday() == week.first_day.weekday()
    assert Scope(desk.lead, now, 10).before("week").last_day == Scope(
        desk.lead, now, 10
    ).last_day - timedelta(days=14)


def test_a_range_of_the_past_does_not_count_today(three: list[Ticket], desk: Cast, now: Any) -> None:
    today = Scope(desk.lead, now, 1)
    yesterday = today.before("previous")

    assert sum(overview.per_day(today, "opened_at").values()) == 3
    assert sum(overview.per_day(yesterday, "opened_at").values()) == 0


def test_the_figures_of_a_range_are_shared_for_a_moment_and_what_stands_now_never(
    three: list[Ticket], open_ticket: Opener, desk: Cast, now: Any, settings: Any
) -> None:
    settings.FIGURES_SECONDS = 60
    scope = Scope(desk.lead, now, 7)
    first = overview.board(scope)
    open_ticket(at=now)

    with CaptureQueriesContext(connection) as seen:
        second = overview.board(scope)

    assert sum(second.opened.values()) == sum(first.opened.values()) == 3
    assert second.now.open == first.now.open + 1
    assert not any("percentile" in query["sql"] for query in seen.captured_queries)


def test_whoever_sees_less_never_gets_the_figures_of_who_sees_more(
    three: list[Ticket], desk: Cast, now: Any, settings: Any
) -> None:
    settings.FIGURES_SECONDS = 60
    stranger = desk.person("agent")
    everything = sum(overview.board(Scope(desk.lead, now, 7)).opened.values())

    assert everything == 3
    assert sum(overview.board(Scope(stranger, now, 7)).opened.values()) == 0
