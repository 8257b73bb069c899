"""Exchange: what goes out for what came in, the difference, stock that is missing, pieces that stay right."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from aftersales.cases import services
from aftersales.cases.models import (
    Case,
    CaseNote,
    CaseParcel,
    CasePayment,
    Due,
    Exchange,
    LineAccount,
    OrderAccount,
    ReplacementLine,
)
from aftersales.cases.services import CaseDraft, Replacement
from aftersales.clocks.models import Clock
from aftersales.core.errors import DomainError, NotPermitted, Refused
from aftersales.core.models import Event
from aftersales.orders.models import OrderLine, Shipment
from aftersales.tickets.models import AnswerTemplate, Ticket
from aftersales.tickets.selectors import answer_templates
from tests.cases.test_paying import submit
from tests.cases.whole import check_money
from tests.cases.workshop import DAY, HOUR, arrive, fresh, keep, parcel_of
from tests.cast import Cast
from tests.records import said

D = Decimal
Open = Callable[..., Case]


@pytest.fixture
def exchange(open_case: Open) -> Case:
    """Two cups (¥46.68) to be exchanged because the wrong ones came."""
    return open_case({0: 2}, kind="exchange", ground="wrong_item")


def choose(
    case: Case, line: OrderLine, desk: Cast, now: datetime, price: str | None, **more: Any
) -> Exchange:
    wanted = Replacement(line.pk, 2, name="大号杯子", unit_price=D(price) if price else None)
    return services.exchange_choose(case=case, replacements=[wanted], actor=desk.agent, now=now, **more)


def approve(case: Case, desk: Cast, now: datetime) -> Case:
    return services.case_approve(case=fresh(case), actor=desk.agent, now=now)


def send(case: Case, desk: Cast, now: datetime, number: str = "SF9001") -> CaseParcel:
    return services.exchange_send(case=case, carrier="顺丰", tracking_no=number, actor=desk.agent, now=now)


def refused(code: str, act: Callable[[], object]) -> None:
    with pytest.raises(DomainError) as error:
        act()
    assert error.value.code == code


def test_like_for_like_needs_no_choice_and_costs_nobody_anything(
    exchange: Case, desk: Cast, now: datetime
) -> None:
    case = approve(exchange, desk, now)
    row = Exchange.objects.get(case=case)
    assert (case.agreed, row.difference, Due.objects.count()) == (0, 0, 0)
    assert [(one.name, one.quantity, one.value) for one in row.lines.all()] == [("杯子", 2, D("46.68"))]


def test_the_answer_about_the_replacement_names_its_own_parcel_and_no_other(
    exchange: Case, desk: Cast, now: datetime
) -> None:
    """With nothing sent the blanks stay open: the parcel of the order was named as the one with the new cups."""
    Shipment.objects.create(order=exchange.order, carrier="顺途物流", tracking_no="ST1", shipped_at=now - DAY)
    template = AnswerTemplate.objects.get(shortcut="swap")

    def said() -> str:
        ticket = Ticket.objects.get(pk=exchange.ticket_id)
        return answer_templates.filled(template, ticket, desk.agent, now, voice="customer").text

    before = said()
    assert "{new_tracking}" in before
    assert "ST1" not in before
    keep(arrive(approve(exchange, desk, now), desk, now), desk, now + 2 * HOUR)
    send(exchange, desk, now + 3 * HOUR, "SF9001")
    after = said()
    assert "杯子" in after
    assert "顺丰寄出，运单号 SF9001" in after
    assert "{" not in after


def test_a_dearer_replacement_is_owed_and_goes_out_after_the_money(
    exchange: Case, lines: list[OrderLine], desk: Cast, now: datetime
) -> None:
    choose(exchange, lines[0], desk, now, "30.00")
    case = approve(exchange, desk, now)
    due = Due.objects.get(case=case)
    assert (due.amount, due.currency, case.agreed) == (D("13.32"), "CNY", 0)
    keep(arrive(case, desk, now), desk, now + 2 * HOUR)
    # Nothing goes out and nothing closes while it is owed
    refused("due_open", lambda: send(case, desk, now + DAY))
    with pytest.raises(Refused) as error:
        services.case_close(case=case, actor=desk.agent, now=now + DAY)
    assert error.value.code == "open_parts"
    assert "13.32" in str(error.value)
    # The reference pays once, a second click finds it paid, another amount cannot use it
    services.due_paid(due=due, reference="WX-1", actor=desk.agent, now=now + DAY)
    services.due_paid(due=due, reference="WX-1", actor=desk.agent, now=now + DAY)
    refused("due_over", lambda: services.due_paid(due=due, reference="WX-2", actor=desk.agent, now=now + DAY))
    # And then the case ends by itself when the customer has it
    parcel = send(case, desk, now + DAY)
    assert fresh(case).state == "approved"
    services.parcel_deliver(parcel=parcel, actor=desk.agent, now=now + 3 * DAY)
    assert fresh(case).state == "closed"
    assert Event.objects.filter(kind="case.due_paid", subject_id=case.pk).count() == 1


def test_a_cheaper_replacement_gives_the_difference_back_the_way_it_was_paid(
    exchange: Case, lines: list[OrderLine], desk: Cast, now: datetime
) -> None:
    choose(exchange, lines[0], desk, now, "20.00")
    case = approve(exchange, desk, now)
    assert (case.agreed, OrderAccount.objects.get().granted) == (D("6.68"), D("6.68"))

    # The money follows the goods, as that of a return does
    def propose(at: datetime) -> list[CasePayment]:
        return services.payment_propose(case=fresh(case), actor=desk.agent, now=at)

    refused("goods_awaited", lambda: propose(now))
    parcel = arrive(case, desk, now)
    refused("goods_awaited", lambda: propose(now + HOUR))
    keep(parcel, desk, now + 2 * HOUR)
    assert [(one.kind, one.amount) for one in propose(now + 3 * HOUR)] == [("refund", D("6.68"))]
    services.parcel_deliver(parcel=send(case, desk, now + DAY), actor=desk.agent, now=now + 2 * DAY)
    assert fresh(case).state == "approved"  # the money is not with him yet


def test_goods_that_never_come_give_no_difference(
    exchange: Case, lines: list[OrderLine], desk: Cast, now: datetime
) -> None:
    choose(exchange, lines[0], desk, now, "20.00")
    case = approve(exchange, desk, now)
    assert services.parcels_expire(now=now + 60 * DAY) == 1
    assert (fresh(case).agreed, OrderAccount.objects.get().granted, fresh(case).review) == (0, 0, "")
    # And when they come after all, it is given
    keep(arrive(case, desk, now + 61 * DAY), desk, now + 62 * DAY)
    assert fresh(case).agreed == D("6.68")


@pytest.mark.parametrize("price", [None, "20.00"])
def test_who_has_his_replacement_and_never_sends_the_goods_is_looked_at(
    exchange: Case, lines: list[OrderLine], desk: Cast, now: datetime, price: str | None
) -> None:
    choose(exchange, lines[0], desk, now, price, send_first=True)
    case = approve(exchange, desk, now)
    services.parcel_deliver(parcel=send(case, desk, now), actor=desk.agent, now=now + DAY)
    assert services.parcels_expire(now=now + 60 * DAY) == 1
    assert (fresh(case).review, fresh(case).agreed) == ("never_sent", 0)
    told = Event.objects.get(kind="case.flagged")
    assert told.payload["amount"] == "46.68"


def test_the_replacement_waits_for_the_goods_unless_it_goes_first(
    exchange: Case, lines: list[OrderLine], desk: Cast, now: datetime
) -> None:
    case = approve(exchange, desk, now)
    refused("goods_awaited", lambda: send(case, desk, now))
    choose(fresh(case), lines[0], desk, now, None, send_first=True)
    parcel = send(case, desk, now)
    assert parcel.state == "in_transit"
    # The same waybill twice is one parcel; another one finds nothing left to send
    assert send(case, desk, now).pk == parcel.pk
    refused("replacement_sent", lambda: send(case, desk, now, "SF9002"))
    assert CaseParcel.objects.filter(case=case, direction="outbound").count() == 1


def test_a_case_does_not_close_before_the_replacement_is_delivered(
    exchange: Case, desk: Cast, now: datetime
) -> None:
    case = approve(exchange, desk, now)
    keep(arrive(case, desk, now), desk, now + 2 * HOUR)
    with pytest.raises(Refused) as error:
        services.case_close(case=case, actor=desk.agent, now=now + DAY)
    assert "杯子" in str(error.value)
    send(case, desk, now + DAY)
    with pytest.raises(Refused):
        services.case_close(case=case, actor=desk.agent, now=now + DAY)


def test_a_lost_replacement_goes_out_again(exchange: Case, desk: Cast, now: datetime) -> None:
    case = approve(exchange, desk, now)
    keep(arrive(case, desk, now), desk, now + 2 * HOUR)
    services.parcel_lose(parcel=send(case, desk, now + DAY), actor=desk.returns_receiver, now=now + 5 * DAY)
    assert fresh(case).state == "approved"
    again = send(case, desk, now + 5 * DAY, "SF9002")
    services.parcel_deliver(parcel=again, actor=desk.agent, now=now + 6 * DAY)
    assert fresh(case).state == "closed"


def test_replaced_pieces_can_be_asked_for_again_and_never_more_than_were_bought(
    exchange: Case, lines: list[OrderLine], open_case: Open, desk: Cast, now: datetime
) -> None:
    refused("too_many", lambda: open_case({0: 2}))
    case = approve(exchange, desk, now)
    keep(arrive(case, desk, now), desk, now + 2 * HOUR)
    refused("too_many", lambda: open_case({0: 2}))
    services.parcel_deliver(parcel=send(case, desk, now + DAY), actor=desk.agent, now=now + 2 * DAY)
    account = LineAccount.objects.get(line=lines[0])
    assert (account.claimed, account.claimed_value) == (0, 0)
    # The customer holds three cups again: all of them may come back, four may not, and the money stays bounded
    refused("too_many", lambda: open_case({0: 4}))
    again = services.case_approve(case=open_case({0: 3}), actor=desk.agent, now=now + 3 * DAY)
    assert again.agreed == D("70.01")


def test_after_a_cheaper_replacement_a_return_gives_what_is_left_of_the_price(
    exchange: Case, lines: list[OrderLine], open_case: Open, desk: Cast, now: datetime
) -> None:
    choose(exchange, lines[0], desk, now, "20.00")
    case = approve(exchange, desk, now)
    assert CasePayment.objects.count() == 0
    pay_and_deliver(case, desk, now)
    again = services.case_approve(case=open_case({0: 3}), actor=desk.agent, now=now + 9 * DAY)
    assert again.agreed == D("63.33")
    assert OrderAccount.objects.get().granted == D("70.01")


def pay_and_deliver(case: Case, desk: Cast, now: datetime) -> None:
    """The difference is paid back in hand; the replacement arrives."""
    keep(arrive(case, desk, now), desk, now + 2 * HOUR)
    for payment in services.payment_propose(case=fresh(case), actor=desk.agent, now=now + 3 * HOUR):
        services.payment_succeed(payment=submit(payment, now), actor=desk.finance, now=now, paid_at=now)
    services.parcel_deliver(parcel=send(case, desk, now + DAY), actor=desk.agent, now=now + 2 * DAY)
    assert fresh(case).state == "closed"


def test_where_the_stock_is_missing_the_case_turns_into_a_refund_with_everything_it_has(
    exchange: Case, lines: list[OrderLine], ticket: Ticket, desk: Cast, now: datetime
) -> None:
    # Given a dearer replacement, paid, and goods that are back
    choose(exchange, lines[0], desk, now, "30.00")
    case = approve(exchange, desk, now)
    services.due_paid(due=Due.objects.get(), reference="WX-1", actor=desk.agent, now=now)
    parcel = keep(arrive(case, desk, now), desk, now + 2 * HOUR)
    clocks = list(Clock.objects.filter(subject_id=ticket.pk).values_list("pk", "state", "due_at"))
    notes = set(CaseNote.objects.values_list("pk", flat=True))
    # When the replacement cannot be had
    turned = services.case_turn(
        case=fresh(case), kind="return", words="仓库无货", actor=desk.agent, now=now + DAY
    )
    # Then the goods count, and what he paid on top is given back with them
    assert (turned.kind, turned.first_kind, turned.first_ground) == ("return", "exchange", "wrong_item")
    assert (turned.agreed, turned.agreed_extra, turned.state) == (D("64.66"), D("13.32"), "approved")
    assert (parcel_of(case).pk, turned.settled_at) == (parcel.pk, now + DAY)
    assert set(CaseNote.objects.values_list("pk", flat=True)) > notes
    assert list(Clock.objects.filter(subject_id=ticket.pk).values_list("pk", "state", "due_at")) == clocks
    payments = services.payment_propose(case=turned, actor=desk.agent, now=now + DAY)
    assert {(one.kind, one.amount) for one in payments} == {
        ("refund", D("51.34")),
        ("supplement", D("13.32")),
    }


def test_a_case_whose_replacement_is_on_its_way_is_not_turned(
    exchange: Case, desk: Cast, now: datetime
) -> None:
    case = approve(exchange, desk, now)
    keep(arrive(case, desk, now), desk, now + 2 * HOUR)
    send(case, desk, now + DAY)
    refused(
        "replacement_sent",
        lambda: services.case_turn(case=fresh(case), kind="return", actor=desk.agent, now=now + DAY),
    )


def test_a_return_turned_into_an_exchange_takes_its_refund_back(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    case = services.case_approve(case=open_case({0: 1}, ground="quality"), actor=desk.agent, now=now)
    parcel = arrive(case, desk, now)
    turned = services.case_turn(case=fresh(case), kind="exchange", actor=desk.agent, now=now + DAY)
    assert (turned.kind, turned.agreed, OrderAccount.objects.get().granted) == ("exchange", 0, 0)
    assert CaseParcel.objects.get(case=case).pk == parcel.pk
    assert ReplacementLine.objects.get().value == D("23.34")


def test_a_request_that_is_not_decided_is_amended_and_keeps_its_words(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    case = open_case({0: 1}, ground="quality", words="杯口有裂")
    amended = services.case_amend(case=case, kind="exchange", actor=desk.agent, now=now)
    approved = approve(amended, desk, now)
    assert (approved.kind, approved.first_kind, approved.number) == ("exchange", "return", case.number)
    assert CaseNote.objects.get(case=case, kind="ask").text == "杯口有裂"
    assert Exchange.objects.get(case=case).lines.count() == 1


@pytest.mark.parametrize(
    ("pieces", "price", "code"),
    [(1, "20.00", "pieces"), (3, "20.00", "pieces"), (2, "20.005", "price"), (2, "-1", "price")],
)
def test_every_piece_is_replaced_by_one_at_a_price_to_the_cent(
    exchange: Case, lines: list[OrderLine], desk: Cast, now: datetime, pieces: int, price: str, code: str
) -> None:
    wanted = Replacement(lines[0].pk, pieces, name="大号杯子", unit_price=D(price))
    refused(
        code,
        lambda: services.exchange_choose(case=exchange, replacements=[wanted], actor=desk.agent, now=now),
    )
    refused(
        "pieces",
        lambda: services.exchange_choose(
            case=exchange, replacements=[Replacement(lines[1].pk, 1)], actor=desk.agent, now=now
        ),
    )


def test_another_choice_before_anything_went_out_changes_what_is_owed(
    exchange: Case, lines: list[OrderLine], desk: Cast, now: datetime
) -> None:
    choose(exchange, lines[0], desk, now, "30.00")
    case = approve(exchange, desk, now)
    choose(fresh(case), lines[0], desk, now + HOUR, "20.00")
    assert fresh(case).agreed == D("6.68")
    assert not Due.objects.unpaid().exists()
    choose(fresh(case), lines[0], desk, now + HOUR, "25.00")
    assert (fresh(case).agreed, Due.objects.unpaid().get().amount) == (0, D("3.32"))


def test_who_may_not_decide_chooses_no_replacement(exchange: Case, desk: Cast, now: datetime) -> None:
    with pytest.raises(NotPermitted):
        services.exchange_choose(case=exchange, replacements=[], actor=desk.returns_receiver, now=now)
    with pytest.raises(NotPermitted):
        services.case_turn(case=exchange, kind="return", actor=desk.returns_receiver, now=now)


def test_a_reference_pays_one_amount_only(
    open_case: Open, lines: list[OrderLine], desk: Cast, now: datetime
) -> None:
    for index in (0, 1):
        case = open_case({index: 1}, kind="exchange", ground="wrong_item")
        one = Replacement(lines[index].pk, 1, name="大号", unit_price=D("50"))
        services.exchange_choose(case=case, replacements=[one], actor=desk.agent, now=now)
        approve(case, desk, now)
    first, second = Due.objects.all()
    services.due_paid(due=first, reference="WX-1", actor=desk.agent, now=now)
    refused(
        "reference_used", lambda: services.due_paid(due=second, reference="WX-1", actor=desk.agent, now=now)
    )
    refused("reference", lambda: services.due_paid(due=second, reference=" \x00", actor=desk.agent, now=now))


def test_the_same_request_twice_is_one_case(
    ticket: Ticket, lines: list[OrderLine], desk: Cast, now: datetime
) -> None:
    draft = CaseDraft("exchange", "wrong_item", {lines[0].pk: 1}, source="desk", source_ref="k1")
    first = services.case_open(ticket=ticket, draft=draft, actor=desk.agent, now=now)
    assert services.case_open(ticket=fresh(ticket), draft=draft, actor=desk.agent, now=now).pk == first.pk


def swapped(case: Case, line: OrderLine, price: str, desk: Cast, now: datetime) -> Case:
    """One lamp is exchanged for another at that price; the customer pays the difference and has it."""
    wanted = Replacement(line.pk, 1, name="大灯", unit_price=D(price))
    services.exchange_choose(case=case, replacements=[wanted], actor=desk.agent, now=now)
    approve(case, desk, now)
    for due in Due.objects.unpaid().filter(case=case):
        services.due_paid(due=due, reference=f"WX-{due.pk}", actor=desk.agent, now=now)
    keep(arrive(fresh(case), desk, now, f"SF70{case.pk}"), desk, now + 2 * HOUR)
    if fresh(case).left:
        paid_out(case, desk, now + 3 * HOUR)
    sent = send(fresh(case), desk, now + DAY, f"SF90{case.pk}")
    services.parcel_deliver(parcel=sent, actor=desk.agent, now=now + 2 * DAY)
    assert fresh(case).state == "closed"
    return fresh(case)


def paid_out(case: Case, desk: Cast, now: datetime) -> None:
    """What is due to the customer is proposed, let out by whoever may, and paid."""
    for one in services.payment_propose(case=fresh(case), actor=desk.agent, now=now):
        if one.state == "awaiting_approval":
            one = services.payment_approve(payment=one, actor=desk.finance, now=now)
        services.payment_succeed(payment=submit(one, now), actor=desk.finance, now=now, paid_at=now)


def test_a_dearer_replacement_that_comes_back_gives_what_was_paid_for_it(
    lines: list[OrderLine], open_case: Open, desk: Cast, now: datetime
) -> None:
    # Given a lamp of ¥29.99 exchanged for one of ¥129.99, and ¥100 paid for it
    swapped(open_case({1: 1}, kind="exchange", ground="no_reason"), lines[1], "129.99", desk, now)
    case = open_case({1: 1}, ground="quality")
    case = services.case_approve(case=case, actor=desk.lead, now=now + 3 * DAY)
    assert (case.agreed, case.agreed_freight, case.agreed_extra) == (D("132.98"), D("2.99"), D(100))
    # And it follows the lamp: nothing is given while it is not back
    services.parcels_expire(now=now + 60 * DAY)
    assert fresh(case).agreed == 0
    keep(arrive(case, desk, now + 61 * DAY), desk, now + 62 * DAY)
    payments = services.payment_propose(case=fresh(case), actor=desk.agent, now=now + 62 * DAY)
    assert sorted((one.kind, one.amount) for one in payments) == [
        ("refund", D("32.98")), ("supplement", D(100))
    ]  # fmt: skip


def test_who_paid_on_top_does_not_pay_it_again_with_the_next_exchange(
    lines: list[OrderLine], open_case: Open, desk: Cast, now: datetime
) -> None:
    swapped(open_case({1: 1}, kind="exchange", ground="no_reason"), lines[1], "129.99", desk, now)
    like = approve(open_case({1: 1}, kind="exchange", ground="quality"), desk, now + 3 * DAY)
    row = Exchange.objects.get(case=like)
    assert (row.difference, row.lines.get().value) == (0, D("129.99"))
    assert not Due.objects.unpaid().exists()


@pytest.mark.parametrize(
    ("cheaper", "of_order", "of_supplement", "again"),
    [
        ("110.00", "19.99", "0", "125.00"),
        ("20.00", "29.99", "80.00", "25.00"),
        ("0.00", "29.99", "100.00", "9.00"),
    ],
)
def test_a_dearer_replacement_may_be_given_back_for_a_cheaper_one(
    lines: list[OrderLine], open_case: Open, desk: Cast, now: datetime,
    cheaper: str, of_order: str, of_supplement: str, again: str,
) -> None:  # fmt: skip
    """¥29.99 paid with the order, ¥100 on top: what he gets back and what he holds are together what he paid."""
    swapped(open_case({1: 1}, kind="exchange", ground="no_reason"), lines[1], "129.99", desk, now)
    second = open_case({1: 1}, kind="exchange", ground="no_reason")
    second = swapped(second, lines[1], cheaper, desk, now + 3 * DAY)
    gone = sorted(CasePayment.objects.values_list("kind", "amount"))
    assert gone == [
        (kind, D(sum_)) for kind, sum_ in (("refund", of_order), ("supplement", of_supplement)) if D(sum_)
    ]
    check_money()
    # Like for like he gets what he holds, and owes nothing
    like = approve(open_case({1: 1}, kind="exchange", ground="no_reason"), desk, now + 6 * DAY)
    row = Exchange.objects.get(case=like)
    assert (row.difference, row.lines.get().value, like.agreed) == (0, D(cheaper), 0)
    services.case_withdraw(case=like, actor=desk.agent, now=now + 6 * DAY)
    # A dearer one again costs him just the difference; and returned, it gives its price, once
    third = swapped(
        open_case({1: 1}, kind="exchange", ground="no_reason"), lines[1], again, desk, now + 7 * DAY
    )
    assert Due.objects.paid().get(case=third).amount == D(again) - D(cheaper)
    back = services.case_approve(
        case=open_case({1: 1}, ground="no_reason"), actor=desk.lead, now=now + 10 * DAY
    )
    assert back.agreed == D(again)
    given = sum(CasePayment.objects.values_list("amount", flat=True)) + back.agreed
    assert given == D("29.99") + sum(Due.objects.paid().values_list("amount", flat=True))
    check_money()


def test_a_cheaper_one_gives_nothing_of_the_supplement_while_the_dearer_is_not_back(
    lines: list[OrderLine], open_case: Open, desk: Cast, now: datetime
) -> None:
    swapped(open_case({1: 1}, kind="exchange", ground="no_reason"), lines[1], "129.99", desk, now)
    case = open_case({1: 1}, kind="exchange", ground="no_reason")
    wanted = Replacement(lines[1].pk, 1, name="小灯", unit_price=D(20))
    services.exchange_choose(case=case, replacements=[wanted], actor=desk.agent, now=now + 3 * DAY)
    case = approve(case, desk, now + 3 * DAY)
    assert (case.agreed, case.agreed_extra) == (D("109.99"), D(80))
    services.parcels_expire(now=now + 60 * DAY)
    assert fresh(case).agreed == 0
    keep(arrive(case, desk, now + 61 * DAY), desk, now + 62 * DAY)
    assert (fresh(case).agreed, fresh(case).agreed_extra) == (D("109.99"), D(80))
    check_money()


def test_of_several_pieces_the_replaced_one_carries_it_once(
    lines: list[OrderLine], open_case: Open, desk: Cast, now: datetime
) -> None:
    wanted = open_case({0: 1}, kind="exchange", ground="no_reason")
    swapped(wanted, lines[0], "33.34", desk, now)
    first = services.case_approve(case=open_case({0: 1}), actor=desk.lead, now=now + 3 * DAY)
    second = services.case_approve(case=open_case({0: 2}), actor=desk.lead, now=now + 3 * DAY)
    assert (first.agreed_extra, second.agreed_extra) == (D(10), 0)
    assert first.agreed + second.agreed == D("80.01")
    # And a small amount that is agreed on is the whole of it
    services.case_withdraw(case=second, actor=desk.agent, now=now + 3 * DAY)
    services.case_withdraw(case=first, actor=desk.agent, now=now + 3 * DAY)
    part = open_case({0: 1}, kind="refund_only", ground="quality")
    services.case_offer(case=part, amount=D(5), actor=desk.lead, now=now + 4 * DAY)
    part = services.case_accept(
        case=fresh(part), actor=desk.agent, consent=said(now + 4 * DAY), now=now + 4 * DAY
    )
    assert (part.agreed, part.agreed_extra) == (D(5), 0)
