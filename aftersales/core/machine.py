"""A state machine declared once: the door, the pages, the database guard and the docs all read it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

import pgtrigger
from django.db import models

from aftersales.core.errors import Refusal, Text

Guard = Callable[..., Iterable[Refusal]]


@dataclass(frozen=True)
class Need:
    """Data that a move asks for. ``kind`` picks the form field: text, long, choice, moment, user, team, flag.

    A *hidden* need is never asked of a person: the service that owns the move computes it.
    """

    name: str
    label: Text
    kind: str = "text"
    required: bool = True
    choices: Callable[[], Iterable[tuple[str, Text]]] | None = None
    help: Text = ""
    max_length: int = 2000


@dataclass(frozen=True)
class Move:
    """One verb of a machine. ``guards`` get ``(row, facts, actor, now, data)`` and yield refusals.

    ``authority`` names what the move decides (``core.authority``): how much of it is this person's to decide.
    """

    name: str
    sources: Sequence[str]
    target: str
    capability: str
    label: Text
    event: str
    guards: Sequence[Guard] = ()
    needs: Sequence[Need] = ()
    facts: Sequence[str] = ()
    effect: Text = ""
    authority: str = ""
    by_system: bool = False  # shown to nobody: a clock, a job or the customer's page performs it

    def missing(self, data: Mapping[str, Any]) -> list[Need]:
        return [need for need in self.needs if need.required and data.get(need.name) in (None, "")]


@dataclass(frozen=True)
class Machine:
    """All moves of one state field of one model (``label`` is ``app_label.model_name``)."""

    label: str
    states: type[models.TextChoices]
    moves: Sequence[Move]
    initial: Sequence[str]
    field: str = "state"
    terminal: Sequence[str] = ()
    _by_name: dict[str, Move] = dataclass_field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        known = set(self.states.values)
        for move in self.moves:
            unknown = ({*move.sources, move.target, *self.initial, *self.terminal}) - known
            if unknown or move.name in self._by_name:
                raise ValueError(f"{self.label}.{move.name}: unknown states {unknown} or declared twice")
            self._by_name[move.name] = move

    def __getitem__(self, name: str) -> Move:
        return self._by_name[name]

    def transition(self, name: str) -> dict[str, Any]:
        """Arguments for ``@transition``, so that a body never repeats its source and target."""
        move = self[name]
        return {"field": self.field, "source": list(move.sources), "target": str(move.target)}

    def guard_trigger(self) -> pgtrigger.Trigger:
        """PostgreSQL refuses a state change that did not come through the door by a declared move."""
        return StateGuard(name=f"{self.field}_door", machine=self)

    def birth_trigger(self) -> pgtrigger.Trigger:
        """PostgreSQL refuses a row that is born in any state but an initial one."""
        return BirthGuard(name=f"{self.field}_birth", machine=self)

    def triggers(self) -> list[pgtrigger.Trigger]:
        return [self.guard_trigger(), self.birth_trigger()]


class StateGuard(pgtrigger.Trigger):
    """The door names its move in ``aftersales.move`` for the length of its UPDATE; nothing else passes.

    What is allowed stands in the WHEN clause: PostgreSQL judges it without calling a function for each row.
    """

    when = pgtrigger.Before
    operation = pgtrigger.Update

    def __init__(self, *, name: str, machine: Machine) -> None:
        self.machine = machine
        old, new = f"OLD.{machine.field}", f"NEW.{machine.field}"
        allowed = ", ".join(
            f"'{move.name}:{source}:{move.target}'"
            for move in machine.moves
            for source in move.sources
            if source != move.target
        )
        super().__init__(
            name=name,
            condition=pgtrigger.Condition(
                f"{old} IS DISTINCT FROM {new} AND (COALESCE(current_setting('aftersales.move', true), '') "
                f"|| ':' || {old} || ':' || {new}) NOT IN ({allowed})"
            ),
        )

    def get_func(self, model: Any) -> str:
        column = f'"{self.machine.field}"'
        return f"""
            RAISE EXCEPTION 'the state of % % changes only through the door (% -> %)',
                TG_TABLE_NAME, OLD.id, OLD.{column}, NEW.{column} USING ERRCODE = 'check_violation';
        """


class BirthGuard(pgtrigger.Trigger):
    """New rows start at the beginning of their machine."""

    when = pgtrigger.Before
    operation = pgtrigger.Insert

    def __init__(self, *, name: str, machine: Machine) -> None:
        states = ", ".join(f"'{state}'" for state in machine.initial)
        super().__init__(name=name, condition=pgtrigger.Condition(f"NEW.{machine.field} NOT IN ({states})"))

    def get_func(self, model: Any) -> str:
        return """
            RAISE EXCEPTION 'a row of % starts in an initial state', TG_TABLE_NAME
                USING ERRCODE = 'check_violation';
        """
