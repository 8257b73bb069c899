"""What a training did: before and after, against colleagues, with samples; no trend looks like an effect."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.states import Role
from aftersales.core import moves
from tests.training.school import a_course, a_run
from training import effectrules, services
from training.effectrules import Comparison, verdict
from training.effectselectors import Effects, finished
from training.metrics import Way
from training.models import Attempt, Exam, Number
from training.retrainingrules import Effect
from training.services import courses, exams, facts

marks = st.none() | st.decimals(0, 100, places=2)
samples = st.integers(0, 40)
effects = st.builds(Effect, marks, samples, marks, samples)
comparisons = st.builds(Comparison, effects, effects)
LEAST = 10


@given(comparisons, st.booleans())
def test_nothing_is_said_on_too_few_and_the_direction_of_a_figure_turns_the_answer_around(found, low) -> None:
    told = verdict(found, sample=LEAST, better_low=low, over=True)
    sides = (found.attended, found.others)
    if any(
        one.before is None or one.after is None or min(one.before_n, one.after_n) < LEAST for one in sides
    ):
        assert told == "few"
    else:
        turned = {"better": "worse", "worse": "better", "same": "same"}
        assert verdict(found, sample=LEAST, better_low=not low, over=True) == turned[told]
    assert verdict(found, sample=LEAST, better_low=low, over=False) == "early"


@pytest.mark.parametrize(("after", "told"), [("4.96", "same"), ("4.94", "better"), ("5.06", "worse")])
def test_the_verdict_goes_by_the_difference_that_is_shown(after, told) -> None:
    """A reopen rate of 5 %; colleagues stay where they were."""
    same = Effect(Decimal(5), 40, Decimal(5), 40)
    found = Comparison(Effect(Decimal(5), 40, Decimal(after), 40), same)
    assert verdict(found, sample=LEAST, better_low=True, over=True, percent=True) == told
    assert str(effectrules.shown(Decimal("-0.04"), percent=True)) == "0.0"


@given(comparisons, st.decimals(-50, 50, places=2))
def test_a_trend_that_everybody_goes_through_is_no_effect(found, trend) -> None:
    def moved(one: Effect) -> Effect:
        return Effect(one.before, one.before_n, None if one.after is None else one.after + trend, one.after_n)

    assert Comparison(moved(found.attended), moved(found.others)).net == found.net


@given(st.lists(st.tuples(st.decimals(0, 500, places=2), st.integers(0, 50))))
def test_every_ticket_weighs_the_same_whoever_it_is_laid_to(sums) -> None:
    total, n = effectrules.pooled(sums)
    assert (total, n) == (sum(one for one, _n in sums), sum(n for _one, n in sums))
    assert effectrules.value(Way.MEAN, total, n) == (total / n if n else None)


# --------------------------------------------------------------------------------------------- with figures
def work(person, day, handled: int, again: int) -> None:
    facts.fact_record(person=person, metric="tickets_handled", day=day, value=handled)
    facts.fact_record(person=person, metric="reopened", day=day, value=again)


@pytest.fixture
def held(cast, now):
    """A run 60 days ago that the agent attended; a colleague did not, a third sat in the next run of the course."""
    then = now - timedelta(days=60)
    course = a_course(cast, then)
    colleague, third = cast.person(Role.AGENT), cast.person(Role.AGENT)
    run = attended(cast, then, course, cast.agent)
    attended(cast, then + timedelta(days=10), course, third)
    day = timezone.localdate(then)
    before, after = day - timedelta(days=5), day + timedelta(days=5)
    for person, first, second in ((cast.agent, 40, 10), (colleague, 30, 25), (third, 90, 0)):
        work(person, before, 100, first)
        work(person, after, 100, second)
    work(cast.agent, day, 100, 100)  # the day itself is on no side
    return run


def attended(cast, at, course, *people):
    run = a_run(cast, at, course, places=9)
    seats = courses.seats_take(run=run, people=people, actor=cast.trainer, now=at)
    courses.run_move(run=run, name="start", actor=cast.trainer, now=at)
    courses.seats_mark(run=run, seats=[one.pk for one in seats], name="attend", actor=cast.trainer, now=at)
    return courses.run_move(run=run, name="finish", actor=cast.trainer, now=at + timedelta(hours=2))


def told(cast, now, run):
    return Effects(finished(cast.trainer, now).filter(pk=run.pk), cast.trainer, now)


@pytest.mark.django_db
def test_a_run_is_compared_with_colleagues_who_did_not_attend(cast, now, held, monkeypatch) -> None:
    """40 % to 10 % of those who attended, 30 % to 25 % of colleagues: 25 points better, not 30."""
    found = told(cast, now, held).of([held])
    one = found.figures["reopened"]
    assert (one.attended.before, one.attended.before_n) == (40, 100)
    assert (one.attended.after, one.attended.after_n) == (10, 100)
    assert (one.others.before, one.others.after, one.others.before_n) == (30, 25, 100)
    assert one.net == -25
    assert (found.people, found.over) == (1, True)
    monkeypatch.setattr(timezone, "now", lambda: now)
    browser = cast.client(cast.trainer)
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    page = browser.get(reverse("training:run_effect", args=[held.number])).content.decode()
    assert "-25.0 points" in page
    assert "Better" in page
    assert "Reopened: from 40.0 % to 10.0 %" in page
    assert page.count("Too few to say") == 2  # satisfaction and errors were not counted
    for name, args in (("effects", []), ("course_effect", [held.course.code])):
        assert "Better" in browser.get(reverse(f"training:{name}", args=args)).content.decode()
    sheet = browser.get(reverse("training:effects_sheet"), {"run": held.number}).content.decode("utf-8-sig")
    lines = [line.split(",") for line in sheet.splitlines()]
    assert len(lines) == 4
    assert lines[2][6:14] == ["40.0 %", "100", "10.0 %", "100", "30.0 %", "100", "25.0 %", "100"]
    least = courses.number_draft(code="effect_sample", actor=cast.trainer, now=now, value=Decimal(101))
    services.rule_activate(draft=least, actor=cast.operations, now=now)
    page = browser.get(reverse("training:run_effect", args=[held.number])).content.decode()
    assert page.count("Too few to say") == 4  # the three lines, and the chart of the figure that has one
    assert "Better" not in page


@pytest.mark.django_db
def test_days_that_are_not_over_say_too_early_and_fewer_days_count_less(cast, now, held) -> None:
    early = held.ends_at + timedelta(days=20)
    assert not told(cast, early, held).of([held]).over
    fewer = courses.number_draft(code="effect_days", actor=cast.trainer, now=now, value=Decimal(4))
    services.rule_activate(draft=fewer, actor=cast.operations, now=now)
    assert Number.objects.filter(code="effect_days").count() == 2
    assert told(cast, now, held).of([held]).figures["reopened"].attended.before is None


@pytest.mark.django_db
def test_an_exam_shows_what_the_same_people_learned(cast, now) -> None:
    """The last try before and the first one after count; who sat it only once is no pair."""
    then = now - timedelta(days=60)
    asked = exams.question_create(
        code="one", topic="退款", kind="truth", text="题", options=["对", "错"], right=[0], difficulty=1,
        actor=cast.trainer, now=then,
    )  # fmt: skip
    services.rule_activate(draft=asked, actor=cast.operations, now=then)
    draft = exams.exam_create(
        code="refunds", name_zh="退款", name_en="Refunds", actor=cast.trainer, now=then, blueprint="* | * | * | 1 | 1",
        minutes=10, pass_percent=60,
    )  # fmt: skip
    version = services.rule_activate(draft=draft, actor=cast.operations, now=then)
    course = a_course(cast, then, exam=Exam.objects.get())
    once = cast.person(Role.AGENT)
    run = attended(cast, then, course, cast.agent, once)
    for n, (person, days, score) in enumerate(
        [
            (cast.agent, -9, 2),
            (cast.agent, -2, 4),
            (cast.agent, 3, 9),
            (cast.agent, 8, 10),
            (once, 3, 10),
            (cast.agent, 40, 1),
        ]
    ):
        at = run.starts_at + timedelta(days=days)
        row = Attempt(
            number=f"KS{n}", exam=version.exam, exam_version=version, person=person, seed="x", started_at=at,
            due_at=at + timedelta(minutes=9), max_score=10,
        )  # fmt: skip
        row.save()
        moves.perform(row, "submit", actor=person, now=at)
        moves.perform(
            row, "mark", actor=cast.trainer, now=at, until=at, score=Decimal(score), passed=score > 5
        )
    found = told(cast, now, run).of([run]).exam
    assert (found.before, found.before_n, found.after, found.after_n) == (40, 1, 90, 1)
    assert effectrules.exam_verdict(found, sample=1, over=True) == "better"
    assert effectrules.exam_verdict(found, sample=2, over=True) == "few"


@pytest.mark.django_db
def test_many_runs_take_as_many_statements_as_one(
    cast, now, held, django_assert_num_queries, monkeypatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: now)
    browser = cast.client(cast.trainer)
    page = reverse("training:effects")
    browser.get(page)
    with CaptureQueriesContext(connection) as few:
        browser.get(page)
    for n in range(3):
        attended(cast, now - timedelta(days=50 + n), held.course, cast.agent, cast.person(Role.AGENT))
    with django_assert_num_queries(len(few)):
        browser.get(page)
