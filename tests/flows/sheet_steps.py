"""Steps that the flows about sheets share: load a file as a person, count rows, look for rewritten rows."""

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from aftersales.core.sheets import services
from aftersales.core.sheets.models import SheetUpload

OLIST = (
    ("merchants", "olist_sellers_dataset.csv"),
    ("customers", "olist_customers_dataset.csv"),
    ("categories", "product_category_name_translation.csv"),
    ("products", "olist_products_dataset.csv"),
    ("orders", "olist_orders_dataset.csv"),
    ("shipments", "olist_orders_dataset.csv"),
    ("order_lines", "olist_order_items_dataset.csv"),
    ("payments", "olist_order_payments_dataset.csv"),
    ("reviews", "olist_order_reviews_dataset.csv"),
)
WRITTEN = (
    *(
        "merchants_merchant",
        "customers_customer",
        "customers_customeraccount",
        "orders_category",
        "orders_product",
    ),
    *("orders_order", "orders_shipment", "orders_orderline", "orders_payment", "orders_review"),
)


def sample(*parts: str) -> Path:
    """A file of the sample data; the test is skipped, loudly, when there is none."""
    root = os.environ.get("AFTERSALES_SAMPLE_DATA", "")
    path = Path(root, *parts)
    if not root or not path.exists():
        pytest.skip(
            f"AFTERSALES_SAMPLE_DATA does not hold {'/'.join(parts)}: the proof on real files did not run"
        )
    return path


def load(
    sheet: str, path: Path, *, actor: Any, now: datetime, profile: str = "", name: str = "", **options: str
) -> SheetUpload:
    """Receive, check, confirm and apply, as the pages and the worker do."""
    upload = services.receive(
        sheet=sheet,
        name=name or path.name,
        chunks=[path.read_bytes()],
        actor=actor,
        now=now,
        profile=profile,
        options=options,
    )
    services.check(upload=upload, now=now)
    assert upload.state == "previewed", upload.problem
    upload = services.confirm(upload=upload, actor=actor, now=now)
    services.apply(upload=upload, now=now)
    assert upload.state == "done"
    return upload


def fingerprints() -> dict[str, int]:
    """Per table a digest of all row versions: any written row changes it."""
    found = {}
    with connection.cursor() as cursor:
        for table in WRITTEN:
            cursor.execute(
                f"SELECT coalesce(sum(hashtext(ctid::text || xmin::text)::bigint), 0) FROM {table}"
            )
            found[table] = int(cursor.fetchone()[0])
    return found
