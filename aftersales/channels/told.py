"""What a system may tell, checked field by field: wrong types are refused, nothing is guessed. Pure functions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite
from typing import Any
from urllib.parse import urlsplit

from aftersales.channels.letters import words
from aftersales.channels.states import RefusedBecause, Told
from aftersales.core.posted import moment_of

DEPTH = 8
LINES = 500
LINE_LENGTH = 5_000
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
REF = re.compile(r"^[\x21-\x7e]{1,100}$")
WHO = frozenset({"customer", "agent", "bot"})
LONGEST_TALK = 7 * 24 * 3600


class Wrong(Exception):
    """The request is refused; ``code`` is one of RefusedBecause, ``field`` names what is wrong."""

    def __init__(self, code: str, name: str = "") -> None:
        super().__init__(code)
        self.code, self.field = code, name


@dataclass(frozen=True)
class Line:
    id: str
    who: str
    text: str
    at: datetime | None


@dataclass(frozen=True)
class Fact:
    """One thing told about one conversation."""

    kind: str
    ref: str = ""
    at: datetime | None = None
    phone: str = ""
    account: str = ""
    agent: str = ""
    seconds: int | None = None
    recording: str = ""
    lines: tuple[Line, ...] = field(default=())


def parsed(body: bytes) -> dict[str, Any]:
    """A JSON object of bounded depth. Raises Wrong: no_json, too_deep."""
    _refuse_depth(body)
    try:
        found = json.loads(body.decode("utf-8"), parse_constant=_no_number, parse_float=_finite)
    except RecursionError as error:
        raise Wrong(RefusedBecause.TOO_DEEP) from error
    except ValueError as error:
        raise Wrong(RefusedBecause.NO_JSON) from error
    if not isinstance(found, dict):
        raise Wrong(RefusedBecause.NO_JSON)
    kept: dict[str, Any] = _storable(found)
    return kept


def _storable(found: Any) -> Any:
    """The same with U+FFFD for what is legal JSON but no text for PostgreSQL: NUL and halves of a pair."""
    if isinstance(found, str):
        return UNSTORABLE.sub("\ufffd", found)
    if isinstance(found, list):
        return [_storable(one) for one in found]
    if isinstance(found, dict):
        return {_storable(name): _storable(one) for name, one in found.items()}
    return found


def _finite(word: str) -> float:
    found = float(word)
    if not isfinite(found):
        raise ValueError("too large a number")
    return found


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _refuse_depth(body: bytes) -> None:
    """Brackets outside of strings, counted before anything is built of them."""
    depth = 0
    for mark in re.sub(rb'"(?:[^"\\]|\\.)*"', b"", body):
        if mark in b"[{":
            depth += 1
            if depth > DEPTH:
                raise Wrong(RefusedBecause.TOO_DEEP)
        elif mark in b"]}":
            depth -= 1


def fact_of(body: Mapping[str, Any]) -> Fact:
    """The fact in a request. Raises Wrong (fields) with the name of what is missing or wrong."""
    kind = _text(body, "event", 40)
    if kind not in Told.values:
        raise Wrong(RefusedBecause.WRONG_FIELDS, "event")
    if kind == Told.PING:
        return Fact(kind)
    ref = _text(body, "conversation", 100)
    if not REF.match(ref):
        raise Wrong(RefusedBecause.WRONG_FIELDS, "conversation")
    customer = body.get("customer") or {}
    if not isinstance(customer, Mapping):
        raise Wrong(RefusedBecause.WRONG_FIELDS, "customer")
    found = Fact(
        kind, ref, _moment(body, "at"), phone=_text(customer, "phone", 40), account=_text(customer, "account", 64),
        agent=_text(body, "agent", 150), seconds=_seconds(body), recording=_text(body, "recording", 500),
        lines=_lines(body),
    )  # fmt: skip
    if kind == Told.TRANSCRIPT and not found.lines:
        raise Wrong(RefusedBecause.WRONG_FIELDS, "lines")
    if kind == Told.RECORDING and not found.recording:
        raise Wrong(RefusedBecause.WRONG_FIELDS, "recording")
    return found


def _text(body: Mapping[str, Any], name: str, longest: int) -> str:
    found = body.get(name) or ""
    if not isinstance(found, str) or len(found) > longest or "\x00" in found:
        raise Wrong(RefusedBecause.WRONG_FIELDS, name)
    return words.line(found, longest)


def _moment(body: Mapping[str, Any], name: str) -> datetime | None:
    text = _text(body, name, 40)
    found = moment_of(text)
    if text and found is None:
        raise Wrong(RefusedBecause.WRONG_FIELDS, name)
    return found


def _seconds(body: Mapping[str, Any]) -> int | None:
    found = body.get("seconds")
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= LONGEST_TALK:
        raise Wrong(RefusedBecause.WRONG_FIELDS, "seconds")
    return found


def _lines(body: Mapping[str, Any]) -> tuple[Line, ...]:
    found = body.get("lines") or []
    if (
        not isinstance(found, list)
        or len(found) > LINES
        or not all(isinstance(one, Mapping) for one in found)
    ):
        raise Wrong(RefusedBecause.WRONG_FIELDS, "lines")
    return tuple(_line(one) for one in found)


def _line(body: Mapping[str, Any]) -> Line:
    """A line whose writer nobody names is the machine's, never a colleague's."""
    ref, who, text = _text(body, "id", 40), _text(body, "who", 20), body.get("text") or ""
    if not REF.match(ref) or who not in WHO or not isinstance(text, str):
        raise Wrong(RefusedBecause.WRONG_FIELDS, "lines")
    return Line(ref, who, words.plain(text.replace("\x00", ""), LINE_LENGTH), _moment(body, "at"))


def allowed_recording(url: str, hosts: list[str]) -> bool:
    """Only https, only a host the system was set up with, nothing that hides another one."""
    if any(char in url for char in "\\ \t\n\r"):
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = parts.username is None and parts.password is None and port in (None, 443)
    return parts.scheme == "https" and plain and (parts.hostname or "") in {host.lower() for host in hosts}
