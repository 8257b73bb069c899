"""Recoveries are seen by whoever sees their case and works on money."""

from datetime import datetime
from typing import Self

from aftersales.cases.querysets import _Through
from aftersales.cases.recovery.states import BEING_COLLECTED, OPEN_RECOVERIES, RecoveryState, WriteOffState


class RecoveryQuerySet(_Through):
    view_capability = "cases.view_recovery"

    def open(self) -> Self:
        return self.filter(state__in=OPEN_RECOVERIES)

    def to_collect(self, now: datetime) -> Self:
        """Upheld, or nobody objected in time; nothing that somebody proposed to write off."""
        from django.db.models import Q

        ready = Q(state=RecoveryState.NOTIFIED, object_until__lt=now) | Q(
            state__in=[RecoveryState.UPHELD, *BEING_COLLECTED]
        )
        return self.filter(ready).exclude(write_offs__state=WriteOffState.PROPOSED)


class ThroughRecoveryQuerySet(_Through):
    view_capability = "cases.view_recovery"
    path = "recovery__case"

    def proposed(self) -> Self:
        return self.filter(state=WriteOffState.PROPOSED)
