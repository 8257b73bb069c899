"""The demo's measures: rules announced weeks ago, what followed since, appeals that wait or were decided."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from accounts.models import User
from accounts.services import system_user
from aftersales.clocks.models import Clock
from aftersales.clocks.services import breach_exclude
from aftersales.desk.demo import characters, unanswered
from aftersales.desk.demo.shops import FIRST_NUMBER
from aftersales.merchants.models import Merchant, MerchantMember
from aftersales.scorecards import services
from aftersales.scorecards.consequences import BREACH
from aftersales.scorecards.consequencestates import MeasureState
from aftersales.scorecards.models import ConsequenceRule, MeasureFact, MerchantMeasure
from aftersales.scorecards.scores.selectors import zone
from aftersales.standards.states import Debtor

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SOURCES = {
    "obligations": (
        "服务协议：商家应在时限内答复平台、处理售后；30 天内未按时 2 次的逐级处理，先警示。",
        "Service agreement: shops answer and act in time; twice late in 30 days leads to steps, first a warning.",
    ),
    "points": (
        "服务协议：有效扣分累计达 4 分的降低流量权重，达 8 分的停止参加平台活动；扣分到期失效。",
        "Service agreement: from 4 points on less traffic, from 8 on no campaigns; points end by themselves.",
    ),
    "solved": (
        "服务协议：一个月内解决率确定低于 80% 且不少于 3 单的，先警示，再降低流量权重。",
        "Service agreement: resolution surely below 80 % with 3 cases or more is warned first, then takes traffic.",
    ),
}  # fmt: skip
WARNING = {"effect": "warning", "days": 30}
SHORTER = [WARNING, {"effect": "cap", "cap": 80, "days": 7}, {"effect": "suspension", "days": 0}]
ANSWERS = {
    "trigger": "breaches", "days": 30, "count": 2, "remember": 180,
    "steps": [
        WARNING,
        {"effect": "points", "points": 4, "days": 90},
        {"effect": "cap", "cap": 80, "days": 7},
        {"effect": "suspension", "days": 0},
    ],
}  # fmt: skip
SOLVED = {
    "trigger": "metric", "metric": "resolution", "limit": "0.80", "count": 3, "days": 31, "lag": 1, "remember": 180,
    "z": "1.28", "steps": [WARNING, {"effect": "weight", "weight": "0.8", "days": 28}],
}  # fmt: skip
TIERS = {
    "trigger": "points",
    "steps": [
        {"reached": 4, "effect": "weight", "weight": "0.85", "days": 28},
        {"reached": 8, "effect": "campaign", "days": 28},
    ],
}
STRICTER = (("obligations", ANSWERS), ("points", TIERS))
"""Shipped rules that the department made stricter after some weeks."""
OWN = ("solved", "反复未解决处理", "Problems not solved for good", SOLVED)
SILENT = ((0, 17), (0, 8), (1, 26), (1, 18), (1, 11), (1, 3), (2, 24), (2, 10))
"""Which shop left the platform without answers, days ago."""
LOOKS = (22, 13, 5, 4, 0)  # days ago on which the rules were applied
APPEAL = "当日仓库所在园区临时断电，系统无法登录，已在恢复后一小时内处理，附园区停电通知。"
ACCEPTED = "核对停电通知与登录记录属实，本次不计入。"
LEFT_OUT = (
    ("platform", "客服已代商家答复客户，商家无需再答。", ""),
    ("customer", "客户补充凭证晚了两天，商家当天即答复。", "会话记录"),
    ("outage", "平台消息服务故障，问题未送达商家。", "故障通报 11 号"),
)
REJECTED = "承运商记录与系统日志显示当日可以处理，申诉不成立。"


def live(people: Mapping[str, User], now: datetime) -> int:
    """How many measures there are at the end; nothing when the demonstration has them already."""
    if MerchantMeasure.objects.exists() or "shopowner" not in people:
        return MerchantMeasure.objects.count()
    _rules(people, now)
    shops = _shops(people)
    for place, days in SILENT:
        if place < len(shops):
            unanswered.leave(shops[place], people, now - days * DAY)
    for days in LOOKS:
        at = now - days * DAY
        services.measures_sweep(actor=system_user(at), now=at)
        services.measures_raise(actor=system_user(at), now=at)
    _appeals(people, shops, now)
    _left_out(people, now)
    _draft(people, now)
    return MerchantMeasure.objects.count()


def _rules(people: Mapping[str, User], now: datetime) -> None:
    at = now - 85 * DAY
    begin = datetime.combine((now - 65 * DAY).astimezone(zone()).date(), time.min, zone())
    who: dict[str, Any] = {"actor": people["operations"], "now": at}
    code, name_zh, name_en, solved = OWN
    made = services.consequence_create(code=code, name_zh=name_zh, name_en=name_en, **who)
    known = {one.code: one for one in ConsequenceRule.objects.all()}
    for rule, terms in [(made, solved), *((known[code], terms) for code, terms in STRICTER)]:
        why = _basis(rule.code)
        draft = services.consequence_draft(rule=rule, terms=terms, reason="按服务协议执行。", **why, **who)
        version = services.consequence_activate(
            draft=draft, actor=people["supervisor"], now=at, valid_from=begin, reason="已公示征求意见。"
        )
        services.consequence_announce(version=version, actor=system_user(at), now=at)


def _basis(rule: str) -> dict[str, Any]:
    zh, en = SOURCES[rule]
    return {"source_ref": "R6.5 · R6.6", "source_zh": zh, "source_en": en}


def _shops(people: Mapping[str, User]) -> list[Merchant]:
    """The shop whose owner signs in, then two that trade badly."""
    member = MerchantMember.objects.filter(user=people["shopowner"], active_to=None).first()
    own = [member.merchant] if member is not None else []
    codes = [f"S{FIRST_NUMBER + place}" for place in sorted(characters.BAD_ONES)]
    return own + list(
        Merchant.objects.filter(code__in=codes, orders__isnull=False).distinct().order_by("pk")[:2]
    )


def _appeals(people: Mapping[str, User], shops: list[Merchant], now: datetime) -> None:
    """Of other shops' appeals one was accepted, one rejected, one waits; the owner who signs in may still appeal."""
    open_ones = MerchantMeasure.objects.filter(state=MeasureState.IN_FORCE, appeal_until__gt=now).order_by(
        "-pk"
    )
    others = [one for one in open_ones if not shops or one.merchant_id != shops[0].pk]
    for number, row in enumerate(others[:3]):
        services.measure_appeal(measure=row, text=APPEAL, actor=people["operations"], now=now)
        if number < 2:
            who: dict[str, Any] = {"actor": people["supervisor"], "now": now}
            services.measure_hear(measure=row, upheld=number == 1, answer=(ACCEPTED, REJECTED)[number], **who)


