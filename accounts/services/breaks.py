"""Breaks are part of a shift (R1.5): they give way to absences, go where their shift goes, and end with it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from accounts.models import Away, Shift, User
from accounts.rules import Span
from accounts.states import AwayReason
from aftersales.core import moves

LONGEST_SHIFT = timedelta(days=1)  # a break that begins later is another shift's


def overlapping(rows: Any, starts_at: datetime, ends_at: datetime | None) -> Any:
    """Those of the rows that share time with this period; ``ends_at=None`` is until further notice."""
    open_or_later = rows.filter(Q(ends_at=None) | Q(ends_at__gt=starts_at))
    return open_or_later if ends_at is None else open_or_later.filter(starts_at__lt=ends_at)


def give_way(
    person: User, starts_at: datetime, ends_at: datetime | None, *, actor: Any, now: datetime
) -> None:
    """Breaks that an absence covers become empty; of one that it meets only what lies outside is left."""
    breaks = Away.objects.lasting().filter(person=person, reason=AwayReason.BREAK)
    for one in overlapping(breaks, starts_at, ends_at).order_by("pk"):
        if one.starts_at < starts_at:
            _change(one, one.starts_at, starts_at, actor, now)
        elif ends_at is not None and (one.ends_at is None or one.ends_at > ends_at):
            _change(one, ends_at, one.ends_at, actor, now)
        else:
            _change(one, one.starts_at, one.starts_at, actor, now)


def follow(person: User, was: Span, new: Span | None, *, actor: Any, now: datetime) -> None:
    """What is to come of a shift's breaks: a shift that is moved whole takes them along, what is then outside of it
    or in the way of an absence is ended, as it is when the shift is cancelled (``new=None``)."""
    theirs = Away.objects.lasting().filter(
        person=person, reason=AwayReason.BREAK, starts_at__gte=was[0], ends_at__lte=was[1], ends_at__gt=now
    )
    breaks = list(theirs.order_by("pk"))
    others = Away.objects.lasting().filter(person=person).exclude(pk__in=[one.pk for one in breaks])
    whole = new is not None and new[1] - new[0] == was[1] - was[0]
    for one in breaks:
        by = new[0] - was[0] if new is not None and whole and one.starts_at > now else now - now
        starts_at, ends_at = one.starts_at + by, one.ends_at + by
        inside = new is not None and new[0] <= starts_at and ends_at <= new[1]
        if not inside or overlapping(others, starts_at, ends_at).exists():
            _change(one, one.starts_at, max(now, one.starts_at), actor, now)
        elif by:
            _change(one, starts_at, ends_at, actor, now)


def shifts_loaded(
    created: Sequence[int], changed: Mapping[int, Sequence[str]], actor: Any, now: datetime
) -> None:
    """A sheet gave shifts (by key) another end: breaks that are to come and lie in none of the person's shifts any
    more end, as they do when a shift is changed by hand. What lasts longer than before has its breaks already.
    """
    shifts = Shift.objects.filter(pk__in=changed).order_by("person", "starts_at")
    people = {shift.person_id for shift in shifts}
    planned: dict[int, list[Span]] = {person: [] for person in people}
    for person, start, end in (
        Shift.objects.planned().filter(person__in=people).values_list("person", "starts_at", "ends_at")
    ):
        planned[person].append((start, end))
    breaks: dict[int, list[Away]] = {person: [] for person in people}
    rows = Away.objects.lasting().filter(person__in=people, reason=AwayReason.BREAK, ends_at__gt=now)
    for one in rows.order_by("pk"):
        breaks[one.person_id].append(one)
    for shift in shifts:
        for one in breaks[shift.person_id]:
            theirs = shift.starts_at <= one.starts_at < shift.starts_at + LONGEST_SHIFT
            ends_at = one.ends_at or one.starts_at
            kept = any(start <= one.starts_at and ends_at <= end for start, end in planned[shift.person_id])
            if theirs and not kept and ends_at > one.starts_at:
                _change(one, one.starts_at, max(now, one.starts_at), actor, now)


def _change(one: Away, starts_at: datetime, ends_at: datetime | None, actor: Any, now: datetime) -> None:
    payload = {"person": one.person_id, "from": starts_at, "to": ends_at}
    moves.change(
        one, actor=actor, now=now, event="away.moved", payload=payload, starts_at=starts_at, ends_at=ends_at
    )
