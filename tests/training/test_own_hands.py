"""Nobody writes his own tier, certificate, figures, attendance, marks, sheet or order, by whatever path."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import NoReverseMatch, reverse

from aftersales.core import authority
from aftersales.core.authority import Claim
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.core.sheets.resource import registered
from tests.core.sheets import steps
from tests.training.school import a_course, a_run
from training import courseselectors, services
from training.models import (
    Assessment,
    Attempt,
    Certificate,
    Exam,
    Fact,
    Item,
    Limit,
    Number,
    Order,
    Requirement,
    Run,
    Seat,
    Sheet,
    Tier,
    TierVersion,
)
from training.services import courses, exams, practical, retraining

pytestmark = pytest.mark.django_db
OWN = ("supervisor", "operations", "trainer")


def everything() -> tuple[list[dict], list[dict], int]:
    return (
        list(Certificate.objects.order_by("pk").values()),
        list(TierVersion.objects.order_by("pk").values("pk", "state", "number", "handled")),
        Fact.objects.count(),
    )


def paths(row: Certificate, waiting: Certificate, me) -> list[tuple[str, dict[str, str]]]:
    """Every address that changes a certificate, aimed at the person's own rows."""
    lead = str(Tier.objects.get(code="lead").pk)
    found = [
        (reverse("training:grant", args=[me.pk]), {"grant-tier": lead, "grant-reason": "x"}),
        (
            reverse("training:grant", args=[me.pk]),
            {"grant-tier": lead, "grant-reason": "x", "grant-by_exception": "on"},
        ),
        (reverse("training:renew", args=[me.pk, row.public_id]), {"reason": "x"}),
        (reverse("training:decide", args=["tier", "senior", 2]), {"act": "activate"}),
    ]
    for name in sorted(services.ACTS):
        for one in (row, waiting):
            found.append((reverse("training:certificate_act", args=[one.public_id, name]), {"reason": "x"}))
    return found


@pytest.mark.parametrize("role", OWN)
def test_no_form_and_no_direct_post_changes_what_is_ones_own(cast, now, role) -> None:
    me, other = cast.of(role), cast.of("operations" if role != "operations" else "supervisor")
    row = cast.certify(me)
    draft = services.tier_draft(
        tier=Tier.objects.get(code="in_post"),
        actor=other,
        now=now,
        handled=50,
        no_suspension=False,
        days_below=0,
    )
    services.rule_activate(
        draft=draft, actor=cast.supervisor if other != cast.supervisor else cast.operations, now=now
    )
    services.tier_draft(tier=Tier.objects.get(code="senior"), actor=me, now=now, handled=1)
    waiting = services.certificate_grant(
        person=me, tier=Tier.objects.get(code="in_post"), actor=other, now=now, valid_from=row.valid_to,
        reason="例外", by_exception=True,
    )  # fmt: skip
    assert waiting.state == "proposed"
    before, browser = everything(), cast.client(me)
    for address, data in paths(row, waiting, me):
        answer = browser.post(address, data)
        assert answer.status_code in {302, 403, 404}, address
        assert everything() == before, (address, data)


def test_registers_sheets_and_histories_have_no_way_in(cast, now) -> None:
    row, browser = cast.certify(cast.supervisor), cast.client(cast.supervisor)
    for model in ("certificate", "tier", "tierversion", "requirement", "limit", "fact"):
        for page, args in (("add", []), ("change", [row.pk]), ("history", [row.pk]), ("delete", [row.pk])):
            try:
                address = reverse(f"admin:training_{model}_{page}", args=args)
            except NoReverseMatch:
                address = f"/admin/training/{model}/{row.pk}/{page}/"
            assert browser.post(address, {"valid_to": "2099-01-01"}).status_code in {302, 403, 404, 405}
    ours = {Certificate, Tier, Fact}
    # They may be taken out as sheets; no row of a sheet may come back in. Versions of tiers come in as drafts only.
    assert not [one for one in registered() if one.importable and one._meta.model in ours]
    row.refresh_from_db()
    assert (row.state, row.version) == ("certified", 1)
    assert Event.objects.filter(kind__startswith="certificate.").count() == 1


