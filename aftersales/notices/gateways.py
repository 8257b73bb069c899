"""Messages by a signed HTTP request. The message's public id is the key that makes a second try harmless there."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.conf import settings

from aftersales.core import outgoing, webhooks

from .models import Gateway, Notice
from .states import GatewayForm

PURPOSE = "notices.gateway"
# A robot answers 200 also when it refuses; the field that says so, and what it says when all is well.
ANSWERS = {GatewayForm.WECOM: "errcode", GatewayForm.DINGTALK: "errcode", GatewayForm.FEISHU: "code"}


def serving(recipient: str) -> Gateway | None:
    """The gateway for recipients of this kind: the one that was added first."""
    found: Gateway | None = Gateway.objects.serving(recipient).first()
    return found


def send(notice: Notice, *, address: str, body: str, now: datetime) -> None:
    """Hand one message to its gateway. Raises outgoing.NotSent, whose words name no address and no secret."""
    gateway = serving(notice.recipient_kind)
    if gateway is None:
        raise outgoing.NotSent("no_gateway")
    content = {
        "id": notice.public_id, "kind": notice.source, "language": notice.language, "subject": notice.subject,
        "text": body, "to": address, "recipient": notice.recipient_kind,
    }  # fmt: skip
    call(gateway, content, event_id=notice.public_id, now=now)


def call(gateway: Gateway, content: dict[str, Any], *, event_id: str, now: datetime) -> None:
    """One signed request to a gateway. Raises outgoing.NotSent."""
    body = json.dumps(shaped(gateway.form, content), ensure_ascii=False).encode()
    salts = [gateway.salt] + ([gateway.old_salt] if gateway.old_until and gateway.old_until > now else [])
    signed = webhooks.headers([webhooks.secret(PURPOSE, salt) for salt in salts], event_id, now, body)
    answer = outgoing.post(
        gateway.url, headers={**signed, "Content-Type": "application/json; charset=utf-8"}, body=body,
        private=settings.GATEWAYS_INSIDE,
    )  # fmt: skip
    if gateway.form in ANSWERS and not _agreed(answer, ANSWERS[GatewayForm(gateway.form)]):
        raise outgoing.NotSent("refused")


def shaped(form: str, content: dict[str, Any]) -> dict[str, Any]:
    """What the gateway reads: all we know for one of our own, subject and text for a robot."""
    words = "\n".join(part for part in (content["subject"], content["text"]) if part)
    if form == GatewayForm.FEISHU:
        return {"msg_type": "text", "content": {"text": words}}
    if form in (GatewayForm.WECOM, GatewayForm.DINGTALK):
        return {"msgtype": "text", "text": {"content": words}}
    return content


def _agreed(answer: bytes, field: str) -> bool:
    try:
        found = json.loads(answer.decode("utf-8"))
    except ValueError:
        return False
    return isinstance(found, dict) and found.get(field, 0) == 0
