"""What was paid and turned back is due again, once; what was rewarded and turned back is set off, once."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from aftersales.ledger import chart, exportrows, selectors, services
from aftersales.ledger.models import Export, ExportGap, Journal
from tests.core.sheets.steps import load, rows_as_csv
from tests.ledger.test_paying import DECEMBER, HEAD, OCTOBER, amounts, earned, made

pytestmark = pytest.mark.django_db
NOVEMBER = date(2026, 11, 1)
LATER = DECEMBER + timedelta(hours=1)
__all__ = ["earned", "made"]


def page(cast: Any, export: Export) -> str:
    found = cast.client(cast.finance).get(reverse("ledger:export", args=[export.number]))
    assert found.status_code == 200
    return str(found.content.decode())


def later(cast: Any, month: date = NOVEMBER) -> tuple[Export, bool]:
    now = LATER + timedelta(hours=1)
    return services.export_make(kind="payroll", month=month, unit="CNY", actor=cast.finance, now=now)


def test_a_payment_that_is_turned_back_is_carried_by_the_next_sheet_once(
    earned: Any, made: Any, cast: Any, settings: Any
) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    earned(cast.agent, "320")
    first, _new = made()
    key = first.rows.get().key
    load("paid_lines", rows_as_csv(HEAD, [key, "paid", "B-1", "320"]), actor=cast.finance, now=DECEMBER)
    assert exportrows.standings([first])[0].paid == 320
    # When the bank sends the money back and finance turns the entry back
    entry = Journal.objects.get(kind="paid")
    for _twice in range(2):
        services.reverse(journal=entry, actor=cast.finance, now=LATER, reason="银行退回，卡号有误")
    gap = ExportGap.objects.get()
    assert (gap.kind, gap.paid, gap.state) == ("refused", 0, "open")
    assert exportrows.standings([first])[0].paid == 0
    found = page(cast, first)
    assert "2026-12-03" in found
    assert "¥320.00" in found
    # Then the next sheet carries it, and the one after it does not
    second, _new = later(cast)
    assert amounts(second) == {cast.agent.username: Decimal(320)}
    assert later(cast) == (second, False)
    assert second.number in page(cast, first)
    key = second.rows.get().key
    load("paid_lines", rows_as_csv(HEAD, [key, "paid", "B-2", "320"]), actor=cast.finance, now=LATER)
    assert selectors.balance(chart.bonus(cast.agent)) == 0
    assert list(selectors.faults()) == []


def test_a_payment_told_again_after_it_was_turned_back_is_not_carried_too(
    earned: Any, made: Any, cast: Any
) -> None:
    """Read in with the wrong amount: turned back and read in rightly, nothing is due again."""
    earned(cast.agent, "320")
    key = made()[0].rows.get().key
    load("paid_lines", rows_as_csv(HEAD, [key, "paid", "B-1", "230"]), actor=cast.finance, now=DECEMBER)
    services.reverse(
        journal=Journal.objects.get(kind="paid"), actor=cast.finance, now=LATER, reason="看错金额"
    )
    load("paid_lines", rows_as_csv(HEAD, [key, "paid", "B-1a", "320"]), actor=cast.finance, now=LATER)
    assert ExportGap.objects.get().state == "agreed"
    earned(cast.lead, "5")
    assert amounts(later(cast, OCTOBER)[0]) == {cast.lead.username: Decimal(5)}


def test_a_reward_that_is_turned_back_after_it_was_paid_is_set_off_by_the_next_sheet(
    earned: Any, made: Any, cast: Any, settings: Any
) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    earned(cast.agent, "320")
    earned(cast.agent, "50")
    first, _new = made()
    key = first.rows.get().key
    load("paid_lines", rows_as_csv(HEAD, [key, "paid", "B-1", "370"]), actor=cast.finance, now=DECEMBER)
    wrong = Journal.objects.get(kind="incentive", total=50)
    services.reverse(journal=wrong, actor=cast.finance, now=LATER, reason="重复计入", overdraw=True)
    found = page(cast, first)
    assert "-¥50.00" in found or "−¥50.00" in found
    earned(cast.agent, "80", LATER)
    now = LATER + timedelta(days=40)
    sheet, _new = services.export_make(
        kind="payroll", month=date(2026, 12, 1), unit="CNY", actor=cast.finance, now=now
    )
    assert amounts(sheet) == {cast.agent.username: Decimal(30)}
    assert sheet.number in page(cast, first)
