"""The intake sheet: rows become tickets, once, and nobody gets a message for them."""

from typing import Any

import pytest

from aftersales.core import deliveries
from aftersales.core.sheets import services
from aftersales.notices.models import Notice
from aftersales.tickets.models import Ticket
from tests.core.sheets.steps import check, load, rows_as_csv, verdicts

pytestmark = pytest.mark.django_db
HEAD = ["source", "source_ref", "subject", "text", "channel", "kind", "customer", "opened_at"]


def test_each_new_row_becomes_one_ticket_and_sends_no_message(cast: Any, now: Any) -> None:
    load(
        "customers",
        rows_as_csv(["code", "name", "email"], ["C1", "王小明", "w@example.com"]),
        actor=cast.operations,
        now=now,
    )
    rows = [
        ["hotline", "H1", "包裹没到", "十天了", "phone", "logistics", "C1", "2026-11-22 10:15"],
        ["hotline", "H2", "坏了", "", "", "", "", ""],
        ["hotline", "H3", "", "没有标题", "phone", "", "", ""],
        ["hotline", "H4", "没有这位顾客", "", "", "", "C9", ""],
    ]
    upload = load("tickets", rows_as_csv(HEAD, *rows), actor=cast.operations, now=now)
    assert (upload.count("new"), upload.count("refused")) == (2, 2)
    assert verdicts(upload)[4] == ("r", "subject:required;")
    first = Ticket.objects.get(source_ref="H1")
    assert (first.kind, first.channel, first.customer.code) == ("logistics", "phone", "C1")
    deliveries.run(now)
    assert Notice.objects.count() == 0
    again = load("tickets", rows_as_csv(HEAD, *rows), actor=cast.operations, now=now)
    assert (again.count("same"), Ticket.objects.count()) == (2, 2)


def test_an_intake_that_runs_twice_opens_no_second_ticket(cast: Any, now: Any) -> None:
    content = rows_as_csv(["source", "source_ref", "subject"], *(["s", f"R{n}", "坏了"] for n in range(5)))
    uploads = [check("tickets", content, actor=cast.operations, now=now) for _twice in range(2)]
    for upload in uploads:
        services.apply(upload=services.confirm(upload=upload, actor=cast.operations, now=now), now=now)
    assert Ticket.objects.count() == 5
