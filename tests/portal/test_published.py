"""What everybody reads without a sign-in: measures that stand, each with its fact and rule, and nothing personal."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from aftersales.ledger import services as ledger
from aftersales.merchants.models import Merchant
from aftersales.portal import published
from aftersales.standards import selectors as rule_book
from aftersales.standards.promoting import services as promoting
from tests.cast import Cast
from tests.portal.conftest import person_of

pytestmark = pytest.mark.django_db


def propose(shop: Merchant, desk: Cast, now: datetime, source: int, **terms: Any) -> Any:
    facts: dict[str, Any] = {
        "kind": "measure", "party": shop, "measure": "warning", "amount": None, "fact_code": "late_answer",
        "citation": "merchant_answer v1", "evidence": ["TK2611-000777"], "source": ("tests.fact", source),
    }  # fmt: skip
    return ledger.propose(actor=desk.operations, now=now, **(facts | terms))


def test_a_measure_stands_in_public_once_the_merchant_is_told_and_while_it_stands(
    shop: Merchant, desk: Cast, now: datetime
) -> None:
    page, browser = reverse("published:measures"), Client()
    row = propose(shop, desk, now, 1)
    fine = propose(shop, desk, now, 2, kind="penalty", measure="", amount=Decimal(200))
    assert shop.name not in browser.get(page).content.decode(), "nobody was told yet"
    row = ledger.proposal_notify(proposal=row, actor=desk.operations, now=now)
    ledger.proposal_notify(proposal=fine, actor=desk.operations, now=now)

    said = browser.get(page).content.decode()
    assert said.count(shop.name) == 1, "money is no measure"
    assert "商家答复" in said, "by which rule"
    assert "TK2611-000777" not in said
    assert row.number not in said
    assert str(desk.operations) not in said

    owner = person_of(shop, desk, "店主", "owner")
    row = ledger.proposal_appeal(proposal=row, text="平台系统故障", actor=owner, now=now)
    assert shop.name in browser.get(page).content.decode(), "it acts while the appeal is heard"
    ledger.proposal_hear(proposal=row, upheld=False, answer="属实", actor=desk.supervisor, now=now)
    assert shop.name not in browser.get(page).content.decode()


def test_promotions_stand_in_public_where_they_touch_merchants_and_took_place(
    desk: Cast, now: datetime
) -> None:
    duty = next(one for one in rule_book.book().versions if one.owed_by == "merchant" and one.applies_at(now))
    longer = ("standard", duty.standard.code, duty.limit_value + 1, duty.limit_unit)

    def sale(name: str, since: datetime, *override: Any) -> Any:
        row = promoting.promotion_draft(
            name_zh=name, name_en=name, starts_at=since, ends_at=since + timedelta(days=2), reason=f"{name}的内部原因",
            actor=desk.operations, now=now,
        )  # fmt: skip
        sort, code, value, *unit = override
        row = promoting.override_set(
            promotion=row, sort=sort, code=code, value=value, unit=unit[0] if unit else "", actor=desk.operations,
            now=now,
        )  # fmt: skip
        return promoting.promotion_activate(promotion=row, actor=desk.supervisor, now=now)

    sale("客服排班日", now + timedelta(days=1), "number", "due_soon_hours", 3)
    promoting.promotion_end(
        promotion=sale("取消的大促", now + timedelta(days=1), *longer),
        reason="取消",
        actor=desk.supervisor,
        now=now,
    )
    kept = sale("年末大促", now + timedelta(days=4), *longer)
    assert [one.name for one in published.sales(now)] == [kept.name]
    page = Client().get("/published/").content.decode()
    assert "年末大促" in page
    assert "客服排班日" not in page
