"""Telling the customer where his small request stands, unasked (R3.7): one message for each event, once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.services import system_user
from aftersales.cases.models import ServiceRequest
from aftersales.cases.request_states import RequestKind
from aftersales.core.models import Event
from aftersales.notices.services import notice_send

TEMPLATES: Mapping[str, str] = {
    "request.passed_on": "request.passed_on",
    "request.asked_again": "request.passed_on",
    "request.done": "request.done",
    "request.refused": "request.refused",
    "request.lapsed": "request.lapsed",
}


def request_tell(*, event: Event, now: datetime) -> None:
    """The message of this node; what the customer did not ask for himself is not told him."""
    template = TEMPLATES.get(event.kind)
    if template is None or event.source == "import":
        return
    row = ServiceRequest.objects.select_related("ticket", "customer").get(pk=event.subject_id)
    if not row.customer_id or row.ticket.historic or row.kind == RequestKind.RED_LETTER:
        return
    values: dict[str, Any] = {
        "number": row.ticket.number, "case": row.number, "asked": RequestKind(row.kind).label,
    }  # fmt: skip
    if template == "request.passed_on":
        values["due"] = row.due_at
    elif template == "request.refused":
        values["reason"] = row.answer or None
    elif template == "request.done":
        values |= {"result": row.answer or None, "tracking": row.result.get("tracking_no") or None}
    notice_send(
        template=template, to=row.customer, about=row.ticket, values=values, key=f"event:{event.pk}",
        actor=system_user(now), now=now,
    )  # fmt: skip
