"""Today and the list of cases: what waits for us, what for others, every case by its number. Nothing here writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Prefetch, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from aftersales.cases.models import Case, CaseLine
from aftersales.cases.querysets import CaseQuerySet
from aftersales.cases.states import CASE_COLOURS, CaseKind, CaseState
from aftersales.cases.turns import MINE, OTHERS, Turn, turn_of, with_turns

TASKS = 40
PAGE = 20

IF_NOT: Mapping[str, Any] = {
    Turn.DISPUTE: gettext_lazy("Without your answer it is ruled on what is there."),
    Turn.PROPOSAL: gettext_lazy("Without your answer the dispute goes on and is ruled."),
    Turn.ANSWER: gettext_lazy("Without your answer the platform decides in your place."),
    Turn.ADDRESS: gettext_lazy("Without an address the platform steps in; being late is counted."),
    Turn.RECEIPT: gettext_lazy("Without your word the platform decides on the refund; being late is counted."),
    Turn.REPLACEMENT: gettext_lazy("If nothing goes out the platform steps in; the customer may take his money."),
    Turn.REPAIR: gettext_lazy("The law gives a repair at most 30 days; then the customer may have another article."),
    Turn.REFUND: gettext_lazy("The law gives a refund seven days from the receipt of the goods."),
}  # fmt: skip
"""What happens when nobody acts."""


@dataclass(frozen=True)
class Task:
    """A case in a list: what is next with it."""

    case: Case
    turn: Turn | None
    until: datetime | None
    now: datetime

    @property
    def is_mine(self) -> bool:
        return self.turn in MINE

    @property
    def is_late(self) -> bool:
        return self.until is not None and self.until < self.now

    @property
    def if_not(self) -> str:
        return str(IF_NOT.get(self.turn, "")) if self.turn else ""

    @property
    def goods(self) -> str:
        return ", ".join(
            f"{one.line.product_name or one.line.sku} × {one.announced}" for one in self.case.lines.all()
        )

    @property
    def label(self) -> str:
        return str(self.turn.label) if self.turn else str(CaseState(self.case.state).label)

    @property
    def badge(self) -> tuple[str, str, str]:
        state = CaseState(self.case.state)
        return str(state.label), CASE_COLOURS[state], "ring"


@dataclass
class Group:
    title: str
    tone: str
    tasks: list[Task] = field(default_factory=list)


@dataclass(frozen=True)
class Waits:
    """How many cases are at one turn; ``soonest``: the nearest time among them."""

    turn: Turn
    count: int
    soonest: datetime | None


@dataclass(frozen=True)
class Today:
    mine: int
    late: int
    today: int
    kinds: Sequence[Waits]
    groups: Sequence[Group]
    others: Sequence[Waits]
    more: bool


def today(own: CaseQuerySet, now: datetime) -> Today:
    """What of one's own cases waits for oneself by time, and what for others. Three queries."""
    rows = with_turns(own)
    midnight = timezone.localtime(now).replace(hour=23, minute=59, second=59, microsecond=999999)
    late, soon = Q(until__lt=now), Q(until__gte=now, until__lte=midnight)
    counted = rows.order_by().values("whose").annotate(
        n=Count("pk"), soonest=Min("until"), late=Count("pk", filter=late), soon=Count("pk", filter=soon),
    )  # fmt: skip
    by_turn = {row["whose"]: row for row in counted}
    mine = [by_turn[one] for one in MINE if one in by_turn]
    first = wide(rows.filter(whose__in=MINE)).order_by("until", "pk")[:TASKS]
    tasks = [task(one, now) for one in first]
    total = sum(row["n"] for row in mine)
    return Today(
        total, sum(row["late"] for row in mine), sum(row["soon"] for row in mine), _waits(by_turn, MINE),
        _grouped(tasks, midnight), _waits(by_turn, OTHERS), total > len(tasks),
    )  # fmt: skip


