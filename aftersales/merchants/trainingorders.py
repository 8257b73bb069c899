"""Courses that single merchants owe besides what their agreement asks for: a room above says which and why."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aftersales.merchants.trainingrules import Learned
from training.models import Course


@dataclass(frozen=True)
class Ordered:
    """A course for all people of one merchant within so many days; ``citation``: by what it was ordered.

    What somebody learned before ``since`` does not finish it.
    """

    course_id: int
    days: int
    citation: str
    since: datetime
    exam_id: int | None = None


Provider = Callable[[datetime], Iterable[tuple[int, str, int, str, datetime]]]
_providers: list[Provider] = []


def provide(provider: Provider) -> None:
    """``provider(now)`` answers (merchant, code of the course, days, citation, since) of every order that stands."""
    if provider not in _providers:
        _providers.append(provider)


def ordered(now: datetime) -> dict[int, dict[int, Ordered]]:
    """By merchant and course what is ordered now; the first order of a course holds."""
    rows = [one for provider in _providers for one in provider(now)]
    if not rows:
        return {}
    courses = dict(Course.objects.filter(code__in={one[1] for one in rows}).values_list("code", "pk"))
    found: dict[int, dict[int, Ordered]] = {}
    for merchant, code, days, why, since in rows:
        if code in courses:
            course = courses[code]
            found.setdefault(merchant, {}).setdefault(course, Ordered(course, days, why, since))
    return found


def after(term: Any, learned: Learned | None) -> Learned | None:
    """What somebody learned, where it finishes the course: an order asks for it anew."""
    if learned is not None and isinstance(term, Ordered) and learned.at < term.since:
        return None
    return learned
