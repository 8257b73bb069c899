"""What the rule approves, pays and leaves to a person (R4.6), and the signals that only a person settles."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.services import system_user
from aftersales.cases import services
from aftersales.cases.models import (
    Case,
    CaseFlag,
    CaseJudgment,
    CaseLine,
    CaseParcel,
    CasePayment,
    LineAccount,
    OrderAccount,
    ParcelItem,
)
from aftersales.cases.services import Arrival, Finding
from aftersales.cases.services.automatic import approve_due, approve_one, case_ask_person, pay_due
from aftersales.cases.services.flags import case_look, flag_settle, parcel_look
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.customers.models import Customer
from aftersales.orders import services as orders
from aftersales.orders.models import Order, OrderLine
from aftersales.standards import services as rule_book
from aftersales.standards.models import Parameter
from aftersales.tickets.models import Attachment, Message, Ticket
from tests.cast import Cast
from tests.records import order as an_order
from tests.toy.fixtures import at_once

pytestmark = pytest.mark.django_db
Open = Callable[..., Case]
D = Decimal
DAY = timedelta(days=1)


@pytest.fixture
def delivered(order: Order, now: datetime) -> Order:
    """The order arrived two days ago, so that the return rules grant a return without a reason."""
    orders.shipment_add(
        order=order, number="1", actor=system_user(), now=now, merchant=order.merchant, status="delivered",
        shipped_at=now - 4 * DAY, delivered_at=now - 2 * DAY, signed_by="self",
    )  # fmt: skip
    return order


@pytest.fixture
def regular(customer: Customer, delivered: Order, now: datetime) -> Customer:
    """Six completed orders within the year, a customer since two years, no dispute."""
    for number in range(6):
        an_order(f"R-{number}", now - timedelta(days=30 + number), customer=customer, status="completed")
    customer.registered_at = now - timedelta(days=730)
    customer.save()
    return customer


def set_number(cast: Cast, code: str, value: Any, now: datetime) -> None:
    """One person drafts another number, a second one brings it into force."""
    row = rule_book.parameter_draft(
        parameter=Parameter.objects.get(code=code), actor=cast.operations, now=now, value=value, source_ref="test",
        reason="test",
    )  # fmt: skip
    rule_book.rule_activate(draft=row, actor=cast.supervisor, now=now)


def test_a_plain_return_is_approved_at_once(
    delivered: Order, open_case: Open, work_off: Callable[[datetime], None], now: datetime
) -> None:
    case = open_case({0: 2})
    assert case.verdict["verdict"] == "yes"
    work_off(now)
    case.refresh_from_db()
    assert (case.state, case.decided_how, case.agreed, case.promised) == (
        "approved",
        "rule",
        D("46.68"),
        D("46.68"),
    )
    # And everything that a person's approval writes stands there: accounts, lines, the awaited parcel, the ticket
    assert OrderAccount.objects.get().granted == D("46.68")
    line = CaseLine.objects.get()
    assert (line.approved, line.agreed, line.promised) == (2, D("46.68"), D("46.68"))
    assert LineAccount.objects.get(claimed=2).granted == D("46.68")
    parcel = CaseParcel.objects.get()
    assert (parcel.state, ParcelItem.objects.get().announced) == ("awaited", 2)
    kinds = set(Event.objects.values_list("kind", flat=True))
    assert {"case.approved", "case_parcel.announced", "ticket.case_decided"} <= kinds
    judgment = CaseJudgment.objects.get()
    assert (judgment.outcome, judgment.instant, judgment.rule[:17]) == (
        "approved",
        False,
        "automatic_grounds",
    )


def test_the_batch_writes_what_one_approval_writes(
    delivered: Order, open_case: Open, desk: Cast, now: datetime
) -> None:
    """Given two cases of one order, one approved by a person, one by the rule: the rows agree."""
    by_hand, by_rule = open_case({0: 1}), open_case({0: 1})
    services.case_approve(case=by_hand, actor=desk.agent, now=now)
    approve_due(now=now)
    by_hand.refresh_from_db()
    by_rule.refresh_from_db()
    same = ("state", "agreed", "agreed_freight", "agreed_extra", "promised", "goods_back", "settled_at")
    # pieces of one line differ by a cent, which the first piece keeps
    assert [getattr(by_rule, one) for one in same[3:4]] == [getattr(by_hand, one) for one in same[3:4]]
    assert by_hand.agreed + by_rule.agreed == D("46.68") == OrderAccount.objects.get().granted
    told = {
        pk: set(Event.objects.filter(subject_kind="cases.case", subject_id=pk).values_list("kind", flat=True))
        for pk in (by_hand.pk, by_rule.pk)
    }
    assert told[by_hand.pk] == told[by_rule.pk]
    assert CaseParcel.objects.filter(state="awaited").count() == 2
    assert by_rule.history.count() == by_hand.history.count()


def test_doubt_goes_to_a_person_and_nothing_is_refused(open_case: Open, now: datetime) -> None:
    """Given no parcel that arrived, the return rules do not say yes."""
    case = open_case({0: 1})
    assert case.verdict["verdict"] != "yes"
    done = approve_due(now=now)
    case.refresh_from_db()
    assert (case.state, done.left) == ("requested", [case.pk])
    assert CaseJudgment.objects.get().why == "answer"
    assert Event.objects.filter(kind="case.left_to_person", subject_id=case.pk).count() == 1
    # And the next run does not ask again
    assert approve_due(now=now).left == []


def test_what_the_rule_leaves_alone(delivered: Order, open_case: Open, desk: Cast, now: datetime) -> None:
    quality = open_case({0: 1}, ground="quality")
    named = open_case({0: 1}, asked=D(5))
    changed = open_case({1: 1}, ground="quality")
    changed = services.case_amend(case=changed, ground="no_reason", actor=desk.agent, now=now)
    done = approve_due(now=now)
    assert done.approved == []
    why = dict(CaseJudgment.objects.values_list("case", "why"))
    assert why == {named.pk: "amount", changed.pk: "changed"}
    assert Case.objects.get(pk=quality.pk).state == "requested"


def test_an_empty_list_of_reasons_stops_the_rule(
    delivered: Order, open_case: Open, desk: Cast, now: datetime
) -> None:
    case = open_case({0: 1})
    set_number(desk, "automatic_grounds", [], now)
    assert approve_due(now=now + DAY).approved == []
    assert not CaseJudgment.objects.exists()
    assert Case.objects.get(pk=case.pk).state == "requested"


def test_a_customer_of_good_standing_is_paid_at_once(
    regular: Customer, open_case: Open, work_off: Callable[[datetime], None], now: datetime
) -> None:
    case = open_case({0: 1})
    work_off(now)
    case.refresh_from_db()
    judgment = CaseJudgment.objects.get()
    assert judgment.instant, judgment.checks
    assert case.instant
    assert all(check["holds"] for check in judgment.checks)
    cited = {check["code"]: check["rule"] for check in judgment.checks}
    assert cited["orders"].startswith("instant_completed_orders v")
    payment = CasePayment.objects.get()
    assert (payment.amount, payment.state) == (case.agreed, "approved")
    # And neither the sweep nor the event again pays a second time
    assert pay_due(now=now) == 0
    approve_one(case_id=case.pk, now=now)
    work_off(now)
    assert CasePayment.objects.count() == 1


@pytest.mark.parametrize(
    ("code", "value", "fails"),
    [
        ("instant_completed_orders", 50, "orders"),
        ("instant_account_days", 1000, "age"),
        ("instant_amount_yuan", 20, "amount"),
        ("instant_open_risk_yuan", 20, "risk"),
        ("instant_history_days", 10, "orders"),
    ],
)
def test_each_number_of_the_rule_moves_it(
    regular: Customer, open_case: Open, desk: Cast, now: datetime, code: str, value: Any, fails: str
) -> None:
    """And who fails a check has his return all the same: he is paid after his goods."""
    set_number(desk, code, value, now)
    later = now + timedelta(hours=1)
    case = open_case({0: 1}, at=later)
    approve_due(now=later)
    case.refresh_from_db()
    judgment = CaseJudgment.objects.get()
    failed = {check["code"] for check in judgment.checks if not check["holds"]}
    assert (case.state, case.instant, fails in failed) == ("approved", False, True)
    assert not CasePayment.objects.exists()


def test_categories_left_out_are_paid_after_the_goods(
    regular: Customer, open_case: Open, lines: list[OrderLine], now: datetime
) -> None:
    above = orders.category_create(code="jewelry", name_zh="珠宝", actor=system_user(), now=now)
    rings = orders.category_create(code="rings", name_zh="戒指", parent=above, actor=system_user(), now=now)
    ring = orders.product_create(code="RING", category=rings, actor=system_user(), now=now)
    orders.line_change(line=lines[0], actor=system_user(), now=now, product=ring)
    open_case({0: 1})
    approve_due(now=now)
    judgment = CaseJudgment.objects.get()
    assert [check["code"] for check in judgment.checks if not check["holds"]] == ["category"]


def test_the_risk_of_one_customer_adds_up_within_one_batch(
    regular: Customer, open_case: Open, desk: Cast, now: datetime
) -> None:
    set_number(desk, "instant_open_risk_yuan", 40, now)
    later = now + timedelta(hours=1)
    for _number in range(3):
        open_case({0: 1}, at=later)
    done = approve_due(now=later)
    assert (len(done.approved), len(done.instant)) == (3, 1)


def test_a_dispute_once_ends_the_good_standing(
    regular: Customer, open_case: Open, desk: Cast, now: datetime
) -> None:
    from aftersales.core import moves

    first = open_case({1: 1}, ground="quality")
    moves.perform(first, "dispute", actor=desk.agent, now=now)
    open_case({0: 1})
    approve_due(now=now)
    checks = CaseJudgment.objects.get().checks
    assert [check["code"] for check in checks if not check["holds"]] == ["disputes"]


def test_the_refund_follows_the_goods_by_itself(
    delivered: Order, open_case: Open, desk: Cast, now: datetime
) -> None:
    case = open_case({0: 1})
    approve_due(now=now)
    parcel = CaseParcel.objects.get()
    assert pay_due(now=now) == 0
    parcel = services.parcel_ship(
        parcel=parcel, carrier="SF", tracking_no="SF1001", actor=desk.agent, now=now
    )
    item = ParcelItem.objects.get()
    receiver = desk.person("returns_receiver")
    parcel = services.parcel_receive(parcel=parcel, arrival=Arrival({item.pk: 1}), actor=receiver, now=now)
    services.parcel_inspect(
        parcel=parcel, findings={item.pk: Finding(accepted=1, grade="new", cause="none")}, actor=receiver, now=now,
        keep=True,
    )  # fmt: skip
    assert pay_due(now=now) == 1
    assert CasePayment.objects.get().amount == Case.objects.get(pk=case.pk).agreed
    assert pay_due(now=now) == 0


def test_the_customer_may_ask_for_a_person(
    delivered: Order, open_case: Open, desk: Cast, work_off: Callable[[datetime], None], now: datetime
) -> None:
    case = open_case({0: 1})
    case_ask_person(case=case, actor=desk.agent, now=now, words="请人工处理")
    case_ask_person(case=case, actor=desk.agent, now=now)
    work_off(now)
    case.refresh_from_db()
    assert case.state == "requested"
    assert Event.objects.filter(kind="case.person_asked").count() == 1
    # And a person may still approve
    services.case_approve(case=case, actor=desk.agent, now=now)


def test_asking_for_a_person_needs_the_right_and_the_ticket(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    case = open_case({0: 1})
    with pytest.raises(DomainError):
        case_ask_person(case=case, actor=desk.person("auditor"), now=now)


# Signals


def serial_customer(customer: Customer, open_ticket: Any, desk: Cast, now: datetime, count: int) -> Case:
    """Given so many orders of which all were asked back."""
    for number in range(count):
        bought = an_order(f"S-{number}", now, customer=customer, paid=D(10), total=D(10))
        ticket = open_ticket(order_id=bought.pk)
        case = services.case_open(
            ticket=ticket, draft=services.CaseDraft("return", "no_reason"), actor=desk.agent, now=now
        )
    return case


def test_who_returns_nearly_everything_is_looked_at_once(
    customer: Customer, open_ticket: Any, desk: Cast, now: datetime
) -> None:
    case = serial_customer(customer, open_ticket, desk, now, 9)
    case_look(case_id=case.pk, now=now)
    case_look(case_id=case.pk, now=now)
    flag = CaseFlag.objects.get()
    assert (flag.signal, flag.state, flag.reasons["returned"]) == ("serial", "open", 9)
    other = Case.objects.exclude(pk=case.pk).latest("pk")
    case_look(case_id=other.pk, now=now)
    assert CaseFlag.objects.count() == 1


def test_a_signal_never_stops_a_right_and_only_the_instant_refund(
    regular: Customer, open_case: Open, desk: Cast, now: datetime
) -> None:
    """The return stays approved by rule; the money follows the goods until a person says that it is unfounded."""
    first = open_case({0: 1})
    CaseFlag.objects.bulk_create([CaseFlag(case=first, signal="serial", raised_at=now)])
    approve_due(now=now)
    first.refresh_from_db()
    assert (first.state, first.instant) == ("approved", False)
    flag = CaseFlag.objects.get()
    with pytest.raises(DomainError, match="."):
        flag_settle(flag=flag, move="dismiss", words=" ", actor=desk.lead, now=now)
    with pytest.raises(DomainError):
        flag_settle(flag=flag, move="dismiss", words="都有原因", actor=desk.agent, now=now)
    settled = flag_settle(flag=flag, move="dismiss", words="都有原因", actor=desk.lead, now=now)
    assert (settled.state, settled.words, settled.settled_by_id) == ("unfounded", "都有原因", desk.lead.pk)
    second = open_case({0: 1})
    approve_due(now=now)
    second.refresh_from_db()
    assert second.instant


def inspected(case: Case, desk: Cast, now: datetime, finding: Finding, *, came: int = 1) -> CaseParcel:
    services.case_approve(case=case, actor=desk.agent, now=now)
    parcel = CaseParcel.objects.filter(case=case).latest("pk")
    parcel = services.parcel_ship(
        parcel=parcel, carrier="SF", tracking_no=f"SF{case.pk:06d}", actor=desk.agent, now=now
    )
    item = ParcelItem.objects.get(parcel=parcel)
    receiver = desk.person("returns_receiver")
    parcel = services.parcel_receive(parcel=parcel, arrival=Arrival({item.pk: came}), actor=receiver, now=now)
    return services.parcel_inspect(parcel=parcel, findings={item.pk: finding}, actor=receiver, now=now)


def test_an_empty_box_and_another_article_are_signals_with_reasons(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    empty = inspected(
        open_case({0: 1}), desk, now, Finding(missing=1, grade="broken", cause="incomplete", why="空盒")
    )
    swapped = inspected(
        open_case({0: 1}), desk, now, Finding(wrong=1, grade="worn", cause="other_item", why="旧货")
    )
    told_so = inspected(
        open_case({1: 1}, ground="wrong_item"),
        desk,
        now,
        Finding(wrong=1, cause="other_item", why="发错"),
    )
    for parcel in (empty, swapped, told_so):
        parcel_look(parcel_id=parcel.pk, now=now)
        parcel_look(parcel_id=parcel.pk, now=now)
    found = dict(CaseFlag.objects.values_list("case", "signal"))
    assert found == {empty.case_id: "empty_box", swapped.case_id: "swapped"}


def attach(ticket: Ticket, sha256: str, now: datetime, number: int, size: int = 90_000) -> None:
    """A picture that the customer sent."""
    message = Message.objects.filter(ticket=ticket).first()
    assert message is not None
    Message.objects.filter(pk=message.pk).update(author_kind="customer")
    Attachment(
        ticket=ticket, message=message, audience="customer", name=f"a{number}", original_name="a.jpg",
        content_type="image/jpeg", size=size, sha256=sha256, at=now,
    ).save()  # fmt: skip


def test_the_same_picture_in_two_cases_is_a_signal_and_a_small_icon_is_none(
    customer: Customer, open_ticket: Any, desk: Cast, now: datetime
) -> None:
    cases = []
    for number in range(2):
        bought = an_order(f"P-{number}", now, customer=customer, paid=D(10), total=D(10))
        ticket = open_ticket(order_id=bought.pk)
        attach(ticket, "a" * 64, now, number)
        attach(ticket, "b" * 64, now, 10 + number, size=900)
        cases.append(
            services.case_open(
                ticket=ticket, draft=services.CaseDraft("refund_only", "quality"), actor=desk.agent, now=now
            )
        )
    for case in cases:
        case_look(case_id=case.pk, now=now)
    flag = CaseFlag.objects.get()
    assert (flag.case_id, flag.signal, flag.reasons["cases"]) == (
        cases[1].pk,
        "same_photo",
        [cases[0].number],
    )


# At once


def codes(*acts: Callable[[], Any]) -> list[Any]:
    def one(found: Any) -> Any:
        if isinstance(found, DomainError):
            return found.code
        assert not isinstance(found, BaseException), found
        return found

    return [one(found) for found in at_once(list(acts))]


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_a_person_and_the_rule_at_the_same_moment_decide_once(
    delivered: Order, open_case: Open, desk: Cast, now: datetime
) -> None:
    for _round in range(3):
        case = open_case({0: 1})
        rejected, _done = codes(
            lambda case=case: (
                services.case_reject(case=case, words="已拆封", actor=desk.agent, now=now).state
            ),  # type: ignore[misc]
            lambda: approve_due(now=now),
        )
        case.refresh_from_db()
        assert (case.state, rejected) in [("rejected", "rejected"), ("approved", "wrong_state")]
        decided = Event.objects.filter(
            subject_kind="cases.case", subject_id=case.pk, kind__in=["case.approved", "case.rejected"]
        )
        assert decided.count() == 1
        assert OrderAccount.objects.get().granted == sum(
            Case.objects.filter(state="approved").values_list("agreed", flat=True), D(0)
        )


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_approve_each_case_once_and_pay_once(
    regular: Customer, open_case: Open, now: datetime
) -> None:
    for _number in range(3):
        open_case({0: 1})
    first, second = codes(lambda: approve_due(now=now), lambda: approve_due(now=now))
    approve_due(now=now)
    pay_due(now=now)
    assert not set(first.approved) & set(second.approved)
    assert Event.objects.filter(kind="case.approved").count() == 3
    assert OrderAccount.objects.get().granted == D("70.01")
    assert CasePayment.objects.count() == Case.objects.filter(instant=True).count() == 3


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_a_case_that_somebody_holds_waits_for_the_next_run(
    delivered: Order, open_case: Open, now: datetime
) -> None:
    import threading

    case, held, free = open_case({0: 1}), threading.Event(), threading.Event()

    def person() -> None:
        with transaction.atomic():
            Case.objects.select_for_update().get(pk=case.pk)
            held.set()
            free.wait(10)

    def rule() -> Any:
        held.wait(10)
        try:
            return approve_due(now=now).approved
        finally:
            free.set()

    assert at_once([person, rule])[1] == []
    assert approve_due(now=now).approved == [case.pk]


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_database_keeps_one_judgment(
    delivered: Order, open_case: Open, now: datetime
) -> None:
    case = open_case({0: 1})
    approve_due(now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        CaseJudgment(case=case, outcome="person", at=now).save()
    with pytest.raises(IntegrityError), transaction.atomic():
        CaseJudgment.objects.update(outcome="person", instant=True)
