"""Entries: balanced by construction, once per source, never below zero unseen, never into a closed month."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.utils import InternalError

from aftersales.core.errors import DomainError, NotPermitted, Refused
from aftersales.core.models import Event
from aftersales.ledger import chart, selectors, services
from aftersales.ledger.chart import Line
from aftersales.ledger.models import Account, Journal, Period, Transfer
from aftersales.ledger.states import Shortage

pytestmark = pytest.mark.django_db


def line(amount, debit=None, credit=chart.PROTECTION, **more) -> Line:
    return Line(debit or chart.deposit(41), credit, Decimal(amount), **more)


def test_what_is_debited_here_is_credited_there(post, funded) -> None:
    posting = post(line("30"), kind="penalty")
    assert posting.created
    assert selectors.balance(chart.deposit(funded)) == 70
    assert selectors.balance(chart.PROTECTION) == 30
    assert selectors.totals() == [("CNY", Decimal(130), Decimal(130))]
    assert list(selectors.faults()) == []


def test_an_entry_says_who_why_and_about_whom(post, funded, cast) -> None:
    journal = post(line("30"), kind="penalty", rule_version="rule.x v2").journal
    assert (journal.merchant_id, journal.about_people, journal.unit) == (funded, False, "CNY")
    assert (journal.actor_id, journal.month) == (cast.finance.pk, date(2026, 11, 1))
    event = Event.objects.filter(kind="journal.posted").latest("pk")
    assert (event.payload["entry"], event.merchant_id, event.rule_version) == (
        journal.number, funded, "rule.x v2",
    )  # fmt: skip


def test_the_same_source_is_posted_once(post, funded) -> None:
    first = post(line("30"), source=("cases.case", 7))
    again = post(line("30"), source=("cases.case", 7))
    assert (again.created, again.journal.pk, again.covered) == (False, first.journal.pk, 30)
    assert selectors.balance(chart.deposit(funded)) == 70
    assert post(line("5"), source=("cases.case", 7), kind="freight").created, "another kind is another entry"


def test_something_else_under_the_same_source_is_a_mistake(post, funded) -> None:
    post(line("30"), source=("cases.case", 7))
    for other in (line("29"), line("30", credit=chart.COST)):
        with pytest.raises(DomainError) as refused:
            post(other, source=("cases.case", 7))
        assert refused.value.code == "posted_otherwise"


def test_a_deposit_does_not_go_below_zero(post, funded) -> None:
    with pytest.raises(DomainError) as refused:
        post(line("100.01"))
    assert refused.value.code == "not_enough"
    assert "¥100.00" in str(refused.value)
    assert selectors.balance(chart.deposit(funded)) == 100
    assert Journal.objects.count() == 1


def test_what_is_there_is_taken_and_told(post, funded) -> None:
    posting = post(line("250", shortage=Shortage.COVER), kind="recovery")
    assert posting.covered == 100
    nothing = post(line("1", shortage=Shortage.COVER), kind="recovery")
    assert (nothing.journal, nothing.covered) == (None, 0)


def test_below_zero_only_when_somebody_says_so(post, funded) -> None:
    post(line("150", shortage=Shortage.OVERDRAW))
    assert selectors.balance(chart.deposit(funded)) == -50
    assert Account.objects.get(kind="merchant_deposit").overdraft == 50
    with pytest.raises(DomainError):
        post(line("0.01"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.filter(kind="merchant_deposit").update(debits=10_000)


def test_a_recovery_takes_from_payout_then_deposit_then_claims_the_rest(post, funded) -> None:
    """R4.10: unsettled payout → deposit → receivable, in one entry."""
    post(Line(chart.CASH, chart.payable(funded), Decimal(40)), kind="settlement")
    every = [chart.payable(funded), chart.deposit(funded), chart.receivable(funded)]
    posting = post(Line(every, chart.COST, Decimal(200)), kind="recovery")
    taken = {kind: posting.taken_from(kind) for kind in ("merchant_payable", "merchant_deposit")}
    assert taken == {"merchant_payable": 40, "merchant_deposit": 100}
    assert posting.taken_from("merchant_receivable") == 60
    assert posting.covered == 200
    assert posting.journal.lines == 3
    assert selectors.balance(chart.receivable(funded)) == 60


def test_several_lines_see_what_the_earlier_ones_took(post, funded) -> None:
    with pytest.raises(DomainError):
        post(line("60"), line("60"))
    assert post(line("60"), line("40", credit=chart.COST)).journal.total == 100


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "NaN", "Infinity", "99999999999999"])
def test_an_amount_is_real_money(post, amount) -> None:
    with pytest.raises(DomainError) as refused:
        post(line(amount, debit=chart.COST))
    assert refused.value.code == "amount"


def test_points_and_money_never_mix(post) -> None:
    for wrong in (
        Line(chart.POINTS_GIVEN, chart.points(3), Decimal(5), unit="CNY"),
        Line(chart.COST, chart.points(3), Decimal(5), unit="points"),
    ):
        with pytest.raises(DomainError) as refused:
            post(wrong)
        assert refused.value.code == "unit"
    post(Line(chart.POINTS_GIVEN, chart.points(3), Decimal(5), unit="points"), kind="incentive")
    assert selectors.balance(chart.points(3), "points") == 5


def test_currencies_have_accounts_of_their_own(post, funded) -> None:
    post(Line(chart.CASH, chart.deposit(funded), Decimal(8), unit="EUR"), kind="deposit")
    assert selectors.balance(chart.deposit(funded)) == 100
    assert selectors.balance(chart.deposit(funded), "EUR") == 8


def test_an_account_of_nobody_is_a_mistake(post) -> None:
    with pytest.raises(ValueError, match="no account"):
        post(Line(chart.Ref("merchant_deposit"), chart.COST, Decimal(1)))
    with pytest.raises(ValueError, match="one account to another"):
        post(Line(chart.COST, chart.COST, Decimal(1)))
    with pytest.raises(ValueError, match="at least one line"):
        post()


# ------------------------------------------------------------------------------------------------- reversal
def test_an_entry_is_turned_back_once_by_a_new_one(post, funded, cast, now) -> None:
    journal = post(line("30"), kind="penalty").journal
    first = services.reverse(journal=journal, actor=cast.finance, now=now, reason="裁定改判")
    again = services.reverse(journal=journal, actor=cast.finance, now=now, reason="裁定改判")
    assert (first.created, again.created) == (True, False)
    assert first.journal.reverses_id == journal.pk
    assert selectors.balance(chart.deposit(funded)) == 100
    assert selectors.reversal_of(journal) == first.journal
    assert list(selectors.faults()) == []


def test_a_reversal_is_not_turned_back_and_needs_a_reason(post, funded, cast, now) -> None:
    back = services.reverse(journal=post(line("30")).journal, actor=cast.finance, now=now, reason="x").journal
    for journal, reason, code in (
        (back, "x", "is_reversal"),
        (post(line("1")).journal, " ", "reason_missing"),
    ):
        with pytest.raises(DomainError) as refused:
            services.reverse(journal=journal, actor=cast.finance, now=now, reason=reason)
        assert refused.value.code == code


def test_turning_back_what_is_spent_needs_a_word(post, cast, now) -> None:
    paid_in = post(Line(chart.CASH, chart.deposit(41), Decimal(100)), kind="deposit").journal
    post(line("80"))
    with pytest.raises(DomainError):
        services.reverse(journal=paid_in, actor=cast.finance, now=now, reason="退票")
    services.reverse(journal=paid_in, actor=cast.finance, now=now, reason="退票", overdraw=True)
    assert selectors.balance(chart.deposit(41)) == -80


def test_only_finance_turns_back(post, funded, cast, now) -> None:
    journal = post(line("30")).journal
    for person in (cast.agent, cast.lead, cast.auditor, cast.payroll_reader):
        with pytest.raises(NotPermitted):
            services.reverse(journal=journal, actor=person, now=now, reason="x")


# --------------------------------------------------------------------------------------------------- months
NEXT_MONTH = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)  # midnight in Shanghai


def close(cast, month: date, at: datetime) -> Period:
    return services.period_close(month=month, actor=cast.finance, now=at)


def test_a_month_is_the_houses_own(post, funded) -> None:
    before = NEXT_MONTH - timedelta(microseconds=1)
    assert post(line("1"), now=before).journal.month == date(2026, 11, 1)
    assert post(line("1"), now=NEXT_MONTH).journal.month == date(2026, 12, 1)


def test_a_closed_month_takes_nothing(post, funded, cast, now) -> None:
    close(cast, date(2026, 11, 1), NEXT_MONTH)
    with pytest.raises(DomainError) as refused:
        post(line("1"), booked_at=now, now=NEXT_MONTH)
    assert refused.value.code == "month_closed"
    assert post(line("1"), now=NEXT_MONTH).journal.month == date(2026, 12, 1)


def test_the_database_refuses_a_closed_month_too(post, funded, cast, now) -> None:
    journal = post(line("1")).journal
    transfer = Transfer.objects.filter(journal_id=journal.pk).get()
    close(cast, date(2026, 11, 1), NEXT_MONTH)
    journal.pk, journal.public_id, journal.source_id = None, "x", 999
    transfer.pk, transfer.line = None, 9
    for row in (journal, transfer):
        with pytest.raises(IntegrityError, match="closed"), transaction.atomic():
            row.save(force_insert=True)


def test_what_was_posted_in_a_closed_month_is_turned_back_in_the_open_one(post, funded, cast) -> None:
    journal = post(line("30")).journal
    close(cast, date(2026, 11, 1), NEXT_MONTH)
    back = services.reverse(journal=journal, actor=cast.finance, now=NEXT_MONTH, reason="改判").journal
    assert back.month == date(2026, 12, 1)


def test_a_month_is_closed_when_it_is_over_and_in_order(post, funded, cast, now) -> None:
    with pytest.raises(Refused) as runs:
        close(cast, date(2026, 11, 1), now)
    assert runs.value.code == "month_runs"
    with pytest.raises(Refused) as order:
        close(cast, date(2026, 12, 1), NEXT_MONTH + timedelta(days=31))
    assert order.value.code == "earlier_open"
    for person in (cast.auditor, cast.supervisor, cast.administrator):
        with pytest.raises(NotPermitted):
            services.period_close(month=date(2026, 11, 1), actor=person, now=NEXT_MONTH)


def test_no_month_is_opened_before_a_closed_one_nor_ahead(post, funded, cast, now) -> None:
    close(cast, date(2026, 11, 1), NEXT_MONTH)
    for at, code in ((now - timedelta(days=60), "month_closed"), (now + timedelta(days=60), "in_the_future")):
        with pytest.raises(DomainError) as refused:
            post(line("1"), booked_at=at, now=NEXT_MONTH)
        assert refused.value.code == code


# --------------------------------------------------------------------------------------------- append-only
@pytest.mark.parametrize("table", ["ledger_journal", "ledger_transfer"])
def test_nobody_changes_or_removes_an_entry(post, funded, table) -> None:
    for statement in (f"UPDATE {table} SET month = month", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with (
            pytest.raises((ProgrammingError, InternalError)),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_a_transfer_between_two_units_is_refused_by_the_database(post, funded) -> None:
    post(Line(chart.POINTS_GIVEN, chart.points(3), Decimal(5), unit="points"))
    transfer = Transfer.objects.latest("pk")
    transfer.pk, transfer.line = None, 2
    transfer.debit = Account.objects.get(kind="merchant_deposit")
    with pytest.raises(IntegrityError, match="own unit"), transaction.atomic():
        transfer.save(force_insert=True)


def test_posting_costs_the_same_for_one_line_and_ten(post, funded, django_assert_num_queries) -> None:
    """Eight statements and two savepoints."""
    post(line("1"))
    for lines in ([line("1")], [line("1")] * 10):
        with django_assert_num_queries(12):
            post(*lines)
