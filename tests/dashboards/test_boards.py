"""The board of merchants, the benchmark, the map of weeks, products, people: every number derived by hand, and open."""

import csv
import io
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from aftersales.clocks.models import Clock
from aftersales.clocks.services import sweep
from aftersales.core.models import Event
from aftersales.orders.models import Category, Product
from aftersales.scorecards import services
from aftersales.scorecards.models import Formula, Rollup, Snapshot, Standing
from aftersales.scorecards.scores import selectors as scores
from aftersales.tickets import services as tickets
from tests.cast import Cast
from tests.records import merchant as a_merchant

pytestmark = pytest.mark.django_db
D = Decimal
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
GOOD = {"orders": (400, 400), "dispatch_in_time": (396, 400), "delivery_in_time": (395, 400)}
CONTROL = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")


@pytest.fixture(autouse=True)
def at(now: datetime, settings: Any) -> Any:
    settings.REQUIRE_SECOND_FACTOR = False
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def plant(now: datetime) -> Callable[..., Any]:
    """A shop with figures on one settled day."""

    def put(code: str, *, category: str = "", manager: Any = None, **figures: tuple[int, int]) -> Any:
        shop = a_merchant(code, now, main_category=category, returns="", manager=manager)
        counted(shop.pk, "merchant", now.date() - 20 * DAY, **figures)
        return shop

    return put


def counted(pk: int, kind: str, day: date, *, category: str = "", **figures: tuple[int, int]) -> None:
    Rollup.objects.bulk_create(
        Rollup(metric=code, subject_kind=kind, subject_id=pk, day=day, category=category, num=num, den=den)
        for code, (num, den) in figures.items()
    )


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def sheet_of(answer: Any) -> list[list[str]]:
    assert "attachment" in answer.headers["Content-Disposition"]
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def statements(browser: Client, url: str) -> int:
    browser.get(url)
    with CaptureQueriesContext(connection) as found:
        assert browser.get(url).status_code == 200, url
    listed = [one["sql"] for one in found.captured_queries if not one["sql"].startswith(CONTROL)]
    return len(listed)


def month_before(shop: Any, score: str, now: datetime) -> None:
    """What was kept for the month before: the standing of today with another score."""
    row = Standing.objects.select_related("rule", "formula").get(subject_id=shop.pk)
    first = row.day.replace(day=1)
    Snapshot.objects.create(
        formula=row.formula, rule=row.rule, subject_kind="merchant", subject_id=shop.pk, category=row.category,
        day=first - DAY, month=(first - DAY).replace(day=1), score=D(score), low=D(score), high=D(score), grade="B",
        volume=400, details=row.details, at=now,
    )  # fmt: skip


def test_the_board_says_who_moved_who_is_at_risk_and_who_looks_after_whom(
    cast: Cast, plant: Callable[..., Any], now: datetime
) -> None:
    manager = cast.of("merchant_manager")
    fine = plant("FINE", manager=manager, **GOOD)
    late = plant("LATE", **GOOD | {"dispatch_in_time": (240, 400)})
    plant("TINY", orders=(12, 12))
    services.standings_count(now=now)
    assert Standing.objects.get(subject_id=late.pk).grade != "", "enough cases"
    browser = cast.client("merchant_manager")
    before_months = text_of(browser.get("/overview/merchants/"))
    assert "▲" not in before_months
    assert "2 家商家数据充足 · 另有 1 家数据不足" in before_months, "as many as the columns of the chart"
    month_before(fine, "20.0", now)
    month_before(late, str(Standing.objects.get(subject_id=late.pk).score), now)

    page = text_of(browser.get("/overview/merchants/"))
    assert "FINE" in page
    assert f"▲ {Standing.objects.get(subject_id=fine.pk).score - 20}" in page
    risen = text_of(browser.get("/overview/merchants/?moved=up&sort=moved"))
    assert "FINE" in risen
    assert "LATE" not in risen, "nothing moved there"
    assert "FINE" not in text_of(browser.get("/overview/merchants/?moved=down"))
    sure = text_of(browser.get("/overview/merchants/?risk=2&sort=risk"))
    assert "LATE" in sure, "160 of 400 handed over late: proven beyond 5 per cent"
    assert "FINE" not in sure
    mine = text_of(browser.get(f"/overview/merchants/?manager={manager.pk}"))
    assert "FINE" in mine
    assert "LATE" not in mine
    assert "LATE" in text_of(browser.get("/overview/merchants/?manager=none"))
    order = re.findall(r"Shop (FINE|LATE|TINY)", text_of(browser.get("/overview/merchants/?sort=volume")))
    assert order[-1] == "TINY", "by volume, the most first"
    taken = sheet_of(browser.get("/overview/merchants/list.csv?risk=2"))
    assert len(taken) == 2
    assert "LATE" in taken[1]
    assert cast.client("agent").get("/overview/merchants/list.csv").status_code == 404
    for odd in (
        "sort=details",
        "sort=-created",
        "risk=9",
        "moved=x",
        "manager=%00",
        "manager=²",
        "after=9_9_9",
        "after=1e9999999_1",
        "after=-1e9999999_1",
        "after=sNaN_1",
    ):
        assert browser.get(f"/overview/merchants/?{odd}").status_code == 200, odd
        assert browser.get(f"/overview/merchants/list.csv?{odd}").status_code == 200, odd


