"""An import by hand: choose, look, confirm, result, at both widths."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from aftersales.core import jobs
from aftersales.merchants.models import Merchant
from tests.browser.conftest import sideways
from tests.core.sheets.steps import load, rows_as_csv

pytestmark = pytest.mark.django_db(transaction=True)
SHOTS = os.environ.get("AFTERSALES_SCREENSHOTS", "")


def shot(page: Any, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_a_file_is_uploaded_looked_at_and_written(
    phone: bool, cast: Any, now: Any, open_page: Callable[..., Any], tmp_path: Path
) -> None:
    load(
        "merchants", rows_as_csv(["code", "name", "city"], *([f"M{n}", "旧店", "杭州"] for n in range(8))),
        actor=cast.operations, now=now,
    )  # fmt: skip
    rows = [[f"M{n}", "新店" if n < 3 else "旧店", "宁波" if n == 1 else "杭州", "100.00"] for n in range(12)]
    rows[10][3] = "1,000"
    file = tmp_path / "商家-20261119.csv"
    file.write_bytes(rows_as_csv(["code", "name", "city", "deposit_due"], *rows))
    width = "phone" if phone else "wide"

    page = open_page(cast.operations, "/sheets/", phone=phone)
    shot(page, f"{width}-1-list")
    assert sideways(page) == 0
    page.goto(page.url + "merchants/")
    shot(page, f"{width}-2-choose")
    page.set_input_files("#file", str(file))
    page.click("form.up button")
    page.wait_for_selector(".tabsbox")
    shot(page, f"{width}-3-changed")
    assert sideways(page) == 0
    page.click("a[href='?tab=refused']")
    page.wait_for_selector("code")
    assert "1,000" in page.inner_text("code")
    shot(page, f"{width}-4-refused")
    page.click(".ftr .btn.pri")
    page.wait_for_selector(".prog")
    jobs.run_due(timezone.now())
    page.wait_for_selector(".tabsbox")
    shot(page, f"{width}-5-result")
    assert sideways(page) == 0
    assert Merchant.objects.filter(name="新店").count() == 3
    assert Merchant.objects.count() == 11
