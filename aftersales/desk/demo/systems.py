"""What the pages of connected systems, gateways and e-mail show in the demo: a telephone system, a chat, two gateways.

What they told goes the way of real requests: kept, then taken by its job.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from accounts.models import User
from aftersales.channels.models import Connection
from aftersales.channels.services import connecting
from aftersales.channels.services.hooks import hook_keep, refusal_note
from aftersales.channels.services.receiving import letter_receive
from aftersales.channels.states import RefusedBecause, SystemKind, Way
from aftersales.core import jobs
from aftersales.customers.models import Contact
from aftersales.customers.states import ContactKind
from aftersales.notices import services as notices
from aftersales.notices.states import GatewayForm, RecipientKind
from aftersales.orders.models import Order
from aftersales.tickets.models import Ticket
from aftersales.tickets.states import ACTIVE_STATES, Channel

MINUTE = timedelta(minutes=1)
HOST = "records.example.com"
CALLS = 4
TALK = (
    ("c1", "customer", "你好，我昨天下单的杯子收到是碎的。"),
    ("a1", "agent", "您好，非常抱歉。请拍一张外箱和杯子的照片，我马上为您登记。"),
    ("c2", "customer", "好的，晚一点发。希望能补发一只。"),
)
# Sender, subject, words, further headers: one nobody knows, one that names a ticket without proof, one automatic.
LETTERS: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("liyun@mail.example.net", "收到的餐具少了一件", "您好，今天收到包裹，六件套里只有五件。请问怎么补？", {}),
    ("zhangwei@mail.example.net", "Re: {number}", "我换了邮箱，还是之前那个问题，请尽快处理。", {}),
    (
        "noreply@mail.example.net", "自动回复：本周休假", "我在休假，下周一回复您的邮件。",
        {"Auto-Submitted": "auto-replied"},
    ),
)  # fmt: skip


def live(now: datetime, people: dict[str, User]) -> None:
    operations = people["operations"]
    phone, chat = _connect(operations, now)
    _calls(phone, people["agent"], now)
    _chat(chat, people["agent"], now)
    _gateways(operations, now)
    _letters(now)
    while jobs.run_due(now):
        continue


def _connect(operations: User, now: datetime) -> tuple[Connection, Connection]:
    phone, _secret = connecting.connection_create(
        code="hotline", name="400 热线", kind=SystemKind.PHONE, channel=Channel.PHONE, recording_hosts=HOST,
        actor=operations, now=now - timedelta(days=20),
    )  # fmt: skip
    chat, _secret = connecting.connection_create(
        code="livechat", name="在线客服", kind=SystemKind.CHAT, channel=Channel.CHAT, actor=operations,
        now=now - timedelta(days=20),
    )  # fmt: skip
    return phone, chat


def _calls(phone: Connection, agent: User, now: datetime) -> None:
    """Customers of open tickets called and were spoken with; one hung up, one request had an old clock."""
    open_now = Ticket.objects.filter(state__in=ACTIVE_STATES, assignee=agent).exclude(customer=None)
    numbers = list(
        Contact.objects.filter(kind=ContactKind.PHONE, customer__in=open_now.values("customer"))
        .order_by("-pk")
        .values_list("value", flat=True)[:CALLS]
    )
    for place, number in enumerate(numbers):
        at, ref = now - (50 - 11 * place) * MINUTE, f"call-{place + 1:04d}"
        _tell(phone, "conversation.started", ref, at, customer={"phone": number}, agent=agent.username)
        ended = at + 4 * MINUTE
        _tell(
            phone, "conversation.ended", ref, ended, customer={"phone": number}, agent=agent.username, seconds=236,
            recording=f"https://{HOST}/{ref}.mp3",
        )  # fmt: skip
    refusal_note(connection=phone, why=RefusedBecause.LATE, size=412, now=now - 95 * MINUTE)


def _chat(chat: Connection, agent: User, now: datetime) -> None:
    at = now - 30 * MINUTE
    lines = [{"id": ref, "who": who, "text": text, "at": at.isoformat()} for ref, who, text in TALK]
    _tell(chat, "conversation.transcript", "chat-0001", at, agent=agent.username, lines=lines)


def _tell(connection: Connection, event: str, ref: str, at: datetime, **more: Any) -> None:
    body = json.dumps({"event": event, "conversation": ref, "at": at.isoformat(), **more}, ensure_ascii=False)
    hook_keep(connection=connection, event_id=f"demo-{ref}-{event}", body=body.encode(), now=at)


def _gateways(operations: User, now: datetime) -> None:
    """Their addresses exist nowhere; messages go by mail until somebody chooses the channel "Gateway"."""
    for code, name, form, whom in (
        ("sms", "短信网关", GatewayForm.PLAIN, RecipientKind.CUSTOMER),
        ("group", "售后值班群机器人", GatewayForm.WECOM, RecipientKind.USER),
    ):
        notices.gateway_create(
            code=code, name=name, form=form, url=f"https://{code}.example.com/send", recipients=[whom],
            actor=operations, now=now - timedelta(days=20),
        )  # fmt: skip


def _letters(now: datetime) -> None:
    named = (
        Ticket.objects.filter(state__in=ACTIVE_STATES)
        .order_by("-pk")
        .values_list("number", flat=True)
        .first()
    )
    written = [*LETTERS, *_from_customers(now)]
    for place, (sender, subject, words, headers) in reversed(list(enumerate(written))):
        at = now - (12 + 9 * place) * MINUTE
        letter = EmailMessage()
        letter["From"], letter["To"] = sender, "service@example.com"
        letter["Subject"] = subject.format(number=named or "")
        letter["Date"], letter["Message-ID"] = (
            format_datetime(at),
            f"<demo-{place}-{at:%Y%m%d%H%M}@mail.example.net>",
        )
        for name, value in headers.items():
            letter[name] = value
        letter.set_content(words)
        letter_receive(raw=letter.as_bytes(), way=Way.IMAP, now=at)


def _from_customers(now: datetime) -> list[tuple[str, str, str, dict[str, str]]]:
    """A customer we know writes about an order for the first time."""
    order = (
        Order.objects.filter(paid__gt=0, placed_at__lt=now - timedelta(days=2), tickets__isnull=True)
        .order_by("-placed_at")
        .first()
    )
    address = order and Contact.objects.filter(customer=order.customer, kind=ContactKind.EMAIL).first()
    if not order or not address:
        return []
    words = f"您好，订单 {order.external_no} 的发票抬头写错了，请帮忙重开。"
    return [(address.value, f"订单 {order.external_no} 发票抬头有误", words, {})]
