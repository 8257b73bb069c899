"""Limits worked out on paper: two Poisson counts compared exactly, without any approximation."""

from dataclasses import replace
from datetime import date, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftersales.improvement import looking, rules
from aftersales.improvement.rules import Seen
from aftersales.improvement.states import Chart, Period

THREE_SIGMA = 0.00135


def test_nothing_in_eight_weeks_makes_a_ninth_of_the_chance_for_each_ticket() -> None:
    """One day against eight: each ticket falls on the day with 1/9. Three of three: 1/729 = 0.00137; four: 1/6561."""
    assert rules.tail(3, 0, 1 / 9) == pytest.approx(1 / 729)
    assert rules.tail(4, 0, 1 / 9) == pytest.approx(1 / 6561)
    assert rules.limit(0, 1 / 9, THREE_SIGMA) == 3, "three are just still chance, four are not"
    assert rules.limit(0, 1 / 9, 1e-5) == 5, "1/9^5 = 1.7e-5 is still allowed, 1/9^6 = 1.9e-6 is not"


def test_a_small_case_is_summed_by_hand() -> None:
    """Two on the day, one in the base of one day: of three, two or more fall on the day in (3 + 1) / 8."""
    assert rules.tail(2, 1, 0.5) == pytest.approx(4 / 8)
    assert rules.tail(3, 1, 0.5) == pytest.approx((4 + 1) / 16)
    assert rules.tail(0, 7, 0.1) == 1


@pytest.mark.parametrize(("expected", "limit"), [(0.5, 4), (1, 5), (2, 7), (4, 11), (10, 21)])
def test_with_a_long_base_it_is_the_limit_of_the_textbook(expected: float, limit: int) -> None:
    """The last count whose tail is above 0.00135.

    λ 0.5: P(≥4) 0.00175, P(≥5) 0.00017 → 4. λ 1: P(≥5) 0.00366, P(≥6) 0.00059 → 5. λ 2: P(≥7) 0.00453, P(≥8)
    0.00110 → 7. λ 4: P(≥11) 0.00284, P(≥12) 0.00092 → 11. λ 10: P(≥20) 0.00345, P(≥21) 0.00159, P(≥22) 0.00070 → 21.
    """
    assert rules.limit(int(expected * 1_000_000), 1 / 1_000_001, THREE_SIGMA) == limit


