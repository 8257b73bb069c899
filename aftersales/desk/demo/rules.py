"""Rules that act by themselves, in the demo: one in force, one that waits; last week gave both something to do."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from aftersales.tickets.actions import Step
from aftersales.tickets.services import automation
from aftersales.tickets.states import Nature, Severity, Trigger

HOUR = timedelta(hours=1)
LATE: dict[str, Any] = {
    "name_zh": "重大工单超时：提醒处理人", "name_en": "Major and late: remind the assignee", "position": 60,
    "trigger": Trigger.BREACHED, "given": {"severities": [Severity.MAJOR]},
    "steps": [Step("note", {"text": "重大问题的时限已超，请今天给客户一个答复，并写明原因。"})],
    "reason": "上周超时的重大工单没有人主动跟进",
}  # fmt: skip
COMPLAINT: dict[str, Any] = {
    "name_zh": "投诉登记后：升级给组长", "name_en": "A complaint: to the lead", "position": 70,
    "trigger": Trigger.OPENED, "given": {"natures": [Nature.COMPLAINT]},
    "steps": [
        Step("note", {"text": "投诉由组长亲自跟进，请先不要答复赔付。"}),
        Step("escalate", {"reason": "投诉由组长跟进"}),
    ],
    "reason": "投诉需要当天有负责人",
}  # fmt: skip


def live(now: datetime, people: dict[str, User]) -> None:
    """Operations drafts both; the supervisor has agreed to the first and has the second before him."""
    for terms, ago in ((LATE, 4 * HOUR), (COMPLAINT, 2 * HOUR)):
        draft = automation.automation_draft(rule=None, actor=people["operations"], now=now - ago, **terms)
        if terms is LATE:
            automation.automation_activate(draft=draft, actor=people["supervisor"], now=now - ago + HOUR)
