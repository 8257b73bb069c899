"""Merchants by their scores: who stands where, who moved since the month before, who is near a limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import connection
from django.db.models import (
    Case,
    Count,
    DecimalField,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Floor

from accounts.models import User
from aftersales.core.posted import whole
from aftersales.merchants.models import Merchant
from aftersales.orders.models import Category
from aftersales.scorecards import pages
from aftersales.scorecards.models import Formula, FormulaVersion, Snapshot, Standing
from aftersales.scorecards.scores import explaining, kept
from aftersales.scorecards.scores import selectors as scores
from aftersales.scorecards.scores.terms import Terms
from aftersales.scorecards.states import SubjectKind, Verdict

PAGE = 50
MOST = Decimal(10**12)  # of a key of the list; compared without abs(), which can overflow
NO_GRADE = "none"
NOBODY = "none"
SORTS = ("score", "moved", "volume", "risk")
MOVES = ("up", "down")
POINTS: DecimalField[Any, Any] = DecimalField(max_digits=12, decimal_places=1)

SURE, NEAR, FINE = 2, 1, 0
"""A target is missed for sure; the interval reaches below the own or the ordinary grade; neither."""


@dataclass(frozen=True)
class Wanted:
    """What of the list is asked for. ``after``: key and subject of the last row one has; ``up``: the lowest first."""

    grade: str = ""
    category: str = ""
    words: str = ""
    up: bool = False
    after: tuple[Decimal, int] | None = None
    manager: str = ""
    moved: str = ""
    risk: int = FINE
    sort: str = "score"

    @property
    def query(self) -> dict[str, str]:
        found = {
            "grade": self.grade, "category": self.category, "q": self.words, "manager": self.manager,
            "moved": self.moved, "risk": str(self.risk or ""), "sort": "" if self.sort == "score" else self.sort,
            "up": "1" if self.up else "",
        }  # fmt: skip
        return {name: value for name, value in found.items() if value}

    @property
    def narrowed(self) -> bool:
        return bool(self.query.keys() - {"sort", "up"})


@dataclass(frozen=True)
class Shop:
    """One line of the list: the shop, its standing, how it moved, what threatens it, what it loses most by."""

    row: Standing
    merchant: Merchant
    grade: tuple[str, str, str]
    worst: str
    missed: int
    before: Decimal | None
    risk: int

    @property
    def moved(self) -> Decimal | None:
        return None if self.before is None else self.row.score - self.before

    @property
    def fell(self) -> Decimal:
        return -(self.moved or Decimal(0))

    @property
    def is_clear(self) -> bool:
        return self.row.is_clear_of(self.before)


@dataclass(frozen=True)
class Board:
    """What the whole list stands on: the version, the last day, the month to compare with, how many are how."""

    formula: Formula
    rule: FormulaVersion
    day: date
    terms: Terms
    month: date | None = None
    same_rule: bool = True
    grades: Mapping[str, int] = field(default_factory=dict)
    risks: Mapping[int, int] = field(default_factory=dict)
    moves: Mapping[str, int] = field(default_factory=dict)
    columns: Mapping[int, int] = field(default_factory=dict)

    @property
    def number(self) -> int:
        return sum(self.grades.values())

    @property
    def too_few(self) -> int:
        """Shops without enough data: they have no grade, and no column of the chart counts them."""
        return self.grades.get("", 0)

    @property
    def judged(self) -> int:
        return self.number - self.too_few


def wanted(given: Mapping[str, str]) -> Wanted:
    """What a person asked for; what is none is left out."""
    try:
        key, subject = given.get("after", "").split("_")
        after = (
            (Decimal(key), int(subject))
            if len(key) < 14 and subject.isascii() and subject.isdigit()
            else None
        )
    except (ValueError, InvalidOperation):
        after = None
    if after is not None and not (after[0].is_finite() and -MOST < after[0] < MOST and after[1] < 10**18):
        after = None
    sort, risk = given.get("sort", ""), given.get("risk", "")
    return Wanted(
        _plain(given, "grade", 8), _plain(given, "category", 80), _plain(given, "q", 80).strip(),
        bool(given.get("up")), after, _plain(given, "manager", 18),
        given.get("moved", "") if given.get("moved") in MOVES else "",
        int(risk) if risk in (str(NEAR), str(SURE)) else FINE, sort if sort in SORTS else "score",
    )  # fmt: skip


def _plain(given: Mapping[str, str], name: str, most: int) -> str:
    return given.get(name, "").replace("\x00", "")[:most]


def standings(user: Any, formula: Formula) -> QuerySet[Standing]:
    rows: QuerySet[Standing] = Standing.objects.visible_to(user).filter(
        formula=formula, subject_kind=SubjectKind.MERCHANT
    )
    return rows


def stands_on(user: Any, formula: Formula) -> Board | None:
    """The version and day of the list, and the newest month that it can be compared with; two statements."""
    first = standings(user, formula).select_related("rule__formula").order_by("subject_id").first()
    if first is None:
        return None
    begin = first.day.replace(day=1)
    kept = Snapshot.objects.filter(formula=formula, month__lt=begin).order_by("-month")
    last = kept.values("month", "rule_id").first()
    return Board(
        formula, first.rule, first.day, scores.terms_of(first.rule), last["month"] if last else None,
        last is None or last["rule_id"] == first.rule_id,
    )  # fmt: skip


def told(user: Any, found: Board, asked: Wanted) -> Board:
    """How many shops have which grade, moved which way, are at risk, of those of the category and manager asked for.

    One statement, whatever the number.
    """
    whose = Wanted(category=asked.category, manager=asked.manager)
    rows = annotated(_narrowed(standings(user, found.formula), whose), found)
    column = Cast(Floor(F("score") / pages.STEP), IntegerField())
    keys = ("grade", "risk", "went", "column")
    counted = rows.annotate(went=_went(), column=column).values_list(*keys).annotate(n=Count("id")).order_by()
    grades: dict[str, int] = {}
    risks: dict[int, int] = {}
    moves: dict[str, int] = {}
    columns: dict[int, int] = {}
    for grade, risk, went, place, number in counted:
        grades[grade] = grades.get(grade, 0) + number
        risks[risk] = risks.get(risk, 0) + number
        moves[went] = moves.get(went, 0) + number
        if grade:
            columns[place] = columns.get(place, 0) + number
    return Board(
        found.formula,
        found.rule,
        found.day,
        found.terms,
        found.month,
        found.same_rule,
        grades,
        risks,
        moves,
        columns,
    )


def annotated(rows: QuerySet[Standing], found: Board) -> QuerySet[Standing]:
    """With ``before`` (score of the month to compare with) and ``risk``."""
    before: Any = Value(None, output_field=POINTS)
    if found.month is not None:
        earlier = Snapshot.objects.filter(
            formula=found.formula, month=found.month, subject_id=OuterRef("subject_id")
        )
        before = Subquery(earlier.exclude(grade="").values("score")[:1], output_field=POINTS)
    return rows.annotate(before=before, risk=_risk(found.terms))


def _went() -> Case:
    """Which way: only what chance does not explain is a move."""
    return Case(
        When(grade="", then=Value("")), When(before__lt=F("low"), then=Value("up")),
        When(before__gt=F("high"), then=Value("down")), default=Value(""),
    )  # fmt: skip


def _risk(terms: Terms) -> Case:
    """Sure: a metric is proven bad. Near: the lower bound lies below the own grade, or below the ordinary one."""
    missed = Q(details__contains={"items": [{"verdict": Verdict.MISSED.value}]})
    near = Q(pk__in=[])
    for one in terms.grades[:-1]:
        if terms.rank(one.code) <= terms.rank(terms.ordinary):
            near |= Q(grade=one.code, low__lt=one.least)
    return Case(
        When(grade="", then=Value(FINE)), When(missed, then=Value(SURE)), When(near, then=Value(NEAR)),
        default=Value(FINE), output_field=IntegerField(),
    )  # fmt: skip


def categories(user: Any, formula: Formula) -> Mapping[str, str]:
    """As the shops have them, with what the reader calls each. One statement."""
    rows = (
        standings(user, formula).exclude(category="").values("category").distinct().order_by("category")[:200]
    )
    sql, params = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT d.category, c.code, c.name_zh, c.name_en FROM ({sql}) d
                  LEFT JOIN LATERAL (SELECT k.code, k.name_zh, k.name_en FROM {Category._meta.db_table} k
                                      WHERE k.code = d.category OR k.name_zh = d.category ORDER BY k.code LIMIT 1) c
                    ON true ORDER BY 1""",
            params,
        )
        return {
            given: Category(code=code, name_zh=chinese, name_en=english).name if code else given
            for given, code, chinese, english in cursor.fetchall()
        }


