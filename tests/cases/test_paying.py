"""Money of a decided case: proposed once, let out by whoever may, paid once, and the order hears it."""

import html
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.template.loader import render_to_string

from accounts.services import system_user
from accounts.states import Role
from aftersales.cases import services
from aftersales.cases.models import BankAnswer, Case, CasePayment, OrderAccount, TenderAccount
from aftersales.cases.services import limits
from aftersales.cases.services.answers import Answer, answer_take
from aftersales.cases.services.paying import PayeeDraft
from aftersales.clocks.models import Clock
from aftersales.core import moves
from aftersales.core.errors import DomainError, Refused, WrongState
from aftersales.core.models import Event
from aftersales.desk.cases import limits_of
from aftersales.orders import services as orders
from aftersales.orders.models import Order, OrderLine, Payment
from aftersales.standards.models import ParameterVersion
from aftersales.tickets import services as tickets
from aftersales.tickets.models import Ticket
from tests.cast import Cast
from training.models import AuthorityUse, Limit

D = Decimal
Open = Callable[..., Case]
HOUR = timedelta(hours=1)


def refused(code: str, act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as error:
        act()
    assert error.value.code == code
    return str(error.value)


@pytest.fixture
def paid_by(order: Order, now: datetime) -> Callable[..., list[Payment]]:
    """``paid_by(alipay="80", voucher="30")``: how the order was paid."""

    def payer(**amounts: str) -> list[Payment]:
        return [
            orders.payment_add(
                order=order, sequence=number, method=method, amount=D(amount), external_ref=f"T-{number}",
                actor=system_user(), now=now,
            )
            for number, (method, amount) in enumerate(amounts.items(), start=1)
        ]  # fmt: skip

    return payer


@pytest.fixture
def approved(open_case: Open, desk: Cast, now: datetime) -> Callable[..., Case]:
    """A case that the agent opened and the lead approved; no goods are to come back."""

    def approver(pieces: dict[int, int] | None = None, amount: Decimal | None = None, **more: Any) -> Case:
        facts: dict[str, Any] = {"kind": "refund_only", "ground": "quality"}
        case = open_case({0: 3, 1: 1} if pieces is None else pieces, **(facts | more))
        return services.case_approve(case=case, amount=amount, actor=desk.lead, now=now)

    return approver


def submit(payment: CasePayment, now: datetime) -> CasePayment:
    row: CasePayment = moves.perform(payment, "submit", actor=system_user(), now=now)
    return row


def answer(outcome: str, payment: CasePayment, now: datetime, ref: str = "B-1", **more: Any) -> Answer:
    facts: dict[str, Any] = {"amount": payment.amount, "currency": payment.currency, "happened_at": now}
    return Answer(outcome=outcome, bank_ref=ref, **(facts | more))


def test_a_refund_goes_back_the_ways_it_came_and_vouchers_as_such(
    approved: Callable[..., Case], paid_by: Callable[..., list[Payment]], desk: Cast, now: datetime
) -> None:
    # Given ¥110 paid: 79.99 by Alipay, 30.01 by voucher
    alipay, voucher = paid_by(alipay="79.99", voucher="30.01")
    # When everything is refunded
    case = approved()
    money, kind = sorted(
        services.payment_propose(case=case, actor=desk.agent, now=now), key=lambda one: one.gateway
    )
    # Then each way gets back exactly what came by it
    assert (money.gateway, money.amount, money.way_ref) == ("batch_file", D("79.99"), "T-1")
    assert (kind.gateway, kind.amount, kind.way) == ("in_kind", D("30.01"), "voucher")
    assert {a.payment_id: a.granted for a in TenderAccount.objects.all()} == {
        alipay.pk: D("79.99"), voucher.pk: D("30.01"),
    }  # fmt: skip
    case.refresh_from_db()
    assert case.paying == case.agreed == D(110)
    assert sum(D(term["amount"]) for term in money.explained) == money.amount
    # And a second click finds nothing left
    refused("nothing_left", lambda: services.payment_propose(case=case, actor=desk.agent, now=now))
    assert CasePayment.objects.count() == 2


def test_what_is_small_goes_out_alone_and_what_is_more_waits_for_a_second_person(
    approved: Callable[..., Case], desk: Cast, now: datetime
) -> None:
    [small] = services.payment_propose(case=approved({1: 1}), actor=desk.agent, now=now)
    assert (small.state, small.approved_by, small.second_why) == ("approved", system_user(), "")
    statutory = approved({}, kind="compensation", compensation="statutory", asked=D(500))
    [more] = services.payment_propose(case=statutory, actor=desk.agent, now=now)
    assert (more.state, more.second_why, more.kind) == ("awaiting_approval", "no_authority", "compensation")


def test_nobody_approves_what_he_proposed_or_decided_himself(
    approved: Callable[..., Case], desk: Cast, now: datetime
) -> None:
    case = approved({}, kind="compensation", compensation="statutory", asked=D(500))
    limit_is(desk, "statutory", "lead", per_decision=100)
    [payment] = services.payment_propose(case=case, actor=desk.supervisor, now=now)
    refused("own_payment", lambda: services.payment_approve(payment=payment, actor=desk.supervisor, now=now))
    refused("own_decision", lambda: services.payment_approve(payment=payment, actor=desk.lead, now=now))
    refused("not_permitted", lambda: services.payment_approve(payment=payment, actor=desk.agent, now=now))
    done = services.payment_approve(payment=payment, actor=desk.finance, now=now)
    assert (done.state, done.approved_by) == ("approved", desk.finance)
    refused("wrong_state", lambda: services.payment_approve(payment=payment, actor=desk.finance, now=now))


def test_small_ones_count_together_for_the_person_the_case_and_the_customer(
    approved: Callable[..., Case], desk: Cast, now: datetime
) -> None:
    """M07: compensations just under the limit."""
    limit_is(desk, "refund", per_customer=60)
    states = []
    for index in (0, 0, 0):
        [one] = services.payment_propose(case=approved({index: 1}), actor=desk.agent, now=now)
        states.append((one.state, one.second_why))
    # 23.34 + 23.34 + freight stay below 60 together only twice
    assert states[0] == ("approved", "")
    assert states[2] == ("awaiting_approval", "above_customer")


def test_what_one_person_lets_out_alone_in_a_day_is_bounded(
    approved: Callable[..., Case], desk: Cast, now: datetime
) -> None:
    limit_is(desk, "refund", per_day=40)
    [first] = services.payment_propose(case=approved({1: 1}), actor=desk.agent, now=now)
    [second] = services.payment_propose(case=approved({0: 1}), actor=desk.agent, now=now)
    assert (first.state, second.state, second.second_why) == ("approved", "awaiting_approval", "above_day")


def limit_is(desk: Cast, kind: str, tier: str = "in_post", **columns: int) -> None:
    assert Limit.objects.filter(kind=kind, tier__code=tier).update(**columns) == 1


def test_what_was_called_back_counts_no_longer(
    approved: Callable[..., Case], desk: Cast, now: datetime
) -> None:
    limit_is(desk, "refund", per_day=40)
    [first] = services.payment_propose(case=approved({1: 1}), actor=desk.agent, now=now)
    services.payment_cancel(payment=first, actor=desk.agent, now=now)
    [second] = services.payment_propose(case=approved({0: 1}), actor=desk.agent, now=now)
    assert (second.state, AuthorityUse.objects.get(holder="person").amount) == ("approved", second.amount)


def test_the_second_person_has_limits_too(approved: Callable[..., Case], desk: Cast, now: datetime) -> None:
    limit_is(desk, "refund", per_decision=1)
    limit_is(desk, "refund", "finance", per_decision=2)
    [payment] = services.payment_propose(case=approved({1: 1}), actor=desk.agent, now=now)
    assert payment.state == "awaiting_approval"
    refused("above_decision", lambda: services.payment_approve(payment=payment, actor=desk.finance, now=now))
    limit_is(desk, "refund", "finance", per_decision=50_000)
    done = services.payment_approve(payment=payment, actor=desk.finance, now=now)
    assert (
        Event.objects.get(kind="payment.approved", subject_id=done.pk).rule_version
        == "limit.finance-refund-cny v1"
    )


def test_what_goes_out_by_rule_alone_is_bounded(
    approved: Callable[..., Case], desk: Cast, now: datetime
) -> None:
    parameter_is("payment_by_rule_yuan", 30)
    [small] = services.payment_propose(case=approved({0: 1}), actor=system_user(), now=now)
    [large] = services.payment_propose(case=approved({1: 1}), actor=system_user(), now=now)
    assert (small.state, large.state, large.second_why) == ("approved", "awaiting_approval", "rule_case")
    parameter_is("payment_by_rule_customer_yuan", 40)
    [third] = services.payment_propose(case=approved({0: 1}), actor=system_user(), now=now)
    assert third.second_why == "rule_customer"


def parameter_is(code: str, value: int) -> None:
    assert ParameterVersion.objects.filter(parameter__code=code).update(value=value) == 1


@pytest.mark.parametrize(
    ("kind", "asked"), [("goodwill", "200.01"), ("promise", "440.01"), ("statutory", "1100.01")]
)
def test_a_compensation_is_bounded_by_what_it_is_for(
    open_case: Open, desk: Cast, now: datetime, kind: str, asked: str
) -> None:
    case = open_case({}, kind="compensation", ground="service", compensation=kind, asked=D(asked))
    refused("above_bound", lambda: services.case_approve(case=case, actor=desk.lead, now=now))
    fine = services.case_approve(case=case, amount=D(asked) - D("0.01"), actor=desk.lead, now=now)
    assert fine.agreed == D(asked) - D("0.01")


@pytest.mark.parametrize(("kind", "bound"), [("promise", "440"), ("statutory", "1100")])
def test_what_is_split_over_several_cases_of_an_order_counts_together(
    open_case: Open, desk: Cast, now: datetime, kind: str, bound: str
) -> None:
    def asked(amount: Decimal) -> Case:
        return open_case({}, kind="compensation", ground="service", compensation=kind, asked=amount)

    first = services.case_approve(case=asked(D(bound) - 100), actor=desk.lead, now=now)
    again = asked(D("100.01"))
    refused("above_bound", lambda: services.case_approve(case=again, actor=desk.lead, now=now))
    # The other kind has its own bound, and what was withdrawn is free again
    other = {"promise": "statutory", "statutory": "promise"}[kind]
    services.case_approve(
        case=open_case({}, kind="compensation", ground="service", compensation=other, asked=D(400)),
        actor=desk.lead, now=now,
    )  # fmt: skip
    services.case_withdraw(case=first, actor=desk.agent, now=now)
    assert services.case_approve(case=again, actor=desk.lead, now=now).agreed == D("100.01")


def test_goodwill_for_one_customer_counts_together(
    approved: Callable[..., Case], open_case: Open, desk: Cast, now: datetime
) -> None:
    approved({}, kind="compensation", compensation="goodwill", asked=D(180))
    again = open_case({}, kind="compensation", ground="service", compensation="goodwill", asked=D(121))
    refused("goodwill_customer", lambda: services.case_approve(case=again, actor=desk.lead, now=now))


def test_a_paid_refund_is_on_the_order_once_and_ends_the_case(
    approved: Callable[..., Case],
    paid_by: Callable[..., list[Payment]],
    desk: Cast,
    order: Order,
    now: datetime,
) -> None:
    [tender] = paid_by(alipay="110")
    case = approved()
    [payment] = services.payment_propose(case=case, actor=desk.agent, now=now)
    payment = submit(payment, now)
    paid = services.payment_succeed(payment=payment, actor=desk.finance, now=now, paid_at=now, told="sheet")
    refused(
        "wrong_state",
        lambda: services.payment_succeed(payment=payment, actor=desk.finance, now=now, paid_at=now),
    )
    order.refresh_from_db()
    tender.refresh_from_db()
    case.refresh_from_db()
    assert (paid.state, order.refunded, tender.refunded) == ("succeeded", D(110), D(110))
    assert sorted(order.lines.values_list("refunded", flat=True)) == [D("29.99"), D("70.01")]
    assert (case.state, case.closed_at) == ("closed", now)
    account = OrderAccount.objects.get(order=order)
    assert (account.granted, account.before) == (D(110), 0)


def test_a_bounced_refund_asks_for_a_payee_and_pays_anew_under_a_linked_key(
    approved: Callable[..., Case], desk: Cast, order: Order, now: datetime
) -> None:
    [payment] = services.payment_propose(case=approved({1: 1}), actor=desk.agent, now=now)
    payment = services.payment_succeed(payment=submit(payment, now), actor=desk.finance, now=now, paid_at=now)
    payment = services.payment_bounce(payment=payment, actor=desk.finance, now=now, failure="账户已销户")
    order.refresh_from_db()
    assert (payment.state, order.refunded) == ("returned_by_bank", 0)
    payment = services.payment_ask_payee(payment=payment, actor=desk.agent, now=now)
    draft = PayeeDraft(
        holder="林芳", account="6222 0200 1111 2222", consent="电话 11-26 同意", name_check="same"
    )
    anew = services.payment_replace(payment=payment, draft=draft, actor=desk.agent, now=now)
    payment.refresh_from_db()
    assert (payment.state, anew.state, anew.replaces, anew.second_why) == (
        "replaced", "awaiting_approval", payment, "other_account",
    )  # fmt: skip
    assert anew.key != payment.key
    anew = services.payment_approve(payment=anew, actor=desk.finance, now=now)
    services.payment_succeed(payment=submit(anew, now), actor=desk.finance, now=now, paid_at=now)
    order.refresh_from_db()
    assert order.refunded == anew.amount
    assert Case.objects.get(pk=payment.case_id).paying == anew.amount


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"holder": " "}, "payee"), ({"account": "账号"}, "payee"), ({"consent": ""}, "consent"),
        ({"name_check": "maybe"}, "name_check"), ({"name_check": "proven"}, "proof"), ({"account": "1" * 41}, "payee"),
    ],
)  # fmt: skip
def test_another_account_needs_consent_and_a_name_check(
    approved: Callable[..., Case], desk: Cast, now: datetime, wrong: dict[str, str], code: str
) -> None:
    [payment] = services.payment_propose(case=approved({1: 1}), actor=desk.agent, now=now)
    facts = {"holder": "林芳", "account": "6222", "consent": "电话同意", "name_check": "same"} | wrong
    refused(
        code,
        lambda: services.payment_replace(
            payment=payment, draft=PayeeDraft(**facts), actor=desk.agent, now=now
        ),
    )


