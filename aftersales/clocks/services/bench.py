"""The workbench of one batch: clocks in memory, moved event by event, written once at the end."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aftersales.clocks import rules
from aftersales.clocks.models import Clock
from aftersales.clocks.rules import ClockSubject
from aftersales.clocks.states import COUNTING, ClockState
from aftersales.core.models import Audience
from aftersales.standards.models import StandardVersion
from aftersales.standards.rules import instead_of_usual, matches, specificity
from aftersales.standards.selectors import Book
from aftersales.standards.states import Debtor
from aftersales.standards.worktime import ALWAYS, WorkingTime

Key = tuple[str, int]


@dataclass
class Note:
    """Something that happened to a clock, to be told as an event once the clock has its key."""

    kind: str
    clock: Clock
    cause: Any
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass
class Bench:
    """Clocks of the subjects of one batch. ``hear`` moves them; nothing is written here."""

    book: Book
    clocks: dict[Key, list[Clock]] = field(default_factory=dict)
    born: list[Clock] = field(default_factory=list)
    touched: dict[int, Clock] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def hear(self, event: Any, subject: ClockSubject | None, *, handover: bool = False) -> None:
        """One event of one subject, in this order: breach, drop, keep, pause, go on, hand over, start."""
        key = (event.subject_kind, event.subject_id)
        for clock in self.clocks.get(key, []):
            if clock.is_open:
                self._hear(clock, event)
        if subject is not None and handover:
            self._hand_over(key, event, subject)
        if subject is not None:
            self._start(key, event, subject)

    def calendar(self, clock: Clock) -> WorkingTime:
        version = self.version(clock)
        return self.book.calendar(version) if version else ALWAYS

    def by_version(self, clock: Clock) -> StandardVersion:
        """The version of a clock that has one."""
        return self.book.by_id[clock.standard_version_id or 0]

    def version(self, clock: Clock) -> StandardVersion | None:
        return self.book.by_id[clock.standard_version_id] if clock.standard_version_id else None

    def _hear(self, clock: Clock, event: Any) -> None:
        if clock.state == ClockState.RUNNING and clock.due_at < event.at:
            self._breach(clock, event)
        version = self.version(clock)
        if version is None:
            return
        if rules.triggers(version.cancels_on, event.kind, event.payload):
            self.drop(clock, event)
        elif rules.triggers(version.stops_on, event.kind, event.payload):
            self.keep(clock, event)
        elif clock.state == ClockState.RUNNING and rules.triggers(
            version.pauses_on, event.kind, event.payload
        ):
            self._pause(clock, event)
        elif clock.state == ClockState.PAUSED and rules.triggers(
            version.resumes_on, event.kind, event.payload
        ):
            self._resume(clock, event)

    def _breach(self, clock: Clock, event: Any) -> None:
        clock.breach(actor=event, now=event.at)
        self._note("clock.breached", clock, event, holder=clock.breach_holder_id, team=clock.breach_team_id)

    def drop(self, clock: Clock, event: Any) -> None:
        """The promise falls away. A breach that happened stays a breach."""
        if clock.state in COUNTING:
            clock.cancel(actor=event, now=event.at)
        clock.ended_at = event.at
        self._note("clock.cancelled", clock, event, why=event.kind)

    def keep(self, clock: Clock, event: Any) -> None:
        """The promise is kept, in time or late."""
        if clock.state == ClockState.BREACHED:
            clock.meet_late(actor=event, now=event.at)
            late = int((event.at - clock.due_at) / timedelta(minutes=1))
            self._note("clock.met_late", clock, event, late_minutes=late, why=event.kind)
        else:
            clock.meet(actor=event, now=event.at)
            self._note("clock.met", clock, event, why=event.kind)

    def _pause(self, clock: Clock, event: Any) -> None:
        reason = str(event.payload.get("for", "")) or event.kind
        clock.pause(actor=event, now=event.at, reason=reason)
        self._note("clock.paused", clock, event, reason=reason)

    def _resume(self, clock: Clock, event: Any) -> None:
        clock.resume(actor=event, now=event.at)
        self.set_due(clock)
        self._note("clock.resumed", clock, event, due_at=clock.due_at.isoformat())

    def set_due(self, clock: Clock) -> None:
        """Due and warning computed anew from the start, the rule and the pauses."""
        version = self.version(clock)
        if version is None:
            return
        calendar = self.book.calendar(version)
        clock.due_at = rules.due_at(
            calendar, clock.counted_from, version.limit_value, version.limit_unit, clock.pause_list()
        )
        if clock.recounted_at is not None:
            clock.due_at = max(clock.due_at, rules.not_before(clock.recounted_at, clock.pause_list()))
        plain = rules.due_at(calendar, clock.counted_from, version.limit_value, version.limit_unit)
        clock.warn_at = rules.warn_at(
            calendar, clock.counted_from, plain, version.warning_percent, clock.pause_list(), clock.due_at
        )

    def _hand_over(self, key: Key, event: Any, subject: ClockSubject) -> None:
        """Who holds the subject holds its open clocks; a breach stays with whoever held it then."""
        for clock in self.clocks.get(key, []):
            held = holder_of(clock.owed_by, subject), subject.team_id
            if clock.is_open and (clock.holder_id, clock.holder_team_id) != held:
                clock.holder_id, clock.holder_team_id = held
                self._touch(clock)

    def _start(self, key: Key, event: Any, subject: ClockSubject) -> None:
        for promise, version in self._strictest(event, subject).items():
            siblings = [clock for clock in self.clocks.get(key, []) if clock.promise == promise]
            live = next((clock for clock in siblings if clock.is_open), None)
            if live is not None:
                self._tighten(live, version, event)
            elif not siblings or rules.triggers(version.restarts_on, event.kind, event.payload):
                self.start(key, version, event, subject, round_=len(siblings) + 1)

    def _strictest(self, event: Any, subject: ClockSubject) -> dict[str, StandardVersion]:
        """Of all versions this event starts for such a subject: per promise the one that is due first."""
        best: dict[str, tuple[datetime, int, str, StandardVersion]] = {}
        fitting = [
            version
            for version in self.book.by_event.get((event.subject_kind, event.kind), ())
            if version.applies_at(event.at)
            and matches(version, subject)
            and rules.triggers([*version.starts_on, *version.restarts_on], event.kind, event.payload)
        ]
        for version in instead_of_usual(fitting):
            calendar = self.book.calendar(version)
            due = rules.due_at(calendar, event.at, version.limit_value, version.limit_unit)
            rank = (due, -specificity(version), version.standard.code, version)
            promise = version.standard.promise
            if promise not in best or rank[:3] < best[promise][:3]:
                best[promise] = rank
        return {promise: rank[3] for promise, rank in best.items()}

    def start(
        self,
        key: Key,
        version: StandardVersion,
        event: Any,
        subject: ClockSubject,
        *,
        round_: int,
        counted_from: datetime | None = None,
        pauses: Sequence[Any] = (),
    ) -> Clock:
        """A new clock on the bench, counting from the event, or as one does that it takes over."""
        clock = Clock(
            subject_kind=key[0],
            subject_id=key[1],
            merchant_id=subject.merchant_id,
            audience=Audience.MERCHANT if version.owed_by == Debtor.MERCHANT else Audience.INTERNAL,
            promise=version.standard.promise,
            round=round_,
            started_at=event.at,
            counted_from=counted_from or event.at,
            due_at=event.at,
            warn_at=event.at,
            holder_id=holder_of(version.owed_by, subject),
            holder_team_id=subject.team_id,
            is_historic=subject.historic,
        )
        self._cite(clock, version)
        self._stand_as(clock, pauses)
        self.set_due(clock)
        self.add(clock)
        self.tell_started(clock, event, **({"pauses": clock.pauses} if pauses else {}))
        return clock

    def tell_started(self, clock: Clock, event: Any, **more: Any) -> None:
        self.notes.append(Note("clock.started", clock, event, self._terms(clock) | more))

    def _stand_as(self, clock: Clock, pauses: Sequence[Any]) -> None:
        """With these pauses behind it; an open one goes on."""
        if pauses and pauses[-1][1] is None:
            clock.pause(actor=None, now=datetime.fromisoformat(pauses[-1][0]))
        clock.pauses = list(pauses)

    def add(self, clock: Clock) -> None:
        self.clocks.setdefault((clock.subject_kind, clock.subject_id), []).append(clock)
        self.born.append(clock)

    def _tighten(self, clock: Clock, version: StandardVersion, event: Any) -> None:
        """A stricter standard takes the running clock over, counted from now; a milder one does nothing.

        A promotion that began or ended meanwhile does not: a running clock keeps what it started with.
        """
        held = self.version(clock)
        if (
            held is not None
            and held.standard_id == version.standard_id
            and held.promotion_id != version.promotion_id
        ):
            return
        due = rules.due_at(self.book.calendar(version), event.at, version.limit_value, version.limit_unit)
        if clock.state not in COUNTING or clock.standard_version_id is None or due >= clock.due_at:
            return
        before = clock.due_at
        self.retarget(clock, version, event.at)
        terms = self._terms(clock)
        terms |= {"why": event.kind, "old_due_at": before.isoformat()}
        self._note("clock.retargeted", clock, event, **terms)

    def retarget(
        self, clock: Clock, version: StandardVersion, at: datetime, pauses: Sequence[Any] | None = None
    ) -> None:
        """Follow another version from ``at`` on; earlier pauses belong to the old count.

        ``pauses``: those of the count that it takes over; the last one is open where the clock stands.
        """
        clock.counted_from = at
        clock.recounted_at = None
        stands = clock.state == ClockState.PAUSED
        if pauses is None:
            pauses = [[at.isoformat(), None, clock.pauses[-1][2]]] if stands else []
        clock.pauses = list(pauses)
        clock.paused_at = datetime.fromisoformat(clock.pauses[-1][0]) if stands else None
        clock.warned_at = None
        self._cite(clock, version)
        self.set_due(clock)
        self._touch(clock)

    def recount(self, clock: Clock, version: StandardVersion, at: datetime) -> None:
        """Follow a new version of the same standard from the old start, pauses given back; never late before ``at``."""
        clock.recounted_at = at
        self._cite(clock, version)
        self.set_due(clock)
        if clock.warn_at > at:
            clock.warned_at = None
        self._touch(clock)

    def recounted(self, clock: Clock, version: StandardVersion, cause: Any) -> None:
        """The same, told as an event."""
        before = clock.due_at
        self.recount(clock, version, cause.at)
        terms = self._terms(clock) | {"why": cause.kind, "old_due_at": before.isoformat()}
        self._note("clock.retargeted", clock, cause, **terms)

    def _cite(self, clock: Clock, version: StandardVersion) -> None:
        clock.standard_version_id = version.pk
        clock.kind = version.clock_kind
        clock.owed_by = version.owed_by
        clock.owed_party = version.owed_party

    def _terms(self, clock: Clock) -> dict[str, Any]:
        return {
            "version": clock.standard_version_id,
            "counted_from": clock.counted_from.isoformat(),
            "due_at": clock.due_at.isoformat(),
            "warn_at": clock.warn_at.isoformat(),
        }

    def _note(self, kind: str, clock: Clock, cause: Any, **payload: Any) -> None:
        payload.setdefault("due_at", clock.due_at.isoformat())
        self.notes.append(Note(kind, clock, cause, payload))
        self._touch(clock)

    def _touch(self, clock: Clock) -> None:
        if clock.pk is not None:
            self.touched[clock.pk] = clock


def holder_of(owed_by: str, subject: ClockSubject) -> int | None:
    """Whoever works on the subject; nobody in person where the team's lead owes it, whoever that is by then."""
    return None if owed_by == Debtor.LEAD else subject.assignee_id


def next_clock(clocks: Iterable[Clock]) -> Clock | None:
    """The open, counting clock that is due first: what a queue sorts by. A breached one stays first."""
    counting = [clock for clock in clocks if clock.is_open and clock.state != ClockState.PAUSED]
    return min(counting, key=lambda clock: (clock.due_at, clock.promise), default=None)


def by_subject(clocks: Sequence[Clock]) -> Mapping[Key, list[Clock]]:
    found: dict[Key, list[Clock]] = {}
    for clock in clocks:
        found.setdefault((clock.subject_kind, clock.subject_id), []).append(clock)
    return found
