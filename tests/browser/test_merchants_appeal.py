"""A penalty out of a ruling: the shop sees it in its score, is told, appeals on the telephone, and is heard."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from aftersales.cases import services
from aftersales.cases.models import Case, Dispute
from aftersales.cases.services import RulingDraft
from aftersales.ledger.models import Proposal
from aftersales.merchants.models import Merchant
from aftersales.merchants.services import member_add
from aftersales.orders.models import Order
from aftersales.scorecards import services as scorecards
from tests.browser.phone import Open, Phone
from tests.cases.conftest import certified, lines, open_case, order, ticket
from tests.cases.workshop import DAY, HOUR, fresh
from tests.cast import Cast
from tests.department import book, customer, desk, open_ticket
from tests.portal.clerk import photo

__all__ = ["book", "certified", "customer", "desk", "lines", "open_case", "open_ticket", "order", "ticket"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def now() -> datetime:
    """The dispute is twelve days old, so that a score counts it; the server runs at the real time."""
    return timezone.now().replace(microsecond=0) - 12 * DAY


@pytest.fixture
def owner(
    order: Order, desk: Cast, open_page: Open, live_server: Any, settings: Any, tmp_path: Path
) -> Phone:
    """The owner of a shop with forty quiet orders."""
    settings.MEDIA_ROOT = tmp_path
    shop = Merchant.objects.get(pk=order.merchant_id)
    boss = desk.person("merchant_owner", name="店主老吴")
    member_add(merchant=shop, user=boss, role="owner", actor=desk.operations, now=desk.now)
    Order.objects.bulk_create(
        Order(
            source="year", external_no=f"Y-{n}", merchant=shop, placed_at=desk.now - 5 * DAY, status="delivered",
            currency="CNY", total=Decimal(100), paid=Decimal(100),
        )
        for n in range(40)
    )  # fmt: skip
    return Phone(open_page(boss, "/portal/", phone=True), live_server.url)


def scored(phone: Phone) -> Decimal:
    """What the owner reads after the count of a night."""
    scorecards.recount()
    scorecards.standings_count(now=timezone.now())
    phone.opens("/portal/score/")
    return Decimal(phone.page.inner_text(".sc-big"))


def ruled(case: Case, desk: Cast, at: datetime) -> Proposal:
    """Refused, disputed, and ruled for the customer with four points to propose."""
    case = services.case_reject(case=case, how="merchant", words="商品已使用", actor=desk.agent, now=at)
    row = services.dispute_open(
        case=fresh(case), by="customer", actor=desk.agent, now=at + HOUR, words="没有用过"
    )
    row = services.dispute_review(dispute=row, actor=desk.adjudicator, now=at + 2 * HOUR)
    draft = RulingDraft(
        outcome="full_refund", clause="消保法 §24", facts="台灯有质量问题", reasons="举证不足",
        fault={"merchant": 100}, penalty=Decimal(4), penalty_unit="points",
    )  # fmt: skip
    services.dispute_rule(dispute=row, draft=draft, actor=desk.adjudicator, now=at + 3 * HOUR)
    return Proposal.objects.get()


def test_a_dispute_lowers_the_score_and_its_penalty_is_told_appealed_and_overturned(
    owner: Phone, desk: Cast, open_case: Any, open_page: Open, now: datetime
) -> None:
    before = scored(owner)
    case = open_case({1: 1}, ground="quality")
    penalty = ruled(case, desk, now + HOUR)
    # The score is lower, and leads to what lowered it
    assert scored(owner) < before
    owner.goes("svg a[href*='/score/dispute_rate_orders/']")
    rows = owner.page.locator("main tbody tr")
    assert rows.count() == 1
    assert case.number in rows.inner_text()
    assert case.number in owner.goes("main tbody a")
    # The platform tells the shop of the penalty
    path = f"/ledger/proposals/{penalty.public_id}/"
    assert penalty.number not in owner.opens("/portal/")
    office = open_page(desk.operations, path)
    office.click("button[data-dialog=act-notify]")
    office.click("#act-notify button[type=submit]")
    office.wait_for_selector(".toast.success")
    # The owner finds it among the news, and appeals with what proves it
    assert penalty.number in owner.opens("/portal/")
    told = owner.goes(f"a[href$='/consequences/{penalty.public_id}/']")
    assert "消保法 §24" in told
    assert Dispute.objects.get().number in told
    assert "举证不足" in owner.goes("main a[href$='/dispute/']"), (
        "what it rests on is read before one appeals"
    )
    owner.opens(f"/portal/consequences/{penalty.public_id}/")
    owner.page.set_input_files(
        "[name=files]", [{"name": "监控.png", "mimeType": "image/png", "buffer": photo().read()}]
    )
    assert "监控.png" in owner.sends(reason="监控显示客户已使用三天")
    assert owner.page.locator("form.po-ap").count() == 0, "one appeal, not two"
    # Another person than who told it reads that and gives him right
    assert office.goto(office.url).ok
    assert "监控显示客户已使用三天" in office.inner_text("main")
    assert office.locator("button[data-dialog=act-overturn]:not([aria-disabled])").count() == 0
    judge = open_page(desk.finance, path)
    assert "监控.png" in judge.inner_text("main")
    judge.click("button[data-dialog=act-overturn]")
    judge.fill("#act-overturn [name=reason]", "监控属实，撤销扣分")
    judge.click("#act-overturn button[type=submit]")
    judge.wait_for_selector(".toast.success")
    # And the owner reads the answer where he appealed
    read = owner.opens(f"/portal/consequences/{penalty.public_id}/")
    assert "监控属实，撤销扣分" in read
    assert fresh(penalty).state == "overturned"
    assert fresh(penalty).get_state_display() in read
    assert fresh(penalty).posted_at is None
