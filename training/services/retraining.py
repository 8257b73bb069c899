"""Every write about retraining orders: raised once, met by training itself, judged by a figure, never one's own."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from aftersales.core import moves, series
from aftersales.core.errors import Busy, Conflict, DomainError, WrongState
from training import courseselectors, metrics, retrainingrules, retrainingselectors
from training.metrics import Way
from training.models import Course, Exam, Order
from training.retrainingmachine import ORDER
from training.services import require
from training.states import OWED, OrderReason, OrderState

BATCH = 500
TERMS = {"person": "person_id", "course": "course_id", "exam": "exam_id"}
SAID = ("person", "course", "reason_code", "due_at", "metric")


def retraining_order(
    *, person: User, reason_code: str, course: Course, deadline: datetime, metric: str, actor: Any, now: datetime,
    because: tuple[str, int] | None = None, exam: Exam | None = None, window_days: int | None = None,
    reason: str = "",
) -> Order:  # fmt: skip
    """A person is to be trained again in a course (R5.4, R6.5); the same reason, cause and person again is one order.

    ``because``: kind and key of what it follows from; without it the person has one open order a course.
    ``window_days``: days compared before and after, else the number in force. An ``exam`` passed meets it too.
    Errors: not_permitted, own_order, not_staff, not_seen, reason, deadline, unknown_metric, bad_metric, window.
    """
    require(actor, ORDER)
    days = int(courseselectors.number("effect_days", now)) if window_days is None else window_days
    with transaction.atomic():
        held = User.objects.select_for_update(no_key=True).get(pk=person.pk)  # two raise the same one at once
        before = _the_same(held, reason_code, because, course)
        if before is not None:
            return before
        _check(held, reason_code, deadline, metric, days, actor, now)
        kind, key = because or ("", None)
        row = Order(
            number=series.next_number("retraining", now), person=held, course=course, exam=exam,
            reason_code=reason_code, subject_kind=kind, subject_id=key, metric=metric, window_days=days,
            ordered_by=actor, ordered_at=now, due_at=deadline,
        )  # fmt: skip
        return moves.create(
            row,
            actor=actor,
            now=now,
            event="retraining.ordered",
            payload=row._payload(),
            reason=reason.strip()[:2000],
        )


def _the_same(
    person: User, reason_code: str, because: tuple[str, int] | None, course: Course
) -> Order | None:
    rows = Order.objects.filter(person=person)
    if because is None:
        return rows.filter(subject_id=None, course=course, state__in=OWED).first()
    return rows.filter(reason_code=reason_code, subject_kind=because[0], subject_id=because[1]).first()


def _check(
    person: User, reason_code: str, deadline: datetime, metric: str, days: int, actor: Any, now: datetime
) -> None:
    if person.pk == actor.pk:
        raise DomainError(_("Nobody orders his own retraining; his lead does."), "own_order")
    if not person.is_staff or not person.is_active:
        raise DomainError(_("%(who)s is not of the department.") % {"who": person}, "not_staff")
    if actor.is_staff and not User.objects.visible_to(actor).filter(pk=person.pk).exists():
        raise DomainError(_("This person is not of your teams; ask the trainer."), "not_seen")
    if reason_code not in OrderReason.values:
        raise DomainError(_("Choose one of the reasons of the list."), "reason")
    if deadline <= now:
        raise DomainError(_("The deadline has passed already; choose a later day."), "deadline")
    if metrics.metric(metric).way is Way.SUM:
        raise DomainError(
            _("“%(metric)s” only counts; choose a figure that can get better, such as a share.")
            % {"metric": metrics.metric(metric).label},
            "bad_metric",
        )
    if not 1 <= days <= 366:
        raise DomainError(_("Compare between 1 and 366 days."), "window")


def orders_take(rows: Sequence[Mapping[str, Any]], actor: Any, now: datetime) -> list[int | None]:
    """Orders by hand of a sheet, each row by itself: one that was raised before is that order, whatever became of it.

    Left out is a row whose person got another open order for the course since the preview. Errors: those of an order.
    """
    require(actor, ORDER)
    people = User.objects.in_bulk({row["person"] for row in rows})
    courses = Course.objects.in_bulk({row["course"] for row in rows})
    exams = Exam.objects.in_bulk({row["exam"] for row in rows if row.get("exam")})
    taken: list[int | None] = []
    for row in rows:
        words = {TERMS.get(name, name): row[name] for name in (*SAID, "exam") if name in row}
        order = Order.objects.filter(subject_id=None, **words).order_by("-pk").first() or retraining_order(
            person=people[row["person"]], course=courses[row["course"]], exam=exams.get(row.get("exam")),
            reason_code=row["reason_code"], deadline=row["due_at"], metric=row["metric"],
            reason=row.get("order_reason") or "", actor=actor, now=now,
        )  # fmt: skip
        taken.append(
            order.pk if all(getattr(order, name) == value for name, value in words.items()) else None
        )
    return taken


def retraining_cancel(*, order: Order, actor: Any, now: datetime, reason: str) -> Order:
    """Nothing is asked of the person any more. Errors: those of the door, reason_missing, own_order."""
    if not reason.strip():
        raise DomainError(_("Say why the order is cancelled; the person reads it."), "reason_missing")
    return moves.perform(order, "cancel", actor=actor, now=now, reason=reason.strip()[:2000])


def retraining_sweep(*, actor: Any, now: datetime) -> int:
    """Orders follow places, attended runs and passed exams; whoever is late is told once; the effect is judged."""
    return _follow(actor, now) + _tell_late(actor, now) + _judge(actor, now)


def _follow(actor: Any, now: datetime) -> int:
    rows = list(Order.objects.filter(state__in=OWED).order_by("pk"))
    met, placed, done = retrainingselectors.learned(rows, now), retrainingselectors.with_place(rows, now), 0
    for row in rows:
        ended = met[row.pk]
        if ended is not None:
            done += _moved(row, "complete", actor, now, completed_at=ended)
        elif row.pk in placed and row.state == OrderState.ORDERED:
            done += _moved(row, "enrol", actor, now)
        elif row.pk not in placed and row.state == OrderState.ENROLLED:
            done += _moved(row, "release", actor, now)
    return done


def _tell_late(actor: Any, now: datetime) -> int:
    late = list(
        Order.objects.filter(state__in=OWED, due_at__lt=now, overdue_told_at=None).order_by("pk")[:BATCH]
    )
    done = 0
    for row in late:
        with suppress(
            Busy, Conflict
        ):  # whoever changes it meanwhile has it, perhaps the sweep beside this one
            moves.change(
                row, actor=actor, now=now, event="retraining.overdue", payload=row._payload(), version=row.version,
                overdue_told_at=now,
            )  # fmt: skip
            done += 1
    return done


def _judge(actor: Any, now: datetime) -> int:
    done, sample = 0, retrainingselectors.smallest_sample(now)
    for row in Order.objects.filter(state=OrderState.COMPLETED).order_by("completed_at")[:BATCH]:
        if any(retrainingrules.window_is_over(row, {}, actor, now, {})):
            continue
        effect = retrainingselectors.effect_of(row)
        better_low = metrics.metric(row.metric).better_low
        name = retrainingrules.verdict(effect, sample=sample, better_low=better_low)
        done += _moved(row, name, actor, now, **asdict(effect))
    return done


def _moved(row: Order, name: str, actor: Any, now: datetime, **data: Any) -> int:
    """Whoever moves the row meanwhile has it; the next sweep looks again."""
    try:
        moves.perform(row, name, actor=actor, now=now, **data)
    except (Busy, WrongState):
        return 0
    return 1
