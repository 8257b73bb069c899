"""The escalation ladder's pages: draft, try on the last weeks, second person, in force."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.services import system_user
from aftersales.clocks import services as clocks
from aftersales.clocks.models import Escalation, LadderRung
from aftersales.clocks.rehearsal import rehearsed
from aftersales.core.errors import DomainError
from aftersales.standards import services as rule_book
from aftersales.tickets.models import Ticket
from tests.cast import Cast

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
DAY = timedelta(days=1)
LATE = "lead_when_late"


def form(**terms: Any) -> dict[str, Any]:
    told = {
        "name_zh": "过半提醒", "name_en": "Half the time", "value": 50, "moment": "percent", "to": "holder",
        "by": "digest", "promises": ["first_response"], "reason": "早一点提醒",
    } | terms  # fmt: skip
    return {f"draft-{name}": value for name, value in told.items()}


def test_a_new_rung_is_drafted_by_one_tried_and_brought_into_force_by_another(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket(at=now - DAY * 0.6)
    drafter, second = desk.client(desk.operations), desk.client(desk.supervisor)
    early = form(code="half", source_ref="R3.4", value=10, promises=[])
    made = drafter.post("/rules/ladder/new/", early)
    assert made.status_code == 302
    row = LadderRung.objects.get(code="half")
    assert (row.state, row.value, row.promises, row.source_zh) == ("draft", 10, [], "早一点提醒")
    shown = second.get("/rules/ladder/half/").content.decode()
    assert ticket.number in shown
    assert not Escalation.objects.filter(code="half").exists()

    own = drafter.post(f"/rules/rung/{row.pk}/activate/", {"act-seen": "on"}, follow=True)
    assert "第二" in own.content.decode()
    assert LadderRung.objects.get(pk=row.pk).state == "draft"
    answer = second.post(f"/rules/rung/{row.pk}/activate/", {"act-seen": "on"})
    assert answer.headers["Location"] == "/rules/ladder/half/"
    assert LadderRung.objects.get(pk=row.pk).state == "active"
    assert "过半提醒" in second.get("/rules/ladder/").content.decode()
    clocks.escalate(now, actor=system_user())
    assert Escalation.objects.filter(code="half").exists()


def test_the_rehearsal_counts_what_the_sweep_did(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    """The version in force, asked of the past, gives the steps that were made; a later one gives fewer."""
    for days in (2, 3):
        open_ticket(at=now - days * DAY)
    rung = LadderRung.objects.get(code=LATE)
    clocks.escalate(now, actor=system_user())
    made = Escalation.objects.filter(code=LATE).count()
    assert made > 0
    assert rehearsed(rung, None, now).then == made

    draft = clocks.rung_draft(code=LATE, actor=desk.operations, now=now, value=36 * 60, reason="晚一点")
    found = rehearsed(draft, rung, now)
    assert found.now == made
    assert found.then < made
    assert sum(number for _team, number in found.teams) == found.then
    assert Escalation.objects.filter(code=LATE).count() == made


def test_a_waiting_draft_is_corrected_and_may_be_returned(desk: Cast) -> None:
    drafter, second = desk.client(desk.operations), desk.client(desk.supervisor)
    for value in (30, 45):
        drafter.post(f"/rules/ladder/{LATE}/draft/", form(value=value, moment="late", promises=[]))
    draft = LadderRung.objects.get(code=LATE, state="draft")
    assert (draft.number, draft.value) == (2, 45)
    page = second.get(f"/rules/ladder/{LATE}/").content.decode()
    assert "<ins>" in page
    second.post(f"/rules/rung/{draft.pk}/reject/", {"no-reason": "太早"})
    assert LadderRung.objects.get(pk=draft.pk).state == "rejected"


@pytest.mark.parametrize(
    "wrong", [{"value": 130}, {"value": 0}, {"value": -1}, {"to": "nobody"}, {"name_en": ""}]
)
def test_a_rung_that_nobody_could_climb_is_refused_with_words(desk: Cast, wrong: dict[str, Any]) -> None:
    browser = desk.client(desk.operations)
    answer = browser.post(f"/rules/ladder/{LATE}/draft/", form(**wrong), follow=True)
    assert 'class="toast error' in answer.content.decode() or "error" in answer.content.decode()
    assert not LadderRung.objects.filter(code=LATE, state="draft").exists()
    assert browser.post("/rules/ladder/new/", form(code=LATE, source_ref="x")).status_code == 422


def test_a_correction_is_judged_like_a_draft(desk: Cast, now: datetime) -> None:
    draft = clocks.rung_draft(code=LATE, actor=desk.operations, now=now, value=20)
    with pytest.raises(DomainError) as refused:
        rule_book.rule_change_draft(
            draft=draft, actor=desk.operations, now=now, version=draft.version, moment="percent", value=120
        )
    assert refused.value.code == "bad_value"


def test_readers_see_the_ladder_and_draft_nothing(desk: Cast) -> None:
    browser = desk.client(desk.agent)
    assert browser.get("/rules/ladder/").status_code == 200
    assert browser.get(f"/rules/ladder/{LATE}/").status_code == 200
    for path in ("/rules/ladder/new/", f"/rules/ladder/{LATE}/draft/"):
        assert browser.post(path, form()).status_code == 404
    assert browser.get("/rules/ladder/none/").status_code == 404
