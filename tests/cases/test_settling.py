"""What of an agreed refund stands once the goods were seen: pure arithmetic, to the cent."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.cases.refunding import Judged, settled
from aftersales.core.components.barcode import SIGNS, barcode, values

D = Decimal
ZERO = D(0)


def test_everything_back_gives_what_was_agreed_with_freight_and_rest() -> None:
    found = settled([Judged(1, 3, 3, D("70.01"))], freight=D(10), rest=D("1.50"), extra=D(5))
    assert (found.total, found.lines, found.freight, found.rest) == (
        D("86.51"),
        {1: D("70.01")},
        D(10),
        D("1.50"),
    )


def test_what_is_missing_gives_nothing_and_keeps_its_share_of_freight() -> None:
    found = settled([Judged(1, 3, 2, D("70.01"))], freight=D(10), rest=D("1.50"))
    assert (found.lines, found.freight, found.rest) == ({1: D("46.68")}, D("6.66"), ZERO)
    assert [term.code for term in found.terms] == ["agreed", "not_accepted", "freight", "freight_kept"]


def test_a_deduction_never_takes_more_than_what_stands() -> None:
    found = settled([Judged(1, 2, 1, D(10), deduction=D(8), why="缺口")], freight=ZERO, rest=ZERO)
    assert (found.total, found.lines) == (ZERO, {1: ZERO})


def test_accounts_that_have_less_left_bound_the_refund() -> None:
    found = settled([Judged(1, 1, 1, D(10), left=D(7))], freight=D(2), rest=ZERO, order_left=D(8))
    assert (found.total, found.lines, found.freight) == (D(8), {1: D(7)}, D(1))


@given(
    st.lists(
        st.tuples(st.integers(1, 9), st.integers(0, 9), st.integers(0, 99_999), st.integers(0, 9_999)), max_size=5
    ),
    st.integers(0, 5_000), st.integers(0, 500),
)  # fmt: skip
def test_the_terms_always_sum_to_the_refund_and_never_above_what_was_agreed(
    rows: list[tuple[int, int, int, int]], freight: int, rest: int
) -> None:
    cent = D("0.01")
    pieces = [
        Judged(pk, count, min(good, count), promised * cent, off * cent, "x")
        for pk, (count, good, promised, off) in enumerate(rows, start=1)
    ]
    found = settled(pieces, freight=freight * cent, rest=rest * cent)
    assert found.total == sum(found.lines.values(), ZERO) + found.freight + found.rest
    assert ZERO <= found.total <= sum((one.promised for one in pieces), ZERO) + (freight + rest) * cent
    assert all(ZERO <= found.lines[one.line_id] <= one.promised for one in pieces)


# The barcode of the slip


def test_every_sign_of_the_barcode_is_eleven_modules_and_different() -> None:
    assert len(SIGNS) == len(set(SIGNS)) == 106
    assert {sum(map(int, sign)) for sign in SIGNS} == {11}


def test_a_known_text_has_its_known_check_sign() -> None:
    assert values("PJJ123C") == [104, 48, 42, 42, 17, 18, 19, 35, 55]  # the example of every textbook


def test_only_what_scanners_read_becomes_a_barcode_and_it_is_escaped() -> None:
    with pytest.raises(ValueError, match="no Code 128"):
        barcode("退货")
    assert "<text" in barcode('A"<b>')
    assert "<b>" not in barcode('A"<b>')
