"""Numbers, days and moments as people and programs post them: the ones that are none are no server error."""

from datetime import UTC, date, datetime

from django.utils import timezone

# Digits of a key: int() refuses thousands of them, and knows digits that are no numbers.
LONGEST = 18


def whole(text: str | None) -> int | None:
    """A whole number of at most 18 plain digits, else None (``²``, ``٣``, ``-5`` and 5,000 nines are none)."""
    found = text or ""
    return int(found) if found.isascii() and found.isdigit() and len(found) <= LONGEST else None


YEARS = range(1900, 2200)  # beyond them the day before or after may not exist


def day_of(text: str | None) -> date | None:
    """A day as ``2026-11-23``, else None."""
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.year in YEARS else None


def moment_of(text: str | None) -> datetime | None:
    """A moment as ``2026-11-23T10:00`` (here) or with its zone, in UTC; None for what is none or lies beyond time."""
    try:
        found = datetime.fromisoformat(text or "")
        found = (found if timezone.is_aware(found) else timezone.make_aware(found)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if found.year in YEARS else None
