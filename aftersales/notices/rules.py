"""Texts with blanks: what may stand in them, how they are filled, how lines are made safe. Pure functions.

The language has two constructs: ``{name}``, with names from the kind's declared list, and ``[words {name}]``,
which is left out when the blank has no value. No attribute, index,
filter, tag or format code exists, so that an edited text can reach nothing but the values it is given.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from aftersales.core import wording
from aftersales.core.errors import Refusal

SUBJECT_LENGTH = 180  # longer subjects are cut by mail programs anyway
VALUE_LENGTH = 5000
MISSING = "–"
BLANK = re.compile(r"\{([a-z][a-z_]*)\}")
OPTIONAL = re.compile(r"\[([^\[\]]*\{[a-z][a-z_]*\}[^\[\]]*)\]")
# Late blanks wait in the stored text between two private-use characters, which no value can contain.
MARK = "\ue000"
LATE = re.compile(f"{MARK}([a-z_]+){MARK}")


def text_problems(text: str, allowed: Iterable[str], *, late: Iterable[str] = ()) -> list[Refusal]:
    """What is wrong with a text: unknown blanks, stray braces, late blanks where they must not stand."""
    known = set(allowed)
    used = set(BLANK.findall(text))
    problems = [
        Refusal("unknown_blank", _("“{%(name)s}” is not among the blanks of this message.") % {"name": name})
        for name in sorted(used - known)
    ]
    if re.search(r"[{}]", BLANK.sub("", text)) or re.search(r"\{\{|\}\}", text):
        problems.append(Refusal("stray_brace", _("Braces may only stand around a blank, like {number}.")))
    if used & set(late):
        problems.append(Refusal("late_in_subject", _("A link may stand in the body only.")))
    if MARK in text:
        problems.append(Refusal("forbidden_character", _("The text holds a character that is not allowed.")))
    return problems


def second_person(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any] | None
) -> Iterable[Refusal]:
    """Who wrote a text does not bring it into force; the system brings shipped texts into force."""
    if row.drafted_by_id == actor.pk and "system" not in actor.roles:
        yield Refusal("own_draft", _("You wrote this text yourself; a second person brings it into force."))


def fill(text: str, values: Mapping[str, str], late: Iterable[str] = ()) -> str:
    """First the optional parts, then one pass over the blanks: what a value contains is never looked at."""
    waiting = set(late)

    def blank(found: re.Match[str]) -> str:
        name = found.group(1)
        return f"{MARK}{name}{MARK}" if name in waiting else values.get(name, MISSING)

    def optional(found: re.Match[str]) -> str:
        known = all(name in values or name in waiting for name in BLANK.findall(found.group(1)))
        return found.group(1) if known else ""

    return re.sub(r"\n{3,}", "\n\n", BLANK.sub(blank, OPTIONAL.sub(optional, text))).strip()


def late_names(text: str) -> list[str]:
    return sorted(set(LATE.findall(text)))


def fill_late(text: str, values: Mapping[str, str]) -> str:
    return LATE.sub(lambda found: values[found.group(1)], text)


def say(value: Any) -> str:
    """A value as words in the active language; times in the market's zone."""
    if isinstance(value, datetime):
        return _written(timezone.localtime(value), with_time=True)
    if isinstance(value, date):
        return _written(value, with_time=False)
    if isinstance(value, timedelta):
        return wording.duration(value)
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    return clean_text(str(value))


def _written(value: date, with_time: bool) -> str:
    """Dates of letters: 11月23日 10:00, or 23 Nov, 10:00. Said without our own catalogue."""
    english = (get_language() or "").startswith("en")
    day = formats.date_format(value, "j M") if english else f"{value.month}月{value.day}日"
    if not with_time:
        return day
    return f"{day}{',' if english else ''} {value:%H:%M}"


def clean_text(text: str) -> str:
    """Several lines of words.

    No control characters except line breaks, nothing that turns the reading direction.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")[:VALUE_LENGTH]
    return "".join(char for char in lines if char in "\n\t" or _harmless(char)).strip()


def clean_line(text: str, limit: int = SUBJECT_LENGTH) -> str:
    """One line for a mail header: nothing may end the line, the length is bounded (X06)."""
    spaced = "".join(char if _harmless(char) else " " for char in text)
    line = " ".join(spaced.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _harmless(char: str) -> bool:
    """Not a control, surrogate, private-use or direction-turning character; emoji joiners are fine."""
    if char in "\u200d\ufe0f":
        return True
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


SUBJECT_TEXT_LENGTH = 200


def text_shape(text: str, *, one_line: bool) -> list[Refusal]:
    """Both languages are complete, and a subject is one line of bounded length."""
    if not text:
        return [Refusal("empty_text", _("Subject and text are needed in both languages."))]
    if one_line and ("\n" in text or len(text) > SUBJECT_TEXT_LENGTH):
        return [Refusal("subject_shape", _("A subject is one line of at most 200 characters."))]
    return []
