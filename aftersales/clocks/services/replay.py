"""The clocks of past subjects under other rules: the bench that runs live hears the same events again, in memory.

Replayed: every event of the subject in its order, the grade as the events tell it, who held it and when, pauses, and
the recounts that a changed standard ordered. Not replayed: what people would have done otherwise because a clock stood
otherwise; clocks without a standard (words given, letters); subjects that were merged or split, whose clocks were
taken over by hand of a rule of their own (``is_joined``); the customer's class, which is the one of today.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from aftersales.clocks.models import Clock
from aftersales.clocks.rules import ClockSubject
from aftersales.clocks.services.bench import Bench, Key
from aftersales.clocks.services.engine import Following, followed
from aftersales.clocks.services.rebuild import JOININGS, NOBODY, RECOUNT
from aftersales.clocks.services.recount import reaches
from aftersales.clocks.states import ClockState
from aftersales.standards.selectors import Book

Grade = tuple[str, str, str]  # kind, severity, nature
Regrade = Callable[[ClockSubject, Grade], ClockSubject]
Name = tuple[int, str, int]  # subject, promise, round
JOINED = frozenset({*JOININGS, "ticket.absorbed", "ticket.released"})
GRADED = ("kind", "severity", "nature")


@dataclass(frozen=True)
class Fate:
    """What became of a promise: when it was due, whether it was late by the end, and by which rule."""

    promise: str
    round: int
    owed_by: str
    owed_party: str
    team_id: int | None
    version: int | None
    citation: str
    started_at: datetime
    due_at: datetime
    late: bool
    open: bool

    @property
    def verdict(self) -> tuple[datetime, bool]:
        """What two worlds are compared by."""
        return self.due_at, self.late


def is_joined(events: Iterable[Any]) -> bool:
    """Whether clocks of this subject went on as those of another: then its own events do not tell them all."""
    return any(event.kind in JOINED for event in events)


def plain_regrade(subject: ClockSubject, grade: Grade) -> ClockSubject:
    kind, severity, nature = grade
    return replace(subject, kind=kind, severity=severity, nature=nature)


def replayed(
    events: Iterable[Any],
    subjects: Mapping[int, ClockSubject],
    book: Book,
    subject_kind: str,
    *,
    regrade: Regrade = plain_regrade,
    opened_as: Mapping[int, tuple[Grade, Grade]] | None = None,
) -> list[Clock]:
    """The clocks that these events make under this book, unsaved. Pure: neither reads nor writes.

    ``subjects``: what is known of each now. ``opened_as``: the grade that a ticket had at its opening, and the one it
    has in the tried world until a person grades it anew.
    """
    play = _Play(Bench(book=book), followed()[subject_kind], dict(subjects), regrade, opened_as or {})
    for event in events:
        play.hear(event)
    return [clock for clocks in play.bench.clocks.values() for clock in clocks]


@dataclass
class _Play:
    bench: Bench
    following: Following
    subjects: dict[int, ClockSubject]
    regrade: Regrade
    opened_as: Mapping[int, tuple[Grade, Grade]]
    held: dict[Key, Any] = field(default_factory=dict)

    def hear(self, event: Any) -> None:
        if event.kind.startswith("clock."):
            self._recounted(event)
            return
        subject = self._subject(event)
        self.bench.hear(event, subject, handover=event.kind in self.following.handovers)

    def _subject(self, event: Any) -> ClockSubject | None:
        """The subject as it stood with this event: its grade, and who held it."""
        subject = self.subjects.get(event.subject_id)
        if subject is None:
            return None
        if all(name in event.payload for name in GRADED):
            told: Grade = tuple(str(event.payload[name]) for name in GRADED)  # type: ignore[assignment]
            real, tried = self.opened_as.get(event.subject_id, (told, told))
            subject = self.regrade(subject, tried if told == real else told)
        key = (event.subject_kind, event.subject_id)
        if event.kind in self.following.births:
            self.held[key] = NOBODY
        if event.kind in self.following.handovers:
            self.held[key] = self.following.held_after(event, self.held.get(key, NOBODY))
        if key in self.held:
            person, team = self.held[key]
            subject = replace(subject, assignee_id=person, team_id=team)
        self.subjects[event.subject_id] = subject
        return subject

    def _recounted(self, event: Any) -> None:
        """A standard that reached running clocks; where a draft stands in its place, there was no such change."""
        version = self.bench.book.by_id.get(event.payload.get("version") or 0)
        if event.kind != "clock.retargeted" or event.payload.get("why") != RECOUNT or version is None:
            return
        wanted = (event.payload["promise"], event.payload["round"])
        for clock in self.bench.clocks.get((event.subject_kind, event.subject_id), []):
            own = self.bench.version(clock)
            same = own is not None and own.standard_id == version.standard_id
            if (clock.promise, clock.round) != wanted or not same:
                continue
            if reaches(clock, version, self.bench.book, event.at):
                self.bench.recount(clock, version, event.at)


def fates(clocks: Iterable[Clock], book: Book, until: datetime) -> dict[Name, Fate]:
    """What became of clocks that cite a standard, real or replayed alike, by subject, promise and round."""
    return {
        (one.subject_id, one.promise, one.round): _fate(one, book, until)
        for one in clocks
        if one.standard_version_id is not None
    }


def _fate(clock: Clock, book: Book, until: datetime) -> Fate:
    overdue = clock.state == ClockState.RUNNING and clock.due_at < until
    version = book.by_id.get(clock.standard_version_id or 0)
    return Fate(
        promise=clock.promise, round=clock.round, owed_by=clock.owed_by, owed_party=clock.owed_party,
        team_id=clock.breach_team_id or clock.holder_team_id, version=clock.standard_version_id,
        citation=version.citation if version is not None else "", started_at=clock.started_at, due_at=clock.due_at,
        late=clock.breached_at is not None or overdue, open=clock.is_open,
    )  # fmt: skip


def with_drafts(book: Book, drafts: Sequence[Any]) -> Book:
    """The book in which these versions stand in place of all usual ones of their standards, for all time.

    A promotion's version stays: in its days it counts instead of whichever is the usual one.
    """
    own = {draft.standard_id for draft in drafts}
    kept = [one for one in book.versions if one.standard_id not in own or one.promotion_id is not None]
    return replace(book, token="", versions=[*kept, *drafts])
