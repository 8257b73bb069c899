"""The rows of a queue as HTML. Plain strings: templates would cost ten times the query."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from aftersales.core.components import ClockFace, chip, clock, icon, person
from aftersales.core.components.text import escape
from aftersales.core.wording import masked
from aftersales.customers.states import CustomerClass
from aftersales.desk import columns
from aftersales.desk.columns import label, said
from aftersales.desk.queues import Row, shown_count
from aftersales.tickets.looks import level_badge, owed, state_badge
from aftersales.tickets.states import NO_DUE, Severity, TicketState

__all__ = ["label", "table_rows"]
LEFT = 3  # the box, the clock and the ticket stand before the chosen columns
CLASS_TONES = {CustomerClass.KEY: "amber", CustomerClass.SPECIAL: "violet"}
PLACE = "TK0000-00000"  # stands for a number while the address pattern is made once


@lru_cache(maxsize=4)
def _ticket_address(prefix: str) -> tuple[str, str]:
    head, tail = reverse("desk:ticket", args=[PLACE]).split(PLACE)
    return head, tail


def ticket_url(number: str) -> str:
    """The workbench of a ticket; resolving fifty addresses would cost more than the rows."""
    head, tail = _ticket_address("")
    return f"{head}{number}{tail}"


@lru_cache(maxsize=256)
def _state_badge(language: str, state: str, wait_for: str) -> SafeString:
    return state_badge(state, wait_for)


@lru_cache(maxsize=256)
def _level_badge(language: str, severity: str, nature: str) -> SafeString:
    return level_badge(severity, nature)


def face(row: Row, language: str) -> ClockFace:
    """The clock of a row: the nearest running one, else whom it waits for, else how it ended."""
    if row.next_due_at < NO_DUE:
        return ClockFace(
            owed(row.state, said(language, "promise", row.next_promise)),
            "running",
            row.next_started_at,
            row.next_due_at,
            row.next_warn_at,
        )
    if row.state == TicketState.WAITING:
        return ClockFace(said(language, "wait", row.wait_for), "paused", due_at=row.wake_at)
    if row.closed_at:
        return ClockFace(
            pgettext("clock", "Closed"), "met", row.opened_at, row.closed_at, stopped_at=row.closed_at
        )
    return ClockFace("", "none")


def group_of(row: Row, now: datetime, soon: timedelta | None) -> str:
    """late, soon or later."""
    if row.next_due_at < now:
        return "late"
    return "soon" if soon and row.next_due_at < now + soon else "later"


def group_words(group: str) -> str:
    """The heading of a group."""
    if group in Severity.values:
        return str(Severity(group).label)
    return {
        "late": pgettext("queue group", "Breached"),
        "soon": pgettext("queue group", "Due soon"),
        "later": pgettext("queue group", "Later"),
    }[group]


SEVERITY_TONES = {"critical": ("alert", "bad"), "major": ("flag", "warn")}


def table_rows(
    rows: Sequence[Row],
    now: datetime,
    *,
    soon: timedelta | None,
    counts: Mapping[str, int] | None = None,
    last_group: str = "",
    may_take: Container[int] = frozenset(),
    shown: Sequence[str] = (),
    more: Sequence[columns.More] = (),
    grouped: str = "due",
) -> SafeString:
    """All rows with their group headings; ``soon`` None means a list without groups (finished tickets).

    ``may_take``: the rows that the reader may take as they stand. ``shown``: the columns besides clock and ticket (()
    the shipped ones), ``more``: what they need of each row.
    """
    words = _Words(shown, may_take)
    group = (lambda row: row.severity) if grouped == "severity" else (lambda row: group_of(row, now, soon))
    parts: list[str] = []
    for at, row in enumerate(rows):
        if soon is not None and grouped and (code := group(row)) != last_group:
            last_group = code
            parts.append(_heading(code, (counts or {}).get(code), words))
        parts.append(_row(row, now, words, more[at] if more else {}))
    return mark_safe("".join(parts))  # noqa: S308


class _Words:
    """Words that repeat on every row, looked up once."""

    def __init__(self, shown: Sequence[str], may_take: Container[int]) -> None:
        self.shown = shown
        self.may_take = may_take
        self.width = LEFT + len(shown or columns.SHIPPED)
        self.language = get_language() or ""
        self.select = escape(_("Select"))
        self.unread = escape(pgettext("queue row", "Unread"))
        self.seen = escape(pgettext("queue row", "Read, not answered yet"))
        self.take = escape(pgettext("queue row", "Take"))
        self.nobody = pgettext("queue row", "Nobody")
        self.names = {code: escape(columns.COLUMNS[code].label) for code in shown}


def _heading(group: str, count: int | None, words: _Words) -> str:
    """The number comes with the page, or the script puts it there when it is known."""
    tones = {"late": ("alert", "bad"), "soon": ("clock", "warn"), "later": ("clock", ""), **SEVERITY_TONES}
    sign, css = tones.get(group, ("flag", ""))
    number = "" if count is None else shown_count(count)
    return (
        f'<tr class="grp"><th colspan="{words.width}" scope="rowgroup"><span class="gd {css}">{icon(sign)}'
        f'{escape(group_words(group))}</span><span class="sub num" data-number="{group}">{number}</span></th></tr>'
    )


def _row(row: Row, now: datetime, words: _Words, more: columns.More) -> str:
    shown = face(row, words.language)
    url = ticket_url(row.number)
    late = ' class="late"' if row.next_due_at < now else ""
    cells = _chosen(row, now, words, more) if words.shown else _shipped(row, words)
    return (
        f'<tr{late} data-row data-look="{url}look/"><td class="c-cb"><input type="checkbox" class="cb" name="ids" '
        f'value="{row.id}" form="bulk" aria-label="{words.select} {row.number}"></td>'
        f'<td class="c-clk">{clock(shown, now)}</td>{_subject(row, url, words)}{cells}</tr>'
    )


def _shipped(row: Row, words: _Words) -> str:
    return _level(row, words) + _merchant(row, words) + _state(row, words) + _person(row, words)


def _level(row: Row, words: _Words) -> str:
    return f'<td class="c-lv">{_level_badge(words.language, row.severity, row.nature)}</td>'


def _merchant(row: Row, words: _Words) -> str:
    return f'<td class="c-mer"><span>{escape(row.merchant or "–")}</span></td>'


def _state(row: Row, words: _Words) -> str:
    return f'<td class="c-st">{_state_badge(words.language, row.state, row.wait_for)}</td>'


def _person(row: Row, words: _Words) -> str:
    return f'<td class="c-who">{_who(row, words)}</td>'


OWN: Mapping[str, Callable[[Row, _Words], str]] = {
    "level": _level, "merchant": _merchant, "state": _state, "assignee": _person,
}  # fmt: skip


def _chosen(row: Row, now: datetime, words: _Words, more: columns.More) -> str:
    """The columns of a view of one's own; on the phone each cell says its name itself."""
    return "".join(
        OWN[code](row, words) if code in OWN
        else f'<td class="c-x" data-name="{words.names[code]}">{columns.COLUMNS[code].cell(row, more, now)}</td>'
        for code in words.shown
    )  # fmt: skip


