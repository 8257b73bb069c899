"""What the merchant says against a recovery, and who decides on it (R4.10)."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import Recovery, RecoveryProof
from aftersales.cases.recovery.states import Objection, RecoveryState
from aftersales.cases.services.collecting import the_recovery
from aftersales.cases.services.locking import require
from aftersales.core import events, moves
from aftersales.core.errors import DomainError
from aftersales.core.files import StoredFile
from aftersales.core.money import CENT
from aftersales.core.wording import money


def recovery_object(
    *, recovery: Recovery, cause: str, words: str, actor: Any, now: datetime, files: Sequence[StoredFile] = (),
    version: int | None = None,
) -> Recovery:  # fmt: skip
    """Taken down for the merchant, in time and with what he brings; the same file counts once.

    Errors: cause, reason, too_late, wrong_state.
    """
    require(actor, "cases.object_recovery")
    if cause not in Objection.values:
        raise DomainError(_("Choose why the merchant objects."), "cause")
    said = _words(words, 4000, _("Write down what the merchant says and what proves it."))
    with transaction.atomic():
        row = the_recovery(recovery, actor, version=version)
        objected: Recovery = moves.perform(
            row, "object", actor=actor, now=now, acting_as="merchant", cause=cause, words=said
        )
        for file in files:
            _prove(objected, file, actor, now)
    return objected


def recovery_prove(
    *, recovery: Recovery, files: Sequence[StoredFile], actor: Any, now: datetime
) -> list[RecoveryProof]:
    """More files of the merchant before his objection is decided, kept with moment and fingerprint.

    Errors: not_permitted, empty, wrong_state (nothing is to be decided).
    """
    require(actor, "cases.object_recovery")
    if not files:
        raise DomainError(_("Add a file."), "empty")
    with transaction.atomic():
        row = the_recovery(recovery, actor)
        if row.state != RecoveryState.OBJECTED:
            raise DomainError(
                _("Files are taken as long as the objection waits for its decision."), "wrong_state"
            )
        return [_prove(row, file, actor, now) for file in files]


def _prove(row: Recovery, file: StoredFile, actor: Any, now: datetime) -> RecoveryProof:
    known: RecoveryProof | None = RecoveryProof.objects.filter(recovery=row, sha256=file.sha256).first()
    if known is not None:
        return known
    proof = RecoveryProof(
        recovery=row, by=actor, at=now, name=file.name, original_name=file.original_name,
        content_type=file.content_type, size=file.size, sha256=file.sha256,
    )  # fmt: skip
    proof.save()
    events.record(
        "recovery.proved", subject=row, actor=actor, now=now, acting_as="merchant",
        payload=row.told(fingerprint=file.sha256),
    )  # fmt: skip
    return proof


def recovery_decide(
    *, recovery: Recovery, stands: Decimal, words: str, actor: Any, now: datetime, version: int | None = None
) -> Recovery:
    """Another person decides: how much of the claim stands; nothing of it drops the claim.

    Errors: reason, amount, own_decision, wrong_state.
    """
    require(actor, "cases.decide_recovery")
    said = _words(words, 2000, _("Give the reasons: the merchant is told them."))
    if not stands.is_finite() or stands != stands.quantize(CENT) or stands < 0:
        raise DomainError(_("An amount of zero or more with at most two decimals, please."), "amount")
    with transaction.atomic():
        row = the_recovery(recovery, actor, version=version)
        if stands > row.due:
            raise DomainError(
                _("At most %(amount)s is claimed.") % {"amount": money(row.due, row.currency)}, "amount"
            )
        more: dict[str, Any] = {"amount": stands} if stands else {}
        name = "uphold" if stands else "overturn"
        decided: Recovery = moves.perform(row, name, actor=actor, now=now, words=said, **more)
    return decided


def _words(text: str, longest: int, ask: Any) -> str:
    said = text.replace("\x00", "").strip()
    if not said:
        raise DomainError(ask, "reason")
    if len(said) > longest:
        raise DomainError(_("At most %(count)s characters, please.") % {"count": longest}, "too_long")
    return said
