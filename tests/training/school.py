"""A course in force and a run of it, for stories about training."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from training import services
from training.models import Course, CourseVersion, Run
from training.services import courses


def a_course(cast: Any, now: datetime, code: str = "basics", **terms: Any) -> Course:
    """Drafted by the trainer, brought into force by operations."""
    kind = terms.pop("kind", "onboarding")
    draft = courses.course_create(
        code=code, name_zh="服务基础", name_en="Service basics", kind=kind, actor=cast.trainer, now=now,
        **{"hours": Decimal(4)} | terms,
    )  # fmt: skip
    return services.rule_activate(draft=draft, actor=cast.operations, now=now).course


def a_run(cast: Any, now: datetime, course: Course | None = None, *, state: str = "open", **more: Any) -> Run:
    """Two hours from now on, taught by the trainer."""
    facts = {
        "trainer": cast.trainer,
        "starts_at": now,
        "ends_at": now + timedelta(hours=2),
        "places": 3,
    } | more
    row = courses.run_plan(course=course or a_course(cast, now), actor=cast.operations, now=now, **facts)
    for name in {"planned": (), "open": ("open",), "running": ("open", "start")}[state]:
        row = courses.run_move(run=row, name=name, actor=cast.operations, now=now)
    return row


def version_of(course: Course) -> CourseVersion:
    return course.versions.get()
