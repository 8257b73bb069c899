"""Merchants' people are taught what their agreements ask for, see only their own, and are counted."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from accounts.models import User
from accounts.states import Role
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Event
from aftersales.merchants import services, trainingrules, trainingselectors
from aftersales.merchants.models import Lesson, Merchant, TrainingTerm
from aftersales.merchants.services.training import lessons_sweep, term_draft
from aftersales.merchants.trainingrules import Share
from aftersales.notices.models import Notice
from tests.department import work_off
from tests.training.school import a_course, a_run
from training import courseselectors
from training.models import Exam, Seat
from training.services import courses, exams, rule_activate, rule_retire

__all__ = ["work_off"]

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
RULES = {"kind": "merchant", "material": "# 七天退货\n按时处理", "hours": Decimal(2)}


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Iterator[Any]:
    """Pages open at the moment that the tests call now."""
    with time_machine.travel(now, tick=False) as moving:
        yield moving


@pytest.fixture
def shops(cast: Any, now: datetime) -> dict[str, Any]:
    """Two merchants of one agreement: an owner and a clerk here, another clerk there; and what is asked of them."""
    made: dict[str, Any] = {}
    for key, people in {"a": ("owner", "clerk"), "b": ("other",)}.items():
        merchant = Merchant(
            code=f"M-{key}",
            name=f"云帆{key}店",
            state="active",
            agreement="2026-1",
            manager=cast.merchant_manager,
        )
        merchant.save()
        made[key] = merchant
        for name in people:
            role = Role.MERCHANT_OWNER if name == "owner" else Role.MERCHANT_CLERK
            made[name] = cast.person(role, name=name)
            services.member_add(
                merchant=merchant, user=made[name], role="owner" if name == "owner" else "clerk",
                actor=cast.operations, now=now,
            )  # fmt: skip
    made["course"] = a_course(cast, now, "seller-rules", **RULES)
    return made


def asked(cast: Any, now: datetime, course: Any, **terms: Any) -> Any:
    """Drafted by the trainer, brought into force by operations, found by the sweep."""
    draft = term_draft(
        course=course, actor=cast.trainer, now=now, **{"days": 14, "agreement": "2026-1"} | terms
    )
    row = rule_activate(draft=draft, actor=cast.operations, now=now)
    lessons_sweep(actor=cast.system, now=now)
    return row


def an_exam(cast: Any, now: datetime, code: str = "seller-exam", topic: str = "seller") -> Exam:
    draft = exams.question_create(
        code=f"q-{topic}", topic=topic, kind="single", text="退货时限？", options=["七天", "一天"], right=[0],
        difficulty=1, actor=cast.trainer, now=now,
    )  # fmt: skip
    rule_activate(draft=draft, actor=cast.operations, now=now)
    version = exams.exam_create(
        code=code, name_zh="商家规则考试", name_en="Seller exam", blueprint=f"{topic} | * | * | 1 | 2", minutes=10,
        pass_percent=60, partial="none", tries=None, wait_hours=0, actor=cast.trainer, now=now,
    )  # fmt: skip
    return rule_activate(draft=version, actor=cast.operations, now=now).exam


def url(name: str, *args: Any) -> str:
    return reverse(f"portal:{name}", args=args)


def test_a_member_finishes_by_a_run_and_the_merchant_is_counted(cast: Any, shops: Any, now: datetime) -> None:
    asked(cast, now, shops["course"])
    assert lessons_sweep(actor=cast.system, now=now) == 0
    assert trainingselectors.shares([shops["a"].pk], now)[shops["a"].pk] == Share(2, 0, 0)
    run = a_run(cast, now, shops["course"], places=9)
    for name in ("owner", "clerk"):
        browser = cast.client(shops[name])
        assert run.number in browser.get(url("course", "seller-rules")).content.decode()
        browser.post(url("join", run.number))
    courses.run_move(run=run, name="start", actor=cast.trainer, now=now)
    code = {"code": courseselectors.code_of(run, now)[0]}
    cast.client(shops["clerk"]).post(url("check_in", run.number), code)
    mine = Seat.objects.get(run=run, person=shops["owner"])
    courses.seats_mark(run=run, seats=[mine.pk], name="attend", actor=cast.trainer, now=now)
    courses.run_move(run=run, name="finish", actor=cast.trainer, now=now)
    assert lessons_sweep(actor=cast.system, now=now) == 3  # two courses finished, and the merchant as a whole
    assert trainingselectors.shares([shops["a"].pk], now)[shops["a"].pk] == Share(2, 2, 0)
    assert Event.objects.get(kind="merchant.trained").payload == {"people": 2}
    page = cast.client(cast.operations).get(reverse("merchants:training")).content.decode()
    assert "2 (100 %)" in page
    panel = cast.client(cast.merchant_manager).get(
        reverse("admin:merchants_merchant_change", args=[shops["a"].pk])
    )
    assert "100 %" in panel.content.decode()


def test_an_exam_in_the_portal_finishes_it_where_the_term_says_so(
    cast: Any, shops: Any, now: datetime
) -> None:
    asked(cast, now, shops["course"], exam=an_exam(cast, now))
    browser = cast.client(shops["clerk"])
    paper = browser.post(url("start", "seller-exam"), follow=True)
    text = paper.content.decode()
    assert "退货时限" in text
    attempt = shops["clerk"].attempts.get()
    item = attempt.items.get()
    assert browser.post(url("answer", attempt.public_id), {"place": 1, "picked": item.key, "serial": 1}).json() == {
        "ok": True, "serial": 1,
    }  # fmt: skip
    done = browser.post(url("submit", attempt.public_id), {"act": "submit"}, follow=True).content.decode()
    assert "100 %" in done
    lessons_sweep(actor=cast.system, now=now + DAY)
    row = Lesson.objects.get(member__user=shops["clerk"])
    assert (row.done_by, row.done_at) == ("exam", now)


def test_reminded_once_late_once_and_the_manager_hears_of_it(
    cast: Any, shops: Any, now: datetime, work_off: Any
) -> None:
    asked(cast, now, shops["course"])
    for day, kinds in ((8, ["lesson.due_soon"]), (15, ["lesson.due_soon", "lesson.late"])):
        at = now + day * DAY
        lessons_sweep(actor=cast.system, now=at)
        assert lessons_sweep(actor=cast.system, now=at) == 0
        found = Event.objects.filter(kind__in=["lesson.due_soon", "lesson.late"])
        assert sorted(set(found.values_list("kind", flat=True))) == kinds
        work_off(at)
    told = Notice.objects.filter(source="lesson.late", channel="in_app")
    assert {one.user_id for one in told} == {
        *(shops[name].pk for name in ("owner", "clerk", "other")), cast.merchant_manager.pk,
    }  # fmt: skip
    late = cast.client(cast.operations).get(reverse("merchants:training"), {"merchant": "M-b", "late": 1})
    assert "云帆b店" in late.content.decode()
    assert [
        one.is_late(at) for one in trainingselectors.lacking(cast.operations, merchant="M-b", now=at)
    ] == [True]


def test_what_is_asked_for_again_is_told_again(cast: Any, shops: Any, now: datetime) -> None:
    first = asked(cast, now, shops["course"])
    lessons_sweep(actor=cast.system, now=now + 15 * DAY)
    page = cast.client(cast.operations)
    act = reverse("merchants:term_decide", args=[first.code, first.number])
    assert f'action="{act}"' in page.get(reverse("merchants:training")).content.decode()
    page.post(act, {"act": "retire", "reason": " "})
    first.refresh_from_db()
    assert first.state == "active"
    rule_retire(row=first, actor=cast.operations, now=now + 16 * DAY, reason="协议改了")
    lessons_sweep(actor=cast.system, now=now + 16 * DAY)
    asked(cast, now + 17 * DAY, shops["course"])
    for day in (17, 20, 20):
        lessons_sweep(actor=cast.system, now=now + day * DAY)
    told = Event.objects.filter(
        subject_id=Lesson.objects.get(member__user=shops["clerk"]).pk, kind="lesson.late"
    )
    assert [event.at for event in told.order_by("at")] == [now + 15 * DAY, now + 20 * DAY]


def test_what_no_longer_counts_is_owed_anew_and_a_leaver_owes_nothing(
    cast: Any, shops: Any, now: datetime
) -> None:
    yearly = a_course(cast, now, "yearly", kind="merchant", refresh_months=1)
    asked(cast, now, yearly)
    run = a_run(cast, now, yearly, places=9)
    (seat,) = courses.seats_take(run=run, people=[shops["clerk"]], actor=cast.trainer, now=now)
    courses.run_move(run=run, name="start", actor=cast.trainer, now=now)
    courses.seats_mark(run=run, seats=[seat.pk], name="attend", actor=cast.trainer, now=now)
    courses.run_move(run=run, name="finish", actor=cast.trainer, now=now)
    lessons_sweep(actor=cast.system, now=now)
    row = Lesson.objects.get(member__user=shops["clerk"])
    assert row.done_at is not None
    member = shops["b"].members.get()
    services.member_remove(member=member, actor=cast.operations, now=now + DAY)
    lessons_sweep(actor=cast.system, now=now + 40 * DAY)
    row.refresh_from_db()
    assert (row.done_at, row.is_late(now + 40 * DAY)) == (None, False)
    assert Lesson.objects.get(member=member).ended_at is not None
    gone = User.objects.get(pk=shops["other"].pk)
    assert cast.client(gone).get(url("course", "yearly")).status_code == 404


def test_agreements_that_look_alike_in_a_code_have_a_rule_each(cast: Any, shops: Any, now: datetime) -> None:
    for key, agreement in (("a", "标准版"), ("b", "旗舰版")):
        Merchant.objects.filter(pk=shops[key].pk).update(agreement=agreement)
    first = asked(cast, now, shops["course"], agreement="标准版")
    second = asked(cast, now, shops["course"], agreement="旗舰版", days=30)
    first.refresh_from_db()
    assert (first.state, second.number) == ("active", 1)
    assert Lesson.objects.asked().count() == 3
    third = asked(cast, now + DAY, shops["course"], agreement="旗舰版", days=20)
    assert (third.code, third.number) == (second.code, 2)


def test_two_sweeps_at_once_ask_once_and_tell_once(
    cast: Any, shops: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one does all of its work after this one has read and before it writes."""
    agreement, meant = trainingrules.for_agreement, [now, now + 20 * DAY]
    draft = term_draft(course=shops["course"], actor=cast.trainer, now=now, days=14, agreement="2026-1")
    rule_activate(draft=draft, actor=cast.operations, now=now)

    def beside(*given: Any) -> Any:
        monkeypatch.setattr(trainingrules, "for_agreement", agreement)
        lessons_sweep(actor=cast.system, now=at)
        return agreement(*given)

    for at in meant:
        monkeypatch.setattr(trainingrules, "for_agreement", beside)
        assert lessons_sweep(actor=cast.system, now=at) == 0
    kinds = Event.objects.filter(kind__startswith="lesson.").values_list("kind", flat=True)
    assert sorted(kinds) == ["lesson.assigned"] * 3 + ["lesson.late"] * 3