def test_withdrawing_calls_back_what_is_not_out_and_money_that_is_out_holds_the_case(
    approved: Callable[..., Case], desk: Cast, order: Order, now: datetime
) -> None:
    case = approved({1: 1})
    [payment] = services.payment_propose(case=case, actor=desk.agent, now=now)
    gone = services.case_withdraw(case=case, actor=desk.agent, now=now)
    payment.refresh_from_db()
    assert (gone.state, gone.paying, payment.state) == ("withdrawn", 0, "cancelled")
    assert OrderAccount.objects.get(order=order).granted == 0
    other = approved({0: 1})
    [out] = services.payment_propose(case=other, actor=desk.agent, now=now)
    submit(out, now)
    refused("paid", lambda: services.case_withdraw(case=other, actor=desk.agent, now=now))


def test_a_rejected_payment_frees_its_amount_and_may_be_proposed_again(
    approved: Callable[..., Case], paid_by: Callable[..., list[Payment]], desk: Cast, now: datetime
) -> None:
    paid_by(alipay="110")
    limit_is(desk, "refund", per_decision=1)
    case = approved({1: 1})
    [payment] = services.payment_propose(case=case, actor=desk.agent, now=now)
    refused(
        "reason", lambda: services.payment_reject(payment=payment, actor=desk.finance, now=now, reason=" ")
    )
    services.payment_reject(payment=payment, actor=desk.finance, now=now, reason="凭证不全")
    assert TenderAccount.objects.get().granted == 0
    [again] = services.payment_propose(case=case, actor=desk.agent, now=now)
    assert again.amount == payment.amount


