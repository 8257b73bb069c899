"""What may be done with several chosen tickets, said before the click: which of them an act will refuse, and why.

The engine that carries an act out is asked, set by set: what stands on the bar is what happens after it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext, pgettext_lazy

from accounts.models import User
from accounts.selectors import names_of_teams
from aftersales.core.posted import whole
from aftersales.core.wording import listed
from aftersales.desk import keys
from aftersales.standards.selectors import one_edition, parameter
from aftersales.tickets import actions
from aftersales.tickets.actions import Action, engine
from aftersales.tickets.models import Macro, Ticket

NAMED = 4  # numbers that stand beside a reason


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

    action: Action
    fit: int
    refused: int
    reasons: list[Reason]

    @property
    def name(self) -> str:
        return self.action.code

    @property
    def label(self) -> Any:
        return self.action.label

    @property
    def key(self) -> str:
        return keys.of(self.name)

    @property
    def why(self) -> str:
        """Why nobody of them: for the button that cannot be pressed."""
        return " ".join(reason.words for reason in self.reasons) if not self.fit else ""


# How the acts stand together on the bar. One that is in no group stands with the work.
GROUPS: Sequence[tuple[Any, Sequence[str]]] = (
    (pgettext_lazy("bulk acts", "Say"), ("reply", "note", "ask_merchant", "agree")),
    (
        pgettext_lazy("bulk acts", "Give"),
        ("take", "assign", "put_back", "to_team", "escalate", "watch", "unwatch"),
    ),
    (pgettext_lazy("bulk acts", "Work"), ("start", "wait", "resume", "resolve", "regrade")),
    (pgettext_lazy("bulk acts", "End"), ("cancel", "archive")),
)
FIRST = ("reply", "note", "assign", "take", "put_back", "resolve")  # these stand on the bar itself


@dataclass(frozen=True)
class Chosen:
    """The chosen tickets as this person sees them.

    ``gone`` counts those that are not there any more, or never were; ``over`` those beyond what one act may touch.
    """

    tickets: Sequence[Ticket] = ()
    gone: int = 0
    over: int = 0
    most: int = 0
    acts: Sequence[BulkAct] = ()
    people: Sequence[tuple[int, str]] = field(default_factory=list)
    macros: Sequence[Macro] = ()

    @property
    def keys(self) -> list[int]:
        return [ticket.pk for ticket in self.tickets]

    @property
    def notes(self) -> list[str]:
        return notes(self.gone, self.over, self.most)

    @property
    def first(self) -> list[BulkAct]:
        found = {act.name: act for act in self.acts}
        return [found[name] for name in FIRST if name in found]

    @property
    def groups(self) -> list[tuple[Any, list[BulkAct]]]:
        """All others, grouped."""
        found = {act.name: act for act in self.acts if act.name not in FIRST}
        groups = [(label, [found.pop(name) for name in names if name in found]) for label, names in GROUPS]
        if found:
            groups.append((pgettext("bulk acts", "More"), list(found.values())))
        return [(label, acts) for label, acts in groups if acts]

    @property
    def held(self) -> list[tuple[str, Reason]]:
        """What holds tickets back from the acts on the bar; the same reason of several acts is said once."""
        said: dict[tuple[str, tuple[str, ...]], tuple[list[str], Reason]] = {}
        for act in self.first:
            for reason in act.reasons:
                known = said.setdefault((reason.words, tuple(reason.numbers)), ([], reason))
                known[0].append(str(act.label))
        return [(listed(labels), reason) for labels, reason in said.values()]

    @property
    def held_back(self) -> bool:
        """Whether anything must be said before the click."""
        return bool(self.notes or self.held)


def asked_for(data: QueryDict, most: int) -> tuple[list[int], int]:
    """The keys that were sent, each once, at most ``most`` of them; and how many were too many."""
    found = list(dict.fromkeys(key for value in data.getlist("ids") if (key := whole(value))))
    return found[:most], max(0, len(found) - most)


def rows(user: Any, wanted: Sequence[int]) -> QuerySet[Ticket]:
    """Those of the chosen tickets that this person may see."""
    found: QuerySet[Ticket] = Ticket.objects.visible_to(user).filter(pk__in=wanted)
    return found


def chosen(user: Any, data: QueryDict, now: datetime) -> Chosen:
    """The tickets with every act of this person's rights, judged by the engine that carries it out."""
    with one_edition():
        most = int(parameter("bulk_rows", now))
        wanted, over = asked_for(data, most)
        tickets = list(rows(user, wanted).select_related(*engine.RELATED).order_by("next_due_at", "id"))
        offered = [one for one in actions.actions() if user.has_perm(one.capability)] if tickets else []
        to_whom = people(user, now) if any(one.code == "assign" for one in offered) else []
        to = _person(data, to_whom)
        acts = [_act(one, tickets, user, now, to) for one in offered]
    macros = list(Macro.objects.usable_by(user)) if tickets and user.has_perm("tickets.use_macros") else []
    return Chosen(tickets, len(wanted) - len(tickets), over, most, acts, to_whom, macros)


def _person(data: QueryDict, to_whom: Sequence[tuple[int, str]]) -> int | None:
    """Whom the list would give them to, when somebody is chosen already."""
    wanted = whole(data.get("to"))
    return wanted if wanted in dict(to_whom) else None


def _act(action: Action, tickets: Sequence[Ticket], user: Any, now: datetime, to: int | None) -> BulkAct:
    values = {"to": to} if to and action.code == "assign" else {}
    judged = engine.open_to(action, tickets, actor=user, now=now, values=values)
    held: dict[str, list[str]] = defaultdict(list)
    for ticket in tickets:
        if refusals := judged[ticket.pk]:
            held[" ".join(map(str, refusals))].append(ticket.number)
    refused = sum(map(len, held.values()))
    reasons = [Reason(words, numbers, len(numbers) == len(tickets)) for words, numbers in held.items()]
    return BulkAct(action, len(tickets) - refused, refused, reasons)


def notes(gone: int, over: int, most: int) -> list[str]:
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
        found.append(words % {"limit": most, "number": over})
    return found


def people(user: Any, now: datetime) -> list[tuple[int, str]]:
    """Whom a lead may give tickets to: the people of the own teams who work on tickets, by name."""
    names = dict(names_of_teams(user.team_ids, now))
    fit = {person.pk for person in User.objects.filter(pk__in=names) if person.has_perm("tickets.work")}
    return [(pk, name) for pk, name in names.items() if pk in fit]
