"""One shop's day: cases at every turn, for the people who sign in to the merchants' portal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from aftersales.cases import services
from aftersales.cases.models import Case, ParcelItem
from aftersales.cases.services import Finding
from aftersales.core.errors import DomainError
from aftersales.desk.demo import again, cases, disputes
from aftersales.merchants.models import Merchant
from aftersales.orders.models import Order
from aftersales.orders.states import OrderStatus
from aftersales.tickets import services as tickets
from aftersales.tickets.models import Ticket

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LONG = 10 * DAY  # an order is old enough for every story


def shop_of_the_portal() -> Merchant | None:
    """The shop whose owner and clerk have a login."""
    found: Merchant | None = Merchant.objects.filter(state="active", self_run=False).order_by("pk").first()
    return found


def _asked(desk: Any, ticket: Ticket) -> None:
    case = desk.opened(ticket, "return", "quality", 3 * HOUR)
    text = f"客户申请退货（{case.number}），请在 48 小时内答复，并说明同批次是否有同类反馈。"
    tickets.ticket_ask_merchant(ticket=ticket, text=text, actor=desk.agent, now=desk.now - 2 * HOUR)


def _countered(desk: Any, ticket: Ticket) -> None:
    case = desk.opened(ticket, "refund_only", "damaged", 9 * HOUR)
    total = services.case_preview(case=case).total
    fifth, third = (max((total / n).quantize(Decimal("0.01")), Decimal(1)) for n in (5, 3))
    who = {"actor": desk.agent}
    case = services.case_offer(
        case=case, amount=fifth, words="补偿部分金额，商品留用。", now=desk.now - 7 * HOUR, **who
    )
    services.case_counter(
        case=case, amount=third, words="磕得很明显，补三分之一我就留下。", now=desk.now - 2 * HOUR, **who
    )


def _at_the_door(desk: Any, ticket: Ticket) -> None:
    parcel = desk.shipped(ticket, "no_reason", 4 * DAY, "SF1380220190001")
    services.parcel_at_door(parcel=parcel, actor=desk.agent, now=desk.now - 5 * HOUR)


def _here(desk: Any, ticket: Ticket) -> None:
    desk.here(ticket, "quality", 4 * DAY, "SF1380220190002")


def _replacement_owed(desk: Any, ticket: Ticket) -> None:
    case = desk.opened(ticket, "exchange", "wrong_item", 5 * DAY)
    case = services.case_approve(case=case, actor=desk.agent, now=desk.now - 5 * DAY + HOUR)
    parcel = again.arrive(desk, case, desk.now - 2 * DAY, "SF1380220190003")
    found = {
        one.pk: Finding(accepted=one.received, grade="opened", resellable=True, cause="other_item")
        for one in ParcelItem.objects.filter(parcel=parcel)
    }
    services.parcel_inspect(parcel=parcel, findings=found, actor=desk.lead, now=desk.now - DAY, keep=True)


def _on_the_bench(desk: Any, ticket: Ticket) -> None:
    again.here(desk, ticket, "warranty", 3 * DAY, "SF1380220190004", "用了两个月就充不进电了。")


def _refund_due(desk: Any, ticket: Ticket) -> None:
    parcel = desk.here(ticket, "no_reason", 5 * DAY, "SF1380220190005")
    found = {
        one.pk: Finding(accepted=one.received, grade="opened", resellable=True)
        for one in ParcelItem.objects.filter(parcel=parcel)
    }
    services.parcel_inspect(
        parcel=parcel, findings=found, actor=desk.lead, now=desk.now - HOUR / 2, keep=True
    )


def _offered(desk: Any, ticket: Ticket) -> None:
    case = desk.opened(ticket, "refund_only", "not_as_described", 6 * HOUR)
    amount = max((services.case_preview(case=case).total / 4).quantize(Decimal("0.01")), Decimal(1))
    services.case_offer(
        case=case, amount=amount, words="色差补偿，您留着用。", actor=desk.agent, now=desk.now - 4 * HOUR
    )


def _proposed(desk: Any, ticket: Ticket) -> None:
    disputes.mediated(desk, ticket)
    case = Case.objects.filter(ticket=ticket).latest("id")
    dispute = case.disputes.latest("id")
    amount = max((services.ruling_preview(case=case).total * 2 / 3).quantize(Decimal("0.01")), Decimal(1))
    services.settlement_propose(
        dispute=dispute, by="customer", amount=amount, actor=desk.agent, now=desk.now - HOUR
    )


STORIES: tuple[tuple[Callable[[Any, Ticket], None], str, timedelta], ...] = (
    (_asked, "通电有焦味，要求退货", 4 * HOUR),
    (_countered, "外壳磕破，想补一点钱", 10 * HOUR),
    (_at_the_door, "不合适，已经寄回", 4 * DAY + HOUR),
    (_here, "有质量问题，已寄回", 4 * DAY + HOUR),
    (_replacement_owed, "发错型号，要换", 5 * DAY + HOUR),
    (_on_the_bench, "充不进电，送修", 3 * DAY + HOUR),
    (_refund_due, "退货已收到，等退款", 5 * DAY + HOUR),
    (_offered, "颜色和页面不一样", 7 * HOUR),
    (disputes.waits_for_the_merchant, "物流写签收，我没有收到", 10 * HOUR),
    (_proposed, "色差太大，商家不认", DAY + HOUR),
    (cases.awaited, "尺寸不合适，想退", 6 * DAY + HOUR),
)  # fmt: skip


def live(desk: Any) -> int:
    """Each story on an order of its own; one that an order cannot tell is tried on the next. Answers how many."""
    shop = shop_of_the_portal()
    if shop is None:
        return 0
    orders = _orders(shop, desk.now)
    return sum(_told(desk, orders, *story) for story in STORIES)


def _orders(shop: Merchant, now: datetime) -> list[Order]:
    bought = Order.objects.filter(
        ~Exists(Ticket.objects.filter(order=OuterRef("pk"))), merchant=shop, paid__gt=20, refunded=0,
        status__in=[OrderStatus.DELIVERED, OrderStatus.COMPLETED], placed_at__lt=now - LONG, lines__isnull=False,
    )  # fmt: skip
    return list(bought.order_by("-placed_at", "-pk").distinct()[:60])


def _told(
    desk: Any, orders: list[Order], story: Callable[[Any, Ticket], None], subject: str, ago: timedelta
) -> int:
    for order in list(orders[:4]):
        orders.remove(order)
        try:
            with transaction.atomic():
                ticket = again.taken_down(desk, order, subject, desk.now - ago)
                story(replace(desk, agent=ticket.assignee or desk.agent), ticket)
        except DomainError:
            continue
        return 1
    return 0
