"""A pay sheet is made once; a second one holds the difference alone; what was paid is posted once."""

import csv
import hashlib
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from aftersales.core.errors import DomainError, NotPermitted
from aftersales.ledger import chart, selectors, services
from aftersales.ledger.chart import Line
from aftersales.ledger.models import Export, ExportGap, Journal, PaidLine
from tests.core.sheets.steps import check, load, rows_as_csv, verdicts

pytestmark = pytest.mark.django_db
D = Decimal
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
IN_OCTOBER, IN_NOVEMBER = datetime(2026, 10, 9, 4, tzinfo=UTC), datetime(2026, 11, 9, 4, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 3, 4, tzinfo=UTC)
HEAD = ["line", "outcome", "ref", "amount"]


@pytest.fixture
def earned(post: Any) -> Any:
    def book(person: Any, amount: str, at: datetime = IN_OCTOBER) -> None:
        pair = (chart.COST, chart.bonus(person)) if D(amount) > 0 else (chart.bonus(person), chart.COST)
        post(Line(*pair, abs(D(amount)), shortage="overdraw"), kind="incentive", booked_at=at, now=DECEMBER)

    return book


@pytest.fixture
def made(cast: Any) -> Any:
    def make(month: date = OCTOBER, kind: str = "payroll") -> tuple[Export, bool]:
        return services.export_make(kind=kind, month=month, unit="CNY", actor=cast.finance, now=DECEMBER)

    return make


def amounts(export: Export) -> dict[str, Decimal]:
    return dict(export.rows.values_list("code", "amount"))


def code_of(act: Any) -> str:
    with pytest.raises(DomainError) as error:
        act()
    return error.value.code


def test_the_same_month_twice_is_the_same_file_and_later_entries_are_a_part_of_their_own(
    earned: Any, made: Any, cast: Any
) -> None:
    earned(cast.agent, "320")
    earned(cast.lead, "80.50")
    first, is_new = made()
    assert (is_new, first.part, first.count, first.total) == (True, 1, 2, D("400.50"))
    assert made() == (first, False)
    content = services.export_fetch(export=first, actor=cast.finance, now=DECEMBER)
    assert hashlib.sha256(content).hexdigest() == first.sha256
    *rows, total = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    assert [row["line"] for row in rows] == [f"{first.number}-0001", f"{first.number}-0002"]
    assert (total["line"], total["code"], total["amount"]) == ("TOTAL", "2", "400.50")
    # When something is booked into the month afterwards, a second part holds that alone
    earned(cast.agent, "-20")
    earned(cast.supervisor, "11")
    second, is_new = made()
    assert (is_new, second.part, amounts(second)) == (
        True, 2, {cast.agent.username: D("-20.00"), cast.supervisor.username: D("11.00")},
    )  # fmt: skip
    assert services.export_fetch(export=first, actor=cast.finance, now=DECEMBER) == content


def test_nobody_is_taken_wages_from_what_he_is_behind_is_set_off_later(
    earned: Any, made: Any, cast: Any
) -> None:
    """R6.5, labour law: variable pay only; a month holds nothing below zero."""
    earned(cast.agent, "-50")
    earned(cast.lead, "10")
    assert amounts(made()[0]) == {cast.lead.username: D("10.00")}
    earned(cast.agent, "70", IN_NOVEMBER)
    assert amounts(made(NOVEMBER)[0]) == {cast.agent.username: D("20.00")}


def test_a_month_that_a_later_sheet_holds_already_gets_none_of_its_own(
    earned: Any, made: Any, cast: Any
) -> None:
    earned(cast.agent, "320")
    made(NOVEMBER)
    assert code_of(lambda: made(OCTOBER)) == "later_exported"
    assert code_of(lambda: made(date(2026, 12, 1))) == "month_runs"
    assert code_of(lambda: made(OCTOBER, "settlement")) == "nothing_to_export"
    with pytest.raises(NotPermitted):
        services.export_make(kind="payroll", month=OCTOBER, unit="CNY", actor=cast.supervisor, now=DECEMBER)


def test_what_is_booked_late_is_paid_with_the_next_months_sheet_and_not_twice(
    earned: Any, made: Any, cast: Any
) -> None:
    earned(cast.agent, "320")
    first, _is_new = made(OCTOBER)
    earned(cast.agent, "100")  # into October, which already has its sheet
    assert amounts(made(NOVEMBER)[0]) == {cast.agent.username: D("100.00")}
    assert code_of(lambda: made(OCTOBER)) == "later_exported"
    assert list(Export.objects.filter(month=OCTOBER)) == [first]


