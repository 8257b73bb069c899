"""Answers about merchants for other rooms' pages."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Case, OuterRef, QuerySet, Subquery, When

from .models import Merchant, MerchantContact, ReturnAddress
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
    places = ReturnAddress.objects.in_use().filter(merchant__in=asked)
    own = Merchant.objects.filter(pk__in=asked, self_run=True)
    return {*places.values_list("merchant_id", flat=True), *own.values_list("pk", flat=True)}


def return_addresses(merchant_ids: Iterable[int | None]) -> dict[int, list[ReturnAddress]]:
    """The places in use for returned goods of these merchants, each one's default first. One query."""
    asked = [pk for pk in merchant_ids if pk is not None]
    found: dict[int, list[ReturnAddress]] = {}
    for one in ReturnAddress.objects.in_use().filter(merchant__in=asked) if asked else ():
        found.setdefault(one.merchant_id, []).append(one)
    return found


def fitting(
    addresses: Sequence[ReturnAddress], categories: Collection[Collection[str]], kind: str
) -> ReturnAddress | None:
    """Which of a merchant's places takes goods of these categories in a case of this kind.

    ``categories``: for each article the code of its category and of those above it. One that is named for all of the
    articles and for the kind goes before one named for the articles, then for the kind, then the default.
    """

    def worth(one: ReturnAddress) -> tuple[bool, bool, bool]:
        of_goods = bool(categories) and all(set(one.categories) & set(each) for each in categories)
        of_kind = kind in one.kinds
        unfit = (one.categories and not of_goods) or (one.kinds and not of_kind)
        return (False, False, one.is_default) if unfit else (of_goods, of_kind, one.is_default)

    return max(addresses, key=worth, default=None)


def why_no_address(email: str | None) -> str:
    """Why no mail reaches this address: no_address, bad_address, or "" when one does. The sender judges alike."""
    if not email:
        return "no_address"
    try:
        validate_email(email)
    except ValidationError:
        return "bad_address"
    return ""
