"""Disputes of the demo: one in evidence with a proposal, one to be ruled, one appealed, one final; by the services."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from accounts.models import User
from aftersales.cases import services
from aftersales.cases.models import Dispute
from aftersales.cases.services import RulingDraft
from aftersales.desk.demo.cases import DAY, HOUR, Desk
from aftersales.tickets.models import Ticket

AGAINST = RulingDraft(
    outcome="for_merchant", clause="七日无理由退货暂行办法 第八条",
    facts="商品吊牌已剪，外包装缺失，客户未能说明原因。", reasons="商品不符合完好标准，商家拒绝退货有依据。",
    fault={"customer": 100},
)  # fmt: skip
FOR_CUSTOMER = RulingDraft(
    outcome="full_refund", clause="消费者权益保护法 第二十四条",
    facts="开箱视频连续完整，显示首次通电即有焦味；商家检测报告未附通电测试。",
    reasons="质量问题由商家承担举证责任，商家证据不足以推翻客户的视频。", fault={"merchant": 100},
    penalty=Decimal(200),
)  # fmt: skip


def _opened(desk: Desk, ticket: Ticket, kind: str, ground: str, ago: timedelta, words: str) -> Dispute:
    """Asked, refused by the merchant two hours later, and brought before the platform."""
    case = desk.opened(ticket, kind, ground, ago)
    case = services.case_reject(
        case=case,
        actor=desk.agent,
        now=desk.now - ago + 2 * HOUR,
        words="商家检测合格，不同意退款。",
        how="merchant",
    )
    return services.dispute_open(
        case=case, by="customer", actor=desk.agent, now=desk.now - ago + 4 * HOUR, words=words
    )


def _answered(desk: Desk, dispute: Dispute, at: datetime) -> None:
    services.evidence_add(
        dispute=dispute,
        side="merchant",
        actor=desk.agent,
        now=at,
        text="仓库出库检测记录：外观、通电均正常。",
    )
    services.evidence_add(
        dispute=dispute,
        side="customer",
        actor=desk.agent,
        now=at + HOUR,
        text="开箱视频 00:42 处可以看到冒烟。",
    )


def waits_for_the_merchant(desk: Desk, ticket: Ticket) -> None:
    _opened(desk, ticket, "refund_only", "not_received", 9 * HOUR, "物流写本人签收，我当天不在家。")


def mediated(desk: Desk, ticket: Ticket) -> None:
    dispute = _opened(desk, ticket, "return", "not_as_described", DAY, "颜色差别太大，页面没有提示。")
    _answered(desk, dispute, desk.now - 8 * HOUR)
    total = services.case_preview(case=dispute.case).total
    half = max((total / 2).quantize(Decimal("0.01")), Decimal("0.01"))
    services.settlement_propose(
        dispute=dispute, by="merchant", amount=half, actor=desk.agent, now=desk.now - 3 * HOUR
    )


def to_be_ruled(desk: Desk, ticket: Ticket) -> None:
    dispute = _opened(desk, ticket, "return", "quality", 4 * DAY, "第一次通电就有焦味，商家不认。")
    _answered(desk, dispute, desk.now - 3 * DAY)
    services.disputes_sweep(now=desk.now - 2 * HOUR)


def appealed(desk: Desk, ticket: Ticket, judge: User) -> None:
    dispute = _opened(desk, ticket, "return", "no_reason", 5 * DAY, "没有使用过，吊牌是试穿时掉的。")
    _answered(desk, dispute, desk.now - 4 * DAY)
    services.dispute_review(dispute=dispute, actor=judge, now=desk.now - 2 * DAY)
    services.dispute_rule(dispute=dispute, draft=AGAINST, actor=judge, now=desk.now - 2 * DAY + HOUR)
    services.dispute_appeal(
        dispute=dispute,
        by="customer",
        actor=desk.agent,
        now=desk.now - DAY,
        words="补交试穿视频，请重新审理。",
    )


def final(desk: Desk, ticket: Ticket, judge: User) -> None:
    dispute = _opened(desk, ticket, "refund_only", "quality", 12 * DAY, "用了一次就坏，商家说是人为。")
    _answered(desk, dispute, desk.now - 11 * DAY)
    services.dispute_review(dispute=dispute, actor=judge, now=desk.now - 9 * DAY)
    services.dispute_rule(dispute=dispute, draft=FOR_CUSTOMER, actor=judge, now=desk.now - 9 * DAY)
    services.disputes_sweep(now=desk.now - DAY)
