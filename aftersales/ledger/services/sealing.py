"""Seals: committed transfers under a chain of hashes, and the daily line that is kept elsewhere."""

import hashlib
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction

from aftersales.core import events
from aftersales.core.moves import translated_locks
from aftersales.ledger import sealed
from aftersales.ledger.models import Anchor, Seal
from aftersales.ledger.services.months import WRITING

RUN = 1000  # transfers under one seal: 32 kB of leaves
RUNS = 200  # seals made by one call


def journal_seal(*, actor: Any, now: datetime, runs: int = RUNS) -> int:
    """Seal what was committed since the last seal; how many transfers. Called again, it seals nothing twice.

    Writers are waited for and held off while it is read how far they came, and no longer: whoever posts never waits
    for a hash. Raises Busy when somebody posts for longer than the lock is waited for.
    """
    events.require_actor(actor, "ledger.seal")
    upto = _come_so_far()
    done = 0
    for _run in range(runs):
        count = _seal_run(upto, now)
        done += count
        if count < RUN:
            break
    return done


def _come_so_far() -> int:
    """The highest key below which nothing can appear any more."""
    with translated_locks(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [WRITING])
        cursor.execute("SELECT coalesce(max(id), 0) FROM ledger_transfer")
        return int(cursor.fetchone()[0])


def _seal_run(upto: int, now: datetime) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEALING])
        last = Seal.objects.order_by("-pk").defer("leaves").first()
        after, previous = (last.last_id, last.digest) if last else (0, "")
        cursor.execute(sealed.LEAVES_OF_RUN, [after, upto, RUN])
        count, last_id, leaves = cursor.fetchone()
        if count:
            digest = hashlib.sha256(previous.encode() + bytes(leaves)).hexdigest()
            Seal.objects.create(
                after_id=after, last_id=last_id, transfers=count, leaves=leaves, previous=previous, digest=digest,
                sealed_at=now,
            )  # fmt: skip
    return int(count)


SEALING = 7_115_002
"""One sealer at a time."""


def anchor_keep(*, actor: Any, now: datetime) -> Anchor | None:
    """The line of the day before, made once; None while nothing is sealed. Called again it answers the first one."""
    events.require_actor(actor, "ledger.seal")
    day = yesterday(now)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEALING])
        known: Anchor | None = Anchor.objects.filter(day=day).first()
        last = Seal.objects.order_by("-pk").defer("leaves").first()
        if known or last is None:
            return known
        cursor.execute("SELECT sum(transfers) FROM ledger_seal")
        made = Anchor.objects.create(
            day=day, digest=last.digest, last_id=last.last_id, transfers=cursor.fetchone()[0], made_at=now
        )
        payload = {"day": f"{day:%Y-%m-%d}", "transfers": made.transfers, "digest": made.digest}
        events.record("journal.anchored", subject=made, actor=actor, now=now, payload=payload)
    return made


def yesterday(now: datetime) -> date:
    """The day before, in the installation's zone."""
    return now.astimezone(ZoneInfo(settings.TIME_ZONE)).date() - timedelta(days=1)
