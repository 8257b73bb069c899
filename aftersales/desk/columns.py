"""The columns a list of tickets can show besides the clock and the ticket itself. Plain strings, as the rows are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language, pgettext, pgettext_lazy

from aftersales.core.components import person
from aftersales.core.components.text import escape
from aftersales.core.wording import masked, stamp, when
from aftersales.customers.states import CustomerClass
from aftersales.standards.states import Promise
from aftersales.tickets.states import NO_DUE, Channel, Kind, Nature, Severity, WaitFor

if TYPE_CHECKING:
    from aftersales.desk.queues import Row

More = Mapping[str, Any]  # the values that only some columns need, by their names
Cell = Callable[["Row", More, datetime], str]


@lru_cache(maxsize=256)
def said(language: str, kind: str, value: str) -> str:
    """The word of a code in a language."""
    choices = {"promise": Promise, "channel": Channel, "wait": WaitFor, "class": CustomerClass}[kind]
    return str(dict(choices.choices).get(value, value))


def label(kind: str, value: str) -> str:
    """The word of a code in the reader's language."""
    return said(get_language() or "", kind, value)


@dataclass(frozen=True)
class Column:
    """``needs``: values beyond those of every row. ``sheet``: the columns of the exported list that say the same."""

    label: Any
    cell: Cell
    sheet: Sequence[str]
    needs: Sequence[str] = ()
    css: str = "c-x"


def _moment(value: datetime | None, now: datetime) -> str:
    if value is None:
        return "–"
    return f'<time datetime="{value.isoformat()}" title="{stamp(value)}">{when(value, now)}</time>'


@lru_cache(maxsize=256)
def _choice(language: str, choices: Any, value: str) -> str:
    return escape(str(dict(choices.choices).get(value, value)))


def _word(choices: Any, name: str) -> Cell:
    def cell(row: Row, more: More, _now: datetime) -> str:
        value = more[name] if name in more else getattr(row, name)
        return _choice(get_language() or "", choices, value or "") or "–"

    return cell


def _team(_row: Row, more: More, _now: datetime) -> str:
    english = (get_language() or "").startswith("en")
    return escape(more["team__name_en" if english else "team__name_zh"] or "–")


def _due(row: Row, _more: More, now: datetime) -> str:
    return _moment(row.next_due_at if row.next_due_at < NO_DUE else None, now)


def _promise(row: Row, _more: More, _now: datetime) -> str:
    return (
        escape(label("promise", row.next_promise)) if row.next_due_at < NO_DUE and row.next_promise else "–"
    )


def _channel(row: Row, _more: More, _now: datetime) -> str:
    return escape(label("channel", row.channel))


def _own(_row: Row, _more: More, _now: datetime) -> str:
    """Cells that the row knows to draw by itself: see ``rows``."""
    return ""


COLUMNS: Mapping[str, Column] = {
    "level": Column(pgettext_lazy("queue column", "Level"), _own, ("level",), css="c-lv"),
    "merchant": Column(pgettext_lazy("queue column", "Merchant"), _own, ("merchant",), css="c-mer"),
    "state": Column(pgettext_lazy("queue column", "State"), _own, ("state",), css="c-st"),
    "assignee": Column(pgettext_lazy("queue column", "Assignee"), _own, ("assignee",), css="c-who"),
    "number": Column(
        pgettext_lazy("queue column", "Number"), lambda row, _m, _now: f'<span class="num">{row.number}</span>', ()
    ),
    "customer": Column(
        pgettext_lazy("queue column", "Customer"), lambda row, _m, _now: escape(masked(row.customer or "–")),
        ("customer",),
    ),
    "channel": Column(pgettext_lazy("queue column", "Channel"), _channel, ("channel",)),
    "kind": Column(pgettext_lazy("queue column", "Kind"), _word(Kind, "kind"), ("kind",), ("kind",)),
    "severity": Column(pgettext_lazy("queue column", "Severity"), _word(Severity, "severity"), ("level",)),
    "nature": Column(pgettext_lazy("queue column", "Nature"), _word(Nature, "nature"), ("nature",)),
    "team": Column(
        pgettext_lazy("queue column", "Team"), _team, ("team",), ("team__name_zh", "team__name_en")
    ),
    "owner": Column(
        pgettext_lazy("queue column", "First contact"),
        lambda _row, more, _now: person(more["owner__display_name"] or "", pgettext("queue row", "Nobody")),
        ("owner",), ("owner__display_name",),
    ),
    "order": Column(
        pgettext_lazy("queue column", "Order"),
        lambda _row, more, _now: f'<span class="num">{escape(more["order__external_no"] or "–")}</span>',
        ("order_no",), ("order__external_no",),
    ),
    "opened": Column(
        pgettext_lazy("queue column", "Opened"), lambda row, _m, now: _moment(row.opened_at, now), ("opened_at",)
    ),
    "heard": Column(
        pgettext_lazy("queue column", "Customer's last word"), lambda row, _m, now: _moment(row.last_customer_at, now),
        ("last_customer_at",),
    ),
    "due": Column(pgettext_lazy("queue column", "Next due"), _due, ("next_due_at",)),
    "promise": Column(pgettext_lazy("queue column", "Promise"), _promise, ("next_promise",)),
    "wait": Column(
        pgettext_lazy("queue column", "Waits until"), lambda row, _m, now: _moment(row.wake_at, now), ("wake_at",)
    ),
    "resolved": Column(
        pgettext_lazy("queue column", "Resolved"), lambda _row, more, now: _moment(more["resolved_at"], now),
        ("resolved_at",), ("resolved_at",),
    ),
    "closed": Column(
        pgettext_lazy("queue column", "Closed"), lambda row, _m, now: _moment(row.closed_at, now), ("closed_at",)
    ),
    "reopened": Column(
        pgettext_lazy("queue column", "Times reopened"),
        lambda _row, more, _now: f'<span class="num">{more["reopened"]}</span>', ("reopened",), ("reopened",),
    ),
}  # fmt: skip
SHIPPED = ("level", "merchant", "state", "assignee")
ALWAYS = ("number", "subject", "next_promise", "next_due_at")  # what the clock and the ticket say, on a sheet
MOST = 12


def chosen(codes: Sequence[str]) -> tuple[str, ...]:
    """Known columns in the order asked for, each once; () when it is the shipped choice anyway."""
    found = tuple(dict.fromkeys(code for code in codes if code in COLUMNS))[:MOST]
    return () if found == SHIPPED else found


def needed(codes: Sequence[str]) -> tuple[str, ...]:
    """The values beyond those of every row, in a steady order."""
    return tuple(dict.fromkeys(name for code in codes for name in COLUMNS[code].needs))


def on_a_sheet(codes: Sequence[str]) -> list[str]:
    """The columns of an export that shows what the list shows, in its order; [] means the whole list."""
    if not codes:
        return []
    return list(
        dict.fromkeys([*ALWAYS[:2], *(name for code in codes for name in COLUMNS[code].sheet), *ALWAYS[2:]])
    )
