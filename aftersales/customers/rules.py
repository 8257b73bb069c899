"""Masking and normalising of contacts: pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from aftersales.core import wording

from .states import Channel, ContactKind

REASON_LENGTH: Final = 5
MASKS: Final = {
    ContactKind.NAME: "name",
    ContactKind.PHONE: "phone",
    ContactKind.EMAIL: "email",
    ContactKind.ADDRESS: "address",
    ContactKind.WECHAT: "code",
}
CHANNEL_CONTACT: Final = {
    Channel.EMAIL: ContactKind.EMAIL,
    Channel.SMS: ContactKind.PHONE,
    Channel.PHONE: ContactKind.PHONE,
}


@dataclass(frozen=True)
class Way:
    """The contact by which a customer can be written to, or why he cannot.

    ``why``: no_address, bad_address, opted_out, erased; empty when there is a way.
    """

    contact: Any = None
    why: str = ""


def way_among(customer: Any, contacts: Iterable[Any], channel: str, *, care: bool = False) -> Way:
    """The one answer to *can we write to him*, for the sender and for every page that says so beforehand.

    What we owe the customer about his own problem (a *node message*, R3.7) is part of carrying out the contract
    and of the after-sales duty (PIPL §13 (2)(3), Consumer Protection Law §23–25): a refused channel does not stop
    it. An opt-out is the right against offers and care (*care* messages: PIPL §24, E-Commerce Law §18, R3.8), where
    the consent to be contacted after a case counts too. ``contacts``: those not erased, preferred ones first.
    """
    if customer.erased_at is not None:
        return Way(why="erased")
    if care and (channel in customer.opt_outs or not customer.consent_contact):
        return Way(why="opted_out")
    kind = CHANNEL_CONTACT[Channel(channel)]
    known = [one for one in contacts if one.kind == kind]
    contact = next((one for one in known if one.bounced_at is None), None)
    if contact is None:
        return Way(why="bad_address" if known else "no_address")
    return Way(contact) if _is_address(kind, contact.value) else Way(why="bad_address")


def _is_address(kind: str, value: str) -> bool:
    if kind != ContactKind.EMAIL:
        return bool(value)
    try:
        validate_email(value)
    except ValidationError:
        return False
    return True


def masked(kind: str, value: str) -> str:
    """What a page shows of a contact before it is revealed (R2.2)."""
    return wording.masked(value, MASKS[ContactKind(kind)])


def masked_name(value: str) -> str:
    return wording.masked(value, "name")


def search_key(kind: str, value: str) -> str:
    """The form in which a contact is looked up: the same that PostgreSQL generates (a test compares)."""
    if kind == ContactKind.PHONE:
        digits = re.sub(r"[^0-9]", "", value)
        return re.sub(r"^(0086|86)(1[0-9]{10})$", r"\2", digits)
    return re.sub(r"\s", "", value).lower()
