"""Writing off the rest of a recovery: one proposes, another one writes off within his authority (R4.10)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import Recovery, WriteOff
from aftersales.cases.recovery.states import BEING_COLLECTED, Source, WriteOffCause, WriteOffState
from aftersales.cases.services.collecting import the_recovery
from aftersales.cases.services.locking import require
from aftersales.cases.services.recovering import step_post
from aftersales.core import moves
from aftersales.core.authority import Claim
from aftersales.core.errors import DomainError
from aftersales.ledger import chart
from aftersales.ledger.chart import Line
from aftersales.ledger.states import EntryKind

AUTHORITY = "cases.write_off"


def claims(
    rows: Sequence[WriteOff], actor: Any, data: Mapping[str, Any], now: datetime
) -> dict[int, list[Claim]]:
    """What the second person decides; that it is another person is the machine's own guard. One query."""
    found = WriteOff.objects.filter(pk__in=[one.pk for one in rows])
    told = {
        pk: more
        for pk, *more in found.values_list("pk", "recovery__currency", "recovery__case__ticket__severity")
    }
    return {
        one.pk: [
            Claim("write_off", one.amount, currency=told[one.pk][0], severity=told[one.pk][1], confirms=True)
        ]
        for one in rows
    }


def write_off_propose(
    *, recovery: Recovery, cause: str, words: str, actor: Any, now: datetime, version: int | None = None
) -> WriteOff:
    """All that is left of it. Errors: cause, reason, not_collected, write_off_open."""
    require(actor, "cases.propose_write_off")
    said = words.replace("\x00", "").strip()
    if cause not in WriteOffCause.values:
        raise DomainError(_("Choose why nothing more is expected."), "cause")
    if not 0 < len(said) <= 1000:
        raise DomainError(_("Say in at most 1,000 characters what was tried."), "reason")
    with transaction.atomic():
        row = the_recovery(recovery, actor, version=version)
        if row.state not in BEING_COLLECTED:
            raise DomainError(_("Nothing of it is being collected now."), "not_collected")
        if row.write_offs.filter(state=WriteOffState.PROPOSED).exists():
            raise DomainError(_("Somebody proposed to write it off already."), "write_off_open")
        off = WriteOff(
            recovery=row, amount=row.left, cause=cause, words=said, proposed_by=actor, proposed_at=now
        )
        made: WriteOff = moves.create(
            off, actor=actor, now=now, event="write_off.proposed", reason=said[:200], payload=off.told()
        )
    return made


def write_off_approve(
    *, write_off: WriteOff, actor: Any, now: datetime, version: int | None = None
) -> Recovery:
    """The second person writes off. Errors: own_proposal, wrong_state, changed, and those of his authority."""
    require(actor, "cases.approve_write_off")
    with transaction.atomic():
        row = the_recovery(Recovery(pk=write_off.recovery_id), actor)
        off: WriteOff = moves.locked(write_off, version=version)
        if off.state == WriteOffState.PROPOSED and off.amount != row.left:
            raise DomainError(_("The claim changed meanwhile; propose it anew."), "changed")
        moves.perform(off, "approve", actor=actor, now=now)
        lines = [
            Line(chart.WRITTEN_OFF, account, part, row.currency)
            for account, part in (
                (chart.receivable(row.merchant_id), row.receivable), (chart.COST, off.amount - row.receivable)
            ) if part
        ]  # fmt: skip
        step_post(row, Source.WRITE_OFF, lines, off.amount, actor, now, kind=EntryKind.WRITE_OFF)
        sums = {"written_off": row.written_off + off.amount, "receivable": Decimal(0)}
        written: Recovery = moves.perform(row, "write_off", actor=actor, now=now, sums=sums)
    return written


def write_off_refuse(
    *, write_off: WriteOff, reason: str, actor: Any, now: datetime, version: int | None = None
) -> WriteOff:
    """Collecting goes on. Errors: reason, own_proposal, wrong_state."""
    if not reason.strip():
        raise DomainError(_("Say why: whoever proposed it has to know."), "reason")
    return _decided(write_off, "refuse", actor, now, version, reason.strip()[:200])


def write_off_withdraw(
    *, write_off: WriteOff, actor: Any, now: datetime, version: int | None = None
) -> WriteOff:
    """Who proposed it, or another one of his post, takes it back."""
    return _decided(write_off, "withdraw", actor, now, version, "")


def _decided(
    write_off: WriteOff, name: str, actor: Any, now: datetime, version: int | None, reason: str
) -> WriteOff:
    with transaction.atomic():
        the_recovery(Recovery(pk=write_off.recovery_id), actor)
        off: WriteOff = moves.locked(write_off, version=version)
        decided: WriteOff = moves.perform(off, name, actor=actor, now=now, reason=reason)
    return decided
