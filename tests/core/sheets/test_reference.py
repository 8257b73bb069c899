"""Two judges: django-import-export with our widgets in Python, and the same widgets as SQL. They agree on each cell."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import tablib
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aftersales.core import wording
from aftersales.core.sheets import masks, resource, widgets
from aftersales.core.sheets.problems import Unreadable
from aftersales.customers import rules as customer_rules
from aftersales.customers.sheets import search_key
from aftersales.merchants.models import Merchant
from aftersales.orders.states import OrderStatus
from tests.core.sheets.steps import check, rows_as_csv, verdicts

pytestmark = pytest.mark.django_db

CELLS = [
    "0", "1", "-1", "007", "12.50", "12.5", "12.500", "12.505", "1e3", "1.0", "1,208.00", "０１２", "٣", "-0",
    "999999999999.99",
    "1.23E+18", "1.5E+2", "yes", "YES", "No", "是", "TRUE", "maybe", "Paid", "paid", "已付款", "PAID", "x", "x" * 65,
    "2026-02-28", "2026-02-29", "2024-02-29", "1900-02-29", "2000-02-29", "2026-2-3 4:05", "2026/02/03 04:05:06",
    "2026-13-01", "2026-04-31", "2026-04-30 24:00", "2026-04-30T23:59:59.123456", "2026-04-30 23:59:60", "0000-01-01",
    "2017-10-15 00:00:00", "2018-02-17 23:30:00", "2026-04-30 9:5", "46000", "a@b.cn", "a@b", "a b@c.cn", "agent",
    "agent;lead",
    "agent, system", "abc,de；f", "abcd,e", "；", "=1+1", "é", "İ", "K",
]  # fmt: skip
WIDGETS: dict[str, widgets.SheetWidget] = {
    "text": widgets.TextWidget(64),
    "key": widgets.KeyWidget(64),
    "whole": widgets.WholeWidget(0, 500),
    "amount": widgets.AmountWidget(),
    "signed": widgets.AmountWidget(signed=True),
    "bool": widgets.BoolWidget(),
    "choice": widgets.ChoiceWidget(OrderStatus.choices),
    "words": widgets.WordsWidget((("agent", "Agent"), ("lead", "Lead"))),
    "any words": widgets.WordsWidget(longest=3),
    "email": widgets.EmailWidget(64),
    "moment": widgets.MomentWidget(),
    "moment elsewhere": widgets.MomentWidget().told(zone="America/Sao_Paulo"),
}


def in_sql(widget: widgets.SheetWidget, cells: list[str]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {widget.sql('x.cell')} FROM unnest({widgets.quote(cells)}) WITH ORDINALITY AS x (cell, n) ORDER BY n"  # noqa: E501
        )
        return [row[0] for row in cursor.fetchall()]


def in_python(widget: widgets.SheetWidget, cell: str) -> Any:
    try:
        return widget.clean(cell)
    except Unreadable:
        return None


@pytest.mark.parametrize("name", WIDGETS)
def test_each_widget_says_the_same_in_python_and_in_sql(name: str) -> None:
    widget = WIDGETS[name]
    assert in_sql(widget, CELLS) == [in_python(widget, cell) for cell in CELLS]


@pytest.mark.parametrize("name", WIDGETS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(st.text("0123456789-/: .,TE+eyno@x", min_size=1, max_size=20), min_size=1, max_size=20))
def test_the_widgets_agree_on_odd_cells_too(name: str, cells: list[str]) -> None:
    cells = [cell.strip() for cell in cells if cell.strip()]
    widget = WIDGETS[name]
    assert in_sql(widget, cells) == [in_python(widget, cell) for cell in cells]


def test_a_gap_and_a_doubled_hour_are_read_as_postgresql_reads_them() -> None:
    widget = widgets.MomentWidget().told(zone="America/Sao_Paulo")
    assert widget.clean("2017-10-15 00:00:00") == datetime(
        2017, 10, 15, 1, tzinfo=ZoneInfo("America/Sao_Paulo")
    )


def test_the_library_and_the_engine_give_the_same_verdicts_on_rows(cast: Any, now: Any) -> None:
    Merchant.objects.create(code="M1", name="店")
    head = ["source", "order_no", "placed_at", "merchant", "status", "paid", "refunded", "is_gift"]
    good = ["tmall", "1", "2026-01-02 03:04", "M1", "paid", "10.00", "0", "no"]
    rows = [[str(n) if i == 1 else cell for i, cell in enumerate(good)] for n in range(2, 60)]
    bad = {
        3: (2, "2026-02-30"),
        9: (3, "M9"),
        15: (4, "gone"),
        21: (5, "1,0"),
        27: (5, "-1"),
        33: (7, "perhaps"),
        39: (1, ""),
        45: (0, ""),
    }
    for number, (place, value) in bad.items():
        rows[number][place] = value
    upload = check("orders", rows_as_csv(head, *rows), actor=cast.operations, now=now)
    found = {number for number, (verdict, _why) in verdicts(upload).items() if verdict == "r"}
    assert found == by_library(resource.find("orders"), head, rows, cast.operations)
    assert found == {number + 2 for number in bad}


def by_library(sheet: Any, head: list[str], rows: list[list[str]], user: Any) -> set[int]:
    """Rows that the library's own fields, with our widgets, refuse."""
    refused = set()
    for number, row in enumerate(tablib.Dataset(*rows, headers=head).dict, start=2):
        for column in (sheet.column(name) for name in head):
            try:
                value = column.clean(row)
                if value is None and column.required:
                    refused.add(number)
                if value is not None and isinstance(column.widget, widgets.LookupWidget):
                    column.widget.find(value, row, user)
            except Unreadable:
                refused.add(number)
    return refused


@pytest.mark.parametrize("kind", masks.MASKS)
@pytest.mark.parametrize(
    "value",
    ["", "王", "王明", "王小明", "13900001234", "1234", "a@b.cn", "浙江省杭州市西湖区文三路", "abcdef"],
)
def test_masks_in_sql_are_the_masks_of_the_pages(kind: str, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {masks.mask_sql(widgets.quote(value), kind)}")
        assert cursor.fetchone()[0] == (wording.masked(value, kind) if value else "")


@pytest.mark.parametrize("value", ["+86 139-0000-1234", "13900001234", "0571 88 00", "A B@C.cn"])
@pytest.mark.parametrize("kind", ["phone", "email"])
def test_contacts_are_found_by_the_key_that_their_room_makes(kind: str, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + search_key(kind, "x").format(x=widgets.quote(value)))
        assert cursor.fetchone()[0] == customer_rules.search_key(kind, value)


def test_amounts_are_exact() -> None:
    assert in_sql(WIDGETS["amount"], ["0.10", "999999999999.99"]) == [
        Decimal("0.10"),
        Decimal("999999999999.99"),
    ]
