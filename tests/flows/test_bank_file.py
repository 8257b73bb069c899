"""A whole story: a bank file with a rejected row, a refused line of the result, and a refund that comes back later."""

import csv
import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
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
from aftersales.orders.models import Order, OrderLine, Payment
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
ACCOUNT = {"holder": "林芳", "bank": "工商银行", "account": "6222 0200 1111 2222", "name_check": "same"}


@pytest.fixture(autouse=True)
def clock(now: datetime, settings: Any) -> Iterator[Any]:
    settings.REQUIRE_SECOND_FACTOR = False
    with time_machine.travel(now, tick=False) as clock:
        yield clock


@dataclass
class Office:
    """Who works with the money, and the bank: people press buttons, the bank answers by sheet."""

    desk: Cast
    order: Order
    tender: Payment
    ticket: Ticket
    clock: Any
    work_off: WorkOff
    now: datetime
    said: list[list[str]] = field(default_factory=list)
    booked: list[list[str]] = field(default_factory=list)

    def later(self, span: timedelta) -> None:
        self.now += span
        self.clock.move_to(self.now)

    def press(self, role: str, name: str, *args: str, **data: str) -> Any:
        """A form of a page, sent as the browser of this person sends it."""
        client = self.desk.client(self.desk.of(role))
        response = client.post(reverse(f"desk:{name}", args=args), data, follow=True)
        assert response.status_code in (200, 422)  # 422: refused, and the page stands as it was filled in
        return response

    def act(self, role: str, payment: CasePayment, name: str, **data: str) -> CasePayment:
        payment.refresh_from_db()
        self.press(role, "payment_act", payment.number, name, version=str(payment.version), **data)
        payment.refresh_from_db()
        return payment

    def propose(self, case: Case) -> CasePayment:
        self.press("agent", "case_pay", case.number)
        return CasePayment.objects.filter(case=case).latest("pk")

    def send(self) -> tuple[PaymentRun, list[dict[str, str]]]:
        """Finance collects, another person releases, the file is written; it fits its totals and its fingerprint."""
        self.press("finance", "run_make", currency="CNY")
        run = PaymentRun.objects.latest("pk")
        self.press("finance", "run_act", run.number, "approve", version=str(run.version))
        run.refresh_from_db()
        assert run.state == "draft"  # nobody releases what he collected
        self.press("supervisor", "run_act", run.number, "approve", version=str(run.version))
        self.work_off(self.now)
        run.refresh_from_db()
        content = self.press("finance", "run_file", run.number).content
        assert hashlib.sha256(content).hexdigest() == run.sha256
        *rows, total = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
        assert (total["key"], total["amount"], total["way"]) == ("TOTAL", str(run.total), str(len(rows)))
        assert sum(D(row["amount"]) for row in rows) == run.total == run.file_total
        return run, rows

    def say(self, payment: CasePayment, outcome: str, amount: str = "", reason: str = "") -> list[str]:
        """A line of the bank's result; what is right in it stands in the bank's books too."""
        right = not amount
        ref, amount = f"B-{len(self.said) + 1}", amount or str(payment.amount)
        line = [payment.key, outcome, ref, amount, "CNY", "", reason]
        side = {"paid": "out", "returned": "back"}.get(outcome)
        if right:
            self.said.append(line)
        if right and side:
            local = (self.now + 8 * HOUR).strftime("%Y-%m-%d %H:%M")
            self.booked.append(["icbc", ref, payment.key, side, amount, "CNY", local, reason])
        return line

    def read(self, *rows: list[str]) -> None:
        """Finance reads a result in, and the worker does what follows."""
        upload = load("payment_results", rows_as_csv(RESULT, *rows), actor=self.desk.finance, now=self.now)
        assert upload.state == "done", upload.problem
        self.work_off(self.now)
        for row in (self.order, self.ticket, self.tender):
            row.refresh_from_db()

    def compare(self) -> int:
        rows = rows_as_csv(STATEMENT, *self.booked)
        assert load("statements", rows, actor=self.desk.finance, now=self.now).state == "done"
        return services.statement_compare(source="icbc", actor=self.desk.finance, now=self.now)


