"""The one box at 1,000,000 tickets: a word against reading every text, a number against its bare lookup; and the
orders of a list against the order by due time."""

from collections.abc import Callable, Iterator
from urllib.parse import urlencode

from django.db import connection
from django.urls import reverse

from aftersales.desk import finding
from aftersales.desk.orders import DUE, ORDERS
from aftersales.desk.views import queue as queue_view
from tests.bench import scene
from tests.bench.data import Sets, use
from tests.bench.measure import Result, at_most, race

WORDS = ("破损", "退款", "抬头写错", "不存在的词语")
NUMBER, ORDER = "TK00-0500000", "SO20260000123"


def measure(sets: Sets, effort: int) -> Iterator[Result]:
    use(sets.large)
    lead = scene.person("lead")
    for word in WORDS:
        taken = race(_found(word, lead), _read(word), rounds=3 * effort)
        yield at_most(f"search “{word}” / reading every text", taken, 0.25)
    exact = finding.Wanted(NUMBER, lead)
    taken = race(lambda: finding.exact_ticket(exact), _bare(NUMBER), rounds=25 * effort, inner=20)
    yield at_most("search by a ticket's number / bare lookup", taken, 3.0)
    yield at_most(
        "search by an order's number / reading every text",
        race(_found(ORDER, lead), _read(ORDER), rounds=3 * effort),
        0.25,
    )
    by_due = scene.caller(queue_view.queue, _list(DUE), lead, htmx=True)
    for code in ORDERS:
        if code != DUE:
            taken = race(
                scene.caller(queue_view.queue, _list(code), lead, htmx=True),
                by_due,
                rounds=10 * effort,
                inner=4,
            )
            yield at_most(f"queue rows ordered by {code} / by due", taken, 1.3)


def _found(word: str, user: object) -> Callable[[], object]:
    wanted = finding.Wanted(word, user)
    return lambda: finding.find(wanted)


def _read(word: str) -> Callable[[], object]:
    """Every text once, without an index."""

    def work() -> object:
        with connection.cursor() as cursor:
            cursor.execute("SET enable_bitmapscan = off; SET enable_indexscan = off")
            cursor.execute(
                "SELECT ticket_id FROM tickets_tickettext WHERE strpos(lower(text), %s) > 0 LIMIT 1000000",
                [word],
            )
            found = cursor.fetchall()
            cursor.execute("RESET enable_bitmapscan; RESET enable_indexscan")
        return found

    return work


def _bare(number: str) -> Callable[[], object]:
    raw = connection.connection
    return lambda: raw.execute("SELECT number FROM tickets_ticket WHERE number = %s", [number]).fetchone()


def _list(sort: str) -> str:
    return f"{reverse('desk:queue')}?{urlencode({'view': 'all', 'sort': sort})}"
