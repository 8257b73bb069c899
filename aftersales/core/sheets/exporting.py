"""A list exactly as filtered, as CSV at the speed of COPY or as XLSX in constant memory; recorded and masked."""

import csv
import io
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import xlsxwriter
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from aftersales.core import events, jobs
from aftersales.core.errors import DomainError, NotPermitted

from . import limits, resource, storing
from .explaining import stored_text
from .masks import mask_sql
from .models import SheetExport
from .resource import Column, SheetResource
from .safe import safe, safe_sql
from .sqltext import name_of, queryset_sql
from .widgets import AmountWidget, BoolWidget, ChoiceWidget, LookupWidget, MomentWidget, WholeWidget

FORMATS = ("csv", "xlsx")
LIFETIME = timedelta(days=2)
PLAIN = (AmountWidget, WholeWidget, MomentWidget, BoolWidget, ChoiceWidget)
BOM = b"\xef\xbb\xbf"


def may_export(sheet: str, actor: Any) -> bool:
    found = resource.find(sheet)
    return bool(actor.has_perm(found.export_capability()))


def chosen(found: type[SheetResource], names: Sequence[str] = ()) -> list[Column]:
    """The columns of these names in this order, without names that no longer exist; without names all of them."""
    known = {column.name: column for column in found.columns()}
    return [known[name] for name in names if name in known] or list(known.values())


def select(
    found: type[SheetResource], source: str, *, masked: bool, guarded: bool, names: Sequence[str] = ()
) -> str:
    """The SELECT of an export over ``source`` (``FROM … t …`` with ``{joins}``): our text for each column."""
    columns = chosen(found, names)
    texts = ", ".join(_text(found, column, masked, guarded) for column in columns)
    joins = " ".join(_join(found, column) for column in columns if _looked_up(column))
    return f"SELECT {texts} {source.replace(JOINS, joins)}"


JOINS = "/* joins */"


def _looked_up(column: Column) -> bool:
    return bool(column.attribute) and not column.export_as and isinstance(column.widget, LookupWidget)


def _join(found: type[SheetResource], column: Column) -> str:
    """A reference is exported as its key: one join for the list instead of a search for each row."""
    other = column.widget.model._meta  # type: ignore[attr-defined]
    own: Any = found.model()._meta.get_field(str(column.attribute))
    return f"LEFT JOIN {name_of(other.db_table)} x_{column.name} ON x_{column.name}.id = t.{name_of(str(own.column))}"


def _text(found: type[SheetResource], column: Column, masked: bool, guarded: bool) -> str:
    if column.export_as:
        value = column.export_as
    elif _looked_up(column):
        widget: Any = column.widget
        value = f"x_{column.name}.{name_of(widget.model._meta.get_field(widget.field).column)}"
    elif column.attribute:
        value = stored_text(found.model(), column, "t", column.widget)
    else:
        return "NULL"
    if column.personal and masked:
        value = mask_sql(value, column.personal)
    return safe_sql(value) if guarded and not isinstance(column.widget, PLAIN) else value


def source_of(queryset: QuerySet[Any]) -> str:
    """The rows of a queryset, in the order of their keys."""
    table = name_of(queryset.model._meta.db_table)
    if not queryset.query.where and not queryset.query.is_sliced:
        return f"FROM {table} t {JOINS} ORDER BY t.id"
    rows = queryset_sql(queryset.order_by().values_list("pk"))
    return f"FROM {table} t {JOINS} WHERE t.id IN ({rows}) ORDER BY t.id"


def headers(found: type[SheetResource], names: Sequence[str] = ()) -> list[str]:
    """What stands above the columns: their names in the reader's language, which the import knows too."""
    return [safe(str(column.label)) for column in chosen(found, names)]


def csv_chunks(
    found: type[SheetResource], source: str, *, masked: bool, names: Sequence[str] = ()
) -> Iterator[bytes]:
    """UTF-8 with mark, our header, then COPY's own output."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(headers(found, names))
    yield BOM + line.getvalue().encode()
    yield from _copy(select(found, source, masked=masked, guarded=True, names=names))


def _copy(query: str) -> Iterator[bytes]:
    connection.ensure_connection()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        with (
            connection.connection.cursor() as raw,
            raw.copy(f"COPY ({query}) TO STDOUT (FORMAT csv)") as copy,
        ):
            buffer = bytearray()
            for block in copy:
                buffer += block
                if len(buffer) > 1 << 16:
                    yield bytes(buffer)
                    buffer.clear()
            yield bytes(buffer)


def write_xlsx(
    found: type[SheetResource], source: str, path: Path, *, masked: bool, names: Sequence[str] = ()
) -> int:
    """Frozen header, filter, numbers as numbers, codes and order numbers as text; answers the number of rows."""
    rows = texts(found, source, masked=masked, names=names)
    return fill_xlsx(str(found.title), chosen(found, names), rows, path)


def text_of(found: type[SheetResource], column: Column) -> str:
    """The SQL of one column's text, as it is."""
    return _text(found, column, masked=False, guarded=False)


def texts(
    found: type[SheetResource], source: str, *, masked: bool, names: Sequence[str] = ()
) -> Iterator[list[str]]:
    """The cells of each row as they are, without the mark that keeps a CSV cell from becoming a formula."""
    query = select(found, source, masked=masked, guarded=False, names=names)
    return csv.reader(block.decode() for block in _lines(_copy(query)))