@pytest.fixture
def office(
    desk: Cast, order: Order, ticket: Ticket, customer: Customer, now: datetime, clock: Any, work_off: WorkOff
) -> Office:
    Contact.objects.create(customer=customer, kind="email", value="linfang@example.com")
    tender = orders.payment_add(
        order=order, sequence=1, method="bank_card", amount=D(110), external_ref="T-1", actor=system_user(), now=now
    )  # fmt: skip
    return Office(desk, order, tender, ticket, clock, work_off, now)


def course(subject: Any) -> list[str]:
    kind = f"cases.{type(subject).__name__.lower()}"
    rows = Event.objects.filter(subject_kind=kind, subject_id=subject.pk).order_by("id")
    return [one.split(".")[1] for one in rows.values_list("kind", flat=True)]


def states(*rows: Any) -> list[str]:
    return [type(row).objects.get(pk=row.pk).state for row in rows]


def test_a_bank_file_with_rejects_and_a_bounced_refund(
    open_case: Callable[..., Case], lines: list[OrderLine], office: Office, desk: Cast, now: datetime
) -> None:
    # Given three refunds of one order that the lead approved and the agent proposed
    approve: Any = services.case_approve
    cases = [
        approve(case=open_case(pieces, kind="refund_only", ground="other"), actor=desk.lead, now=now)
        for pieces in ({1: 1}, {0: 1}, {0: 1})
    ]
    lamp, cup, mug = (office.propose(case) for case in cases)
    # When finance sends them, the bank pays, rejects and mistakes one each; then the corrected file is read twice
    _first_file(office, lamp, cup, mug)
    assert states(*cases) == ["closed", "approved", "closed"]
    # When what was rejected is called back and proposed again, it goes out as another payment under another key
    office.later(DAY)
    office.act("agent", cup, "cancel")
    again = office.propose(cases[1])
    assert (again.amount, again.replaces, again.key == cup.key) == (D("23.34"), None, False)
    second, rows = office.send()
    assert [row["key"] for row in rows] == [again.key]
    office.say(again, "paid")
    office.read(*office.said)
    assert office.ticket.cases_open == 0
    # When the bank sends the first one back, the customer is asked, and paid on another account
    office.later(2 * DAY)
    _came_back(office, lamp)
    anew = _another_account(office, lamp)
    # Then the bank's answers of all these days read once more change nothing: nobody is paid twice
    office.later(DAY)
    told = (BankAnswer.objects.count(), Event.objects.filter(kind__startswith="payment.").count())
    office.read(*office.said)
    assert (BankAnswer.objects.count(), Event.objects.filter(kind__startswith="payment.").count()) == told
    assert (office.order.refunded, office.tender.refunded, office.ticket.cases_open) == (
        D("76.67"),
        D("76.67"),
        0,
    )
    assert OrderAccount.objects.get(order=office.order).granted == D("76.67")
    assert {case.paying == case.agreed and case.state for case in Case.objects.all()} == {"closed"}
    assert set(PaymentRun.objects.values_list("state", flat=True)) == {"settled"}
    # And the statement of the bank agrees with our payments to the line
    assert (office.compare(), Difference.objects.count()) == (0, 0)
    paid = sum(D(line[4]) if line[3] == "out" else -D(line[4]) for line in office.booked)
    assert paid == office.order.refunded
    # And each payment tells its story
    assert course(cup) == ["proposed", "approved", "submitted", "failed", "cancelled"]
    assert course(lamp)[2:] == ["submitted", "succeeded", "returned", "payee_asked", "replaced"]
    assert course(anew) == ["proposed", "asked", "approved", "submitted", "succeeded"]
    assert course(second) == ["made", "approved", "exported", "fetched", "settled"]
    _everybody_heard(office)


