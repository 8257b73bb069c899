"""The small requests (R4.0): taken down, passed on, done with what follows, refused, turned into cases."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.services import system_user
from aftersales.cases import services as cases
from aftersales.cases.models import Case, CasePayment, Dispute, Invoice, ServiceRequest
from aftersales.cases.services.request_kinds import KINDS
from aftersales.cases.services.requests import (
    RequestDraft,
    request_ask_again,
    request_complete,
    request_finish,
    request_open,
    request_refuse,
    request_to_case,
    request_withdraw,
    requests_lapse,
)
from aftersales.cases.taxno import check_character, is_credit_code
from aftersales.core import facts
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.desk.money import terms
from aftersales.orders import services as orders
from aftersales.orders.models import Order, OrderLine
from aftersales.standards.selectors import duration
from aftersales.tickets.models import Ticket
from tests.cases.bank import paid
from tests.cast import Cast
from tests.records import merchant as a_merchant
from tests.toy.fixtures import at_once

pytestmark = pytest.mark.django_db
D = Decimal
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
COMPANY = "91350100M000100Y43"  # the standard's own example
Ask = Callable[..., ServiceRequest]


@pytest.fixture
def unsent(order: Order, now: datetime) -> Order:
    """The order is paid and nothing of it has left."""
    return orders.order_change(
        order=order, actor=system_user(), now=now, status="paid", paid_at=now - 2 * DAY
    )


@pytest.fixture
def ask(ticket: Ticket, desk: Cast, now: datetime) -> Ask:
    def asker(
        kind: str, at: datetime | None = None, line: OrderLine | None = None, **details: Any
    ) -> ServiceRequest:
        return request_open(
            ticket=Ticket.objects.get(pk=ticket.pk),
            draft=RequestDraft(kind, details, line.pk if line else None, words="麻烦尽快"),
            actor=desk.agent, now=at or now,
        )  # fmt: skip

    return asker


def finish(row: ServiceRequest, desk: Cast, now: datetime, **answers: Any) -> ServiceRequest:
    return request_finish(request=row, answers=answers, actor=desk.agent, now=now, words="已办理")


def refused(act: Callable[[], Any]) -> str:
    with pytest.raises(DomainError) as caught:
        act()
    return caught.value.code


INVOICE = {"buyer": "company", "title": "声悦科技有限公司", "tax_no": COMPANY, "type": "electronic"}


# Cancel


def test_cancelling_before_dispatch_refunds_everything(
    unsent: Order, ask: Ask, desk: Cast, now: datetime
) -> None:
    row = ask("cancel")
    assert (row.state, row.party, row.due_at) == ("with_party", "merchant", now + 24 * HOUR)
    assert row.rule.startswith("request_cancel_hours v")
    done = finish(row, desk, now)
    assert done.state == "done"
    case = Case.objects.get()
    assert (done.case_id, case.kind, case.state, case.agreed) == (case.pk, "refund_only", "approved", D(110))
    assert (case.decided_how, CasePayment.objects.get().amount) == ("merchant", D(110))
    # And staff in the merchant's name are recorded as such
    assert Event.objects.get(kind="request.done").acting_as == "merchant"
    # And the second of two clicks finds it done
    assert refused(lambda: finish(row, desk, now)) == "wrong_state"
    assert Case.objects.count() == 1


def test_what_has_left_is_not_cancelled_and_not_sent_elsewhere(
    unsent: Order, ask: Ask, desk: Cast, now: datetime
) -> None:
    row = ask("cancel")
    orders.shipment_add(
        order=unsent, number="1", actor=system_user(), now=now, merchant=unsent.merchant, status="in_transit",
        shipped_at=now,
    )  # fmt: skip
    assert refused(lambda: finish(row, desk, now)) == "dispatched"
    assert not Case.objects.exists()
    assert refused(lambda: ask("cancel")) == "dispatched"
    assert refused(lambda: ask("address", address="杭州市某路 2 号")) == "dispatched"


def test_a_refused_cancelling_becomes_a_return_once(
    unsent: Order, ask: Ask, desk: Cast, now: datetime
) -> None:
    row = request_refuse(request=ask("cancel"), words="已出库", actor=desk.agent, now=now)
    case = request_to_case(request=row, actor=desk.agent, now=now)
    assert (case.kind, case.ground, case.lines.count()) == ("return", "no_reason", 2)
    assert request_to_case(request=row, actor=desk.agent, now=now).pk == case.pk
    assert refused(lambda: request_ask_again(request=row, actor=desk.agent, now=now)) == "became_case"


def test_a_refused_request_may_go_to_the_platform_at_once(
    unsent: Order, ask: Ask, desk: Cast, now: datetime
) -> None:
    row = request_refuse(request=ask("hurry", what="dispatch"), words="排队中", actor=desk.agent, now=now)
    case = request_to_case(request=row, actor=desk.agent, now=now, dispute=True, words="等了三天")
    assert (case.state, case.ground) == ("disputed", "late")
    # And the merchant is asked: it is a dispute like any other, with its turn, its time and what was said
    dispute = Dispute.objects.get(case=case)
    assert (dispute.state, dispute.opened_side, dispute.turn) == ("opened", "customer", "merchant")
    assert dispute.evidence.get().text == "等了三天"


def test_an_open_request_is_no_case_yet(unsent: Order, ask: Ask, desk: Cast, now: datetime) -> None:
    assert refused(lambda: request_to_case(request=ask("cancel"), actor=desk.agent, now=now)) == "wrong_state"


@pytest.fixture
def two_sellers(unsent: Order, now: datetime) -> Order:
    """A mat for ¥5 of another seller lies in the same order."""
    orders.line_add(
        order=unsent, line_no=9, actor=system_user(), now=now, product_name="垫", quantity=1, unit_price=D(5),
        paid=D(5), merchant=a_merchant("M2", now),
    )  # fmt: skip
    return orders.order_change(order=unsent, actor=system_user(), now=now, paid=D(115), total=D(115))


def test_cancelling_an_order_of_two_sellers_refunds_all_of_it_by_a_case_for_each(
    two_sellers: Order, ask: Ask, desk: Cast, now: datetime
) -> None:
    done = finish(ask("cancel"), desk, now)
    made = list(Case.objects.order_by("id"))
    assert [(one.merchant_id, one.state) for one in made] == [
        (two_sellers.merchant_id, "approved"), (two_sellers.lines.get(line_no=9).merchant_id, "approved")
    ]  # fmt: skip
    assert sum(one.agreed for one in made) == D(115)
    assert (done.state, done.case_id) == ("done", made[0].pk)


def test_refused_by_two_sellers_each_is_disputed(
    two_sellers: Order, ask: Ask, desk: Cast, now: datetime
) -> None:
    row = request_refuse(request=ask("cancel"), words="已出库", actor=desk.agent, now=now)
    case = request_to_case(request=row, actor=desk.agent, now=now, dispute=True)
    assert Dispute.objects.filter(case__state="disputed").count() == Case.objects.count() == 2
    assert request_to_case(request=row, actor=desk.agent, now=now).pk == case.pk
    assert Case.objects.count() == 2


# Details, clock, silence


def test_what_is_missing_is_asked_for_before_anybody_owes_it(
    unsent: Order, ask: Ask, desk: Cast, now: datetime
) -> None:
    row = ask("address")
    assert row.state == "asked"
    assert refused(lambda: finish(row, desk, now)) == "wrong_state"
    later = now + HOUR
    passed = request_complete(
        request=row, details={"address": "杭州市某路 2 号"}, actor=desk.agent, now=later
    )
    assert (passed.state, passed.due_at, passed.details["address"]) == (
        "with_party", later + duration("request_address_hours", now), "杭州市某路 2 号",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        ("invoice", INVOICE | {"title": "x" * 121}),
        ("invoice", INVOICE | {"type": "<script>"}),
        ("hurry", {"what": "everything"}),
        ("address", {"address": "x" * 301}),
    ],
)
def test_bad_input_is_refused(unsent: Order, ask: Ask, kind: str, details: dict[str, Any]) -> None:
    assert refused(lambda: ask(kind, **details)) == "details"
    assert not ServiceRequest.objects.exists()


@pytest.mark.parametrize("amount", ["NaN", "-1", "1e20", "1.001", "abc"])
def test_an_amount_is_an_amount(unsent: Order, ask: Ask, lines: list[OrderLine], amount: str) -> None:
    assert refused(lambda: ask("price", line=lines[0], price_now=amount)) == "details"


def test_only_the_product_asks_for_red_letters(unsent: Order, ask: Ask) -> None:
    assert refused(lambda: ask("red_letter", amount="5")) == "kind"
    assert refused(lambda: ask("nothing")) == "kind"


def test_silence_ends_a_request_and_the_customer_may_ask_again(
    unsent: Order, ask: Ask, desk: Cast, now: datetime
) -> None:
    row = ask("hurry", what="dispatch")
    assert requests_lapse(now=row.due_at + 71 * HOUR) == 0
    late = row.due_at + 72 * HOUR
    assert requests_lapse(now=late) == 1
    assert requests_lapse(now=late) == 0
    row.refresh_from_db()
    assert (row.state, row.is_late(late)) == ("lapsed", True)
    again = request_ask_again(request=row, actor=desk.agent, now=late)
    assert (again.state, again.due_at) == ("with_party", late + 24 * HOUR)
    gone = request_withdraw(request=again, actor=desk.agent, now=late)
    assert gone.state == "withdrawn"


def test_a_machine_refuses_nobody(unsent: Order, ask: Ask, now: datetime) -> None:
    row = ask("cancel")
    assert refused(lambda: request_refuse(request=row, words="x", actor=system_user(), now=now)) == "machine"


def test_a_refusal_says_why(unsent: Order, ask: Ask, desk: Cast, now: datetime) -> None:
    row = ask("cancel")
    assert refused(lambda: request_refuse(request=row, words=" ", actor=desk.agent, now=now)) == "reason"


@pytest.mark.parametrize(
    ("what", "party"), [("dispatch", "merchant"), ("delivery", "carrier"), ("refund", "platform")]
)
def test_who_owes_it_follows_from_what_is_asked(unsent: Order, ask: Ask, what: str, party: str) -> None:
    assert ask("hurry", what=what).party == party


def test_every_kind_declares_everything(book: None, now: datetime) -> None:
    for kind in KINDS.values():
        assert duration(kind.clock, now) > timedelta(0)
        assert all(str(text) for text in (kind.says, kind.follows))
        assert len({field.name for field in kind.asks}) == len(kind.asks)


# The ticket


def open_work(ticket: Ticket, now: datetime) -> list[str]:
    ticket.refresh_from_db()
    return [line for lines in facts.ask("tickets.open_work", [ticket], now)[ticket.pk] for line in lines]


def test_a_ticket_with_an_open_request_cannot_be_resolved(
    unsent: Order, ask: Ask, ticket: Ticket, desk: Cast, now: datetime
) -> None:
    row = ask("cancel")
    assert any(row.number in line for line in open_work(ticket, now))
    request_refuse(request=row, words="已出库", actor=desk.agent, now=now)
    assert open_work(ticket, now) == []


def test_nobody_acts_on_a_request_of_a_foreign_ticket(
    unsent: Order, ask: Ask, desk: Cast, now: datetime
) -> None:
    row = ask("cancel")
    stranger = desk.person("vendor_agent")
    assert refused(lambda: request_finish(request=row, answers={}, actor=stranger, now=now)) == "gone"
    auditor = desk.person("auditor")
    assert refused(lambda: request_refuse(request=row, words="x", actor=auditor, now=now)) == "not_permitted"


# Invoices


def test_the_check_character_follows_the_standard() -> None:
    assert is_credit_code(COMPANY)
    assert check_character(COMPANY[:-1]) == "3"
    assert not is_credit_code("91350100M000100Y44")
    assert not is_credit_code("9135010OM000100Y43")
    assert not is_credit_code(COMPANY[:-1])
    assert not is_credit_code("")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"tax_no": "91350100M000100Y44"}, "tax_no"),
        ({"tax_no": ""}, "tax_no"),
        ({"buyer": "person"}, "tax_no"),
        ({"buyer": "person", "tax_no": "", "type": "vat_special"}, "company"),
        ({"reissue": True}, "not_invoiced"),
    ],
)
def test_an_invoice_is_checked_before_anybody_owes_it(
    unsent: Order, ask: Ask, changed: dict[str, Any], code: str
) -> None:
    assert refused(lambda: ask("invoice", **(INVOICE | changed))) == code


def test_an_invoice_and_one_in_its_place(unsent: Order, ask: Ask, desk: Cast, now: datetime) -> None:
    first = finish(
        ask("invoice", **(INVOICE | {"tax_no": "91350100m000100y43 "})), desk, now, number="2526 0001"
    )
    invoice = Invoice.objects.get()
    assert (first.invoice_id, invoice.number, invoice.amount, invoice.tax_no) == (
        invoice.pk, "25260001", D(110), COMPANY,
    )  # fmt: skip
    assert refused(lambda: ask("invoice", **INVOICE)) == "invoiced"
    again = ask("invoice", **(INVOICE | {"title": "声悦数码有限公司", "reissue": True}))
    assert refused(lambda: finish(again, desk, now, number="25260002")) == "red_number"
    finish(again, desk, now, number="25260002", red_number="R1")
    red = Invoice.objects.get(number="R1")
    assert (red.reverses_id, red.amount) == (invoice.pk, D(110))
    assert Invoice.objects.get(number="25260002").title == "声悦数码有限公司"


def test_the_same_number_is_kept_once(unsent: Order, ask: Ask, desk: Cast, now: datetime) -> None:
    finish(ask("invoice", **INVOICE), desk, now, number="1")
    again = ask("invoice", **(INVOICE | {"reissue": True}))
    assert refused(lambda: finish(again, desk, now, number="1", red_number="R1")) == "number"
    again.refresh_from_db()
    assert (again.state, Invoice.objects.count()) == ("with_party", 1)


def paid_back(case: Case, desk: Cast, now: datetime) -> CasePayment:
    """The case's refund went out."""
    finance = desk.person("finance")
    payment = (
        CasePayment.objects.filter(case=case).first()
        or cases.payment_propose(case=case, actor=desk.agent, now=now)[0]
    )
    if payment.state == "awaiting_approval":
        payment = cases.payment_approve(payment=payment, actor=finance, now=now)
    from aftersales.core import moves

    moves.perform(payment, "submit", actor=system_user(), now=now)
    return cases.payment_succeed(payment=payment, actor=finance, now=now, paid_at=now)


