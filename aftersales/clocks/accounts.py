"""The whole account of a clock for reading: every count it went through, its stretches in words, and sentences.

A clock's row holds its last count; the counts before a stricter rule took over stand in its events.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from aftersales.clocks import segments
from aftersales.clocks.models import Clock
from aftersales.clocks.rules import Pause, due_at
from aftersales.clocks.segments import COUNTING, Count, DayName, Part, Segment
from aftersales.clocks.selectors import pause_words
from aftersales.core import wording
from aftersales.core.components import LinePart
from aftersales.core.models import Event
from aftersales.standards import selectors as rule_book
from aftersales.standards import vocabulary
from aftersales.standards.states import TIME_UNITS
from aftersales.standards.worktime import ZERO

TOLD = ("clock.started", "clock.retargeted", "clock.paused", "clock.resumed")
RECOUNT = "rule.activated"
CLOSED = (Part.NIGHT, Part.BREAK, Part.WEEKEND, Part.HOLIDAY, Part.FIRST_DAY)


@dataclass(frozen=True)
class Row:
    """One line of the table behind the drawing."""

    label: str
    start: datetime
    end: datetime
    amount: str
    tone: str  # counts, closed, stood, left, void
    part: str = ""
    worked_seconds: int = 0
    days: int = 0


@dataclass(frozen=True)
class CountTold:
    """One count: the rule that counted, its lines, what counted in all, and what ended it."""

    citation: str
    rule_name: str
    start: datetime
    due: datetime
    rows: list[Row]
    total: str
    limit: str
    void: bool = False
    why: str = ""


@dataclass(frozen=True)
class Account:
    """Everything that made a clock due when it is due."""

    clock: Clock
    counts: list[CountTold] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    line: list[LinePart] = field(default_factory=list)


@dataclass
class _Phase:
    """A count while its events are read."""

    version: int | None
    start: datetime
    due: datetime
    pauses: list[Pause]
    until: datetime | None = None
    why: str = ""


def accounts(clocks: Sequence[Clock], now: datetime) -> list[Account]:
    """The accounts of clocks of one kind of subject, in the order asked. One query for all."""
    told = _events(clocks)
    return [_account(clock, told.get(clock.pk, []), now) for clock in clocks]


def account(clock: Clock, now: datetime) -> Account:
    """The account of one clock. One query."""
    return accounts([clock], now)[0]


def current_parts(clock: Clock, now: datetime) -> list[LinePart]:
    """What did not count in the last count, for its drawing. No query where the rule book is at hand."""
    count = _last(clock, now)
    return [] if count is None else _drawn(segments.taken_apart(count))


def _events(clocks: Sequence[Clock]) -> Mapping[int, list[Event]]:
    ids = {clock.subject_id for clock in clocks}
    found: dict[int, list[Event]] = {}
    if ids:
        kind = clocks[0].subject_kind
        heard = Event.objects.filter(subject_kind=kind, subject_id__in=ids, kind__in=TOLD).order_by("id")
        for event in heard:
            found.setdefault(event.payload["clock"], []).append(event)
    return found


def _account(clock: Clock, events: Iterable[Event], now: datetime) -> Account:
    last = _last(clock, now)
    if last is None:
        return Account(clock)
    earlier = [_told(phase, now) for phase in _earlier(events)]
    final = _final(clock, last, now)
    told = [count for count, _parts in earlier if count is not None]
    before = [count for count in told if count.why != RECOUNT]
    line = [part for _count, parts in earlier for part in parts]
    sentences = [_taken_over(one, now) for one in told]
    if last.due < clock.due_at:
        sentences.append(
            _("Nobody is late before a version is in force, so it is due when it came into force.")
        )
    sentences += _summed(clock, last, now)
    return Account(clock, [*before, final], sentences, line + _drawn(segments.taken_apart(last)))


def _last(clock: Clock, now: datetime) -> Count | None:
    version = rule_book.book_with(clock.standard_version_id)
    if version is None:
        return None
    book, row = version
    due = clock.due_at
    if clock.recounted_at is not None:  # the count itself may have ended before the version was in force
        plain = due_at(
            book.calendar(row), clock.counted_from, row.limit_value, row.limit_unit, clock.pause_list()
        )
        due = min(due, plain)
    return Count(
        book.calendar(row), clock.counted_from, row.limit_value, row.limit_unit, due, clock.pause_list(),
        standing_until=clock.ended_at or now,
    )  # fmt: skip


def _earlier(events: Iterable[Event]) -> list[_Phase]:
    """The counts that a stricter rule ended, oldest first."""
    found: list[_Phase] = []
    current: _Phase | None = None
    for event in events:
        if event.payload.get("why") == RECOUNT and current is not None:
            found.append(
                replace(current, until=event.at, why=RECOUNT, pauses=_shut(current.pauses, event.at))
            )
            current.version = event.payload.get("version")
            current.due = datetime.fromisoformat(event.payload["due_at"])
        elif event.kind in ("clock.started", "clock.retargeted"):
            if current is not None:
                current.until, current.why = event.at, event.payload.get("why", "")
                current.pauses = _shut(current.pauses, event.at)
                found.append(current)
            current = _begun(event)
        elif current is not None and event.kind == "clock.paused":
            current.pauses.append(Pause(event.at, None, event.payload.get("reason", "")))
        elif current is not None and current.pauses:
            current.pauses = _shut(current.pauses, event.at)
            current.due = datetime.fromisoformat(event.payload["due_at"])
    return found


def _begun(event: Event) -> _Phase:
    start, due = (datetime.fromisoformat(event.payload[name]) for name in ("counted_from", "due_at"))
    return _Phase(event.payload.get("version"), start, due, [])


def _shut(pauses: Sequence[Pause], at: datetime) -> list[Pause]:
    return [replace(one, end=at) if one.end is None else one for one in pauses]


def _told(phase: _Phase, now: datetime) -> tuple[CountTold | None, list[LinePart]]:
    known = rule_book.book_with(phase.version)
    if known is None:
        return None, []
    book, version = known
    count = Count(
        book.calendar(version), phase.start, version.limit_value, version.limit_unit, phase.due, phase.pauses,
        until=phase.until,
    )  # fmt: skip
    parts = segments.taken_apart(count)
    told = CountTold(
        version.citation, book.name_of(version.standard.code), phase.start, phase.due,
        [_row(one, count, void=True) for one in parts], _amount(parts, count),
        rule_book.limit_words(version.limit_value, version.limit_unit), void=True, why=phase.why,
    )  # fmt: skip
    line = [LinePart("void", count.start, count.end, _taken_over(told, now))] if phase.why != RECOUNT else []
    return told, line


def _final(clock: Clock, count: Count, now: datetime) -> CountTold:
    known = rule_book.book_with(clock.standard_version_id)
    book, version = known if known is not None else (None, None)
    parts = segments.taken_apart(count)
    return CountTold(
        version.citation if version else "",
        book.name_of(version.standard.code) if book and version else "",
        count.start,
        count.due,
        [_row(one, count) for one in parts],
        _amount(parts, count),
        rule_book.limit_words(count.value, count.unit),
    )


def _row(one: Segment, count: Count, *, void: bool = False) -> Row:
    return Row(
        label=part_words(one), start=one.start, end=one.end, amount=_one_amount(one, count),
        tone="void" if void else tone_of(one), part=str(one.part),
        worked_seconds=int(one.worked.total_seconds()), days=one.days,
    )  # fmt: skip


def tone_of(one: Segment) -> str:
    if one.part == Part.LEFT:
        return "left"
    if one.part in COUNTING:
        return "counts"
    return "stood" if one.part == Part.PAUSED else "closed"


def part_words(one: Segment) -> str:
    """A stretch in words: holidays by name, pauses with their reason."""
    label = str(Part(one.part).label)
    if one.part == Part.PAUSED:
        return pgettext("part of a count", "stood still: %(reason)s") % {"reason": pause_words(one.reason)}
    name = _name(one.name)
    if not name:
        return label
    return pgettext("part of a count", "%(name)s, %(what)s") % {"name": name, "what": label}


def _name(name: DayName) -> str:
    return name[1] if (get_language() or "").startswith("en") else name[0]


def _one_amount(one: Segment, count: Count) -> str:
    if not one.counts:
        return "–"
    return span_words(one.worked) if count.unit in TIME_UNITS else days_words(one.days)


def _amount(parts: Iterable[Segment], count: Count) -> str:
    time, days = segments.worked(parts)
    return span_words(time) if count.unit in TIME_UNITS else days_words(days)


def span_words(span: timedelta) -> str:
    """A span to the second where it is not whole minutes: amounts must add up before the reader's eyes."""
    seconds = int(span.total_seconds())
    names = {"hours": seconds // 3600, "minutes": seconds % 3600 // 60, "seconds": seconds % 60}
    if names["seconds"]:
        hours = _("%(hours)d h %(minutes)d min %(seconds)d s")
        return (hours if names["hours"] else _("%(minutes)d min %(seconds)d s")) % names
    if names["hours"]:
        return (_("%(hours)d h %(minutes)d min") if names["minutes"] else _("%(hours)d h")) % names
    return _("%(minutes)d min") % names


def days_words(days: int) -> str:
    return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}


