"""Where a merchant takes goods back: added, changed and retired by his owner, or by who keeps his contacts (R4.2)."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import registers
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.merchants.models import Merchant, ReturnAddress

KEEP, KEEP_ANY = "merchants.keep_returns_address", "merchants.change_merchantcontact"
MOST = 100
LONGEST = {"name": 60, "contact": 80, "phone": 40, "place": 300}
PHONE = re.compile(r"\+?[0-9][0-9 ()/.-]{4,38}( ?[#xX转] ?[0-9]{1,6})?")  # PostgreSQL reads it the same way
NOT_A_PHONE = _("Give a telephone number with area code, in digits.")
ADDED, CHANGED, RETIRED = (f"merchant.return_address_{what}" for what in ("added", "changed", "retired"))
Words = Collection[str]


def address_add(
    *, merchant: Merchant, name: str, place: str, contact: str = "", phone: str = "", categories: Words = (),
    kinds: Words = (), is_default: bool = False, actor: Any, now: datetime,
) -> ReturnAddress:  # fmt: skip
    """One more place for returned goods; the first one is the default whatever is said.

    An owner gives who takes the goods and his telephone too (P4). Errors: not_permitted, name, address, contact, phone,
    taken (another one in use has this name), too_many, gone.
    """
    told = _told({"name": name, "place": place, "contact": contact, "phone": phone})
    told |= {"categories": _codes(categories), "kinds": _codes(kinds)}
    with transaction.atomic():
        shop = _locked(merchant, actor)
        standing = list(ReturnAddress.objects.in_use().filter(merchant=shop))
        if len(standing) >= MOST:
            raise DomainError(
                _("A shop has at most %(n)d return addresses; retire one.") % {"n": MOST}, "too_many"
            )
        row = ReturnAddress(merchant=shop, is_default=is_default or not standing, **told)
        _refuse_unfit(row, standing, actor)
        if row.is_default:
            _no_default(standing, actor, now)
        made: ReturnAddress = registers.create(row, actor=actor, now=now, event=ADDED, payload=_of(row))
    return made


def address_change(
    *, address: ReturnAddress, actor: Any, now: datetime, version: int | None = None, **columns: Any
) -> ReturnAddress:
    """Correct it; nothing changed says nothing. Parcels that are under way keep what their case holds.

    ``columns``: name, contact, phone, place, categories, kinds, is_default. The default passes on by being given to
    another. Errors: as ``address_add``, and default (it was taken off the only one that has it), Conflict.
    """
    told = _told(columns)
    told |= {name: _codes(columns[name]) for name in ("categories", "kinds") if name in columns}
    with transaction.atomic():
        shop = _locked(address.merchant, actor)
        standing = list(ReturnAddress.objects.in_use().filter(merchant=shop))
        row = _standing(address, standing)
        wanted = bool(columns.get("is_default", row.is_default))
        if row.is_default and not wanted:
            raise DomainError(_("Make another address the default instead."), "default")
        told |= {"is_default": wanted}
        changed = {name: value for name, value in told.items() if getattr(row, name) != value}
        if not changed and version in (None, row.version):
            return row
        if wanted and not row.is_default:
            _no_default([one for one in standing if one.pk != row.pk], actor, now)
        wished = ReturnAddress(
            pk=row.pk, merchant=shop, **{name: getattr(row, name) for name in LONGEST} | told
        )
        _refuse_unfit(wished, [one for one in standing if one.pk != row.pk], actor)
        saved: ReturnAddress = registers.save(
            row, actor=actor, now=now, event=CHANGED, payload=_of(row), version=version, **changed
        )
    return saved


def stands_so(address: ReturnAddress, **columns: Any) -> bool:
    """Whether it says already what ``address_change`` would make it say."""
    told = _told(columns) | {name: columns[name] for name in ("is_default",) if name in columns}
    told |= {name: _codes(columns[name]) for name in ("categories", "kinds") if name in columns}
    return all(getattr(address, name) == value for name, value in told.items())


def address_retire(
    *, address: ReturnAddress, actor: Any, now: datetime, version: int | None = None
) -> ReturnAddress:
    """No case takes it any more; those that hold it go on. Twice is as once.

    Errors: not_permitted, default (others are in use: one of them is made the default first), Conflict.
    """
    with transaction.atomic():
        shop = _locked(address.merchant, actor)
        row: ReturnAddress = ReturnAddress.objects.select_related("merchant").get(pk=address.pk)
        if row.active_to is not None:
            return row
        others = ReturnAddress.objects.in_use().filter(merchant=shop).exclude(pk=row.pk)
        if row.is_default and others.exists():
            raise DomainError(_("It is the default: make another address the default first."), "default")
        done: ReturnAddress = registers.save(
            row, actor=actor, now=now, event=RETIRED, payload=_of(row), version=version, active_to=now,
            is_default=False,
        )  # fmt: skip
    return done


def _locked(merchant: Merchant, actor: Any) -> Merchant:
    """The shop under lock: of two people who change its default one goes first."""
    if not actor.has_perm(KEEP_ANY) and not (
        actor.has_perm(KEEP) and Merchant.objects.owned_by(actor).filter(pk=merchant.pk).exists()
    ):
        raise NotPermitted()
    held: Merchant = Merchant.objects.select_for_update().get(pk=merchant.pk)
    return held


def _standing(address: ReturnAddress, standing: Sequence[ReturnAddress]) -> ReturnAddress:
    found = next((one for one in standing if one.pk == address.pk), None)
    if found is None:
        raise DomainError(_("This address is no longer used; add it anew."), "gone")
    return found


def _no_default(standing: Sequence[ReturnAddress], actor: Any, now: datetime) -> None:
    for one in standing:
        if one.is_default:
            registers.save(one, actor=actor, now=now, event=CHANGED, payload=_of(one), is_default=False)


def _of(row: ReturnAddress) -> dict[str, Any]:
    """Which one, and nothing that it says."""
    return {"place": row.public_id}


def _told(columns: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for name, most in LONGEST.items():
        if name in columns:
            text = " ".join(str(columns[name] or "").replace("\x00", "").split())
            if len(text) > most:
                raise DomainError(_("At most %(number)d characters.") % {"number": most}, _CODES[name])
            found[name] = text
    return found


_CODES = {"name": "name", "contact": "contact", "phone": "phone", "place": "address"}


def _codes(words: Words) -> list[str]:
    return sorted({one.strip() for one in words if one.strip()})


def _refuse_unfit(row: ReturnAddress, others: Sequence[ReturnAddress], actor: Any) -> None:
    if not row.name:
        raise DomainError(_("Give the address a short name by which you find it again."), "name")
    if not row.place:
        raise DomainError(_("Say where the goods are sent to."), "address")
    if any(one.name == row.name for one in others):
        raise DomainError(_("Another return address has this name already."), "taken")
    if not row.contact and not actor.has_perm(KEEP_ANY):
        raise DomainError(_("Say who takes the goods."), "contact")
    if (row.phone or not actor.has_perm(KEEP_ANY)) and not PHONE.fullmatch(row.phone):
        raise DomainError(NOT_A_PHONE, "phone")
