"""Which way a compensation goes: where the customer paid from, or to an account that he is asked for."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal as D
from typing import Any

import pytest
from django.urls import reverse

from accounts.services import system_user
from aftersales.cases import services
from aftersales.cases.models import Case, CasePayment
from aftersales.cases.services.paying import PayeeDraft
from aftersales.cases.services.runs import run_make, to_collect
from aftersales.customers.services import customer_create
from aftersales.notices.models import Notice
from aftersales.orders.models import Order, Payment
from tests.cases.test_paying import approved, paid_by, refused
from tests.cast import Cast

__all__ = ["approved", "paid_by"]

GOODWILL = {"kind": "compensation", "ground": "service", "compensation": "goodwill", "asked": D(20)}


def compensated(approved: Callable[..., Case], desk: Cast, now: datetime) -> CasePayment:
    [payment] = services.payment_propose(case=approved({}, **GOODWILL), actor=desk.agent, now=now)
    return payment


def test_it_goes_where_the_largest_of_his_own_payments_came_from(
    approved: Callable[..., Case], paid_by: Callable[..., list[Payment]], desk: Cast, now: datetime
) -> None:
    paid_by(wechat="30", alipay="50", voucher="60")
    payment = compensated(approved, desk, now)
    assert (payment.way, payment.way_ref, payment.no_way) == ("alipay", "T-2", False)


@pytest.fixture
def a_gift(order: Order, paid_by: Callable[..., list[Payment]], now: datetime) -> Order:
    """Somebody else paid the order for him."""
    giver = customer_create(code="C-GIVER", actor=system_user(), now=now)
    order.payer_id = giver.pk
    order.save(update_fields=["payer_id"])
    paid_by(alipay="110")
    return order


def test_who_did_not_pay_himself_is_asked_for_an_account_before_any_bank_file(
    approved: Callable[..., Case], a_gift: Order, desk: Cast, now: datetime,
    work_off: Callable[[datetime], None],
) -> None:  # fmt: skip
    # Given a small compensation that is let out alone, for the person who got the gift
    payment = compensated(approved, desk, now)
    work_off(now)
    assert (payment.state, payment.way, payment.no_way) == ("approved", "", True)
    # Then no run takes it: a bank could do nothing with it
    assert not to_collect().exists()
    refused("nothing_to_pay", lambda: run_make(currency="CNY", actor=desk.finance, now=now))
    # And whoever works on the ticket hears of it, and asks
    assert Notice.objects.filter(source="work.no_account", user_id=desk.agent.pk).exists()
    payment = services.payment_ask_payee(payment=payment, actor=desk.agent, now=now)
    work_off(now)
    asked = Notice.objects.get(source="case.account_asked")
    assert "¥20.00" in asked.body
    assert not Notice.objects.filter(source="case.payee_asked").exists()  # nothing came back
    # When he has named one, it goes out after a second person looked
    draft = PayeeDraft(holder="林芳", account="6222020011112222", consent="电话同意", name_check="same")
    anew = services.payment_replace(payment=payment, draft=draft, actor=desk.agent, now=now)
    anew = services.payment_approve(payment=anew, actor=desk.finance, now=now)
    assert list(to_collect()) == [anew]


def test_a_payment_with_a_known_way_asks_for_no_account(
    approved: Callable[..., Case], paid_by: Callable[..., list[Payment]], desk: Cast, now: datetime
) -> None:
    paid_by(alipay="110")
    payment = compensated(approved, desk, now)
    refused("wrong_state", lambda: services.payment_ask_payee(payment=payment, actor=desk.agent, now=now))


def test_another_account_that_is_refused_stays_in_its_dialog(
    approved: Callable[..., Case], a_gift: Order, desk: Cast, now: datetime
) -> None:
    payment = services.payment_ask_payee(payment=compensated(approved, desk, now), actor=desk.agent, now=now)
    typed: dict[str, Any] = {
        "holder": "王大力", "bank": "招商银行", "account": "6222 0200 1111", "name_check": "proven",
        "consent": "11月26日电话", "proof": "", "version": payment.version,
    }  # fmt: skip
    answer = desk.client(desk.agent).post(
        reverse("desk:payment_act", args=[payment.number, "replace"]), typed
    )
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="pay-replace" data-open' in shown
    for kept in ("王大力", "招商银行", "6222 0200 1111", "11月26日电话", '<option value="proven" selected>'):
        assert kept in shown
    payment.refresh_from_db()
    assert payment.state == "payee_needed"