def test_a_sheet_that_makes_ones_own_way_easier_is_a_draft_that_one_does_not_activate(cast, now) -> None:
    """A supervisor drafts by sheet that the next tier asks for nothing, his own gives any amount, his duty no tier."""
    me = cast.supervisor
    cast.certify(me)
    claims = {1: [Claim("refund", Decimal(90_000), "CNY")]}
    sheets = {
        "tiers": (TierVersion, {
            "code": "senior", "number": "2", "rank": "600", "valid_months": "12", "warn_days": "30", "hours": "",
            "handled": "", "satisfaction": "", "inspection": "", "days_below": "", "no_suspension": "",
        }),
        "authority_limits": (Limit, {
            "code": "in_post-refund-cny", "number": "1", "per_decision": "", "per_day": "", "per_customer": "",
        }),
        "duty_requirements": (Requirement, {"duty": "returns", "number": "1", "tier": "basic"}),
        "training_numbers": (Number, {"code": "code_minutes", "number": "1", "value": "999"}),
    }  # fmt: skip
    for sheet, (model, row) in sheets.items():
        before = list(model.objects.in_force(now).order_by("pk").values())
        for state in ("active", ""):
            line = row | {"change_reason": "x", "state": state}
            steps.load(sheet, steps.rows_as_csv(list(line), list(line.values())), actor=me, now=now)
        (draft,) = model.objects.drafts().filter(drafted_by=me)
        assert list(model.objects.in_force(now).order_by("pk").values()) == before
        with pytest.raises(DomainError):
            services.rule_activate(draft=draft, actor=me, now=now)
        sort, key = draft.citation.partition(" ")[0].split(".")
        cast.client(me).post(reverse("training:decide", args=[sort, key, draft.number]), {"act": "activate"})
        draft.refresh_from_db()
        assert draft.state == "draft"
    assert not authority.weigh(actor=me, claims=claims, now=now)[1].allowed


# ----------------------------------------------------- attendance, hours, marks, sheet of an assessor, order
def about(person) -> dict[str, Any]:
    """Everything of training that says something good of this person."""
    seats = Seat.objects.filter(person=person)
    runs = Run.objects.filter(pk__in=seats.values("run"))
    return {
        "seats": list(seats.order_by("pk").values("run", "state", "way")),
        "runs": list(runs.order_by("pk").values("pk", "state", "hours", "starts_at", "ends_at", "trainer")),
        "papers": list(Attempt.objects.filter(person=person).values("state", "score", "passed")),
        "items": list(Item.objects.filter(attempt__person=person).order_by("pk").values("got", "remark")),
        "assessments": list(Assessment.objects.filter(person=person).values("state", "score", "passed")),
        "sheets": list(Sheet.objects.filter(assessment__person=person).order_by("pk").values("assessor", "scores")),
        "orders": list(Order.objects.filter(person=person).values("state", "due_at", "course")),
    }  # fmt: skip


@pytest.fixture
def world(cast, now):
    """A supervisor, who may do all this for others: in a run that is on, in one to come and one that is over, with a
    paper to mark, an appeal, an assessment two disagree about, and a retraining order."""
    me, course = cast.supervisor, a_course(cast, now)
    begun, coming = a_run(cast, now, course, places=9), a_run(cast, now, course, places=9)
    over, on = a_run(cast, now, course, places=9), a_run(cast, now, course, state="running", places=9)
    for run in (begun, coming, over):
        courses.seats_take(run=run, people=[me], actor=cast.trainer, now=now)
    for run, names in ((begun, ["start"]), (over, ["start", "finish"])):
        for name in names:
            courses.run_move(run=run, name=name, actor=cast.trainer, now=now)
    paper, appeal = papers(cast, now, me)
    assessment = disputed(cast, now, me)
    order = retraining.retraining_order(
        person=me, course=course, reason_code="complaint", deadline=now + timedelta(days=7), metric="reopened",
        because=("quality.sheet", 1), actor=cast.operations, now=now,
    )  # fmt: skip
    return {
        "course": course, "begun": begun, "coming": coming, "over": over, "on": on, "paper": paper, "appeal": appeal,
        "assessment": assessment, "order": order,
    }  # fmt: skip


