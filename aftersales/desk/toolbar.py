"""What stands above the rows of a queue: the views and the filter. Plain strings, choices kept per language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from accounts.models import Team
from accounts.selectors import names_of_teams
from aftersales.core.components import icon
from aftersales.core.components.text import escape
from aftersales.desk import columns, queues
from aftersales.desk.models import SavedView
from aftersales.desk.named import NAMED, Named

VIEWS: Mapping[str, Any] = {
    "mine": pgettext_lazy("queue", "Mine"),
    "team": pgettext_lazy("queue", "My team's"),
    "unassigned": pgettext_lazy("queue", "Unassigned"),
    "due": pgettext_lazy("queue", "Due next"),
    "breached": pgettext_lazy("queue", "Breached"),
    "review": pgettext_lazy("queue", "To review"),
    "all": pgettext_lazy("queue", "All"),
}
FILTER_WORDS: Mapping[str, Any] = {
    "state": pgettext_lazy("filter", "State"),
    "severity": pgettext_lazy("filter", "Severity"),
    "nature": pgettext_lazy("filter", "Nature"),
    "kind": pgettext_lazy("filter", "Kind"),
    "channel": pgettext_lazy("filter", "Channel"),
    "wait_for": pgettext_lazy("filter", "Waits for"),
    "alike": pgettext_lazy("filter", "Look-alikes"),
    "team": pgettext_lazy("filter", "Team"),
    "assignee": pgettext_lazy("filter", "Person"),
    "merchant": pgettext_lazy("filter", "Merchant"),
    "shop": pgettext_lazy("filter", "Merchant"),
    "opened_from": pgettext_lazy("filter", "Opened from"),
    "opened_to": pgettext_lazy("filter", "Opened until"),
}
LATE = "breached"  # the view whose number is red; the script knows it too


def tabs(user: Any, present: str, numbers: Mapping[str, int], saved: Sequence[SavedView] = ()) -> SafeString:
    """This person's views as links, then those he saved; a number that is not known yet has its place already."""
    shown = queues.views_of(user)
    names = [(name, VIEWS[name]) for name in VIEWS if name in shown] + [(view.code, view) for view in saved]
    return mark_safe("".join(_tab(code, name, present, numbers.get(code)) for code, name in names))  # noqa: S308


def _tab(name: str, label: Any, present: str, number: int | None) -> str:
    current = ' class="on" aria-current="page"' if name == present else ""
    bad = " bad" if name == LATE and number else ""
    shown = "" if number is None else queues.shown_count(number)
    return (
        f'<li><a href="?view={name}"{current}>{escape(label)}'
        f'<span class="cnt{bad}" data-number="{name}">{shown}</span></a></li>'
    )


def chips(wanted: queues.Asked, user: Any) -> SafeString:
    """One chip for each filter in force, with the address that takes it away."""
    remove, colon = escape(_("Remove the filter")), pgettext("label and value", ": ")
    named = Named([wanted], user)
    return mark_safe(  # noqa: S308
        "".join(
            f'<span class="fchip">{escape(FILTER_WORDS[name])}{colon}{escape(_label(name, value, named))}'
            f'<a class="ib" href="{escape(_without(wanted, name))}" aria-label="{remove}">{icon("x")}</a></span>'
            for name, value in wanted.parts.items()
            if name in FILTER_WORDS
        )
    )


def said(wanted: queues.Asked, user: Any, named: Named | None = None) -> str:
    """The filters in force and the words as one line; ``named`` where many lists are said."""
    named = named or Named([wanted], user)
    colon = pgettext("label and value", ": ")
    parts = [
        f"{FILTER_WORDS[name]}{colon}{_label(name, value, named)}"
        for name, value in wanted.parts.items()
        if name in FILTER_WORDS
    ]
    return " · ".join([*parts, *([f"“{wanted.words}”"] if wanted.words else [])])


def _without(wanted: queues.Asked, name: str) -> str:
    return f"?{urlencode({other: value for other, value in wanted.address.items() if other != name})}"


def without_figure(wanted: queues.Asked) -> str:
    """The address without what a figure narrowed the list by."""
    beyond = {name for name in wanted.parts if name not in FILTER_WORDS and name != "q"}
    return f"?{urlencode({name: value for name, value in wanted.address.items() if name not in beyond})}"


def _label(name: str, value: Any, named: Named) -> str:
    """The word of a choice; of a row its name, where the person may see it."""
    if name in NAMED:
        return str(named.get(name, value) or "–")
    return str(dict(queues.CHOICES[name])[value]) if name in queues.CHOICES else str(value)


def fields(wanted: queues.Asked) -> SafeString:
    """The fields of the filter that need no rows: choices of the product, the merchant by name, the days."""
    language, parts = get_language() or "", wanted.parts
    hint = escape(_("Code or beginning of the name"))
    typed = "".join(
        f'<div class="fld"><label for="f-{name}">{escape(FILTER_WORDS[name])}</label>'
        f'<input id="f-{name}" name="{name}" type="{kind}" value="{escape(str(parts.get(name, "")))}" {more}></div>'
        for name, kind, more in (
            ("shop", "text", f'maxlength="80" placeholder="{hint}"'),
            ("opened_from", "date", ""),
            ("opened_to", "date", ""),
        )
    )
    chosen = "".join(_field(language, name, wanted.fixed.get(name, "")) for name in queues.CHOICES)
    return mark_safe(chosen + typed)  # noqa: S308


def row_fields(wanted: queues.Asked, user: Any, now: datetime) -> SafeString:
    """The fields of the filter whose choices are rows: teams and their people. Two statements."""
    teams = [(team.pk, str(team)) for team in Team.objects.visible_to(user).active()]
    people = names_of_teams([pk for pk, _name in teams], now)
    return mark_safe(  # noqa: S308
        _select("team", teams, wanted.keys.get("team"))
        + _select("assignee", people, wanted.keys.get("assignee"))
    )


@lru_cache(maxsize=512)
def _field(language: str, name: str, chosen: str) -> str:
    """One select with its label. The choices are constants of the product: made once for each language."""
    return _select(name, queues.CHOICES[name], chosen)


def _select(name: str, choices: Sequence[tuple[Any, Any]], chosen: Any) -> str:
    options = "".join(
        f'<option value="{escape(str(value))}"{" selected" if value == chosen else ""}>{escape(label)}</option>'
        for value, label in [("", pgettext("filter", "All")), *choices]
    )
    return (
        f'<div class="fld"><label for="f-{name}">{escape(FILTER_WORDS[name])}</label>'
        f'<select id="f-{name}" name="{name}">{options}</select></div>'
    )


def headings(wanted: queues.Asked) -> SafeString:
    """The heads of the chosen columns, () the shipped ones."""
    shown = wanted.columns or columns.SHIPPED
    return mark_safe(  # noqa: S308
        "".join(
            f'<th class="{columns.COLUMNS[code].css}" scope="col">{escape(columns.COLUMNS[code].label)}</th>'
            for code in shown
        )
    )


def column_choices(wanted: queues.Asked) -> list[tuple[str, Any, bool]]:
    """Every column with its name and whether it shows: the shown ones first, in their order."""
    shown = wanted.columns or columns.SHIPPED
    codes = [*shown, *(code for code in columns.COLUMNS if code not in shown)]
    return [(code, columns.COLUMNS[code].label, code in shown) for code in codes]