def test_a_compensation_is_no_refund_of_what_was_paid(
    approved: Callable[..., Case], desk: Cast, order: Order, now: datetime
) -> None:
    case = approved({}, kind="compensation", compensation="goodwill", asked=D(50), ground="service")
    [payment] = services.payment_propose(case=case, actor=desk.agent, now=now)
    services.payment_succeed(payment=submit(payment, now), actor=desk.finance, now=now, paid_at=now)
    order.refresh_from_db()
    case.refresh_from_db()
    assert (order.refunded, case.state) == (0, "closed")


def test_less_than_is_paid_cannot_be_agreed_afterwards(
    approved: Callable[..., Case], desk: Cast, now: datetime
) -> None:
    case = approved({1: 1})
    [payment] = services.payment_propose(case=case, actor=desk.agent, now=now)
    submit(payment, now)
    disputed = moves.perform(case, "dispute", actor=desk.agent, now=now, by="customer")
    refused(
        "paid_more",
        lambda: services.case_rule(
            case=disputed, for_customer=True, amount=D(1), actor=system_user(), now=now
        ),
    )


ORDERS_OF_ANSWERS = {
    ("paid",): ("succeeded", [True]),
    ("paid", "paid"): ("succeeded", [True]),
    ("failed", "paid"): ("succeeded", [True, True]),
    ("paid", "failed"): ("succeeded", [True, False]),
    ("returned", "paid"): ("returned_by_bank", [True, False]),
    ("paid", "returned"): ("returned_by_bank", [True, True]),
    ("paid", "returned", "paid", "returned"): ("returned_by_bank", [True, True]),
    ("failed", "failed"): ("failed", [True]),
    ("failed", "returned"): ("failed", [True, False]),
}


