"""Any past day by any version of the formula: the same digits as were kept, or where they differ, and the rows."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from aftersales.scorecards import services
from aftersales.scorecards.models import FormulaVersion, Rollup, Standing
from tests.cast import Cast
from tests.dashboards.test_boards import GOOD, counted
from tests.records import merchant as a_merchant

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def at(now: Any, settings: Any) -> Any:
    settings.REQUIRE_SECOND_FACTOR = False
    with time_machine.travel(now, tick=False):
        yield


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def test_a_day_counted_again_says_the_same_and_where_it_does_not(cast: Cast, now: Any) -> None:
    shop, other = a_merchant("ONE", now), a_merchant("TWO", now)
    for one in (shop, other):
        counted(one.pk, "merchant", now.date() - 20 * DAY, **GOOD)
    services.standings_count(now=now)
    kept = Standing.objects.get(subject_id=shop.pk)
    browser = cast.client("operations")
    url = f"/overview/merchants/{shop.public_id}/replay/"
    assert url in text_of(browser.get(f"/overview/merchants/{shop.public_id}/"))

    answer = browser.get(f"{url}?day={kept.day}&version={kept.rule.number}")
    page = text_of(answer)
    assert f'<span class="sc-big">{kept.score}</span>' in page
    assert answer.context["found"].is_same, "the kept digits and those counted today agree"
    assert "396 / 400" in page
    before = browser.get(f"{url}?day={kept.day - 30 * DAY}")
    assert "396 / 400" not in text_of(before), "nothing had happened then"
    assert before.context["found"].before is None, "and nothing was kept of that day"

    Rollup.objects.filter(metric="dispatch_in_time", subject_id=shop.pk).update(num=300)
    again = text_of(browser.get(f"{url}?day={kept.day}&version={kept.rule.number}"))
    assert "396 / 400" in again, "as it was kept"
    assert "300 / 400" in again, "as it is counted today"
    assert Standing.objects.get(subject_id=shop.pk).score == kept.score, "what was kept stays"

    draft = FormulaVersion.objects.create(
        formula=kept.formula, number=kept.rule.number + 7, terms=kept.rule.terms, drafted_by=cast.operations,
        drafted_at=now, source_ref="x", source_zh="x", source_en="x",
    )  # fmt: skip
    drafted = text_of(browser.get(f"{url}?day={kept.day}&version={draft.number}"))
    assert f"v{draft.number}" in drafted
    rows = browser.get(f"{url}dispatch_in_time/?day={kept.day}&version={kept.rule.number}&which=all")
    assert rows.status_code == 200
    assert browser.get(f"{url}mean_nothing/?day={kept.day}").status_code == 404


def test_a_day_that_is_not_over_or_nonsense_is_refused_in_words(cast: Cast, now: Any) -> None:
    shop = a_merchant("ONE", now)
    url = f"/overview/merchants/{shop.public_id}/replay/"
    browser = cast.client("operations")
    for odd in (
        f"day={now.date()}",
        "day=x",
        "version=x",
        "day=9999-01-01",
        "day=0001-01-01",
        "version=999999",
    ):
        page = text_of(browser.get(f"{url}?{odd}"))
        assert "Traceback" not in page
    assert browser.get(f"{url}?day={now.date()}&version=1").context["refused"]
    assert cast.client("agent").get(url).status_code in {403, 404}
