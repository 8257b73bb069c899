"""The dashboard's figures are the tickets one may see, counted; each opens exactly those."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.http import QueryDict
from django.test import Client

from aftersales.clocks import services as clocks
from aftersales.dashboards import selectors
from aftersales.dashboards.selectors import Scope
from aftersales.dashboards.views import figures
from aftersales.desk import queues
from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from tests.cast import Cast

Opener = Callable[..., Ticket]
HOUR = timedelta(hours=1)


@pytest.fixture
def busy(open_ticket: Opener, desk: Cast, now: datetime) -> list[Ticket]:
    """Four tickets: answered in time, answered late, resolved, and one that nobody answered."""
    old = now - timedelta(days=3)
    tickets = [open_ticket(at=old), open_ticket(at=old), open_ticket(at=now - HOUR), open_ticket(at=old)]
    for ticket, later in ((tickets[0], 1), (tickets[1], 30)):
        if ticket.assignee is None:
            ticket = services.ticket_take(ticket=ticket, actor=desk.agent, now=old)
        services.ticket_reply(ticket=ticket, text="您好。", actor=desk.agent, now=old + later * HOUR)
    services.ticket_resolve(ticket=tickets[2], result="explained", text="好了。", actor=desk.agent, now=now)
    clocks.sweep(now)
    return tickets


def test_the_figures_count_what_the_queues_show(busy: list[Ticket], desk: Cast, now: datetime) -> None:
    board = selectors.board(Scope(desk.lead, now))

    for name, number in (("breached", board.now.breached), ("due", board.now.due_soon)):
        assert queues.tickets(desk.lead, queues.Asked(name), now).count() == number
    assert board.now.open == 3
    assert board.now.breached >= 2
    assert sum(board.now.ages.values()) == board.now.open
    assert sum(numbers["open"] for numbers in board.now.by_team.values()) == board.now.open
    assert board.now.by_state["resolved"] == 1


def test_every_figure_opens_exactly_its_tickets(busy: list[Ticket], desk: Cast, now: datetime) -> None:
    board = selectors.board(Scope(desk.lead, now))
    shown = figures(board)
    opened = [_rows(desk.lead, figure.url, now) for figure in shown]

    assert opened[0] == board.now.open
    assert opened[3] == board.first_response.count
    assert opened[1] == board.now.breached
    assert opened[2] == board.now.due_soon
    missed = next(one for one in board.kept if one.promise == "first_response")
    assert _rows(desk.lead, shown[5].url, now) == missed.total - missed.kept == 2


def test_people_and_teams_open_the_tickets_they_count(busy: list[Ticket], desk: Cast, now: datetime) -> None:
    shown = desk.client(desk.lead).get("/overview/").context
    lines = [(row["url"], row["open"]) for row in shown["team_rows"]]
    lines += [(one["url"], one["person"].open) for one in shown["people"]]
    assert lines
    assert [_rows(desk.lead, url, now) for url, _count in lines] == [count for _url, count in lines]


def _rows(user: Any, url: str, now: datetime) -> int:
    return queues.tickets(user, queues.asked(QueryDict(url.partition("?")[2])), now).count()


def test_median_and_share_come_from_the_tickets_of_the_range(
    busy: list[Ticket], desk: Cast, now: datetime
) -> None:
    board = selectors.board(Scope(desk.lead, now, days=7))
    assert (board.first_response.median, board.first_response.count) == (HOUR, 3)
    assert sum(board.opened.values()) == 4
    assert len(board.opened) == 7
    assert selectors.board(Scope(desk.lead, now + timedelta(days=30), days=7)).first_response.count == 0


def test_nobody_sees_figures_about_tickets_he_may_not_see(
    busy: list[Ticket], desk: Cast, now: datetime
) -> None:
    stranger = desk.person("vendor_agent")
    board = selectors.board(Scope(stranger, now))
    assert (board.now.open, board.now.breached, sum(board.opened.values())) == (0, 0, 0)
    assert not any(one.total for one in board.kept)
    assert board.people == []


@pytest.mark.parametrize("query", ["", "?days=60", "?days=0&team=999999999999999999999", "?team=%00&days=x"])
def test_the_page_answers_with_few_statements_whatever_is_asked(
    busy: list[Ticket], desk: Cast, now: datetime, query: str, django_assert_max_num_queries: Any
) -> None:
    client: Client = desk.client("lead")
    with time_machine.travel(now, tick=False), django_assert_max_num_queries(19):
        assert client.get(f"/overview/{query}").status_code == 200


def test_an_empty_department_has_a_page_too(desk: Cast, now: datetime) -> None:
    page = desk.client("lead").get("/overview/").content.decode()
    assert "Traceback" not in page
    assert desk.client("merchant_owner").get("/overview/").status_code == 404


def test_people_of_a_vendor_read_the_names_of_their_own_teams_only(desk: Cast, now: datetime) -> None:
    desk.make_team("inside")
    outside = desk.make_team("outside", members=[desk.vendor_agent], vendor="某服务商")
    board = selectors.board(Scope(user=desk.vendor_agent, now=now))
    assert set(board.teams) == {outside.pk}
