"""Small requests that customers make and the shop owes: answered and refused by its own people, by nobody else."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from aftersales.cases.models import Case, CasePayment, Invoice, ServiceRequest
from aftersales.cases.services.requests import RequestDraft, request_finish, request_open, request_withdraw
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Event
from aftersales.merchants.models import Merchant
from aftersales.orders.models import Order, OrderLine
from aftersales.tickets.models import Ticket
from tests.cases.test_requests import INVOICE, unsent
from tests.cases.workshop import fresh
from tests.cast import Cast
from tests.portal.clerk import Clerk

__all__ = ["unsent"]
pytestmark = pytest.mark.django_db
Ask = Callable[..., ServiceRequest]


@pytest.fixture
def ask(ticket: Ticket, desk: Cast, now: datetime, unsent: Order) -> Ask:
    def asker(kind: str, line: OrderLine | None = None, **details: Any) -> ServiceRequest:
        draft = RequestDraft(kind, details, line.pk if line else None, words="麻烦尽快")
        return request_open(ticket=Ticket.objects.get(pk=ticket.pk), draft=draft, actor=desk.agent, now=now)

    return asker


def answered(clerk: Clerk, row: ServiceRequest, **given: str) -> Any:
    data = {"version": str(fresh(row).version), **given}
    return clerk.browser.post(reverse("portal:request", args=[row.public_id]), data)


def test_a_request_stands_on_today_and_is_answered_by_the_shop_itself(
    clerk: Clerk, ask: Ask, shop: Merchant
) -> None:
    invoice, cancel = ask("invoice", **INVOICE), ask("cancel")
    told = [one.words for one in clerk.get("today").context["news"] if one.url == reverse("portal:requests")]
    assert len(told) == 1
    assert "2" in told[0]
    assert all(one.number in clerk.page("requests") for one in (invoice, cancel))
    assert "声悦科技有限公司" in clerk.page("request", invoice.public_id)

    assert answered(clerk, invoice, do="finish").status_code == 422, "an invoice has a number"
    assert answered(clerk, invoice, do="finish", number="FP-1", words="已开票").status_code == 302
    assert answered(clerk, cancel, do="finish").status_code == 302

    assert Invoice.objects.get().number == "FP-1"
    case = Case.objects.get()
    assert (case.state, case.decided_how, case.decided_by) == ("approved", "merchant", clerk.person)
    assert CasePayment.objects.get().amount == Decimal(110)
    done = Event.objects.filter(kind="request.done")
    assert {(one.actor_id, one.acting_as, one.source) for one in done} == {(clerk.person.pk, "", "portal")}
    assert "FP-1" in clerk.page("request", invoice.public_id)
    assert invoice.number not in clerk.page("requests")
    assert invoice.number in clerk.page("requests", turn="over")
    assert answered(clerk, cancel, do="refuse", words="晚了").status_code == 422, "it is done already"


def test_the_prices_difference_is_agreed_to_and_the_platform_lets_it_out(
    clerk: Clerk, ask: Ask, lines: list[OrderLine]
) -> None:
    row = ask("price", lines[1], price_now="19.99")

    assert answered(clerk, row, do="finish", price_found="19.99").status_code == 302

    paid = CasePayment.objects.get()
    assert (paid.amount, paid.state) == (Decimal(10), "awaiting_approval")


def test_a_refusal_says_why(clerk: Clerk, ask: Ask) -> None:
    row = ask("hurry", what="dispatch")
    assert answered(clerk, row, do="refuse", words=" ").status_code == 422
    assert answered(clerk, row, do="refuse", words="缺货，周五发出").status_code == 302
    assert (fresh(row).state, fresh(row).answer) == ("refused", "缺货，周五发出")


def test_a_new_address_is_masked_until_somebody_asks_and_that_is_recorded(clerk: Clerk, ask: Ask) -> None:
    row = ask("address", address="上海市长宁路 5 号 601 室", name="林芳芳", phone="13900001111")
    page = clerk.page("request", row.public_id)
    assert not [one for one in ("601", "林芳芳", "13900001111") if one in page]

    whole = answered(clerk, row, do="show").content.decode()

    assert all(one in whole for one in ("上海市长宁路 5 号 601 室", "林芳芳", "13900001111"))
    assert Event.objects.get(kind="request.looked_at").actor_id == clerk.person.pk


def test_nobody_else_finds_it_and_what_the_platform_owes_is_not_the_shops(
    clerk: Clerk, stranger: Clerk, ask: Ask, desk: Cast, now: datetime
) -> None:
    row = ask("address", address="上海市长宁路 5 号 601 室")
    for answer in (stranger.get("request", row.public_id), answered(stranger, row, do="show")):
        assert answer.status_code == 404
    assert row.number not in stranger.page("requests") + stranger.page("requests", turn="over")
    with pytest.raises(DomainError) as gone:
        request_finish(request=row, answers={}, actor=stranger.person, now=now)
    assert gone.value.code == "gone"
    with pytest.raises(NotPermitted):
        request_withdraw(request=row, actor=clerk.person, now=now)
    ServiceRequest.objects.filter(pk=row.pk).update(party="platform")
    assert clerk.get("request", row.public_id).status_code == 404
    with pytest.raises(DomainError):
        request_finish(request=row, answers={}, actor=clerk.person, now=now)
