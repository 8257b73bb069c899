"""How a box speaks: who hears it, with which service, who may; the same for the workbench and the quick look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from aftersales.tickets import selectors, services
from aftersales.tickets.models import Ticket
from aftersales.tickets.states import ACTIVE_STATES, AskInPerson, TicketState


@dataclass(frozen=True)
class Voice:
    """One way to speak; ``done``: what the page says when the words are kept at once."""

    label: Any
    capability: str
    service: Callable[..., Any]
    done: Any


TAKEN_DOWN = gettext_lazy("Taken down.")
VOICES: Mapping[str, Voice] = {
    "customer": Voice(
        pgettext_lazy("reply box", "Reply to customer"), "tickets.reply", services.ticket_reply,
        gettext_lazy("Sent to the customer."),
    ),
    "merchant": Voice(
        pgettext_lazy("reply box", "Ask merchant"), "tickets.reply", services.ticket_ask_merchant,
        gettext_lazy("Sent to the merchant."),
    ),
    "note": Voice(
        pgettext_lazy("reply box", "Internal note"), "tickets.note", services.note_add, gettext_lazy("Note kept.")
    ),
    "heard": Voice(
        pgettext_lazy("reply box", "Customer said"), "tickets.hear_customer", services.customer_message, TAKEN_DOWN
    ),
    "answered": Voice(
        pgettext_lazy("reply box", "Merchant said"), "tickets.hear_merchant", services.merchant_message, TAKEN_DOWN
    ),
}  # fmt: skip
ASKING = ("customer", "merchant")  # these wait for an answer: only while work goes on
NOT_SENT = gettext_lazy("Noted, not delivered: %(why)s. Please call, and register the call.")
# Why nothing that is written here reaches somebody: the same question that the service asks.
UNHEARD: Mapping[str, Callable[[Ticket], str]] = {
    "customer": selectors.unheard_because,
    "merchant": selectors.merchant_unheard_because,
}


def offered(user: Any, row: Ticket) -> list[tuple[str, Any]]:
    """The voices of this person on this ticket, with their labels."""
    return [
        (name, voice.label)
        for name, voice in VOICES.items()
        if user.has_perm(voice.capability)
        and (row.merchant_id or name not in ("merchant", "answered"))
        and (row.state in ACTIVE_STATES or name not in ASKING)
    ]


def first(user: Any, row: Ticket) -> str:
    return next((name for name, _label in offered(user, row)), "")


def unheard_words(row: Ticket, voice: str) -> str:
    """Why this voice reaches nobody on this ticket, in words; empty when a message goes out."""
    return why_words(UNHEARD[voice](row) if voice in UNHEARD else "")


def why_words(why: str) -> str:
    return str(AskInPerson(why).label) if why else ""


def ended_words(row: Ticket) -> str:
    """Why nothing is sent from a finished ticket; empty while work goes on."""
    if row.state in ACTIVE_STATES or row.state == TicketState.MERGED:  # what is said there arrives elsewhere
        return ""
    words = _("%(state)s: from here nothing is sent any more. To write to the customer, reopen the ticket.")
    return words % {"state": row.get_state_display()}
