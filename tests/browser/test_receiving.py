"""A return by hand, in a real browser: opened, approved, sent, received and inspected by clicks."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from aftersales.cases.models import Case, CaseParcel
from aftersales.orders.models import OrderLine
from aftersales.tickets.models import Ticket
from tests.browser.conftest import sideways
from tests.cases.conftest import lines, order, ticket
from tests.cast import Cast
from tests.tickets.conftest import book, customer, desk, open_ticket

__all__ = ["book", "customer", "desk", "lines", "open_ticket", "order", "ticket"]
pytestmark = pytest.mark.django_db(transaction=True)
Opened = Callable[..., Any]


@pytest.fixture
def now() -> datetime:
    """The server runs at the real time."""
    return timezone.now().replace(microsecond=0)


@pytest.mark.parametrize("phone", [False, True])
def test_a_return_is_opened_approved_sent_received_and_inspected_by_clicks(
    open_page: Opened, desk: Cast, ticket: Ticket, lines: list[OrderLine], phone: bool
) -> None:
    # Given the agent at the ticket
    page = open_page(desk.agent, f"/desk/tickets/{ticket.number}/")
    page.click("#cases a[href$='/cases/open/']")
    page.fill(f"#case-dialog [name=n{lines[0].pk}]", "2")
    page.locator(f"#case-dialog [name=n{lines[0].pk}]").dispatch_event("change")
    page.locator("#case-dialog .trm .tt", has_text="46.68").wait_for()  # and the dialog stays open
    page.click("#case-dialog button[type=submit]")
    # When he approves what he opened, and types the waybill the customer tells
    page.wait_for_selector("#cases .cs-c")
    page.click("#cases a[href$='/do/approve/']")
    page.wait_for_selector("#case-dialog .trm .tt")
    page.click("#case-dialog button[type=submit]")
    page.wait_for_selector("#cases a[href$='/ship/']")
    page.click("#cases a[href$='/ship/']")
    page.fill("#case-dialog [name=carrier]", "顺丰")
    page.fill("#case-dialog [name=tracking_no]", "SF1000200030")
    page.click("#case-dialog button[type=submit]")
    page.wait_for_selector("#cases .cs-c")
    # And the receiver scans it, on the screen or on a phone
    scan = open_page(desk.returns_receiver, "/desk/receiving/", phone=phone)
    scan.fill("#scan", "sf1000200030")
    scan.press("#scan", "Enter")
    scan.wait_for_selector("form.rc [data-piece]")
    assert sideways(scan) == 0
    piece = scan.locator("[data-piece]").first
    assert piece.locator("[name^=accepted-]").input_value() == "2"
    piece.locator("[name^=wrong-]").fill("1")
    assert piece.locator("[name^=accepted-]").input_value() == "1"  # the rest follows by itself
    scan.locator("#preview .rc-sum", has_text="23.34").wait_for()
    scan.click("button[name=do][value=inspect]")
    scan.wait_for_selector(".toast.success")
    # Then the refund follows what was accepted, and the parcel waits until the other article has gone home
    case, parcel = Case.objects.get(), CaseParcel.objects.get()
    assert (parcel.state, case.agreed) == ("inspected", Decimal("23.34"))
