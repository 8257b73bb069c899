"""Four long stories of goods on their way back: a piece that never comes, a silent merchant, an instant refund whose
goods never come, and another article in the parcel."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.services import system_user
from aftersales.cases import services
from aftersales.cases.models import (
    Case,
    CaseFlag,
    CaseJudgment,
    CaseParcel,
    CasePayment,
    Dispute,
    LineAccount,
    OrderAccount,
    ParcelItem,
    Recovery,
)
from aftersales.cases.services import RulingDraft
from aftersales.cases.services.automatic import pay_due
from aftersales.cases.services.flags import flag_settle
from aftersales.clocks.models import Clock
from aftersales.clocks.services import sweep
from aftersales.core import moves
from aftersales.core.errors import DomainError, Refused
from aftersales.core.models import Event
from aftersales.customers.models import Contact, Customer
from aftersales.ledger import chart
from aftersales.ledger import selectors as books
from aftersales.merchants import services as merchants
from aftersales.merchants.models import Merchant, ReturnAddress
from aftersales.merchants.services.addresses import address_change
from aftersales.notices.models import Notice
from aftersales.orders import services as orders
from aftersales.orders.models import Order, OrderLine
from aftersales.tickets.models import Ticket
from tests.cases.conftest import certified, lines, open_case, order, ticket
from tests.cases.test_automatic import delivered, regular
from tests.cases.whole import check_whole
from tests.cast import Cast
from tests.flows.counter import Counter, bank_pays, clock, fresh, told
from tests.records import order as an_order

__all__ = ["certified", "delivered", "lines", "open_case", "order", "regular", "ticket"]
pytestmark = pytest.mark.django_db
Open = Callable[..., Case]
WorkOff = Callable[[datetime], None]
D = Decimal
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def reachable(customer: Customer, order: Order, settings: Any) -> None:
    """Customer and merchant have addresses, so that both are told."""
    settings.REQUIRE_SECOND_FACTOR = False
    Contact.objects.create(customer=customer, kind="email", value="linfang@example.com")
    for role in ("aftersales", "returns"):
        merchants.contact_save(
            merchant=Merchant.objects.get(pk=order.merchant_id), role=role, email="shop@example.com",
            name="退货组", actor=system_user(), now=order.placed_at,
        )  # fmt: skip
    for place in ReturnAddress.objects.filter(merchant=order.merchant_id):
        address_change(
            address=place,
            place="浙江省杭州市某路 1 号",
            contact="退货组",
            actor=system_user(),
            now=order.placed_at,
        )


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as error:
        act()
    return error.value.code


def parcel_of(case: Case) -> CaseParcel:
    return CaseParcel.objects.filter(case=case, direction="inbound").latest("id")


def test_a_return_of_three_of_which_two_arrive(
    delivered: Order, ticket: Ticket, lines: list[OrderLine], desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    agent, receiver = Counter(desk, desk.agent), Counter(desk, desk.returns_receiver)
    # Given a customer who sends three cups back because he does not want them
    form = {"kind": "return", "ground": "no_reason", f"n{lines[0].pk}": 3, "words": "不想要了"}
    agent.done(now, "case_open", ticket.number, **form)
    work_off(now)
    # Then the rule approves it at once, he is told by when to send where, and the merchant is not asked
    case = Case.objects.get()
    assert (case.state, case.decided_how, case.agreed) == ("approved", "rule", D("70.01"))
    assert told("customer")[-2:] == ["case.opened", "case.approved"]
    assert "某路 1 号" in Notice.objects.get(source="case.approved").body
    assert (told("merchant"), Clock.objects.filter(subject_kind="cases.case").count()) == ([], 0)
    # When two of them arrive and he says that the third follows
    first = parcel_of(case)
    agent.done(
        now + DAY,
        "parcel_act",
        first.public_id,
        "ship",
        carrier="顺丰",
        tracking_no="SF 1000",
        version=first.version,
    )
    counted = now + 3 * DAY
    assert first.public_id in receiver.browser.get("/desk/receiving/", {"q": "sf1000"})["Location"]
    receiver.judge(counted, first, rest=True, now=2, accepted=2)
    work_off(counted)
    # Then the two are accepted, the third is awaited anew, and nobody pays yet
    rest = parcel_of(case)
    assert (fresh(first).state, rest.state, ParcelItem.objects.get(parcel=rest).announced) == (
        "kept",
        "awaited",
        1,
    )
    assert rest.ship_by == counted + 7 * DAY
    assert "case.inspected" in told("customer")
    page = agent.get(counted, "ticket_cases", ticket.number)
    assert "1 件" in page
    assert f"/desk/cases/{case.number}/pay/" not in page
    assert (pay_due(now=counted), code_of(lambda: propose(case, desk, counted))) == (0, "goods_awaited")
    # When it never comes: he is reminded once, and then nobody waits for it any more
    assert [services.parcels_warn(now=counted + 6 * DAY) for _twice in range(2)] == [1, 0]
    work_off(counted + 6 * DAY)
    ended = counted + 8 * DAY
    assert [services.parcels_expire(now=ended) for _twice in range(2)] == [1, 0]
    work_off(ended)
    assert fresh(rest).state == "expired"
    assert told("customer")[-2:] == ["case.warned", "case.expired"]
    assert "¥46.68" in Notice.objects.get(source="case.expired").body
    # Then what he sent is paid by the rule, once; the refund is owed since then, and no cent for the third
    assert (clock(case, "refund").state, clock(case, "refund").due_at) == ("running", ended + 2 * DAY)
    assert [pay_due(now=ended) for _twice in range(2)] == [1, 0]
    [payment] = bank_pays(desk, ended + DAY)
    work_off(ended + DAY)
    case = fresh(case)
    assert (payment.amount, case.state, case.paying, clock(case, "refund").state) == (
        D("46.68"), "closed", D("46.68"), "met",
    )  # fmt: skip
    assert (told("customer").count("case.refunded"), fresh(delivered).refunded) == (1, D("46.68"))
    assert (fresh(ticket).cases_open, OrderAccount.objects.get().granted) == (0, D("46.68"))
    # And the third may be asked for again, alone: a week later it is broken, and a person decides
    account = LineAccount.objects.get(line=lines[0])
    assert (account.claimed, account.free) == (2, 1)
    later = ended + 3 * DAY
    again = {"kind": "return", "ground": "quality", "words": "剩下一个有裂纹"}
    assert agent.post(later, "case_open", ticket.number, **again, **{f"n{lines[0].pk}": 2}).status_code == 422
    agent.done(later, "case_open", ticket.number, **again, **{f"n{lines[0].pk}": 1})
    second = Case.objects.latest("id")
    services.case_approve(case=second, actor=desk.lead, now=later)
    receiver.judge(later + DAY, parcel_of(second), now=1, accepted=1, cause="fault")
    propose(second, desk, later + DAY)
    bank_pays(desk, later + 2 * DAY)
    second = fresh(second)
    assert (second.state, second.lines.get().agreed, second.agreed_freight) == (
        "closed",
        D("23.33"),
        D("2.33"),
    )
    assert sum(case.lines.get().agreed for case in Case.objects.all()) == D("70.01")
    check_whole()


def propose(case: Case, desk: Cast, now: datetime) -> list[CasePayment]:
    return services.payment_propose(case=fresh(case), actor=desk.agent, now=now)


FOR_HIM = RulingDraft(
    outcome="full_refund", clause="消保法 §24", facts="照片显示杯口开裂。", reasons="商家两次未答复，未举证。",
    goods_back=True, freight_by="merchant", fault={"merchant": 100},
)  # fmt: skip


def test_a_fault_and_a_merchant_who_is_silent(
    open_case: Open, ticket: Ticket, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    agent, receiver = Counter(desk, desk.agent), Counter(desk, desk.returns_receiver)
    # Given two cups with cracks; what a rule does not decide, the merchant is asked, with his last moment
    case = open_case({0: 2}, ground="quality", words="收到就有裂纹")
    work_off(now)
    due = now + 48 * HOUR
    asked = Notice.objects.get(source="case.asked_merchant")
    assert (asked.recipient_kind, "杯子 × 2" in asked.body, "11月25日 10:00" in asked.body) == (
        "merchant",
        True,
        True,
    )
    answer = clock(case, "merchant_answer")
    assert (answer.state, answer.owed_by, answer.merchant_id, answer.due_at) == (
        "running", "merchant", case.merchant_id, due,
    )  # fmt: skip
    # And the platform's own time stands meanwhile, and the page says until when it is whose turn
    assert clock(case, "return_handled").state == "paused"
    assert fresh(case).next_due_at == due
    assert due.isoformat() in agent.get(now, "ticket_cases", ticket.number)
    # When he says nothing, his time runs out; that is his breach, and the agent is told
    sweep(now=due + HOUR)
    assert clock(case, "merchant_answer").state == "breached"
    assert [services.silence_dispute(now=due + HOUR), services.silence_dispute(now=now + 72 * HOUR)] == [0, 1]
    silent = now + 72 * HOUR
    work_off(silent)
    # Then the platform decides, by rule: both are told, and the breach stays one
    dispute = Dispute.objects.get()
    assert (dispute.opened_side, dispute.turn, fresh(case).state) == ("platform", "merchant", "disputed")
    kept = clock(case, "merchant_answer")
    assert (kept.state, kept.ended_at) == ("breached", silent)
    assert (told("customer")[-1], told("merchant")[-1]) == ("dispute.opened", "dispute.opened_merchant")
    # When he does not answer here either, it is ruled on what there is
    assert services.disputes_sweep(now=silent + 25 * HOUR) == 1
    ruled = silent + 26 * HOUR
    services.dispute_rule(dispute=fresh(dispute), draft=FOR_HIM, actor=desk.adjudicator, now=ruled)
    case, parcel = fresh(case), parcel_of(case)
    assert (case.state, case.decided_how, case.fault, case.agreed) == (
        "approved",
        "ruling",
        "merchant",
        D("51.34"),
    )
    assert (parcel.state, parcel.freight_by, case.return_freight) == ("awaited", "merchant", "merchant")
    # When the customer sends them and laid out ¥12 for it
    agent.done(
        ruled + DAY, "parcel_act", parcel.public_id, "ship", carrier="顺丰", tracking_no="SF2000",
        version=parcel.version,
    )  # fmt: skip
    assert f"/desk/cases/{case.number}/return-freight/" in agent.get(ruled + DAY, "case", case.number)
    for amount in ("80.00", "12.00"):
        agent.post(
            ruled + DAY,
            "case_freight",
            case.number,
            amount=amount,
            words="快递小票",
            version=fresh(case).version,
        )
    assert code_of(lambda: more_freight(case, desk, ruled + DAY)) == "freight_twice"
    receiver.judge(ruled + 2 * DAY, parcel, now=2, accepted=2, cause="fault", borne_by="merchant")
    # Then refund, his share of the outbound freight and the return freight go out, each once
    services.decisions_carry_out(now=ruled + 2 * DAY)
    paid = {one.kind: one for one in bank_pays(desk, ruled + 3 * DAY)}
    assert {kind: one.amount for kind, one in paid.items()} == {"refund": D("51.34"), "freight": D("12.00")}
    assert {one.borne_by for one in paid.values()} == {"merchant"}
    services.disputes_sweep(now=ruled + 8 * DAY)
    services.decisions_carry_out(now=ruled + 8 * DAY)
    work_off(ruled + 8 * DAY)
    case = fresh(case)
    assert (case.state, case.paying, Dispute.objects.get().state) == ("closed", D("63.34"), "closed")
    # And since he never agreed, the platform paid first: all of it is his debt
    assert Recovery.objects.get().due == D("63.34")
    assert books.balance(chart.COST) == D("63.34")
    assert told("merchant")[-1] == "recovery.notice"
    assert clock(case, "merchant_answer").state == "breached"
    check_whole()


def more_freight(case: Case, desk: Cast, now: datetime) -> Case:
    return services.case_return_freight(
        case=fresh(case), amount=D(12), words="再来一次", actor=desk.agent, now=now
    )


def test_an_instant_refund_whose_goods_never_come(
    regular: Customer, open_case: Open, open_ticket: Callable[..., Ticket], ticket: Ticket, lines: list[OrderLine],
    desk: Cast, now: datetime, work_off: WorkOff,
) -> None:  # fmt: skip
    lead = Counter(desk, desk.lead)
    # Given a customer of good standing: he is paid before his goods are back
    case = open_case({0: 2}, words="不合适")
    work_off(now)
    case = fresh(case)
    assert (case.state, case.instant, CasePayment.objects.get().state) == ("approved", True, "approved")
    bank_pays(desk, now + HOUR)
    work_off(now + HOUR)
    assert (fresh(case).paying, fresh(case).state, fresh(ticket).cases_open) == (D("46.68"), "approved", 1)
    assert told("customer")[-1] == "case.refunded"
    # When he does not send them: reminded, then nobody waits any more; nothing is taken back by itself
    services.parcels_warn(now=now + 6 * DAY)
    work_off(now + 6 * DAY)
    ended = now + 8 * DAY
    services.parcels_expire(now=ended)
    work_off(ended)
    case = fresh(case)
    assert (case.state, case.agreed, case.review) == ("approved", D("46.68"), "never_sent")
    assert CasePayment.objects.get().state == "succeeded"
    assert told("customer")[-2:] == ["case.warned", "case.unsent"]
    # Then a person is to look: it is on the board, with what happened, and the ticket does not end over it
    assert case.number in lead.get(ended, "cases", board="review")
    signal = CaseFlag.objects.get()
    assert (signal.signal, signal.state, signal.reasons["amount"]) == ("never_sent", "open", "¥46.68")
    moves.perform(fresh(ticket), "start", actor=desk.agent, now=ended)
    with pytest.raises(Refused, match=case.number):
        moves.perform(fresh(ticket), "resolve", result="refunded", actor=desk.agent, now=ended)
    # And until then he is not paid at once again, whatever else he asks back
    other = plain_return(open_ticket, customer_of(ticket), desk, ended)
    work_off(ended)
    judged = CaseJudgment.objects.get(case=other)
    failed = [check["code"] for check in judged.checks if not check["holds"]]
    assert (fresh(other).state, judged.instant, failed) == ("approved", False, ["signals"])
    # When a lead looked and found that he kept them, the case is over; what was paid stays paid, once
    lead.done(ended + DAY, "case_reviewed", case.number)
    flag_settle(flag=signal, move="uphold", words="客户承认未寄", actor=desk.lead, now=ended + DAY)
    case = fresh(case)
    assert (case.state, case.review, fresh(signal).state) == ("closed", "", "founded")
    # And the cups, asked for once more, are refused: their money is out; only the third is his to ask for
    assert code_of(lambda: open_case({0: 2}, ground="quality", at=ended + DAY)) == "too_many"
    third = services.case_approve(
        case=open_case({0: 1}, ground="quality", at=ended + DAY), actor=desk.agent, now=ended + DAY
    )
    account = LineAccount.objects.get(line=lines[0])
    assert (third.lines.get().agreed, account.granted, account.free) == (D("23.33"), D("70.01"), 0)
    check_whole()


def customer_of(ticket: Ticket) -> Customer:
    assert ticket.customer is not None
    return ticket.customer


def keep(parcel: CaseParcel, desk: Cast, now: datetime) -> CaseParcel:
    return services.parcel_keep(parcel=fresh(parcel), actor=desk.returns_receiver, now=now)


def plain_return(open_ticket: Callable[..., Ticket], customer: Customer, desk: Cast, now: datetime) -> Case:
    """Another order of his came yesterday, and he does not want it either."""
    system: dict[str, Any] = {"actor": system_user(), "now": now}
    shop = Merchant.objects.get()
    row = an_order("A-2", now, merchant=shop, customer=customer, total=D(30), paid=D(30))
    line = orders.line_add(
        order=row,
        line_no=1,
        product_name="杯垫",
        quantity=1,
        unit_price=D(30),
        paid=D(30),
        merchant=shop,
        **system,
    )
    orders.shipment_add(
        order=row, number="1", merchant=shop, status="delivered", shipped_at=now - 2 * DAY, delivered_at=now - DAY,
        signed_by="self", **system,
    )  # fmt: skip
    mine = open_ticket(
        at=now, order_id=row.pk, merchant_id=shop.pk, subject="杯垫不要了", text="不要了", beside=True
    )
    draft = services.CaseDraft("return", "no_reason", {line.pk: 1}, words="不要了")
    return services.case_open(ticket=mine, draft=draft, actor=desk.agent, now=now)


def test_another_article_in_the_parcel(
    delivered: Order, open_case: Open, ticket: Ticket, lines: list[OrderLine], desk: Cast, now: datetime,
    work_off: WorkOff,
) -> None:  # fmt: skip
    agent, receiver = Counter(desk, desk.agent), Counter(desk, desk.returns_receiver)
    # Given two cups on their way back; one of them is another article
    case = open_case({0: 2}, words="不喜欢")
    work_off(now)
    parcel = parcel_of(case)
    agent.done(
        now,
        "parcel_act",
        parcel.public_id,
        "ship",
        carrier="中通",
        tracking_no="ZT3000",
        version=parcel.version,
    )
    seen = now + 2 * DAY
    item = ParcelItem.objects.get()
    counted = {
        "now": 2,
        "accepted": 1,
        "wrong": 1,
        "grade": "new",
        "cause": "other_item",
        "borne_by": "customer",
    }
    data = {f"{name}-{item.pk}": value for name, value in counted.items()}
    preview = receiver.post(seen, "receive_preview", parcel.public_id, **data, **{
        f"damaged-{item.pk}": 0, f"missing-{item.pk}": 0})  # fmt: skip
    assert "23.34" in preview.content.decode()
    receiver.judge(seen, parcel, keep=True, **counted)
    work_off(seen)
    assert fresh(parcel).state == "inspected"
    assert code_of(lambda: keep(parcel, desk, seen)) == "strangers"
    # Then only the right one is refunded, nobody keeps what is his, he is told, and a signal stands there for a person
    case = fresh(case)
    assert (case.agreed, case.settled_at is not None) == (D("23.34"), True)
    assert "¥23.34" in Notice.objects.get(source="case.inspected").body
    assert CaseFlag.objects.get().signal == "swapped"
    # When the other article goes back alone, and the cup stays
    row = fresh(parcel)
    receiver.done(
        seen + HOUR, "parcel_act", row.public_id, "send_back", carrier="中通", tracking_no="ZT-30 01", only_wrong="on",
        version=row.version, back="receiving",
    )  # fmt: skip
    back = CaseParcel.objects.latest("id")
    assert (back.state, back.back_tracking_no, ParcelItem.objects.get(parcel=back).wrong) == (
        "sent_back",
        "ZT3001",
        1,
    )
    receiver.done(
        seen + HOUR, "parcel_act", row.public_id, "keep", version=fresh(row).version, back="receiving"
    )
    # And his money goes out only when a person has looked at the signal, while the article is on its way home
    assert pay_due(now=seen + HOUR) == 0
    flag_settle(
        flag=CaseFlag.objects.get(), move="dismiss", words="发货时装错", actor=desk.lead, now=seen + 2 * HOUR
    )
    assert pay_due(now=seen + 2 * HOUR) == 1
    [payment] = bank_pays(desk, seen + DAY)
    assert (payment.amount, fresh(case).state) == (D("23.34"), "approved")
    receiver.done(seen + 2 * DAY, "parcel_act", back.public_id, "deliver_back", version=fresh(back).version)
    work_off(seen + 2 * DAY)
    # Then it is over: one cup with the merchant, one free again, no cent for the stranger, all of it told
    case = fresh(case)
    assert (case.state, case.paying, fresh(ticket).cases_open) == ("closed", D("23.34"), 0)
    account = LineAccount.objects.get(line=lines[0])
    assert (account.claimed, account.free, account.granted) == (1, 2, D("23.34"))
    story = agent.get(seen + 2 * DAY, "case", case.number)
    assert "ZT3001" in story
    kinds = set(Event.objects.filter(subject_kind="cases.caseparcel").values_list("kind", flat=True))
    assert {
        "case_parcel.split",
        "case_parcel.sent_back",
        "case_parcel.delivered_back",
        "case_parcel.kept",
    } <= kinds
    assert "case.sent_back" in told("customer")
    check_whole()
