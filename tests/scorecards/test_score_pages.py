"""From the list of shops to the score to the very order; the shop's own people see the same; nobody else sees it."""

import csv
import io
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localtime

from aftersales.core import jobs
from aftersales.orders.models import Category
from aftersales.scorecards import services
from aftersales.scorecards.models import FormulaVersion, Standing
from tests.merchants.shops import Shop, a_shop
from tests.records import merchant as a_merchant
from tests.scorecards.conftest import sold
from tests.scorecards.test_formula_rules import kept as plain_terms

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at")]
DAY = timedelta(days=1)
CODES = ("orders", "dispatch_in_time", "dispute_rate_orders")


@pytest.fixture
def shop(shop: Shop, now: datetime) -> Shop:
    """Forty orders, six of them handed over late."""
    sold(shop.merchant, 34, now, key="GOOD")
    sold(shop.merchant, 6, now, key="LATE", late=6)
    services.recount(codes=CODES)
    services.standings_count(now=now)
    return shop


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_manager_goes_from_the_list_to_the_very_order(cast: Any, shop: Shop) -> None:
    a_merchant("M-leer", cast.now)
    services.standings_count(now=cast.now)
    browser = cast.client("merchant_manager")
    page = text_of(browser.get("/overview/merchants/"))
    assert shop.merchant.name in page
    assert "No formula was in force" in page or "没有生效" in page
    one = f"/overview/merchants/{shop.merchant.public_id}/"
    assert one in page
    assert Standing.objects.get(subject_id=shop.merchant.pk).score != 70
    card = text_of(browser.get(one))
    assert "34 / 40" in card
    assert f"{one}dispatch_in_time/" in card
    rows = text_of(browser.get(f"{one}dispatch_in_time/"))
    assert "LATE-0" in rows
    assert "GOOD-0" not in rows, "first those that count against the shop"
    assert "GOOD-0" in text_of(browser.get(f"{one}dispatch_in_time/?which=all"))
    sheet = browser.get(f"{one}dispatch_in_time/?format=csv&which=all")
    listed = list(csv.reader(io.StringIO(sheet.content.decode("utf-8-sig"))))
    assert len(listed) == 41
    assert "attachment" in sheet.headers["Content-Disposition"]
    assert browser.get(f"{one}nothing/").status_code == 404
    assert browser.get(f"{one}resolution/").status_code == 404, "no metric that this score rests on"
    assert browser.get(f"{one}?month=2026-10").status_code == 200


def test_a_place_among_peers_is_said_truly_or_not_at_all(cast: Any, shop: Shop) -> None:
    services.standings_count(now=cast.now)
    browser, one = cast.client("merchant_manager"), f"/overview/merchants/{shop.merchant.public_id}/"
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    for peers, words in ((1, ""), (55, "above all 55 peers")):
        Standing.objects.filter(subject_id=shop.merchant.pk).update(peers=peers, below=100)
        page = text_of(browser.get(one))
        assert words in page
        assert "100% of" not in page
        assert ("above all" in page) is bool(words)
    Standing.objects.filter(subject_id=shop.merchant.pk).update(below=40)
    assert "above 40% of them, equal scores not counted" in text_of(browser.get(one))


def test_the_list_is_narrowed_and_takes_the_same_statements_for_any_number(
    cast: Any, shop: Shop, now: Any
) -> None:
    browser = cast.client("merchant_manager")

    def asked() -> int:
        with CaptureQueriesContext(connection) as found:
            browser.get("/overview/merchants/")
        return len(found)

    asked()
    few = asked()
    for number in range(60):
        a_merchant(f"N{number:02d}", now, returns="", main_category="books")
    services.standings_count(now=now)
    assert asked() == few
    everybody = text_of(browser.get("/overview/merchants/"))
    more = everybody.split("after=")[1].split('"')[0]
    second = text_of(browser.get(f"/overview/merchants/?after={more}"))
    assert "N59" in second
    assert "N00" not in second
    assert shop.merchant.name not in text_of(browser.get("/overview/merchants/?category=books"))
    assert shop.merchant.name not in text_of(browser.get("/overview/merchants/?grade=none"))
    assert shop.merchant.name in text_of(browser.get(f"/overview/merchants/?q={shop.merchant.code}"))
    for odd in ("after=x", "after=NaN_1", "after=1e99999_2", "after=5_²", "grade=%00"):
        assert browser.get(f"/overview/merchants/?{odd}").status_code in (200, 400), odd


def test_the_shops_people_see_their_own_score_down_to_the_order(cast: Any, shop: Shop) -> None:
    clerk = cast.client(shop.clerk)
    page = text_of(clerk.get("/portal/score/"))
    assert "34 / 40" in page
    rows = text_of(clerk.get("/portal/score/dispatch_in_time/"))
    assert "LATE-5" in rows
    assert "/desk/" not in rows
    assert text_of(clerk.get("/portal/score/dispatch_in_time/?format=csv")).count("LATE-") == 6
    assert clerk.get("/portal/score/dispatch_in_time/?month=2025-01").status_code == 404