def test_the_board_takes_the_same_statements_for_any_number_and_pages_by_every_order(
    cast: Cast, plant: Callable[..., Any], now: datetime
) -> None:
    shops = [plant(f"S{number:02d}", category="books", **GOOD) for number in range(2)]
    services.standings_count(now=now)
    browser = cast.client("merchant_manager")
    month_before(shops[0], "80.0", now)
    few = [
        statements(browser, f"/overview/merchants/?sort={sort}")
        for sort in ("score", "moved", "risk", "volume")
    ]
    for number in range(60):
        plant(f"N{number:02d}", category="books", **GOOD)
    services.standings_count(now=now)
    again = [
        statements(browser, f"/overview/merchants/?sort={sort}")
        for sort in ("score", "moved", "risk", "volume")
    ]
    assert again == few
    assert max(again) <= 12
    for sort in ("score", "moved", "risk", "volume"):
        seen: list[str] = []
        url = f"/overview/merchants/?sort={sort}"
        while url:
            page = text_of(browser.get(url))
            seen += re.findall(r"Shop ([SN]\d\d)", page)
            more = re.search(r'href="(\?[^"]*after=[^"]*)"', page)
            url = f"/overview/merchants/{more[1]}".replace("&amp;", "&") if more else ""
        assert len(seen) == len(set(seen)) == 62, sort


def test_the_benchmark_has_quartiles_from_enough_shops_only_and_places_one_shop(
    cast: Cast, plant: Callable[..., Any], now: datetime
) -> None:
    # in time 360, 370 … 400 of 400: 90, 92.5, 95, 97.5 and 100 per cent
    for number in range(5):
        plant(f"B{number}", category="books", orders=(400, 400), dispatch_in_time=(360 + 10 * number, 400))
    for number in range(4):
        plant(f"T{number}", category="toys", orders=(400, 400), dispatch_in_time=(200, 400))
    plant("B-FEW", category="books", orders=(400, 400), dispatch_in_time=(0, 19))
    services.standings_count(now=now)
    browser = cast.client("merchant_manager")
    books = text_of(browser.get("/overview/benchmark/?category=books&shop=B1"))
    assert "95.0%" in books, "the median of five"
    assert "92.5% – 97.5%" in books, "the middle half; 0 of 19 is too few to count"
    assert "370 / 400" in books
    assert "25%" in books, "better than one of the four others"
    toys = text_of(browser.get("/overview/benchmark/?category=toys"))
    assert "50.0% – 50.0%" not in toys, "four shops give no quartiles"
    listed = sheet_of(browser.get("/overview/benchmark/?format=csv"))
    line = next(row for row in listed if row[0] == "books" and row[2] == "5")
    assert line[3:8] == ["–", "92.5%", "95.0%", "97.5%", "–"], "outer tenths need twenty shops"
    assert Event.objects.filter(kind="figures.exported", payload__table="benchmark").count() == 1
    assert "sc-say" in text_of(browser.get("/overview/benchmark/?shop=nobody"))
    assert statements(browser, "/overview/benchmark/?shop=B1") <= 12


