"""What the pages of a score show, on the desk and in the portal: score, where points went, metrics, the rows behind."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q
from django.db.models.functions import Cast, Floor
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aftersales.core import wording
from aftersales.core.errors import Text
from aftersales.core.merchantscope import as_application
from aftersales.core.posted import moment_of, whole
from aftersales.core.rulebook import RuleState
from aftersales.core.sheets.safe import safe
from aftersales.core.subjects import Subject, named
from aftersales.scorecards import charts
from aftersales.scorecards.metrics import Metric, metric
from aftersales.scorecards.models import Formula, FormulaVersion, Scored, Snapshot, Standing
from aftersales.scorecards.scores import explaining, selectors
from aftersales.scorecards.scores.explaining import Advice, Explained
from aftersales.scorecards.scores.rules import Judged
from aftersales.scorecards.selectors import PAGE
from aftersales.scorecards.selectors import Item as Row
from aftersales.scorecards.states import Direction, SubjectKind, Verdict

MARKS = {
    Verdict.MET: ("green", "disc"),
    Verdict.OPEN: ("grey", "half"),
    Verdict.MISSED: ("red", "cross"),
    Verdict.TOO_FEW: ("bare", "ring"),
}
GRADE_TONES = ("green", "blue", "amber", "red")
ENOUGH_PEERS = 2  # others: a share of one says nothing
STEP = 5  # points of one column of the distribution
LEGEND = 20  # points between two numbers below it
MONTHS = 12
MOST_ROWS = 5_000  # of a sheet
WHICH = ("bad", "excluded", "all")
BOM = "\ufeff"
Url = Callable[[str], str]
Courses = Mapping[str, SafeString | str]


@dataclass(frozen=True)
class Line:
    """One metric of a score."""

    code: str
    name: Text
    made_of: str
    value: str
    figure: str
    days: int
    interval: str
    limit: str
    peers: str
    badge: tuple[str, str, str]
    gained: Decimal
    weight: Decimal
    strip: SafeString | str
    url: str
    spark: SafeString | str = ""


@dataclass(frozen=True)
class Card:
    """Everything that a page says of one score. ``sum``: the points as one line of arithmetic, where they add up."""

    row: Scored
    found: Explained
    grade: tuple[str, str, str]
    lines: list[Line]
    lost: SafeString | str
    sum: str
    extras: list[tuple[Text, str, str]]
    advice: list[tuple[Text, Advice, str]]
    peers: SafeString | str
    trend: SafeString | str
    months: list[Snapshot]
    goal: str
    has_courses: bool = False


def card(row: Scored, url: Url, courses: Courses | None = None) -> Card:
    """A standing or snapshot with ``rule`` and its formula at hand. ``url``: the page of the rows behind a metric.

    ``courses``: how each metric went, as a small picture. Three statements, however many metrics there are.
    """
    found = explaining.explained(row)
    months = list(_months(row))
    return Card(
        row=row, found=found, grade=_grade(found),
        lines=[_line(one, url, courses or {}, found.terms.peers) for one in found.score.items],
        lost=_lost(found, url), sum=_sum(found), extras=[_extra(one) for one in found.score.extras],
        advice=[(name_of(one.judged.item.metric, one.judged.item.within), one, url(one.judged.item.metric.code))
                for one in explaining.foremost(explaining.advice(found), 3)],
        peers=_peers(found), trend=_trend(row, months), months=months, goal=_goal(found),
        has_courses=any((courses or {}).values()),
    )  # fmt: skip


def no_grade() -> tuple[str, str, str]:
    """Instead of a grade, for who did too little."""
    return (str(Verdict.TOO_FEW.label), "bare", "ring")


def grade_of(grade: str, listed: Sequence[str]) -> tuple[str, str, str]:
    """A grade as a badge; ``listed``: all there are, the best first. The better the greener."""
    place = listed.index(grade)
    tone = GRADE_TONES[min(place, len(GRADE_TONES) - 1)]
    return (pgettext("score", "Grade %(grade)s") % {"grade": grade}, tone, "disc" if place == 0 else "tick")


def _grade(found: Explained) -> tuple[str, str, str]:
    if not found.row.grade:
        return no_grade()
    return grade_of(found.row.grade, [one.code for one in found.terms.grades])


def name_of(one: Metric, within: int = 0) -> Text:
    """A metric's name; of times with the limit of a single one."""
    if not within:
        return one.name
    return _("%(metric)s within %(time)s") % {"metric": one.name, "time": wording.duration(within)}


