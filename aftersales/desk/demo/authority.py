"""Letters of authorities in the demo: due today, late, waiting for the merchant, to approve, replied."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from aftersales.cases.models import AuthorityCase
from aftersales.cases.services import authority as services
from aftersales.cases.services.authority import LetterDraft
from aftersales.core.errors import DomainError
from aftersales.desk.demo import earlier
from aftersales.desk.demo.cases import DAY, HOUR, Desk
from aftersales.tickets.models import Message, Ticket
from aftersales.tickets.states import ACTIVE_STATES

REPLY = (
    "{source}：\n\n贵单位来函（编号 {letter_no}，{subject}）收悉，本平台受理编号 {case}。现答复如下：\n\n"
    "一、经查，涉及订单 {order}，商家为{merchant}。\n二、本平台已督促商家同意退货退款，款项原路退回。\n"
    "三、相关沟通记录、物流与付款凭证见所附证据材料。\n\n特此函复。\n{today}"
)
SUBJECT = "商家拒绝处理，要投诉"
Story = Callable[[Desk, Ticket, User], None]


def taken(
    desk: Desk, ticket: Ticket, clerk: User, number: str, ago: timedelta, due: timedelta, **told: Any
) -> AuthorityCase:
    """A letter that came ``ago`` and is due ``due`` from now."""
    earlier.there(ticket, desk.now - ago - HOUR)
    facts: dict[str, Any] = {
        "source": "12315", "letter_no": number, "received_at": desk.now - ago - HOUR, "due_at": desk.now + due,
        "subject": "商家拒绝七天无理由退货", "demand": "退还货款并书面答复处理结果。",
        "office": "西湖区市场监督管理局 消保科", "reporter_name": "王建国", "reporter_contact": "13900002468",
    }  # fmt: skip
    return services.letter_take(
        draft=LetterDraft(**(facts | told)), ticket=ticket, actor=clerk, now=desk.now - ago
    ).letter


def due_today(desk: Desk, ticket: Ticket, clerk: User) -> None:
    tonight = timezone.localtime(desk.now).replace(hour=23, minute=30) - desk.now
    taken(desk, ticket, clerk, "杭西市监诉〔2026〕1128号", 5 * HOUR, tonight)


def late(desk: Desk, ticket: Ticket, clerk: User) -> None:
    letter = taken(
        desk, ticket, clerk, "浙12345-20261119-0417", 7 * DAY, -5 * HOUR, source="12345", subject="退款迟迟不到账",
        office="杭州市 12345 平台", reporter_name="李秀英",
    )  # fmt: skip
    services.letter_accept(letter=letter, actor=clerk, now=desk.now - 6 * DAY)


def waits_for_the_merchant(desk: Desk, ticket: Ticket, clerk: User) -> None:
    letter = taken(
        desk, ticket, clerk, "沪市监举〔2026〕0093号", 2 * DAY, 6 * DAY, source="regulator", kind="report",
        subject="商品页面宣传与实物不符", office="浦东新区市场监督管理局", reporter_name="赵敏",
    )  # fmt: skip
    services.letter_accept(letter=letter, actor=clerk, now=desk.now - 2 * DAY + HOUR)
    services.merchant_ask(
        letter=letter, question="请说明商品页面“真皮”表述的依据，并提供进货凭证与质检报告。", actor=clerk,
        now=desk.now - 2 * DAY + 2 * HOUR,
    )  # fmt: skip


def to_approve(desk: Desk, ticket: Ticket, clerk: User) -> None:
    letter = taken(
        desk, ticket, clerk, "（2026）浙0106协查字第77号", 3 * DAY, 4 * DAY, source="court", kind="evidence",
        subject="调取订单与沟通记录", demand="请提供涉案订单的交易、物流与沟通记录。", office="西湖区人民法院 民一庭",
        reporter_name="", reporter_contact="",
    )  # fmt: skip
    services.letter_accept(letter=letter, actor=clerk, now=desk.now - 3 * DAY + HOUR)
    said = Message.objects.filter(ticket=ticket).exclude(text="").order_by("id").values_list("pk", flat=True)
    keys = [f"message:{pk}" for pk in said[:6]]
    if keys:
        services.bundle_make(letter=letter, chosen=keys, actor=clerk, now=desk.now - DAY)
    services.reply_draft(letter=letter, text=REPLY, actor=clerk, now=desk.now - 20 * HOUR)


def replied(desk: Desk, ticket: Ticket, clerk: User) -> None:
    letter = taken(
        desk, ticket, clerk, "都市快报-读者来信-1102", 9 * DAY, -2 * DAY, source="media", kind="enquiry",
        subject="读者反映换货被拖延", office="都市快报 维权热线", reporter_name="陈记者",
    )  # fmt: skip
    services.letter_accept(letter=letter, actor=clerk, now=desk.now - 9 * DAY + HOUR)
    services.letter_extend(
        letter=letter,
        due_at=desk.now + DAY,
        reference="承办人来电同意延期",
        actor=clerk,
        now=desk.now - 4 * DAY,
    )
    services.reply_draft(letter=letter, text=REPLY, actor=clerk, now=desk.now - 3 * DAY)
    services.reply_approve(letter=letter, actor=desk.lead, now=desk.now - 3 * DAY + HOUR)
    services.reply_sent(
        letter=letter,
        sent_by="email",
        reference="邮件 2026-1102-3",
        actor=clerk,
        now=desk.now - 2 * DAY - HOUR,
    )


STORIES: tuple[Story, ...] = (due_today, late, waits_for_the_merchant, to_approve, replied)


def _by(clerk: User, story: Story) -> Callable[[Desk, Ticket], None]:
    return lambda desk, ticket: story(desk, ticket, clerk)


def live(desk: Desk, clerk: User) -> int:
    """One story for each open ticket of a merchant on which nothing else hangs; answers how many were told."""
    rows = Ticket.objects.filter(
        state__in=ACTIVE_STATES, historic=False, case_count=0, order__isnull=False, merchant__isnull=False
    )
    tickets, told = list(rows.order_by("-pk")[:60]), 0
    for story in STORIES:
        begins = None
        for ticket in tickets:
            try:
                with transaction.atomic():
                    story(desk, ticket, clerk)
            except earlier.Younger as younger:
                begins = younger.at
                continue
            except DomainError:
                continue  # a ticket that is finished or held; the next one tells the story
            tickets.remove(ticket)
            told += 1
            break
        else:
            if begins is not None:
                told += earlier.told_on(desk, _by(clerk, story), SUBJECT, begins) is not None
    return told
