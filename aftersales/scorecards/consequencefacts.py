"""Facts by which a move of a measure is judged: who looks after the merchant, who owns him."""

from collections.abc import Sequence
from datetime import datetime

from aftersales.merchants.models import Merchant, MerchantMember
from aftersales.merchants.states import MemberRole
from aftersales.scorecards.models import MerchantMeasure


def managers(rows: Sequence[MerchantMeasure], now: datetime) -> dict[int, int]:
    """Fact: who looks after the merchant."""
    found = dict(
        Merchant.objects.filter(pk__in={row.merchant_id for row in rows}).values_list("pk", "manager_id")
    )
    return {row.pk: found[row.merchant_id] for row in rows if found.get(row.merchant_id)}


def owners(rows: Sequence[MerchantMeasure], now: datetime) -> dict[int, frozenset[int]]:
    """Fact: who owns the merchant."""
    members = MerchantMember.objects.filter(
        merchant__in={row.merchant_id for row in rows}, role=MemberRole.OWNER, active_to=None
    )
    found: dict[int, set[int]] = {}
    for merchant, user in members.values_list("merchant_id", "user_id"):
        found.setdefault(merchant, set()).add(user)
    return {row.pk: frozenset(found.get(row.merchant_id, ())) for row in rows}
