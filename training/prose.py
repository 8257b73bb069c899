"""Course material as people type it: headings, lists, bold words and addresses, everything else as plain text."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from django.utils.html import conditional_escape, format_html, format_html_join, urlize
from django.utils.safestring import SafeString, mark_safe

HEADING = re.compile(r"^(#{1,4})\s+(.+)$")
BULLET = re.compile(r"^\s*[-*•]\s+(.+)$")
NUMBERED = re.compile(r"^\s*\d{1,3}[.)、]\s*(.+)$")
BOLD = re.compile(r"\*\*(.{1,400}?)\*\*")
HIGHEST = 3  # a page and its cards have the first two levels


def prose(text: str) -> SafeString:
    """HTML of a text in the small part of Markdown that we read; nothing of it is taken as HTML."""
    return mark_safe("".join(_blocks(text.splitlines())))  # noqa: S308 - every piece is escaped


def _blocks(lines: Iterable[str]) -> Iterator[str]:
    for kind, found in groupby(lines, _kind):
        block = list(found)
        if kind == "heading":
            yield from (_heading(line) for line in block)
        elif kind in {"ul", "ol"}:
            pattern = BULLET if kind == "ul" else NUMBERED
            items = format_html_join(
                "", "<li>{}</li>", ((_inside(pattern.sub(r"\1", line)),) for line in block)
            )
            yield format_html("<ul>{}</ul>" if kind == "ul" else "<ol>{}</ol>", items)
        elif kind == "text":
            yield format_html(
                "<p>{}</p>", format_html_join(mark_safe("<br>"), "{}", ((_inside(x),) for x in block))
            )


def _kind(line: str) -> str:
    if not line.strip():
        return "gap"
    if HEADING.match(line):
        return "heading"
    if BULLET.match(line):
        return "ul"
    return "ol" if NUMBERED.match(line) else "text"


def _heading(line: str) -> str:
    marks, words = HEADING.sub(r"\1 \2", line).split(" ", 1)
    level = min(len(marks) + HIGHEST - 1, 6)
    return format_html("<h{}>{}</h{}>", level, _inside(words), level)


def _inside(words: str) -> SafeString:
    """Bold and addresses; escaped before anything else is done with it."""
    bold = BOLD.sub(r"<b>\1</b>", conditional_escape(words))
    return mark_safe(urlize(bold, nofollow=True))  # noqa: S308 - escaped above
