"""What the page of retraining orders shows. Reads only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aftersales.core.wording import when
from training import metrics
from training.complianceselectors import last_day
from training.models import Order
from training.states import OWED, OrderState

MARKS = {
    OrderState.ORDERED: ("grey", "ring"),
    OrderState.ENROLLED: ("blue", "half"),
    OrderState.COMPLETED: ("amber", "half"),
    OrderState.EFFECTIVE: ("green", "tick"),
    OrderState.INEFFECTIVE: ("red", "cross"),
    OrderState.UNCLEAR: ("bare", "ring"),
    OrderState.CANCELLED: ("bare", "cross"),
}
ENDED = ("effective", "ineffective", "unclear")


@dataclass(frozen=True)
class Line:
    """One order with its state in words and whether the reader may cancel it."""

    row: Order
    badge: tuple[str, str, str]
    figure: str
    judged: bool
    may_cancel: bool
    due: str


def line(row: Order, reader: Any, now: datetime) -> Line:
    late = row.is_overdue(now)
    state = OrderState(row.state)
    words = (pgettext("retraining", "Overdue"), "red", "bar") if late else (str(state.label), *MARKS[state])
    may = row.state in OWED and row.person_id != reader.pk and reader.has_perm("training.order")
    return Line(row, words, str(metrics.metric(row.metric).label), row.state in ENDED, may, due(row, now))


def due(row: Order, now: datetime) -> str:
    """The last day, where the deadline is its end; else the moment."""
    local = timezone.localtime(row.due_at)
    return last_day(row.due_at) if local.time() == time.min else when(row.due_at, now)


def chosen(rows: Any, show: str, now: datetime) -> Any:
    """What the reader asked for; without a wish everything that is owed or not judged first."""
    if show == "overdue":
        return rows.filter(state__in=OWED, due_at__lt=now)
    if show == "owed":
        return rows.filter(state__in=OWED)
    return rows.filter(state=show) if show in OrderState.values else rows


def tabs(counts: Mapping[str, int]) -> list[tuple[str, str, int]]:
    labels = {"owed": _("To be done"), "overdue": pgettext("retraining", "Overdue")}
    return [(key, labels.get(key) or str(OrderState(key).label), n) for key, n in counts.items()]
