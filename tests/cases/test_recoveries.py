"""Recoveries: the platform pays first for a merchant who did not agree, and gets it back from him (R4.10)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.services import system_user
from aftersales.cases import services
from aftersales.cases.models import Case, CasePayment, Recovery, RecoveryStep
from aftersales.cases.recovery.rules import claim, give_back_of, is_advance
from aftersales.cases.services import RulingDraft
from aftersales.core.errors import NotPermitted
from aftersales.desk.recoveries import claim_file
from aftersales.ledger import chart
from aftersales.ledger import selectors as books
from aftersales.ledger import services as ledger
from aftersales.ledger.chart import Line
from aftersales.ledger.models import Journal
from aftersales.merchants import services as merchants
from aftersales.merchants.models import DepositCall, Merchant
from aftersales.notices.models import Notice
from tests.cases.test_disputes import dispute, refused
from tests.cases.test_rulings import FOR_CUSTOMER, FOR_MERCHANT, pay_all, ruled
from tests.cast import Cast

__all__ = ["dispute"]
D, DAY = Decimal, timedelta(days=1)
Open = Callable[..., Case]
WorkOff = Callable[[datetime], None]
PAID = D("77.01")


def shop() -> Merchant:
    return Merchant.objects.get()


def hold(held: str, due: str, now: datetime) -> Merchant:
    """What stands in the merchant's deposit, and what should."""
    return merchants.merchant_change(
        merchant=shop(), actor=system_user(), now=now, deposit_held=D(held), deposit_due=D(due)
    )


def owe(amount: str, now: datetime, key: int = 1) -> None:
    """The platform owes the merchant an unsettled payout."""
    line = Line(chart.CASH, chart.payable(shop()), D(amount))
    ledger.post(source=("tests.payout", key), kind="settlement", lines=[line], actor=system_user(), now=now)


def sums(row: Recovery) -> tuple[str, Decimal, Decimal, Decimal, Decimal]:
    row.refresh_from_db()
    return row.state, row.due, row.taken, row.receivable, row.written_off


def books_agree() -> None:
    """Debits and credits are equal, and nothing in the ledger contradicts itself."""
    assert list(books.faults()) == []
    assert all(debits == credits for _unit, debits, credits in books.totals())


@pytest.fixture
def advanced(dispute: Any, desk: Cast, now: datetime, work_off: WorkOff) -> Recovery:
    """A ruling for the customer, paid by the platform: the merchant owes ¥77.01."""
    ruled(dispute, FOR_CUSTOMER, desk.adjudicator, now)
    pay_all(desk, now)
    work_off(now)
    return Recovery.objects.get()


@pytest.fixture
def later(now: datetime) -> datetime:
    """The window for an objection is over."""
    return now + 8 * DAY


# Which payments are advances


@pytest.mark.parametrize(
    ("borne_by", "self_run", "how", "first", "answer"),
    [
        ("merchant", False, "ruling", False, True), ("merchant", False, "silence", False, True),
        ("merchant", False, "merchant", False, False), ("merchant", False, "agreement", False, False),
        ("merchant", False, "staff", False, False), ("merchant", False, "rule", False, False),
        ("merchant", False, "merchant", True, True), ("merchant", True, "ruling", True, False),
        ("platform", False, "ruling", True, False), ("insurer", False, "ruling", False, False),
        ("carrier", False, "silence", True, False),
    ],
)  # fmt: skip
def test_an_advance_is_what_another_merchant_owes_and_did_not_agree_to(
    borne_by: str, self_run: bool, how: str, first: bool, answer: bool
) -> None:
    found = is_advance(
        borne_by=borne_by, merchant=Merchant(self_run=self_run), decided_how=how, paid_first=first
    )
    assert found is answer
    assert not is_advance(borne_by=borne_by, merchant=None, decided_how=how, paid_first=first)


@pytest.mark.parametrize(
    ("advanced", "ruled", "ordinary", "fault", "freed", "due"),
    [
        ("80", None, "0", 0, "0", "80"), ("80", "50", "0", 0, "0", "50"), ("80", "50", "20", 0, "0", "30"),
        ("80", "0", "0", 0, "0", "0"), ("80", None, "0", 40, "0", "48"), ("0.05", None, "0", 50, "0", "0.03"),
        ("80", None, "0", 0, "30", "50"), ("0", None, "0", 0, "30", "0"), ("80", None, "0", 100, "0", "0"),
    ],
)  # fmt: skip
def test_what_is_claimed_of_an_advance(
    advanced: str, ruled: str | None, ordinary: str, fault: int, freed: str, due: str
) -> None:
    found = claim(
        D(advanced),
        ruled=D(ruled) if ruled else None,
        ordinary=D(ordinary),
        platform_fault=fault,
        freed=D(freed),
    )
    assert found == D(due)


