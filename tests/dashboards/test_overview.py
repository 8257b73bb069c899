"""The dashboard's figures are the tickets one may see, counted; each opens exactly those."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db.models import F
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from aftersales.clocks import services as clocks
from aftersales.clocks.models import Clock
from aftersales.core.components import Share, share_bars
from aftersales.core.components.charts import nice_ticks
from aftersales.customers.models import Contact, Customer
from aftersales.dashboards.selectors import overview as selectors
from aftersales.dashboards.selectors.overview import Scope
from aftersales.dashboards.views.overview import figures
from aftersales.desk import queues
from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from tests.cast import Cast

Opener = Callable[..., Ticket]
HOUR = timedelta(hours=1)


@pytest.fixture
def busy(open_ticket: Opener, customer: Customer, desk: Cast, now: datetime) -> list[Ticket]:
    """Four tickets: answered in time, answered late, resolved, and one that nobody answered."""
    Contact.objects.create(customer=customer, kind="email", value="linfang@example.com")
    old = now - timedelta(days=3)
    tickets = [open_ticket(at=old), open_ticket(at=old), open_ticket(at=now - HOUR), open_ticket(at=old)]
    for ticket, later in ((tickets[0], 1), (tickets[1], 30)):
        if ticket.assignee is None:
            ticket = services.ticket_take(ticket=ticket, actor=desk.agent, now=old)
        services.ticket_reply(ticket=ticket, text="您好。", actor=desk.agent, now=old + later * HOUR)
    services.ticket_resolve(ticket=tickets[2], result="explained", text="好了。", actor=desk.agent, now=now)
    clocks.sweep(now)
    return tickets


@pytest.fixture
def overdue(open_ticket: Opener, desk: Cast, now: datetime) -> Ticket:
    """A resolved ticket whose confirmation is overdue; its agent has it still."""
    ticket = open_ticket(at=now - HOUR)
    if ticket.assignee is None:
        ticket = services.ticket_take(ticket=ticket, actor=desk.agent, now=now)
    ticket = services.ticket_resolve(
        ticket=ticket, result="explained", text="好了。", actor=desk.agent, now=now
    )
    Ticket.objects.filter(pk=ticket.pk).update(next_due_at=now - HOUR, team=None)
    return ticket


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


def test_every_link_of_the_page_opens_exactly_what_its_figure_counts(
    busy: list[Ticket], overdue: Ticket, desk: Cast, now: datetime
) -> None:
    resolved = Ticket.objects.get(pk=busy[2].pk)
    services.ticket_verify(ticket=resolved, how="phone", reason="好了", actor=resolved.assignee, now=now)
    with time_machine.travel(now, tick=False):
        page = desk.client(desk.lead).get("/overview/?days=14").content.decode()
    links = list(_links(page))

    assert {"breached", "due", "all"} <= {queues.asked(QueryDict(query)).queue for query, _text in links}
    for part in ("closed=", "opened=", "closed_from=", "age=", "no_team=1", "view=breached&assignee="):
        assert any(part in query for query, _text in links), part
    counted = [
        (query, int(text.replace(",", ""))) for query, text in links if text.replace(",", "").isdigit()
    ]
    assert len(counted) > 20
    assert [(query, _rows(desk.lead, f"?{query}", now)) for query, _number in counted] == counted


def test_a_share_opens_the_tickets_it_leaves_out_one_row_each(
    busy: list[Ticket], desk: Cast, now: datetime
) -> None:
    """Also those kept late though no sweep noticed the breach, and a ticket that missed twice counts once."""
    late = Clock.objects.filter(promise="first_response", met_at__isnull=False)
    answered = late.update(met_at=now, due_at=F("counted_from"), breached_at=None)
    twice = late.get(subject_id=busy[0].pk)
    twice.pk, twice.round = None, 9
    twice.save(force_insert=True)

    board = selectors.board(Scope(desk.lead, now))

    first = board.kept[0]
    assert first.missed == first.total >= answered >= 2
    for one in board.kept:
        query = f"view=all&missed={one.promise}&since={board.scope.first_day}"
        assert _rows(desk.lead, f"?{query}", now) == one.missed


def test_the_sets_of_the_page_agree(busy: list[Ticket], overdue: Ticket, desk: Cast, now: datetime) -> None:
    """States add up to open and resolved; late ones add up per team and per person as on top, resolved ones too."""
    standing = selectors.board(Scope(desk.lead, now)).now
    people = selectors.board(Scope(desk.lead, now)).people
    nobodys = queues.tickets(desk.lead, queues.Asked("breached"), now).filter(assignee=None).count()

    assert sum(standing.by_state.values()) == standing.open + standing.resolved
    assert sum(numbers["late"] for numbers in standing.by_team.values()) == standing.breached
    assert sum(one.breached for one in people) + nobodys == standing.breached
    assert overdue.state == "resolved"


def test_a_share_without_a_target_is_neither_good_nor_bad() -> None:
    assert 'class="nt"' in str(share_bars([Share("archive", 0.5)]))
    assert 'class="ok"' in str(share_bars([Share("first", 0.95, target=0.9)]))


@pytest.mark.parametrize(
    ("value", "top"), [(0, 4), (4, 4), (19, 20), (21, 25), (40, 40), (41, 50), (130, 150)]
)
def test_an_axis_ends_at_the_next_round_number(value: int, top: int) -> None:
    ticks = nice_ticks(value)
    assert ticks[-1] == top
    assert len(ticks) <= 6


def _links(page: str) -> Iterator[tuple[str, str]]:
    """Query and number of each link into the queue: the text of a link, a figure's value, what a bar's title says."""
    links = r'<a[^>]*href="{}\?([^"]*)"[^>]*>(.*?)</a>'.format(reverse("desk:queue"))
    for href, inner in re.findall(links, page, re.S):
        yield unescape(href), _number(inner)


def _number(inner: str) -> str:
    for pattern in (r'class="f-v[^"]*">([\d,]+)<small>[^<]', r"<b[^>]*>([\d,]+)</b>"):
        if found := re.search(pattern, inner):
            return found[1]
    if title := re.search(r"<title>[^<]*: (\d+)(?: / \d+)?</title>", inner):
        return title[1]
    if missed := re.search(r"(?<!\d)(\d+) of \d+ missed|\d+ 个中 (\d+) 个", inner):
        return missed[1] or missed[2]
    return re.sub(r"<[^>]*>", "", inner).strip()


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
