"""Texts: only declared blanks, two people, shipped ones from the first minute."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction

from accounts.services import system_user
from aftersales.core.errors import Conflict, DomainError, NotPermitted, Refused
from aftersales.core.models import Event
from aftersales.notices import kinds, rules, selectors, texts
from aftersales.notices.models import NoticeTemplate, NoticeText
from aftersales.notices.services import notice_send

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
WORDS = {"subject_zh": "新 {number}", "body_zh": "新文", "subject_en": "New {number}", "body_en": "New"}
HOSTILE = [
    "{{ settings.SECRET_KEY }}",
    "{% include 'admin/base.html' %}",
    "{number.__class__.__init__.__globals__}",
    "{number!r}",
    "{number:>999999999}",
    "{0}",
    "{}",
    "{unknown}",
    "{Number}",
    "{number",
    "number}",
    "{{number}}",
    "\ue000confirm_link\ue000",
]


@pytest.fixture(scope="module")
def shipped(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The shipped texts, read once."""
    with django_db_blocker.unblock(), transaction.atomic():
        texts.texts_load(now=NOW)
        yield
        transaction.set_rollback(True)


@pytest.fixture
def template(shipped: None, db: None) -> NoticeTemplate:
    return NoticeTemplate.objects.get(code="ticket.opened")


def current(template: NoticeTemplate) -> NoticeText:
    return template.texts.in_force().get()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_refused_at_save(text: str, template: Any, cast: Any, now: Any) -> None:
    with pytest.raises(Refused):
        texts.text_draft(template=template, words={**WORDS, "body_zh": text}, actor=cast.lead, now=now)
    assert template.texts.count() == 1


@pytest.mark.parametrize("text", ["%(x)s", "%s", "$number", "<script>alert(1)</script>", "100 %"])
def test_other_languages_stay_literal(text: str, template: Any, cast: Any, now: Any) -> None:
    draft = texts.text_draft(template=template, words={**WORDS, "body_zh": text}, actor=cast.lead, now=now)
    shown = selectors.preview(draft, now=now)[0]
    assert shown.body.startswith(text)


def test_a_value_is_never_read_as_a_text() -> None:
    assert rules.fill("{a} {b}", {"a": "{b}", "b": "{a}"}) == "{b} {a}"


def test_an_optional_part_is_left_out_without_its_value() -> None:
    text = "A[, order {order}]. [See {link}.] [sic]"
    assert (
        rules.fill(text, {"order": "8001"}, late=["link"])
        == f"A, order 8001. See {rules.MARK}link{rules.MARK}. [sic]"
    )
    assert rules.fill(text, {}) == "A.  [sic]"
    assert rules.fill("{a}", {"a": "[{b}]", "b": "x"}) == "[{b}]"


def test_a_link_may_not_stand_in_a_subject(template: Any, cast: Any, now: Any) -> None:
    resolved = NoticeTemplate.objects.get(code="ticket.resolved")
    words = {**WORDS, "subject_zh": "{confirm_link}"}
    with pytest.raises(Refused) as refusal:
        texts.text_draft(template=resolved, words=words, actor=cast.lead, now=now)
    assert [one.code for one in refusal.value.refusals] == ["late_in_subject"]


@pytest.mark.parametrize("missing", ["subject_zh", "body_zh", "subject_en", "body_en"])
def test_both_languages_are_needed(missing: str, template: Any, cast: Any, now: Any) -> None:
    with pytest.raises(Refused) as refusal:
        texts.text_draft(template=template, words={**WORDS, missing: " "}, actor=cast.lead, now=now)
    assert [one.code for one in refusal.value.refusals] == ["empty_text"]


def test_a_subject_is_one_line(template: Any, cast: Any, now: Any) -> None:
    with pytest.raises(Refused):
        texts.text_draft(
            template=template, words={**WORDS, "subject_en": "a\nBcc: b"}, actor=cast.lead, now=now
        )


