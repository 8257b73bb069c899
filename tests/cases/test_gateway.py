"""Payments over HTTP: signed, keyed, never inside a transaction, never twice, whatever the service says and when."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse

from aftersales.cases import services
from aftersales.cases.models import BankAnswer, Case, CasePayment, MoneyGateway
from aftersales.cases.services import gateway as http
from aftersales.cases.services.gateways import (
    money_gateway_create,
    money_gateway_rotate,
    money_gateway_switch,
)
from aftersales.core import jobs, outgoing, webhooks
from aftersales.core.errors import DomainError
from aftersales.orders.models import Order
from tests.cast import Cast

D = Decimal
HOUR = timedelta(hours=1)
WorkOff = Callable[[datetime], None]


class Service:
    """The payment service of the tests: remembers keys, pays each once, answers as it is told to."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.paid: dict[str, str] = {}
        self.mode = "paid"
        self.in_transaction: list[bool] = []
        self.before: Callable[[dict[str, Any]], None] | None = None

    def post(
        self, url: str, *, headers: Any, body: bytes, private: bool = False, seconds: float = 8
    ) -> bytes:
        said = json.loads(body)
        self.calls.append({**said, "headers": dict(headers), "body": body})
        if said["act"] == "ask":
            outcome = "paid" if said["key"] in self.paid else "unknown_key"
            return self.answer(said, outcome)
        if self.mode == "deaf":
            raise outgoing.NotSent("unreachable")
        if self.mode in {"paid", "lost_answer", "accepted"}:
            self.paid[said["key"]] = said["amount"]
        if self.before:
            self.before(said)
        if self.mode == "lost_answer":
            raise outgoing.NotSent("unreachable")
        if self.mode == "garbage":
            return b"<html>"
        return self.answer(said, self.mode)

    def answer(self, said: dict[str, Any], outcome: str) -> bytes:
        told = {name: said[name] for name in ("key", "amount", "currency")}
        return json.dumps({**told, "outcome": outcome, "bank_ref": f"G-{said['key']}"}).encode()


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    found = Service()
    monkeypatch.setattr(outgoing, "post", found.post)
    return found


@pytest.fixture
def told(desk: Cast, now: datetime) -> tuple[MoneyGateway, str]:
    """A service that is switched on, and its secret."""
    row, secret = money_gateway_create(
        code="pay",
        name="收付通",
        url="https://pay.example.com/refunds",
        currency="CNY",
        actor=desk.finance,
        now=now,
    )
    with pytest.raises(DomainError) as error:
        money_gateway_switch(gateway=row, on=True, version=None, actor=desk.finance, now=now)
    assert error.value.code == "own"
    return money_gateway_switch(gateway=row, on=True, version=None, actor=desk.administrator, now=now), secret


@pytest.fixture
def case(open_case: Callable[..., Case], desk: Cast, now: datetime) -> Case:
    row: Case = services.case_approve(
        case=open_case({1: 1}, kind="refund_only", ground="other"), actor=desk.lead, now=now
    )
    return row


@pytest.fixture
def payment(case: Case, told: Any, service: Service, desk: Cast, now: datetime) -> CasePayment:
    [row] = services.payment_propose(case=case, actor=desk.agent, now=now)
    assert row.gateway == "http"
    return row


def refunded(order: Order) -> Decimal:
    return Order.objects.get(pk=order.pk).refunded


def test_an_approved_payment_is_called_for_once_signed_and_with_its_key(
    payment: CasePayment,
    told: tuple[MoneyGateway, str],
    service: Service,
    order: Order,
    now: datetime,
    work_off: WorkOff,
) -> None:
    work_off(now)
    work_off(now)
    payment.refresh_from_db()
    [call] = service.calls
    assert (payment.state, refunded(order)) == ("succeeded", payment.amount)
    assert call["headers"]["Idempotency-Key"] == payment.key == call["key"]
    headers = {name.lower(): value for name, value in call["headers"].items()}
    assert webhooks.proven(headers, call["body"], [told[1]], now=now, skew=HOUR)


@pytest.mark.parametrize("mode", ["lost_answer", "garbage", "deaf"])
def test_executed_and_then_lost_is_unknown_asked_and_never_paid_twice(
    payment: CasePayment, service: Service, order: Order, now: datetime, work_off: WorkOff, mode: str
) -> None:
    service.mode = mode
    work_off(now)
    payment.refresh_from_db()
    assert (payment.state, refunded(order)) == ("unknown", 0)
    http.unknown_sweep(now=now + HOUR)
    work_off(now + HOUR)
    payment.refresh_from_db()
    paid = mode == "lost_answer"
    assert payment.state == ("succeeded" if paid else "failed")
    assert [one["act"] for one in service.calls].count("pay") == 1
    assert refunded(order) == (payment.amount if paid else 0)


