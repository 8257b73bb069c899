"""Proof on real files: untouched marketplace exports go through the pages and give the counts their oracle knows."""

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from aftersales.core import jobs
from aftersales.core.models import Event
from aftersales.core.sheets.models import SheetUpload
from aftersales.merchants.models import Merchant
from tests import database
from tests.flows.sheet_steps import OLIST, fingerprints, sample

pytestmark = [pytest.mark.django_db, pytest.mark.sample]
READ = {
    "merchants": 1610,
    "customers": 8135,
    "categories": 71,
    "products": 5460,
    "orders": 8135,
    "shipments": 8135,
    "order_lines": 8365,
    "payments": 8924,
    "reviews": 8225,
}
STORED = {
    "merchants_merchant": 1610,
    "customers_customer": 8016,
    "customers_customeraccount": 8135,
    "orders_product": 5460,
    "orders_order": 8135,
    "orders_shipment": 8135,
    "orders_orderline": 8365,
    "orders_payment": 8924,
    "orders_review": 8225,
}
TMALL = (
    "tmall_order_report.csv",
    "tmall_order_report1.csv",
    "tmall_order_report__header-with-trailing-spaces.csv",
)


@pytest.fixture(autouse=True)
def no_memory_of_others(transactional_db: None) -> None:
    """PostgreSQL plans as on a new database, not by what the test before had loaded and the flush took away."""
    with database.superuser(str(connection.settings_dict["NAME"])) as link:
        link.execute("ANALYZE")


def through_the_pages(
    client: Client, sheet: str, path: Path, profile: str, content: bytes = b"", **more: str
) -> SheetUpload:
    """Upload, look, confirm, let a worker run, look at the result."""
    body = io.BytesIO(content or path.read_bytes())
    body.name = path.name
    answer = client.post(f"/sheets/{sheet}/", {"file": body, "profile": profile, **more})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    page = client.get(answer.url)
    assert page.status_code == 200
    upload = SheetUpload.objects.latest("pk")
    if upload.state == "previewed":
        client.post(f"/sheets/uploads/{upload.public_id}/confirm/")
        for minutes in range(0, 60, 10):  # a busy machine may send a chunk into its second try
            jobs.run_due(timezone.now() + timedelta(minutes=minutes))
            upload.refresh_from_db()
            if upload.state != "applying":
                break
        assert client.get(answer.url).status_code == 200
    return upload


def command(*arguments: str) -> tuple[dict[str, Any], int]:
    out = io.StringIO()
    code = 0
    try:
        call_command("load_sheet", *arguments, stdout=out)
    except SystemExit as ended:
        code = int(ended.code or 0)
    return json.loads(out.getvalue()), code


def stored() -> dict[str, int]:
    found = {}
    with connection.cursor() as cursor:
        for table in STORED:
            cursor.execute(f"SELECT count(*) FROM {table}")
            found[table] = cursor.fetchone()[0]
    return found


