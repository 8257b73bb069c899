"""Every machine of every room is whole: moves exist, PostgreSQL guards them, somebody may do them."""

import inspect

import pytest
from django.apps import apps
from django_fsm import FSMFieldMixin

from accounts import capabilities
from aftersales.core import events, facts, moves
from aftersales.core.machine import BirthGuard, Machine, Move, StateGuard
from aftersales.core.models import StateModel
from aftersales.core.statefield import StateField
from tests.database import ROOT

ROOMS = ("aftersales", "accounts", "training", "tests")
MACHINES = [machine for machine in moves.machines().values() if not machine.label.startswith("toy.")]
MOVES = [(machine, move) for machine in MACHINES for move in machine.moves]
machines = pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.label)
each_move = pytest.mark.parametrize(
    ("machine", "move"), MOVES, ids=[f"{machine.label}.{move.name}" for machine, move in MOVES]
)


def test_every_protected_state_belongs_to_a_registered_machine() -> None:
    with_state = {
        model._meta.label_lower
        for model in apps.get_models()
        if not hasattr(model, "history_object")
        and any(isinstance(f, FSMFieldMixin) for f in model._meta.concrete_fields)
    }
    assert with_state == set(moves.machines())


def test_states_are_protected_and_no_machine_stands_in_a_migration() -> None:
    """A machine's field that a migration builds costs a listener for each of thousands of built models."""
    states = [
        field
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, FSMFieldMixin) and not hasattr(model, "history_object")
        and not model.__module__.startswith("tests.bench")
    ]  # fmt: skip
    assert {type(field) for field in states} == {StateField}
    assert all(field.protected and field.clone().protected for field in states)
    assert {field.deconstruct()[1] for field in states} == {"django.db.models.CharField"}
    written = [path for room in ROOMS for path in (ROOT / room).rglob("migrations/*.py")]
    assert written
    assert [path for path in written if "django_fsm" in path.read_text()] == []


@machines
def test_postgresql_guards_the_state_and_the_birth(machine: Machine) -> None:
    model = apps.get_model(machine.label)
    triggers = getattr(model._meta, "triggers", [])
    assert issubclass(model, StateModel)
    assert any(isinstance(trigger, StateGuard) for trigger in triggers)
    assert any(isinstance(trigger, BirthGuard) for trigger in triggers) or set(machine.initial) == set(
        machine.states.values
    )
    assert model._meta.get_field(machine.field).protected
    assert model._meta.get_field(machine.field).default in machine.initial


@machines
def test_every_state_can_be_reached_and_only_terminal_ones_are_an_end(machine: Machine) -> None:
    reached = set(machine.initial)
    for _step in machine.states.values:
        reached |= {str(move.target) for move in machine.moves if set(move.sources) & reached}
    assert reached == set(machine.states.values)
    with_exit = {str(source) for move in machine.moves for source in move.sources if source != move.target}
    assert set(machine.states.values) - with_exit <= set(machine.terminal)


@each_move
def test_a_move_has_a_body_with_its_own_source_and_target(machine: Machine, move: Move) -> None:
    body = getattr(apps.get_model(machine.label), move.name)
    found = {(step.source, str(step.target)) for step in body._django_fsm.transitions.values()}
    assert found == {(source, str(move.target)) for source in move.sources}
    parameters = inspect.signature(body).parameters
    named = {name for name, one in parameters.items() if one.kind is one.KEYWORD_ONLY}
    demanded = {name for name in named if parameters[name].default is inspect.Parameter.empty}
    given = {"actor", "now"} | {need.name for need in move.needs}
    if not any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        assert given <= named
    assert demanded <= given


@each_move
def test_a_move_is_recorded_and_somebody_may_do_it(machine: Machine, move: Move) -> None:
    assert events.kind(move.event)
    roles = capabilities.TABLE.get(move.capability)
    assert roles is not None, f"{move.capability} is not in the capability table"
    assert roles or move.by_system, f"nobody may {move.name}"
    assert str(move.label)


@each_move
def test_the_facts_of_a_move_are_named_and_provided(machine: Machine, move: Move) -> None:
    """A fact without a provider answers nothing; only rooms that do not exist yet may still owe one."""
    provided = facts.provided()
    missing = [name for name in move.facts if name not in provided]
    assert set(missing) <= OWED, f"{machine.label}.{move.name}: {missing}"


# Facts that later rooms provide; a name leaves this set with the room that answers it.
OWED = {"merchants.open_duties"}
