"""What a move costs in statements (issue: at most 8 without clocks, whatever the size of the batch)."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aftersales.core import deliveries, facts, moves
from tests.toy.models import Parcel

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_registries")]
A_MOVE = ["SELECT", "SELECT", "UPDATE", "INSERT", "INSERT", "INSERT"]
FRAME = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")


def statements(work: Any) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        work()
    return [query["sql"] for query in captured if not query["sql"].startswith(FRAME)]


def stamps_missing(rows: Any, now: Any) -> dict[int, bool]:
    heavy = Parcel.objects.filter(pk__in=[row.pk for row in rows], weight__gt=50).values_list("pk", flat=True)
    return dict.fromkeys(heavy, True)


@pytest.fixture(autouse=True)
def _busy_house(own_registries: None) -> None:
    """A fact to ask and a consumer to serve: the full price."""
    facts.provide("toy.stamps_missing", stamps_missing)
    deliveries.subscribe("toys", "parcel.*", lambda event, now: None)


def test_a_single_move_costs_six_statements(parcel, agent, now) -> None:
    """Lock, the one fact, update, history, event, delivery."""
    found = statements(lambda: moves.perform(parcel, "send", actor=agent, now=now, carrier="sf"))
    assert [sql.split()[0] for sql in found] == A_MOVE
    assert len(found) <= 8


def test_a_batch_of_five_hundred_costs_the_same_and_one_to_find_its_rows(make_parcels, agent, now) -> None:
    make_parcels(moves.BATCH)
    data = {"carrier": "sf"}
    outcomes = []
    found = statements(
        lambda: outcomes.append(
            moves.perform_many(Parcel.objects.all(), "send", actor=agent, now=now, data=data)
        )
    )
    assert len(outcomes[0].done) == moves.BATCH
    assert [sql.split()[0] for sql in found] == ["SELECT", *A_MOVE]


def test_a_row_without_history_costs_one_statement_to_shut_the_guard(lamp, agent, now) -> None:
    found = statements(lambda: moves.perform(lamp, "switch_on", actor=agent, now=now))
    assert [sql.split()[0] for sql in found] == ["SELECT", "UPDATE", "SELECT", "INSERT"]


def test_a_change_of_columns_costs_five_statements(parcel, agent, now) -> None:
    found = statements(lambda: moves.change(parcel, actor=agent, now=now, event="parcel.weighed", weight=2))
    assert len(found) == 5


def test_a_new_row_costs_four_statements(agent, now) -> None:
    found = statements(lambda: moves.create(Parcel(), actor=agent, now=now, event="parcel.packed"))
    assert len(found) == 4


def test_asking_for_the_buttons_costs_one_query_per_kind_of_fact(parcel, agent, now) -> None:
    facts._providers.clear()
    facts.provide(
        "toy.stamps_missing", lambda rows, now: {row.pk: Parcel.objects.count() > 9 for row in rows}
    )
    assert len(statements(lambda: moves.options(parcel, actor=agent, now=now))) == 1