@pytest.mark.parametrize("said", ORDERS_OF_ANSWERS)
@pytest.mark.parametrize("lost", [False, True])
def test_answers_come_in_any_order_and_again_and_have_one_effect(
    approved: Callable[..., Case], desk: Cast, order: Order, now: datetime, said: tuple[str, ...], lost: bool
) -> None:
    """M04, R02: whatever the bank says twice or late, the order holds what was paid, once."""
    [payment] = services.payment_propose(case=approved({1: 1}), actor=desk.agent, now=now)
    payment = submit(payment, now)
    if lost:
        payment = services.payment_lose_track(payment=payment, actor=system_user(), now=now)
    for outcome in said:
        answer_take(
            payment=payment,
            answer=answer(outcome, payment, now, ref=outcome),
            actor=desk.finance,
            now=now + HOUR,
        )
    payment.refresh_from_db()
    order.refresh_from_db()
    state, acted = ORDERS_OF_ANSWERS[said]
    assert payment.state == state
    assert list(BankAnswer.objects.order_by("pk").values_list("acted", flat=True)) == acted
    assert order.refunded == (payment.amount if state == "succeeded" else 0)


def test_an_answer_with_another_amount_or_to_a_payment_that_never_went_out_is_refused(
    approved: Callable[..., Case], desk: Cast, now: datetime
) -> None:
    [payment] = services.payment_propose(case=approved({1: 1}), actor=desk.agent, now=now)

    def take(**more: Any) -> BankAnswer:
        return answer_take(
            payment=payment, answer=answer("paid", payment, now, **more), actor=desk.finance, now=now
        )

    refused("never_sent", take)
    submit(payment, now)
    assert str(payment.amount) in refused("amount_differs", lambda: take(amount=D("30.00")))
    refused("amount_differs", lambda: take(currency="USD"))
    assert not BankAnswer.objects.exists()


