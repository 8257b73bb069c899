"""Small things that stand in rows: state badge, level, person, chip. Plain functions, because rows repeat them."""

from __future__ import annotations

from functools import lru_cache
from zlib import crc32

from django.utils.safestring import SafeString, mark_safe

from aftersales.core.components.icons import mark
from aftersales.core.components.text import escape

# Tones say whose turn it is or how it stands, nothing else; each always comes with a mark and a word.
TONES = {
    "grey": "t-n",
    "bare": "t-z",
    "blue": "t-b",
    "amber": "t-a",
    "violet": "t-v",
    "red": "t-r",
    "green": "t-g",
}
LEVEL_TONES = frozenset({"amber", "red", "violet"})
AVATAR_COLOURS = 5


def badge(label: str, *, tone: str = "grey", mark_name: str = "ring") -> SafeString:
    """A state: drawn mark and word on a wash. Tones and marks are named in TONES and MARKS."""
    return mark_safe(  # noqa: S308
        f'<span class="bdg {TONES.get(tone, "t-n")}">{mark(mark_name)}{escape(label)}</span>'
    )


def level(code: str, label: str = "", *, tone: str = "grey") -> SafeString:
    """A grade: an outlined code and its word; only tone `red` is filled."""
    css = f" lv-{tone}" if tone in LEVEL_TONES else ""
    return mark_safe(f'<span class="lv{css}"><b>{escape(code)}</b>{escape(label)}</span>')  # noqa: S308


def chip(label: str, *, tone: str = "grey") -> SafeString:
    """A quiet tag, such as the class of a customer."""
    return mark_safe(f'<span class="kc {TONES.get(tone, "t-n")}">{escape(label)}</span>')  # noqa: S308


@lru_cache(maxsize=2048)
def avatar(name: str, *, small: bool = False) -> SafeString:
    """The first character of a name on a colour that stays with the name; an empty name is nobody."""
    size = " s" if small else ""
    if not name:
        return mark_safe(f'<span class="av nobody{size}" aria-hidden="true">–</span>')  # noqa: S308
    colour = crc32(name.encode()) % AVATAR_COLOURS
    return mark_safe(  # noqa: S308
        f'<span class="av av{colour}{size}" aria-hidden="true">{escape(name[0].upper())}</span>'
    )


def person(name: str, nobody: str = "") -> SafeString:
    """Avatar and name in one line."""
    return mark_safe(  # noqa: S308
        f'<span class="who">{avatar(name, small=True)}<span>{escape(name or nobody)}</span></span>'
    )
