"""A merchant manager's shops: which moved, owe or are in dispute, what hurts first. Set-based; nothing here writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, CharField, Count, DateTimeField, F, Min, Q, QuerySet, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy, pgettext_lazy

from accounts.models import User
from accounts.states import Role
from aftersales.cases import turns
from aftersales.cases.models import Dispute
from aftersales.clocks.models import Clock
from aftersales.clocks.states import ClockState
from aftersales.ledger.models import Proposal
from aftersales.ledger.states import Party, ProposalState
from aftersales.merchants.agreementselectors import of_merchants, worst
from aftersales.merchants.agreementstates import Standing as Stands
from aftersales.merchants.models import DepositCall, Lesson, Merchant, Talk
from aftersales.merchants.states import TERMINAL
from aftersales.scorecards.consequencestates import MeasureState
from aftersales.scorecards.models import Formula, MerchantMeasure, Plan, Snapshot, Standing
from aftersales.scorecards.rectification.states import PlanState
from aftersales.scorecards.scores.selectors import zone
from aftersales.scorecards.states import SubjectKind
from aftersales.standards.states import Debtor

MOST = 300
RED, AMBER = "red", "amber"
ANY = "merchants.keep_any_talks"


@dataclass(frozen=True)
class Fact:
    """One thing that waits: in words, how bad, and to which part of the shop's page it leads."""

    words: str
    tone: str
    part: str
    soonest: datetime | None = None


@dataclass
class Line:
    """One shop with everything that is the manager's concern."""

    shop: Merchant
    stands: Standing | None = None
    before: Decimal | None = None
    owes: list[Fact] = field(default_factory=list)
    contested: list[Fact] = field(default_factory=list)
    talk: Talk | None = None
    is_due: bool = False

    @property
    def score(self) -> Decimal | None:
        """Points; None where nobody scored, or without enough data: that score says nothing of the shop."""
        return self.stands.score if self.stands is not None and self.stands.grade else None

    @property
    def moved(self) -> Decimal | None:
        """Points since the month before; None where one of the two is not known, or is the one of too few orders."""
        return None if self.score is None or self.before is None else self.score - self.before

    @property
    def has_moved(self) -> bool:
        """As the board of merchants tells it: by more than chance explains."""
        return self.stands is not None and self.stands.is_clear_of(self.before)

    @property
    def is_quiet(self) -> bool:
        return not (self.owes or self.contested or self.is_due or self.has_moved)

    @property
    def pain(self) -> tuple[Any, ...]:
        """What hurts first: red facts, then amber ones, then the deepest fall."""
        facts = [*self.owes, *self.contested]
        red = sum(one.tone == RED for one in facts)
        return (-red, red - len(facts), self.moved or Decimal(0), not self.is_due, self.shop.code)


@dataclass(frozen=True)
class Board:
    """The shops that need something, what hurts first, and the quiet ones."""

    lines: Sequence[Line]
    quiet: Sequence[Line]
    is_cut: bool

    def count(self, told: Callable[[Line], bool]) -> int:
        return sum(told(one) for one in self.lines)

    @property
    def moved(self) -> int:
        return self.count(lambda one: one.has_moved)

    @property
    def owing(self) -> int:
        return self.count(lambda one: bool(one.owes))

    @property
    def contested(self) -> int:
        return self.count(lambda one: bool(one.contested))

    @property
    def due(self) -> int:
        return self.count(lambda one: one.is_due)


def managers() -> list[User]:
    """Who looks after shops, for who looks at others' desks. One query."""
    return list(User.objects.active().with_role(Role.MERCHANT_MANAGER).order_by("display_name", "pk"))


def shops_of(viewer: Any, manager: int) -> QuerySet[Merchant]:
    """The shops that a manager looks after, those that left aside."""
    rows: QuerySet[Merchant] = Merchant.objects.visible_to(viewer)
    return rows.filter(manager=manager).exclude(state__in=sorted(TERMINAL)).order_by("code")


def board(viewer: Any, manager: int, now: datetime) -> Board:
    """All of a manager's shops: at most nine statements, however many shops there are."""
    shops = list(shops_of(viewer, manager)[: MOST + 1])
    lines = {one.pk: Line(one) for one in shops[:MOST]}
    if not lines:
        return Board([], [], False)
    _scores(lines)
    _counts(viewer, lines, now)
    _agreements(lines, now)
    _talks(lines, now)
    ordered = sorted(lines.values(), key=lambda one: one.pain)
    return Board(
        [one for one in ordered if not one.is_quiet],
        [one for one in ordered if one.is_quiet],
        len(shops) > MOST,
    )


