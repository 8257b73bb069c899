"""The listener: events of subjects come in, clocks start, pause and stop in a handful of statements."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet, Subquery

from aftersales.clocks.machine import ENGINE
from aftersales.clocks.models import Clock
from aftersales.clocks.querysets import Seen, seen_through
from aftersales.clocks.rules import ClockSubject
from aftersales.clocks.services.bench import Bench, Note, by_subject, next_clock
from aftersales.core import events, facts
from aftersales.core.events import Draft
from aftersales.standards import selectors as rule_book
from aftersales.standards.models import Edition

SubjectFacts = Callable[[Sequence[Any], datetime], Mapping[int, ClockSubject]]
Held = tuple[int | None, int | None]  # person, team
HeldAfter = Callable[[Any, Held], Held]
LockRows = Callable[[Sequence[int]], list[Any]]
WriteRows = Callable[[Sequence[Any]], None]
Graded = Callable[[Sequence[str]], QuerySet[Any]]  # severities → the open subjects that have one of them


def _as_before(event: Any, held: Held) -> Held:
    return held


@dataclass(frozen=True)
class Following:
    """How clocks follow one kind of subject."""

    handovers: frozenset[str]
    births: frozenset[str]
    held_after: HeldAfter = _as_before
    graded: Graded | None = None
    lock_rows: LockRows | None = None
    write_rows: WriteRows | None = None


_followed: dict[str, Following] = {}


def follow(
    subject_kind: str,
    pattern: str | Sequence[str],
    subject_facts: SubjectFacts,
    *,
    handovers: Sequence[str] = (),
    births: Sequence[str] = (),
    held_after: HeldAfter = _as_before,
    seen_by: Seen | None = None,
    graded: Graded | None = None,
    lock_rows: LockRows | None = None,
    write_rows: WriteRows | None = None,
) -> None:
    """A room above lets clocks follow its rows (in ``AppConfig.ready()``).

    ``pattern``: its event kinds (``ticket.*``), or those of them that may move a clock.
    ``subject_facts(rows, now)`` answers ``{pk: ClockSubject}``, from the rows in memory where it can.
    ``handovers``: events after which somebody else holds the row.
    ``births``: events with which a row is born, so that no clock of it has to be looked for. ``held_after(event,
    held)``: person and team after a hand-over as its event tells it, for a replay without the rows.
    ``seen_by(user)``: the subjects a person may see; without it nobody sees their clocks in a list.
    ``lock_rows(ids)`` and ``write_rows(rows)``: its rows, locked, and written after ``take_clocks``, for a recount.
    ``graded(severities)``: the keys of its open rows of these severities, for rungs of the ladder that ask.
    """
    if seen_by is not None:
        seen_through(subject_kind, seen_by)
    facts.provide(f"clock_subject:{subject_kind}", subject_facts)
    _followed[subject_kind] = Following(
        frozenset(handovers), frozenset(births), held_after, graded, lock_rows, write_rows
    )
    for one in (pattern,) if isinstance(pattern, str) else pattern:
        events.listen(one, on_events)


def followed() -> Mapping[str, Following]:
    return _followed


def on_events(drafts: Sequence[Draft], now: datetime) -> list[Draft]:
    """Move the clocks of all subjects of these events; returns the clocks' own events.

    At most one SELECT, one INSERT and one UPDATE whatever the number of events. The subject rows in memory
    learn their next due time through ``row.take_clocks(…)``; the door writes them.
    """
    heard = [draft for draft in drafts if draft.subject_kind in _followed]
    if not heard:
        return []
    bench = _bench(heard)
    if bench is None:
        return []
    relevant = [draft for draft in heard if _matters(draft, bench.book.event_kinds)]
    subjects = _subjects([draft for draft in relevant if _needs_facts(draft, bench)], now)
    for draft in relevant:
        bench.hear(
            draft,
            subjects.get((draft.subject_kind, draft.subject_id)),
            handover=draft.kind in _followed[draft.subject_kind].handovers,
        )
    write(bench)
    _tell_rows(relevant, bench)
    return drafts_of(bench.notes)


def _matters(draft: Draft, kinds: frozenset[str]) -> bool:
    return draft.kind in kinds or draft.kind in _followed[draft.subject_kind].handovers


def _needs_facts(draft: Draft, bench: Bench) -> bool:
    """Only events that start a clock or change its holder ask what the subject is."""
    starts = (draft.subject_kind, draft.kind) in bench.book.by_event
    return starts or draft.kind in _followed[draft.subject_kind].handovers


def _bench(drafts: Sequence[Draft]) -> Bench | None:
    """The clocks of these subjects, locked, with the edition of the rule book read in the same statement."""
    guess = rule_book.last_seen()
    if guess is None or not any(_matters(draft, guess.event_kinds) for draft in drafts):
        book = rule_book.book()
        if not any(_matters(draft, book.event_kinds) for draft in drafts):
            return None
    wanted: dict[str, set[int]] = defaultdict(set)
    for draft in drafts:
        if draft.kind not in _followed[draft.subject_kind].births:
            wanted[draft.subject_kind].add(draft.subject_id)
    found = [clock for kind, ids in sorted(wanted.items()) for clock in _locked(kind, ids)]
    book = rule_book.book(found[0].edition) if found else rule_book.book()
    return Bench(book=book, clocks=dict(by_subject(found)))


def _locked(subject_kind: str, ids: set[int]) -> list[Any]:
    rows = Clock.objects.select_for_update(of=("self",)).of(subject_kind, *ids)
    return list(rows.annotate(edition=Subquery(Edition.objects.values("token")[:1])).order_by("pk"))


def _subjects(drafts: Sequence[Draft], now: datetime) -> dict[tuple[str, int], ClockSubject]:
    """What each subject is and who holds it, asked once per kind of subject."""
    rows: dict[str, dict[int, Any]] = defaultdict(dict)
    for draft in drafts:
        if draft.row is not None:
            rows[draft.subject_kind][draft.subject_id] = draft.row
    return {
        (kind, pk): subject
        for kind, found in rows.items()
        for pk, subject in facts.ask_one(f"clock_subject:{kind}", list(found.values()), now).items()
    }


def write(bench: Bench) -> None:
    """One INSERT for new clocks, one UPDATE for moved ones."""
    if bench.born:
        Clock.objects.bulk_create(bench.born)
    changed = [clock for pk, clock in sorted(bench.touched.items())]
    if changed:
        update(changed)


def drafts_of(notes: Sequence[Note]) -> list[Draft]:
    """The notes as events of their subjects, citing the rule version."""
    return [_draft(note) for note in notes]


def _draft(note: Note) -> Draft:
    clock = note.clock
    payload = {"promise": clock.promise, "round": clock.round, "clock": clock.pk, **note.payload}
    if clock.is_historic:
        payload["historic"] = True
    return Draft(
        kind=note.kind,
        row=getattr(note.cause, "row", None),
        actor=note.cause.actor,
        at=note.cause.at,
        payload=payload,
        rule_version=citation(clock),
        merchant_id=clock.merchant_id,
        subject_kind=clock.subject_kind,
        subject_id=clock.subject_id,
    )


def citation(clock: Clock) -> str:
    book = rule_book.last_seen()
    version = book.by_id.get(clock.standard_version_id) if book and clock.standard_version_id else None
    return version.citation if version else ""


def _tell_rows(drafts: Sequence[Draft], bench: Bench) -> None:
    for draft in drafts:
        if hasattr(draft.row, "take_clocks"):
            tell(draft.row, bench.clocks.get((draft.subject_kind, draft.subject_id), []))


def tell(row: Any, clocks: Sequence[Clock]) -> None:
    """The row in memory learns which of its clocks is due next."""
    nearest = next_clock(clocks)
    if nearest is None:
        row.take_clocks(next_due_at=None)
        return
    row.take_clocks(
        next_due_at=nearest.due_at,
        next_promise=nearest.promise,
        warn_at=nearest.warn_at,
        started_at=nearest.counted_from,
    )


_COLUMNS: tuple[tuple[str, str], ...] = (
    ("state", "text"),
    ("standard_version_id", "bigint"),
    ("kind", "text"),
    ("owed_by", "text"),
    ("owed_party", "text"),
    ("holder_id", "bigint"),
    ("holder_team_id", "bigint"),
    ("counted_from", "timestamptz"),
    ("due_at", "timestamptz"),
    ("warn_at", "timestamptz"),
    ("paused_at", "timestamptz"),
    ("pauses", "text"),
    ("warned_at", "timestamptz"),
    ("breached_at", "timestamptz"),
    ("breach_holder_id", "bigint"),
    ("breach_team_id", "bigint"),
    ("met_at", "timestamptz"),
    ("ended_at", "timestamptz"),
    ("recounted_at", "timestamptz"),
)
_UPDATE = """
    WITH door AS (SELECT set_config('aftersales.move', '{engine}', true)),
    written AS (
        UPDATE {table} AS t SET {assignments}
          FROM unnest(%s::bigint[], {arrays}) AS v(id, {columns}), door
         WHERE t.id = v.id RETURNING t.id)
    SELECT count(*), set_config('aftersales.move', '', true) FROM written
""".format(  # noqa: S608 - our own names
    engine=ENGINE,
    table=Clock._meta.db_table,
    assignments=", ".join(
        f'"{name}" = v."{name}"' + ("::jsonb" if name == "pauses" else "") for name, _type in _COLUMNS
    ),
    arrays=", ".join(f"%s::{sql_type}[]" for _name, sql_type in _COLUMNS),
    columns=", ".join(f'"{name}"' for name, _type in _COLUMNS),
)


def update(clocks: Sequence[Clock]) -> None:
    """All moved clocks in one statement that opens the state guard for itself and shuts it again."""
    values = [
        [json.dumps(clock.pauses) if name == "pauses" else getattr(clock, name) for clock in clocks]
        for name, _type in _COLUMNS
    ]
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, [[clock.pk for clock in clocks], *values])
        (written, _shut) = cursor.fetchone()
    if written != len(clocks):
        raise RuntimeError(f"{written} of {len(clocks)} locked clocks were written")