def test_terms_are_versions_by_two_persons_and_only_of_courses_for_merchants(
    cast: Any, shops: Any, now: datetime
) -> None:
    inside = a_course(cast, now, "inside", kind="service")
    wrong = {"not_for_merchants": {"course": inside}, "days": {"days": 0}, "agreement": {"agreement": "x"}}
    for code, terms in wrong.items():
        with pytest.raises(DomainError) as refused:
            term_draft(**{"course": shops["course"], "days": 14, "actor": cast.trainer, "now": now} | terms)
        assert refused.value.code == code
    with pytest.raises(NotPermitted):
        term_draft(course=shops["course"], days=14, actor=cast.merchant_manager, now=now)
    first = asked(cast, now, shops["course"])
    again = asked(cast, now + DAY, shops["course"], days=30)
    assert (first.code, again.number) == (again.code, 2)
    row = Lesson.objects.get(member__user=shops["clerk"])
    assert (row.term, row.due_at.date()) == (again.citation, (now + 30 * DAY).date())


def sheet_of(browser: Any, sheet: str) -> list[list[str]]:
    answer = browser.get(reverse("sheets:export", args=[sheet, "csv"]))
    return list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))[1:]


def test_terms_leave_as_a_sheet_with_every_version(cast: Any, shops: Any, now: datetime) -> None:
    first = asked(cast, now, shops["course"])
    asked(cast, now + DAY, shops["course"], days=30, exam=an_exam(cast, now), agreement="")
    address = reverse("sheets:export", args=["training_terms", "csv"])
    for person in (cast.trainer, cast.auditor, cast.merchant_manager):
        browser = cast.client(person)
        assert address.replace("csv", "xlsx") in browser.get(reverse("merchants:training")).content.decode()
        rows = sheet_of(browser, "training_terms")
        stored = TrainingTerm.objects.order_by("pk")
        assert [row[:6] for row in rows] == [
            [
                one.code,
                str(one.number),
                one.agreement,
                one.course.code,
                one.exam.code if one.exam else "",
                str(one.days),
            ]
            for one in stored
        ]
        assert rows[0][:4] == [first.code, "1", "2026-1", shops["course"].code]
    for person in (cast.agent, cast.planner, shops["owner"]):
        assert cast.client(person).get(address).status_code in {403, 404}
    assert (
        address.replace("csv", "xlsx")
        not in cast.client(cast.planner).get(reverse("merchants:training")).content.decode()
    )
    assert cast.client(cast.trainer).get(reverse("sheets:choose", args=["training_terms"])).status_code == 403