def _taken_over(told: CountTold, now: datetime) -> str:
    names = {
        "rule": f"{told.rule_name} {told.citation.rpartition(' ')[2]}",
        "limit": told.limit,
        "from": wording.minute(told.start, now),
        "due": wording.minute(told.due, now),
        "event": vocabulary.event_words([told.why]) if told.why else "",
    }
    if told.why == RECOUNT:
        return _("Until a new version came into force it was due %(due)s (%(rule)s, %(limit)s).") % names
    return (
        _(
            "First %(rule)s counted %(limit)s from %(from)s, due %(due)s, until a stricter rule took over: %(event)s."
        )
        % names
    )


def _summed(clock: Clock, count: Count, now: datetime) -> list[str]:
    """What counted and what was left out, in one sentence that can be read aloud."""
    parts = segments.taken_apart(count)
    left_out: dict[str, timedelta] = {}
    for one in parts:
        if not one.counts and one.end > one.start:
            label = part_words(one)
            left_out[label] = left_out.get(label, ZERO) + (one.end - one.start)
    if not left_out:
        return [_("Nothing was left out: all the time from start to due counts.")]
    listed = vocabulary.listed(f"{words} {wording.duration(span)}" for words, span in left_out.items())
    names = {"amount": _amount(parts, count), "out": listed}
    return [_("%(amount)s count; left out: %(out)s.") % names]


def _drawn(parts: Iterable[Segment]) -> list[LinePart]:
    """The stretches that did not count, as the drawing wants them."""
    return [
        LinePart("stood" if one.part == Part.PAUSED else "closed", one.start, one.end, part_words(one))
        for one in parts
        if one.part in (*CLOSED, Part.PAUSED)
    ]


def document(told: Account) -> dict[str, Any]:
    """The account for a file: codes and exact seconds beside the words."""
    return {
        "sentences": told.sentences,
        "counts": [
            {
                "rule": count.citation, "from": count.start, "due_at": count.due, "limit": count.limit,
                "counted": count.total, "void": count.void,
                "parts": [
                    {
                        "part": row.part, "words": row.label, "from": row.start, "until": row.end,
                        "counted_seconds": row.worked_seconds, "counted_days": row.days,
                    }
                    for row in count.rows
                ],
            }
            for count in told.counts
        ],
    }  # fmt: skip
