"""What people see of warnings and signs: only theirs, down to each ticket; as many statements for many rows."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.states import Role
from aftersales.improvement import selectors, services
from aftersales.improvement.models import Warning
from aftersales.merchants.models import MerchantContact
from tests.cast import Cast
from tests.improvement.conftest import DAY, Trade
from tests.improvement.test_signs import LONG, Buyers, buyers

__all__ = ["buyers"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


@pytest.fixture
def two_shops(trade: Trade, cast: Cast, now: datetime) -> list[Warning]:
    """An article of each of two shops surges; one is looked after by the merchant manager."""
    for code, manager in (("S1", cast.merchant_manager), ("S2", None)):
        goods = trade.product(f"A-{code}", trade.shop(code, manager=manager))
        trade.week(goods, a_day=1, weeks=9)
        trade.tickets(trade.orders(goods, 30, 30), 0)
    return services.surges_look(actor=cast.system, now=now)


def test_each_sees_the_warnings_of_whom_he_answers_for(two_shops: list[Warning], cast: Cast) -> None:
    mine = {one.number for one in two_shops if one.merchant and one.merchant.code == "S1"}
    others = {one.number for one in two_shops if one.merchant and one.merchant.code == "S2"}
    assert mine
    assert others
    all_of_them = (
        cast.client("supervisor").get(reverse("improvement:warnings"), {"state": "all"}).content.decode()
    )
    manager = cast.client("merchant_manager")
    his = manager.get(reverse("improvement:warnings")).content.decode()
    product = Warning.objects.get(kind="product", merchant__code="S1")
    assert all(number in all_of_them for number in (product.number, *others) if number in all_of_them)
    assert product.number in his
    assert not [number for number in others if number in his]
    for number in others:
        assert manager.get(reverse("improvement:warning", args=[number])).status_code == 404
        assert manager.post(reverse("improvement:act", args=[number, "acknowledge"])).status_code == 404
    sheet: Any = manager.get(reverse("improvement:warnings_sheet", args=["csv"]))
    listed = b"".join(sheet.streaming_content).decode("utf-8-sig")
    assert product.number in listed
    assert not [number for number in others if number in listed]


def test_what_another_shops_warning_explains_stands_in_the_list_of_who_does_not_see_that_one(
    trade: Trade, cast: Cast, now: datetime
) -> None:
    """A carrier is nobody's; that another shop's article made its parcels late is not for everybody to read."""
    trade.shop("S1", manager=cast.merchant_manager)
    goods = trade.product("A-S2", trade.shop("S2"))
    trade.week(goods, a_day=1, weeks=9, kind="logistics", carrier="Fast")
    trade.tickets(trade.orders(goods, 30, 30, carrier="Fast"), 0, kind="logistics")
    services.surges_look(actor=cast.system, now=now)
    carrier = Warning.objects.get(kind="carrier")
    assert carrier.within is not None
    assert carrier.within.merchant_id is not None
    listed, page = reverse("improvement:warnings"), reverse("improvement:warning", args=[carrier.number])
    manager, supervisor = cast.client("merchant_manager"), cast.client("supervisor")
    assert carrier.number in manager.get(listed).content.decode()
    assert carrier.within.number not in manager.get(page).content.decode()
    assert carrier.within.number in supervisor.get(page).content.decode()


def test_a_warning_leads_to_its_tickets_and_takes_no_more_statements_for_more_of_them(
    two_shops: list[Warning], cast: Cast
) -> None:
    one = Warning.objects.get(kind="product", merchant__code="S1")
    ticket = one.rows.order_by("-ticket__opened_at", "-ticket").first()
    assert ticket is not None
    browser, url = cast.client("supervisor"), reverse("improvement:warning", args=[one.number])
    page = browser.get(url).content.decode()
    assert reverse("desk:ticket", args=[ticket.ticket.number]) in page
    assert "<svg" in page
    assert "A-S1" in page
    with CaptureQueriesContext(connection) as many:
        browser.get(url)
    with CaptureQueriesContext(connection) as listed:
        browser.get(reverse("improvement:warnings"))
    assert len(many.captured_queries) <= 30
    assert len(listed.captured_queries) <= 12

    def post(name: str, **data: Any) -> str:
        return str(
            browser.post(
                reverse("improvement:act", args=[one.number, name]), data, follow=True
            ).content.decode()
        )

    post("acknowledge")
    answered = post("ask", of="quality", words="请核查充电模块。")
    assert "请核查充电模块。" in answered
    ask = one.asks.get()
    browser.post(reverse("improvement:answer", args=[ask.public_id]), {"words": "已封存库存。"})
    closed = post("close_false", words="促销带来的正常增长")
    assert "促销带来的正常增长" in closed
    one.refresh_from_db()
    assert (one.state, one.outcome) == ("closed", "false")


def test_a_lasting_change_is_closed_from_the_page_with_the_day_it_began(
    two_shops: list[Warning], cast: Cast, now: datetime
) -> None:
    one = Warning.objects.get(kind="product", merchant__code="S1")
    browser, url = cast.client("supervisor"), reverse("improvement:warning", args=[one.number])
    browser.post(reverse("improvement:act", args=[one.number, "acknowledge"]))
    page = browser.get(url).content.decode()
    assert f'name="since" min="{one.first_day}" max="{one.last_day}" value="{now:%Y-%m-%d}"' in page
    asked = {"words": "新品定位变化", "since": f"{one.last_day}"}
    page = browser.post(reverse("improvement:act", args=[one.number, "close_lasting"]), asked, follow=True)
    one.refresh_from_db()
    assert (one.state, one.outcome, one.base_since) == ("closed", "lasting", one.last_day)
    assert f"{one.last_day + 21 * DAY}" in page.content.decode()


def test_the_monthly_list_is_sent_from_its_page(two_shops: list[Warning], cast: Cast, now: datetime) -> None:
    browser = cast.client("supervisor")
    url = reverse("improvement:month")
    assert "A-S1" in browser.get(url).content.decode()
    month = f"{now:%Y-%m}"
    browser.post(reverse("improvement:month_send"), {"month": month, "words": "请答复。"})
    one = Warning.objects.get(kind="product", merchant__code="S1")
    root = one.within or one
    assert set(root.asks.values_list("of", flat=True)) == {"buying", "quality"}


def test_a_sign_shows_its_rows_and_how_it_could_be_innocent(
    trade: Trade, buyers: Buyers, cast: Cast, now: datetime
) -> None:
    shop = trade.shop("S1")
    goods = trade.product("A", shop)
    MerchantContact.objects.create(merchant=shop, role="aftersales", phone="13800000001")
    own = buyers.buyer(phone="13800000001")
    orders = [buyers.buys(goods, own), buyers.buys(goods, own)]
    (sign,) = services.signs_look(actor=cast.system, now=now, month=now.date())
    browser = cast.client("risk")
    assert "S1" in browser.get(reverse("improvement:signs")).content.decode()
    url = reverse("improvement:sign", args=[sign.public_id])
    page = browser.get(url).content.decode()
    assert all(one.external_no in page for one in orders)
    assert "13800000001" not in page, "no contact stands on the page"
    assert cast.client("merchant_manager").get(url).status_code == 404
    browser.post(
        reverse("improvement:sign_decide", args=[sign.public_id]), {"state": "innocent", "words": "员工内购"}
    )
    sign.refresh_from_db()
    assert sign.state == "innocent"


def test_a_decided_sign_offers_only_what_is_left_and_shows_the_words_that_are_alike(
    trade: Trade, buyers: Buyers, cast: Cast, now: datetime
) -> None:
    goods = trade.product("A", trade.shop("S1"))
    for _one in range(3):
        buyers.praises(buyers.buys(goods, buyers.buyer()), body=LONG)
    sign = next(
        one for one in services.signs_look(actor=cast.system, now=now, month=now.date())
        if one.kind == "copied_review"
    )  # fmt: skip
    browser, url = cast.client("risk"), reverse("improvement:sign", args=[sign.public_id])
    page = browser.get(url)
    assert page.content.decode().count(LONG) == 3, "the text stands with each review"
    assert {group for _row, _name, group, _text in page.context["rows"]} <= {"Same words", "内容相同"}
    decide = reverse("improvement:sign_decide", args=[sign.public_id])
    browser.post(decide, {"state": "real", "words": "同一批水军账号"})
    assert set(browser.get(url).context["acts"]) == {"find_innocent"}
    cast.client(cast.person(Role.RISK, name="另一位")).post(
        decide, {"state": "innocent", "words": "系统代评"}
    )
    sign.refresh_from_db()
    assert sign.state == "innocent"
    page = browser.get(url)
    assert not page.context["acts"], "nothing is left to do, and no refusal is read"


def test_a_tab_says_as_many_as_its_list_has_lines(
    two_shops: list[Warning], cast: Cast, now: datetime
) -> None:
    """What another warning explains stands below that one, and is counted with it."""
    assert Warning.objects.exclude(within=None).exists()
    for kind in ("", "product"):
        counts = selectors.counts(cast.supervisor, kind)
        for state in ("", "raised", "closed"):
            rows, _more = selectors.listed(cast.supervisor, state=state, kind=kind)
            assert counts.get(state, 0) == len(rows), (kind, state)
    counts = selectors.counts(cast.supervisor)
    assert counts[""] == sum(number for state, number in counts.items() if state not in ("", "closed"))
    shown = (
        cast.client("supervisor").get(reverse("improvement:warnings"), {"state": "raised"}).content.decode()
    )
    for one in Warning.objects.all():
        assert shown.count(reverse("improvement:warning", args=[one.number]) + '"') == 1
    none = (
        cast.client("supervisor").get(reverse("improvement:warnings"), {"state": "closed"}).content.decode()
    )
    assert "没有符合条件的预警。" in none
    assert "每小时检查一次" not in none, "of one state nothing is said of all"
    # A folded one says its own state, since no tab counts it; and the page says why
    folded = Warning.objects.exclude(within=None).filter(within__state="raised")
    services.warning_acknowledge(warning=folded[0].within, actor=cast.operations, now=now)
    shown = (
        cast.client("supervisor")
        .get(reverse("improvement:warnings"), {"state": "acknowledged"})
        .content.decode()
    )
    assert "待跟进" in re.findall(r'<span class="wn-in">.*?</span></td>', shown)[0]
    assert "都随该预警计数" in shown
