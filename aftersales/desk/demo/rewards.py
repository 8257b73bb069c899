"""Rewards and penalties of the demo: rules announced long ago, what followed, in every state; by the services."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.db.models import Count, Q

from accounts.models import User
from accounts.services import system_user
from aftersales.core import files
from aftersales.core.rulebook import RuleState
from aftersales.desk.demo import characters, unanswered
from aftersales.desk.demo.shops import FIRST_NUMBER
from aftersales.ledger import services
from aftersales.ledger.incentives import month_start
from aftersales.ledger.models import IncentiveRule, IncentiveVersion, Proposal, Raised
from aftersales.ledger.selectors import month_end, month_of
from aftersales.ledger.states import ProposalState
from aftersales.merchants.models import Merchant
from aftersales.orders.models import Order

SIGNED = "客服部全员签收：\n周婷、林悦、王雪、李浩……共 28 人，均已阅读并同意。\n".encode()
APPEAL = "当日园区断电，系统无法登录，恢复后已立即答复，附停电通知。"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LONG_AGO = 125 * DAY
WINDOW = timedelta(days=8)
WHOLE_COURSE = 11 * DAY
"""Told, waited for and turned back: what was decided needs as long."""
RULE = "merchant_late_points"
TOO_OFTEN = (*unanswered.QUESTIONS, "客户反映少发一件，请核对出库称重记录。")
RULING = "dispute.ruling"


def reward(people: Mapping[str, User], now: datetime) -> int:
    """How many proposals there are at the end; nothing when the demonstration has them already.

    Each is made by a rule that was in force, after the month in which its facts were, or stands by a ruling.
    """
    if IncentiveVersion.objects.filter(scheme__isnull=False).exists():
        return 0
    at = now - LONG_AGO
    _rules(people, now)
    services.incentives_tell(actor=system_user(at), now=at)
    _ruled(people, now)
    _months(people, now)
    return Proposal.objects.count()


def _months(people: Mapping[str, User], now: datetime) -> None:
    """Some shops let the platform wait in the month before, or in the one before that where it is young."""
    newest = (month_of(now) - DAY).replace(day=1)
    before = (newest - DAY).replace(day=1)
    decided = newest if month_end(newest) <= now - WHOLE_COURSE else before
    wanted = [(steps, decided if "approve" in steps else newest) for steps in COURSES]
    courses: dict[tuple[int, date], Sequence[str]] = {}
    for shop, (steps, month) in zip(_shops(people), wanted, strict=False):
        at = month_end(month) - 6 * DAY + (9 + len(courses)) * HOUR
        if _counts(month) and _sold(shop, at):
            unanswered.leave(shop, people, at, TOO_OFTEN)
            courses[shop.pk, month] = steps
    for month in (before, newest):
        _judged(month, courses, people, now)


def _shops(people: Mapping[str, User]) -> list[Merchant]:
    """Shops that sold most; the one whose owner signs in comes where something can be appealed.

    Those that trade badly are left to the measures.
    """
    bad = [f"S{FIRST_NUMBER + place}" for place in sorted(characters.BAD_ONES)]
    rows = Merchant.objects.filter(state="active", self_run=False).exclude(code__in=bad)
    own = list(rows.filter(members__user=people.get("shopowner"), members__active_to=None)[:1])
    known = Count("orders", filter=Q(orders__customer__isnull=False))
    others = rows.exclude(pk__in=[one.pk for one in own]).annotate(sold=known).order_by("-sold", "pk")
    found = list(others[: len(COURSES)])
    return [*found[:OWNER], *own, *found[OWNER:]]


def _counts(month: date) -> bool:
    """Whether the rule was in force by then; shops were told of it long before."""
    known = IncentiveVersion.objects.filter(rule__code=RULE, state=RuleState.ACTIVE)
    return known.filter(valid_from__lte=month_start(month), from_count__lte=len(TOO_OFTEN)).exists()


def _sold(shop: Merchant, at: datetime) -> bool:
    """Whether there is something to ask: a department of a few days has no orders of that month."""
    orders = Order.objects.filter(merchant=shop, customer__isnull=False, placed_at__lt=at)
    return orders.count() >= len(TOO_OFTEN)


def _judged(
    month: date, courses: Mapping[tuple[int, date], Sequence[str]], people: Mapping[str, User], now: datetime
) -> None:
    """The rules' proposals of a month, made when it was over; then what people did with them."""
    at = month_end(month) + HOUR
    if at > now:
        return
    services.incentives_raise(month=month, actor=system_user(at), now=at)
    for row in Proposal.objects.filter(source_kind=Raised._meta.label_lower, proposed_at=at).order_by("pk"):
        usual = DECIDED if at <= now - WHOLE_COURSE else TOLD
        steps = courses.get((row.party_id, month), usual) if row.merchant_id else usual
        _course(row, steps, people, at if "approve" in steps else max(at, now - 4 * DAY), now)


