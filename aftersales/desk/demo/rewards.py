"""Rewards and penalties of the demo: a scheme, rules announced and tried, proposals in every state; by the services."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.db import transaction

from accounts.models import User
from accounts.services import system_user
from aftersales.core import files
from aftersales.core.errors import DomainError
from aftersales.ledger import services
from aftersales.ledger.models import IncentiveRule, IncentiveVersion, Proposal
from aftersales.ledger.states import POINTS, ProposalState
from aftersales.tickets.models import Ticket

SIGNED = "客服部全员签收：\n周婷、林悦、王雪、李浩……共 28 人，均已阅读并同意。\n".encode()
APPEAL = "当日承运商停运，延误不在我方，附停运通知。"
DAY = timedelta(days=1)
WINDOW = timedelta(days=8)
CLAUSES = {"incentive": "incentive.trainer_points v1", "training": "incentive.late_work_training v1"}


def reward(tickets: Sequence[Ticket], people: Mapping[str, User], now: datetime) -> int:
    """How many proposals there are at the end; nothing when the demonstration has them already."""
    if IncentiveVersion.objects.filter(scheme__isnull=False).exists():
        return 0
    _rules(people, now - 40 * DAY)
    services.incentives_tell(actor=system_user(now), now=now)
    own = _of_owner(people["shopowner"]) if "shopowner" in people else []
    theirs = {ticket.pk for ticket in own}
    shops = [ticket for ticket in tickets if ticket.merchant is not None and ticket.pk not in theirs]
    if not shops:  # a demonstration of a few days has no ticket about a shop yet
        return Proposal.objects.count()
    for number, steps in enumerate(COURSES):
        _course(steps, number, own if own and number in OWNERS else shops, people, now)
    return Proposal.objects.count()


def _of_owner(owner: User) -> list[Ticket]:
    """Oldest tickets of the shop whose owner signs in to the demonstration: he has something to read and to appeal."""
    own = Ticket.objects.filter(merchant__members__user=owner).select_related("merchant").order_by("pk")
    return list(own[: len(COURSES)])


def _rules(people: Mapping[str, User], at: datetime) -> None:
    """What was agreed with staff, one rule of it announced and in force, a new version of it waiting."""
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
        now=at + 35 * DAY, amount=Decimal(12), cap=Decimal(48), reason="内训师反映备课时间长。", **who
    )


# What happens to each of them, oldest first; the last step is the state it stands in.
COURSES: tuple[tuple[str, ...], ...] = (
    ("penalty",),
    ("penalty", "notify"),
    ("penalty", "notify", "appeal"),
    ("penalty", "notify", "appeal", "uphold"),
    ("penalty", "notify", "appeal", "overturn"),
    ("penalty", "notify", "approve"),
    ("penalty", "notify", "approve", "reverse"),
    ("penalty", "withdraw"),
    ("warning", "notify"),
    ("incentive", "notify", "approve"),
    ("incentive", "notify"),
    ("training", "notify"),
)
OWNERS = (1, 3, 5)  # told, upheld and posted ones


def _course(
    steps: Sequence[str], number: int, shops: Sequence[Ticket], people: Mapping[str, User], now: datetime
) -> None:
    begin = now - (20 if "approve" in steps else 4) * DAY + timedelta(hours=number)
    try:
        with transaction.atomic():
            row = _propose(steps[0], number, shops, people, begin)
    except DomainError:  # few days have few tickets: something followed already from this one
        return
    if row.state != ProposalState.PROPOSED:
        return
    at = begin
    for step in steps[1:]:
        at += WINDOW if step == "approve" else timedelta(hours=20)
        row = ACTS[step](row, people, at)


def _propose(
    kind: str, number: int, shops: Sequence[Ticket], people: Mapping[str, User], at: datetime
) -> Proposal:
    ticket = shops[number % len(shops)]
    given: dict[str, Any] = {"source": ticket, "now": at, "evidence": [ticket.number]}
    if kind in ("incentive", "training"):
        given |= {"party": people["agent"], "actor": people["supervisor"], "fact_code": "run_taught"}
    else:
        given |= {"party": ticket.merchant, "actor": people["operations"], "fact_code": "late_answer"}
    if kind in ("warning", "training"):
        given |= {"kind": "measure", "measure": kind, "amount": None}
        given["fact_code"] = "promise_broken" if kind == "training" else "late_answer"
    else:
        amount, unit = (Decimal(10), POINTS) if kind == "incentive" else (Decimal(200), "CNY")
        given |= {
            "kind": kind,
            "amount": amount,
            "unit": unit,
            "calculation": {"base": str(amount), "times": 1},
        }
    return services.propose(citation=CLAUSES.get(kind, "merchant_answer v1"), **given)


def _text(service: Any, who: str, **given: Any) -> Any:
    return lambda row, people, at: service(proposal=row, actor=people[who], now=at, **given)


ACTS: Mapping[str, Any] = {
    "notify": _text(services.proposal_notify, "operations"),
    "appeal": _text(services.proposal_appeal, "lead", text=APPEAL),
    "uphold": _text(services.proposal_hear, "finance", upheld=True, answer="停运当日已过，延误仍在，维持。"),
    "overturn": _text(services.proposal_hear, "finance", upheld=False, answer="停运属实，予以撤销。"),
    "approve": _text(services.proposal_approve, "finance"),
    "reverse": _text(services.proposal_reverse, "finance", reason="事后查明数据重复计入。"),
    "withdraw": _text(services.proposal_withdraw, "operations", reason="事实不清，补充后再提。"),
}
