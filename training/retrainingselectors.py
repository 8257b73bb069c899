"""Answers about retraining orders: who sees which, by what they are met, what came of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import User
from training import courseselectors, retrainingrules
from training.factselectors import facts_of
from training.models import Attempt, Order, Seat
from training.retrainingrules import Effect
from training.states import OWED, AttemptState

MARKED = (AttemptState.MARKED, AttemptState.SETTLED)


def learned(rows: Sequence[Order], now: datetime) -> dict[int, datetime | None]:
    """When each order was met: the end of a run attended since, or an exam handed in and passed since.

    Two statements for all. A run or exam that began before the order does not count.
    """
    people = {row.person_id for row in rows}
    since = min((row.ordered_at for row in rows), default=now)
    seats = Seat.objects.counted().filter(person_id__in=people, run__starts_at__gte=since)
    runs = list(seats.values_list("person_id", "run__course_id", "run__starts_at", "run__ends_at"))
    passed = Attempt.objects.filter(
        person_id__in=people, passed=True, state__in=MARKED, started_at__gte=since
    )
    exams = list(passed.values_list("person_id", "exam_version__exam_id", "started_at", "submitted_at"))
    return {row.pk: _first(row, runs, exams) for row in rows}


def _first(row: Order, runs: Sequence[Any], exams: Sequence[Any]) -> datetime | None:
    met = [
        ended
        for found, wanted in ((runs, row.course_id), (exams, row.exam_id))
        for person, thing, began, ended in found
        if ended and person == row.person_id and thing == wanted and began >= row.ordered_at
    ]
    return min(met, default=None)


def with_place(rows: Sequence[Order], now: datetime) -> set[int]:
    """The orders whose person has a place in a run of the course that is still to be held or runs now."""
    seats = Seat.objects.filter(
        state__in=["enrolled", "present"], person_id__in={row.person_id for row in rows},
        run__state__in=["planned", "open", "running"],
    )  # fmt: skip
    held = set(seats.values_list("person_id", "run__course_id"))
    return {row.pk for row in rows if (row.person_id, row.course_id) in held}


def effect_of(row: Order) -> Effect:
    """The order's figure before and after, in days of the installation."""
    if row.completed_at is None:
        raise ValueError(f"{row.number} is not completed")
    spans = retrainingrules.windows(
        timezone.localdate(row.ordered_at), timezone.localdate(row.completed_at), row.window_days
    )
    before = facts_of([row.person_id], row.metric, *spans.before)[row.person_id]
    after = facts_of([row.person_id], row.metric, *spans.after)[row.person_id]
    return Effect(before.value, before.n, after.value, after.n)


def smallest_sample(now: datetime) -> int:
    """Below so many counted nothing is said about an effect."""
    return int(courseselectors.number("effect_sample", now))


def seen_by(reader: Any) -> Any:
    """One's own orders, and those of the people one sees."""
    return Order.objects.visible_to(reader).select_related("person", "course", "exam", "ordered_by")


def counts(reader: Any, now: datetime) -> dict[str, int]:
    """How many are owed, of them overdue, and how many ended how."""
    found = {"owed": 0, "overdue": 0, "completed": 0, "effective": 0, "ineffective": 0, "unclear": 0}
    for state, due_at in Order.objects.visible_to(reader).values_list("state", "due_at"):
        if state in OWED:
            found["owed"] += 1
            found["overdue"] += due_at < now
        elif state in found:
            found[state] += 1
    return found


def order_words(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Names for the sentence of an order's event."""
    person = User.objects.filter(pk=payload.get("person") or 0).first()
    return {"holder": str(person or ""), "title": courseselectors.course_name(payload.get("course"))}
