"""Freight for the way back is given with the parcel: not when nothing was sent, and no later decision drops it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from aftersales.cases import services
from aftersales.cases.models import Case
from aftersales.core.errors import DomainError
from tests.cases.bank import paid
from tests.cases.test_rulings import FOR_CUSTOMER, ruled
from tests.cases.workshop import DAY, HOUR, arrive, fresh, keep
from tests.cast import Cast

D = Decimal
Open = Callable[..., Case]
FULL = replace(FOR_CUSTOMER, goods_back=True)


@pytest.fixture
def case(open_case: Open, desk: Cast, now: datetime) -> Case:
    """A faulty cup is to come back: ¥25.67, and ¥15 for the way back on top."""
    row = services.case_approve(case=open_case({0: 1}, ground="quality"), actor=desk.lead, now=now)
    return freight(row, desk, now)


def freight(case: Case, desk: Cast, now: datetime) -> Case:
    return services.case_return_freight(
        case=fresh(case), amount=D(15), words="快递小票", actor=desk.lead, now=now
    )


def money(case: Case) -> tuple[Decimal, Decimal]:
    row = fresh(case)
    return row.agreed, row.agreed_extra


def test_nothing_is_given_for_a_parcel_that_was_never_sent(case: Case, desk: Cast, now: datetime) -> None:
    assert money(case) == (D("40.67"), D(15))
    assert services.parcels_expire(now=now + 60 * DAY) == 1
    assert money(case) == (0, 0)
    # And when it comes after all, the freight is there again with the refund
    parcel = arrive(case, desk, now + 61 * DAY)
    assert money(case) == (D("40.67"), D(15))
    keep(parcel, desk, now + 62 * DAY)
    assert paid(case, desk, now + 62 * DAY).state == "closed"


def test_freight_is_not_agreed_for_goods_that_were_never_sent(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    row = services.case_approve(case=open_case({0: 1}, ground="quality"), actor=desk.lead, now=now)
    services.parcels_expire(now=now + 60 * DAY)
    with pytest.raises(DomainError) as error:
        freight(row, desk, now + 61 * DAY)
    assert error.value.code == "nothing_sent"


def test_a_ruling_keeps_the_freight_unless_the_customer_bears_it(
    case: Case, desk: Cast, now: datetime
) -> None:
    keep(arrive(case, desk, now), desk, now + 2 * HOUR)
    dispute = services.dispute_open(case=fresh(case), by="merchant", actor=desk.agent, now=now + DAY)
    ruling = ruled(dispute, FULL, desk.adjudicator, now + 2 * DAY)
    assert (ruling.amount, money(case)) == (D("40.67"), (D("40.67"), D(15)))
    assert sorted(case.payments.values_list("kind", "amount")) == [("freight", D(15)), ("refund", D("25.67"))]


def test_a_ruling_that_the_customer_bears_the_way_back_ends_the_freight(
    case: Case, desk: Cast, now: datetime
) -> None:
    dispute = services.dispute_open(case=fresh(case), by="merchant", actor=desk.agent, now=now)
    ruling = ruled(dispute, replace(FULL, freight_by="customer"), desk.adjudicator, now)
    assert (ruling.amount, money(case), fresh(case).back_freight) == (D("25.67"), (D("25.67"), 0), 0)


def test_a_partial_ruling_says_how_much_in_all(case: Case, desk: Cast, now: datetime) -> None:
    dispute = services.dispute_open(case=fresh(case), by="merchant", actor=desk.agent, now=now)
    part = replace(FULL, outcome="part_refund", amount=D(30))
    ruling = ruled(dispute, part, desk.adjudicator, now)
    assert (ruling.amount, money(case)) == (D(30), (D(30), D("4.33")))


def test_freight_that_is_paid_stays_when_the_customer_is_to_bear_it(
    case: Case, desk: Cast, now: datetime
) -> None:
    dispute = services.dispute_open(case=fresh(case), by="customer", actor=desk.agent, now=now)
    ruled(dispute, FULL, desk.adjudicator, now)
    keep(arrive(case, desk, now), desk, now + 2 * HOUR)
    paid(case, desk, now + DAY)
    services.dispute_appeal(
        dispute=dispute, by="merchant", actor=desk.agent, now=now + DAY, words="运费应由客户承担"
    )
    final = services.appeal_decide(
        dispute=dispute, draft=replace(FULL, freight_by="customer"), actor=desk.person("adjudicator"),
        now=now + 2 * DAY,
    )  # fmt: skip
    assert (final.amount, final.kept, money(case)) == (D("25.67"), D(15), (D("40.67"), D(15)))


@pytest.mark.parametrize("kind", ["exchange", "repair"])
def test_a_return_that_is_turned_keeps_its_freight_for_when_the_goods_are_here(
    case: Case, desk: Cast, now: datetime, kind: str
) -> None:
    services.case_turn(case=fresh(case), kind=kind, actor=desk.lead, now=now)
    assert money(case) == (D(15), D(15))
    with pytest.raises(DomainError) as error:
        services.payment_propose(case=fresh(case), actor=desk.agent, now=now)
    assert error.value.code == "goods_awaited"
    arrive(case, desk, now + DAY)
    [payment] = services.payment_propose(case=fresh(case), actor=desk.agent, now=now + 2 * DAY)
    assert (payment.kind, payment.amount) == ("freight", D(15))


def test_turned_and_never_sent_the_freight_ends(case: Case, desk: Cast, now: datetime) -> None:
    services.case_turn(case=fresh(case), kind="exchange", actor=desk.lead, now=now)
    services.parcels_expire(now=now + 60 * DAY)
    assert money(case) == (0, 0)
