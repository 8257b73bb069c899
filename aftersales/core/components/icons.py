"""Drawn marks: icons come from one sprite file, state marks are small enough to stand inline."""

from __future__ import annotations

from functools import cache

from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe

_RING = '<circle cx="7" cy="7" r="5.2"/>'
# The mark fills up as the work advances, so that a state reads without colour.
MARKS = {
    "dashed": '<circle cx="7" cy="7" r="5.2" stroke-dasharray="2.2 1.6"/>',
    "ring": _RING,
    "quarter": _RING + '<path class="fl" d="M7 7V3.6A3.4 3.4 0 0 1 10.4 7z"/>',
    "half": _RING + '<path class="fl" d="M7 3.6a3.4 3.4 0 0 1 0 6.8z"/>',
    "pause": _RING + '<path d="M5.6 5v4M8.4 5v4"/>',
    "triangle": '<path d="M7 1.6 12.7 11.6H1.3zM7 5.3v3M7 9.9v.1"/>',
    "tick": _RING + '<path d="m4.7 7.2 1.6 1.6 3-3.4"/>',
    "disc": '<circle class="fl" cx="7" cy="7" r="5.9"/><path class="kn" d="m4.5 7.2 1.7 1.7 3.3-3.6"/>',
    "cross": _RING + '<path d="m5 5 4 4M9 5 5 9"/>',
    "bar": _RING + '<path d="M4.6 7h4.8"/>',
}


@cache
def _sprite(name: str) -> str:
    return f'<use href="{static("icons.svg")}#{name}"/>'


@cache
def icon(name: str, css: str = "") -> SafeString:
    """An icon of the sprite `icons.svg`; decoration only, the words stand beside it."""
    return mark_safe(f'<svg class="i {css}" aria-hidden="true">{_sprite(name)}</svg>')  # noqa: S308


@cache
def mark(name: str) -> str:
    """The drawn mark of a state."""
    return f'<svg class="gl" viewBox="0 0 14 14" aria-hidden="true">{MARKS.get(name, MARKS["ring"])}</svg>'
