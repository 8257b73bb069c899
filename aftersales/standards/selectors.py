"""Answers of the rule book, from one copy per process that a changed edition replaces."""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from aftersales.core import facts
from aftersales.core.errors import DomainError, Refusal
from aftersales.standards import rules
from aftersales.standards.models import (
    CalendarDay,
    CalendarPeriod,
    CalendarYear,
    Edition,
    Market,
    Parameter,
    ParameterVersion,
    Promotion,
    ReturnRule,
    ReturnRuleVersion,
    ServiceStandard,
    StandardVersion,
    WorkCalendar,
)
from aftersales.standards.returns.rule import Rule
from aftersales.standards.states import DayKind, Debtor, Measure, Promise, RuleState, Unit, YearState
from aftersales.standards.worktime import Period, WorkingTime

IN_FORCE = (RuleState.ACTIVE, RuleState.RETIRED)
PER_UNIT: dict[str, timedelta] = {
    Measure.SECONDS: timedelta(seconds=1),
    Measure.MINUTES: timedelta(minutes=1),
    Measure.HOURS: timedelta(hours=1),
    Measure.DAYS: timedelta(days=1),
    Measure.YEARS: timedelta(days=365),
}


@dataclass(frozen=True)
class Book:
    """All rules that are or were in force, read once per edition. Immutable: share it between threads."""

    token: str
    versions: Sequence[StandardVersion]
    parameters: Mapping[str, Sequence[ParameterVersion]]
    calendars: Mapping[int, WorkingTime]
    calendar_codes: Mapping[str, int]
    names: Mapping[str, tuple[str, str]]
    markets: Sequence[Market]
    return_rules: tuple[Rule, ...] = ()
    promotions: Sequence[Promotion] = ()

    @cached_property
    def by_id(self) -> Mapping[int, StandardVersion]:
        return {version.pk: version for version in self.versions}

    @cached_property
    def by_event(self) -> Mapping[tuple[str, str], Sequence[StandardVersion]]:
        """Versions that an event kind may start, per subject kind."""
        found: dict[tuple[str, str], list[StandardVersion]] = {}
        for version in self.versions:
            for trigger in [*version.starts_on, *version.restarts_on]:
                listed = found.setdefault((version.subject_kind, trigger.partition("?")[0]), [])
                if version not in listed:
                    listed.append(version)
        return found

    @cached_property
    def event_kinds(self) -> frozenset[str]:
        """Every event kind some standard listens to."""
        names = ("starts_on", "restarts_on", "stops_on", "pauses_on", "resumes_on", "cancels_on")
        return frozenset(
            trigger.partition("?")[0]
            for version in self.versions
            for name in names
            for trigger in getattr(version, name)
        )

    def calendar(self, version: StandardVersion) -> WorkingTime:
        return self.calendars[version.calendar_id]

    def calendar_named(self, code: str) -> WorkingTime:
        return self.calendars[self.calendar_codes[code]]

    def calendar_code(self, version: StandardVersion) -> str:
        """The code of the calendar a version counts in."""
        return next(code for code, pk in self.calendar_codes.items() if pk == version.calendar_id)

    def name_of(self, code: str) -> str:
        """A standard's, number's or calendar's name in the reader's language; the code when it is unknown."""
        zh, en = self.names.get(code, (code, code))
        return en if (get_language() or "").startswith("en") else zh


_copy: Book | None = None
_page: ContextVar[list[Book] | None] = ContextVar("rule_book_of_a_page", default=None)


@contextmanager
def one_edition() -> Iterator[None]:
    """For the length of a page the rule book is asked for once: all that it shows is of one edition."""
    before = _page.set([])
    try:
        yield
    finally:
        _page.reset(before)


def last_seen() -> Book | None:
    """The copy this process holds, perhaps an old edition: good for a guess, never for a decision."""
    return _copy


def book(token: str | None = None) -> Book:
    """The rule book as it stands: one query when nothing changed since the last look.

    ``token``: the edition the caller has just read along with something else, which saves that query.
    """
    global _copy
    held = _page.get()
    if token is None and held:
        return held[0]
    if token is None:
        token = Edition.objects.values_list("token", flat=True).first() or ""
    if _copy is None or _copy.token != token or not token:
        _copy = _read(token)
    if held is not None:
        held[:] = [_copy]
    return _copy