def test_a_refund_of_an_invoiced_order_asks_for_a_red_letter(
    unsent: Order, ask: Ask, lines: list[OrderLine], ticket: Ticket, desk: Cast, now: datetime, work_off: Any
) -> None:
    finish(ask("invoice", **INVOICE), desk, now, number="25260001")
    draft = cases.CaseDraft("refund_only", "quality", {lines[1].pk: 1})
    case = cases.case_open(ticket=ticket, draft=draft, actor=desk.agent, now=now)
    case = cases.case_approve(case=case, actor=desk.agent, now=now)
    payment = paid_back(case, desk, now)
    work_off(now)
    row = ServiceRequest.objects.get(kind="red_letter")
    assert (row.state, row.details["amount"], row.invoice.number) == (
        "with_party",
        str(payment.amount),
        "25260001",
    )
    # And it holds no ticket open, does not lapse, and comes once however often the event does
    assert open_work(ticket, now) == []
    from aftersales.cases.services.requests import red_letter_open

    red_letter_open(payment_id=payment.pk, now=now)
    assert requests_lapse(now=now + 100 * DAY) == 0
    assert ServiceRequest.objects.filter(kind="red_letter").count() == 1
    finish(row, desk, now, number="R9")
    assert Invoice.objects.get(number="R9").amount == payment.amount
    assert Invoice.objects.get(number="25260001").left == D(110) - payment.amount


