"""Texts of actions: the variables of the reply box filled from the ticket, and wording that is never sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import Refusal, Text
from aftersales.tickets import answering
from aftersales.tickets.models import Ticket
from aftersales.tickets.selectors.answer_templates import read_facts, values_of

# The blanks of the reply box, and two that only steps know.
VARIABLES: Mapping[str, Text] = {
    **{name: one.label for name, one in answering.VARIABLES.items()},
    "subject": pgettext_lazy("variable", "subject"),
    "team": pgettext_lazy("variable", "team"),
}


def refused(text: str, now: datetime) -> Refusal | None:
    """Why a text may not stand in a macro or a rule, or be sent to many: unknown variables, a bought review."""
    unknown = [name for name in answering.blanks(text) if name not in VARIABLES]
    if unknown:
        return Refusal("variable", gettext("There is no variable {%(name)s}.") % {"name": unknown[0]})
    return next(iter(answering.review_problems(text)), None)


def _values(text: str, ticket: Ticket, actor: Any, now: datetime) -> Mapping[str, str]:
    """What the blanks of this text say on this ticket to this writer; only what is asked for is read."""
    wanted = set(answering.blanks(text))
    if not wanted:
        return {}
    own = {"subject": ticket.subject, "team": ticket.team.name if ticket.team else ""}
    return own | values_of(ticket, actor, now, wanted)


def read(texts: Sequence[str], tickets: Sequence[Ticket], now: datetime) -> None:
    """Whatever the blanks of these texts need on all of these tickets, at once."""
    read_facts(tickets, {name for text in texts for name in answering.blanks(text)}, now)


def missing(text: str, ticket: Ticket, actor: Any, now: datetime) -> Refusal | None:
    """A variable that this ticket cannot fill: nobody sends a letter with a hole."""
    values = _values(text, ticket, actor, now)
    for name in answering.blanks(text):
        if not values.get(name):
            what = VARIABLES.get(name, name)
            words = _("The text names “%(what)s”, which this ticket does not have.") % {"what": what}
            return Refusal("hole", words)
    return None


def filled(text: str, ticket: Ticket, actor: Any, now: datetime) -> str:
    """The text with its variables filled in; a brace that is no variable stays as it is."""
    return answering.fill(text, _values(text, ticket, actor, now))
