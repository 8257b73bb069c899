"""The refused rows as a file: original row number and columns, then what is wrong. Corrected, it loads as it is."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from django.db import connection
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from . import explaining, staging
from .models import SheetUpload
from .plan import Plan
from .safe import safe

STEP = 500


def header(upload: SheetUpload) -> list[str]:
    kept = list(upload.reading["header"][: int(upload.reading["width"])])
    return ["#" + _("row"), *kept, "#" + _("column"), "#" + _("reason"), "#" + _("remedy")]


def lines(plan: Plan, upload: SheetUpload) -> Iterator[list[str]]:
    """Refused and conflicting rows in the order of the file; several reasons stand in one row."""
    yield [safe(name) if not name.startswith("#") else name for name in header(upload)]
    width, after = int(upload.reading["width"]), 0
    while found := _refused(upload.pk, after):
        texts = staging.cells(upload.pk, [number for number, problems in found], width)
        for number, problems in found:
            why = explaining.explain(plan, problems or "", texts[number])
            yield [
                str(number),
                *(safe(cell) for cell in texts[number]),
                "; ".join(dict.fromkeys(one.column for one in why if one.column)),
                "; ".join(one.reason for one in why),
                "; ".join(one.remedy for one in why),
            ]
        after = found[-1][0]


def _refused(upload_id: int, after: int) -> list[tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT row_no, problems FROM core_sheetverdict WHERE upload_id = %s AND verdict IN ('r', 'x') "
            "AND row_no > %s ORDER BY row_no LIMIT %s",
            [upload_id, after, STEP],
        )
        return list(cursor.fetchall())


def write(plan: Plan, upload: SheetUpload, stream: IO[str]) -> None:
    stream.write("\ufeff")
    csv.writer(stream).writerows(lines(plan, upload))


def stream(plan: Plan, upload: SheetUpload) -> Iterator[bytes]:
    """The same as bytes, row by row, for a response, in the language of whoever asked: it is sent when the request is
    over and its language gone."""
    return _stream(plan, upload, get_language() or "")


def _stream(plan: Plan, upload: SheetUpload, language: str) -> Iterator[bytes]:
    yield b"\xef\xbb\xbf"
    rows = lines(plan, upload)
    while True:
        with override(language):
            line = next(rows, None)
        if line is None:
            return
        text = io.StringIO()
        csv.writer(text).writerow(line)
        yield text.getvalue().encode()


def save(plan: Plan, upload: SheetUpload, path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        write(plan, upload, stream)
    return path
