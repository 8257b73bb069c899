"""What stands against a merchant, what he puts right and what months brought him, on the page of the merchant."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone

from aftersales.core import panels
from aftersales.ledger.rules import amount_words
from aftersales.ledger.states import Party
from aftersales.scorecards import consequenceeffects, measurepages
from aftersales.scorecards.consequencequerysets import VIEW
from aftersales.scorecards.models import MonthOutcome, Plan
from aftersales.scorecards.rectification import selectors as plans
from aftersales.scorecards.rewardstates import Said

SHOWN = 6
MERCHANT = "merchants.merchant"
PLANS, MONTHS = "scorecards.view_plans", "scorecards.view_merchants"


def connect() -> None:
    """Offer them to the page of a merchant."""
    for one in (measures_of, plans_of, months_of):
        panels.offer(MERCHANT, one)


def measures_of(row: Any, request: HttpRequest) -> str:
    """Points, traffic weight, campaigns and orders a day as they stand, each with the measure it comes from."""
    if not request.user.has_perm(VIEW):
        return ""
    now = timezone.now()
    held = consequenceeffects.effects(row, now)
    for one in held.measures:
        one.merchant = row
    lines = [measurepages.line(one, now) for one in reversed(held.measures)]
    page = {"merchant": row, "held": held, "lines": lines[:SHOWN], "number": len(lines), "now": now}
    return render_to_string("scorecards/_measures_panel.html", page, request)


def plans_of(row: Any, request: HttpRequest) -> str:
    """Rectification plans, the open ones first."""
    if not request.user.has_perm(PLANS):
        return ""
    now = timezone.now()
    rows = Plan.objects.visible_to(request.user).filter(merchant=row).order_by("-closed_at", "-pk")[:SHOWN]
    page = {"merchant": row, "plans": [(one, plans.badge_of(one, now)) for one in rows]}
    return render_to_string("scorecards/_plans_panel.html", page, request)


def months_of(row: Any, request: HttpRequest) -> str:
    """What rules that hang on figures brought him, month by month; nothing where no month was judged."""
    if not request.user.has_perm(MONTHS):
        return ""
    rows = MonthOutcome.objects.visible_to(request.user).filter(party=Party.MERCHANT, party_id=row.pk)
    rows = rows.select_related("run__rule", "run__rule_version")
    found = list(rows.order_by("-run__month", "run__rule__code")[:SHOWN])
    if not found:
        return ""
    page = {"merchant": row, "outcomes": [(one, _gets(one)) for one in found]}
    return render_to_string("scorecards/_months_panel.html", page, request)


def _gets(one: MonthOutcome) -> str:
    """What follows, in the unit of the rule: money or points."""
    if one.said != Said.FOLLOWS or one.amount is None:
        return ""
    return amount_words(one.amount, one.run.rule_version.unit)
