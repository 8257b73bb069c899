"""People and trade rows that the tests of merchants, customers and orders share."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.timezone import localtime

from accounts.models import User
from accounts.services import system_user
from aftersales.cases.services import Consent
from aftersales.merchants import services as merchants
from aftersales.merchants.services.addresses import address_add
from aftersales.orders import services as orders


def person(role: str, now: datetime) -> User:
    """The one person of this role in this test."""
    found, _created = User.objects.get_or_create(
        username=f"the-{role}",
        defaults={"display_name": role, "roles": [role], "created_at": now, "password": "!"},
    )
    return found


def merchant(code: str, now: datetime, *, returns: str = "杭州市文一路 8 号", **columns: Any) -> Any:
    """A shop at work. ``returns``: where it takes goods back; empty where nobody knows."""
    row = merchants.merchant_create(
        code=code, name=f"Shop {code}", actor=system_user(), now=now, **{"state": "active", **columns}
    )
    if returns:
        address_add(merchant=row, name="总仓", place=returns, actor=system_user(), now=now)
    return row


def order(number: str, now: datetime, **columns: Any) -> Any:
    values: dict[str, Any] = {"total": Decimal("100.00"), "paid": Decimal("100.00"), "status": "delivered"}
    return orders.order_create(
        source="shop",
        external_no=number,
        placed_at=now - timedelta(days=10),
        actor=system_user(),
        now=now,
        **{**values, **columns},
    )


def said(at: datetime) -> Consent:
    """An acceptance heard on the phone."""
    return Consent("phone", "同意，就这样办。", at)


def taken_down(at: datetime) -> dict[str, str]:
    """The same as a dialog sends it."""
    return {"heard_by": "phone", "words": "同意，就这样办。", "said_at": f"{localtime(at):%Y-%m-%dT%H:%M}"}
