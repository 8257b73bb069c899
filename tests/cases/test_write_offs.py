"""Recoveries: the rest written off by two, deposits that never fall below zero, and the machines (R4.10)."""

from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.services import system_user
from aftersales.cases import services
from aftersales.cases.models import CasePayment, Recovery, WriteOff
from aftersales.cases.recovery.machine import RECOVERY_MACHINE, WRITE_OFF_MACHINE
from aftersales.cases.recovery.states import RecoveryState
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.ledger import chart
from aftersales.ledger import selectors as books
from aftersales.ledger.models import Journal
from aftersales.merchants import services as merchants
from aftersales.merchants.models import DepositCall, DepositMove, Merchant
from tests.cases.test_disputes import dispute, refused
from tests.cases.test_recoveries import (
    DAY,
    PAID,
    D,
    WorkOff,
    advanced,
    books_agree,
    hold,
    later,
    owe,
    owing,
    shop,
    sums,
)
from tests.cast import Cast

__all__ = ["advanced", "dispute", "later", "owing"]


# Writing off


def test_two_persons_write_off_the_rest(
    owing: Recovery, desk: Cast, later: datetime, work_off: WorkOff
) -> None:
    with pytest.raises(NotPermitted):
        services.write_off_propose(recovery=owing, cause="closed", words="x", actor=desk.agent, now=later)
    refused("cause", lambda: services.write_off_propose(
        recovery=owing, cause="?", words="x", actor=desk.finance, now=later))  # fmt: skip
    refused("reason", lambda: services.write_off_propose(
        recovery=owing, cause="closed", words=" ", actor=desk.finance, now=later))  # fmt: skip
    off = services.write_off_propose(
        recovery=owing, cause="closed", words="商家已注销，清算无财产", actor=desk.finance, now=later
    )
    assert off.amount == D(70)
    refused("write_off_open", lambda: services.write_off_propose(
        recovery=owing, cause="closed", words="x", actor=desk.lead, now=later))  # fmt: skip
    refused("own_proposal", lambda: services.write_off_approve(write_off=off, actor=desk.finance, now=later))
    # While it waits nothing is taken
    refused(
        "write_off_open", lambda: services.recovery_collect(recovery=owing, actor=desk.finance, now=later)
    )
    row = services.write_off_approve(write_off=off, actor=desk.lead, now=later)
    assert sums(row) == ("written_off", PAID, D("7.01"), 0, D(70))
    assert books.balance(chart.WRITTEN_OFF) == D(70)
    assert books.balance(chart.receivable(shop())) == 0
    refused("wrong_state", lambda: services.write_off_approve(write_off=off, actor=desk.lead, now=later))
    books_agree()


def test_above_the_authority_nobody_writes_off(owing: Recovery, desk: Cast, later: datetime) -> None:
    off = services.write_off_propose(
        recovery=owing, cause="lost", words="败诉", actor=desk.finance, now=later
    )
    stranger = desk.person("finance")
    refused("no_certificate", lambda: services.write_off_approve(write_off=off, actor=stranger, now=later))
    assert sums(owing)[0] == "partly"
    with pytest.raises(IntegrityError), transaction.atomic():
        WriteOff.objects.filter(pk=off.pk).update(decided_by=desk.finance, state="approved")


def test_a_refused_write_off_goes_on_being_collected(owing: Recovery, desk: Cast, later: datetime) -> None:
    off = services.write_off_propose(recovery=owing, cause="small", words="x", actor=desk.lead, now=later)
    refused(
        "reason", lambda: services.write_off_refuse(write_off=off, reason=" ", actor=desk.finance, now=later)
    )
    assert (
        services.write_off_refuse(write_off=off, reason="可再追", actor=desk.finance, now=later).state
        == "refused"
    )
    owe("100", later)
    assert services.recoveries_collect(now=later) == 1
    assert sums(owing)[0] == "recovered"


def test_a_claim_that_falls_takes_the_proposal_with_it(
    owing: Recovery, desk: Cast, later: datetime, work_off: WorkOff
) -> None:
    off = services.write_off_propose(recovery=owing, cause="lost", words="x", actor=desk.lead, now=later)
    services.payment_reverse(payment=CasePayment.objects.get(), actor=desk.lead, now=later, reason="判决")
    work_off(later)
    off.refresh_from_db()
    assert (off.state, sums(owing)[0], shop().deposit_held) == ("withdrawn", "overturned", D("7.01"))
    books_agree()


