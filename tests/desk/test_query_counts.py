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


def test_every_list_page_takes_the_statements_it_is_known_for_whatever_the_rows(
    open_ticket: Opener, desk: Cast
) -> None:
    browser = desk.client(desk.lead)
    open_ticket()
    few = {name: asked(browser, url, headers) for name, url, headers in pages()}
    for _n in range(3):
        open_ticket()
    many = {name: asked(browser, url, headers) for name, url, headers in pages()}

    assert few == many
    assert many == json.loads(KNOWN.read_text(encoding="utf-8"))
