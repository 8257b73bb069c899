"""Real orders with real reviews: the low ones as tickets. What is known of that year is found, the rest stays quiet."""

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from aftersales.improvement import services
from aftersales.improvement.models import Warning, WarningDay
from aftersales.merchants.models import Merchant
from aftersales.standards.models import Market
from aftersales.standards.selectors import market_default
from tests.cast import Cast
from tests.flows.sheet_steps import sample
from tests.scorecards import olist

pytestmark = [pytest.mark.django_db, pytest.mark.sample, pytest.mark.slow]
DAY = timedelta(days=1)
TICKETS = """
    INSERT INTO tickets_ticket (
        public_id, version, number, source, source_ref, subject, state, wait_for, kind, severity, nature,
        graded_by, channel, historic, market_id, order_id, merchant_id, audience, opened_at, closed_how,
        result, reopened, ask_in_person, next_due_at, next_promise
    )
    SELECT left(md5('t' || r.id), 22), 1, 'H' || r.id, 'olist', r.id, 'avaliação', 'new', '', 'quality', 'minor',
           'complaint', '', 'web', true, o.market_id, o.id, o.merchant_id, 'internal', r.written_at, '', '', 0, '',
           '9999-12-31 00:00+00', ''
      FROM orders_review r JOIN orders_order o ON o.id = r.order_id WHERE r.score <= 2
"""


@pytest.fixture
def folder(book: None) -> Path:
    found = sample("olist-main", "oracle.json").parent
    here = market_default()
    market = Market.objects.create(
        code="br",
        name_zh="巴西",
        name_en="Brazil",
        currency="BRL",
        zone=olist.ZONE,
        calendar_id=here.calendar_id,
    )
    olist.load(found, market.pk)
    with connection.cursor() as cursor:
        cursor.execute(TICKETS)
        cursor.execute("ANALYZE tickets_ticket")
    return found


def low(folder: Path) -> tuple[Counter[date], Counter[tuple[str, date]]]:
    """Reviews of one or two stars, by day and by seller and day (orders of one seller), straight from the files."""
    sellers: dict[str, set[str]] = defaultdict(set)
    for row in olist.read(folder, "order_items"):
        sellers[row["order_id"]].add(row["seller_id"])
    days: Counter[date] = Counter()
    by_seller: Counter[tuple[str, date]] = Counter()
    for row in olist.read(folder, "order_reviews"):
        if int(row["review_score"]) <= 2:
            day = date.fromisoformat(row["review_creation_date"][:10])
            days[day] += 1
            if len(sellers[row["order_id"]]) == 1:
                by_seller[next(iter(sellers[row["order_id"]])), day] += 1
    return days, by_seller


def test_the_weeks_after_black_friday_are_found_and_the_quiet_months_before_are_not(
    folder: Path, cast: Cast, now: datetime
) -> None:
    """Black Friday was November 24th; parcels were late, and low reviews came from the 29th on."""
    first, last = date(2017, 9, 1), date(2017, 12, 10)
    days = [first + number * DAY for number in range((last - first).days + 1)]
    services.surges_look(actor=cast.system, now=now, days=days, recount=True)
    cause = Warning.objects.get(kind="cause", key="kind:quality")
    found = {(one.period, one.last): one for one in cause.days.all()}
    assert min(day for _period, day in found) >= date(2017, 10, 29), "two months without an alarm"
    assert ("day", date(2017, 11, 29)) in found
    assert all(("week", date(2017, 12, day)) in found for day in range(1, 11))
    by_day, by_seller = low(folder)
    codes = dict(Merchant.objects.values_list("pk", "code"))
    for one in WarningDay.objects.select_related("warning"):
        span = [one.first + number * DAY for number in range((one.last - one.first).days + 1)]
        if one.warning.kind == "cause":
            true = sum(by_day[day] for day in span)
        else:
            true = sum(by_seller[codes[int(one.warning.key)], day] for day in span)
        assert one.observed == true, "exactly what the files say"


def test_no_shop_is_suspected_where_the_files_hold_nothing(folder: Path, cast: Cast, now: datetime) -> None:
    """No seller got more than four five-star reviews on a day, and no long text came from more than two buyers."""
    for month in (date(2017, 1, 1), date(2017, 7, 1), date(2018, 7, 1)):
        assert services.signs_look(actor=cast.system, now=now, month=month) == []
