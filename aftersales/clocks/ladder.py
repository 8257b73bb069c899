"""Answers about the escalation ladder: when a clock reaches a rung, and which one is next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from aftersales.clocks import rules
from aftersales.clocks.models import Clock, LadderRung
from aftersales.clocks.states import ClockState, RungMoment
from aftersales.standards import selectors as rule_book
from aftersales.standards.worktime import ALWAYS

_copy: tuple[str, list[LadderRung]] | None = None


@dataclass(frozen=True)
class Step:
    """The next rung of a clock and when it is reached."""

    rung: LadderRung
    at: datetime


def rungs_at_hand(now: datetime) -> list[LadderRung]:
    """The rungs in force, from one copy per edition of the rule book; for pages, not for the sweep."""
    global _copy
    seen = rule_book.last_seen()
    token = seen.token if seen is not None else ""
    if _copy is None or _copy[0] != token or not token:
        _copy = (token, list(LadderRung.objects.filter(state__in=rule_book.IN_FORCE)))
    return [rung for rung in _copy[1] if rung.applies_at(now)]


def rung_at(clock: Clock, rung: LadderRung, among: rule_book.Book | None = None) -> datetime:
    """When this clock, as it runs now, reaches the rung. ``among``: the book it runs by, where it is a tried one."""
    if rung.moment == RungMoment.LATE:
        return clock.due_at + timedelta(minutes=rung.value)
    known = _cited(clock, among)
    if known is None:
        return rules.warn_at(ALWAYS, clock.counted_from, clock.due_at, rung.value)
    book, version = known
    calendar = book.calendar(version)
    plain = rules.due_at(calendar, clock.counted_from, version.limit_value, version.limit_unit)
    return rules.warn_at(
        calendar, clock.counted_from, plain, rung.value, clock.pause_list(), max(clock.due_at, plain)
    )


def _cited(
    clock: Clock, among: rule_book.Book | None
) -> tuple[rule_book.Book, rule_book.StandardVersion] | None:
    if among is None:
        return rule_book.book_with(clock.standard_version_id)
    version = among.by_id.get(clock.standard_version_id or 0)
    return (among, version) if version is not None else None


def next_step(clock: Clock, severity: str, rungs: Sequence[LadderRung], now: datetime) -> Step | None:
    """Who is told next and when, while the clock runs on; None where nobody is or the clock stands."""
    if not clock.is_open or clock.is_historic or clock.state == ClockState.PAUSED:
        return None
    ahead = [Step(rung, rung_at(clock, rung)) for rung in rungs if speaks_about(rung, clock, severity)]
    return min((step for step in ahead if step.at > now), key=lambda step: step.at, default=None)


def speaks_about(rung: LadderRung, clock: Clock, severity: str) -> bool:
    """Whether the rung's conditions fit; an empty condition means any."""
    return all(
        not allowed or value in allowed
        for allowed, value in (
            (rung.promises, clock.promise), (rung.clock_kinds, clock.kind), (rung.severities, severity),
        )
    )  # fmt: skip


def name_of(code: str) -> str:
    """A rung's name in the reader's language; empty for what is no rung."""
    found = LadderRung.objects.filter(code=code).order_by("-number").first()
    return found.name if found is not None else ""
