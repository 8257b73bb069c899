"""Real orders: every merchant, every month, no tolerance."""

import io
import json
from collections import defaultdict
from datetime import date

import pytest
from django.core.management import call_command
from django.db import connection

from aftersales.merchants.models import Merchant
from aftersales.scorecards import services
from aftersales.scorecards.models import Rollup
from aftersales.standards.models import Market
from aftersales.standards.selectors import market_default
from tests.flows.sheet_steps import sample
from tests.scorecards import olist

pytestmark = [pytest.mark.django_db, pytest.mark.sample, pytest.mark.slow]
METRICS = (
    "orders", "undelivered", "overdue", "dispatch_in_time", "delivery_in_time", "late_to_the_second", "late_by_seller",
    "late_by_carrier", "mean_score", "low_rating_share",
)  # fmt: skip


def months(until: date) -> dict[tuple[str, str, str], tuple[int, int]]:
    """(seller, month, metric) → numerator, denominator of the roll-ups."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT m.code, to_char(r.day, 'YYYY-MM'), r.metric, sum(r.num)::int, sum(r.den)::int "
            f"FROM {Rollup._meta.db_table} r JOIN merchants_merchant m ON m.id = r.subject_id "
            "WHERE r.subject_kind = 'merchant' AND (r.metric <> 'overdue' OR r.day <= %s) GROUP BY 1, 2, 3",
            [until],
        )
        return {tuple(row[:3]): tuple(row[3:]) for row in cursor.fetchall()}


def test_every_merchant_in_every_month_is_as_the_files_say(book) -> None:
    folder = sample("olist-main", "oracle.json").parent
    here = market_default()
    market = Market.objects.create(
        code="br",
        name_zh="巴西",
        name_en="Brazil",
        currency="BRL",
        zone=olist.ZONE,
        calendar_id=here.calendar_id,
    )
    olist.load(folder, market.pk)
    services.recount(codes=METRICS)
    told, true = olist.oracle(folder), olist.truth(folder)
    last = (
        date.fromisoformat(told["period"]["as_of"][:10]) if "as_of" in told["period"] else date(2018, 10, 17)
    )

    ours = months(last)
    assert {
        key: (ours.get(key), true.get(key)) for key in ours | true if ours.get(key) != true.get(key)
    } == {}

    of: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for (seller, _month, metric), (num, den) in ours.items():
        of[seller][metric][0] += num
        of[seller][metric][1] += den
    for seller, expected in told["per_seller"].items():
        mine = of[seller]
        late = mine["delivery_in_time"]
        assert mine["orders"][0] == expected["orders"]
        assert (late[1] - late[0], late[1]) == (expected["late_date"]["n"], expected["late_date"]["of"])
        assert mine["dispatch_in_time"][1] - mine["dispatch_in_time"][0] == expected["dispatch_late"]
        assert (mine["mean_score"][0], mine["mean_score"][1]) == (expected["score_sum"], expected["reviews"])
        assert tuple(mine["low_rating_share"]) == (expected["low"]["n"], expected["low"]["of"])
        assert mine["late_by_seller"][0] + mine["late_by_carrier"][0] == expected["late_date"]["n"]
    assert set(of) == set(told["per_seller"])

    assert services.recount(codes=METRICS) == dict.fromkeys(METRICS, 0), "counting again changes nothing"
    _the_command_says_the_same(true)


def _the_command_says_the_same(true: dict[tuple[str, str, str], tuple[int, int]]) -> None:
    seller = max({key[0] for key in true}, key=lambda code: true.get((code, "2018-08", "orders"), (0, 0)))
    out = io.StringIO()
    call_command("scorecards", "--period", "2018-08", "--merchant", seller, stdout=out)
    lines = {row["metric"]: (row["numerator"], row["denominator"]) for row in json.loads(out.getvalue())}
    expected = {
        metric: found for (code, month, metric), found in true.items() if (code, month) == (seller, "2018-08")
    }
    assert {metric: lines.get(metric) for metric in expected} == expected
    assert Merchant.objects.filter(code=seller).exists()
