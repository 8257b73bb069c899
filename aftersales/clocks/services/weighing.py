"""Breaches in time that was not the merchant's: what he owed lay with others, so the breach does not count by itself.

The clock runs on, for it is the customer's; only whose fault it is changes. Once his own time has run out as well, the
breach counts again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from aftersales.clocks import rules
from aftersales.clocks.models import BreachExclusion, Clock
from aftersales.clocks.rules import Pause
from aftersales.clocks.services.exclusions import LONGEST, _end, _told
from aftersales.clocks.states import OwnReason
from aftersales.core import events
from aftersales.standards import selectors as rule_book
from aftersales.standards.states import Debtor


@dataclass(frozen=True)
class Away:
    """Why and when what a promise is about lay with others. ``spells``: in order, the last one open where it lasts.

    ``reason``: a code of the product that is read in the reader's language, ``evidence``: what shows it.
    """

    cause: str
    spells: Sequence[Pause]
    reason: str
    evidence: str


def breach_weigh(*, clock: Clock, away: Away, actor: Any, now: datetime) -> None:
    """Leave a merchant's breach out while it is due to these spells alone, and count it again once it is not.

    Run twice it does nothing. A person's word stands: what somebody left out for another reason stays, and what
    somebody counted again is not left out a second time.
    """
    with transaction.atomic():
        row: Clock = Clock.objects.select_for_update(of=("self",)).get(pk=clock.pk)
        if (
            row.owed_by != Debtor.MERCHANT
            or row.merchant_id is None
            or not row.breached_at
            or row.is_historic
        ):
            return
        standing: BreachExclusion | None = BreachExclusion.objects.standing().filter(clock=row).first()
        if standing is None:
            if not his_own(row, away.spells, now) and not _taken_back(row, away.cause, actor):
                _leave_out(row, away, actor, now)
        elif _is_by(standing, away.cause, actor):
            if his_own(row, away.spells, now):
                _end([standing], OwnReason.OWN_TIME.value, actor, now)
            else:
                _say(standing, away)


def his_own(clock: Clock, spells: Sequence[Pause], now: datetime) -> bool:
    """Whether the merchant's own time ran out by now, or by the end of the clock."""
    cited = rule_book.book_with(clock.standard_version_id)
    if cited is None:
        return True
    book, version = cited
    stood = rules.together((*clock.pause_list(), *spells), clock.counted_from)
    due = rules.due_at(
        book.calendar(version), clock.counted_from, version.limit_value, version.limit_unit, stood
    )
    if clock.recounted_at is not None:
        due = max(due, rules.not_before(clock.recounted_at, stood))
    return rules.is_late_himself(due, stood, clock.ended_at or now)


def _is_by(row: BreachExclusion, cause: str, actor: Any) -> bool:
    return bool(row.cause == cause and row.by_id == actor.pk and row.circumstance_id is None)


def _taken_back(clock: Clock, cause: str, actor: Any) -> bool:
    rows = BreachExclusion.objects.filter(clock=clock, cause=cause, by=actor.pk, circumstance=None)
    return bool(rows.exclude(ended_at=None).exclude(ended_by=F("by")).exists())


def _say(row: BreachExclusion, away: Away) -> None:
    """The times as they are known by now; why it does not count stays the same."""
    said = away.reason[:LONGEST], away.evidence[:200]
    if (row.reason, row.evidence) != said:
        row.reason, row.evidence = said
        row.save(update_fields=["reason", "evidence"])


def _leave_out(clock: Clock, away: Away, actor: Any, now: datetime) -> None:
    made = BreachExclusion(
        clock=clock, merchant_id=clock.merchant_id or 0, cause=away.cause, reason=away.reason[:LONGEST],
        evidence=away.evidence[:200], by_id=actor.pk, at=now,
    )  # fmt: skip
    made.save(force_insert=True)
    events.record_many([_told("clock.excluded", clock, made, made.reason, actor, now)], now=now)
