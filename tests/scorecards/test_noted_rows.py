"""What is noted as a row to be counted again, and what that reaches: shops that moved, lines that were corrected."""

from datetime import datetime, timedelta

import pytest

from aftersales.scorecards.models import Touched
from tests.cast import Cast
from tests.core.sheets.steps import load, rows_as_csv
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
