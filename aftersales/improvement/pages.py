"""What the pages of warnings show."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from aftersales.core import moves, wording
from aftersales.improvement import charts, naming, selectors
from aftersales.improvement.models import Warning, WarningDay
from aftersales.improvement.states import STATE_COLOURS, AskedOf, Outcome, Surged, WarningState
from aftersales.tickets.models import Ticket

MARKS = {"red": "triangle", "amber": "half", "violet": "pause", "blue": "disc", "grey": "ring"}
TICKETS = 25
CLEAR, STRONG = 60, 120  # one in a million, one in a million millions
DIALOGS = ("ask", "close_true", "close_lasting", "close_false")


def badge(row: Warning) -> tuple[str, str, str]:
    """The state; of a closed one what it was."""
    state = WarningState(row.state)
    if state is WarningState.CLOSED:
        is_true = row.outcome != Outcome.FALSE
        return str(Outcome(row.outcome).label), "green" if is_true else "grey", "tick" if is_true else "ring"
    tone = STATE_COLOURS[state]
    return str(state.label), tone, MARKS[tone]


def strength(row: Warning) -> tuple[str, str]:
    """How clear it is, in a word, with its colour."""
    if row.strength >= STRONG:
        return pgettext("strength of a surge", "Strong"), "red"
    if row.strength >= CLEAR:
        return pgettext("strength of a surge", "Clear"), "amber"
    return pgettext("strength of a surge", "Slight"), "grey"


def times(row: Warning) -> str:
    """How many times the usual number; empty where nothing was usual."""
    return f"×{row.observed / row.expected:.1f}" if row.expected >= 1 else ""


def row(one: selectors.Row, now: datetime) -> dict[str, Any]:
    warning = one.warning
    return {
        "row": warning, "name": naming.name_of(warning), "badge": badge(warning), "strength": strength(warning),
        "times": times(warning), "due_at": one.due_at, "is_late": one.due_at is not None and one.due_at < now,
        "explains": [(inner, naming.name_of(inner), badge(inner)) for inner in one.explains],
    }  # fmt: skip


def states(counts: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """Every state with how many warnings stand in it."""
    return [(value, str(label), counts.get(value, 0)) for value, label in WarningState.choices]


def one(row: Warning, user: Any, now: datetime, *, after: int | None) -> dict[str, Any]:
    """Everything about one warning. Its statements do not grow with the tickets behind it."""
    days = list(row.days.all())
    behind = selectors.tickets_behind(row, user)
    shown = list((behind.filter(pk__lt=after) if after else behind)[: TICKETS + 1])
    drawn = selectors.bars(row, days, now)
    acts = {one.move.name: one for one in moves.options(row, actor=user, now=now)}
    asks = list(row.asks.select_related("asked_by", "answered_by"))
    above = Warning.objects.visible_to(user).filter(pk=row.within_id).select_related("merchant", "product")
    within = above.first() if row.within_id else None
    return {
        "title": naming.name_of(row), "row": row, "now": now, "badge": badge(row), "strength": strength(row),
        "times": times(row), "said": said(row), "days": [day(found) for found in reversed(days)],
        "chart": charts.series(drawn, finding=said(row)), "drawn": drawn, "is_batch": row.kind == Surged.BATCH,
        "tickets": [ticket(found) for found in shown[:TICKETS]], "seen": behind.count(),
        "more": shown[TICKETS - 1].pk if len(shown) > TICKETS else None,
        "grounds": selectors.grounds(row), "asks": asks, "acts": acts, "parties": parties(row),
        "dialogs": DIALOGS, "new_level": selectors.new_level(row), "compared": selectors.compared_again(row, now),
        "within": (within, naming.name_of(within)) if within is not None else None,
        "moved": [
            (found, naming.name_of(found), count, badge(found)) for found, count in selectors.moved_with(row, user)
        ],
    }  # fmt: skip


def said(row: Warning) -> str:
    """The finding in a sentence."""
    words = ngettext(
        "%(n)s ticket where about %(usual)s are usual and chance explains at most %(limit)s.",
        "%(n)s tickets where about %(usual)s are usual and chance explains at most %(limit)s.", row.observed,
    )  # fmt: skip
    return words % {"n": row.observed, "usual": f"{row.expected:.1f}", "limit": row.limit}


def day(found: WarningDay) -> dict[str, Any]:
    span = f"{found.last}" if found.is_single else f"{found.first} – {found.last}"
    return {"row": found, "span": span, "odds": odds(found.tail)}


def odds(tail: float) -> str:
    """One in so many, as far as a person can read it."""
    if tail <= 1e-9:
        return _("less than 1 in 1,000 million")
    return _("1 in %(n)s") % {"n": f"{round(1 / tail):,}"}


def ticket(found: Ticket) -> dict[str, Any]:
    return {"row": found, "opened": wording.minute(found.opened_at)}


def parties(row: Warning) -> list[tuple[str, Any]]:
    """Who can be asked about it: the merchant where it is one's, the carrier where it is about one."""
    return [
        (value, label) for value, label in AskedOf.choices
        if (value != AskedOf.MERCHANT or row.merchant_id) and (value != AskedOf.CARRIER or row.kind == Surged.CARRIER)
    ]  # fmt: skip


def month_row(row: Warning) -> dict[str, Any]:
    return {
        "row": row, "name": naming.name_of(row), "badge": badge(row), "times": times(row), "asks": list(row.asks.all()),
    }  # fmt: skip
