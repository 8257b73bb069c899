"""Texts of actions: variables filled from the ticket, and wording that is never sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import Refusal, Text
from aftersales.tickets.answering import review_problems
from aftersales.tickets.models import Ticket

VARIABLE = re.compile(r"\{([a-z_]{1,20})\}")

# name: (what it is called, how it is read). No name of the customer: it is masked for who writes, and stays so.
VARIABLES: Mapping[str, tuple[Text, Callable[[Ticket, Any], str]]] = {
    "number": (pgettext_lazy("variable", "ticket number"), lambda ticket, actor: ticket.number),
    "subject": (pgettext_lazy("variable", "subject"), lambda ticket, actor: ticket.subject),
    "order": (
        pgettext_lazy("variable", "order number"),
        lambda ticket, actor: str(ticket.order.external_no) if ticket.order else "",
    ),
    "merchant": (
        pgettext_lazy("variable", "merchant"),
        lambda ticket, actor: str(ticket.merchant) if ticket.merchant else "",
    ),
    "agent": (pgettext_lazy("variable", "your name"), lambda ticket, actor: str(actor)),
    "team": (
        pgettext_lazy("variable", "team"),
        lambda ticket, actor: ticket.team.name if ticket.team else "",
    ),
}


def refused(text: str, now: datetime) -> Refusal | None:
    """Why a text may not stand in a macro or a rule, or be sent to many: unknown variables, a bought review."""
    unknown = sorted(set(VARIABLE.findall(text)) - set(VARIABLES))
    if unknown:
        return Refusal("variable", gettext("There is no variable {%(name)s}.") % {"name": unknown[0]})
    return next(iter(review_problems(text)), None)


def missing(text: str, ticket: Ticket, actor: Any) -> Refusal | None:
    """A variable that this ticket cannot fill: nobody sends a letter with a hole."""
    for name in VARIABLE.findall(text):
        if name not in VARIABLES or not VARIABLES[name][1](ticket, actor):
            label = VARIABLES[name][0] if name in VARIABLES else name
            return Refusal(
                "hole", _("The text names “%(what)s”, which this ticket does not have.") % {"what": label}
            )
    return None


def filled(text: str, ticket: Ticket, actor: Any) -> str:
    """The text with its variables filled in; a brace that is no variable stays as it is."""

    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        return VARIABLES[name][1](ticket, actor) if name in VARIABLES else found.group(0)

    return VARIABLE.sub(value, text)
