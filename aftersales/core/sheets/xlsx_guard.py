"""Looks into an XLSX before anybody parses it: a few kilobytes can ask for hundreds of gigabytes (F14)."""

import re
import zipfile
from pathlib import Path
from typing import IO

from django.utils.translation import gettext_lazy as _

from .limits import Limits
from .problems import FileRefused

CHUNK = 1 << 20
OVERLAP = 64
COLUMN = re.compile(rb'\sr="([A-Z]+)')
FAR_ROW = re.compile(rb'\sr="[A-Z]*(\d{6,})"')
DIMENSION = re.compile(rb'<dimension[^>]*ref="[A-Z]+\d+:([A-Z]+)(\d+)"')
NESTED = (".zip", ".xlsx", ".xlsm", ".xls", ".gz", ".7z", ".rar", ".xlsb")
REMEDY = _("Save the sheet anew as XLSX or CSV and upload that file.")


def inspect(path: Path, limits: Limits) -> None:
    """Refuse archives that are broken, encrypted, oversized, nested, scripted or that define XML entities."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _entries(entries, limits)
            for entry in entries:
                if entry.filename.lower().endswith((".xml", ".rels", ".vml")):
                    with archive.open(entry) as stream:
                        _part(entry.filename, stream, limits)
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError, ValueError) as error:
        raise FileRefused("broken_zip", _("The file is damaged or incomplete."), REMEDY) from error


def _entries(entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    names = {entry.filename for entry in entries}
    if "xl/workbook.xml" not in names or "[Content_Types].xml" not in names:
        raise FileRefused("not_xlsx", _("The file is an archive, but not an XLSX sheet."), REMEDY)
    if len(entries) > limits.max_entries:
        raise FileRefused("too_many_parts", _("The file has more parts than a sheet needs."), REMEDY)
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise FileRefused("encrypted", _("The file is protected by a password."), _("Remove the password."))
    if any(entry.filename.lower().endswith(NESTED) for entry in entries):
        raise FileRefused("nested", _("The file holds another file inside."), REMEDY)
    if any("vbaproject" in entry.filename.lower() for entry in entries):
        raise FileRefused("macros", _("The file holds macros."), _("Save it as XLSX without macros."))
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    if unpacked > limits.max_unpacked or (unpacked > 50 * CHUNK and unpacked / packed > limits.max_ratio):
        raise FileRefused("bomb", _("The file unpacks to an unreasonable size."), REMEDY)


def _part(name: str, stream: IO[bytes], limits: Limits) -> None:
    """Read one XML part as a stream; nothing of it is kept."""
    sheet = name.startswith("xl/worksheets/")
    tail = b""
    while block := stream.read(CHUNK):
        text = tail + block
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
            raise FileRefused("entities", _("The file defines XML entities."), REMEDY)
        if sheet:
            _cells(text, limits)
        tail = text[-OVERLAP:]


def _cells(text: bytes, limits: Limits) -> None:
    """The farthest cell decides what a parser allocates, whatever the file says about its dimension."""
    columns = set(COLUMN.findall(text))
    rows = [int(found) for found in FAR_ROW.findall(text)]
    for column, row in DIMENSION.findall(text):
        columns.add(column)
        rows.append(int(row))
    if any(len(column) > 3 or _number(column) > 4 * limits.max_columns for column in columns):
        raise FileRefused(
            "too_wide", _("The sheet has more than %(limit)s columns."), REMEDY, limit=limits.max_columns
        )
    if any(row > limits.max_rows + 1 for row in rows):
        raise FileRefused(
            "too_long", _("The sheet has more than %(limit)s rows."), REMEDY, limit=limits.max_rows
        )


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