def papers(cast, now, me):
    """One with a short text that waits for its marks, one that is appealed against."""
    question = exams.question_create(
        code="why", topic="退款", kind="short", text="为什么？", model_answer="因为", difficulty=1,
        actor=cast.trainer, now=now,
    )  # fmt: skip
    services.rule_activate(draft=question, actor=cast.operations, now=now)
    found = []
    for code in ("first", "second"):
        draft = exams.exam_create(
            code=code, name_zh="考试", name_en="Exam", minutes=30, pass_percent=60,
            blueprint="退款 | short | 1 | 1 | 10", actor=cast.trainer, now=now,
        )  # fmt: skip
        services.rule_activate(draft=draft, actor=cast.operations, now=now)
        row = exams.attempt_start(exam=Exam.objects.get(code=code), actor=me, now=now)
        exams.answer_save(attempt=row, place=1, words="不知道", actor=me, now=now, serial=1)
        found.append(exams.attempt_submit(attempt=row, actor=me, now=now))
    paper, appeal = found
    exams.texts_mark(attempt=appeal, marks={1: (Decimal(2), "")}, actor=cast.trainer, now=now)
    return paper, exams.attempt_appeal(attempt=appeal, actor=me, now=now, reason="第一题")


def disputed(cast, now, me) -> Assessment:
    draft = practical.rubric_create(
        code="call", name_zh="通话", name_en="Call", criteria="Tone | 10", pass_percent=60, gap_percent=20,
        actor=cast.trainer, now=now,
    )  # fmt: skip
    rubric = services.rule_activate(draft=draft, actor=cast.operations, now=now).rubric
    row = practical.assessment_open(
        rubric=rubric,
        person=me,
        assessors=[cast.lead, cast.trainer],
        task="接投诉",
        actor=cast.operations,
        now=now,
    )
    for who, points in ((cast.lead, 1), (cast.trainer, 9)):
        practical.sheet_give(assessment=row, scores=[Decimal(points)], remark="", actor=who, now=now)
    return row


def posts(world, me) -> list[tuple[str, dict[str, Any]]]:
    """Every address that writes such a thing, aimed at the person's own rows."""
    mine = {run: Seat.objects.get(run=world[run], person=me).pk for run in ("begun", "over", "coming")}
    numbers = {name: row.number for name, row in world.items() if hasattr(row, "number")}
    other_day = {
        "run-starts_at": "2026-01-01T09:00", "run-ends_at": "2026-01-01T18:00", "run-trainer": me.pk, "run-places": 9,
        "run-currency": "CNY", "version": world["coming"].version,
    }  # fmt: skip
    found: list[tuple[str, dict[str, Any]]] = [
        (reverse("training:mark", args=[numbers[run]]), {"act": act, "seat": [mine[run]]})
        for run in ("begun", "over") for act in ("attend", "miss")
    ]  # fmt: skip
    found += [
        (reverse("training:run_act", args=[numbers["begun"], act]), {"reason": "x"}) for act in ("finish", "cancel")
    ]  # fmt: skip
    found += [
        (reverse("training:run_act", args=[numbers["coming"], act]), {"reason": "x"})
        for act in ("start", "cancel")
    ]
    found += [
        (reverse("training:run_change", args=[numbers["coming"]]), other_day),
        (reverse("training:enrol", args=[numbers["on"]]), {"enrol-people": [me.pk]}),
        (reverse("training:join", args=[numbers["on"]]), {}),
        (reverse("training:check_in", args=[numbers["begun"]]), {"code": "000000"}),
        (reverse("training:compliance_enrol"), {"run": numbers["coming"], "lack": "onboarding"}),
    ]
    for name in ("paper", "appeal"):
        found.append(
            (reverse("training:mark_act", args=[world[name].public_id]), {"got-1": "10", "reason": "x"})
        )
        found.append((reverse("training:void", args=[world[name].public_id]), {"reason": "x"}))
        answer = {"place": "1", "words": "因为", "serial": "9"}
        found.append((reverse("training:answer", args=[world[name].public_id]), answer))
    found += [
        (reverse("training:sheet_give", args=[numbers["assessment"]]), {"score": ["10"]}),
        (reverse("training:third", args=[numbers["assessment"]]), {"third-assessor": me.pk}),
        (reverse("training:assessment_void", args=[numbers["assessment"]]), {"reason": "x"}),
        (reverse("training:order_cancel", args=[numbers["order"]]), {"reason": "x"}),
        (
            reverse("training:assessment_new"),
            {"new-rubric": world["assessment"].rubric_id, "new-person": me.pk, "new-first": me.pk,
             "new-second": Sheet.objects.first().assessor_id, "new-task": "x"},
        ),
    ]  # fmt: skip
    return found


