"""The door against django-fsm-2 and simple-history used plainly, batches against single moves, the sweep."""

from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

from django.db import connection, transaction

from accounts.services import system_user
from aftersales.clocks import services as clocks
from aftersales.clocks.models import Clock
from aftersales.clocks.services.sweep import BATCH, mark
from aftersales.core import moves
from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from tests import database
from tests.bench import scene
from tests.bench.data import NOW, Sets, copy_of
from tests.bench.floor.models import BareParcel, BareTicket
from tests.bench.measure import Race, Result, at_least, at_most, count, race, seconds, statements
from tests.toy.models import Parcel

MOVES = 20  # single moves per sample
UNTIL = NOW + scene.DAY
SWEPT = 5_000


def measure(sets: Sets, effort: int) -> Iterator[Result]:
    with copy_of(sets.small):
        lead, agent = scene.person("lead"), scene.person("agent00")
        yield _toy(agent, effort)
        yield _ticket(lead, agent, effort)
        yield _batches(agent, effort)
        yield _ticket_batches(lead, agent, effort)


def measure_sweep(sets: Sets, effort: int) -> Iterator[Result]:
    with copy_of(sets.small) as name:
        yield from _sweep(name, effort)


def _bare_move(model: Any, pk: int, name: str) -> None:
    with transaction.atomic():
        row = model.objects.select_for_update().get(pk=pk)
        getattr(row, name)()
        row.save()


def _in_turns(rows: list[Any], names: list[str], work: Callable[[Any, str], Any]) -> Callable[[], None]:
    """Each call moves the next row; a row's own moves come in their order."""
    steps = cycle([(row, name) for name in names for row in rows])

    def run() -> None:
        row, name = next(steps)
        work(row, name)

    return run


def _toy(agent: Any, effort: int) -> Result:
    rows = scene.parcels(agent, MOVES)
    bare = [BareParcel.objects.create(public_id=row.public_id) for row in rows]
    data = {"send": {"carrier": "A"}}
    names = ["send", "deliver", "bring_back"]
    subject = _in_turns(
        rows, names, lambda row, name: moves.perform(row, name, actor=agent, now=NOW, **data.get(name, {}))
    )
    floor = _in_turns(bare, names, lambda row, name: _bare_move(BareParcel, row.pk, name))
    return at_least(
        "door without clocks / bare fsm and history", race(subject, floor, rounds=18 * effort, inner=20), 0.6
    )


def _ticket(lead: Any, agent: Any, effort: int) -> Result:
    rows = list(Ticket.objects.filter(pk__in=scene.many_in_hand(lead, agent, MOVES)))
    open_clocks = Clock.objects.filter(subject_id=rows[0].pk, ended_at=None).count()
    bare = [_bare_ticket(row) for row in rows]

    def move(row: Any, name: str) -> Any:
        if name == "wait":
            return services.ticket_wait(ticket=row, wait_for="customer", until=UNTIL, actor=agent, now=NOW)
        return moves.perform(row, "resume", actor=agent, now=NOW)

    subject = _in_turns(rows, ["wait", "resume"], move)
    floor = _in_turns(bare, ["wait", "resume"], lambda row, name: _bare_move(BareTicket, row.pk, name))
    taken = race(subject, floor, rounds=18 * effort, inner=20)
    return at_least(
        "door with clocks and a notice / bare fsm and history", taken, 0.3, f"{open_clocks} open clocks"
    )


def _bare_ticket(row: Ticket) -> Any:
    columns = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.name != "id"
    }
    return BareTicket.objects.create(**columns)


def _batches(agent: Any, effort: int) -> Result:
    """Per row: 500 at once against one by one."""
    rows = scene.parcels(agent, 500)
    keys = [row.pk for row in rows]
    single = scene.parcels(agent, MOVES)
    data = {"send": {"carrier": "A"}}

    def all_at_once(name: str) -> None:
        outcome = moves.perform_many(
            Parcel.objects.filter(pk__in=keys), name, actor=agent, now=NOW, data=data.get(name, {})
        )
        _all_done(outcome, 500)

    names = ["send", "deliver", "bring_back"]
    one = _in_turns(
        single, names, lambda row, name: moves.perform(row, name, actor=agent, now=NOW, **data.get(name, {}))
    )
    taken = _per_row(all_at_once, names, one, 6 * effort)
    return at_least("batch of 500 / single moves, toy", taken, 10.0)


