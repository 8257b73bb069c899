"""What Unfold says without a Chinese translation of its own is translated by us, whatever version is installed."""

import re
from collections.abc import Iterator
from pathlib import Path

import unfold
from django.utils import translation
from django.utils.translation import gettext

# Parts of Unfold that are not installed here, and texts that only programmers see.
ABSENT = ("contrib/", "unfold_crispy/")
UNSEEN = {"Select currency", "Field <strong", "Raw passwords are not stored", "Recover deleted %(name)s"}
MARKS = (
    re.compile(r"""{%-?\s*(?:trans|translate)\s+(["'])(.+?)\1"""),
    re.compile(r"""\b_\(\s*(["'])(.+?)\1\s*\)"""),
)


def said() -> Iterator[str]:
    """Every marked text in the installed templates and modules."""
    home = Path(unfold.__file__).parent
    for path in sorted([*home.rglob("*.html"), *home.rglob("*.py")]):
        if not any(part in path.relative_to(home).as_posix() for part in ABSENT):
            text = path.read_text("utf-8")
            yield from (found[2] for mark in MARKS for found in mark.finditer(text))


def test_each_text_of_the_theme_is_translated() -> None:
    with translation.override("zh-hans"):
        left = {text for text in said() if gettext(text) == text and re.search("[A-Za-z]{2}", text)}

    left = {text for text in left if not text.startswith(tuple(UNSEEN)) and not text.endswith("_FORMAT")}
    assert not left, "add these to aftersales/core/borrowed.py and translate them"
