"""Durations, moments, money and masks are said the same way everywhere."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import translation

from aftersales.core import wording

NOW = datetime(2026, 11, 20, 6, 36, tzinfo=UTC)  # 14:36 in Shanghai


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(minutes=46), "46 min"),
        (timedelta(0), "0 min"),
        (timedelta(hours=1, minutes=22), "1 h 22 min"),
        (timedelta(hours=18), "18 h"),
        (timedelta(hours=47, minutes=59), "47 h 59 min"),
        (timedelta(hours=48), "2 d"),
        (timedelta(days=3, hours=9, minutes=40), "3 d 9 h"),
        (-timedelta(minutes=46), "46 min"),
    ],
)
def test_a_duration_takes_at_most_two_units(span: timedelta, words: str) -> None:
    with translation.override("en"):
        assert wording.duration(span) == words


def test_time_left_says_late_once_the_moment_has_passed() -> None:
    with translation.override("en"):
        assert wording.time_left(NOW + timedelta(minutes=82), NOW) == "1 h 22 min left"
        assert wording.time_left(NOW - timedelta(minutes=46), NOW) == "46 min late"


def test_a_moment_is_shortened_to_what_the_reader_needs_in_the_markets_zone() -> None:
    with translation.override("en"):
        assert wording.when(NOW, NOW) == "14:36"
        assert wording.when(NOW - timedelta(days=1), NOW) == "yesterday 14:36"
        assert wording.when(NOW + timedelta(hours=21), NOW) == "tomorrow 11:36"
        assert wording.when(NOW - timedelta(days=9), NOW) == "11-11 14:36"
        assert wording.when(NOW - timedelta(days=400), NOW) == "2025-10-16 14:36"
        assert wording.when(None, NOW) == "–"


def test_money_is_grouped_rounded_half_up_and_has_a_real_minus_sign() -> None:
    assert wording.money(Decimal("1280")) == "¥1,280.00"
    assert wording.money(Decimal("-3.5")) == "−¥3.50"
    assert wording.money(Decimal("0.005"), "BRL") == "R$0.01"
    assert wording.money(Decimal("12"), "CHF") == "CHF 12.00"
    assert wording.money(None) == "–"


def test_masked_data_cannot_be_read_back() -> None:
    assert wording.masked("林晓芳") == "林*芳"
    assert wording.masked("王强") == "王*"
    assert wording.masked("王") == "*"
    assert wording.masked("138 1234 6027", "phone") == "138 **** 6027"
    assert wording.masked("lin@example.com", "email") == "l***@example.com"
    assert wording.masked("", "phone") == "–"