def _line(one: Judged, url: Url, courses: Courses, fewest: int) -> Line:
    item, counted = one.item, one.counted
    label, tone_mark = str(one.verdict.label), MARKS[one.verdict]
    return Line(
        code=item.metric.code, name=name_of(item.metric, item.within),
        made_of=_("%(numerator)s ÷ %(denominator)s") % {
            "numerator": _numerator(item), "denominator": item.metric.denominator},
        value=wording.percent(one.rate), figure=f"{counted.num:,} / {counted.den:,}", days=counted.days,
        interval="–" if one.low is None else _interval(one), limit=_limit(item), peers=_peer_rate(one, fewest),
        badge=(label, *tone_mark), gained=one.gained, weight=one.weight, strip=_strip(one), url=url(item.metric.code),
        spark=courses.get(item.metric.code, ""),
    )  # fmt: skip


def _numerator(item: Any) -> Text:
    return pgettext("score", "in time") if item.within else item.metric.numerator


def _interval(one: Judged) -> str:
    return f"{wording.percent(one.low)}–{wording.percent(one.high)}"


def _limit(item: Any) -> str:
    sign = "≥" if item.higher_is_better else "≤"
    return f"{sign} {wording.percent(item.limit)}"


def _peer_rate(one: Judged, fewest: int) -> str:
    """What one expects of peers; nothing where too few of them have data and the target stands for them."""
    if one.prior.peers < fewest:
        return ""
    mean = 1 - one.prior.mean if one.item.higher_is_better else one.prior.mean
    return wording.percent(mean)


def _strip(one: Judged) -> SafeString | str:
    if one.rate is None or one.low is None or one.high is None:
        return ""
    finding = _("%(rate)s, between %(interval)s; target %(limit)s") % {
        "rate": wording.percent(one.rate), "interval": _interval(one), "limit": _limit(one.item)
    }  # fmt: skip
    return charts.strip(
        float(one.rate), float(one.low), float(one.high), float(one.item.limit), finding=finding
    )


def _lost(found: Explained, url: Url) -> SafeString | str:
    listed = [
        charts.Bar(str(name_of(one.item.metric, one.item.within)), -one.lost, url(one.item.metric.code))
        for one in found.lost
    ]
    listed += [charts.Bar(str(metric(one.metric).name), one.points) for one in found.score.extras]
    if not listed:
        return ""
    worst = found.worst
    words = {"lost": found.lost_points, "score": found.row.score}
    finding = _("%(lost)s points lost in all, which makes %(score)s") % words
    if worst is not None:
        finding += _("; most by %(metric)s") % {"metric": worst.item.metric.name}
    return charts.bars(listed, finding=finding)


def _sum(found: Explained) -> str:
    """100 less what was lost and more what was added; empty where the cap or the floor cut it off."""
    if not found.score.enough or 100 - found.lost_points + found.added_points != found.row.score:
        return ""
    added = f" {charts.signed(found.added_points)}" if found.added_points else ""
    return f"100 − {found.lost_points:.1f}{added} = {found.row.score:.1f}"


def _extra(one: Any) -> tuple[Text, str, str]:
    return metric(one.metric).name, f"{one.counted.num:,} / {one.counted.den:,}", charts.signed(one.points)


def _goal(found: Explained) -> str:
    """What the next better grade asks of the lower bound, and what a worse one would take."""
    terms, row = found.terms, found.row
    if not row.grade:
        return _("With %(enough)s in %(days)s days a score is counted; there were %(volume)s.") % {
            "enough": terms.enough, "days": terms.windows[-1], "volume": row.volume
        }  # fmt: skip
    place = terms.rank(row.grade)
    if place == 0:
        return _("This is the best grade.")
    better = terms.grades[place - 1]
    words = {"grade": better.code, "from": better.least, "low": row.low}
    if place > terms.rank(terms.ordinary):
        return (
            _("Grade %(grade)s comes as soon as nothing is proven worse: chance alone costs no grade.")
            % words
        )
    return (
        _(
            "For grade %(grade)s the lower bound has to reach %(from)s; it is %(low)s. Chance alone costs no grade."
        )
        % words
    )


def _months(row: Scored) -> Iterable[Snapshot]:
    rows = Snapshot.objects.filter(
        formula_id=row.formula_id, subject_kind=row.subject_kind, subject_id=row.subject_id, day__lte=row.day
    )
    return reversed(rows.order_by("-month")[:MONTHS])


def _trend(row: Scored, months: Sequence[Snapshot]) -> SafeString | str:
    shown: list[Scored] = [*months]
    if not months or months[-1].day < row.day:
        shown.append(row)
    if len(shown) < 2:
        return ""
    first, last = shown[0], shown[-1]
    words = {"from": first.score, "to": last.score, "n": len(shown)}
    finding = _("%(n)s scores, from %(from)s to %(to)s") % words
    points = [
        charts.Month(f"{one.day:%y-%m}", float(one.score), float(one.low), float(one.high)) for one in shown
    ]
    return charts.trend(points, finding=finding)


