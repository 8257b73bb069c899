"""Ten tickets of different kinds, worked to the archive by hand: agent, lead, operations and two customers."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from accounts.services import system_user
from aftersales.core import deliveries, jobs
from aftersales.core.models import Event
from aftersales.customers.models import Contact
from aftersales.tickets import services
from aftersales.tickets.models import ArchiveRecord, Ticket
from tests.cast import Cast
from tests.department import book, customer, desk

__all__ = ["book", "customer", "desk"]
pytestmark = pytest.mark.django_db(transaction=True)
BY_PHONE = [
    ("returns", "耳机左耳没有声音，要求换货"),
    ("payment", "退款十天没有到账"),
    ("repair", "洗衣机漏水需要维修"),
    ("quality", "面板有划痕"),
    ("service", "我要投诉客服态度"),
    ("invoice", "发票抬头写错了"),
    ("safety", "充电器冒烟"),
]
BY_SHEET = """source,source_ref,subject,text,kind
hotline,H-1,包裹五天没有更新,物流停在杭州。,logistics
hotline,H-2,订单少发一件,少了一只杯子。,order
hotline,H-3,咨询保修期,想知道保修多久。,consultation
"""


@pytest.fixture
def now() -> datetime:
    """The server runs at the real time."""
    return timezone.now().replace(microsecond=0)


class Worker:
    """One person at one page; every step is a click or a key."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.home = page.url.split("/desk/")[0]

    def go(self, ticket: Ticket) -> "Worker":
        self.page.goto(f"{self.home}/desk/tickets/{ticket.number}/")
        return self

    def send(self, button: str) -> "Worker":
        """Press the button; the page that comes next, not the one before, says that it is done."""
        with self.page.expect_navigation():
            self.page.click(button)
        self.page.wait_for_selector(".toast")
        said = self.page.locator(".toast").all_inner_texts()
        assert self.page.locator(".toast.success").count(), f"{self.page.url} says: {said}"
        return self

    def register(self, kind: str, subject: str) -> Ticket:
        self.page.goto(f"{self.home}/desk/tickets/open/")
        self.page.fill("#id_customer", "C-1")
        self.page.fill("#id_subject", subject)
        self.page.fill("#id_text", f"客户来电：{subject}。")
        self.page.select_option("#id_kind", kind)
        self.send("form.card.narrow button[type=submit]")
        return Ticket.objects.get(subject=subject)

    def say(self, text: str, voice: str = "customer") -> "Worker":
        self.page.click(f".v-{voice}")
        self.page.fill("#reply textarea", text)
        if voice not in ("customer", "merchant"):
            return self.send("#reply button[type=submit]")
        with self.page.expect_navigation():
            self.page.click("#reply button[type=submit]")
        with self.page.expect_navigation():  # not waiting for the seconds in which it could be taken back
            self.page.click("[data-send-now] button")
        self.page.wait_for_selector(".going", state="detached")
        return self

    def act(self, name: str, **fields: str) -> "Worker":
        """Open the dialog of an act, fill it in, send it."""
        self.page.locator(f"#acts [data-dialog=act-{name}]").click()
        for field, value in fields.items():
            place = self.page.locator(f"#act-{name} [name={field}]")
            if place.evaluate("one => one.tagName") == "SELECT":
                place.select_option(value)
            else:
                place.fill(value)
        return self.send(f"#act-{name} button[type=submit]")

    def at_once(self, name: str) -> "Worker":
        return self.send(f"#acts form[action$='/do/{name}/'] button")

    def resolve(self, result: str = "explained", **how: str) -> "Worker":
        return self.act("resolve", result=result, text="您好，您的问题已经处理好了。", **how)

    def verified(self) -> "Worker":
        return self.act("close_verified", how="phone", reason="客户电话里说已经解决。")

    def archive(self) -> "Worker":
        return self.act("archive", summary="按规定处理完毕，客户确认，没有遗留事项。")


