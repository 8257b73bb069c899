"""A figure that counts no more since an appeal: the score, its rows, its course and a plan's figure say the same."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from aftersales.clocks.models import Clock
from aftersales.clocks.services import sweep
from aftersales.scorecards import services
from aftersales.scorecards.models import Neutral, Rollup, Standing
from aftersales.scorecards.rectification.selectors import figure_before
from aftersales.scorecards.scores.selectors import zone
from aftersales.tickets import services as tickets
from tests.cast import Cast
from tests.merchants.shops import a_shop
from tests.scorecards.conftest import sold
from tests.scorecards.test_measure_pages import imposed
from tests.scorecards.test_score_pages import CODES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at")]
DAY = timedelta(days=1)


def test_one_figure_is_one_number_wherever_it_stands(cast: Cast, now: datetime, at: Any) -> None:
    """Forty orders, six of them late, and figures of months before. The days with these orders are overturned."""
    found = a_shop(cast, now, "甲")
    shop = found.merchant
    sold(shop, 40, now, late=6)
    services.recount(codes=CODES)
    for back in (40, 70):
        Rollup.objects.create(
            metric="dispatch_in_time", subject_kind="merchant", subject_id=shop.pk, day=now.date() - back * DAY,
            num=90, den=100,
        )  # fmt: skip
    services.standings_count(now=now)
    browser, url = cast.client("operations"), f"/overview/merchants/{shop.public_id}/dispatch_in_time/"
    assert "O-0" in browser.get(url).content.decode()
    assert figure_before(shop, "dispatch_in_time", now) == [34, 40]

    measure = imposed(shop, now)
    later = now + timedelta(hours=1)
    at.shift(timedelta(hours=1))
    Neutral.objects.create(
        measure=measure, merchant_id=shop.pk, metric="dispatch_in_time", since=now.date() - 20 * DAY,
        until=now.date(), at=later,
    )  # fmt: skip
    assert "O-0" in browser.get(url).content.decode(), "the score that is shown was counted before"
    services.standings_count(now=later)
    row = Standing.objects.get(subject_id=shop.pk)
    kept = next(one for one in row.details["items"] if one["metric"] == "dispatch_in_time")
    assert "O-0" not in browser.get(url).content.decode(), "nothing of these days counts against the shop"
    left_out = browser.get(f"{url}?which=excluded").content.decode()
    assert "O-0" in left_out
    assert measure.number in left_out
    owner = cast.client(found.owner).get("/portal/score/dispatch_in_time/?which=excluded").content.decode()
    assert measure.number in owner
    assert figure_before(shop, "dispatch_in_time", now) == []
    page = browser.get(f"/overview/merchants/{shop.public_id}/").content.decode()
    assert "34 / 40" not in page, kept
    assert "85.0%" not in page, "nor does the course of the months show them"


def test_the_map_of_weeks_leaves_out_the_same_days_and_its_clocks_say_why(
    desk: Cast, open_ticket: Any, now: datetime, at: Any
) -> None:
    shop = a_shop(desk, now, "甲").merchant
    ticket = open_ticket(at=now, merchant_id=shop.pk)
    tickets.ticket_tell_merchant(ticket=ticket, text="请说明。", channel="phone", actor=desk.agent, now=now)
    clock = Clock.objects.get(promise="merchant_answer")
    end = clock.due_at + DAY
    sweep(now=end)
    services.recount(codes=["obligations_kept"])
    at.move_to(end)
    day = clock.due_at.astimezone(zone()).date()
    url = f"/overview/obligations/{shop.public_id}/"
    week = f"{url}?week={day - timedelta(days=day.weekday())}"
    browser = desk.client("operations")
    assert "0/1" in browser.get(url).content.decode()
    assert "0/1" in browser.get("/overview/obligations/").content.decode()

    measure = imposed(shop, now)
    Neutral.objects.create(
        measure=measure, merchant_id=shop.pk, metric="obligations_kept", since=day, until=day, at=end
    )
    assert "0/1" not in browser.get(url).content.decode()
    assert "0/1" not in browser.get("/overview/obligations/").content.decode()
    opened = browser.get(week).content.decode()
    assert measure.number in opened, "the clock is still shown, and why it counts no more"
    assert ticket.number in opened