def managers() -> Sequence[tuple[int, str]]:
    """Who looks after shops, by name."""
    rows = User.objects.filter(pk__in=Merchant.objects.exclude(manager=None).order_by().values("manager"))
    return sorted(((one.pk, str(one)) for one in rows), key=lambda one: one[1])


def chosen(user: Any, found: Board, asked: Wanted) -> QuerySet[Standing]:
    """The shops that are asked for, in no order."""
    rows: Any = annotated(_narrowed(standings(user, found.formula), asked), found)
    if asked.moved:
        rows = rows.annotate(went=_went()).filter(went=asked.moved)
    if asked.risk:
        rows = rows.filter(risk__gte=asked.risk)
    return rows  # type: ignore[no-any-return]


def ordered(rows: QuerySet[Standing], asked: Wanted) -> QuerySet[Standing]:
    """With ``key``, by which the list is sorted; equal ones by the subject."""
    rows = rows.annotate(key=_keys()[asked.sort])
    return rows.order_by("key" if asked.up else "-key", "subject_id")


def _keys() -> Mapping[str, Any]:
    moved = Coalesce(F("score") - F("before"), Value(Decimal(0)), output_field=POINTS)
    return {
        "score": ExpressionWrapper(F("score"), output_field=POINTS), "moved": moved,
        "volume": ExpressionWrapper(F("volume"), output_field=POINTS),
        "risk": ExpressionWrapper(F("risk") * Value(1000) - F("low"), output_field=POINTS),
    }  # fmt: skip


