"""An act or a macro on many chosen tickets: what is chosen, what will happen to each, said before the click."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from aftersales.core.errors import DomainError
from aftersales.core.posted import whole
from aftersales.desk import queues, steps
from aftersales.standards.selectors import parameter
from aftersales.tickets import actions
from aftersales.tickets.actions import Action, Step, engine
from aftersales.tickets.models import Macro, Ticket

TOLD_IN_FULL = 50  # tickets whose change is written out line by line


@dataclass(frozen=True)
class Line:
    """One chosen ticket and what would become of it."""

    ticket: Ticket
    words: str = ""
    refused: str = ""


@dataclass(frozen=True)
class Plan:
    """What is to be done with which tickets. ``wrong``: why it cannot be judged yet (a missing value)."""

    ids: Sequence[int]
    left_out: int
    steps: Sequence[Step] = ()
    action: Action | None = None
    macro: Macro | None = None
    wrong: str = ""
    lines: Sequence[Line] = field(default_factory=list)

    @property
    def fit(self) -> int:
        return sum(not line.refused for line in self.lines)

    @property
    def refused(self) -> int:
        return len(self.lines) - self.fit

    @property
    def ready(self) -> bool:
        return bool(self.steps and not self.wrong and self.fit)


def keys(user: Any, data: QueryDict, now: datetime) -> tuple[list[int], int]:
    """The chosen tickets, or all of the view they were chosen from: at most the rule book's number of them."""
    most = int(parameter("bulk_rows", now))
    if data.get("all"):
        query = QueryDict(data.get("query", "").replace("\x00", "")[:1000])
        wanted = queues.asked(query, default=queues.home_view(user), views=queues.views_of(user))
        found = list(queues.listed(user, wanted, now).values_list("pk", flat=True)[: most + 1])
    else:
        found = list(dict.fromkeys(key for value in data.getlist("ids") if (key := whole(value))))
    return found[:most], max(0, len(found) - most)


def wish(user: Any, data: QueryDict) -> tuple[Action | None, Macro | None, list[Step]]:
    """The action or the macro that was chosen, as far as this person may use it."""
    sort, _colon, code = data.get("what", "").partition(":")
    if sort == "macro":
        macro = Macro.objects.usable_by(user).filter(code=code).first()
        return None, macro, actions.steps_of(macro.steps) if macro else []
    known = {one.code: one for one in steps.offered(user)}
    found = known.get(code) if sort == "action" else None
    return found, None, [steps.single(found, data)] if found else []


def plan(user: Any, data: QueryDict, now: datetime) -> Plan:
    """Everything judged, ticket by ticket, by the engine that will carry it out."""
    ids, left_out = keys(user, data, now)
    action, macro, found = wish(user, data)
    rows = Ticket.objects.visible_to(user).filter(pk__in=ids).select_related(*engine.RELATED)
    tickets = list(rows.order_by("next_due_at", "id"))
    known: dict[str, Any] = {
        "ids": [one.pk for one in tickets],
        "left_out": left_out,
        "action": action,
        "macro": macro,
    }
    if not found:
        return Plan(**known, lines=[Line(one) for one in tickets])
    try:
        found = actions.checked(found, now)
    except DomainError as error:
        return Plan(**known, steps=found, wrong=str(error), lines=[Line(one) for one in tickets])
    return Plan(**known, steps=found, lines=_lines(found, tickets, user, now))


def _lines(found: Sequence[Step], tickets: Sequence[Ticket], user: Any, now: datetime) -> list[Line]:
    full = len(tickets) <= TOLD_IN_FULL
    told = engine.foresee(found, tickets, actor=user, now=now, telling=full)
    lines = [_line(ticket, told[ticket.pk]) for ticket in tickets]
    return sorted(lines, key=lambda line: not line.refused)


def _line(ticket: Ticket, told: Sequence[engine.Told]) -> Line:
    refused = " ".join(map(str, engine.refusals(told)))
    if refused and len(told) > 1:
        words = _("Step %(number)d, %(action)s: %(why)s")
        refused = words % {"number": len(told), "action": told[-1].step.action.label, "why": refused}
    return Line(ticket, "\n".join(filter(None, (one.words for one in told))), refused)
