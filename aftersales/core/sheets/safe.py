"""No cell of ours becomes a formula in somebody's spreadsheet (F6, case I19); the import takes the quote off again."""

import re

START = re.compile("^'*[=+\\-@\t\r\n\x00＝]")
CODES = "61, 43, 45, 64, 9, 13, 10, 65309"


def safe(text: str) -> str:
    """A text cell of a CSV file."""
    return "'" + text if START.match(text) else text


def safe_sql(value: str) -> str:
    """The same in SQL; the first character decides, cheaply."""
    quoted = f"({value})"
    return (
        f"CASE WHEN ascii({quoted}) IN ({CODES}) OR (ascii({quoted}) = 39 AND {quoted} ~ E'^\\'+[=+@\\t\\r\\n＝-]') "
        f"THEN '''' || {quoted} ELSE {quoted} END"
    )
