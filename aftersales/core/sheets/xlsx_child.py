"""Runs alone in a fresh ``python -I`` with limits: reads one XLSX and streams its first sheet as CSV lines.

Arguments: path, memory in bytes, seconds, columns. Exit codes: 0 done, 3 not readable. The first output line is a JSON
note about the book. Nothing of Django is imported here.
"""

import csv
import datetime
import io
import json
import resource
import sys
from typing import Any

BLOCK = 2000
EXACT = 10**15  # above it Excel has rounded; the E in the text makes every key and amount refuse it


def cell(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is float:
        return number(value)
    if kind is bool:
        return "TRUE" if value else "FALSE"
    if kind is datetime.datetime:
        return moment(value)
    return "" if value is None else str(value)


def number(value: float) -> str:
    if value == int(value):
        return str(int(value)) if abs(value) < EXACT else f"{value:.15E}"
    text = repr(round(value, 10))
    return text.replace("e", "E")


def moment(value: datetime.datetime) -> str:
    """Excel keeps times as fractions of a day: bring back the second that was meant."""
    if value.microsecond > 999_000:
        value = value.replace(microsecond=0) + datetime.timedelta(seconds=1)
    elif value.microsecond < 1000:
        value = value.replace(microsecond=0)
    return str(value)


def main() -> int:
    path, memory, seconds, columns = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_path(path)
        sheet = book.get_sheet_by_index(0)
        others = book.sheet_names[1:]
        rows = sheet.iter_rows()
        skipped = sheet.start[0] if sheet.start else 0
        indent = sheet.start[1] if sheet.start else 0
    except BaseException as error:  # noqa: BLE001 - a Rust panic is no Exception
        sys.stderr.write(type(error).__name__)
        return 3
    out = io.TextIOWrapper(
        sys.stdout.buffer, encoding="utf-8", errors="replace", newline="", write_through=False
    )
    out.write(json.dumps({"others": len(others), "skipped": skipped, "sheet": book.sheet_names[0]}) + "\n")
    writer = csv.writer(out)
    pad = [""] * indent
    for row in rows:
        writer.writerow(pad + [cell(value) for value in row[: columns + 1]])
    out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
