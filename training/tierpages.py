"""What a tier asks for, in words: for pages, refusals and the record of an exception."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.states import Duty
from aftersales.core.wording import listed
from aftersales.core.wording import minute as full_minute
from training.models import Course, Exam, Rubric, TierVersion
from training.states import Asked
from training.tierrules import Point

NAMED = {Asked.COURSE: Course, Asked.EXAM: Exam, Asked.PRACTICAL: Rubric}
SEPARATOR = "|"


@dataclass(frozen=True)
class Line:
    """One requirement on the page; ``link`` leads to where it can be made up."""

    label: str
    have: str
    need: str
    note: str
    percent: int
    met: bool
    until: datetime | None
    link: str
    link_label: str


def terms(row: TierVersion) -> dict[str, str]:
    """What a version asks for, line by line for the comparison of versions."""
    none = pgettext("requirement", "not asked for")
    days = ngettext("%(n)s day", "%(n)s days", row.days_below) % {"n": row.days_below}
    until = _("%(n)s days after a new version of its exam") % {"n": row.recertify_days}
    return {
        _("Hours of training"): short(row.hours) if row.hours else none,
        _("Courses in date"): _names(Course, row.courses) or none,
        _("Exams passed"): _names(Exam, row.exams) or none,
        _("Practical assessments passed"): _names(Rubric, row.rubrics) or none,
        _("Tickets handled"): str(row.handled) if row.handled else none,
        _("Satisfaction (1 to 5)"): none if row.satisfaction is None else short(row.satisfaction),
        _("Inspection score (to 100)"): none if row.inspection is None else short(row.inspection),
        _("Days that figures count"): str(row.figure_days),
        _("Marks that a mean needs"): str(row.sample),
        _("Days in the tiers below"): days if row.days_below else none,
        _("No suspended certificate"): _("Yes") if row.no_suspension else none,
        _("Examined anew"): until,
        _("Only for these duties"): duty_names(row.duties) or pgettext("rule", "all"),
        _("Temporary: ends at the latest"): full_minute(row.latest_end) if row.latest_end else "–",
    }


def _names(model: Any, codes: Iterable[str]) -> str:
    wanted = list(codes)
    known = {row.code: row.name for row in model.objects.filter(code__in=wanted)} if wanted else {}
    return listed(known.get(code, code) for code in wanted)


def duty_names(codes: Iterable[str]) -> str:
    known = dict(Duty.choices)
    return listed(str(known.get(code, code)) for code in codes)


def short(number: Any) -> str:
    """30, not 30.00; a mean with two places."""
    words = f"{number:.2f}"
    return words.rstrip("0").rstrip(".") if "." in words else words


def names_of(points: Iterable[Point]) -> dict[tuple[str, str], str]:
    """Names of the courses, exams and rubrics that are asked for; at most three statements."""
    wanted: dict[Asked, set[str]] = {}
    for one in points:
        if one.asked in NAMED:
            wanted.setdefault(one.asked, set()).add(one.key)
    return {
        (str(asked), row.code): row.name
        for asked, codes in wanted.items()
        for row in NAMED[asked].objects.filter(code__in=codes)  # type: ignore[attr-defined]
    }


def label_of(asked: str, key: str, names: dict[tuple[str, str], str]) -> str:
    label = str(Asked(asked).label)
    if not key:
        return label
    return _("%(what)s: %(name)s") % {"what": label, "name": names.get((asked, key), key)}


def listed_points(points: Iterable[Point]) -> str:
    """Every missing point with its numbers, as one line of a refusal."""
    rows = list(points)
    names = names_of(rows)
    return listed(_said(str(one.asked), one.key, short(one.have), short(one.need), names) for one in rows)


def _said(asked: str, key: str, have: str, need: str, names: dict[tuple[str, str], str]) -> str:
    label = label_of(asked, key, names)
    if asked in NAMED:
        return label
    if asked == Asked.NO_SUSPENSION:
        return label
    return _("%(what)s %(have)s of %(need)s") % {"what": label, "have": have, "need": need}


def recorded(point: Point) -> str:
    """A missing point as the certificate keeps it: codes and numbers, read again by ``read_again``."""
    return SEPARATOR.join([str(point.asked), point.key, short(point.have), short(point.need)])


def read_again(lines: Iterable[str]) -> list[str]:
    """What was missing when an exception was proposed, in the reader's language."""
    rows = [line.split(SEPARATOR) for line in lines]
    points = [row for row in rows if len(row) == 4 and row[0] in Asked.values]
    wanted: dict[Asked, set[str]] = {}
    for asked, key, *_numbers in points:
        if asked in NAMED:
            wanted.setdefault(Asked(asked), set()).add(key)
    names = {
        (str(asked), row.code): row.name
        for asked, codes in wanted.items()
        for row in NAMED[asked].objects.filter(code__in=codes)  # type: ignore[attr-defined]
    }
    return [_said(asked, key, have, need, names) for asked, key, have, need in points]


def lines(points: Iterable[Point], *, is_own: bool) -> list[Line]:
    """Every requirement as the page shows it."""
    rows = list(points)
    names = names_of(rows)
    return [_line(one, names, is_own) for one in rows]


def _line(one: Point, names: dict[tuple[str, str], str], is_own: bool) -> Line:
    asked = one.asked
    yes_no = asked in NAMED or asked == Asked.NO_SUSPENSION
    have, need = ("", "") if yes_no else (short(one.have), short(one.need))
    if asked == Asked.NO_SUSPENSION:
        have = "" if one.met else short(one.have)
    link, link_label = ("", "") if one.met else _way(one, is_own)
    return Line(
        label_of(str(asked), one.key, names),
        have,
        need,
        _note(one),
        one.percent,
        one.met,
        one.until,
        link,
        link_label,
    )


def _note(one: Point) -> str:
    """Of how many marks a mean is, and that too few say nothing."""
    if one.sample is None:
        return ""
    words = {"n": one.sample, "least": one.least}
    if one.sample < one.least:
        return _("%(n)s of %(least)s marks: too few to say") % words
    return ngettext("from %(n)s mark", "from %(n)s marks", one.sample) % words


def _way(one: Point, is_own: bool) -> tuple[str, str]:
    """Where it is made up."""
    if one.asked is Asked.COURSE:
        return reverse("training:course", args=[one.key]), _("To the course")
    if one.asked is Asked.HOURS:
        return reverse("training:courses"), _("To the courses")
    if one.asked is Asked.EXAM:
        return reverse("training:exam", args=[one.key]), _("To the exam")
    if one.asked is Asked.PRACTICAL:
        return reverse("training:practicals"), pgettext("training", "To the assessments")
    if one.asked is Asked.NO_SUSPENSION and is_own:
        return reverse("training:mine"), _("To my certificates")
    return "", ""
