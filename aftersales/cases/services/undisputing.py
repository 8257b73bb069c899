"""A case that its customer withdraws takes its dispute with it."""

from datetime import datetime
from typing import Any

from accounts.services import system_user
from aftersales.cases.disputestates import BEFORE_RULING
from aftersales.cases.models import Case, Dispute, Settlement
from aftersales.core import moves


def dispute_end_with(case: Case, *, actor: Any, now: datetime) -> None:
    """Under the lock of the case: nothing is left to decide. What was ruled already stands."""
    who = actor if actor.has_perm("cases.answer") else system_user(now)
    for row in Dispute.objects.filter(case=case, state__in=BEFORE_RULING):
        moves.perform(row, "withdraw", actor=who, now=now)
        Settlement.objects.filter(dispute=row, gone_at=None, accepted_at=None).update(gone_at=now)
