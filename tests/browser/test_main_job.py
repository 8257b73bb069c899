"""From sign-in to *resolved* by hand: at most six clicks, counted by the browser itself."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from aftersales.core.models import Event
from aftersales.customers.models import Contact, Customer
from aftersales.tickets.models import Message, Ticket
from tests.browser.conftest import WIDE, sideways
from tests.cast import PASSWORD, Cast
from tests.tickets.conftest import book, customer, desk, open_ticket

__all__ = ["book", "customer", "desk", "open_ticket"]
Opener = Callable[..., Ticket]
pytestmark = pytest.mark.django_db(transaction=True)
AT_MOST = 6
BY_MOUSE = 1  # who opens the list of results and points at one, instead of choosing by key, clicks twice more
COUNT = "document.addEventListener('click', (e) => { if (e.isTrusted && e.detail) window.counted(); }, true)"


@pytest.fixture
def now() -> datetime:
    """The server runs at the real time."""
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def counted(browser: Any) -> Iterator[tuple[Any, list[int]]]:
    """A page of somebody who has not signed in, and the clicks made on it so far."""
    clicks: list[int] = []
    context = browser.new_context(viewport=WIDE)
    context.expose_function("counted", lambda: clicks.append(1))
    context.add_init_script(COUNT)
    page = context.new_page()
    page.set_default_timeout(20_000)
    yield page, clicks
    context.close()


def open_the_resolve_dialog(page: Any, home: str, desk: Cast, ticket: Ticket) -> None:
    """From the sign-in page over the day, the queue and the ticket: four clicks."""
    page.goto(f"{home}/accounts/login/")
    page.fill("[name=login]", desk.agent.username)
    page.fill("[name=password]", PASSWORD)
    page.click("form:has([name=password]) button:not([type=button])")
    page.click("nav a[href='/desk/tickets/']")
    page.click(f"text={ticket.subject}")
    page.click("button[data-dialog=act-resolve]")


def choose_by_key(page: Any, name: str, value: str) -> None:
    """Walk the list that has the focus down to this value."""
    assert page.evaluate("document.activeElement.name") == name
    for _option in range(page.locator("select:focus option").count()):
        if page.locator("select:focus").input_value() == value:
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"{value} is not in the list {name}")


def test_from_sign_in_to_resolved_in_at_most_six_clicks(
    counted: tuple[Any, list[int]], live_server: Any, open_ticket: Opener, desk: Cast, customer: Customer
) -> None:
    Contact(customer=customer, kind="email", value="lin@example.com").save()
    ticket = open_ticket(subject="耳机左耳没有声音")
    page, clicks = counted

    open_the_resolve_dialog(page, live_server.url, desk, ticket)
    choose_by_key(page, "result", "exchanged")
    page.click("#act-resolve button[type=submit]")
    page.wait_for_selector(".toast.success")

    assert 3 <= len(clicks) <= AT_MOST - BY_MOUSE
    ticket.refresh_from_db()
    assert (ticket.state, ticket.result) == ("resolved", "exchanged")
    assert Event.objects.filter(subject_id=ticket.pk, kind="ticket.resolved").exists()


def test_a_result_told_by_phone_takes_at_most_six_clicks_too(
    counted: tuple[Any, list[int]], live_server: Any, open_ticket: Opener, desk: Cast
) -> None:
    """No message reaches this customer: the dialog asks how he was told, and the keys reach that list as well."""
    ticket = open_ticket(subject="耳机左耳没有声音")
    page, clicks = counted

    open_the_resolve_dialog(page, live_server.url, desk, ticket)
    choose_by_key(page, "result", "explained")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    choose_by_key(page, "told_by", "phone")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".toast.success")

    assert 3 <= len(clicks) <= AT_MOST
    ticket.refresh_from_db()
    assert (ticket.state, ticket.result) == ("resolved", "explained")


def test_nothing_is_resolved_before_a_result_is_chosen(
    open_page: Callable[..., Any], open_ticket: Opener, desk: Cast
) -> None:
    ticket = open_ticket()
    page = open_page(desk.agent, f"/desk/tickets/{ticket.number}/")
    page.click("button[data-dialog=act-resolve]")
    assert page.locator("#act-resolve [name=result]").input_value() == ""
    page.keyboard.press("Control+Enter")
    assert page.locator("#act-resolve form:invalid").count() == 1
    assert page.locator("#act-resolve").is_visible()
    assert Ticket.objects.get(pk=ticket.pk).state == "assigned"


@pytest.mark.parametrize("phone", [False, True])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_queue_and_workbench_fit_the_window(
    open_page: Callable[..., Any], open_ticket: Opener, desk: Cast, phone: bool, language: str
) -> None:
    ticket = open_ticket(subject="一" * 190, text="长" * 3000)
    page = open_page(desk.agent, "/desk/tickets/", phone=phone, language=language)
    assert page.locator("[data-row]").count() == 1
    assert sideways(page) == 0
    page.goto(page.url.split("/desk/")[0] + f"/desk/tickets/{ticket.number}/")
    assert sideways(page) == 0
    page.locator("[data-show=changes]").click()
    assert page.locator(".tlist").is_visible()


def test_the_reply_is_sent_with_the_keyboard_alone(
    open_page: Callable[..., Any], open_ticket: Opener, desk: Cast
) -> None:
    ticket = open_ticket()
    page = open_page(desk.agent, f"/desk/tickets/{ticket.number}/")
    page.keyboard.press("r")
    page.keyboard.type("您好，正在处理。")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".toast.success")
    assert Message.objects.filter(ticket=ticket, author_kind="staff").count() == 1


def test_keys_walk_the_queue_and_the_quick_look_follows(
    open_page: Callable[..., Any], open_ticket: Opener, desk: Cast
) -> None:
    open_ticket(subject="第一张")
    open_ticket(subject="第二张")
    page = open_page(desk.agent, "/desk/tickets/")
    page.locator("[data-row] .c-st").first.click()
    page.wait_for_selector("#look .ql-t")
    first = page.locator("#look .ql-t").inner_text()
    page.keyboard.press("j")
    other = "第二张" if first == "第一张" else "第一张"
    page.wait_for_selector(f"#look .ql-t:has-text('{other}')")
    page.keyboard.press("x")
    assert page.locator(".bulk").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#look").is_visible()