def _ticket_batches(lead: Any, agent: Any, effort: int) -> Result:
    keys = scene.many_in_hand(lead, agent, 100)
    single = list(Ticket.objects.filter(pk__in=scene.many_in_hand(lead, agent, MOVES)))

    def data(name: str) -> dict[str, Any]:
        return {"wait_for": "customer", "until": UNTIL} if name == "wait" else {}

    def all_at_once(name: str) -> None:
        outcome = moves.perform_many(
            Ticket.objects.filter(pk__in=keys), name, actor=agent, now=NOW, data=data(name)
        )
        _all_done(outcome, 100)

    one = _in_turns(
        single,
        ["wait", "resume"],
        lambda row, name: moves.perform(row, name, actor=agent, now=NOW, **data(name)),
    )
    taken = _per_row(all_at_once, ["wait", "resume"], one, 6 * effort, rows=100)
    return at_least("batch of 100 / single moves, tickets with clocks", taken, 5.0, "no bar of its own")


def _all_done(outcome: moves.Outcome, number: int) -> None:
    if len(outcome.done) != number:
        raise RuntimeError(f"{len(outcome.done)} of {number} moved: {outcome.refused[:1]}")


def _per_row(
    batch: Callable[[str], None], names: list[str], one: Callable[[], None], rounds: int, rows: int = 500
) -> Race:
    turns = cycle(names)
    taken = Race([], [])
    batch(next(turns))
    one()
    for _n in range(rounds):
        taken.subject.append(seconds(lambda: batch(next(turns))) / rows)
        taken.floor.append(seconds(one, 20))
    return taken


def _sweep(name: str, effort: int) -> Iterator[Result]:
    """Clocks that fall due at once, breached by the product and by one bare statement on a bare table."""
    taken = Race([], [])
    asked, actor, climbed = 0, system_user(), []
    clocks.sweep(NOW)
    for _round in range(4 * effort):
        _plant(name)
        found: list[Any] = []
        marked = lambda: found.append(statements(lambda: mark(NOW, actor=actor)))  # noqa: B023, E731
        taken.subject.append(seconds(marked) / SWEPT)
        asked = len(found[0])
        taken.floor.append(seconds(lambda: _bare_sweep(name)) / SWEPT)
        climbed.append(seconds(lambda: clocks.sweep(NOW)) / SWEPT * 1_000_000)
    ladder = f"the ladder takes {min(climbed):.0f} µs more per clock, no bar of its own"
    left = Clock.objects.filter(state="running", due_at__lt=NOW).count()
    if left:
        raise RuntimeError(f"{left} clocks were not swept")
    result = at_most("clock sweep per clock / bare SKIP LOCKED update", taken, 5.0)
    yield Result(
        **{**result.__dict__, "subject": result.subject * 1000, "floor": result.floor * 1000, "unit": "µs"}
    )
    yield count(
        "clock sweep, statements per 500 clocks",
        asked / (SWEPT / BATCH),
        2,
        f"{asked} for {SWEPT} clocks; {ladder}",
    )


def _plant(name: str) -> None:
    """New running clocks past due, and the same rows in a table without triggers."""
    table = Clock._meta.db_table
    columns = [field.column for field in Clock._meta.concrete_fields if field.column != "id"]
    changed = {"state": "'running'", "due_at": f"'{NOW.isoformat()}'::timestamptz - n * interval '1 second'",
               "counted_from": "'2026-01-01'", "subject_id": "n + s.next", "subject_kind": "'bench'",
               "ended_at": "NULL", "met_at": "NULL", "breached_at": "NULL", "paused_at": "NULL"}  # fmt: skip
    values = ", ".join(changed.get(column, f"c.{column}") for column in columns)
    with database.superuser(name) as link:
        link.execute("SET session_replication_role = replica")
        link.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM generate_series(1, {SWEPT}) n, "
            f"(SELECT * FROM {table} WHERE standard_version_id IS NOT NULL ORDER BY id LIMIT 1) c, "
            f"(SELECT coalesce(max(subject_id), 0) AS next FROM {table}) s"
        )
        link.execute("DROP TABLE IF EXISTS bare_clock")
        link.execute(f"CREATE TABLE bare_clock (LIKE {table} INCLUDING ALL)")
        link.execute(
            f"INSERT INTO bare_clock SELECT * FROM {table} WHERE subject_kind = 'bench' AND state = 'running'"
        )
        link.execute("GRANT ALL ON bare_clock TO aftersales_app")
        link.execute(f"ANALYZE bare_clock; ANALYZE {table}")


def _bare_sweep(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE bare_clock SET state = 'breached', breached_at = due_at WHERE id IN (SELECT id FROM bare_clock "
            f"WHERE state = 'running' AND due_at < %s ORDER BY due_at LIMIT {SWEPT} FOR UPDATE SKIP LOCKED)",
            [NOW],
        )
        if cursor.rowcount != SWEPT:
            raise RuntimeError(f"{cursor.rowcount} of {SWEPT} bare clocks were found in {name}")
