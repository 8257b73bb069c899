"""Answers about tickets that belong together: what goes on where, what is linked, what may be the same."""

import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BigIntegerField, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce
from django.utils.translation import ngettext_lazy

from aftersales.core.wording import listed
from aftersales.tickets.models import DuplicatePair, Ticket, TicketLink, TicketMerge
from aftersales.tickets.states import (
    ACTIVE_STATES,
    LinkKind,
    LinkSide,
    PairVerdict,
    SameReason,
    TicketState,
)

INTO, HERE, MAYBE = "into", "here", "maybe"

# What the other ticket of a link is: first for the one that the link names first.
SIDES = {
    LinkKind.PARENT: (LinkSide.CHILD, LinkSide.PARENT),
    LinkKind.SPLIT: (LinkSide.PART, LinkSide.ORIGIN),
    LinkKind.RELATED: (LinkSide.RELATED, LinkSide.RELATED),
}


def going_on(ticket: Ticket) -> Ticket:
    """The ticket itself, or the one that goes on for it where it was merged."""
    if ticket.state != TicketState.MERGED:
        return ticket
    found = TicketMerge.objects.filter(ticket=ticket, undone_at=None).select_related("root").first()
    return found.root if found else ticket


@dataclass(frozen=True)
class Bond:
    """Another ticket and what it is to this one. ``seen``: whether this reader may open it; ``key``: of the link."""

    what: str
    pk: int
    number: str
    subject: str
    state: str
    opened_at: datetime
    key: str
    reasons: Sequence[Any]
    seen: bool

    @property
    def side(self) -> str:
        return str(dict(LinkSide.choices).get(self.what, ""))

    @property
    def state_words(self) -> str:
        return str(TicketState(self.state).label)

    @property
    def likeness(self) -> int:
        """How near the words are, of 100."""
        return max((int(number) for _code, number in self.reasons), default=0)

    @property
    def because(self) -> str:
        """Why it may be the same, in words."""
        return reasons_in_words(self.reasons)


@dataclass(frozen=True)
class Bonds:
    """Every ticket that this one belongs with, as one reader may see it."""

    all: Sequence[Bond] = field(default_factory=tuple)

    @property
    def into(self) -> Bond | None:
        """The ticket that goes on for this one."""
        return next((one for one in self.all if one.what == INTO), None)

    @property
    def here(self) -> list[Bond]:
        """The tickets that go on in this one, the earliest first."""
        return sorted((one for one in self.all if one.what == HERE), key=lambda one: (one.opened_at, one.pk))

    @property
    def links(self) -> list[Bond]:
        """Parents and children first, each kind by its age: PostgreSQL answers a union in any order."""
        found = [one for one in self.all if one.what in LinkSide.values and one.seen]
        return sorted(found, key=lambda one: (LinkSide.values.index(one.what), one.pk))

    @property
    def hidden(self) -> int:
        """Links to tickets that this reader may not see: counted, not named."""
        return sum(one.what in LinkSide.values and not one.seen for one in self.all)

    @property
    def seen(self) -> dict[int, bool]:
        """Of all of them by their keys: whether this reader may see it."""
        return {one.pk: one.seen for one in self.all}

    @property
    def maybe(self) -> list[Bond]:
        """What may be the same, the likest first."""
        found = [one for one in self.all if one.what == MAYBE and one.seen]
        return sorted(found, key=lambda one: (-one.likeness, one.pk))

    @property
    def origins(self) -> dict[int, str]:
        """The merged tickets by their keys: where a message of the common conversation comes from."""
        return {one.pk: one.number for one in self.here}

    @property
    def first_asked(self) -> datetime | None:
        """When the customer first asked, in whichever of the merged tickets."""
        return min((one.opened_at for one in self.here), default=None)


_BONDS = """
WITH found AS (
    SELECT %(first)s::jsonb ->> kind AS what, other_id AS pk, public_id AS key, '[]'::jsonb AS reasons
      FROM tickets_ticketlink WHERE ticket_id = %(ticket)s AND ended_at IS NULL
    UNION ALL
    SELECT %(second)s::jsonb ->> kind, ticket_id, public_id, '[]'::jsonb
      FROM tickets_ticketlink WHERE other_id = %(ticket)s AND ended_at IS NULL
    UNION ALL
    SELECT %(into)s, root_id, id::text, '[]'::jsonb
      FROM tickets_ticketmerge WHERE ticket_id = %(ticket)s AND undone_at IS NULL AND %(merged)s
    UNION ALL
    SELECT %(here)s, ticket_id, id::text, '[]'::jsonb
      FROM tickets_ticketmerge WHERE root_id = %(ticket)s AND undone_at IS NULL AND NOT %(merged)s
    UNION ALL
    SELECT %(maybe)s, CASE ticket_id WHEN %(ticket)s THEN other_id ELSE ticket_id END, public_id, reasons
      FROM tickets_duplicatepair
     WHERE (ticket_id = %(ticket)s OR other_id = %(ticket)s) AND verdict = %(open)s AND %(active)s
)
SELECT f.what, t.id, t.number, t.subject, t.state, t.opened_at, f.key, f.reasons, {seen}
  FROM found f JOIN tickets_ticket t ON t.id = f.pk
 WHERE f.what <> %(maybe)s OR t.state = ANY(%(states)s)
"""