def test_what_a_merchant_owes_and_the_deposit_he_has_to_fill_up_are_settled(
    made: Any, post: Any, merchant: Any, cast: Any
) -> None:
    given = {"booked_at": IN_OCTOBER, "now": DECEMBER}
    post(Line(chart.CASH, chart.deposit(merchant), D(100)), kind="deposit", **given)
    post(
        Line([chart.deposit(merchant), chart.receivable(merchant)], chart.PROTECTION, D(130)),
        kind="penalty",
        **given,
    )
    export, _new = made(OCTOBER, "settlement")
    assert sorted(export.rows.values_list("account__kind", "amount")) == [
        ("merchant_deposit", D(100)), ("merchant_receivable", D(30)),
    ]  # fmt: skip
    rows = [[row.key, "paid", f"B-{row.pk}", str(row.amount)] for row in export.rows.all()]
    assert load("paid_lines", rows_as_csv(HEAD, *rows), actor=cast.finance, now=DECEMBER).state == "done"
    assert selectors.balance(chart.receivable(merchant)) == 0
    assert selectors.balance(chart.deposit(merchant)) == 100
    assert selectors.balance(chart.CLEARING) == -130  # it came in there and the bank owes it to us
    assert made(OCTOBER, "settlement") == (export, False)


def test_paid_status_is_posted_once_and_what_differs_is_kept_until_it_agrees(
    earned: Any, made: Any, cast: Any
) -> None:
    earned(cast.agent, "320")
    earned(cast.lead, "80")
    earned(cast.supervisor, "40")
    export, _new = made()
    keys = dict(export.rows.values_list("code", "key"))
    agent, lead, third = (keys[one.username] for one in (cast.agent, cast.lead, cast.supervisor))
    rows = [[agent, "paid", "B-1", "320"], [lead, "paid", "B-2", "50"], [third, "refused", "B-3", "40"]]
    for _twice in range(2):
        assert load("paid_lines", rows_as_csv(HEAD, *rows), actor=cast.finance, now=DECEMBER).state == "done"
    assert Journal.objects.filter(kind="paid").count() == 2
    assert [selectors.balance(chart.bonus(one)) for one in (cast.agent, cast.lead, cast.supervisor)] == [
        0,
        30,
        40,
    ]
    assert selectors.balance(chart.CLEARING) == 370
    gaps = {gap.line.key: (gap.kind, gap.state, gap.paid) for gap in ExportGap.objects.select_related("line")}
    assert gaps == {lead: ("less", "open", 50), third: ("refused", "open", 0)}
    # When the rest is told it agrees; the other one is explained by a person
    load("paid_lines", rows_as_csv(HEAD, [lead, "paid", "B-4", "30"]), actor=cast.finance, now=DECEMBER)
    gap = ExportGap.objects.get(line__key=third)
    services.gap_explain(gap=gap, words="账号有误，下月补发", actor=cast.finance, now=DECEMBER)
    assert set(ExportGap.objects.values_list("state", flat=True)) == {"agreed", "explained"}
    # And it is paid in the end: the books know, and the explained difference is one no more
    load("paid_lines", rows_as_csv(HEAD, [third, "paid", "B-5", "40"]), actor=cast.finance, now=DECEMBER)
    assert set(ExportGap.objects.values_list("state", flat=True)) == {"agreed"}
    assert selectors.balance(chart.CLEARING) == 440
    # And once more by mistake: the books say what left, and the difference is open again
    load("paid_lines", rows_as_csv(HEAD, [third, "paid", "B-6", "40"]), actor=cast.finance, now=DECEMBER)
    gap.refresh_from_db()
    assert (gap.state, gap.kind, gap.paid, gap.words) == ("open", "more", 80, "")
    assert selectors.balance(chart.bonus(cast.supervisor)) == -40
    assert list(selectors.faults()) == []


def test_the_preview_refuses_what_cannot_be(earned: Any, made: Any, cast: Any) -> None:
    earned(cast.agent, "320")
    key = made()[0].rows.get().key
    load("paid_lines", rows_as_csv(HEAD, [key, "paid", "B-1", "320"]), actor=cast.finance, now=DECEMBER)
    wrong = [["DZ0000", "paid", "B-2", "1"], [key, "paid", "B-3", "-320"], [key, "paid", "B-1", "300"]]
    upload = check("paid_lines", rows_as_csv(HEAD, *wrong), actor=cast.finance, now=DECEMBER)
    found = verdicts(upload)
    assert {verdict for verdict, _why in found.values()} == {"r"}
    assert PaidLine.objects.count() == 1
