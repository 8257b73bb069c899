"""What My day shows in the demo: a few promises, one of them late, and a rule that changed this morning."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.models import User
from aftersales.standards.models import ServiceStandard
from aftersales.standards.services import rule_activate, standard_draft
from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from aftersales.tickets.states import TicketState

HOUR = timedelta(hours=1)
# What was promised, given so long ago, due so far from now.
PROMISED = (
    ("核实物流后给您回电", 5 * HOUR, -HOUR / 3),
    ("今天之内把电子发票发到您的邮箱", 2 * HOUR, 4 * HOUR),
    ("商家给出方案后第一时间联系您", HOUR, 20 * HOUR),
)


def live(now: datetime, people: dict[str, User]) -> None:
    _promise(now, people["agent"])
    _change(now, people)


def _promise(now: datetime, agent: User) -> None:
    held = Ticket.objects.filter(
        assignee=agent, state=TicketState.IN_PROGRESS, assigned_at__lt=now - 6 * HOUR
    )
    for ticket, (what, ago, ahead) in zip(held.order_by("-pk"), PROMISED, strict=False):
        services.promise_give(ticket=ticket, what=what, due_at=now + ahead, actor=agent, now=now - ago)


def _change(now: datetime, people: dict[str, User]) -> None:
    """Operations tightens the answer to e-mails, the supervisor agrees, and everybody has a day to read it."""
    standard = ServiceStandard.objects.get(code="first_response_mail")
    draft = standard_draft(
        standard=standard, actor=people["operations"], now=now - 3 * HOUR, reason="邮件首响达标率连续两周低于目标",
        limit_value=20,
    )  # fmt: skip
    rule_activate(draft=draft, actor=people["supervisor"], now=now - 2 * HOUR)
