"""Every write about merchants. States move through ``core.moves`` with the machine of this room."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import moves, registers
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.money import CENT
from aftersales.merchants.models import DepositCall, DepositMove, Merchant, MerchantContact, MerchantMember
from aftersales.merchants.services.people import member_end
from aftersales.merchants.states import OWES_DEPOSIT, DepositKind, MemberRole
from aftersales.standards.selectors import duration


def merchant_create(*, code: str, name: str, actor: Any, now: datetime, **columns: Any) -> Merchant:
    """A new merchant, applying unless ``state`` says it trades already. Errors: merchant_exists."""
    _require(actor, "merchants.add_merchant")
    row = Merchant(code=code.strip(), name=name.strip(), **columns)
    try:
        with transaction.atomic():
            created: Merchant = registers.create(row, actor=actor, now=now, event="merchant.created")
    except IntegrityError as error:
        raise DomainError(_("A merchant with this code exists already."), "merchant_exists") from error
    return created


def merchant_change(
    *,
    merchant: Merchant,
    actor: Any,
    now: datetime,
    version: int | None = None,
    reason: str = "",
    **columns: Any,
) -> Merchant:
    """Change data of a merchant (never its state). A stale ``version`` raises Conflict with both values."""
    _require(actor, "merchants.change_merchant")
    changed: Merchant = registers.save(
        merchant, actor=actor, now=now, event="merchant.changed", version=version, reason=reason, **columns
    )
    return changed


def merchant_move(
    *, merchant: Merchant, move: str, actor: Any, now: datetime, reason: str = "", **data: Any
) -> Merchant:
    """One step of the merchant's life: activate, restrict, suspend, reinstate, begin_exit, close."""
    moved: Merchant = moves.perform(merchant, move, actor=actor, now=now, reason=reason, **data)
    return moved


def member_add(
    *, merchant: Merchant, user: Any, actor: Any, now: datetime, role: str = MemberRole.CLERK
) -> MerchantMember:
    """Let a person act for a merchant from now on. Adding somebody twice changes nothing."""
    _require(actor, "merchants.add_merchantmember")
    with transaction.atomic():
        Merchant.objects.select_for_update().get(pk=merchant.pk)
        found: MerchantMember | None = merchant.members.filter(user=user, active_to=None).first()
        if found:
            return found
        row = MerchantMember(merchant=merchant, user=user, role=role, active_from=now)
        added: MerchantMember = registers.create(
            row, actor=actor, now=now, event="merchant.member_added", payload={"user": user.pk, "role": role}
        )
    return added


def member_remove(*, member: MerchantMember, actor: Any, now: datetime) -> MerchantMember:
    """End a person's right to act for a merchant; the row stays, the person is signed out everywhere. Error: gone."""
    _require(actor, "merchants.change_merchantmember")
    return member_end(member=member, actor=actor, now=now)


def contact_save(
    *, merchant: Merchant, role: str, actor: Any, now: datetime, **columns: Any
) -> MerchantContact:
    """Whom to call at a merchant for ``role``; one row per role. The event holds no value."""
    _require(actor, "merchants.change_merchantcontact")
    event = "merchant.contact_changed"
    found = merchant.contacts.filter(role=role).first()
    if found is None:
        row = MerchantContact(merchant=merchant, role=role, **columns)
        return registers.create(row, actor=actor, now=now, event=event, payload={"role": role})  # type: ignore[no-any-return]
    return registers.save(found, actor=actor, now=now, event=event, payload={"role": role}, **columns)  # type: ignore[no-any-return]


# Deposits: the row of the merchant is locked, and what it holds never falls below zero


def deposit_take(
    *, merchant: Merchant, amount: Decimal, reference: str, actor: Any, now: datetime
) -> DepositMove:
    """Take of the deposit, at most what is there; below what is due the merchant is asked to top it up.

    Errors: amount, reference, not_enough.
    """
    return _deposit_change(merchant, DepositKind.TAKEN, amount, reference, actor, now)


def deposit_give_back(
    *, merchant: Merchant, amount: Decimal, reference: str, actor: Any, now: datetime
) -> DepositMove:
    """What was taken stands in the deposit again. Errors: amount, reference."""
    return _deposit_change(merchant, DepositKind.GIVEN_BACK, amount, reference, actor, now)


