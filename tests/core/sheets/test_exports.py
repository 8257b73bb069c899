"""Exports: safe, masked, recorded, exactly as filtered; and loading an export changes nothing (case I19)."""

import csv
import io
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.utils import timezone

from aftersales.core import jobs
from aftersales.core.errors import NotPermitted
from aftersales.core.models import Event
from aftersales.core.sheets import exporting, resource
from aftersales.core.sheets.models import SheetExport
from aftersales.customers.models import Customer
from aftersales.merchants.models import Merchant
from tests.core.sheets.steps import check, load, rows_as_csv, verdicts

pytestmark = pytest.mark.django_db
HOSTILE = [
    "=1+1",
    "==1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "＝1",
    "'=1",
    "'",
    "\t=1",
    "a=1",
    '=HYPERLINK("http://x")',
    "-5.5",
    "'-x",
]


def content(row: SheetExport) -> bytes:
    return exporting.path_of(row).read_bytes()


def export(sheet: str, actor: Any, now: Any, fmt: str = "csv", **filters: Any) -> SheetExport:
    rows = resource.find(sheet).model()._default_manager.filter(**filters).order_by("pk")
    return exporting.export(queryset=rows, sheet=sheet, fmt=fmt, actor=actor, now=now)


@pytest.mark.django_db(transaction=True)
def test_no_cell_becomes_a_formula_and_the_way_back_gives_the_original(
    cast: Any, now: Any, django_db_setup: Any
) -> None:
    Merchant.objects.bulk_create(Merchant(code=f"M{n}", name=text) for n, text in enumerate(HOSTILE))
    row = export("merchants", cast.operations, now)
    lines = list(csv.reader(io.StringIO(content(row).decode("utf-8-sig"), newline="")))
    names = [line[1] for line in lines[1:]]
    assert not [name for name in names if name[:1] in tuple("=+-@\t\r\n＝")]
    upload = check("merchants", content(row), actor=cast.operations, now=now)
    assert (upload.count("same"), upload.count("read")) == (len(HOSTILE), len(HOSTILE))
    django_db_setup.empty("merchants")
    load("merchants", content(row), actor=cast.operations, now=now)
    assert set(Merchant.objects.values_list("name", flat=True)) == set(HOSTILE)


