"""How many statements each list page takes, as a whole request; the figures are checked in beside this file."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.desk import queues
from aftersales.tickets.models import Ticket
from aftersales.tickets.selectors import words
from tests.cast import Cast

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
KNOWN = Path(__file__).with_suffix(".json")
CONTROL = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
REGISTERS = (
    "merchants_merchant",
    "customers_customer",
    "orders_order",
    "standards_servicestandard",
    "tickets_ticket",
)


def pages() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Name, address, headers."""
    for view in queues.QUEUES:
        yield f"queue {view}", f"{reverse('desk:queue')}?view={view}", {}
        yield f"queue {view}, what is new", f"{reverse('desk:pulse')}?view={view}", {"HX-Request": "true"}
        yield f"queue {view}, rows only", f"{reverse('desk:queue')}?view={view}", {"HX-Request": "true"}
    yield "search", f"{reverse('desk:search')}?q=耳机", {}
    yield "archive", reverse("desk:archive"), {}
    yield "archive, searched", f"{reverse('desk:archive')}?text=耳机&kind=returns", {}
    yield "my day", reverse("desk:day"), {}
    yield "return rules", reverse("standards:returns"), {}
    yield "tickets of absent people", reverse("desk:absent"), {}
    yield "hand over", reverse("desk:hand_over"), {}
    yield "who has read what", reverse("desk:readers"), {}
    yield "trainer's desk", reverse("training:desk"), {}
    yield "training effect", reverse("training:effects"), {}
    yield "dashboard", reverse("dashboards:overview"), {}
    yield "agreements", reverse("merchants:agreements"), {}
    yield "early warning", reverse("improvement:warnings"), {}
    yield "disasters and outages", reverse("circumstances:index"), {}
    for name in REGISTERS:
        yield f"register {name}", reverse(f"admin:{name}_changelist"), {}


def asked(browser: Any, url: str, headers: dict[str, str]) -> int:
    browser.get(url, headers=headers)
    with CaptureQueriesContext(connection) as found:
        assert browser.get(url, headers=headers).status_code == 200, url
        return sum(not query["sql"].startswith(CONTROL) for query in found.captured_queries)


def believed(monkeypatch: pytest.MonkeyPatch, **shares: float) -> None:
    """What this process believes of the words: otherwise it is what a load of another test left in the statistics."""
    monkeypatch.setattr(words, "_shares", words._Shares(shares))


def test_every_list_page_takes_the_statements_it_is_known_for_whatever_the_rows(
    open_ticket: Opener, desk: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    believed(monkeypatch)
    browser = desk.client(desk.lead)
    open_ticket()
    few = {name: asked(browser, url, headers) for name, url, headers in pages()}
    for _n in range(3):
        open_ticket()
    many = {name: asked(browser, url, headers) for name, url, headers in pages()}

    assert few == many
    assert many == json.loads(KNOWN.read_text(encoding="utf-8"))


def test_a_common_word_takes_three_statements_more(
    open_ticket: Opener, desk: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The open tickets, the newest and where they end are asked besides."""
    browser, url = desk.client(desk.lead), f"{reverse('desk:search')}?q=耳机"
    open_ticket()
    believed(monkeypatch)
    rare = asked(browser, url, {})
    believed(monkeypatch, 耳机=0.5)
    assert asked(browser, url, {}) == rare + 3
