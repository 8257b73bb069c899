"""What the trainer's desk says of each line, and the one button that leads on. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from training import courseselectors, deskrules, pages
from training.deskselectors import MANAGES, Late
from training.models import Assessment, Run, Seat
from training.states import RunState, SeatState

RED = ("red", "bar")
AMBER = ("amber", "half")


@dataclass(frozen=True)
class Act:
    """The button of a line: a page to go to, or an act to post (``version``: of the row it was shown for)."""

    label: str
    url: str
    posts: bool = False
    version: int | None = None


@dataclass(frozen=True)
class Line:
    """One line of the desk."""

    title: str
    url: str
    badge: tuple[str, str, str]
    act: Act
    who: str = ""
    what: str = ""
    at: datetime | None = None
    counts: str = ""


def runs(rows: Sequence[Run], user: Any, now: datetime) -> list[tuple[str, str, list[Line]]]:
    """The parts of the day with their runs: to finish, today, to come."""
    names = {
        deskrules.FINISH: pgettext("trainer's desk", "To finish: attendance is not closed"),
        deskrules.TODAY: pgettext("trainer's desk", "Today"),
        deskrules.COMING: pgettext("trainer's desk", "To come"),
    }
    found: dict[str, list[Line]] = {part: [] for part in names}
    early = timedelta(minutes=int(courseselectors.number("start_early", now)))
    for run in rows:
        part = deskrules.part_of_day(
            ends_at=run.ends_at, first_day=timezone.localdate(run.starts_at), now=now, today=timezone.localdate(now)
        )  # fmt: skip
        found[part].append(_run(run, part, user, now, early))
    return [(part, names[part], lines) for part, lines in found.items()]


def _run(run: Run, part: str, user: Any, now: datetime, early: timedelta) -> Line:
    name = deskrules.next_act(
        state=run.state, starts_at=run.starts_at, ends_at=run.ends_at, now=now, early=early,
        may_plan=user.has_perm(MANAGES),
    )  # fmt: skip
    page, counted = reverse("training:run", args=[run.number]), f"{run.taken}/{run.places}"  # type: ignore[attr-defined]
    if run.state == RunState.RUNNING:
        counted = f"{run.there}/{run.taken}"  # type: ignore[attr-defined]
    words = {
        "close": _("Close attendance"),
        "record": _("Record attendance"),
        "start": _("Start the run"),
        "open": _("Open for enrolment"),
        "enrol": _("Enrol people"),
        "look": pgettext("trainer's desk", "Look"),
    }
    if name in {"start", "open"}:
        act = Act(words[name], reverse("training:run_act", args=[run.number, name]), True, run.version)
    else:
        act = Act(words[name], page)
    late = (pgettext("trainer's desk", "Not closed"), *RED)
    badge = late if part == deskrules.FINISH else pages.run_badge(run)
    return Line(
        run.course.name,
        page,
        badge,
        act,
        who=str(run.trainer),
        what=run.number,
        at=run.starts_at,
        counts=counted,
    )


def missing(rows: Sequence[Seat]) -> list[Line]:
    """Enrolled and not come yet, or missing without another place."""
    return [_missing(row) for row in rows]


def _missing(row: Seat) -> Line:
    run = row.run
    page = reverse("training:run", args=[run.number])
    if row.state == SeatState.ENROLLED:
        badge = (pgettext("trainer's desk", "Not there yet"), *AMBER)
        act = Act(_("Record attendance"), page)
    else:
        badge = pages.seat_badge(row)
        act = Act(_("Find another run"), reverse("training:course", args=[run.course.code]))
    return Line(str(row.person), page, badge, act, what=run.course.name, at=run.starts_at)


def practicals(rows: Sequence[tuple[Assessment, str]]) -> list[Line]:
    """What waits for my sheet, for a third assessor to be named, or for others."""
    acts = {
        "sheet": (_("Give your sheet"), (pgettext("trainer's desk", "Waits for your sheet"), *AMBER)),
        "third": (_("Name the third"), (pgettext("trainer's desk", "The two disagree"), *RED)),
        "others": (
            pgettext("trainer's desk", "Look"),
            (pgettext("trainer's desk", "Waits for others"), "grey", "ring"),
        ),
    }
    found = []
    for row, waits in rows:
        words, badge = acts[waits]
        page = reverse("training:practical", args=[row.number])
        found.append(
            Line(str(row.person), page, badge, Act(words, page), what=row.rubric.name, at=row.opened_at)
        )
    return found


def late(rows: Sequence[Late], user: Any, now: datetime) -> list[Line]:
    """Who is late with what, or soon will be."""
    return [_of_certificate(one, user) if one.certificate else _of_course(one, user, now) for one in rows]


def _of_course(one: Late, user: Any, now: datetime) -> Line:
    course: Any = one.course
    if one.what == "order":
        badge = (pgettext("trainer's desk", "Retraining overdue"), *RED)
    elif one.until <= now:
        badge = (pgettext("trainer's desk", "Refresher overdue"), *RED)
    else:
        badge = (pgettext("trainer's desk", "Refresher due"), *AMBER)
    if one.run is not None:
        words = _("Enrol in %(run)s") % {"run": one.run.number}
        act = Act(words, reverse("training:run", args=[one.run.number]))
    else:
        words = _("Plan a run") if user.has_perm(MANAGES) else _("Look for a run")
        act = Act(words, reverse("training:course", args=[course.code]))
    page = reverse("training:orders") if one.order else reverse("training:hours_of", args=[one.person.pk])
    return Line(str(one.person), page, badge, act, what=course.name, at=one.until)


def _of_certificate(one: Late, user: Any) -> Line:
    row: Any = one.certificate
    called = pgettext("trainer's desk", "Must be certified anew")
    badge = (called, *RED) if one.what == "recertify" else (pgettext("certificate", "Ends soon"), *AMBER)
    if one.what == "recertify":
        act = Act(_("What is missing"), reverse("training:next_person", args=[one.person.pk]))
    else:
        words = (
            pgettext("certificate", "Renew")
            if user.has_perm("training.certify")
            else pgettext("trainer's desk", "Look")
        )
        act = Act(words, reverse("training:person", args=[one.person.pk]))
    page = reverse("training:person", args=[one.person.pk])
    return Line(str(one.person), page, badge, act, what=f"{row.tier} · {row.number}", at=one.until)
