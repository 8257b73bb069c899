"""Olist's files as rows of ours in a second (COPY), and what is true of them, counted from the files alone.

The sheets' own tests show that loading them through the pages gives the same rows; here only the figures are judged.
"""

import csv
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from django.db import connection

FILES = ("sellers", "orders", "order_items", "order_reviews")
OPEN = {"created", "approved", "invoiced", "processing", "shipped"}
ZONE = "America/Sao_Paulo"


def read(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"olist_{name}_dataset.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def load(folder: Path, market: int) -> None:
    """Sellers, orders with their one parcel, lines and reviews, in the market's zone."""
    with connection.cursor() as cursor:
        for name in FILES:
            path = folder / f"olist_{name}_dataset.csv"
            with path.open(encoding="utf-8-sig", newline="") as stream:
                columns = ", ".join(f"{one} text" for one in next(csv.reader(stream)))
            cursor.execute(f"CREATE TEMP TABLE olist_{name} ({columns}) ON COMMIT DROP")
            with cursor.cursor.copy(f"COPY olist_{name} FROM STDIN (FORMAT csv, HEADER)") as copy:
                copy.write(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
        cursor.execute("ANALYZE")
        for statement in STATEMENTS:
            cursor.execute(statement, {"market": market, "zone": ZONE})


def _at(column: str) -> str:
    return f"(nullif({column}, '')::timestamp AT TIME ZONE %(zone)s)"


STATEMENTS = (
    """INSERT INTO merchants_merchant (public_id, version, code, name, state, self_run, main_category, province, city,
              postcode, languages, deposit_due, deposit_held, currency, agreement)
       SELECT left(md5(seller_id), 22), 1, seller_id, seller_id, 'active', false, '', '', '', '', '{}', 0, 0, 'BRL', ''
         FROM olist_sellers""",
    f"""INSERT INTO orders_order (public_id, version, source, external_no, market_id, status, placed_at, placed_grain,
              paid_grain, completed_grain, cancelled_grain, ship_province, ship_city, ship_postcode, currency, total,
              freight, discount, paid, refunded, is_presale, presale_deposit, cash_on_delivery, group_no, is_gift,
              cross_border, customs_no, instalments, freight_insurance, freight_insurance_no, minor_buyer, invoice_kind,
              invoice_state, invoice_title, invoice_tax_no, invoice_no)
       SELECT left(md5(order_id), 22), 1, 'olist', order_id, %(market)s, order_status,
              {_at("order_purchase_timestamp")}, 'exact', 'exact', 'exact', 'exact', '', '', '', 'BRL', 0, 0, 0, 0, 0,
              false, 0, false, '', false, false, '', 1, false, '', false, '', '', '', '', '' FROM olist_orders""",
    f"""INSERT INTO orders_shipment (public_id, version, order_id, number, carrier, tracking_no, status, promised_at,
              promised_grain, shipped_at, shipped_grain, delivered_at, delivered_grain, signed_by, signed_place)
       SELECT left(md5('s' || order_id), 22), 1, o.id, '1', '', '', 'pending', {_at("order_estimated_delivery_date")},
              'day', {_at("order_delivered_carrier_date")}, 'exact', {_at("order_delivered_customer_date")}, 'exact',
              '', '' FROM olist_orders x JOIN orders_order o ON o.external_no = x.order_id""",
    f"""INSERT INTO orders_orderline (version, order_id, line_no, merchant_id, sales_mode, product_name, sku, quantity,
              currency, unit_price, list_price, freight, discount, coupon, subsidy, paid, refunded, return_rule,
              exception_confirmed, exception_confirmed_at, serial_no, batch_no, dispatch_due_at, dispatch_due_grain)
       SELECT 1, o.id, order_item_id::int, m.id, 'third_party', '', '', 1, 'BRL', 0, 0, 0, 0, 0, 0, 0, 0, '', false,
              NULL, '', '', {_at("shipping_limit_date")}, 'exact' FROM olist_order_items x
         JOIN orders_order o ON o.external_no = x.order_id JOIN merchants_merchant m ON m.code = x.seller_id""",
    """UPDATE orders_order o SET merchant_id = w.merchant_id FROM (SELECT order_id, min(merchant_id) AS merchant_id
         FROM orders_orderline GROUP BY 1 HAVING count(DISTINCT merchant_id) = 1) w WHERE w.order_id = o.id""",
    f"""INSERT INTO orders_review (public_id, version, source, external_id, order_id, score, title, body, written_at,
              written_grain, answered_grain)
       SELECT left(md5(review_id || x.order_id), 22), 1, 'olist', review_id, o.id, review_score::int, '', '',
              {_at("review_creation_date")}, 'day', 'exact'
         FROM olist_order_reviews x JOIN orders_order o ON o.external_no = x.order_id""",
    "ANALYZE",
)


def oracle(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "oracle.json").read_text()))


def truth(folder: Path) -> dict[tuple[str, str, str], tuple[int, int]]:
    """(seller, month, metric) → numerator, denominator, by the definitions at the head of ``oracle.py``."""
    orders = read(folder, "orders")
    limit: dict[str, str] = {}
    sellers: dict[str, set[str]] = defaultdict(set)
    for row in read(folder, "order_items"):
        sellers[row["order_id"]].add(row["seller_id"])
        limit[row["order_id"]] = max(limit.get(row["order_id"], ""), row["shipping_limit_date"])
    as_of = max(value for row in orders for key, value in row.items() if _moment(key))
    found: dict[tuple[str, str, str], tuple[int, int]] = {}

    def add(order: str, month: str, metric: str, num: int, den: int) -> None:
        for seller in sellers[order]:
            before = found.get((seller, month, metric), (0, 0))
            found[seller, month, metric] = (before[0] + num, before[1] + den)

    for row in orders:
        order, month = row["order_id"], row["order_purchase_timestamp"][:7]
        for metric, num, den in _of_order(row, limit.get(order, "")):
            add(order, month, metric, num, den)
        promised = row["order_estimated_delivery_date"]
        if row["order_status"] in OPEN and not row["order_delivered_customer_date"] and promised < as_of:
            add(order, promised[:7], "overdue", 1, 1)
    for row in read(folder, "order_reviews"):
        score, month = int(row["review_score"]), row["review_creation_date"][:7]
        add(row["order_id"], month, "mean_score", score, 1)
        add(row["order_id"], month, "low_rating_share", score <= 2, 1)
    return found


def _moment(column: str) -> bool:
    return column.startswith("order_") and column.endswith(
        ("timestamp", "_at", "carrier_date", "customer_date")
    )


def _of_order(row: dict[str, str], limit: str) -> list[tuple[str, int, int]]:
    arrived, promised = row["order_delivered_customer_date"], row["order_estimated_delivery_date"]
    delivered = row["order_status"] == "delivered" and bool(arrived)
    sent = row["order_delivered_carrier_date"]
    sent_late = bool(sent and limit) and sent > limit
    found = [("orders", 1, 1), ("undelivered", int(not delivered), 1)]
    if sent and limit:
        found.append(("dispatch_in_time", int(not sent_late), 1))
    if delivered:
        late = arrived[:10] > promised[:10]
        found += [
            ("delivery_in_time", int(not late), 1), ("late_to_the_second", int(arrived > promised), 1),
            ("late_by_seller", int(late and sent_late), 1), ("late_by_carrier", int(late and not sent_late), 1),
        ]  # fmt: skip
    return found