def test_money_that_comes_back_after_a_write_off_lowers_the_loss_first(
    owing: Recovery, desk: Cast, later: datetime, work_off: WorkOff
) -> None:
    off = services.write_off_propose(recovery=owing, cause="lost", words="x", actor=desk.lead, now=later)
    services.write_off_approve(write_off=off, actor=desk.finance, now=later)
    services.payment_reverse(payment=CasePayment.objects.get(), actor=desk.lead, now=later, reason="判决")
    work_off(later)
    assert sums(owing) == ("overturned", 0, 0, 0, 0)
    assert (books.balance(chart.WRITTEN_OFF), books.balance(chart.COST)) == (0, 0)
    books_agree()


# Deposits


def test_a_deposit_never_falls_below_zero(dispute: Any, desk: Cast, now: datetime) -> None:
    merchant = hold("10", "10", now)
    who: dict[str, Any] = {"merchant": merchant, "reference": "r", "actor": desk.finance, "now": now}
    refused("not_enough", lambda: merchants.deposit_take(amount=D("10.01"), **who))
    for amount in ("0", "-1", "0.001", "NaN"):
        refused("amount", lambda amount=amount: merchants.deposit_take(amount=D(amount), **who))
    with pytest.raises(NotPermitted):
        merchants.deposit_take(**{**who, "amount": D(1), "actor": desk.agent})
    merchants.deposit_take(amount=D(10), **who)
    assert shop().deposit_held == 0
    with pytest.raises(IntegrityError), transaction.atomic():
        Merchant.objects.update(deposit_held=D(-1))


def test_a_top_up_counts_once_and_meets_the_call(dispute: Any, desk: Cast, now: datetime) -> None:
    merchant = hold("10", "10", now)
    merchants.deposit_take(merchant=merchant, amount=D(4), reference="ZC", actor=desk.finance, now=now)
    merchants.deposit_take(merchant=merchant, amount=D(2), reference="ZC", actor=desk.finance, now=now + DAY)
    call = DepositCall.objects.get()
    assert (call.amount, call.due_at) == (D(6), now + 10 * DAY)  # the date of the first asking stands

    def top_up(amount: str, reference: str = "B-1") -> Merchant:
        return services.merchant_top_up(
            merchant=merchant, amount=D(amount), reference=reference, actor=desk.finance, now=now + 2 * DAY
        )

    assert top_up("5").deposit_held == D(9)
    assert top_up("5").deposit_held == D(9)
    refused("reference_used", lambda: top_up("6"))
    refused("reference", lambda: top_up("6", "  "))
    call.refresh_from_db()
    assert (call.amount, call.met_at) == (D(1), None)
    top_up("1", "B-2")
    call.refresh_from_db()
    assert call.met_at == now + 2 * DAY
    assert (
        DepositMove.objects.filter(kind="topped_up").count()
        == Journal.objects.filter(kind="deposit").count()
        == 2
    )


def test_a_merchant_with_an_open_recovery_does_not_close(advanced: Recovery, now: datetime) -> None:
    who: dict[str, Any] = {"actor": system_user(), "now": now}
    leaving = merchants.merchant_move(merchant=shop(), move="begin_exit", **who)
    with pytest.raises(DomainError) as error:
        merchants.merchant_move(merchant=leaving, move="close", **who)
    assert error.value.code == "open_duties"


# The machines


def test_every_state_is_reached_and_left_only_by_declared_moves() -> None:
    table = {
        (move.name, source, str(move.target)) for move in RECOVERY_MACHINE.moves for source in move.sources
    }
    done = {"recovered", "written_off", "overturned"}
    assert table == {
        ("object", "notified", "objected"), ("uphold", "objected", "upheld"), ("overturn", "objected", "overturned"),
        ("begin", "notified", "collecting"), ("begin", "upheld", "collecting"),
        ("part", "collecting", "partly"), ("part", "partly", "partly"),
        ("finish", "upheld", "recovered"), ("finish", "collecting", "recovered"), ("finish", "partly", "recovered"),
        ("write_off", "collecting", "written_off"), ("write_off", "partly", "written_off"),
        *(("fall", state, "overturned") for state in RecoveryState.values if state != "overturned"),
        *(("notify_anew", state, "notified") for state in done),
    }  # fmt: skip
    off = {
        (move.name, source, str(move.target)) for move in WRITE_OFF_MACHINE.moves for source in move.sources
    }
    assert off == {
        ("approve", "proposed", "approved"), ("refuse", "proposed", "refused"), ("withdraw", "proposed", "withdrawn"),
    }  # fmt: skip


@pytest.mark.parametrize("state", [one for one in RecoveryState.values if one != "notified"])
def test_the_database_refuses_a_state_without_its_move(advanced: Recovery, state: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Recovery.objects.filter(pk=advanced.pk).update(state=state)


def test_the_database_refuses_more_than_is_claimed(advanced: Recovery) -> None:
    for columns in ({"taken": D(78)}, {"receivable": D(78)}, {"due": D(78)}, {"taken": D(-1)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Recovery.objects.filter(pk=advanced.pk).update(**columns)
