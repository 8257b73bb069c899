"""The template of a sheet: its header and one example row."""

import csv
import io

import xlsxwriter

from .exporting import BOM
from .resource import SheetResource


def rows(found: type[SheetResource]) -> list[list[str]]:
    columns = found.columns()
    return [[str(column.label) for column in columns], [column.example for column in columns]]


def csv_bytes(found: type[SheetResource]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows(found))
    return BOM + text.getvalue().encode()


def xlsx_bytes(found: type[SheetResource]) -> bytes:
    """Codes are text cells, so that a spreadsheet keeps leading zeros and long numbers."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(
        stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet()
    text, bold = book.add_format({"num_format": "@"}), book.add_format({"bold": True})
    sheet.freeze_panes(1, 0)
    for position, column in enumerate(found.columns()):
        sheet.set_column(position, position, 18, None if column.widget.number else text)
        sheet.write_string(0, position, str(column.label), bold)
        if column.widget.number and column.example:
            sheet.write_number(1, position, float(column.example))
        elif column.example:
            sheet.write_string(1, position, column.example, text)
    book.close()
    return stream.getvalue()
