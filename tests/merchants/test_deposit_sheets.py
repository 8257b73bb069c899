"""What merchants are asked to top up, and every change of their deposits, leave as sheets for who sees deposits."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from accounts.states import Role
from aftersales.merchants import services
from aftersales.merchants.models import DepositCall, DepositMove, Merchant
from tests.merchants.test_training import sheet_of
from tests.records import merchant as a_merchant

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def asked(cast: Any, now: datetime) -> tuple[Merchant, Merchant]:
    """One merchant topped up what was taken of him, the other one still lacks it."""
    found = []
    for code in ("M-paid", "M-lacks"):
        row = a_merchant(code, now)
        row = services.merchant_change(
            merchant=row, actor=cast.operations, now=now, deposit_held=D("1000.50"), deposit_due=D("1000.50")
        )
        services.deposit_take(
            merchant=row, amount=D("200.25"), reference=f"R-{code}", actor=cast.system, now=now
        )
        found.append(row)
    services.deposit_top_up(
        merchant=found[0], amount=D("200.25"), reference="B-1", actor=cast.finance, now=now
    )
    return found[0], found[1]


def test_calls_and_changes_say_what_the_pages_say(cast: Any, asked: Any) -> None:
    browser = cast.client(cast.finance)
    page = browser.get(reverse("desk:deposits")).content.decode()
    calls, moves = (sheet_of(browser, sheet) for sheet in ("deposit_calls", "deposit_moves"))
    assert [row[0] for row in calls] == ["M-paid", "M-lacks"]
    assert [row[0] for row in calls if not row[8]] == [code for code in ("M-paid", "M-lacks") if code in page]
    for row, one in zip(calls, DepositCall.objects.order_by("pk"), strict=True):
        one.merchant.refresh_from_db()
        sums = (one.merchant.deposit_held, one.merchant.deposit_due, one.amount)
        assert tuple(D(cell) for cell in row[3:6]) == sums
    assert [D(row[3]) for row in calls] == [D("1000.50"), D("800.25")]
    stored = DepositMove.objects.order_by("pk").select_related("merchant", "by")
    assert [(row[0], D(row[4]), D(row[5]), row[6], row[8]) for row in moves] == [
        (one.merchant.code, one.amount, one.held, one.reference, one.by.username) for one in stored
    ]


def test_who_sees_no_deposits_takes_none_out(cast: Any, asked: Any) -> None:
    for sheet in ("deposit_calls", "deposit_moves"):
        for role in (Role.AGENT, Role.TRAINER, Role.VENDOR_LEAD, Role.MERCHANT_OWNER):
            address = reverse("sheets:export", args=[sheet, "csv"])
            assert cast.client(cast.of(role)).get(address).status_code in {403, 404}
        assert cast.client(cast.finance).get(reverse("sheets:choose", args=[sheet])).status_code == 403
        link = reverse("sheets:export", args=[sheet, "xlsx"])
        assert link in cast.client(cast.lead).get(reverse("desk:deposits")).content.decode()
