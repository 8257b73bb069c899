"""Short signatures on what leaves the house and comes back: reply addresses, Message-IDs, keys of connected systems.

Nothing secret is stored for them: they follow from SECRET_KEY, and ``SECRET_KEY_FALLBACKS`` still open older ones.
"""

import base64
from collections.abc import Iterator

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

SEAL_BYTES = 16  # 128 bits: not to be guessed


def seal(purpose: str, *parts: object) -> str:
    """26 characters a-z2-7 that only this installation can make: mail servers may turn capitals small."""
    return _seal(purpose, parts, settings.SECRET_KEY)


def fits(given: str, purpose: str, *parts: object) -> bool:
    """Whether the seal belongs to exactly these parts; comparing takes the same time whatever was guessed."""
    return any(constant_time_compare(given, made) for made in _every(purpose, parts))


def key(purpose: str, *parts: object) -> str:
    """A key of 256 bits for signing with somebody else, 43 characters; the same parts give the same key."""
    return _key(purpose, parts, settings.SECRET_KEY)


def keys(purpose: str, *parts: object) -> list[str]:
    """The same under every SECRET_KEY that still counts, the present one first."""
    return [_key(purpose, parts, secret) for secret in _secrets()]


def _every(purpose: str, parts: tuple[object, ...]) -> Iterator[str]:
    return (_seal(purpose, parts, secret) for secret in _secrets())


def _secrets() -> list[str]:
    return [str(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def _digest(purpose: str, parts: tuple[object, ...], secret: str) -> bytes:
    said = "\x1f".join(str(part) for part in parts)
    return salted_hmac(f"aftersales.{purpose}", said, secret=secret, algorithm="sha256").digest()


def _seal(purpose: str, parts: tuple[object, ...], secret: str) -> str:
    return base64.b32encode(_digest(purpose, parts, secret)[:SEAL_BYTES]).decode().rstrip("=").lower()


def _key(purpose: str, parts: tuple[object, ...], secret: str) -> str:
    return base64.urlsafe_b64encode(_digest(purpose, parts, secret)).decode().rstrip("=")
