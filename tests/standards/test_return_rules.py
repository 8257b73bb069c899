"""Return rules as rows: shipped with their clauses, drafted by one person, brought into force by another, read once."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from aftersales.core.errors import DomainError, NotPermitted, Refused
from aftersales.core.events import sentence
from aftersales.core.models import Event
from aftersales.standards import services as rule_book
from aftersales.standards import shipping
from aftersales.standards.models import ReturnRule, ReturnRuleVersion
from aftersales.standards.returns import selectors, services
from aftersales.standards.returns.facts import Moment
from aftersales.standards.returns.states import Effect
from aftersales.standards.states import RuleState

from .returns import facts, shipped

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rule_book")]


def rule(code: str = "return_no_reason") -> ReturnRule:
    return ReturnRule.objects.get(code=code)


def test_every_clause_of_the_law_page_has_a_rule() -> None:
    cited = " ".join(
        ReturnRuleVersion.objects.filter(state=RuleState.ACTIVE).values_list("source_ref", flat=True)
    )
    wanted = [f"B1.R{n}" for n in range(1, 11)] + [f"B2.Q{n}" for n in range(1, 10)]
    wanted += [f"R4.{n}" for n in range(4)]
    assert [one for one in wanted if not re.search(rf"{re.escape(one)}(?!\d)", cited)] == []


def test_every_shipped_rule_names_source_and_clause_in_both_languages() -> None:
    for row in ReturnRuleVersion.objects.select_related("rule"):
        assert re.match(r"R4\.\d", row.source_ref), row
        assert re.search(r"[\u4e00-\u9fff]", row.source_zh), row
        assert not re.search(r"[\u4e00-\u9fff]", row.source_en + row.note_en + row.rule.name_en), row
        assert row.legal_ref or "B" not in row.source_ref, row
        assert not re.search(r"GB/?T|QB/?T", row.source_zh + row.source_en + row.legal_ref)


def test_no_shipped_window_is_worse_for_the_customer_than_the_law() -> None:
    for row in ReturnRuleVersion.objects.all():
        services.check(row)


def test_the_rows_say_what_the_file_says() -> None:
    in_rows = {one.code: one for one in selectors.rules()}
    for told in shipped():
        row = in_rows[told.code]
        same = (row.effect, row.demands, row.grounds, row.window_value, row.window_unit, row.anchor)
        assert same == (
            told.effect,
            told.demands,
            told.grounds,
            told.window_value,
            told.window_unit,
            told.anchor,
        )


def test_loading_again_keeps_what_people_changed(cast: Any, now: datetime, system: Any) -> None:
    draft = services.return_rule_draft(rule=rule(), actor=cast.operations, now=now, window_value=10)
    rule_book.rule_activate(draft=draft, actor=cast.supervisor, now=now)
    report = shipping.load(actor=system, now=now + timedelta(minutes=1))
    assert report.return_rules == 0
    assert rule().versions.get(state=RuleState.ACTIVE).window_value == 10


def test_a_draft_takes_over_the_terms_and_changes_nothing_yet(cast: Any, now: datetime) -> None:
    before = selectors.eligibility(facts("2026-03-12 10:00"))
    draft = services.return_rule_draft(
        rule=rule(), actor=cast.operations, now=now, reason="大促", window_value=15
    )
    assert (draft.number, draft.anchor, draft.legal_value, draft.change_reason) == (2, "signed", 7, "大促")
    assert selectors.eligibility(facts("2026-03-12 10:00")).verdict == before.verdict == "no"


def test_the_second_person_brings_it_into_force_for_orders_from_then_on(cast: Any, now: datetime) -> None:
    draft = services.return_rule_draft(rule=rule(), actor=cast.operations, now=now, window_value=15)
    with pytest.raises(Refused):
        rule_book.rule_activate(draft=draft, actor=cast.operations, now=now)
    rule_book.rule_activate(draft=draft, actor=cast.supervisor, now=now)
    old = facts("2026-03-12 10:00")
    assert selectors.eligibility(old).citation == "return_no_reason v1"
    bought = now + timedelta(minutes=1)
    young = replace(
        old,
        purchased=Moment(bought),
        parcels=(replace(old.parcels[0], delivered=Moment(bought + timedelta(days=1))),),
        asked=Moment(bought + timedelta(days=15)),
    )
    answer = selectors.eligibility(young)
    assert (answer.citation, answer.verdict) == ("return_no_reason v2", "yes")


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"window_value": 6}, "below_law"),
        ({"window_value": None}, "window_missing"),
        ({"window_value": None, "window_unit": ""}, "endless"),
        ({"window_value": 0}, "window_missing"),
        ({"window_unit": "fortnights"}, "window_missing"),
        ({"anchor": "goods_back"}, "anchor_after"),
        ({"within_warranty": True}, "two_windows"),
        ({"effect": Effect.OWES}, "debtor_missing"),
        ({"effect": Effect.EXCLUDES, "exception": "no_reason"}, "exception_missing"),
        ({"look_value": 3}, "window_missing"),
    ],
)
def test_a_rule_that_gives_less_than_the_law_or_cannot_be_followed_is_no_draft(
    cast: Any, now: datetime, terms: dict[str, Any], code: str
) -> None:
    with pytest.raises(DomainError) as refused:
        services.return_rule_draft(rule=rule(), actor=cast.operations, now=now, **terms)
    assert refused.value.code == code
    assert rule().versions.count() == 1


def test_a_duty_may_not_be_longer_than_the_law(cast: Any, now: datetime) -> None:
    with pytest.raises(DomainError) as refused:
        services.return_rule_draft(
            rule=rule("refund_after_goods_back"), actor=cast.operations, now=now, window_value=200
        )
    assert refused.value.code == "beyond_law"


def test_a_correction_is_checked_like_a_draft(cast: Any, now: datetime) -> None:
    draft = services.return_rule_draft(rule=rule(), actor=cast.operations, now=now, window_value=10)
    with pytest.raises(DomainError) as refused:
        rule_book.rule_change_draft(
            draft=draft, actor=cast.operations, now=now, version=draft.version, window_value=3
        )
    assert refused.value.code == "below_law"


def test_whoever_may_not_draft_does_not(cast: Any, now: datetime) -> None:
    with pytest.raises(NotPermitted):
        services.return_rule_draft(rule=rule(), actor=cast.agent, now=now, window_value=10)
    with pytest.raises(NotPermitted):
        services.return_rule_create(
            actor=cast.agent, now=now, code="x", name_zh="x", name_en="x", chapter="fault"
        )


def test_the_database_refuses_half_a_window() -> None:
    row = rule().versions.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        ReturnRuleVersion.objects.filter(pk=row.pk).update(window_unit="")


def test_a_rule_changed_by_sql_moves_the_answer_at_once() -> None:
    assert selectors.eligibility(facts("2026-03-12 10:00")).is_no
    ReturnRuleVersion.objects.filter(rule__code="return_no_reason").update(window_value=20)
    assert selectors.eligibility(facts("2026-03-12 10:00")).is_yes


@pytest.mark.parametrize("code", [row["code"] for row in shipping.read("returns")["rule"] if "window" in row])
def test_every_shipped_window_moves_behaviour(code: str) -> None:
    before = {one.code: one for one in selectors.rules()}[code].window_value
    ReturnRuleVersion.objects.filter(rule__code=code).update(window_value=before + 1)
    assert {one.code: one for one in selectors.rules()}[code].window_value == before + 1


def test_five_thousand_questions_cost_one_look_at_the_edition(django_assert_num_queries: Any) -> None:
    selectors.rules()
    asked = {number: facts("2026-03-05 10:00") for number in range(500)}
    with django_assert_num_queries(1):
        answers = selectors.eligibilities(asked)
    assert len(answers) == 500
    assert all(one.is_yes for one in answers.values())


def test_an_unknown_market_is_judged_by_the_default_one(django_assert_num_queries: Any) -> None:
    assert selectors.place_of(None) == selectors.place_of(999_999)
    assert selectors.place_of(None).zone.key == "Asia/Shanghai"


def test_opening_and_changing_a_rule_is_told_in_both_languages(cast: Any, now: datetime) -> None:
    row = services.return_rule_create(
        actor=cast.operations,
        now=now,
        code="gift_card",
        name_zh="礼品卡",
        name_en="Gift cards",
        chapter="fault",
    )
    services.return_rule_change(rule=row, actor=cast.operations, now=now, version=row.version, position=5)
    for language in ("zh-hans", "en"):
        with translation.override(language):
            told = [
                sentence(event)
                for event in Event.objects.filter(kind__startswith="return_rule.", subject_id=row.pk)
            ]
            assert len(told) == 2
            assert all(row.name in one for one in told)


def test_a_cited_version_can_be_looked_up_for_ever(cast: Any, now: datetime) -> None:
    first = rule().versions.get()
    draft = services.return_rule_draft(rule=rule(), actor=cast.operations, now=now, window_value=10)
    rule_book.rule_activate(draft=draft, actor=cast.supervisor, now=now)
    found = selectors.by_ids([first.pk])
    assert found[first.pk].citation == "return_no_reason v1"
    standing = {one.code: one.citation for one in selectors.versions_at(now)}
    assert standing["return_no_reason"] == "return_no_reason v2"
