"""A roster at once: last week again, and breaks inside shifts (R1.5). Every row goes through the planning services."""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Away, Shift, TeamMember, User
from accounts.rules import Span
from accounts.services.people import _require
from accounts.services.planning import away_set, shift_plan, shifts_plan
from accounts.states import AwayReason
from aftersales.core.errors import DomainError


def break_plan(*, shift: Shift, starts_at: datetime, ends_at: datetime, actor: Any, now: datetime) -> Away:
    """A break inside a shift: nothing new comes, the shift goes on. Errors: outside, period, overlap."""
    _require(actor, "accounts.plan")
    if shift.cancelled_at or starts_at < shift.starts_at or ends_at > shift.ends_at:
        raise DomainError(_("A break lies inside the shift."), "outside")
    return away_set(
        person=shift.person,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=AwayReason.BREAK,
        actor=actor,
        now=now,
    )


@transaction.atomic
def roster_copy(
    *, team_id: int, start: datetime, days: int, zone: tzinfo, actor: Any, now: datetime
) -> tuple[int, int]:
    """The shifts and breaks of the days before ``start`` once more, by the wall clock. Answers (copied, left out).

    Left out are people who have left, shifts in the way of another one, and days on which the person is away.
    """
    _require(actor, "accounts.plan")
    span = timedelta(days=days)
    members = TeamMember.objects.at(now).filter(team_id=team_id, person__is_active=True)
    people = {pk: person for person in User.objects.visible_to(actor).filter(pk__in=members.values("person"))
              for pk in [person.pk]}  # fmt: skip
    mine = Shift.objects.planned().filter(person__in=people)
    earlier = list(
        mine.filter(starts_at__gte=start - span, starts_at__lt=start).order_by("person_id", "starts_at")
    )
    taken = _spans(mine.filter(ends_at__gt=start, starts_at__lt=start + 2 * span))
    gone = Away.objects.filter(person__in=people, starts_at__lt=start + 2 * span).exclude(
        reason=AwayReason.BREAK
    )
    for away in gone.filter(ends_at=None) | gone.filter(ends_at__gt=start):
        taken.setdefault(away.person_id, []).append((away.starts_at, away.ends_at or start + 9 * span))
    plans = [
        (people[row.person_id], _later(row.starts_at, span, zone), _later(row.ends_at, span, zone))
        for row in earlier
    ]
    free = [plan for plan in plans if plan[1] >= now and not _meets(plan[1:], taken.get(plan[0].pk, ()))]
    _plan(free, actor, now)
    _copy_breaks(free, start - span, start, span, zone, actor, now)
    return len(free), len(plans) - len(free)


def _spans(rows: Any) -> dict[int, list[Span]]:
    found: dict[int, list[Span]] = {}
    for person_id, starts_at, ends_at in rows.values_list("person_id", "starts_at", "ends_at"):
        found.setdefault(person_id, []).append((starts_at, ends_at))
    return found


def _meets(span: Any, others: Sequence[Span]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in others)


def _later(moment: datetime, span: timedelta, zone: tzinfo) -> datetime:
    """The same time of the clock on the wall, whatever daylight saving does in between."""
    local = moment.astimezone(zone)
    return (local.replace(tzinfo=None) + span).replace(tzinfo=zone)


def _plan(plans: Sequence[tuple[User, datetime, datetime]], actor: Any, now: datetime) -> None:
    """Many at once; a shift that was cancelled at the same time is taken up again by itself."""
    starts = {(person.pk, begins) for person, begins, _ends in plans}
    known = Shift.objects.filter(
        person__in={pk for pk, _begins in starts}, starts_at__in={at for _pk, at in starts}
    )
    again = set(known.values_list("person_id", "starts_at"))
    for person, begins, ends in plans:
        if (person.pk, begins) in again:
            shift_plan(person=person, starts_at=begins, ends_at=ends, actor=actor, now=now)
    fresh = [plan for plan in plans if (plan[0].pk, plan[1]) not in again]
    if fresh:
        shifts_plan(plans=fresh, actor=actor, now=now)


def _copy_breaks(
    plans: Sequence[tuple[User, datetime, datetime]], since: datetime, until: datetime, span: timedelta,
    zone: tzinfo, actor: Any, now: datetime,
) -> None:  # fmt: skip
    people = {person.pk: person for person, _begins, _ends in plans}
    breaks = Away.objects.lasting().filter(
        person__in=people, reason=AwayReason.BREAK, starts_at__gte=since, starts_at__lt=until
    )
    for one in breaks.exclude(ends_at=None).order_by("pk"):
        begins, ends = _later(one.starts_at, span, zone), _later(one.ends_at, span, zone)
        inside = any(
            person.pk == one.person_id and start <= begins and ends <= end for person, start, end in plans
        )
        there = Away.objects.lasting().filter(person_id=one.person_id, starts_at__lt=ends, ends_at__gt=begins)
        if inside and not there.exists():
            away_set(
                person=people[one.person_id], starts_at=begins, ends_at=ends, reason=AwayReason.BREAK, actor=actor,
                now=now,
            )  # fmt: skip
