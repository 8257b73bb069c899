"""What stands above the rows of a queue: the views and the filter. Plain strings, choices kept per language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from aftersales.core.components import icon
from aftersales.core.components.text import escape
from aftersales.desk import queues

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
}
LATE = "breached"  # the view whose number is red; the script knows it too


def tabs(wanted: queues.Asked, numbers: Mapping[str, int]) -> SafeString:
    """The views as links; a number that is not known yet has its place already."""
    return mark_safe("".join(_tab(name, wanted.queue, numbers.get(name)) for name in VIEWS))  # noqa: S308


def _tab(name: str, present: str, number: int | None) -> str:
    current = ' class="on" aria-current="page"' if name == present else ""
    bad = " bad" if name == LATE and number else ""
    shown = "" if number is None else queues.shown_count(number)
    return (
        f'<li><a href="?view={name}"{current}>{escape(VIEWS[name])}'
        f'<span class="cnt{bad}" data-number="{name}">{shown}</span></a></li>'
    )


def chips(wanted: queues.Asked) -> SafeString:
    """One chip for each filter in force, with the address that takes it away."""
    remove, colon = escape(_("Remove the filter")), pgettext("label and value", ": ")
    return mark_safe(  # noqa: S308
        "".join(
            f'<span class="fchip">{escape(FILTER_WORDS[name])}{colon}{escape(_label(name, value))}'
            f'<a class="ib" href="{escape(_without(wanted, name))}" aria-label="{remove}">{icon("x")}</a></span>'
            for name, value in wanted.fixed.items()
        )
    )


def _without(wanted: queues.Asked, name: str) -> str:
    kept = {other: value for other, value in wanted.fixed.items() if other != name}
    return f"?{urlencode({**kept, 'view': wanted.queue, **({'q': wanted.words} if wanted.words else {})})}"


def _label(name: str, value: str) -> str:
    return str(dict(queues.CHOICES[name])[value])


def fields(wanted: queues.Asked) -> SafeString:
    """The fields of the filter."""
    language = get_language() or ""
    return mark_safe(  # noqa: S308
        "".join(_field(language, name, wanted.fixed.get(name, "")) for name in queues.CHOICES)
    )


@lru_cache(maxsize=512)
def _field(language: str, name: str, chosen: str) -> str:
    """One select with its label. The choices are constants of the product: made once for each language."""
    options = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(label)}</option>'
        for value, label in [("", pgettext("filter", "All")), *queues.CHOICES[name]]
    )
    return (
        f'<div class="fld"><label for="f-{name}">{escape(FILTER_WORDS[name])}</label>'
        f'<select id="f-{name}" name="{name}">{options}</select></div>'
    )
