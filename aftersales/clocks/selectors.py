"""Answers about clocks for pages. Nothing here writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from aftersales.clocks import rules
from aftersales.clocks.models import Clock
from aftersales.clocks.states import ClockState
from aftersales.core import facts, wording
from aftersales.standards import selectors as rule_book
from aftersales.standards.models import StandardVersion
from aftersales.standards.states import ClockKind, Debtor
from aftersales.standards.worktime import ALWAYS

EFFECT_CAP = 500  # open clocks a draft is tried on; the page says so when there are more


@dataclass(frozen=True)
class Why:
    """Why a clock is due when it is due: sentences, the rule it cites, and the two limits beside ours."""

    sentences: list[str]
    citation: str = ""
    rule_name: str = ""
    rule_id: int | None = None
    standard_code: str = ""
    source_ref: str = ""
    source: str = ""
    our_limit: str = ""
    source_limit: str = ""
    legal_limit: str = ""
    legal_ref: str = ""
    is_provisional: bool = False
    pauses: list[rules.Pause] = field(default_factory=list)


def clocks_of(subject_kind: str, subject_id: int) -> list[Clock]:
    """All clocks of one subject: open ones by due time, then ended ones, newest first. One query."""
    found = list(Clock.objects.of(subject_kind, subject_id))
    running = sorted((clock for clock in found if clock.is_open), key=lambda clock: clock.due_at)
    ended = sorted(
        (clock for clock in found if not clock.is_open),
        key=lambda clock: clock.ended_at or clock.due_at,
        reverse=True,
    )
    return running + ended


def open_clocks_of(subject_kind: str, ids: list[int]) -> Mapping[int, list[Clock]]:
    """The open clocks of many subjects, each list by due time. One query."""
    found: dict[int, list[Clock]] = {}
    for clock in Clock.objects.of(subject_kind, *ids).open().order_by("due_at", "id"):
        found.setdefault(clock.subject_id, []).append(clock)
    return found


def effects_of(versions: Sequence[StandardVersion], now: datetime) -> Mapping[int, list[rule_book.Effect]]:
    """For drafts of standards: the open clocks of the same standard, due now and under the draft.

    Rooms above name their rows through the fact ``clock_subject_line:<kind>``: ``{pk: (number, subject)}``.
    """
    return {version.pk: _effects(version, now) for version in versions}


def _effects(version: StandardVersion, now: datetime) -> list[rule_book.Effect]:
    calendar = rule_book.book().calendars[version.calendar_id]
    same = {"standard_version__standard_id": version.standard_id, "is_historic": False}
    clocks = list(Clock.objects.open().filter(**same).order_by("due_at", "id")[:EFFECT_CAP])
    lines: dict[tuple[str, int], tuple[str, str]] = {}
    for kind in {clock.subject_kind for clock in clocks}:
        rows = [_Row(clock.subject_id) for clock in clocks if clock.subject_kind == kind]
        found = facts.ask_one(f"clock_subject_line:{kind}", rows, now)
        lines |= {(kind, pk): line for pk, line in found.items()}
    return [
        rule_book.Effect(
            *lines.get((clock.subject_kind, clock.subject_id), ("", "")),
            due_now=clock.due_at,
            due_then=rules.due_at(
                calendar, clock.counted_from, version.limit_value, version.limit_unit, clock.pause_list()
            ),
        )
        for clock in clocks
    ]


@dataclass(frozen=True)
class _Row:
    """A subject by its key alone, for rooms that name it."""

    pk: int


def explain(clock: Clock, now: datetime) -> Why:
    """Start, pauses with reasons, warning, due and rule of one clock, in sentences a lead can read aloud."""
    book = rule_book.book()
    version = book.by_id.get(clock.standard_version_id or 0)
    calendar = book.calendar(version) if version else ALWAYS
    sentences = [*_beginning(clock, now), *_pauses(clock, calendar), *_ending(clock, now)]
    if version is None:
        return Why(sentences, pauses=clock.pause_list())
    provisional = calendar.provisional(clock.due_at)
    if provisional:
        sentences.append(
            _("The holidays of %(year)s are not announced yet; the due time is provisional.")
            % {"year": clock.due_at.astimezone(calendar.tz).year}
        )
    return Why(
        sentences,
        citation=version.citation,
        rule_name=book.name_of(version.standard.code),
        rule_id=version.pk,
        standard_code=version.standard.code,
        source_ref=version.source_ref,
        source=version.source,
        our_limit=rule_book.limit_words(version.limit_value, version.limit_unit),
        source_limit=rule_book.limit_words(version.source_limit_value, version.source_limit_unit),
        legal_limit=rule_book.limit_words(version.legal_limit_value, version.legal_limit_unit),
        legal_ref=version.legal_ref,
        is_provisional=provisional,
        pauses=clock.pause_list(),
    )


def _beginning(clock: Clock, now: datetime) -> list[str]:
    found = [_("Started %(at)s.") % {"at": wording.when(clock.started_at, now)}]
    if clock.counted_from != clock.started_at:
        found.append(
            _("A worse grade made it stricter; counted from %(at)s.")
            % {"at": wording.when(clock.counted_from, now)}
        )
    found.append(_("Owed by: %(who)s.") % {"who": dict(Debtor.choices)[clock.owed_by]})
    if clock.kind == ClockKind.STATUTORY:
        found.append(_("Statutory: it stops only for causes the rule names."))
    return found


def _pauses(clock: Clock, calendar: Any) -> list[str]:
    found = []
    for pause in clock.pause_list():
        names = {"reason": pause_words(pause.reason), "start": wording.stamp(pause.start)}
        if pause.end is None:
            found.append(_("Paused since %(start)s: %(reason)s.") % names)
        else:
            given = rules.elapsed(calendar, pause.start, pause.end)
            found.append(
                _("Paused from %(start)s to %(end)s: %(reason)s; %(given)s given back.")
                % {**names, "end": wording.stamp(pause.end), "given": wording.duration(given)}
            )
    return found


def pause_words(code: str) -> str:
    """The reason of a pause in words."""
    known = {
        "customer": _("waiting for the customer"),
        "ticket.asked_to_confirm": _("waiting for the customer's answer"),
        "merchant": _("waiting for the merchant"),
        "scheduled": _("an agreed date"),
        "parcel.testing_started": _("the goods are being tested"),
        "repair.awaiting_parts": _("waiting for parts"),
    }
    return known.get(code, _("waiting"))


def _ending(clock: Clock, now: datetime) -> list[str]:
    names = {"due": wording.when(clock.due_at, now), "warn": wording.when(clock.warn_at, now)}
    found = [_("Warns at %(warn)s, due at %(due)s.") % names]
    if clock.met_at is not None:
        took = rules.elapsed(ALWAYS, clock.started_at, clock.met_at)
        words = (
            _("Kept late after %(took)s.")
            if clock.state == ClockState.MET_LATE
            else _("Kept after %(took)s.")
        )
        found.append(words % {"took": wording.duration(took)})
    elif clock.is_breached(now):
        found.append(_("Run out: %(left)s.") % {"left": wording.time_left(clock.due_at, now)})
    elif clock.state == ClockState.CANCELLED:
        found.append(_("Dropped: the promise fell away."))
    return found