def test_a_second_person_brings_a_text_into_force(template: Any, cast: Any, now: Any, customer: Any) -> None:
    draft = texts.text_draft(template=template, words=WORDS, actor=cast.supervisor, now=now)
    with pytest.raises(Refused) as refusal:
        texts.text_activate(text=draft, actor=cast.supervisor, now=now)
    assert refusal.value.code == "own_draft"

    texts.text_activate(text=draft, actor=cast.operations, now=now)

    assert current(template).number == 2
    assert template.texts.get(number=1).state == "retired"
    sent = notice_send(
        template="ticket.opened", to=customer, about=customer, values={"number": "TK9"}, key="k",
        actor=system_user(now), now=now,
    )  # fmt: skip
    assert sent[0].subject == "新 TK9"
    assert sent[0].text == draft


def test_whoever_changed_a_draft_last_counts_as_its_writer(template: Any, cast: Any, now: Any) -> None:
    draft = texts.text_draft(template=template, words=WORDS, actor=cast.supervisor, now=now)
    draft = texts.text_change(text=draft, words=WORDS, version=draft.version, actor=cast.operations, now=now)
    with pytest.raises(Refused):
        texts.text_activate(text=draft, actor=cast.operations, now=now)
    texts.text_activate(text=draft, actor=cast.supervisor, now=now)


def test_a_stale_change_is_a_conflict_and_a_text_in_force_cannot_change(
    template: Any, cast: Any, now: Any
) -> None:
    draft = texts.text_draft(template=template, words=WORDS, actor=cast.lead, now=now)
    changed = {**WORDS, "body_en": "Newer"}
    texts.text_change(text=draft, words=changed, version=draft.version, actor=cast.lead, now=now)
    with pytest.raises(Conflict):
        texts.text_change(text=draft, words=WORDS, version=draft.version, actor=cast.lead, now=now)
    with pytest.raises(DomainError, match=r"."):
        texts.text_change(text=current(template), words=WORDS, version=1, actor=cast.lead, now=now)


def test_agents_write_no_texts_and_leads_bring_none_into_force(template: Any, cast: Any, now: Any) -> None:
    with pytest.raises(NotPermitted):
        texts.text_draft(template=template, words=WORDS, actor=cast.agent, now=now)
    with pytest.raises(NotPermitted):
        texts.text_activate(text=current(template), actor=cast.lead, now=now)


def test_loading_again_changes_nothing_and_the_system_is_recorded(template: Any, now: Any) -> None:
    before = Event.objects.count()
    assert texts.texts_load(now=now) == 0
    assert Event.objects.count() == before
    assert current(template).activated_by == system_user(now)


def test_a_written_text_stays_in_force_when_the_shipped_one_changes(
    template: Any, cast: Any, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = texts.text_draft(template=template, words=WORDS, actor=cast.lead, now=now)
    texts.text_activate(text=draft, actor=cast.operations, now=now)
    kind = kinds.kind("ticket.opened")
    other = kinds.NoticeKind(**{**kind.__dict__, "texts": {**kind.texts, "subject_en": "Other"}})
    monkeypatch.setitem(kinds._kinds, kind.code, other)
    assert texts.texts_load(now=now) == 1
    assert current(template) == draft
    assert template.texts.order_by("-number").first().state == "draft"


@pytest.mark.parametrize("code", sorted(kinds.declared()))
def test_every_shipped_text_is_right_and_uses_what_it_declares(
    code: str, shipped: None, db: None, now: Any
) -> None:
    text = NoticeText.objects.in_force().get(template__code=code)
    for shown in selectors.preview(text, now=now):
        assert rules.MISSING not in shown.subject + shown.body
        assert "{" not in shown.subject + shown.body
        assert shown.subject
    zh, en = (set(rules.BLANK.findall(text.subject(lang) + text.body(lang))) for lang in ("zh-hans", "en"))
    assert zh == en == set(kinds.kind(code).variables)
