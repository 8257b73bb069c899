"""Clocks of a subject that was split off another: a split never wins time.

Each promise of the new subject counts from where it counted in the other, the pauses there given back; of the rule of
today and the terms of the other the earlier due time goes on. Told by the clocks' own events, as joining is.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aftersales.clocks import rules
from aftersales.clocks.models import Clock
from aftersales.clocks.services.bench import Bench
from aftersales.clocks.services.joining import _bench, _cause, _finish, _over, _tell_terms
from aftersales.core import events
from aftersales.standards.models import StandardVersion
from aftersales.standards.states import Promise

SPLIT = "ticket.split_off"
Terms = tuple[datetime, StandardVersion, datetime, list[list[Any]]]


def clocks_split(*, part: Any, origin: Any, answered: bool, actor: Any, now: datetime) -> None:
    """Count the new clocks of ``part`` as those of ``origin``. The rows are locked by the caller.

    ``answered``: the customer has had his first response in ``origin``, where it is judged; here it falls away. A reply
    that is owed there is owed here too. The caller tells the split through the door, so that the row learns of it.
    """
    bench, subject = _bench(part, [origin], now)
    cause, kind = _cause(part, actor, now, SPLIT), events.subject_kind(part)
    theirs = _latest(bench, (kind, origin.pk))
    mine = list(bench.clocks.get((kind, part.pk), []))
    for clock in mine:
        if clock.is_open and answered and clock.promise == Promise.FIRST_RESPONSE:
            bench.drop(clock, cause)
        elif clock.is_open and clock.standard_version_id:
            _count_on(bench, clock, theirs.get(clock.promise), origin.opened_at, cause)
    owed = theirs.get(Promise.REPLY)
    if owed is not None and owed.is_open and all(clock.promise != Promise.REPLY for clock in mine):
        bench.start(
            (kind, part.pk), bench.by_version(owed), cause, subject, round_=1, counted_from=owed.counted_from,
            pauses=_over(owed, now),
        )  # fmt: skip
    _finish(bench, now)


def _latest(bench: Bench, key: tuple[str, int]) -> Mapping[str, Clock]:
    """The last clock of each promise that a rule made."""
    by_rule = [clock for clock in bench.clocks.get(key, []) if clock.standard_version_id]
    return {clock.promise: clock for clock in sorted(by_rule, key=lambda one: one.round)}


def _count_on(bench: Bench, clock: Clock, old: Clock | None, opened_at: datetime, cause: Any) -> None:
    version, before = bench.by_version(clock), clock.due_at
    since, pauses = (old.counted_from, _over(old, cause.at)) if old else (opened_at, [])
    found = [_terms(bench, version, since, pauses)]
    if old is not None:
        found.append(_terms(bench, bench.by_version(old), since, pauses))
    due, version, since, pauses = min(found, key=lambda terms: terms[0])
    if due < before:
        bench.retarget(clock, version, since, pauses)
        _tell_terms(bench, "clock.retargeted", clock, cause, before)


def _terms(bench: Bench, version: StandardVersion, since: datetime, pauses: list[list[Any]]) -> Terms:
    stood = Clock(pauses=pauses).pause_list()
    due = rules.due_at(bench.book.calendar(version), since, version.limit_value, version.limit_unit, stood)
    return due, version, since, pauses