def deposit_top_up(
    *, merchant: Merchant, amount: Decimal, reference: str, actor: Any, now: datetime
) -> tuple[DepositMove, bool]:
    """The merchant paid into his deposit; the bank's reference counts once. Answers the row, and whether it is new.

    Errors: amount, reference, reference_used (another amount under the same reference).
    """
    with transaction.atomic():
        current: Merchant = moves.locked(merchant)
        text = _reference(reference)
        found = DepositMove.objects.filter(
            merchant=current, kind=DepositKind.TOPPED_UP, reference=text
        ).first()
        if found is not None:
            if found.amount != amount:
                raise DomainError(_("Another amount came under this reference already."), "reference_used")
            return found, False
        return _deposit_change(current, DepositKind.TOPPED_UP, amount, text, actor, now), True


def deposit_due_change(
    *, merchant: Merchant, by: Decimal, actor: Any, now: datetime, reason: str = ""
) -> Merchant:
    """The deposit that is due becomes ``by`` more, or less below zero but never less than nothing.

    What is missing then is asked for until a day; a call that is met by it ends. Errors: amount.
    """
    _require(actor, "merchants.set_deposit")
    if not by.is_finite() or by == 0 or by != by.quantize(CENT):
        raise DomainError(_("An amount above zero with at most two decimals, please."), "amount")
    with transaction.atomic():
        current: Merchant = moves.locked(merchant)
        due = max(Decimal(0), current.deposit_due + by)
        current = registers.save(
            current, actor=actor, now=now, event="merchant.deposit_due_changed", deposit_due=due, reason=reason,
            payload={"old_due": str(current.deposit_due), "new_due": str(due), "currency": current.currency},
        )  # fmt: skip
        _call_keep(current, actor, now)
    return current


def _reference(words: str) -> str:
    text = " ".join(words.replace("\x00", "").split())
    if not 0 < len(text) <= 80:
        raise DomainError(_("Name the reference by which it was paid."), "reference")
    return text


def _deposit_change(
    merchant: Merchant, kind: DepositKind, amount: Decimal, reference: str, actor: Any, now: datetime
) -> DepositMove:
    _require(actor, "merchants.move_deposit")
    if not amount.is_finite() or amount <= 0 or amount != amount.quantize(CENT):
        raise DomainError(_("An amount above zero with at most two decimals, please."), "amount")
    text = _reference(reference)
    with transaction.atomic():
        current: Merchant = moves.locked(merchant)
        taken = kind == DepositKind.TAKEN
        if taken and amount > current.deposit_held:
            raise DomainError(_("The deposit does not hold so much."), "not_enough")
        held = current.deposit_held - amount if taken else current.deposit_held + amount
        current = registers.save(
            current, actor=actor, now=now, event=f"merchant.deposit_{kind}", deposit_held=held,
            payload={"amount": str(amount), "held": str(held), "currency": current.currency},
        )  # fmt: skip
        row = DepositMove(
            merchant=current, kind=kind, amount=amount, held=held, reference=text, at=now, by=actor
        )
        row.save(force_insert=True)
        _call_keep(current, actor, now)
    return row


def _call_keep(merchant: Merchant, actor: Any, now: datetime) -> None:
    """Under the merchant's lock: asked for what is missing, with the date of the first asking; met, it ends."""
    missing = merchant.deposit_due - merchant.deposit_held
    found: DepositCall | None = DepositCall.objects.unmet().filter(merchant=merchant).first()
    if found is not None and missing <= 0:
        found.met_at = now
        found.save(update_fields=["met_at"])
    elif found is not None and found.amount != missing:
        found.amount = missing
        found.save(update_fields=["amount"])
    elif found is None and missing > 0 and merchant.state in OWES_DEPOSIT:
        until = now + duration("deposit_top_up_days", now)
        DepositCall(merchant=merchant, amount=missing, asked_at=now, due_at=until).save()
        told = {"amount": str(missing), "currency": merchant.currency, "until": until.isoformat()}
        registers.save(merchant, actor=actor, now=now, event="merchant.deposit_asked", payload=told)


def _require(actor: Any, capability: str) -> None:
    if not actor.has_perm(capability):
        raise NotPermitted()
