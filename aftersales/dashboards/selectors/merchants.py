"""Merchants by their scores: how many have which grade, and the list that one looks through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Count, Q

from aftersales.merchants.models import Merchant
from aftersales.scorecards import pages
from aftersales.scorecards.metrics import metric
from aftersales.scorecards.models import Formula, Standing
from aftersales.scorecards.states import SubjectKind, Verdict

PAGE = 50
NO_GRADE = "none"


@dataclass(frozen=True)
class Wanted:
    """What of the list is asked for. ``after``: score and key of the last row one has; ``up``: the lowest first."""

    grade: str = ""
    category: str = ""
    words: str = ""
    up: bool = False
    after: tuple[Decimal, int] | None = None

    @property
    def query(self) -> dict[str, str]:
        found = {
            "grade": self.grade,
            "category": self.category,
            "q": self.words,
            "up": "1" if self.up else "",
        }
        return {name: value for name, value in found.items() if value}


@dataclass(frozen=True)
class Shop:
    """One line of the list: the shop, its standing, and what it loses most by."""

    row: Standing
    merchant: Merchant
    grade: tuple[str, str, str]
    worst: str
    missed: int


def wanted(given: Mapping[str, str]) -> Wanted:
    """What a person asked for; what is none is left out."""
    try:
        score, key = given.get("after", "").split("_")
        after = (Decimal(score), int(key)) if len(score) < 8 and key.isascii() and key.isdigit() else None
    except (ValueError, InvalidOperation):
        after = None
    if after is not None and not after[0].is_finite():
        after = None
    return Wanted(
        given.get("grade", "")[:8], given.get("category", "")[:64], given.get("q", "").strip()[:80],
        bool(given.get("up")), after,
    )  # fmt: skip


def standings(user: Any, formula: Formula) -> Any:
    return Standing.objects.visible_to(user).filter(formula=formula, subject_kind=SubjectKind.MERCHANT)


def grades(user: Any, formula: Formula) -> Mapping[str, int]:
    """How many shops have which grade; without one, under the empty text. One statement."""
    rows = standings(user, formula).values_list("grade").annotate(Count("id")).order_by()
    return dict(rows)


def categories(user: Any, formula: Formula) -> Sequence[str]:
    rows = standings(user, formula).exclude(category="").values_list("category", flat=True)
    return list(rows.distinct().order_by("category")[:200])


def shops(user: Any, formula: Formula, asked: Wanted) -> tuple[list[Shop], str]:
    """A page of the list and where the next one begins (empty: nowhere). Three statements, whatever the number."""
    rows = _narrowed(standings(user, formula), asked)
    if asked.after is not None:
        score, key = asked.after
        past = Q(score__gt=score) if asked.up else Q(score__lt=score)
        rows = rows.filter(past | Q(score=score, subject_id__gt=key))
    order = ("score", "subject_id") if asked.up else ("-score", "subject_id")
    found = list(rows.select_related("rule__formula").order_by(*order)[: PAGE + 1])
    merchants = Merchant.objects.in_bulk([one.subject_id for one in found[:PAGE]])
    listed = [_shop(one, merchants[one.subject_id]) for one in found[:PAGE]]
    more = f"{found[PAGE - 1].score}_{found[PAGE - 1].subject_id}" if len(found) > PAGE else ""
    return listed, more


def _narrowed(rows: Any, asked: Wanted) -> Any:
    if asked.grade:
        rows = rows.filter(grade="" if asked.grade == NO_GRADE else asked.grade)
    if asked.category:
        rows = rows.filter(category=asked.category)
    if asked.words:
        named = Merchant.objects.filter(Q(code=asked.words) | Q(name__icontains=asked.words))
        rows = rows.filter(subject_id__in=named.values("pk"))
    return rows


def _shop(row: Standing, merchant: Merchant) -> Shop:
    items = row.details["items"]
    lost = sorted(items, key=lambda one: Decimal(one["gained"]) - Decimal(one["weight"]))
    is_lost = bool(lost) and Decimal(lost[0]["gained"]) < Decimal(lost[0]["weight"])
    missed = sum(one["verdict"] == Verdict.MISSED for one in items)
    return Shop(row, merchant, badge(row), str(metric(lost[0]["metric"]).name) if is_lost else "", missed)


def badge(row: Standing) -> tuple[str, str, str]:
    """A grade as a badge; the order of the grades stands in the terms of the version."""
    if not row.grade:
        return pages.no_grade()
    listed = [one["grade"] for one in row.rule.terms["grades"]]
    return pages.grade_of(row.grade, listed)