def _peers(found: Explained) -> SafeString | str:
    """The scores of the same day in the same category; of a past month those of its snapshots."""
    row = found.row
    if row.peers < ENOUGH_PEERS or row.below is None:
        return ""
    model = type(row)
    with as_application("scores of peers are shown as numbers of a column, never by name"):
        rows = model._default_manager.filter(formula_id=row.formula_id, day=row.day).exclude(grade="")
        column = Cast(Floor(F("score") / STEP), IntegerField())
        counted = list(
            rows.annotate(column=column, mine=Q(category=row.category))
            .values_list("column", "mine")
            .annotate(Count("id"))
            .order_by()
        )
    if sum(number for _column, mine, number in counted if mine) >= found.terms.peers:
        counted = [one for one in counted if one[1]]
    by_column: dict[int, int] = {}
    for place, _mine, number in counted:
        by_column[place] = by_column.get(place, 0) + number
    least = min([*by_column, int(row.score) // STEP]) * STEP
    first = max(int(found.terms.floor), least - least % LEGEND) // STEP
    last = max(int(found.terms.cap) // STEP, first + 1)
    counts = [by_column.get(one, 0) for one in range(first, last)]
    counts[-1] += by_column.get(last, 0)
    finding = (
        _("Scores of %(peers)s peers; %(score)s is above all of them")
        if row.below == 100
        else _("Scores of %(peers)s peers; %(score)s is above %(below)s%% of them, equal scores not counted")
    )
    finding %= {
        "peers": row.peers, "score": row.score, "below": row.below
    }  # fmt: skip
    return charts.distribution(
        counts, first=first * STEP, step=STEP, score=float(row.score), low=float(row.low), high=float(row.high),
        finding=finding,
    )  # fmt: skip


# ------------------------------------------------------------------------------------------- the rows behind
@dataclass(frozen=True)
class Behind:
    """One row behind a metric: what it is, when it counted, what it added, or why it did not count."""

    words: str
    url: str
    item: Row
    badge: tuple[str, str, str]
    took: str


Called = Mapping[tuple[str, int], Subject]


@dataclass(frozen=True)
class RowsWanted:
    """Which rows behind a metric. ``after``: moment and key of the last one that one has; ``whole``: for a sheet."""

    which: str = "bad"
    after: tuple[datetime, int] | None = None
    whole: bool = False


@dataclass(frozen=True)
class Opened:
    """A score with the rows behind one of its metrics, over the window that counted."""

    row: Scored
    found: Explained
    rows: list[Row]
    since: date
    until: date
    has_more: bool
    which: str


def rows_wanted(given: Mapping[str, str]) -> RowsWanted:
    """What a person asked for; what is none is left out."""
    which = given.get("which", "")
    moment, _sep, key = given.get("after", "").rpartition("_")
    at, pk = moment_of(moment), whole(key)
    after = (at, pk) if at is not None and pk is not None else None
    is_sheet = given.get("format") == "csv"
    return RowsWanted(which if which in WHICH else ("all" if is_sheet else "bad"), after, is_sheet)


def opened(row: Scored, code: str, asked: RowsWanted) -> Opened | None:
    """The rows behind a metric of a score; None for a metric that the score does not rest on.

    Whoever may see the score may see what it was counted from, so this reads past a merchant's scope: an order of
    several shops counts for each of them.
    """
    found = explaining.explained(row)
    counted = explaining.counted_of(found, code)
    if counted is None:
        return None
    page = MOST_ROWS if asked.whole else PAGE
    since, until = explaining.span(counted, row.day)
    which = "all" if asked.which == "bad" and metric(code).direction == Direction.NEITHER else asked.which
    with as_application("what a score was counted from, of the subject whose score was shown"):
        rows = list(explaining.rows(found, code, which=which, after=asked.after, page=page + 1))
    return Opened(row, found, rows[:page], since, until, len(rows) > page, which)


def rows_page(shown: Opened, code: str, names: Called) -> dict[str, Any]:
    """What the page of the rows shows besides its frame."""
    name, meaning, cost = headline(shown.found, code)
    last = shown.rows[-1] if shown.rows else None
    return {
        "title": name, "meaning": meaning, "cost": cost, "code": code, "row": shown.row, "since": shown.since,
        "until": shown.until, "which": shown.which, "tabs": which_tabs(metric(code)),
        "rows": behind(shown.found, code, shown.rows, names),
        "line": next((one for one in shown.found.score.items if one.item.metric.code == code), None),
        "after": f"{last.at.isoformat()}_{last.id}" if last is not None and shown.has_more else "",
    }  # fmt: skip


def which_tabs(one: Metric) -> list[tuple[str, str]]:
    """What of the rows behind a metric one may ask for; of what is neither good nor bad nothing counts against."""
    labels = {
        "bad": pgettext("score", "Count against"), "excluded": pgettext("score", "Excluded"),
        "all": pgettext("score", "All"),
    }  # fmt: skip
    choices = WHICH if one.direction != Direction.NEITHER else WHICH[1:]
    return [(code, labels[code]) for code in choices]


def called(rows: Sequence[Row], user: Any) -> Called:
    """How staff call these rows, with an address where the person may open them. Two statements for each kind."""
    return named([(one.kind, one.id) for one in rows], user)


def behind(found: Explained, code: str, rows: Sequence[Row], names: Called) -> list[Behind]:
    """Rows with their names, and whether each counts against somebody, counts, or was left out and why."""
    judged = found.item(code)
    return behind_figure(metric(code), rows, names, judged.item.within if judged is not None else 0)


def behind_figure(one: Metric, rows: Sequence[Row], names: Called, within: int = 0) -> list[Behind]:
    """The same for a figure that no score rests on. ``within``: of times, how long a single one may take."""
    listed = []
    for row in rows:
        subject = names.get((row.kind, row.id))
        listed.append(
            Behind(
                subject.words if subject else f"#{row.id}", subject.url if subject else "", row,
                _badge_of(one, row, within), row.took,
            )
        )  # fmt: skip
    return listed


def _badge_of(one: Metric, row: Row, within: int) -> tuple[str, str, str]:
    if row.excluded:
        return (pgettext("score", "Excluded"), "bare", "cross")
    if within:
        is_bad = row.seconds is not None and row.seconds > within
    elif one.direction == Direction.NEITHER:
        is_bad = False
    else:
        is_bad = row.num < row.den if one.direction == Direction.HIGHER else row.num > 0
    if is_bad:
        return (pgettext("score", "Counts against"), "amber", "triangle")
    return (pgettext("score", "Counts"), "grey", "disc")


def sheet(rows: Iterable[Behind]) -> str:
    """The rows behind a metric as CSV; nothing in it is taken for a formula by a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([
        pgettext("score", "What"), pgettext("score", "Day"), pgettext("score", "Counted"),
        pgettext("score", "Numerator"), pgettext("score", "Denominator"), pgettext("score", "Time or limit"),
        pgettext("score", "Missed by, or left out why"),
    ])  # fmt: skip
    for one in rows:
        cells = [
            one.words, f"{one.item.day}", one.badge[0], str(one.item.num), str(one.item.den), one.took,
            str(one.item.reason),
        ]  # fmt: skip
        writer.writerow([safe(cell) for cell in cells])
    return BOM + text.getvalue()


def headline(found: Explained, code: str) -> tuple[Text, str, str]:
    """Name of a metric, what it is made of, and what it cost in words."""
    judged, one = found.item(code), metric(code)
    if judged is None:
        return one.name, one.explained, ""
    cost = _("%(gained)s of %(weight)s points") % {"gained": judged.gained, "weight": judged.weight}
    each = explaining.each(judged)
    if each is not None:
        cost = _("%(cost)s; about %(each)s a case") % {"cost": cost, "each": each}
    return name_of(one, judged.item.within), one.explained, cost


# --------------------------------------------------------------------------------------------- which score
def score_of(user: Any, formula: Formula, subject: int, month: date | None = None) -> Scored | None:
    """Where somebody stands, or his score of a month; None where this person may not see it or none was counted."""
    return _scored(user, month, formula=formula, subject_id=subject)


def standing_of(user: Any, kind: SubjectKind, subject: int, month: date | None = None) -> Scored | None:
    """The same by the formula of that kind; one statement, with the formula."""
    return _scored(user, month, subject_kind=kind, subject_id=subject)


def _scored(user: Any, month: date | None, **whose: Any) -> Scored | None:
    model: Any = Snapshot if month is not None else Standing
    found = model.objects.visible_to(user).filter(**whose)
    if month is not None:
        found = found.filter(month=month)
    found = found.annotate(has_later=Exists(_later(OuterRef("formula"), OuterRef("at"), OuterRef("rule"))))
    row: Scored | None = found.select_related("rule__formula", "formula").judging_first().first()
    return row


def _later(formula: Any, at: Any, rule: Any) -> Any:
    rows = FormulaVersion.objects.filter(formula=formula, valid_from__gt=at, state=RuleState.ACTIVE)
    return rows.exclude(pk=rule)


def formula_of(kind: SubjectKind) -> Formula | None:
    """The formula by which one kind of subjects is judged."""
    return Formula.objects.judging(kind).first()


def announced(formula: Formula, row: Scored) -> FormulaVersion | None:
    """The version that will count later than the one a score was counted by."""
    if not getattr(row, "has_later", True):
        return None
    found: FormulaVersion | None = _later(formula, row.at, row.rule_id).order_by("valid_from").first()
    return found


def counts(row: Scored) -> bool:
    """Whether a score is judged by a version that was in force; else it only shows how it would be."""
    begin = row.rule.valid_from
    return begin is not None and begin <= selectors.ends(row.day)