def answers(page: Any, home: str, ticket: Ticket, **choices: str) -> None:
    """The customer opens the link of the message and answers."""
    token = services.customer_link_issue(
        ticket=ticket, purpose="confirm", actor=system_user(), now=timezone.now()
    )
    page.goto(f"{home}/c/{token}/")
    for name, value in choices.items():
        page.locator(f"label:has(input[name={name}][value='{value}'])").first.click()
    page.click("button.wide")
    page.wait_for_url("**/thanks/**")


def bring_the_sheet(operations: Any, home: str) -> list[Ticket]:
    operations.goto(f"{home}/sheets/tickets/")
    file = {"name": "hotline.csv", "mimeType": "text/csv", "buffer": BY_SHEET.encode()}
    operations.set_input_files("#file", file)
    operations.click("form.up button[type=submit]")
    operations.click("form[action$='/confirm/'] button")
    operations.wait_for_load_state()
    jobs.run_due(timezone.now())
    operations.reload()
    return list(Ticket.objects.filter(source="hotline").order_by("source_ref"))


def test_ten_tickets_reach_the_archive(
    open_page: Callable[..., Any], browser: Any, desk: Cast, customer: Any
) -> None:
    Contact(customer=customer, kind="email", value="lin@example.com").save()
    agent = Worker(open_page(desk.agent, "/desk/"))
    lead = Worker(open_page(desk.lead, "/desk/"))
    operations = open_page(desk.operations, "/desk/")
    visitor = browser.new_page()

    exchange, refund, repair, scratch, complaint, invoice, smoke = (agent.register(*one) for one in BY_PHONE)
    parcel, missing, advice = bring_the_sheet(operations, agent.home)
    everything = [exchange, refund, repair, scratch, complaint, invoice, smoke, parcel, missing, advice]
    assert len({ticket.kind for ticket in everything}) == 10

    agent.go(exchange).say("您好，已为您登记换货。").resolve("exchanged")
    answers(visitor, agent.home, exchange, solved="yes", handling="5")

    agent.go(refund).resolve("refunded")
    answers(visitor, agent.home, refund, solved="no")
    agent.go(refund).say("非常抱歉，已催办。").resolve("refunded")
    answers(visitor, agent.home, refund, solved="yes", handling="3")

    agent.go(repair).at_once("start").say("师傅周三上门", "note")
    agent.act("agree", text="师傅周三上门维修。").act("wait", wait_for="repair", reason="等师傅上门").at_once(
        "resume"
    )
    agent.resolve("repaired").verified()
    agent.go(scratch).say("能发一张照片吗？").say("发来了照片。", "heard").resolve("compensated").verified()
    agent.go(complaint).say("非常抱歉给您带来不便。").resolve().verified()
    agent.go(invoice).resolve("corrected").verified()
    agent.go(smoke).say("请立即停止使用并断电。").resolve("returned").verified()

    for ticket, result in ((parcel, "delivered"), (missing, "resent"), (advice, "explained")):
        ticket.refresh_from_db()
        assert ticket.assignee == desk.agent, "a ticket from a sheet is dispatched like any other"
        agent.go(ticket).resolve(
            result, told_by="phone"
        ).verified()  # of no customer known: only a call tells him

    for ticket in everything:
        lead.go(ticket).archive()
    deliveries.run(timezone.now())

    assert set(Ticket.objects.values_list("state", flat=True)) == {"archived"}
    assert ArchiveRecord.objects.count() == Ticket.objects.count() == 10
    assert Event.objects.filter(kind="ticket.reopened").count() == 1
    operations.goto(f"{agent.home}/desk/archive/")
    assert operations.locator("main").inner_text().count("DA") >= 10
    operations.goto(f"{agent.home}/desk/tickets/{smoke.number}/")
    operations.locator("[data-show=changes]").click()
    assert operations.locator(".tlist").is_visible()
    visitor.close()
