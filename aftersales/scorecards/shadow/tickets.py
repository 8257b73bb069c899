"""A chunk of tickets in both worlds: their grade, the duty that takes them, when promises were due, who was told."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aftersales.cases.models import Case
from aftersales.clocks.models import Clock
from aftersales.clocks.rehearsal import climbed
from aftersales.clocks.rules import ClockSubject
from aftersales.clocks.services.replay import Fate, Grade, Name, fates, is_joined, replayed
from aftersales.core import facts
from aftersales.core.models import Event
from aftersales.scorecards.models import ShadowDiff, ShadowRun
from aftersales.scorecards.shadow import drafts
from aftersales.scorecards.shadow.worlds import World, Worlds
from aftersales.scorecards.states import Topic
from aftersales.tickets.models import Ticket
from aftersales.tickets.selectors.regrading import Judged, judged, regraded

TICKET, CASE = "tickets.ticket", "cases.case"
CHUNK = 500
Tally = dict[str, Any]


@dataclass
class Chunk:
    """What came out of some tickets: differences, sums, the last key, how many there were."""

    last: int = 0
    number: int = 0
    diffs: list[ShadowDiff] = field(default_factory=list)
    counts: Tally = field(default_factory=lambda: defaultdict(Counter))
    figures: list[Any] = field(default_factory=list)

    @property
    def inputs(self) -> str:
        return drafts.fingerprint(self.figures)


def played(run: ShadowRun, both: Worlds, after: int, top: int) -> Chunk:
    """The next tickets of the run's days, by key. A fixed number of statements for 500 of them."""
    opened = Ticket.objects.filter(
        opened_at__gte=both.start, opened_at__lt=both.end, pk__gt=after, pk__lte=top
    )
    rows = list(opened.order_by("pk")[:CHUNK])
    chunk = Chunk(last=rows[-1].pk if rows else after, number=len(rows))
    if rows:
        play = _Play(run, both, chunk)
        play.tickets(rows)
        play.cases(rows)
    return chunk


def openings(events: Iterable[Any]) -> dict[int, Grade]:
    """The grade with which each ticket was opened."""
    return {
        event.subject_id: (event.payload["kind"], event.payload["severity"], event.payload["nature"])
        for event in events
        if event.kind == "ticket.opened"
    }


