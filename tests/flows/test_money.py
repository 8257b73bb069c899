"""Two long stories of money: a compensation above one person's authority, and an order of three merchants."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from accounts.models import User
from accounts.services import system_user
from aftersales.cases import services
from aftersales.cases.models import (
    Case,
    CaseParcel,
    CasePayment,
    LineAccount,
    OrderAccount,
    ParcelItem,
    PaymentPart,
)
from aftersales.cases.services import CaseDraft
from aftersales.core.errors import DomainError, Refused
from aftersales.core.models import Event
from aftersales.customers.models import Contact, Customer
from aftersales.desk.money import SECOND_WHY
from aftersales.merchants import services as merchants
from aftersales.merchants.models import Merchant
from aftersales.notices.models import Notice
from aftersales.orders import services as orders
from aftersales.orders.models import Order
from aftersales.tickets.models import Ticket
from tests.cases.whole import check_whole
from tests.cast import Cast
from tests.flows.counter import Counter, bank_pays, fresh, told
from tests.records import merchant as a_merchant
from tests.records import order as an_order
from tests.records import taken_down
from training.models import AuthorityUse

pytestmark = pytest.mark.django_db
Opener = Callable[..., Ticket]
WorkOff = Callable[[datetime], None]
D = Decimal
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def reachable(customer: Customer, desk: Cast, settings: Any) -> None:
    """The customer has an address, and the people hold the certificates of their posts."""
    settings.REQUIRE_SECOND_FACTOR = False
    Contact.objects.create(customer=customer, kind="email", value="linfang@example.com")
    for person, tier in (
        (desk.agent, "in_post"), (desk.supervisor, "lead"), (desk.finance, "finance"),
    ):  # fmt: skip
        desk.certify(person, tier)


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as error:
        act()
    return error.value.code


def owed(ticket: Ticket, desk: Cast, now: datetime, amount: str, decider: User | None = None) -> Case:
    """A promised compensation, approved."""
    draft = CaseDraft(
        "compensation", "service", compensation="promise", asked=D(amount), words="承诺的补偿没有兑现"
    )
    case = services.case_open(ticket=fresh(ticket), draft=draft, actor=desk.agent, now=now)
    return services.case_approve(case=case, actor=decider or desk.agent, now=now)


def used_by(person: User) -> Decimal:
    """What this person let out alone or confirmed."""
    rows = AuthorityUse.objects.filter(holder="person", holder_id=person.pk, kind="promise")
    return rows.aggregate(sum=Sum("amount"))["sum"] or D(0)


def test_a_compensation_above_the_agents_authority(
    open_ticket: Opener, desk: Cast, customer: Customer, now: datetime, work_off: WorkOff
) -> None:
    agent, finance = Counter(desk, desk.agent), Counter(desk, desk.finance)
    shop = a_merchant("M1", now)
    order = an_order("A-1", now, merchant=shop, customer=customer, total=D(600), paid=D(600))
    ticket = open_ticket(order_id=order.pk, merchant_id=shop.pk)
    # Given ¥1,200 promised to him: the agent may let out ¥500 alone, so the payment waits, and the page says for whom
    whole = owed(ticket, desk, now, "1200.00")
    agent.done(now, "case_pay", whole.number)
    payment = CasePayment.objects.get()
    assert (payment.state, payment.second_why, payment.compensation) == (
        "awaiting_approval", "above_decision", "promise",
    )  # fmt: skip
    assert str(SECOND_WHY["above_decision"]) in agent.get(now, "payment", payment.number)
    # When he tries it himself, by page or by a posted form, it is refused: he proposed and decided it
    agent.post(now, "payment_act", payment.number, "approve", version=payment.version)
    assert fresh(payment).state == "awaiting_approval"
    # And a lead whose certificate is too small is refused too, and told which tier may
    desk.certify(desk.lead, "basic")
    with pytest.raises(Refused) as refusal:
        services.payment_approve(payment=payment, actor=desk.lead, now=now)
    said = " ".join(str(reason) for reason in refusal.value.refusals)
    assert refusal.value.code == "no_authority"
    assert "组长" in said or "Lead" in said or "高级" in said, said
    # When finance looks, it is on the board with why, and a second person lets it out; it is paid once
    assert payment.number in finance.get(now, "payments", view="approve")
    finance.post(now + HOUR, "payment_act", payment.number, "approve", version=fresh(payment).version)
    payment = fresh(payment)
    assert (payment.state, payment.approved_by, payment.proposed_by) == ("approved", desk.finance, desk.agent)
    assert (
        code_of(lambda: services.payment_propose(case=fresh(whole), actor=desk.agent, now=now))
        == "nothing_left"
    )
    bank_pays(desk, now + DAY)
    work_off(now + DAY)
    assert (fresh(whole).state, fresh(order).refunded, told("customer").count("case.refunded")) == (
        "closed",
        0,
        1,
    )
    # When another customer's is split so that each part stays under his limit
    later = now + 2 * DAY
    other = Customer(code="C-2", name="王强")
    other.save()
    other_order = an_order("A-2", now, merchant=shop, customer=other, total=D(600), paid=D(600))
    split = open_ticket(
        customer_id=other.pk, order_id=other_order.pk, merchant_id=shop.pk, subject="也没有兑现"
    )
    parts = [owed(split, desk, later, "400.00") for _part in range(3)]
    states = []
    for part in parts:
        [one] = services.payment_propose(case=fresh(part), actor=desk.agent, now=later)
        states.append((one.state, one.second_why))
    # Then two go out alone, and the third is above what he may give this customer in a month
    assert states == [("approved", ""), ("approved", ""), ("awaiting_approval", "above_customer")]
    assert used_by(desk.agent) == D(800)
    # And called back before it was paid, his authority is free again, but no more than that
    first = CasePayment.objects.get(case=parts[0])
    services.payment_cancel(payment=first, actor=desk.agent, now=later)
    assert used_by(desk.agent) == D(400)
    [again] = services.payment_propose(case=fresh(parts[0]), actor=desk.agent, now=later + HOUR)
    assert (again.state, used_by(desk.agent)) == ("approved", D(800))
    # And who decided is never who lets it out, however high his certificate: two persons, seen in the story
    third = CasePayment.objects.get(case=parts[2])
    services.payment_approve(payment=third, actor=desk.supervisor, now=later + DAY)
    bank_pays(desk, later + 2 * DAY)
    assert {case.state for case in Case.objects.all()} == {"closed"}
    for row in CasePayment.objects.exclude(second_why=""):
        approved = Event.objects.about("cases.casepayment", row.pk).get(kind="payment.approved")
        assert approved.actor_id not in {row.proposed_by_id, row.case.decided_by_id}
    check_whole()


@pytest.fixture
def three(customer: Customer, now: datetime) -> Order:
    """One order, three sellers: ¥60 + ¥30 + ¥20.01 and ¥10 freight, of which a voucher paid ¥20.01."""
    system: dict[str, Any] = {"actor": system_user(), "now": now}
    row = an_order("A-3", now, customer=customer, total=D("120.01"), paid=D("120.01"), freight=D(10))
    for number, (name, pieces, paid) in enumerate(
        (("杯子", 2, "60.00"), ("台灯", 1, "30.00"), ("书", 3, "20.01")), 1
    ):
        shop = a_merchant(f"M{number}", now)
        merchants.contact_save(merchant=shop, role="aftersales", email=f"shop{number}@example.com", **system)
        orders.line_add(
            order=row, line_no=number, product_name=name, quantity=pieces, unit_price=D(paid) / pieces, paid=D(paid),
            merchant=shop, **system,
        )  # fmt: skip
    for number, (method, amount) in enumerate((("alipay", "100.00"), ("voucher", "20.01")), start=1):
        orders.payment_add(
            order=row, sequence=number, method=method, amount=D(amount), external_ref=f"T-{number}", **system
        )
    return row


def test_an_order_of_three_merchants(
    three: Order, open_ticket: Opener, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    agent, receiver = Counter(desk, desk.agent), Counter(desk, desk.returns_receiver)
    cups, lamp, books = three.lines.order_by("line_no")
    ticket = open_ticket(order_id=three.pk, subject="三家店的东西都有问题")
    # Given one problem with everything: articles of several sellers need a case each
    form = {"kind": "return", "ground": "not_as_described", "words": "和描述不符"}
    both = {f"n{cups.pk}": 2, f"n{lamp.pk}": 1}
    assert agent.post(now, "case_open", ticket.number, **form, **both).status_code == 422
    for line in (cups, lamp, books):
        agent.done(now, "case_open", ticket.number, **form, **{f"n{line.pk}": line.quantity})
    work_off(now)
    first, second, third = Case.objects.order_by("id")
    assert [case.merchant.code for case in (first, second, third)] == ["M1", "M2", "M3"]
    assert (fresh(ticket).case_count, fresh(ticket).cases_open) == (3, 3)
    # Then each seller is asked about his own article, and about nothing of the others
    asked = Notice.objects.filter(source="case.asked_merchant").order_by("pk")
    assert [one.merchant_id for one in asked] == [case.merchant_id for case in (first, second, third)]
    assert [["杯子" in one.body, "台灯" in one.body, "书" in one.body] for one in asked] == [
        [True, False, False], [False, True, False], [False, False, True],
    ]  # fmt: skip
    # When the first agrees, the second offers less and he takes it, and the third refuses
    done = {"words": "同意", "amount": "", "how": "merchant", "goods": "back"}
    agent.done(now + HOUR, "case_act", first.number, "approve", version=first.version, **done)
    agent.done(now + HOUR, "case_act", second.number, "offer", amount="15.00", by="merchant", words="有使用痕迹",
               version=second.version)  # fmt: skip
    agent.done(
        now + 2 * HOUR,
        "case_act",
        second.number,
        "accept_offer",
        version=fresh(second).version,
        **taken_down(now + 2 * HOUR),
    )
    agent.done(now + HOUR, "case_act", third.number, "reject", how="merchant", words="描述写明了",
               version=third.version)  # fmt: skip
    first, second, third = fresh(first), fresh(second), fresh(third)
    assert (first.agreed, first.agreed_freight) == (D("65.46"), D("5.46"))
    assert [case.state for case in (first, second, third)] == ["approved", "approved", "rejected"]
    # And the platform finds for him after all: each seller bears the freight of his own goods, once
    third = services.case_approve(case=third, actor=desk.lead, now=now + 3 * HOUR, words="照片明显不符")
    freight = [fresh(case).agreed_freight for case in (first, second, third)]
    assert freight == [D("5.46"), D(0), D("1.82")]
    assert OrderAccount.objects.get().freight_granted == sum(freight)
    # When he sends everything in one parcel, it is one parcel of three cases, received and judged together
    for case in (first, second, third):
        parcel = CaseParcel.objects.get(case=case)
        agent.done(now + DAY, "parcel_act", parcel.public_id, "ship", carrier="顺丰", tracking_no="SF4000",
                   version=parcel.version)  # fmt: skip
    [parcel] = CaseParcel.objects.filter(state="in_transit")
    page = receiver.get(now + 3 * DAY, "receive", parcel.public_id)
    assert all(case.number in page for case in (first, second, third))
    data: dict[str, Any] = {"keep": "on", "do": "inspect", "version": parcel.version}
    for item in ParcelItem.objects.filter(parcel=parcel):
        data |= {f"{name}-{item.pk}": 0 for name in ("damaged", "missing", "wrong")}
        data |= {
            f"now-{item.pk}": item.announced,
            f"accepted-{item.pk}": item.announced,
            f"grade-{item.pk}": "opened",
        }
    receiver.done(now + 3 * DAY, "receive", parcel.public_id, **data)
    # Then each case pays its own, the ways it came: money as money, the voucher as a voucher
    for case in (first, second, third):
        agent.done(now + 3 * DAY, "case_pay", case.number)
    for payment in CasePayment.objects.filter(state="awaiting_approval"):
        services.payment_approve(payment=payment, actor=desk.finance, now=now + 3 * DAY)
    bank_pays(desk, now + 4 * DAY)
    for payment in CasePayment.objects.filter(gateway="in_kind", state="approved"):
        services.payment_give_in_kind(payment=payment, reference="V-1", actor=desk.finance, now=now + 4 * DAY)
    work_off(now + 4 * DAY)
    assert [fresh(case).state for case in (first, second, third)] == ["closed"] * 3
    assert fresh(ticket).cases_open == 0
    of_case = dict(CasePayment.objects.values_list("case").annotate(sum=Sum("amount")).order_by())
    assert of_case == {case.pk: fresh(case).agreed for case in (first, second, third)}
    assert {one.merchant_id for one in CasePayment.objects.filter(case=second)} == {second.merchant_id}
    # And never more than he paid: for a line, for freight, by a way, for the order
    assert fresh(three).refunded == sum(of_case.values()) <= three.paid
    assert all(account.granted <= account.paid for account in LineAccount.objects.all())
    vouchers = PaymentPart.objects.filter(tender__method="voucher").aggregate(sum=Sum("amount"))["sum"]
    assert 0 < vouchers <= D("20.01")
    assert code_of(lambda: services.case_open(
        ticket=fresh(ticket), draft=CaseDraft("return", "quality", {cups.pk: 1}), actor=desk.agent, now=now + 5 * DAY
    )) == "too_many"  # fmt: skip
    assert sorted(set(Merchant.objects.values_list("code", flat=True))) == ["M1", "M2", "M3"]
    check_whole()
