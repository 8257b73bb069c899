"""An act or a macro on many chosen tickets: what is chosen, what will happen to each, said before the click."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aftersales.core.errors import DomainError
from aftersales.core.posted import whole
from aftersales.desk import queues, saved, steps
from aftersales.standards.selectors import parameter
from aftersales.tickets import actions
from aftersales.tickets.actions import Action, Step, engine
from aftersales.tickets.models import AnswerTemplate, Macro, Ticket
from aftersales.tickets.selectors.answer_templates import fitting

TOLD_IN_FULL = 50  # tickets whose change is written out line by line


@dataclass(frozen=True)
class Line:
    """One chosen ticket and what would become of it."""

    ticket: Ticket
    words: str = ""
    refused: str = ""


@dataclass(frozen=True)
class Plan:
    """What is to be done with which tickets. ``gone``: chosen, and not there for this person.

    ``wrong``: why it cannot be judged yet (a missing value)."""

    ids: Sequence[int]
    left_out: int
    gone: int = 0
    steps: Sequence[Step] = ()
    action: Action | None = None
    macro: Macro | None = None
    wrong: str = ""
    lines: Sequence[Line] = field(default_factory=list)

    @property
    def title(self) -> str:
        """What is done to how many."""
        what = self.action.label if self.action else self.macro.name if self.macro else ""
        number = len(self.ids)
        if not what:
            words = ngettext("What to do with %(n)d ticket", "What to do with %(n)d tickets", number)
        else:
            words = ngettext("%(what)s: %(n)d ticket", "%(what)s: %(n)d tickets", number)
        return words % {"n": number, "what": what}

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
        view = saved.opened(user, query)
        listed = queues.listed(user, view.wanted, now).values_list("pk", flat=True)
        found = (
            [] if view.ended else list(listed[: most + 1])
        )  # an ended view holds nothing; its address shows another
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
    return found, None, [_with_template(steps.single(found, data), user, data)] if found else []


def _with_template(step: Step, user: Any, data: QueryDict) -> Step:
    """The words of an answer template, when one was just chosen: its blanks are filled for each ticket by itself."""
    if "fill" not in data or "text" not in step.action.says:
        return step
    rows = AnswerTemplate.objects.visible_to(user).in_use()
    row = (
        rows.filter(code=data.get("template", "")[:60]).first()
        if user.has_perm("tickets.use_answers")
        else None
    )
    if row is None:
        return step
    texts = {"text": row.body_zh, "text_en": row.body_en}
    return Step(
        step.do, {**step.values, **{name: texts[name] for name in step.action.says if texts.get(name)}}
    )


def templates(plan: Plan, user: Any) -> list[tuple[str, str]]:
    """The answer templates for what is said to many: those that fit most of them stand first, as in the reply box."""
    says = plan.action is not None and bool(plan.action.says)
    if not says or not plan.lines or not user.has_perm("tickets.use_answers"):
        return []
    return [(row.code, row.title) for row in fitting(plan.lines[0].ticket, user)]


def plan(user: Any, data: QueryDict, now: datetime) -> Plan:
    """Everything judged, ticket by ticket, by the engine that will carry it out."""
    ids, left_out = keys(user, data, now)
    action, macro, found = wish(user, data)
    rows = Ticket.objects.visible_to(user).filter(pk__in=ids).select_related(*engine.RELATED)
    tickets = list(rows.order_by("next_due_at", "id"))
    known: dict[str, Any] = {
        "ids": [one.pk for one in tickets],
        "left_out": left_out,
        "gone": len(ids) - len(tickets),
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
