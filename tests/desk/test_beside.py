"""Beside the conversation: who is here, what else is open, what the customer asked for before."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aftersales.customers.models import Customer
from aftersales.desk import presence
from aftersales.tickets import services
from aftersales.tickets.models import Ticket, Watcher
from tests.cast import Cast
from tests.records import merchant, order

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now", "own_memory")]
HTMX = {"HX-Request": "true", "X-Background": "1"}


@pytest.fixture
def own_memory(monkeypatch: pytest.MonkeyPatch) -> presence.Own:
    """This process's memory only, empty."""
    memory = presence.Own()
    monkeypatch.setattr(presence, "OWN", memory)
    monkeypatch.setattr(presence, "_shared", lambda: None)
    return memory


def url(ticket: Ticket, rest: str = "") -> str:
    return f"/desk/tickets/{ticket.number}/{rest}"


def beat(browser: Any, ticket: Ticket) -> str:
    page = browser.get(url(ticket)).content.decode()
    found = re.search(r'data-here="([^"]+)"', page)
    assert found
    return found.group(1).replace("&amp;", "&")


def test_two_people_on_one_ticket_see_each_other_and_who_writes(
    open_ticket: Opener, desk: Cast, own_memory: presence.Own
) -> None:
    ticket = open_ticket()
    mine, theirs = desk.client(desk.agent), desk.client(desk.lead)
    here, there = beat(mine, ticket), beat(theirs, ticket)
    assert mine.get(here).content.decode().strip() == ""
    assert desk.agent.display_name in theirs.get(there + "&typing").content.decode()
    seen = mine.get(here).content.decode()
    assert 'class="pr ty"' in seen
    assert desk.lead.display_name in seen
    mine.get(here + "&leave")
    assert desk.agent.display_name not in theirs.get(there).content.decode()


def test_a_beat_costs_no_statement_but_those_of_the_session(open_ticket: Opener, desk: Cast) -> None:
    browser = desk.client(desk.agent)
    here = beat(browser, open_ticket())
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(here, headers=HTMX).status_code == 200
    sql = [query["sql"] for query in asked.captured_queries]
    assert len(sql) <= 2, sql
    assert all(one.startswith("SELECT") for one in sql), sql


def test_who_is_gone_is_forgotten_in_seconds() -> None:
    presence.beat(7, 1, "甲", typing=True, now=1000.0)
    assert [one.typing for one in presence.beat(7, 2, "乙", typing=False, now=1005.0)] == [True]
    assert [one.typing for one in presence.beat(7, 2, "乙", typing=False, now=1010.0)] == [False]
    assert presence.beat(7, 2, "乙", typing=False, now=1000.0 + presence.HERE) == []


@pytest.mark.parametrize("mark", ["", "x", "W10:1:x", "a" * 5000])
def test_a_forged_mark_tells_nothing(desk: Cast, mark: str) -> None:
    presence.beat(7, 1, "甲", typing=True, now=1000.0)
    answer = desk.client(desk.agent).get("/desk/here/", {"mark": mark})
    assert (answer.status_code, answer.content) == (204, b"")


def test_a_mark_is_its_owners_only(open_ticket: Opener, desk: Cast) -> None:
    here = beat(desk.client(desk.agent), open_ticket())
    assert desk.client(desk.lead).get(here).status_code == 204


def test_a_memory_that_does_not_answer_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    class Dead:
        def put(self, *_facts: Any) -> Any:
            raise OSError("gone")

    monkeypatch.setattr(presence, "_shared", lambda: Dead())
    monkeypatch.setattr(presence, "_quiet_until", 0.0)
    presence.beat(7, 1, "甲", typing=False, now=1000.0)
    assert [one.name for one in presence.beat(7, 2, "乙", typing=False, now=1001.0)] == ["甲"]
    monkeypatch.setattr(presence, "_quiet_until", 0.0)


