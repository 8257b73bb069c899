"""Why a score is what it is: from the score to the metric to the very rows, and what would raise it most next week."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from aftersales.scorecards.models import Scored
from aftersales.scorecards.scores import kept, rules, selectors
from aftersales.scorecards.scores.rules import Counted, Judged
from aftersales.scorecards.scores.terms import HUNDRED, NOTHING, Terms
from aftersales.scorecards.selectors import PAGE, rows_behind
from aftersales.scorecards.selectors import Item as Row
from aftersales.scorecards.states import SubjectKind, Verdict

WEEK = 7


@dataclass(frozen=True)
class Advice:
    """One metric without a single fault next week: points then, points in the long run, and faults that drop out.

    ``begins``: where a good week brings no point, the rate from which on there are any; None where it is there already.
    """

    judged: Judged
    faults: int
    gain: Decimal
    most: Decimal
    begins: Decimal | None = None


@dataclass(frozen=True)
class Explained:
    """A score with the terms it was counted by, taken apart."""

    row: Scored
    terms: Terms
    score: rules.Score

    @property
    def lost(self) -> list[Judged]:
        """Where points went, most first."""
        return sorted((one for one in self.score.items if one.lost > 0), key=lambda one: -one.lost)

    @property
    def worst(self) -> Judged | None:
        """By whose faults most was lost: too little data has its flat part, few good cases theirs, and both tell of
        nothing that was done."""
        return most_by(self.score)

    @property
    def lost_points(self) -> Decimal:
        return sum((one.lost for one in self.score.items), Decimal(0))

    @property
    def added_points(self) -> Decimal:
        return sum((one.points for one in self.score.extras), Decimal(0))

    @property
    def missed(self) -> list[Judged]:
        return [one for one in self.score.items if one.verdict == Verdict.MISSED]

    def item(self, code: str) -> Judged | None:
        return next((one for one in self.score.items if one.item.metric.code == code), None)


def is_fault(one: Judged) -> bool:
    """Whether points went by what somebody did, not by too little to judge."""
    return one.lost > 0 and one.verdict != Verdict.TOO_FEW and rules.bad_of(one.item, one.counted) > 0


def most_by(score: rules.Score) -> Judged | None:
    """By whose faults most was lost; None where nothing was lost by faults."""
    return max((one for one in score.items if is_fault(one)), key=lambda one: one.lost, default=None)


def explained(row: Scored) -> Explained:
    """A standing or snapshot with ``rule`` and its formula at hand."""
    terms = selectors.terms_of(row.rule)
    return Explained(row, terms, kept.score_of(row, terms))


def span(counted: Counted, until: date) -> tuple[date, date]:
    """First and last day of a window."""
    return until - timedelta(days=counted.days - 1), until


def each(one: Judged) -> Decimal | None:
    """About how many points one bad case costs; None where none did."""
    if not is_fault(one):
        return None
    return (one.lost / rules.bad_of(one.item, one.counted)).quantize(Decimal("0.01"))


def advice(found: Explained) -> list[Advice]:
    """What would raise the score most within a week, the most first: each metric by itself, counted as it counts.

    Metrics without a fault are left out: nothing done would raise them, more cases do by themselves.

    The window moves on by seven days: what happened in its first week drops out, and as many cases come in as come in
    a week on average, all of them good. One statement.
    """
    terms = found.terms
    open_items = [one for one in found.score.items if is_fault(one)]
    if not open_items:
        return []
    dropped = _first_weeks(found, open_items)
    listed = []
    for one in open_items:
        after = rules.judged(
            one.item, _next(one, dropped[one.item.metric.code]), one.prior, one.weight, terms.z
        )
        gain, bad = max(after.gained - one.gained, NOTHING), rules.bad_of(one.item, one.counted)
        most = rules.one_digit(one.weight * one.item.marks[0][1] / HUNDRED) - one.gained
        if max(gain, most) > 0:
            listed.append(Advice(one, bad, gain, max(gain, most), None if gain else _begins(one)))
    return sorted(listed, key=lambda one: (-one.gain, -one.most, one.judged.item.metric.code))


def foremost(listed: Sequence[Advice], most: int) -> list[Advice]:
    """The first few; where points went most is always among them, also if no single week brings one of them back."""
    shown = list(listed[:most])
    heaviest = max(listed, key=lambda one: one.judged.lost, default=None)
    if heaviest is not None and heaviest not in shown:
        shown[-1] = heaviest
    return shown


def _begins(one: Judged) -> Decimal | None:
    """The rate at which the first point stands, of a metric that lies beyond it; points are flat from there on."""
    worst = one.item.marks[-1][1]
    rate = next(rate for rate, points in one.item.marks if points == worst)
    beyond = one.drawn is not None and (one.drawn <= rate if one.item.higher_is_better else one.drawn >= rate)
    return rate if beyond else None


def _first_weeks(found: Explained, items: Sequence[Judged]) -> dict[str, Counted]:
    """Figures of the first seven days of each item's window; one statement."""
    row, kind = found.row, SubjectKind(found.row.subject_kind)
    lengths = sorted({one.counted.days for one in items})
    spans = [(row.day - timedelta(days=days), row.day - timedelta(days=days - WEEK)) for days in lengths]
    counted = selectors.sums_of(found.terms, kind, spans, whose=row.subject_id).get(row.subject_id, {})
    nothing = Counted(0, 0, WEEK)
    return {
        code: counted[code][lengths.index(one.counted.days)] if code in counted else nothing
        for one in items
        for code in (one.item.metric.code,)
    }


def _next(one: Judged, dropped: Counted) -> Counted:
    """The window a week later: as many cases as usual come in, all good."""
    was, item = one.counted, one.item
    usual = max(1, round(was.cases * WEEK / was.days))
    cases = max(was.cases - dropped.cases + usual, 1)
    bad = max(0, rules.bad_of(item, was) - rules.bad_of(item, dropped))
    return Counted(cases - bad if item.higher_is_better else bad, cases, was.days)


def rows(
    found: Explained,
    code: str,
    *,
    which: str = "",
    after: tuple[datetime, int] | None = None,
    page: int = PAGE,
) -> Sequence[Row]:
    """The very orders and tickets behind a metric of a score, the excluded ones with their reason, oldest first.

    Whoever sees the score sees them: the caller has loaded it by ``visible_to``. ``which`` as in ``rows_behind``.
    """
    counted = counted_of(found, code)
    if counted is None:
        return []
    since, until = span(counted, found.row.day)
    one = found.item(code)
    return rows_behind(
        code=code, kind=SubjectKind(found.row.subject_kind), subject=found.row.subject_id, since=since, until=until,
        which=which, within=one.item.within if one is not None else 0, after=after, page=page, known=found.row.at,
    )  # fmt: skip


def counted_of(found: Explained, code: str) -> Counted | None:
    """The figure of a metric that a score rests on; None for what it does not rest on."""
    one = found.item(code)
    if one is not None:
        return one.counted
    if code == found.terms.volume.code:
        return found.score.volume
    return next((extra.counted for extra in found.score.extras if extra.metric == code), None)
