"""Pure rules of letters: what they are called, who approves, what names a reporter."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from string import Formatter
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import DomainError, Refusal

SHORTEST_NAME = 2
PART = re.compile(r"([一二三四五六七八九十]+、|\d+[.、)）])")
VARIABLES = (
    "letter_no",
    "source",
    "subject",
    "received",
    "due",
    "case",
    "ticket",
    "order",
    "merchant",
    "today",
)


def letter_key(letter_no: str) -> str:
    """The number of a letter as it is compared: full-width signs, spaces and capitals make no other letter."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", letter_no)).casefold()


def names_reporter(text: str, name: str, contact: str) -> bool:
    """Whether a text says who reported, so that a merchant who reads it would know."""
    plain = letter_key(text)
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", contact))
    if digits and len(digits) >= 7 and digits in re.sub(r"\D", "", unicodedata.normalize("NFKC", text)):
        return True
    return any(len(key) >= SHORTEST_NAME and key in plain for key in (letter_key(name), letter_key(contact)))


def empty_heading(text: str) -> str:
    """The first numbered part of a reply with nothing beneath it; "" when every part is written."""
    lines = [line.strip() for line in text.split("\n")]
    for line, beneath in zip(lines, [*lines[1:], ""], strict=True):
        if PART.match(line) and line.endswith(("：", ":")) and (not beneath or PART.match(beneath)):
            return line
    return ""


def filled(text: str, values: Mapping[str, str]) -> str:
    """The words of a letter with its variables in place. Errors: variable."""
    found = []
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        raise DomainError(
            _("A brace { or } stands alone; write variables like {letter_no}."), "variable"
        ) from None
    for words, name, form, turned in parts:
        found.append(words)
        if name is None:
            continue
        if name not in values or form or turned:
            raise DomainError(
                _("There is no variable {%(name)s}; these are known: %(known)s.")
                % {"name": name, "known": ", ".join(f"{{{one}}}" for one in values)},
                "variable",
            )
        found.append(values[name])
    return "".join(found)


def another_approves(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any] | None
) -> Iterable[Refusal]:
    """A second pair of eyes on every letter that leaves the house."""
    if row.drafter_id == actor.pk:
        yield Refusal("own_draft", _("You drafted this reply; another person approves it."))
