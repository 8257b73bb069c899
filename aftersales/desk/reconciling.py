"""What finance reads of statements: which sources told what, and the differences to work off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Min
from django.utils.safestring import SafeString
from django.utils.translation import pgettext_lazy

from aftersales.cases.models import Comparison, Difference, StatementLine
from aftersales.cases.states import DIFFERENCE_COLOURS, DifferenceState, StatementSide
from aftersales.core.wording import money
from aftersales.desk.statelook import state_badge

PAGE = 50
KEPT = 20
VIEWS = {
    "open": pgettext_lazy("differences", "Open"),
    "explained": pgettext_lazy("differences", "Explained"),
    "corrected": pgettext_lazy("differences", "Put right"),
}


@dataclass(frozen=True)
class Told:
    """What one source told so far."""

    source: str
    lines: int
    since: datetime
    until: datetime
    last: Comparison | None = None


def sources(user: Any) -> list[Told]:
    """One row for each source, with when it was compared last. Statements are loaded by the month: some thousands of
    lines, read by their index."""
    rows = StatementLine.objects.visible_to(user).order_by().values("source")
    sums = rows.annotate(lines=Count("pk"), since=Min("happened_at"), until=Max("happened_at"))
    found = [Told(**one) for one in sums.order_by("source")[:50]]
    newest = Comparison.objects.visible_to(user).filter(source__in=[one.source for one in found])
    last = {
        one.source: one
        for one in newest.select_related("by").order_by("source", "-pk").distinct("source")
    }  # fmt: skip
    return [replace(one, last=last.get(one.source)) for one in found]


@dataclass(frozen=True)
class Compared:
    """One comparison with its totals in words."""

    row: Comparison
    totals: list[str]


def comparisons(user: Any) -> list[Compared]:
    """Who compared what, newest first."""
    rows = Comparison.objects.visible_to(user).select_related("by").order_by("-pk")[:KEPT]
    return [Compared(one, _totals(one)) for one in rows]


def _totals(row: Comparison) -> list[str]:
    sides = dict(StatementSide.choices)
    return [
        " ".join((str(sides.get(side, side)), money(Decimal(total), currency)))
        for currency, told in sorted(row.totals.items())
        for side, total in sorted(told.items(), reverse=True)
    ]


def differences(user: Any, view: str, *, before: int | None) -> tuple[list[Difference], bool]:
    rows = Difference.objects.visible_to(user).filter(state=view)
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows.select_related("payment", "line", "done_by").order_by("-pk")[: PAGE + 1])
    return found[:PAGE], len(found) > PAGE


def look(row: Difference) -> SafeString:
    return state_badge(DifferenceState(row.state), DIFFERENCE_COLOURS)