def _first_file(office: Office, lamp: CasePayment, cup: CasePayment, mug: CasePayment) -> None:
    assert [one.amount for one in (lamp, cup, mug)] == [D("29.99"), D("23.34"), D("23.34")]
    run, rows = office.send()
    assert [row["key"] for row in rows] == [lamp.key, cup.key, mug.key]
    assert {(row["first_payment"], row["account"]) for row in rows} == {("T-1", "")}
    office.later(3 * HOUR)
    good = [office.say(lamp, "paid"), office.say(cup, "failed", reason="原渠道已关闭")]
    wrong = office.say(mug, "paid", amount="32.34")
    upload = check(
        "payment_results", rows_as_csv(RESULT, *good, wrong), actor=office.desk.finance, now=office.now
    )
    verdict, why = verdicts(upload)[4]
    assert (verdict, "amount_differs" in why) == ("r", True)
    office.read(*good, wrong)
    assert states(run, mug) == ["exported", "submitted"]  # the run waits for its third answer
    office.say(mug, "paid")
    for _time in range(2):
        office.read(*office.said)
    assert states(lamp, cup, mug, run) == ["succeeded", "failed", "succeeded", "settled"]
    assert (BankAnswer.objects.count(), office.order.refunded) == (3, D("53.33"))
    assert course(lamp).count("succeeded") == 1


def _came_back(office: Office, lamp: CasePayment) -> None:
    """The order holds it no more, the ticket is held again, and the agent finds it and asks for another account."""
    office.read(office.say(lamp, "returned", reason="账户已销户"))
    assert (office.order.refunded, office.tender.refunded, office.ticket.cases_open) == (
        D("46.68"),
        D("46.68"),
        1,
    )
    beside = office.desk.client("agent").get(reverse("desk:ticket_cases", args=[office.ticket.number]))
    assert reverse("desk:payment", args=[lamp.number]) in beside.content.decode()
    assert str(_("The bank sent the refund back: ask for another account")) in beside.content.decode()
    assert office.act("agent", lamp, "ask_payee").state == "payee_needed"
    office.work_off(office.now)
    asked = Notice.objects.get(source="case.payee_asked")
    assert ["¥29.99" in asked.body, "账户已销户" in asked.body] == [True, True]


def _another_account(office: Office, lamp: CasePayment) -> CasePayment:
    """Not without consent, not in another name without proof, not by one person alone; then under a linked key."""
    other_name = ACCOUNT | {"holder": "林强", "name_check": "proven"}
    office.act("agent", lamp, "replace", **ACCOUNT, consent="")
    office.act("agent", lamp, "replace", **other_name, consent="电话同意")
    assert (lamp.state, Payee.objects.count()) == ("payee_needed", 0)
    office.act("agent", lamp, "replace", **ACCOUNT, consent="11月26日电话确认")
    anew = CasePayment.objects.get(replaces=lamp)
    assert (lamp.state, anew.state, anew.second_why) == ("replaced", "awaiting_approval", "other_account")
    assert (anew.amount, anew.key == lamp.key) == (D("29.99"), False)
    assert office.act("agent", anew, "approve").state == "awaiting_approval"
    assert office.act("supervisor", anew, "approve").state == "approved"
    _run, rows = office.send()
    assert [(row["key"], row["holder"], row["account"]) for row in rows] == [
        (anew.key, "林芳", "6222020011112222")
    ]
    office.later(DAY)
    office.read(office.say(anew, "paid"))
    return anew


def _everybody_heard(office: Office) -> None:
    """The customer of each refund that was paid, the agent of what was rejected and of what came back."""
    refunds = Notice.objects.filter(source="case.refunded").order_by("pk")
    assert [one.subject.split()[0] for one in refunds] == ["¥29.99", "¥23.34", "¥23.34", "¥29.99"]
    back = Notice.objects.filter(source="work.money_back").order_by("pk")
    assert [one.user_id for one in back] == [office.ticket.assignee_id] * 2
    assert ["原渠道已关闭" in back[0].body, "账户已销户" in back[1].body] == [True, True]
