"""What the pages of a simulated formula show: who moves, both distributions, and one subject's points side by side."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, Q
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.selectors import names
from aftersales.core.components.charts import Column, bars_line, data_table
from aftersales.core.errors import DomainError, Text
from aftersales.core.models import Job
from aftersales.core.posted import day_of, whole
from aftersales.core.sheets.safe import safe
from aftersales.merchants.models import Merchant
from aftersales.orders.selectors import category_names
from aftersales.scorecards import charts
from aftersales.scorecards.metrics import metric
from aftersales.scorecards.models import FormulaVersion, ShadowPart, ShadowRun, ShadowScore
from aftersales.scorecards.services.shadow import JOB
from aftersales.scorecards.states import Played, ShadowKind, SubjectKind

PAGE = 50
MOST_ROWS = 20_000  # of a sheet
NARROW, WIDE_STEP = 25, 5  # points: a wider distribution has columns of five
BOM = "\ufeff"
WHICH: Mapping[str, Q] = {
    "moved": Q(size__gt=0),
    "graded": ~Q(grade_before=F("grade_after")),
    "falls": Q(falls=True),
    "all": Q(),
}


@dataclass(frozen=True)
class Moved:
    """One row of the list."""

    row: ShadowScore
    name: str
    category: str
    url: str

    @property
    def by(self) -> str:
        return signed(self.row.after - self.row.before)


@dataclass(frozen=True)
class Beside:
    """One metric of a score by both versions."""

    name: Text
    figure_before: str
    figure_after: str
    before: str
    after: str
    by: Decimal
    url: str

    @property
    def words(self) -> str:
        return signed(self.by)


@dataclass(frozen=True)
class Asked:
    """Which rows: of which day, which of them, behind which one."""

    day: date
    which: str
    after: tuple[Decimal, int] | None


def signed(points: Decimal) -> str:
    """A movement; nothing has no sign."""
    return charts.signed(points) if points else f"{points:.1f}"


def job_of(run: ShadowRun) -> Job | None:
    """The work of a run that is not finished; None once it was forgotten."""
    found: Job | None = Job.objects.filter(key=f"{JOB}:{run.pk}").first()
    return found


def days_played(run: ShadowRun) -> list[ShadowPart]:
    """The days that are counted, the newest first."""
    rows = ShadowPart.objects.filter(run=run.pk, played=Played.SCORES)
    return list(rows.order_by("-place"))


def simulated(version: FormulaVersion) -> tuple[ShadowRun, ShadowPart] | None:
    """The newest finished simulation of a version in its present wording, with its last day. Two statements."""
    runs = ShadowRun.objects.filter(kind=ShadowKind.FORMULA, formula=version).select_related(
        "by", "formula__formula"
    )
    run = next(
        (one for one in runs.order_by("-at")[:20] if one.drafts["formula"]["terms"] == version.terms), None
    )
    parts = days_played(run) if run is not None else []
    return (run, parts[0]) if run is not None and parts else None


def finding(part: ShadowPart, run: ShadowRun) -> str:
    """A day of a simulation in one sentence."""
    counts = part.counts
    told = [
        ngettext("%(n)s of %(all)s moves", "%(n)s of %(all)s move", counts["up"] + counts["down"])
        % {"n": counts["up"] + counts["down"], "all": counts["subjects"]},
        ngettext("%(n)s grade changes", "%(n)s grades change", counts["regraded"])
        % {"n": counts["regraded"]},
    ]
    if run.least is not None:
        words = ngettext("%(n)s falls below %(least)s", "%(n)s fall below %(least)s", counts["falls"])
        told.append(words % {"n": counts["falls"], "least": run.least})
    return pgettext("list", ", ").join(told)


def wanted(given: Mapping[str, str], parts: Sequence[ShadowPart]) -> Asked:
    """What a person asked for; what is none is left out."""
    days = [date.fromisoformat(one.counts["day"]) for one in parts]
    day, which = day_of(given.get("day")), given.get("which", "")
    size, _sep, key = given.get("after", "").partition("_")
    tenths, pk = whole(size), whole(key)
    after = (Decimal(tenths) / 10, pk) if tenths is not None and pk is not None else None
    return Asked(day if day in days else days[0], which if which in WHICH else "moved", after)


def is_forgotten(run: ShadowRun) -> bool:
    """Whether retention removed the scores one by one; the sums of every day stay."""
    return not ShadowScore.objects.filter(run=run.pk).exists()


def rows(run: ShadowRun, asked: Asked, user: Any, *, most: int = PAGE) -> tuple[list[Moved], str]:
    """Who moves most first, and where the next page begins (empty: nowhere). Four statements."""
    found = ShadowScore.objects.visible_to(user).filter(WHICH[asked.which], run=run.pk, day=asked.day)
    if asked.after is not None:
        size, pk = asked.after
        found = found.filter(Q(size__lt=size) | Q(size=size, subject_id__gt=pk))
    listed = list(found.defer("details_before", "details_after").order_by("-size", "subject_id")[: most + 1])
    called, categories = _names(listed), category_names(one.category for one in listed)
    last = listed[most - 1] if len(listed) > most else None
    after = f"{int(last.size * 10)}_{last.subject_id}" if last is not None else ""
    return [_moved(run, asked.day, one, called, categories) for one in listed[:most]], after


def _moved(
    run: ShadowRun, day: date, one: ShadowScore, called: Mapping[int, str], categories: Mapping[str, str]
) -> Moved:
    assert run.formula is not None
    address = reverse("scorecards:simulated", args=[run.formula.formula.code, run.public_id, one.subject_id])
    name = called.get(one.subject_id) or one.subject_name
    return Moved(one, name, categories.get(one.category, ""), f"{address}?day={day}")


def _names(listed: Iterable[ShadowScore]) -> dict[int, str]:
    people = [one.subject_id for one in listed if one.subject_kind == SubjectKind.PERSON]
    return names(people) if people else {}


def distribution(part: ShadowPart) -> tuple[SafeString, SafeString]:
    """Both distributions as one picture (columns after, line before) and as a table."""
    before, after = part.counts["before"], part.counts["after"]
    marks = sorted({int(one) for one in (*before, *after)})
    step = WIDE_STEP if marks and marks[-1] - marks[0] > NARROW else 1
    before, after = _columns(before, step), _columns(after, step)
    listed = range(marks[0] // step * step, marks[-1] + 1, step) if marks else []
    columns = [
        Column(str(one), after[one], line=before[one]) for one in listed
    ]  # fmt: skip
    message = _("Scores after the draft as columns, before it as a line")
    head = [pgettext("score", "From"), pgettext("simulation", "Before"), pgettext("simulation", "After")]
    table = data_table(head, [(one.label, one.line, one.value) for one in columns], caption=message)
    return bars_line(columns, message=message, every=2, width=640, height=190), table


def _columns(counted: Mapping[str, int], step: int) -> Counter[int]:
    found: Counter[int] = Counter()
    for points, number in counted.items():
        found[int(points) // step * step] += number
    return found


def grades(part: ShadowPart) -> list[tuple[str, str, int, bool]]:
    """From which grade to which, how many, and whether it is another one; changes first."""
    listed = [(*pair.split(">"), number) for pair, number in part.counts["grades"].items()]
    told = [(_grade(was), _grade(will), number, was != will) for was, will, number in listed if was or will]
    return sorted(told, key=lambda one: (not one[3], -one[2], one[0]))


def _grade(code: str) -> str:
    return code or pgettext("grade", "none")


def subject(run: ShadowRun, user: Any, pk: int, day: date) -> ShadowScore | None:
    """One subject's row that a person may see."""
    found: ShadowScore | None = (
        ShadowScore.objects.visible_to(user).filter(run=run.pk, subject_id=pk, day=day).first()
    )
    return found