def _ruled(people: Mapping[str, User], now: datetime) -> None:
    """What a ruling charged more than a week ago has gone its way."""
    rulings = Proposal.objects.filter(fact_code=RULING, state=ProposalState.PROPOSED)
    for row in rulings.filter(proposed_at__lte=now - WINDOW - DAY).order_by("pk"):
        _course(row, DECIDED, people, row.proposed_at - 19 * HOUR, now)


def _course(
    row: Proposal, steps: Sequence[str], people: Mapping[str, User], begin: datetime, now: datetime
) -> None:
    at, pace = begin, min(20 * HOUR, (now - begin) / (len(steps) + 1))
    for step in steps:
        at += WINDOW if step == "approve" else pace
        row = ACTS[step](row, people, at)


def _rules(people: Mapping[str, User], now: datetime) -> None:
    """What was agreed with staff, one rule of it announced and in force, a new version of it waiting."""
    at = now - LONG_AGO
    upload = InMemoryUploadedFile(io.BytesIO(SIGNED), "file", "签收表.txt", "text/plain", len(SIGNED), None)
    with files.stored_for([upload], now=at) as stored:
        scheme = services.scheme_register(
            title="客户服务部绩效奖惩方案", adopted_on=(at - 5 * DAY).date(), record_number="职代会〔2026〕11 号",
            file=stored[0], actor=people["operations"], now=at,
        )  # fmt: skip
    rule = IncentiveRule.objects.get(code="trainer_points")
    who: dict[str, Any] = {"rule": rule, "actor": people["operations"]}
    draft = services.incentive_draft(now=at, scheme_id=scheme.pk, reason="方案已通过。", **who)
    services.incentive_activate(draft=draft, actor=people["supervisor"], now=at, reason="已公示。")
    services.incentive_draft(
        now=now - 5 * DAY, amount=Decimal(12), cap=Decimal(48), reason="内训师反映备课时间长。", **who
    )


# What happens to each of them; the last step is the state it stands in.
TOLD, DECIDED = ("notify",), ("notify", "approve")
COURSES: tuple[tuple[str, ...], ...] = (
    (),
    TOLD,
    ("notify", "appeal"),
    ("notify", "appeal", "uphold"),
    ("notify", "appeal", "overturn"),
    DECIDED,
    ("notify", "approve", "reverse"),
    ("withdraw",),
)
OWNER = 1
"""He reads what he may still appeal."""


def _text(service: Any, who: str, **given: Any) -> Any:
    return lambda row, people, at: service(proposal=row, actor=people[who], now=at, **given)


ACTS: Mapping[str, Any] = {
    "notify": _text(services.proposal_notify, "operations"),
    "appeal": _text(services.proposal_appeal, "lead", text=APPEAL),
    "uphold": _text(services.proposal_hear, "finance", upheld=True, answer="断电前时限已过，维持。"),
    "overturn": _text(services.proposal_hear, "finance", upheld=False, answer="断电属实，予以撤销。"),
    "approve": _text(services.proposal_approve, "finance"),
    "reverse": _text(services.proposal_reverse, "finance", reason="事后查明数据重复计入。"),
    "withdraw": _text(
        services.proposal_withdraw, "operations", reason="其中一次是否送达尚不清楚，核实后再提。"
    ),
}
