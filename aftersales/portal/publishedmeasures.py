"""Measures against merchants on the public page: those by consequence rules and those that were proposed by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from aftersales.ledger import pages as ledger
from aftersales.portal.published import KEPT_DAYS, Badge
from aftersales.scorecards import measurepages

SIZE, LAST = 50, 100


@dataclass(frozen=True)
class Public:
    """One measure as everybody reads it."""

    merchant: str
    measure: str
    fact: str
    clause: str
    at: datetime | None
    until: datetime | None
    badge: Badge


def page(number: int, now: datetime) -> tuple[list[Public], int | None]:
    """A page, newest first, and the number of the next one. A few statements, whatever the number of measures."""
    since, most = now - timedelta(days=KEPT_DAYS), number * SIZE + 1
    found = [
        Public(
            one.party,
            str(one.row.get_measure_display()),
            one.fact,
            one.clause,
            one.row.notified_at,
            None,
            one.badge,
        )
        for one in ledger.measures_in_public(since, now, most=most)
    ]
    found += [
        Public(one.merchant, one.effect, one.fact, one.clause, one.row.begins_at, one.row.ends_at, one.badge)
        for one in measurepages.in_public(since, now, most=most)
    ]
    found.sort(key=lambda one: one.at or now, reverse=True)
    shown = found[(number - 1) * SIZE : number * SIZE]
    return shown, number + 1 if len(found) > number * SIZE and number < LAST else None