def name_of(row: ShadowScore) -> str:
    return _names([row]).get(row.subject_id) or row.subject_name


def beside(row: ShadowScore, user: Any) -> list[Beside]:
    """Every metric and every extra of both scores, the greatest difference first; it sums up to the movement."""
    shop = None
    if row.subject_kind == SubjectKind.MERCHANT and user.has_perm("scorecards.view_merchants"):
        shop = Merchant.objects.visible_to(user).filter(pk=row.subject_id).first()
    before, after = _points(row.details_before), _points(row.details_after)
    listed = [
        _line(code, before.get(code), after.get(code), shop) for code in dict.fromkeys([*before, *after])
    ]
    return sorted(listed, key=lambda one: (-abs(one.by), str(one.name)))


def _points(details: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    items = {one["metric"]: one for one in details["items"]}
    return items | {f"+{one['metric']}": one | {"gained": one["points"]} for one in details["extras"]}


def _line(code: str, was: Mapping[str, Any] | None, will: Mapping[str, Any] | None, shop: Any) -> Beside:
    plain = code.removeprefix("+")
    gained = [Decimal(one["gained"]) if one else Decimal(0) for one in (was, will)]
    url = reverse("dashboards:merchant_rows", args=[shop.public_id, plain]) if shop is not None else ""
    return Beside(
        name=_metric(plain, is_extra=code != plain), figure_before=_figure(was), figure_after=_figure(will),
        before=_said(was, gained[0]), after=_said(will, gained[1]), by=gained[1] - gained[0], url=url,
    )  # fmt: skip


def _metric(code: str, *, is_extra: bool) -> Text:
    try:
        name = metric(code).name
    except DomainError:  # a metric of an older release
        return code
    return _("Bonus or deduction: %(metric)s") % {"metric": name} if is_extra else name


def _figure(one: Mapping[str, Any] | None) -> str:
    if one is None:
        return "–"
    words = ngettext("%(figure)s in %(days)s day", "%(figure)s in %(days)s days", one["days"])
    return words % {"figure": f"{one['num']:,} / {one['den']:,}", "days": one["days"]}


def _said(one: Mapping[str, Any] | None, gained: Decimal) -> str:
    if one is None:
        return "–"
    if "weight" not in one:
        return charts.signed(gained)
    return _("%(gained)s of %(weight)s") % {"gained": gained, "weight": one["weight"]}


def sheet(listed: Iterable[Moved]) -> str:
    """The rows as CSV; nothing in it is taken for a formula by a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([
        pgettext("simulation", "Name"), pgettext("score", "Category"), pgettext("simulation", "Score before"),
        pgettext("simulation", "Score after"), pgettext("simulation", "Movement"),
        pgettext("simulation", "Grade before"), pgettext("simulation", "Grade after"),
        pgettext("simulation", "Falls below the limit"),
    ])  # fmt: skip
    for one in listed:
        row = one.row
        writer.writerow([
            safe(one.name), safe(one.category), row.before, row.after, row.after - row.before, safe(row.grade_before),
            safe(row.grade_after), "1" if row.falls else "",
        ])  # fmt: skip
    return BOM + text.getvalue()
