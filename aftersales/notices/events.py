"""What happens to messages and their texts. No event holds a word of a message or an address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.events import Draft, Kind, register

from . import kinds
from .states import NoticeChannel, RecipientKind, SkipReason

if TYPE_CHECKING:
    from .models import Notice

PAYLOAD = {"notice": "id", "template": "code", "channel": "code", "recipient": "code"}


def _words(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Codes to names; a code of another edition of the product speaks for itself."""
    shown = {"template": kinds.name_of(str(payload.get("template", "")))}
    for key, choices in (("channel", NoticeChannel), ("recipient", RecipientKind), ("why", SkipReason)):
        code = payload.get(key, "")
        shown[key] = str(dict(choices.choices).get(code, code))
    return shown


register(
    Kind(
        "notice.sent",
        sentence=_("The message “%(template)s” went out (%(recipient)s, %(channel)s)."),
        payload=PAYLOAD,
        show=_words,
    ),
    Kind(
        "notice.skipped",
        sentence=_("The message “%(template)s” was not sent (%(recipient)s, %(channel)s): %(why)s."),
        payload={**PAYLOAD, "why": "code"},
        show=_words,
    ),
    Kind(
        "notice.parked",
        sentence=_(
            "The message “%(template)s” was given up (%(recipient)s, %(channel)s) and waits for a person."
        ),
        payload=PAYLOAD,
        show=_words,
    ),
    Kind(
        "notice.bounced",
        sentence=_("The message “%(template)s” came back (%(recipient)s, %(channel)s): %(why)s."),
        payload={**PAYLOAD, "why": "code"},
        show=_words,
    ),
    Kind(
        "notice.retried",
        sentence=_("%(actor)s had the message “%(template)s” sent again."),
        payload=PAYLOAD,
        show=_words,
    ),
    Kind("gateway.created", sentence=_("%(actor)s added the gateway.")),
    Kind("gateway.changed", sentence=_("%(actor)s changed the gateway.")),
    Kind("gateway.rotated", sentence=_("%(actor)s gave the gateway a new secret.")),
    Kind(
        "gateway.tested", sentence=_("%(actor)s tested the gateway: %(answer)s"), payload={"answer": "code"}
    ),
    Kind("notice_template.created", sentence=_("%(actor)s added the kind of message.")),
    Kind("notice_template.changed", sentence=_("%(actor)s changed how the message is sent.")),
    Kind("notice_text.drafted", sentence=_("%(actor)s wrote a new version of the text.")),
    Kind("notice_text.changed", sentence=_("%(actor)s changed the draft of the text.")),
    Kind("notice_text.activated", sentence=_("%(actor)s brought the text into force.")),
    Kind("notice_text.retired", sentence=_("%(actor)s replaced the text.")),
    Kind("notice_text.rejected", sentence=_("%(actor)s returned the text: %(reason)s")),
)


def told(kind: str, notice: Notice, *, actor: Any, now: datetime, **more: str) -> Draft:
    """An event about the message, on the row it is about, so that the ticket's timeline tells it."""
    payload = {"notice": notice.pk, "template": notice.source, "channel": notice.channel,
               "recipient": notice.recipient_kind, **more}  # fmt: skip
    return Draft(
        kind=kind, row=None, subject_kind=notice.subject_kind, subject_id=notice.subject_id, actor=actor,
        at=now, merchant_id=notice.merchant_id, payload=payload,
    )  # fmt: skip
