"""The demo's measures: rules announced weeks ago, what followed since, appeals that wait or were decided."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from accounts.models import User
from accounts.services import system_user
from aftersales.merchants.models import MerchantMember
from aftersales.scorecards import services
from aftersales.scorecards.consequencestates import MeasureState
from aftersales.scorecards.models import ConsequenceRule, MerchantMeasure
from aftersales.scorecards.scores.selectors import zone

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SOURCE: dict[str, Any] = {
    "source_ref": "R6.5 · R6.6",
    "source_zh": "服务协议：商家应在时限内答复平台、处理售后；未按时的逐级处理，先预警。",
    "source_en": "Service agreement: shops answer and act in time; who does not is warned first, then led further.",
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
DISPATCH = {
    "trigger": "metric", "metric": "dispatch_in_time", "limit": "0.95", "count": 3, "days": 30, "lag": 1,
    "remember": 180, "z": "1.28", "steps": [WARNING, {"effect": "weight", "weight": "0.8", "days": 28}],
}  # fmt: skip
TIERS = {
    "trigger": "points",
    "steps": [
        {"reached": 4, "effect": "weight", "weight": "0.85", "days": 28},
        {"reached": 8, "effect": "campaign", "days": 28},
    ],
}
RULES = (
    ("answers", "售后义务逾期处理", "Obligations not kept in time", ANSWERS),
    ("dispatch", "发货不及时处理", "Slow dispatch", DISPATCH),
    ("tiers", "扣分累计处理", "Points that add up", TIERS),
)
LOOKS = (26, 19, 12, 6, 2, 0)  # days ago on which the rules were applied
APPEAL = "当日仓库所在园区临时断电，系统无法登录，已在恢复后一小时内处理，附园区停电通知。"
ACCEPTED = "核对停电通知与登录记录属实，本次不计入。"
REJECTED = "承运商记录与系统日志显示当日可以处理，申诉不成立。"


def live(people: Mapping[str, User], now: datetime) -> int:
    """How many measures there are at the end; nothing when the demonstration has them already."""
    if MerchantMeasure.objects.exists():
        return MerchantMeasure.objects.count()
    _rules(people, now)
    for days in LOOKS:
        at = now - days * DAY
        services.measures_sweep(actor=system_user(at), now=at)
        services.measures_raise(actor=system_user(at), now=at)
    _appeals(people, now)
    _draft(people, now)
    return MerchantMeasure.objects.count()


def _rules(people: Mapping[str, User], now: datetime) -> None:
    at = now - 75 * DAY
    begin = datetime.combine((now - 58 * DAY).astimezone(zone()).date(), time.min, zone())
    for code, name_zh, name_en, terms in RULES:
        who: dict[str, Any] = {"actor": people["operations"], "now": at}
        rule = services.consequence_create(code=code, name_zh=name_zh, name_en=name_en, **who)
        draft = services.consequence_draft(rule=rule, terms=terms, reason="按服务协议执行。", **SOURCE, **who)
        services.consequence_activate(
            draft=draft, actor=people["supervisor"], now=at, valid_from=begin, reason="已公示征求意见。"
        )


def _appeals(people: Mapping[str, User], now: datetime) -> None:
    """The owner who signs in appealed once; of other shops' appeals one was accepted, one rejected, one waits."""
    open_ones = MerchantMeasure.objects.filter(state=MeasureState.IN_FORCE, appeal_until__gt=now).order_by(
        "-pk"
    )
    member = MerchantMember.objects.filter(user=people["shopowner"], active_to=None).first()
    others = [one for one in open_ones if member is None or one.merchant_id != member.merchant_id]
    for number, row in enumerate(others[:3]):
        at = max(now - 2 * DAY, row.begins_at + HOUR)
        services.measure_appeal(measure=row, text=APPEAL, actor=people["operations"], now=min(at, now))
        if number < 2:
            who: dict[str, Any] = {"actor": people["supervisor"], "now": now}
            services.measure_hear(measure=row, upheld=number == 1, answer=(ACCEPTED, REJECTED)[number], **who)


def _draft(people: Mapping[str, User], now: datetime) -> None:
    """A harder version waits for the second person, so that somebody can try it on the past quarter."""
    rule = ConsequenceRule.objects.get(code="answers")
    services.consequence_draft(
        rule=rule, actor=people["operations"], now=now, terms=ANSWERS | {"count": 3, "steps": SHORTER}, **SOURCE,
        reason="减少偶发逾期的影响，重复发生的直接限单。",
    )  # fmt: skip