def test_the_benchmark_tells_those_that_are_equal(
    cast: Cast, plant: Callable[..., Any], now: datetime
) -> None:
    for number in range(9):
        plant(f"P{number}", orders=(400, 400), dispatch_in_time=(400, 400))
    plant("LATE", orders=(400, 400), dispatch_in_time=(200, 400))
    plant("LAST", orders=(400, 400), dispatch_in_time=(100, 400))
    services.standings_count(now=now)
    browser = cast.client("merchant_manager")
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    best = text_of(browser.get("/overview/benchmark/?shop=P0"))
    assert "among the best: better than 20%, equal to 80% of 10" in best
    middle = text_of(browser.get("/overview/benchmark/?shop=LATE"))
    assert "better than 10% of 10" in middle
    assert "equal to" not in middle


def test_categories_are_called_in_the_readers_language(
    cast: Cast, plant: Callable[..., Any], now: datetime
) -> None:
    Category.objects.create(code="toys", name_zh="玩具", name_en="Toys and games")
    shop = plant("C1", category="玩具", obligations_kept=(1, 2), **GOOD)
    plant("C2", category="unlisted", **GOOD)
    services.standings_count(now=now)
    browser = cast.client("merchant_manager")
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    for url in (
        "/overview/merchants/", "/overview/merchants/?category=玩具", "/overview/benchmark/?category=玩具",
        "/overview/obligations/", f"/overview/merchants/{shop.public_id}/",
    ):  # fmt: skip
        page = text_of(browser.get(url))
        assert "Toys and games" in page, url
        assert ">玩具<" not in page, url
        assert "· 玩具" not in page, url
    assert "unlisted" in text_of(browser.get("/overview/merchants/")), "what nobody translated stays"


def test_a_shop_is_found_by_the_beginning_of_its_code_in_either_case(
    cast: Cast, plant: Callable[..., Any], now: datetime
) -> None:
    for code in ("S1001", "S1002", "T2001"):
        plant(code, obligations_kept=(1, 2), **GOOD)
    services.standings_count(now=now)
    browser = cast.client("merchant_manager")

    def found(url: str) -> list[str]:
        return sorted(set(re.findall(r"[Ss]hop ([ST]\d{4})", text_of(browser.get(url)))))

    for url in ("/overview/merchants/?q=", "/overview/obligations/?q="):
        assert found(f"{url}s1002") == ["S1002"], url
        assert found(f"{url}S100") == ["S1001", "S1002"], url
        assert found(f"{url}hop T2") == ["T2001"], "a part of the name"
    for words, shop in (("s1002", "S1002"), ("S100", "S1001"), ("hop t2", "T2001")):
        assert found(f"/overview/benchmark/?shop={words}") == [shop], words


def test_a_cell_of_the_map_opens_the_clocks_it_counts(
    desk: Cast, open_ticket: Callable[..., Any], now: datetime
) -> None:
    shop, other = a_merchant("M1", now), a_merchant("M2", now)
    for owes, number in ((shop, 2), (other, 1)):
        for place in range(number):
            at = now + place * HOUR
            ticket = open_ticket(at=at, merchant_id=owes.pk, subject=f"{owes.code}-{place}")
            tickets.ticket_tell_merchant(
                ticket=ticket, text="请说明。", channel="phone", actor=desk.agent, now=at
            )
    clocks = list(Clock.objects.filter(promise="merchant_answer").order_by("pk"))
    end = max(one.due_at for one in clocks) + DAY
    sweep(now=end)
    services.recount(codes=["obligations_kept"])
    with time_machine.travel(end, tick=False):
        browser = desk.client("operations")
        page = text_of(browser.get("/overview/obligations/"))
        assert page.index("Shop M1") < page.index("Shop M2"), "most broken first"
        assert "0/2" in page
        monday = scores.zone() and (clocks[0].due_at.astimezone(scores.zone()).date())
        monday -= timedelta(days=monday.weekday())
        url = f"/overview/obligations/{shop.public_id}/"
        assert f"{url}?week={monday}" in page
        mine = text_of(browser.get(f"{url}?week={monday}&promise=merchant_answer"))
        rule = f"/{clocks[0].standard_version.standard.code}/?v="
        assert mine.count(rule) == 2, "two clocks, each with its rule"
        assert "M2-0" not in mine
        assert "0/2" in mine
        week_before = text_of(browser.get(f"{url}?week={monday - WEEK}"))
        assert rule not in week_before
        head, *lines = sheet_of(browser.get("/overview/obligations/?format=csv"))
        assert [line[0] for line in lines] == ["M1", "M2"]
        assert lines[0][-2:] == ["0", "2"]
        few = statements(browser, "/overview/obligations/")
        assert desk.client("agent").get(url).status_code == 404
        for odd in ("last=x", "last=9999-01-01", "week=0001-01-01", "promise=%00", "after=1_x", "manager=-1"):
            assert browser.get(f"{url}?{odd}").status_code == 200, odd
        assert few <= 9


