"""The pages of the return rules: both limits side by side, a draft in the dialog, its sentence while it is typed."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from aftersales.desk import moments
from aftersales.standards.models import ReturnRule, ReturnRuleVersion
from aftersales.standards.returns import preview, services
from aftersales.standards.returns.forms import OF_EFFECT, ReturnDraftForm
from aftersales.standards.states import RuleState
from tests.records import merchant, order

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rule_book")]
PAGE = "standards:return"
CODE = re.compile(r"\b[a-z]+_[a-z_]+\b")


def visible(response: Any) -> str:
    body = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"<[^>]+>", " ", body)


def draft_of(code: str, **changes: Any) -> dict[str, Any]:
    """What the browser posts when nothing but ``changes`` is touched."""
    version = ReturnRuleVersion.objects.filter(rule__code=code).order_by("-number").first()
    form = ReturnDraftForm(start=version, prefix="draft")
    posted: dict[str, Any] = {}
    for name, value in form.initial.items():
        if value is True:
            posted[f"draft-{name}"] = "on"
        elif value not in (None, False):
            posted[f"draft-{name}"] = value
    return posted | {"draft-reason": "大促延长"} | {f"draft-{name}": value for name, value in changes.items()}


def test_the_list_shows_every_rule_with_ours_and_the_laws(cast: Any) -> None:
    text = visible(cast.client(cast.agent).get(reverse("standards:returns")))
    for row in ReturnRule.objects.all():
        assert row.name_zh in text
    assert "消费者权益保护法第二十五条" in text


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_no_page_shows_a_code(cast: Any, language: str) -> None:
    client = cast.client(cast.person("agent", language=language))
    for row in ReturnRuleVersion.objects.select_related("rule"):
        text = visible(client.get(reverse(PAGE, args=[row.rule.code])))
        assert not set(CODE.findall(text)) - set(row.categories), row.rule.code


def test_every_kind_of_rule_has_a_sentence_without_a_gap() -> None:
    for row in ReturnRuleVersion.objects.select_related("rule"):
        said = preview.sentences(row)
        assert said[0]
        assert "%(" not in " ".join(said)
        assert "“”" not in said[0], row


def test_a_draft_is_made_in_the_dialog_and_waits_for_a_second_person(cast: Any) -> None:
    url = reverse("standards:return_draft", args=["return_no_reason"])
    cast.client(cast.operations).post(url, draft_of("return_no_reason", window_value="15"))
    row = ReturnRuleVersion.objects.get(rule__code="return_no_reason", number=2)
    assert (row.state, row.window_value, row.window_unit, row.legal_value, row.change_reason) == (
        RuleState.DRAFT, 15, "days", 7, "大促延长",
    )  # fmt: skip
    first = row.rule.versions.get(number=1)
    assert {name: getattr(row, name) for name in services.TERMS if name != "window_value"} == {
        name: getattr(first, name) for name in services.TERMS if name != "window_value"
    }


ONE_OF_EACH = (
    "exclude_if_confirmed",
    "refund_not_sent",
    "refund_under_way",
    "durable_proof",
    "return_address",
)


@pytest.mark.parametrize("code", [*ONE_OF_EACH, "two_failed_repairs"])
def test_a_rule_of_any_kind_is_drafted_unchanged_by_its_own_form(cast: Any, code: str) -> None:
    cast.client(cast.operations).post(reverse("standards:return_draft", args=[code]), draft_of(code))
    row, first = (ReturnRuleVersion.objects.get(rule__code=code, number=number) for number in (2, 1))
    assert {name: getattr(row, name) for name in services.TERMS} == {
        name: getattr(first, name) for name in services.TERMS
    }


def test_a_second_post_corrects_the_draft(cast: Any) -> None:
    client, url = cast.client(cast.operations), reverse("standards:return_draft", args=["return_no_reason"])
    client.post(url, draft_of("return_no_reason", window_value="15"))
    client.post(url, draft_of("return_no_reason", window_value="20"))
    assert list(
        ReturnRuleVersion.objects.filter(state=RuleState.DRAFT).values_list("window_value", flat=True)
    ) == [20]


def test_less_than_the_law_is_refused_with_a_message(cast: Any) -> None:
    url = reverse("standards:return_draft", args=["return_no_reason"])
    answer = cast.client(cast.operations).post(
        url, draft_of("return_no_reason", window_value="6"), follow=True
    )
    assert [str(one) for one in answer.context["messages"]]
    assert not ReturnRuleVersion.objects.filter(state=RuleState.DRAFT).exists()


def test_the_sentence_is_said_while_it_is_typed_and_nothing_is_kept(cast: Any) -> None:
    client = cast.client(cast.person("operations", language="en"))
    url = reverse("standards:return_said", args=["return_no_reason"])
    text = visible(client.get(url, draft_of("return_no_reason", window_value="15")))
    assert "until 15 days after signing" in text
    assert "shorter" in visible(client.get(url, draft_of("return_no_reason", window_value="5")))
    assert client.get(url, {"draft-window_value": "x"}).status_code == 200
    assert ReturnRuleVersion.objects.filter(rule__code="return_no_reason").count() == 1


def test_the_second_person_brings_it_into_force_or_returns_it(cast: Any, now: datetime) -> None:
    for number, (act, form) in enumerate(
        (("reject", {"no-reason": "太长"}), ("activate", {"act-seen": "on"})), start=2
    ):
        rule = ReturnRule.objects.get(code="return_no_reason")
        row = services.return_rule_draft(rule=rule, actor=cast.operations, now=now, window_value=15)
        answer = cast.client(cast.supervisor).post(reverse(f"standards:{act}", args=["return", row.pk]), form)
        assert answer.url == reverse(PAGE, args=["return_no_reason"])
        row.refresh_from_db()
        assert (row.number, row.state) == (
            number,
            RuleState.REJECTED if act == "reject" else RuleState.ACTIVE,
        )


def test_a_change_is_shown_against_the_version_before(cast: Any, now: datetime) -> None:
    rule = ReturnRule.objects.get(code="return_no_reason")
    services.return_rule_draft(rule=rule, actor=cast.operations, now=now, window_value=15)
    body = cast.client(cast.supervisor).get(reverse(PAGE, args=["return_no_reason"])).content.decode()
    assert re.search(r"<del>7 天</del>.*<ins>15 天</ins>", body)


def test_agents_read_and_draft_nothing(cast: Any) -> None:
    client = cast.client(cast.agent)
    assert 'data-dialog="draft"' not in client.get(reverse(PAGE, args=["return_no_reason"])).content.decode()
    assert client.post(reverse("standards:return_draft", args=["return_no_reason"])).status_code == 404
    assert client.get(reverse("standards:return_said", args=["return_no_reason"])).status_code == 404


def test_an_unknown_rule_and_an_odd_version_are_not_found(cast: Any) -> None:
    client = cast.client(cast.agent)
    assert client.get(reverse(PAGE, args=["nonsense"])).status_code == 404
    assert client.get(reverse(PAGE, args=["return_no_reason"]) + "?v=99").status_code == 404


def test_the_list_costs_the_same_few_queries_however_long_it_is(
    cast: Any, django_assert_max_num_queries: Any
) -> None:
    client = cast.client(cast.agent)
    client.get(reverse("standards:returns"))
    with django_assert_max_num_queries(14):
        client.get(reverse("standards:returns"))


@pytest.mark.parametrize("model", ["returnrule", "returnruleversion"])
def test_the_registers_open_and_their_rows_too(cast: Any, model: str) -> None:
    client = cast.client(cast.operations)
    listed = client.get(reverse(f"admin:standards_{model}_changelist"))
    assert listed.status_code == 200
    row = listed.context["cl"].result_list[0]
    assert client.get(reverse(f"admin:standards_{model}_change", args=[row.pk])).status_code == 200


def test_the_form_of_each_effect_knows_its_fields() -> None:
    for row in ReturnRuleVersion.objects.all():
        shown = [field.name for _title, fields in ReturnDraftForm(start=row).groups() for field in fields]
        assert shown == [name for names in OF_EFFECT[row.effect].values() for name in names]


# ---- the try-it page


def tried(cast: Any, person: Any, **question: str) -> Any:
    return cast.client(person).get(reverse("desk:eligibility"), question)


@pytest.fixture
def line(now: datetime) -> Any:
    from aftersales.orders.models import OrderLine, Shipment

    bought = order("E-1", now, merchant=merchant("S1", now))
    row = OrderLine(order=bought, line_no=1, merchant=bought.merchant, product_name="空气炸锅")
    row.save()
    Shipment(
        order=bought, merchant=bought.merchant, status="delivered", delivered_at=now - timedelta(days=3)
    ).save()
    return row


def question(row: Any, now: datetime, **changes: str) -> dict[str, str]:
    asked = {"demand": "return", "ground": "no_reason", "at": now.strftime("%Y-%m-%dT%H:%M:%S")}
    return {"order": "E-1", "line": str(row.pk), **asked, **changes}


def test_a_real_line_is_tried_and_the_whole_answer_shown(cast: Any, now: datetime, line: Any) -> None:
    text = visible(tried(cast, cast.agent, **question(line, now)))
    assert "七日无理由退货" in text
    assert "消费者权益保护法第二十五条" in text


def test_a_line_of_another_order_is_not_tried(cast: Any, now: datetime, line: Any) -> None:
    other = order("E-2", now)
    page = tried(cast, cast.agent, **question(line, now, order=other.external_no))
    assert page.context["answer"] is None


ODD = [
    {"order": "nothing"}, {"order": "\x00"}, {"order": "9" * 500}, {"demand": "x"}, {"at": "yesterday"}, {"at": ""},
    {"line": "abc"},
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_odd_input_is_no_error(cast: Any, now: datetime, line: Any, odd: dict[str, str]) -> None:
    assert tried(cast, cast.agent, **question(line, now, **odd)).status_code in {200, 400, 404}


def test_a_day_before_the_rule_book_is_said_at_its_field(
    cast: Any, now: datetime, line: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tried(cast, cast.agent, **question(line, now, at="2000-01-01T00:00:00"))
    assert (page.status_code, page.context["answer"]) == (200, None)
    assert page.context["form"].errors["at"]
    # And where the rule book begins later than that
    monkeypatch.setattr(moments, "FARTHEST", timedelta(days=36525))
    page = tried(cast, cast.agent, **question(line, now, at="2000-01-01T00:00:00"))
    assert (page.status_code, page.context["answer"]) == (200, None)
    [words] = page.context["form"].errors["at"]
    assert words in visible(page)


def test_merchants_and_vendors_do_not_open_it(cast: Any) -> None:
    for role in ("merchant_owner", "vendor_agent"):
        assert cast.client(cast.person(role)).get(reverse("desk:eligibility")).status_code in {302, 404}
