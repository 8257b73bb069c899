"""Exams, what tiers ask for, and people's figures in the demonstration: one is called up, one lacks two things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from accounts.models import User
from accounts.services import system_user
from aftersales.tickets.services.daily_facts import facts_backfill
from training import services
from training.models import Exam, Tier
from training.selectors import day_of, midnight_after
from training.services import exams, fact_record

EXAM, TIER = "service_basics", "in_post"
QUESTIONS: Sequence[tuple[str, str, Sequence[str], Sequence[int]]] = (
    (
        "qb-01",
        "客户申请七天无理由退货，签收次日起算的第几天仍可受理？",
        ("第 7 天", "第 10 天", "第 15 天"),
        (0,),
    ),
    (
        "qb-02",
        "客户未提供凭证就要求补偿，第一步应当做什么？",
        ("直接补偿", "请客户补充凭证", "关闭工单"),
        (1,),
    ),
    ("qb-03", "退款金额超出本人权限时应当怎么做？", ("拆成两笔", "提交第二人审批", "让客户等待"), (1,)),
    ("qb-04", "客户情绪激动时，首先应当？", ("先倾听并确认诉求", "立即转接他人", "重复规则"), (0,)),
)
BLUEPRINT = "服务规范 | single | * | 3 | 2"
NOT_YET = "zhaolei"  # has not passed the new version
FIGURES = {  # handled a day, mean of the marks, inspection score
    "agent": (6, "4.6", 91), "lihao": (5, "4.3", 86), "zhaolei": (4, "4.1", 82), "wubo": (5, "4.4", 88),
    "gaofei": (6, "4.2", 84), "sunyan": (3, "4.0", 80), "xujing": (7, "4.7", 94), "masihan": (6, "4.6", 92),
    "vendorlead": (4, "4.2", 85),
}  # fmt: skip


def exam_before(people: Mapping[str, User], holders: Sequence[str], begin: datetime) -> None:
    """The exam, a version of the tier that asks for it, and whoever will be certified has passed it."""
    operations, supervisor = people["operations"], people["supervisor"]
    for code, text, options, right in QUESTIONS:
        draft = exams.question_create(
            code=code, topic="服务规范", kind="single", text=text, options=list(options), right=list(right),
            difficulty=2, actor=operations, now=begin,
        )  # fmt: skip
        services.rule_activate(draft=draft, actor=supervisor, now=begin)
    version = exams.exam_create(
        code=EXAM, name_zh="售后服务基础考试", name_en="Service basics", blueprint=BLUEPRINT, minutes=20,
        pass_percent=60, partial="none", tries=None, wait_hours=0, actor=operations, now=begin,
    )  # fmt: skip
    services.rule_activate(draft=version, actor=supervisor, now=begin)
    terms = services.tier_draft(
        tier=Tier.objects.get(code=TIER), actor=operations, now=begin, exams=[EXAM], hours=Decimal(0), handled=0,
        satisfaction=None, days_below=0, no_suspension=False, recertify_days=30, reason="持证前须通过基础考试",
    )  # fmt: skip
    services.rule_activate(draft=terms, actor=supervisor, now=begin)
    for name in holders:
        _pass(people[name], begin)


def _pass(person: User, now: datetime) -> None:
    paper = exams.attempt_start(exam=Exam.objects.get(code=EXAM), actor=person, now=now)
    for item in paper.items.all():
        exams.answer_save(attempt=paper, place=item.place, actor=person, now=now, picked=item.key, words="")
    exams.attempt_submit(attempt=paper, actor=person, now=now)


def live(people: Mapping[str, User], holders: Sequence[str], now: datetime) -> None:
    """A new version of the exam, figures, tiers that ask for more, a campaign, an exception that waits."""
    operations, supervisor = people["operations"], people["supervisor"]
    renewed = now - timedelta(days=10)
    draft = exams.exam_draft(
        exam=Exam.objects.get(code=EXAM), actor=operations, now=renewed, pass_percent=80, reason="新规生效"
    )
    services.rule_activate(draft=draft, actor=supervisor, now=renewed)
    for name in holders:
        if name != NOT_YET:
            _pass(people[name], renewed + timedelta(days=3))
    _figures(people, now)
    lately = now - timedelta(days=1)
    terms = services.tier_draft(
        tier=Tier.objects.get(code=TIER), actor=operations, now=lately, hours=Decimal(36), handled=150,
        satisfaction=Decimal(4), days_below=60, no_suspension=True, reason="补充绩效要求",
    )  # fmt: skip
    services.rule_activate(draft=terms, actor=supervisor, now=lately)
    for code in ("basic", "senior", "expert", "lead"):
        waiting = Tier.objects.get(code=code).versions.get(state="draft")
        services.rule_activate(draft=waiting, actor=operations, now=lately, reason="按默认要求启用")
    _campaign(people, now)
    services.certificate_grant(
        person=people["gaofei"], tier=Tier.objects.get(code="senior"), actor=supervisor, now=now, by_exception=True,
        reason="大促期间缺少高级专员，本人曾任同职两年。",
    )  # fmt: skip


def _figures(people: Mapping[str, User], now: datetime) -> None:
    """Half a year of figures by week, then those of the days that the demonstration lived through."""
    today = day_of(now)
    for name, (handled, mark, score) in FIGURES.items():
        for week in range(9, 27):
            day, person = today - timedelta(weeks=week), people[name]
            fact_record(person=person, metric="tickets_handled", day=day, value=handled * 5)
            fact_record(person=person, metric="satisfaction", day=day, value=Decimal(mark), n=handled)
            fact_record(person=person, metric="inspection_score", day=day, value=score, n=2)
            fact_record(person=person, metric="reopened", day=day, value=week % 3)
    facts_backfill(since=today - timedelta(days=60), until=today - timedelta(days=1))


def _campaign(people: Mapping[str, User], now: datetime) -> None:
    """The tier for a campaign, until three weeks from now, and somebody who holds it."""
    tier = Tier.objects.get(code="temp")
    draft = services.tier_draft(
        tier=tier,
        actor=people["operations"],
        now=now,
        latest_end=midnight_after(now, 21),
        reason="双十二大促",
    )
    services.rule_activate(draft=draft, actor=people["supervisor"], now=now)
    services.certificate_grant(person=people["vendoragent"], tier=tier, actor=system_user(now), now=now)