def test_a_lost_payment_is_never_handed_out_again_and_a_failed_one_under_the_same_key(
    approved: Callable[..., Case], desk: Cast, now: datetime
) -> None:
    [payment] = services.payment_propose(case=approved({1: 1}), actor=desk.agent, now=now)
    lost = services.payment_lose_track(payment=submit(payment, now), actor=system_user(), now=now)
    with pytest.raises(WrongState):
        services.payment_retry(payment=lost, actor=desk.finance, now=now)
    with pytest.raises(WrongState):
        services.payment_cancel(payment=lost, actor=desk.finance, now=now)
    failed = services.payment_fail(payment=lost, actor=desk.finance, now=now, failure="余额不足")
    again = submit(services.payment_retry(payment=failed, actor=desk.finance, now=now), now)
    assert (again.key, again.attempts) == (payment.key, 2)


def test_money_of_lowered_orders_is_written_as_far_as_the_order_allows(
    approved: Callable[..., Case], desk: Cast, order: Order, now: datetime
) -> None:
    """M11: a source lowers the order after the refund went out; the outcome is taken in, nothing breaks."""
    [payment] = services.payment_propose(case=approved(), actor=desk.agent, now=now)
    payment = submit(payment, now)
    order.refresh_from_db()
    orders.order_change(order=order, paid=D(100), actor=system_user(), now=now)
    services.payment_succeed(payment=payment, actor=desk.finance, now=now, paid_at=now)
    order.refresh_from_db()
    assert (order.paid, order.refunded) == (D(100), D(100))