def _scores(lines: Mapping[int, Line]) -> None:
    """Where each stands by the formula that judges shops, and the newest month before by the same."""
    judging = Formula.objects.judging(SubjectKind.MERCHANT)[:1]
    who = {"formula__in": judging, "subject_kind": SubjectKind.MERCHANT, "subject_id__in": list(lines)}
    stands = list(Standing.objects.filter(**who).defer("details"))
    for row in stands:
        lines[row.subject_id].stands = row
    begin = max((row.day for row in stands), default=date.min).replace(day=1)
    newest = (
        Snapshot.objects.filter(**who, month__lt=begin)
        .order_by("subject_id", "-month")
        .distinct("subject_id")
    )
    for pk, score, grade in newest.values_list("subject_id", "score", "grade"):
        lines[pk].before = score if grade else None


COUNTED: Mapping[str, tuple[Any, str, str, bool]] = {
    # what: words, tone, part of the shop's page, whether it is in dispute (else the shop owes it)
    "late": (ngettext_lazy("%(n)d obligation overdue", "%(n)d obligations overdue", "n"), RED, "owes", False),
    "held": (
        ngettext_lazy("%(n)d obligation late with others", "%(n)d obligations late with others", "n"),
        AMBER,
        "owes",
        False,
    ),
    "open": (
        ngettext_lazy("%(n)d obligation running", "%(n)d obligations running", "n"),
        AMBER,
        "owes",
        False,
    ),
    "lesson": (ngettext_lazy("%(n)d course overdue", "%(n)d courses overdue", "n"), AMBER, "owes", False),
    "deposit": (gettext_lazy("deposit to top up"), AMBER, "owes", False),
    "deposit_late": (gettext_lazy("deposit call overdue"), RED, "owes", False),
    "plan": (
        ngettext_lazy("%(n)d plan with the shop", "%(n)d plans with the shop", "n"),
        AMBER,
        "plans",
        False,
    ),
    "plan_late": (ngettext_lazy("%(n)d plan overdue", "%(n)d plans overdue", "n"), RED, "plans", False),
    "plan_mine": (
        ngettext_lazy("%(n)d plan waits for you", "%(n)d plans wait for you", "n"),
        RED,
        "plans",
        False,
    ),
    "dispute": (ngettext_lazy("%(n)d dispute open", "%(n)d disputes open", "n"), AMBER, "contested", True),
    "appeal": (ngettext_lazy("%(n)d appeal open", "%(n)d appeals open", "n"), RED, "contested", True),
    "measure": (
        ngettext_lazy("%(n)d measure appealed", "%(n)d measures appealed", "n"),
        RED,
        "contested",
        True,
    ),
}


def _counts(viewer: Any, lines: Mapping[int, Line], now: datetime) -> None:
    """Everything that is counted, in one statement."""
    ids = list(lines)
    first, *rest = list(_counted(viewer, ids, now))
    for pk, what, number, soonest in first.union(*rest, all=True):
        words, tone, part, contested = COUNTED[what]
        fact = Fact(str(words % {"n": number}), tone, part, soonest)
        (lines[pk].contested if contested else lines[pk].owes).append(fact)
    order = list(COUNTED)
    names = {str(one[2]): place for place, one in enumerate(COUNTED.values())}
    for line in lines.values():
        for facts in (line.owes, line.contested):
            facts.sort(key=lambda one: (one.tone != RED, names.get(one.part, len(order))))


def _counted(viewer: Any, ids: Sequence[int], now: datetime) -> list[QuerySet[Any]]:
    clocks = open_obligations(viewer, ids)
    lessons = Lesson.objects.visible_to(viewer).late(now).filter(member__active_to=None)
    calls = DepositCall.objects.visible_to(viewer).unmet()
    plans = Plan.objects.visible_to(viewer).open()
    told = Proposal.objects.visible_to(viewer).filter(party=Party.MERCHANT, party_id__in=ids)
    late = Q(due_at__lt=now)
    clock_late = late & ~Q(state=ClockState.PAUSED)  # one that stands still is not late
    clock = [
        When(clock_late & Q(whose__in=turns.OTHERS), then=Value("held")), When(clock_late, then=Value("late")),
    ]  # fmt: skip
    return [
        _grouped(clocks, "merchant_id", "due_at", clock, "open"),
        _grouped(lessons.filter(merchant__in=ids), "merchant_id", "due_at", None, "lesson"),
        _grouped(calls.filter(merchant__in=ids), "merchant_id", "due_at", When(late, then=Value("deposit_late")),
                 "deposit"),
        _grouped(plans.filter(merchant__in=ids), "merchant_id", "due_at", _plan(now), "plan"),
        _grouped(open_disputes(viewer, ids), "merchant_id", "turn_until", None, "dispute"),
        _grouped(told.filter(state=ProposalState.APPEALED), "party_id", "appeal_until", None, "appeal"),
        _grouped(appealed(viewer, ids), "merchant_id", "hear_due", None, "measure"),
    ]  # fmt: skip


