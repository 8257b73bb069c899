"""Several people at one row: one of them wins, the others are told."""

import threading
import time
from typing import Any

import pytest
from django.db import connection, transaction

from aftersales.core import deliveries, events, moves
from aftersales.core.errors import Busy, Conflict, WrongState
from aftersales.core.models import Delivery, Event
from tests.toy.fixtures import at_once, in_thread
from tests.toy.models import Parcel

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.concurrency,
    pytest.mark.usefixtures("own_registries"),
]
EIGHT = 8


def send(parcel: Parcel, agent: Any, now: Any) -> Any:
    return moves.perform(Parcel.objects.get(pk=parcel.pk), "send", actor=agent, now=now, carrier="sf")


def sent_events() -> int:
    return Event.objects.filter(kind="parcel.sent").count()


def impatient(work: Any) -> Any:
    """``work`` in a transaction that waits for a lock only a moment."""

    def run() -> Any:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '50ms'")
            return work()

    return run


@pytest.fixture
def held(parcel: Parcel) -> Any:
    """The parcel's row, locked by somebody else for the length of the test."""
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Parcel.objects.select_for_update().get(pk=parcel.pk)
            locked.set()
            done.wait(20)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert locked.wait(10)
    yield parcel
    done.set()
    holder.join(10)


def test_eight_at_one_move_are_one_move(parcel, agent, now) -> None:
    answers = at_once([lambda: send(parcel, agent, now)] * EIGHT)
    winners = [answer for answer in answers if isinstance(answer, Parcel)]
    losers = [answer for answer in answers if isinstance(answer, WrongState)]
    assert (len(winners), len(losers)) == (1, EIGHT - 1)
    assert sent_events() == 1
    assert Parcel.history.filter(id=parcel.pk, state="sent").count() == 1
    assert Parcel.objects.get().version == 2


def test_with_the_lock_off_the_same_eight_are_eight_moves(parcel, agent, now, monkeypatch) -> None:
    """The race is real: without the row lock all read the old state before anybody writes."""
    everybody_has_read = threading.Barrier(EIGHT)

    def read_without_lock(asked: Any, ids: Any, *, skip_locked: bool) -> list[Any]:
        rows = list(asked.filter(pk__in=ids).order_by("pk"))
        everybody_has_read.wait(10)
        return rows

    monkeypatch.setattr(moves, "_lock", read_without_lock)
    answers = at_once([lambda: send(parcel, agent, now)] * EIGHT)
    assert sum(isinstance(answer, Parcel) for answer in answers) == EIGHT
    assert sent_events() == EIGHT

    at_once([lambda: moves.perform(parcel, "ask", actor=agent, now=now)] * EIGHT)
    assert Event.objects.filter(kind="parcel.asked").count() == EIGHT
    assert Parcel.objects.get().asked == 1, "eight asked, one was counted"


def test_with_the_lock_on_no_question_is_lost(parcel, agent, now) -> None:
    send(parcel, agent, now)
    at_once([lambda: moves.perform(parcel, "ask", actor=agent, now=now)] * EIGHT)
    stored = Parcel.objects.get()
    assert (stored.asked, stored.version) == (EIGHT, EIGHT + 2)


def test_two_editors_one_saves_the_other_sees_both_values(parcel, agent, now) -> None:
    def weigh(weight: int) -> Any:
        return lambda: moves.change(
            parcel, actor=agent, now=now, event="parcel.weighed", version=1, weight=weight
        )

    answers = at_once([weigh(5), weigh(6)])
    (conflict,) = [answer for answer in answers if isinstance(answer, Conflict)]
    sent, stored = conflict.fields["weight"]
    assert {int(sent), int(stored)} == {5, 6}
    assert Parcel.objects.get().weight == stored