@dataclass
class _Play:
    run: ShadowRun
    both: Worlds
    chunk: Chunk

    def tickets(self, rows: Sequence[Ticket]) -> None:
        events = self._events(TICKET, rows)
        opened = openings(event for listed in events.values() for event in listed)
        found = judged(rows, opened, self.both.now.books, self.both.then.books)
        for row in rows:
            if row.pk in found:
                self._graded(row, found[row.pk])
        as_opened = {
            pk: (one.real, one.then) for pk, one in found.items() if one.explained and one.then != one.base
        }
        self._clocks(TICKET, rows, events, as_opened, {row.pk: row.severity for row in rows})

    def cases(self, tickets: Sequence[Ticket]) -> None:
        """Promises about the cases of these tickets, which merchants and the desk owe."""
        rows = list(Case.objects.filter(ticket__in=tickets).select_related("ticket").order_by("pk"))
        if rows:
            severities = {row.pk: row.ticket.severity for row in rows}
            self._clocks(CASE, rows, self._events(CASE, rows), {}, severities)

    def _events(self, kind: str, rows: Sequence[Any]) -> Mapping[int, list[Any]]:
        wanted = Event.objects.filter(
            subject_kind=kind, subject_id__in=[row.pk for row in rows], pk__lte=self.run.watermark
        )
        found: dict[int, list[Any]] = defaultdict(list)
        for event in wanted.order_by("pk"):
            found[event.subject_id].append(event)
        return found

    # grades and duties

    def _graded(self, row: Ticket, one: Judged) -> None:
        count = self.chunk.counts["grades"]
        count["n"] += 1
        if not one.explained:
            count["unexplained"] += 1
            return
        self.chunk.figures.append([row.pk, one.base, one.then, one.duty_base, one.duty_then])
        if one.base != one.then:
            count["changed"] += 1
            for place, axis in ((1, "severities"), (2, "natures"), (0, "kinds")):
                if one.base[place] != one.then[place]:
                    self.chunk.counts[axis][f"{one.base[place]}>{one.then[place]}"] += 1
            told = [{"kind": kind, "severity": severity, "nature": nature}
                    for kind, severity, nature in (one.base, one.then)]  # fmt: skip
            self._diff(Topic.GRADES, f"{one.base[1]}>{one.then[1]}", TICKET, row.pk, "", told[0],
                       told[1] | {"by": one.by})  # fmt: skip
        self.chunk.counts["duty"]["n"] += 1
        if one.duty_base != one.duty_then:
            move = f"{one.duty_base}>{one.duty_then}"
            self.chunk.counts["duty"]["changed"] += 1
            self.chunk.counts["duties"][move] += 1
            self._diff(Topic.DUTIES, move, TICKET, row.pk, "", {"duty": one.duty_base, "real": one.duty_real},
                       {"duty": one.duty_then})  # fmt: skip

    # clocks and the ladder

    def _clocks(
        self, kind: str, rows: Sequence[Any], events: Mapping[int, list[Any]],
        as_opened: Mapping[int, tuple[Grade, Grade]], severities: Mapping[int, str],
    ) -> None:  # fmt: skip
        joined = {pk for pk, listed in events.items() if is_joined(listed)}
        self.chunk.counts["clocks"]["joined"] += len(joined)
        known = facts.ask_one(
            f"clock_subject:{kind}", [row for row in rows if row.pk not in joined], self.run.at
        )
        heard = [event for pk, listed in events.items() if pk not in joined for event in listed]
        heard.sort(key=lambda event: event.pk)
        stored = Clock.objects.of(kind, *known).filter(
            standard_version__isnull=False, started_at__lte=self.run.at
        )
        real = fates(stored, self.both.now.book, self.both.until)
        before = self._world(kind, self.both.now, heard, known, {})
        same = not self.both.clocks_differ and not as_opened
        then = before if same else self._world(kind, self.both.then, heard, known, as_opened)
        self._compare(kind, real, before[0], then[0])
        tried = {pk: grades[1][1] for pk, grades in as_opened.items()}
        self._steps(kind, before[1], then[1], severities, dict(severities) | tried)

    def _world(
        self, kind: str, world: World, heard: Sequence[Any], known: Mapping[int, ClockSubject],
        as_opened: Mapping[int, tuple[Grade, Grade]],
    ) -> tuple[dict[Name, Fate], list[Clock]]:  # fmt: skip
        clocks = replayed(heard, known, world.book, kind, regrade=regraded, opened_as=as_opened)
        return fates(clocks, world.book, self.both.until), clocks

    def _compare(
        self, kind: str, real: Mapping[Name, Fate], base: Mapping[Name, Fate], then: Mapping[Name, Fate]
    ) -> None:
        for name in sorted({*real, *base, *then}):
            was, will, was_real = base.get(name), then.get(name), real.get(name)
            one = was or will or was_real
            assert one is not None
            changed = (was and was.verdict) != (will and will.verdict)
            for count in (
                self.chunk.counts["clocks"],
                self.chunk.counts[f"promise {one.promise}"],
                self.chunk.counts[f"owed {one.owed_by} {one.owed_party}".strip()],
            ):
                _tally(count, was_real, was, will, changed=changed)
            self.chunk.figures.append([kind, *name, was and was.verdict])
            if changed:
                key = f"{one.promise}#{one.round}"
                told = _told(was) | {"real": _told(was_real)}
                self._diff(Topic.CLOCKS, one.promise, kind, name[0], key, told, _told(will))

    def _steps(
        self, kind: str, base: Sequence[Clock], then: Sequence[Clock], severities: Mapping[int, str],
        tried: Mapping[int, str],
    ) -> None:  # fmt: skip
        both = self.both
        before = climbed(base, both.now.rungs, severities, both.now.book, both.until)
        after = climbed(then, both.then.rungs, tried, both.then.book, both.until)
        for rung, _pk, _promise, _round in before:
            self.chunk.counts[f"rung {rung}"]["base"] += 1
        for rung, _pk, _promise, _round in after:
            self.chunk.counts[f"rung {rung}"]["then"] += 1
        for name in sorted({*before, *after}):
            was, will = before.get(name), after.get(name)
            if was != will:
                rung, pk, promise, round_ = name
                self.chunk.counts["steps"]["changed"] += 1
                self._diff(Topic.STEPS, rung, kind, pk, f"{promise}#{round_}", {"at": was and was.isoformat()},
                           {"at": will and will.isoformat()})  # fmt: skip

    def _diff(
        self,
        topic: Topic,
        group: str,
        kind: str,
        pk: int,
        key: str,
        was: Mapping[str, Any],
        then: Mapping[str, Any],
    ) -> None:
        self.chunk.diffs.append(
            ShadowDiff(
                run=self.run.pk, topic=topic, group=group[:80], subject_kind=kind, subject_id=pk, key=key, was=was,
                then=then,
            )
        )  # fmt: skip


def _tally(
    count: Counter[str], real: Fate | None, was: Fate | None, will: Fate | None, *, changed: bool
) -> None:
    count["compared"] += real is not None or was is not None
    count["n"] += was is not None
    count["late_real"] += real is not None and real.late
    count["late_base"] += was is not None and was.late
    count["late_then"] += will is not None and will.late
    if real is not None or was is not None:
        count["as_real"] += (real and real.verdict) == (was and was.verdict)
    count["changed"] += changed
    was_late, then_late = was is not None and was.late, will is not None and will.late
    count["newly_late"] += then_late and not was_late
    count["no_longer_late"] += was_late and not then_late
    if was is not None and will is not None:
        count["earlier"] += will.due_at < was.due_at
        count["later"] += will.due_at > was.due_at
    else:
        count["born"] += was is None and will is not None
        count["gone"] += will is None and was is not None


def _told(one: Fate | None) -> dict[str, Any]:
    if one is None:
        return {}
    return {
        "due": one.due_at.isoformat(), "late": one.late, "rule": one.citation, "owed_by": one.owed_by,
        "owed_party": one.owed_party, "team": one.team_id,
    }  # fmt: skip
