"""Answers about merchants for other rooms' pages."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from .models import Merchant, MerchantContact
from .states import ContactRole


def merchants_of(user: Any) -> list[int]:
    """Keys of the merchants a person acts for today (one query)."""
    return list(Merchant.objects.of_member(user).values_list("pk", flat=True))


def member_users(merchant_id: int) -> list[Any]:
    """The people who act for a merchant today."""
    members = Merchant.objects.get(pk=merchant_id).members.filter(active_to=None).select_related("user")
    return [member.user for member in members]


def notice_contact(merchant_id: int) -> MerchantContact | None:
    """Whom to write to at a merchant: the contact for after-sales, else the first one that has an e-mail address."""
    found = list(MerchantContact.objects.filter(merchant_id=merchant_id).exclude(email="").order_by("pk"))
    return min(found, key=lambda one: one.role != ContactRole.AFTERSALES, default=None)


def why_no_address(merchant_id: int) -> str:
    """Why no mail reaches this merchant: no_address, bad_address, or "" when one does. The sender judges alike."""
    contact = notice_contact(merchant_id)
    if contact is None:
        return "no_address"
    try:
        validate_email(contact.email)
    except ValidationError:
        return "bad_address"
    return ""
