"""Small requests of the demo: each kind in some state, and a signal to look at, made by the services people use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from aftersales.cases.models import Case, CaseFlag, ServiceRequest
from aftersales.cases.services import flags
from aftersales.cases.services.request_effects import paid_for_one
from aftersales.cases.services.requests import (
    RequestDraft,
    request_finish,
    request_open,
    request_refuse,
    requests_lapse,
)
from aftersales.core.errors import DomainError
from aftersales.desk.demo import earlier
from aftersales.orders.models import OrderLine
from aftersales.tickets.models import Ticket
from aftersales.tickets.states import ACTIVE_STATES

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
COMPANY = "91350100M000100Y43"


@dataclass
class Desk:
    agent: User
    lead: User
    now: datetime

    def asked(
        self, ticket: Ticket, kind: str, ago: timedelta, words: str, *, of_line: bool = False, **details: Any
    ) -> ServiceRequest:
        earlier.there(ticket, self.now - ago)
        line = (
            OrderLine.objects.filter(order=ticket.order_id).order_by("line_no").first() if of_line else None
        )
        draft = RequestDraft(kind, details, line.pk if line else None, words)
        return request_open(ticket=ticket, draft=draft, actor=self.agent, now=self.now - ago)


def _cancel(desk: Desk, ticket: Ticket) -> None:
    desk.asked(ticket, "cancel", 3 * HOUR, "拍错颜色了，还没发货的话帮我取消。")


def _address(desk: Desk, ticket: Ticket) -> None:
    desk.asked(
        ticket,
        "address",
        2 * HOUR,
        "搬家了，换个地址。",
        address="浙江省杭州市西湖区文三路 88 号 6 幢 502 室",
    )


def _address_missing(desk: Desk, ticket: Ticket) -> None:
    desk.asked(ticket, "address", HOUR, "地址要改，新地址晚点发你。")


def _hurry(desk: Desk, ticket: Ticket) -> None:
    desk.asked(ticket, "hurry", 30 * HOUR, "三天没动静了，麻烦催一下。", what="delivery")


def _hurry_refused(desk: Desk, ticket: Ticket) -> None:
    row = desk.asked(ticket, "hurry", 2 * DAY, "什么时候能发？", what="dispatch")
    request_refuse(
        request=row, words="预售商品按页面时间发出，不能提前。", actor=desk.agent, now=desk.now - DAY
    )


def _hurry_unanswered(desk: Desk, ticket: Ticket) -> None:
    desk.asked(ticket, "hurry", 5 * DAY, "退款什么时候到？", what="refund")
    requests_lapse(now=desk.now - HOUR)


def _invoice(desk: Desk, ticket: Ticket) -> None:
    desk.asked(
        ticket, "invoice", 5 * HOUR, "报销要用，请开专票。", buyer="company", title="福州声悦科技有限公司",
        tax_no=COMPANY, type="vat_special",
    )  # fmt: skip


def _invoice_done(desk: Desk, ticket: Ticket) -> None:
    row = desk.asked(
        ticket, "invoice", 3 * DAY, "开个人抬头电子发票。", buyer="person", title="个人", type="electronic"
    )
    request_finish(
        request=row, answers={"number": f"2635{ticket.pk:08d}"}, words="电子发票已发至您的邮箱。", actor=desk.agent,
        now=desk.now - 2 * DAY,
    )  # fmt: skip


def _price(desk: Desk, ticket: Ticket) -> None:
    line = OrderLine.objects.filter(order=ticket.order_id).order_by("line_no").first()
    lower = (paid_for_one(line) * Decimal("0.85")).quantize(Decimal("0.01")) if line else Decimal(0)
    desk.asked(ticket, "price", 4 * HOUR, "刚买就降价了，要求价保。", of_line=True, price_now=lower)


def _resend(desk: Desk, ticket: Ticket) -> None:
    desk.asked(ticket, "resend", 8 * HOUR, "少了一根充电线。", of_line=True, pieces=1, what="充电线")


def _resend_done(desk: Desk, ticket: Ticket) -> None:
    row = desk.asked(ticket, "resend", 2 * DAY, "说明书没有。", of_line=True, pieces=1, what="说明书")
    answers = {"carrier": "中通快递", "tracking_no": "ZT7730018846"}
    request_finish(request=row, answers=answers, words="已补寄。", actor=desk.agent, now=desk.now - DAY)


def _warranty(desk: Desk, ticket: Ticket) -> None:
    desk.asked(ticket, "warranty", 26 * HOUR, "保修卡丢了，能补一张吗？", of_line=True)


STORIES: tuple[Callable[[Desk, Ticket], None], ...] = (
    _hurry_unanswered, _cancel, _address, _address_missing, _hurry, _hurry_refused, _invoice, _invoice_done, _price,
    _resend, _resend_done, _warranty,
)  # fmt: skip


def live(now: datetime, people: dict[str, User]) -> int:
    """One story for each open ticket with an order of its own; answers how many were told."""
    desk, told, used = Desk(people["agent"], people["lead"], now), 0, set[int]()
    tickets = list(_tickets())
    for story in STORIES:
        for ticket in tickets:
            if ticket.pk in used:
                continue
            try:
                story(desk, ticket)
            except DomainError:
                continue  # it is younger, or does not fit (window, dispatched …); the next one does
            used.add(ticket.pk)
            told += 1
            break
    _signal(desk)
    return told


def _tickets() -> QuerySet[Ticket]:
    rows = Ticket.objects.filter(
        state__in=ACTIVE_STATES, historic=False, order__paid__gt=20, order__lines__isnull=False
    )
    found: QuerySet[Ticket] = rows.distinct().order_by("pk")[:200]
    return found


def _signal(desk: Desk) -> None:
    """The same picture in two cases, for a lead to look at."""
    cases = list(Case.objects.filter(state="requested").order_by("-pk")[:2])
    if len(cases) == 2 and not CaseFlag.objects.exists():
        flags.flag_raise(
            case=cases[0], signal="same_photo", ref="demo", reasons={"cases": [cases[1].number], "customers": 2},
            now=desk.now - HOUR,
        )  # fmt: skip