def test_rows_of_dispatch_say_when_each_was_handed_over_and_by_how_much_late(
    cast: Any, shop: Shop, now: datetime
) -> None:
    placed = localtime(now - 10 * DAY)
    limit, sent = placed + 3 * DAY, placed + 5 * DAY
    staff, clerk = cast.client("merchant_manager"), cast.client(shop.clerk)
    for browser, url in (
        (staff, f"/overview/merchants/{shop.merchant.public_id}/dispatch_in_time/"),
        (clerk, "/portal/score/dispatch_in_time/"),
    ):
        browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        page = text_of(browser.get(url))
        assert page.count(f"handed over {sent:%Y-%m-%d %H:%M}; limit {limit:%Y-%m-%d %H:%M}") == 6
        assert page.count("Handed over 2 d after the limit.") == 6
        fine = text_of(browser.get(f"{url}?which=all"))
        assert f"handed over {placed + 2 * DAY:%Y-%m-%d %H:%M}; limit" in fine
        assert "after the limit" in text_of(browser.get(f"{url}?format=csv"))


def test_the_shop_reads_its_category_in_its_language(cast: Any, shop: Shop) -> None:
    Category.objects.create(code="toys", name_zh="玩具", name_en="Toys and games")
    Standing.objects.filter(subject_id=shop.merchant.pk).update(category="玩具")
    clerk = cast.client(shop.clerk)
    clerk.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    page = text_of(clerk.get("/portal/score/"))
    assert "· Toys and games" in page
    assert "玩具" not in page


def test_a_shop_without_a_score_is_told_so(cast: Any, now: Any) -> None:
    other = a_shop(cast, now, "乙")
    assert "/portal/score/" in text_of(cast.client(other.owner).get("/portal/score/"))


def test_another_shop_sees_nothing_of_it(cast: Any, shop: Shop, now: Any) -> None:
    other = a_shop(cast, now, "乙")
    services.standings_count(now=now)
    browser = cast.client(other.clerk)
    for path in ("/portal/score/", "/portal/score/dispatch_in_time/", "/portal/score/orders/?which=all"):
        answer = browser.get(path)
        assert "LATE-" not in answer.content.decode()
    assert browser.get(f"/overview/merchants/{shop.merchant.public_id}/").status_code == 404


def test_a_shop_that_ships_nearly_all_late_reads_what_would_raise_its_score(
    cast: Any, shop: Shop, now: Any
) -> None:
    sold(shop.merchant, 160, now, key="VERY", late=160)
    services.recount(codes=CODES)
    services.standings_count(now=now)
    owner = cast.client(shop.owner)
    owner.post("/language/", {"language": "en"})
    card = text_of(owner.get("/portal/score/"))
    assert "What would raise it most" in card
    assert "One good week alone brings no point: they begin at" in card
    assert "once its faults are out of the window" in card


def test_a_formula_is_drafted_tried_and_announced_on_its_page(cast: Any, shop: Shop, now: Any) -> None:
    drafter, second = cast.client("operations"), cast.client("supervisor")
    assert "/rules/scores/merchants/" in text_of(drafter.get("/rules/scores/"))
    sent = {
        "terms": json.dumps(plain_terms()), "source_ref": "R6.6", "source_zh": "试行", "source_en": "Trial",
        "reason": "先看两项",
    }  # fmt: skip
    for wrong, words in (("{", "JSON"), ("[]", ""), (json.dumps(plain_terms() | {"windows": []}), "windows")):
        answer = drafter.post("/rules/scores/merchants/draft/", sent | {"terms": wrong})
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert "先看两项" in answer.content.decode(), "what was typed stays"
    assert drafter.post("/rules/scores/merchants/draft/", sent).status_code == 302
    waits = text_of(second.get("/rules/scores/merchants/"))
    assert "Not simulated" in waits or "未模拟" in waits
    answer = drafter.post("/rules/scores/merchants/2/simulate/", {"least": ""})
    assert jobs.run_due(now) == 1
    page = text_of(drafter.get(answer.url))
    assert shop.merchant.name in page, "who would move"
    one = f"{answer.url}{shop.merchant.pk}/"
    assert one in page
    down = f"/overview/merchants/{shop.merchant.public_id}/dispatch_in_time/"
    assert down in text_of(drafter.get(one)), "down to the very orders"
    assert down in text_of(second.get(one)), "the second person sees what he judges by"
    sheet = list(csv.reader(io.StringIO(drafter.get(f"{answer.url}?format=csv").content.decode("utf-8-sig"))))
    assert sheet[1][0] == shop.merchant.name
    assert answer.url in text_of(second.get("/rules/scores/merchants/")), "the second person sees that it was"
    assert FormulaVersion.objects.get(number=2).state == "draft"
    second.post("/rules/scores/merchants/2/decide/", {"act": "activate", "seen": "1"})
    assert FormulaVersion.objects.get(number=2).state == "active"
    assert "2026-12-09" in text_of(cast.client(shop.owner).get("/portal/score/")), (
        "the shop reads what is announced"
    )
