"""Shops of the demo that leave the platform's questions without an answer: what rules then judge them by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from accounts.models import User
from aftersales.clocks import services as clocks
from aftersales.clocks.models import Clock
from aftersales.merchants.models import Merchant
from aftersales.orders.models import Order
from aftersales.tickets import services as tickets
from aftersales.tickets.services.intake import TicketDraft
from aftersales.tickets.states import CancelReason

HOUR = timedelta(hours=1)
QUESTIONS = ("客户反映发错型号，请核对发货记录。", "客户要求换货三天未答复，请说明。")


def leave(
    shop: Merchant, people: Mapping[str, User], at: datetime, questions: Sequence[str] = QUESTIONS
) -> None:
    """Customers' problems on which the shop let the platform wait; it answered after its time."""
    orders = Order.objects.filter(merchant=shop, customer__isnull=False, placed_at__lt=at).order_by(
        "-placed_at"
    )
    for order, question in zip(orders, questions, strict=False):
        draft = TicketDraft(
            source="form", source_ref="", subject=question[:12], text=question, channel="web", opened_at=at,
            kind="returns", customer_id=order.customer_id, order_id=order.pk, merchant_id=shop.pk, beside=True,
        )  # fmt: skip
        ticket = tickets.ticket_open(draft=draft, actor=people["agent"], now=at)
        tickets.ticket_tell_merchant(
            ticket=ticket, text=question, channel="phone", actor=people["agent"], now=at + HOUR
        )
        clock = Clock.objects.get(
            subject_kind="tickets.ticket", subject_id=ticket.pk, promise="merchant_answer"
        )
        clocks.sweep(now=clock.due_at + HOUR)
        ticket.refresh_from_db()
        tickets.ticket_cancel(
            ticket=ticket, why=CancelReason.WITHDRAWN, reason="商家迟后答复，客户自行撤回。", actor=people["lead"],
            now=clock.due_at + 2 * HOUR,
        )  # fmt: skip
