"""Turning an entry back: by a new one, once; a payment that is turned back is due again."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.core.errors import DomainError
from aftersales.core.moves import translated_locks
from aftersales.ledger.models import Journal
from aftersales.ledger.services import paying
from aftersales.ledger.services.posting import Posting, turn_back

PROPOSAL, PAID = "ledger.proposal", "ledger.paidline"


def reverse(*, journal: Journal, actor: Any, now: datetime, reason: str, overdraw: bool = False) -> Posting:
    """Turn an entry back by a new one in the open month: at most once, and a reversal is not turned back itself.

    What was paid by a sheet is due again: its line no longer counts as paid, and the next sheet carries it. Raises
    those of ``turn_back`` and ``of_a_proposal``: a reward or penalty is turned back with its proposal, so that the
    party is told.
    """
    if journal.source_kind == PROPOSAL:
        raise DomainError(
            _("This entry posts a reward or penalty; turn the proposal back, so that the party is told."),
            "of_a_proposal",
        )
    if journal.source_kind != PAID:
        return turn_back(journal=journal, actor=actor, now=now, reason=reason, overdraw=overdraw)
    with translated_locks(), transaction.atomic():
        line = paying.line_lock(paid=journal.source_id)
        done = turn_back(journal=journal, actor=actor, now=now, reason=reason, overdraw=overdraw)
        paying.line_compare(line=line, actor=system_user(now), now=now)
    return done
