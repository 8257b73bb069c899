"""The trainer's desk: what waits for whoever trains or marks, each line with its next act."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.states import Role
from tests.training.school import a_course, a_run
from training import deskrules, deskselectors, services
from training.services import courses, practical, retraining

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def at_now(now, monkeypatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: now)


def page(cast, person, **asked) -> str:
    browser = cast.client(person)
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    answer = browser.get(reverse("training:desk"), asked)
    assert answer.status_code == 200
    return answer.content.decode()


def held(cast, at, course, came, absent=(), **terms):
    run = a_run(cast, at, course, places=9, **terms)
    seats = courses.seats_take(run=run, people=[*came, *absent], actor=cast.operations, now=at)
    courses.run_move(run=run, name="start", actor=run.trainer, now=at)
    there = [one.pk for one in seats if one.person in came]
    courses.seats_mark(run=run, seats=there, name="attend", actor=run.trainer, now=at)
    return courses.run_move(run=run, name="finish", actor=run.trainer, now=at + 2 * HOUR)


@pytest.mark.parametrize(
    ("state", "starts", "ends", "may_plan", "act"),
    [
        ("running", -3, -1, False, "close"),
        ("running", -1, 1, False, "record"),
        ("open", -3, -1, False, "start"),
        ("open", 0.5, 2, False, "start"),
        ("planned", 0.5, 2, True, "start"),
        ("open", 2, 3, False, "enrol"),
        ("planned", 2, 3, True, "open"),
        ("planned", 2, 3, False, "look"),
    ],
)
def test_the_next_act_of_a_run(now, state, starts, ends, may_plan, act) -> None:
    told = deskrules.next_act(
        state=state, starts_at=now + starts * HOUR, ends_at=now + ends * HOUR, now=now, early=HOUR, may_plan=may_plan
    )  # fmt: skip
    assert told == act


def test_a_trainers_day_from_the_desk(cast, now) -> None:
    """One run not closed, one today, one to come; the buttons lead on, and a run opened from the desk is open."""
    course = a_course(cast, now - 3 * DAY)
    old = a_run(cast, now - DAY, course, state="running", places=9)
    courses.seats_take(run=old, people=[cast.agent], actor=cast.operations, now=now - DAY)
    a_run(cast, now, course)
    later = a_run(cast, now, course, state="planned", starts_at=now + 5 * DAY, ends_at=now + 5 * DAY + HOUR)
    others = a_run(cast, now, course, trainer=cast.supervisor)
    text = page(cast, cast.trainer)
    act = reverse("training:run_act", args=[later.number, "open"])
    assert text.index("Close attendance") < text.index("Start the run") < text.index(act)
    assert "Not there yet" in text
    assert str(cast.agent) in text
    assert others.number not in text
    assert others.number in page(cast, cast.trainer, all="1")
    cast.client(cast.trainer).post(act, {"version": later.version})
    later.refresh_from_db()
    assert later.state == "open"
    assert cast.client(cast.agent).get(reverse("training:desk")).status_code == 404


def test_an_absence_stands_until_a_later_place_is_found(cast, now) -> None:
    course = a_course(cast, now - 10 * DAY)
    held(cast, now - 9 * DAY, course, [], [cast.agent])

    def absent():
        return [seat.person for seat in deskselectors.missing(cast.trainer, now, everything=False)]

    assert absent() == [cast.agent]
    assert "Find another run" in page(cast, cast.trainer)
    run = a_run(cast, now, course, starts_at=now + DAY, ends_at=now + DAY + HOUR)
    courses.seats_take(run=run, people=[cast.agent], actor=cast.operations, now=now)
    assert absent() == []
    courses.run_move(run=run, name="cancel", actor=cast.operations, now=now, reason="会议室被占用")
    assert absent() == [cast.agent]
    draft = courses.number_draft(code="missing_days", actor=cast.trainer, now=now, value=Decimal(5))
    services.rule_activate(draft=draft, actor=cast.operations, now=now)
    assert absent() == []


def test_who_is_late_and_what_leads_on(cast, now) -> None:
    """A refresher over or due, an order past its day, an ending certificate: each with its button, none of oneself."""
    cast.team  # noqa: B018
    stranger = cast.person(Role.AGENT)
    then = now - 40 * DAY
    soon, long = a_course(cast, then, "a", refresh_months=1), a_course(cast, then, "b", refresh_months=3)
    held(cast, then, soon, [cast.agent, stranger, cast.lead])
    held(cast, then, long, [cast.agent])
    retraining.retraining_order(
        person=cast.agent, course=long, reason_code="complaint", deadline=now - DAY, metric="reopened",
        because=("quality.sheet", 1), actor=cast.lead, now=now - 5 * DAY,
    )  # fmt: skip
    cast.certify(cast.agent, valid_to=now + 3 * DAY)
    services.certificates_sweep(actor=cast.system, now=now)

    def told(person):
        return [(one.what, one.person) for one in deskselectors.late(person, now)]

    mine = told(cast.lead)
    assert sorted(mine) == sorted((what, cast.agent) for what in ("refresher", "order", "ending"))
    assert set(told(cast.trainer)) == {*mine, ("refresher", stranger), ("refresher", cast.lead)}
    text = page(cast, cast.lead)
    assert "Refresher overdue" in text
    assert "Retraining overdue" in text
    assert "Ends soon" in text
    assert "Look for a run" in text
    run = a_run(cast, now, soon, starts_at=now + DAY, ends_at=now + DAY + HOUR)
    assert f"Enrol in {run.number}" in page(cast, cast.lead)
    draft = courses.number_draft(code="refresher_warn_days", actor=cast.trainer, now=now, value=Decimal(60))
    services.rule_activate(draft=draft, actor=cast.operations, now=now)
    assert len(told(cast.lead)) == len(mine) + 1
    assert "Refresher due" in page(cast, cast.lead)


def test_sheets_that_wait_and_a_third_to_be_named(cast, now) -> None:
    draft = practical.rubric_create(
        code="call", name_zh="通话", name_en="Call", criteria="Tone | 10", pass_percent=60, gap_percent=20,
        actor=cast.trainer, now=now,
    )  # fmt: skip
    rubric = services.rule_activate(draft=draft, actor=cast.operations, now=now).rubric
    row = practical.assessment_open(
        rubric=rubric, person=cast.agent, assessors=[cast.lead, cast.trainer], task="接一通投诉", actor=cast.supervisor,
        now=now,
    )  # fmt: skip

    def waits(person, **more):
        return [what for _row, what in deskselectors.practicals(person, everything=bool(more))]

    assert (waits(cast.lead), waits(cast.supervisor), waits(cast.supervisor, all=1)) == (
        ["sheet"],
        [],
        ["others"],
    )
    assert "Give your sheet" in page(cast, cast.lead)
    for who, points in ((cast.lead, 2), (cast.trainer, 9)):
        practical.sheet_give(assessment=row, scores=[Decimal(points)], remark="", actor=who, now=now)
    assert (waits(cast.lead), waits(cast.supervisor)) == ([], ["third"])
    assert "Name the third" in page(cast, cast.supervisor)


def test_the_desk_takes_as_many_statements_whatever_waits(cast, now) -> None:
    course = a_course(cast, now - 50 * DAY, refresh_months=1)

    def asked() -> int:
        browser = cast.client(cast.trainer)
        browser.get(reverse("training:desk"), {"all": "1"})
        with CaptureQueriesContext(connection) as found:
            browser.get(reverse("training:desk"), {"all": "1"})
        return len(found)

    def busy() -> None:
        person, other = cast.person(Role.AGENT), cast.person(Role.AGENT)
        held(cast, now - 45 * DAY, course, [person], [other])
        run = a_run(cast, now, course, state="running")
        courses.seats_take(run=run, people=[person], actor=cast.trainer, now=now)
        cast.certify(person, valid_to=now + 3 * DAY)
        services.certificates_sweep(actor=cast.system, now=now)

    busy()
    few = asked()
    for _n in range(3):
        busy()
    assert asked() == few
    assert few < 40


def test_runs_stand_newest_first_on_the_pages_of_runs_and_of_their_course(cast, now) -> None:
    course = a_course(cast, now)
    days = (3, 9, 1, 6)
    made = {
        n: a_run(cast, now, course, starts_at=now + n * DAY, ends_at=now + n * DAY + HOUR).number
        for n in days
    }
    browser = cast.client(cast.trainer)
    for address in (reverse("training:runs"), reverse("training:course", args=[course.code])):
        text = browser.get(address).content.decode()
        assert sorted(days, key=lambda n: text.index(f">{made[n]}<")) == sorted(days, reverse=True)
