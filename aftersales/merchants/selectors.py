"""Answers about merchants for other rooms' pages."""

from __future__ import annotations

from typing import Any

from .models import Merchant


def merchants_of(user: Any) -> list[int]:
    """Keys of the merchants a person acts for today (one query)."""
    return list(Merchant.objects.of_member(user).values_list("pk", flat=True))


def member_users(merchant_id: int) -> list[Any]:
    """The people who act for a merchant today."""
    members = Merchant.objects.get(pk=merchant_id).members.filter(active_to=None).select_related("user")
    return [member.user for member in members]


def notice_address(merchant_id: int, role: str = "aftersales") -> str:
    """The e-mail address for ``role``, else that for after-sales, else empty."""
    found = dict(
        Merchant.objects.filter(pk=merchant_id, contacts__role__in={role, "aftersales"}).values_list(
            "contacts__role", "contacts__email"
        )
    )
    return found.get(role) or found.get("aftersales") or ""
