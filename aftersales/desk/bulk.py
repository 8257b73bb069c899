"""What may be done with several chosen tickets, said before the click: which of them an act will refuse, and why.

The door itself is asked, set by set: what stands on the bar is what happens after it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy

from accounts.models import User
from accounts.selectors import names_of_teams
from aftersales.core import moves
from aftersales.core.errors import Refusal
from aftersales.core.posted import whole
from aftersales.tickets.actions import judging
from aftersales.tickets.actions.kinds import Asked
from aftersales.tickets.models import Ticket

LIMIT = 200  # tickets of one act
NAMED = 4  # numbers that stand beside a reason
Judged = Mapping[int, Sequence[Refusal]]


@dataclass(frozen=True)
class Reason:
    """One reason and the tickets it holds back; ``everyone`` means that no number needs to be named."""

    words: str
    numbers: list[str]
    everyone: bool = False

    @property
    def named(self) -> list[str]:
        return [] if self.everyone else self.numbers[:NAMED]

    @property
    def more(self) -> int:
        return 0 if self.everyone else max(0, len(self.numbers) - NAMED)


@dataclass(frozen=True)
class BulkAct:
    """One act on the chosen tickets: for how many it is possible, and what holds the others back."""

    name: str
    label: Any
    fit: int
    refused: int
    reasons: list[Reason]


@dataclass(frozen=True)
class Chosen:
    """The chosen tickets as this person sees them.

    ``gone`` counts those that are not there any more, or never were; ``over`` those beyond ``LIMIT``.
    """

    tickets: Sequence[Ticket] = ()
    gone: int = 0
    over: int = 0
    acts: Sequence[BulkAct] = ()
    people: Sequence[tuple[int, str]] = field(default_factory=list)

    @property
    def keys(self) -> list[int]:
        return [ticket.pk for ticket in self.tickets]

    @property
    def notes(self) -> list[str]:
        return notes(self.gone, self.over)

    @property
    def held_back(self) -> bool:
        """Whether anything must be said before the click."""
        return bool(self.notes or any(act.refused for act in self.acts))


def asked_for(data: QueryDict) -> tuple[list[int], int]:
    """The keys that were sent, each once, at most ``LIMIT`` of them; and how many were too many."""
    keys = list(dict.fromkeys(key for value in data.getlist("ids") if (key := whole(value))))
    return keys[:LIMIT], max(0, len(keys) - LIMIT)


def rows(user: Any, keys: Sequence[int]) -> QuerySet[Ticket]:
    """Those of the chosen tickets that this person may see."""
    found: QuerySet[Ticket] = Ticket.objects.visible_to(user).filter(pk__in=keys)
    return found


def chosen(user: Any, data: QueryDict, now: datetime) -> Chosen:
    """The tickets with every act this person has for several at once, judged."""
    keys, over = asked_for(data)
    tickets = list(rows(user, keys).order_by("next_due_at", "id"))
    may = [name for name, (capability, _label, _judge) in ACTS.items() if user.has_perm(capability)]
    to_whom = people(user, now) if "assign" in may else []
    to = _person(data, to_whom)
    acts = [_act(name, tickets, user, now, to) for name in may] if tickets else []
    return Chosen(tickets, len(keys) - len(tickets), over, acts, to_whom)


def _person(data: QueryDict, to_whom: Sequence[tuple[int, str]]) -> User | None:
    """Whom the list would give them to, when somebody is chosen already."""
    wanted = whole(data.get("to"))
    if wanted is None or wanted not in dict(to_whom):
        return None
    return User.objects.filter(pk=wanted).first()


def _act(name: str, tickets: Sequence[Ticket], user: Any, now: datetime, to: User | None) -> BulkAct:
    _capability, label, judge = ACTS[name]
    judged = judge(tickets, user, now, to)
    held: dict[str, list[str]] = defaultdict(list)
    for ticket in tickets:
        if refusals := judged[ticket.pk]:
            held[" ".join(map(str, refusals))].append(ticket.number)
    refused = sum(map(len, held.values()))
    reasons = [Reason(words, numbers, len(numbers) == len(tickets)) for words, numbers in held.items()]
    return BulkAct(name, label, len(tickets) - refused, refused, reasons)


def _assigned(tickets: Sequence[Ticket], user: Any, now: datetime, to: User | None) -> Judged:
    return moves.judged(tickets, "assign", actor=user, now=now, data={"to": to} if to else {})


def _put_back(tickets: Sequence[Ticket], user: Any, now: datetime, to: User | None) -> Judged:
    return moves.judged(tickets, "unassign", actor=user, now=now)


def _taken(tickets: Sequence[Ticket], user: Any, now: datetime, to: User | None) -> Judged:
    return judging.taken(tickets, Asked(user, now))


# Capability, label, how it is judged.
ACTS: Mapping[str, tuple[str, Any, Callable[[Sequence[Ticket], Any, datetime, User | None], Judged]]] = {
    "assign": ("tickets.assign", pgettext_lazy("queue page", "Assign"), _assigned),
    "put_back": ("tickets.assign", pgettext_lazy("ticket move", "Put back"), _put_back),
    "take": ("tickets.take", pgettext_lazy("queue row", "Take"), _taken),
}


def notes(gone: int, over: int) -> list[str]:
    """What is left out of the choice. Foreign and vanished tickets look the same."""
    found = []
    if gone:
        words = ngettext(
            "%(number)d of the chosen tickets is no longer here.",
            "%(number)d of the chosen tickets are no longer here.",
            gone,
        )
        found.append(words % {"number": gone})
    if over:
        words = _("At most %(limit)d tickets at once: %(number)d are left out.")
        found.append(words % {"limit": LIMIT, "number": over})
    return found


def people(user: Any, now: datetime) -> list[tuple[int, str]]:
    """Whom a lead may give tickets to: the people of the own teams who work on tickets, by name."""
    names = dict(names_of_teams(user.team_ids, now))
    fit = {person.pk for person in User.objects.filter(pk__in=names) if person.has_perm("tickets.work")}
    return [(pk, name) for pk, name in names.items() if pk in fit]
