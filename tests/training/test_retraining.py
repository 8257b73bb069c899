"""Somebody is to be trained again: ordered once, met by training itself, late once, judged by a figure with samples."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.services import system_user
from accounts.states import Role
from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.notices.models import Notice
from aftersales.notices.retraining import retraining_tell
from tests.training.school import a_course, a_run
from training.models import Order
from training.services import courses, facts, retraining

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


@pytest.fixture
def first_team(cast):
    return cast.team


@pytest.fixture
def course(cast, now):
    return a_course(cast, now)


def order(cast, now, course, **more) -> Order:
    terms = {
        "person": cast.agent, "course": course, "reason_code": "inspection", "deadline": now + WEEK,
        "metric": "reopened", "because": ("quality.sheet", 7), "actor": cast.lead,
    } | more  # fmt: skip
    return retraining.retraining_order(now=now, **terms)


def sweep(row: Order, now) -> str:
    retraining.retraining_sweep(actor=system_user(now), now=now)
    row.refresh_from_db()
    return row.state


def attended(cast, now, course) -> None:
    """The agent sits in a run of the course and was there."""
    run = a_run(cast, now, course)
    (seat,) = courses.seats_take(run=run, people=[cast.agent], actor=cast.trainer, now=now)
    courses.run_move(run=run, name="start", actor=cast.trainer, now=now)
    courses.seats_mark(run=run, seats=[seat.pk], name="attend", actor=cast.trainer, now=now)
    courses.run_move(run=run, name="finish", actor=cast.trainer, now=now + timedelta(hours=2))


def reopened(cast, day, handled: int, again: int) -> None:
    facts.fact_record(person=cast.agent, metric="tickets_handled", day=day, value=handled)
    facts.fact_record(person=cast.agent, metric="reopened", day=day, value=again)


@pytest.mark.usefixtures("first_team")
def test_the_same_reason_is_one_order_however_often_it_is_raised(cast, now, course) -> None:
    row = order(cast, now, course)
    assert order(cast, now + WEEK, course, deadline=now + 2 * WEEK) == row
    assert order(cast, now, course, because=("quality.sheet", 8)) != row
    by_hand = order(cast, now, course, because=None)
    assert order(cast, now, course, because=None, reason_code="other") == by_hand
    assert Event.objects.filter(kind="retraining.ordered").count() == 3


@pytest.mark.usefixtures("first_team")
def test_an_order_goes_from_a_place_through_training_to_its_effect(cast, now, course) -> None:
    """40 of 100 reopened before, 10 of 100 after: better; the page says both with their samples."""
    row = order(cast, now, course)
    run = a_run(cast, now, course)
    (seat,) = courses.seats_take(run=run, people=[cast.agent], actor=cast.trainer, now=now)
    assert sweep(row, now) == "enrolled"
    courses.seat_move(seat=seat, name="withdraw", actor=cast.agent, now=now)
    assert sweep(row, now) == "ordered"
    later = now + timedelta(days=2)
    attended(cast, later, course)
    assert sweep(row, later + timedelta(hours=3)) == "completed"
    assert row.completed_at == later + timedelta(hours=2)

    first, done = timezone.localdate(now), timezone.localdate(row.completed_at)
    reopened(cast, first - timedelta(days=1), 100, 40)
    reopened(cast, done + timedelta(days=1), 100, 10)
    reopened(cast, first, 900, 900)  # the day of the order and the day of the training count on neither side
    assert sweep(row, row.completed_at + timedelta(days=30)) == "completed"
    assert sweep(row, row.completed_at + timedelta(days=31)) == "effective"
    assert (row.before, row.before_n, row.after, row.after_n) == (40, 100, 10, 100)
    page = cast.client(cast.agent).get(reverse("training:orders")).content.decode()
    assert "40 (n=100) → 10 (n=100)" in page


@pytest.mark.usefixtures("first_team")
@pytest.mark.parametrize(
    ("handled", "again", "said"), [(100, 40, "ineffective"), (100, 60, "ineffective"), (9, 0, "unclear")]
)
def test_no_better_is_not_effective_and_a_small_sample_says_nothing(
    cast, now, course, handled, again, said
) -> None:
    row = order(cast, now, course)
    attended(cast, now, course)
    sweep(row, now + timedelta(hours=3))
    reopened(cast, timezone.localdate(now) - timedelta(days=1), 100, 40)
    reopened(cast, timezone.localdate(row.completed_at) + timedelta(days=1), handled, again)
    assert sweep(row, row.completed_at + timedelta(days=32)) == said


@pytest.mark.usefixtures("first_team")
def test_two_sweeps_at_once_tell_a_late_order_once(cast, now, course, monkeypatch) -> None:
    """The other one does all of its work after this one has read and before it writes."""
    late, change = order(cast, now, course).due_at + timedelta(days=1), moves.change

    def beside(*given, **named):
        monkeypatch.setattr(moves, "change", change)
        retraining.retraining_sweep(actor=system_user(now), now=late)
        return change(*given, **named)

    monkeypatch.setattr(moves, "change", beside)
    retraining.retraining_sweep(actor=system_user(now), now=late)
    assert Event.objects.filter(kind="retraining.overdue").count() == 1


def test_a_run_before_the_order_does_not_meet_it(cast, now) -> None:
    course = a_course(cast, now - WEEK)
    attended(cast, now - WEEK, course)
    assert sweep(order(cast, now, course), now) == "ordered"


@pytest.mark.usefixtures("first_team")
def test_who_is_late_is_told_once_and_his_lead_too(cast, now, course) -> None:
    row = order(cast, now, course)
    late = row.due_at + timedelta(minutes=1)
    assert not row.is_overdue(row.due_at)
    assert row.is_overdue(late)
    sweep(row, late)
    sweep(row, late + WEEK)
    told = Event.objects.get(kind="retraining.overdue")
    for event in (Event.objects.get(kind="retraining.ordered"), told):
        retraining_tell(event, late)
        retraining_tell(event, late)
    said = Notice.objects.filter(source__startswith="retraining.", channel="in_app")
    assert sorted(said.values_list("source", "user_id")) == sorted(
        (kind, who.pk)
        for kind in ("retraining.ordered", "retraining.overdue")
        for who in (cast.agent, cast.lead)
    )


@pytest.mark.usefixtures("first_team")
def test_people_see_their_own_and_who_reads_seats_those_of_others(cast, now, course) -> None:
    stranger = cast.person(Role.AGENT)
    rows = [order(cast, now, course), order(cast, now, course, person=stranger, actor=cast.trainer)]
    seen = {
        who: [row.number in cast.client(who).get(reverse("training:orders")).content.decode() for row in rows]
        for who in (cast.agent, cast.trainer, stranger)
    }
    assert seen[cast.agent] == [True, False]
    assert seen[cast.trainer] == [True, True]
    assert seen[stranger] == [False, True]


DATA = {"complete": {"completed_at": None}}
DATA |= {
    name: {"before_n": 1, "after_n": 1} for name in ("find_effective", "find_ineffective", "find_unclear")
}


def _move(name: str, by_system: bool = False):
    def act(cast, now, row) -> None:
        who = system_user(now) if by_system else cast.lead
        moves.perform(row, name, actor=who, now=now, **DATA.get(name, {}))

    return act


OWN = {
    "order it": lambda cast, now, row: order(cast, now, row.course, person=cast.lead, because=("a", 1)),
    "cancel it": lambda cast, now, row: retraining.retraining_cancel(
        order=row, actor=cast.lead, now=now, reason="x"
    ),
    "have the system complete it": _move("complete", by_system=True),
    **{name: _move(name) for name in ("enrol", "complete", "cancel", *DATA)},
}


@pytest.mark.usefixtures("first_team")
@pytest.mark.parametrize("path", OWN)
def test_nobody_ends_or_changes_his_own_order_by_any_path(cast, now, course, path) -> None:
    """A lead may order and cancel for others; about himself every way is shut, and none is open through the page."""
    row = order(cast, now, course, person=cast.lead, actor=cast.trainer)
    with pytest.raises(DomainError):
        OWN[path](cast, now, row)
    browser = cast.client(cast.lead)
    page = browser.get(reverse("training:orders")).content.decode()
    assert reverse("training:order_cancel", args=[row.number]) not in page
    browser.post(reverse("training:order_cancel", args=[row.number]), {"reason": "x"})
    before = (row.state, row.version)
    row.refresh_from_db()
    assert (row.state, row.version) == before
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=row.pk).update(ordered_by=cast.lead)


@pytest.mark.usefixtures("first_team")
def test_a_lead_orders_and_cancels_by_the_page(cast, now, course) -> None:
    browser, today = cast.client(cast.lead), timezone.localdate(timezone.now())
    asked = {
        "person": cast.agent.pk, "course": course.pk, "reason_code": "complaint", "metric": "errors",
        "deadline": (today + timedelta(days=9)).isoformat(), "reason": "三次答错运费",
    }  # fmt: skip
    endless = asked | {"deadline": "9999-12-31"}
    for typed in (endless, asked):
        sent = {f"new-{name}": value for name, value in typed.items()}
        assert browser.post(reverse("training:order_new"), sent).status_code == 302
    row = Order.objects.get()
    assert timezone.localtime(row.due_at).isoformat()[:16] == f"{today + timedelta(days=10)}T00:00"
    browser.post(reverse("training:order_cancel", args=[row.number]), {"reason": "  "})
    row.refresh_from_db()
    assert row.state == "ordered"
    browser.post(reverse("training:order_cancel", args=[row.number]), {"reason": "已转岗"})
    row.refresh_from_db()
    assert row.state == "cancelled"
    assert "已转岗" in Event.objects.get(kind="retraining.cancelled").reason
