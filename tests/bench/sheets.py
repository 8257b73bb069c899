"""How fast sheets are, as ratios to what PostgreSQL itself needs for the same rows; subject and floor alternate.

It works on orders and parcels of a source of its own, in a clone that is thrown away.
"""

import csv
import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import xlsxwriter
from django.db import connection
from django.utils import timezone

from accounts.services import system_user
from aftersales.core.sheets import exporting, services
from aftersales.core.sheets import resource as sheets
from aftersales.core.sheets.models import SheetUpload
from aftersales.merchants.models import Merchant
from aftersales.orders.models import Order, Shipment
from tests import database
from tests.bench import memory as growth
from tests.bench.data import Sets, copy_of
from tests.bench.measure import Race, Result, at_most, count

ROWS = 20_000
ROUNDS = 3
MERCHANTS = 200
ORDER_HEAD = [
    "source",
    "order_no",
    "merchant",
    "status",
    "placed_at",
    "paid_at",
    "currency",
    "total",
    "paid",
    "refunded",
    "province",
    "is_gift",
]
PARCEL_HEAD = [
    *("source", "order_no", "number", "merchant", "carrier", "tracking_no", "status"),
    *("promised_at", "shipped_at", "delivered_at", "signed_by", "signed_place"),
]


def order_row(batch: str, number: int) -> list[str]:
    minute, hour, day = number % 60, number // 60 % 24, number // 1440 % 28 + 1
    moment = f"2026-03-{day:02d} {hour:02d}:{minute:02d}:07"
    total = f"{number % 900 + 10}.{number % 100:02d}"
    return [
        "bench",
        f"{batch}{number:010d}",
        f"B{number % MERCHANTS:04d}",
        "paid",
        moment,
        moment,
        "CNY",
        total,
        total,
        "0.00",
        "浙江省",
        "no",
    ]


def parcel_row(batch: str, number: int) -> list[str]:
    day = number % 27 + 1
    return [
        "bench", f"{batch}{number:010d}", "1", f"B{number % MERCHANTS:04d}", "顺丰", f"SF{batch}{number:010d}", "delivered",  # noqa: E501
        f"2026-04-{day:02d}", f"2026-03-{day:02d} 10:00:00", f"2026-03-{day + 1:02d} 18:{number % 60:02d}:00", "recipient", "家",  # noqa: E501
    ]  # fmt: skip