def book_with(version_id: int | None) -> tuple[Book, StandardVersion] | None:
    """The book that holds a cited version, and the version: the copy at hand where it does (versions never change).

    None for clocks that cite none.
    """
    if version_id is None:
        return None
    known = _copy if _copy is not None and version_id in _copy.by_id else book()
    return (known, known.by_id[version_id]) if version_id in known.by_id else None


def _read(token: str) -> Book:
    standards = {row.pk: row for row in ServiceStandard.objects.all()}
    versions = list(StandardVersion.objects.filter(state__in=IN_FORCE).order_by("standard_id", "number"))
    promotions = {row.pk: row for row in Promotion.objects.filter(state__in=IN_FORCE).order_by("starts_at")}
    for version in versions:
        version.standard = standards[version.standard_id]
        version.promotion = promotions.get(version.promotion_id)
    parameters: dict[str, list[ParameterVersion]] = {}
    numbers = {row.pk: row for row in Parameter.objects.all()}
    for value in ParameterVersion.objects.filter(state__in=IN_FORCE).order_by("parameter_id", "number"):
        value.parameter = numbers[value.parameter_id]
        value.promotion = promotions.get(value.promotion_id)
        parameters.setdefault(value.parameter.code, []).append(value)
    calendars = list(WorkCalendar.objects.all())
    return_rules = {row.pk: row for row in ReturnRule.objects.all()}
    named = [*standards.values(), *numbers.values(), *calendars, *return_rules.values()]
    return Book(
        token=token,
        versions=versions,
        parameters=parameters,
        calendars=_calendars(calendars),
        calendar_codes={row.code: row.pk for row in calendars},
        names={row.code: (row.name_zh, row.name_en) for row in named},
        markets=list(Market.objects.all()),
        return_rules=_return_rules(return_rules),
        promotions=list(promotions.values()),
    )


def _return_rules(parents: Mapping[int, ReturnRule]) -> tuple[Rule, ...]:
    versions = ReturnRuleVersion.objects.filter(state__in=IN_FORCE).order_by(
        "rule__position", "rule_id", "number"
    )
    rows = list(versions)
    for row in rows:
        row.rule = parents[row.rule_id]
    return tuple(map(Rule.of, rows))


def _calendars(rows: Sequence[WorkCalendar]) -> dict[int, WorkingTime]:
    weekly: dict[int, list[list[Period]]] = {row.pk: [[] for _day in range(7)] for row in rows}
    for period in CalendarPeriod.objects.filter(is_open=True).order_by("opens"):
        weekly[period.calendar_id][period.weekday].append((period.opens, period.closes))
    days: dict[str, dict[date, CalendarDay]] = {}
    for day in CalendarDay.objects.filter(is_valid=True):
        days.setdefault(day.day_set, {})[day.date] = day
    years: dict[str, set[int]] = {}
    for year in CalendarYear.objects.filter(state=YearState.ANNOUNCED):
        years.setdefault(year.day_set, set()).add(year.year)
    return {row.pk: _working_time(row, weekly[row.pk], days, years) for row in rows}


def _working_time(
    row: WorkCalendar,
    weekly: Sequence[Sequence[Period]],
    days: Mapping[str, Mapping[date, CalendarDay]],
    years: Mapping[str, Iterable[int]],
) -> WorkingTime:
    week = tuple(tuple(periods) for periods in weekly)
    like_monday = week[row.make_up_like]
    known = days.get(row.day_set, {}) if row.day_set else {}
    special = {day: (() if one.kind == DayKind.HOLIDAY else like_monday) for day, one in known.items()}
    return WorkingTime(
        zone=row.zone,
        weekly=week,
        special=special,
        announced_years=frozenset(years.get(row.day_set, ())) if row.day_set else None,
        names={day: (one.name_zh, one.name_en) for day, one in known.items()},
    )


def standards_matching(
    subject: Any, at: datetime, *, subject_kind: str = "tickets.ticket", among: Book | None = None
) -> list[StandardVersion]:
    """All versions in force at ``at`` that speak about such a subject (see :class:`rules.SubjectFacts`)."""
    fitting = [
        version
        for version in (among or book()).versions
        if version.subject_kind == subject_kind and version.applies_at(at) and rules.matches(version, subject)
    ]
    return rules.instead_of_usual(fitting)


@dataclass(frozen=True)
class Given:
    """A promise as it is given: how long one may wait for it, as plain time and in words."""

    span: timedelta
    words: str


