"""Statements: exact figures without noise."""

from collections.abc import Callable, Iterator
from typing import Any

from aftersales.clocks.models import Clock
from aftersales.core import moves
from aftersales.desk import queues
from aftersales.tickets import services
from tests.bench import scene
from tests.bench.data import LONG, NOW, SHORT, Sets, copy_of, use
from tests.bench.measure import Result, count, statements

QUEUE = "/desk/tickets/"
HTMX = {"HX-Request": "true"}
UNTIL = NOW + scene.DAY


def measure(sets: Sets, _effort: int) -> Iterator[Result]:
    with copy_of(sets.small):
        yield from _moves()
    use(sets.small)
    yield from _pages()


def _moves() -> Iterator[Result]:
    lead, agent = scene.person("lead"), scene.person("agent00")
    yield _without_clocks(agent)
    most, worst = 0, ""
    for name, work in _ticket_moves(lead, agent):
        number = len(statements(work))
        print(f"    {name}: {number} statements")
        most, worst = max((most, worst), (number, name))
    yield count("move with two clocks and a notice, statements", most, 12, f"most: {worst}")
    yield _request(lead, agent)


def _without_clocks(agent: Any) -> Result:
    row = scene.parcels(agent, 1)[0]
    moves.perform(row, "send", actor=agent, now=NOW, carrier="A")
    work = lambda: moves.perform(row, "deliver", actor=agent, now=NOW)  # noqa: E731
    return count("move without clocks, statements", len(statements(work)), 8)


def _ticket_moves(lead: Any, agent: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Each move of a ticket's life, on a ticket with running clocks; all but *start* owe a message."""
    row = scene.in_hand(lead, agent)
    running = Clock.objects.filter(subject_id=row.pk, ended_at=None).count()
    print(f"    open clocks of the ticket: {running}")
    other = scene.person("agent01")
    fresh = scene.given(lead, agent)
    yield "start", lambda: services.ticket_start(ticket=fresh, actor=agent, now=NOW)
    yield (
        "assign",
        lambda: moves.perform(scene.Ticket.objects.get(pk=fresh.pk), "assign", actor=lead, now=NOW, to=other),
    )
    yield (
        "wait",
        lambda: services.ticket_wait(ticket=row, wait_for="customer", until=UNTIL, actor=agent, now=NOW),
    )
    yield "resume", lambda: services.ticket_move(ticket=row, name="resume", actor=agent, now=NOW)
    yield (
        "resolve",
        lambda: moves.perform(row, "resolve", actor=agent, now=NOW, result="refunded", wake_at=UNTIL),
    )
    yield (
        "verify",
        lambda: services.ticket_verify(ticket=row, how="phone", reason="好了", actor=agent, now=NOW),
    )
    yield "reopen", lambda: moves.perform(row, "reopen", actor=lead, now=NOW, reason="没好")


def _request(lead: Any, agent: Any) -> Result:
    """The same move by its button, session and person included."""
    row, twin = scene.in_hand(lead, agent), scene.in_hand(lead, agent)
    browser = scene.client(agent)
    browser.get(f"{QUEUE}{row.number}/")
    alone = len(
        statements(
            lambda: services.ticket_wait(ticket=twin, wait_for="customer", until=UNTIL, actor=agent, now=NOW)
        )
    )
    posted = {"wait_for": "customer", "until": UNTIL.strftime("%Y-%m-%dT%H:%M"), "reason": "等客户回复"}
    asked = statements(lambda: browser.post(_act_url(row.number, "wait"), posted))
    row.refresh_from_db()
    if row.state != "waiting":
        raise RuntimeError("the button did not move the ticket")
    return count(
        "web request of a move, statements beyond the service",
        len(asked) - alone,
        5,
        f"{len(asked)} − {alone}",
    )


def _act_url(number: str, name: str) -> str:
    from django.urls import reverse

    return reverse("desk:act", args=[number, name])


def _pages() -> Iterator[Result]:
    """Whole requests through the middleware, session and person included, after a first one that warms up."""
    lead, agent = scene.client(scene.person("lead")), scene.client(scene.person("agent00"))
    for number, name in ((SHORT, "2 events"), (LONG, "200 events")):
        yield count(f"workbench with {name}, statements", _asked(lead, f"{QUEUE}{number}/"), 18)
    most, worst = 0, ""
    for queue in queues.QUEUES:
        for browser in (lead, agent):
            most, worst = max((most, worst), (_asked(browser, f"{QUEUE}?view={queue}", **HTMX), queue))
    yield count("queue fragment, statements", most, 6, f"most: {worst}")


def _asked(browser: Any, url: str, **headers: str) -> int:
    answers = []
    browser.get(url, headers=headers)
    asked = statements(lambda: answers.append(browser.get(url, headers=headers)))
    if answers[0].status_code != 200:
        raise RuntimeError(f"{url} answered {answers[0].status_code}")
    return len(asked)