def guarded(columns: Iterable[Column], row: Iterable[str]) -> list[str]:
    """The same cells as a CSV file may hold them."""
    return [
        cell if isinstance(column.widget, PLAIN) else safe(cell)
        for column, cell in zip(columns, row, strict=True)
    ]


def fill_xlsx(title: str, columns: Sequence[Column], rows: Iterable[list[str]], path: Path) -> int:
    """The file of rows that are there already; answers their number."""
    book = xlsxwriter.Workbook(
        str(path), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet(re.sub(r"[\[\]:*?/\\']", " ", title)[:31])
    bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
    money = book.add_format({"num_format": "0.00"})
    sheet.freeze_panes(1, 0)
    for position, column in enumerate(columns):
        plain = money if isinstance(column.widget, AmountWidget) else None
        sheet.set_column(position, position, 18, plain if column.widget.number else text)
        sheet.write_string(0, position, str(column.label), bold)
    count = 0
    for count, row in enumerate(rows, start=1):
        _write_row(sheet, count, columns, row, text)
    sheet.autofilter(0, 0, count, len(columns) - 1)
    book.close()
    return count


def _write_row(sheet: Any, number: int, columns: Iterable[Column], row: list[str], text: Any) -> None:
    for position, (column, cell) in enumerate(zip(columns, row, strict=True)):
        if not cell:
            continue
        if column.widget.number:
            sheet.write_number(number, position, float(cell))
        else:
            sheet.write_string(number, position, cell[:32_767], text)


def _lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            yield line + b"\n"
    if rest:
        yield rest


def file_name(sheet: str, filtered: str, now: datetime, fmt: str) -> str:
    """What was exported, how it was filtered and when, without a character that a file system dislikes."""
    words = re.sub(r"[^\w=.-]+", "-", unquote_plus(filtered)).strip("-")[:60]
    moment = timezone.localtime(now).strftime("%Y%m%d-%H%M")
    return "-".join(part for part in (sheet, words, moment) if part) + f".{fmt}"


def export(
    *, queryset: QuerySet[Any], sheet: str, fmt: str, actor: Any, now: datetime, filtered: str = "",
    columns: Sequence[str] = (),
) -> SheetExport:  # fmt: skip
    """Ask for an export of exactly these rows; small ones are ready at once, large ones are made by a job.

    The rows are remembered by key, so that a job exports what was on the list. Raises NotPermitted, and what closes the
    sheet to this person.
    """

    if fmt not in FORMATS:
        raise DomainError(_("Only CSV and XLSX are written."), "format")
    if not may_export(sheet, actor):
        raise NotPermitted()
    resource.refuse_closed(sheet, actor)
    masked = resource.find(sheet).always_masked or not actor.has_perm("core.export_personal")
    with transaction.atomic():
        row = SheetExport.objects.create(
            owner=actor,
            sheet=sheet,
            format=fmt,
            columns=list(columns),
            file_name=file_name(sheet, filtered, now, fmt),
            masked=masked,
            stored_name=f"{secrets.token_urlsafe(16)}.{fmt}",
            expires_at=now + LIFETIME,
            created_at=now,
        )
        row.row_count = _remember(row, queryset)
        row.save(update_fields=["row_count"])
        events.record(
            "sheet.exported",
            subject=row,
            actor=actor,
            now=now,
            payload={"sheet": sheet, "format": fmt, "rows": row.row_count, "masked": masked},
        )
        if row.row_count > limits.current().export_inline_rows:
            jobs.enqueue("sheets.export", key=f"sheets.export:{row.pk}", payload={"export": row.pk}, now=now)
            return row
    make(export=row, now=now)
    return row


def _remember(row: SheetExport, queryset: QuerySet[Any]) -> int:
    rows = queryset_sql(queryset.values_list("pk"))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_sheetverdict (upload_id, row_no, verdict, target_id) "
            f"SELECT {-row.pk}, row_number() OVER (), 'e', x.id FROM ({rows}) AS x (id)"
        )
        return int(cursor.rowcount)


def remembered(row: SheetExport) -> str:
    table = name_of(resource.find(row.sheet).model()._meta.db_table)
    return (
        f"FROM core_sheetverdict e JOIN {table} t ON t.id = e.target_id {JOINS} "
        f"WHERE e.upload_id = {-row.pk} ORDER BY e.row_no"
    )


def path_of(row: SheetExport) -> Path:
    return storing.folder() / row.stored_name


def make(*, export: SheetExport, now: datetime) -> SheetExport:
    """Write the file in its owner's language; a second call writes it again under the same name."""
    path = path_of(export)
    with translation.override(export.owner.language or translation.get_language()):
        _write(export, path)
    path.chmod(0o600)
    export.ready_at = now
    export.save(update_fields=["ready_at"])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_sheetverdict WHERE upload_id = %s", [-export.pk])
    return export


def _write(export: SheetExport, path: Path) -> None:
    found = resource.find(export.sheet)
    if export.format != "csv":
        write_xlsx(found, remembered(export), path, masked=export.masked, names=export.columns)
        return
    with path.open("wb") as stream:
        for block in csv_chunks(found, remembered(export), masked=export.masked, names=export.columns):
            stream.write(block)
