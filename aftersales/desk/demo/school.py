"""Training of the demonstration: courses and runs, a bank of questions, papers, an assessment, an order, merchants."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from accounts.models import User
from accounts.services import system_user
from aftersales.merchants.models import Merchant
from aftersales.merchants.services import member_add
from aftersales.merchants.services.training import lessons_sweep, term_draft
from training import services
from training.models import Attempt, Course, Exam, Number, Rubric, Run, Tier
from training.services import courses, exams, practical, retraining

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
EXAM, SELLER_EXAM, RUBRIC = "aftersales_general", "seller_rules", "call_handling"
LEARNERS = ("agent", "lihao", "wangxue", "zhaolei", "sunyan", "wubo", "xujing", "gaofei", "masihan")
ROOM = "三楼培训室"
BLUEPRINT = "退款 | * | * | 5 | 2\n物流 | * | * | 4 | 2\n沟通 | short | * | 1 | 6"
CRITERIA = "倾听与确认诉求 | 5\n规则准确 | 5\n给出办法与时间 | 5\n记录完整 | 5"
TAUGHT = tomllib.loads((Path(__file__).resolve().parent / "school.toml").read_text(encoding="utf-8"))


def live(people: Mapping[str, User], now: datetime) -> int:
    """How many papers there are at the end; nothing when the demonstration has them already."""
    if Exam.objects.filter(code=EXAM).exists():
        return 0
    begin = now - 88 * DAY
    _courses(people, begin)
    _bank(people, begin)
    _runs(people, now)
    _papers(people, now)
    _practical(people, now)
    _certificates(people, now)
    _order(people, now)
    _merchants(people, now)
    gate = Number.objects.get(code="onboarding_gate", state="draft")
    services.rule_activate(
        draft=gate, actor=people["operations"], now=now - 2 * HOUR, reason="在岗人员均已完成入职培训"
    )
    return Attempt.objects.count()


def _courses(people: Mapping[str, User], at: datetime) -> None:
    """Drafted by operations, brought into force by the supervisor; the rules of refunds have a second version."""
    operations, supervisor = people["operations"], people["supervisor"]
    for one in TAUGHT["course"]:
        draft = courses.course_create(actor=operations, now=at, **one | {"hours": Decimal(one["hours"])})
        services.rule_activate(draft=draft, actor=supervisor, now=at)
    later = at + 66 * DAY
    again = courses.course_draft(
        course=Course.objects.get(code="refund_rules"), actor=operations, now=later, hours=Decimal("4.5"),
        reason="新增付款结果不明的处理。",
    )  # fmt: skip
    services.rule_activate(draft=again, actor=supervisor, now=later)


def _bank(people: Mapping[str, User], at: datetime) -> None:
    operations, supervisor = people["operations"], people["supervisor"]
    for one in TAUGHT["question"]:
        draft = exams.question_create(actor=operations, now=at, **one)
        services.rule_activate(draft=draft, actor=supervisor, now=at)
    for code, zh, en, blueprint in (
        (EXAM, "售后综合考试", "After-sales work", BLUEPRINT),
        (SELLER_EXAM, "商家售后规则考试", "Rules for merchants", "商家规则 | * | * | 4 | 5"),
    ):
        version = exams.exam_create(
            code=code, name_zh=zh, name_en=en, blueprint=blueprint, minutes=30, pass_percent=60, partial="share",
            tries=3, wait_hours=24, actor=operations, now=at,
        )  # fmt: skip
        services.rule_activate(draft=version, actor=supervisor, now=at)


# ---------------------------------------------------------------------------------------------------- runs
def _runs(people: Mapping[str, User], now: datetime) -> None:
    """Past ones with who was there and who was missing, one that runs, two to come."""
    held = (
        ("onboarding", 84, 40, LEARNERS, ()), ("refund_rules", 50, 4, LEARNERS[:8], ("wubo",)),
        ("hard_talks", 24, 3, LEARNERS[2:], ("sunyan",)), ("refund_rules", 12, 4, ("wubo", "xujing", "masihan"), ()),
    )  # fmt: skip
    for code, ago, hours, who, missing in held:
        run = _plan(people, code, now - ago * DAY, hours, now)
        _enrol(people, run, who, run.starts_at - 2 * DAY)
        _hold(people, run, missing)
    running = _plan(people, "safety_recall", now - HOUR, 2, now)
    _enrol(people, running, ("agent", "lihao", "zhaolei", "gaofei"), now - DAY)
    running = courses.run_move(run=running, name="start", actor=people["lead"], now=now - HOUR)
    seat = running.seats.get(person=people["lihao"])
    courses.seats_mark(run=running, seats=[seat.pk], name="attend", actor=people["lead"], now=now - HOUR / 2)
    coming = _plan(people, "double12", now + 4 * DAY, 2, now)
    _enrol(people, coming, ("agent", "wangxue"), now - HOUR)
    _enrol(people, _plan(people, "onboarding", now + 6 * DAY, 40, now), ("vendoragent",), now - HOUR)
    _plan(people, "seller_rules", now + 5 * DAY, 2, now)


def _plan(people: Mapping[str, User], code: str, starts_at: datetime, hours: int, now: datetime) -> Run:
    """Planned three days before, or the day before today; open for whoever wants to come."""
    at = min(starts_at - 3 * DAY, now - DAY)
    run = courses.run_plan(
        course=Course.objects.get(code=code), trainer=people["lead"], starts_at=starts_at,
        ends_at=starts_at + hours * HOUR, places=16, place=ROOM, budget=Decimal(600), cost_per_head=Decimal(40),
        actor=people["operations"], now=at,
    )  # fmt: skip
    return courses.run_move(run=run, name="open", actor=people["operations"], now=at)


def _enrol(people: Mapping[str, User], run: Run, who: Sequence[str], at: datetime) -> None:
    courses.seats_take(run=run, people=[people[name] for name in who], actor=people["supervisor"], now=at)


def _hold(people: Mapping[str, User], run: Run, missing: Sequence[str]) -> None:
    """From its beginning to its end; whoever is not ticked was missing."""
    lead = people["lead"]
    run = courses.run_move(run=run, name="start", actor=lead, now=run.starts_at)
    there = run.seats.exclude(person__in=[people[name] for name in missing])
    courses.seats_mark(
        run=run,
        seats=list(there.values_list("pk", flat=True)),
        name="attend",
        actor=lead,
        now=run.starts_at + HOUR,
    )
    courses.run_move(run=run, name="finish", actor=lead, now=run.ends_at)


# -------------------------------------------------------------------------------------------------- papers
def _papers(people: Mapping[str, User], now: datetime) -> None:
    """One waits for a marker, one is passed, one is not, one is appealed, one was decided by a second marker."""
    lead, supervisor = people["lead"], people["supervisor"]
    _sit(people["agent"], EXAM, now - DAY, wrong=1)
    for name, wrong, points, ago in (
        ("wubo", 0, 6, 9),
        ("zhaolei", 7, 1, 8),
        ("lihao", 3, 2, 5),
        ("masihan", 4, 1, 7),
    ):
        at = now - ago * DAY
        paper = _sit(people[name], EXAM, at, wrong=wrong)
        text = paper.items.get(kind="short")
        marks = {
            text.place: (
                Decimal(points),
                "办法具体、时间明确。" if points > 3 else "没有给出下次联系的时间。",
            )
        }
        paper = exams.texts_mark(attempt=paper, marks=marks, actor=lead, now=at + 3 * HOUR)
        if name in ("lihao", "masihan"):
            reason = "简答题写了回访时间，在第二句。"
            paper = exams.attempt_appeal(attempt=paper, actor=people[name], now=at + DAY, reason=reason)
        if name == "masihan":
            marks = {text.place: (Decimal(4), "复核：第二句写明了回访时间。")}
            exams.appeal_settle(
                attempt=paper,
                marks=marks,
                actor=supervisor,
                now=at + 2 * DAY,
                reason="答复中确有回访时间，改判。",
            )


def _sit(person: User, code: str, at: datetime, *, wrong: int) -> Attempt:
    """So many of the questions are left without an answer; a short text is always written."""
    paper = exams.attempt_start(exam=Exam.objects.get(code=code), actor=person, now=at)
    for item in paper.items.order_by("place"):
        if item.kind == "short":
            words = "非常抱歉让您久等，我已向承运商查件，今天 18 点前给您回电说明结果。"
            exams.answer_save(attempt=paper, place=item.place, actor=person, now=at, words=words)
        elif item.place > wrong:
            exams.answer_save(attempt=paper, place=item.place, actor=person, now=at, picked=item.key)
    return exams.attempt_submit(attempt=paper, actor=person, now=at + HOUR / 4)


def _practical(people: Mapping[str, User], now: datetime) -> None:
    """One with both sheets, one that waits for the second."""
    lead, supervisor, at = people["lead"], people["supervisor"], now - 6 * DAY
    draft = practical.rubric_create(
        code=RUBRIC, name_zh="来电处理", name_en="Handling a call", pass_percent=60, gap_percent=25,
        criteria=CRITERIA, actor=people["operations"], now=at,
    )  # fmt: skip
    services.rule_activate(draft=draft, actor=supervisor, now=at)
    for name, sheets in (("agent", ((5, 4, 4, 4), (4, 4, 5, 4))), ("zhaolei", ((3, 3, 4, 3),))):
        row = practical.assessment_open(
            rubric=Rubric.objects.get(code=RUBRIC), person=people[name], assessors=[lead, supervisor],
            task="接听一通物流延误投诉电话", actor=supervisor, now=at,
        )  # fmt: skip
        for assessor, scores in zip((lead, supervisor), sheets, strict=False):
            row = practical.sheet_give(
                assessment=row, scores=[Decimal(one) for one in scores], remark="语气平稳，记录及时。", actor=assessor,
                now=at + 2 * HOUR,
            )  # fmt: skip


def _certificates(people: Mapping[str, User], now: datetime) -> None:
    """Those states that the department's own certificates are not in: ended, revoked, declined."""
    system, trainee = system_user(now), Tier.objects.get(code="trainee")
    begin = now - 80 * DAY
    services.certificate_grant(
        person=people["sunyan"], tier=trainee, actor=system, now=begin, valid_to=now - 20 * DAY
    )
    revoked = services.certificate_grant(person=people["wubo"], tier=trainee, actor=system, now=begin)
    services.certificate_move(
        certificate=revoked, name="revoke", actor=people["supervisor"], now=now - 30 * DAY,
        reason="已取得在岗证书，实习证书收回。",
    )  # fmt: skip
    asked = services.certificate_grant(
        person=people["sunyan"], tier=Tier.objects.get(code="senior"), actor=people["supervisor"], now=now - 20 * HOUR,
        by_exception=True, reason="夜班缺少高级专员。",
    )  # fmt: skip
    if asked.state == "proposed":
        services.certificate_move(
            certificate=asked, name="decline", actor=people["operations"], now=now - 10 * HOUR,
            reason="在岗时间不足，先完成晋级培训。",
        )  # fmt: skip