def test_the_olist_files_give_the_oracles_counts_and_the_second_time_nothing(
    client: Client, cast: Any
) -> None:
    client.force_login(cast.operations)
    for sheet, file in OLIST:
        upload = through_the_pages(client, sheet, sample("olist-main", file), "olist")
        assert (upload.state, upload.count("new"), upload.count("refused")) == ("done", READ[sheet], 0), sheet
    assert stored() == STORED
    assert Event.objects.filter(kind="sheet.applied").count() == len(OLIST)
    oracle = json.loads(sample("olist-main", "oracle.json").read_text())
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(paid)::text FROM orders_order")
        assert cursor.fetchone()[0] == oracle["money"]["payments_total"]
        cursor.execute("SELECT count(*) FROM orders_shipment s WHERE s.delivered_at IS NULL")
        assert cursor.fetchone()[0] == oracle["nulls"]["orders"]["order_delivered_customer_date"]
        cursor.execute("SELECT count(*) FROM orders_review WHERE body LIKE E'%\\n%'")
        assert cursor.fetchone()[0] > 300
        cursor.execute(
            "SELECT count(*) FROM (SELECT order_id FROM orders_orderline GROUP BY 1 HAVING count(DISTINCT merchant_id) > 1) x"  # noqa: E501
        )
        assert cursor.fetchone()[0] == oracle["orders_of_two_or_more_sellers"]
        cursor.execute("SELECT count(*) FROM orders_order WHERE merchant_id IS NULL")
        assert (
            cursor.fetchone()[0]
            == oracle["orders_without"]["items"] + oracle["orders_of_two_or_more_sellers"]
        )

    before = fingerprints()
    for sheet, file in OLIST:
        answer, code = command(
            sheet, str(sample("olist-main", file)), "--profile", "olist", "--as", cast.operations.username
        )
        assert code == 0
        assert (answer["read"], answer["unchanged"]) == (READ[sheet], READ[sheet])
    assert fingerprints() == before, "a row was written although nothing had changed"


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2)], ids=["coarse first", "fine first"])
def test_the_three_tmall_reports_give_the_same_orders(
    client: Client, cast: Any, order: tuple[int, ...]
) -> None:
    client.force_login(cast.operations)
    Merchant.objects.create(code="T-SHOP", name="天猫店")
    uploads = [
        through_the_pages(client, "orders", sample("tmall-orders", TMALL[number]), "tmall", merchant="T-SHOP")
        for number in order
    ]
    assert uploads[0].count("new") == 28010
    assert uploads[1].count("same") == (0 if order[0] == 0 else 28010)
    assert uploads[2].count("same") == 28010
    before = fingerprints()
    again = through_the_pages(client, "orders", sample("tmall-orders", TMALL[0]), "tmall", merchant="T-SHOP")
    assert again.count("same") == 28010
    assert fingerprints() == before
    oracle = json.loads(sample("tmall-orders", "oracle.json").read_text())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), sum(total)::text, sum(paid - refunded)::text, sum(refunded)::text, count(paid_at), "
            "count(*) FILTER (WHERE paid_at IS NOT NULL AND paid - refunded + refunded <> total), "
            "count(*) FILTER (WHERE placed_grain = 'exact'), count(DISTINCT merchant_id), "
            "to_char(min(placed_at) AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS') FROM orders_order"
        )
        assert cursor.fetchone() == (
            28010,
            oracle["total_amount"],
            oracle["paid_amount"],
            oracle["refund_amount"],
            oracle["paid_orders"]["n"],
            0,
            28010,
            1,
            oracle["created"][0],
        )


PLANTED = {
    "merchants": ("seller_state", "X" * 61, "too_long"),
    "customers": ("customer_unique_id", "", "required"),
    "products": ("product_weight_g", "heavy", "not_whole"),
    "orders": ("order_purchase_timestamp", "2017-13-04 10:22:00", "not_moment"),
    "shipments": ("order_estimated_delivery_date", "2018-02-30 00:00:00", "not_moment"),
    "order_lines": ("price", "1,208.00", "separator"),
    "payments": ("payment_value", "12O.50", "not_amount"),
    "reviews": ("review_score", "6", "range"),
}
PLANTED_ROW = 41


def spoiled(content: bytes, column: str, value: str) -> bytes:
    """The file with one cell of row 41 changed."""
    rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
    rows[PLANTED_ROW - 1][rows[0].index(column)] = value
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def test_one_bad_row_planted_in_each_file_is_refused_with_row_column_and_reason(
    client: Client, cast: Any
) -> None:
    client.force_login(cast.operations)
    for sheet, file in OLIST:
        path = sample("olist-main", file)
        if sheet in PLANTED:
            column, value, reason = PLANTED[sheet]
            upload = through_the_pages(
                client, sheet, path, "olist", content=spoiled(path.read_bytes(), column, value)
            )
            assert (upload.count("refused"), upload.count("new")) == (1, READ[sheet] - 1), sheet
            page = client.get(f"/sheets/uploads/{upload.public_id}/?tab=refused").content.decode()
            assert f'<td class="rn num">{PLANTED_ROW}</td>' in page
            if value:
                assert value[:20] in page
            errors = b"".join(client.get(f"/sheets/uploads/{upload.public_id}/errors.csv").streaming_content)
            lines = list(csv.reader(io.StringIO(errors.decode("utf-8-sig"), newline="")))
            assert len(lines) == 2
            assert lines[1][0] == str(PLANTED_ROW)
            assert lines[1][-2], "the reason is missing"
        answer, code = command(sheet, str(path), "--profile", "olist", "--as", cast.operations.username)
        expected = 1 if sheet in PLANTED else READ[sheet]
        assert (code, answer["created"], answer["refused"]) == (0, expected, 0), sheet
    assert stored() == STORED
