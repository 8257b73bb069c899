"""Figures of a million tickets: a full count against bare GROUP BYs, 1,000 touched tickets, a month without sums."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from django.db import connection

from aftersales import scorecards
from aftersales.core import embedded
from aftersales.core.models import Event
from aftersales.scorecards import selectors, services
from aftersales.scorecards.models import Rollup
from aftersales.scorecards.states import SubjectKind
from aftersales.tickets.models import Ticket
from aftersales.tickets.states import ACTIVE_STATES
from tests import database
from tests.bench.data import NOW, Sets, copy_of, use
from tests.bench.measure import Race, Result, at_most, race
from tests.bench.rows import FREE, insert

TOUCHED = 1_000
BUILT = "bench_built"
COLD = ("tickets", "response_time", "complaint_rate")
DAY = "(({column}) AT TIME ZONE 'Asia/Shanghai')::date"
BARE = {
    "response_time": (
        "tickets_ticket", "opened_at", ("merchant_id", "owner_id", "team_id"), "kind",
        "sum(date_part('epoch', first_reply_at - opened_at)), count(*), "
        "array_agg(date_part('epoch', first_reply_at - opened_at)::int ORDER BY first_reply_at - opened_at)",
    ),
    "response_in_time": (
        "clocks_clock", "coalesce(breached_at, met_at)", ("holder_id", "holder_team_id"), "promise",
        "count(*) FILTER (WHERE breached_at IS NULL), count(*)",
    ),
}  # fmt: skip
"""Table, moment, subjects, category and sums of the plainest statement that gives the same figures."""


def measure(sets: Sets, effort: int) -> Iterator[Result]:
    with copy_of(sets.on_large("figures", _counted, _code())):
        yield from measured(effort)


def measure_cold(sets: Sets, effort: int) -> Iterator[Result]:
    """An item of its own, because it writes nothing and takes seconds: missed by noise it is asked again at once."""
    use(sets.large)
    yield cold(effort)


def cold(effort: int) -> Result:
    """Work against work, both in one process: helpers, of which the long scan alone gets any, measure idle cores."""
    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")
        taken = race(_cold, _scanned, rounds=9 * effort, warm=2)
        cursor.execute("RESET max_parallel_workers_per_gather")
    note = f"{len(COLD)} metrics"
    return at_most("a month of all merchants, unrolled / scan of a late column", taken, 0.6, note)


def measured(effort: int) -> Iterator[Result]:
    """In a database whose tickets and figures lie there."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT seconds FROM {BUILT}")
        built = float(cursor.fetchone()[0])
    taken = race(lambda: services.recount(codes=BARE), _bare, rounds=3 * effort, warm=1)
    yield at_most(f"full count of {len(BARE)} metrics / bare GROUP BYs", taken, 1.5)
    _refreshed()  # the first one finds nothing in memory
    spent = [_refreshed() for _round in range(3 * effort)]
    note = f"{Rollup.objects.count():,} figures"
    yield at_most(f"{TOUCHED:,} touched tickets / full build", Race(spent, [built]), 0.01, note)


def _counted(name: str) -> None:
    """Every figure of the tickets, and the seconds that took; their resolutions are added first."""
    _resolved(name)
    with database.signed_in_as(name, embedded.app_role()):
        start = perf_counter()
        services.recount()
        built = perf_counter() - start
    with database.superuser(name) as link:
        link.execute(f"CREATE TABLE {BUILT} AS SELECT {built!r}::float8 AS seconds")
        link.execute(f"GRANT SELECT ON {BUILT} TO PUBLIC")
        link.commit()
        link.autocommit = True
        link.execute("VACUUM ANALYZE")


def _code() -> list[Path]:
    """What decides the figures and how they are counted."""
    room = Path(scorecards.__file__).parent
    return [Path(__file__), room / "services" / "counting.py", *room.glob("metrics/*.py")]


def _resolved(name: str) -> None:
    """One resolution for each finished ticket, which the set has not; every twentieth was reopened."""
    finished = f"(SELECT id AS i, t.* FROM {Ticket._meta.db_table} t WHERE resolved_at IS NOT NULL) t"
    same = {
        "subject_kind": "'tickets.ticket'", "subject_id": "t.id", "merchant_id": "t.merchant_id",
        "actor_id": "t.assignee_id", "actor_name": "'员工'", "source": "'web'",
    }  # fmt: skip
    with database.superuser(name) as link:
        link.execute("SET session_replication_role = replica")
        begin = FREE + 10 * link.execute(f"SELECT count(*) FROM {Ticket._meta.db_table}").fetchone()[0]
        insert(
            link, Event, finished, id=f"{begin} + t.id", kind="'ticket.resolved'", at="t.resolved_at", **same
        )
        link.commit()
        link.autocommit = True
        link.execute(f"ANALYZE {Event._meta.db_table}")


def _bare() -> None:
    """One GROUP BY for each metric and kind of subject, its rows counted and thrown away.

    Counted as whole rows: of ``count(*)`` the planner leaves out the sums, and no times would be gathered.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        for table, moment, subjects, category, sums in BARE.values():
            for subject in subjects:
                cursor.execute(
                    f"SELECT count(x) FROM (SELECT {subject}, {DAY.format(column=moment)}, {category}, {sums} "
                    f"FROM {table} WHERE {subject} IS NOT NULL GROUP BY 1, 2, 3 OFFSET 0) x"
                )


def _refreshed() -> float:
    ids = Ticket.objects.filter(state__in=ACTIVE_STATES).order_by("pk").values_list("pk", flat=True)[:TOUCHED]
    for pk in ids:
        services.touch(subject_kind="tickets.ticket", subject_id=pk)
    start = perf_counter()
    services.refresh()
    return perf_counter() - start


def _month() -> tuple[date, date]:
    last = NOW.date().replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def _cold() -> Any:
    return selectors.cold(SubjectKind.MERCHANT, *_month(), COLD)


def _scanned() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT sum(case_count) FROM {Ticket._meta.db_table}")
        cursor.fetchone()