def test_an_order_without_an_invoice_needs_no_red_letter(
    unsent: Order, ask: Ask, desk: Cast, now: datetime, work_off: Any
) -> None:
    done = finish(ask("cancel"), desk, now)
    paid_back(Case.objects.get(pk=done.case_id), desk, now)
    work_off(now)
    assert not ServiceRequest.objects.filter(kind="red_letter").exists()


def test_an_invoice_that_only_the_source_told_counts(
    unsent: Order, ask: Ask, desk: Cast, now: datetime, work_off: Any
) -> None:
    orders.order_change(
        order=unsent, actor=system_user(), now=now, invoice_state="issued", invoice_no="S1", invoice_kind="paper",
        invoice_title="林芳",
    )  # fmt: skip
    done = finish(ask("cancel"), desk, now)
    paid_back(Case.objects.get(pk=done.case_id), desk, now)
    work_off(now)
    assert ServiceRequest.objects.get(kind="red_letter").invoice.number == "S1"


# Price protection


def test_the_difference_to_what_was_really_paid_is_compensated(
    unsent: Order, ask: Ask, lines: list[OrderLine], desk: Cast, now: datetime
) -> None:
    """Three cups for ¥70.01: ¥23.33 each. Now ¥20.00."""
    row = ask("price", line=lines[0], price_now="20")
    assert (row.details["paid_each"], row.party) == ("23.33", "merchant")
    done = finish(row, desk, now, price_found="20.00")
    case = Case.objects.get(pk=done.case_id)
    assert (case.kind, case.compensation, case.agreed, case.fault) == (
        "compensation", "promise", D("9.99"), "merchant",
    )  # fmt: skip
    payment = CasePayment.objects.get()
    assert (payment.amount, payment.borne_by) == (D("9.99"), "merchant")