def test_one_merchants_page_has_courses_weeks_and_what_is_open_in_twelve_statements(
    cast: Cast, plant: Callable[..., Any], now: datetime
) -> None:
    shop = plant("ONE", category="books", **GOOD)
    for peer in ("PEER", "PEER2"):
        plant(peer, category="books", **GOOD)
    for back in range(1, 6):
        counted(shop.pk, "merchant", now.date() - back * 28 * DAY, dispatch_in_time=(90 - back, 100))
    monday = now.date() - 10 * DAY
    counted(shop.pk, "merchant", monday, category="merchant_answer", obligations_kept=(3, 4))
    services.standings_count(now=now)
    browser = cast.client("operations")
    url = f"/overview/merchants/{shop.public_id}/"
    page = text_of(browser.get(url))
    assert 'class="sc spark"' in page
    assert "3/4" in page
    assert f"state=open&merchant={shop.pk}" in page.replace("&amp;", "&")
    few = statements(browser, url)
    assert few <= 12
    for number in range(30):
        plant(f"P{number:02d}", category="books", **GOOD)
        month_before_rows(shop, number, now)
    services.standings_count(now=now)
    assert statements(browser, url) == few
    beside = text_of(browser.get(f"{url}beside/"))
    assert "ONE" in beside
    assert cast.client("agent").get(f"{url}beside/").status_code == 404


def month_before_rows(shop: Any, number: int, now: datetime) -> None:
    """One more day with figures of products and promises."""
    product = Product.objects.create(code=f"X{number}", name=f"Thing {number}", merchant=shop)
    counted(product.pk, "product", now.date() - 5 * DAY, orders=(50, 50), problem_rate=(number, 50))
    counted(
        shop.pk, "merchant", now.date() - number * DAY, category="return_receipt", obligations_kept=(1, 2)
    )


def test_products_are_sorted_by_what_is_sure_and_few_orders_are_not_compared(
    cast: Cast, now: datetime
) -> None:
    category = Category.objects.create(code="audio", name_zh="音频", name_en="Audio")
    # 6 of 40 may be 7 per cent at least, 60 of 600 surely 8: the larger sample comes first though its rate is lower
    some = {"SURE": (600, 60), "PERHAPS": (40, 6), "RARE": (5, 5)}
    rows = {}
    for code, (orders, problems) in some.items():
        rows[code] = Product.objects.create(code=code, name=f"Article {code}", category=category)
        counted(
            rows[code].pk, "product", now.date() - 5 * DAY, category="audio", orders=(orders, orders),
            problem_rate=(problems, orders), low_rating_share=(2, 12),
        )  # fmt: skip
    browser = cast.client("merchant_manager")
    page = text_of(browser.get("/overview/products/"))
    assert re.findall(r"Article (SURE|PERHAPS|RARE)", page) == ["SURE", "PERHAPS"]
    assert "10.0%" in page
    assert "60 / 600" in page
    assert "2 / 12" in page
    assert "16.7%" not in page, "twelve reviews are too few to tell a share"
    assert "Article RARE" in text_of(browser.get("/overview/products/?few=1"))
    assert "100.0%" not in text_of(browser.get("/overview/products/?few=1"))
    assert "Article SURE" not in text_of(browser.get("/overview/products/?category=video"))
    listed = sheet_of(browser.get("/overview/products/?format=csv"))
    assert [row[0] for row in listed[1:]] == ["SURE", "PERHAPS"]
    one = text_of(browser.get(f"/overview/products/{rows['PERHAPS'].public_id}/"))
    assert "15.0%" in one
    assert "11.0%" in one, "its category: 71 of 645"
    assert statements(browser, f"/overview/products/{rows['SURE'].public_id}/") <= 12
    behind = f"/overview/products/{rows['SURE'].public_id}/problem_rate/"
    assert browser.get(behind).status_code == 200
    assert browser.get(f"/overview/products/{rows['SURE'].public_id}/nothing/").status_code == 404
    assert cast.client("agent").get("/overview/products/").status_code == 404


