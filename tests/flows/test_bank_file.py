"""A whole story: a bank file with a rejected row, a refused line of the result, and a refund that comes back later."""

import csv
import hashlib
import io
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.services import system_user
from aftersales.cases import services
from aftersales.cases.models import BankAnswer, Case, CasePayment, Difference, OrderAccount, Payee, PaymentRun
from aftersales.core.models import Event
from aftersales.customers.models import Contact, Customer
from aftersales.notices.models import Notice
from aftersales.orders import services as orders
from aftersales.orders.models import Order, OrderLine
from aftersales.tickets.models import Ticket
from tests.cases.conftest import certified, lines, open_case, order, ticket
from tests.cast import Cast
from tests.core.sheets.steps import check, load, rows_as_csv, verdicts

__all__ = ["certified", "lines", "open_case", "order", "ticket"]
D = Decimal
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WorkOff = Callable[[datetime], None]
RESULT = ["payment", "outcome", "bank_ref", "amount", "currency", "happened_at", "reason"]
STATEMENT = ["source", "line_ref", "payment", "side", "amount", "currency", "happened_at", "words"]


@pytest.fixture(autouse=True)
def clock(now: datetime, settings: Any) -> Iterator[Any]:
    settings.REQUIRE_SECOND_FACTOR = False
    with time_machine.travel(now, tick=False) as clock:
        yield clock


class Bank:
    """The bank of the story: it answers by sheet, and in the end it sends its statement."""

    def __init__(self, desk: Cast) -> None:
        self.desk = desk
        self.booked: list[list[str]] = []

    def books(self, payment: CasePayment, side: str, at: datetime, words: str = "") -> None:
        local = (at + 8 * HOUR).strftime("%Y-%m-%d %H:%M")
        line = str(len(self.booked) + 1)
        self.booked.append(["icbc", line, payment.key, side, str(payment.amount), "CNY", local, words])

    @staticmethod
    def says(payment: CasePayment, outcome: str, ref: str, **more: str) -> list[str]:
        facts = {"amount": str(payment.amount), "reason": ""} | more
        return [payment.key, outcome, ref, facts["amount"], "CNY", "", facts["reason"]]

    def answers(self, *rows: list[str], now: datetime) -> None:
        upload = load("payment_results", rows_as_csv(RESULT, *rows), actor=self.desk.finance, now=now)
        assert upload.state == "done", upload.problem

    def statement(self, now: datetime) -> int:
        upload = load("statements", rows_as_csv(STATEMENT, *self.booked), actor=self.desk.finance, now=now)
        assert upload.state == "done", upload.problem
        return services.statement_compare(source="icbc", actor=self.desk.finance, now=now)


def press(desk: Cast, role: str, name: str, *args: str, **data: str) -> Any:
    """A form of a page, sent as the browser of this person sends it."""
    response = desk.client(desk.of(role)).post(reverse(f"desk:{name}", args=args), data, follow=True)
    assert response.status_code == 200
    return response


def act(desk: Cast, role: str, payment: CasePayment, name: str, **data: str) -> CasePayment:
    payment.refresh_from_db()
    press(desk, role, "payment_act", payment.number, name, version=str(payment.version), **data)
    payment.refresh_from_db()
    return payment


def sent_to_the_bank(desk: Cast, work_off: WorkOff, now: datetime) -> tuple[PaymentRun, list[dict[str, str]]]:
    """Finance collects, the supervisor releases, the file is written; it fits its totals and its fingerprint."""
    press(desk, "finance", "run_make", currency="CNY")
    run = PaymentRun.objects.latest("pk")
    press(desk, "finance", "run_act", run.number, "approve", version=str(run.version))
    run.refresh_from_db()
    assert run.state == "draft"  # nobody releases what he collected
    press(desk, "supervisor", "run_act", run.number, "approve", version=str(run.version))
    work_off(now)
    run.refresh_from_db()
    response = press(desk, "finance", "run_file", run.number)
    assert hashlib.sha256(response.content).hexdigest() == run.sha256
    *rows, total = csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")))
    assert (total["key"], total["amount"], total["way"]) == ("TOTAL", str(run.total), str(len(rows)))
    assert sum(D(row["amount"]) for row in rows) == run.total == run.file_total
    return run, rows


