"""Terms of a rule that hangs on a figure of a month: the window, the floor, the limit and its steps, the gates (R6.5).

They stand in the version as texts, so that a form, a sheet and a shipped file say the same, and nothing is rounded on
the way. What the figure is, and which way of it is better, is known to the room that counts it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import DomainError

FIELDS: Mapping[str, Any] = {
    "window": _("Window"),
    "least": _("Judged from how many cases"),
    "limit": _("Limit"),
    "steps": _("Further steps"),
    "gates": _("What must hold besides"),
    "count": _("Held against somebody from how many bad cases"),
    "within": _("A single time is good within, in seconds"),
    "each": _("The amount is for"),
    "formula": _("Formula of the score"),
    "z": _("Width of the interval (z)"),
    "lag": _("Days until figures have settled"),
    "wait": _("Days to look at the dry run"),
}
"""What a version keeps, by its key."""
SPAN = re.compile(r"([1-9]\d{0,2})([md])")
MONTH, CASE = "month", "case"
LONGEST = 730  # days
MOST = 1_000_000
LONGEST_VALUE = 12  # what is kept of the step that somebody reached
NEEDED = ("window", "limit", "lag", "wait")
ONE = Decimal(1)


@dataclass(frozen=True)
class Gate:
    """Another figure of the same party that must hold over the same window, or nothing is rewarded."""

    figure: str
    limit: Decimal
    least: int


@dataclass(frozen=True)
class Step:
    """From this value on: an amount, or the code of a measure."""

    value: str
    gives: str

    @property
    def number(self) -> Decimal:
        return Decimal(self.value)


@dataclass(frozen=True)
class FigureTerms:
    """``least``: of fewer cases nothing is said. ``limit`` is what the version's own amount or measure is given for,
    ``steps`` go on from there. ``count``: so many bad cases are needed before anything is held against somebody.
    ``is_each``: the amount is for each case of the month, not for the month. ``lag``: days that figures get to settle;
    ``wait``: days after that in which the dry run is looked at before the system proposes by itself.
    """

    window: str
    limit: str
    least: int = 0
    steps: tuple[Step, ...] = ()
    gates: tuple[Gate, ...] = ()
    count: int = 1
    within: int = 0
    is_each: bool = False
    formula: str = ""
    z: Decimal = Decimal(0)
    lag: int = 0
    wait: int = 0

    def since(self, month: date) -> date:
        """First day of the window that ends with the last day of ``month``."""
        number, unit = _span(self.window)
        if unit == "d":
            return last_day(month) - timedelta(days=number - 1)
        place = month.year * 12 + month.month - number
        return date(place // 12, place % 12 + 1, 1)

    @property
    def is_month(self) -> bool:
        return self.window == "1m"


def last_day(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def read(kept: Mapping[str, Any]) -> FigureTerms:
    """Terms as a version keeps them. Raises ``figure_terms``, which names the term and what stands there."""
    for name in sorted(set(kept) - set(FIELDS)):
        raise _refused(name, kept[name], _("there is no such term"))
    for name in NEEDED:
        if not str(kept.get(name, "")).strip():
            raise _refused(name, "", _("it is needed"))
    _span(str(kept["window"]))
    _value("limit", str(kept["limit"]).strip())
    if kept.get("each", MONTH) not in ("", MONTH, CASE):
        raise _refused("each", kept["each"], _("“month” or “case”"))
    return FigureTerms(
        window=str(kept["window"]), limit=str(kept["limit"]).strip(), least=_whole(kept, "least"),
        steps=tuple(_steps(str(kept.get("steps", "")))), gates=tuple(_gates(str(kept.get("gates", "")))),
        count=_whole(kept, "count", 1), within=_whole(kept, "within"), is_each=kept.get("each") == CASE,
        formula=str(kept.get("formula", "")), z=_decimal("z", kept.get("z") or "0"), lag=_whole(kept, "lag"),
        wait=_whole(kept, "wait"),
    )  # fmt: skip


def kept(given: Mapping[str, Any]) -> dict[str, str]:
    """What a form, a sheet or a shipped file says, as a version keeps it: what is empty is left out."""
    found = {name: str(given[name]).strip() for name in FIELDS if given.get(name) is not None}
    return {name: text for name, text in found.items() if text}


def _span(text: str) -> tuple[int, str]:
    found = SPAN.fullmatch(text)
    number, unit = (int(found[1]), found[2]) if found else (0, "")
    if not found or number * (31 if unit == "m" else 1) > LONGEST:
        raise _refused("window", text, _("write 1m for the month, 3m for three months, 90d for ninety days"))
    return number, unit


def _whole(kept: Mapping[str, Any], name: str, otherwise: int = 0) -> int:
    text = str(kept.get(name, "")).strip()
    if not text:
        return otherwise
    if not text.isascii() or not text.isdigit() or int(text) > MOST:
        raise _refused(name, text, _("a whole number"))
    return int(text)


def _decimal(name: str, text: Any) -> Decimal:
    try:
        value = Decimal(str(text))
    except InvalidOperation:
        raise _refused(name, text, _("a number")) from None
    if not value.is_finite() or not 0 <= value <= MOST:
        raise _refused(name, text, _("a number"))
    return value


def _parts(text: str) -> Iterable[list[str]]:
    for one in text.replace("；", ";").split(";"):
        if one.strip():
            yield one.split()


def _value(name: str, text: str) -> str:
    if len(text) > LONGEST_VALUE:
        raise _refused(name, text, _("at most %(n)d characters") % {"n": LONGEST_VALUE})
    return text


def _steps(text: str) -> Iterable[Step]:
    for part in _parts(text):
        if len(part) != 2:
            raise _refused(
                "steps", " ".join(part), _("value and amount, with a semicolon between: 0.97 15; 0.99 20")
            )
        yield Step(_value("steps", part[0]), part[1])


def _gates(text: str) -> Iterable[Gate]:
    for part in _parts(text):
        if len(part) != 3:
            raise _refused(
                "gates", " ".join(part), _("figure, limit and least cases: satisfied_handling 0.90 10")
            )
        yield Gate(part[0], _decimal("gates", part[1]), _whole({"gates": part[2]}, "gates"))


def wrong(name: str, value: Any, what: Any) -> DomainError:
    """A refusal that names the term as the form calls it."""
    return _refused(name, value, what)


def _refused(name: str, value: Any, what: Any) -> DomainError:
    words = {"term": FIELDS.get(name, name), "value": str(value)[:80] or "–", "what": what}
    return DomainError(_("%(term)s: %(what)s (%(value)s).") % words, "figure_terms")
