"""Tags and filters of every template: how things are said (wording) and what they are made of (components)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.db.models import Model
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from aftersales.core import components, once, wording
from aftersales.core import panels as registry

register = template.Library()


def _now(context: template.Context) -> datetime:
    """The moment the page speaks about: the view's `now`, so that one page agrees with itself."""
    return context.get("now") or timezone.now()


@register.simple_tag
def form_key() -> SafeString:
    """The hidden key by which a form that arrives twice does its work once."""
    return mark_safe(f'<input type="hidden" name="{once.FIELD}" value="{once.new_key()}">')  # noqa: S308


@register.filter
def duration(span: timedelta | float | None) -> str:
    """1 h 22 min."""
    return "–" if span is None else wording.duration(span)


@register.simple_tag(takes_context=True)
def time_left(context: template.Context, due: datetime) -> str:
    """1 h 22 min left, or 46 min late."""
    return wording.time_left(due, _now(context))


@register.simple_tag(takes_context=True)
def when(context: template.Context, moment: datetime | None) -> SafeString:
    """The moment in the market's zone, shortened to what is needed; the full one is its title."""
    if moment is None:
        return mark_safe("–")
    words = wording.when(moment, _now(context))
    return mark_safe(  # noqa: S308
        f'<time datetime="{moment.isoformat()}" title="{wording.stamp(moment)}">{words}</time>'
    )


@register.simple_tag(takes_context=True)
def minute(context: template.Context, moment: datetime | None) -> str:
    """11-25 05:21, with the year when it is not this one."""
    return wording.minute(moment, _now(context))


@register.filter
def full_minute(moment: datetime | None) -> str:
    """2026-11-25 05:21, for what is kept for years."""
    return wording.minute(moment)


@register.simple_tag(takes_context=True)
def ago(context: template.Context, moment: datetime) -> str:
    """12 min ago."""
    return wording.ago(moment, _now(context))


@register.filter
def stamp(moment: datetime | None) -> str:
    """The full moment with seconds."""
    return wording.stamp(moment)


@register.filter
def money(amount: Decimal | None, currency: str = "CNY") -> str:
    """¥1,280.00."""
    return wording.money(amount, currency)


@register.filter
def listed(items: Iterable[object]) -> str:
    """A, B."""
    return wording.listed(items)


@register.filter
def percent(share: float | None) -> str:
    """93.1%."""
    return wording.percent(share)


@register.filter
def masked(value: str, kind: str = "name") -> str:
    """Personal data made unreadable: name, phone, email, address or code."""
    return wording.masked(value, kind)


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """An icon of the sprite."""
    return components.icon(name, css)


@register.simple_tag
def badge(label: str, tone: str = "grey", mark: str = "ring") -> SafeString:
    """A state."""
    return components.badge(label, tone=tone, mark_name=mark)


@register.simple_tag
def level(code: str, label: str = "", tone: str = "grey") -> SafeString:
    """A grade."""
    return components.level(code, label, tone=tone)


@register.simple_tag
def chip(label: str, tone: str = "grey") -> SafeString:
    """A quiet tag."""
    return components.chip(label, tone=tone)


@register.simple_tag
def avatar(name: str, small: bool = False) -> SafeString:
    """The round mark of a person."""
    return components.avatar(name, small=small)


@register.simple_tag
def person(name: object, nobody: str = "") -> SafeString:
    """Round mark and name, of a name or of the person."""
    return components.person(str(name or ""), nobody)


@register.simple_tag(takes_context=True)
def panels(context: template.Context, row: Model) -> list[str]:
    """What rooms above show on the page of this row: see ``core.panels``."""
    return registry.of(row, context["request"])


@register.simple_tag(takes_context=True)
def clock(context: template.Context, face: components.ClockFace) -> SafeString:
    """A clock: words, bar, promise and time due."""
    return components.clock(face, _now(context))


@register.simple_tag(takes_context=True)
def clock_line(
    context: template.Context, face: components.ClockFace, parts: Sequence[components.LinePart]
) -> SafeString:
    """A clock drawn as a line."""
    return components.clock_line(face, parts, _now(context))


@register.simple_tag
def steps(items: list[components.Step]) -> SafeString:
    """The stages of a process."""
    return components.steps(items)


@register.simple_tag
def diff(items: list[components.Difference]) -> SafeString:
    """Old → new, field by field."""
    return components.diff(items)


@register.simple_tag
def figure(item: components.Figure) -> SafeString:
    """One number of a dashboard."""
    return components.figure(item)


@register.simple_tag
def empty_state(words: str, url: str = "", act: str = "", icon_name: str = "check") -> SafeString:
    """Nothing is here, why, and what next."""
    return components.empty_state(words, url=url, act=act, icon_name=icon_name)


@register.simple_block_tag
def dialog(content: str, id: str, title: str, wide: bool = False, opened: bool = False) -> SafeString:  # noqa: A002
    """A modal that a button with data-dialog="id" opens; Esc and its cross close it and give the focus back.

    ``opened``: it stands open when the page comes, with what was written in it and refused.
    """
    return _dialog(content, {"id": id, "title": title, "wide": wide, "opened": opened})


def _dialog(content: str, parts: dict[str, Any]) -> SafeString:
    return render_to_string("components/_dialog.html", {"content": content, **parts})


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: object) -> str:
    """The present query string with some parameters replaced; an empty value removes one."""
    params = context["request"].GET.copy()
    for name, value in changes.items():
        params.pop(name, None)
        if value not in (None, ""):
            params[name] = str(value)
    return f"?{params.urlencode()}"
