"""What the rule pages show: lines of a comparison, the list at the left, effects. Reads only."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aftersales.core.wording import listed
from aftersales.standards import rules, selectors, vocabulary
from aftersales.standards.models import Parameter, ParameterVersion, ServiceStandard, StandardVersion
from aftersales.standards.states import ClockKind, Debtor, Measure, Promise, RuleState

CONDITION_NAMES = ("severities", "natures", "channels", "kinds", "customer_classes", "tags")

SHOWN = 10  # of the tickets a draft would move; the counts name all


@dataclass(frozen=True)
class Line:
    """One line of the comparison: what it is called, before, after."""

    label: str
    old: str
    new: str
    is_changed: bool


@dataclass(frozen=True)
class Entry:
    """One rule in the list at the left."""

    code: str
    name: str
    value: str
    number: int | None
    has_draft: bool
    is_conflicting: bool


@dataclass(frozen=True)
class Section:
    """Rules of one promise or one group of numbers."""

    name: str
    entries: list[Entry]


@dataclass(frozen=True)
class Effects:
    """What a draft would do to open subjects."""

    earlier: int
    later: int
    same: int
    late_at_once: int
    rows: list[selectors.Effect]
    teams: list[tuple[str, int, int, int]]  # name, earlier, later, late at once
    lately: selectors.Replayed | None = None

    @property
    def total(self) -> int:
        return self.earlier + self.later + self.same + self.late_at_once


def standard_sections(now: datetime) -> list[Section]:
    """All standards by promise, in the order of the book."""
    names = dict(Promise.choices)
    found: dict[str, list[Entry]] = {}
    for row in selectors.standards_with_versions():
        found.setdefault(row.promise, []).append(_standard_entry(row, now))
    return [Section(str(names[promise]), entries) for promise, entries in found.items()]


def _standard_entry(row: ServiceStandard, now: datetime) -> Entry:
    versions = list(row.versions.all())
    shown = selectors.current_version(row, now) or (versions[0] if versions else None)
    return Entry(
        code=row.code,
        name=row.name,
        value=selectors.limit_words(shown.limit_value, shown.limit_unit) if shown else "–",
        number=shown.number if shown else None,
        has_draft=any(version.state == RuleState.DRAFT for version in versions),
        is_conflicting=bool(shown and shown.state == RuleState.NOTED),
    )


def number_sections(now: datetime) -> list[Section]:
    """All numbers by group."""
    found: dict[str, list[Entry]] = {}
    for row in selectors.parameters_with_versions():
        versions = list(row.versions.all())
        shown = selectors.current_version(row, now) or (versions[0] if versions else None)
        entry = Entry(
            code=row.code,
            name=row.name,
            value=value_words(row, shown.value) if shown else "–",
            number=shown.number if shown else None,
            has_draft=any(version.state == RuleState.DRAFT for version in versions),
            is_conflicting=False,
        )
        found.setdefault(row.group, []).append(entry)
    return [Section(group_words(group), entries) for group, entries in found.items()]


def group_words(code: str) -> str:
    """Groups of numbers in words."""
    known = {
        "closing": pgettext("group of numbers", "Closing"),
        "archive": pgettext("group of numbers", "Archive"),
        "contact": pgettext("group of numbers", "Contact"),
        "work": pgettext("group of numbers", "Work"),
        "intake": pgettext("group of numbers", "Intake"),
        "targets": pgettext("group of numbers", "Targets"),
        "people": pgettext("group of numbers", "People"),
        "emergency": pgettext("group of numbers", "Emergency"),
        "figures": pgettext("group of numbers", "Figures"),
        "warnings": pgettext("group of numbers", "Early warning"),
        "signs": pgettext("group of numbers", "Signs of gaming"),
        "automation": pgettext("group of numbers", "Automation"),
        "dispatch": pgettext("group of numbers", "Dispatch and shifts"),
        "parcels": pgettext("group of numbers", "Returned goods"),
        "automatic": pgettext("group of numbers", "Approved by rule"),
        "requests": pgettext("group of numbers", "Small requests"),
        "recoveries": pgettext("group of numbers", "Recoveries"),
        "channels": pgettext("group of numbers", "E-mail and connections"),
        "returns": pgettext("group of numbers", "Returns"),
        "appointments": pgettext("group of numbers", "Appointments"),
        "payments": pgettext("group of numbers", "Payments"),
        "agreements": pgettext("group of numbers", "Agreements with merchants"),
        "promotions": pgettext("group of numbers", "Promotions"),
        "rectification": pgettext("group of numbers", "Rectification plans"),
    }
    return known.get(code, code)


def value_words(row: Parameter, value: Any) -> str:
    """A value with its unit."""
    if value is None:
        return "–"
    if row.measure in {Measure.TEXT, Measure.CODES}:
        if isinstance(value, list):
            return listed(map(vocabulary.code_words, value))
        return (selectors.last_seen() or selectors.book()).name_of(
            str(value)
        )  # such as the name of a calendar
    if row.measure == Measure.PERCENT:
        return f"{value}%"
    if row.measure == Measure.COUNT:  # the name says of what
        return f"{value}"
    if row.measure == Measure.HOURS and row.code.endswith(
        "_hour"
    ):  # an hour of the day, not a length of time
        return f"{value}:00"
    return f"{value} {dict(Measure.choices)[row.measure]}"


def comparison(new: StandardVersion, old: StandardVersion | None) -> list[Line]:
    """What a version changes against the one before; changed lines first, the others after them."""
    labels = _labels()
    return [
        Line(labels[one.name], one.old or "–", one.new or "–", one.is_changed and old is not None)
        for one in rules.differences(_said(old) if old else _said(new), _said(new))
    ]


def _labels() -> dict[str, str]:
    return {
        "limit": pgettext("rule", "Time"),
        "warning": pgettext("rule", "Warning"),
        "pauses": pgettext("rule", "Pauses"),
        "applies": pgettext("rule", "Applies to"),
        "owed": pgettext("rule", "Owed by"),
        "counted": pgettext("rule", "Counted in"),
        "starts": pgettext("rule", "Starts when"),
        "restarts": pgettext("rule", "Starts again when"),
        "stops": pgettext("rule", "Kept when"),
        "cancels": pgettext("rule", "Dropped when"),
        "source_limit": _("Source's limit"),
        "legal_limit": _("Legal limit"),
    }


def _said(row: StandardVersion) -> Mapping[str, str]:
    debtor = str(dict(Debtor.choices)[row.owed_by])
    party = vocabulary.word("duties", row.owed_party) if row.owed_party else ""
    return {
        "limit": selectors.limit_words(row.limit_value, row.limit_unit),
        "warning": _("%(percent)s%% of the time used") % {"percent": row.warning_percent},
        "pauses": _pauses(row),
        "applies": conditions(row),
        "owed": f"{debtor} · {party}" if party else debtor,
        "counted": f"{row.calendar} · {dict(ClockKind.choices)[row.clock_kind]}",
        "starts": vocabulary.event_words(row.starts_on),
        "restarts": vocabulary.event_words(row.restarts_on),
        "stops": vocabulary.event_words(row.stops_on),
        "cancels": vocabulary.event_words(row.cancels_on),
        "source_limit": selectors.limit_words(row.source_limit_value, row.source_limit_unit),
        "legal_limit": selectors.limit_words(row.legal_limit_value, row.legal_limit_unit),
    }


def _pauses(row: StandardVersion) -> str:
    if not row.pauses_on:
        return pgettext("rule", "never")
    names = {"when": vocabulary.event_words(row.pauses_on), "until": vocabulary.event_words(row.resumes_on)}
    return _("%(when)s; goes on when %(until)s") % names


def conditions(row: StandardVersion) -> str:
    """For which tickets, in words; no condition means all."""
    found = [vocabulary.words(name, getattr(row, name)) for name in CONDITION_NAMES if getattr(row, name)]
    return " · ".join(found) or pgettext("rule", "all")


def effects(version: StandardVersion, now: datetime) -> Effects:
    """What open subjects would get from a draft: earlier, later, the same, late at once; by team and one by one."""
    rows = list(selectors.open_subjects(version, now))
    found = [(row, _moved(row, now)) for row in rows]
    counts = Counter(how for _row, how in found)
    teams = {row.team for row, how in found if row.team and how != "same"}
    changed = sorted((row for row, how in found if how != "same"), key=lambda row: row.due_then or now)
    return Effects(
        counts["earlier"], counts["later"], counts["same"], counts["late"],
        (changed or [row for row, _how in found])[:SHOWN],
        [(team, *_of_team(team, found)) for team in sorted(teams)],
        selectors.replayed(version, now),
    )  # fmt: skip


def _of_team(team: str, found: Iterable[tuple[selectors.Effect, str]]) -> tuple[int, int, int]:
    counts = Counter(how for row, how in found if row.team == team)
    return counts["earlier"], counts["later"], counts["late"]


def _moved(row: selectors.Effect, now: datetime) -> str:
    if row.due_then is None or row.due_now is None or row.due_then == row.due_now:
        return "same"
    if row.due_then < now <= row.due_now:
        return "late"
    return "earlier" if row.due_then < row.due_now else "later"


def siblings(version: StandardVersion) -> Iterable[StandardVersion]:
    """Other versions of the same conflict group: sources that say something else."""
    if not version.conflict_group:
        return []
    found = StandardVersion.objects.filter(conflict_group=version.conflict_group).exclude(pk=version.pk)
    return list(found.exclude(standard_id=version.standard_id).select_related("standard").order_by("pk"))


def number_lines(row: Parameter, new: ParameterVersion, old: ParameterVersion | None) -> list[Line]:
    """A number's value before and after, with the source's and the law's."""
    before = old or new
    pairs = [
        (pgettext("rule", "Value"), value_words(row, before.value), value_words(row, new.value)),
        (_("Source's value"), value_words(row, before.source_value), value_words(row, new.source_value)),
        (_("Legal value"), value_words(row, before.legal_value), value_words(row, new.legal_value)),
    ]
    return [Line(label, one, other, one != other) for label, one, other in pairs]
