"""Recoveries of the demo: what the platform paid first, in every state and age; by the services that people use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.services import system_user
from aftersales.cases import services
from aftersales.cases.models import Recovery
from aftersales.cases.services import CaseDraft
from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.desk.demo import earlier
from aftersales.desk.demo.cases import DAY, HOUR
from aftersales.ledger import chart
from aftersales.ledger import services as ledger
from aftersales.ledger.chart import Line
from aftersales.merchants import services as merchants
from aftersales.merchants.models import Merchant
from aftersales.tickets import services as tickets
from aftersales.tickets.models import Ticket
from aftersales.tickets.states import ACTIVE_STATES

ASKED = Decimal("36.00")
SUBJECT = "超过承诺时间才发货，要求赔付"
WORDS = "承诺 48 小时发货，超过 5 天才发出，按承诺赔付。"


@dataclass
class Money:
    """Who works on it, and when the demo's present is."""

    people: Mapping[str, User]
    now: datetime
    agent: User
    lead: User

    def advanced(
        self, ticket: Ticket, ago: timedelta, held: Decimal, payout: Decimal = Decimal(0)
    ) -> Recovery:
        """The merchant was silent, the platform paid: his deposit holds so much, and his payout is so much."""
        at, system = self.now - ago, system_user(self.now)
        earlier.there(ticket, at - 3 * DAY)
        shop = self._shop(ticket, held, at - 5 * DAY)
        draft = CaseDraft("compensation", "late", words=WORDS, asked=ASKED, compensation="promise")
        case = services.case_open(ticket=ticket, draft=draft, actor=self.people["lead"], now=at - 3 * DAY)
        case = services.case_approve(case=case, actor=system, now=at - 2 * DAY, how="silence")
        for payment in services.payment_propose(case=case, actor=system, now=at - DAY):
            if payment.state == "awaiting_approval":
                payment = services.payment_approve(
                    payment=payment, actor=self.people["finance"], now=at - DAY + HOUR
                )
            out = moves.perform(payment, "submit", actor=system, now=at - 4 * HOUR)
            services.payment_succeed(
                payment=out,
                actor=system,
                now=at,
                paid_at=at,
                told="import",
                bank_ref=f"ICBC{payment.pk:010d}",
            )
        row = services.recovery_keep(case_id=case.pk, now=at)
        if row is None:
            raise DomainError("paid in kind", "no_advance")
        if payout:
            line = Line(chart.CASH, chart.payable(shop), payout, row.currency)
            ledger.post(source=row, kind="settlement", lines=[line], actor=system, now=at)
        return row

    def _shop(self, ticket: Ticket, held: Decimal, at: datetime) -> Merchant:
        shop = ticket.merchant
        if shop is None or shop.self_run or Recovery.objects.filter(merchant=shop).exists():
            raise DomainError("another shop, please", "other_shop")
        return merchants.merchant_change(
            merchant=shop, actor=system_user(at), now=at, deposit_held=held, deposit_due=Decimal(5000)
        )

    def collected(self, row: Recovery, ago: timedelta) -> Recovery:
        return services.recovery_collect(recovery=row, actor=self.people["finance"], now=self.now - ago)


def _noticed(money: Money, ticket: Ticket) -> None:
    money.advanced(ticket, 2 * DAY, Decimal(5000))


def _objected(money: Money, ticket: Ticket) -> None:
    row = money.advanced(ticket, 6 * DAY, Decimal(5000))
    services.recovery_object(
        recovery=row, cause="not_ours", words="大雪封路，承运商停收，附承运商公告。",
        actor=money.people["lead"], now=money.now - 3 * DAY,
    )  # fmt: skip


def _upheld(money: Money, ticket: Ticket) -> None:
    row = money.advanced(ticket, 38 * DAY, Decimal(0))
    row = services.recovery_object(
        recovery=row,
        cause="amount",
        words="退货至今没有收到。",
        actor=money.people["lead"],
        now=money.now - 35 * DAY,
    )
    services.recovery_decide(
        recovery=row, stands=row.due, words="物流首条揽收记录晚于承诺时间，异议不成立。",
        actor=money.people["supervisor"], now=money.now - 33 * DAY,
    )  # fmt: skip
    money.collected(row, 32 * DAY)


def _partly(money: Money, ticket: Ticket) -> None:
    row = money.advanced(ticket, 44 * DAY, Decimal(8), Decimal(6))
    money.collected(row, 35 * DAY)


def _to_write_off(money: Money, ticket: Ticket) -> None:
    row = money.collected(money.advanced(ticket, 48 * DAY, Decimal(5)), 40 * DAY)
    services.write_off_propose(
        recovery=row, cause="closed", words="店铺已关闭，法定代表人失联，催收函两次退回。",
        actor=money.people["finance"], now=money.now - 2 * DAY,
    )  # fmt: skip


def _written_off(money: Money, ticket: Ticket) -> None:
    row = money.collected(money.advanced(ticket, 46 * DAY, Decimal(0)), 38 * DAY)
    off = services.write_off_propose(
        recovery=row, cause="small", words="金额低于催收成本。", actor=money.people["finance"],
        now=money.now - 20 * DAY,
    )  # fmt: skip
    services.write_off_approve(write_off=off, actor=money.people["lead"], now=money.now - 19 * DAY)


def _recovered(money: Money, ticket: Ticket) -> None:
    money.collected(money.advanced(ticket, 20 * DAY, Decimal(5000), Decimal(10)), 12 * DAY)


STORIES: tuple[Callable[[Money, Ticket], None], ...] = (
    _noticed, _objected, _upheld, _partly, _to_write_off, _written_off, _recovered,
)  # fmt: skip


def live(now: datetime, people: dict[str, User]) -> int:
    """Each story on a ticket of its own, about a shop of its own; answers how many were told."""
    money, told = Money(people, now, people["agent"], people["lead"]), 0
    rows = Ticket.objects.filter(
        state__in=ACTIVE_STATES,
        historic=False,
        merchant__self_run=False,
        order__paid__gt=20,
    ).exclude(state="resolved")
    found = list(rows.select_related("merchant").order_by("pk")[:60])
    for story in STORIES:
        told += any(_told(money, story, ticket) for ticket in found) or _told_earlier(money, story)
    return told


def _told(money: Money, story: Callable[[Money, Ticket], Any], ticket: Ticket) -> bool:
    try:
        with transaction.atomic():
            story(money, ticket)
    except DomainError:
        return False  # it is younger, this order has nothing left to give, or its shop has a story already
    return True


def _told_earlier(money: Money, story: Callable[[Money, Ticket], Any]) -> bool:
    """On a ticket of that day, which ended when the customer had his money."""
    try:
        with transaction.atomic():
            story(money, Ticket(opened_at=money.now))
    except earlier.Younger as younger:
        ticket = earlier.told_on(money, story, SUBJECT, younger.at)
        if ticket is not None:
            _solved(ticket.pk, younger.at + 3 * DAY + HOUR)
        return ticket is not None
    return False


def _solved(ticket: int, at: datetime) -> None:
    row = Ticket.objects.select_related("assignee").get(pk=ticket)
    row = tickets.ticket_resolve(
        ticket=row, result="compensated", text=f"赔付已到账。{WORDS}", actor=row.assignee, now=at
    )
    tickets.ticket_verify(
        ticket=row, how="phone", reason="电话回访，客户表示已解决。", actor=row.assignee, now=at + HOUR
    )