def _order(people: Mapping[str, User], now: datetime) -> None:
    """One is owed, one is late, one was met by a run that was held since."""
    course = Course.objects.get(code="refund_rules")
    for name, ago, days, reason in (
        ("wangxue", 2, 14, "inspection"), ("sunyan", 20, 10, "complaint"), ("wubo", 30, 25, "reopened"),
    ):  # fmt: skip
        at = now - ago * DAY
        retraining.retraining_order(
            person=people[name], reason_code=reason, course=course, deadline=at + days * DAY, metric="reopened",
            actor=people["supervisor"], now=at, reason="近期同类问题重复出现。",
        )  # fmt: skip
    retraining.retraining_sweep(actor=system_user(now), now=now - HOUR)


def _merchants(people: Mapping[str, User], now: datetime) -> None:
    """Two shops' people; one finished everything, one is late, one has time left."""
    operations, system = people["operations"], system_user(now)
    shops = list(Merchant.objects.filter(state="active", self_run=False).order_by("pk")[:2])
    begin = now - 40 * DAY
    for name, shop, role, since in (
        ("shopowner", shops[0], "owner", begin), ("shopclerk", shops[0], "clerk", begin),
        ("shopclerk2", shops[-1], "clerk", now - 2 * DAY),
    ):  # fmt: skip
        member_add(merchant=shop, user=people[name], role=role, actor=operations, now=since)
    for code, exam, days in (("seller_rules", SELLER_EXAM, 21), ("seller_service", "", 60)):
        draft = term_draft(
            course=Course.objects.get(code=code), exam=Exam.objects.filter(code=exam).first(), days=days,
            agreement=shops[0].agreement, actor=operations, now=begin,
        )  # fmt: skip
        services.rule_activate(draft=draft, actor=people["supervisor"], now=begin)
    lessons_sweep(actor=system, now=begin + HOUR)
    _sit(people["shopowner"], SELLER_EXAM, now - 15 * DAY, wrong=0)
    manners = _plan(people, "seller_service", now - 10 * DAY, 2, now)
    _enrol(people, manners, ("shopowner",), now - 12 * DAY)
    _hold(people, manners, ())
    lessons_sweep(actor=system, now=now - DAY)
