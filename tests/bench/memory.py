"""How much one process grows over 100,000 rows: ``python -m tests.bench.memory DATABASE WORK`` prints MiB.

A process of its own, because one that has worked before has free memory that hides the growth. Idle means: everything
is imported, the database answers.
"""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.settings")
ROWS = 100_000
PEAK = "VmHWM:"


def peak() -> float:
    """The largest resident size so far, in MiB; a child's memory does not count."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(PEAK):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this system does not tell the peak")


def blocks(rows: Iterator[list[str]]) -> Iterator[bytes]:
    """As a browser sends a file: piece by piece."""
    for row in rows:
        yield (",".join(row) + "\n").encode()


def book(path: Path, rows: Iterator[list[str]]) -> None:
    import xlsxwriter

    made = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = made.add_worksheet()
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    made.close()


def order_rows(batch: str) -> Iterator[list[str]]:
    from tests.bench import sheets

    yield sheets.ORDER_HEAD
    for number in range(ROWS):
        yield sheets.order_row(batch, number)


def taken_in(name: str, chunks: Any) -> None:
    from django.utils import timezone

    from accounts.services import system_user
    from aftersales.core.sheets import services
    from tests.bench import sheets

    now = timezone.now()
    sheets.applied(
        sheets.checked(
            services.receive(sheet="orders", name=name, chunks=chunks, actor=system_user(now), now=now)
        )
    )


def import_csv() -> None:
    taken_in("orders.csv", blocks(order_rows("mc")))


def import_xlsx(path: Path) -> None:
    with path.open("rb") as stream:
        taken_in("orders.xlsx", iter(lambda: stream.read(65_536), b""))


def export(fmt: str) -> None:
    """As a job does it: remember the rows, then write the file."""
    from django.utils import timezone

    from accounts.services import system_user
    from aftersales.core.sheets import exporting
    from aftersales.orders.models import Order

    now = timezone.now()
    rows = Order.objects.filter(source="bench").order_by("pk")[:ROWS]
    made = exporting.export(queryset=rows, sheet="orders", fmt=fmt, actor=system_user(now), now=now)
    exporting.make(export=made, now=now)
    if made.row_count != ROWS:
        raise RuntimeError(f"{made.row_count} rows were exported")
    exporting.path_of(made).unlink()


def works(path: Path) -> dict[str, Callable[[], None]]:
    return {
        "import.csv": import_csv,
        "import.xlsx": lambda: import_xlsx(path),
        "export.csv": lambda: export("csv"),
        "export.xlsx": lambda: export("xlsx"),
    }


def main(database: str, work: str, path: str) -> None:
    import django

    django.setup()
    from aftersales.core import embedded
    from tests.bench import data

    embedded.hold_database()
    data.use(database)
    import aftersales.urls
    from aftersales.core.sheets.models import SheetUpload

    assert aftersales.urls.urlpatterns
    assert SheetUpload.objects.count() >= 0
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak of starting up
    idle = peak()
    works(Path(path))[work]()
    print(round(peak() - idle, 1))


if __name__ == "__main__":
    main(*sys.argv[1:])
