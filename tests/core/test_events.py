"""Events: declared once, written once, changed by nobody."""

import pytest
from django.db import DatabaseError, ProgrammingError, connection, transaction
from django.utils import translation

from aftersales.core import deliveries, events, jobs, moves
from aftersales.core.events import Draft, Kind
from aftersales.core.models import Delivery, Event, Job
from aftersales.core.origin import coming_from, current
from tests.database import superuser
from tests.toy.models import Parcel, Stamp

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_registries")]
FORBIDDEN = ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}", "TRUNCATE {table}"]


@pytest.mark.parametrize("statement", FORBIDDEN)
@pytest.mark.parametrize("model", [Event, Stamp, Parcel.history.model], ids=["event", "stamp", "history"])
def test_the_app_role_changes_no_event_no_history_and_no_append_only_row(parcel, model, statement) -> None:
    Stamp.objects.create(text="red")
    before = model.objects.count()
    sql = statement.format(table=model._meta.db_table, column=model._meta.pk.column)
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
    assert model.objects.count() == before > 0


@pytest.mark.parametrize("statement", FORBIDDEN)
@pytest.mark.django_db(transaction=True)
def test_the_triggers_refuse_even_who_has_every_right(agent, parcel, statement) -> None:
    sql = statement.format(table=Event._meta.db_table, column="id")
    with superuser(connection.settings_dict["NAME"]) as link, pytest.raises(Exception, match="append|Cannot"):
        link.execute(sql)
    assert Event.objects.filter(subject_kind="toy.parcel").count() == 1