def test_what_the_platform_sells_itself_it_protects_itself(
    unsent: Order, ask: Ask, lines: list[OrderLine], desk: Cast, now: datetime
) -> None:
    orders.line_change(line=lines[0], actor=system_user(), now=now, sales_mode="self_run")
    finish(ask("price", line=lines[0], price_now="20"), desk, now, price_found="22.33")
    assert CasePayment.objects.get().borne_by == "platform"
    assert CasePayment.objects.get().amount == D("3.00")


def test_later_changes_of_the_order_do_not_move_the_snapshot(
    unsent: Order, ask: Ask, lines: list[OrderLine], desk: Cast, now: datetime
) -> None:
    row = ask("price", line=lines[0], price_now="20")
    orders.line_change(line=lines[0], actor=system_user(), now=now, paid=D("30.00"), unit_price=D(10))
    done = finish(row, desk, now, price_found="20")
    assert Case.objects.get(pk=done.case_id).agreed == D("9.99")


def test_protection_once_for_a_line_also_without_the_question(
    unsent: Order, ask: Ask, lines: list[OrderLine], desk: Cast, now: datetime
) -> None:
    first = finish(ask("price", line=lines[0], price_now="20"), desk, now, price_found="20")
    assert refused(lambda: ask("price", line=lines[0], price_now="10")) == "protected_already"
    other = ask("price", line=lines[1], price_now="10")
    with pytest.raises(IntegrityError), transaction.atomic():
        ServiceRequest.objects.filter(pk=other.pk).update(line=first.line)
    # And a refused one uses nothing up
    request_refuse(request=other, words="页面价未变", actor=desk.agent, now=now)
    assert ask("price", line=lines[1], price_now="10").state == "with_party"


