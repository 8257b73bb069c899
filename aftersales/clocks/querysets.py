"""Filters over clocks."""

from datetime import datetime
from typing import Self

from aftersales.clocks.states import ClockState
from aftersales.core.querysets import ScopedQuerySet


class ClockQuerySet(ScopedQuerySet):
    view_capability = "clocks.view_clock"

    def of(self, subject_kind: str, *ids: int) -> Self:
        return self.filter(subject_kind=subject_kind, subject_id__in=ids)

    def open(self) -> Self:
        """Not yet kept, late or not."""
        return self.filter(ended_at=None)

    def breached(self, now: datetime) -> Self:
        """Open and past due, whether or not a sweep has seen it."""
        return self.open().exclude(state=ClockState.PAUSED).filter(due_at__lt=now)
