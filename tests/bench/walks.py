"""Plans of every statement behind the pages, at 1,000,000 tickets."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.urls import reverse

from aftersales.desk import queues
from aftersales.tickets.models import Ticket
from tests.bench import scene
from tests.bench.data import LONG, Sets, use
from tests.bench.measure import (
    Asked,
    Result,
    big_tables,
    count,
    counts_without_end,
    has_offset,
    plans,
    statements,
)

BIG = 10_000
SLOW = 250.0  # milliseconds worth a line of their own


def measure(sets: Sets, _effort: int) -> Iterator[Result]:
    use(sets.large)
    big = big_tables(BIG)
    for name, urls in _pages().items():
        yield from walk(name, captured(urls), big)


def _pages() -> Mapping[str, list[tuple[str, str, bool]]]:
    """Page -> (person, address, fragment)."""
    queue, archive = reverse("desk:queue"), reverse("desk:archive")
    customer = Ticket.objects.values_list("customer__code", flat=True)[0]
    views = [("lead", f"{queue}?view={name}", True) for name in queues.QUEUES]
    views += [("agent00", f"{queue}?view={name}", True) for name in queues.QUEUES]
    finished = (
        "state=archived",
        "state=sealed",
        "closed=2026-11-20",
        "opened=2026-11-20",
        "missed=solution_agreed&since=2026-11-16",
    )
    filtered = [("lead", f"{queue}?view=all&{query}", True) for query in finished]
    filtered += [
        ("lead", f"{queue}?view=all&{query}", True)
        for query in ("kind=payment", "severity=critical", "q=退款", "team=1")
    ]
    search = reverse("desk:search")
    words = ("退款", "破损", "TK00-0500000", "SO20260000123", "不存在的词语", "13800001111")
    asked = ("", "?kind=payment", "?since=2026-01-01&until=2026-02-01", "?text=退款", f"?customer={customer}")
    board = reverse("dashboards:overview")
    return {
        "queue fragment": views,
        "queue page with counts": [(who, f"{queue}?view=all", False) for who in ("lead", "agent00")],
        "queue, filtered": filtered,
        "workbench": [("lead", f"{queue}{LONG}/", False)],
        "search": [(who, f"{search}?q={word}", False) for who in ("lead", "agent00") for word in words],
        "archive": [
            (who, archive + query, False)
            for who in ("lead", "operations")
            for query in asked
        ],
        "dashboard": [("lead", board + query, False) for query in ("", "?days=60", "?days=7&team=1")],
    }  # fmt: skip


def captured(pages: list[tuple[str, str, bool]]) -> Asked:
    found = Asked()
    browsers: dict[str, Any] = {}
    for who, url, fragment in pages:
        browser = browsers.setdefault(who, None) or scene.client(scene.person(who))
        browsers[who] = browser
        answers: list[Any] = []
        headers = {"HX-Request": "true"} if fragment else {}
        asked = statements(_get(browser, url, headers, answers))
        if answers[0].status_code not in (200, 302):
            raise RuntimeError(f"{url} for {who} answered {answers[0].status_code}")
        found.statements += asked.statements
    return found


def _get(browser: Any, url: str, headers: dict[str, str], answers: list[Any]) -> Callable[[], None]:
    return lambda: answers.append(browser.get(url, headers=headers))


def walk(name: str, asked: Asked, big: dict[str, int]) -> Iterator[Result]:
    found = plans(asked, big)
    scans = [(plan, scan) for plan in found for scan in plan.seq_scans]
    for plan, (table, rows) in scans:
        print(f"    {name}: sequential scan of {table} ({rows:,} rows): {plan.sql[:1500]}")
    for plan in found:
        if plan.milliseconds > SLOW:
            print(f"    {name}: {plan.milliseconds:.0f} ms, {plan.buffers:,} buffers: {plan.sql[:1500]}")
    slowest = max((plan.milliseconds for plan in found), default=0.0)
    note = f"{len(found)} plans, slowest {slowest:.1f} ms"
    yield count(f"{name}: sequential scans of big tables", len(scans), 0, note)
    yield count(f"{name}: statements with OFFSET", sum(has_offset(plan.sql) for plan in found), 0)
    endless = [plan for plan in found if counts_without_end(plan.sql)]
    if name == "dashboard":
        together = sum(plan.milliseconds for plan in endless)
        print(f"    dashboard: {len(endless)} aggregates over the range shown, {together:.0f} ms together")
        return
    for plan in endless:
        print(f"    {name}: count without an end: {plan.sql[:600]}")
    yield count(f"{name}: counts without an end", len(endless), 0)