def test_what_has_no_protection(
    unsent: Order, ask: Ask, lines: list[OrderLine], desk: Cast, now: datetime
) -> None:
    assert refused(lambda: ask("price", line=lines[0], price_now="23.33")) == "no_difference"
    late = now + 5 * DAY + timedelta(seconds=1)
    assert refused(lambda: ask("price", at=late, line=lines[0], price_now="1")) == "window"
    jewels = orders.category_create(code="jewelry", name_zh="珠宝", actor=system_user(), now=now)
    ring = orders.product_create(code="RING", category=jewels, actor=system_user(), now=now)
    orders.line_change(line=lines[1], actor=system_user(), now=now, product=ring)
    assert refused(lambda: ask("price", line=lines[1], price_now="1")) == "category"
    assert refused(lambda: ask("price", price_now="1")) == "line"


def test_pieces_that_went_back_are_not_protected(
    unsent: Order, ask: Ask, lines: list[OrderLine], ticket: Ticket, desk: Cast, now: datetime
) -> None:
    draft = cases.CaseDraft("refund_only", "quality", {lines[0].pk: 2})
    cases.case_open(ticket=ticket, draft=draft, actor=desk.agent, now=now)
    done = finish(ask("price", line=lines[0], price_now="20"), desk, now, price_found="20")
    assert Case.objects.get(pk=done.case_id).agreed == D("3.33")


