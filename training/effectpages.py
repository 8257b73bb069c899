"""What the pages of training effect say: figures with their samples, a verdict in words, charts. Reads only."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aftersales.core.components import charts
from aftersales.core.sheets.safe import safe
from training import effectrules, metrics
from training.effectrules import Comparison
from training.effectselectors import Effects, Found
from training.metrics import Way
from training.models import Course, Run
from training.retrainingrules import Effect

BOM = "\ufeff"
DASH = "–"
TONES = {
    effectrules.BETTER: ("green", "tick"),
    effectrules.WORSE: ("red", "cross"),
    effectrules.SAME: ("grey", "ring"),
    effectrules.FEW: ("bare", "ring"),
    effectrules.EARLY: ("bare", "half"),
}


@dataclass(frozen=True)
class Line:
    """One figure: before and after of both sides as words, with the samples; ``net`` in the figure's unit."""

    code: str
    label: str
    attended: tuple[str, int, str, int]
    others: tuple[str, int, str, int] | None
    net: str
    verdict: str
    badge: tuple[str, str, str]
    chart: SafeString | None


def verdict_words(code: str) -> str:
    return {
        effectrules.BETTER: pgettext("effect", "Better"),
        effectrules.WORSE: pgettext("effect", "Worse"),
        effectrules.SAME: pgettext("effect", "No difference"),
        effectrules.FEW: pgettext("effect", "Too few to say"),
        effectrules.EARLY: pgettext("effect", "Too early to say"),
    }[code]


def lines(found: Found, effects: Effects, *, drawn: bool = True) -> list[Line]:
    """The exam, where the course has one, and every figure."""
    rows = [] if found.exam is None else [_exam(found.exam, found, effects, drawn)]
    return rows + [_line(code, one, found, effects, drawn) for code, one in found.figures.items()]


def _exam(told: Effect, found: Found, effects: Effects, drawn: bool) -> Line:
    verdict = effectrules.exam_verdict(told, sample=effects.sample, over=found.over)
    label, gain = pgettext("effect", "Exam"), effectrules.change(told)
    chart = _chart(label, told, None, percent=True) if drawn else None
    net = _signed(gain, percent=True)
    return Line(
        "exam", label, _side(told, percent=True), None, net, verdict_words(verdict), _badge(verdict), chart
    )


def _line(code: str, one: Comparison, found: Found, effects: Effects, drawn: bool) -> Line:
    known = metrics.metric(code)
    percent, label = known.way is Way.SHARE, str(known.label)
    verdict = effectrules.verdict(
        one, sample=effects.sample, better_low=known.better_low, over=found.over, percent=percent
    )
    return Line(
        code, label, _side(one.attended, percent=percent), _side(one.others, percent=percent),
        _signed(one.net, percent=percent), verdict_words(verdict), _badge(verdict),
        _chart(label, one.attended, one.others, percent=percent) if drawn else None,
    )  # fmt: skip


def _badge(verdict: str) -> tuple[str, str, str]:
    return (verdict_words(verdict), *TONES[verdict])


def said(value: Decimal | None, *, percent: bool) -> str:
    """4.25, 12.5 %, or a dash."""
    if value is None:
        return DASH
    return f"{value:.1f} %" if percent else f"{value:.2f}"


def _signed(value: Decimal | None, *, percent: bool) -> str:
    """A difference; of percentages in points."""
    if value is None:
        return DASH
    shown = effectrules.shown(value, percent=percent)
    words = f"{shown:+}" if shown else f"{shown}"
    return _("%(n)s points") % {"n": words} if percent else words


def _side(told: Effect, *, percent: bool) -> tuple[str, int, str, int]:
    return said(told.before, percent=percent), told.before_n, said(told.after, percent=percent), told.after_n


def _chart(label: str, attended: Effect, others: Effect | None, *, percent: bool) -> SafeString | None:
    """Before and after of both sides as four columns; nothing where those who attended have no two sides."""
    if attended.before is None or attended.after is None:
        return None
    columns = [
        _column(pgettext("effect", "Before"), attended.before, ""),
        _column(pgettext("effect", "After"), attended.after, "now"),
    ]
    if others is not None and others.before is not None and others.after is not None:
        columns += [
            _column(pgettext("effect", "Others before"), others.before, ""),
            _column(pgettext("effect", "Others after"), others.after, "now"),
        ]
    words = {
        "figure": label,
        "before": said(attended.before, percent=percent),
        "after": said(attended.after, percent=percent),
    }
    return charts.histogram(columns, message=_("%(figure)s: from %(before)s to %(after)s") % words)


def _column(label: str, value: Decimal, tone: str) -> charts.Column:
    return charts.Column(label, float(round(value, 2)), tone=tone)


@dataclass(frozen=True)
class OfCourse:
    """A course with what its runs of a year did together."""

    course: Course
    runs: int
    people: int
    lines: Sequence[Line]


def by_course(effects: Effects) -> list[OfCourse]:
    """Every course that was held; only runs whose days are over count together, so that both sides are whole."""
    found: dict[int, list[Run]] = {}
    for run in effects.runs:
        found.setdefault(run.course_id, []).append(run)
    rows = []
    for runs in found.values():
        told = together(runs, effects)
        rows.append(OfCourse(runs[0].course, len(told.runs), told.people, lines(told, effects, drawn=False)))
    return sorted(rows, key=lambda one: (one.course.kind, one.course.code))


def together(runs: Sequence[Run], effects: Effects) -> Found:
    """The runs that are over with their days; where none is, all of them, so that it says too early."""
    ended = [run for run in runs if effects.is_over(run)]
    return effects.of(ended or list(runs))


def sheet(effects: Effects) -> str:
    """CSV of every run and figure, one line each, with both samples."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_heads())
    for run in effects.runs:
        told = effects.of([run])
        for one in lines(told, effects, drawn=False):
            writer.writerow([safe(str(cell)) for cell in _cells(run, told, one)])
    return BOM + text.getvalue()


def _heads() -> Iterable[str]:
    return (
        pgettext("training", "Run"), pgettext("training", "Course"), pgettext("training", "Trainer"),
        pgettext("effect", "Day"), pgettext("effect", "People who attended"), pgettext("effect", "Figure"),
        pgettext("effect", "Attended: before"), pgettext("effect", "Attended: sample before"),
        pgettext("effect", "Attended: after"), pgettext("effect", "Attended: sample after"),
        pgettext("effect", "Others before"), pgettext("effect", "Others: sample before"),
        pgettext("effect", "Others after"), pgettext("effect", "Others: sample after"),
        pgettext("effect", "Difference"), pgettext("effect", "Result"),
    )  # fmt: skip


def _cells(run: Run, told: Found, one: Line) -> list[Any]:
    day = f"{timezone.localdate(run.starts_at):%Y-%m-%d}"
    others = one.others or ("", "", "", "")
    return [
        run.number, run.course.name, run.trainer, day, told.people, one.label, *one.attended, *others, one.net,
        one.verdict,
    ]  # fmt: skip