def test_a_problem_of_a_product_is_found_behind_its_rate(
    desk: Cast, open_ticket: Callable[..., Any], now: datetime
) -> None:
    from aftersales.orders import services as orders
    from tests.records import order as an_order

    product = Product.objects.create(code="EAR", name="Earphones")
    for number in range(2):
        row = an_order(f"E-{number}", now)
        orders.line_add(order=row, line_no=1, merchant=None, product=product, actor=desk.system, now=now)
    ticket = open_ticket(order_id=row.pk, subject="没有声音")
    services.recount(codes=["problem_rate", "tickets", "orders"])
    figure = Rollup.objects.filter(metric="problem_rate", subject_kind="product", subject_id=product.pk)
    assert [sum(one) for one in zip(*figure.values_list("num", "den"), strict=True)] == [1, 2]
    browser = desk.client("operations")
    assert ticket.number in text_of(browser.get(f"/overview/products/{product.public_id}/problem_rate/"))
    page = text_of(browser.get(f"/overview/products/{product.public_id}/"))
    assert "1 / 2" in page
    assert "50.0%" not in page, "two orders are no rate"


def test_leads_see_their_teams_people_themselves_and_nobody_is_ranked(cast: Cast, now: datetime) -> None:
    team, agent = cast.team, cast.agent
    stranger = cast.person("agent", name="外人")
    cast.make_team("second", lead=cast.of("supervisor"), members=[stranger])
    day = now.date() - 5 * DAY
    counted(agent.pk, "person", day, promises_kept=(57, 60), resolution=(9, 10), tickets=(80, 80))
    counted(stranger.pk, "person", day, promises_kept=(11, 44))
    counted(team.pk, "team", day, promises_kept=(150, 160), resolution=(90, 100))
    lead = cast.client(cast.lead)
    page = text_of(lead.get("/overview/results/"))
    assert "95.0%" in page, "57 of 60"
    assert "9 / 10" in page
    assert "90.0%" in page, "the team's 90 of 100, and not the agent's 9 of 10"
    assert page.count("90.0%") == 1
    assert "外人" not in page
    one = f"/overview/results/person/{agent.pk}/"
    assert "93.8%" in text_of(lead.get(one)), "the team beside"
    assert lead.get(f"/overview/results/person/{stranger.pk}/").status_code == 404
    assert lead.get(f"/overview/results/person/{stranger.pk}/promises_kept/").status_code == 404
    mine = cast.client(agent)
    assert mine.get("/overview/results/").headers["Location"] == one
    assert "57 / 60" in text_of(mine.get(one))
    assert mine.get(f"/overview/results/person/{stranger.pk}/").status_code == 404
    assert mine.get(f"/overview/results/team/{team.pk}/").status_code == 404
    auditor = cast.client("auditor")
    assert "25.0%" in text_of(auditor.get(f"/overview/results/person/{stranger.pk}/"))
    assert auditor.get("/overview/results/merchant/1/").status_code == 404
    assert len(sheet_of(auditor.get(f"/overview/results/?team={team.pk}&format=csv"))) == 4, (
        "head, team, two people"
    )
    assert statements(lead, "/overview/results/") <= 14


def test_the_formula_gone_the_pages_say_so(cast: Cast) -> None:
    browser = cast.client("merchant_manager")
    assert Formula.objects.filter(subject_kind="merchant").exists()
    for path in ("merchants/", "benchmark/", "obligations/", "products/"):
        assert "empty" in text_of(browser.get(f"/overview/{path}")), path


def test_the_sheet_of_the_map_holds_every_shop_and_not_the_page(
    cast: Cast, plant: Callable[..., Any]
) -> None:
    for number in range(43):
        plant(f"W{number:02d}", obligations_kept=(1, 2))
    browser = cast.client("operations")
    more = re.search(r'href="\?([^"]*after=[^"]*)"', text_of(browser.get("/overview/obligations/")))
    assert more
    for query in ("", more[1].replace("&amp;", "&")):
        lines = sheet_of(browser.get(f"/overview/obligations/?{query}&format=csv"))[1:]
        assert [line[0] for line in lines] == [f"W{number:02d}" for number in range(43)]
