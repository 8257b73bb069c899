"""Before dispatch and on the way: silence about cancelling pays, parcels are stopped or not, and minors."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.services import system_user
from aftersales.cases import services
from aftersales.cases.models import Case, CasePayment, ServiceRequest
from aftersales.cases.services.cancelling import cancels_carry_out
from aftersales.cases.services.requests import RequestDraft, request_open
from aftersales.core.errors import DomainError, Refused
from aftersales.core.files import StoredFile
from aftersales.core.models import Event
from aftersales.notices.models import Notice
from aftersales.orders import services as orders
from aftersales.orders.models import Order
from aftersales.tickets import services as tickets
from aftersales.tickets.models import Ticket
from tests.cases.workshop import DAY, HOUR, fresh
from tests.cast import Cast

pytestmark = pytest.mark.django_db
Open = Callable[..., Case]
WorkOff = Callable[[datetime], None]


@pytest.fixture
def cancel(order: Order, ticket: Ticket, desk: Cast, now: datetime) -> ServiceRequest:
    """The customer wants an order cancelled that was not sent; the merchant is asked."""
    orders.order_change(order=order, actor=system_user(), now=now, status="paid", paid_at=now - 2 * DAY)
    return request_open(ticket=fresh(ticket), draft=RequestDraft("cancel"), actor=desk.agent, now=now)


def sent(order: Order, at: datetime) -> None:
    orders.shipment_add(
        order=order,
        number="1",
        actor=system_user(),
        now=at,
        merchant=order.merchant,
        status="in_transit",
        shipped_at=at,
    )


def test_who_proves_no_dispatch_in_time_pays_by_rule_once(
    cancel: ServiceRequest, order: Order, now: datetime
) -> None:
    assert cancels_carry_out(now=now + 23 * HOUR) == 0
    assert cancels_carry_out(now=now + 25 * HOUR) == 1
    assert cancels_carry_out(now=now + 26 * HOUR) == 0
    case = Case.objects.get()
    assert (case.kind, case.ground, case.decided_how, case.agreed) == (
        "refund_only",
        "not_sent",
        "silence",
        order.paid,
    )
    assert CasePayment.objects.filter(case=case).exists()
    told = Event.objects.get(kind="request.unproven")
    assert told.payload["dispatched_late"] is False


def test_a_waybill_made_after_the_question_is_a_breach_and_no_proof(
    cancel: ServiceRequest, order: Order, now: datetime
) -> None:
    sent(order, now + HOUR)
    assert cancels_carry_out(now=now + 25 * HOUR) == 1
    assert fresh(cancel).state == "done"
    assert Event.objects.get(kind="request.unproven").payload["dispatched_late"] is True


def test_a_parcel_that_had_left_is_a_proof_and_a_person_goes_on(
    cancel: ServiceRequest, order: Order, now: datetime
) -> None:
    sent(order, now - HOUR)
    assert cancels_carry_out(now=now + 25 * HOUR) == 0
    assert (fresh(cancel).state, Case.objects.count()) == ("with_party", 0)


@pytest.fixture
def outgoing(open_case: Open, desk: Cast, now: datetime) -> Any:
    """A parcel goes to the customer who wants his money and no goods."""
    case = open_case({0: 1}, kind="refund_only", ground="late")
    return services.parcel_dispatch(
        case=case, carrier="顺丰", tracking_no="SF5000", actor=desk.agent, now=now
    )


def test_what_the_carrier_did_not_stop_in_a_day_goes_on_and_the_customer_is_told(
    outgoing: Any, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    services.parcel_ask_stop(parcel=outgoing, actor=desk.agent, now=now)
    with pytest.raises(Refused):
        services.parcel_ask_stop(parcel=outgoing, actor=desk.agent, now=now)
    assert services.stops_end(now=now + 23 * HOUR) == 0
    assert services.stops_end(now=now + DAY) == 1
    assert services.stops_end(now=now + 2 * DAY) == 0
    work_off(now + DAY)
    assert Notice.objects.filter(source="case.not_stopped").count() == 1
    services.parcel_ask_stop(parcel=outgoing, actor=desk.agent, now=now + DAY)
    services.parcel_intercept(parcel=outgoing, actor=desk.returns_receiver, now=now + DAY)
    assert services.stops_end(now=now + timedelta(days=3)) == 0


def test_what_a_minor_bought_needs_the_guardians_proof_and_two_persons(
    open_case: Open, ticket: Ticket, desk: Cast, now: datetime
) -> None:
    case = open_case({0: 1}, kind="refund_only", ground="minor")
    with pytest.raises(DomainError) as error:
        services.case_approve(case=case, actor=desk.agent, now=now)
    assert "监护" in str(error.value)
    offered = services.case_offer(
        case=fresh(case), amount=Decimal(5), by="platform", actor=desk.agent, now=now
    )
    with pytest.raises(DomainError, match="监护"):
        services.case_accept(
            case=offered, consent=services.Consent("phone", "同意", now), actor=desk.agent, now=now + HOUR
        )
    tickets.note_add(
        ticket=fresh(ticket),
        text="户口簿",
        actor=desk.agent,
        now=now,
        files=[StoredFile("2611/" + "a" * 32, "户口簿.png", "image/png", 12, "0" * 64, 3, 4)],
    )
    done = services.case_approve(case=fresh(case), actor=desk.agent, now=now)
    services.payment_propose(case=done, actor=desk.agent, now=now)
    payment = CasePayment.objects.get(case=done)
    assert (payment.state, payment.second_why) == ("awaiting_approval", "minor")