def test_events_of_payments_hold_amounts_and_codes_only(
    approved: Callable[..., Case], desk: Cast, now: datetime
) -> None:
    [payment] = services.payment_propose(case=approved({1: 1}), actor=desk.agent, now=now)
    told = [
        event.payload
        for event in Event.objects.filter(subject_kind="cases.casepayment", subject_id=payment.pk)
    ]
    assert told
    assert all(set(one) <= {"case_id", "amount", "currency", "attempt"} for one in told)


def test_roles_that_may_not_are_refused(approved: Callable[..., Case], desk: Cast, now: datetime) -> None:
    case = approved({1: 1})
    for role in (Role.AUDITOR, Role.RETURNS_RECEIVER, Role.INSPECTOR):
        refused(
            "not_permitted",
            lambda role=role: services.payment_propose(case=case, actor=desk.of(role), now=now),
        )
    assert not CasePayment.objects.exists()


def test_lines_hold_what_was_given_back_of_them(
    approved: Callable[..., Case], desk: Cast, lines: list[OrderLine], now: datetime
) -> None:
    [payment] = services.payment_propose(case=approved({0: 2}), actor=desk.agent, now=now)
    services.payment_succeed(payment=submit(payment, now), actor=desk.finance, now=now, paid_at=now)
    lines[0].refresh_from_db()
    assert lines[0].refunded == D("46.68")


