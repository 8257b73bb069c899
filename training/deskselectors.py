"""What the trainer's desk asks: open runs, who is missing, sheets to give, who is late with what. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q

from accounts.models import User
from accounts.states import STAFF_ROLES
from training import complianceselectors, courseselectors, practicalrules
from training.models import Assessment, Certificate, Course, Order, Run, Seat, Sheet
from training.states import LIVE, OWED, AssessmentState, CertificateState, RunState, SeatState

SHOWN = 60
MANAGES = "training.plan_runs"


@dataclass(frozen=True)
class Late:
    """Somebody is late with something, or soon will be.

    ``what``: refresher, order (of retraining), recertify or ending (of a certificate); ``until`` the moment it is due;
    ``run``: the next one of the course to enrol in, for refreshers and orders.
    """

    what: str
    person: User
    until: datetime
    course: Course | None = None
    run: Run | None = None
    order: Order | None = None
    certificate: Certificate | None = None


def open_runs(user: Any, *, everything: bool) -> list[Run]:
    """Runs that are neither done nor cancelled, the next one first: one's own, or all."""
    rows = Run.objects.visible_to(user).exclude(state__in=[RunState.DONE, RunState.CANCELLED])
    rows = rows if everything else rows.filter(trainer=user)
    found = courseselectors.with_counts(rows).select_related("course", "trainer")
    return list(found.order_by("starts_at", "pk")[:SHOWN])


def missing(user: Any, now: datetime, *, everything: bool) -> list[Seat]:
    """Who has not come to a run that is on, and who was missing lately and has no later place in that course.

    How far back an absence stands here is the number ``missing_days``. Nobody stands here for himself.
    """
    since = now - timedelta(days=int(courseselectors.number("missing_days", now)))
    again = Seat.objects.filter(
        person=OuterRef("person"), run__course=OuterRef("run__course"), run__starts_at__gt=OuterRef("run__starts_at"),
        state__in=[SeatState.ENROLLED, SeatState.PRESENT],
    ).exclude(run__state=RunState.CANCELLED)  # fmt: skip
    absent = Q(
        state=SeatState.ABSENT, run__state__in=[RunState.RUNNING, RunState.DONE], run__ends_at__gte=since
    )
    rows = Seat.objects.visible_to(user).filter(
        Q(state=SeatState.ENROLLED, run__state=RunState.RUNNING) | (absent & ~Exists(again))
    )
    rows = rows if everything else rows.filter(run__trainer=user)
    found = rows.exclude(person=user).select_related("run__course", "person")
    return list(found.order_by("-run__starts_at", "pk")[:SHOWN])


def practicals(user: Any, *, everything: bool) -> list[tuple[Assessment, str]]:
    """Assessments with what they wait for: ``sheet`` (mine), ``third`` (to be named), ``others`` (whoever it is).

    One's own are left out: what one may do with a sheet of oneself is nothing.
    """
    mine = Sheet.objects.filter(assessment=OuterRef("pk"), assessor_id=user.pk, given_at=None)
    rows = Assessment.objects.filter(state__in=[AssessmentState.OPEN, AssessmentState.DISPUTED])
    rows = rows.exclude(person=user).annotate(mine=Exists(mine), n=Count("sheets"))
    lacks_third = Q(state=AssessmentState.DISPUTED, n=practicalrules.ASSESSORS)
    if everything:
        seen = Assessment.objects.visible_to(user).values("pk")
        rows = rows.filter(Q(mine=True) | Q(pk__in=seen))
    else:
        rows = rows.filter(Q(mine=True) | (lacks_third & Q(opened_by=user)))
    found = rows.select_related("person", "rubric").order_by("-mine", "opened_at", "pk")[:SHOWN]
    return [(row, _waits_for(row)) for row in found]


def _waits_for(row: Any) -> str:
    if row.mine:
        return "sheet"
    return (
        "third" if row.state == AssessmentState.DISPUTED and row.n == practicalrules.ASSESSORS else "others"
    )


def people_of(user: Any) -> list[User]:
    """Whose training this person looks after: everybody he sees for who plans runs, else the teams he leads."""
    people = User.objects.visible_to(user).active().with_role(*STAFF_ROLES).exclude(pk=user.pk)
    if not user.has_perm(MANAGES):
        led = User.objects.filter(memberships__active_to=None, memberships__team__lead=user)
        people = people.filter(pk__in=led.values("pk"))
    return list(people.order_by("display_name", "pk"))


def late(user: Any, now: datetime) -> list[Late]:
    """Refreshers, orders and certificates of the people one looks after, what is over longest first."""
    people = {one.pk: one for one in people_of(user)}
    runs = _next_runs(now)
    found = [
        Late("refresher", people[pk], one.until, one.course, runs.get(one.course.pk))
        for pk, ended in complianceselectors.refreshers(list(people), now).items()
        for one in ended
    ]
    found += [
        Late("order", people[row.person_id], row.due_at, row.course, runs.get(row.course_id), row)
        for row in _orders(user, list(people), now)
    ]
    found += [
        Late(
            "recertify" if row.recertify_by else "ending",
            people[row.person_id],
            row.valid_to,
            certificate=row,
        )
        for row in _certificates(user, list(people), now)
    ]
    return sorted(found, key=lambda one: (one.until, one.person.pk, one.what))


def _next_runs(now: datetime) -> dict[int, Run]:
    """The next run of each course that has a free place."""
    found: dict[int, Run] = {}
    coming: list[Any] = complianceselectors.coming_runs(now)
    for run in coming:
        if run.taken < run.places:
            found.setdefault(run.course_id, run)
    return found


def _orders(user: Any, people: Sequence[int], now: datetime) -> list[Order]:
    rows = Order.objects.visible_to(user).filter(state__in=OWED, due_at__lt=now, person_id__in=people)
    return list(rows.select_related("course"))


def _certificates(user: Any, people: Sequence[int], now: datetime) -> list[Certificate]:
    """Whose end is announced (as many days before as the tier says) or that were called up, without a successor."""
    next_one = Certificate.objects.filter(
        person=OuterRef("person"), tier=OuterRef("tier"), state__in=LIVE, valid_from__gte=OuterRef("valid_to")
    )
    rows = Certificate.objects.visible_to(user).live(now).filter(person_id__in=people)
    rows = rows.filter(Q(state=CertificateState.EXPIRING) | Q(recertify_by__isnull=False))
    return list(rows.exclude(Exists(next_one)).select_related("tier"))
