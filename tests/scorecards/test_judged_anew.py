"""Nobody is judged by figures that are not counted yet."""

from datetime import date, datetime
from typing import Any

import pytest

from aftersales.scorecards import services, tasks
from aftersales.scorecards.models import Rollup
from tests.cast import Cast
from tests.merchants.shops import Shop
from tests.scorecards.test_measures import DAY, METRIC, OCTOBER, figures, only_rule, raised

pytestmark = pytest.mark.django_db


def stale(shop: Shop, month: date) -> None:
    """A bad figure behind which no row stands any more; that it is to be counted again was noted."""
    figures(shop.merchant, month, 30, 200)
    for kind in ("orders.order", "cases.dispute"):
        services.touch(subject_kind=kind)


def test_figures_are_counted_before_measures_are_raised(desk: Cast, shop: Shop, now: datetime) -> None:
    only_rule(desk, now, "unlucky", now - 200 * DAY, **METRIC)
    stale(shop, OCTOBER)
    assert raised(now) == []
    assert not Rollup.objects.exists()


def test_figures_are_counted_before_scores_are_kept(
    shop: Shop, now: datetime, at: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale(shop, OCTOBER)
    seen: list[int] = []
    for name in ("standings_count", "snapshots_take"):
        monkeypatch.setattr(services, name, lambda **_given: seen.append(Rollup.objects.count()) or 0)
    tasks.score()
    assert seen == [0, 0]