def _left_out(people: Mapping[str, User], now: datetime) -> None:
    """Breaches that do not count, each for another reason; those that measures rest on are left alone."""
    rests = MeasureFact.objects.filter(kind=BREACH, freed_at=None).values_list("key", flat=True)
    broken = Clock.objects.filter(
        owed_by=Debtor.MERCHANT,
        is_historic=False,
        breached_at__isnull=False,
        merchant_id__isnull=False,
        exclusions=None,
    ).exclude(pk__in=[int(key) for key in rests])
    for clock, (cause, reason, evidence) in zip(
        broken.order_by("-breached_at", "pk"), LEFT_OUT, strict=False
    ):
        breach_exclude(
            clock=clock,
            cause=cause,
            reason=reason,
            evidence=evidence,
            actor=people["supervisor"],
            now=now - 2 * HOUR,
        )


def _draft(people: Mapping[str, User], now: datetime) -> None:
    """A harder version waits for the second person, so that somebody can try it on the past quarter."""
    rule = ConsequenceRule.objects.get(code="obligations")
    services.consequence_draft(
        rule=rule, actor=people["operations"], now=now, terms=ANSWERS | {"count": 3, "steps": SHORTER},
        **_basis("obligations"),
        reason="减少偶发逾期的影响，重复发生的直接限单。",
    )  # fmt: skip
