"""What comes later comes once, in order, and waits aside when it fails."""

from datetime import timedelta
from typing import Any

import pytest

from aftersales.core import deliveries, events, moves
from aftersales.core.models import Delivery, Event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_registries")]


class Listener:
    """Remembers what it got; fails for the events in ``broken``."""

    def __init__(self) -> None:
        self.got: list[int] = []
        self.broken: set[str] = set()

    def __call__(self, event: Event, now: Any) -> None:
        if event.kind in self.broken:
            raise RuntimeError("cannot take this")
        self.got.append(event.pk)


@pytest.fixture
def consumer() -> Listener:
    found = Listener()
    deliveries.subscribe("toys", "parcel.*", found)
    return found


def test_what_holds_locks_gets_each_delivery_in_a_transaction_of_its_own(make_parcels, now) -> None:
    listener = Listener()
    deliveries.subscribe("toys", "parcel.*", listener, alone=True)
    make_parcels(3)
    assert [deliveries._run_batch("toys", now) for _one in range(4)] == [(1, 1), (1, 1), (1, 1), (0, 0)]
    assert len(listener.got) == 3


def test_each_matching_event_is_delivered_once(consumer, parcel, lamp, agent, now) -> None:
    moves.perform(parcel, "send", actor=agent, now=now, carrier="sf")
    assert deliveries.run(now) == 2
    assert consumer.got == list(
        Event.objects.filter(kind__startswith="parcel").order_by("id").values_list("id", flat=True)
    )
    assert Delivery.objects.count() == 0
    assert deliveries.run(now) == 0
    assert len(consumer.got) == 2


def test_who_waits_is_asked_once_however_many_consumers(
    parcel, agent, now, django_assert_num_queries
) -> None:
    deliveries.run(now)
    for number in range(20):
        deliveries.subscribe(f"idle {number}", "parcel.*", Listener())
    with django_assert_num_queries(1):
        assert deliveries.run(now) == 0


def test_what_a_later_consumer_does_reaches_an_earlier_one_in_the_same_run(
    consumer, parcel, agent, now
) -> None:
    def echo(event: Event, at: Any) -> None:
        events.record("parcel.echoed", subject=parcel, actor=agent, now=at)

    deliveries.subscribe("echo", "parcel.asked", echo)
    deliveries.run(now)
    consumer.got.clear()
    asked = events.record("parcel.asked", subject=parcel, actor=agent, now=now)
    assert deliveries.run(now) == 3
    assert consumer.got == [asked.id, Event.objects.latest("id").pk]


def test_every_consumer_has_its_own_rows(consumer, parcel, now) -> None:
    other = Listener()
    deliveries.subscribe("others", "*", other)
    events.record("parcel.echoed", subject=parcel, actor=events_actor(parcel), now=now)
    assert sorted(Delivery.objects.values_list("consumer", flat=True)) == ["others", "toys", "toys"]
    with pytest.raises(ValueError, match="subscribed twice"):
        deliveries.subscribe("others", "*", consumer)


def events_actor(row: Any) -> Any:
    from accounts.models import User

    return User.objects.get(pk=Event.objects.filter(subject_kind="toy.parcel").earliest("id").actor_id)


def test_a_failed_delivery_holds_back_the_later_ones_of_its_subject_only(
    consumer, make_parcels, agent, now
) -> None:
    first, second = make_parcels(2)
    deliveries.run(now)
    consumer.got.clear()
    consumer.broken = {"parcel.asked"}
    events.record("parcel.asked", subject=first, actor=agent, now=now)
    later = events.record("parcel.echoed", subject=first, actor=agent, now=now)
    other = events.record("parcel.echoed", subject=second, actor=agent, now=now)

    assert deliveries.run(now) == 1
    assert consumer.got == [other.id]

    consumer.broken = set()
    assert deliveries.run(now) == 0, "before its time it is not tried again"
    assert deliveries.run(now + timedelta(minutes=1)) == 2
    assert consumer.got == [other.id, later.id - 1, later.id]


def test_a_poisonous_delivery_is_parked_others_flow_and_it_can_be_replayed(
    consumer, parcel, agent, now
) -> None:
    consumer.broken = {"parcel.packed"}
    after = events.record("parcel.echoed", subject=parcel, actor=agent, now=now)
    moment = now
    for _attempt in range(deliveries.MAX_ATTEMPTS):
        deliveries.run(moment)
        moment += timedelta(hours=1)
    parked = Delivery.objects.get(parked_at__isnull=False)
    assert (parked.attempts, parked.error) == (deliveries.MAX_ATTEMPTS, "RuntimeError: cannot take this")
    deliveries.run(moment)
    assert consumer.got == [after.id], "a parked delivery no longer holds the others back"

    consumer.broken = set()
    deliveries.replay(parked, now=moment)
    assert deliveries.run(moment) == 1
    assert Delivery.objects.count() == 0


