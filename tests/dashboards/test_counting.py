"""Figures that are not complete yet say so; who hears appeals reads what they rest on."""

from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from aftersales.scorecards import selectors
from aftersales.scorecards.models import Rollup
from aftersales.scorecards.services import refresh
from aftersales.scorecards.services.counting import touch
from tests.cast import Cast
from tests.records import merchant as a_merchant

pytestmark = pytest.mark.django_db
FIRST_EN, WAITS_EN = "counted for the first time", "not counted yet"


@pytest.fixture(autouse=True)
def at(now: datetime, settings: Any) -> Any:
    settings.REQUIRE_SECOND_FACTOR = False
    with time_machine.travel(now, tick=False):
        yield


def test_a_board_says_that_counting_goes_on_until_it_is_done(cast: Cast, now: datetime) -> None:
    shop = a_merchant("M-1", now, returns="")
    refresh()
    Rollup.objects.all().delete()
    client, page = cast.client("supervisor"), reverse("dashboards:duties")
    client.cookies["django_language"] = "en"
    assert FIRST_EN in client.get(page).content.decode(), (
        "right after the start there is no figure of anybody"
    )
    Rollup.objects.create(
        metric="orders", subject_kind="merchant", subject_id=shop.pk, day=now.date(), num=1, den=1
    )
    for number in range(3):
        touch(subject_kind="orders.order", subject_id=number + 1)
    assert selectors.still_counting().waiting == 3
    shown = client.get(page).content.decode()
    assert FIRST_EN not in shown
    assert f"3 changes are {WAITS_EN}" in shown
    refresh()
    assert WAITS_EN not in client.get(page).content.decode()


def test_the_supervisor_reads_a_merchants_figures_and_takes_none_out(cast: Cast, now: datetime) -> None:
    shop = a_merchant("M-1", now, returns="")
    client = cast.client("supervisor")
    for name, given in (
        ("merchants", []),
        ("merchant", [shop.public_id]),
        ("merchant_duties", [shop.public_id]),
    ):
        assert client.get(reverse(f"dashboards:{name}", args=given)).status_code == 200
    assert client.get(reverse("dashboards:merchants_out", args=["csv"])).status_code == 404
