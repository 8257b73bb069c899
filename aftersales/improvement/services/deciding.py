"""A person decides what a sign means. Rows of a real one may leave the score; nothing else follows by itself."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.improvement.models import Sign
from aftersales.improvement.states import LEFT_OUT, SignState
from aftersales.scorecards import services as scorecards

LONGEST = 1000


def sign_decide(
    *, sign: Sign, state: str, words: str, actor: Any, now: datetime, rows_out: bool = False
) -> Sign:
    """Say that a sign is gaming or innocent, with the reason. With ``rows_out`` its orders and reviews leave the score.

    Found innocent later, by another person, they count again. Raises state, words, rows_out (rows of this kind are no
    orders or reviews), NotPermitted, WrongState, Refused (own_merchant, own_sign, own_decision).
    """
    said = words.replace("\x00", "").strip()
    if not said or len(said) > LONGEST:
        raise DomainError(_("Say why, in at most 1,000 characters."), "words")
    if state not in {SignState.REAL, SignState.INNOCENT}:
        raise DomainError(_("Say whether it is gaming or innocent."), "state")
    if rows_out and (state != SignState.REAL or sign.kind not in LEFT_OUT):
        raise DomainError(_("Only orders and reviews that were not genuine leave the score."), "rows_out")
    with transaction.atomic():
        if state == SignState.REAL:
            done = moves.perform(sign, "find_real", actor=actor, now=now, words=said, rows_out=rows_out)
            if rows_out:
                rows = list(done.rows.values_list("subject_kind", "subject_id"))
                scorecards.rows_leave_out(rows=rows, source=done, reason=said, actor=actor, now=now)
            return done
        were_out = Sign.objects.filter(pk=sign.pk, rows_out=True).exists()
        done = moves.perform(sign, "find_innocent", actor=actor, now=now, words=said)
        if were_out:
            scorecards.rows_count_again(source=done, reason=said, actor=actor, now=now)
    return done
