"""Steps of macros and rules as a form writes them: read, changed by its buttons, shown again. No script is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.models import Team
from aftersales.core.machine import Need
from aftersales.core.posted import whole
from aftersales.tickets import actions
from aftersales.tickets.actions import Action, Step
from aftersales.tickets.actions.kinds import LONGEST_STEPS
from aftersales.tickets.actions.words import VARIABLES

Choices = Sequence[tuple[int, str]]


@dataclass(frozen=True)
class Field:
    """One parameter of a step as the form shows it."""

    need: Need
    name: str
    value: str
    options: Sequence[tuple[str, Any]] = ()

    @property
    def kind(self) -> str:
        return "choice" if self.need.kind in ("user", "team") else self.need.kind

    @property
    def words(self) -> str:
        """The value as people read it."""
        return str(dict(self.options).get(self.value, self.value))

    @property
    def has_variables(self) -> bool:
        return self.need.name.startswith("text")


@dataclass(frozen=True)
class Shown:
    """One step of the list."""

    number: int
    action: Action
    fields: Sequence[Field] = field(default_factory=list)

    @property
    def index(self) -> int:
        return self.number - 1


def posted(data: QueryDict) -> list[Step]:
    """The steps as they stand in the form, unchecked; an action that does not exist is left out."""
    known = {one.code: one for one in actions.actions()}
    found = []
    for index in range(LONGEST_STEPS + 1):
        action = known.get(data.get(f"do-{index}", ""))
        if action is not None:
            values = {need.name: data.get(f"{index}-{need.name}", "") for need in action.needs}
            found.append(Step(action.code, {name: value for name, value in values.items() if value}))
    return found


def pressed(data: QueryDict, steps: Sequence[Step]) -> list[Step] | None:
    """The steps after one of the list's own buttons (add, remove, up, down); None when it was another one."""
    found = list(steps)
    if "add" in data:
        known = {one.code for one in actions.actions()}
        new = data.get("new", "")
        if new in known and len(found) < LONGEST_STEPS:
            found.append(Step(new))
        return found
    for verb in ("remove", "up", "down"):
        at = whole(data.get(verb))
        if at is not None and at < len(found):
            return _moved(found, verb, at)
    return None


def _moved(steps: list[Step], verb: str, at: int) -> list[Step]:
    if verb == "remove":
        del steps[at]
    else:
        other = at - 1 if verb == "up" else at + 1
        if 0 <= other < len(steps):
            steps[at], steps[other] = steps[other], steps[at]
    return steps


def shown(
    steps: Sequence[Step], people: Choices = (), teams: Choices = (), *, plain: bool = False
) -> list[Shown]:
    """The steps with their fields.

    ``plain``: without the step's number in the names of its fields (a dialog with one action).
    """
    return [
        Shown(
            number,
            step.action,
            [
                _field(step, need, "" if plain else f"{number - 1}-", people, teams)
                for need in step.action.needs
            ],
        )
        for number, step in enumerate(steps, 1)
    ]


def _field(step: Step, need: Need, prefix: str, people: Choices, teams: Choices) -> Field:
    value = str(step.values.get(need.name, ""))
    options: list[tuple[str, Any]] = []
    if need.kind == "choice" and need.choices:
        options = [(str(code), label) for code, label in need.choices()]
    elif need.kind == "team":
        options = [(str(pk), name) for pk, name in teams]
        if value and value not in dict(options):
            options.append((value, _("A team that is closed or not yours")))
    elif need.kind == "user":
        options = [(str(pk), name) for pk, name in people]
        if value and value not in dict(options):
            options.append((value, _("Somebody of another team")))
    return Field(need, f"{prefix}{need.name}", value, options)


def teams(user: Any) -> list[tuple[int, str]]:
    """Where a step may send a ticket: the teams at work that this person sees."""
    return [(team.pk, str(team)) for team in Team.objects.visible_to(user).active()]


def variables() -> list[tuple[str, Any]]:
    """The variables of a text as they are written, with what they stand for."""
    return [("{" + name + "}", label) for name, label in VARIABLES.items()]


def offered(user: Any, *, for_rule: bool = False) -> list[Action]:
    """Actions to choose from: those of the person's rights; a rule acts as the system, but not everything."""
    return [one for one in actions.actions() if (one.by_rule if for_rule else user.has_perm(one.capability))]


def single(action: Action, data: QueryDict) -> Step:
    """One action with its values from a form whose names carry no number."""
    values = {need.name: data.get(need.name, "") for need in action.needs}
    return Step(action.code, {name: value for name, value in values.items() if value})
