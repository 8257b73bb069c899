"""Two or more tickets side by side: what goes on, what may be chosen, what stands in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy, pgettext_lazy

from aftersales.core import moves
from aftersales.core.components import ClockFace
from aftersales.core.errors import Refusal
from aftersales.tickets.looks import level_badge, state_badge
from aftersales.tickets.models import Message, Ticket
from aftersales.tickets.rules import worse
from aftersales.tickets.states import ACTIVE_STATES, NO_DUE, AuthorKind

WITH = "with"
COLUMNS = 4  # side by side; more stand below each other
MOST = 200  # tickets put together at once
SUGGESTED = 8
FIELDS: Mapping[str, Any] = {
    "subject": pgettext_lazy("merging", "Subject"),
    "kind": pgettext_lazy("merging", "Kind"),
    "severity": pgettext_lazy("merging", "Severity"),
    "nature": pgettext_lazy("merging", "Nature"),
    "assignee": pgettext_lazy("merging", "Works on it"),
    "team": pgettext_lazy("merging", "Team"),
}
SEVERITY_HINT = gettext_lazy(
    "The graver one goes on by itself; a milder one takes a lead who does not handle it."
)


@dataclass(frozen=True)
class Value:
    """One ticket's value of a field."""

    ticket: Ticket
    words: str
    chosen: bool


@dataclass(frozen=True)
class Row:
    """One field of all tickets; ``same``: nothing to choose."""

    name: str
    label: Any
    values: Sequence[Value]
    hint: Any = ""

    @property
    def same(self) -> bool:
        return len({value.words for value in self.values}) == 1


@dataclass(frozen=True)
class Card:
    """One ticket at the head of its column."""

    ticket: Ticket
    survives: bool
    refusals: Sequence[Refusal] = ()
    swap: str = ""  # the address in which this one goes on

    @property
    def state(self) -> Any:
        return state_badge(self.ticket.state, self.ticket.wait_for)

    @property
    def level(self) -> Any:
        return level_badge(self.ticket.severity, self.ticket.nature)

    @property
    def face(self) -> ClockFace | None:
        row = self.ticket
        if row.next_due_at == NO_DUE:
            return None
        return ClockFace(
            str(row.get_next_promise_display()),
            "running",
            row.next_started_at,
            row.next_due_at,
            row.next_warn_at,
        )


@dataclass(frozen=True)
class Comparison:
    """Everything that the page of a merge shows."""

    cards: Sequence[Card]
    rows: Sequence[Row]

    @property
    def refused(self) -> bool:
        return any(card.refusals for card in self.cards)

    @property
    def shape(self) -> str:
        """How the columns stand: a class of the stylesheet."""
        return f"n{len(self.cards)}" if len(self.cards) <= COLUMNS else "many"


def find(user: Any, numbers: Sequence[str]) -> list[Ticket]:
    """Those of these tickets that this person may see, in their order, each with what its column shows. One query."""
    said = Message.objects.filter(ticket=OuterRef("pk"), author_kind=AuthorKind.CUSTOMER, erased_at=None)
    rows = Ticket.objects.visible_to(user).filter(number__in=numbers)
    rows = rows.select_related("customer", "order", "merchant", "assignee", "owner", "team").annotate(
        said=Subquery(said.order_by("-at", "-id").values("text")[:1]),
        message_count=Subquery(
            Message.objects.filter(ticket=OuterRef("pk"))
            .order_by()
            .values("ticket")
            .annotate(n=Count("pk"))
            .values("n")
        ),
    )
    known = {row.number: row for row in rows}
    return [known[number] for number in dict.fromkeys(numbers) if number in known]


def compare(
    into: Ticket, others: Sequence[Ticket], data: QueryDict, *, actor: Any, now: datetime
) -> Comparison:
    """The tickets side by side; the door is asked what stands in the way."""
    judged = moves.judged(others, "merge", actor=actor, now=now, data={"into": into})
    everybody = [into, *others]
    cards = [Card(one, one is into, judged.get(one.pk, ()), _swap(one, everybody)) for one in everybody]
    return Comparison(cards, [_row(name, into, others, data) for name in FIELDS])


def _swap(wanted: Ticket, everybody: Sequence[Ticket]) -> str:
    others = [one.number for one in everybody if one is not wanted]
    return f"{reverse('desk:merge', args=[wanted.number])}?{urlencode({WITH: others}, doseq=True)}"


def _row(name: str, into: Ticket, others: Sequence[Ticket], data: QueryDict) -> Row:
    tickets = [into, *others]
    wanted = data.get(name) or _first_choice(name, into, tickets)
    values = [Value(one, _words(one, name), one.number == wanted) for one in tickets]
    return Row(name, FIELDS[name], values, SEVERITY_HINT if name == "severity" else "")


def _first_choice(name: str, into: Ticket, tickets: Sequence[Ticket]) -> str:
    """The ticket that goes on; of the severities the graver."""
    if name != "severity":
        return into.number
    best = into
    for one in tickets:
        if worse(best.severity, one.severity) != best.severity:
            best = one
    return best.number


def _words(ticket: Ticket, name: str) -> str:
    shown = getattr(ticket, f"get_{name}_display", None)
    value = shown() if shown else getattr(ticket, name)
    return str(value) if value else "–"


def chosen(data: QueryDict, tickets: Sequence[Ticket], into: Ticket) -> dict[str, int]:
    """The fields that are taken from another ticket than the one that goes on, and a severity whoever has it."""
    keys = {one.number: one.pk for one in tickets}
    found = {name: keys[str(data.get(name))] for name in FIELDS if data.get(name) in keys}
    best = _first_choice("severity", into, list(tickets))
    return {
        name: pk for name, pk in found.items() if (pk != into.pk if name != "severity" else pk != keys[best])
    }


def suggested(ticket: Ticket, user: Any) -> list[Ticket]:
    """Other open tickets of the same order or customer, newest first, when nobody has named one."""
    mine: QuerySet[Ticket] = Ticket.objects.visible_to(user).active().exclude(pk=ticket.pk)
    found: dict[int, Ticket] = {}
    for condition in ({"order_id": ticket.order_id}, {"customer_id": ticket.customer_id}):
        if all(condition.values()):
            found |= {row.pk: row for row in mine.filter(**condition).order_by("-id")[:SUGGESTED]}
    return list(found.values())[:SUGGESTED]


def may_take_part(ticket: Ticket) -> bool:
    return ticket.state in ACTIVE_STATES