def test_a_return_is_not_paid_before_its_goods_are_accepted(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    case = services.case_approve(case=open_case({1: 1}), actor=desk.lead, now=now)
    refused("goods_awaited", lambda: services.payment_propose(case=case, actor=desk.agent, now=now))
    assert not CasePayment.objects.exists()
    waived = services.case_approve(case=open_case({0: 1}), actor=desk.lead, now=now, goods_back=False)
    assert services.payment_propose(case=waived, actor=desk.agent, now=now)


def test_paid_after_all_when_it_was_given_up_and_paid_anew_is_no_old_news(
    approved: Callable[..., Case], desk: Cast, now: datetime
) -> None:
    """The customer may have it twice now: the late answer contradicts, and nobody calls it known."""
    [payment] = services.payment_propose(case=approved({1: 1}), actor=desk.agent, now=now)
    payment = submit(payment, now)
    answer_take(payment=payment, answer=answer("failed", payment, now), actor=desk.finance, now=now)
    services.payment_ask_payee(payment=payment, actor=desk.agent, now=now)
    draft = services.PayeeDraft("林芳", "6222000011112222", "电话确认", "same")
    services.payment_replace(payment=payment, draft=draft, actor=desk.agent, now=now)
    late = answer_take(
        payment=payment, answer=answer("paid", payment, now, ref="B-2"), actor=desk.finance, now=now
    )
    assert (late.acted, late.why_not) == (False, "contradicts")


@pytest.mark.parametrize(
    ("facts", "runs"),
    [
        ({}, True),  # a refund for which no goods come back
        ({"kind": "return", "ground": "no_reason"}, False),  # not before they are here
        ({"kind": "compensation", "compensation": "goodwill", "asked": D(20), "ground": "service"}, False),
    ],
)
def test_a_refund_without_goods_is_owed_from_its_approval(
    approved: Callable[..., Case], desk: Cast, now: datetime, facts: dict[str, Any], runs: bool
) -> None:
    """Law: the same days as after receipt; point 7 of what merchants owe."""
    pieces = {} if facts.get("kind") == "compensation" else {1: 1}
    case = approved(pieces, **facts)
    clocks = Clock.objects.filter(subject_kind="cases.case", subject_id=case.pk, promise="refund")
    assert [clock.started_at for clock in clocks] == ([now] if runs else [])
    case.refresh_from_db()
    assert (case.next_promise == "refund") == runs


def test_every_limit_of_a_compensation_is_said_at_once_with_who_decides_above(
    approved: Callable[..., Case], open_case: Open, desk: Cast, now: datetime
) -> None:
    approved({}, kind="compensation", compensation="goodwill", asked=D(180))
    again = open_case({}, kind="compensation", ground="service", compensation="goodwill", asked=D(250))
    with pytest.raises(DomainError) as error:
        services.case_approve(case=again, actor=desk.lead, now=now)
    assert error.value.code == "goodwill_customer"
    for left in ("120", "200"):  # of the customer's bound, and of the one at once
        assert left in str(error.value)
    limit_is(desk, "goodwill", per_decision=10)
    case = services.case_approve(case=again, amount=D(60), actor=desk.lead, now=now)
    ruling = limits.own_limits(case, D(60), desk.agent, now)
    assert not ruling.allowed
    assert len(ruling.refusals) >= 1
    shown = limits.bounds(case, D(110), now)
    assert {(one.code, one.given) for one in shown} == {("goodwill_customer", D(180)), ("above_bound", D(0))}
    face = limits_of(case, case.left, desk.agent, now)
    page = render_to_string("desk/cases/_limits.html", {"case": case, **face})
    for words in (str(ruling.refusals[0].message), "300", "120"):
        assert words in html.unescape(page)
    [payment] = services.payment_propose(case=case, actor=desk.agent, now=now)
    assert payment.state == "awaiting_approval"


def close(desk: Cast, now: datetime, work_off: Callable[[datetime], None]) -> Ticket:
    """Resolved, and the customer said so."""
    work_off(now)
    said = {"actor": desk.agent, "now": now}
    row = tickets.ticket_resolve(ticket=Ticket.objects.get(), result="explained", text="钱已退。", **said)
    return tickets.ticket_verify(ticket=row, how="phone", reason="客户说好了", **said)


def test_money_that_is_back_keeps_the_record_open_and_is_paid_even_when_it_is_sealed(
    approved: Callable[..., Case],
    desk: Cast,
    order: Order,
    now: datetime,
    work_off: Callable[[datetime], None],
) -> None:
    [payment] = services.payment_propose(case=approved({1: 1}), actor=desk.agent, now=now)
    services.payment_succeed(payment=submit(payment, now), actor=desk.finance, now=now, paid_at=now)
    ticket = close(desk, now, work_off)
    record = {"summary": "退款已到账，客户认可。", "actor": desk.lead}

    def bounced(at: datetime) -> CasePayment:
        last = CasePayment.objects.latest("id")
        back = services.payment_bounce(payment=last, actor=desk.finance, now=at, failure="账户已注销")
        return services.payment_ask_payee(payment=back, actor=desk.agent, now=at)

    def paid_anew(back: CasePayment, at: datetime) -> None:
        draft = PayeeDraft(holder="林芳", account="6222020011112222", consent="电话同意", name_check="same")
        anew = services.payment_replace(payment=back, draft=draft, actor=desk.agent, now=at)
        anew = services.payment_approve(payment=anew, actor=desk.supervisor, now=at)
        services.payment_succeed(payment=submit(anew, at), actor=desk.finance, now=at, paid_at=at)

    # When it came back, nobody puts the record away before it is paid
    back = bounced(now)
    with pytest.raises(Refused, match=back.case.number):
        tickets.ticket_archive(ticket=Ticket.objects.get(), now=now, **record)
    paid_anew(back, now)
    tickets.ticket_archive(ticket=Ticket.objects.get(), now=now, **record)
    back, late = bounced(now + timedelta(days=1)), now + timedelta(days=40)
    assert tickets.seal_sweep(now=late) == 0
    paid_anew(back, late)
    assert tickets.seal_sweep(now=late) == 1
    # And when it comes back after that, the bank's word is booked and it is paid: the record itself stays sealed
    back = bounced(late)
    order.refresh_from_db()
    assert (back.state, order.refunded) == ("payee_needed", 0)
    paid_anew(back, late)
    order.refresh_from_db()
    ticket.refresh_from_db()
    assert (order.refunded, ticket.state, ticket.cases_open) == (back.amount, "sealed", 0)
