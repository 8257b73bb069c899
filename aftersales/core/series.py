"""Numbers by rule: pattern per kind, running number per month; editable in the admin (R5.5).

Whoever takes a number holds the counter until his transaction ends, and everybody else waits. So numbers are drawn
before the transaction that uses them: the counter is free again at once, and a number whose work was rolled back is
never given to anybody else. Numbers run upwards and are never repeated; now and then one is left out.
"""

from collections import deque
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
    """``count`` consecutive numbers, in one statement. Call it before the transaction begins, not inside.

    A counter lives as long as the finest part of the pattern: a day, a month, a year, or for ever. Numbers
    would repeat if it were shorter.
    """
    local = now.astimezone(ZoneInfo(settings.TIME_ZONE))
    periods = [local.strftime(shape) for shape in ("%Y%m%d", "%Y%m", "%Y")]
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [code, _declared.get(code), *periods, code, count])
        row = cursor.fetchone()
    if row is None:
        raise LookupError(f"the series {code!r} is not declared")
    last, shape = row
    codes = {"yy": "%y", "yyyy": "%Y", "mm": "%m", "dd": "%d"}
    parts = {name: local.strftime(code) for name, code in codes.items()}
    return [shape.format(n=number, **parts) for number in range(last - count + 1, last + 1)]


class Drawn:
    """Numbers drawn beforehand for a run of many small transactions, and given out inside them."""

    def __init__(self, code: str, now: datetime) -> None:
        self.code, self.now = code, now
        self._left: deque[str] = deque()

    def have(self, count: int) -> None:
        """At least ``count`` at hand; what is missing is drawn now, so call it between two transactions."""
        if (missing := count - len(self._left)) > 0:
            self._left.extend(take(self.code, missing, self.now))

    def next(self) -> str:
        """One of them; when more are needed than anybody foresaw, one is drawn inside the transaction."""
        return self._left.popleft() if self._left else next_number(self.code, self.now)


_TAKE = f"""
    WITH shaped AS (
        SELECT coalesce((SELECT pattern FROM {Series._meta.db_table} WHERE code = %s), %s::text) AS pattern
    ), timed AS (
        SELECT pattern, CASE WHEN pattern LIKE '%%{{dd}}%%' THEN %s WHEN pattern LIKE '%%{{mm}}%%' THEN %s
                             WHEN pattern LIKE '%%{{yy%%' THEN %s ELSE '' END AS period
          FROM shaped WHERE pattern IS NOT NULL
    )
    INSERT INTO {SeriesCounter._meta.db_table} AS c (code, period, last)
    SELECT %s, period, %s FROM timed
    ON CONFLICT (code, period) DO UPDATE SET last = c.last + EXCLUDED.last
    RETURNING last, (SELECT pattern FROM timed)
"""