def bonds(ticket: Ticket, user: Any) -> Bonds:
    """Where it was merged, what was merged here, its links, and what may be the same. One statement, asked by each page
    of a ticket: written out, because making it anew each time took longer than its answer.
    """
    told: dict[str, Any] = {
        "ticket": ticket.pk, "into": INTO, "here": HERE, "maybe": MAYBE,
        "first": json.dumps({kind: first for kind, (first, _second) in SIDES.items()}),
        "second": json.dumps({kind: second for kind, (_first, second) in SIDES.items()}),
        "merged": ticket.state == TicketState.MERGED, "active": ticket.state in ACTIVE_STATES,
        "open": PairVerdict.OPEN, "states": sorted(ACTIVE_STATES),
    }  # fmt: skip
    seen, values = _seen_by(user)
    with connection.cursor() as cursor:
        cursor.execute(_BONDS.format(seen=seen), told | values)
        rows = cursor.fetchall()
    return Bonds([
        Bond(what, pk, number, subject, state, at, key, json.loads(reasons), seen)
        for what, pk, number, subject, state, at, key, reasons, seen in rows
    ])  # fmt: skip


def _seen_by(user: Any) -> tuple[str, dict[str, Any]]:
    """Whether this reader may open the ticket ``t``, as a condition with its values: the scope's own, compiled once."""
    scope = Ticket.objects.visible_to(user).filter(pk=RawSQL("t.id", ())).order_by().values("pk")
    try:
        text, values = scope.query.sql_with_params()
    except EmptyResultSet:
        return "FALSE", {}
    names = [f"scope{number}" for number in range(len(values))]
    return f"EXISTS({text % tuple(f'%({name})s' for name in names)})", dict(zip(names, values, strict=True))


def reasons_in_words(reasons: Sequence[Any]) -> str:
    """Codes with their numbers as people say them: same order, nearly the same words (83 %)."""
    said = []
    for code, number in reasons:
        words = str(dict(SameReason.choices).get(code, code))
        said.append(f"{words} ({number} %)" if code == SameReason.WORDS else words)
    return listed(said)


def has_lookalikes() -> Q:
    """Tickets that may be the same problem as another one in work, and nobody has said yet."""
    open_pairs = DuplicatePair.objects.filter(verdict=PairVerdict.OPEN)
    return Q(state__in=ACTIVE_STATES) & (
        Q(Exists(open_pairs.filter(ticket=OuterRef("pk"), other__state__in=ACTIVE_STATES)))
        | Q(Exists(open_pairs.filter(other=OuterRef("pk"), ticket__state__in=ACTIVE_STATES)))
    )


def open_children(rows: Sequence[Ticket], now: datetime) -> dict[int, Any]:
    """Tickets whose children are not finished; counted, for not everybody may see each child.

    Whatever goes on for a merged one counts in its stead, for the child as for the parent. One query, and some more
    where a merge is among them: tickets that would wait for each other through it wait for nobody.
    """
    keys = {row.pk for row in rows}
    states = Ticket.objects.filter(pk=OuterRef("below")).values("state")[:1]
    found = _parents(keys).annotate(stands=Subquery(states)).filter(stands__in=ACTIVE_STATES)
    found = found.exclude(stands=TicketState.RESOLVED)
    pairs: dict[tuple[int, int], bool] = {}
    for above, below, parent, child in found.values_list("above", "below", "ticket_id", "other_id"):
        if above in keys and above != below:
            pairs[above, below] = pairs.get((above, below), True) and (above, below) != (parent, child)
    counted = Counter(
        above for (above, below), merged in pairs.items() if not (merged and _leads(below, above))
    )
    words = ngettext_lazy(
        "Finish its children first: %(number)d is not finished.",
        "Finish its children first: %(number)d are not finished.",
        "number",
    )
    return {pk: [words % {"number": number}] for pk, number in counted.items()}


def parents_of(ticket_id: int) -> set[int]:
    """The tickets that this one is a child of, each as the one that goes on for it today."""
    links = TicketLink.objects.filter(other=ticket_id, ended_at=None, kind=LinkKind.PARENT)
    return set(links.annotate(above=_going_on("ticket_id")).values_list("above", flat=True))


def _parents(keys: Collection[int]) -> QuerySet[Any]:
    """The links to children of these tickets and of those that were merged into them, with who goes on for each."""
    merged = TicketMerge.objects.filter(root__in=keys, undone_at=None).values("ticket")
    found: QuerySet[Any] = TicketLink.objects.filter(
        Q(ticket__in=keys) | Q(ticket__in=merged), ended_at=None, kind=LinkKind.PARENT
    ).annotate(above=_going_on("ticket_id"), below=_going_on("other_id"))
    return found


def _going_on(name: str) -> Coalesce:
    merges = TicketMerge.objects.filter(ticket=OuterRef(name), undone_at=None)
    return Coalesce(Subquery(merges.values("root_id")[:1]), F(name), output_field=BigIntegerField())


def _leads(start: int, goal: int) -> bool:
    """Whether the one waits for the other, through whatever lies between them."""
    seen, level = {start}, {start}
    while level and goal not in seen:
        level = set(_parents(level).values_list("below", flat=True)) - seen
        seen |= level
    return goal in seen


def read_with(user: Any) -> Q:
    """For rows of a ticket: those that this person reads in the ticket that goes on for it."""
    roots = Ticket.objects.visible_to(user)
    merges = TicketMerge.objects.filter(undone_at=None, root__in=roots)
    return Q(ticket__in=merges.values("ticket"))
