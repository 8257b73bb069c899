"""Rows of a sheet as runs: planned once, changed before they begin, under the rules of the page."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from aftersales.core.errors import Conflict, DomainError
from training.courserules import BEFORE
from training.machine import PLAN_RUNS
from training.models import Course, Run
from training.services import require
from training.services.courses import run_change, run_plan
from training.states import RunState

Row = Mapping[str, Any]
SEEN = "seen"
HELD = BEFORE | {RunState.RUNNING}
COLUMNS = ("starts_at", "ends_at", "places", "place", "link", "budget", "cost_per_head")
TEXTS = frozenset({"place", "link"})
TIME = ("trainer_id", "starts_at", "ends_at")


def runs_take(rows: Sequence[Row], actor: Any, now: datetime) -> list[int | None]:
    """The run of each row, each row by itself: without a number it is planned, with one it is changed. What says so
    already stays as it is, so that the same rows again plan nothing.

    Left out is a row whose run somebody changed or planned otherwise since the preview (``SEEN``: the version that
    the preview compared with). Errors: overlap (the trainer holds another run in this time), and those of planning
    and changing.
    """
    require(actor, PLAN_RUNS)
    courses = Course.objects.in_bulk({row["course"] for row in rows})
    return [_take(row, courses[row["course"]], actor, now) for row in rows]


def _take(row: Row, course: Course, actor: Any, now: datetime) -> int | None:
    said = _said(row)
    with transaction.atomic():
        # Held, because somebody else may plan the trainer's time at this moment.
        trainer = User.objects.select_for_update(no_key=True).get(pk=row["trainer"])
        run = _known(row)
        if run is not None and _says(run, said):
            return int(run.pk)
        if run is not None and row.get("number") is None:
            return None
        if run is None or not _says(run, {name: said[name] for name in TIME}):
            _refuse_overlap(run, said, trainer)
        if run is None:
            more = {name: value for name, value in said.items() if name != "trainer_id"}
            return int(run_plan(course=course, trainer=trainer, actor=actor, now=now, **more).pk)
        try:
            return int(run_change(run=run, actor=actor, now=now, version=row[SEEN], **said).pk)
        except Conflict:
            return None


def _said(row: Row) -> dict[str, Any]:
    """What a row says; a column that the file has not keeps what stands, an empty cell is empty."""
    said = {name: row[name] for name in COLUMNS if name in row}
    said |= {name: said[name] or "" for name in TEXTS & set(said)}
    return said | {"trainer_id": row["trainer"]}


def _says(run: Run, said: Mapping[str, Any]) -> bool:
    return all(getattr(run, name) == value for name, value in said.items())


def _known(row: Row) -> Run | None:
    """The run of the row's number, else the one that is or was planned for this course, trainer and beginning."""
    if row.get("number") is not None:
        numbered: Run | None = Run.objects.filter(number=row["number"]).first()
        return numbered
    place = {"trainer_id": row["trainer"], "starts_at": row["starts_at"]}
    once = Run.history.filter(course_id=row["course"], **place)
    found: list[Run] = list(Run.objects.filter(pk__in=once.values("id")))
    return min(
        found, key=lambda run: (not _says(run, place), run.state == RunState.CANCELLED, run.pk), default=None
    )


def _refuse_overlap(run: Run | None, said: Mapping[str, Any], trainer: User) -> None:
    """A month that is planned in one go books nobody twice; the page of a course still may."""
    others = Run.objects.filter(
        trainer=trainer, state__in=HELD, starts_at__lt=said["ends_at"], ends_at__gt=said["starts_at"]
    ).exclude(pk=run.pk if run else None)
    other = others.order_by("starts_at").first()
    if other is not None:
        words = {"who": trainer, "run": other.number}
        raise DomainError(_("%(who)s holds the run %(run)s in this time.") % words, "overlap")
