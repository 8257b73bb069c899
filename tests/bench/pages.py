"""The queue: its rows against a raw query with bare rendering, small set against large, first page against deep."""

import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from aftersales.dashboards.views import overview as overview_view
from aftersales.dashboards.views import today as today_view
from aftersales.desk import queues
from aftersales.desk.views import queue as queue_view
from aftersales.tickets.models import Ticket
from aftersales.tickets.states import ACTIVE_STATES
from tests.bench import scene
from tests.bench.data import NOW, Sets, use
from tests.bench.measure import Result, at_most, count, plan, race, seconds, statements

FLOOR = """
    SELECT t.id, t.number, t.subject, t.state, t.severity, t.nature, t.channel, t.next_due_at, t.next_promise,
           t.opened_at, t.last_customer_at, t.last_staff_at, t.version, u.display_name, m.name, c.name, c.customer_class
      FROM tickets_ticket t LEFT JOIN accounts_user u ON u.id = t.assignee_id
      LEFT JOIN merchants_merchant m ON m.id = t.merchant_id LEFT JOIN customers_customer c ON c.id = t.customer_id
     WHERE t.state = ANY(%s) AND NOT t.historic ORDER BY t.next_due_at, t.id LIMIT 51
"""


def measure(sets: Sets, effort: int) -> Iterator[Result]:
    use(sets.large)
    lead = scene.person("lead")
    fragment = scene.caller(queue_view.queue, _url(), lead, htmx=True)
    yield at_most(
        "queue rows at 1,000,000 / raw query and bare rendering",
        race(fragment, _floor(), rounds=25 * effort, inner=8),
        4.0,
    )
    deep = scene.caller(queue_view.queue, _url(_deep_key()), lead, htmx=True)
    yield at_most(
        "queue rows at 90 % depth / first page", race(deep, fragment, rounds=25 * effort, inner=8), 1.3
    )
    yield _whole(lead, fragment, effort)
    yield from _flat(sets, fragment, effort)


def _url(after: str = "") -> str:
    return f"{reverse('desk:queue')}?{urlencode({'view': 'all', **({'after': after} if after else {})})}"


def _deep_key() -> str:
    """The key after nine tenths of the rows."""
    rows = Ticket.objects.filter(state__in=ACTIVE_STATES, historic=False)
    due, pk = rows.order_by("next_due_at", "id").values_list("next_due_at", "id")[int(rows.count() * 0.9)]
    return f"{due.isoformat()}~{pk}"


def _floor() -> Callable[[], str]:
    raw = connection.connection

    def work() -> str:
        rows = raw.execute(FLOOR, [list(ACTIVE_STATES)]).fetchall()
        return "".join(_bare(row) for row in rows)

    return work


def _bare(row: tuple[Any, ...]) -> str:
    cells = (
        row[1],
        row[2],
        row[3],
        row[4],
        row[5],
        row[6],
        f"{row[7]:%m-%d %H:%M}",
        row[8],
        f"{row[9]:%m-%d %H:%M}",
    )
    return (
        "<tr>"
        + "".join(f"<td>{escape(str(cell))}</td>" for cell in (*cells, row[13], row[14], row[15]))
        + "</tr>"
    )


def _whole(lead: Any, fragment: Callable[[], Any], effort: int) -> Result:
    page = scene.caller(queue_view.queue, _url(), lead)
    empty = scene.caller(_empty, _url(), lead)

    def floor() -> None:
        empty()
        fragment()

    taken = race(page, floor, rounds=20 * effort, inner=3)
    shell = seconds(empty, 20) * 1000
    later = f"empty page {shell:.1f} ms; its numbers, asked when it stands, {_numbers(lead):.1f} ms"
    return at_most("full queue page / empty page and rows", taken, 1.3, later)


def _numbers(lead: Any) -> float:
    """Milliseconds of the request that follows the page: tabs, headings, what changed. For information."""
    known = " ".join(f"{row.id}.{row.version}" for row in queues.page(lead, queues.Asked("all"), NOW).rows)
    beat = scene.caller(
        queue_view.pulse, f"{reverse('desk:pulse')}?{urlencode({'view': 'all', 'seen': known})}", lead
    )
    beat()
    return statistics.median(seconds(beat) for _n in range(20)) * 1000


def _empty(request: HttpRequest) -> HttpResponse:
    return render(request, "desk/_shell.html", {"title": "…"})


@contextmanager
def two_connections(sets: Sets) -> Iterator[tuple[Callable[[], None], Callable[[], None]]]:
    """Both sets open at once; each call puts Django on one of them."""
    links = []
    for name in (sets.small, sets.large):
        use(name)
        connection.ensure_connection()
        links.append(connection.connection)
        connection.connection = None
    yield (
        lambda: setattr(connection, "connection", links[0]),
        lambda: setattr(connection, "connection", links[1]),
    )
    links[0].close()
    connection.connection = links[1]


def _counted_anew(large: Callable[[], None], board: Callable[[], Any]) -> float:
    """Milliseconds of the one reader in a minute for whom the range is counted. For information."""
    large()
    cache.clear()
    return seconds(board) * 1000


def _flat(sets: Sets, fragment: Callable[[], Any], effort: int) -> Iterator[Result]:
    with two_connections(sets) as (small, large):
        taken = race(_on(large, fragment), _on(small, fragment), rounds=25 * effort, inner=8)
        many, few = _buffers(large, fragment), _buffers(small, fragment)
        board = scene.caller(overview_view.overview, reverse("dashboards:overview"), scene.person("lead"))
        wall = scene.caller(today_view.wall, reverse("dashboards:wall"), scene.person("lead"), htmx=True)
        boards = race(_on(large, board), _on(small, board), rounds=10 * effort)
        walls = race(_on(large, wall), _on(small, wall), rounds=10 * effort)
        anew = _counted_anew(large, board)
    yield at_most(
        "dashboard at 1,000,000 / at 10,000", boards, 1.5, f"counted anew {anew:.0f} ms, once a minute"
    )
    yield at_most("team wall at 1,000,000 / at 10,000", walls, 1.5)
    yield at_most("queue rows at 1,000,000 / at 10,000, time", taken, 1.3)
    yield count("queue rows at 1,000,000 / at 10,000, buffers", many / few, 1.15, f"{many} / {few} blocks")


def _on(switch: Callable[[], None], work: Callable[[], Any]) -> Callable[[], Any]:
    def run() -> Any:
        switch()
        return work()

    return run


def _buffers(switch: Callable[[], None], fragment: Callable[[], Any]) -> int:
    switch()
    asked = statements(fragment)
    return sum(plan(sql, params, {}).buffers for sql, params in asked.statements)
