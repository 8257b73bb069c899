"""What happened so far, newest first; of our own house by name, of everybody else by side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.states import Role
from aftersales.cases.states import Side
from aftersales.core import events
from aftersales.core.models import Event

from .reading import Whole


@dataclass(frozen=True)
class Happened:
    at: datetime
    words: str
    text: str = ""
    is_ours: bool = False


def of(found: Whole) -> list[Happened]:
    """One line for each event, with the words that were written with it."""
    said = {one.at: one.text for one in found.notes}
    told: list[Happened] = []
    used: set[datetime] = set()
    for event in found.events:
        text = (
            ""
            if event.at in used or not event.kind.startswith(("case.", "repair."))
            else said.get(event.at, "")
        )
        used |= {event.at} if text else set()
        told.append(Happened(event.at, events.sentence(_by_side(event)), text, event.source == "portal"))
    return told


def _by_side(event: Event) -> Event:
    """The event without names and reasons of people of the platform (in memory)."""
    event.reason = event.reason if event.source == "portal" and event.reason else ""
    if event.source == "portal":
        return event
    if event.acting_as in (Side.CUSTOMER, Side.MERCHANT):
        event.actor_name, event.acting_as = str(Side(event.acting_as).label), ""
    elif event.actor_role not in (Role.SYSTEM, Role.CUSTOMER):
        event.actor_name = _("The platform")
    return event
