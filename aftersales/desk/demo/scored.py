"""The demo's shops and people are scored by formulas in force since long ago; the months that are over are kept."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from accounts.models import User
from accounts.services import system_user
from aftersales.core import shipped
from aftersales.core.errors import DomainError
from aftersales.core.rulebook import RuleState
from aftersales.desk.demo.trade import DAYS
from aftersales.scorecards import services
from aftersales.scorecards.models import FormulaVersion
from aftersales.scorecards.pages import formula_of
from aftersales.scorecards.scores import selectors
from aftersales.scorecards.states import SubjectKind
from aftersales.standards import shipping

DAY = timedelta(days=1)
RULE_BOOK, FORMULA = 130 * DAY, 125 * DAY  # ago
ENOUGH = 20  # days of trade before the end of a month that is kept
MONTHS, SETTLED = 2, timedelta(days=7, hours=3)  # after the end of a month, by night
OF_DUTIES = ("answer_in_time", "obligations_kept", "promises_kept")
WEIGHTS = {"dispatch_in_time": "30", "refund_time": "10", "dispute_rate_orders": "10"}
LEAST = 20  # orders
Z = "1.28"  # an interval of 80 %: two months of a small department prove little
GRADES = {"A": "86", "B": "77", "C": "63"}
REASON = "按目前业务量试行：发货权重提高，区间和等级线相应调整。"


def rule_book(now: datetime) -> None:
    """The department has had its rule book for months; what stands there already stays as it is."""
    at = now - RULE_BOOK
    system = system_user(at)
    shipping.load(actor=system, now=at)
    shipped.load(actor=system, now=at)


def formula(people: Mapping[str, User], now: datetime) -> FormulaVersion | None:
    """A version for the volume of a demonstration, announced before there were shops; none where rules are young."""
    found, at = formula_of(SubjectKind.MERCHANT), now - FORMULA
    newest = found.versions.order_by("-number").first() if found is not None else None
    if found is None or newest is None or newest.state != RuleState.ACTIVE or newest.activated_at > at:
        return None
    draft = services.formula_draft(
        formula=found, terms=_terms(newest.terms), actor=people["operations"], now=at, reason=REASON
    )
    return services.formula_activate(draft=draft, actor=people["supervisor"], now=at, reason="已公示。")


def _terms(shipped_terms: Mapping[str, Any]) -> dict[str, Any]:
    terms = copy.deepcopy(dict(shipped_terms))
    terms |= {"z": Z, "enough": LEAST}
    for item in terms["metrics"]:
        item["weight"] = WEIGHTS.get(item["metric"], item["weight"])
    for one in terms["grades"]:
        one["from"] = GRADES.get(one["grade"], one["from"])
    return terms


def count(now: datetime) -> int:
    """Count every figure, for scores, rules and boards, then the scores; how many shops and people."""
    services.recount()
    for month in _over(now):
        _keep(month, now)
    return services.standings_count(now=now)


def count_again() -> None:
    """What measures added after the count: the duties of the shops they were taken against."""
    services.recount(codes=OF_DUTIES)


def _over(now: datetime) -> list[date]:
    """The months that are over and of which there are enough figures, the oldest first."""
    begin = (now - (DAYS - ENOUGH) * DAY).astimezone(selectors.zone()).date()
    first = now.astimezone(selectors.zone()).date().replace(day=1)
    found: list[date] = []
    for _number in range(MONTHS):
        last, first = first - DAY, (first - DAY).replace(day=1)
        if last >= begin:
            found.insert(0, first)
    return found


def _keep(month: date, now: datetime) -> None:
    """As the night did it in which the figures of the month had settled."""
    last = (month + 31 * DAY).replace(day=1) - DAY
    at = selectors.ends(last) + SETTLED
    if at > now:
        return
    try:
        services.snapshots_take(month=month, now=at)
    except DomainError as error:
        if error.code != "month_runs":
            raise
