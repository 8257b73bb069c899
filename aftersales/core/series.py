"""Numbers by rule: pattern per kind, running number per month; editable in the admin (R5.5)."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from aftersales.core.models import Series, SeriesCounter

_declared: dict[str, str] = {}


def declare(code: str, pattern: str) -> None:
    """The pattern that a series starts with, until somebody edits its row."""
    _declared[code] = pattern


def next_number(code: str, now: datetime) -> str:
    return take(code, 1, now)[0]


def take(code: str, count: int, now: datetime) -> list[str]:
    """``count`` consecutive numbers of this month, in one statement; the row stays locked until the commit."""
    local = now.astimezone(ZoneInfo(settings.TIME_ZONE))
    period = local.strftime("%Y%m")
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {SeriesCounter._meta.db_table} AS c (code, period, last) VALUES (%s, %s, %s)
            ON CONFLICT (code, period) DO UPDATE SET last = c.last + EXCLUDED.last
            RETURNING last, (SELECT pattern FROM {Series._meta.db_table} s WHERE s.code = c.code)
            """,
            [code, period, count],
        )
        last, pattern = cursor.fetchone()
    shape = pattern or _declared.get(code)
    if shape is None:
        raise LookupError(f"the series {code!r} is not declared")
    parts = {"yy": local.strftime("%y"), "yyyy": local.strftime("%Y"), "mm": local.strftime("%m"), "dd": local.strftime("%d")}
    return [shape.format(n=number, **parts) for number in range(last - count + 1, last + 1)]