def given_to_all(promise: str, at: datetime) -> Given | None:
    """What is promised at ``at`` to every general ticket, the strictest of several; None when nothing is."""
    asked = rules.SubjectFacts(severity="minor")
    current = book()
    matching = standards_matching(asked, at, among=current)
    found = [version for version in matching if version.standard.promise == promise]
    if not found:
        return None
    first = min(found, key=lambda version: _minutes(current, version))
    return Given(
        timedelta(minutes=_minutes(current, first)), limit_words(first.limit_value, first.limit_unit)
    )


def parameter(code: str, at: datetime, *, among: Book | None = None) -> Any:
    """The value of a number in force at ``at``, in the number's own unit. Raises DomainError when unknown.

    ``among``: the book the caller has just read, which saves a query for each further number.
    """
    return parameter_version(code, at, among=among).value


def duration(code: str, at: datetime, *, among: Book | None = None) -> timedelta:
    """A number of seconds, minutes, hours, days or years as a length of plain time."""
    found = parameter_version(code, at, among=among)
    return PER_UNIT[found.parameter.measure] * float(found.value)


def parameter_version(code: str, at: datetime, *, among: Book | None = None) -> ParameterVersion:
    """The version of a number in force at ``at``: a promotion's while it lasts, else the newest of several."""
    fitting = [version for version in (among or book()).parameters.get(code, ()) if version.applies_at(at)]
    if not fitting:
        raise DomainError(
            _("The rule book has no number “%(code)s” for this time.") % {"code": code}, "no_rule"
        )
    return max(enumerate(fitting), key=lambda one: (one[1].promotion_id is not None, one[0]))[1]


def since_when(code: str, *, among: Book) -> list[tuple[datetime, ParameterVersion]]:
    """From which moments on a number had which version, first to last, promotions and what followed them included."""
    versions = [one for one in among.parameters.get(code, ()) if one.valid_from]
    moments = {one.valid_from for one in versions if one.valid_from} | {
        one.valid_to for one in versions if one.promotion_id and one.valid_to
    }
    found = []
    for moment in sorted(moments):
        if any(one.applies_at(moment) for one in versions):
            found.append((moment, parameter_version(code, moment, among=among)))
    return found


def promoted_for(market: int | None) -> list[StandardVersion]:
    """Times that promotions give merchants of a market, in force or announced or over, by when they begin."""
    market = market or market_default().pk
    rows = [
        one
        for one in book().versions
        if one.promotion is not None
        and one.owed_by == Debtor.MERCHANT
        and one.valid_from is not None
        and one.promotion.market_id in (None, market)
    ]
    return sorted(rows, key=lambda one: (one.valid_from, one.number))


def calendar(code: str) -> WorkingTime:
    """A working calendar by its code."""
    return book().calendar_named(code)


def market_default() -> Market:
    """The market every row belongs to unless it says otherwise."""
    for market in book().markets:
        if market.is_default:
            return market
    raise DomainError(_("The rule book has no default market; load the standards."), "no_market")


def limit_words(value: int | None, unit: str) -> str:
    """A limit as people say it: 15 minutes, 48 hours, 5 working days."""
    if value is None:
        return "–"
    if unit == Unit.MINUTES:
        return ngettext("%(n)d minute", "%(n)d minutes", value) % {"n": value}
    if unit == Unit.HOURS:
        return ngettext("%(n)d hour", "%(n)d hours", value) % {"n": value}
    if unit == Unit.WORKING_DAYS:
        return ngettext("%(n)d working day", "%(n)d working days", value) % {"n": value}
    return ngettext("%(n)d day", "%(n)d days", value) % {"n": value}


def order_broken(rows: Sequence[StandardVersion], now: datetime) -> dict[int, list[Refusal]]:
    """For drafts judged together: why they may not come into force, since worse would wait longer (R3.4)."""
    return _judged(rows, rows, now)


def hole_left(rows: Sequence[StandardVersion], now: datetime) -> dict[int, list[Refusal]]:
    """For versions to be taken away: the order that would break without them; a successor fills the hole."""
    leaving = {row.pk for row in rows}
    successors = [
        version
        for version in book().versions
        if version.standard_id in {row.standard_id for row in rows}
        and version.pk not in leaving
        and version.promotion_id is None
        and version.state == RuleState.ACTIVE
    ]
    return _judged(rows, successors, now)


