"""Numbers by rule (R5.5)."""

from datetime import UTC, datetime

import pytest

from aftersales.core import series
from aftersales.core.models import Series

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _toys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "_declared", {})
    series.declare("toy", "TY{yy}{mm}-{n:05d}")


def test_numbers_run_from_one_within_a_month(now) -> None:
    assert [series.next_number("toy", now) for _ in range(3)] == [
        "TY2611-00001",
        "TY2611-00002",
        "TY2611-00003",
    ]


def test_many_numbers_are_taken_in_one_statement(now, django_assert_num_queries) -> None:
    series.next_number("toy", now)
    with django_assert_num_queries(1):
        numbers = series.take("toy", 500, now)
    assert (numbers[0], numbers[-1], len(set(numbers))) == ("TY2611-00002", "TY2611-00501", 500)


def test_the_month_changes_at_midnight_of_the_market_not_of_greenwich() -> None:
    last = datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC)
    first = datetime(2026, 11, 30, 16, 0, 0, tzinfo=UTC)
    assert series.next_number("toy", last) == "TY2611-00001"
    assert series.next_number("toy", first) == "TY2612-00001"


def test_an_edited_pattern_with_the_same_period_counts_on(now) -> None:
    series.next_number("toy", now)
    Series.objects.create(code="toy", pattern="X{yy}{mm}/{n}")
    assert series.next_number("toy", now) == "X2611/2"


def test_a_yearly_pattern_counts_through_the_year() -> None:
    series.declare("paper", "DA{yyyy}-{n:04d}")
    may = datetime(2026, 5, 3, 4, 0, tzinfo=UTC)
    june = datetime(2026, 6, 3, 4, 0, tzinfo=UTC)
    assert [series.next_number("paper", at) for at in (may, june)] == ["DA2026-0001", "DA2026-0002"]


def test_a_daily_pattern_counts_each_day_anew(now) -> None:
    series.declare("slip", "S{yy}{mm}{dd}-{n}")
    assert [series.next_number("slip", now) for _ in range(2)] == ["S261123-1", "S261123-2"]


def test_an_undeclared_series_is_a_mistake(now) -> None:
    with pytest.raises(LookupError, match="not declared"):
        series.next_number("nothing", now)
