"""Two at once about the same money: one effect, and without the lock PostgreSQL refuses the second."""

import threading
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.services import system_user
from aftersales.cases import services
from aftersales.cases.models import BankAnswer, Case, CasePayment, PaymentRun
from aftersales.cases.services import runs
from aftersales.cases.services.answers import Answer, answer_take
from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.orders.models import Order
from tests.cases.test_at_once import outcomes
from tests.cast import Cast
from tests.toy.fixtures import at_once
from training.models import Limit

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
D = Decimal
Open = Callable[..., Case]


@pytest.fixture(autouse=True)
def everybody_is_there(desk: Cast) -> None:
    """People are made when a test first names them: not by four threads at once."""
    assert desk.finance
    assert desk.supervisor


@pytest.fixture
def case(open_case: Open, desk: Cast, now: datetime) -> Case:
    row: Case = services.case_approve(
        case=open_case({1: 1}, kind="refund_only", ground="other"), actor=desk.lead, now=now
    )
    return row


def submitted(case: Case, desk: Cast, now: datetime) -> CasePayment:
    [payment] = services.payment_propose(case=case, actor=desk.agent, now=now)
    row: CasePayment = moves.perform(payment, "submit", actor=system_user(), now=now)
    return row


def test_of_two_clicks_on_pay_one_makes_the_payment(case: Case, desk: Cast, now: datetime) -> None:
    """M02."""
    acts = [lambda: services.payment_propose(case=case, actor=desk.agent, now=now)] * 4
    assert outcomes(*acts) == ["done", *["nothing_left"] * 3]
    case.refresh_from_db()
    assert case.paying == CasePayment.objects.get().amount == case.agreed


def test_of_two_approvers_one_lets_it_out(open_case: Open, desk: Cast, now: datetime) -> None:
    """M05."""
    case = open_case({}, kind="compensation", ground="service", compensation="statutory", asked=D(500))
    case = services.case_approve(case=case, actor=desk.lead, now=now)
    [payment] = services.payment_propose(case=case, actor=desk.agent, now=now)
    acts = [
        lambda who=who: services.payment_approve(payment=payment, actor=who, now=now)
        for who in (desk.finance, desk.supervisor)
    ]
    assert outcomes(*acts) == ["done", "wrong_state"]
    assert Event.objects.filter(kind="payment.approved").count() == 1