def test_an_xlsx_keeps_codes_as_text_numbers_as_numbers_and_no_formula(cast: Any, now: Any) -> None:
    for n, text in enumerate(HOSTILE):
        Merchant.objects.create(code=f"00{n}", name=text, deposit_due="12.50")
    row = export("merchants", cast.operations, now, "xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(content(row))).active
    assert sheet.freeze_panes == "A2"
    assert {cell.data_type for cell in sheet["B"]} == {"s"}
    assert sheet["A2"].value == "000"
    assert sheet.cell(2, 9).value == 12.5
    upload = check("merchants", content(row), name="a.xlsx", actor=cast.operations, now=now)
    assert upload.count("same") == len(HOSTILE)


def trade(cast: Any, now: Any) -> None:
    """A little of everything, with awkward times and texts."""
    actor = cast.operations
    load("merchants", rows_as_csv(["code", "name"], ["M1", "店"]), actor=actor, now=now)
    load(
        "customers",
        rows_as_csv(
            ["code", "source", "account_id", "name", "phone"], ["C1", "s", "a1", "王小明", "13900001234"]
        ),
        actor=actor,
        now=now,
    )
    load(
        "products",
        rows_as_csv(["code", "category", "weight_g"], ["P1", "new-category", "12"]),
        actor=actor,
        now=now,
    )
    head = [
        "source",
        "order_no",
        "account",
        "merchant",
        "placed_at",
        "paid_at",
        "status",
        "total",
        "paid",
        "is_gift",
    ]
    load(
        "orders",
        rows_as_csv(
            head,
            [
                "s",
                "3026111788410001",
                "a1",
                "M1",
                "2026-01-02 03:04",
                "2026-01-02",
                "paid",
                "9.90",
                "9.90",
                "yes",
            ],
        ),
        actor=actor,
        now=now,
    )
    load(
        "order_lines",
        rows_as_csv(
            ["source", "order_no", "line_no", "merchant", "product", "unit_price"],
            ["s", "3026111788410001", "1", "M1", "P1", "9.90"],
        ),
        actor=actor,
        now=now,
    )
    load(
        "payments",
        rows_as_csv(
            ["source", "order_no", "sequence", "method", "amount"],
            ["s", "3026111788410001", "1", "alipay", "9.90"],
        ),
        actor=actor,
        now=now,
    )
    load(
        "shipments",
        rows_as_csv(
            ["source", "order_no", "number", "promised_at", "shipped_at"],
            ["s", "3026111788410001", "1", "2026-01-05", "2026-01-03 10:00:01.250000"],
        ),
        actor=actor,
        now=now,
    )
    load(
        "reviews",
        rows_as_csv(
            ["source", "review_id", "order_no", "score", "body"],
            ["s", "r1", "3026111788410001", "1", '第一行\n"第二行", =好'],
        ),
        actor=actor,
        now=now,
    )


SHEETS = (
    "merchants",
    "customers",
    "categories",
    "products",
    "orders",
    "order_lines",
    "payments",
    "shipments",
    "reviews",
    "staff",
)


@pytest.mark.parametrize("fmt", ["csv", "xlsx"])
def test_loading_an_export_changes_nothing(fmt: str, cast: Any, now: Any) -> None:
    trade(cast, now)
    cast.agent, cast.lead  # noqa: B018
    for sheet in SHEETS:
        actor = cast.administrator if sheet == "staff" else cast.operations
        row = export(sheet, actor, now, fmt)
        upload = check(sheet, content(row), name=f"a.{fmt}", actor=actor, now=now)
        assert upload.state == "previewed", (sheet, upload.problem)
        expected = upload.count("read") - (1 if sheet == "staff" and upload.count("refused") else 0)
        assert (upload.count("same"), upload.count("new")) == (expected, 0), sheet


def test_personal_data_is_masked_without_the_right_and_a_masked_export_changes_nothing_either(
    cast: Any, now: Any
) -> None:
    trade(cast, now)
    row = export("customers", cast.supervisor, now)
    text = content(row).decode()
    assert row.masked
    assert "王小明" not in text
    assert "13900001234" not in text
    assert "王*明" in text
    upload = check("customers", content(row), actor=cast.operations, now=now)
    assert verdicts(upload) == {2: ("s", "")}
    open_row = export("customers", cast.operations, now)
    assert "13900001234" in content(open_row).decode()
    assert [
        event.payload["masked"] for event in Event.objects.filter(kind="sheet.exported").order_by("id")
    ] == [True, False]


def test_a_list_is_exported_as_it_was_filtered_and_only_by_those_who_may(
    cast: Any, now: Any, client: Client
) -> None:
    for n in range(5):
        Customer.objects.create(code=f"C{n}", customer_class="key" if n < 2 else "general")
    assert export("customers", cast.operations, now, customer_class="key").row_count == 2
    with pytest.raises(NotPermitted):
        export("customers", cast.agent, now)
    client.force_login(cast.supervisor)
    answer = client.get("/sheets/customers/export.csv", {"customer_class__exact": "key"})
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert len(lines) == 3
    assert "customer_class" in answer["Content-Disposition"]


def test_a_large_export_is_made_by_a_job_and_its_link_expires(
    cast: Any, now: Any, settings: Any, client: Client
) -> None:
    settings.SHEETS_EXPORT_INLINE_ROWS = 2
    for n in range(4):
        Merchant.objects.create(code=f"M{n}", name="店")
    client.force_login(cast.operations)
    assert client.get("/sheets/merchants/export.csv").status_code == 302
    row = SheetExport.objects.get()
    link = f"/sheets/exports/{row.public_id}/"
    assert client.get(link).status_code == 404
    Merchant.objects.create(code="M9", name="later")
    jobs.run_due(timezone.now())
    assert b"".join(client.get(link).streaming_content).count(b"\n") == 5
    client.force_login(cast.supervisor)
    assert client.get(link).status_code == 404
    client.force_login(cast.operations)
    SheetExport.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert client.get(link).status_code == 404


@pytest.mark.parametrize("fmt", ["csv", "xlsx"])
def test_every_template_loads_up_to_its_references(fmt: str, cast: Any, now: Any, client: Client) -> None:
    client.force_login(cast.operations)
    for found in resource.registered():
        if not cast.operations.has_perm(found.import_capability()):
            continue
        answer = client.get(f"/sheets/{found.sheet}/template.{fmt}")
        assert answer.status_code == 200
        if found.sheet == "staff":
            continue  # names a column that only administrators load
        upload = check(found.sheet, answer.content, name=f"a.{fmt}", actor=cast.operations, now=now)
        assert upload.state == "previewed", (found.sheet, upload.problem)
        assert upload.count("read") == 1
