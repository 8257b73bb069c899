"""What everybody reads without a sign-in: measures that stand, each with its fact and rule, and nothing personal."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import override

from aftersales.core.errors import DomainError
from aftersales.ledger import services as ledger
from aftersales.merchants.models import Merchant
from aftersales.portal import published
from aftersales.standards import selectors as rule_book
from aftersales.standards.models import Consultation, ConsultationComment
from aftersales.standards.promoting import services as promoting
from aftersales.standards.states import Taken
from tests.cast import Cast
from tests.portal.clerk import Clerk
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


def test_a_shop_reads_the_times_of_a_promotion_among_its_rules_and_duties(
    clerk: Clerk, desk: Cast, now: datetime
) -> None:
    """What the promotion says holds today; nothing of it waits to be confirmed."""
    clerk.browser.post("/language/", {"language": "en"})
    assert "No rule was changed for you" in clerk.page("rules")
    row = promoting.promotion_draft(
        name_zh="双十二", name_en="Twelve Twelve", starts_at=now + timedelta(hours=1), ends_at=now + timedelta(days=3),
        reason="大促", actor=desk.operations, now=now,
    )  # fmt: skip
    row = promoting.override_set(
        promotion=row,
        sort="standard",
        code="merchant_answer",
        value=72,
        unit="hours",
        actor=desk.operations,
        now=now,
    )
    promoting.promotion_activate(promotion=row, actor=desk.supervisor, now=now)

    clerk.at(now + timedelta(hours=2))
    clerk.browser.post("/language/", {"language": "en"})
    page = clerk.page("rules")
    assert "No rule was changed for you" not in page
    assert "Twelve Twelve" in page
    assert "Promotion, in force" in page
    assert f"{localtime(now + timedelta(days=3)):%Y-%m-%d %H:%M}" in page
    with override("en"):
        assert rule_book.limit_words(72, "hours") in page
    assert "I have read it" not in page

    said = clerk.get("duties").context["duties"]
    [duty] = [one for one in said if one.clause.standard == "merchant_answer"]
    with override("en"):
        assert rule_book.limit_words(72, "hours") in duty.words
    assert "Promotion “Twelve Twelve” until" in clerk.page("duties")


def test_the_times_of_a_promotion_are_talked_over_before_it_begins(
    shop: Merchant, desk: Cast, now: datetime
) -> None:
    """A draft that merchants owe other times by is asked about in public, commented on and answered."""
    begins = now + timedelta(days=30)
    row = promoting.promotion_draft(
        name_zh="双 11", name_en="Double 11", starts_at=begins, ends_at=begins + timedelta(days=3), reason="高峰",
        actor=desk.operations, now=now,
    )  # fmt: skip
    said = {"asked_zh": "72 小时够吗", "asked_en": "Are 72 hours enough?"}
    browser, clerk = desk.client(desk.operations), desk.client(person_of(shop, desk, "小季"))
    asks, page = (
        reverse("promotions:consult", args=[row.code]),
        reverse("promotions:promotion", args=[row.code]),
    )
    browser.post(asks, said)
    assert not Consultation.objects.exists(), "it touches no time of merchants yet"
    promoting.override_set(
        promotion=row,
        sort="standard",
        code="merchant_answer",
        value=72,
        unit="hours",
        actor=desk.operations,
        now=now,
    )
    assert asks in browser.get(page).content.decode()
    browser.post(asks, said)
    talked = Consultation.objects.get()

    public = Client().get(reverse("published:consultation", args=[talked.public_id])).content.decode()
    assert "72 小时" in public
    draft = reverse("portal:draft", args=[talked.public_id])
    assert "72 小时" in clerk.get(draft).content.decode()
    clerk.post(reverse("portal:comment", args=[talked.public_id]), {"words": "请放宽到 96 小时"})
    comment = ConsultationComment.objects.get()
    assert "请放宽到 96 小时" in browser.get(page).content.decode()
    answer = {"taken": Taken.values[0], "answer": "法定上限", "seen": comment.version}
    browser.post(reverse("promotions:comment", args=[comment.public_id]), answer)
    assert (
        "法定上限"
        in Client().get(reverse("published:consultation", args=[talked.public_id])).content.decode()
    )

    soon = promoting.promotion_draft(
        name_zh="闪购", name_en="Flash", starts_at=now + timedelta(days=1), ends_at=now + timedelta(days=2),
        reason="高峰", actor=desk.operations, now=now,
    )  # fmt: skip
    promoting.override_set(
        promotion=soon,
        sort="standard",
        code="merchant_answer",
        value=72,
        unit="hours",
        actor=desk.operations,
        now=now,
    )
    with pytest.raises(DomainError) as why:
        promoting.promotion_consult(promotion=soon, actor=desk.operations, now=now, **said)
    assert why.value.code == "too_late"
    assert Consultation.objects.count() == 1
