"""Larger pieces of a page: empty state, steps, old → new, figure tile, facts. They render to safe HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from aftersales.core.components.icons import icon


def empty_state(words: str, *, url: str = "", act: str = "", icon_name: str = "check") -> SafeString:
    """Nothing is here: what is true, and the next act as one button when there is one."""
    button = f'<a class="btn" href="{escape(url)}">{escape(act)}</a>' if url else ""
    return mark_safe(  # noqa: S308
        f'<div class="empty">{icon(icon_name)}<p>{escape(words)}</p>{button}</div>'
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of a process. `state` is done, now or next; `note` is when it was done or is due."""

    label: str
    state: str = "next"
    note: str = ""


def steps(items: Sequence[Step]) -> SafeString:
    """The stages in order, done ones ticked, the present one ringed."""
    return mark_safe(f'<ol class="steps">{"".join(_step(item) for item in items)}</ol>')  # noqa: S308


def _step(item: Step) -> str:
    current = ' aria-current="step"' if item.state == "now" else ""
    tick = icon("check") if item.state == "done" else ""
    return (
        f'<li class="{item.state}"{current}><i>{tick}</i><b>{escape(item.label)}</b>'
        f"<span>{escape(item.note)}</span></li>"
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that changes."""

    field: str
    old: str
    new: str


def diff(items: Iterable[Difference]) -> SafeString:
    """Field by field, old struck through, arrow, new. The words carry it, not the colour."""
    becomes = escape(_("becomes"))
    rows = "".join(
        f"<tr><th scope='row'>{escape(d.field)}</th><td><del>{escape(d.old) or '–'}</del></td>"
        f"<td class='to' aria-label='{becomes}'>→</td><td><ins>{escape(d.new) or '–'}</ins></td></tr>"
        for d in items
    )
    return mark_safe(f'<table class="diff"><tbody>{rows}</tbody></table>')  # noqa: S308


# More characters than this do not fit a tile in the large size.
LONG_VALUE = 9


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a dashboard. `tone` is "", warn or bad and comes with words in `note`."""

    label: str
    value: str
    unit: str = ""
    note: str = ""
    tone: str = ""
    url: str = ""


def figure(item: Figure) -> SafeString:
    """The number as a link to exactly the rows it counts."""
    tag, href = ("a", f' href="{escape(item.url)}"') if item.url else ("div", "")
    sign = icon("alert") if item.tone else icon("check")
    note = f'<span class="f-s">{sign}{escape(item.note)}</span>' if item.note else ""
    arrow = icon("right") if item.url else ""
    size = " long" if len(item.value) > LONG_VALUE else ""
    return mark_safe(  # noqa: S308
        f'<{tag} class="fg {item.tone}"{href}><span class="f-l">{escape(item.label)}{arrow}</span>'
        f'<span class="f-v{size}">{escape(item.value)}<small>{escape(item.unit)}</small></span>{note}</{tag}>'
    )


def facts(items: Iterable[tuple[str, str]]) -> SafeString:
    """Name and value pairs; values may be safe HTML made by the other components."""
    rows = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{conditional_escape(value) or '–'}</dd></div>"
        for name, value in items
    )
    return mark_safe(f'<dl class="kv">{rows}</dl>')  # noqa: S308