def shops(user: Any, found: Board, asked: Wanted) -> tuple[list[Shop], str]:
    """A page of the list and where the next one begins (empty: nowhere). Two statements, whatever the number."""
    rows = ordered(chosen(user, found, asked), asked)
    if asked.after is not None:
        key, subject = asked.after
        past = Q(key__gt=key) if asked.up else Q(key__lt=key)
        rows = rows.filter(past | Q(key=key, subject_id__gt=subject))
    listed: Any = list(rows[: PAGE + 1])
    merchants = Merchant.objects.select_related("manager").in_bulk([one.subject_id for one in listed[:PAGE]])
    page = [_shop(one, merchants[one.subject_id], found) for one in listed[:PAGE]]
    more = f"{listed[PAGE - 1].key}_{listed[PAGE - 1].subject_id}" if len(listed) > PAGE else ""
    return page, more


def _narrowed(rows: QuerySet[Standing], asked: Wanted) -> QuerySet[Standing]:
    if asked.grade:
        rows = rows.filter(grade="" if asked.grade == NO_GRADE else asked.grade)
    if asked.category:
        rows = rows.filter(category=asked.category)
    if asked.words:
        rows = rows.filter(subject_id__in=Merchant.objects.called(asked.words).values("pk"))
    if asked.manager:
        key = whole(asked.manager)
        mine = Merchant.objects.filter(manager_id=key) if key else Merchant.objects.filter(manager=None)
        rows = rows.filter(subject_id__in=mine.values("pk"))
    return rows


def _shop(row: Any, merchant: Merchant, found: Board) -> Shop:
    items, terms = row.details["items"], found.terms
    worst = explaining.most_by(kept.score_of(row, terms)) if row.rule_id == found.rule.pk else None
    missed = sum(one["verdict"] == Verdict.MISSED for one in items)
    grades = [one.code for one in terms.grades]
    grade = pages.grade_of(row.grade, grades) if row.grade else pages.no_grade()
    return Shop(
        row, merchant, grade, str(worst.item.metric.name) if worst else "", missed,
        row.before if row.grade else None, row.risk,
    )  # fmt: skip
