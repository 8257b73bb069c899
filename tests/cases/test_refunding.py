"""What a refund is made of, to the cent; no database."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.cases.refunding import LinePaid, Piece, fixed, quote, really_paid, worth
from aftersales.core.errors import DomainError

D = Decimal
money = st.integers(min_value=0, max_value=10_000_000).map(lambda cents: D(cents) / 100)


def line(
    pk: int, paid: str = "0", price: str = "0", pieces: int = 1, freight: str = "0", off: str = "0"
) -> LinePaid:
    return LinePaid(pk, pieces, D(price), D(off), D(paid), D(freight))


def test_lines_that_say_what_was_paid_are_believed_without_their_freight() -> None:
    found = really_paid(D("44.60"), D(0), [line(1, "24.60", freight="4.60"), line(2, "20.00", freight="5")])
    assert (found.lines, found.freight, found.rest) == ({1: D("20.00"), 2: D("15.00")}, D("9.60"), D("0.00"))


def test_an_order_voucher_lowers_every_line_by_largest_remainder() -> None:
    found = really_paid(
        D("100.00"), D(10), [line(1, price="33.34", pieces=3), line(2, price="20", off="0.02")]
    )
    assert found.lines == {1: D("75.02"), 2: D("14.98")}
    assert found.freight == 10
    assert sum(found.lines.values()) + found.freight == 100


def test_lines_never_sum_to_more_than_was_paid_and_the_rest_is_told() -> None:
    assert really_paid(D(50), D(0), [line(1, "60"), line(2, "40")]).lines == {1: D(30), 2: D(20)}
    assert really_paid(D(120), D(0), [line(1, "60"), line(2, "40")]).rest == 20


def test_an_unpaid_order_gives_nothing() -> None:
    found = really_paid(D(0), D(10), [line(1, price="5")])
    assert (found.lines, found.freight, found.rest) == ({1: D(0)}, D(0), D(0))


@given(value=money, takes=st.lists(st.integers(min_value=1, max_value=7), min_size=1, max_size=6))
def test_pieces_taken_one_after_the_other_give_exactly_what_was_paid(
    value: Decimal, takes: list[int]
) -> None:
    left, pieces, given_back = value, sum(takes), D(0)
    for taken in takes:
        part = worth(left, pieces, taken)
        left, pieces, given_back = left - part, pieces - taken, given_back + part
    assert (given_back, left) == (value, 0)


def test_every_term_stands_in_the_quote() -> None:
    found = quote(
        [Piece(1, 2, D("46.68"), D("70.01"), D(5), "杯口有缺")], order_left=D(110), freight=D("6.66")
    )
    assert [(term.code, term.amount) for term in found.terms] == [
        ("goods", D("46.68")), ("deduction", D("-5")), ("freight", D("6.66")),
    ]  # fmt: skip
    assert (found.total, found.lines, found.freight, found.bound) == (
        D("48.34"), {1: D("41.68")}, D("6.66"), D("48.34"),
    )  # fmt: skip


def test_what_was_given_back_elsewhere_is_taken_off_and_said() -> None:
    found = quote([Piece(1, 1, D(30), D(12))], order_left=D(50))
    assert [(term.code, term.amount) for term in found.terms] == [("goods", D(30)), ("elsewhere", D(-18))]
    assert found.total == 12


@given(
    values=st.lists(money, min_size=1, max_size=5), freight=money, rest=money, left=money,
)  # fmt: skip
def test_a_quote_never_gives_more_than_is_left_and_its_parts_are_its_total(
    values: list[Decimal], freight: Decimal, rest: Decimal, left: Decimal
) -> None:
    pieces = [Piece(pk, 1, value, value) for pk, value in enumerate(values)]
    found = quote(pieces, order_left=left, freight=freight, rest=rest)
    assert found.total == min(sum(values) + freight + rest, left)
    assert sum(found.lines.values()) + found.freight + found.rest == found.total
    assert all(D(0) <= found.lines[one.line_id] <= one.value for one in pieces)
    assert D(0) <= found.freight <= freight


def test_a_deduction_above_the_value_is_refused() -> None:
    with pytest.raises(DomainError) as error:
        quote([Piece(1, 1, D(10), D(10), D("10.01"), "x")], order_left=D(10))
    assert error.value.code == "deduction"


@given(values=st.lists(money, min_size=1, max_size=5), share=st.integers(min_value=0, max_value=100))
def test_a_negotiated_amount_is_spread_to_the_cent_within_each_line(
    values: list[Decimal], share: int
) -> None:
    pieces = [Piece(pk, 1, value, value) for pk, value in enumerate(values)]
    amount = (sum(values, D(0)) * share / 100).quantize(D("0.01"), rounding="ROUND_DOWN")
    found = fixed(amount, pieces, order_left=sum(values, D(0)))
    assert sum(found.lines.values(), D(0)) == amount
    assert all(found.lines[one.line_id] <= one.value for one in pieces)


def test_a_negotiated_amount_above_what_is_left_is_refused_with_what_is_left() -> None:
    with pytest.raises(DomainError) as error:
        fixed(D("30.01"), [Piece(1, 1, D(30), D(30))], order_left=D(100))
    assert error.value.code == "too_much"
    assert "30" in str(error.value)


def test_what_exceeds_the_pieces_is_taken_of_the_freight() -> None:
    found = fixed(D("33"), [Piece(1, 1, D(30), D(30))], order_left=D(100), freight=D(10))
    assert (found.lines, found.freight, found.total) == ({1: D(30)}, D(3), D(33))
    with pytest.raises(DomainError):
        fixed(D("40.01"), [Piece(1, 1, D(30), D(30))], order_left=D(100), freight=D(10))
