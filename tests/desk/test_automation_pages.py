"""The pages of automation rules: read by own staff, drafted by one, brought into force by another, tried before."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.urls import reverse

from aftersales.tickets.models import Automation, AutomationRun, AutomationVersion, Message, Ticket
from aftersales.tickets.states import RuleOutcome
from tests.cast import Cast

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
FORM = {
    "name_zh": "新单留言", "name_en": "", "position": "5", "trigger": "opened", "hours": "", "any_of": "",
    "if-kinds": ["returns"], "if-held": "", "do-0": "note", "0-text": "按规则", "reason": "试",
}  # fmt: skip


def test_a_rule_is_drafted_tried_and_brought_into_force_by_two_people(
    open_ticket: Opener, desk: Cast, work_off: Callable[[datetime], None], now: datetime
) -> None:
    seen = open_ticket()
    writer, second = desk.client(desk.operations), desk.client(desk.supervisor)
    page = writer.post(reverse("desk:automation_new"), {**FORM, "add": "1", "new": "start"}).content.decode()
    assert 'name="do-1" value="start"' in page
    assert 'name="if-kinds" value="returns"' in page
    assert writer.post(reverse("desk:automation_new"), {**FORM, "save": "1"}).status_code == 302
    rule = Automation.objects.get(name_zh="新单留言")
    dry = writer.get(reverse("desk:automation_dry", args=[rule.code])).content.decode()
    assert seen.number in dry
    assert not Message.objects.filter(source="action").exists()
    url = reverse("desk:automation_act", args=[rule.code, 1, "activate"])
    writer.post(url)
    assert rule.versions.get().state == "draft"
    second.post(url)
    assert rule.versions.get().state == "active"
    met = open_ticket()
    work_off(now)
    shown = writer.get(reverse("desk:automation", args=[rule.code])).content.decode()
    assert met.number in shown
    bench = desk.client(desk.agent).get(reverse("desk:ticket", args=[met.number])).content.decode()
    assert "新单留言" in bench


@pytest.mark.parametrize("outcome", RuleOutcome)
def test_the_log_shows_whatever_became_of_a_run(
    outcome: RuleOutcome, open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    writer, ticket = desk.client(desk.operations), open_ticket()
    writer.post(reverse("desk:automation_new"), {**FORM, "save": "1"})
    version = AutomationVersion.objects.get(rule__name_zh="新单留言")
    AutomationRun.objects.create(
        rule=version.rule, version=version, ticket=ticket, key="event:1", outcome=outcome, at=now
    )
    page = writer.get(reverse("desk:automation", args=[version.rule.code]))
    assert page.status_code == 200
    assert str(outcome.label) in page.content.decode()


def test_an_edited_draft_is_corrected_and_one_in_force_gets_a_new_version(desk: Cast, now: datetime) -> None:
    writer = desk.client(desk.operations)
    writer.post(reverse("desk:automation_new"), {**FORM, "save": "1"})
    rule = Automation.objects.get(name_zh="新单留言")
    edit = reverse("desk:automation_edit", args=[rule.code])
    draft = rule.versions.get()
    writer.post(edit, {**FORM, "trigger": "reopened", "version": draft.version, "save": "1"})
    assert rule.versions.get().trigger == "reopened"
    writer.post(edit, {**FORM, "trigger": "resolved", "version": draft.version, "save": "1"})  # stale
    assert rule.versions.get().trigger == "reopened"
    desk.client(desk.supervisor).post(reverse("desk:automation_act", args=[rule.code, 1, "activate"]))
    writer.post(edit, {**FORM, "save": "1"})
    assert [one.state for one in AutomationVersion.objects.filter(rule=rule).order_by("number")] == [
        "active",
        "draft",
    ]


def test_bad_input_is_said_and_nothing_is_kept(desk: Cast) -> None:
    writer, url = desk.client(desk.operations), reverse("desk:automation_new")
    for wrong in (
        {"trigger": "opened_at"}, {"trigger": "nonsense"}, {"do-0": "resolve"}, {"0-text": "{nothing}"},
        {"if-kinds": ["nonsense"]}, {"position": "²"}, {"0-text": "送红包换好评"},
    ):  # fmt: skip
        assert writer.post(url, {**FORM, **wrong, "save": "1"}).status_code == 422, wrong
    assert not Automation.objects.filter(name_zh="新单留言").exists()


def test_the_list_says_when_which_and_what(desk: Cast) -> None:
    page = desk.client(desk.agent).get(reverse("desk:automations")).content.decode()
    assert Automation.objects.count() >= 5
    for rule in Automation.objects.all():
        assert reverse("desk:automation", args=[rule.code]) in page
