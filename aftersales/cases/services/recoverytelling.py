"""Telling the merchant of a recovery at each node, and of a deposit that is to be topped up (R4.10, R3.7)."""

from datetime import datetime
from typing import Any

from accounts.services import system_user
from aftersales.cases.models import Recovery
from aftersales.cases.recovery.states import RecoveryState
from aftersales.core.models import Event
from aftersales.core.wording import money
from aftersales.merchants.models import DepositCall, Merchant
from aftersales.notices.services import notice_send

TEMPLATES = {
    "recovery.opened": "recovery.notice", "recovery.changed": "recovery.notice",
    "recovery.upheld": "recovery.decided", "recovery.overturned": "recovery.decided",
    "recovery.collected": "recovery.collected", "recovery.owed": "recovery.collected",
    "recovery.recovered": "recovery.collected", "recovery.fell": "recovery.ended",
}  # fmt: skip


def merchant_tell(*, event: Event, now: datetime) -> None:
    """One message per event, once. Historic tickets and imports tell nobody."""
    if event.source == "import" or event.kind not in TEMPLATES:
        return
    rows = Recovery.objects.select_related("case__ticket", "merchant")
    row: Recovery | None = rows.filter(pk=event.subject_id).first()
    if row is None or row.case.ticket.historic:
        return
    template = TEMPLATES[event.kind]
    notice_send(
        template=template, to=row.merchant, about=row.case.ticket, values=_values(template, row),
        key=f"event:{event.pk}", actor=system_user(now), now=now,
    )  # fmt: skip


def _values(template: str, row: Recovery) -> dict[str, Any]:
    base: dict[str, Any] = {
        "recovery": row.number, "case": row.case.number, "number": row.case.ticket.number,
        "amount": money(row.due, row.currency),
    }  # fmt: skip
    if template == "recovery.notice":
        may = row.state == RecoveryState.NOTIFIED
        return base | {"paid": money(row.advanced, row.currency), "due": row.object_until if may else None}
    if template == "recovery.decided":
        return base | {"reason": row.decision_words or None}
    if template == "recovery.collected":
        owed = money(row.left, row.currency) if row.left else None
        return base | {"taken": money(row.taken, row.currency), "owed": owed}
    return {name: value for name, value in base.items() if name != "amount"}


def deposit_tell(*, event: Event, now: datetime) -> None:
    """The deposit is below what is due: how much is missing, and until when it is topped up."""
    merchant = Merchant.objects.filter(pk=event.subject_id).first()
    call = DepositCall.objects.unmet().filter(merchant=event.subject_id).first()
    if merchant is None or call is None:
        return
    values = {
        "amount": money(call.amount, merchant.currency), "held": money(merchant.deposit_held, merchant.currency),
        "required": money(merchant.deposit_due, merchant.currency), "due": call.due_at,
    }  # fmt: skip
    notice_send(
        template="deposit.asked", to=merchant, about=merchant, values=values, key=f"event:{event.pk}",
        actor=system_user(now), now=now,
    )  # fmt: skip
