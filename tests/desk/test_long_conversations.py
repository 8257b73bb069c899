"""A ticket with five hundred messages opens like one with two; older ones come when they are asked for."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from time import perf_counter
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aftersales.core.models import Event
from aftersales.desk import workbench
from aftersales.tickets import services
from aftersales.tickets.models import Message, Ticket
from tests.cast import Cast

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
MINUTE = timedelta(minutes=1)


def url(ticket: Ticket, rest: str = "") -> str:
    return f"/desk/tickets/{ticket.number}/{rest}"


@pytest.fixture
def chat(open_ticket: Opener, desk: Cast, now: datetime) -> Callable[[int], Ticket]:
    """A ticket with so many messages, two of each minute at the same moment, and the events of each."""

    def make(many: int) -> Ticket:
        ticket, begin = open_ticket(), now + MINUTE
        said = Message.objects.bulk_create(
            Message(
                ticket=ticket, author_kind="staff" if n % 2 else "customer", author=desk.agent if n % 2 else None,
                audience="customer", channel="web", text=f"消息 {n:03d}。", at=begin + n // 2 * MINUTE,
            )
            for n in range(many)
        )  # fmt: skip
        Event.objects.bulk_create(
            Event(
                kind="ticket.replied" if one.author else "ticket.customer_wrote", subject_kind="tickets.ticket",
                subject_id=ticket.pk, actor_name="周婷", source="web", payload={"message_id": one.pk}, at=one.at,
            )
            for one in said
        )  # fmt: skip
        return ticket

    return make


def texts(page: str) -> list[int]:
    return [int(found) for found in re.findall(r"<p>消息 (\d{3})。</p>", page)]


def test_the_page_shows_the_newest_at_the_same_price(chat: Any, desk: Cast) -> None:
    browser = desk.client(desk.lead)
    few, many = chat(2), chat(500)

    def statements(ticket: Ticket) -> int:
        browser.get(url(ticket))
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(url(ticket)).status_code == 200
        return len(
            [one for one in asked.captured_queries if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))]
        )

    assert statements(many) == statements(few) <= 18
    page = browser.get(url(many)).content.decode()
    assert texts(page) == list(range(450, 500))
    assert len(page) < 3.5 * len(browser.get(url(few)).content.decode())


@pytest.mark.bench
def test_the_page_with_five_hundred_takes_at_most_twice_the_time_with_two(chat: Any, desk: Cast) -> None:
    browser = desk.client(desk.lead)
    tickets = chat(2), chat(500)

    def seconds(ticket: Ticket) -> float:
        begin = perf_counter()
        browser.get(url(ticket))
        return perf_counter() - begin

    for ticket in tickets:
        seconds(ticket)
    few, many = (min(seconds(ticket) for _n in range(15)) for ticket in tickets)
    assert 0 < many <= 2 * few, f"{many * 1000:.0f} ms with 500 messages, {few * 1000:.0f} ms with 2"


def test_older_ones_come_page_by_page_without_a_gap_or_a_double(chat: Any, desk: Cast) -> None:
    browser, ticket = desk.client(desk.agent), chat(173)
    page = browser.get(url(ticket)).content.decode()
    seen, pages = texts(page), 1
    while found := re.search(r'hx-get="([^"]+)"[^>]*data-older', page):
        page = browser.get(unescape(found.group(1)), headers={"HX-Request": "true"}).content.decode()
        seen = texts(page) + seen
        pages += 1
    assert seen == list(range(173))
    assert pages == 4


def test_what_happened_is_told_with_the_messages_of_its_time(
    chat: Any, desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbench, "STREAM_MESSAGES", 10)
    browser, ticket = desk.client(desk.agent), chat(30)
    assert not told(browser.get(url(ticket)).content.decode(), "登记了问题")
    services.ticket_start(ticket=ticket, actor=desk.agent, now=now + timedelta(days=1))
    page = browser.get(url(ticket)).content.decode()
    assert told(page, "开始处理")
    places = []
    while found := re.search(r'hx-get="([^"]+)"[^>]*data-older', page):
        places.append(found.group(1))
        page = browser.get(unescape(found.group(1))).content.decode()
    assert len(places) == 3
    assert "登记了问题" in page  # the first page of the conversation has its beginning


def told(page: str, words: str) -> bool:
    """Whether the stream of the page says it."""
    return words in page.partition('<ol class="stream">')[2].partition("</ol>")[0]


def test_the_chain_of_hands_is_whole_however_much_was_said(chat: Any, desk: Cast, now: datetime) -> None:
    ticket = chat(400)
    desk.join(desk.team, desk.supervisor)
    services.ticket_assign(
        ticket=Ticket.objects.get(pk=ticket.pk), to=desk.supervisor, actor=desk.lead, reason="换人",
        now=now + timedelta(days=1),
    )  # fmt: skip
    bench = workbench.read(Ticket.objects.get(pk=ticket.pk), desk.lead, now + timedelta(days=1))
    assert bench.chain == [desk.agent.display_name, desk.supervisor.display_name]
    assert bench.cut


@pytest.mark.parametrize(
    "before",
    ["", "x", "2026-11-23~1", "2026-11-23T10:00:00+00:00~", "2026-11-23T10:00:00+00:00~x", "~", "9" * 400],
)
def test_a_place_that_is_none_is_not_found(open_ticket: Opener, desk: Cast, before: str) -> None:
    assert desk.client(desk.agent).get(url(open_ticket(), "older/"), {"before": before}).status_code == 404


def test_older_messages_of_a_ticket_one_may_not_see_are_not_there(
    chat: Any, desk: Cast, now: datetime
) -> None:
    place = {"before": f"{now.isoformat()}~1"}
    assert desk.client(desk.vendor_agent).get(url(chat(3), "older/"), place).status_code == 404