def test_a_member_finds_nothing_but_his_own(cast: Any, shops: Any, now: datetime) -> None:
    """Courses and exams of the department, of other agreements, papers and people of others: not there."""
    asked(cast, now, shops["course"])
    inside, secret = (
        a_course(cast, now, "inside", kind="service"),
        an_exam(cast, now, "inside-exam", "inside"),
    )
    elsewhere = a_course(cast, now, "elsewhere", kind="merchant")
    run, far = a_run(cast, now, inside), a_run(cast, now, elsewhere)
    paper = exams.attempt_start(exam=secret, actor=cast.agent, now=now)
    own = Lesson.objects.get(member__user=shops["owner"])
    others = Lesson.objects.get(member__user=shops["other"])
    clerk, owner = cast.client(shops["clerk"]), cast.client(shops["owner"])
    for method, path in (
        ("get", url("course", "inside")), ("get", url("course", "elsewhere")),
        ("post", url("start", "inside-exam")), ("post", url("join", run.number)), ("post", url("join", far.number)),
        ("post", url("check_in", run.number)), ("get", url("attempt", paper.public_id)),
        ("post", url("answer", paper.public_id)), ("post", url("submit", paper.public_id)),
        ("get", url("lesson", own.number)), ("get", url("lesson", others.number)),
        ("post", reverse("training:start", args=["inside-exam"])),
        ("post", reverse("training:join", args=[run.number])),
        ("get", reverse("training:bank")), ("get", reverse("training:courses")), ("get", reverse("merchants:training")),
    ):  # fmt: skip
        assert getattr(clerk, method)(path).status_code == 404, path
    assert owner.get(url("lesson", others.number)).status_code == 404
    me = User.objects.get(pk=shops["clerk"].pk)
    for service in (
        lambda: exams.attempt_start(exam=secret, actor=me, now=now),
        lambda: courses.seats_take(run=run, people=[me], actor=me, now=now),
        lambda: courses.seats_take(run=run, people=[me], actor=cast.trainer, now=now),
    ):
        with pytest.raises(DomainError):
            service()
    seen = owner.get(url("index")).content.decode()
    assert all(word in seen for word in ("owner", "clerk", "云帆a店"))
    assert "other" not in seen.replace("another", "")
    assert "clerk" in clerk.get(url("index")).content.decode()
    assert clerk.get(reverse("accounts:home")).headers["Location"] == url("today")
