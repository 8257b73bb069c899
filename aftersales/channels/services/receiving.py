"""A letter arrives: kept as it is, once, before anything is made of it."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime
from typing import NamedTuple

from django.db import DataError, IntegrityError, transaction

from aftersales.channels.letters import reading
from aftersales.channels.models import Letter
from aftersales.channels.states import Outcome, Why
from aftersales.core import files, jobs
from aftersales.standards.selectors import parameter

LAND = "channels.land"
logger = logging.getLogger(__name__)


class _Names(NamedTuple):
    """By what a letter is known, and what the list shows of it before it is read."""

    message_id: str
    fingerprint: str
    sender: str = ""
    subject: str = ""
    odd: bool = False


def letter_receive(*, raw: bytes, way: str, now: datetime) -> tuple[Letter, bool]:
    """Keep one letter; answers its row and whether it is new. Twice the same, also at once, is one letter.

    One that is too large keeps its beginning only, one that is empty nothing; both are shown to a person. So is one
    whose head is so odd that it has no name: what cannot be read must never stop the letters after it.
    """
    try:
        return _receive(raw, _Names(*reading.identity(raw), *reading.sender_of(raw)), way, now)
    except (*reading.ODD, DataError) as error:
        logger.warning("a letter has no readable head (%s)", type(error).__name__)
        return _receive(raw, _Names("", hashlib.sha256(raw).hexdigest(), odd=True), way, now)


def _receive(raw: bytes, names: _Names, way: str, now: datetime) -> tuple[Letter, bool]:
    if known := _known(names):
        return known, False
    limit = int(parameter("letter_mib", now)) * reading.MIB
    letter = Letter(
        way=way, message_id=names.message_id, fingerprint=names.fingerprint, size=len(raw), received_at=now,
        sender=names.sender, subject=names.subject,
    )  # fmt: skip
    if why := _unreadable_because(raw, limit, names):
        letter.outcome, letter.why = Outcome.FAILED, why
    kept = files.store_raw(
        raw if len(raw) <= limit else raw[: reading.HEAD], original="letter.eml",
        content_type="application/octet-stream", now=now,
    )  # fmt: skip
    letter.stored = kept.name
    try:
        with transaction.atomic():
            letter.save(force_insert=True)
            if letter.outcome == Outcome.WAITING:
                jobs.enqueue(LAND, key=f"{LAND}:{letter.pk}", payload={"letter": letter.pk}, now=now)
    except BaseException as error:
        files.remove(kept.name)
        known = _known(names) if isinstance(error, IntegrityError) else None
        if known is None:
            raise
        return known, False
    return letter, True


def _unreadable_because(raw: bytes, limit: int, names: _Names) -> str:
    if not raw.strip():
        return Why.EMPTY
    if len(raw) > limit:
        return Why.TOO_LARGE
    return Why.BROKEN if names.odd else ""


def _known(names: _Names) -> Letter | None:
    rows = Letter.objects.filter(message_id=names.message_id, fingerprint=names.fingerprint)
    found: Letter | None = rows.first()
    return found