def test_no_post_writes_ones_own_attendance_hours_marks_sheet_or_order(cast, now, world, monkeypatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    me = cast.supervisor
    before, browser = about(me), cast.client(me)
    for address, data in posts(world, me):
        answer = browser.post(address, data)
        assert answer.status_code in {302, 400, 403, 404, 409}, address
        assert about(me) == before, (address, data)
    for name in ("attempt", "assessment", "seat", "run", "order", "item", "sheet", "fact"):
        model = apps.get_model("training", name)
        assert model not in admin.site._registry, name
        for page in ("change", "history", "delete"):
            answer = browser.post(f"/admin/training/{name}/1/{page}/", {"state": "present"})
            assert answer.status_code in {302, 403, 404, 405}
    assert about(me) == before


def test_nobody_reads_the_code_of_a_run_and_then_takes_his_own_place_in_it(
    cast, now, world, monkeypatch
) -> None:
    """Whoever plans runs sees the code of one that is on; joining after that and typing it would be his own mark."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    me, run = cast.supervisor, world["on"]
    code, _until = courseselectors.code_of(run, now)
    browser = cast.client(me)
    assert code in browser.get(reverse("training:run", args=[run.number])).content.decode()
    for address, data in (
        (reverse("training:join", args=[run.number]), {}),
        (reverse("training:enrol", args=[run.number]), {"enrol-people": [me.pk, cast.agent.pk]}),
        (reverse("training:check_in", args=[run.number]), {"code": code}),
    ):
        browser.post(address, data)
    assert not Seat.objects.filter(run=run, person=me).exists()
    courses.seats_take(run=run, people=[me], actor=cast.trainer, now=now)
    assert code not in browser.get(reverse("training:run", args=[run.number])).content.decode()


def test_no_sheet_and_no_service_writes_what_is_ones_own(cast, now, world) -> None:
    me, before = cast.supervisor, about(cast.supervisor)
    for run in ("begun", "over", "on"):
        for said in ("present", "absent", "enrolled"):
            line = f"run,person,said\n{world[run].number},{me.username},{said}".encode()
            steps.load("attendance", line, actor=me, now=now)
    coming, head = world["coming"], "number,course,trainer,starts_at,ends_at,places"
    for trainer in (coming.trainer.username, me.username):
        line = f"{coming.number},basics,{trainer},2026-01-01 09:00,2026-01-01 18:00,9"
        steps.load("course_runs", f"{head}\n{line}".encode(), actor=me, now=now)
    head = "person,course,reason_code,due_at,metric,order_reason"
    line = f"{me.username},basics,other,2027-01-01,reopened,x"
    steps.load("retraining_orders", f"{head}\n{line}".encode(), actor=me, now=now)
    who: dict[str, Any] = {"actor": me, "now": now}
    acts: list[Callable[[], Any]] = [
        lambda: exams.texts_mark(attempt=world["paper"], marks={1: (Decimal(10), "")}, **who),
        lambda: exams.appeal_settle(attempt=world["appeal"], marks={1: (Decimal(10), "")}, reason="x", **who),
        lambda: exams.attempt_void(attempt=world["paper"], reason="x", **who),
        lambda: practical.sheet_give(assessment=world["assessment"], scores=[Decimal(10)], remark="", **who),
        lambda: practical.third_name(assessment=world["assessment"], assessor=cast.operations, **who),
        lambda: practical.assessment_void(assessment=world["assessment"], reason="x", **who),
        lambda: retraining.retraining_cancel(order=world["order"], reason="x", **who),
        lambda: retraining.retraining_order(
            person=me, course=world["course"], reason_code="other", deadline=now + timedelta(days=1), metric="reopened",
            **who,
        ),
        lambda: courses.run_change(run=world["coming"], ends_at=now + timedelta(days=9), **who),
        lambda: courses.run_move(run=world["begun"], name="finish", **who),
        lambda: courses.run_move(run=world["coming"], name="cancel", reason="x", **who),
    ]  # fmt: skip
    for act in acts:
        with pytest.raises(DomainError):
            act()
        assert about(me) == before
