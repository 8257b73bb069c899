"""How large a file may be. Settings may override each by name (``SHEETS_MAX_ROWS`` …); these guard the machine."""

from dataclasses import dataclass

from django.conf import settings

MIB = 1024 * 1024
CELLS = 60  # columns of the staging table


@dataclass(frozen=True)
class Limits:
    """Bytes, rows, columns, seconds."""

    max_bytes: int = 64 * MIB
    max_rows: int = 1_000_000
    max_columns: int = CELLS
    max_cell: int = 100_000
    max_entries: int = 200
    max_unpacked: int = 600 * MIB
    max_ratio: int = 300
    child_memory: int = 1536 * MIB
    child_seconds: int = 60
    inline_bytes: int = 4 * MIB
    export_inline_rows: int = 50_000
    chunk_rows: int = 5_000
    keep_days: int = 7


def current() -> Limits:
    given = {
        name: getattr(settings, f"SHEETS_{name.upper()}")
        for name in Limits.__dataclass_fields__
        if hasattr(settings, f"SHEETS_{name.upper()}")
    }
    return Limits(**given)
