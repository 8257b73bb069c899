"""The demo's merchant manager at work: his shops, talks, rectification plans in several states, a sale that runs."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.utils import timezone

from accounts.models import User
from aftersales.core import files
from aftersales.merchants.models import Merchant, MerchantMember
from aftersales.merchants.services import merchant_change
from aftersales.merchants.services.talks import talk_note
from aftersales.merchants.states import TRADING
from aftersales.scorecards.models import Plan
from aftersales.scorecards.services import rectification as plans
from aftersales.standards.promoting import services as promotions

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SHOPS = 24
ANSWER, LONGER, LONG_TALK = "merchant_answer", 72, 45
TALKS = (
    (9, "phone", "aftersales", "obligations", "逾期未答复的 6 单由售后主管逐单处理，周五前清零。", 2),
    (4, "visit", "logistics", "campaign", "大促备货已到仓，承诺 48 小时内发货；缺打包人手。", -1),
    (2, "chat", "operations", "score", "物流评分下降原因为更换承运商，约定一周后看数据。", 5),
    (1, "meeting", "owner", "plan", "店主认可整改方向，本周提交措施。", 0),
)
PROOF = "打包岗排班表：12 月 1 日起增加两名打包员，早晚两班。\n".encode()


def live(now: datetime, people: Mapping[str, User]) -> int:
    """How many plans there are at the end."""
    manager, operations = people["merchants"], people["operations"]
    shops = _shops(people)
    for shop in shops:
        merchant_change(merchant=shop, manager=manager, actor=operations, now=now)
    mine = list(Merchant.objects.filter(pk__in=[one.pk for one in shops]).order_by("pk"))
    _talks(mine, manager, now)
    _plans(mine, people, now)
    _sale(people, now)
    return Plan.objects.count()


def _shops(people: Mapping[str, User]) -> list[Merchant]:
    """The first ones, among them the shop whose owner signs in to the demonstration."""
    own = MerchantMember.objects.filter(user=people["shopowner"], active_to=None).values("merchant")
    rows = Merchant.objects.filter(state__in=sorted(TRADING), self_run=False).order_by("pk")
    first = list(rows.filter(pk__in=own)[:1])
    return [*first, *rows.exclude(pk__in=[one.pk for one in first])[: SHOPS - 1]]


def _talks(shops: list[Merchant], manager: User, now: datetime) -> None:
    today = timezone.localdate(now)
    for place, (ago, channel, who, subject, agreed, again) in enumerate(TALKS):
        for shop in shops[place : place + 2]:
            next_on = today + timedelta(days=again) if again >= 0 else None
            talk_note(
                merchant=shop, day=today - timedelta(days=ago), channel=channel, spoken_with=who, subject=subject,
                agreed=agreed, next_on=next_on, actor=manager, now=now - ago * DAY if again < 0 else now,
            )  # fmt: skip


def _plans(shops: list[Merchant], people: Mapping[str, User], now: datetime) -> None:
    """One just asked for, one late, and of the shop whose owner signs in one to carry out and one withdrawn."""
    who: dict[str, Any] = {"actor": people["merchants"]}
    plans.plan_open(
        merchant=shops[1],
        cause="breaches",
        asked="本月多次超时未答复，请说明原因并提出措施。",
        now=now - HOUR,
        **who,
    )
    plans.plan_open(
        merchant=shops[2],
        cause="complaints",
        asked="同一商品两周内五起投诉，请排查并整改。",
        now=now - 5 * DAY,
        **who,
    )
    row = plans.plan_open(
        merchant=shops[0], cause="metric", asked="发货及时率低于目标，请在大促前整改。", metric="dispatch_in_time",
        target=Decimal(95), now=now - 4 * DAY, **who,
    )  # fmt: skip
    said = {
        "cause": "更换仓库，打包人手不足。",
        "measures": "增加两名打包员，早晚两班；与承运商约定每日两次揽收。",
    }
    upload = InMemoryUploadedFile(io.BytesIO(PROOF), "file", "排班表.txt", "text/plain", len(PROOF), None)
    with files.stored_for([upload], now=now - 3 * DAY) as stored:
        row = plans.plan_answer(
            plan=row,
            measures_due=now + 6 * DAY,
            actor=people["shopowner"],
            now=now - 3 * DAY,
            files=stored,
            **said,
        )
    plans.plan_accept(plan=row, now=now - 2 * DAY, **who)
    ended = plans.plan_open(
        merchant=shops[0], cause="other", asked="请补充售后联系人。", now=now - 9 * DAY, **who
    )
    plans.plan_close(plan=ended, outcome="withdraw", words="商家已在门户补充。", now=now - 8 * DAY, **who)


def _sale(people: Mapping[str, User], now: datetime) -> None:
    """One runs for ten days and gives merchants more time to answer; the next one waits for a second person."""
    who: dict[str, Any] = {"actor": people["operations"], "now": now}
    row = promotions.promotion_draft(
        name_zh="双 12 大促", name_en="Double 12 sale", starts_at=now, ends_at=now + 10 * DAY,
        reason="预计单量为平日五倍，商家答复时限放宽，提前提醒。", **who,
    )  # fmt: skip
    row = promotions.override_set(
        promotion=row, sort="standard", code=ANSWER, value=LONGER, unit="hours", **who
    )
    row = promotions.override_set(
        promotion=row, sort="number", code="consultation_minutes", value=LONG_TALK, **who
    )
    promotions.promotion_activate(promotion=row, actor=people["supervisor"], now=now)
    row = promotions.promotion_draft(
        name_zh="年货节", name_en="New Year sale", starts_at=now + 40 * DAY, ends_at=now + 55 * DAY,
        reason="春节前物流停运，收货确认时限放宽。", **who,
    )  # fmt: skip
    promotions.override_set(promotion=row, sort="standard", code=ANSWER, value=LONGER, unit="hours", **who)
