"""Cases from the request to the decision: pieces and money are taken once, and every side has its turn."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.services import system_user
from aftersales.cases import services
from aftersales.cases.models import Case, CaseNote, LineAccount, OrderAccount
from aftersales.cases.services.quoting import Deduction
from aftersales.core import events
from aftersales.core.errors import Conflict, DomainError, Refused, WrongState
from aftersales.core.models import Event
from aftersales.orders.models import Order, OrderLine
from aftersales.tickets import services as tickets
from aftersales.tickets.models import Ticket
from tests.cast import Cast
from tests.records import said

D = Decimal
Open = Callable[..., Case]
HOUR = timedelta(hours=1)


def refused(code: str, act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as error:
        act()
    assert error.value.code == code
    return str(error.value)


def account(order: Order) -> tuple[Decimal, Decimal]:
    row = OrderAccount.objects.get(order=order)
    return row.granted, row.freight_granted


def test_a_return_without_reason_takes_its_pieces_and_gives_what_was_paid_for_them(
    open_case: Open, desk: Cast, order: Order, lines: list[OrderLine], now: datetime
) -> None:
    # When a customer wants to return two of three cups, and it is approved
    case = open_case({0: 2}, words="不想要了")
    assert (case.state, case.goods_back, case.return_freight) == ("requested", True, "customer")
    found = services.case_preview(case=case)
    approved = services.case_approve(case=case, actor=desk.agent, now=now)
    # Then he gets what he paid for two, to the cent, without the outbound freight
    assert found.total == approved.agreed == D("46.68")
    assert account(order) == (D("46.68"), 0)
    mine = LineAccount.objects.get(line=lines[0])
    assert (mine.claimed, mine.granted, mine.free) == (2, D("46.68"), 1)
    assert CaseNote.objects.get().text == "不想要了"
    # And the third cup is worth what is left
    assert services.case_preview(case=open_case({0: 1})).total == D("23.33")


def test_a_fault_of_the_seller_gives_the_freight_back_once(
    open_case: Open, desk: Cast, order: Order, now: datetime
) -> None:
    first = services.case_approve(case=open_case({0: 3, 1: 1}, ground="quality"), actor=desk.agent, now=now)
    assert (first.agreed, first.agreed_freight, first.return_freight) == (D("110.00"), D(10), "merchant")
    assert account(order) == (D("110.00"), D(10))
    assert "0" in refused("too_many", lambda: open_case({0: 1}))


def test_of_a_part_the_freight_goes_back_by_what_was_paid_for_it_and_the_last_part_takes_the_rest(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    cups = services.case_approve(case=open_case({0: 3}, ground="quality"), actor=desk.agent, now=now)
    lamp = services.case_approve(case=open_case({1: 1}, ground="damaged"), actor=desk.agent, now=now)
    assert (cups.agreed, cups.agreed_freight) == (D("77.01"), D("7.00"))
    assert (lamp.agreed, lamp.agreed_freight) == (D("32.99"), D("3.00"))


def test_the_case_keeps_what_the_return_rules_said_when_it_was_opened(open_case: Open, now: datetime) -> None:
    case = open_case({0: 1, 1: 1})
    assert case.verdict["verdict"] in {"yes", "no", "person"}
    assert set(case.verdict["lines"]) == {str(line.line_id) for line in case.lines.all()}
    kept = case.verdict["lines"][str(case.lines.first().line_id)]
    assert kept["reasons"]
    assert (kept["demand"], kept["ground"]) == ("return", "no_reason")
    compensation = open_case({}, kind="compensation", compensation="goodwill", ground="service", asked=D(5))
    assert compensation.verdict == {}


def test_opening_a_case_takes_at_most_twenty_five_statements(open_case: Open) -> None:
    def statements(pieces: dict[int, int]) -> int:
        with CaptureQueriesContext(connection) as asked:
            open_case(pieces)
        return (
            sum("SAVEPOINT" not in one["sql"] for one in asked.captured_queries) - 1
        )  # the fixture reads the ticket

    assert statements({0: 1}) <= 25  # its order has no accounts yet
    assert statements({0: 1}) == statements({0: 1, 1: 1}) <= 25


def test_of_pieces_taken_elsewhere_the_sentence_says_how_many(open_case: Open, now: datetime) -> None:
    open_case({0: 2})
    said = refused("too_many", lambda: open_case({0: 2}))
    assert "杯子" in said
    assert "1" in said


@pytest.mark.parametrize(
    ("code", "facts"),
    [
        ("nothing", {"pieces": {}}),
        ("too_many", {"pieces": {0: 0}}),
        ("kind", {"kind": "gift"}),
        ("kind", {"ground": "weather"}),
        ("compensation", {"kind": "compensation"}),
        ("compensation", {"compensation": "goodwill"}),
        ("amount", {"asked": D("-1")}),
        ("words", {"words": "长" * 2001}),
    ],
)
def test_a_request_that_says_nothing_sensible_is_refused_and_takes_nothing(
    open_case: Open, order: Order, code: str, facts: dict[str, object]
) -> None:
    pieces = facts.pop("pieces", {0: 1})
    refused(code, lambda: open_case(pieces, **facts))
    assert not Case.objects.exists()
    assert not LineAccount.objects.filter(claimed__gt=0).exists()


def test_an_article_of_another_order_is_refused(
    open_case: Open, ticket: Ticket, desk: Cast, now: datetime
) -> None:
    draft = services.CaseDraft(kind="return", ground="no_reason", pieces={999_999: 1})
    refused("not_of_order", lambda: services.case_open(ticket=ticket, draft=draft, actor=desk.agent, now=now))


def test_the_same_request_again_is_the_same_case(open_case: Open) -> None:
    first = open_case({0: 1}, source="portal", source_ref="r-1")
    assert open_case({0: 1}, source="portal", source_ref="r-1") == first
    assert LineAccount.objects.get(line=first.lines.get().line).claimed == 1


def test_a_ticket_with_an_open_case_cannot_be_resolved_and_then_it_can(
    open_case: Open, desk: Cast, ticket: Ticket, now: datetime
) -> None:
    case = open_case()

    def resolve() -> Ticket:
        return tickets.ticket_resolve(
            ticket=Ticket.objects.get(pk=ticket.pk),
            result="refused",
            text="已处理。",
            actor=desk.agent,
            now=now,
        )

    assert case.number in refused("open_work", resolve)
    services.case_withdraw(case=case, actor=desk.agent, now=now)
    assert resolve().state == "resolved"


def test_offer_counter_offer_and_one_binding_acceptance(
    open_case: Open, desk: Cast, order: Order, now: datetime
) -> None:
    case = open_case({0: 3}, ground="quality", kind="refund_only")
    case = services.case_offer(case=case, amount=D(10), actor=desk.agent, now=now, words="部分退款")
    case = services.case_counter(case=case, amount=D(25), actor=desk.agent, now=now)
    old = case
    case = services.case_accept(case=case, actor=desk.agent, consent=said(now), now=now)
    assert (case.state, case.agreed, case.decided_how) == ("approved", D(25), "agreement")
    assert account(order)[0] == D(25)
    with pytest.raises(WrongState):
        services.case_accept(case=old, actor=desk.agent, consent=said(now), now=now)
    assert account(order)[0] == D(25)


def test_an_offer_above_what_was_paid_is_refused(open_case: Open, desk: Cast, now: datetime) -> None:
    case = open_case({1: 1})
    said = refused(
        "too_much", lambda: services.case_offer(case=case, amount=D(30), actor=desk.agent, now=now)
    )
    assert "29.99" in said


def test_a_stale_page_is_told_so(open_case: Open, desk: Cast, now: datetime) -> None:
    case = open_case({0: 3}, kind="refund_only")
    services.case_offer(case=case, amount=D(10), actor=desk.agent, now=now, version=case.version)
    with pytest.raises(Conflict):
        services.case_offer(case=case, amount=D(12), actor=desk.agent, now=now, version=case.version)


def test_a_refused_case_frees_its_pieces_and_may_take_them_again(
    open_case: Open, desk: Cast, lines: list[OrderLine], now: datetime
) -> None:
    case = open_case({0: 3})
    case = services.case_reject(case=case, actor=desk.agent, now=now, words="已使用")
    assert LineAccount.objects.get(line=lines[0]).claimed == 0
    other = open_case({0: 1})
    refused("too_many", lambda: services.case_approve(case=case, actor=desk.lead, now=now))
    services.case_withdraw(case=other, actor=desk.agent, now=now)
    assert services.case_approve(case=case, actor=desk.lead, now=now).agreed == D("70.01")


def test_no_rule_and_no_silence_refuses_anybody(open_case: Open, desk: Cast, now: datetime) -> None:
    case = open_case()
    for actor, how in ((desk.agent, "rule"), (desk.agent, "silence"), (system_user(), "staff")):
        with pytest.raises(Refused):
            services.case_reject(case=case, actor=actor, now=now, words="x", how=how)
    refused("reason", lambda: services.case_reject(case=case, actor=desk.agent, now=now, words=" "))


def test_turned_into_an_exchange_it_keeps_its_first_reason(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    case = open_case({0: 1})
    case = services.case_amend(
        case=case, kind="exchange", ground="quality", actor=desk.agent, now=now, words="换一个"
    )
    assert (case.state, case.kind, case.first_kind, case.ground, case.first_ground, case.return_freight) == (
        "requested", "exchange", "return", "quality", "no_reason", "merchant",
    )  # fmt: skip
    assert services.case_approve(case=case, actor=desk.agent, now=now).agreed == 0


def test_a_deduction_needs_its_reason(
    open_case: Open, desk: Cast, lines: list[OrderLine], now: datetime
) -> None:
    case = open_case({0: 1})
    refused(
        "deduction",
        lambda: services.case_approve(
            case=case, actor=desk.agent, now=now, deductions={lines[0].pk: Deduction(D(1), " ")}
        ),
    )
    approved = services.case_approve(
        case=case, actor=desk.agent, now=now, deductions={lines[0].pk: Deduction(D(3), "杯口有缺")}
    )
    assert approved.agreed == D("20.34")


def test_a_compensation_stands_beside_what_was_paid(
    open_case: Open, desk: Cast, order: Order, now: datetime
) -> None:
    case = open_case({}, kind="compensation", compensation="goodwill", ground="service", asked=D(20))
    approved = services.case_approve(case=case, actor=desk.agent, now=now)
    assert (approved.agreed, approved.agreed_extra) == (D(20), D(20))
    assert account(order)[0] == 0


def test_an_order_whose_articles_nobody_told_is_refunded_as_a_whole(
    open_ticket: Callable[..., Ticket], customer: object, desk: Cast, now: datetime
) -> None:
    from tests.records import order as an_order

    bare = an_order("T-9", now, customer=customer, paid=D("178.80"), total=D("178.80"), refunded=D("8.80"))
    ticket = open_ticket(order_id=bare.pk)
    draft = services.CaseDraft(kind="refund_only", ground="not_sent")
    case = services.case_open(ticket=ticket, draft=draft, actor=desk.agent, now=now)
    assert services.case_approve(case=case, actor=desk.agent, now=now).agreed == D("170.00")


def test_each_step_says_who_did_it_and_for_whom(open_case: Open, desk: Cast, now: datetime) -> None:
    case = open_case()
    services.case_approve(case=case, actor=desk.agent, now=now, how="merchant")
    told = list(Event.objects.about("cases.case", case.pk).order_by("id").values_list("kind", "acting_as"))
    assert told == [("case.asked", ""), ("case.approved", "merchant")]
    on_ticket = Event.objects.about("tickets.ticket", case.ticket_id).filter(kind__startswith="ticket.case_")
    assert list(on_ticket.order_by("id").values_list("kind", flat=True)) == [
        "ticket.case_opened", "ticket.case_decided",
    ]  # fmt: skip


def test_nobody_acts_on_a_case_that_he_may_not_see(open_case: Open, desk: Cast, now: datetime) -> None:
    case = open_case()
    stranger = desk.person("agent")
    refused("gone", lambda: services.case_approve(case=case, actor=stranger, now=now))
    refused("not_permitted", lambda: services.case_approve(case=case, actor=desk.auditor, now=now))


def test_an_erased_customer_leaves_no_word_in_his_cases(open_case: Open, desk: Cast, now: datetime) -> None:
    from aftersales.customers.services import customer_erase

    case = open_case(words="我的电话 13800000000")
    customer_erase(customer=case.customer, actor=desk.privacy_officer, now=now, reason="客户本人要求删除")
    assert CaseNote.objects.get().text == ""


def test_a_refused_case_that_is_changed_holds_its_ticket_again(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    case = services.case_reject(case=open_case(), actor=desk.lead, now=now, words="不符合完好")
    assert Ticket.objects.get().cases_open == 0
    services.case_amend(case=case, ground="quality", actor=desk.agent, now=now)
    ticket = Ticket.objects.get()
    assert ticket.cases_open == 1
    refused(
        "open_work",
        lambda: tickets.ticket_resolve(
            ticket=ticket, result="explained", text="好", actor=desk.agent, now=now
        ),
    )


def test_what_staff_take_down_is_told_as_the_sides_own(open_case: Open, desk: Cast, now: datetime) -> None:
    case = open_case({0: 1}, kind="refund_only", ground="quality")
    case = services.case_offer(case=case, amount=D(10), actor=desk.agent, now=now, by="merchant")
    case = services.case_accept(case=case, actor=desk.agent, consent=said(now), now=now)
    for kind, side in (("case.offered", "商家"), ("case.approved", "客户")):
        told = events.sentence(Event.objects.about("cases.case", case.pk).get(kind=kind))
        assert told.startswith(f"{side}（由 {desk.agent} 登记）")


def test_a_story_names_a_side_once_and_says_money_as_every_page_does(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    case = open_case({0: 1}, kind="refund_only", ground="quality")
    case = services.case_offer(case=case, amount=D("11.68"), actor=desk.agent, now=now, by="merchant")
    services.case_approve(case=case, actor=desk.lead, now=now)
    about = Event.objects.about("cases.case", case.pk)
    offered, approved = (events.sentence(about.get(kind=kind)) for kind in ("case.offered", "case.approved"))
    assert "¥11.68" in offered
    assert "¥" in approved
    assert approved.count(str(desk.lead)) == 1
    assert "(" not in approved.replace(str(desk.lead), "")
    assert "（" not in approved.replace(str(desk.lead), ""), "who decided is said by the name before it"