def test_what_came_last_goes_back_first() -> None:
    money = {"payout": D(10), "deposit": D(20), "paid": D(5)}
    assert give_back_of(money, D(27), ("paid", "deposit", "payout")) == [
        ("paid", D(5)), ("deposit", D(20)), ("payout", D(2)),
    ]  # fmt: skip
    assert sum(part for _one, part in give_back_of(money, D(99), ("paid", "deposit", "payout"))) == D(35)


# Opening


def test_a_ruling_paid_by_the_platform_opens_one_recovery_with_notice(
    advanced: Recovery, dispute: Any, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    assert sums(advanced) == ("notified", PAID, 0, 0, 0)
    assert (advanced.merchant, advanced.opened_by) == (shop(), desk.adjudicator)
    assert advanced.object_until == now + 7 * DAY
    assert CasePayment.objects.get().paid_first
    # Asked again, nothing changes: one recovery, one entry, one notice
    assert services.recovery_keep(case_id=advanced.case_id, now=now + DAY) == advanced
    work_off(now + DAY)
    assert Journal.objects.filter(kind="advance").count() == Recovery.objects.count() == 1
    told = Notice.objects.get(source="recovery.notice")
    assert (told.recipient_kind, "¥77.01" in told.body) == ("merchant", True)
    assert books.balance(chart.COST) == PAID
    books_agree()


def test_what_the_merchant_agreed_to_is_no_advance(
    open_case: Open, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    case = open_case({0: 1}, kind="refund_only", ground="quality")
    services.case_approve(case=case, actor=desk.agent, now=now, how="merchant")
    services.payment_propose(case=case, actor=desk.agent, now=now)
    pay_all(desk, now)
    work_off(now)
    assert not CasePayment.objects.get().paid_first
    assert not Recovery.objects.exists()
    assert services.recovery_keep(case_id=case.pk, now=now) is None


def test_a_person_pays_first_within_his_authority_for_advances(
    open_case: Open, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    case = open_case({0: 1}, kind="refund_only", ground="quality")
    services.case_approve(case=case, actor=desk.agent, now=now, how="merchant")
    with pytest.raises(NotPermitted):
        services.case_pay_first(case=case, reason="商家余额不足", actor=desk.agent, now=now)
    refused("reason", lambda: services.case_pay_first(case=case, reason=" ", actor=desk.lead, now=now))
    (payment,) = services.case_pay_first(case=case, reason="商家余额不足", actor=desk.lead, now=now)
    assert (payment.paid_first, payment.state) == (True, "approved")
    refused("nothing_left", lambda: services.case_pay_first(case=case, reason="x", actor=desk.lead, now=now))
    pay_all(desk, now)
    work_off(now)
    assert Recovery.objects.get().opened_by == desk.lead


def test_without_authority_for_advances_a_second_person_is_asked(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    case = open_case({0: 1}, kind="refund_only", ground="quality")
    services.case_approve(case=case, actor=desk.agent, now=now, how="merchant")
    newcomer = desk.person("lead")
    (payment,) = services.case_pay_first(case=case, reason="商家失联", actor=newcomer, now=now)
    assert (payment.state, payment.second_why) == ("awaiting_approval", "no_certificate")


def test_the_platforms_own_shop_owes_nobody(open_case: Open, desk: Cast, now: datetime) -> None:
    case = open_case({0: 1}, kind="refund_only", ground="quality")
    services.case_approve(case=case, actor=desk.agent, now=now, how="merchant")
    merchants.merchant_change(merchant=shop(), actor=system_user(), now=now, self_run=True)
    refused("no_merchant", lambda: services.case_pay_first(case=case, reason="x", actor=desk.lead, now=now))


def test_two_payments_of_one_case_are_one_recovery(
    dispute: Any, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    ruled(dispute, FOR_CUSTOMER, desk.adjudicator, now)
    first = CasePayment.objects.get()
    pay_all(desk, now)
    work_off(now)
    # Given the bank sends it back and it is paid anew under a new key
    services.payment_bounce(payment=first, actor=desk.finance, now=now, failure="账户不存在")
    work_off(now)
    row = Recovery.objects.get()
    assert sums(row)[:2] == ("overturned", 0)
    services.payment_ask_payee(payment=first, actor=desk.agent, now=now)
    draft = services.PayeeDraft("林芳", "6222000011112222", "电话同意", "same")
    anew = services.payment_replace(payment=first, draft=draft, actor=desk.agent, now=now)
    assert anew.paid_first
    pay_all(desk, now + DAY)
    work_off(now + DAY)
    # Then it is the same recovery, with a new notice and a new window
    assert sums(row)[:2] == ("notified", PAID)
    assert row.object_until == now + 8 * DAY
    assert (Recovery.objects.count(), Notice.objects.filter(source="recovery.notice").count()) == (1, 2)
    assert books.balance(chart.COST) == PAID
    books_agree()


@pytest.mark.parametrize("heard", ["at once", "later"])
def test_the_ledger_hears_of_each_time_an_advance_went_out_and_came_back(
    dispute: Any, desk: Cast, now: datetime, work_off: WorkOff, heard: str
) -> None:
    """Paid, returned, paid after all, returned, paid: ledger and bank agree after every step, whenever it is told."""
    ruled(dispute, FOR_CUSTOMER, desk.adjudicator, now)
    payment = CasePayment.objects.get()
    opened = books.balance(chart.CASH)
    pay_all(desk, now)
    for step, out in enumerate((False, True, False, True)):
        at = now + step * timedelta(hours=1)
        if heard == "at once":
            work_off(at)
            assert books.balance(chart.COST) == opened - books.balance(chart.CASH) == (0 if out else PAID)
        payment = CasePayment.objects.get(pk=payment.pk)
        if out:
            services.payment_succeed(payment=payment, actor=desk.finance, now=at, paid_at=at)
        else:
            services.payment_bounce(payment=payment, actor=desk.finance, now=at, failure="账户不存在")
    work_off(now + DAY)
    assert books.balance(chart.COST) == opened - books.balance(chart.CASH) == PAID
    kinds = list(Journal.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["advance", "reversal", "advance", "reversal", "advance"]
    assert sums(Recovery.objects.get())[:2] == ("notified", PAID)
    shown = [one.kind for one in claim_file(Recovery.objects.get(), desk.finance, now + DAY).entries]
    assert shown == kinds
    # Once more changes nothing
    services.recovery_keep(case_id=payment.case_id, now=now + DAY)
    assert Journal.objects.count() == 5
    books_agree()


def test_the_platforms_own_share_of_fault_is_not_claimed(
    dispute: Any, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    shared = {"merchant": 60, "platform": 40}
    draft = RulingDraft(outcome="full_refund", clause="c", facts="f", reasons="r", fault=shared)
    ruled(dispute, draft, desk.adjudicator, now)
    pay_all(desk, now)
    work_off(now)
    row = Recovery.objects.get()
    assert (row.advanced, row.due, row.borne) == (PAID, D("46.21"), D("30.80"))


# Collecting


def test_payout_then_deposit_then_receivable(
    advanced: Recovery, desk: Cast, later: datetime, now: datetime, work_off: WorkOff
) -> None:
    hold("30", "30", now)
    owe("20", now)
    row = services.recovery_collect(recovery=advanced, actor=desk.finance, now=later)
    assert sums(row) == ("partly", PAID, D(50), D("27.01"), 0)
    steps = list(RecoveryStep.objects.values_list("source", "amount"))
    assert steps == [("payout", D(20)), ("deposit", D(30)), ("receivable", D("27.01"))]
    assert (shop().deposit_held, books.balance(chart.payable(shop()))) == (0, 0)
    assert books.balance(chart.deposit(shop())) == 0
    assert books.balance(chart.receivable(shop())) == D("27.01")
    books_agree()
    # And again, nothing is there: nothing changes
    again = services.recovery_collect(recovery=row, actor=desk.finance, now=later + DAY)
    assert (again.version, RecoveryStep.objects.count()) == (row.version, 3)
    # And the merchant is told what came and what he owes, and is asked to top up his deposit
    work_off(later)
    told = Notice.objects.get(source="recovery.collected")
    assert ("¥50.00" in told.body, "¥27.01" in told.body) == (True, True)
    call = DepositCall.objects.get()
    assert (call.amount, call.due_at, call.met_at) == (D(30), later + 10 * DAY, None)
    assert "¥30.00" in Notice.objects.get(source="deposit.asked").body
    # When he tops it up, the rest is taken of it by the sweep
    services.merchant_top_up(
        merchant=shop(), amount=D(30), reference="B-1", actor=desk.finance, now=later + DAY
    )
    call.refresh_from_db()
    assert call.met_at == later + DAY
    assert services.recoveries_collect(now=later + DAY) == 1
    assert sums(row) == ("recovered", PAID, PAID, 0, 0)
    assert shop().deposit_held == D("2.99")
    assert books.balance(chart.deposit(shop())) == D("2.99")
    assert (books.balance(chart.receivable(shop())), books.balance(chart.COST)) == (0, 0)
    assert services.recoveries_collect(now=later + 2 * DAY) == 0
    books_agree()


def test_nothing_is_taken_while_the_merchant_may_object(
    advanced: Recovery, desk: Cast, now: datetime, later: datetime
) -> None:
    hold("100", "0", now)
    refused(
        "may_object", lambda: services.recovery_collect(recovery=advanced, actor=desk.finance, now=now + DAY)
    )
    assert services.recoveries_collect(now=now + 7 * DAY) == 0
    assert services.recoveries_collect(now=later) == 1
    assert sums(advanced) == ("recovered", PAID, PAID, 0, 0)


def test_a_deposit_in_another_currency_is_not_touched(
    advanced: Recovery, desk: Cast, now: datetime, later: datetime
) -> None:
    merchants.merchant_change(
        merchant=shop(), actor=system_user(), now=now, deposit_held=D(500), currency="USD"
    )
    row = services.recovery_collect(recovery=advanced, actor=desk.finance, now=later)
    assert sums(row) == ("collecting", PAID, 0, PAID, 0)
    assert shop().deposit_held == D(500)


def test_the_merchant_pays_his_debt_once_per_reference(
    advanced: Recovery, desk: Cast, later: datetime
) -> None:
    row = services.recovery_collect(recovery=advanced, actor=desk.finance, now=later)
    assert sums(row) == ("collecting", PAID, 0, PAID, 0)

    def pay(amount: str, reference: str) -> Recovery:
        return services.recovery_paid(
            recovery=row, amount=D(amount), reference=reference, actor=desk.finance, now=later
        )

    assert sums(pay("50", "B-7")) == ("partly", PAID, D(50), D("27.01"), 0)
    assert sums(pay("50", " B-7 ")) == ("partly", PAID, D(50), D("27.01"), 0)
    refused("reference_used", lambda: pay("27.01", "B-7"))
    refused("too_much", lambda: pay("27.02", "B-8"))
    for amount in ("0", "-1", "1.001", "NaN", "Infinity"):
        refused("amount", lambda amount=amount: pay(amount, "B-9"))
    for reference in ("", " \x00", "x" * 81):
        refused("reference", lambda reference=reference: pay("1", reference))
    assert sums(pay("27.01", "B-8"))[0] == "recovered"
    refused("not_collected", lambda: pay("1", "B-10"))
    assert books.balance(chart.COST) == 0
    books_agree()


# Objection


def test_an_objection_is_decided_by_another_person(
    advanced: Recovery, desk: Cast, now: datetime, later: datetime, work_off: WorkOff
) -> None:
    who: dict[str, Any] = {"recovery": advanced, "now": now + DAY}
    refused("cause", lambda: services.recovery_object(cause="?", words="x", actor=desk.agent, **who))
    refused("reason", lambda: services.recovery_object(cause="goods", words=" \x00", actor=desk.agent, **who))
    refused(
        "too_long", lambda: services.recovery_object(cause="goods", words="x" * 4001, actor=desk.agent, **who)
    )
    row = services.recovery_object(cause="not_ours", words="快递员签收", actor=desk.lead, **who)
    assert (row.state, row.objected_by) == ("objected", desk.lead)
    refused("wrong_state", lambda: services.recovery_collect(recovery=row, actor=desk.finance, now=later))
    assert services.recoveries_collect(now=later) == 0

    def decide(person: Any, stands: str, words: str = "证据不足") -> Recovery:
        return services.recovery_decide(recovery=row, stands=D(stands), words=words, actor=person, now=later)

    refused("own_decision", lambda: decide(desk.lead, "77.01"))  # took it down
    refused("own_decision", lambda: decide(desk.adjudicator, "77.01"))  # ruled that it is paid
    with pytest.raises(NotPermitted):
        decide(desk.finance, "77.01")
    refused("reason", lambda: decide(desk.supervisor, "77.01", " "))
    refused("amount", lambda: decide(desk.supervisor, "77.02"))
    refused("amount", lambda: decide(desk.supervisor, "-1"))
    upheld = decide(desk.supervisor, "50")
    assert (upheld.state, upheld.due, upheld.freed) == ("upheld", D(50), D("27.01"))
    assert services.recovery_keep(case_id=row.case_id, now=later) == upheld
    assert sums(row)[:2] == ("upheld", D(50))
    assert services.recoveries_collect(now=later) == 1
    work_off(later)
    assert "¥50.00" in Notice.objects.get(source="recovery.decided").body


def test_an_objection_that_holds_ends_it(
    advanced: Recovery, desk: Cast, now: datetime, later: datetime
) -> None:
    row = services.recovery_object(
        recovery=advanced, cause="paid", words="已私下退款，见转账截图", actor=desk.agent, now=now
    )
    done = services.recovery_decide(recovery=row, stands=D(0), words="属实", actor=desk.supervisor, now=later)
    assert (done.state, done.due, done.borne) == ("overturned", 0, PAID)
    assert services.recoveries_collect(now=later) == 0


def test_after_the_window_nobody_objects(advanced: Recovery, desk: Cast, later: datetime) -> None:
    refused(
        "too_late",
        lambda: services.recovery_object(
            recovery=advanced, cause="goods", words="x", actor=desk.agent, now=later
        ),
    )


# What goes back


def test_a_reversed_payment_gives_back_what_was_taken(
    advanced: Recovery, desk: Cast, now: datetime, later: datetime, work_off: WorkOff
) -> None:
    hold("30", "30", now)
    owe("20", now)
    services.recovery_collect(recovery=advanced, actor=desk.finance, now=later)
    # When the customer gives the money back
    services.payment_reverse(payment=CasePayment.objects.get(), actor=desk.lead, now=later, reason="客户退回")
    work_off(later)
    # Then deposit and payout stand as before, the debt is gone, and the platform has its money
    assert sums(advanced) == ("overturned", 0, 0, 0, 0)
    assert (shop().deposit_held, books.balance(chart.payable(shop()))) == (D(30), D(20))
    assert books.balance(chart.deposit(shop())) == D(30)
    assert (books.balance(chart.receivable(shop())), books.balance(chart.COST)) == (0, 0)
    back = list(RecoveryStep.objects.filter(back=True).values_list("source", "amount"))
    assert back == [("receivable", D("27.01")), ("deposit", D(30)), ("payout", D(20))]
    assert DepositCall.objects.get().met_at == later
    assert Notice.objects.filter(source="recovery.ended").count() == 1
    books_agree()


def test_an_appeal_that_frees_the_merchant_ends_it(
    advanced: Recovery, dispute: Any, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    services.dispute_appeal(dispute=dispute, by="merchant", actor=desk.agent, now=now, words="商品被调包")
    final = services.appeal_decide(
        dispute=dispute, draft=FOR_MERCHANT, actor=desk.person("adjudicator"), now=now
    )
    work_off(now)
    # The customer keeps his money, the platform bears it, and nothing is credited that was never taken
    assert (final.kept, sums(advanced)) == (PAID, ("overturned", 0, 0, 0, 0))
    assert (books.balance(chart.COST), books.balance(chart.payable(shop()))) == (PAID, 0)
    assert services.recoveries_collect(now=now + 30 * DAY) == 0
    books_agree()


def test_an_appeal_that_lowers_the_refund_lowers_the_claim(
    advanced: Recovery, dispute: Any, desk: Cast, now: datetime, later: datetime, work_off: WorkOff
) -> None:
    hold("100", "0", now)
    services.dispute_appeal(dispute=dispute, by="merchant", actor=desk.agent, now=now, words="只坏了一件")
    services.recovery_collect(recovery=advanced, actor=desk.finance, now=later)
    part = RulingDraft(
        outcome="part_refund", amount=D(40), clause="c", facts="f", reasons="r", fault={"merchant": 100}
    )
    services.appeal_decide(dispute=dispute, draft=part, actor=desk.person("adjudicator"), now=later)
    work_off(later)
    assert sums(advanced) == ("recovered", D(40), D(40), 0, 0)
    assert (shop().deposit_held, books.balance(chart.COST)) == (D(60), D("37.01"))
    books_agree()


@pytest.fixture
def owing(advanced: Recovery, desk: Cast, now: datetime, later: datetime) -> Recovery:
    hold("7.01", "0", now)
    return services.recovery_collect(recovery=advanced, actor=desk.finance, now=later)
