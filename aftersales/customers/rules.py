"""Masking and normalising of contacts: pure functions."""

from __future__ import annotations

import re
from typing import Final

from aftersales.core import wording

from .states import ContactKind

REASON_LENGTH: Final = 5
MASKS: Final = {
    ContactKind.NAME: "name",
    ContactKind.PHONE: "phone",
    ContactKind.EMAIL: "email",
    ContactKind.ADDRESS: "address",
    ContactKind.WECHAT: "code",
}


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