def proposed(case: Case, desk: Cast, ticket: Ticket) -> CasePayment:
    press(desk, "agent", "case_pay", case.number)
    return CasePayment.objects.filter(case=case).latest("pk")


def kinds_of(subject: Any, kind: str) -> list[str]:
    rows = Event.objects.filter(subject_kind=f"cases.{kind}", subject_id=subject.pk).order_by("id")
    return [one.split(".")[1] for one in rows.values_list("kind", flat=True)]


def test_a_bank_file_with_rejects_and_a_bounced_refund(
    open_case: Callable[..., Case],
    order: Order,
    lines: list[OrderLine],
    ticket: Ticket,
    desk: Cast,
    customer: Customer,
    now: datetime,
    clock: Any,
    work_off: WorkOff,
) -> None:
    Contact.objects.create(customer=customer, kind="email", value="linfang@example.com")
    tender = orders.payment_add(
        order=order, sequence=1, method="bank_card", amount=D(110), external_ref="T-1", actor=system_user(), now=now
    )  # fmt: skip
    # Given three refunds of one order that the lead approved and the agent proposed
    cases = [
        services.case_approve(
            case=open_case(pieces, kind="refund_only", ground="other"), actor=desk.lead, now=now
        )
        for pieces in ({1: 1}, {0: 1}, {0: 1})
    ]
    lamp, cup, mug = (proposed(case, desk, ticket) for case in cases)
    assert [one.amount for one in (lamp, cup, mug)] == [D("29.99"), D("23.34"), D("23.34")]
    # When finance collects them and a second person releases the run
    run, rows = sent_to_the_bank(desk, work_off, now)
    assert [row["key"] for row in rows] == [lamp.key, cup.key, mug.key]
    assert {(row["first_payment"], row["account"]) for row in rows} == {("T-1", "")}
    # And the bank pays the first, rejects the second and mistakes the amount of the third
    bank = Bank(desk)
    at = now + 3 * HOUR
    clock.move_to(at)
    first = [bank.says(lamp, "paid", "B-1"), bank.says(cup, "failed", "B-2", reason="原渠道已关闭")]
    wrong = bank.says(mug, "paid", "B-3", amount="32.34")
    upload = check("payment_results", rows_as_csv(RESULT, *first, wrong), actor=desk.finance, now=at)
    verdict, why = verdicts(upload)[4]
    assert (verdict, "amount_differs" in why) == ("r", True)
    bank.answers(*first, wrong, now=at)
    bank.books(lamp, "out", at)
    run.refresh_from_db()
    mug.refresh_from_db()
    assert (run.state, mug.state) == ("exported", "submitted")  # the run waits for its third answer
    # Then the corrected file is read, and once more: each payment is settled once
    told = [*first, bank.says(mug, "paid", "B-3")]
    bank.books(mug, "out", at)
    for _time in range(2):
        bank.answers(*told, now=at)
    for one in (lamp, cup, mug, run, order):
        one.refresh_from_db()
    assert (lamp.state, cup.state, mug.state, run.state) == ("succeeded", "failed", "succeeded", "settled")
    assert (BankAnswer.objects.count(), order.refunded) == (3, D("53.33"))
    assert kinds_of(lamp, "casepayment").count("succeeded") == 1
    assert [Case.objects.get(pk=case.pk).state for case in cases] == ["closed", "approved", "closed"]
    # When what was rejected is called back and proposed again, it is another payment under another key
    at = now + DAY
    clock.move_to(at)
    act(desk, "agent", cup, "cancel")
    again = proposed(cases[1], desk, ticket)
    assert (again.amount, again.replaces, again.key == cup.key) == (D("23.34"), None, False)
    second, rows = sent_to_the_bank(desk, work_off, at)
    assert [row["key"] for row in rows] == [again.key]
    bank.answers(*told, bank.says(again, "paid", "B-4"), now=at)
    bank.books(again, "out", at)
    work_off(at)
    ticket.refresh_from_db()
    assert ticket.cases_open == 0
    # When the bank sends the first refund back two days later, the order holds it no more and the ticket is held again
    at = now + 3 * DAY
    clock.move_to(at)
    came_back = bank.says(lamp, "returned", "B-5", reason="账户已销户")
    bank.answers(came_back, now=at)
    bank.books(lamp, "back", at, "账户已销户")
    order.refresh_from_db()
    ticket.refresh_from_db()
    tender.refresh_from_db()
    assert (order.refunded, tender.refunded, ticket.cases_open) == (D("46.68"), D("46.68"), 1)
    # And the agent finds it at the conversation, with the way to the payment, and asks the customer for another account
    shown = desk.client("agent").get(reverse("desk:ticket_cases", args=[ticket.number])).content.decode()
    assert reverse("desk:payment", args=[lamp.number]) in shown
    assert str(_("The bank sent the refund back: ask for another account")) in shown
    assert act(desk, "agent", lamp, "ask_payee").state == "payee_needed"
    work_off(at)
    asked = Notice.objects.get(source="case.payee_asked")
    assert "¥29.99" in asked.body
    assert "账户已销户" in asked.body
    # And without his consent, or in another name without proof, nothing is paid to it
    account = {"holder": "林芳", "bank": "工商银行", "account": "6222 0200 1111 2222", "name_check": "same"}
    act(desk, "agent", lamp, "replace", **account, consent="")
    act(
        desk,
        "agent",
        lamp,
        "replace",
        **account | {"holder": "林强", "name_check": "proven"},
        consent="电话同意",
    )
    assert (lamp.state, Payee.objects.count()) == ("payee_needed", 0)
    act(desk, "agent", lamp, "replace", **account, consent="11月26日电话确认")
    anew = CasePayment.objects.get(replaces=lamp)
    assert (lamp.state, anew.state, anew.amount, anew.second_why) == (
        "replaced", "awaiting_approval", D("29.99"), "other_account",
    )  # fmt: skip
    assert len({lamp.key, anew.key, cup.key, again.key, mug.key}) == 5
    # And only another person lets it out, by a run of its own whose file names the account
    assert act(desk, "agent", anew, "approve").state == "awaiting_approval"
    assert act(desk, "supervisor", anew, "approve").state == "approved"
    third, rows = sent_to_the_bank(desk, work_off, at)
    assert [(row["key"], row["holder"], row["account"]) for row in rows] == [
        (anew.key, "林芳", "6222020011112222")
    ]
    at = now + 4 * DAY
    clock.move_to(at)
    bank.answers(bank.says(anew, "paid", "B-6"), now=at)
    bank.books(anew, "out", at)
    # Then every answer of these days read once more changes nothing: nobody is paid twice
    before = (Event.objects.count(), BankAnswer.objects.count())
    bank.answers(
        *told, bank.says(again, "paid", "B-4"), came_back, bank.says(anew, "paid", "B-6"), now=at + HOUR
    )
    assert BankAnswer.objects.count() == before[1] == 6
    assert not Event.objects.filter(kind__startswith="payment.", at=at + HOUR).exists()
    work_off(at + HOUR)
    order.refresh_from_db()
    ticket.refresh_from_db()
    tender.refresh_from_db()
    assert (order.refunded, tender.refunded, ticket.cases_open) == (D("76.67"), D("76.67"), 0)
    assert OrderAccount.objects.get(order=order).granted == D("76.67")
    assert {case.paying == case.agreed and case.state for case in Case.objects.all()} == {"closed"}
    assert set(PaymentRun.objects.values_list("state", flat=True)) == {"settled"}
    # And the statement of the bank agrees with it to the line
    assert bank.statement(at + 2 * HOUR) == 0
    assert not Difference.objects.exists()
    paid = sum(D(line[4]) if line[3] == "out" else -D(line[4]) for line in bank.booked)
    assert paid == order.refunded
    # And the customer heard of each refund that was paid, and the payments tell their story
    refunds = Notice.objects.filter(source="case.refunded").order_by("pk")
    assert [one.subject.split()[0] for one in refunds] == ["¥29.99", "¥23.34", "¥23.34", "¥29.99"]
    assert kinds_of(lamp, "casepayment") == [
        "proposed", "approved", "submitted", "succeeded", "returned", "payee_asked", "replaced",
    ]  # fmt: skip
    assert kinds_of(cup, "casepayment") == ["proposed", "approved", "submitted", "failed", "cancelled"]
    assert kinds_of(anew, "casepayment") == ["proposed", "asked", "approved", "submitted", "succeeded"]
    assert kinds_of(second, "paymentrun") == ["made", "approved", "exported", "fetched", "settled"]
    assert third.total == anew.amount
