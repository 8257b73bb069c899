"""Reads the environment loudly: a wrong value stops the start with one sentence that says what to do."""

import os
import re
from collections.abc import Sequence
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def secret(name: str) -> str:
    """A secret: from the file that ``<name>_FILE`` points to (a mounted secret), else from the variable itself."""
    file = text(f"{name}_FILE")
    if not file:
        return text(name)
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as error:
        raise ImproperlyConfigured(f"{name}_FILE points to {file!r}, which cannot be read.") from error


def flag(name: str, default: bool) -> bool:
    """``1/0``, ``true/false``, ``yes/no``, ``on/off``; anything else is refused."""
    value = text(name).lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")


def number(name: str, default: int, *, least: int = 0, most: int = 1_000_000_000) -> int:
    """A whole number from ``least`` to ``most``."""
    value = text(name)
    try:
        found = int(value) if value else default
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from error
    if not least <= found <= most:
        raise ImproperlyConfigured(f"{name} must be a number from {least} to {most}, not {value!r}.")
    return found


def choice(name: str, default: str, allowed: Sequence[str]) -> str:
    """One of some words, whatever the case; answered as it is listed."""
    value = text(name, default) or default
    for word in allowed:
        if word.lower() == value.lower():
            return word
    raise ImproperlyConfigured(f"{name} must be {', '.join(allowed[:-1])} or {allowed[-1]}, not {value!r}.")


def site(name: str, default: str) -> str:
    """The address people reach us by: scheme and host, nothing after them."""
    value = text(name, default).rstrip("/")
    parts = urlsplit(value)
    if value and not (parts.scheme in {"http", "https"} and parts.hostname and not parts.path):
        raise ImproperlyConfigured(f"{name} must look like https://after.example.com, not {value!r}.")
    return value


def address(name: str, default: str) -> str:
    """One e-mail address without a name; a plus sign in it is ours to add."""
    value = parseaddr(text(name, default) or default)[1]
    local, at, host = value.rpartition("@")
    if not (local and at and host) or "+" in local:
        raise ImproperlyConfigured(f"{name} must look like service@example.com, not {value!r}.")
    return value


def origins(name: str) -> list[str]:
    """Addresses of hosts, each scheme and host; nothing else may come into a header."""
    found = words(name)
    for one in found:
        if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?", one):
            raise ImproperlyConfigured(
                f"{name} must list addresses like https://calls.example.com, not {one!r}."
            )
    return found


def words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def data_folder() -> Path:
    """``AFTERSALES_DATA``: databases, uploads, outgoing messages; ``.data/`` beside manage.py by default."""
    return Path(text("AFTERSALES_DATA") or BASE_DIR / ".data").expanduser().resolve()
