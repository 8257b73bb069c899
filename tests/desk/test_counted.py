"""How a clock was counted: a fragment that the workbench fetches, a page of its own, on paper and in the file."""

import json
from collections.abc import Callable

import pytest

from aftersales.clocks.models import Clock
from aftersales.tickets.models import Ticket
from tests.cast import Cast

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


def address(ticket: Ticket, clock: Clock) -> str:
    return f"/desk/tickets/{ticket.number}/clocks/{clock.pk}/"


def clock_of(ticket: Ticket) -> Clock:
    return Clock.objects.of("tickets.ticket", ticket.pk).get(promise="first_response")


def test_the_workbench_fetches_how_a_clock_was_counted(open_ticket: Opener, desk: Cast) -> None:
    ticket = open_ticket()
    browser = desk.client(desk.lead)
    page = browser.get(f"/desk/tickets/{ticket.number}/").content.decode()
    assert address(ticket, clock_of(ticket)) in page
    part = browser.get(address(ticket, clock_of(ticket)), headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert b"<html" not in part.content
    assert "1小时" in part.content.decode()
    assert "style=" not in part.content.decode()


def test_without_a_script_the_account_is_a_page(open_ticket: Opener, desk: Cast) -> None:
    ticket = open_ticket()
    page = desk.client(desk.lead).get(address(ticket, clock_of(ticket))).content.decode()
    assert "<html" in page
    assert ticket.number in page


def test_another_tickets_clock_is_not_found_under_this_number(open_ticket: Opener, desk: Cast) -> None:
    one, other = open_ticket(), open_ticket()
    assert desk.client(desk.lead).get(address(one, clock_of(other))).status_code == 404


def test_paper_and_file_hold_the_stretches(open_ticket: Opener, desk: Cast) -> None:
    ticket = open_ticket()
    browser = desk.client(desk.lead)
    content = b"".join(browser.get(f"/desk/tickets/{ticket.number}/json/"))
    (clock,) = [one for one in json.loads(content)["clocks"] if one["promise"] == "first_response"]
    (count,) = clock["counted"]["counts"]
    assert sum(part["counted_seconds"] for part in count["parts"]) == 3600
    assert clock["why"]
    assert (
        "first_response_message v1" in browser.get(f"/desk/tickets/{ticket.number}/print/").content.decode()
    )
