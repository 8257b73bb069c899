"""No cell of ours becomes a formula in somebody's spreadsheet (F6, case I19); the import takes the quote off again."""

import re

START = re.compile("^'*[=+\\-@\t\r\n\x00＝]")


def safe(text: str) -> str:
    """A text cell of a CSV file."""
    return "'" + text if START.match(text) else text


# The first letters that START begins with, as code points.
FIRST = ",".join(str(ord(letter)) for letter in "'=+-@\t\r\n＝")


def safe_sql(value: str) -> str:
    """The same in SQL: one look at the first letter decides for nearly every cell, an empty one included."""
    suspect = f"ascii({value}) = ANY('{{{FIRST}}}'::integer[]) AND {value} ~ E'^\\'*[=+@\\t\\r\\n＝-]'"
    return f"CASE WHEN {suspect} THEN '''' || {value} ELSE {value} END"
