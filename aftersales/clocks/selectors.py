"""Answers about clocks for pages. Nothing here writes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import Team
from aftersales.clocks import rules
from aftersales.clocks.models import BreachExclusion, Clock
from aftersales.clocks.states import COUNTING, ClockState
from aftersales.core import facts, wording
from aftersales.standards import selectors as rule_book
from aftersales.standards import vocabulary
from aftersales.standards.models import StandardVersion
from aftersales.standards.states import ClockKind
from aftersales.standards.worktime import WorkingTime

EFFECT_CAP = 5000  # open clocks a draft is tried on; the page says so when there are more


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


def due_if_begun(
    promise: str, subject: Any, now: datetime, *, subject_kind: str = "tickets.ticket"
) -> datetime | None:
    """When a promise of this kind about such a subject would be due if it began now; None when no rule asks for it."""
    dues = [
        rules.due_at(rule_book.book().calendar(version), now, version.limit_value, version.limit_unit)
        for version in rule_book.standards_matching(subject, now, subject_kind=subject_kind)
        if version.standard.promise == promise
    ]
    return min(dues, default=None)


def effects_of(versions: Sequence[StandardVersion], now: datetime) -> Mapping[int, list[rule_book.Effect]]:
    """For drafts of standards: the open clocks of the same standard, due now and under the draft.

    Rooms above name their rows through the fact ``clock_subject_line:<kind>``: ``{pk: (number, subject)}``.
    """
    return {version.pk: _effects(version, now) for version in versions}


def _effects(version: StandardVersion, now: datetime) -> list[rule_book.Effect]:
    calendar = rule_book.book().calendars[version.calendar_id]
    same = {
        "standard_version__standard_id": version.standard_id, "standard_version__promotion": version.promotion_id,
        "is_historic": False,
    }  # fmt: skip
    clocks = list(
        Clock.objects.open().filter(**same, state__in=COUNTING).order_by("due_at", "id")[:EFFECT_CAP]
    )
    lines = named_by(clocks, now)
    teams = {team.pk: team.name for team in Team.objects.all()}
    return [
        rule_book.Effect(
            *lines.get((clock.subject_kind, clock.subject_id), ("", "")),
            due_now=clock.due_at,
            due_then=_due_then(clock, version, calendar, now),
            team=teams.get(clock.holder_team_id or 0, ""),
        )
        for clock in clocks
    ]


def named_by(clocks: Iterable[Clock], now: datetime) -> Mapping[tuple[str, int], tuple[str, str]]:
    """Number and subject of what these clocks run on, by kind and key. One query for each kind."""
    by_kind: dict[str, list[_Row]] = {}
    for clock in clocks:
        by_kind.setdefault(clock.subject_kind, []).append(_Row(clock.subject_id))
    return {
        (kind, pk): line
        for kind, rows in by_kind.items()
        for pk, line in facts.ask_one(f"clock_subject_line:{kind}", rows, now).items()
    }


def _due_then(clock: Clock, version: StandardVersion, calendar: WorkingTime, now: datetime) -> datetime:
    """When it would be due by a draft; unchanged where a recount would leave it alone."""
    then = rules.due_at(
        calendar, clock.counted_from, version.limit_value, version.limit_unit, clock.pause_list()
    )
    overdue = clock.state != ClockState.PAUSED and clock.due_at < now
    allowed = rules.may_recount(clock.kind, version.clock_kind, clock.due_at, then)
    return clock.due_at if overdue or not allowed else then


def replays_of(versions: Sequence[StandardVersion], now: datetime) -> Mapping[int, rule_book.Replayed | None]:
    """For drafts of standards: the promises of the last months counted by them, from their starts and pauses."""
    return {version.pk: _replayed(version, now) for version in versions}


def _replayed(version: StandardVersion, now: datetime) -> rule_book.Replayed | None:
    calendar = rule_book.book().calendars[version.calendar_id]
    days = int(rule_book.parameter("replay_days", now))
    ended = Clock.objects.filter(
        promise=version.standard.promise, standard_version__standard_id=version.standard_id, is_historic=False,
        met_at__gte=now - timedelta(days=days),
    ).order_by("-met_at")[:EFFECT_CAP]  # fmt: skip
    number = kept = kept_then = 0
    for clock in ended:
        then = rules.due_at(
            calendar, clock.counted_from, version.limit_value, version.limit_unit, clock.pause_list()
        )
        number += 1
        kept += clock.breached_at is None
        kept_then += clock.met_at is not None and clock.met_at <= then
    return rule_book.Replayed(days, number, kept, kept_then)


@dataclass(frozen=True)
class _Row:
    """A subject by its key alone, for rooms that name it."""

    pk: int


def explain(clock: Clock, now: datetime, heard: Iterable[tuple[datetime, str]] = ()) -> Why:
    """What started a clock, in which calendar it counts and when it stood, in sentences a lead can read aloud.

    ``heard``: when which kind of event happened to its subject; tells which of several triggers it was.
    """
    book = _book_citing(clock)
    version = book.by_id.get(clock.standard_version_id or 0)
    if version is None:
        return Why([_given_word(clock, now)], pauses=clock.pause_list())
    calendar = book.calendar(version)
    sentences = [
        _beginning(clock, version, now, heard),
        _counting(clock, version, calendar, book.name_of(book.calendar_code(version))),
        *_of_promotion(version),
        *_standing(clock, calendar, now),
    ]
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
        legal_ref=version.law,
        is_provisional=calendar.provisional(clock.due_at),
        pauses=clock.pause_list(),
    )


def _book_citing(clock: Clock) -> rule_book.Book:
    """The copy at hand where it holds the cited version, which never changes; else the book as it stands."""
    copy = rule_book.last_seen()
    known = copy is not None and (
        clock.standard_version_id is None or clock.standard_version_id in copy.by_id
    )
    return copy if copy is not None and known else rule_book.book()


def _given_word(clock: Clock, now: datetime) -> str:
    return _("Somebody gave the customer this word at %(at)s; it counts day and night.") % {
        "at": wording.minute(clock.started_at, now)
    }


def _beginning(
    clock: Clock, version: StandardVersion, now: datetime, heard: Iterable[tuple[datetime, str]]
) -> str:
    """Which event started it, and whether a worse grade moved the start."""
    triggers = list((version.restarts_on if clock.round > 1 else []) or version.starts_on)
    then = {kind for at, kind in heard if at == clock.counted_from}
    cause = [one for one in triggers if one.partition("?")[0] in then] or triggers
    names = {"at": wording.minute(clock.counted_from, now), "event": vocabulary.event_words(cause)}
    if clock.counted_from != clock.started_at:
        names["first"] = wording.minute(clock.started_at, now)
        return (
            _("Counts from %(at)s, when a stricter rule took over (%(event)s); first started %(first)s.")
            % names
        )
    return _("Started at %(at)s: %(event)s.") % names


def _of_promotion(version: StandardVersion) -> list[str]:
    """Where the limit came from a promotion: which one, and that the clock keeps it after its end."""
    if version.promotion is None:
        return []
    names = {"promotion": version.promotion.name, "code": version.promotion.code}
    return [
        _("This limit came from the promotion “%(promotion)s” (%(code)s); the clock keeps it after its end.")
        % names
    ]


def _counting(clock: Clock, version: StandardVersion, calendar: WorkingTime, name: str) -> str:
    """How long, in which calendar and hours, and which holidays it left out."""
    names = {"limit": rule_book.limit_words(version.limit_value, version.limit_unit), "calendar": name}
    if calendar.is_always:
        return _("%(limit)s, counted day and night.") % names
    hours = open_hours(calendar)
    names["hours"] = (
        "" if hours in name else pgettext("hours of a calendar", " (%(hours)s)") % {"hours": hours}
    )
    text = _("%(limit)s, counted only in “%(calendar)s”%(hours)s.") % names
    if skipped := _closed_days(clock, calendar):
        text += _(" Holidays left out: %(days)s.") % {"days": vocabulary.listed(skipped)}
    if calendar.provisional(clock.due_at):
        text += _(" The holidays of %(year)s are not announced yet; the due time is provisional.") % {
            "year": clock.due_at.astimezone(calendar.tz).year
        }
    return text


def open_hours(calendar: WorkingTime) -> str:
    """The hours of the first open day of the week: 09:00–12:00, 13:30–18:00."""
    periods = next((day for day in calendar.weekly if day), ())
    return vocabulary.listed(f"{_hour(opens)}–{_hour(closes)}" for opens, closes in periods)


def _hour(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _closed_days(clock: Clock, calendar: WorkingTime) -> list[str]:
    """The holidays between start and due."""
    first, last = calendar.local_day(clock.counted_from), calendar.local_day(clock.due_at)
    closed = (
        day for day, periods in sorted(calendar.special.items()) if not periods and first <= day <= last
    )
    return [day.strftime("%m-%d") for day in closed]


def _standing(clock: Clock, calendar: WorkingTime, now: datetime) -> list[str]:
    """When and why it stood, in one sentence; statutory clocks say that they do not."""
    told = [_pause(pause, calendar, now) for pause in clock.pause_list()]
    if told:
        return [_("Stood still %(pauses)s.") % {"pauses": vocabulary.listed(told)}]
    if clock.kind == ClockKind.STATUTORY:
        return [_("Statutory: it stops only for causes the rule names.")]
    return []


def _pause(pause: rules.Pause, calendar: WorkingTime, now: datetime) -> str:
    names = {"reason": pause_words(pause.reason), "start": wording.minute(pause.start, now)}
    if pause.end is None:
        return _("since %(start)s (%(reason)s)") % names
    given = wording.duration(rules.elapsed(calendar, pause.start, pause.end))
    names |= {"end": wording.minute(pause.end, now), "given": given}
    return _("%(start)s to %(end)s (%(reason)s; %(given)s given back)") % names


def pause_words(code: str) -> str:
    """The reason of a pause in words."""
    known = {
        "customer": _("waiting for the customer"),
        "ticket.asked_to_confirm": _("waiting for the customer's answer"),
        "merchant": _("waiting for the merchant"),
        "scheduled": _("an agreed date"),
        "carrier": _("waiting for the carrier"),
        "partner": _("waiting for the service partner"),
        "bank": _("waiting for the bank"),
        "authority": _("waiting for an authority"),
        "department": _("waiting for another department"),
        "case.merchant_told": _("waiting for the merchant"),
        "repair.awaiting_parts": _("waiting for parts"),
    }
    return known.get(code, _("waiting"))


def excluded_clocks(clocks: Iterable[int]) -> set[int]:
    """Of these breaches those that do not count now. One query."""
    rows = BreachExclusion.objects.standing().filter(clock__in=list(clocks))
    return set(rows.values_list("clock", flat=True))
