"""Rows of text into the staging table, by COPY, in blocks; blank rows are skipped, widths are checked."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from .limits import Limits
from .problems import FileRefused
from .reading import Reading

BLOCK_ROWS = 20_000
BLOCK_LETTERS = 2_000_000
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
# A quote that our own export put before a cell that a spreadsheet would run as a formula.
GUARDED = re.compile("^'+[=+\\-@\t\r\n\x00＝]")


def header_of(rows: Iterator[list[str]], reading: Reading) -> list[str]:
    """The first row that is not blank; its number is kept, because row numbers are told as the file has them."""
    for number, row in enumerate(rows, start=1):
        if any(cell.strip() for cell in row):
            reading.header_row = number
            reading.header = row
            return row
    raise FileRefused("empty", _("The file is empty."), _("Choose the file that holds the rows."))


def fill(
    upload_id: int,
    rows: Iterator[list[str]],
    reading: Reading,
    width: int,
    keys: Sequence[int],
    limits: Limits,
    step: Callable[[], AbstractContextManager[None]],
) -> int:
    """Stage all rows after the header; ``keys`` are the positions whose text is normalised. Answers the last row.

    Each block is one ``step`` of the check: a transaction that commits only while the check is still wanted.
    """
    names = ", ".join(f"c{number}" for number in range(1, width + 1))
    statement = f"COPY core_sheetrow (upload_id, row_no, bad, {names}) FROM STDIN (NULL '')"
    writer = _Block(upload_id, width, keys, guarded=reading.format == "csv")
    number = reading.header_row
    for number, row in enumerate(rows, start=reading.header_row + 1):
        if number - reading.header_row > limits.max_rows:
            raise FileRefused(
                "too_long",
                _("The sheet has more than %(limit)s rows."),
                _("Split it."),
                limit=limits.max_rows,
            )
        writer.add(number, row)
        if writer.full:
            _copy(statement, writer, step)
    _copy(statement, writer, step)
    reading.rows = writer.total
    reading.odd_text = writer.odd
    if not writer.total:
        raise FileRefused(
            "no_rows", _("The file has a header, but no rows."), _("Choose the file that holds the rows.")
        )
    return number


ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class _Block:
    """Rows as the text form of COPY: tabs between cells, nothing for an empty one."""

    def __init__(self, upload_id: int, width: int, keys: Sequence[int], *, guarded: bool) -> None:
        self.prefix, self.width, self.keys, self.guarded = str(upload_id), width, keys, guarded
        self.total, self.odd = 0, False
        self.clear()

    def clear(self) -> None:
        self.lines: list[str] = []
        self.letters = 0

    @property
    def full(self) -> bool:
        return len(self.lines) >= BLOCK_ROWS or self.letters >= BLOCK_LETTERS

    def add(self, number: int, row: list[str]) -> None:
        cells = list(map(str.strip, row))
        line = "\t".join(cells)
        if not line or line.isspace():
            return
        bad = ""
        if len(cells) != self.width:
            bad, cells = self._fit(cells)
        if self.guarded and "'" in line:
            cells = [self._plain(cell, raw) for cell, raw in zip(cells, [*row, *cells], strict=False)]
        if not line.isascii():
            self._normalise(cells)
        line = "\t".join(cells)
        if "\\" in line or "\n" in line or "\r" in line or line.count("\t") != self.width - 1:
            line = "\t".join(cell.translate(ESCAPES) for cell in cells)
        self.lines.append(f"{self.prefix}\t{number}\t{bad}\t{line}\n")
        self.letters += len(line)
        self.total += 1

    def _fit(self, cells: list[str]) -> tuple[str, list[str]]:
        """Blank cells too many or missing at the end are nothing; anything else shifts the columns."""
        while len(cells) > self.width and not cells[-1]:
            cells.pop()
        if len(cells) < self.width or len(cells) > self.width:
            fitted = (cells + [""] * self.width)[: self.width]
            return "width", fitted
        return "", cells

    @staticmethod
    def _plain(cell: str, raw: str) -> str:
        return raw[raw.index("'") + 1 :] if GUARDED.match(cell) else cell

    def _normalise(self, cells: list[str]) -> None:
        for position in self.keys:
            cell = cells[position - 1]
            if cell.isascii():
                continue
            tidy = INVISIBLE.sub("", unicodedata.normalize("NFC", cell))
            if tidy != cell:
                cells[position - 1] = tidy
                self.odd = True


def _copy(statement: str, block: _Block, step: Callable[[], AbstractContextManager[None]]) -> None:
    if not block.lines:
        return
    text = "".join(block.lines)
    if "\x00" in text:
        raise FileRefused("zero_bytes", _("The file holds zero bytes."), _("Save it anew."))
    with step(), connection.connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(text.encode())
    block.clear()


def discard(upload_id: int) -> None:
    """Forget the staged rows of an upload."""
    with connection.cursor() as cursor:
        for table in ("core_sheetrow", "core_sheetverdict"):
            cursor.execute(f"DELETE FROM {table} WHERE upload_id = %s", [upload_id])


def cells(upload_id: int, numbers: Sequence[int], width: int) -> dict[int, list[str]]:
    """The staged text of some rows, by row number."""
    names = ", ".join(f"c{number}" for number in range(1, width + 1))
    sql = f"SELECT row_no, {names} FROM core_sheetrow WHERE upload_id = %s AND row_no = ANY(%s)"
    with connection.cursor() as cursor:
        cursor.execute(sql, [upload_id, list(numbers)])
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return {row[0]: ["" if cell is None else cell for cell in row[1:]] for row in found}
