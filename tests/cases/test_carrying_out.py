"""What follows a ruling by itself: its payments, and what becomes of money that was out when it was ruled."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from accounts.models import User
from aftersales.cases import services
from aftersales.cases.models import Case, CasePayment, Dispute, OrderAccount
from aftersales.cases.services.answers import answer_take
from aftersales.core.errors import WrongState
from aftersales.ledger.models import Account
from aftersales.standards.models import ParameterVersion
from tests.cases.bank import pay_all
from tests.cases.test_disputes import dispute
from tests.cases.test_paying import answer, submit
from tests.cases.test_rulings import DAY, FOR_CUSTOMER, FOR_MERCHANT, judge, other, ruled
from tests.cast import Cast

__all__ = ["dispute", "judge", "other"]
D = Decimal
Open = Callable[..., Case]


def _rejected(payment: CasePayment, desk: Cast, now: datetime) -> None:
    services.payment_reject(payment=payment, actor=desk.supervisor, now=now, reason="金额不对")


def _cancelled(payment: CasePayment, desk: Cast, now: datetime) -> None:
    services.payment_cancel(payment=payment, actor=desk.agent, now=now)


def _reversed(payment: CasePayment, desk: Cast, now: datetime) -> None:
    pay_all(desk, now)
    services.payment_reverse(payment=payment, actor=desk.supervisor, now=now, reason="顾客已退回")


@pytest.mark.parametrize(
    ("limit", "take_back"), [(0, _rejected), (0, _cancelled), (5000, _cancelled), (5000, _reversed)]
)
def test_what_a_person_took_back_no_machine_proposes_again(
    dispute: Dispute, judge: User, desk: Cast, now: datetime, limit: int, take_back: Callable[..., None]
) -> None:
    parameter = ParameterVersion.objects.filter(parameter__code="payment_by_rule_yuan")
    assert parameter.update(value=limit) == 1
    ruled(dispute, FOR_CUSTOMER, judge, now)
    payment = CasePayment.objects.get()
    assert payment.state == ("approved" if limit else "awaiting_approval")
    take_back(payment, desk, now)
    for minute in range(3):
        services.decisions_carry_out(now=now + timedelta(minutes=minute))
    assert CasePayment.objects.count() == 1
    # A person may, and so does whatever is decided anew
    [anew] = services.payment_propose(case=dispute.case, actor=desk.agent, now=now)
    services.payment_cancel(payment=anew, actor=desk.agent, now=now)
    services.dispute_appeal(dispute=dispute, by="merchant", actor=desk.agent, now=now, words="不服")
    less = replace(FOR_CUSTOMER, outcome="part_refund", amount=D(20))
    services.appeal_decide(dispute=dispute, draft=less, actor=desk.person("adjudicator"), now=now)
    assert CasePayment.objects.get(state__in=["approved", "awaiting_approval"]).amount == D(20)


def test_what_waits_for_goods_holds_nobody_else_back(
    open_case: Open, judge: User, desk: Cast, now: datetime
) -> None:
    cases = []
    for pieces in ({0: 1}, {1: 1}):
        case = open_case(pieces, ground="quality")
        dispute = services.dispute_open(case=case, by="customer", actor=desk.agent, now=now)
        ruled(dispute, replace(FOR_CUSTOMER, goods_back=True), judge, now)
        cases.append(case)
    services.disputes_sweep(now=now + 8 * DAY)
    parcel = services.parcel_ship(
        parcel=cases[1].parcels.get(), carrier="SF", tracking_no="SF100200", actor=desk.agent, now=now
    )
    item = parcel.items.get()
    good = {item.pk: services.Finding(accepted=1, grade="new")}
    services.parcel_process(
        parcel=parcel, arrival=services.Arrival({item.pk: 1}), findings=good, actor=desk.returns_receiver, now=now,
        keep=True,
    )  # fmt: skip
    services.decisions_carry_out(now=now + 9 * DAY, limit=1)
    assert CasePayment.objects.get().case == cases[1]


@pytest.fixture
def out(open_case: Open, desk: Cast, now: datetime) -> tuple[Dispute, CasePayment]:
    """A refund of ¥29.99 is with the bank when the merchant has the platform decide."""
    case = services.case_approve(
        case=open_case({1: 1}, kind="refund_only", ground="other"), actor=desk.agent, now=now
    )
    [payment] = services.payment_propose(case=case, actor=desk.agent, now=now)
    payment = submit(payment, now)
    return services.dispute_open(case=case, by="merchant", actor=desk.agent, now=now), payment


def told(payment: CasePayment, outcome: str, desk: Cast, now: datetime) -> CasePayment:
    answer_take(payment=payment, answer=answer(outcome, payment, now), actor=desk.finance, now=now)
    payment.refresh_from_db()
    return payment


def test_what_did_not_reach_him_is_not_kept_and_the_case_stands_as_ruled(
    out: tuple[Dispute, CasePayment], desk: Cast, judge: User, now: datetime
) -> None:
    dispute, payment = out
    ruling = ruled(dispute, FOR_MERCHANT, judge, now)
    assert (ruling.kept, Case.objects.get().state) == (payment.amount, "approved")
    # When the bank did not pay it
    payment = told(payment, "failed", desk, now)
    # Then it goes out no more: nothing is left with him
    assert (payment.state, Case.objects.get().state, OrderAccount.objects.get().granted) == (
        "cancelled", "rejected", 0,
    )  # fmt: skip
    with pytest.raises(WrongState):
        services.payment_retry(payment=payment, actor=desk.finance, now=now)
    services.disputes_sweep(now=now + 8 * DAY)
    services.decisions_carry_out(now=now + 8 * DAY)
    assert (CasePayment.objects.count(), Dispute.objects.get().state) == (1, "closed")


def test_of_a_payment_that_failed_goes_out_what_was_ruled(
    out: tuple[Dispute, CasePayment], desk: Cast, judge: User, now: datetime
) -> None:
    dispute, payment = out
    less = replace(FOR_CUSTOMER, outcome="part_refund", amount=D(12))
    assert ruled(dispute, less, judge, now).kept == D("17.99")
    told(payment, "failed", desk, now)
    services.decisions_carry_out(now=now)
    states = list(CasePayment.objects.order_by("pk").values_list("state", "amount"))
    assert states == [("cancelled", D("29.99")), ("approved", D(12))]
    assert Case.objects.get().agreed == D(12)


def test_money_back_before_the_appeal_is_over_is_not_kept_either(
    out: tuple[Dispute, CasePayment], desk: Cast, judge: User, now: datetime
) -> None:
    dispute, payment = out
    told(payment, "paid", desk, now)
    assert ruled(dispute, FOR_MERCHANT, judge, now).kept == payment.amount
    assert told(payment, "returned", desk, now).state == "cancelled"
    assert Case.objects.get().state == "rejected"


def test_the_merchants_credit_for_what_was_kept_goes_with_it(
    out: tuple[Dispute, CasePayment], desk: Cast, judge: User, other: User, now: datetime
) -> None:
    dispute, payment = out
    ruled(dispute, FOR_CUSTOMER, judge, now)
    services.dispute_appeal(dispute=dispute, by="merchant", actor=desk.agent, now=now, words="商品被调包")
    services.appeal_decide(dispute=dispute, draft=FOR_MERCHANT, actor=other, now=now)
    credit = Account.objects.get(kind="merchant_payable")
    assert credit.balance == payment.amount
    told(payment, "failed", desk, now)
    credit.refresh_from_db()
    assert (credit.balance, Case.objects.get().state) == (0, "rejected")