def _plan(now: datetime) -> Any:
    mine = Q(state=PlanState.ANSWERED) | Q(state=PlanState.PROVEN, recheck_at__lte=now)
    turn = Q(state__in=[PlanState.OPENED, PlanState.ACCEPTED], due_at__lt=now)
    return [When(mine, then=Value("plan_mine")), When(turn, then=Value("plan_late"))]


def _grouped(rows: QuerySet[Any], shop: str, due: str, when: Any, otherwise: str) -> QuerySet[Any]:
    """Shop, what, how many, the soonest; columns of the same types, so that they can stand in one statement."""
    whens = when if isinstance(when, list) else [when] if when is not None else []
    what: Any = (
        Case(*whens, default=Value(otherwise), output_field=CharField()) if whens else Value(otherwise)
    )
    return (
        rows.order_by()
        .annotate(shop_=F(shop), what_=what)
        .values("shop_", "what_")
        .annotate(n_=Count("pk"), soonest_=Min(due, output_field=DateTimeField()))
        .values_list("shop_", "what_", "n_", "soonest_")
    )


def open_obligations(viewer: Any, ids: Sequence[int]) -> QuerySet[Clock]:
    """Obligations of these shops that run or are late, each with the turn of its case as the shop itself reads it."""
    rows: QuerySet[Clock] = Clock.objects.visible_to(viewer).open()
    return turns.turns_of_clocks(rows.filter(owed_by=Debtor.MERCHANT, merchant_id__in=ids, is_historic=False))


def open_disputes(viewer: Any, ids: Sequence[int]) -> QuerySet[Dispute]:
    """Disputes about cases of these shops, whoever called the platform in, that wait for its word."""
    rows: QuerySet[Dispute] = Dispute.objects.visible_to(viewer).unruled()
    return rows.filter(merchant_id__in=ids)


def appealed(viewer: Any, ids: Sequence[int]) -> QuerySet[MerchantMeasure]:
    """Measures against these shops whose appeal is not decided."""
    rows: QuerySet[MerchantMeasure] = MerchantMeasure.objects.visible_to(viewer)
    return rows.filter(merchant__in=ids, state=MeasureState.APPEALED)


def _agreements(lines: Mapping[int, Line], now: datetime) -> None:
    asked = of_merchants([one.shop for one in lines.values()], now)
    words = {
        Stands.DECLINED: (_("agreement declined"), RED),
        Stands.OVERDUE: (_("agreement not answered"), RED),
        Stands.WAITING: (_("agreement to be answered"), AMBER),
    }
    for pk, rows in asked.items():
        if (found := worst(rows)) in words:
            lines[pk].owes.append(Fact(*words[found], "owes"))


def _talks(lines: Mapping[int, Line], now: datetime) -> None:
    today = now.astimezone(zone()).date()
    for row in Talk.objects.filter(merchant__in=list(lines)).newest():
        line = lines[row.merchant_id]
        line.talk, line.is_due = row, row.next_on is not None and row.next_on <= today


def talk_words(talk: Talk) -> str:
    """A talk in one line."""
    return f"{talk.day:%m-%d} {talk.get_channel_display()} · {talk.get_subject_display()}"


FILTERS = (
    ("", pgettext_lazy("my shops", "All")),
    ("moved", pgettext_lazy("my shops", "Moved")),
    ("owes", pgettext_lazy("my shops", "Owe")),
    ("contested", pgettext_lazy("my shops", "In dispute")),
    ("due", pgettext_lazy("my shops", "Contact due")),
)
KEPT: Mapping[str, Callable[[Line], bool]] = {
    "moved": lambda one: one.has_moved,
    "owes": lambda one: bool(one.owes),
    "contested": lambda one: bool(one.contested),
    "due": lambda one: one.is_due,
}
SOON = timedelta(days=2)
