"""The board of 10,000 scored merchants: one page of fifty must not grow with the number of tickets below it."""

import json
from collections.abc import Iterator
from datetime import timedelta

from django.db import connection
from django.urls import reverse

from aftersales.dashboards.views.merchants import merchants
from aftersales.merchants.models import Merchant
from aftersales.scorecards.models import FormulaVersion, Snapshot, Standing
from tests import database
from tests.bench import scene
from tests.bench.data import NOW, Sets, copy_of
from tests.bench.measure import Race, Result, at_most, count, seconds, statements
from tests.bench.rows import insert

SHOPS = 10_000
FIRST = 5_000_000  # beyond the keys of the set's own merchants
BAR = 1.3
MOST = 12
SORTS = ("score", "moved", "risk")
LAST = NOW.date() - timedelta(days=8)


def measure(sets: Sets, effort: int) -> Iterator[Result]:
    taken, few = _taken(sets.medium, effort)
    many, number = _taken(sets.large, effort)
    for sort in SORTS:
        name = f"page of {SHOPS:,} merchants by {sort} at 1,000,000 tickets / at 100,000"
        yield at_most(name, Race(many[sort], taken[sort]), BAR)
    yield count("statements of that page", max(few, number), MOST)


def _taken(source: str, effort: int) -> tuple[dict[str, list[float]], int]:
    """Seconds of each page by each order in a copy of this set, and statements of the dearest."""
    with copy_of(source) as name:
        _scored(name)
        reader = scene.person("operations")
        found, most = {}, 0
        for sort in SORTS:
            page = scene.caller(merchants, f"{reverse('dashboards:merchants')}?sort={sort}", reader)
            for _warm in range(3):
                page()
            found[sort] = [seconds(page) for _round in range(15 * effort)]
            most = max(most, len(statements(page)))
        return found, most


def _scored(name: str) -> None:
    """10,000 merchants with a standing and the month before, each with what eight metrics said."""
    rule = FormulaVersion.objects.filter(formula__subject_kind="merchant").order_by("pk").first()
    assert rule is not None, "the set has the shipped rule book"
    rows = f"generate_series({FIRST}, {FIRST + SHOPS - 1}) i"
    score = "60 + (i::bigint * 7919 % 400) / 10.0"
    said = {
        "formula_id": f"{rule.formula_id}", "rule_id": f"{rule.pk}", "subject_kind": "'merchant'", "subject_id": "i",
        "subject_name": "'店铺 ' || i", "category": "'c' || i % 40", "score": score, "low": f"{score} - 3",
        "high": f"least(100, {score} + 3)", "volume": "30 + i % 5000", "below": "i % 100", "peers": "249",
        "grade": f"CASE WHEN {score} >= 90 THEN 'A' WHEN {score} >= 75 THEN 'B' ELSE 'C' END",
        "details": f"'{json.dumps(details(rule))}'::jsonb", "at": f"'{NOW.isoformat()}'",
    }  # fmt: skip
    month = (LAST.replace(day=1) - timedelta(days=1)).replace(day=1)
    with database.superuser(name) as link:
        link.execute("SET session_replication_role = replica")
        insert(link, Merchant, rows, id="i", code="'B' || i", name="'店铺 ' || i", state="'active'")
        insert(link, Standing, rows, id="i", day=f"'{LAST}'", **said)
        before = said | {"score": "60 + (i::bigint * 104729 % 400) / 10.0"}
        insert(
            link,
            Snapshot,
            rows,
            id="i",
            day=f"'{LAST.replace(day=1) - timedelta(days=1)}'",
            month=f"'{month}'",
            **before,
        )
        link.commit()
        link.autocommit = True
        for model in (Merchant, Standing, Snapshot):
            link.execute(f"VACUUM ANALYZE {model._meta.db_table}")
    connection.close()


def details(rule: FormulaVersion) -> dict[str, object]:
    """What a score was counted from, each metric alike."""
    item = {
        "num": 380, "den": 400, "days": 30, "verdict": "open", "prior": ["0.05", "150.0", 249], "rate": "0.950000",
        "low": "0.924000", "high": "0.967000", "drawn": "0.951000", "weight": "10", "gained": "8.1", "worst": "6.2",
        "best": "9.0",
    }  # fmt: skip
    items = [{"metric": one["metric"], **item} for one in rule.terms["metrics"]]
    return {"volume": {"num": 400, "den": 400, "days": 30}, "items": items, "extras": []}
