"""Every write about merchants. States move through ``core.moves`` with the machine of this room."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import moves, registers
from aftersales.core.errors import DomainError, NotPermitted

from .models import Merchant, MerchantContact, MerchantMember
from .states import MemberRole


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
    """End a person's right to act for a merchant; the row stays."""
    _require(actor, "merchants.change_merchantmember")
    removed: MerchantMember = registers.save(
        member,
        actor=actor,
        now=now,
        event="merchant.member_removed",
        payload={"user": member.user_id, "role": member.role},
        active_to=now,
    )
    return removed


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


def _require(actor: Any, capability: str) -> None:
    if not actor.has_perm(capability):
        raise NotPermitted()
