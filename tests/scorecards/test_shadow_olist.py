"""Drafts tried on real orders: problems found are as the files say, and a harder mark moves nobody up."""

import copy
import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aftersales.core import jobs
from aftersales.scorecards import services
from aftersales.scorecards.models import Formula, ShadowPart, ShadowScore
from aftersales.scorecards.scores.terms import read
from aftersales.scorecards.services import Tried
from aftersales.scorecards.shadow import drafts
from aftersales.standards.models import Market
from aftersales.standards.selectors import market_default
from tests.flows.sheet_steps import sample
from tests.scorecards import olist

pytestmark = [pytest.mark.django_db, pytest.mark.sample, pytest.mark.slow]
SUMMER = date(2018, 6, 1), date(2018, 8, 31)


def test_a_summer_of_real_orders_under_other_rules(book, cast) -> None:
    folder = sample("olist-main", "oracle.json").parent
    here = market_default()
    market = Market.objects.create(
        code="br", name_zh="巴西", name_en="Brazil", currency="BRL", zone=olist.ZONE, calendar_id=here.calendar_id
    )  # fmt: skip
    olist.load(folder, market.pk)
    now = datetime(2018, 9, 11, 2, tzinfo=UTC)
    formula = Formula.objects.get(code="merchants")
    terms = copy.deepcopy(formula.versions.get(number=1).terms)
    services.recount(codes=read(terms, "merchant").codes)
    for item in terms["metrics"]:
        if item["metric"] == "dispatch_in_time":
            item["marks"] = [["0.99", "100"], ["0.95", "70"], ["0.90", "35"], ["0.80", "0"]]
    draft = services.formula_draft(
        formula=formula, terms=terms, actor=cast.operations, now=now, reason="晚交运从严"
    )
    rules = json.loads(drafts.book_text("intake"))
    for rule in rules:
        rule["threshold"] = {"review_low": 1, "parcel_late": 48}.get(rule["code"], rule.get("threshold", 0))
    tried = Tried(formula=draft.pk, books={"intake": json.dumps(rules)})
    run = services.shadow_ask(since=SUMMER[0], until=SUMMER[1], tried=tried, actor=cast.operations, now=now)
    assert jobs.run_due(now) == 1

    counts = ShadowPart.objects.get(run=run.pk, played="whole").counts
    low = counts["signal review_low"]
    assert (low["base"], low["then"]) == (_reviews(folder, 2), _reviews(folder, 1))
    late = counts["signal parcel_late"]
    assert late["then"] < late["base"]
    days = ShadowPart.objects.filter(run=run.pk, played="scores").order_by("place")
    assert [one.counts["day"] for one in days] == ["2018-06-30", "2018-07-31", "2018-08-31"]
    assert all(one.counts["up"] == 0 and one.counts["down"] > 0 for one in days)
    moved = ShadowScore.objects.filter(run=run.pk, size__gt=0)
    assert moved.exists()
    assert not moved.filter(grade_before="").exists(), "who did too little has the neutral score either way"


def _reviews(folder, stars: int) -> int:
    """From the files alone: reviews of so many stars at most, written on these days of our market."""
    shanghai = ZoneInfo(market_default().zone)
    first, last = (datetime(one.year, one.month, one.day, tzinfo=shanghai) for one in SUMMER)
    found = 0
    for row in olist.read(folder, "order_reviews"):
        at = datetime.fromisoformat(row["review_creation_date"]).replace(tzinfo=ZoneInfo(olist.ZONE))
        found += int(row["review_score"]) <= stars and first <= at < last + timedelta(days=1)
    return found