def test_what_price_protection_gave_is_not_refunded_again(
    unsent: Order, ask: Ask, open_case: Callable[..., Case], lines: list[OrderLine], desk: Cast, now: datetime
) -> None:
    # Given the lamp for ¥29.99, of which ¥20 were given back because it costs ¥9.99 now
    finish(ask("price", line=lines[1], price_now="9.99"), desk, now, price_found="9.99")
    case = open_case({1: 1}, kind="refund_only", ground="no_reason")
    case = cases.case_approve(case=case, actor=desk.lead, now=now)
    assert (case.agreed, case.lines.get().value) == (D("9.99"), D("9.99"))
    # And the reader of the amount sees both, before and after the payment is made
    shown = [(one.code, one.amount) for one in cases.case_preview(case=case).terms]
    assert shown == [("goods", D("29.99")), ("protected", D(-20))]
    payment = paid(case, desk, now).payments.get()
    assert [one.amount for one in terms(payment)] == [D("29.99"), D(-20), D("9.99")]
    # And of three cups each bears its share
    finish(ask("price", line=lines[0], price_now="13.34"), desk, now, price_found="13.34")
    given = Case.objects.filter(compensation="promise").latest("id").agreed
    first, second = open_case({0: 1}, ground="no_reason"), open_case({0: 2}, ground="no_reason")
    one, rest = first.lines.get().value, second.lines.get().value
    told = [term.amount for case in (first, second) for term in cases.case_preview(case=case).terms]
    assert abs(sum(amount for amount in told if amount < 0) + given) <= D("0.01")
    assert one + rest + given == D("70.01")
    assert D("13.33") <= one <= D("13.35")


def test_what_was_refunded_already_is_not_protected_again(
    unsent: Order, ask: Ask, open_case: Callable[..., Case], lines: list[OrderLine], desk: Cast, now: datetime
) -> None:
    # Given ¥20 for a scratch on the lamp of ¥29.99, which stays
    case = open_case({1: 1}, kind="refund_only", ground="quality")
    case = cases.case_approve(case=case, amount=D(20), actor=desk.lead, now=now)
    paid(case, desk, now)
    assert refused(lambda: ask("price", line=lines[1], price_now="9.99")) == "no_difference"
    done = finish(ask("price", line=lines[1], price_now="5.00"), desk, now, price_found="5.00")
    assert done.case is not None
    assert done.case.agreed == D("4.99")


# Resending, warranty


def test_what_is_missing_is_sent_with_a_waybill(
    order: Order, ask: Ask, lines: list[OrderLine], desk: Cast, now: datetime
) -> None:
    assert refused(lambda: ask("resend", line=lines[0], pieces="4", what="杯盖")) == "pieces"
    row = ask("resend", line=lines[0], pieces="2", what="杯盖")
    assert refused(lambda: finish(row, desk, now, carrier="顺丰", tracking_no="?")) == "waybill"
    assert refused(lambda: finish(row, desk, now, carrier="顺丰")) == "details"
    done = finish(row, desk, now, carrier="顺丰", tracking_no="SF 1001")
    assert done.result["tracking_no"] == "SF 1001"


