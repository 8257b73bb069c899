"""Two at one recovery: a deposit is taken once, a rest is written off once. With the lock off the database refuses."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from aftersales.cases import services
from aftersales.cases.models import CasePayment, Recovery, RecoveryStep, WriteOff
from aftersales.ledger import chart
from aftersales.ledger import selectors as books
from aftersales.ledger.models import Journal
from aftersales.merchants.models import Merchant
from tests.cases.test_at_once import outcomes
from tests.cases.test_disputes import dispute
from tests.cases.test_recoveries import PAID, advanced, books_agree, hold, later, owe, owing, sums
from tests.cases.test_rulings import FOR_CUSTOMER, pay_all, ruled
from tests.cast import Cast

__all__ = ["advanced", "dispute", "later", "owing"]
pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
D, DAY = Decimal, timedelta(days=1)


def test_two_collects_at_once_take_the_deposit_once(
    advanced: Recovery, desk: Cast, now: datetime, later: datetime
) -> None:
    hold("30", "0", now)
    owe("20", now)
    collect = [
        lambda: services.recovery_collect(recovery=advanced, actor=desk.finance, now=later),
        lambda: services.recoveries_collect(now=later),
    ]
    assert outcomes(*collect, *collect) == ["done"] * 4
    assert sums(advanced) == ("partly", PAID, D(50), D("27.01"), 0)
    assert RecoveryStep.objects.count() == 3
    assert Merchant.objects.get().deposit_held == 0
    books_agree()


def test_of_two_payments_of_the_rest_one_counts(advanced: Recovery, desk: Cast, later: datetime) -> None:
    row = services.recovery_collect(recovery=advanced, actor=desk.finance, now=later)

    def pay(reference: str) -> Callable[[], Any]:
        return lambda: services.recovery_paid(
            recovery=row, amount=PAID, reference=reference, actor=desk.finance, now=later
        )

    assert outcomes(pay("B-1"), pay("B-2")) == ["done", "not_collected"]
    assert (sums(row)[0], books.balance(chart.receivable(Merchant.objects.get()))) == ("recovered", 0)


def test_two_approvers_write_off_once(owing: Recovery, desk: Cast, later: datetime) -> None:
    off = services.write_off_propose(recovery=owing, cause="lost", words="x", actor=desk.finance, now=later)
    found = outcomes(
        *(
            lambda who=who: services.write_off_approve(write_off=off, actor=who, now=later)
            for who in (desk.lead, desk.supervisor)
        )
    )
    assert found == ["done", "wrong_state"]
    assert Journal.objects.filter(kind="write_off").count() == 1
    assert sums(owing) == ("written_off", PAID, D("7.01"), 0, D(70))
    books_agree()


def test_two_proposals_at_once_leave_one(owing: Recovery, desk: Cast, later: datetime) -> None:
    found = outcomes(
        *(
            lambda who=who: services.write_off_propose(
                recovery=owing, cause="lost", words="x", actor=who, now=later
            )
            for who in (desk.lead, desk.finance)
        )
    )
    assert (found, WriteOff.objects.count()) == (["done", "write_off_open"], 1)
    off = WriteOff.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():  # with the lock off
        WriteOff(
            recovery=owing, amount=D(1), cause="lost", words="x", proposed_by=desk.lead, proposed_at=off.proposed_at
        ).save()  # fmt: skip


def test_two_who_open_it_at_once_open_one(dispute: Any, desk: Cast, now: datetime) -> None:
    ruled(dispute, FOR_CUSTOMER, desk.adjudicator, now)
    pay_all(desk, now)
    case_id = CasePayment.objects.get().case_id
    keep = [lambda: services.recovery_keep(case_id=case_id, now=now) for _n in range(3)]
    assert outcomes(*keep) == ["done"] * 3
    assert (Recovery.objects.count(), Journal.objects.filter(kind="advance").count()) == (1, 1)


def test_a_top_up_and_a_collect_at_once_lose_nothing(
    advanced: Recovery, desk: Cast, now: datetime, later: datetime
) -> None:
    merchant = hold("30", "0", now)
    outcomes(
        lambda: services.recovery_collect(recovery=advanced, actor=desk.finance, now=later),
        lambda: services.merchant_top_up(
            merchant=merchant, amount=D(100), reference="B-1", actor=desk.finance, now=later
        ),
    )
    services.recoveries_collect(now=later)
    assert sums(advanced)[0] == "recovered"
    assert Merchant.objects.get().deposit_held == D(130) - PAID
    books_agree()


def test_a_payment_that_comes_back_while_it_is_collected_leaves_nothing_taken(
    advanced: Recovery, desk: Cast, now: datetime, later: datetime
) -> None:
    hold("100", "0", now)
    services.payment_reverse(payment=CasePayment.objects.get(), actor=desk.lead, now=later, reason="退回")
    outcomes(
        lambda: services.recovery_collect(recovery=advanced, actor=desk.finance, now=later),
        lambda: services.recovery_keep(case_id=advanced.case_id, now=later),
    )
    services.recovery_keep(case_id=advanced.case_id, now=later)
    assert sums(advanced) == ("overturned", 0, 0, 0, 0)
    assert Merchant.objects.get().deposit_held == D(100)
    books_agree()
