"""From stored bytes to rows of text: which kind of file it is, which encoding, which separator (case I16)."""

import codecs
import contextlib
import csv
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext_lazy as _

from . import xlsx_guard
from .limits import Limits
from .problems import FileRefused

CHILD = Path(__file__).with_name("xlsx_child.py")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCODINGS = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "gb18030": "GB18030", "utf-16": "UTF-16"}
DELIMITERS = (",", ";", "\t")
AS_CSV = _("Save the sheet as CSV (UTF-8) or XLSX and upload that file.")


@dataclass
class Reading:
    """How a file was read; kept with the upload and shown on its page."""

    format: str
    encoding: str = ""
    delimiter: str = ","
    header_row: int = 1
    header: list[str] = field(default_factory=list)
    other_sheets: int = 0
    odd_text: bool = False
    rows: int = 0
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def sniff(path: Path, name: str, limits: Limits) -> str:
    """``csv`` or ``xlsx`` by content; a name that says something else is refused."""
    size = path.stat().st_size
    if size == 0:
        raise FileRefused("empty", _("The file is empty."), _("Choose the file that holds the rows."))
    if size > limits.max_bytes:
        raise FileRefused(
            "too_big",
            _("The file is larger than %(limit)s MB."),
            _("Split it."),
            limit=limits.max_bytes >> 20,
        )
    with path.open("rb") as stream:
        head = stream.read(4096)
    suffix = Path(name).suffix.lower()
    if head.startswith(OLE):
        raise FileRefused("old_excel", _("This is an old XLS file or protected by a password."), AS_CSV)
    if head.startswith(b"PK"):
        _suffix(suffix, (".xlsx",), _("The content is XLSX, but the file name says something else."))
        return "xlsx"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        raise FileRefused("markup", _("This is a web page or XML, not a sheet."), AS_CSV)
    _suffix(
        suffix, (".csv", ".txt", ".tsv"), _("The content is text, but the file name says something else.")
    )
    return "csv"


def _suffix(suffix: str, allowed: tuple[str, ...], message: Any) -> None:
    if suffix not in allowed:
        raise FileRefused("wrong_kind", message, _("Only CSV and XLSX are read."))


def encoding_of(path: Path) -> str:
    """UTF-8, UTF-8 with mark, UTF-16 with mark, else GB18030; strict, over the whole file."""
    with path.open("rb") as stream:
        head = stream.read(4)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\x00" in head:
        raise FileRefused("zero_bytes", _("The file holds zero bytes."), AS_CSV)
    first = "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"
    for encoding in (first, "gb18030"):
        with contextlib.suppress(UnicodeDecodeError):
            _decodes(path, encoding)
            return encoding
    raise FileRefused("encoding", _("The text is neither UTF-8 nor GB18030."), AS_CSV)


def _decodes(path: Path, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            if b"\x00" in block:
                raise FileRefused("zero_bytes", _("The file holds zero bytes."), AS_CSV)
            decoder.decode(block)
    decoder.decode(b"", final=True)


@contextlib.contextmanager
def rows(path: Path, name: str, limits: Limits) -> Iterator[tuple[Reading, Iterator[list[str]]]]:
    """The file as rows of text, after the guards; the generator must be used inside the block."""
    kind = sniff(path, name, limits)
    if kind == "xlsx":
        xlsx_guard.inspect(path, limits)
        with _child(path, limits) as found:
            yield found
        return
    encoding = encoding_of(path)
    with path.open(encoding=encoding, newline=None) as stream:
        delimiter = _delimiter(stream)
        yield Reading("csv", ENCODINGS[encoding], delimiter), _parsed(stream, delimiter, limits)


def _delimiter(stream: IO[str]) -> str:
    """Strict: the header decides, and only one of comma, semicolon and tab may divide it."""
    line = ""
    while not line.strip():
        line = stream.readline(20_000)
        if not line:
            raise FileRefused("empty", _("The file is empty."), _("Choose the file that holds the rows."))
    stream.seek(0)
    bare = "".join(part for number, part in enumerate(line.split('"')) if number % 2 == 0)
    found = [mark for mark in DELIMITERS if mark in bare]
    if len(found) > 1:
        raise FileRefused(
            "separators", _("The header is divided by more than one of comma, semicolon and tab."), AS_CSV
        )
    return found[0] if found else ","


def _parsed(stream: IO[str], delimiter: str, limits: Limits) -> Iterator[list[str]]:
    csv.field_size_limit(limits.max_cell)
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    count = 0
    try:
        for row in reader:
            count += 1
            yield row
    except csv.Error as error:
        raise FileRefused(
            "csv",
            _("Row %(row)s cannot be read: a quote is open or a cell is too long."),
            AS_CSV,
            row=count + 1,
        ) from error


@contextlib.contextmanager
def _child(path: Path, limits: Limits) -> Iterator[tuple[Reading, Iterator[list[str]]]]:
    """calamine in its own process: it aborts on hostile files, and a fork would count our memory."""
    arguments = [str(path), str(limits.child_memory), str(limits.child_seconds), str(limits.max_columns)]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, "-I", str(CHILD), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={"LC_ALL": "C.UTF-8"},
        )
        try:
            assert process.stdout is not None
            stream = io.TextIOWrapper(process.stdout, encoding="utf-8", newline="")
            note = stream.readline()
            if not note:
                _refuse(process)
            said = json.loads(note)
            reading = Reading("xlsx", header_row=1, other_sheets=said["others"])
            yield reading, _from_child(process, stream, said["skipped"], limits)
        finally:
            process.kill()
            process.wait()


def _from_child(
    process: subprocess.Popen[bytes], stream: IO[str], skipped: int, limits: Limits
) -> Iterator[list[str]]:
    for _blank in range(skipped):
        yield []
    yield from _parsed(stream, ",", limits)
    if process.wait() != 0:
        _refuse(process)


def _refuse(process: subprocess.Popen[bytes]) -> None:
    code = process.wait()
    if code == 3:
        raise FileRefused("broken_sheet", _("The sheet inside the file cannot be read."), xlsx_guard.REMEDY)
    raise FileRefused("too_heavy", _("Reading the sheet takes too much memory or time."), xlsx_guard.REMEDY)
