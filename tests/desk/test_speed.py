"""What the page itself costs, against the bare query and bare strings (make bench measures it at a million rows)."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import RequestFactory
from django.utils import translation

from aftersales.desk import rows
from aftersales.desk.queues import Row
from tests.cast import Cast


def one(number: int, now: datetime) -> Row:
    """A row as the queue reads it."""
    return Row(
        id=number, number=f"TK2611-{number:05d}", subject="空气炸锅首次使用有焦味，要求退货", state="in_progress",
        wait_for="", wake_at=None, severity="major", nature="operation", channel="chat",
        next_due_at=now + timedelta(hours=number / 10), next_promise="first_response",
        next_started_at=now - timedelta(hours=4), next_warn_at=now, opened_at=now, closed_at=None,
        last_customer_at=now, last_staff_at=None, version=3, assignee_id=7, assignee="陈思远",
        merchant="禾木家电旗舰店", customer="林晓芳", customer_class="key",
    )  # fmt: skip


def fastest(work: Callable[[], object]) -> float:
    work()
    found = []
    for _n in range(5):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return min(found)


def test_fifty_rows_are_drawn_in_a_few_milliseconds(now: datetime) -> None:
    fifty = [one(n, now) for n in range(50)]
    with translation.override("zh-hans"):
        took = fastest(lambda: rows.table_rows(fifty, now, soon=timedelta(hours=4)))
    assert took < 0.012, f"{took * 1000:.1f} ms"


@pytest.mark.django_db
def test_the_side_bar_costs_little(cast: Cast) -> None:
    from aftersales.desk import shell

    request = RequestFactory().get("/desk/tickets/")
    request.user = cast.lead
    assert fastest(lambda: shell.side_bar(request)) < 0.015
