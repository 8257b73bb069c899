"""Calculations about times and promises: pure functions."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from .states import Grain

FINENESS = {Grain.EXACT: 0, Grain.MINUTE: 1, Grain.DAY: 2}


def truncated(moment: datetime, grain: str, zone: ZoneInfo) -> datetime:
    """The moment as a source of this grain would write it."""
    local = moment.astimezone(zone)
    if grain == Grain.DAY:
        return local.replace(hour=0, minute=0, second=0, microsecond=0)
    return local.replace(second=0, microsecond=0) if grain == Grain.MINUTE else local


def better_time(
    known: datetime | None, known_grain: str, told: datetime | None, told_grain: str, zone: ZoneInfo
) -> tuple[datetime | None, str]:
    """Which of two reports of one time to keep: a coarser one never overwrites an equal finer one.

    An empty report never erases a known time; a differing one wins, because the source corrected itself.
    """
    if told is None:
        return known, known_grain
    coarser = FINENESS[Grain(told_grain)] > FINENESS[Grain(known_grain)]
    if known is not None and coarser and truncated(known, told_grain, zone) == told.astimezone(zone):
        return known, known_grain
    return told, told_grain


def deadline(promised_at: datetime | None, grain: str) -> datetime | None:
    """When a delivery promise is broken: a promise known to the day lasts until that day is over."""
    if promised_at is None:
        return None
    return promised_at + timedelta(days=1) if grain == Grain.DAY else promised_at


def is_late(promised_at: datetime | None, grain: str, delivered_at: datetime | None, now: datetime) -> bool:
    """Not there by the promise (R2.6): judged by the delivery, or by now while it is under way."""
    due = deadline(promised_at, grain)
    return due is not None and (delivered_at or now) > due
