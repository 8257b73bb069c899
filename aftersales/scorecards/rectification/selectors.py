"""Answers about rectification plans: their parties, facts and figures, and the pages' rows. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aftersales.clocks.models import Clock
from aftersales.core.errors import DomainError
from aftersales.ledger.models import Proposal
from aftersales.ledger.states import Party
from aftersales.merchants.models import Merchant, MerchantMember
from aftersales.scorecards.metrics import Metric, metric, of_kind
from aftersales.scorecards.models import MerchantMeasure, Plan, PlanFile, Rollup
from aftersales.scorecards.rectification.machine import ANY, RECTIFY
from aftersales.scorecards.rectification.states import MARKS, MERCHANTS_TURN, PlanState
from aftersales.scorecards.scores.selectors import zone
from aftersales.scorecards.selectors import figures
from aftersales.scorecards.states import Direction, SubjectKind, Way

TURN = sorted(MERCHANTS_TURN)
Badge = tuple[str, str, str]


@dataclass(frozen=True)
class Parties:
    """Who looks after the shop, and who acts for it."""

    manager: int | None
    people: frozenset[int]


def parties(rows: Sequence[Plan], now: datetime) -> Mapping[int, Parties]:
    """Fact: both sides of each plan. Two queries."""
    shops = {row.merchant_id for row in rows}
    managers = dict(Merchant.objects.filter(pk__in=shops).order_by().values_list("pk", "manager_id"))
    members: dict[int, set[int]] = {}
    for shop, person in MerchantMember.objects.filter(merchant__in=shops, active_to=None).values_list(
        "merchant_id", "user_id"
    ):
        members.setdefault(shop, set()).add(person)
    return {
        row.pk: Parties(managers.get(row.merchant_id), frozenset(members.get(row.merchant_id, ())))
        for row in rows
    }


# -------------------------------------------------------------------------------------------------- the figure
def metrics() -> list[Metric]:
    """Those that a plan can be measured by: shares of a merchant of which one way is better."""
    return [
        one
        for one in of_kind(SubjectKind.MERCHANT)
        if one.way is Way.SHARE and one.direction in (Direction.HIGHER, Direction.LOWER)
    ]


def check_metric(code: str, target: Decimal | None) -> None:
    """A metric of :func:`metrics` with a target between 0 and 100 per cent, or neither. Errors: target."""
    if not code and target is None:
        return
    if code not in {one.code for one in metrics()}:
        raise DomainError(
            _("Choose the figure that is looked at again, or leave figure and target empty."), "target"
        )
    if target is None or not 0 <= target <= 100:
        raise DomainError(_("Say which per cent the figure shall reach: 0 to 100."), "target")


def figure_before(merchant: Merchant, code: str, now: datetime) -> list[int]:
    """Numerator and denominator of the thirty days before today; empty where nothing was counted."""
    today = now.astimezone(zone()).date()
    return _figure(merchant.pk, code, today - timedelta(days=30), today - timedelta(days=1))


def figure_after(plan: Plan, now: datetime) -> list[int]:
    """The same of the days since the day after the proof."""
    if plan.proven_at is None:
        return []
    begin = plan.proven_at.astimezone(zone()).date() + timedelta(days=1)
    today = now.astimezone(zone()).date()
    return _figure(plan.merchant_id, plan.metric, begin, today) if begin <= today else []


def _figure(merchant: int, code: str, since: Any, until: Any) -> list[int]:
    rows = Rollup.objects.filter(subject_id=merchant).counting_still()
    found = figures(rows, SubjectKind.MERCHANT, since, until, codes=[code])
    return [sum(one.num for one in found), sum(one.den for one in found)] if found else []


def reaches(plan: Plan, figure: Sequence[int]) -> bool:
    """Whether a figure is at its target or better."""
    share = Decimal(100) * figure[0] / figure[1]
    target = plan.target or Decimal(0)
    return share >= target if metric(plan.metric).direction == Direction.HIGHER else share <= target


def figure_words(figure: Sequence[int]) -> str:
    """A share with what it was counted from; a dash where nothing was counted."""
    if len(figure) != 2 or not figure[1]:
        return "–"
    return f"{100 * figure[0] / figure[1]:.1f}% ({figure[0]}/{figure[1]})"


def target_words(plan: Plan) -> str:
    """At least or at most so much."""
    if not plan.metric or plan.target is None:
        return "–"
    at_least = metric(plan.metric).direction == Direction.HIGHER
    return f"{'≥' if at_least else '≤'} {plan.target.normalize():f}%"


def may_rectify(user: Any, merchant: Merchant) -> bool:
    """Whether this person may ask the shop for a plan: who looks after it, or who stands above the managers."""
    return bool(user.has_perm(RECTIFY) and (merchant.manager_id == user.pk or user.has_perm(ANY)))


# --------------------------------------------------------------------------------------------------- the facts
def check_facts(
    merchant: Merchant, breaches: Sequence[int], decisions: Sequence[str]
) -> tuple[list[int], list[str]]:
    """Breaches, and numbers of decisions and measures, of this very merchant. Errors: no_breach, no_decision."""
    wanted = sorted(set(breaches))
    known = Clock.objects.filter(pk__in=wanted, merchant_id=merchant.pk, owed_by="merchant").exclude(
        breached_at=None
    )
    if wanted and known.count() != len(wanted):
        raise DomainError(_("Not every breach is one of this merchant."), "no_breach")
    numbers = sorted({one.strip() for one in decisions if one.strip()})
    if numbers and len(_decided(merchant, numbers)) != len(numbers):
        raise DomainError(_("Not every decision is one about this merchant."), "no_decision")
    return wanted, numbers


def _decided(merchant: Merchant, numbers: Sequence[str]) -> set[str]:
    """Which of these are rewards and penalties of the ledger, or measures that came into force, about the merchant."""
    told = Proposal.objects.filter(number__in=numbers, party=Party.MERCHANT, party_id=merchant.pk)
    held = MerchantMeasure.objects.filter(number__in=numbers, merchant=merchant).exclude(begins_at=None)
    return {*told.values_list("number", flat=True), *held.values_list("number", flat=True)}


def badge_of(row: Plan, now: datetime) -> Badge:
    """Word, tone and mark of where a plan stands."""
    if row.is_late(now):
        return (pgettext("rectification", "Overdue"), "red", "triangle")
    return (str(PlanState(row.state).label), *MARKS[row.state])


@dataclass(frozen=True)
class Figure:
    """The figure of a plan in words, beside its target."""

    name: str
    target: str
    begun: str
    since: str
    is_reached: bool | None


def figure_of(plan: Plan, now: datetime) -> Figure | None:
    """How it stood, how it stands since the proof; None for a plan without a figure."""
    if not plan.metric:
        return None
    since = plan.checked or (figure_after(plan, now) if plan.proven_at else [])
    reached = reaches(plan, since) if len(since) == 2 and since[1] else None
    return Figure(
        str(metric(plan.metric).name),
        target_words(plan),
        figure_words(plan.begun),
        figure_words(since),
        reached,
    )


def stored_files(names: Sequence[str]) -> Any:
    """Those of these stored files that a plan names."""
    return PlanFile.objects.filter(name__in=names).values_list("name", flat=True)
