"""Collecting in the order unsettled payout → deposit → receivable, never more than each holds (R4.10)."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.cases.models import Case, Recovery, RecoveryStep
from aftersales.cases.recovery.rules import ZERO
from aftersales.cases.recovery.states import BEING_COLLECTED, Source, WriteOffState
from aftersales.cases.services.locking import held, require
from aftersales.cases.services.recovering import lines_of, step_post
from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.core.money import CENT
from aftersales.core.wording import money
from aftersales.ledger import chart
from aftersales.ledger import selectors as books
from aftersales.ledger import services as ledger
from aftersales.ledger.chart import Line
from aftersales.ledger.models import Account
from aftersales.ledger.states import AccountKind, EntryKind
from aftersales.merchants import services as merchants
from aftersales.merchants.models import Merchant


def the_recovery(recovery: Recovery, actor: Any, *, version: int | None = None) -> Recovery:
    """Under lock after what stands above it, for who may see it. Errors: gone, Busy, Conflict."""
    above = Case.objects.only("pk", "order_id", "ticket_id").filter(recovery=recovery.pk).first()
    if above is None:
        raise DomainError(_("This no longer exists."), "gone")
    held(above, sealed_too=True)
    current: Recovery = moves.locked(recovery, version=version)
    if "system" not in actor.roles and not Recovery.objects.visible_to(actor).filter(pk=current.pk).exists():
        raise DomainError(_("This no longer exists."), "gone")
    return current


def recovery_collect(
    *, recovery: Recovery, actor: Any, now: datetime, version: int | None = None
) -> Recovery:
    """Take what the merchant has with us; the rest stands as his debt. Again, only what came meanwhile is taken.

    Errors: may_object (the window is open), wrong_state, write_off_open, not_enough (somebody was faster).
    """
    require(actor, "cases.collect")
    with transaction.atomic():
        row = the_recovery(recovery, actor, version=version)
        if row.write_offs.filter(state=WriteOffState.PROPOSED).exists():
            raise DomainError(
                _("Somebody proposed to write it off; that is decided first."), "write_off_open"
            )
        if row.state not in BEING_COLLECTED:
            row = moves.perform(row, "begin", actor=actor, now=now)
        merchant: Merchant = moves.locked(Merchant(pk=row.merchant_id))
        return _collected(row, merchant, actor, now)


def _collected(row: Recovery, merchant: Merchant, actor: Any, now: datetime) -> Recovery:
    taken, owed, left = row.taken, row.receivable, row.left
    for source, part in _there(row, merchant):
        part = min(part, left)
        if not part:
            continue
        account = chart.payable(merchant) if source == Source.PAYOUT else chart.deposit(merchant)
        if source == Source.DEPOSIT:
            _of_deposit(row, merchant, part, actor, now)
        step_post(row, source, lines_of(row, account, part, owed), part, actor, now)
        taken, owed, left = taken + part, max(owed - part, ZERO), left - part
    if left > owed:
        more = left - owed
        line = Line(chart.receivable(merchant), chart.COST, more, row.currency)
        step_post(row, Source.RECEIVABLE, [line], more, actor, now)
        owed = left
    return _summed(row, taken, owed, actor, now)


def _there(row: Recovery, merchant: Merchant) -> list[tuple[str, Decimal]]:
    """What each source holds, in the order of collection."""
    payout = max(books.balance(chart.payable(merchant), row.currency), ZERO)
    deposit = merchant.deposit_held if merchant.currency == row.currency else ZERO
    return [(Source.PAYOUT, payout), (Source.DEPOSIT, deposit)]


def _of_deposit(row: Recovery, merchant: Merchant, part: Decimal, actor: Any, now: datetime) -> None:
    """The register says what is held; a deposit that the ledger never heard of is entered there first."""
    missing = part - books.balance(chart.deposit(merchant), row.currency)
    taken = merchants.deposit_take(merchant=merchant, amount=part, reference=row.number, actor=actor, now=now)
    if missing > 0:
        line = Line(chart.CASH, chart.deposit(merchant), missing, row.currency)
        ledger.post(source=taken, kind=EntryKind.DEPOSIT, lines=[line], actor=actor, now=now)


def _summed(row: Recovery, taken: Decimal, owed: Decimal, actor: Any, now: datetime) -> Recovery:
    """The sums after the steps, and the state that follows from them."""
    if (taken, owed) == (row.taken, row.receivable):
        return row
    sums: dict[str, Any] = {"taken": taken, "receivable": owed}
    changed: Recovery
    if taken + row.written_off == row.due:
        changed = moves.perform(row, "finish", actor=actor, now=now, sums=sums)
    elif taken > 0:
        changed = moves.perform(row, "part", actor=actor, now=now, sums=sums)
    else:
        told = row.told(open=str(row.left))
        changed = moves.change(row, actor=actor, now=now, event="recovery.owed", payload=told, **sums)
    return changed


def recovery_paid(
    *, recovery: Recovery, amount: Decimal, reference: str, actor: Any, now: datetime
) -> Recovery:
    """The merchant paid what stands as his debt; the bank's reference counts once.

    Errors: amount, reference, too_much, not_collected, reference_used, write_off_open.
    """
    require(actor, "cases.collect")
    text = " ".join(reference.replace("\x00", "").split())
    if not 0 < len(text) <= 80:
        raise DomainError(_("Name the reference by which it was paid."), "reference")
    if not amount.is_finite() or amount <= 0 or amount != amount.quantize(CENT):
        raise DomainError(_("An amount above zero with at most two decimals, please."), "amount")
    with transaction.atomic():
        row = the_recovery(recovery, actor)
        known = RecoveryStep.objects.filter(
            recovery=row, source=Source.PAID, back=False, reference=text
        ).first()
        if known is not None:
            if known.amount != amount:
                raise DomainError(_("Another amount came under this reference already."), "reference_used")
            return row
        _refuse_payment(row, amount)
        step_post(
            row,
            Source.PAID,
            lines_of(row, chart.CASH, amount, row.receivable),
            amount,
            actor,
            now,
            reference=text,
        )
        return _summed(row, row.taken + amount, max(row.receivable - amount, ZERO), actor, now)


def _refuse_payment(row: Recovery, amount: Decimal) -> None:
    if row.state not in BEING_COLLECTED:
        raise DomainError(_("Nothing of it is being collected now."), "not_collected")
    if row.write_offs.filter(state=WriteOffState.PROPOSED).exists():
        raise DomainError(_("Somebody proposed to write it off; that is decided first."), "write_off_open")
    if amount > row.left:
        raise DomainError(
            _("At most %(amount)s is still owed.") % {"amount": money(row.left, row.currency)}, "too_much"
        )


def recoveries_collect(*, now: datetime, limit: int = 200) -> int:
    """What may be taken is taken, by rule: after the window or the decision, and whenever something came. How many."""
    payouts = Account.objects.filter(
        kind=AccountKind.MERCHANT_PAYABLE, subject_id=OuterRef("merchant_id"), unit=OuterRef("currency"),
        credits__gt=F("debits"),
    )  # fmt: skip
    waits = Q(state__in=BEING_COLLECTED) & ~Q(merchant__deposit_held__gt=0, merchant__currency=F("currency"))
    rows: Any = Recovery.objects.to_collect(now).exclude(waits & ~Exists(payouts)).order_by("id")
    done = 0
    for row in rows[:limit]:
        try:
            after = recovery_collect(recovery=row, actor=system_user(now), now=now)
        except DomainError:
            continue  # busy, or somebody changed it meanwhile: the next round looks again
        done += after.version != row.version
    return done


def merchant_top_up(
    *, merchant: Merchant, amount: Decimal, reference: str, actor: Any, now: datetime
) -> Merchant:
    """The merchant topped up his deposit: register and ledger, once per reference."""
    with transaction.atomic():
        row, created = merchants.deposit_top_up(
            merchant=merchant, amount=amount, reference=reference, actor=actor, now=now
        )
        if created:
            line = Line(chart.CASH, chart.deposit(merchant), amount, merchant.currency)
            ledger.post(source=row, kind=EntryKind.DEPOSIT, lines=[line], actor=actor, now=now)
    merchant.refresh_from_db()
    return merchant