def as_csv(head: list[str], rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([head, *rows])
    return text.getvalue().encode()


def as_xlsx(head: list[str], rows: list[list[str]]) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"constant_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate([head, *rows]):
        sheet.write_row(number, 0, row)
    book.close()
    return stream.getvalue()


def timed(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def receive(sheet: str, content: bytes, name: str = "bench.csv") -> SheetUpload:
    now = timezone.now()
    return services.receive(sheet=sheet, name=name, chunks=[content], actor=system_user(now), now=now)


def checked(upload: SheetUpload) -> SheetUpload:
    upload = services.check(upload=upload, now=timezone.now())
    if upload.count("refused") or upload.state != "previewed":
        raise RuntimeError(f"the bench's own file is refused: {upload.problem or upload.counts}")
    return upload


def applied(upload: SheetUpload) -> SheetUpload:
    upload = services.confirm(upload=upload, actor=upload.owner, now=timezone.now())
    return services.apply(upload=upload, now=timezone.now())


def prepare() -> None:
    """Merchants that the rows name."""
    codes = [f"B{number:04d}" for number in range(MERCHANTS)]
    known = set(Merchant.objects.filter(code__in=codes).values_list("code", flat=True))
    Merchant.objects.bulk_create(Merchant(code=code, name=code) for code in codes if code not in known)
    with database.superuser(str(connection.settings_dict["NAME"])) as link:
        link.execute(f"ANALYZE {Merchant._meta.db_table}")  # as autovacuum does it within a minute


def copied(model: Any, batch: str, other: str) -> tuple[str, bytes]:
    """The COPY statement and typed bytes that put the rows of ``batch`` once more into the table, as ``other``."""
    table = model._meta.db_table
    names = [field.column for field in model._meta.concrete_fields if not field.primary_key]
    columns = {name: f"t.{name}" for name in names}
    if model is Order:
        columns |= {
            "public_id": "left(md5(random()::text), 22)",
            "external_no": f"replace(t.external_no, '{batch}', '{other}')",
        }
        where = f"t.source = 'bench' AND t.external_no LIKE '{batch}%'"
    else:
        columns |= {"public_id": "left(md5(random()::text), 22)", "number": "t.number || '-' || t.id"}
        where = f"t.order_id IN (SELECT id FROM orders_order WHERE source = 'bench' AND external_no LIKE '{batch}%')"
    out = io.BytesIO()
    with (
        connection.cursor() as cursor,
        cursor.connection.cursor() as raw,
        raw.copy(
            f"COPY (SELECT {', '.join(columns.values())} FROM {table} t WHERE {where} ORDER BY t.id) TO STDOUT (FORMAT csv)"  # noqa: E501
        ) as copy,
    ):
        for block in copy:
            out.write(block)
    return f"COPY {table} ({', '.join(names)}) FROM STDIN (FORMAT csv)", out.getvalue()


def copy_in(statement: str, content: bytes) -> None:
    with connection.cursor() as cursor, cursor.connection.cursor() as raw, raw.copy(statement) as copy:
        copy.write(content)


def loads(
    sheet: str,
    model: Any,
    row: Callable[[str, int], list[str]],
    head: list[str],
    bar: float,
    rows: int = ROWS,
) -> Iterator[Result]:
    """Load, preview, unchanged and XLSX of one sheet against a typed COPY of the same rows into the same table."""
    load, preview, same, floor, xlsx = [], [], [], [], []
    for number in range(ROUNDS):
        batch = f"{chr(97 + number)}{int(time.time())}"
        if model is Shipment:
            applied(
                checked(receive("orders", as_csv(ORDER_HEAD, [order_row(batch, n) for n in range(rows)])))
            )
        content = as_csv(head, [row(batch, n) for n in range(rows)])
        upload = receive(sheet, content)
        first = timed(lambda upload=upload: checked(upload))
        rest = timed(lambda upload=upload: applied(upload))
        preview.append(first)
        load.append(first + rest)
        typed = copied(model, batch, "z" + batch)
        floor.append(timed(lambda typed=typed: copy_in(*typed)))
        versions = row_versions(model)
        again = receive(sheet, content)
        same.append(timed(lambda again=again: applied(checked(again))))
        if row_versions(model) != versions:
            raise RuntimeError("an unchanged file wrote row versions")
        if model is Order:
            book = as_xlsx(head, [row("x" + batch, n) for n in range(rows)])
            one = receive(sheet, book, "bench.xlsx")
            xlsx.append(timed(lambda one=one: applied(checked(one))))
    yield at_most(f"{sheet}: CSV load / typed COPY", Race(load, floor), bar)
    yield at_most(f"{sheet}: preview / load", Race(preview, load), 0.8)
    yield at_most(f"{sheet}: unchanged / load", Race(same, load), 0.8)
    if xlsx:
        yield at_most(f"{sheet}: XLSX load / typed COPY", Race(xlsx, floor), 4.0)


def row_versions(model: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT coalesce(sum(hashtext(ctid::text || xmin::text)::bigint), 0) FROM {model._meta.db_table}"
        )
        return int(cursor.fetchone()[0])


def exports() -> Result:
    """A CSV export against COPY TO of the same columns."""
    found, rows = sheets.find("orders"), Order.objects.filter(source="bench").order_by("pk")
    subject, floor = [], []
    for _round in range(ROUNDS):
        subject.append(
            timed(
                lambda: sum(
                    len(block)
                    for block in exporting.csv_chunks(found, exporting.source_of(rows), masked=True)
                )
            )
        )
        floor.append(timed(_bare_copy))
    return at_most("orders: CSV export / COPY TO", Race(subject, floor), 2.0)


def _bare_copy() -> None:
    columns = [str(column.attribute) for column in sheets.find("orders").columns() if column.attribute]
    names = [Order._meta.get_field(name).column for name in columns]
    joined = [f"t.{name}" for name in names if name not in {"merchant_id", "customer_id", "account_id"}]
    query = (
        f"SELECT m.code, c.code, a.external_id, {', '.join(joined)} FROM orders_order t LEFT JOIN merchants_merchant m ON m.id = t.merchant_id "  # noqa: E501
        "LEFT JOIN customers_customer c ON c.id = t.customer_id LEFT JOIN customers_customeraccount a ON a.id = t.account_id "  # noqa: E501
        "WHERE t.source = 'bench' ORDER BY t.id"
    )
    with (
        connection.cursor() as cursor,
        cursor.connection.cursor() as raw,
        raw.copy(f"COPY ({query}) TO STDOUT (FORMAT csv)") as copy,
    ):
        for _block in copy:
            pass


def memory() -> Iterator[Result]:
    """MiB that a web or worker process grows by over 100,000 rows. Two at a time: it is not time that counts."""
    name = str(connection.settings_dict["NAME"])
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        path = Path(folder) / "orders.xlsx"
        growth.book(path, growth.order_rows("mx"))
        for works in (("import.csv", "import.xlsx"), ("export.csv", "export.xlsx")):
            yield from pool.map(lambda work: _grown(name, work, path), works)


def _grown(name: str, work: str, path: Path) -> Result:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.memory", name, work, str(path)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return count(f"orders: MiB above idle, {work} of 100,000 rows", float(done.stdout), 64)


def measure(sets: Sets, _effort: int) -> Iterator[Result]:
    """Orders have history (bar 4), parcels have none (bar 2.5)."""
    with copy_of(sets.base):
        prepare()
        yield from loads("shipments", Shipment, parcel_row, PARCEL_HEAD, 2.5)
        yield from loads("orders", Order, order_row, ORDER_HEAD, 4.0)
        yield exports()
        yield from memory()
