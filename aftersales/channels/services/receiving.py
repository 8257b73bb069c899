"""A letter arrives: kept as it is, once, before anything is made of it."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from aftersales.channels.letters import reading
from aftersales.channels.models import Letter
from aftersales.channels.states import Outcome, Why
from aftersales.core import files, jobs
from aftersales.standards.selectors import parameter

LAND = "channels.land"


def letter_receive(*, raw: bytes, way: str, now: datetime) -> tuple[Letter, bool]:
    """Keep one letter; answers its row and whether it is new. Twice the same, also at once, is one letter.

    One that is too large keeps its beginning only, one that is empty nothing; both are shown to a person.
    """
    message_id, fingerprint = reading.identity(raw)
    if known := _known(message_id, fingerprint):
        return known, False
    sender, subject = reading.sender_of(raw)
    limit = int(parameter("letter_mib", now)) * reading.MIB
    letter = Letter(
        way=way, message_id=message_id, fingerprint=fingerprint, size=len(raw), received_at=now, sender=sender,
        subject=subject,
    )  # fmt: skip
    if len(raw) > limit or not raw.strip():
        letter.outcome, letter.why = Outcome.FAILED, Why.TOO_LARGE if raw.strip() else Why.EMPTY
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
        known = _known(message_id, fingerprint) if isinstance(error, IntegrityError) else None
        if known is None:
            raise
        return known, False
    return letter, True


def _known(message_id: str, fingerprint: str) -> Letter | None:
    found: Letter | None = Letter.objects.filter(message_id=message_id, fingerprint=fingerprint).first()
    return found
