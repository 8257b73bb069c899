"""An exam on a phone: a lost connection loses no answer, and the page tells nothing of what is right."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from tests.browser.conftest import sideways
from tests.cast import Cast
from tests.training.test_exams import an_exam
from training.models import Attempt, Item

pytestmark = pytest.mark.django_db(transaction=True)
SAVED, OFFLINE = "[data-status][data-state=saved]", "[data-status][data-state=offline]"


@pytest.fixture
def now() -> datetime:
    """The server runs at the real time."""
    return timezone.now().replace(microsecond=0)


def test_an_exam_survives_a_lost_connection(open_page: Callable[..., Any], cast: Cast, now: datetime) -> None:
    an_exam(cast, now, wait_hours=0)
    page = open_page(cast.agent, "/training/exams/basic/", phone=True)
    page.click("form[action$='/start/'] button")
    page.wait_for_selector("[data-exam]")
    attempt = Attempt.objects.get()
    single, many = (Item.objects.get(attempt=attempt, kind=kind) for kind in ("single", "multiple"))

    page.check(f"input[name=q{single.place}][value='{single.key[0]}']")
    page.wait_for_selector(SAVED)
    page.evaluate(
        "window.kept = window.fetch; window.fetch = () => Promise.reject(new TypeError('gone')); true"
    )
    page.check(f"input[name=q{many.place}][value='{many.key[0]}']")
    page.wait_for_selector(OFFLINE)
    page.evaluate("window.fetch = window.kept; true")
    page.wait_for_selector(SAVED)
    page.reload()
    assert page.is_checked(f"input[name=q{single.place}][value='{single.key[0]}']")
    assert page.is_checked(f"input[name=q{many.place}][value='{many.key[0]}']")
    assert not sideways(page)

    page.evaluate("window.fetch = () => Promise.reject(new TypeError('gone')); true")
    page.check(f"input[name=q{many.place}][value='{many.key[1]}']")
    page.wait_for_selector(OFFLINE)
    paper = page.url
    page.route("**/submit/", lambda asked: asked.fulfill(content_type="text/html", body="<p id=away>"))
    page.click("button[value=save]")  # a page of the network answers, and nobody of ours hears it
    page.wait_for_selector("#away", state="attached")
    page.unroute("**/submit/")
    page.goto(paper)
    assert page.is_checked(f"input[name=q{many.place}][value='{many.key[1]}']")
    page.wait_for_selector(SAVED)

    page.click("[data-submit]")
    missing = Item.objects.get(attempt=attempt, kind="order").place
    assert str(missing) in page.inner_text("[data-unanswered]")  # said once, before it cannot be taken back
    page.click("[data-submit]")
    page.wait_for_selector("text=KS")
    attempt.refresh_from_db()
    assert (attempt.state, attempt.score) == ("marked", 6)
