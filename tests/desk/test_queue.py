"""The queues: what they show, how cheaply, and what can be done from them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.core.once import new_key
from aftersales.desk import queues
from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from tests.cast import Cast
from tests.records import merchant

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
QUEUE = "/desk/tickets/"
HTMX = {"HX-Request": "true"}
EVIL = "<script>alert(1)</script>"


def test_a_ticket_stands_in_the_queue_of_its_person_with_clock_level_and_state(
    open_ticket: Opener, desk: Cast
) -> None:
    ticket = open_ticket(subject="耳机左耳没有声音")
    page = desk.client(desk.agent).get(QUEUE, {"view": "mine"}).content.decode()
    assert ticket.number in page
    assert "耳机左耳没有声音" in page
    assert "林*" in page
    assert "林芳" not in page
    assert 'class="clk k-calm"' in page


def test_what_people_write_never_becomes_markup(open_ticket: Opener, desk: Cast) -> None:
    open_ticket(subject=EVIL)
    assert EVIL not in desk.client(desk.agent).get(QUEUE, {"view": "mine"}).content.decode()


def test_rows_are_grouped_by_what_hurts(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    open_ticket(at=now - timedelta(days=3), subject="旧的那张")
    open_ticket(subject="新的那张")
    page = desk.client(desk.lead).get(QUEUE, {"view": "all"}).content.decode()
    assert page.index("gd bad") < page.index("旧的那张") < page.index("新的那张")
    assert page.count('class="grp"') == 2


@pytest.mark.parametrize("view", queues.QUEUES)
def test_every_view_takes_at_most_six_statements_as_a_fragment(
    open_ticket: Opener, desk: Cast, view: str
) -> None:
    for _n in range(3):
        open_ticket()
    browser = desk.client(desk.lead)
    browser.get(QUEUE, {"view": view})
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(QUEUE, {"view": view}, headers=HTMX).status_code == 200
        statements = [
            q["sql"] for q in asked.captured_queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))
        ]
    assert len(statements) <= 6, statements


def test_the_number_of_statements_does_not_grow_with_the_rows(open_ticket: Opener, desk: Cast) -> None:
    browser = desk.client(desk.lead)
    open_ticket()
    browser.get(QUEUE, {"view": "all"})

    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            browser.get(QUEUE, {"view": "all"})
            return len(asked.captured_queries)

    few = statements()
    for _n in range(5):
        open_ticket()
    assert statements() == few


def test_the_next_page_starts_where_the_last_one_ended(
    open_ticket: Opener, desk: Cast, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    monkeypatch.setattr(queues, "PAGE", 2)
    numbers = {open_ticket().number for _n in range(5)}
    seen: list[str] = []
    after = ""
    for _n in range(3):
        page = queues.page(desk.lead, queues.Asked("all"), now, after=after)
        seen += [row.number for row in page.rows]
        after = page.after
    assert after == ""
    assert len(seen) == 5
    assert set(seen) == numbers


@pytest.mark.parametrize(
    "query",
    ["view=nothing", "after=%00", "after=x~y", "state=new%00", "team=99999999999999999999", "opened=2026-99-99",
     "q=%25_%00", "assignee=١", "severity=major&kind=zzz", "after=2026-01-01T00:00:00~1"],
)  # fmt: skip
def test_nonsense_in_the_address_is_no_error(desk: Cast, query: str) -> None:
    assert desk.client(desk.lead).get(f"{QUEUE}?{query}").status_code == 200


def test_taking_a_ticket_opens_it_and_the_second_person_hears_why_not(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    browser = desk.client(desk.agent)
    answer = browser.post(reverse("desk:take"), {"number": ticket.number}, follow=True)
    assert answer.status_code == 200  # the dispatcher had given it to the agent already: a sentence, no error
    assert Ticket.objects.get(pk=ticket.pk).assignee == desk.agent


def test_next_for_me_stays_in_the_list_and_says_what_waits_elsewhere(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    """The lead of one team sees all: what nobody has lies in another team."""
    other = desk.make_team("others")
    ticket = services.ticket_put_back(ticket=open_ticket(), actor=desk.lead, now=now, reason="排给别组")
    Ticket.objects.filter(pk=ticket.pk).update(team=other)
    browser = desk.client(desk.supervisor)
    query = "view=all&severity=minor"
    page = browser.get(f"{QUEUE}?{query}").content.decode()
    form = page.partition('action="/desk/tickets/next/"')[2].partition("</form>")[0]
    assert 'name="query" value="view=all&amp;severity=minor"' in form
    answer = browser.post("/desk/tickets/next/", {"query": query}, follow=True)
    assert answer.redirect_chain[0][0] == f"{QUEUE}?{query}"
    told = " ".join(str(one) for one in answer.context["messages"])
    assert " 1 " in f" {told} "
    assert Ticket.objects.get(pk=ticket.pk).assignee is None


def test_a_lead_gives_several_tickets_to_one_person(open_ticket: Opener, desk: Cast) -> None:
    tickets = [open_ticket() for _n in range(2)]
    data = {
        "ids": [t.pk for t in tickets],
        "to": desk.lead.pk,
        "what": "action:assign",
        "form_key": new_key(),
    }
    desk.client(desk.lead).post(reverse("desk:bulk_run"), data)
    assert {t.assignee for t in Ticket.objects.all()} == {desk.lead}


def test_the_pulse_counts_what_changed_and_nothing_else(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    page = queues.page(desk.lead, queues.Asked("all"), now)
    seen = " ".join(f"{row.id}.{row.version}" for row in page.rows)
    assert queues.changed(desk.lead, queues.Asked("all"), now, seen) == 0
    open_ticket()
    assert queues.changed(desk.lead, queues.Asked("all"), now, seen) == 1
    assert ticket.number in desk.client(desk.lead).get(QUEUE, {"view": "all"}).content.decode()


def test_the_search_finds_by_number_order_and_words(open_ticket: Opener, desk: Cast) -> None:
    ticket = open_ticket(subject="扫地机器人不充电")
    browser = desk.client(desk.lead)
    assert browser.get("/desk/search/", {"q": ticket.number}).status_code == 302
    assert ticket.number in browser.get("/desk/search/", {"q": "机器人"}).content.decode()
    assert ticket.number not in browser.get("/desk/search/", {"q": "洗衣机"}).content.decode()


def test_the_first_page_of_staff_depends_on_what_they_may_see(cast: Cast, settings: Any) -> None:
    assert cast.client(cast.agent).get("/desk/").url == "/desk/day/"
    assert cast.client(cast.administrator).get("/desk/").url == "/admin/"
    assert cast.client(cast.merchant_owner).get("/desk/").status_code == 404


def test_the_filter_knows_team_person_merchant_and_days(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    shop = merchant("M-7", now)
    ticket = open_ticket(subject="店里的那张", merchant_id=shop.pk, at=now - timedelta(days=3))
    open_ticket(subject="今天的那张")
    client = desk.client(desk.lead)

    def shown(**asked: Any) -> set[str]:
        page = client.get(QUEUE, {"view": "all", **asked}).content.decode()
        return {subject for subject in ("店里的那张", "今天的那张") if subject in page}

    day = (now - timedelta(days=3)).date().isoformat()
    assert shown(shop="M-7") == shown(shop="shop m") == shown(merchant=shop.pk) == {"店里的那张"}
    assert shown(opened_to=day) == {"店里的那张"}
    assert shown(opened_from=now.date().isoformat()) == {"今天的那张"}
    assert shown(team=ticket.team_id) == {"店里的那张", "今天的那张"}
    assert shown(assignee=desk.administrator.pk) == set()
    page = client.get(
        QUEUE, {"view": "all", "merchant": shop.pk, "opened_to": day, "q": "那张"}
    ).content.decode()
    assert "Shop M-7" in page
    assert f'href="?opened_to={day}&amp;q=' in page
    choices = client.get(reverse("desk:list_panel"), {"panel": "filter"}).content.decode()
    assert ticket.team.name in choices
    assert 'name="assignee"' in choices


def test_the_pulse_names_the_rows_that_left_and_not_those_that_newer_ones_pushed_down(
    open_ticket: Opener, desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "PAGE", 2)
    pushed, gone = open_ticket(at=now - timedelta(hours=1)), open_ticket(at=now - timedelta(hours=2))
    wanted = queues.Asked("mine")
    seen = " ".join(f"{row.pk}.{row.version}" for row in Ticket.objects.all())
    assert queues.moved(desk.agent, wanted, now, seen) == (0, [])
    for hours in (5, 6):
        open_ticket(at=now - timedelta(hours=hours))
    Ticket.objects.filter(pk=gone.pk).update(assignee=desk.lead)
    assert queues.moved(desk.agent, wanted, now, f"{seen} x.1 ٣.1 .")[1] == [gone.pk]
    assert pushed.pk not in queues.moved(desk.agent, wanted, now, seen)[1]
