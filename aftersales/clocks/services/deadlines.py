"""A deadline from outside (R4.11): a letter names its own last moment, which no standard of ours makes later.

It runs on the subject like every other clock, so the earliest of several comes first. Moved, the old one ends and a
new round begins: one that had run out stays a breach.
"""

from collections.abc import Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from aftersales.clocks.models import Clock
from aftersales.clocks.rules import warn_at
from aftersales.clocks.services.bench import Bench, Note
from aftersales.clocks.services.engine import drafts_of, write
from aftersales.core import events
from aftersales.core.errors import DomainError
from aftersales.core.models import Audience
from aftersales.standards import selectors as rule_book
from aftersales.standards.states import LETTERED, ClockKind, Debtor, Promise
from aftersales.standards.worktime import ALWAYS

TERMS: Mapping[str, tuple[ClockKind, Debtor]] = {
    Promise.KEPT_WORD: (ClockKind.OBLIGATION, Debtor.PERSON),
    Promise.AUTHORITY_REPLY: (ClockKind.STATUTORY, Debtor.TEAM),
    Promise.AUTHORITY_ANSWER: (ClockKind.OBLIGATION, Debtor.MERCHANT),
}
"""What a promise without a standard is, and who owes it."""
MOVED, DROPPED, MET = "deadline.moved", "deadline.dropped", "deadline.met"


def audience_of(owed_by: str) -> str:
    return Audience.MERCHANT if owed_by == Debtor.MERCHANT else Audience.INTERNAL


def deadline_set(
    *, subject: Any, promise: str, due_at: datetime, holder_id: int | None, actor: Any, now: datetime
) -> Clock:
    """A clock with its own due time on a row that the caller holds under lock.

    A letter that arrives after its own deadline is late at once: the time counts from then, and it is breached.
    """
    if promise not in LETTERED:
        raise DomainError("only what a letter asks has a deadline of its own", "promise")
    bench, cause = Bench(book=rule_book.book()), _cause(subject, actor, now, "deadline.set")
    clock = _begin(bench, cause, promise, due_at, holder_id)
    _finish(bench, now)
    return clock


def deadline_move(*, clock: Clock, subject: Any, due_at: datetime, actor: Any, now: datetime) -> Clock:
    """Another last moment: the old clock ends, late if it was late, and a new round begins. Answers the new one."""
    bench, cause = Bench(book=rule_book.book()), _cause(subject, actor, now, MOVED)
    old = _locked(clock)
    if old.is_open:
        bench._hear(old, cause)
        bench.drop(old, cause)
    new = _begin(bench, cause, old.promise, due_at, old.holder_id)
    _finish(bench, now)
    return new


def deadline_meet(*, clock: Clock, subject: Any, actor: Any, now: datetime) -> Clock:
    """What the letter asked was done, in time or late."""
    return _end(clock, subject, actor, now, MET, "keep")


def deadline_drop(*, clock: Clock, subject: Any, actor: Any, now: datetime) -> Clock:
    """Nothing is owed any more. A breach that happened stays a breach."""
    return _end(clock, subject, actor, now, DROPPED, "drop")


def _begin(bench: Bench, cause: Any, promise: str, due_at: datetime, holder_id: int | None) -> Clock:
    kind, owed_by = TERMS[promise]
    subject, now = cause.row, cause.at
    subject_kind = events.subject_kind(subject)
    earlier = Clock.objects.of(subject_kind, subject.pk).filter(promise=promise).count()
    due = max(due_at, now)
    clock = Clock(
        subject_kind=subject_kind, subject_id=subject.pk, merchant_id=getattr(subject, "merchant_id", None),
        promise=promise, round=earlier + 1, kind=kind, owed_by=owed_by, audience=audience_of(owed_by),
        holder_id=holder_id, holder_team_id=getattr(subject, "team_id", None), started_at=now, counted_from=now,
        due_at=due, warn_at=warn_at(ALWAYS, now, due, int(rule_book.parameter("word_warning_percent", now))),
    )  # fmt: skip
    bench.add(clock)
    terms = bench._terms(clock) | {"holder": holder_id, "team": clock.holder_team_id}
    bench.notes.append(Note("clock.started", clock, cause, terms))
    return clock


def _end(clock: Clock, subject: Any, actor: Any, now: datetime, why: str, act: str) -> Clock:
    bench, cause = Bench(book=rule_book.book()), _cause(subject, actor, now, why)
    current = _locked(clock)
    if current.is_open:
        bench._hear(current, cause)
        getattr(bench, act)(current, cause)
        _finish(bench, now)
    return current


def _locked(clock: Clock) -> Clock:
    found: Clock = Clock.objects.select_for_update().get(pk=clock.pk)
    return found


def _cause(subject: Any, actor: Any, now: datetime, kind: str) -> SimpleNamespace:
    return SimpleNamespace(row=subject, actor=actor, at=now, kind=kind, payload={})


def _finish(bench: Bench, now: datetime) -> None:
    write(bench)
    events.record_many(drafts_of(bench.notes), now=now)