def test_what_a_failing_consumer_wrote_is_undone(parcel, agent, now) -> None:
    def half(event: Event, at: Any) -> None:
        events.record("parcel.echoed", subject=parcel, actor=agent, now=at)
        raise RuntimeError("half way")

    deliveries.subscribe("half", "parcel.asked", half)
    events.record("parcel.asked", subject=parcel, actor=agent, now=now)
    deliveries.run(now)
    assert not Event.objects.filter(kind="parcel.echoed").exists()
    assert Delivery.objects.get().attempts == 1


def test_a_new_consumer_catches_up_with_the_past_once(parcel, agent, now) -> None:
    moves.perform(parcel, "send", actor=agent, now=now, carrier="sf")
    late = Listener()
    deliveries.subscribe("late", "parcel.*", late)
    assert deliveries.backfill("late") == 2
    assert deliveries.backfill("late") == 0
    deliveries.run(now)
    assert late.got == list(
        Event.objects.filter(subject_kind="toy.parcel").order_by("id").values_list("id", flat=True)
    )


def test_a_pattern_means_the_same_live_and_in_a_backfill(parcel, agent, now) -> None:
    """An underscore is a letter, not a wildcard."""
    events.record("parcel.brought_back", subject=parcel, actor=agent, now=now)
    deliveries.subscribe("odd", "parcel.brought?back", Listener())
    deliveries.subscribe("exact", "parcel.brought_back", Listener())
    assert deliveries.backfill("exact") == 1
    events.record("parcel.brought_back", subject=parcel, actor=agent, now=now)
    assert Delivery.objects.filter(consumer="odd").count() == 1
    assert deliveries.backfill("odd") == 1


def test_more_than_one_batch_is_delivered_in_one_run(consumer, make_parcels, now) -> None:
    make_parcels(deliveries.BATCH + 5)
    assert deliveries.run(now) == deliveries.BATCH + 5


class Killed(BaseException):
    """What a handler's process meets when the machine takes it down: no handler of ours catches it."""


@pytest.fixture
def deadly(consumer: Listener) -> dict[int, int]:
    """Events by id that take the worker down, with how many times they did."""
    killed: dict[int, int] = {}

    def handler(event: Event, now: Any) -> None:
        if event.pk in killed:
            killed[event.pk] += 1
            raise Killed
        consumer(event, now)

    deliveries._consumers["toys"] = ("parcel.*", handler)
    return killed


def worked_off(moment: Any, hours: int) -> None:
    """A worker that is started anew after each death, once an hour."""
    for hour in range(hours):
        try:
            deliveries.run(moment + timedelta(hours=hour))
        except Killed:
            continue


def test_a_delivery_that_kills_every_worker_is_parked_and_its_neighbours_arrive(
    consumer, deadly, make_parcels, agent, now
) -> None:
    rows = make_parcels(6)
    deliveries.run(now)
    consumer.got.clear()
    sent = [events.record("parcel.echoed", subject=row, actor=agent, now=now).id for row in rows]
    deadly[sent[2]] = 0

    worked_off(now, 2 * deliveries.MAX_ATTEMPTS)

    assert deadly[sent[2]] == deliveries.MAX_ATTEMPTS
    assert set(consumer.got) == set(sent) - {sent[2]}, "the others came"
    parked = Delivery.objects.get()
    assert (parked.event_id, parked.attempts, parked.error) == (sent[2], 5, deliveries.LOST)
    assert parked.parked_at is not None

    deadly.clear()
    deliveries.replay(parked, now=now)
    assert deliveries.run(now) == 1


def test_a_killed_worker_keeps_the_order_of_a_subject(consumer, deadly, parcel, agent, now) -> None:
    deliveries.run(now)
    consumer.got.clear()
    sent = [events.record("parcel.echoed", subject=parcel, actor=agent, now=now).id for _ in range(3)]
    deadly[sent[0]] = 0
    worked_off(now, 2)
    assert consumer.got == []
    deadly.clear()
    worked_off(now + timedelta(hours=3), 1)
    assert consumer.got == sent


def test_what_a_killed_worker_wrote_is_undone_and_written_once_in_the_end(parcel, agent, now) -> None:
    deaths = [1, 1]

    def half(event: Event, at: Any) -> None:
        events.record("parcel.echoed", subject=parcel, actor=agent, now=at)
        if deaths:
            deaths.pop()
            raise Killed

    deliveries.subscribe("half", "parcel.asked", half)
    events.record("parcel.asked", subject=parcel, actor=agent, now=now)
    worked_off(now, 4)
    assert Event.objects.filter(kind="parcel.echoed").count() == 1
    assert Delivery.objects.count() == 0
