"""Filters over clocks: whoever sees what a clock runs for sees the clock."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Self

from django.db.models import Q, QuerySet

from aftersales.clocks.states import ClockState
from aftersales.core.querysets import ScopedQuerySet

Seen = Callable[[Any], QuerySet[Any]]

_seen: dict[str, Seen] = {}


def seen_through(subject_kind: str, seen: Seen) -> None:
    """``seen(user)``: the subjects of this kind that a person may see. The room above tells it at start-up."""
    if _seen.get(subject_kind, seen) is not seen:
        raise ValueError(f"the scope of the clocks of {subject_kind} is told twice")
    _seen[subject_kind] = seen


Delivered = Callable[[Q], QuerySet[Any]]

_delivered: dict[str, Delivered] = {}


def delivered_to(subject_kind: str, delivered: Delivered) -> None:
    """``delivered(place)``: the subjects of this kind whose goods go to such a place; ``place`` is a condition on an
    order. The room above tells it at start-up."""
    if _delivered.get(subject_kind, delivered) is not delivered:
        raise ValueError(f"where the goods of {subject_kind} go to is told twice")
    _delivered[subject_kind] = delivered


def bound_for(place: Q) -> Q:
    """Condition on a clock: the goods of its subject go to a customer at such a place."""
    found = Q(pk__in=[])
    for kind, delivered in _delivered.items():
        found |= Q(subject_kind=kind, subject_id__in=delivered(place).order_by().values("pk"))
    return found


def scopes() -> Mapping[str, str]:
    """Every scope, for the test that lists them."""
    return {kind: f"{fn.__module__}.{fn.__qualname__}" for kind, fn in _seen.items()}


def destinations() -> Mapping[str, str]:
    """Every answer to where goods go to, for the test that lists them."""
    return {kind: f"{fn.__module__}.{fn.__qualname__}" for kind, fn in _delivered.items()}


class ClockQuerySet(ScopedQuerySet):
    view_capability = "clocks.view_clock"

    def visible_to(self, user: Any) -> Self:
        """The clocks of subjects this person may see; a kind of subject without a scope shows none."""
        rows = super().visible_to(user)
        mine = Q(pk__in=[])
        for kind, seen in _seen.items():
            mine |= Q(subject_kind=kind, subject_id__in=seen(user).order_by().values("pk"))
        return rows.filter(mine)

    def of(self, subject_kind: str, *ids: int) -> Self:
        return self.filter(subject_kind=subject_kind, subject_id__in=ids)

    def open(self) -> Self:
        """Not yet kept, late or not."""
        return self.filter(ended_at=None)

    def breached(self, now: datetime) -> Self:
        """Open and past due, whether or not a sweep has seen it."""
        return self.open().exclude(state=ClockState.PAUSED).filter(due_at__lt=now)


class ExclusionQuerySet(ScopedQuerySet):
    """Whoever reads agreements of merchants reads which of their breaches do not count."""

    view_capability = "merchants.view_agreements"

    def standing(self) -> Self:
        """Those that were not taken back."""
        return self.filter(ended_at=None)
