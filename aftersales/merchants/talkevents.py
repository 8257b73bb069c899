"""What the contact log adds to a merchant's story; what was said stands in the log alone."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.events import Kind, register

from .contactstates import ContactChannel, ContactSubject


def _shown(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "channel": ContactChannel(payload["channel"]).label,
        "subject": ContactSubject(payload["subject"]).label,
    }


register(
    Kind(
        "merchant.talked",
        sentence=_("%(actor)s spoke with the merchant (%(channel)s): %(subject)s."),
        payload={"channel": "code", "subject": "code"},
        show=_shown,
    ),
)
