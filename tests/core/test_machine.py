"""PostgreSQL itself refuses a state that did not come through the door."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django_fsm import TransitionNotAllowed

from aftersales.core import moves, rowwrite
from aftersales.core.machine import Machine, Move
from tests.toy.machine import PARCEL
from tests.toy.models import Lamp, Parcel
from tests.toy.states import ParcelState as P

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_registries")]
DOOR = "changes only through the door"


def refused(write: Any, match: str = DOOR) -> None:
    with pytest.raises(IntegrityError, match=match), transaction.atomic():
        write()


def raw(statement: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def every_way_around(row: Any, state: str) -> list[Any]:
    """queryset.update, bulk_update, save of a tampered row, raw SQL."""
    table = row._meta.db_table

    def bulk() -> None:
        fresh = type(row).objects.get(pk=row.pk)
        fresh.__dict__["state"] = state
        type(row).objects.bulk_update([fresh], ["state"])

    def save() -> None:
        fresh = type(row).objects.get(pk=row.pk)
        fresh.__dict__["state"] = state
        fresh.save()

    return [
        lambda: type(row).objects.filter(pk=row.pk).update(state=state),
        bulk,
        save,
        lambda: raw(f"UPDATE {table} SET state = %s WHERE id = %s", state, row.pk),
    ]


@pytest.mark.parametrize("state", [P.SENT, P.DELIVERED, P.LOST, "invented"])
def test_no_way_around_the_door_even_for_a_declared_pair(parcel, state) -> None:
    for write in every_way_around(parcel, state):
        refused(write)
    assert Parcel.objects.get().state == P.PACKED


def test_after_the_door_the_guard_is_shut_again_in_the_same_transaction(parcel, agent, now) -> None:
    moves.perform(parcel, "send", actor=agent, now=now, carrier="sf")
    for state in (P.DELIVERED, P.PACKED, P.LOST):
        for write in every_way_around(parcel, state):
            refused(write)


def test_the_guard_is_shut_again_for_rows_without_history(lamp, agent, now) -> None:
    moves.perform(lamp, "switch_on", actor=agent, now=now)
    for write in every_way_around(lamp, "off"):
        refused(write)
    dark = moves.create(Lamp(), actor=agent, now=now, event="lamp.hung")
    for write in every_way_around(dark, "on"):  # the very pair that the door has just opened
        refused(write)


def test_the_guard_is_shut_again_after_a_batch_a_refusal_and_a_failure(make_parcels, agent, now) -> None:
    rows = make_parcels(3)
    moves.perform_many(
        Parcel.objects.filter(pk=rows[0].pk), "send", actor=agent, now=now, data={"carrier": "sf"}
    )
    refused(lambda: Parcel.objects.filter(pk=rows[1].pk).update(state=P.SENT))
    with pytest.raises(moves.WrongState):
        moves.perform(rows[2], "deliver", actor=agent, now=now)
    moves.change(rows[1], actor=agent, now=now, event="parcel.weighed", weight=2)
    refused(lambda: Parcel.objects.filter(pk=rows[1].pk).update(state=P.SENT))


def test_the_guard_is_shut_again_when_the_door_fails_half_way(make_parcels, agent, now, monkeypatch) -> None:
    first, second = make_parcels(2)

    def fail(*_args: Any, **_rest: Any) -> None:
        raise RuntimeError("no history")

    monkeypatch.setattr(rowwrite, "write_history", fail)
    with pytest.raises(RuntimeError):
        moves.perform(first, "send", actor=agent, now=now, carrier="sf")
    refused(lambda: Parcel.objects.filter(pk=second.pk).update(state=P.SENT))


def test_a_named_move_opens_only_its_own_step(parcel) -> None:
    """Even who names a move by hand gets no further than its declared pair."""

    def forged(move: str, state: str) -> None:
        raw("SELECT set_config('aftersales.move', %s, true)", move)
        Parcel.objects.filter(pk=parcel.pk).update(state=state)

    for move, state in (("deliver", P.SENT), ("send", P.DELIVERED), ("", P.SENT), ("anything", P.SENT)):
        refused(lambda move=move, state=state: forged(move, state))


def test_other_columns_may_change_without_the_door_where_postgresql_is_concerned(parcel) -> None:
    assert Parcel.objects.filter(pk=parcel.pk).update(asked=4) == 1


@pytest.mark.parametrize("state", [P.SENT, P.LOST, "invented"])
def test_a_row_is_born_in_an_initial_state(state, agent, now) -> None:
    refused(lambda: Parcel.objects.create(state=state), "starts in an initial state")
    refused(lambda: Parcel.objects.bulk_create([Parcel(state=state)]), "starts in an initial state")
    row = Parcel(state=state)
    refused(
        lambda: moves.create(row, actor=agent, now=now, event="parcel.packed"), "starts in an initial state"
    )


def test_a_state_is_not_assigned_and_not_moved_in_memory_from_a_wrong_state(parcel, agent, now) -> None:
    fresh = Parcel.objects.get()
    with pytest.raises(AttributeError):
        fresh.state = P.SENT
    with pytest.raises(TransitionNotAllowed):
        fresh.deliver(actor=agent, now=now)


def test_a_protected_state_can_be_refreshed_also_when_deferred(parcel, agent, now) -> None:
    stale, deferred = Parcel.objects.get(), Parcel.objects.defer("state").get()
    moves.perform(parcel, "send", actor=agent, now=now, carrier="sf")
    stale.refresh_from_db()
    assert stale.state == deferred.state == P.SENT
    stale.refresh_from_db(fields=["state"])
    assert stale.state == P.SENT
    with pytest.raises(AttributeError):
        stale.state = P.LOST


def test_a_refresh_that_fails_leaves_the_row_as_it_was(parcel) -> None:
    fresh = Parcel.objects.get()
    Parcel.objects.all().delete()
    with pytest.raises(Parcel.DoesNotExist):
        fresh.refresh_from_db()
    assert fresh.state == P.PACKED


def test_bodies_take_source_and_target_from_the_machine() -> None:
    for move in PARCEL.moves:
        declared = getattr(Parcel, move.name)._django_fsm
        assert {(t.source, t.target) for t in declared.transitions.values()} == {
            (source, move.target) for source in move.sources
        }


def test_a_machine_with_unknown_states_or_doubled_moves_is_refused() -> None:
    move = Move("send", [P.PACKED], "nowhere", "toy.move", "Send", "parcel.sent")
    with pytest.raises(ValueError, match="nowhere"):
        Machine("toy.parcel", states=P, initial=[P.PACKED], moves=[move])
    twice = Move("send", [P.PACKED], P.SENT, "toy.move", "Send", "parcel.sent")
    with pytest.raises(ValueError, match="declared twice"):
        Machine("toy.parcel", states=P, initial=[P.PACKED], moves=[twice, twice])
