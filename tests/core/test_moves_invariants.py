"""Whatever people do in whatever order, the records agree with the rows."""

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aftersales.core import deliveries, moves
from aftersales.core.errors import DomainError
from aftersales.core.models import Delivery, Event
from tests.toy.machine import PARCEL
from tests.toy.models import Parcel

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_registries")]
DATA = {"send": {"carrier": "sf"}}
VERBS = ["send", "deliver", "bring_back", "ask", "write_off", "change"]
# Each step: a verb, and for which of the three parcels; more than one goes through the door for many.
STEPS = st.lists(st.tuples(st.sampled_from(VERBS), st.sets(st.integers(0, 2), min_size=1)), max_size=12)


def act(rows: list[Parcel], verb: str, chosen: set[int], lead: Any, now: Any) -> None:
    if verb == "change":
        moves.change(rows[min(chosen)], actor=lead, now=now, event="parcel.weighed", weight=len(chosen))
    elif len(chosen) == 1:
        moves.perform(rows[min(chosen)], verb, actor=lead, now=now, **DATA.get(verb, {}))
    else:
        wanted = Parcel.objects.filter(pk__in=[rows[index].pk for index in chosen])
        moves.perform_many(wanted, verb, actor=lead, now=now, data=DATA.get(verb))


def check(row: Parcel) -> None:
    stored = Parcel.objects.get(pk=row.pk)
    told = list(Event.objects.about("toy.parcel", row.pk).order_by("id"))
    kept = list(Parcel.history.filter(id=row.pk).order_by("history_id"))
    path = [(event.old, event.new) for event in told if event.new]

    assert path[0] == ("", "packed")
    assert [old for old, _new in path[1:]] == [new for _old, new in path[:-1]], (
        "each event starts where the last ended"
    )
    assert stored.state == path[-1][1] == kept[-1].state
    declared = {(str(source), str(move.target)) for move in PARCEL.moves for source in move.sources}
    assert set(path[1:]) <= declared
    assert stored.version == kept[-1].version
    assert [version.version for version in kept] == list(range(1, stored.version + 1)), (
        "no version is missing"
    )
    assert Delivery.objects.filter(subject_id=row.pk).count() == len(told)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_rows_history_events_and_deliveries_always_agree(steps, make_parcels, cast, now) -> None:
    deliveries.subscribe("toys", "parcel.*", nobody)
    lead = cast.lead
    with transaction.atomic():
        rows = make_parcels(3)
        for verb, chosen in steps:
            try:
                act(rows, verb, chosen, lead, now)
            except DomainError:
                continue
        for row in rows:
            check(row)
        transaction.set_rollback(True)


def nobody(event: Any, now: Any) -> None:
    return None
