"""Real trade data become tickets: one per order concerned, whatever the number of signals."""

import csv
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from accounts.services import system_user
from aftersales.clocks.models import Clock
from aftersales.notices.models import Notice
from aftersales.tickets import services
from aftersales.tickets.models import DispatchRecord, IntakeItem, Ticket
from tests.flows.sheet_steps import OLIST, load, sample

pytestmark = [pytest.mark.django_db, pytest.mark.sample, pytest.mark.slow]
FAILED = {"canceled", "unavailable"}


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"olist_{name}_dataset.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def orders_concerned(folder: Path, now: datetime) -> tuple[set[str], int]:
    """From the files alone: orders with a problem, and the number of signals about them."""
    orders = {row["order_id"]: row for row in rows(folder, "orders")}
    low = [row["order_id"] for row in rows(folder, "order_reviews") if int(row["review_score"]) <= 2]
    paid: dict[str, Decimal] = {}
    for row in rows(folder, "order_payments"):
        paid[row["order_id"]] = paid.get(row["order_id"], Decimal(0)) + Decimal(row["payment_value"])
    failed = [key for key, row in orders.items() if row["order_status"] in FAILED and paid.get(key, 0) > 0]
    late = [key for key, row in orders.items() if row["order_status"] not in FAILED and is_late(row, now)]
    return {*low, *failed, *late}, len(low) + len(failed) + len(late)


def is_late(row: dict[str, str], now: datetime) -> bool:
    """The promise is a date: late is the day after, or never arrived though the date is over."""
    promised = row["order_estimated_delivery_date"][:10]
    arrived = row["order_delivered_customer_date"][:10]
    if arrived:
        return arrived > promised
    return row["order_status"] != "delivered" and promised < now.date().isoformat()


def test_one_ticket_per_order_concerned(book: None, now: datetime) -> None:
    # given: the untouched files of a marketplace
    folder = sample("olist-main", "olist_orders_dataset.csv").parent
    actor = system_user(now)
    for sheet, name in OLIST:
        load(sheet, folder / name, actor=actor, now=now, profile="olist")
    concerned, signals = orders_concerned(folder, now)

    # when the rules look without backfill, the old facts are left alone
    services.intake_run(now=now)
    assert Ticket.objects.count() == 0

    # when they look with backfill, each order concerned gets exactly one historic ticket
    services.intake_run(now=now, backfill=True)
    tickets = Ticket.objects.select_related("order")
    assert {ticket.order.external_no for ticket in tickets} == concerned
    assert tickets.count() == len(concerned)
    assert IntakeItem.objects.count() == signals
    assert not tickets.filter(historic=False).exists()

    # then nobody is bothered, and the clocks stand at their own time
    assert Notice.objects.count() == 0
    assert DispatchRecord.objects.count() == 0
    started = Clock.objects.order_by("started_at").first()
    assert started is not None
    assert started.started_at < now - timedelta(days=365)

    # and again changes nothing
    services.intake_run(now=now, backfill=True)
    assert Ticket.objects.count() == len(concerned)