def _waits(by_turn: Mapping[str, Any], turns: Sequence[Turn]) -> list[Waits]:
    return [Waits(one, by_turn[one]["n"], by_turn[one]["soonest"]) for one in turns if one in by_turn]


def _grouped(tasks: Sequence[Task], midnight: datetime) -> list[Group]:
    late = Group(pgettext("merchant's day", "Time is over"), "bad")
    soon = Group(pgettext("merchant's day", "Due today"), "warn")
    later = Group(pgettext("merchant's day", "Later"), "")
    for one in tasks:
        if one.is_late:
            late.tasks.append(one)
        elif one.until is not None and one.until <= midnight:
            soon.tasks.append(one)
        else:
            later.tasks.append(one)
    return [one for one in (late, soon, later) if one.tasks]


def wide(rows: CaseQuerySet) -> CaseQuerySet:
    """With what a line of a list names."""
    lines = Prefetch("lines", CaseLine.objects.select_related("line").order_by("line__line_no"))
    return rows.select_related("order", "merchant", "customer").prefetch_related(lines)


def task(case: Case, now: datetime) -> Task:
    return Task(case, turn_of(case), getattr(case, "until", None), now)


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to. ``turn``: mine, others or one turn; unknown words narrow nothing."""

    turn: str = ""
    state: str = ""
    kind: str = ""
    words: str = ""
    before: int | None = None

    @property
    def query(self) -> dict[str, str]:
        said = {"turn": self.turn, "state": self.state, "kind": self.kind, "q": self.words}
        return {name: value for name, value in said.items() if value}


TURNS = (("mine", gettext_lazy("Our turn")), ("others", gettext_lazy("Others' turn")))


def wanted(given: Mapping[str, str], before: int | None) -> Wanted:
    turn = given.get("turn", "")
    known = (*dict(TURNS), *Turn.values)
    kinds = [one.value for one in CaseKind if one != CaseKind.COMPENSATION]
    state, kind = given.get("state", ""), given.get("kind", "")
    return Wanted(
        turn if turn in known else "", state if state in CaseState.values else "", kind if kind in kinds else "",
        given.get("q", "").replace("\x00", "").strip()[:80], before,
    )  # fmt: skip


def cases(own: CaseQuerySet, asked: Wanted, now: datetime) -> tuple[list[Task], int | None]:
    """One page of one's own cases, newest first, and the key to go on from. Three queries at most."""
    rows = with_turns(own) if asked.turn else own
    if asked.turn:
        turns = {"mine": MINE, "others": OTHERS}.get(asked.turn, (asked.turn,))
        rows = rows.filter(whose__in=turns)
    rows = rows.filter(state=asked.state) if asked.state else rows
    rows = rows.filter(kind=asked.kind) if asked.kind else rows
    if asked.words:
        rows = rows.filter(Q(number=asked.words.upper()) | Q(order__external_no=asked.words))
    rows = rows.filter(pk__lt=asked.before) if asked.before else rows
    found = list(wide(rows).order_by("-pk")[: PAGE + 1])
    if not asked.turn:
        _add_turns(found, own)
    more = found[PAGE - 1].pk if len(found) > PAGE else None
    return [task(one, now) for one in found[:PAGE]], more


def _add_turns(found: Sequence[Case], own: CaseQuerySet) -> None:
    """Turns of the open ones of a page that holds done ones too. One query."""
    rows = with_turns(own.filter(pk__in=[one.pk for one in found])).values_list("pk", "whose", "until")
    turns = {pk: (turn, until) for pk, turn, until in rows}
    for one in found:
        one.whose, one.until = turns.get(one.pk, ("", None))  # type: ignore[attr-defined]


def words_of(counted: Today) -> str:
    """The day in one sentence."""
    if not counted.mine:
        return _("Nothing waits for you now.")
    if counted.late:
        return _("%(late)d of them past their time, %(today)d more due today.") % {
            "late": counted.late, "today": counted.today,
        }  # fmt: skip
    if counted.today:
        return _("%(today)d of them due today.") % {"today": counted.today}
    return _("None of them is due today; the nearest stands first.")
