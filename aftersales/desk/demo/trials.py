"""Drafts that wait in the demo, tried on its past weeks: a stricter first answer, less for targets just met."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from accounts.models import User
from aftersales.core.rulebook import RuleState
from aftersales.scorecards import services
from aftersales.scorecards.pages import formula_of
from aftersales.scorecards.scores import selectors
from aftersales.scorecards.services import Tried
from aftersales.scorecards.states import SubjectKind
from aftersales.standards.models import ServiceStandard, StandardVersion
from aftersales.standards.services import standard_draft

STANDARD, MINUTES = "first_response_major", 30
LESS = 15  # points of 100 for who just reaches a target
DAYS = timedelta(days=30)


def try_out(now: datetime, people: Mapping[str, User]) -> int:
    """Draft both and ask for a simulation and a shadow run, which the worker plays; how many were asked for."""
    operations = people.get("operations")
    formula = formula_of(SubjectKind.MERCHANT)
    if operations is None or formula is None:
        return 0
    today = now.astimezone(selectors.zone()).date()
    tried = Tried(standards=_standard(operations, now))
    services.shadow_ask(
        since=today - DAYS, until=today - timedelta(days=1), tried=tried, actor=operations, now=now
    )
    shown, _counts = selectors.counting(formula, today)
    if shown is None:
        return 1
    terms = copy.deepcopy(shown.terms)
    for item in terms["metrics"]:
        best, target, *others = item["marks"]
        least = max([Decimal(points) for _rate, points in others], default=Decimal(0))
        item["marks"] = [best, [target[0], str(max(Decimal(target[1]) - LESS, least))], *others]
    reason = "刚达标与做得好的差距太小，达标线的得分下调"
    draft = services.formula_draft(formula=formula, terms=terms, actor=operations, now=now, reason=reason)
    services.formula_simulate(version=draft, least=None, actor=operations, now=now)
    return 2


def _standard(operations: User, now: datetime) -> tuple[int, ...]:
    """A draft of half an hour, where none waits yet."""
    row = ServiceStandard.objects.get(code=STANDARD)
    waiting = StandardVersion.objects.filter(standard=row, state=RuleState.DRAFT).first()
    draft = waiting or standard_draft(
        standard=row, actor=operations, now=now, limit_value=MINUTES, limit_unit="minutes",
        reason="重大问题一小时才回复，客户等得太久",
    )  # fmt: skip
    return (draft.pk,)