def test_ten_times_two_approvers_and_each_time_one_of_them_and_the_other_is_told(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    """M05: ten rounds; whoever is second hears how it stands now."""
    for number in range(1, 11):
        payment = waiting(open_case, desk, now)
        acts = [
            lambda who=who, row=payment: services.payment_approve(payment=row, actor=who, now=now)
            for who in (desk.finance, desk.supervisor)
        ]
        found = at_once(acts)
        [loser] = [one for one in found if isinstance(one, DomainError)]
        assert "已批准" in str(loser)
        assert Event.objects.filter(kind="payment.approved").count() == number


def waiting(open_case: Open, desk: Cast, now: datetime) -> CasePayment:
    """Five yuan more than one person lets out alone."""
    case = open_case({}, kind="compensation", ground="service", compensation="statutory", asked=D(105))
    case = services.case_approve(case=case, actor=desk.lead, now=now)
    [payment] = services.payment_propose(case=case, actor=desk.agent, now=now)
    assert payment.state == "awaiting_approval"
    return payment


def test_with_the_lock_off_two_approvers_would_both_let_it_out(
    open_case: Open, desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The race is real: without the lock both read *awaiting approval*, and both are written."""
    payment, both = waiting(open_case, desk, now), threading.Barrier(2)

    def read_only(queryset: Any, ids: Any, *, skip_locked: bool) -> list[Any]:
        rows = list(queryset.filter(pk__in=ids).order_by("pk"))
        both.wait(timeout=10)
        return rows

    monkeypatch.setattr(moves, "_lock", read_only)
    found = at_once(
        [
            lambda who=who: moves.perform(payment, "approve", actor=who, now=now)
            for who in (desk.finance, desk.supervisor)
        ]
    )
    assert [type(one) for one in found] == [CasePayment, CasePayment]
    assert Event.objects.filter(kind="payment.approved").count() == 2


def test_the_same_answer_four_times_at_once_is_booked_once(
    case: Case, desk: Cast, order: Order, now: datetime
) -> None:
    """R02: executed, and told again and again."""
    payment = submitted(case, desk, now)
    said = Answer("paid", payment.amount, payment.currency, now, bank_ref="B-1")
    acts = [lambda: answer_take(payment=payment, answer=said, actor=desk.finance, now=now)] * 4
    assert set(outcomes(*acts)) == {"done"}
    order.refresh_from_db()
    assert (BankAnswer.objects.count(), order.refunded) == (1, payment.amount)


def test_paid_and_failed_at_once_leave_it_paid_once(
    case: Case, desk: Cast, order: Order, now: datetime
) -> None:
    payment = submitted(case, desk, now)
    acts = [
        lambda word=word: answer_take(
            payment=payment,
            answer=Answer(word, payment.amount, "CNY", now, bank_ref=word),
            actor=desk.finance,
            now=now,
        )
        for word in ("paid", "failed")
    ]
    assert outcomes(*acts) == ["done", "done"]
    payment.refresh_from_db()
    order.refresh_from_db()
    assert (payment.state, order.refunded) == ("succeeded", payment.amount)


def test_withdrawing_and_handing_over_at_once_do_not_both_happen(
    case: Case, desk: Cast, now: datetime
) -> None:
    [payment] = services.payment_propose(case=case, actor=desk.agent, now=now)
    found = outcomes(
        lambda: services.case_withdraw(case=case, actor=desk.agent, now=now),
        lambda: moves.perform(payment, "submit", actor=system_user(), now=now),
    )
    case.refresh_from_db()
    payment.refresh_from_db()
    assert (case.state, payment.state) in {("withdrawn", "cancelled"), ("approved", "submitted")}
    assert found.count("done") == 1


def test_two_runs_at_once_share_no_payment(case: Case, desk: Cast, now: datetime) -> None:
    services.payment_propose(case=case, actor=desk.agent, now=now)
    acts = [lambda: runs.run_make(currency="CNY", actor=desk.finance, now=now)] * 3
    assert outcomes(*acts) == ["done", "nothing_to_pay", "nothing_to_pay"]
    assert PaymentRun.objects.get().count == 1


def test_small_ones_at_once_count_together(open_case: Open, desk: Cast, now: datetime) -> None:
    """M07: three just under the limit, in parallel: together they are above what one person lets out alone."""
    Limit.objects.filter(kind="refund", tier__code="in_post").update(per_day=50)
    cases = [
        services.case_approve(
            case=open_case({0: 1}, kind="refund_only", ground="other"), actor=desk.lead, now=now
        )
        for _n in range(3)
    ]

    def propose(one: Case) -> Any:
        try:
            return services.payment_propose(case=one, actor=desk.agent, now=now)
        except DomainError:
            return services.payment_propose(case=one, actor=desk.agent, now=now)

    at_once([lambda one=one: propose(one) for one in cases])
    alone = CasePayment.objects.filter(second_why="")
    assert sum(one.amount for one in alone) <= 50
    assert CasePayment.objects.count() == 3


def test_without_any_lock_the_database_refuses_what_would_pay_twice(
    case: Case, desk: Cast, order: Order, now: datetime
) -> None:
    """The lock off: whatever a mistake of ours would write, a CHECK or a key refuses it."""
    payment = submitted(case, desk, now)
    services.payment_succeed(payment=payment, actor=desk.finance, now=now, paid_at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(paying=case.agreed + D("0.01"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(refunded=order.paid + D("0.01"))
    with pytest.raises(IntegrityError), transaction.atomic():
        CasePayment.objects.filter(pk=payment.pk).update(approved_by=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        CasePayment(
            number="FK-X", key=payment.key, case=case, kind="refund", currency="CNY", amount=D(1),
            proposed_by=desk.agent, proposed_at=now,
        ).save()  # fmt: skip


def test_a_payment_is_called_back_or_its_run_is_released_never_both(
    case: Case, desk: Cast, now: datetime
) -> None:
    [payment] = services.payment_propose(case=case, actor=desk.agent, now=now)
    run = runs.run_make(currency="CNY", actor=desk.finance, now=now)
    done = outcomes(
        lambda: services.payment_cancel(payment=payment, actor=desk.agent, now=now),
        lambda: runs.run_approve(run=run, actor=desk.supervisor, now=now),
    )
    payment.refresh_from_db()
    run.refresh_from_db()
    assert (done, payment.state, run.state) in (
        (["changed", "done"], "cancelled", "draft"), (["done", "released"], "approved", "approved"),
    )  # fmt: skip
