"""A small refund for goods that stay takes money, not the goods: they may be returned, exchanged or repaired later."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest

from aftersales.cases import services
from aftersales.cases.models import Case, LineAccount, OrderAccount
from aftersales.cases.services.quoting import Deduction
from aftersales.core.errors import DomainError
from aftersales.orders.models import Order
from tests.cases.bank import paid
from tests.cases.whole import check_whole
from tests.cases.workshop import DAY, fresh
from tests.cast import Cast
from tests.records import said

D = Decimal
Open = Callable[..., Case]


def offered(case: Case, amount: str, desk: Cast, now: datetime) -> Case:
    """The customer keeps the goods for a part of their price, and has the money."""
    services.case_offer(case=case, amount=D(amount), actor=desk.lead, now=now)
    done = paid(
        services.case_accept(case=fresh(case), actor=desk.agent, consent=said(now), now=now), desk, now
    )
    assert done.state == "closed"
    return done


@pytest.mark.parametrize(
    ("kind", "ground"),
    [("return", "no_reason"), ("return", "quality"), ("repair", "warranty"), ("exchange", "quality")],
)
def test_after_one_yuan_for_a_scratch_everything_may_still_be_asked_for(
    open_case: Open, desk: Cast, now: datetime, kind: str, ground: str
) -> None:
    offered(open_case({1: 1}, kind="refund_only", ground="quality"), "1.00", desk, now)
    again = open_case({1: 1}, kind=kind, ground=ground)
    assert again.lines.get().value == D("28.99")


def test_the_money_stays_bounded_to_the_cent(open_case: Open, desk: Cast, now: datetime) -> None:
    offered(open_case({1: 1}, kind="refund_only", ground="quality"), "1.00", desk, now)
    rest = open_case({1: 1}, kind="refund_only", ground="no_reason")
    rest = services.case_approve(case=rest, actor=desk.lead, now=now + DAY)
    assert rest.agreed == D("28.99")
    assert paid(rest, desk, now + DAY).state == "closed"
    # And what was paid back in full is gone
    with pytest.raises(DomainError) as error:
        open_case({1: 1}, kind="refund_only", ground="quality")
    assert error.value.code == "too_many"
    check_whole()


def test_freight_of_the_same_pieces_is_given_once(open_case: Open, desk: Cast, now: datetime) -> None:
    cut = Deduction(D("10.00"), "有划痕，客户留用")
    first = open_case({0: 1}, kind="refund_only", ground="quality")
    line = first.lines.get().line_id
    first = services.case_approve(case=first, deductions={line: cut}, actor=desk.lead, now=now)
    assert (first.agreed, first.agreed_freight) == (D("15.67"), D("2.33"))
    paid(first, desk, now)
    again = services.case_preview(case=open_case({0: 1}, ground="quality"))
    assert again.freight == 0
    # And the other pieces keep theirs: everything together is what was paid
    rest = open_case({0: 2, 1: 1}, kind="refund_only", ground="quality")
    rest = services.case_approve(case=rest, actor=desk.lead, now=now)
    assert rest.agreed_freight == D("7.67")
    assert OrderAccount.objects.get().freight_granted == D(10)


def test_three_cups_with_one_paid_in_part_give_together_what_was_paid(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    offered(open_case({0: 1}, kind="refund_only", ground="quality"), "5.01", desk, now)
    assert LineAccount.objects.get(claimed_value=D("5.01")).claimed == 0
    whole = open_case({0: 3, 1: 1}, kind="refund_only", ground="quality")
    assert paid(services.case_approve(case=whole, actor=desk.lead, now=now), desk, now).state == "closed"
    assert Order.objects.get().refunded == D(110)
    check_whole()
