"""The orders of a list of tickets. Each is read from one index by its key, never by counting rows off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.db.models.functions import Coalesce
from django.utils.translation import pgettext_lazy

from aftersales.core.posted import moment_of, whole
from aftersales.tickets.states import NO_DUE, Severity

MARK = "~"  # between the parts of a key; in no moment, severity or number


@dataclass(frozen=True)
class Order:
    """Columns by which a list is sorted before the ticket's own key, all in one direction."""

    label: Any
    columns: Sequence[str]
    backwards: bool = False
    grouped: str = ""  # what the headings between the rows say, when there are any

    def sort(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        sign = "-" if self.backwards else ""
        return _with_heard(rows, self).order_by(*[f"{sign}{name}" for name in (*self.columns, "id")])

    def after(self, rows: QuerySet[Any], key: str) -> QuerySet[Any]:
        """The rows behind the one with this key; a key that is none is no condition.

        A row comparison is one index condition; OR-ed columns would read from the start of the index.
        """
        values = self._read(key)
        if values is None:
            return rows
        beyond = TupleLessThan if self.backwards else TupleGreaterThan
        names = (*self.columns, "id")
        return _with_heard(rows, self).filter(beyond(Tuple(*[F(name) for name in names]), values))

    def key(self, row: Any) -> str:
        """Where the next page starts when this row was the last one."""
        found = [_said(row, name) for name in self.columns]
        return MARK.join(
            [*(v.isoformat() if isinstance(v, datetime) else str(v) for v in found), str(row.id)]
        )

    def _read(self, key: str) -> tuple[Any, ...] | None:
        parts = key.split(MARK)
        if len(parts) != len(self.columns) + 1:
            return None
        found = [
            *(_value(name, text) for name, text in zip(self.columns, parts, strict=False)),
            whole(parts[-1]),
        ]
        return None if any(value is None for value in found) else tuple(found)


def _value(name: str, text: str) -> Any:
    if name == "severity":
        return text if text in Severity.values else None
    text = text.replace(" ", "+")
    return NO_DUE if text == NO_DUE.isoformat() else moment_of(text)


def _said(row: Any, name: str) -> Any:
    return (row.last_customer_at or row.opened_at) if name == "heard" else getattr(row, name)


HEARD = Coalesce("last_customer_at", "opened_at")
"""When the customer was heard last: who never wrote was heard when the ticket was opened."""


def _with_heard(rows: QuerySet[Any], order: Order) -> QuerySet[Any]:
    return rows.alias(heard=HEARD) if "heard" in order.columns else rows


DUE, ENDED = "due", "ended"
ORDERS: Mapping[str, Order] = {
    DUE: Order(pgettext_lazy("queue order", "Nearest due first"), ("next_due_at",), grouped="due"),
    # Worst first: the codes critical, major, minor sort like their gravity.
    "severity": Order(
        pgettext_lazy("queue order", "Severest first, then nearest due"), ("severity", "next_due_at"),
        grouped="severity",
    ),
    "opened": Order(pgettext_lazy("queue order", "Newest first"), ("opened_at",), backwards=True),
    "oldest": Order(pgettext_lazy("queue order", "Oldest first"), ("opened_at",)),
    "heard": Order(
        pgettext_lazy("queue order", "Customer's last word, newest first"), ("heard",), backwards=True
    ),
    "unheard": Order(pgettext_lazy("queue order", "Customer's last word, oldest first"), ("heard",)),
}  # fmt: skip
# How finished tickets are read: by when they ended, or by when they were opened; the other orders are of open ones.
BY_END = Order(pgettext_lazy("queue order", "Newest end first"), ("closed_at",), backwards=True)
OF_ENDED = ("opened", "oldest")


def order_of(sort: str, *, ended: bool) -> Order:
    """The order asked for; one that does not fit the list is the list's own."""
    if ended:
        return ORDERS[sort] if sort in OF_ENDED else BY_END
    return ORDERS.get(sort) or ORDERS[DUE]
