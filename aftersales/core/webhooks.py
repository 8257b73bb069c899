"""Signed requests between machines, in the format of Standard Webhooks: id, time and body under one HMAC-SHA256.

A secret is derived from SECRET_KEY and the salt of its row, shown once and stored nowhere.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from aftersales.core import seals

ID, TIME, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
PREFIX = "whsec_"
LONGEST_ID = 100
SIGNATURES = 5  # of one request: the sender may sign with an old and a new secret


class Unproven(Exception):
    """The request does not prove who sent it; ``code`` says why, without a word of the secret."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def secret(purpose: str, salt: str) -> str:
    """What the other side is given, once."""
    return _written(seals.key(purpose, salt))


def secrets(purpose: str, salts: Iterable[str]) -> list[str]:
    """Every secret that still counts for these salts, also under an earlier SECRET_KEY."""
    return [_written(key) for salt in salts for key in seals.keys(purpose, salt)]


def _written(key: str) -> str:
    """As the libraries of the other side read it: plain base64 behind the prefix."""
    return PREFIX + key.replace("-", "+").replace("_", "/") + "=" * (-len(key) % 4)


def signature(shared: str, event_id: str, moment: int, body: bytes) -> str:
    said = f"{event_id}.{moment}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(_bytes(shared), said, hashlib.sha256)).decode()


def _bytes(shared: str) -> bytes:
    return base64.b64decode(shared.removeprefix(PREFIX))


def headers(shared: Iterable[str], event_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """What a signed request carries; signed with each secret while two of them count."""
    moment = int(now.timestamp())
    signed = " ".join(signature(one, event_id, moment, body) for one in shared)
    return {"Webhook-Id": event_id, "Webhook-Timestamp": str(moment), "Webhook-Signature": signed}


def proven(
    given: Mapping[str, str], body: bytes, shared: Iterable[str], *, now: datetime, skew: timedelta
) -> str:
    """The id of the request, when one of the secrets signed it lately. Raises Unproven: unsigned, late, forged."""
    event_id, time, signed = (given.get(name, "") for name in (ID, TIME, SIGNATURE))
    known = event_id.isascii() and event_id.isprintable() and 0 < len(event_id) <= LONGEST_ID
    if not known or not signed or not (time.isascii() and time.isdigit() and len(time) < 12):
        raise Unproven("unsigned")
    expected = [signature(one, event_id, int(time), body) for one in shared]
    right = False
    for one in signed.split(" ")[:SIGNATURES]:
        for other in expected:
            right |= hmac.compare_digest(one.encode(), other.encode())
    if not right:
        raise Unproven("forged")
    if abs(now.timestamp() - int(time)) > skew.total_seconds():
        raise Unproven("late")
    return event_id
