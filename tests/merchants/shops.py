"""Two shops with their people, for tests of the merchants' side."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.states import Role
from aftersales.merchants.models import Lesson, Merchant, MerchantMember
from aftersales.merchants.services import member_add
from tests import records

ROLES = {"owner": Role.MERCHANT_OWNER, "clerk": Role.MERCHANT_CLERK}


@dataclass
class Shop:
    """A merchant with one owner and one clerk."""

    merchant: Merchant
    owner: Any
    clerk: Any

    def member(self, person: Any) -> MerchantMember:
        return MerchantMember.objects.get(merchant=self.merchant, user=person, active_to=None)

    def clerk_lesson(self) -> Lesson:
        return Lesson.objects.get(member__user=self.clerk)


def a_shop(cast: Any, now: datetime, key: str) -> Shop:
    merchant = records.merchant(f"M-{key}", now)
    people = {
        role: cast.person(ROLES[role], name=f"{key}-{role}", email=f"{key}-{role}@shop.example")
        for role in ROLES
    }
    for role, person in people.items():
        join(cast, merchant, person, role, now)
    return Shop(merchant, **people)


def join(cast: Any, merchant: Merchant, person: Any, role: str, now: datetime) -> MerchantMember:
    return member_add(merchant=merchant, user=person, role=role, actor=cast.operations, now=now)
