"""Clocks of subjects that go on as one: the stricter promise wins, and no breach is ever joined away (DESIGN 4).

A running clock of a joined subject ends in favour of the other's, which takes over its terms where they are due
earlier, or a clock of its own where it has none. A promise that has run out is breached first, charged to whoever held
it, and stays so. Everything is told by the clocks' own events, so that a replay comes to the same rows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from aftersales.clocks.models import Clock
from aftersales.clocks.rules import ClockSubject
from aftersales.clocks.services.bench import Bench, by_subject
from aftersales.clocks.services.engine import drafts_of, write
from aftersales.clocks.states import COUNTING, ClockState
from aftersales.core import events, facts
from aftersales.standards import selectors as rule_book
from aftersales.standards.states import OWN_TERMS

JOINED, PARTED = "ticket.merged", "ticket.unmerged"
Terms = dict[str, Any]


@dataclass
class Joined:
    """What joining did to the clocks of the one that goes on, as codes and times: parting needs it."""

    retargeted: list[Terms] = field(default_factory=list)
    started: list[Clock] = field(default_factory=list)

    def as_kept(self) -> dict[str, Any]:
        """New clocks have their keys only when they are written."""
        return {"retargeted": self.retargeted, "started": [clock.pk for clock in self.started]}


def clocks_join(*, into: Any, others: Sequence[Any], actor: Any, now: datetime) -> dict[int, dict[str, Any]]:
    """End the open clocks of ``others`` in favour of those of ``into``; answers what each one's clocks did there.

    The rows are locked by the caller, who tells afterwards what happened through the door: then the rows learn which
    of their clocks is due next.
    """
    bench, subject = _bench(into, others, now)
    mine = bench.clocks.setdefault((events.subject_kind(into), into.pk), [])
    done: dict[int, Joined] = {}
    for other in others:
        done[other.pk] = joined = Joined()
        for clock in list(bench.clocks.get((events.subject_kind(other), other.pk), [])):
            if clock.is_open:
                _join_one(
                    bench, clock, mine, subject, _cause(other, actor, now), _cause(into, actor, now), joined
                )
    _finish(bench, now)
    return {pk: joined.as_kept() for pk, joined in done.items()}


def clocks_part(
    *, ticket: Any, root: Any, merged_at: datetime, kept: Mapping[str, Any], actor: Any, now: datetime
) -> None:
    """Undo it: the clocks of ``ticket`` go on by their old terms, those of ``root`` by their own again.

    Time went on meanwhile: what is past due by then is late. What ``root`` kept since, is kept.
    """
    bench, _subject = _bench(root, [ticket], now)
    at_root, at_ticket = _cause(root, actor, now), _cause(ticket, actor, now, PARTED)
    mine = bench.clocks.get((events.subject_kind(root), root.pk), [])
    since = [clock for clock in mine if clock.met_at and clock.met_at >= merged_at]
    for clock in list(bench.clocks.get((events.subject_kind(ticket), ticket.pk), [])):
        if clock.ended_at == merged_at and clock.met_at is None:
            _revive(bench, clock, {one.promise for one in since}, _subject_of(ticket, now), at_ticket)
    by_key = {clock.pk: clock for clock in mine}
    for terms in kept.get("retargeted", ()):
        _restore(bench, by_key.get(terms["clock"]), terms, at_root)
    for pk in kept.get("started", ()):
        _give_back(bench, by_key.get(pk), at_root)
    _finish(bench, now)


def _join_one(
    bench: Bench,
    clock: Clock,
    mine: list[Clock],
    subject: ClockSubject,
    gone: Any,
    stays: Any,
    joined: Joined,
) -> None:
    """One open clock of a joined subject: late is late; what still counts is owed by the one that goes on."""
    if clock.state == ClockState.RUNNING and clock.due_at < gone.at:
        bench._breach(clock, gone)
    if not clock.is_historic and not _kept_since(clock, mine):
        _carry(bench, clock, mine, subject, stays, joined)
    bench.drop(clock, gone)


def _kept_since(clock: Clock, mine: Iterable[Clock]) -> bool:
    """The same promise was kept where the problem goes on, after it had been made here."""
    same = (one for one in mine if one.promise == clock.promise and clock.promise not in OWN_TERMS)
    return any(one.met_at is not None and one.met_at >= clock.started_at for one in same)


def _carry(
    bench: Bench, clock: Clock, mine: list[Clock], subject: ClockSubject, stays: Any, joined: Joined
) -> None:
    live = next((one for one in mine if one.promise == clock.promise and one.is_open), None)
    if clock.promise in OWN_TERMS:
        if clock.state in COUNTING:  # each word is a promise of its own
            joined.started.append(_word(bench, clock, mine, stays))
    elif live is None:
        joined.started.append(_take_over(bench, clock, mine, subject, stays))
    elif (
        clock.state in COUNTING and live.state in COUNTING and _left(clock, stays.at) < _left(live, stays.at)
    ):
        joined.retargeted.append(_retarget(bench, live, clock, stays))


def _left(clock: Clock, now: datetime) -> timedelta:
    """How long until it is due; a paused one keeps what it had."""
    return clock.due_at - (clock.paused_at or now)


def _retarget(bench: Bench, live: Clock, clock: Clock, stays: Any) -> Terms:
    before = live.due_at
    old = {
        "clock": live.pk,
        "version": live.standard_version_id,
        "counted_from": live.counted_from.isoformat(),
    }
    old |= {"pauses": live.pauses, "joined": clock.counted_from.isoformat(), "at": stays.at.isoformat()}
    version = bench.by_version(clock)
    pauses = _over(clock, stays.at)
    if live.state == ClockState.PAUSED:  # it stands on, with what the stricter promise has left
        pauses.append([stays.at.isoformat(), None, live.pauses[-1][2]])
    bench.retarget(live, version, clock.counted_from, pauses)
    _tell_terms(bench, "clock.retargeted", live, stays, before)
    return old


def _tell_terms(bench: Bench, kind: str, clock: Clock, cause: Any, before: datetime) -> None:
    terms = bench._terms(clock) | {
        "pauses": clock.pauses,
        "old_due_at": before.isoformat(),
        "why": cause.kind,
    }
    bench._note(kind, clock, cause, **terms)


def _over(clock: Clock, now: datetime) -> list[list[Any]]:
    """The pauses of a clock, the last one ended."""
    return [[start, end or now.isoformat(), why] for start, end, why in clock.pauses]


def _take_over(bench: Bench, clock: Clock, mine: list[Clock], subject: ClockSubject, stays: Any) -> Clock:
    """A clock of its own for the one that goes on, by the old terms; a broken promise is made anew from now."""
    version, key = bench.by_version(clock), (events.subject_kind(stays.row), stays.row.pk)
    counted_from = clock.counted_from if clock.state in COUNTING else stays.at
    return bench.start(
        key, version, stays, subject, round_=_round(clock, mine), counted_from=counted_from,
        pauses=_over(clock, stays.at) if clock.state in COUNTING else [],
    )  # fmt: skip


def _round(clock: Clock, mine: Iterable[Clock]) -> int:
    return 1 + max((one.round for one in mine if one.promise == clock.promise), default=0)


def _word(bench: Bench, clock: Clock, mine: list[Clock], stays: Any) -> Clock:
    given = Clock(
        subject_kind=events.subject_kind(stays.row), subject_id=stays.row.pk, merchant_id=clock.merchant_id,
        promise=clock.promise, round=_round(clock, mine), kind=clock.kind, owed_by=clock.owed_by,
        audience=clock.audience,
        holder_id=clock.holder_id, started_at=stays.at, counted_from=stays.at, due_at=max(clock.due_at, stays.at),
        warn_at=max(clock.warn_at, stays.at),
    )  # fmt: skip
    bench.add(given)
    bench.tell_started(given, stays, holder=given.holder_id)
    return given


def _revive(bench: Bench, clock: Clock, kept: set[str], subject: ClockSubject, cause: Any) -> None:
    if clock.promise in kept and clock.promise not in OWN_TERMS:
        return
    mine = bench.clocks[clock.subject_kind, clock.subject_id]
    if clock.state == ClockState.BREACHED:
        clock.ended_at = None
        bench._note("clock.revived", clock, cause)
    elif clock.promise in OWN_TERMS:
        _word(bench, clock, mine, cause)
    else:
        bench.start(
            (clock.subject_kind, clock.subject_id), bench.by_version(clock), cause, subject,
            round_=_round(clock, mine), counted_from=clock.counted_from, pauses=clock.pauses,
        )  # fmt: skip


def _restore(bench: Bench, clock: Clock | None, terms: Terms, cause: Any) -> None:
    """Back to its own terms, where it still counts by the joined ones; a breach of those stays a breach."""
    if clock is None or not clock.is_open or clock.counted_from.isoformat() != terms["joined"]:
        return
    if clock.state == ClockState.RUNNING and clock.due_at < cause.at:
        bench._breach(clock, cause)
    if clock.state not in COUNTING:
        return
    before, since = clock.due_at, [one for one in clock.pauses if one[0] >= terms["at"]]
    own = [[start, end or terms["at"], why] for start, end, why in terms["pauses"]]
    counted_from = datetime.fromisoformat(terms["counted_from"])
    bench.retarget(clock, bench.book.by_id[terms["version"]], counted_from, [*own, *since])
    _tell_terms(bench, "clock.restored", clock, cause, before)


def _give_back(bench: Bench, clock: Clock | None, cause: Any) -> None:
    """What came with the joined subject goes with it; late is late."""
    if clock is None or not clock.is_open:
        return
    if clock.state == ClockState.RUNNING and clock.due_at < cause.at:
        bench._breach(clock, cause)
    bench.drop(clock, SimpleNamespace(**{**vars(cause), "kind": PARTED}))


def _bench(into: Any, others: Sequence[Any], now: datetime) -> tuple[Bench, ClockSubject]:
    kind, ids = events.subject_kind(into), [into.pk, *(other.pk for other in others)]
    stored = list(Clock.objects.select_for_update(of=("self",)).of(kind, *ids).order_by("pk"))
    return Bench(book=rule_book.book(), clocks=dict(by_subject(stored))), _subject_of(into, now)


def _subject_of(row: Any, now: datetime) -> ClockSubject:
    found: ClockSubject = facts.ask_one(f"clock_subject:{events.subject_kind(row)}", [row], now)[row.pk]
    return found


def _cause(row: Any, actor: Any, now: datetime, kind: str = JOINED) -> SimpleNamespace:
    return SimpleNamespace(
        row=row,
        actor=actor,
        at=now,
        kind=kind,
        payload={},
        subject_kind=events.subject_kind(row),
        subject_id=row.pk,
    )


def _finish(bench: Bench, now: datetime) -> None:
    write(bench)
    events.record_many(drafts_of(bench.notes), now=now)
