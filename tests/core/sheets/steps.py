"""Steps of the tests about sheets."""

import csv
import io
from datetime import datetime
from typing import Any

import xlsxwriter
from django.db import connection

from aftersales.core.sheets import services
from aftersales.core.sheets.models import SheetUpload


def check(
    sheet: str,
    content: bytes,
    *,
    actor: Any,
    now: datetime,
    name: str = "rows.csv",
    profile: str = "",
    **options: str,
) -> SheetUpload:
    """Receive and check."""
    upload = services.receive(
        sheet=sheet, name=name, chunks=[content], actor=actor, now=now, profile=profile, options=options
    )
    return services.check(upload=upload, now=now)


def apply(upload: SheetUpload, *, now: datetime) -> SheetUpload:
    upload = services.confirm(upload=upload, actor=upload.owner, now=now)
    return services.apply(upload=upload, now=now)


def load(sheet: str, content: bytes, *, actor: Any, now: datetime, **more: str) -> SheetUpload:
    """Receive, check, confirm and apply."""
    upload = check(sheet, content, actor=actor, now=now, **more)
    return upload if upload.state == "refused" else apply(upload, now=now)


def rows_as_csv(*rows: list[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def book(rows: list[list[Any]]) -> bytes:
    stream = io.BytesIO()
    made = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet = made.add_worksheet()
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    made.close()
    return stream.getvalue()


def verdicts(upload: SheetUpload) -> dict[int, tuple[str, str]]:
    """Row number → (verdict, problems or changes)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT row_no, verdict, coalesce(problems, changes, '') FROM core_sheetverdict WHERE upload_id = %s",
            [upload.pk],
        )
        return {row[0]: (row[1], row[2]) for row in cursor.fetchall()}
