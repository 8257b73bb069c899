"""Drafting, second-person activation, replacement, the order of severities, what is refused."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from aftersales.core.errors import Conflict, DomainError, NotPermitted, Refused, WrongState
from aftersales.core.models import Event
from aftersales.standards import selectors, services
from aftersales.standards.models import Parameter, ServiceStandard, StandardVersion
from aftersales.standards.rules import SubjectFacts
from aftersales.standards.states import RuleState

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rule_book")]


def standard(code: str) -> ServiceStandard:
    return ServiceStandard.objects.get(code=code)


def draft(code: str, actor: Any, now: datetime, **terms: Any) -> StandardVersion:
    return services.standard_draft(
        standard=standard(code), actor=actor, now=now, reason="双 11 复盘", **terms
    )


def test_a_draft_takes_over_the_terms_in_force_and_changes_nothing_yet(cast: Any, now: datetime) -> None:
    row = draft("plan_major", cast.operations, now, limit_value=20)
    assert (row.number, row.state, row.limit_value, row.limit_unit) == (2, RuleState.DRAFT, 20, "hours")
    assert row.stops_on == standard("plan_major").versions.get(number=1).stops_on
    found = selectors.standards_matching(SubjectFacts(severity="major"), now)
    assert {one.limit_value for one in found if one.standard.code == "plan_major"} == {24}


def test_who_drafted_a_version_cannot_bring_it_into_force(cast: Any, now: datetime) -> None:
    row = draft("plan_major", cast.operations, now, limit_value=20)
    with pytest.raises(Refused) as refused:
        services.rule_activate(draft=row, actor=cast.operations, now=now)
    assert refused.value.code == "own_draft"


def test_a_second_person_brings_it_into_force_and_ends_the_version_before(cast: Any, now: datetime) -> None:
    # Given a milder draft by operations
    row = draft("plan_major", cast.operations, now, limit_value=30)
    # When the supervisor brings it into force from tomorrow
    tomorrow = now + timedelta(days=1)
    services.rule_activate(draft=row, actor=cast.supervisor, now=now, valid_from=tomorrow)
    # Then today still follows version 1 and tomorrow follows version 2
    assert limit_of("plan_major", now) == [(1, 24)]
    assert limit_of("plan_major", tomorrow) == [(2, 30)]
    first = standard("plan_major").versions.get(number=1)
    assert (first.state, first.valid_to) == (RuleState.RETIRED, tomorrow)


def limit_of(code: str, at: datetime) -> list[tuple[int, int]]:
    return [
        (version.number, version.limit_value)
        for version in selectors.book().versions
        if version.standard.code == code and version.applies_at(at)
    ]


def test_two_people_and_their_times_are_recorded_with_the_version(cast: Any, now: datetime) -> None:
    row = draft("plan_major", cast.operations, now, limit_value=30)
    later = now + timedelta(hours=2)
    row = services.rule_activate(draft=row, actor=cast.supervisor, now=later)
    assert (row.drafted_by, row.drafted_at) == (cast.operations, now)
    assert (row.activated_by, row.activated_at) == (cast.supervisor, later)
    kinds = list(
        Event.objects.about("standards.standardversion", row.pk)
        .order_by("id")
        .values_list("kind", "actor_id")
    )
    assert kinds == [("rule.drafted", cast.operations.pk), ("rule.activated", cast.supervisor.pk)]
    assert row.history.count() == 2


def test_the_database_refuses_one_person_doing_both(cast: Any, now: datetime) -> None:
    row = draft("plan_major", cast.operations, now)
    with pytest.raises(IntegrityError), transaction.atomic():
        StandardVersion.objects.filter(pk=row.pk).update(activated_by=cast.operations)


def test_the_database_refuses_a_state_changed_beside_the_door(cast: Any, now: datetime) -> None:
    row = draft("plan_major", cast.operations, now)
    with pytest.raises(DatabaseError), transaction.atomic():
        StandardVersion.objects.filter(pk=row.pk).update(state=RuleState.ACTIVE)


def test_whoever_corrects_a_draft_counts_as_its_drafter(cast: Any, now: datetime) -> None:
    row = draft("plan_major", cast.operations, now)
    row = services.rule_change_draft(draft=row, actor=cast.supervisor, now=now, version=1, limit_value=36)
    assert (row.drafted_by, row.limit_value, row.version) == (cast.supervisor, 36, 2)
    services.rule_activate(draft=row, actor=cast.operations, now=now)


def test_a_stale_correction_shows_both_values(cast: Any, now: datetime) -> None:
    row = draft("plan_major", cast.operations, now)
    services.rule_change_draft(draft=row, actor=cast.operations, now=now, version=1, limit_value=12)
    with pytest.raises(Conflict) as conflict:
        services.rule_change_draft(draft=row, actor=cast.operations, now=now, version=1, limit_value=10)
    assert conflict.value.fields["limit_value"] == (10, 12)


def test_a_version_in_force_cannot_be_edited(cast: Any, now: datetime) -> None:
    row = standard("plan_major").versions.get()
    with pytest.raises(DomainError) as refused:
        services.rule_change_draft(
            draft=row, actor=cast.operations, now=now, version=row.version, limit_value=1
        )
    assert refused.value.code == "not_a_draft"


@pytest.mark.parametrize(
    ("code", "terms"),
    [
        ("first_response_critical", {"limit_value": 61, "limit_unit": "minutes"}),  # L3 after L2
        ("first_response_major", {"limit_value": 25}),  # L2 after L1
        ("first_response_general", {"limit_value": 30, "limit_unit": "minutes"}),  # L1 before L2
        ("plan_critical", {"limit_value": 25}),
        ("plan_major", {"limit_value": 20}),  # the critical plan must become stricter first
        ("done", {"severities": ["major"]}),  # critical would wait for ever
    ],
)
def test_a_standard_where_worse_waits_longer_is_refused(
    cast: Any, now: datetime, code: str, terms: dict[str, Any]
) -> None:
    row = draft(code, cast.operations, now, **terms)
    with pytest.raises(Refused) as refused:
        services.rule_activate(draft=row, actor=cast.supervisor, now=now)
    assert refused.value.code == "worse_waits_longer"


def test_the_refusal_names_the_standards_that_conflict_once_each(cast: Any, now: datetime) -> None:
    row = draft("first_response_major", cast.operations, now, limit_value=6000, limit_unit="minutes")
    with pytest.raises(Refused) as refused:
        services.rule_activate(draft=row, actor=cast.supervisor, now=now)
    said = [str(refusal.message) for refusal in refused.value.refusals]
    assert len(said) == len(set(said))
    assert "6000" in said[0]
    assert row.standard.name_zh in said[0]


@pytest.mark.parametrize(
    ("code", "terms"),
    [
        ("first_response_critical", {"limit_value": 10}),
        ("first_response_critical", {"limit_value": 1, "limit_unit": "hours"}),  # as long as L2 is fine
        ("first_response_chat", {"limit_value": 1}),
        ("plan_major", {"limit_value": 30}),  # milder may wait longer
    ],
)
def test_a_standard_that_keeps_the_order_is_accepted(
    cast: Any, now: datetime, code: str, terms: dict[str, Any]
) -> None:
    row = draft(code, cast.operations, now, **terms)
    assert services.rule_activate(draft=row, actor=cast.supervisor, now=now).state == RuleState.ACTIVE


def test_retiring_the_critical_standard_alone_is_refused(cast: Any, now: datetime) -> None:
    with pytest.raises(Refused) as refused:
        services.rule_retire(row=standard("plan_critical").versions.get(), actor=cast.operations, now=now)
    assert refused.value.code == "worse_waits_longer"


def test_a_rule_never_comes_into_force_in_the_past(cast: Any, now: datetime) -> None:
    row = draft("plan_major", cast.operations, now)
    with pytest.raises(DomainError) as refused:
        services.rule_activate(
            draft=row, actor=cast.supervisor, now=now, valid_from=now - timedelta(minutes=1)
        )
    assert refused.value.code == "in_the_past"


def test_a_returned_draft_needs_a_reason_and_stays_returned(cast: Any, now: datetime) -> None:
    row = draft("plan_major", cast.operations, now)
    with pytest.raises(DomainError):
        services.rule_reject(draft=row, actor=cast.supervisor, now=now, reason=" ")
    services.rule_reject(draft=row, actor=cast.supervisor, now=now, reason="太松")
    with pytest.raises(WrongState):
        services.rule_activate(draft=row, actor=cast.supervisor, now=now)


@pytest.mark.parametrize("role", ["agent", "lead", "inspector", "auditor", "administrator", "finance"])
def test_only_operations_and_supervisors_touch_the_rule_book(cast: Any, now: datetime, role: str) -> None:
    person = cast.of(role)
    with pytest.raises(NotPermitted):
        draft("plan_major", person, now)
    row = draft("plan_major", cast.operations, now)
    with pytest.raises(NotPermitted):
        services.rule_activate(draft=row, actor=person, now=now)


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"limit_value": 0}, "limit_missing"),
        ({"starts_on": []}, "events_missing"),
        ({"stops_on": []}, "events_missing"),
        ({"pauses_on": ["ticket.waiting"], "resumes_on": []}, "resume_missing"),
        ({"legal_limit_value": 1, "legal_limit_unit": "hours"}, "beyond_law"),
    ],
)
def test_terms_no_clock_could_follow_are_refused(
    cast: Any, now: datetime, terms: dict[str, Any], code: str
) -> None:
    with pytest.raises(DomainError) as refused:
        draft("plan_major", cast.operations, now, **terms)
    assert refused.value.code == code


def test_a_number_has_versions_like_a_standard(cast: Any, now: datetime) -> None:
    number = Parameter.objects.get(code="silence_hours")
    row = services.parameter_draft(parameter=number, actor=cast.operations, now=now, value=96)
    assert selectors.parameter("silence_hours", now) == 72
    tomorrow = now + timedelta(days=1)
    services.rule_activate(draft=row, actor=cast.supervisor, now=now, valid_from=tomorrow)
    assert selectors.parameter("silence_hours", now) == 72
    assert selectors.parameter("silence_hours", tomorrow) == 96
    assert selectors.duration("silence_hours", tomorrow) == timedelta(days=4)


@pytest.mark.parametrize(
    ("code", "value"), [("silence_hours", -1), ("silence_hours", "x"), ("resolution_percent", 101)]
)
def test_a_value_that_makes_no_sense_is_refused(cast: Any, now: datetime, code: str, value: Any) -> None:
    with pytest.raises(DomainError) as refused:
        services.parameter_draft(
            parameter=Parameter.objects.get(code=code), actor=cast.operations, now=now, value=value
        )
    assert refused.value.code == "bad_value"


def test_periods_of_a_day_may_not_overlap(cast: Any, now: datetime) -> None:
    from aftersales.standards.models import CalendarPeriod, WorkCalendar

    calendar = WorkCalendar.objects.get(code="workdays")
    period = CalendarPeriod(calendar=calendar, weekday=0, opens=700, closes=820)
    with pytest.raises(DomainError) as refused:
        services.period_save(period=period, actor=cast.operations, now=now)
    assert refused.value.code == "period_overlap"


def test_the_rule_book_costs_one_query_and_is_read_again_only_when_it_changed(
    cast: Any, now: datetime, django_assert_num_queries: Any
) -> None:
    subject = SubjectFacts(severity="major", channel="chat")
    selectors.standards_matching(subject, now)
    with django_assert_num_queries(1):
        selectors.standards_matching(subject, now)
    with django_assert_num_queries(1):
        selectors.parameter("silence_hours", now)


def test_a_rule_changed_by_sql_moves_behaviour_as_well(now: datetime) -> None:
    selectors.book()
    StandardVersion.objects.filter(standard__code="plan_major").update(limit_value=7)
    assert limit_of("plan_major", now) == [(1, 7)]


def test_a_rolled_back_change_leaves_no_trace_in_the_copy(now: datetime) -> None:
    with transaction.atomic():
        StandardVersion.objects.filter(standard__code="plan_major").update(limit_value=7)
        assert limit_of("plan_major", now) == [(1, 7)]
        transaction.set_rollback(True)
    assert limit_of("plan_major", now) == [(1, 24)]