def test_a_failed_one_goes_again_under_the_same_key(
    payment: CasePayment, service: Service, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    service.mode = "failed"
    work_off(now)
    payment.refresh_from_db()
    assert payment.state == "failed"
    service.mode = "paid"
    services.payment_retry(payment=payment, actor=desk.finance, now=now)
    work_off(now)
    payment.refresh_from_db()
    assert (payment.state, [one["key"] for one in service.calls]) == ("succeeded", [payment.key] * 2)


def test_a_worker_that_fell_after_the_hand_over_asks_instead_of_paying(
    payment: CasePayment, service: Service, now: datetime, work_off: WorkOff
) -> None:
    from accounts.services import system_user
    from aftersales.core import moves

    moves.perform(payment, "submit", actor=system_user(), now=now)
    payment.refresh_from_db()
    assert http.pay(payment=payment, now=now) == "unknown"
    assert service.calls == []


def hook(
    secret: str, content: dict[str, Any], now: datetime, event_id: str = "m-1", tamper: bytes = b""
) -> Any:
    body = json.dumps(content).encode()
    headers = {
        f"HTTP_{k.upper().replace('-', '_')}": v
        for k, v in webhooks.headers([secret], event_id, now, body).items()
    }
    return Client(enforce_csrf_checks=True).post(
        reverse("money_hook", args=["pay"]), body + tamper, content_type="application/json", **headers
    )


@pytest.fixture
def at_now(now: datetime) -> Iterator[Any]:
    with time_machine.travel(now, tick=False) as clock:
        yield clock


def message(payment: CasePayment, outcome: str = "paid", **more: Any) -> dict[str, Any]:
    facts = {
        "key": payment.key,
        "outcome": outcome,
        "amount": str(payment.amount),
        "currency": "CNY",
        "bank_ref": f"G-{payment.key}",
    }
    return facts | more


@pytest.mark.usefixtures("at_now")
def test_the_message_before_the_answer_then_three_times_then_forged_is_one_refund(
    payment: CasePayment,
    told: tuple[MoneyGateway, str],
    service: Service,
    order: Order,
    now: datetime,
    work_off: WorkOff,
) -> None:
    """M04."""
    statuses: list[int] = []
    service.before = lambda _said: statuses.append(hook(told[1], message(payment), now).status_code)
    work_off(now)
    statuses += [hook(told[1], message(payment), now, f"m-{number}").status_code for number in range(3)]
    assert statuses == [200] * 4
    forged = hook(webhooks.secret("other", "salt"), message(payment, "returned", bank_ref="X"), now)
    tampered = hook(told[1], message(payment), now, tamper=b" ")
    late = hook(told[1], message(payment, "returned", bank_ref="X"), now - timedelta(days=1))
    assert {forged.status_code, tampered.status_code, late.status_code} == {401}
    payment.refresh_from_db()
    assert (payment.state, refunded(order), BankAnswer.objects.count()) == ("succeeded", payment.amount, 1)


ODD_AMOUNTS = (*("-1", "0", "0.001", "1e3", "０１２", "NaN", "Infinity", "1,000.00", "١٢", "99999999999.99"),)


@pytest.mark.usefixtures("at_now")
@pytest.mark.parametrize(
    "wrong",
    [
        *({"amount": one} for one in ODD_AMOUNTS),
        {"currency": "USD"}, {"key": "FK-NOBODY"}, {"outcome": "perhaps"}, {"bank_ref": ""}, {"bank_ref": "x" * 65},
    ],
)  # fmt: skip
def test_a_message_that_cannot_be_is_refused_and_books_nothing(
    payment: CasePayment, told: tuple[MoneyGateway, str], service: Service, order: Order, now: datetime,
    work_off: WorkOff, wrong: dict[str, str],
) -> None:  # fmt: skip
    """M09."""
    service.mode = "accepted"
    work_off(now)
    assert hook(told[1], message(payment, **wrong), now).status_code == 409
    payment.refresh_from_db()
    assert (payment.state, refunded(order), BankAnswer.objects.count()) == ("submitted", 0, 0)


@pytest.mark.usefixtures("at_now")
def test_both_secrets_count_after_a_new_one_was_made(
    payment: CasePayment,
    told: tuple[MoneyGateway, str],
    service: Service,
    desk: Cast,
    now: datetime,
    work_off: WorkOff,
) -> None:
    service.mode = "accepted"
    work_off(now)
    fresh = money_gateway_rotate(gateway=told[0], actor=desk.finance, now=now)
    assert hook(told[1], message(payment), now).status_code == 200
    assert hook(fresh, message(payment), now).status_code == 200


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"url": "http://127.0.0.1/x"}, "url"), ({"url": "file:///etc"}, "url"), ({"code": "A b"}, "code"),
        ({"currency": "cny"}, "code"),
    ],
)  # fmt: skip
def test_a_service_that_may_not_be_called_is_not_added(
    desk: Cast, now: datetime, facts: dict[str, str], code: str
) -> None:
    given = {"code": "two", "name": "二号", "url": "https://two.example.com/", "currency": "CNY"} | facts
    with pytest.raises(DomainError) as error:
        money_gateway_create(**given, actor=desk.finance, now=now)
    assert error.value.code == code


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_during_the_call(
    payment: CasePayment, service: Service, now: datetime
) -> None:
    """R10: a service that needs its time holds no row and no transaction."""
    service.before = lambda _said: service.in_transaction.append(connection.in_atomic_block)
    jobs.run_due(now)
    assert service.in_transaction == [False]


def test_a_service_is_not_switched_off_while_a_payment_of_it_has_no_answer(
    payment: CasePayment,
    told: tuple[MoneyGateway, str],
    service: Service,
    desk: Cast,
    now: datetime,
    work_off: WorkOff,
) -> None:
    """Another service never saw the key: its "unknown" would make the payment *failed* and let it out again."""
    service.mode = "lost_answer"
    work_off(now)
    payment.refresh_from_db()
    assert payment.state == "unknown"

    def off() -> MoneyGateway:
        return money_gateway_switch(gateway=told[0], on=False, version=None, actor=desk.finance, now=now)

    with pytest.raises(DomainError) as error:
        off()
    assert error.value.code == "waiting"
    assert MoneyGateway.objects.get().is_active
    http.ask(payment=CasePayment.objects.select_related("case").get(pk=payment.pk), now=now)
    assert not off().is_active