def test_a_row_that_stays_locked_is_busy_at_the_single_door(held, agent, now) -> None:
    with pytest.raises(Busy):
        in_thread(impatient(lambda: send(held, agent, now)))
    with pytest.raises(Busy):
        in_thread(
            impatient(lambda: moves.change(held, actor=agent, now=now, event="parcel.weighed", weight=2))
        )
    assert sent_events() == 0


def test_a_person_waits_two_seconds_and_no_longer(held, agent, now) -> None:
    started = time.monotonic()
    with pytest.raises(Busy):
        in_thread(lambda: send(held, agent, now))
    assert 1.5 < time.monotonic() - started < 20


def test_a_batch_passes_by_the_locked_row_and_says_so(held, make_parcels, agent, now) -> None:
    free = make_parcels(2)
    outcome = moves.perform_many(Parcel.objects.all(), "send", actor=agent, now=now, data={"carrier": "sf"})
    assert [row.pk for row in outcome.done] == [row.pk for row in free]
    assert (outcome.busy, outcome.refused) == ([held.pk], [])


def test_a_batch_whose_listener_meets_a_lock_is_busy_as_a_whole(held, make_parcels, agent, now) -> None:
    first, _second = free = make_parcels(2)
    mine = Parcel.objects.filter(pk__in=[row.pk for row in free])
    events.listen(
        "parcel.sent", lambda drafts, at: Parcel.objects.select_for_update().get(pk=held.pk) and None
    )
    work = impatient(lambda: moves.perform_many(mine, "send", actor=agent, now=now, data={"carrier": "sf"}))
    outcome = in_thread(work)
    assert outcome.busy == [row.pk for row in free]
    assert Parcel.objects.get(pk=first.pk).state == "packed"


def test_opposite_batches_do_not_deadlock(make_parcels, agent, now) -> None:
    """Both lock by key, whatever the order they ask in; what one holds is busy for the other."""
    make_parcels(60)

    def forth() -> Any:
        ids = Parcel.objects.order_by("id")
        return moves.perform_many(ids, "send", actor=agent, now=now, data={"carrier": "a"})

    def back() -> Any:
        ids = Parcel.objects.order_by("-id")
        return moves.perform_many(ids, "send", actor=agent, now=now, data={"carrier": "b"})

    one, other = at_once([forth, back])
    assert len(one.done) + len(other.done) == 60
    assert sent_events() == 60


# ----------------------------------------------------------------------------------------------- deliveries
def test_a_late_commit_is_not_lost(parcel, agent, now) -> None:
    """A takes an event id, B takes a higher one and commits first; a cursor at B's id would never see A's."""
    got: list[int] = []
    deliveries.subscribe("toys", "parcel.echoed", lambda event, at: got.append(event.pk))
    written, go_on = threading.Event(), threading.Event()

    def late() -> None:
        with transaction.atomic():
            events.record("parcel.echoed", subject=parcel, actor=agent, now=now)
            written.set()
            go_on.wait(10)
        connection.close()

    slow = threading.Thread(target=late)
    slow.start()
    assert written.wait(10)
    early = events.record("parcel.echoed", subject=parcel, actor=agent, now=now)
    deliveries.run(now)
    assert got == [early.id]

    go_on.set()
    slow.join(10)
    deliveries.run(now)
    assert len(got) == 2
    assert got[1] < got[0], "the late one has the smaller id and came all the same"


def test_several_runners_deliver_each_event_once_and_in_order(make_parcels, agent, now) -> None:
    rows = make_parcels(5)
    got: list[tuple[int, int]] = []
    deliveries.subscribe("toys", "parcel.echoed", lambda event, at: got.append((event.subject_id, event.pk)))
    for row in rows * 4:
        events.record("parcel.echoed", subject=row, actor=agent, now=now)
    at_once([lambda: deliveries.run(now)] * 4)
    deliveries.run(now)
    assert len(got) == len(set(got)) == 20
    assert Delivery.objects.count() == 0
    for row in rows:
        mine = [event for subject, event in got if subject == row.pk]
        assert mine == sorted(mine)
