"""One door for one row and for many: same refusals, same records."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DataError, transaction
from django.forms.models import model_to_dict
from django.utils import translation

from aftersales.core import deliveries, events, facts, moves
from aftersales.core.errors import Conflict, DomainError, NotPermitted, Refusal, Refused, WrongState
from aftersales.core.events import Draft
from aftersales.core.models import Delivery, Event
from aftersales.core.origin import coming_from
from tests.toy.models import Lamp, Parcel
from tests.toy.states import LampState, ParcelState

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_registries")]

PRIVATE = {"id", "history_id", "subject_id", "public_id", "event_id", "recorded_at"}


def codes(refusals: list[Refusal]) -> list[str]:
    return [refusal.code for refusal in refusals]


def traces(row: Parcel) -> dict[str, list[dict[str, Any]]]:
    """Everything the door left behind about one row, without keys."""
    found = {
        "row": Parcel.objects.filter(pk=row.pk).values(),
        "history": Parcel.history.filter(id=row.pk).order_by("history_id").values(),
        "events": Event.objects.about("toy.parcel", row.pk).order_by("id").values(),
        "deliveries": Delivery.objects.filter(subject_id=row.pk).order_by("id").values(),
    }
    return {
        name: [{key: value for key, value in line.items() if key not in PRIVATE} for line in lines]
        for name, lines in found.items()
    }


# ------------------------------------------------------------------------------------------------ recording
def test_a_move_records_state_history_event_and_delivery(parcel, agent, now) -> None:
    deliveries.subscribe("toys", "parcel.sent", lambda event, now: None)
    with coming_from("web", "request-1"):
        sent = moves.perform(
            parcel, "send", actor=agent, now=now, reason="promised", acting_as="team 2", carrier="sf"
        )

    stored = Parcel.objects.get(pk=parcel.pk)
    assert (sent.state, stored.state, stored.carrier, stored.sent_at) == ("sent", "sent", "sf", now)
    assert stored.version == 2
    version = Parcel.history.filter(id=parcel.pk).latest("history_id")
    assert (version.state, version.history_type, version.history_user_id) == ("sent", "~", agent.pk)
    assert (version.history_change_reason, version.history_date) == ("promised", now)
    event = Event.objects.about("toy.parcel", parcel.pk).latest("id")
    assert (event.kind, event.old, event.new, event.payload) == (
        "parcel.sent",
        "packed",
        "sent",
        {"carrier": "sf"},
    )
    assert (event.actor_id, event.actor_name, event.actor_role) == (agent.pk, str(agent), "agent")
    assert (event.source, event.request_id, event.acting_as) == ("web", "request-1", "team 2")
    assert (event.reason, event.at, event.audience, event.merchant_id) == ("promised", now, "customer", 7)
    assert Delivery.objects.get().event_id == event.pk


def test_both_doors_record_alike(make_parcels, agent, now) -> None:
    deliveries.subscribe("toys", "parcel.*", lambda event, now: None)
    events.listen(
        "parcel.sent", lambda drafts, now: [setattr(draft.row, "asked", 9) for draft in drafts] and None
    )
    single, one_of_many, other = make_parcels(3)

    moves.perform(single, "send", actor=agent, now=now, reason="r", carrier="sf")
    many = Parcel.objects.filter(pk__in=[one_of_many.pk, other.pk])
    outcome = moves.perform_many(many, "send", actor=agent, now=now, reason="r", data={"carrier": "sf"})

    assert [row.pk for row in outcome.done] == [one_of_many.pk, other.pk]
    assert traces(single) == traces(one_of_many) == traces(other)


@pytest.mark.parametrize(
    ("move", "columns", "data", "code"),
    [
        ("send", {"weight": Decimal(101)}, {"carrier": "sf"}, "too_heavy"),
        ("send", {}, {}, "missing"),
        ("send", {}, {"carrier": ""}, "missing"),
        ("deliver", {}, {}, "wrong_state"),
    ],
)
def test_both_doors_refuse_alike(make_parcels, agent, now, move, columns, data, code) -> None:
    single, one_of_many = make_parcels(2, **columns)
    before = (traces(single), traces(one_of_many))

    with pytest.raises(Refused) as refused:
        moves.perform(single, move, actor=agent, now=now, **data)
    outcome = moves.perform_many(
        Parcel.objects.filter(pk=one_of_many.pk), move, actor=agent, now=now, data=data
    )

    assert refused.value.code == code
    assert isinstance(refused.value, WrongState) is (code == "wrong_state")
    assert [str(reason) for reason in refused.value.refusals] == [
        str(reason) for reason in outcome.refused[0][1]
    ]
    assert outcome.refused[0][0] == one_of_many.pk
    assert outcome.done == []
    assert (traces(single), traces(one_of_many)) == before


def test_a_batch_does_what_it_can_and_says_why_not_for_the_rest(make_parcels, agent, now) -> None:
    good, heavy = make_parcels(1)[0], make_parcels(1, weight=500)[0]
    outcome = moves.perform_many(Parcel.objects.all(), "send", actor=agent, now=now, data={"carrier": "sf"})
    assert [row.pk for row in outcome.done] == [good.pk]
    assert [(pk, codes(reasons)) for pk, reasons in outcome.refused] == [(heavy.pk, ["too_heavy"])]


def test_every_reason_is_told_not_only_the_first(make_parcels, agent, now) -> None:
    facts.provide("toy.stamps_missing", lambda rows, now: {row.pk: True for row in rows})
    heavy = make_parcels(1, weight=500)[0]
    with pytest.raises(Refused) as refused:
        moves.perform(heavy, "send", actor=agent, now=now)
    assert codes(refused.value.refusals) == ["missing", "too_heavy", "no_stamp"]


# --------------------------------------------------------------------------------------------------- who may
def test_without_the_capability_both_doors_are_closed(parcel, cast, now) -> None:
    with pytest.raises(NotPermitted):
        moves.perform(parcel, "send", actor=cast.auditor, now=now, carrier="sf")
    with pytest.raises(NotPermitted):
        moves.perform_many(Parcel.objects.all(), "send", actor=cast.auditor, now=now, data={"carrier": "sf"})
    with pytest.raises(NotPermitted):
        moves.perform(parcel, "send", actor=AnonymousUser(), now=now, carrier="sf")


def test_nothing_happens_without_an_actor(parcel, now) -> None:
    with pytest.raises(ValueError, match="no actor"):
        moves.perform(parcel, "send", actor=None, now=now, carrier="sf")
    with pytest.raises(ValueError, match="no actor"):
        moves.change(parcel, actor=None, now=now, event="parcel.weighed", weight=2)
    with pytest.raises(ValueError, match="no actor"):
        moves.create(Parcel(), actor=None, now=now, event="parcel.packed")
    with pytest.raises(ValueError, match="no actor"):
        events.record("parcel.echoed", subject=parcel, actor=None, now=now)
    assert Event.objects.filter(subject_kind="toy.parcel").count() == 1


def test_data_that_a_move_does_not_ask_for_is_a_mistake(parcel, agent, now) -> None:
    with pytest.raises(ValueError, match="takes no"):
        moves.perform(parcel, "send", actor=agent, now=now, carrier="sf", state="delivered")


# -------------------------------------------------------------------------------------------------- options
def test_options_list_each_move_allowed_or_with_every_reason(parcel, agent, now) -> None:
    facts.provide("toy.stamps_missing", lambda rows, now: {row.pk: True for row in rows})
    found = {option.move.name: option for option in moves.options(parcel, actor=agent, now=now)}
    assert set(found) == {
        "send",
        "deliver",
        "bring_back",
        "ask",
    }  # write_off is the lead's, lose the system's
    assert codes(found["send"].reasons) == ["no_stamp"]
    assert codes(found["deliver"].reasons) == ["wrong_state"]
    assert "Packed" in str(found["deliver"].reasons[0])

    facts._providers.clear()
    assert [o.move.name for o in moves.options(parcel, actor=agent, now=now) if o.allowed] == ["send"]


def test_a_guard_from_a_room_above_counts_in_options_and_in_both_doors(parcel, agent, now) -> None:
    moves.guard(
        "toy.parcel", "send", lambda row, known, actor, now, data: [Refusal("open_case", "A case is open.")]
    )
    (send,) = moves.options(parcel, actor=agent, now=now, names=["send"])
    assert codes(send.reasons) == ["open_case"]
    with pytest.raises(Refused, match="A case is open"):
        moves.perform(parcel, "send", actor=agent, now=now, carrier="sf")
    outcome = moves.perform_many(Parcel.objects.all(), "send", actor=agent, now=now, data={"carrier": "sf"})
    assert codes(outcome.refused[0][1]) == ["open_case"]


def test_a_fact_is_asked_once_for_the_whole_batch(make_parcels, agent, now) -> None:
    asked = []
    facts.provide("toy.stamps_missing", lambda rows, now: asked.append(len(rows)) or {})
    make_parcels(5)
    moves.perform_many(Parcel.objects.all(), "send", actor=agent, now=now, data={"carrier": "sf"})
    assert asked == [5]


# -------------------------------------------------------------------------------------------------- changes
def test_a_change_of_columns_goes_through_the_same_door(parcel, agent, now) -> None:
    heard = []
    events.listen("parcel.*", lambda drafts, now: heard.extend(draft.kind for draft in drafts))
    changed = moves.change(
        parcel,
        actor=agent,
        now=now,
        event="parcel.weighed",
        payload={"grams": 2000},
        reason="scale",
        weight=Decimal(2),
    )
    stored = Parcel.objects.get(pk=parcel.pk)
    assert (changed.weight, stored.weight, stored.version, stored.state) == (2, 2, 2, "packed")
    assert Parcel.history.filter(id=parcel.pk).count() == 2
    assert Event.objects.latest("id").payload == {"grams": 2000}
    assert heard == ["parcel.weighed"]


def test_a_stale_save_is_a_conflict_that_shows_both_values(parcel, agent, now) -> None:
    moves.change(parcel, actor=agent, now=now, event="parcel.weighed", weight=Decimal(2))
    with pytest.raises(Conflict) as conflict:
        moves.change(
            parcel, actor=agent, now=now, event="parcel.weighed", version=1, weight=Decimal(3), carrier=""
        )
    assert conflict.value.fields == {"weight": (Decimal(3), Decimal(2))}
    assert conflict.value.code == "conflict"
    assert Parcel.objects.get(pk=parcel.pk).weight == 2


def test_a_stale_move_is_a_conflict(parcel, agent, now) -> None:
    moves.change(parcel, actor=agent, now=now, event="parcel.weighed", weight=Decimal(2))
    with pytest.raises(Conflict):
        moves.perform(parcel, "send", actor=agent, now=now, version=1, carrier="sf")
    assert moves.perform(parcel, "send", actor=agent, now=now, version=2, carrier="sf").state == "sent"


def test_a_stale_move_says_what_the_person_saw_and_what_stands_there_now(parcel, agent, now) -> None:
    seen = parcel.version
    moves.perform(parcel, "send", actor=agent, now=now, carrier="sf")
    with translation.override("en"), pytest.raises(Conflict) as conflict:
        moves.perform(parcel, "deliver", actor=agent, now=now, version=seen)
    assert "you saw “Packed”, now it is “Sent”" in str(conflict.value)


def test_where_only_counters_moved_a_stale_act_hears_what_happened_last(parcel, agent, now) -> None:
    seen = parcel.version
    moves.change(parcel, actor=agent, now=now, event="parcel.weighed", weight=Decimal(2), quiet=("weight",))
    with translation.override("en"), pytest.raises(Conflict) as conflict:
        moves.perform(parcel, "send", actor=agent, now=now, version=seen, carrier="sf")
    assert events.sentence(Event.objects.latest("id")) in str(conflict.value)


def test_a_change_may_not_touch_the_state(parcel, agent, now) -> None:
    with pytest.raises(ValueError, match="only by a move"):
        moves.change(parcel, actor=agent, now=now, event="parcel.weighed", state="sent")


def test_a_change_of_a_column_that_does_not_exist_is_a_mistake(parcel, agent, now) -> None:
    with pytest.raises(ValueError, match="wieght"):
        moves.change(parcel, actor=agent, now=now, event="parcel.weighed", wieght=2)
    assert Event.objects.filter(subject_kind="toy.parcel").count() == 1


def test_quiet_columns_alone_write_no_version_of_the_row(parcel, agent, now) -> None:
    moves.change(parcel, actor=agent, now=now, event="parcel.asked", quiet=["asked"], asked=3)
    assert Parcel.objects.get(pk=parcel.pk).asked == 3
    assert Parcel.history.filter(id=parcel.pk).count() == 1


def test_a_row_that_is_gone_is_said_to_be_gone(parcel, agent, now) -> None:
    Parcel.objects.filter(pk=parcel.pk).delete()
    with pytest.raises(DomainError) as gone:
        moves.perform(parcel, "send", actor=agent, now=now, carrier="sf")
    assert gone.value.code == "gone"


# --------------------------------------------------------------------------------------------- what is written
def test_a_list_changed_in_place_by_a_body_is_stored(make_parcels, agent, now) -> None:
    rows = make_parcels(1, tags=["a"]) + make_parcels(1, tags=["b", "c"]) + make_parcels(1)
    for step, data in (("send", {"carrier": "sf"}), ("bring_back", {})):
        moves.perform_many(Parcel.objects.all(), step, actor=agent, now=now, data=data)
    stored = Parcel.objects.in_bulk()
    assert [stored[row.pk].tags for row in rows] == [["a", "back 0"], ["b", "c", "back 0"], ["back 0"]]


def test_every_kind_of_column_travels_in_one_statement(make_parcels, agent, now) -> None:
    """Different values row by row: text, numbers, moments, empty ones, lists with odd characters, JSON."""

    def fill(drafts: Any, _now: Any) -> None:
        for number, draft in enumerate(drafts):
            draft.row.weight = Decimal(number) / 4
            draft.row.sent_at = now + timedelta(days=number) if number else None
            draft.row.extras = {"n": number, "text": "“引号” ' \\ \n"} if number else {}
            draft.row.tags = ['a "quoted", {odd} \\值', ""] * number
            draft.row.merchant_id = number or None

    events.listen("parcel.sent", fill)
    rows = make_parcels(3)
    moves.perform_many(Parcel.objects.all(), "send", actor=agent, now=now, data={"carrier": "it's"})
    stored = Parcel.objects.in_bulk()
    for number, row in enumerate(rows):
        found = stored[row.pk]
        assert found.weight == Decimal(number) / 4
        assert found.sent_at == (now + timedelta(days=number) if number else None)
        assert found.extras == ({"n": number, "text": "“引号” ' \\ \n"} if number else {})
        assert found.tags == ['a "quoted", {odd} \\值', ""] * number
        assert found.merchant_id == (number or None)
        version = Parcel.history.filter(id=row.pk).latest("history_id")
        assert model_to_dict(version, ["weight", "tags", "extras"]) == model_to_dict(
            found, ["weight", "tags", "extras"]
        )


def test_a_text_that_is_too_long_is_refused_by_both_doors_and_never_cut(make_parcels, agent, now) -> None:
    rows = make_parcels(2)

    def label(drafts: Any, _now: Any) -> None:
        for draft in drafts:
            draft.row.carrier = f"{draft.row.pk}" + "x" * 40

    events.listen("parcel.sent", label)
    with pytest.raises(DataError), transaction.atomic():
        moves.perform(rows[0], "send", actor=agent, now=now, carrier="sf")
    with pytest.raises(DataError), transaction.atomic():
        moves.perform_many(Parcel.objects.all(), "send", actor=agent, now=now, data={"carrier": "sf"})


def test_a_move_that_keeps_the_state_is_recorded_too(parcel, agent, now) -> None:
    moves.perform(parcel, "send", actor=agent, now=now, carrier="sf")
    moves.perform(parcel, "ask", actor=agent, now=now)
    event = Event.objects.latest("id")
    assert (event.kind, event.old, event.new) == ("parcel.asked", "sent", "sent")
    assert Parcel.objects.get().asked == 1


def test_a_row_without_history_has_its_events_only(lamp, agent, now) -> None:
    moves.perform(lamp, "switch_on", actor=agent, now=now)
    assert Lamp.objects.get().state == LampState.ON
    assert [event.kind for event in Event.objects.about("toy.lamp", lamp.pk).order_by("id")] == [
        "lamp.hung",
        "lamp.lit",
    ]


def test_a_new_row_has_its_first_version_and_its_first_event(parcel, agent, now) -> None:
    version = Parcel.history.get(id=parcel.pk)
    event = Event.objects.about("toy.parcel", parcel.pk).get()
    assert (version.history_type, version.history_user_id) == ("+", agent.pk)
    assert (event.kind, event.old, event.new) == ("parcel.packed", "", ParcelState.PACKED)


def test_a_long_reason_fits_event_and_history(parcel, agent, now) -> None:
    moves.perform(parcel, "send", actor=agent, now=now, reason="因为" * 300, carrier="sf")
    assert (
        Parcel.history.latest("history_id").history_change_reason
        == Event.objects.latest("id").reason
        == "因为" * 300
    )


# ------------------------------------------------------------------------------------------------- listeners
def test_a_listener_may_set_columns_of_the_row_and_add_events(parcel, agent, now) -> None:
    def answer(drafts: list[Draft], at: Any) -> list[Draft]:
        for draft in drafts:
            draft.row.asked += 1
        return [Draft(kind="parcel.echoed", row=draft.row, actor=draft.actor, at=at) for draft in drafts]

    events.listen("parcel.sent", answer)
    moves.perform(parcel, "send", actor=agent, now=now, carrier="sf")
    stored = Parcel.objects.get()
    assert (stored.asked, stored.version) == (1, 2)
    assert Parcel.history.latest("history_id").asked == 1
    assert [event.kind for event in Event.objects.filter(subject_kind="toy.parcel").order_by("id")] == [
        "parcel.packed",
        "parcel.sent",
        "parcel.echoed",
    ]


def test_a_failing_listener_undoes_the_whole_move(parcel, agent, now) -> None:
    def fail(drafts: Any, now: Any) -> None:
        raise DomainError("no clock", "no_clock")

    events.listen("parcel.sent", fail)
    before = traces(parcel)
    with pytest.raises(DomainError, match="no clock"):
        moves.perform(parcel, "send", actor=agent, now=now, carrier="sf")
    assert traces(parcel) == before


def test_listeners_that_answer_each_other_for_ever_are_found_out(parcel, agent, now) -> None:
    def echo(drafts: list[Draft], at: Any) -> list[Draft]:
        return [Draft(kind="parcel.echoed", row=draft.row, actor=draft.actor, at=at) for draft in drafts]

    events.listen("parcel.*", echo)
    with pytest.raises(RuntimeError, match="without end"):
        moves.perform(parcel, "send", actor=agent, now=now, carrier="sf")
    assert Parcel.objects.get().state == ParcelState.PACKED


def test_a_move_inside_a_listener_goes_through_the_door_as_well(parcel, lamp, agent, now) -> None:
    events.listen(
        "parcel.sent", lambda drafts, at: moves.perform(lamp, "switch_on", actor=agent, now=at) and None
    )
    moves.perform(parcel, "send", actor=agent, now=now, carrier="sf")
    assert (Parcel.objects.get().state, Lamp.objects.get().state) == ("sent", "on")


# ---------------------------------------------------------------------------------------------- asked beforehand
def test_many_rows_are_judged_beforehand_as_the_door_judges_them(make_parcels, agent, now) -> None:
    light, heavy, sent = make_parcels(1) + make_parcels(1, weight=Decimal(999)) + make_parcels(1)
    moves.perform(sent, "send", actor=agent, now=now, carrier="sf")
    rows = list(Parcel.objects.order_by("pk"))
    before = moves.judged(rows, "send", actor=agent, now=now)
    done = moves.perform_many(Parcel.objects.all(), "send", actor=agent, now=now, data={"carrier": "sf"})
    assert (
        [row.pk for row in done.done] == [pk for pk, reasons in before.items() if not reasons] == [light.pk]
    )
    assert {pk: [r.code for r in found] for pk, found in done.refused} == {
        pk: [r.code for r in found] for pk, found in before.items() if found
    }
    assert heavy.pk in dict(done.refused)


def test_judging_asks_each_fact_once_and_needs_the_right(make_parcels, agent, cast, now) -> None:
    asked: list[int] = []
    facts.provide("toy.stamps_missing", lambda rows, now: asked.append(len(rows)) or {})
    rows = make_parcels(5)
    moves.judged(rows, "send", actor=agent, now=now)
    assert asked == [5]
    assert moves.judged([], "send", actor=cast.merchant_owner, now=now) == {}
    with pytest.raises(NotPermitted):
        moves.judged(rows, "send", actor=cast.merchant_owner, now=now)
