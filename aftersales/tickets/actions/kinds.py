"""What an action is: its words, its typed parameters, how it is judged, foreseen and carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import DomainError, Refusal, Text
from aftersales.core.machine import Need
from aftersales.core.moves import Outcome
from aftersales.core.posted import whole
from aftersales.tickets.models import Ticket

LONGEST_STEPS = 12  # of one macro or rule: nobody can look over more
HOURS = range(1, 24 * 365)

Judged = Mapping[int, Sequence[Refusal]]


@dataclass(frozen=True)
class Asked:
    """One step of one run: who wants it, when, with which values. ``ref`` names it, so that twice is once."""

    actor: Any
    now: datetime
    values: Mapping[str, Any] = field(default_factory=dict)
    ref: str = ""

    def text(self, name: str) -> str:
        return str(self.values.get(name) or "")

    def once(self, ticket: Ticket) -> dict[str, Any]:
        """By what a message is known when it is asked for again."""
        return {"source": "action", "source_ref": f"{self.ref}.{ticket.pk}"} if self.ref else {}


@dataclass(frozen=True)
class Action:
    """One thing that can be done with a ticket, by whoever holds ``capability``.

    ``judge`` answers for many tickets at once; ``foresee`` changes a copy in memory as the act would, so that the next
    step can be judged; ``many`` is the set-based service where one exists. ``says`` names parameters with variables.
    """

    code: str
    label: Text
    icon: str
    capability: str
    judge: Callable[[Sequence[Ticket], Asked], Judged]
    carry_out: Callable[[Ticket, Asked], Any]
    foresee: Callable[[Ticket, Asked], None]
    tell: Callable[[Ticket, Asked], str]
    needs: Sequence[Need] = ()
    says: Sequence[str] = ()
    many: Callable[[QuerySet[Ticket], Asked], Outcome] | None = None
    by_rule: bool = True  # whether a rule may do it; some acts are a person's own
    unsaid: Sequence[str] = ()  # codes of refusals that only say that nothing is chosen yet


@dataclass(frozen=True)
class Step:
    """One action with its stored values: codes, numbers and texts only."""

    do: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def action(self) -> Action:
        return action(self.do)

    def stored(self) -> dict[str, Any]:
        return {"do": self.do, "with": dict(self.values)}


_actions: dict[str, Action] = {}


def register(*found: Action) -> None:
    for one in found:
        if one.code in _actions:
            raise ValueError(f"the action {one.code} is declared twice")
        _actions[one.code] = one


def action(code: str) -> Action:
    try:
        return _actions[code]
    except KeyError:
        raise DomainError(_("This act does not exist."), "unknown_act") from None


def actions() -> Sequence[Action]:
    return list(_actions.values())


def steps_of(stored: Iterable[Mapping[str, Any]]) -> list[Step]:
    """Steps as a row keeps them; an action that no longer exists is an error with words."""
    found = [Step(str(one.get("do", "")), dict(one.get("with") or {})) for one in stored]
    for step in found:
        action(step.do)
    return found


def checked(steps: Sequence[Step], now: datetime) -> list[Step]:
    """The steps with values of the right kind and no others, else a DomainError that names step and field."""
    if not steps:
        raise DomainError(_("Add at least one step."), "steps")
    if len(steps) > LONGEST_STEPS:
        raise DomainError(_("At most %(number)d steps.") % {"number": LONGEST_STEPS}, "steps")
    return [Step(step.do, _values(number, step, now)) for number, step in enumerate(steps, 1)]


def _values(number: int, step: Step, now: datetime) -> dict[str, Any]:
    from aftersales.tickets.actions import words

    found: dict[str, Any] = {}
    for need in step.action.needs:
        value = _clean(need, step.values.get(need.name))
        if value in (None, ""):
            if need.required:
                raise _wrong(number, step, _("“%(label)s” is missing.") % {"label": need.label}, need.name)
            continue
        found[need.name] = value
    for name in step.action.says:
        if refusal := words.refused(str(found.get(name, "")), now):
            raise _wrong(number, step, str(refusal), refusal.code)
    return found


def _wrong(number: int, step: Step, why: str, code: str) -> DomainError:
    words = _("Step %(number)d, %(action)s: %(why)s")
    return DomainError(words % {"number": number, "action": step.action.label, "why": why}, code)


def _clean(need: Need, value: Any) -> Any:
    """The value as its kind wants it; what is none becomes None."""
    if value is None:
        return None
    text = str(value).replace("\x00", "").strip()
    if need.kind == "choice":
        return text if text in {str(code) for code, _label in (need.choices or list)()} else None
    if need.kind in ("user", "team", "number"):
        key = whole(text)
        return None if key is None or (need.kind == "number" and key not in HOURS) else key
    return text[: need.max_length]