def test_one_process_remembers_a_bounded_number_of_tickets(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = presence.Own()
    for ticket in range(presence.ROOM + 50):
        memory.put(ticket, 1, "x")
    assert len(memory.tickets) == presence.ROOM


def test_related_tickets_are_grouped_counted_and_only_those_one_may_see(
    open_ticket: Opener, desk: Cast, customer: Customer, now: datetime
) -> None:
    shop = merchant("M1", now)
    bought = order("SO-1", now, customer=customer)
    facts = {"order_id": bought.pk, "merchant_id": shop.pk, "beside": True}
    ticket = open_ticket(**facts)
    same_order = open_ticket(subject="同一订单同样的问题", **facts)
    same_customer = open_ticket(subject="另一件事", kind="invoice")
    foreign = open_ticket(subject="别组的秘密", **facts)
    Ticket.objects.filter(pk=foreign.pk).update(
        team=desk.make_team("other"), assignee=desk.person("agent"), owner=None
    )
    page = desk.client(desk.agent).get(url(ticket, "side/"), headers=HTMX).content.decode()
    for seen in (same_order, same_customer):
        assert seen.number in page
    assert "别组的秘密" not in page
    assert foreign.number not in page
    first = page.partition("<details")[2].partition("</details>")[0]
    assert same_order.number in first
    assert "kc" in first  # perhaps the same problem
    assert (
        "别组的秘密" in desk.client(desk.supervisor).get(url(ticket, "side/"), headers=HTMX).content.decode()
    )


def test_the_profile_counts_what_he_asked_for_and_shows_no_name(
    open_ticket: Opener, desk: Cast, customer: Customer, now: datetime
) -> None:
    Customer.objects.filter(pk=customer.pk).update(class_reason="大客户")
    bought = [order(f"SO-{n}", now - timedelta(days=n), customer=customer) for n in range(4)]
    ticket = open_ticket(order_id=bought[0].pk)
    open_ticket(kind="invoice")
    page = desk.client(desk.agent).get(url(ticket, "side/"), headers=HTMX).content.decode()
    assert "25.0%" in page
    assert "大客户" in page
    assert customer.name not in page


def test_the_panel_takes_the_same_statements_whatever_there_is(
    open_ticket: Opener, desk: Cast, customer: Customer, now: datetime
) -> None:
    shop = merchant("M1", now)
    bought = order("SO-1", now, customer=customer)
    facts = {"order_id": bought.pk, "merchant_id": shop.pk, "beside": True}
    ticket = open_ticket(**facts)
    browser = desk.client(desk.lead)

    def statements() -> int:
        browser.get(url(ticket, "side/"), headers=HTMX)
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(url(ticket, "side/"), headers=HTMX).status_code == 200
        return len(asked.captured_queries)

    few = statements()
    for n in range(6):
        open_ticket(**facts)
        services.note_add(
            ticket=ticket, text=f"@{desk.supervisor.display_name} {n}", actor=desk.agent, now=now
        )
    assert statements() == few <= 12


def test_following_is_one_click_and_shows_who_follows(open_ticket: Opener, desk: Cast) -> None:
    ticket, browser = open_ticket(), desk.client(desk.agent)
    fragment = browser.post(url(ticket, "follow/"), headers=HTMX).content.decode()
    assert desk.agent.display_name in fragment
    assert 'name="off"' in fragment
    assert browser.post(url(ticket, "follow/"), {"off": "1"}).status_code == 302
    assert not Watcher.objects.exists()
    assert desk.client(desk.vendor_agent).post(url(ticket, "follow/")).status_code == 404


def test_names_to_mention_are_escaped_and_scoped(open_ticket: Opener, desk: Cast) -> None:
    desk.person("supervisor", name="<b>甲</b>")
    ticket = open_ticket()
    page = desk.client(desk.agent).get(url(ticket, "people/")).content.decode()
    assert "<b>甲</b>" not in page.replace("&lt;", "")
    assert desk.lead.display_name in page
    assert desk.client(desk.vendor_agent).get(url(ticket, "people/")).status_code == 404


def test_a_mention_of_nobody_keeps_the_words_in_the_box(open_ticket: Opener, desk: Cast) -> None:
    ticket = open_ticket()
    answer = desk.client(desk.agent).post(url(ticket, "say/"), {"voice": "note", "text": "@没有人 看看"})
    assert answer.status_code == 422
    assert "@没有人 看看</textarea>" in answer.content.decode()
