"""What is shipped, where it comes from, and that each shipped number moves behaviour."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import translation

from aftersales.standards import selectors, services, shipping
from aftersales.standards.models import (
    CalendarDay,
    CalendarYear,
    Parameter,
    ParameterVersion,
    ServiceStandard,
    StandardVersion,
)
from aftersales.standards.rules import SubjectFacts
from aftersales.standards.states import Measure, RuleState
from aftersales.standards.worktime import end_of_working_day

PARAMETERS = [row["code"] for row in shipping.read("parameters")["parameter"]]


@pytest.mark.django_db
def test_loading_again_keeps_what_people_changed(
    cast: Any, now: datetime, rule_book: Any, system: Any
) -> None:
    standard = ServiceStandard.objects.get(code="plan_major")
    row = services.standard_draft(standard=standard, actor=cast.operations, now=now, limit_value=30)
    services.rule_activate(draft=row, actor=cast.supervisor, now=now)
    shipping.load(actor=system, now=now + timedelta(minutes=1))
    assert standard.versions.get(state=RuleState.ACTIVE).limit_value == 30


@pytest.mark.django_db
@pytest.mark.usefixtures("rule_book")
def test_shipped_rules_are_activated_by_the_system_and_it_is_recorded(system: Any) -> None:
    rows = [*StandardVersion.objects.all(), *ParameterVersion.objects.all()]
    active = [row for row in rows if row.state == RuleState.ACTIVE]
    assert active
    assert all(row.is_shipped and row.activated_by_id == system.pk for row in active)
    assert all(row.history.count() >= 2 for row in active[:5])


@pytest.mark.django_db
@pytest.mark.usefixtures("rule_book")
def test_every_rule_names_its_source_in_both_languages() -> None:
    for row in [*StandardVersion.objects.all(), *ParameterVersion.objects.all()]:
        assert re.match(r"[RGQOPS]\d", row.source_ref), row
        assert re.search(r"[\u4e00-\u9fff]", row.source_zh), row
        assert not re.search(r"[\u4e00-\u9fff]", row.source_en), row


@pytest.mark.django_db
@pytest.mark.usefixtures("rule_book")
def test_no_rule_prints_a_standard_number_as_its_ground() -> None:
    for row in [*StandardVersion.objects.all(), *ParameterVersion.objects.all()]:
        assert not re.search(r"GB/?T|QB/?T", row.source_zh + row.source_en + row.legal_ref)


@pytest.mark.django_db
@pytest.mark.usefixtures("rule_book")
def test_contradicting_sources_are_kept_and_are_not_in_force() -> None:
    groups: dict[str, list[StandardVersion]] = {}
    for row in StandardVersion.objects.exclude(conflict_group=""):
        groups.setdefault(row.conflict_group, []).append(row)
    assert set(groups) == {"major_response", "critical_response", "solution_time", "done_time"}
    for rows in groups.values():
        assert {row.state for row in rows} == {RuleState.ACTIVE, RuleState.NOTED}


EXPECTED = [
    (SubjectFacts(severity="minor", nature="operation", channel="email"), "first_response", 24 * 60),
    (SubjectFacts(severity="major", nature="operation", channel="email"), "first_response", 60),
    (SubjectFacts(severity="critical", nature="operation", channel="email"), "first_response", 15),
    (SubjectFacts(severity="minor", channel="chat"), "first_response", 3),
    (SubjectFacts(severity="minor", channel="app"), "first_response", 60),
    (SubjectFacts(severity="minor", channel="email", tags=frozenset({"urgent"})), "first_response", 120),
    (SubjectFacts(severity="minor", nature="complaint", channel="email"), "done", 48 * 60),
    (SubjectFacts(severity="major", channel="email"), "emergency_response", 60),
    (SubjectFacts(severity="critical", channel="email"), "emergency_response", 15),
    (SubjectFacts(severity="major", channel="email"), "plan", 24 * 60),
    (SubjectFacts(severity="critical", channel="email"), "plan", 24 * 60),
    (SubjectFacts(severity="critical", channel="email"), "done", 48 * 60),
    (SubjectFacts(severity="minor", channel="email"), "solution_agreed", 48 * 60),
    (SubjectFacts(severity="minor", channel="email"), "verification", 24 * 60),
    (SubjectFacts(severity="minor", channel="email"), "archive", 24 * 60),
]


@pytest.mark.django_db
@pytest.mark.usefixtures("rule_book")
@pytest.mark.parametrize(("subject", "promise", "minutes"), EXPECTED)
def test_the_strictest_standard_is_the_one_the_requirements_name(
    now: datetime, subject: SubjectFacts, promise: str, minutes: int
) -> None:
    found = [
        version.limit_value * (60 if version.limit_unit == "hours" else 1)
        for version in selectors.standards_matching(subject, now)
        if version.standard.promise == promise
    ]
    assert min(found) == minutes


@pytest.mark.django_db
@pytest.mark.usefixtures("rule_book")
def test_a_rule_holds_for_older_facts_too() -> None:
    at = datetime(2017, 10, 2, 10, 0, tzinfo=UTC)
    assert selectors.standards_matching(SubjectFacts(severity="major"), at)
    assert selectors.parameter("low_star_threshold", at) == 2


@pytest.mark.django_db
@pytest.mark.usefixtures("rule_book")
def test_next_year_is_provisional_until_it_is_announced(cast: Any, now: datetime) -> None:
    year = CalendarYear.objects.get(day_set="CN", year=2027)
    assert year.state == "provisional"
    calendar = selectors.calendar("workdays")
    due = end_of_working_day(calendar, datetime(2026, 12, 31, 2, 0, tzinfo=UTC), 1)
    assert due == datetime(2027, 1, 4, 10, 0, tzinfo=UTC)  # Friday 1 January is closed, Monday 18:00
    assert calendar.provisional(due)
    services.year_save(year=year, actor=cast.operations, now=now, state="announced", source="国办通知")
    assert not selectors.calendar("workdays").provisional(due)


@pytest.mark.django_db
@pytest.mark.usefixtures("rule_book")
def test_a_new_holiday_moves_the_working_day_at_once(cast: Any, now: datetime) -> None:
    monday = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    before = end_of_working_day(selectors.calendar("workdays"), monday, 1)
    day = CalendarDay(
        day_set="CN", date=datetime(2026, 11, 24, tzinfo=UTC).date(), kind="holiday", name_zh="台风停工",
        name_en="Typhoon", source="市政府通告",
    )  # fmt: skip
    services.day_save(day=day, actor=cast.operations, now=now)
    after = end_of_working_day(selectors.calendar("workdays"), monday, 1)
    assert after - before == timedelta(days=1)


def other(value: Any) -> Any:
    return value + 1 if isinstance(value, int) and value < 100 else 99


@pytest.mark.django_db
@pytest.mark.usefixtures("rule_book")
@pytest.mark.parametrize("code", PARAMETERS)
def test_a_changed_number_is_read_at_once(now: datetime, code: str) -> None:
    before = selectors.parameter(code, now)
    ParameterVersion.objects.filter(parameter__code=code).update(value=other(before))
    assert selectors.parameter(code, now) == other(before)
    if Parameter.objects.get(code=code).measure in {Measure.HOURS, Measure.MINUTES, Measure.DAYS}:
        assert selectors.duration(code, now) > timedelta(0)


@pytest.mark.django_db
@pytest.mark.usefixtures("rule_book")
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_limits_are_said_in_the_readers_language(language: str) -> None:
    with translation.override(language):
        assert selectors.limit_words(15, "minutes")
        assert "15" in selectors.limit_words(15, "minutes")
        assert selectors.limit_words(None, "") == "–"
