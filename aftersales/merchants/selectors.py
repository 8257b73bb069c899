"""Answers about merchants for other rooms' pages."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Case, OuterRef, QuerySet, Subquery, When

from .models import Merchant, MerchantContact
from .states import ContactRole


def merchants_of(user: Any) -> list[int]:
    """Keys of the merchants a person acts for today (one query)."""
    return list(Merchant.objects.of_member(user).values_list("pk", flat=True))


def member_users(merchant_id: int) -> list[Any]:
    """The people who act for a merchant today."""
    members = Merchant.objects.get(pk=merchant_id).members.filter(active_to=None).select_related("user")
    return [member.user for member in members]


def _written_to() -> QuerySet[MerchantContact]:
    """Whom to write to at a merchant: the contact for after-sales, else the first one that has an e-mail address."""
    later = Case(When(role=ContactRole.AFTERSALES, then=0), default=1)
    return MerchantContact.objects.exclude(email="").order_by(later, "pk")


def notice_contact(merchant_id: int) -> MerchantContact | None:
    """The contact that messages to a merchant go to."""
    return _written_to().filter(merchant_id=merchant_id).first()


def notice_emails(merchant_ids: Collection[int]) -> dict[int, str]:
    """The same contacts' addresses, by their merchants. One query."""
    found: dict[int, str] = {}
    for merchant_id, email in (
        _written_to().filter(merchant_id__in=merchant_ids).values_list("merchant_id", "email")
    ):
        found.setdefault(merchant_id, email)
    return found


def notice_email(merchant: str) -> Subquery:
    """The same contact's address beside other rows; ``merchant`` names their column of the merchant's key."""
    return Subquery(_written_to().filter(merchant_id=OuterRef(merchant)).values("email")[:1])


def takes_returns(merchant_ids: Iterable[int | None]) -> set[int]:
    """Those of these merchants of whom an address for returned goods is known; the platform's own shops have ours."""
    asked = [pk for pk in merchant_ids if pk is not None]
    desks = MerchantContact.objects.filter(role=ContactRole.RETURNS, merchant__in=asked).exclude(address="")
    own = Merchant.objects.filter(pk__in=asked, self_run=True)
    return {*desks.values_list("merchant_id", flat=True), *own.values_list("pk", flat=True)}


def why_no_address(email: str | None) -> str:
    """Why no mail reaches this address: no_address, bad_address, or "" when one does. The sender judges alike."""
    if not email:
        return "no_address"
    try:
        validate_email(email)
    except ValidationError:
        return "bad_address"
    return ""
