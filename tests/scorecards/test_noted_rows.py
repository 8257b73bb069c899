"""What is noted as a row to be counted again, and what that reaches: shops that moved, lines that were corrected."""

from datetime import datetime, timedelta

import pytest

from accounts.services import system_user
from aftersales.merchants import services as merchants
from aftersales.scorecards.models import Touched
from tests.cast import Cast
from tests.core.sheets.steps import load, rows_as_csv
from tests.records import merchant as a_merchant
from tests.scorecards.conftest import noted

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def shops_noted() -> list[int]:
    rows = Touched.objects.filter(subject_kind="merchants.merchant").order_by("pk")
    return list(rows.values_list("subject_id", flat=True))


def test_a_sheet_of_merchants_lets_what_their_place_excuses_be_counted_again(
    desk: Cast, now: datetime
) -> None:
    load("merchants", rows_as_csv(["code", "province"], ["M1", "江苏"]), actor=desk.operations, now=now)
    noted(now)
    assert shops_noted() == [0], "one event tells of the whole run"


def test_of_what_happens_to_a_merchant_only_changed_data_is_counted_again(now: datetime) -> None:
    shop = a_merchant("M1", now)
    noted(now)
    assert shops_noted() == [], "a new one has sold nothing yet"
    merchants.merchant_change(
        merchant=shop, actor=system_user(), now=now, version=shop.version, province="江苏"
    )
    noted(now)
    assert shops_noted() == [shop.pk]