def test_the_orm_cannot_change_an_event_either(parcel) -> None:
    event = Event.objects.filter(subject_kind="toy.parcel").get()
    event.reason = "later"
    for write in (
        event.save,
        event.delete,
        lambda: Event.objects.update(reason="x"),
        Event.objects.all().delete,
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            write()


def test_payload_keys_that_a_kind_does_not_declare_are_refused(parcel, agent, now) -> None:
    with pytest.raises(ValueError, match=r"phone.*not declared"), transaction.atomic():
        events.record(
            "parcel.weighed", subject=parcel, actor=agent, now=now, payload={"grams": 1, "phone": "139"}
        )
    with pytest.raises(LookupError, match="not registered"):
        events.record("parcel.exploded", subject=parcel, actor=agent, now=now)
    assert Event.objects.filter(subject_kind="toy.parcel").count() == 1


def test_a_refused_payload_of_a_body_undoes_the_move(parcel, agent, now, monkeypatch) -> None:
    monkeypatch.setitem(events._kinds, "parcel.sent", Kind("parcel.sent", "sent"))
    with pytest.raises(ValueError, match="not declared"):
        moves.perform(parcel, "send", actor=agent, now=now, carrier="sf")
    assert Parcel.objects.get().state == "packed"


def test_a_kind_is_declared_once() -> None:
    events.register(Kind("parcel.asked", "%(actor)s asked where the parcel is"))
    with pytest.raises(ValueError, match="declared twice"):
        events.register(Kind("parcel.asked", "something else"))


def test_an_event_keeps_the_actors_name_as_text(parcel, agent, now) -> None:
    events.record("parcel.echoed", subject=parcel, actor=agent, now=now)
    agent.display_name = "改名"
    assert Event.objects.latest("id").actor_name == "周婷"


def test_business_time_and_recorded_time_are_kept_apart(parcel, now) -> None:
    event = Event.objects.filter(subject_kind="toy.parcel").get()
    assert event.at == now
    assert event.recorded_at is not None
    assert event.recorded_at != now


def test_many_events_are_one_statement_and_keep_their_order(
    parcel, agent, now, django_assert_num_queries
) -> None:
    drafts = [
        Draft(kind="parcel.weighed", row=parcel, actor=agent, at=now, payload={"grams": number})
        for number in range(50)
    ]
    with django_assert_num_queries(3):  # savepoint, insert, release
        events.record_many(drafts, now=now)
    stored = Event.objects.filter(kind="parcel.weighed").order_by("id")
    assert [event.payload["grams"] for event in stored] == list(range(50))
    assert [draft.id for draft in drafts] == [event.pk for event in stored]


def test_a_sentence_is_told_with_names_and_payload(parcel, agent, now) -> None:
    moves.perform(parcel, "send", actor=agent, now=now, carrier="sf")
    assert events.sentence(Event.objects.latest("id")) == "周婷 sent the parcel with sf"


def test_a_kind_that_no_longer_exists_still_has_a_sentence(parcel) -> None:
    with translation.override("en"):
        assert "old.kind" in events.sentence(Event(kind="old.kind"))


def test_show_turns_codes_into_words_just_before_reading(parcel, agent, now, monkeypatch) -> None:
    shown = Kind(
        "parcel.weighed",
        "%(actor)s: %(grams)s",
        {"grams": "number"},
        show=lambda payload: {"grams": "two kilos"},
    )
    monkeypatch.setitem(events._kinds, "parcel.weighed", shown)
    events.record("parcel.weighed", subject=parcel, actor=agent, now=now, payload={"grams": 2000})
    assert events.sentence(Event.objects.latest("id")) == "周婷: two kilos"


def test_the_origin_is_remembered_and_put_back(parcel, agent, now) -> None:
    with coming_from("import", "run-7"):
        events.record("parcel.echoed", subject=parcel, actor=agent, now=now)
        with coming_from("task") as inner:
            assert inner.request_id == "run-7"
    event = Event.objects.latest("id")
    assert (event.source, event.request_id) == ("import", "run-7")
    assert current().source == "system"
    with pytest.raises(ValueError, match="unknown source"), coming_from("nowhere"):
        pass


@pytest.mark.django_db(transaction=True)
def test_what_is_raised_after_the_write_leaves_no_event_no_delivery_and_no_job(parcel, agent, now) -> None:
    """R04: a rolled-back transaction sends nothing."""
    deliveries.subscribe("toys", "parcel.*", lambda event, now: None)
    jobs.register("toy.post", lambda job, now: None)

    def fail_late() -> None:
        moves.perform(parcel, "send", actor=agent, now=now, carrier="sf")
        jobs.enqueue("toy.post", key="post:1", now=now)
        raise RuntimeError("late")

    with pytest.raises(RuntimeError, match="late"), transaction.atomic():
        fail_late()
    assert (
        Event.objects.filter(subject_kind="toy.parcel").count(),
        Delivery.objects.count(),
        Job.objects.count(),
    ) == (1, 0, 0)
    assert Parcel.objects.get().state == "packed"


@pytest.mark.django_db(transaction=True)
def test_what_fails_after_the_commit_loses_no_job(parcel, agent, now) -> None:
    """R04: an on-commit hook that raises does not take the job with it."""
    jobs.register("toy.post", lambda job, now: {"posted": True})

    def broken() -> None:
        raise RuntimeError("hook")

    with transaction.atomic():
        jobs.enqueue("toy.post", key="post:1", now=now)
        transaction.on_commit(broken, robust=True)
    assert jobs.run_due(now) == 1
    assert Job.objects.get().result == {"posted": True}


def test_a_code_that_no_longer_exists_is_told_as_it_is(parcel, monkeypatch) -> None:
    shown = Kind(
        "parcel.weighed", "%(grams)s: %(word)s", {"grams": "number"}, show=lambda payload: {"word": [][0]}
    )
    monkeypatch.setitem(events._kinds, "parcel.weighed", shown)
    assert events.sentence(Event(kind="parcel.weighed", payload={"grams": 5})) == "5: "


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("12.50", "approved 12.50"),
        ("0.01", "approved 0.01"),
        ("0.00", "approved"),
        ("0", "approved"),
        ("", "approved "),
    ],
)
def test_nobody_says_that_nothing_was_approved(amount: str, said: str) -> None:
    told = {"amount": amount, "state": "code"}
    events.register(
        Kind(
            "toy.allowed", "approved %(amount)s", {"amount": "amount", "state": "code"}, moneyless="approved"
        )
    )
    assert events.sentence(Event(kind="toy.allowed", payload=told)) == said
