"""My day: what one person owes first, in a fixed number of statements, and true words when there is nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from aftersales.desk import day
from aftersales.tickets import services
from aftersales.tickets.models import GivenPromise, RuleReading, Ticket
from tests.cast import Cast
from tests.tickets.test_reading import changed

Opener = Callable[..., Ticket]
HOUR = timedelta(hours=1)
URL = "/desk/day/"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


def numbers(found: list[day.Line]) -> list[str]:
    return [line.ticket.number for line in found]


def test_each_ticket_stands_where_it_asks_for_something(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    promised, wrote, waits, late = (open_ticket() for _n in range(4))
    call = open_ticket(kind="consultation")
    services.promise_give(ticket=promised, what="给您回电", due_at=now + 4 * HOUR, actor=desk.agent, now=now)
    services.customer_message(ticket=wrote, text="在吗？", actor=desk.agent, now=now + HOUR)
    services.ticket_start(ticket=waits, actor=desk.agent, now=now)
    services.ticket_wait(
        ticket=waits, wait_for="merchant", until=now + 3 * HOUR, actor=desk.agent, now=now, reason="等商家"
    )
    services.ticket_resolve(ticket=call, result="explained", text="好了", actor=desk.agent, now=now)
    Ticket.objects.filter(pk=call.pk).update(ask_in_person="no_address")
    Ticket.objects.filter(pk=late.pk).update(next_due_at=now - HOUR)
    Ticket.objects.exclude(pk=late.pk).update(next_due_at=now + 9 * HOUR)

    found = day.read(desk.agent, now + HOUR)

    assert [one.promise.what for one in found.promises] == ["给您回电"]
    assert numbers(found.replies) == [wrote.number]
    assert numbers(found.waits) == [waits.number]
    assert numbers(found.calls) == [call.number]
    assert numbers(found.late) == [late.number]
    assert (found.total, found.unconfirmed) == (4, 1), "in hand is what is not yet resolved"


def test_a_promise_follows_the_ticket_to_the_day_of_its_new_holder(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket, other = open_ticket(), desk.person("agent")
    desk.join(desk.team, other)
    services.promise_give(ticket=ticket, what="给您回电", due_at=now + HOUR, actor=desk.agent, now=now)
    services.ticket_assign(ticket=ticket, to=other, actor=desk.lead, now=now)
    assert day.read(desk.agent, now).promises == []
    page = desk.client(other).get(URL).content.decode()
    assert "给您回电" in page
    assert str(desk.agent) in page  # who promised it


def test_the_promise_is_kept_from_the_page(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    ticket = open_ticket()
    promise = services.promise_give(ticket=ticket, what="回电", due_at=now + HOUR, actor=desk.agent, now=now)
    answer = desk.client(desk.agent).post(
        f"/desk/tickets/{ticket.number}/promises/{promise.public_id}/keep/", {"next": "day", "version": "1"}
    )
    assert answer["Location"] == URL
    assert GivenPromise.objects.get().state == "kept"


def test_an_old_message_is_no_news_of_the_night(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    ended = desk.shift(desk.lead, hours_before=12, hours_after=-4)
    opened = open_ticket(at=now - 9 * HOUR)
    ticket = services.ticket_assign(ticket=opened, to=desk.lead, actor=desk.lead, now=now - 9 * HOUR)
    services.customer_message(ticket=ticket, text="在吗", actor=desk.agent, now=ended.ends_at - HOUR)
    assert day.read(desk.lead, now).replies == []
    services.customer_message(ticket=ticket, text="还在吗", actor=desk.agent, now=ended.ends_at + HOUR)
    assert numbers(day.read(desk.lead, now).replies) == [ticket.number]


def test_a_changed_rule_is_confirmed_on_the_page_once(desk: Cast, now: datetime) -> None:
    version = changed(desk, now)
    browser = desk.client(desk.agent)
    assert f"/desk/day/rules/{version.pk}/" in browser.get(URL).content.decode()
    for _click in range(2):
        assert browser.post(f"/desk/day/rules/{version.pk}/").status_code == 302
    assert RuleReading.objects.get().person == desk.agent
    assert f"/desk/day/rules/{version.pk}/" not in browser.get(URL).content.decode()
    assert str(desk.agent) not in browser.get("/desk/day/rules/").content.decode()
    assert str(desk.lead) in desk.client(desk.lead).get("/desk/day/rules/").content.decode()


def test_who_holds_nothing_is_told_the_next_act(desk: Cast) -> None:
    page = desk.client(desk.agent).get(URL).content.decode()
    assert 'action="/desk/tickets/next/"' in page


def test_the_day_is_where_people_who_work_on_tickets_start(desk: Cast) -> None:
    assert desk.client(desk.agent).get("/desk/")["Location"] == URL
    assert desk.client(desk.auditor).get("/desk/")["Location"] == "/desk/tickets/"
