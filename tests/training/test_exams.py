"""Exams: drawn and frozen, timed by the server, nothing of what is right in any page, never marked by oneself."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import InternalError
from django.urls import reverse

from aftersales.core.errors import DomainError
from training import exampages, examselectors, services
from training.models import Attempt, ExamVersion, Item, QuestionVersion
from training.services import exams

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
BLUEPRINT = "refunds | single | * | 1 | 2\nrefunds | multiple | * | 1 | 4\nrefunds | order | * | 1 | 2"
WORDS = "\nrefunds | short | * | 1 | 4"


@pytest.fixture
def at_now(now, monkeypatch) -> None:
    from django.utils import timezone

    monkeypatch.setattr(timezone, "now", lambda: now)


def a_question(cast, now, code, kind, options=(), right=(), **more) -> QuestionVersion:
    draft = exams.question_create(
        code=code, topic="refunds", kind=kind, text=f"题{code}", options=list(options), right=list(right),
        difficulty=2, actor=cast.trainer, now=now, **more,
    )  # fmt: skip
    return services.rule_activate(draft=draft, actor=cast.operations, now=now)


def a_bank(cast, now) -> None:
    a_question(cast, now, "one", "single", ["RIGHT-1", "W1", "W2"], [0])
    a_question(cast, now, "many", "multiple", ["RIGHT-2", "RIGHT-3", "W3"], [0, 1])
    a_question(cast, now, "order", "order", ["first", "second", "third"], [0, 1, 2])
    a_question(cast, now, "text", "short", model_answer="SECRET-MODEL", explanation="LATER-EXPLAINED")


def an_exam(cast, now, blueprint=BLUEPRINT, **terms):
    a_bank(cast, now)
    facts = {"minutes": 30, "pass_percent": 60, "partial": "subset", "tries": 2, "wait_hours": 24} | terms
    draft = exams.exam_create(
        code="basic",
        name_zh="基础考试",
        name_en="Basic exam",
        blueprint=blueprint,
        actor=cast.trainer,
        now=now,
        **facts,
    )
    return services.rule_activate(draft=draft, actor=cast.operations, now=now).exam


def sit(exam, person, now) -> Attempt:
    return exams.attempt_start(exam=exam, actor=person, now=now)


def place_of(attempt, kind) -> Item:
    return Item.objects.get(attempt=attempt, kind=kind)


def answer(attempt, kind, now, *, right=True, words="", **more) -> None:
    item = place_of(attempt, kind)
    picked = item.key if right else [n for n in range(len(item.options)) if n not in item.key][:1]
    exams.answer_save(
        attempt=attempt, place=item.place, actor=attempt.person, now=now, picked=picked, words=words, **more
    )


def refused(code, act) -> None:
    with pytest.raises(DomainError) as error:
        act()
    assert error.value.code == code


# ------------------------------------------------------------------------------------------------- sitting
def test_a_paper_is_answered_in_the_browser_and_marked_at_once(cast, now) -> None:
    exam, browser = an_exam(cast, now), cast.client(cast.agent)
    browser.post(reverse("training:start", args=["basic"]))
    row = Attempt.objects.get()
    url = reverse("training:answer", args=[row.public_id])
    for kind, right in (("single", True), ("multiple", True), ("order", False)):
        item = place_of(row, kind)
        picked = item.key if right else list(reversed(item.key))
        sent = {"place": item.place, "serial": 5, "picked": picked}
        assert browser.post(url, sent).json() == {"ok": True, "serial": 5}
    older = place_of(row, "single")
    browser.post(
        url, {"place": older.place, "serial": 4, "picked": [n for n in range(3) if n not in older.key][:1]}
    )
    page = browser.get(reverse("training:attempt", args=[row.public_id])).content.decode()
    assert page.count(" checked") == 3, "a lost connection loses nothing: the saved answers stand there again"
    browser.post(reverse("training:submit", args=[row.public_id]), {"act": "submit"})
    row.refresh_from_db()
    assert (row.state, row.score, row.max_score, row.passed) == ("marked", Decimal("6.67"), Decimal(8), True)
    assert sit(exam, cast.lead, now).pk != row.pk


def test_the_whole_form_works_without_a_script(cast, now) -> None:
    exam, browser = an_exam(cast, now, BLUEPRINT + WORDS), cast.client(cast.agent)
    row = sit(exam, cast.agent, now)
    sent = {"whole": "1", "act": "submit"}
    for item in row.items.all():
        if item.kind == "order":
            sent |= {f"q{item.place}-{option}": rank for rank, option in enumerate(item.key, 1)}
        else:
            sent[f"q{item.place}"] = "我的答案" if item.kind == "short" else item.key
    browser.post(reverse("training:submit", args=[row.public_id]), sent)
    row.refresh_from_db()
    assert row.state == "submitted", "a short text waits for a person"
    assert [str(item.got) for item in row.items.order_by("place")] == ["2.00", "4.00", "2.00", "None"]


def test_nothing_of_what_is_right_leaves_the_server_before_marking(cast, now) -> None:
    exam, browser = an_exam(cast, now, BLUEPRINT + WORDS), cast.client(cast.agent)
    row = sit(exam, cast.agent, now)
    single = place_of(row, "single")
    told = [
        browser.get(reverse("training:attempt", args=[row.public_id])),
        browser.get(reverse("training:exam", args=["basic"])),
        browser.get(reverse("training:exams")),
        browser.post(
            reverse("training:answer", args=[row.public_id]), {"place": single.place, "picked": single.key}
        ),
        browser.post(reverse("training:answer", args=[row.public_id]), {"place": single.place, "picked": 99}),
    ]
    for reply in told:
        text = reply.content.decode()
        assert "SECRET-MODEL" not in text
        assert "LATER-EXPLAINED" not in text
        assert row.seed not in text
    page = told[0].content.decode()
    options = [page.index(f"<span>{one}</span>") for one in single.options]
    assert options == sorted(options), "the order of the page is the drawn one, which says nothing"
    assert not any(name in vars(one) for one in examselectors.paper(row) for name in ("key", "right"))
    with connection.execute_wrapper(_no_key):
        browser.get(reverse("training:attempt", args=[row.public_id]))
    closed = cast.client(cast.trainer)
    mine = sit(exam_without_own(cast, now), cast.trainer, now)
    assert mine.state == "started"
    assert "RIGHT-1" not in closed.get(reverse("training:bank")).content.decode(), (
        "who sits does not open the bank"
    )
    assert closed.get(reverse("training:question", args=["one"])).status_code == 302


def _no_key(execute, sql, params, many, context):
    assert '"training_item"."key"' not in sql
    return execute(sql, params, many, context)


def exam_without_own(cast, now):
    """Questions and exam of other people, which the trainer may sit."""
    draft = exams.question_create(
        code="other", topic="law", kind="truth", text="题", options=["对", "错"], right=[0], difficulty=1,
        actor=cast.supervisor, now=now,
    )  # fmt: skip
    services.rule_activate(draft=draft, actor=cast.operations, now=now)
    made = exams.exam_create(
        code="law", name_zh="法规", name_en="Law", blueprint="law | * | * | 1 | 1", minutes=10, pass_percent=60,
        actor=cast.supervisor, now=now,
    )  # fmt: skip
    return services.rule_activate(draft=made, actor=cast.operations, now=now).exam


def test_nobody_is_asked_what_he_wrote_himself(cast, now) -> None:
    exam = an_exam(cast, now)
    refused("bank_too_small", lambda: sit(exam, cast.trainer, now))
    refused("bank_too_small", lambda: sit(exam, cast.operations, now))


def test_an_exam_that_the_bank_cannot_fill_does_not_come_into_force(cast, now, settings) -> None:
    """Who brings it into force reads how many questions of what are missing; nobody finds out in the examination."""
    settings.REQUIRE_SECOND_FACTOR = False
    later = now + timedelta(days=3)
    a_question(cast, now, "one", "single", ["R", "W"], [0])
    draft = exams.exam_create(
        code="basic", name_zh="基础考试", name_en="Basic exam", minutes=30, pass_percent=60, actor=cast.trainer,
        blueprint="refunds | single | * | 2 | 2\nlaw | * | 1-2 | 5 | 1", now=now,
    )  # fmt: skip
    page = cast.client(cast.operations).get(reverse("training:rule", args=["exam", "basic"])).content.decode()
    assert "“refunds”" in page
    assert "“law”" in page
    refused("bank_too_small", lambda: services.rule_activate(draft=draft, actor=cast.operations, now=now))
    assert ExamVersion.objects.get().state == "draft"
    a_question(cast, now, "two", "single", ["R", "W"], [0])
    for number in range(5):
        question = exams.question_create(
            code=f"law{number}", topic="law", kind="truth", text="题", options=["对", "错"], right=[0], difficulty=1,
            actor=cast.trainer, now=now,
        )  # fmt: skip
        services.rule_activate(draft=question, actor=cast.operations, now=now, valid_from=later)
    refused("bank_too_small", lambda: services.rule_activate(draft=draft, actor=cast.operations, now=now))
    row = services.rule_activate(draft=draft, actor=cast.operations, now=now, valid_from=later)
    assert sit(row.exam, cast.agent, later).items.count() == 7


def test_the_server_keeps_the_time(cast, now) -> None:
    row = sit(an_exam(cast, now), cast.agent, now)
    answer(row, "single", row.due_at + timedelta(seconds=9))
    late = row.due_at + timedelta(seconds=11)
    refused("late", lambda: answer(row, "multiple", late))
    assert exams.attempts_sweep(actor=cast.system, now=row.due_at + timedelta(seconds=5)) == 0
    assert exams.attempts_sweep(actor=cast.system, now=late) == 1
    assert exams.attempts_sweep(actor=cast.system, now=late) == 0
    row.refresh_from_db()
    assert (row.state, row.score, row.passed, row.submitted_at) == ("marked", 2, False, row.due_at)
    refused("handed_in", lambda: answer(row, "multiple", now))


def test_a_running_attempt_is_taken_up_again_and_tries_are_counted(cast, now) -> None:
    exam = an_exam(cast, now)
    first = sit(exam, cast.agent, now)
    assert sit(exam, cast.agent, now + timedelta(minutes=5)).pk == first.pk
    exams.attempt_submit(attempt=first, actor=cast.agent, now=now)
    refused("wait", lambda: sit(exam, cast.agent, now + timedelta(hours=23)))
    later = now + timedelta(hours=24)
    second = sit(exam, cast.agent, later)
    assert second.seed != first.seed
    exams.attempt_submit(attempt=second, actor=cast.agent, now=later)
    refused("no_tries", lambda: sit(exam, cast.agent, later + timedelta(days=9)))
    exams.attempt_void(attempt=second, actor=cast.trainer, now=later, reason="停电")
    assert sit(exam, cast.agent, later + timedelta(days=9)).state == "started"


def test_a_paper_stays_as_it_was_drawn(cast, now) -> None:
    row = sit(an_exam(cast, now), cast.agent, now)
    version = QuestionVersion.objects.get(question__code="one")
    draft = exams.question_draft(
        question=version.question, options=["X", "Y"], right=[1], actor=cast.trainer, now=now
    )
    services.rule_activate(draft=draft, actor=cast.operations, now=now)
    item = place_of(row, "single")
    assert sorted(item.options) == ["RIGHT-1", "W1", "W2"]
    answer(row, "single", now)
    assert exams.attempt_submit(attempt=row, actor=cast.agent, now=now).score == 2


# ------------------------------------------------------------------------------------------------- marking
def test_a_text_is_marked_by_a_person_and_an_appeal_by_another(cast, now) -> None:
    exam = an_exam(cast, now, "refunds | short | * | 1 | 4\nrefunds | single | * | 1 | 1")
    row = sit(exam, cast.agent, now)
    answer(row, "short", now, words="先退款")
    exams.attempt_submit(attempt=row, actor=cast.agent, now=now)
    place = place_of(row, "short").place
    first, second = cast.client(cast.trainer), cast.client(cast.lead)
    queue = first.get(reverse("training:marking")).content.decode()
    assert row.number in queue
    assert "周婷" not in queue, "papers come without names"
    save = reverse("training:mark_act", args=[row.public_id])
    first.post(save, {f"got-{place}": "9"})
    assert place_of(row, "short").got is None
    first.post(save, {f"got-{place}": "1", f"remark-{place}": "太短"})
    row.refresh_from_db()
    assert (row.state, row.score, row.passed) == ("marked", 1, False)

    browser = cast.client(cast.agent)
    assert "太短" in browser.get(reverse("training:attempt", args=[row.public_id])).content.decode()
    browser.post(reverse("training:appeal", args=[row.public_id]), {"reason": "第一题答全了"})
    refused("first_marker", lambda: exams.appeal_settle(
        attempt=row, marks={place: (Decimal(4), "")}, actor=cast.trainer, now=now, reason="x"
    ))  # fmt: skip
    assert "第一题答全了" in second.get(reverse("training:mark_paper", args=[row.public_id])).content.decode()
    second.post(save, {f"got-{place}": "3.5", "reason": "答到要点"})
    row.refresh_from_db()
    item = place_of(row, "short")
    assert (row.state, row.score, row.passed, item.first_got) == ("settled", Decimal("3.5"), True, 1)


def test_an_appeal_has_its_days(cast, now) -> None:
    row = sit(an_exam(cast, now, appeal_days=7), cast.agent, now)
    row = exams.attempt_submit(attempt=row, actor=cast.agent, now=now)
    late = now + timedelta(days=7)
    refused("too_late", lambda: exams.attempt_appeal(attempt=row, actor=cast.agent, now=late, reason="x"))


def test_bad_questions_show_with_their_sample(cast, now) -> None:
    exam = an_exam(cast, now)
    people = [cast.agent, cast.lead, cast.inspector]
    for person, good in zip(people, (True, True, False), strict=True):
        row = sit(exam, person, now)
        answer(row, "single", now, right=good)
        answer(row, "multiple", now, right=good)
        exams.attempt_submit(attempt=row, actor=person, now=now)
    one = QuestionVersion.objects.get(question__code="one")
    told = examselectors.statistics([one.pk])[one.pk]
    assert (told.papers, round(told.difficulty, 2), round(told.discrimination, 2)) == (3, 0.67, 1.0)
    few, many = (exampages.statistic(examselectors.Statistic(n, 0.67, 0.1), 20) for n in (3, 20))
    assert "20" in few.why
    assert (few.is_bad, many.is_bad) == (False, True)
    assert "67%" in cast.client(cast.trainer).get(reverse("training:bank")).content.decode()


# ------------------------------------------------------------------------------------- never one's own work
@pytest.mark.parametrize(
    "path", ["mark", "page", "direct post", "settle", "void", "answer of another", "sql"]
)
def test_nobody_marks_his_own_exam_by_any_path(cast, now, path) -> None:
    me = cast.supervisor  # may mark everybody else's
    row = sit(an_exam(cast, now, "refunds | short | * | 1 | 4"), me, now)
    answer(row, "short", now, words="x")
    if path == "answer of another":
        refused("gone", lambda: exams.answer_save(attempt=row, place=1, actor=cast.lead, now=now, words="y"))
        url = reverse("training:answer", args=[row.public_id])
        assert cast.client(cast.lead).post(url, {"place": 1, "words": "y"}).status_code == 404
        return
    row = exams.attempt_submit(attempt=row, actor=me, now=now)
    marks = {1: (Decimal(4), "")}
    if path == "mark":
        refused("own_exam", lambda: exams.texts_mark(attempt=row, marks=marks, actor=me, now=now))
    elif path == "page":
        url = reverse("training:mark_paper", args=[row.public_id])
        assert cast.client(me).get(url).status_code == 404
        assert row.number not in cast.client(me).get(reverse("training:marking")).content.decode()
    elif path == "direct post":
        url = reverse("training:mark_act", args=[row.public_id])
        assert cast.client(me).post(url, {"got-1": "4"}).status_code == 404
    elif path == "settle":
        exams.texts_mark(attempt=row, marks={1: (Decimal(0), "")}, actor=cast.trainer, now=now)
        exams.attempt_appeal(attempt=row, actor=me, now=now, reason="x")
        refused(
            "own_exam", lambda: exams.appeal_settle(attempt=row, marks=marks, actor=me, now=now, reason="x")
        )
    elif path == "void":
        cast.client(me).post(reverse("training:void", args=[row.public_id]), {"reason": "x"})
    else:
        with (
            pytest.raises((IntegrityError, InternalError)),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("UPDATE training_attempt SET state = 'marked' WHERE id = %s", [row.pk])
    row.refresh_from_db()
    assert row.state in {"submitted", "appealed"}
    assert not Item.objects.filter(attempt=row, got__gt=0).exists()
