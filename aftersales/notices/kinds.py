"""Every kind of message declared once: who gets it, by which channels, which variables its text may use.

The shipped kinds stand in ``shipped.toml`` with their texts in both languages; a room above may declare more.
What the texts say afterwards is a row that people edit (models.NoticeText); what may stand in them is not.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import get_language

SHIPPED = Path(__file__).with_name("shipped.toml")
SIGNATURE = "frame.signature"
FRAUD_WARNING = "frame.fraud_warning"

LateValue = Callable[[str, int, datetime], str | None]
PageOf = Callable[[int], str]
Check = Callable[[str, datetime], bool]


@dataclass(frozen=True)
class MailFile:
    """A file that goes with a mail."""

    name: str
    content_type: str
    content: bytes


FilesOf = Callable[[int, str], list[MailFile]]


def spoken(zh: str, en: str) -> str:
    """The words in the reader's language."""
    return en if (get_language() or "").startswith("en") else zh


@dataclass(frozen=True)
class Variable:
    """One blank of a text.

    A *late* one is filled at the moment of sending and never stored (signed links). A *standing* one says the same
    in every message and comes from the settings (``standing``).
    """

    name: str
    zh: str
    en: str
    sample_zh: str
    sample_en: str
    late: bool = False
    standing: bool = False

    @property
    def label(self) -> str:
        return spoken(self.zh, self.en)

    def sample(self, language: str) -> str:
        return self.sample_en if language.startswith("en") else self.sample_zh


@dataclass(frozen=True)
class NoticeKind:
    """``care`` messages respect an opt-out, node messages are always sent (R3.7).

    ``money`` adds the warning of R8.7.
    """

    code: str
    name_zh: str
    name_en: str
    audience: str
    channels: tuple[str, ...]
    variables: Mapping[str, Variable]
    texts: Mapping[str, str] = field(default_factory=dict)
    care: bool = False
    money: bool = False

    @property
    def name(self) -> str:
        return spoken(self.name_zh, self.name_en)

    @property
    def is_frame(self) -> bool:
        """Frames are added to other messages and never sent alone."""
        return not self.channels


_kinds: dict[str, NoticeKind] = {}
_late: dict[str, LateValue] = {}
_pages: dict[str, PageOf] = {}
_checks: dict[str, Check] = {}
_files: dict[str, FilesOf] = {}


def declare(kind: NoticeKind) -> None:
    if _kinds.get(kind.code, kind) != kind:
        raise ValueError(f"the message kind {kind.code} is declared twice")
    _kinds[kind.code] = kind


def kind(code: str) -> NoticeKind:
    try:
        return _kinds[code]
    except KeyError:
        raise LookupError(f"the message kind {code!r} is not declared") from None


def declared() -> Mapping[str, NoticeKind]:
    return _kinds


def name_of(code: str) -> str:
    """The kind's name in the reader's language; a code that is no longer declared speaks for itself."""
    return _kinds[code].name if code in _kinds else code


def provide_page(subject_kind: str, address: PageOf) -> None:
    """``address(subject_id)`` is the page of the row a message is about; a room above names its own."""
    if _pages.get(subject_kind, address) is not address:
        raise ValueError(f"the page of {subject_kind} is provided twice")
    _pages[subject_kind] = address


def page_of(subject_kind: str, subject_id: int) -> str:
    """Where a message leads; empty when nobody provides a page."""
    return _pages[subject_kind](subject_id) if subject_kind in _pages else ""


def provide_late(name: str, provider: LateValue) -> None:
    """``provider(subject_kind, subject_id, now)`` fills a late variable.

    None means the message is overtaken.
    """
    if _late.get(name, provider) is not provider:
        raise ValueError(f"the late variable {name} is provided twice")
    _late[name] = provider


def late(name: str) -> LateValue:
    try:
        return _late[name]
    except KeyError:
        raise LookupError(f"nobody provides the late variable {name!r}") from None


def provide_files(code: str, files: FilesOf) -> None:
    """``files(subject_id, language)`` are made at the moment of sending and go with the mail of this kind."""
    if _files.get(code, files) is not files:
        raise ValueError(f"the files of {code} are provided twice")
    _files[code] = files


def files_of(code: str, subject_id: int, language: str) -> list[MailFile]:
    return _files[code](subject_id, language) if code in _files else []


def provide_check(code: str, still_true: Check) -> None:
    """``still_true(key, now)``: whether what the message says still holds when it goes out; else it is overtaken.

    ``key`` is the one it was ordered with (services.Order).
    """
    if _checks.get(code, still_true) is not still_true:
        raise ValueError(f"the check of {code} is provided twice")
    _checks[code] = still_true


def still_true(code: str, key: str, now: datetime) -> bool:
    return code not in _checks or _checks[code](key, now)


def standing() -> dict[str, str]:
    """The blanks that say the same in every message; one that is not set is left out with its words."""
    known = {"contact": settings.SERVICE_CONTACT} if settings.SERVICE_CONTACT else {}
    if settings.MAIL_IN == "none":
        return known | {"replies": spoken("直接回复无人收看", "nobody reads replies to it")}
    return known | {"replies": spoken("可以直接回复", "you can simply reply to it")}


def load_shipped() -> None:
    """Declare everything in ``shipped.toml``."""
    content = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    known = {name: Variable(name, **about) for name, about in content["variables"].items()}
    for code, about in content["kinds"].items():
        declare(_from_toml(code, about, known))


def _from_toml(code: str, about: dict[str, Any], known: Mapping[str, Variable]) -> NoticeKind:
    texts = {name: about.get(name, "").strip() for name in ("subject_zh", "body_zh", "subject_en", "body_en")}
    return NoticeKind(
        code=code,
        name_zh=about["name_zh"],
        name_en=about["name_en"],
        audience=about["audience"],
        channels=tuple(about["channels"]),
        variables={name: known[name] for name in about["variables"]},
        texts=texts,
        care=about.get("care", False),
        money=about.get("money", False),
    )
