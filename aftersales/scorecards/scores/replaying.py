"""A past day counted again by any version of the formula, beside what was kept of that day: the same, or where not."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Min
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aftersales.core.errors import DomainError, Text
from aftersales.scorecards.models import Formula, FormulaVersion, Rollup, Scored, Snapshot, Standing
from aftersales.scorecards.scores import kept, selectors
from aftersales.scorecards.scores.rules import Score
from aftersales.scorecards.states import SubjectKind

Item = tuple[Text, str, str]
NOTHING: Item = ("", "", "")


@dataclass(frozen=True)
class Difference:
    """One number of a day: as it was kept, and as it is counted today. ``metric``: its code, empty for the score."""

    name: Text
    was: str
    now: str
    metric: str = ""


@dataclass(frozen=True)
class Replay:
    """``row``: the score counted again, saved nowhere. ``before``: what was kept of that day, if anything was.

    ``proven``: the kept digits follow from what was kept with them. ``other_version``: what was kept was counted by
    another one, so that a difference is no wonder.
    """

    row: Scored
    before: Scored | None
    differences: list[Difference]
    proven: bool
    other_version: bool

    @property
    def is_same(self) -> bool:
        return self.before is not None and not self.differences


def versions(user: Any, formula: Formula) -> list[FormulaVersion]:
    """Every version by which a day can be counted, the newest first; drafts too, to see what they would say."""
    rows = FormulaVersion.objects.visible_to(user).filter(formula=formula).select_related("formula")
    return list(rows.order_by("-number"))


def days(formula: Formula, subject: int, now: datetime) -> tuple[date | None, date]:
    """The first day of which anything was counted, and the last one that has settled by the version of today."""
    kind = SubjectKind(formula.subject_kind)
    first = Rollup.objects.filter(subject_kind=kind, subject_id=subject).aggregate(Min("day"))["day__min"]
    today = now.astimezone(selectors.zone()).date()
    version, _counts = selectors.counting(formula, today)
    last = (
        selectors.last_day(selectors.terms_of(version), now)
        if version is not None
        else today - timedelta(days=1)
    )
    return first, last


def replay(*, user: Any, version: FormulaVersion, subject: int, day: date, now: datetime) -> Replay:
    """Count one subject's score of a day anew from the figures as they stand today.

    The caller has seen to the right to the subject. Raises ``not_over`` for a day whose figures move still,
    ``not_scored`` for somebody who was not scored then, and those of ``terms.read`` for a draft that cannot be counted.
    """
    terms = selectors.terms_of(version)
    if day > selectors.last_day(terms, now):
        raise DomainError(
            _("The figures of this day have not settled yet; choose an earlier day."), "not_over"
        )
    formula = version.formula
    before = kept_of(user, formula, subject, day)
    # Where everybody stands is counted among those who are there that night, a month among those of its last day.
    as_of = before.at if isinstance(before, Standing) else None
    found = selectors.scores(version, day, only=subject, at=as_of)
    if not found:
        raise DomainError(
            _("Nobody was scored here on this day: the shop had left or was yet to come."), "not_scored"
        )
    row = Standing(
        **kept.columns(found[0]),
        formula=formula,
        rule=version,
        subject_kind=formula.subject_kind,
        day=day,
        at=now,
    )
    if before is None:
        return Replay(row, None, [], proven=False, other_version=False)
    own = selectors.terms_of(before.rule)
    score = kept.score_of(before, own)
    return Replay(
        row, before, list(_differences(before, score, row, found[0].score)), kept.again(before, own) == score,
        before.rule_id != version.pk,
    )  # fmt: skip


def kept_of(user: Any, formula: Formula, subject: int, day: date) -> Scored | None:
    """The snapshot of that day, else the standing where it is of that day."""
    for model in (Snapshot, Standing):
        rows = model.objects.visible_to(user).filter(formula=formula, subject_id=subject, day=day)
        found: Scored | None = rows.select_related("rule__formula", "formula").first()
        if found is not None:
            return found
    return None


def _differences(before: Scored, score: Score, row: Scored, again: Score) -> Iterable[Difference]:
    numbers = (
        (pgettext("score", "Score"), before.score, row.score), (pgettext("score", "Lower bound"), before.low, row.low),
        (pgettext("score", "Upper bound"), before.high, row.high),
        (pgettext("score", "Grade"), before.grade or "–", row.grade or "–"),
        (pgettext("score", "Volume"), before.volume, row.volume),
    )  # fmt: skip
    for name, was, now in numbers:
        if was != now:
            yield Difference(name, str(was), str(now))
    was_items, now_items = _items(score), _items(again)
    for code in [*was_items, *(one for one in now_items if one not in was_items)]:
        old, new = was_items.get(code), now_items.get(code)
        if old != new:
            yield Difference((new or old or NOTHING)[0], _words(old), _words(new), code)


def _items(score: Score) -> dict[str, Item]:
    """By metric what counted and what it gave."""
    found: dict[str, Item] = {}
    for one in score.items:
        figure = f"{one.counted.num:,} / {one.counted.den:,}"
        found[one.item.metric.code] = (one.item.metric.name, figure, f"{one.gained} / {one.weight}")
    return found


def _words(item: Item | None) -> str:
    return _("not in it") if item is None else f"{item[1]} · {item[2]}"