@pytest.mark.parametrize(("share", "expected"), [(0.2, 2500), (1 / 9, 1250)])
def test_a_busy_subject_has_its_limit_above_what_is_usual(share: float, expected: int) -> None:
    """Ten thousand in the base: the limit lies some standard deviations above what is expected, never at nothing."""
    found = rules.limit(10_000, share, 1e-5)
    deviation = (expected / (1 - share)) ** 0.5
    assert expected + 4 * deviation < found < expected + 5 * deviation
    assert rules.tail(expected // 4, 10_000, share) == pytest.approx(1)
    assert rules.tail(found, 10_000, share) > 1e-5 >= rules.tail(found + 1, 10_000, share)


def test_more_subjects_make_the_limit_of_each_stricter() -> None:
    assert rules.chance(1, 1, 1) == pytest.approx(1 / 60)
    assert rules.chance(1000, 1, THREE_SIGMA) == pytest.approx(1 / 60_000)
    assert rules.chance(1, 1, THREE_SIGMA) == THREE_SIGMA
    assert rules.strength(1e-6) == 60
    assert rules.strength(0.0) == rules.STRONGEST


NUMBERS = rules.Numbers(
    weeks=8, weeks_most=26, base_least=5, least={Period.DAY: 5, Period.WEEK: 8, Period.BATCH: 5}, excess=0.5,
    false_alarms=1, chance_most=THREE_SIGMA, exposure_days=14, exposure_least=10, batch_days=120,
    base_days={Period.DAY: 3, Period.WEEK: 21}, growth_most=10, cited="",
)  # fmt: skip
LAST = date(2026, 11, 20)


def test_a_small_base_takes_more_weeks_and_a_newcomer_has_none() -> None:
    assert rules.tiers(NUMBERS) == [8, 16, 26]
    few = rules.judged(Seen("x", 6, [(2, 8), (4, 16), (7, 26)], 0, 0), Period.DAY, LAST, 1e-4, NUMBERS)
    assert few is not None
    assert (few.base, few.base_size, few.expected) == (7, 26, pytest.approx(7 / 26))
    assert rules.judged(Seen("x", 6, [(0, 2), (0, 2), (0, 2)], 0, 0), Period.DAY, LAST, 1e-4, NUMBERS) is None


def test_twice_the_orders_explain_twice_the_tickets() -> None:
    """Eight in eight days make one usual; with twice the orders two, and the limit is that of two."""
    plain = rules.judged(Seen("x", 8, [(8, 8)], 100, 100), Period.DAY, LAST, 1e-3, NUMBERS)
    grown = rules.judged(Seen("x", 8, [(8, 8)], 200, 100), Period.DAY, LAST, 1e-3, NUMBERS)
    assert plain is not None
    assert grown is not None
    assert (plain.chart, plain.expected) == (Chart.COUNT, pytest.approx(1))
    assert (grown.chart, grown.expected) == (Chart.RATE, pytest.approx(2))
    assert rules.is_surge(plain, NUMBERS)
    assert grown.limit > plain.limit
    fewer = rules.judged(Seen("x", 8, [(8, 8)], 20, 100), Period.DAY, LAST, 1e-3, NUMBERS)
    assert fewer is not None
    assert fewer.limit == plain.limit, "who sells less is not judged more strictly"


def test_a_batch_is_a_share_of_what_was_sent() -> None:
    """20 of 200 pieces of one age: of 8 tickets a tenth is expected, with 2 of the others 2 · (0.1/0.9) = 0.22."""
    one = rules.batch_judged("1|b7", LAST, LAST, (6, 2, 180), 0.1, 1e-4)
    assert one is not None
    assert (one.chart, one.expected) == (Chart.SHARE, pytest.approx(2 / 9))
    # C(8,6)·0.1^6·0.9^2 + C(8,7)·0.1^7·0.9 + 0.1^8 = 28·0.81e-6 + 7.2e-7 + 1e-8
    assert one.tail == pytest.approx(28 * 0.81e-6 + 7.2e-7 + 1e-8)
    assert rules.is_surge(one, NUMBERS)
    assert rules.batch_judged("1|b7", LAST, LAST, (6, 0, 0), 1.0, 1e-4) is None, (
        "no other batch to compare with"
    )


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), a_day=st.sampled_from([0.2, 1.0, 5.0]))
def test_a_steady_base_raises_no_alarm(seed: int, a_day: float) -> None:
    """Two hundred subjects that stay as they are, looked at once: the budget is one false alarm in thirty such days."""
    random = Random(seed)
    allowed, alarms = rules.chance(200, 1, THREE_SIGMA), 0

    def poisson() -> int:
        count, left = 0, random.expovariate(1)
        while left < a_day:
            count, left = count + 1, left + random.expovariate(1)
        return count

    for _subject in range(200):
        base = sum(poisson() for _day in range(8))
        found = rules.judged(Seen("x", poisson(), [(base, 8)], 0, 0), Period.DAY, LAST, allowed, NUMBERS)
        alarms += found is not None and rules.is_surge(found, NUMBERS)
    assert alarms <= 1


def test_the_base_is_the_same_weekday_without_days_that_are_left_out() -> None:
    out = frozenset({date(2026, 11, 13)})
    days, tiers = looking.base_days(Period.DAY, LAST, NUMBERS, out)
    assert {one.weekday() for one in days} == {LAST.weekday()}
    assert (len(days), days[0], tiers.count(1)) == (25, date(2026, 11, 6), 7)
    week, _tiers = looking.base_days(Period.WEEK, LAST, NUMBERS, out)
    assert max(week) == date(2026, 11, 12), "the seven days before the last seven begin a day earlier"


def test_numbers_are_those_of_the_rule_book(book: None, now: datetime) -> None:
    found = looking.numbers(now)
    assert (found.weeks, found.weeks_most, found.base_least, found.excess) == (8, 26, 5, 0.5)
    assert found.chance_most == pytest.approx(THREE_SIGMA)
    assert looking.left_out(now) == frozenset()


SEEN = Seen("x", 8, [(8, 8), (14, 16), (20, 26)], 200, 100)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("base_least", 9), ("least", {Period.DAY: 9}), ("excess", 4), ("exposure_least", 150),
        ("weeks", 20), ("weeks_most", 8),
    ],
)  # fmt: skip
def test_each_number_moves_what_is_found(name: str, value: object) -> None:
    changed = replace(NUMBERS, **{name: value})

    def verdict(terms: rules.Numbers) -> object:
        found = rules.judged(SEEN, Period.DAY, LAST, 1e-2, terms)
        return rules.tiers(terms), found, found is not None and rules.is_surge(found, terms)

    assert verdict(changed) != verdict(NUMBERS)
