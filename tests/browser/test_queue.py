"""The queue in a browser: numbers that come after the page, and a bar that warns before the click."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from tests.cast import Cast
from tests.tickets.conftest import book, customer, desk, open_ticket

__all__ = ["book", "customer", "desk", "open_ticket"]

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def now() -> datetime:
    """The browser's clock and the server's are the real one here."""
    return timezone.now()


def test_numbers_come_after_the_page_and_nothing_moves(
    open_page: Callable[..., Any], open_ticket: Opener, desk: Cast
) -> None:
    open_ticket()
    page = open_page(desk.lead, "/desk/tickets/?view=all")
    page.wait_for_selector("[data-number=all]:text-is('1')")
    assert page.locator(".grp [data-number]").first.inner_text() == "1"
    known = page.evaluate(PLACES)
    for other in ("", "500+"):
        page.evaluate(
            "(text) => document.querySelectorAll('.views .cnt').forEach(e => e.textContent = text)", other
        )
        assert page.evaluate(PLACES) == known


PLACES = "Array.from(document.querySelectorAll('.views a'), a => a.getBoundingClientRect().left + ' ' + a.offsetWidth)"


def test_the_bar_says_who_will_be_refused_and_the_act_says_who_was(
    open_page: Callable[..., Any], open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    given, started = open_ticket(), open_ticket()
    services.ticket_start(ticket=started, actor=desk.agent, now=now)
    page = open_page(desk.lead, "/desk/tickets/?view=all")
    page.locator("[data-row] input.cb").first.check()
    page.locator("[data-row] input.cb").last.check()
    held = page.locator(
        ".held", has_text=started.number
    )  # the judgement of the first tick alone comes before it
    held.wait_for()
    assert given.number not in held.inner_text()
    back = page.locator(".pop.up", has=page.locator("#bulk-reason"))
    back.locator("summary").click()
    page.fill("#bulk-reason", "换人处理")
    back.locator("button[type=submit]").click()
    page.wait_for_selector(".toast.success")
    assert started.number in page.locator(".toast.warning").inner_text()
    assert Ticket.objects.get(pk=given.pk).assignee is None
