"""What finance reads of statements: which sources told what, and the differences to work off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min
from django.utils.safestring import SafeString
from django.utils.translation import pgettext_lazy

from aftersales.cases.models import Difference, StatementLine
from aftersales.cases.states import DIFFERENCE_COLOURS, DifferenceState
from aftersales.desk.statelook import state_badge

PAGE = 50
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


def sources(user: Any) -> list[Told]:
    """One row for each source. Statements are loaded by the month: some thousands of lines, read by their index."""
    rows = StatementLine.objects.visible_to(user).order_by().values("source")
    sums = rows.annotate(lines=Count("pk"), since=Min("happened_at"), until=Max("happened_at"))
    return [Told(**one) for one in sums.order_by("source")[:50]]


def differences(user: Any, view: str, *, before: int | None) -> tuple[list[Difference], bool]:
    rows = Difference.objects.visible_to(user).filter(state=view)
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows.select_related("payment", "line", "done_by").order_by("-pk")[: PAGE + 1])
    return found[:PAGE], len(found) > PAGE


def look(row: Difference) -> SafeString:
    return state_badge(DifferenceState(row.state), DIFFERENCE_COLOURS)
