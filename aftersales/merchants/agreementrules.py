"""What an agreement says, clause by clause: its fingerprint, and what one version changes against another. Pure."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from difflib import SequenceMatcher
from enum import StrEnum
from hashlib import sha256
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import DomainError
from aftersales.standards.states import Unit

from .agreementstates import Duty

KEY = re.compile(r"[a-z][a-z0-9_]{1,39}")
LONGEST_TEXT = 4000
MOST_CLAUSES = 60
WORDS = re.compile(r"[A-Za-z0-9]+|\s+|.", re.DOTALL)


@dataclass(frozen=True)
class Clause:
    """One clause. ``key`` stays the same through all versions. It names a service standard with the time agreed on, or
    a counted duty (``counted``, at least ``at_least`` of it), or neither. ``breach``: what follows from a breach.
    """

    key: str
    duty: str = Duty.TERMS.value
    text_zh: str = ""
    text_en: str = ""
    breach_zh: str = ""
    breach_en: str = ""
    standard: str = ""
    limit_value: int | None = None
    limit_unit: str = ""
    counted: str = ""
    at_least: int | None = None

    @property
    def text(self) -> str:
        return self.text_en if _reads_english() else self.text_zh

    @property
    def breach(self) -> str:
        return self.breach_en if _reads_english() else self.breach_zh

    @property
    def duty_words(self) -> str:
        return str(dict(Duty.choices).get(self.duty, self.duty))


def _reads_english() -> bool:
    return (get_language() or "").startswith("en")


COLUMNS = tuple(one.name for one in fields(Clause))


def clauses_of(stored: Iterable[Mapping[str, Any]]) -> list[Clause]:
    """Clauses as a version keeps them."""
    return [Clause(**{name: one[name] for name in COLUMNS if name in one}) for one in stored]


def as_stored(clauses: Iterable[Clause]) -> list[dict[str, Any]]:
    return [asdict(one) for one in clauses]


def check(preamble_zh: str, preamble_en: str, clauses: Sequence[Clause]) -> None:
    """A text that binds nobody, or in one language only, is refused. Raises preamble, clauses, clause."""
    if not preamble_zh.strip() or not preamble_en.strip():
        raise DomainError(_("Give the opening words in both languages."), "preamble")
    if not 1 <= len(clauses) <= MOST_CLAUSES:
        raise DomainError(_("An agreement has 1 to %(n)s clauses.") % {"n": MOST_CLAUSES}, "clauses")
    if len({one.key for one in clauses}) != len(clauses):
        raise DomainError(_("Two clauses have the same key; give each its own."), "clauses")
    for number, one in enumerate(clauses, 1):
        if why := _problem(one):
            raise DomainError(_("Clause %(number)s: %(why)s") % {"number": number, "why": why}, "clause")


def _problem(one: Clause) -> Any:
    if not KEY.fullmatch(one.key):
        return _("the key has 2 to 40 small letters, digits and underscores, and begins with a letter.")
    if one.duty not in Duty.values:
        return _("choose what it obliges to.")
    if not one.text_zh.strip() or not one.text_en.strip():
        return _("give its words in both languages.")
    if max(map(len, (one.text_zh, one.text_en, one.breach_zh, one.breach_en))) > LONGEST_TEXT:
        return _("its words are too long.")
    if one.standard and one.counted:
        return _("it names either a time of the rule book or something counted, not both.")
    if one.standard and (not one.limit_value or one.limit_unit not in Unit.values):
        return _("give the time agreed on and its unit.")
    if one.counted and not one.at_least:
        return _("give how much of it is owed at least.")
    return _problem_of_a_duty(one)


def _problem_of_a_duty(one: Clause) -> Any:
    owed = bool(one.standard or one.counted)
    if one.duty != Duty.TERMS and not owed:
        return _("a duty needs a time of the rule book or something that is counted.")
    if one.duty == Duty.TERMS and owed:
        return _("general terms owe no time and no number; choose the duty.")
    if owed and not (one.breach_zh.strip() and one.breach_en.strip()):
        return _("say in both languages what follows from a breach.")
    return ""


def fingerprint(code: str, number: int, preamble_zh: str, preamble_en: str, clauses: Sequence[Clause]) -> str:
    """SHA-256 of the whole text in both languages: what an owner accepts is this text and no other."""
    text = json.dumps(
        {
            "agreement": code, "number": number, "preamble": [preamble_zh, preamble_en],
            "clauses": as_stored(clauses),
        },
        ensure_ascii=False, sort_keys=True, separators=(",", ":"),
    )  # fmt: skip
    return sha256(text.encode()).hexdigest()


# ------------------------------------------------------------------------------------------ what is new
class Fate(StrEnum):
    """What became of a clause from one version to the next."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    GONE = "gone"


@dataclass(frozen=True)
class Piece:
    """A stretch of a text; ``is_other``: it does not stand in the other version."""

    text: str
    is_other: bool


@dataclass(frozen=True)
class Compared:
    """A clause beside its earlier words; either is None where there is none."""

    fate: Fate
    number: int
    old: Clause | None
    new: Clause | None
    old_pieces: Sequence[Piece] = ()
    new_pieces: Sequence[Piece] = ()

    @property
    def clause(self) -> Clause:
        found = self.new or self.old
        assert found is not None
        return found


def compared(old: Sequence[Clause], new: Sequence[Clause]) -> list[Compared]:
    """The clauses of ``new`` in their order beside those of ``old``; what is gone stands at the end."""
    before = {one.key: one for one in old}
    places = {one.key: place for place, one in enumerate(old, 1)}
    found = [_compared(number, before.get(one.key), one) for number, one in enumerate(new, 1)]
    kept = {one.key for one in new}
    gone = [Compared(Fate.GONE, places[key], one, None) for key, one in before.items() if key not in kept]
    return [*found, *gone]


def _compared(number: int, old: Clause | None, new: Clause) -> Compared:
    if old is None:
        return Compared(Fate.NEW, number, None, new)
    if old == new:
        return Compared(Fate.SAME, number, old, new)
    left, right = pieces(old.text, new.text)
    return Compared(Fate.CHANGED, number, old, new, left, right)


def pieces(old: str, new: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts cut where they differ: by words, in Chinese by characters."""
    before, after = WORDS.findall(old), WORDS.findall(new)
    left: list[Piece] = []
    right: list[Piece] = []
    for tag, a1, a2, b1, b2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if a2 > a1:
            left.append(Piece("".join(before[a1:a2]), tag != "equal"))
        if b2 > b1:
            right.append(Piece("".join(after[b1:b2]), tag != "equal"))
    return left, right