def _subject(row: Row, url: str, words: _Words) -> str:
    dot = _dot(row, words)
    tag = ""
    if row.customer_class in CLASS_TONES:
        tag = chip(
            said(words.language, "class", row.customer_class),
            tone=CLASS_TONES[CustomerClass(row.customer_class)],
        )
    return (
        f'<td class="c-sub"><a href="{url}" class="sj">{dot}{escape(row.subject)}</a><div class="mt">'
        f'<span class="num">{row.number}</span><span>{escape(masked(row.customer or ""))}</span>{tag}'
        f'<span class="mm">{escape(row.merchant or "")}</span>'
        f'<span class="hm2">{escape(said(words.language, "channel", row.channel))}</span></div></td>'
    )


def _dot(row: Row, words: _Words) -> str:
    """The customer waits for an answer; the script makes it a ring where this person has read what he wrote."""
    if not _unread(row) or row.last_customer_at is None:
        return ""
    wrote = int(row.last_customer_at.timestamp())
    return f'<span class="dotn" title="{words.unread}" data-wrote="{wrote}" data-seen="{words.seen}"></span>'


def _unread(row: Row) -> bool:
    return row.last_customer_at is not None and (
        row.last_staff_at is None or row.last_customer_at > row.last_staff_at
    )


def _who(row: Row, words: _Words) -> str:
    if row.id in words.may_take:
        return f'<button class="take" form="take" name="number" value="{row.number}">{words.take}</button>'
    return person(row.assignee or "", words.nobody)
