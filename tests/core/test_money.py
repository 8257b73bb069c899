"""Money: one parser, one way to split (M09)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.core.errors import DomainError
from aftersales.core.money import CENT, MAX_AMOUNT, allocate, parse_amount

AMOUNTS = st.decimals(min_value=-MAX_AMOUNT, max_value=MAX_AMOUNT, places=2)
WEIGHTS = st.lists(st.decimals(min_value=0, max_value=10**14, places=6), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0", "0.00"),
        ("12", "12.00"),
        ("12.5", "12.50"),
        (" 1280.50 ", "1280.50"),
        ("99999999999.99", "99999999999.99"),
        ("999999999999.99", "999999999999.99"),
        ("007", "7.00"),
    ],
)
def test_plain_digits_are_an_amount(text: str, amount: str) -> None:
    assert str(parse_amount(text)) == amount


@pytest.mark.parametrize(
    "text",
    [
        "-1",
        "0.001",
        "1e3",
        "０１２",
        "NaN",
        "Infinity",
        "-Infinity",
        "1,000.00",
        "١٢",
        "9999999999999",
        "",
        " ",
        "+1",
        ".5",
    ]
    + ["1.", "1_000", "0x10", "１２．５", "¥12", "12元", "1 000", "--1", "1.5.5", "²", "1\n2", "12\x00"],
)
def test_everything_else_is_refused_with_what_to_write_instead(text: str) -> None:
    with pytest.raises(DomainError) as refused:
        parse_amount(text)
    assert refused.value.code == "amount"
    assert str(refused.value)


def test_a_negative_amount_only_where_it_is_meant() -> None:
    assert parse_amount("-1.50", negative=True) == Decimal("-1.50")
    assert str(parse_amount("-0")) == "0.00"


@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        amount = parse_amount(text, negative=True)
    except DomainError:
        return
    assert abs(amount) <= MAX_AMOUNT
    assert amount == amount.quantize(CENT)


@given(AMOUNTS)
def test_what_is_written_is_read_back_unchanged(amount: Decimal) -> None:
    assert parse_amount(str(amount), negative=True) == amount


@given(AMOUNTS, WEIGHTS)
def test_the_parts_sum_to_the_total_to_the_cent(total: Decimal, weights: list[Decimal]) -> None:
    parts = allocate(total, weights)
    assert sum(parts) == total
    assert len(parts) == len(weights)
    assert all(part.as_tuple().exponent == -2 for part in parts)


@given(AMOUNTS, WEIGHTS)
def test_no_part_is_a_cent_away_from_its_exact_share(total: Decimal, weights: list[Decimal]) -> None:
    from fractions import Fraction

    whole = sum(map(Fraction, weights))
    shares = [Fraction(weight) / whole if whole else Fraction(1, len(weights)) for weight in weights]
    for part, share in zip(allocate(total, weights), shares, strict=True):
        assert abs(Fraction(part) - Fraction(total) * share) < Fraction(1, 100)


@given(AMOUNTS, WEIGHTS)
def test_nobody_pays_against_the_direction_and_no_weight_gets_nothing(
    total: Decimal, weights: list[Decimal]
) -> None:
    for part, weight in zip(allocate(total, weights), weights, strict=True):
        assert part * total >= 0
        if weight == 0 and any(weights):
            assert part == 0


@given(AMOUNTS, WEIGHTS)
def test_a_refund_is_split_like_its_payment(total: Decimal, weights: list[Decimal]) -> None:
    assert allocate(-total, weights) == [-part for part in allocate(total, weights)]


def test_equal_remainders_go_to_the_earlier_part() -> None:
    assert allocate(Decimal("1.00"), [Decimal(1)] * 3) == [Decimal("0.34"), Decimal("0.33"), Decimal("0.33")]
    assert allocate(Decimal("0.02"), [Decimal(0)] * 3) == [Decimal("0.01"), Decimal("0.01"), Decimal("0.00")]


def test_what_cannot_be_split_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="nothing"):
        allocate(Decimal(1), [])
    with pytest.raises(ValueError, match="negative"):
        allocate(Decimal(1), [Decimal(-1)])
    with pytest.raises(ValueError, match="cent"):
        allocate(Decimal("0.005"), [Decimal(1)])