def _judged(
    rows: Sequence[StandardVersion], instead: Sequence[StandardVersion], now: datetime
) -> dict[int, list[Refusal]]:
    """The rule book as it would be with ``instead`` in place of all versions of the rows' standards."""
    current = book()
    parents = ServiceStandard.objects.in_bulk({row.standard_id for row in rows})
    promises = {str(parent.promise) for parent in parents.values()}
    others = [
        version
        for version in current.versions
        if version.standard_id not in parents
        and version.standard.promise in promises
        and version.promotion_id is None
        and version.applies_at(now)
    ]
    measured = [(version, str(version.standard.promise), _minutes(current, version)) for version in others]
    measured += [
        (_everywhere(version), str(parents[version.standard_id].promise), _minutes(current, version))
        for version in instead
    ]
    broken: dict[str, list[Refusal]] = {}
    for one in rules.order_broken(measured):
        broken.setdefault(one.promise, []).append(Refusal("worse_waits_longer", _sentence(one, current)))
    found = {row.pk: broken.get(str(parents[row.standard_id].promise), [])[:3] for row in rows}
    return {pk: refusals for pk, refusals in found.items() if refusals}


def _everywhere(version: StandardVersion) -> StandardVersion:
    """A promotion of one market is judged there alone: what counts elsewhere stays as it was."""
    if version.promotion_id is None or not version.markets:
        return version
    judged = copy.copy(version)
    judged.markets = []
    return judged


def _minutes(current: Book, version: StandardVersion) -> float:
    return rules.nominal_minutes(current.calendar(version), version.limit_value, version.limit_unit)


def _sentence(broken: rules.Broken, current: Book) -> str:
    """Both standards by name, each with the severity and the limit it gives."""
    by, longer = broken.milder_by, broken.worse_by
    words = {
        "promise": dict(Promise.choices)[broken.promise],
        "milder": severity_words(broken.milder),
        "worse": severity_words(broken.worse),
        "shorter": current.name_of(by.standard.code),
        "limit": limit_words(by.limit_value, by.limit_unit),
    }
    if longer is None:
        return (
            _(
                "“%(promise)s”: %(worse)s would wait without any limit, while “%(shorter)s” gives %(milder)s %(limit)s."
            )
            % words
        )
    words |= {
        "longer": current.name_of(longer.standard.code),
        "more": limit_words(longer.limit_value, longer.limit_unit),
    }
    return (
        _("“%(longer)s” lets %(worse)s wait %(more)s, longer than “%(shorter)s” lets %(milder)s: %(limit)s.")
        % words
    )


def severity_words(code: str) -> str:
    """A severity as the sources call it; other codes as they are."""
    return {"minor": _("general (L1)"), "major": _("major (L2)"), "critical": _("critical (L3)")}.get(
        code, code
    )


def open_subjects(version: StandardVersion, now: datetime) -> list[Any]:
    """What rooms above say about open subjects a draft would touch: rows for the page (see ``Effect``)."""
    found: list[Any] = []
    for answer in facts.ask("standards.effect", [version], now)[version.pk]:
        found += answer
    return found


@dataclass(frozen=True)
class Effect:
    """One open subject under a draft: what is due now and what would be due if the draft were in force."""

    number: str
    subject: str
    due_now: datetime | None
    due_then: datetime | None
    team: str = ""


@dataclass(frozen=True)
class Replayed:
    """How promises that ended lately would have fared under a draft: how many, kept then, kept by the draft."""

    days: int
    number: int
    kept: int
    kept_then: int


def replayed(version: StandardVersion, now: datetime) -> Replayed | None:
    """What a room above says of the last months; None when nobody says anything."""
    found = [one for one in facts.ask("standards.replayed", [version], now)[version.pk] if one is not None]
    return found[0] if found else None


def standards_with_versions() -> list[ServiceStandard]:
    """Every standard with its versions, newest first: two queries."""
    return list(ServiceStandard.objects.prefetch_related("versions"))


def parameters_with_versions() -> list[Parameter]:
    """Every number with its versions, newest first: two queries."""
    return list(Parameter.objects.prefetch_related("versions"))


def current_version(row: ServiceStandard | Parameter | ReturnRule, now: datetime) -> Any:
    """The version in force now among the prefetched ones, a promotion's first; None when there is none."""
    fitting = [version for version in row.versions.all() if version.applies_at(now)]
    return next(iter(sorted(fitting, key=lambda one: getattr(one, "promotion_id", None) is None)), None)
