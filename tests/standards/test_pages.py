"""The rule pages: read by staff, drafted by one, brought into force by another; nothing shows a code."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation

from aftersales.standards import selectors, vocabulary
from aftersales.standards.models import ParameterVersion, ServiceStandard, StandardVersion
from aftersales.standards.states import RuleState

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rule_book")]
PAGE = "standards:standard"
DRAFT = {
    "draft-limit_value": "36",
    "draft-limit_unit": "hours",
    "draft-warning_percent": "70",
    "draft-owed_by": "team",
    "draft-reason": "双 11 复盘",
}


def draft_of(code: str, **changes: str) -> dict[str, Any]:
    calendar = StandardVersion.objects.get(standard__code=code, number=1).calendar_id
    return {**DRAFT, "draft-calendar": str(calendar), **changes}


def visible(response: Any) -> str:
    body = response.content.decode()
    body = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", body, flags=re.DOTALL)
    return re.sub(r"<[^>]+>", " ", body)


def test_the_book_lists_every_standard_with_its_three_limits(cast: Any) -> None:
    text = visible(cast.client(cast.agent).get(reverse("standards:rules")))
    for row in ServiceStandard.objects.all():
        assert row.name_zh in text
    assert "15 " in text


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_no_page_shows_a_code_of_an_event_or_a_condition(cast: Any, language: str) -> None:
    client = cast.client(cast.person("agent", language=language))
    for code in ServiceStandard.objects.values_list("code", flat=True):
        text = visible(client.get(reverse(PAGE, args=[code])))
        found = re.findall(
            r"\b(?:ticket|case|parcel|repair|discovery|payment)\.[a-z_?=]+|\b[a-z]+_[a-z_]+\b", text
        )
        assert not found, (code, found)


def test_every_trigger_that_is_shipped_has_words() -> None:
    used = {
        trigger
        for version in StandardVersion.objects.all()
        for name in ("starts_on", "restarts_on", "stops_on", "pauses_on", "resumes_on", "cancels_on")
        for trigger in getattr(version, name)
    }
    assert used <= set(vocabulary.EVENTS)


def test_a_draft_is_made_in_the_dialog_and_waits_for_a_second_person(cast: Any) -> None:
    client = cast.client(cast.operations)
    url = reverse("standards:standard_draft", args=["solution_agreed"])
    client.post(url, draft_of("solution_agreed"))
    row = StandardVersion.objects.get(standard__code="solution_agreed", number=2)
    assert (row.state, row.limit_value, row.warning_percent, row.drafted_by) == (
        RuleState.DRAFT, 36, 70, cast.operations,
    )  # fmt: skip
    text = visible(client.get(reverse(PAGE, args=["solution_agreed"])))
    assert "36" in text
    assert "48" in text


def test_the_drafter_sees_why_the_button_is_shut(cast: Any) -> None:
    client = cast.client(cast.operations)
    client.post(reverse("standards:standard_draft", args=["solution_agreed"]), draft_of("solution_agreed"))
    page = client.get(reverse(PAGE, args=["solution_agreed"]))
    assert 'aria-disabled="true"' in page.content.decode()
    row = StandardVersion.objects.get(standard__code="solution_agreed", number=2)
    client.post(reverse("standards:activate", args=["standard", row.pk]), {"act-seen": "on"})
    row.refresh_from_db()
    assert row.state == RuleState.DRAFT


def test_a_second_person_brings_it_into_force_on_the_page(cast: Any, now: datetime) -> None:
    cast.client(cast.operations).post(
        reverse("standards:standard_draft", args=["solution_agreed"]), draft_of("solution_agreed")
    )
    row = StandardVersion.objects.get(standard__code="solution_agreed", number=2)
    cast.client(cast.supervisor).post(
        reverse("standards:activate", args=["standard", row.pk]), {"act-seen": "on"}
    )
    row.refresh_from_db()
    assert (row.state, row.activated_by) == (RuleState.ACTIVE, cast.supervisor)


def test_a_draft_that_breaks_the_order_is_refused_with_a_sentence(cast: Any) -> None:
    url = reverse("standards:standard_draft", args=["first_response_critical"])
    cast.client(cast.operations).post(
        url, draft_of("first_response_critical", **{"draft-severities": "critical"})
    )
    client = cast.client(cast.supervisor)
    with translation.override("zh-hans"):
        page = client.get(reverse(PAGE, args=["first_response_critical"]))
    assert 'aria-disabled="true"' in page.content.decode()
    row = StandardVersion.objects.get(standard__code="first_response_critical", number=2)
    client.post(reverse("standards:activate", args=["standard", row.pk]), {"act-seen": "on"})
    row.refresh_from_db()
    assert row.state == RuleState.DRAFT


def test_a_wrong_draft_says_what_is_wrong_and_saves_nothing(cast: Any) -> None:
    client = cast.client(cast.operations)
    url = reverse("standards:standard_draft", args=["solution_agreed"])
    answer = client.post(url, draft_of("solution_agreed", **{"draft-limit_value": "0"}), follow=True)
    assert answer.status_code == 200
    assert list(answer.context["messages"])
    assert not StandardVersion.objects.filter(standard__code="solution_agreed", number=2).exists()


def test_a_draft_is_returned_with_a_reason(cast: Any) -> None:
    cast.client(cast.operations).post(
        reverse("standards:standard_draft", args=["solution_agreed"]), draft_of("solution_agreed")
    )
    row = StandardVersion.objects.get(standard__code="solution_agreed", number=2)
    cast.client(cast.supervisor).post(
        reverse("standards:reject", args=["standard", row.pk]), {"no-reason": "太松"}
    )
    row.refresh_from_db()
    assert row.state == RuleState.REJECTED


def test_a_number_is_drafted_and_activated_by_two_people(cast: Any) -> None:
    cast.client(cast.operations).post(
        reverse("standards:number_draft", args=["silence_hours"]),
        {"draft-value": "96", "draft-reason": "节日"},
    )
    row = ParameterVersion.objects.get(parameter__code="silence_hours", number=2)
    cast.client(cast.supervisor).post(
        reverse("standards:activate", args=["number", row.pk]), {"act-seen": "on"}
    )
    row.refresh_from_db()
    assert row.state == RuleState.ACTIVE
    assert selectors.parameter("silence_hours", row.valid_from) == 96


@pytest.mark.parametrize("page", ["standards:rules", "standards:numbers"])
def test_the_lists_cost_the_same_few_queries_however_long_they_are(
    cast: Any, page: str, django_assert_max_num_queries: Any
) -> None:
    client = cast.client(cast.agent)
    client.get(reverse(page))
    with django_assert_max_num_queries(14):
        client.get(reverse(page))


def test_agents_see_no_button_to_draft(cast: Any) -> None:
    page = cast.client(cast.agent).get(reverse(PAGE, args=["done"])).content.decode()
    assert 'data-dialog="draft"' not in page
    assert cast.client(cast.agent).post(reverse("standards:standard_draft", args=["done"])).status_code == 404


@pytest.mark.parametrize("query", ["?v=99", "?v=99999999999999999999", "?v=-1", "?v=x"])
def test_an_odd_version_in_the_address_is_no_error(cast: Any, query: str) -> None:
    answer = cast.client(cast.agent).get(reverse(PAGE, args=["done"]) + query)
    assert answer.status_code in {200, 404}


@pytest.mark.parametrize(
    "model",
    [
        "market", "workcalendar", "calendarperiod", "calendarday", "calendaryear", "servicestandard", "parameter",
        "standardversion", "parameterversion",
    ],
)  # fmt: skip
def test_the_registers_open_and_their_rows_too(cast: Any, model: str) -> None:
    client = cast.client(cast.operations)
    listed = client.get(reverse(f"admin:standards_{model}_changelist"))
    assert listed.status_code == 200
    row = listed.context["cl"].result_list[0]
    assert client.get(reverse(f"admin:standards_{model}_change", args=[row.pk])).status_code == 200
