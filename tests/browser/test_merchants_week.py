"""A merchant's week in two browsers: the shop on telephones, the platform at its desk."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from aftersales.cases import services
from aftersales.cases.models import CasePayment, Dispute
from aftersales.core import deliveries, jobs
from aftersales.ledger.models import Proposal
from aftersales.merchants.models import Merchant
from aftersales.merchants.services import member_add
from tests.browser.conftest import PHONE
from tests.browser.phone import Open, Phone
from tests.cases.conftest import certified, lines, open_case, order, ticket
from tests.cases.workshop import fresh, parcel_of
from tests.cast import Cast
from tests.department import book, customer, desk, open_ticket
from tests.portal.clerk import photo

__all__ = ["book", "certified", "customer", "desk", "lines", "open_case", "open_ticket", "order", "ticket"]
pytestmark = pytest.mark.django_db(transaction=True)
STRONG = "Yunfan-2026-shop"


@pytest.fixture
def now() -> datetime:
    """The server runs at the real time."""
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def shop(order: Any, settings: Any, tmp_path: Path) -> Merchant:
    settings.MEDIA_ROOT = tmp_path
    return Merchant.objects.get(pk=order.merchant_id)


@pytest.fixture
def owner(shop: Merchant, desk: Cast, open_page: Open, live_server: Any) -> Phone:
    boss = desk.person("merchant_owner", name="店主老吴", email="wu@shop.example")
    member_add(merchant=shop, user=boss, role="owner", actor=desk.operations, now=desk.now)
    return Phone(open_page(boss, "/portal/", phone=True), live_server.url)


@pytest.fixture
def clerk(shop: Merchant, desk: Cast, open_page: Open, live_server: Any) -> Phone:
    person = desk.person("merchant_clerk", name="小季")
    member_add(merchant=shop, user=person, role="clerk", actor=desk.operations, now=desk.now)
    return Phone(open_page(person, "/portal/", phone=True), live_server.url)


@pytest.fixture
def guest(browser: Any, live_server: Any) -> Iterator[Phone]:
    """A telephone on which nobody is signed in."""
    context = browser.new_context(viewport=PHONE, has_touch=True, locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield Phone(page, live_server.url)
    context.close()


def mailed() -> str:
    """The link of the newest mail, after the worker came by."""
    while deliveries.run(timezone.now()) + jobs.run_due(timezone.now()):
        pass
    found = re.search(r"(/portal/invitation/\S+)", mail.outbox[-1].body)
    assert found, mail.outbox[-1].body
    return found[1]


def signs_in(phone: Phone, name: str) -> None:
    phone.page.fill("[name=login]", name)
    phone.page.fill("[name=password]", STRONG)
    with phone.turning():
        phone.page.click("form:has([name=password]) button:not([type=button])")
    phone.page.wait_for_url(re.compile("/portal/"))


def test_a_clerk_is_invited_does_a_day_of_work_and_leaves(
    owner: Phone, guest: Phone, desk: Cast, open_case: Any, open_page: Open
) -> None:
    # Given a request that waits for the shop
    case = open_case({0: 1}, words="杯沿有缺口")
    # When the owner invites a clerk, who follows the link of the mail
    owner.opens("/portal/people/")
    asked = owner.page.locator("form[action$='/invite/']")
    asked.locator("[name=name]").fill("小季")
    asked.locator("[name=email]").fill("ji@shop.example")
    with owner.turning():
        asked.locator("button").click()
    assert "ji@shop.example" in owner.reads()
    guest.opens(mailed())
    guest.page.fill("[name=password]", STRONG)
    guest.page.fill("[name=again]", STRONG)
    with guest.turning():
        guest.page.click("main form button, .card form button")
    signs_in(guest, "ji@shop.example")
    # Then he sees what waits, by no more of the customer's name than he needs, and nothing of the owner's
    said = guest.takes(case)
    assert "杯沿有缺口" in said
    assert "林*" in said
    assert "林芳" not in said
    for path in ("people", "consequences"):
        assert guest.page.locator(f".po-nav a[href='/portal/{path}/']").count() == 0
    # And what he writes reaches the agent, who answers
    guest.goes("a[href$='/talk/']")
    assert "这一款缺货，只能退款" in guest.sends(words="这一款缺货，只能退款")
    agent = open_page(desk.agent, f"/desk/tickets/{case.ticket.number}/")
    assert "这一款缺货，只能退款" in agent.inner_text("main")
    agent.click("label.v-merchant")
    agent.fill("#text", "好的，请在页面上同意退货")
    agent.press("#text", "Control+Enter")
    agent.wait_for_selector(".toast.success")
    assert "好的，请在页面上同意退货" in guest.opens(f"/portal/cases/{case.public_id}/talk/")
    # When he leaves the shop, his telephone is out at once
    owner.opens("/portal/people/")
    owner.page.locator("li", has_text="小季").locator("summary").click()
    with owner.turning():
        owner.page.locator("li", has_text="小季").locator("details button").click()
    assert "小季" not in owner.opens("/portal/people/")
    guest.page.goto(f"{guest.home}/portal/")
    assert "/accounts/login/" in guest.page.url


def test_a_return_is_approved_received_and_refunded_but_the_platform_lets_the_money_out(
    clerk: Phone, desk: Cast, open_case: Any, open_page: Open
) -> None:
    # Given a return of two cups, approved by the shop
    case = open_case({0: 2})
    clerk.takes(case)
    clerk.begins("approve")
    clerk.page.check("[name=goods][value=back]")
    assert "¥46.68" in clerk.page.inner_text("main form button.pri")
    clerk.sends(words="请寄回")
    # And the parcel at its door
    parcel = services.parcel_ship(
        parcel=parcel_of(case), carrier="顺丰", tracking_no="SF7000", actor=desk.agent, now=timezone.now()
    )
    services.parcel_at_door(parcel=parcel, actor=desk.agent, now=timezone.now())
    # When the clerk counts line by line: one cup is worn, five yuan less
    assert "SF7000" in clerk.takes(case)
    clerk.goes("a[href*='/parcels/']")
    item = parcel.items.get()
    for name, value in {"now": "2", "accepted": "1", "damaged": "1", "deduction": "5.00"}.items():
        clerk.page.fill(f"[name={name}-{item.pk}]", value)
    clerk.page.select_option(f"[name=grade-{item.pk}]", "worn")
    clerk.page.select_option(f"[name=cause-{item.pk}]", "use")
    clerk.page.fill(f"[name=why-{item.pk}]", "一只杯沿崩口")
    clerk.page.set_input_files(f"[name=photos-{item.pk}]", [picture("崩口.png")])
    clerk.page.check("[name=keep]")
    with clerk.turning():
        clerk.page.click("button[value=compute]")
    assert "¥41.68" in clerk.page.inner_text("#sum")
    assert fresh(parcel).state == "in_transit", "computing decides nothing"
    clerk.page.set_input_files(f"[name=photos-{item.pk}]", [picture("崩口.png")])
    with clerk.turning():
        clerk.page.click("button[value=confirm]")
    clerk.page.wait_for_selector(".po-msg.success")
    assert fresh(parcel).state == "kept"
    # And confirms the refund
    clerk.begins("refund")
    clerk.page.check("[name=agree]")
    assert "提交付款 ¥41.68" in clerk.sends()
    money = CasePayment.objects.get(case=case)
    assert money.state == "awaiting_approval", "the shop alone lets no money out"
    # Then the supervisor lets it out at the desk, and the shop reads that
    boss = open_page(desk.supervisor, f"/desk/payments/{money.number}/")
    assert "41.68" in boss.inner_text("main")
    boss.click("button[data-dialog=pay-approve]")
    boss.click("#pay-approve button[type=submit]")
    boss.wait_for_selector(".toast.success")
    assert fresh(money).state == "approved"
    assert fresh(money).get_state_display() in clerk.opens(f"/portal/cases/{case.public_id}/")


def picture(name: str) -> dict[str, Any]:
    return {"name": name, "mimeType": "image/png", "buffer": photo().read()}


def test_a_refusal_is_disputed_answered_with_evidence_and_ruled_on(
    clerk: Phone, owner: Phone, desk: Cast, open_case: Any, open_page: Open
) -> None:
    # Given a request that the clerk refuses, on a clause and with its facts
    case = open_case({1: 1}, ground="quality")
    clerk.takes(case)
    clerk.begins("reject")
    clerk.page.check("[name=clause][value=other]")
    clerk.sends(other="七日办法 第七条", words="商品已使用并破损")
    assert fresh(case).state == "rejected"
    services.dispute_open(
        case=fresh(case), by="customer", actor=desk.agent, now=timezone.now(), words="没有用过"
    )
    # When the customer calls the platform in, and the clerk brings what proves it
    clerk.takes(case)
    assert "没有用过" in clerk.goes("a[href$='/dispute/']")
    clerk.begins("evidence")
    clerk.page.set_input_files("[name=files]", [picture("监控.png")])
    said = clerk.sends(words="监控显示已使用")
    assert "监控显示已使用" in said
    assert "监控.png" in said
    # Then the adjudicator looks at both sides, and rules
    row = Dispute.objects.get()
    judge = open_page(desk.adjudicator, f"/desk/disputes/{row.number}/")
    judge.click("a[href$='/do/review/']")
    judge.click("#case-dialog button[type=submit]")
    judge.click("a[href$='/rule/']")
    judge.wait_for_selector("[name=outcome]")
    read = judge.inner_text("main")
    assert ("监控显示已使用" in read, "没有用过" in read, "监控.png" in read) == (True, True, True)
    judge.select_option("[name=outcome]", "full_refund")
    judge.fill("[name=fault_merchant]", "100")
    judge.fill("[name=penalty]", "4")
    judge.select_option("[name=penalty_unit]", "points")
    for name, words in {"facts": "台灯有质量问题", "reasons": "举证不足", "clause": "消保法 §24"}.items():
        judge.fill(f"[name={name}]", words)
    judge.click("form.cs-f button.pri")
    judge.wait_for_selector(".toast.success")
    # And the shop reads why; the penalty is only proposed, so the shop is not told of it yet
    told = clerk.opens(f"/portal/cases/{case.public_id}/dispute/")
    assert ("举证不足" in told, "消保法 §24" in told, "100" in told) == (True, True, True)
    penalty = Proposal.objects.get()
    assert penalty.number not in owner.opens("/portal/consequences/")
    owner.opens("/sheets/shop_answers/")  # where pieces of the desk's pages stand in the portal's frame


def test_the_sections_stand_in_one_row_in_longer_words_too(
    shop: Merchant, desk: Cast, open_page: Open
) -> None:
    page = open_page(desk.of_a_shop("merchant_owner", shop), "/portal/", phone=True, language="en")
    home = page.url
    for path in ("", "requests/", "addresses/", "agreements/", "consequences/"):
        page.goto(home + path)
        assert "All sections" in page.inner_text(".po-nav")
        assert page.locator(".po-nav").bounding_box()["height"] < 60, path
