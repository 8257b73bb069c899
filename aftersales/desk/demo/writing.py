"""What people write again and again, and a colleague asked by name: the demo's own templates, a mention, followers."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from aftersales.tickets.models import AnswerTemplate, Ticket
from aftersales.tickets.services import watching
from aftersales.tickets.services.answers import answer_save
from aftersales.tickets.services.conversation import note_add
from aftersales.tickets.states import ACTIVE_STATES, AnswerScope

OWN = {
    "title_zh": "约定回电时间", "title_en": "Agree on a call",
    "body_zh": "您好，我是{agent}。方便的话，我在 {due} 前给您打电话说明处理办法，请告诉我哪个时间您方便接听。",
    "body_en": "Hello, this is {agent}. I would like to call you before {due} to explain what we do; when suits you?",
    "shortcut": "call", "kinds": [],
}  # fmt: skip
TEAMS = {
    "title_zh": "大件上门安装", "title_en": "Installation at home",
    "body_zh": "您好，订单 {order} 的 {product} 由厂家师傅上门安装，安装前一天会给您打电话确认时间，不收安装费。",
    "body_en": "Hello, a fitter installs {product} of order {order} at your home and calls the day before. It is free.",
    "shortcut": "install", "kinds": ["order", "consultation"],
}  # fmt: skip


def live(now: datetime, people: dict[str, User]) -> None:
    """One template of an agent's own, one of the team; the lead asks the agent by name and follows the ticket."""
    agent, lead = people["agent"], people["lead"]
    answer_save(row=AnswerTemplate(), columns=OWN | {"scope": AnswerScope.OWN}, actor=agent, now=now)
    if team := lead.teams_led.filter(active_to=None).first():
        columns = TEAMS | {"scope": AnswerScope.TEAM, "team": team}
        answer_save(row=AnswerTemplate(), columns=columns, actor=lead, now=now)
    ticket = (
        Ticket.objects.filter(assignee=agent, state__in=ACTIVE_STATES).order_by("next_due_at", "pk").first()
    )
    if ticket is not None:
        text = f"@{agent.display_name} 这位客户很着急，回复前先给仓库打个电话确认库存。"
        note_add(ticket=ticket, text=text, actor=lead, now=now)
        watching.ticket_follow(ticket=ticket, actor=lead, now=now)
