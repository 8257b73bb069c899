"""Statements against our payments: what agrees leaves nothing behind, each difference is worked off."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from accounts.services import system_user
from aftersales.cases import services
from aftersales.cases.models import BankAnswer, Case, CasePayment, Comparison, Difference, StatementLine
from aftersales.cases.services.answers import answer_take
from aftersales.cases.states import BankOutcome, StatementSide
from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.core.sheets.problems import Unreadable
from aftersales.core.sheets.widgets import ChoiceWidget
from tests.cases.test_paying import answer
from tests.cast import Cast
from tests.core.sheets.steps import check, load, rows_as_csv, verdicts

D = Decimal
HOUR = timedelta(hours=1)
HEAD = ["source", "line_ref", "payment", "side", "amount", "currency", "happened_at", "words"]


@pytest.fixture
def paid(open_case: Callable[..., Case], desk: Cast, now: datetime) -> Callable[..., CasePayment]:
    """A payment that the bank paid an hour ago; ``until`` stops it earlier."""

    def payer(pieces: dict[int, int], until: str = "succeeded") -> CasePayment:
        case = services.case_approve(
            case=open_case(pieces, kind="refund_only", ground="other"), actor=desk.lead, now=now
        )
        [payment] = services.payment_propose(case=case, actor=desk.agent, now=now)
        payment = moves.perform(payment, "submit", actor=system_user(), now=now)
        if until == "submitted":
            return payment
        return services.payment_succeed(payment=payment, actor=desk.finance, now=now, paid_at=now - HOUR)

    return payer


def line(ref: str, key: str, amount: str, at: str = "2026-11-23 09:00", side: str = "out") -> list[str]:
    return ["icbc", ref, key, side, amount, "CNY", at, ""]


def told(desk: Cast, now: datetime, *lines: list[str]) -> list[tuple[str, Any]]:
    upload = load("statements", rows_as_csv(HEAD, *lines), actor=desk.finance, now=now)
    assert upload.state == "done", upload.problem
    services.statement_compare(source="icbc", actor=desk.finance, now=now)
    return sorted(Difference.objects.values_list("kind", "payment_id"))


def test_what_agrees_leaves_nothing_and_every_difference_is_found_once(
    paid: Callable[..., CasePayment], desk: Cast, now: datetime
) -> None:
    right, missing, waiting = paid({1: 1}), paid({0: 1}), paid({0: 1}, "submitted")
    lines = [
        line("1", right.key, "29.99"), line("2", waiting.key, str(waiting.amount)), line("3", "FK-NOBODY", "5.00"),
        line("4", "", "1.00", at="2026-11-23 09:59"), line("5", "", "1.00", at="2026-11-23 08:00"),
    ]  # fmt: skip
    found = told(desk, now, *lines)
    assert [kind for kind, _payment in found] == ["not_booked", "not_told", "unknown", "unknown", "unknown"]
    assert ("not_booked", waiting.pk) in found
    assert ("not_told", missing.pk) in found
    assert told(desk, now, *lines) == found
    assert StatementLine.objects.count() == 5


def english(browser: Client, page: str) -> str:
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return " ".join(browser.get(page).content.decode().split())


def test_that_it_was_compared_is_kept_also_where_nothing_differs(
    paid: Callable[..., CasePayment], desk: Cast, now: datetime
) -> None:
    page = reverse("desk:reconciliation")
    right = paid({1: 1})
    lines = [
        line("1", right.key, "29.99"),
        line("2", right.key, "29.99", side="back"),
        line("3", right.key, "29.99"),
    ]
    load("statements", rows_as_csv(HEAD, *lines), actor=desk.finance, now=now)
    assert "Not compared yet." in english(desk.client("finance"), page)
    assert services.statement_compare(source="icbc", actor=desk.finance, now=now) == 0
    one = Comparison.objects.get()
    assert (one.source, one.lines, one.found, one.standing, one.by) == ("icbc", 3, 0, 0, desk.finance)
    assert one.totals == {"CNY": {"out": "59.98", "back": "29.99"}}
    assert one.since == one.until
    # The next statement differs: both comparisons stay, and the page says the last one and what was read in since
    told(desk, now + HOUR, line("4", "FK-NOBODY", "5.00"))
    assert list(Comparison.objects.order_by("pk").values_list("lines", "found", "standing")) == [
        (3, 0, 0),
        (4, 1, 1),
    ]
    load("statements", rows_as_csv(HEAD, line("5", "", "1.00")), actor=desk.finance, now=now + HOUR)
    shown = english(desk.client("auditor"), page)
    assert f"by {desk.finance}: 4 lines of the statement, 1 new difference." in shown
    assert "More was read in since." in shown
    assert "¥59.98" in shown
    with pytest.raises(DatabaseError), transaction.atomic():
        Comparison.objects.update(found=0)
    # Of what told nothing there is nothing to keep
    services.statement_compare(source="unknown", actor=desk.finance, now=now)
    assert Comparison.objects.count() == 2


def test_the_page_of_a_bank_file_says_which_words_it_knows(desk: Cast, now: datetime) -> None:
    browser = desk.client("finance")
    results = english(browser, reverse("sheets:choose", args=["payment_results"]))
    statements = english(browser, reverse("sheets:choose", args=["statements"]))
    assert all(f"({outcome}): " in results for outcome in BankOutcome)
    with override("en"):
        words = [f"{side.label} ({side})" for side in StatementSide]
        # And so does a refusal, in the reader's language
        with pytest.raises(Unreadable) as unreadable:
            ChoiceWidget(StatementSide.choices).clean("x")
        assert all(one in str(unreadable.value.remedy) for one in words)
    assert all(one in statements for one in words)


def test_another_amount_twice_and_a_return_nobody_booked_are_differences(
    paid: Callable[..., CasePayment], desk: Cast, now: datetime
) -> None:
    other, twice = paid({1: 1}), paid({0: 1})
    found = told(
        desk, now, line("1", other.key, "29.98"), line("2", twice.key, str(twice.amount)),
        line("3", twice.key, str(twice.amount)), line("4", other.key, "29.99", side="back"),
    )  # fmt: skip
    assert found == sorted([("amount", other.pk), ("not_returned", other.pk), ("twice", twice.pk)])


def test_a_difference_is_explained_or_put_right_and_opened_again(
    paid: Callable[..., CasePayment], desk: Cast, now: datetime
) -> None:
    told(desk, now, line("1", "FK-NOBODY", "5.00"))
    [row] = Difference.objects.all()

    def explain(**more: Any) -> Difference:
        facts = {"words": "手续费", "corrected": False, "actor": desk.finance} | more
        return services.difference_explain(difference=row, now=now, **facts)

    refusals: list[tuple[dict[str, Any], str]] = [({"words": " "}, "words"), ({"words": "长" * 501}, "words")]
    for wrong, code in [*refusals, ({"actor": desk.lead}, "not_permitted")]:
        with pytest.raises(DomainError) as error:
            explain(**wrong)
        assert error.value.code == code
    done = explain()
    assert (done.state, done.words, done.done_by) == ("explained", "手续费", desk.finance)
    again = services.difference_reopen(difference=done, actor=desk.finance, now=now)
    assert (again.state, again.words) == ("open", "")
    row = again
    assert explain(corrected=True).state == "corrected"


def test_only_finance_compares(desk: Cast, now: datetime) -> None:
    for person in (desk.lead, desk.supervisor, desk.auditor):
        with pytest.raises(DomainError):
            services.statement_compare(source="icbc", actor=person, now=now)


def test_paid_by_the_bank_although_it_was_given_up_and_paid_anew_is_a_difference(
    paid: Callable[..., CasePayment], desk: Cast, now: datetime
) -> None:
    old = services.payment_fail(
        payment=paid({1: 1}, "submitted"), actor=desk.finance, now=now, failure="户名不符"
    )
    services.payment_ask_payee(payment=old, actor=desk.agent, now=now)
    draft = services.PayeeDraft("林芳", "6222000011112222", "电话确认", "same")
    services.payment_replace(payment=old, draft=draft, actor=desk.agent, now=now)
    assert told(desk, now, line("1", old.key, "29.99")) == [("not_booked", old.pk)]


def came_back(payment: CasePayment, desk: Cast, now: datetime) -> CasePayment:
    """The bank sent it back; another account is asked for."""
    taken(payment, "returned", "R1", desk, now)
    payment.refresh_from_db()
    return services.payment_ask_payee(payment=payment, actor=desk.agent, now=now)


def taken(payment: CasePayment, outcome: str, ref: str, desk: Cast, now: datetime) -> BankAnswer:
    said = answer(outcome, payment, now, ref=ref, reason="x")
    return answer_take(payment=payment, answer=said, actor=desk.finance, now=now)


def anew(payment: CasePayment, desk: Cast, now: datetime) -> CasePayment:
    draft = services.PayeeDraft("林芳", "6222000011112222", "电话确认", "same")
    made = services.payment_replace(payment=payment, draft=draft, actor=desk.agent, now=now)
    made = services.payment_approve(payment=made, actor=desk.supervisor, now=now)
    made = moves.perform(made, "submit", actor=system_user(), now=now)
    return services.payment_succeed(payment=made, actor=desk.finance, now=now, paid_at=now)


def test_paid_after_it_came_back_it_is_paid_and_goes_to_no_other_account(
    paid: Callable[..., CasePayment], desk: Cast, now: datetime
) -> None:
    payment = came_back(paid({1: 1}), desk, now)
    again = taken(payment, "paid", "P9", desk, now)
    payment.refresh_from_db()
    assert (again.acted, payment.state, payment.bank_ref) == (True, "succeeded", "P9")
    with pytest.raises(DomainError):
        anew(payment, desk, now)
    # Out, back and out again is what the statement says too
    lines = [line(str(n), payment.key, "29.99", side=side) for n, side in enumerate(("out", "back", "out"))]
    assert told(desk, now, *lines) == []
    # And when that came back as well, he is asked again
    assert taken(payment, "returned", "R2", desk, now).acted
    payment.refresh_from_db()
    assert payment.state == "returned_by_bank"


def test_the_payout_that_came_back_told_late_is_no_second_one(
    paid: Callable[..., CasePayment], desk: Cast, now: datetime
) -> None:
    payment = paid({1: 1}, "submitted")
    taken(payment, "returned", "R1", desk, now)  # before anybody told that it was paid
    late = taken(payment, "paid", "P1", desk, now)
    payment.refresh_from_db()
    assert (late.acted, late.why_not, payment.state) == (False, "already", "returned_by_bank")


def test_what_came_back_here_and_is_still_out_there_is_a_difference(
    paid: Callable[..., CasePayment], desk: Cast, now: datetime
) -> None:
    payment = came_back(paid({1: 1}), desk, now)
    new = anew(payment, desk, now)
    # Told by the bank that it paid the first one again after all
    again = taken(payment, "paid", "P9", desk, now)
    assert (again.acted, again.why_not) == (False, "contradicts")
    later, lines = "2026-11-23 18:00", [line("1", payment.key, "29.99"), line("2", new.key, "29.99")]
    assert told(desk, now, *lines) == []  # of the day of its return the statement has not told yet
    back = line("3", payment.key, "29.99", at=later, side="back")
    out = line("4", payment.key, "29.99", at=later)
    assert told(desk, now + 24 * HOUR, *lines, back, out) == [("still_out", payment.pk)]
    row = Difference.objects.get()
    assert (row.theirs, row.source) == (D("29.99"), "icbc")


def test_each_bank_misses_what_goes_its_own_way(
    paid: Callable[..., CasePayment], desk: Cast, now: datetime
) -> None:
    right, missing = paid({1: 1}), paid({0: 1})
    days = [line(str(n), "", "1.00", at=f"2026-11-23 {hour}") for n, hour in enumerate(("08:00", "09:59"))]
    other = [["alipay", *row[1:]] for row in days]
    load("statements", rows_as_csv(HEAD, *days, *other), actor=desk.finance, now=now)

    def missed() -> list[tuple[str, int]]:
        for source in ("icbc", "alipay"):
            services.statement_compare(source=source, actor=desk.finance, now=now)
        rows = Difference.objects.filter(kind="not_told", found_at=now)
        return sorted(rows.values_list("source", "payment_id"))

    # As long as nobody told of any payment, each of them may miss it
    both = [(source, one.pk) for source in ("alipay", "icbc") for one in (right, missing)]
    assert missed() == sorted(both)
    # The bank that pays misses what it does not tell; the other one does not speak of it
    third = paid({0: 1})
    load("statements", rows_as_csv(HEAD, line("9", right.key, "29.99")), actor=desk.finance, now=now)
    assert [row for row in missed() if row[1] == third.pk] == [("icbc", third.pk)]


def test_a_line_that_was_told_stays_as_it_is(desk: Cast, now: datetime) -> None:
    first = line("1", "FK-NOBODY", "5.00")
    load("statements", rows_as_csv(HEAD, first), actor=desk.finance, now=now)
    again = check("statements", rows_as_csv(HEAD, first), actor=desk.finance, now=now)
    assert verdicts(again)[2] == ("s", "")
    other = [line("1", "FK-NOBODY", "6.00"), line("2", "", "1.00")]
    upload = load("statements", rows_as_csv(HEAD, *other), actor=desk.finance, now=now)
    assert "told_otherwise" in verdicts(upload)[2][1]
    assert list(StatementLine.objects.order_by("line_ref").values_list("amount", flat=True)) == [D(5), D(1)]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE cases_casepayment SET amount = amount + 900", "UPDATE cases_casepayment SET payee_id = NULL",
        "UPDATE cases_casepayment SET key = 'x'", "UPDATE cases_casepayment SET way = 'bank'",
        "UPDATE cases_casepayment SET no_way = NOT no_way", "UPDATE cases_casepayment SET borne_by = 'customer'",
        "UPDATE cases_casepayment SET paid_first = NOT paid_first", "UPDATE cases_casepayment SET explained = '[]'",
        "UPDATE cases_paymentpart SET amount = amount + 900", "DELETE FROM cases_paymentpart",
        "UPDATE cases_bankanswer SET amount = 1", "DELETE FROM cases_bankanswer",
        "UPDATE cases_statementline SET amount = 1", "DELETE FROM cases_statementline",
    ],
)  # fmt: skip
def test_the_database_holds_what_is_paid_and_what_the_bank_said(
    paid: Callable[..., CasePayment], desk: Cast, now: datetime, change: str
) -> None:
    payment = paid({1: 1}, "submitted")
    taken(payment, "paid", "P1", desk, now)
    load("statements", rows_as_csv(HEAD, line("1", payment.key, "29.99")), actor=desk.finance, now=now)
    words = "written once|permission denied|append-only|Cannot update or delete"
    with pytest.raises(DatabaseError, match=words), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_the_database_holds_that_a_case_pays_no_more_than_was_agreed(
    paid: Callable[..., CasePayment], now: datetime
) -> None:
    payment = paid({1: 1})
    more = CasePayment(
        number="FK-MORE", key="FK-MORE-1", case=payment.case, payee=payment.payee, kind="refund", currency="CNY",
        amount=D("0.01"), proposed_by=payment.proposed_by, proposed_at=now,
    )  # fmt: skip

    def write() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            more.save()
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(IntegrityError, match="pays more than was agreed"):
        write()
