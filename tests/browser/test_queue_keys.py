"""Keys and the live refresh in a browser: the row under the cursor, the focus, the choice and a dialog stay put."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from aftersales.customers.models import Contact
from aftersales.tickets import services
from aftersales.tickets.models import Ticket, Unsent
from tests.cast import Cast
from tests.tickets.conftest import book, customer, desk, open_ticket

__all__ = ["book", "customer", "desk", "open_ticket"]

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db(transaction=True)]
BEAT = (
    "htmx.ajax('GET', document.getElementById('pulse').getAttribute('hx-get'), "
    "{source: '#pulse', target: '#pulse', swap: 'innerHTML'})"
)
TOPS = "Array.from(document.querySelectorAll('[data-row]'), r => Math.round(r.getBoundingClientRect().top))"
SUBJECTS = "Array.from(document.querySelectorAll('[data-row] a.sj'), a => a.textContent)"


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def test_a_refresh_moves_neither_rows_nor_focus_nor_choice_nor_dialog(
    open_page: Callable[..., Any], open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    tickets = [open_ticket(subject=f"第{n}张") for n in range(3)]
    page = open_page(desk.agent, "/desk/tickets/?view=mine")
    page.wait_for_selector("[data-number=mine]:text-is('3')")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.locator("a[href*='panel=columns']").click()
    page.wait_for_selector("#panel select:focus")
    before = page.evaluate(TOPS), page.evaluate(SUBJECTS)
    focused = page.evaluate("document.activeElement.id")

    open_ticket(subject="新来的")
    gone = tickets[0]
    services.ticket_assign(ticket=gone, to=desk.lead, actor=desk.lead, now=timezone.now())
    with page.expect_response(lambda answer: "/pulse/" in answer.url):
        page.evaluate(BEAT)
    page.wait_for_selector("tr.left .leftw")

    assert (page.evaluate(TOPS), page.evaluate(SUBJECTS)) == before
    assert page.evaluate("document.activeElement.id") == focused
    assert page.evaluate("document.getElementById('panel').open")
    assert page.locator("[data-row] input.cb:checked").count() == 1
    assert page.locator("tr[aria-current=true]").count() == 1
    assert gone.subject in page.locator("tr.left").inner_text()
    assert page.locator("tr.left").count() == 1


def test_a_reply_is_written_taken_back_and_noted_by_keys_without_leaving_the_queue(
    open_page: Callable[..., Any], open_ticket: Opener, desk: Cast, customer: Any, now: datetime
) -> None:
    Contact.objects.create(customer=customer, kind="email", value="linfang@example.com")
    tickets = [open_ticket(subject=f"第{n}张") for n in range(2)]
    from playwright.sync_api import expect

    page = open_page(desk.agent, "/desk/tickets/?view=mine&sort=oldest")
    page.keyboard.press("j")
    page.keyboard.press("r")
    page.wait_for_selector("#look .rp textarea:focus")
    page.keyboard.type("已补发，明天到。")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#look [data-held]")
    assert page.locator("#look [data-box]").is_hidden()
    page.keyboard.press("z")
    expect(page.locator("#look textarea")).to_have_value("已补发，明天到。")
    assert not Unsent.objects.filter(due_at__isnull=False).exists()

    page.keyboard.press("n")
    page.wait_for_selector("#look .rp textarea:focus")
    page.locator("#look textarea").fill("客户很急。")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#look .qmsg:has-text('客户很急。')")
    assert tickets[0].messages.filter(text="客户很急。", audience="internal").count() == 1

    page.keyboard.press("n")
    page.wait_for_selector("#look .rp textarea:focus")
    page.keyboard.type("半句")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.wait_for_selector("#look .ql-t:has-text('第1张')")
    page.keyboard.press("k")
    expect(page.locator("#look textarea")).to_have_value("半句")
    page.keyboard.press("?")
    page.wait_for_selector("#keys[open]")
    listed = page.locator("#keys li").all_inner_texts()
    assert len(listed) == len(set(listed))
    assert page.url.endswith("?view=mine&sort=oldest")


def test_the_page_is_not_read_anew_under_the_hands_of_whoever_writes(
    open_page: Callable[..., Any], open_ticket: Opener, desk: Cast, customer: Any, now: datetime
) -> None:
    """When his held words have gone out it is; what is being typed or sent at that moment would be lost."""
    Contact.objects.create(customer=customer, kind="email", value="linfang@example.com")
    ticket = open_ticket()
    page = open_page(desk.agent, f"/desk/tickets/{ticket.number}/")
    page.locator("#reply textarea[name=text]").fill("已补发，明天到。")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    page.wait_for_selector("[data-held]")
    page.evaluate("window.same = true")
    page.click("label.v-note")
    page.wait_for_selector(".going.gone", timeout=30_000)
    page.wait_for_timeout(1000)
    assert page.evaluate("window.same") is True

    page.locator("#reply textarea[name=text]").fill("已致电核实。")
    with page.expect_navigation():
        page.click("#reply button[type=submit]")
    page.wait_for_selector("#reply")
    kept = set(ticket.messages.filter(author_kind="staff").values_list("text", flat=True))
    assert kept == {"已补发，明天到。", "已致电核实。"}


def test_the_dot_is_for_words_that_this_person_has_not_read(
    open_page: Callable[..., Any], open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket, other = open_ticket(subject="读过的票"), open_ticket(subject="新来的票")
    page = open_page(desk.agent, "/desk/tickets/?view=mine&sort=oldest")
    unread = "tr[data-row]:has-text('{}') .dotn:not(.seen)"
    for row in (ticket, other):
        page.wait_for_selector(unread.format(row.subject))
    page.goto(page.url.split("/desk/")[0] + f"/desk/tickets/{ticket.number}/")
    page.wait_for_selector("#conv")
    page.go_back()
    page.wait_for_selector("tr[data-row]:has-text('读过的票') .dotn.seen", state="attached")
    page.wait_for_selector(unread.format("新来的票"))
    page.locator("tr[data-row]:has-text('新来的票') td.c-sub .mt").click()
    page.wait_for_selector("#look .ql-t")
    page.wait_for_selector("tr[data-row]:has-text('新来的票') .dotn.seen")

    services.customer_message(
        ticket=ticket, text="还在吗？", actor=desk.lead, now=timezone.now() + timedelta(seconds=5)
    )
    page.reload()
    page.wait_for_selector(unread.format("读过的票"))
    assert page.locator(".dotn.seen").count() == 1


def test_the_ticket_leads_to_the_next_one_of_its_list_and_back(
    open_page: Callable[..., Any], open_ticket: Opener, desk: Cast
) -> None:
    for n in range(3):
        open_ticket(subject=f"第{n}张")
    page = open_page(desk.agent, "/desk/tickets/?view=mine&sort=oldest")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-walk] [data-place]:text-is('1 / 3')")
    page.keyboard.press("j")
    page.wait_for_selector("[data-walk] [data-place]:text-is('2 / 3')")
    assert "第1张" in page.locator("h1").inner_text()
    page.keyboard.press("k")
    page.wait_for_selector("[data-walk] [data-place]:text-is('1 / 3')")
    page.locator("[data-back]").click()
    page.wait_for_selector("[data-row]")
    assert page.url.endswith("?view=mine&sort=oldest")


def test_single_keys_that_are_off_do_nothing_and_control_keys_still_work(
    open_page: Callable[..., Any], open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    from accounts.services import taste_set

    open_ticket()
    taste_set(actor=desk.agent, now=now, single_keys=False)
    page = open_page(desk.agent, "/desk/tickets/?view=mine")
    page.keyboard.press("j")
    assert page.locator("tr[aria-current=true]").count() == 0
    page.keyboard.press("Control+k")
    assert page.evaluate("document.activeElement.hasAttribute('data-search-all')")


def test_the_box_suggests_is_walked_by_arrows_and_opens_what_is_chosen(
    open_page: Callable[..., Any], open_ticket: Opener, desk: Cast
) -> None:
    ticket = open_ticket(subject="扫地机器人不充电")
    page = open_page(desk.agent, "/desk/tickets/?view=mine")
    page.keyboard.press("Control+k")
    page.keyboard.type("机器", delay=20)
    page.wait_for_selector("#gs-found [role=option]")
    page.keyboard.press("ArrowDown")
    assert page.locator("#gs-found [aria-selected=true] mark").inner_text() == "机器"
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{ticket.number}/")
