"""Courses and their runs: two persons for what is taught, places under lock, attendance never one's own."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.db.utils import InternalError
from django.urls import reverse

from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.ledger import services as ledger
from tests.core.sheets import steps
from tests.training.school import a_course, a_run
from training import courseselectors, services
from training.models import CourseVersion, Seat
from training.prose import prose
from training.services import courses, exams, practical

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


@pytest.fixture
def at_now(now, monkeypatch) -> None:
    from django.utils import timezone

    monkeypatch.setattr(timezone, "now", lambda: now)


def enrolled(cast, now, run, *people) -> list[Seat]:
    return courses.seats_take(run=run, people=people, actor=cast.trainer, now=now)


def hours(person, now) -> Decimal | None:
    span = (now - timedelta(days=365), now + timedelta(days=365))
    return courseselectors.hours_between([person.pk], *span).get(person.pk)


def refused(code, act) -> None:
    with pytest.raises(DomainError) as error:
        act()
    assert error.value.code == code


# ------------------------------------------------------------------------------------------------- courses
def test_a_course_goes_from_one_person_to_another_by_its_pages(cast, now) -> None:
    trainer, operations = cast.client(cast.trainer), cast.client(cast.operations)
    terms = {
        "code": "refunds", "kind": "service", "name_zh": "退款", "name_en": "Refunds", "hours": "2.5",
        "duties": ["returns"], "material": "# 原则\n- **先核对**凭证\n<script>x</script>", "reason": "新规",
        "links": "https://example.com/a",
    }  # fmt: skip
    trainer.post(reverse("training:course_new"), {f"new-{name}": value for name, value in terms.items()})
    draft = CourseVersion.objects.get()
    trainer.post(
        reverse("training:file_add", args=["refunds"]), {"files": SimpleUploadedFile("a.txt", b"abc")}
    )
    operations.post(reverse("training:decide", args=["course", "refunds", 1]))
    draft.refresh_from_db()
    assert draft.state == "active"

    page = cast.client(cast.agent).get(reverse("training:course", args=["refunds"])).content.decode()
    assert "<b>先核对</b>" in page
    assert "<script>x" not in page
    assert "a.txt" in page
    listed = reverse("training:courses")
    assert "refunds" in cast.client(cast.agent).get(listed, {"duty": "returns"}).content.decode()
    assert "/courses/refunds/" not in cast.client(cast.agent).get(listed, {"duty": "repair"}).content.decode()

    trainer.post(
        reverse("training:draft", args=["course", "refunds"]), {"draft-hours": "3", "draft-reason": "x"}
    )
    second = CourseVersion.objects.get(number=2)
    assert [one.original_name for one in courseselectors.files_of(second)] == ["a.txt"]
    operations.post(reverse("training:file_remove", args=[second.files.get().public_id]))
    assert courseselectors.files_of(second) == []
    served = [
        operations.get(reverse("training:file", args=[version.files.get().public_id])).status_code
        for version in (draft, second)
    ]
    assert served == [200, 404]
    assert [one.original_name for one in courseselectors.files_of(draft)] == ["a.txt"]
    operations.post(reverse("training:decide", args=["course", "refunds", 2]))
    second.refresh_from_db()
    assert second.state == "draft", "who last touched the draft does not bring it into force"


@pytest.mark.parametrize("link", ["javascript:alert(1)", "example", "ftp://example.com/a"])
def test_a_link_is_an_address_of_the_web(cast, now, link) -> None:
    refused("link", lambda: a_course(cast, now, links=link))


def test_what_is_in_force_is_not_changed_any_more(cast, now) -> None:
    version = a_course(cast, now).versions.get()
    upload = SimpleUploadedFile("a.txt", b"abc")
    refused(
        "not_draft",
        lambda: courses.course_file_add(draft=version, upload=upload, actor=cast.trainer, now=now),
    )


def test_material_is_text_and_never_html() -> None:
    assert prose("# A\n\n1. x\n2. **y**\n\n<b>z</b> https://a.cn") == (
        "<h3>A</h3><ol><li>x</li><li><b>y</b></li></ol>"
        '<p>&lt;b&gt;z&lt;/b&gt; <a href="https://a.cn" rel="nofollow">https://a.cn</a></p>'
    )


# ---------------------------------------------------------------------------------------------------- runs
def test_a_run_from_its_plan_to_the_hours(cast, now) -> None:
    run = a_run(cast, now)
    cast.client(cast.agent).post(reverse("training:join", args=[run.number]))
    enrolled(cast, now, run, cast.lead, cast.inspector)
    refused("full", lambda: enrolled(cast, now, run, cast.finance))
    refused("is_trainer", lambda: enrolled(cast, now, run, cast.trainer))
    run = courses.run_move(run=run, name="start", actor=cast.trainer, now=now)
    refused("begun", lambda: courses.seat_move(
        seat=Seat.objects.get(person=cast.agent), name="withdraw", actor=cast.agent, now=now
    ))  # fmt: skip

    desk = cast.client(cast.trainer)
    assert "周婷" in desk.get(reverse("training:runs")).content.decode(), "who has not come yet"
    here = Seat.objects.get(run=run, person=cast.agent)
    for _twice in range(2):
        desk.post(reverse("training:mark", args=[run.number]), {"act": "attend", "seat": [here.pk]})
    assert hours(cast.agent, now) is None, "nothing counts before the run is done"
    courses.run_move(run=run, name="finish", actor=cast.trainer, now=now)

    assert dict(Seat.objects.values_list("person__username", "state")) == {
        "agent": "present", "lead": "absent", "inspector": "absent",
    }  # fmt: skip
    assert (hours(cast.agent, now), hours(cast.lead, now)) == (Decimal(4), None)
    page = cast.client(cast.agent).get(reverse("training:hours")).content.decode()
    assert page.count("<b>4 ") == 1
    assert Event.objects.filter(kind="seat.attended").count() == 1


def test_hours_count_once_however_they_come_in(cast, now) -> None:
    run = a_run(cast, now, state="running")
    enrolled(cast, now, run, cast.agent)
    code, _until = courseselectors.code_of(run, now)
    courses.seat_check_in(run=run, code=code, actor=cast.agent, now=now)
    courses.seat_check_in(run=run, code=code, actor=cast.agent, now=now)
    seat = Seat.objects.get()
    courses.seats_mark(run=run, seats=[seat.pk], name="attend", actor=cast.trainer, now=now)
    load(cast, now, f"{run.number},agent,present")
    courses.run_move(run=run, name="finish", actor=cast.trainer, now=now)
    assert hours(cast.agent, now) == Decimal(4)
    seat.refresh_from_db()
    assert seat.way == "code"


def test_a_cancelled_run_gives_no_hours_and_says_why(cast, now) -> None:
    run = a_run(cast, now, state="running")
    (seat,) = enrolled(cast, now, run, cast.agent)
    courses.seats_mark(run=run, seats=[seat.pk], name="attend", actor=cast.trainer, now=now)
    refused(
        "reason_missing", lambda: courses.run_move(run=run, name="cancel", actor=cast.operations, now=now)
    )
    courses.run_move(run=run, name="cancel", actor=cast.operations, now=now, reason="停电")
    assert hours(cast.agent, now) is None


def test_a_run_starts_at_its_time_and_the_minutes_before_are_a_number(cast, now) -> None:
    run = a_run(cast, now, starts_at=now + timedelta(minutes=90), ends_at=now + timedelta(hours=4))
    start = {"run": run, "name": "start", "actor": cast.trainer}
    refused("too_early", lambda: courses.run_move(**start, now=now))
    draft = courses.number_draft(code="start_early", value=Decimal(90), actor=cast.trainer, now=now)
    services.rule_activate(draft=draft, actor=cast.operations, now=now)
    assert courses.run_move(**start, now=now).state == "running"


# ---------------------------------------------------------------------------------------------------- code
def test_a_code_holds_for_minutes_once_and_guessing_costs(cast, now) -> None:
    run = a_run(cast, now, state="running")
    enrolled(cast, now, run, cast.agent, cast.lead)
    code, until = courseselectors.code_of(run, now)
    late = until + timedelta(minutes=6)
    refused("wrong_code", lambda: courses.seat_check_in(run=run, code=code, actor=cast.agent, now=late))
    refused("no_place", lambda: courses.seat_check_in(run=run, code=code, actor=cast.inspector, now=now))

    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _try in range(4):
        refused("wrong_code", lambda: courses.seat_check_in(run=run, code=wrong, actor=cast.agent, now=late))
    good, _until = courseselectors.code_of(run, late)
    refused("too_many_codes", lambda: courses.seat_check_in(run=run, code=good, actor=cast.agent, now=late))
    assert courses.seat_check_in(run=run, code=code, actor=cast.lead, now=now).state == "present"
    after = late + timedelta(minutes=15)
    again, _until = courseselectors.code_of(run, after)
    assert courses.seat_check_in(run=run, code=again, actor=cast.agent, now=after).state == "present"


def test_the_code_is_shown_to_the_trainer_and_to_nobody_who_sits_in_the_run(cast, now) -> None:
    run = a_run(cast, now, state="running")
    enrolled(cast, now, run, cast.agent, cast.operations)
    code, _until = courseselectors.code_of(run, now)
    shown = {
        who: f">{code}<"
        in cast.client(getattr(cast, who)).get(f"/training/runs/{run.number}/").content.decode()
        for who in ("trainer", "supervisor", "operations", "agent", "lead")
    }
    assert "2/3" in cast.client(cast.agent).get(f"/training/runs/{run.number}/").content.decode()
    assert shown == {"trainer": True, "supervisor": True, "operations": False, "agent": False, "lead": False}


# --------------------------------------------------------------------------------------------------- sheet
def load(cast, now, *lines: str, actor=None):
    sheet = "\n".join(("run,person,said", *lines)).encode()
    return steps.load("attendance", sheet, actor=actor or cast.trainer, now=now)


def test_a_sheet_enrols_and_marks_and_says_what_it_does_not_take(cast, now) -> None:
    run = a_run(cast, now, state="running")
    cast.agent, cast.lead  # noqa: B018
    lines = [f"{run.number},{who},{said}" for who, said in (("agent", "present"), ("lead", "absent"))]
    upload = load(cast, now, *lines, f"{run.number},trainer,present", f"{run.number},nobody,present")
    assert dict(Seat.objects.values_list("person__username", "state")) == {
        "agent": "present",
        "lead": "absent",
    }
    assert {row: verdict for row, (verdict, _why) in steps.verdicts(upload).items()} == {
        2: "n",
        3: "n",
        4: "r",
        5: "r",
    }
    before = Event.objects.filter(kind__startswith="seat.").count()
    load(cast, now, *lines)
    assert Event.objects.filter(kind__startswith="seat.").count() == before
    load(cast, now, f"{run.number},agent,absent")
    again = load(cast, now, *lines)  # what is not so any more is said to be so, not passed over
    assert {row: verdict for row, (verdict, _why) in steps.verdicts(again).items()} == {2: "r", 3: "s"}
    assert "changed_since" in steps.verdicts(again)[2][1]


# ------------------------------------------------------------------------------------- never one's own work
@pytest.mark.parametrize(
    "path", ["service", "enrol and mark", "direct post", "sheet", "finish", "check in for", "sql"]
)
def test_nobody_records_his_own_attendance_by_any_path(cast, now, path) -> None:
    me = cast.supervisor  # may plan, enrol and mark everybody else
    run = a_run(cast, now, state="running")
    (seat,) = enrolled(cast, now, run, me)
    browser = cast.client(me)
    if path == "service":
        outcome = courses.seats_mark(run=run, seats=[seat.pk], name="attend", actor=me, now=now)
        assert outcome.refused[0][1][0].code == "own_attendance"
    elif path == "enrol and mark":
        browser.post(reverse("training:enrol", args=[run.number]), {"enrol-people": [me.pk]})
        browser.post(reverse("training:mark", args=[run.number]), {"act": "attend", "seat": [seat.pk]})
    elif path == "direct post":
        browser.post(f"/training/runs/{run.number}/seats/{seat.pk}/attend/")
    elif path == "sheet":
        load(cast, now, f"{run.number},supervisor,present", actor=me)
    elif path == "finish":
        refused("own_run", lambda: courses.run_move(run=run, name="finish", actor=me, now=now))
    elif path == "check in for":
        (other,) = enrolled(cast, now, run, cast.agent)
        code, _until = courseselectors.code_of(run, now)
        browser.post(reverse("training:check_in", args=[run.number]), {"code": "x", "seat": other.pk})
        other.refresh_from_db()
        assert other.state == "enrolled"
    else:
        with (
            pytest.raises((IntegrityError, InternalError)),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("UPDATE training_seat SET state = 'present' WHERE id = %s", [seat.pk])
    seat.refresh_from_db()
    assert seat.state == "enrolled"


def test_pages_take_as_many_statements_whatever_the_rows(cast, now, django_assert_max_num_queries) -> None:
    course = a_course(cast, now)
    for _n in range(3):
        enrolled(cast, now, a_run(cast, now, course, state="running"), cast.agent, cast.lead)
    browser = cast.client(cast.trainer)
    for name in ("courses", "runs", "hours", "numbers"):
        with django_assert_max_num_queries(11):
            assert browser.get(reverse(f"training:{name}")).status_code == 200


@pytest.mark.parametrize("what", ["course", "question", "exam", "rubric", "incentive rule"])
def test_a_code_sent_twice_at_once_is_taken_and_no_server_error(cast, now, monkeypatch, what) -> None:
    """The second one looks while the first is not yet there, and writes when it is."""
    named = {"code": "same", "name_zh": "甲", "name_en": "A", "now": now}
    of_staff = named | {"party": "person", "consequence": "reward", "actor": cast.operations}
    question = {
        "code": "same",
        "topic": "t",
        "kind": "short",
        "text": "?",
        "model_answer": "x",
        "difficulty": 1,
    }
    exam = {"blueprint": "* | * | * | 1 | 1", "minutes": 5, "pass_percent": 60}
    act = {
        "course": lambda: courses.course_create(
            **named, kind="service", hours=Decimal(2), actor=cast.trainer
        ),
        "question": lambda: exams.question_create(**question, now=now, actor=cast.trainer),
        "exam": lambda: exams.exam_create(**named, **exam, actor=cast.trainer),
        "rubric": lambda: practical.rubric_create(
            **named, criteria="a | 1", pass_percent=60, gap_percent=15, actor=cast.trainer
        ),
        "incentive rule": lambda: ledger.incentive_create(**of_staff),
    }[what]
    act()
    monkeypatch.setattr(QuerySet, "exists", lambda self: False)
    refused("code_taken", act)
