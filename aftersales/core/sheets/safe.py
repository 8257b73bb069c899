"""No cell of ours becomes a formula in somebody's spreadsheet (F6, case I19); the import takes the quote off again."""

import re

START = re.compile("^'*[=+\\-@\t\r\n\x00＝]")


def safe(text: str) -> str:
    """A text cell of a CSV file."""
    return "'" + text if START.match(text) else text


def safe_sql(value: str) -> str:
    """The same in SQL. Letters and digits need one cheap look; the rest is examined."""
    return (
        f"CASE WHEN ascii({value}) BETWEEN 65 AND 65308 OR ascii({value}) BETWEEN 48 AND 57 THEN {value} "
        f"WHEN {value} ~ E'^\\'*[=+@\\t\\r\\n＝-]' THEN '''' || {value} ELSE {value} END"
    )
