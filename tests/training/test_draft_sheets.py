"""Question bank, courses and rubrics leave and come in as sheets: as drafts only, by who may see what is right."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from accounts.states import Duty, Role
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Event
from aftersales.core.sheets import explaining, exporting, resource, services
from tests.core.sheets import steps
from tests.training.test_exams import a_question, an_exam, sit
from training import services as rules
from training.models import (
    Course,
    CourseFile,
    CourseVersion,
    Exam,
    Question,
    QuestionVersion,
    Rubric,
    RubricVersion,
    Tier,
)
from training.services import courses, exams, practical

pytestmark = pytest.mark.django_db
LATER = timedelta(hours=1)
HEAD = [
    "code", "topic", "kind", "difficulty", "text", "option_a", "option_b", "option_c", "right", "model_answer",
    "explanation", "change_reason",
]  # fmt: skip
SINGLE = [
    "q-single",
    "退货",
    "single",
    "2",
    "几天内可以退货？",
    "七天",
    "三十天",
    "",
    "A",
    "",
    "见规则",
    "新题",
]
BANK = [
    SINGLE,
    ["q-many", "退货", "多选题", "3", "哪些可以退？", "完好", "定制", "已拆封", "c、a", "", "", "新题"],
    ["q-truth", "退货", "truth", "1", "运费总由买家付。", "对", "错", "", "B", "", "", "新题"],
    ["q-order", "退款", "order", "4", "按先后排列。", "核对", "退款", "受理", "C;A;B", "", "", "新题"],
    ["q-short", "退款", "short", "5", "怎样道歉？", "", "", "", "", "先听\n再说", "", "新题"],
]
COURSE = {
    "code": "returns", "name_zh": "退货基础", "name_en": "Returns", "kind": "service", "hours": "2.5",
    "tiers": "in_post", "duties": "", "refresh_months": "12", "exam": "", "syllabus": "条件\n时限", "links": "https://example.com/a",
    "change_reason": "新课",
}  # fmt: skip
RUBRIC = {
    "code": "call", "name_zh": "通话", "name_en": "Call", "criteria": "语气 | 10\n核对 | 20.5", "pass_percent": "80",
    "gap_percent": "15", "change_reason": "新表",
}  # fmt: skip


def load(cast, now, rows=BANK, *, head=HEAD, actor=None, sheet="questions"):
    return steps.load(sheet, steps.rows_as_csv(head, *rows), actor=actor or cast.trainer, now=now)


def seen(cast, now, content, sheet="questions", **more) -> dict[int, tuple[str, str]]:
    return steps.verdicts(steps.check(sheet, content, actor=cast.trainer, now=now, **more))


def taken_out(cast, now, sheet, model, fmt="csv") -> bytes:
    made = exporting.export(
        queryset=model.objects.visible_to(cast.trainer).order_by("pk"), sheet=sheet, fmt=fmt, actor=cast.trainer,
        now=now,
    )  # fmt: skip
    return exporting.path_of(made).read_bytes()


def changed(content: bytes, column: str, value: str, **where: str) -> bytes:
    """The sheet with one cell of the rows ``where`` written over, as a trainer does it."""
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    labels = {one.name: label for one in resource.find("questions").columns() for label in one.labels()
              if label in rows[0]}  # fmt: skip
    for row in rows:
        if all(row[labels[name]] == text for name, text in where.items()):
            row[labels[column]] = value
    return steps.rows_as_csv(list(rows[0]), *(list(row.values()) for row in rows))


def in_force(cast, now, code="q-single") -> QuestionVersion:
    draft = QuestionVersion.objects.get(question__code=code, state="draft")
    return rules.rule_activate(draft=draft, actor=cast.operations, now=now)


# ---------------------------------------------------------------------------------------------------- bank
def test_questions_of_all_kinds_come_in_as_drafts_and_twice_is_once(cast, now) -> None:
    upload = load(cast, now)
    assert (upload.state, upload.count("new"), upload.count("refused")) == ("done", 5, 0)
    rows = {one.question.code: one for one in QuestionVersion.objects.select_related("question")}
    assert {code: (one.kind, one.right, one.number) for code, one in rows.items()} == {
        "q-single": ("single", [0], 1), "q-many": ("multiple", [0, 2], 1), "q-truth": ("truth", [1], 1),
        "q-order": ("order", [2, 0, 1], 1), "q-short": ("short", [], 1),
    }  # fmt: skip
    assert {(one.state, one.drafted_by) for one in rows.values()} == {("draft", cast.trainer)}
    assert (rows["q-short"].model_answer, rows["q-many"].options) == (
        "先听\n再说",
        ["完好", "定制", "已拆封"],
    )
    with pytest.raises(DomainError):
        rules.rule_activate(draft=rows["q-single"], actor=cast.trainer, now=now)
    events = Event.objects.count()
    again = load(cast, now)
    assert (again.count("same"), again.count("new"), Event.objects.exclude(kind__startswith="sheet").count()) == (
        5, 0, events - 1,
    )  # fmt: skip


@pytest.mark.parametrize("fmt", ["csv", "xlsx"])
def test_what_is_taken_out_comes_in_unchanged_with_every_version(cast, now, fmt) -> None:
    load(cast, now)
    in_force(cast, now)
    exams.question_draft(
        question=Question.objects.get(code="q-single"), text="=1+1 是多少？\r\n- 想一想", options=["-1", "2"],
        right=[1], actor=cast.trainer, now=now, reason="改题",
    )  # fmt: skip
    exam = an_exam(cast, now)
    draft = courses.course_create(
        code="basics", name_zh="基础", name_en="Basics", kind="onboarding", hours=4,
        duties=[Duty.RETURNS, Duty.ORDERS], tiers=["in_post"], refresh_months=12, exam_id=exam.pk, syllabus="一\r\n二",
        material="# 标题\r\n- 甲",
        links="https://example.com/x\r\nhttps://example.com/y", actor=cast.trainer, now=now,
    )  # fmt: skip
    rules.rule_activate(draft=draft, actor=cast.operations, now=now)
    courses.course_draft(course=draft.course, hours=6, actor=cast.trainer, now=now)
    practical.rubric_create(
        code="call", name_zh="通话", name_en="Call", criteria="语气 | 10\r\n核对｜5.5", pass_percent=80, gap_percent=15,
        actor=cast.trainer, now=now,
    )  # fmt: skip
    for sheet, model in (
        ("questions", QuestionVersion),
        ("courses", CourseVersion),
        ("rubrics", RubricVersion),
    ):
        content = taken_out(cast, now, sheet, model, fmt)
        found = seen(cast, now, content, sheet, name=f"rows.{fmt}")
        assert {verdict for verdict, _why in found.values()} == {"s"}, (sheet, found)
        assert len(found) == model.objects.count()
    told = Event.objects.filter(kind="sheet.exported").order_by("pk").first()
    assert (told.payload["sheet"], told.payload["rows"]) == ("questions", QuestionVersion.objects.count())


def test_a_changed_row_is_the_next_draft_and_what_is_in_force_stays(cast, now) -> None:
    load(cast, now)
    old = in_force(cast, now)
    sheet = changed(taken_out(cast, now, "questions", QuestionVersion), "text", "改了", code="q-single")
    sheet = changed(sheet, "explanation", "", code="q-single")  # an empty cell is empty
    assert [verdict for verdict, _why in seen(cast, now, sheet).values()].count("n") == 1
    for _twice in range(2):
        steps.load("questions", sheet, actor=cast.trainer, now=now)
    old.refresh_from_db()
    new = QuestionVersion.objects.get(question=old.question, state="draft")
    assert (old.state, old.text, old.explanation) == ("active", "几天内可以退货？", "见规则")
    assert (new.number, new.text, new.explanation, new.options) == (2, "改了", "", old.options)
    assert QuestionVersion.objects.count() == 6
    # a column that the file has not keeps what stands, and the waiting draft is corrected, not doubled
    head = ["code", "number", "kind", "difficulty", "text", "change_reason"]
    load(cast, now, [["q-single", "2", "single", "5", "改了", "更难"]], head=head, actor=cast.supervisor)
    new.refresh_from_db()
    assert (new.difficulty, new.right, new.drafted_by) == (5, [0], cast.supervisor)
    assert seen(cast, now, sheet)[2][0] == "r", "row 1 says what stood before the draft was corrected"


@pytest.mark.parametrize("kept", [["option_a"], ["option_b", "option_c"], []])
def test_a_sheet_with_a_part_of_the_option_columns_loses_no_option(cast, now, kept) -> None:
    load(cast, now)
    head = ["code", "number", "kind", "difficulty", "text", *kept, "change_reason"]
    cells = {"option_a": "完好", "option_b": "订制", "option_c": "已拆封"}
    row = ["q-many", "1", "multiple", "4", "哪些可以退？", *(cells[name] for name in kept), "更难"]
    verdict, why = seen(cast, now, steps.rows_as_csv(head, row))[2]
    assert (verdict, "option_columns" in why) == (("r", True) if kept else ("n", False))


@pytest.mark.parametrize(
    ("cells", "problem", "words"),
    [
        ({"code": "退货"}, "code:rule_code_shape", "Latin letters"),
        ({"topic": ""}, "topic:rule_topic_missing", "must be filled"),
        ({"kind": "essay"}, "kind:invalid", "not known"),
        ({"difficulty": "9"}, "difficulty:invalid", "between 1 and 5"),
        ({"text": ""}, "text:required", "must be filled"),
        ({"option_b": "七天"}, "option_a:rule_options", "at least two"),
        ({"option_b": ""}, "option_a:rule_options", "at least two"),
        ({"option_b": "", "option_c": "九十天"}, "option_b:rule_gap", "empty"),
        ({"option_c": "长" * 401}, "option_c:invalid", "400"),
        ({"right": "A;B"}, "right:rule_right", "does not fit"),
        ({"right": "C"}, "right:rule_right", "does not fit"),
        ({"right": ""}, "right:rule_right", "does not fit"),
        ({"right": "1"}, "right:invalid", "not letters"),
        ({"kind": "order", "right": "A"}, "right:rule_right", "does not fit"),
        ({"kind": "order", "right": "A;A"}, "right:rule_right", "does not fit"),
        ({"kind": "short"}, "right:rule_right_of_short", "no options"),
        ({"kind": "short", "right": ""}, "model_answer:rule_model_answer", "model answer"),
        ({"change_reason": ""}, "change_reason:rule_no_reason", "Say why"),
        ({"number": "2"}, "number:rule_no_version", "no version"),
        ({"state": "active"}, "state:rule_drafts_only", "only drafts"),
        ({"right": None}, "code:rule_right", "does not fit"),
    ],
)  # fmt: skip
def test_the_preview_says_of_a_row_what_is_wrong_and_nothing_is_drafted(
    cast, now, cells, problem, words
) -> None:
    given = dict(zip(HEAD, SINGLE, strict=True)) | cells
    given = {name: value for name, value in given.items() if value is not None}
    upload = steps.check(
        "questions", steps.rows_as_csv(list(given), list(given.values())), actor=cast.trainer, now=now
    )
    assert steps.verdicts(upload)[2][0] == "r"
    assert problem in steps.verdicts(upload)[2][1]
    with override("en"):
        (row,), _more = explaining.page(services.plan_of(upload, now=now), upload, "refused")
        (told,) = [one for one in row.problems if problem.endswith(one.code)]
    assert row.number == 2
    assert words in told.reason
    assert told.remedy
    steps.apply(upload, now=now)
    assert not Question.objects.exists()


def test_rows_about_what_stands_are_refused_before_they_write_over_it(cast, now) -> None:
    load(cast, now)
    in_force(cast, now)
    head = ["number", *HEAD]
    other = [*SINGLE[:4], "别的", *SINGLE[5:]]
    rows = [
        ["", *other],  # stands already: which version is meant?
        ["7", *other],
        ["1", SINGLE[0], "别的题目类", *SINGLE[2:]],
        ["1", *other],
        ["1", *other[:4], "又一个", *other[5:]],  # the same question once more
    ]
    found = [why for _verdict, why in seen(cast, now, steps.rows_as_csv(head, *rows)).values()]
    for why, problem in zip(found, ("no_number", "no_version", "topic_fixed", "", "twice"), strict=True):
        assert problem in (why or ""), found
    for number, problem in (([], "twice:2"), ([""], "one_draft")):
        twice = [[*number, "new", *SINGLE[1:]], [*number, "new", *other[1:]]]
        content = steps.rows_as_csv(head[1 - len(number) :], *twice)
        assert problem in seen(cast, now, content)[3][1]


def test_a_version_written_after_the_preview_is_a_conflict(cast, now) -> None:
    load(cast, now)
    in_force(cast, now)
    row = ["1", *SINGLE[:4], "改了", *SINGLE[5:]]
    upload = steps.check("questions", steps.rows_as_csv(["number", *HEAD], row), actor=cast.trainer, now=now)
    question = Question.objects.get(code="q-single")
    exams.question_draft(question=question, text="同事的", actor=cast.supervisor, now=now, reason="改")
    assert steps.apply(upload, now=now + LATER).count("conflict") == 1
    # the same of a draft that was corrected meanwhile
    row = ["2", *SINGLE[:4], "改了", *SINGLE[5:]]
    upload = steps.check("questions", steps.rows_as_csv(["number", *HEAD], row), actor=cast.trainer, now=now)
    exams.question_draft(question=question, text="更好", actor=cast.supervisor, now=now + LATER, reason="改")
    with override("en"):
        assert steps.apply(upload, now=now + LATER).count("conflict") == 1
        (refused,), _more = explaining.page(services.plan_of(upload, now=now), upload, "refused")
    assert "take the sheet out anew" in refused.problems[0].reason
    assert QuestionVersion.objects.get(question=question, state="draft").text == "更好"


def test_who_may_not_keep_the_bank_brings_nothing_in_and_takes_nothing_out(cast, now, monkeypatch) -> None:
    a_question(cast, now, "one", "single", ["RIGHT", "W"], [0])
    for person in (cast.agent, cast.lead):
        with pytest.raises(NotPermitted):
            load(cast, now, actor=person)
        for address in (
            ["export", "questions", "csv"],
            ["choose", "questions"],
            ["template", "questions", "csv"],
        ):
            url = reverse(f"sheets:{address[0]}", args=address[1:])
            assert cast.client(person).get(url).status_code in {403, 404}
    with pytest.raises(NotPermitted):
        load(cast, now, actor=cast.person(Role.AUDITOR))
    # Somebody who may load the sheet, but does not see what is right, forges the column to guess by "unchanged".
    sheet = resource.find("questions")
    monkeypatch.setattr(sheet, "import_capability", classmethod(lambda cls: "core.import_attendance"))
    monkeypatch.setattr(sheet, "export_capability", classmethod(lambda cls: "core.export_training_hours"))
    upload = steps.check("questions", steps.rows_as_csv(HEAD, SINGLE), actor=cast.lead, now=now)
    assert (upload.state, upload.problem["code"]) == ("refused", "forbidden_column")
    content = b"".join(cast.client(cast.lead).get(reverse("sheets:export", args=["questions", "csv"])))
    assert content.count(b"\n") == 1, "the header alone"


def test_whoever_sits_an_exam_finds_the_sheet_closed(cast, now, monkeypatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    exam = an_exam(cast, now)
    waiting = steps.check("questions", steps.rows_as_csv(HEAD, SINGLE), actor=cast.supervisor, now=now)
    sit(exam, cast.supervisor, now)
    for act in (
        lambda: load(cast, now, actor=cast.supervisor),
        lambda: steps.apply(waiting, now=now),
        lambda: exporting.export(
            queryset=QuestionVersion.objects.all(),
            sheet="questions",
            fmt="csv",
            actor=cast.supervisor,
            now=now,
        ),
    ):
        with pytest.raises(DomainError) as refused:
            act()
        assert refused.value.code == "sitting"
    shown = cast.client(cast.supervisor).get(reverse("sheets:upload", args=[waiting.public_id]))
    assert (shown.status_code, shown["Location"]) == (302, reverse("sheets:list"))
    answer = cast.client(cast.supervisor).get(
        reverse("sheets:export", args=["questions", "csv"]), follow=True
    )
    assert "RIGHT-1" not in answer.content.decode()
    assert answer.redirect_chain[0][0] == reverse("sheets:list")


def test_an_exam_that_begins_before_the_rows_are_written_refuses_none_of_them(cast, now, monkeypatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    exam = an_exam(cast, now)
    waiting = services.confirm(
        upload=steps.check("questions", steps.rows_as_csv(HEAD, SINGLE), actor=cast.supervisor, now=now),
        actor=cast.supervisor, now=now,
    )  # fmt: skip
    sit(exam, cast.supervisor, now)
    services.apply(upload=waiting, now=now)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.problem["code"], waiting.count("refused")) == ("refused", "sitting", 0)
    assert not Question.objects.filter(code="q-single").exists()


def test_a_bank_of_five_hundred_comes_in_with_a_bounded_number_of_statements(cast, now) -> None:
    def statements(count: int, code: str) -> int:
        rows = [[f"{code}-{n}", *SINGLE[1:4], f"第{n}题", *SINGLE[5:]] for n in range(count)]
        upload = steps.check("questions", steps.rows_as_csv(HEAD, *rows), actor=cast.trainer, now=now)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            steps.apply(upload, now=now)
        assert upload.owner == cast.trainer
        assert QuestionVersion.objects.filter(question__code__startswith=code, state="draft").count() == count
        return len(asked)

    assert statements(500, "many") <= statements(5, "few") + 5


# ----------------------------------------------------------------------------------------- courses, rubrics
def one(cast, now, sheet: str, row: dict[str, str], **more: Any):
    return load(cast, now, [list(row.values())], head=list(row), sheet=sheet, **more)


def test_a_course_comes_in_as_a_draft_and_its_next_version_keeps_its_files(cast, now) -> None:
    assert Tier.objects.filter(code="in_post").exists()
    assert one(cast, now, "courses", COURSE).count("new") == 1
    draft = CourseVersion.objects.get(course__code="returns")
    assert (draft.state, draft.hours, draft.tiers, draft.refresh_months) == ("draft", 2.5, ["in_post"], 12)
    assert (draft.course.kind, draft.syllabus, draft.source_ref) == ("service", "条件\n时限", "R1.1")
    CourseFile.objects.create(
        course_version=draft, name="x", original_name="x.pdf", content_type="application/pdf", size=1, sha256="0" * 64,
        added_by=cast.trainer, added_at=now,
    )  # fmt: skip
    rules.rule_activate(draft=draft, actor=cast.operations, now=now)
    assert one(cast, now, "courses", COURSE).count("same") == 1
    one(cast, now, "courses", COURSE | {"number": "1", "hours": "3", "refresh_months": ""})
    new = CourseVersion.objects.get(course__code="returns", state="draft")
    assert (new.number, new.hours, new.refresh_months, new.files.count()) == (2, 3, None, 1)
    draft.refresh_from_db()
    assert (draft.state, draft.hours) == ("active", 2.5)
    # Returned: neither what it said nor its files come along with the next one.
    new.files.update(name="y")
    rules.rule_reject(draft=new, actor=cast.operations, now=now, reason="太长")
    part = {"code": "returns", "number": "1", "hours": "2", "syllabus": "只写大纲", "change_reason": "再来"}
    assert one(cast, now, "courses", part).count("new") == 1
    third = CourseVersion.objects.get(course__code="returns", state="draft")
    assert (third.number, third.hours, third.syllabus, third.refresh_months) == (3, 2, "只写大纲", 12)
    assert [file.name for file in third.files.all()] == ["x"]


@pytest.mark.parametrize(
    ("sheet", "cells", "problem"),
    [
        ("courses", {"hours": "0"}, "hours:rule_hours"),
        ("courses", {"hours": "401"}, "hours:rule_hours"),
        ("courses", {"tiers": "in_post;nobody"}, "tiers:rule_tiers"),
        ("courses", {"duties": "nothing"}, "duties:invalid"),
        ("courses", {"exam": "nowhere"}, "exam:unknown"),
        ("courses", {"links": "https://a.cn\nfoo"}, "links:rule_links"),
        ("courses", {"kind": ""}, "kind:rule_kind_missing"),
        ("courses", {"refresh_months": "0"}, "refresh_months:invalid"),
        ("rubrics", {"criteria": "语气"}, "criteria:rule_criteria"),
        ("rubrics", {"criteria": "语气 | 10\n核对 | 0"}, "criteria:rule_criteria"),
        ("rubrics", {"criteria": "语气 | 101"}, "criteria:rule_criteria"),
        ("rubrics", {"pass_percent": "0"}, "pass_percent:invalid"),
        ("rubrics", {"name_en": ""}, "name_en:rule_name_en_missing"),
    ],
)
def test_courses_and_rubrics_are_refused_by_their_own_rules(cast, now, sheet, cells, problem) -> None:
    upload = one(cast, now, sheet, (COURSE if sheet == "courses" else RUBRIC) | cells)
    assert problem in steps.verdicts(upload)[2][1]
    assert not Course.objects.exists()
    assert not Rubric.objects.exists()


def test_a_rubric_comes_in_as_a_draft_and_the_old_one_stays(cast, now) -> None:
    assert one(cast, now, "rubrics", RUBRIC).count("new") == 1
    first = RubricVersion.objects.get(rubric__code="call")
    rules.rule_activate(draft=first, actor=cast.operations, now=now)
    for _twice in range(2):
        one(cast, now, "rubrics", RUBRIC | {"number": "1", "pass_percent": "90"})
    versions = RubricVersion.objects.filter(rubric=first.rubric).order_by("number")
    assert [(row.state, row.pass_percent) for row in versions] == [("active", 80), ("draft", 90)]


@pytest.mark.parametrize(
    ("page", "sheet"), [("bank", "questions"), ("courses", "courses"), ("practicals", "rubrics")]
)
def test_the_pages_lead_to_their_sheets_and_the_example_comes_in_as_it_is(cast, now, page, sheet) -> None:
    html = cast.client(cast.trainer).get(reverse(f"training:{page}")).content.decode()
    assert reverse("sheets:choose", args=[sheet]) in html
    assert reverse("sheets:export", args=[sheet, "xlsx"]) in html
    example = cast.client(cast.trainer).get(reverse("sheets:template", args=[sheet, "xlsx"])).content
    found = seen(cast, now, example, sheet, name="template.xlsx")
    assert {verdict for verdict, _why in found.values()} == {"n"}, found
    assert Exam.objects.count() == 0