def test_a_warranty_card(order: Order, ask: Ask, lines: list[OrderLine], desk: Cast, now: datetime) -> None:
    done = finish(ask("warranty", line=lines[1], serial_no="SN1"), desk, now, card_no="W-77")
    assert (done.state, done.result) == ("done", {"card_no": "W-77"})


# Telling and erasing


def test_the_customer_hears_of_each_node_once(
    unsent: Order, ask: Ask, desk: Cast, now: datetime, work_off: Any, customer: Any
) -> None:
    from aftersales.customers.models import Contact
    from aftersales.notices.models import Notice

    Contact(customer=customer, kind="email", value="lin@example.com").save()
    row = ask("hurry", what="dispatch")
    work_off(now)
    request_refuse(request=row, words="排队中，预计周五", actor=desk.agent, now=now)
    work_off(now)
    work_off(now)
    told = list(Notice.objects.filter(source__startswith="request.").values_list("source", flat=True))
    assert sorted(told) == ["request.passed_on", "request.refused"]


def test_the_words_go_with_the_customer(
    unsent: Order, ask: Ask, desk: Cast, now: datetime, customer: Any
) -> None:
    from aftersales.cases.services.erasing import customer_forget

    row = ask("address", address="杭州市某路 2 号", name="林芳")
    customer_forget(customer, actor=system_user(), reason="", now=now)
    row.refresh_from_db()
    assert (row.words, row.details, row.erased_at) == ("", {}, now)


# At once


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_of_two_who_finish_at_once_one_pays(unsent: Order, ask: Ask, desk: Cast, now: datetime) -> None:
    row = ask("cancel")
    found = at_once([lambda: finish(row, desk, now), lambda: finish(row, desk, now)])
    codes = sorted(one.code if isinstance(one, DomainError) else one.state for one in found)
    assert codes == ["done", "wrong_state"]
    assert (Case.objects.count(), CasePayment.objects.count()) == (1, 1)


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_of_two_protections_of_one_line_at_once_one_stands(
    unsent: Order, ask: Ask, lines: list[OrderLine], now: datetime
) -> None:
    found = at_once([lambda: ask("price", line=lines[0], price_now="20") for _n in range(2)])
    codes = sorted(one.code if isinstance(one, DomainError) else one.state for one in found)
    assert codes == ["protected_already", "with_party"]


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_an_answer_and_the_sweep_at_once_end_it_once(
    unsent: Order, ask: Ask, desk: Cast, now: datetime
) -> None:
    row = ask("hurry", what="dispatch")
    late = row.due_at + 80 * HOUR
    at_once([lambda: finish(row, desk, late), lambda: requests_lapse(now=late)])
    row.refresh_from_db()
    assert row.state in ("done", "lapsed")
    assert (
        Event.objects.filter(
            subject_kind="cases.servicerequest", kind__in=["request.done", "request.lapsed"]
        ).count()
        == 1
    )


def test_what_is_still_open_is_not_asked_for_twice(ask: Ask, desk: Cast, now: datetime) -> None:
    """A wall of the same request tells nobody anything; another thing may be hurried besides."""
    first = ask("invoice", **INVOICE)
    assert refused(lambda: ask("invoice", **INVOICE)) == "asked_already"
    assert refused(lambda: ask("invoice", **(INVOICE | {"title": "另一家"}))) == "asked_already"
    request_withdraw(request=first, actor=desk.agent, now=now)
    ask("invoice", **INVOICE)
    ask("hurry", what="delivery")
    assert refused(lambda: ask("hurry", what="delivery")) == "asked_already"
    ask("hurry", what="dispatch")
    assert ServiceRequest.objects.filter(state__in=["asked", "with_party"]).count() == 3
