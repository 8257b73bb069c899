"""A month of runs is planned in a spreadsheet: once, by the rules of the page, and never over somebody's shoulder."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils.translation import override

from accounts.states import Role
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Event
from aftersales.core.sheets import explaining, exporting, services
from tests.core.sheets import steps
from tests.training.school import a_course, a_run
from training.models import Run
from training.services import courses

pytestmark = pytest.mark.django_db
HEAD = ["number", "course", "trainer", "starts_at", "ends_at", "places", "place", "link", "budget"]
MONTH = [
    ["", "basics", "trainer", "2026-12-01 09:00", "2026-12-01 11:00", "20", "A301", "", "2000"],
    ["", "basics", "trainer", "2026-12-08 09:00", "2026-12-08 11:00", "20", "", "https://meet.example.com/1", ""],
    ["", "refunds", "lead", "2026-12-01 09:00", "2026-12-01 11:00", "12", "A302", "", ""],
    ["", "refunds", "lead", "2026-12-01 11:00", "2026-12-01 12:30", "12", "A302", "", ""],
]  # fmt: skip


@pytest.fixture(autouse=True)
def school(cast, now) -> None:
    """Two courses in force, one that is drafted only, and two people who may hold them."""
    a_course(cast, now), a_course(cast, now, "refunds", hours=2)
    courses.course_create(
        code="drafted",
        name_zh="草稿",
        name_en="Drafted",
        kind="service",
        hours=1,
        actor=cast.trainer,
        now=now,
    )
    assert cast.lead


def sheet(*rows: list[str], head=HEAD) -> bytes:
    return steps.rows_as_csv(head, *rows)


def load(cast, now, *rows, actor=None):
    return steps.load("course_runs", sheet(*rows), actor=actor or cast.operations, now=now)


def previewed(cast, now, *rows, actor=None):
    return steps.check("course_runs", sheet(*rows), actor=actor or cast.operations, now=now)


def verdicts(upload) -> list[tuple[str, str]]:
    return [found for _row, found in sorted(steps.verdicts(upload).items())]


def taken_out(actor, now, fmt="csv") -> bytes:
    runs: Any = Run.objects.visible_to(actor).order_by("pk")
    made = exporting.export(queryset=runs, sheet="course_runs", fmt=fmt, actor=actor, now=now)
    return exporting.path_of(made).read_bytes()


def row_of(run: Run, **cells: str) -> list[str]:
    """The row of a run as its sheet came out, with some cells written over."""
    said = {
        "number": run.number, "course": run.course.code, "trainer": run.trainer.username,
        "starts_at": f"{run.starts_at + timedelta(hours=8):%Y-%m-%d %H:%M}",
        "ends_at": f"{run.ends_at + timedelta(hours=8):%Y-%m-%d %H:%M}", "places": str(run.places),
        "place": run.place, "link": run.link, "budget": "" if run.budget is None else str(run.budget),
    } | cells  # fmt: skip
    return [said[name] for name in HEAD]


def told() -> int:
    return Event.objects.filter(kind__startswith="run.").count()


# --------------------------------------------------------------------------------------------------- to plan
def test_a_month_is_planned_in_one_sheet_and_the_same_file_plans_nothing_twice(cast, now) -> None:
    upload = load(cast, now, *MONTH)
    assert (upload.state, upload.count("new"), upload.count("refused")) == ("done", 4, 0)
    runs = list(Run.objects.order_by("pk"))
    assert [(run.course.code, run.trainer.username, run.state, run.hours, run.places) for run in runs] == [
        ("basics", "trainer", "planned", 4, 20), ("basics", "trainer", "planned", 4, 20),
        ("refunds", "lead", "planned", 2, 12), ("refunds", "lead", "planned", 2, 12),
    ]  # fmt: skip
    assert (runs[0].place, runs[0].budget, runs[1].link, runs[0].planned_by) == (
        "A301", 2000, "https://meet.example.com/1", cast.operations,
    )  # fmt: skip
    planned = Event.objects.filter(kind="run.planned").order_by("pk")
    assert [(one.source, one.rule_version) for one in planned[:2]] == [("import", "course.basics v1")] * 2

    again = load(cast, now, *MONTH, actor=cast.supervisor)
    assert (again.count("same"), again.count("new"), told()) == (4, 0, 4)

    later = runs[0].starts_at + timedelta(days=1)
    courses.run_change(
        run=runs[0], starts_at=later, ends_at=later + timedelta(hours=2), actor=cast.trainer, now=now
    )
    courses.run_move(run=runs[1], name="cancel", reason="停电", actor=cast.trainer, now=now)
    found = verdicts(load(cast, now, *MONTH))
    assert [verdict for verdict, _why in found] == ["r", "r", "s", "s"]
    assert "planned_already" in found[0][1], (
        "it was moved since: another one at the old time would be a second run"
    )
    assert "cancelled" in found[1][1]
    assert Run.objects.count() == 4


def test_a_killed_worker_leaves_no_run_planned_or_changed_twice(cast, now, monkeypatch) -> None:
    load(cast, now, MONTH[0])
    run = Run.objects.get()
    upload = previewed(cast, now, row_of(run, places="30"), MONTH[1])
    services.confirm(upload=upload, actor=cast.operations, now=now)
    plain = services._write_chunk

    def killed(*args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(services, "_write_chunk", killed)
    with pytest.raises(KeyboardInterrupt):
        services.apply(upload=upload, now=now)
    monkeypatch.setattr(services, "_write_chunk", plain)
    done = services.apply(upload=upload, now=now)
    assert (done.count("new"), done.count("changed"), done.count("conflict")) == (1, 1, 0)
    assert (Run.objects.count(), Event.objects.filter(kind="run.changed").count()) == (2, 1)


# ------------------------------------------------------------------------------------------------- to change
@pytest.mark.parametrize("fmt", ["csv", "xlsx"])
def test_what_is_taken_out_comes_in_unchanged_whatever_became_of_the_runs(cast, now, fmt) -> None:
    load(cast, now, *MONTH)
    done = a_run(cast, now, a_course(cast, now, "other"), state="running")
    courses.seats_take(run=done, people=[cast.agent], actor=cast.operations, now=now)
    courses.run_move(run=done, name="finish", actor=cast.trainer, now=now + timedelta(hours=1))
    upload = steps.check(
        "course_runs", taken_out(cast.trainer, now, fmt), name=f"a.{fmt}", actor=cast.operations, now=now
    )
    assert {verdict for verdict, _why in verdicts(upload)} == {"s"}, verdicts(upload)
    assert upload.count("read") == 5
    text = taken_out(cast.auditor, now).decode("utf-8-sig")
    (line,) = [line for line in text.splitlines() if done.number in line]
    assert {"other", "trainer", "done", "4.00", "1"} <= set(line.split(","))


def test_a_row_with_its_number_changes_the_run_and_the_preview_says_from_what_to_what(cast, now) -> None:
    load(cast, now, *MONTH[:2])
    first, second = Run.objects.order_by("pk")
    courses.run_move(run=first, name="open", actor=cast.trainer, now=now)
    courses.seats_take(run=first, people=[cast.agent], actor=cast.trainer, now=now)
    first.refresh_from_db()
    changed = row_of(first, trainer="lead", ends_at="2026-12-01 12:00", place="", places="8")
    upload = previewed(cast, now, changed, row_of(second))
    assert [verdict for verdict, _why in verdicts(upload)] == ["c", "s"]
    with override("en"):
        (row,), _more = explaining.page(services.plan_of(upload, now=now), upload, "changed")
    assert row.key == first.number
    assert {(one.column, one.old, one.new) for one in row.differences} == {
        ("Trainer", "trainer", "lead"), ("Until", "2026-12-01 11:00:00", "2026-12-01 12:00:00"),
        ("Place", "A301", ""), ("Places", "20", "8"),
    }  # fmt: skip
    assert steps.apply(upload, now=now).count("changed") == 1
    first.refresh_from_db()
    assert (first.state, first.trainer, first.place, first.places, first.link) == (
        "open",
        cast.lead,
        "",
        8,
        "",
    )
    load(cast, now, changed)
    assert Event.objects.filter(kind="run.changed").count() == 1


def test_what_somebody_changed_or_planned_since_the_preview_is_not_written_over(cast, now) -> None:
    load(cast, now, MONTH[0])
    run = Run.objects.get()
    upload = previewed(cast, now, row_of(run, places="5"), MONTH[1], MONTH[2])
    courses.run_change(run=run, place="B1", actor=cast.trainer, now=now)
    load(cast, now, [*MONTH[1][:5], "7", *MONTH[1][6:]], actor=cast.supervisor)  # the same run, other places
    load(
        cast,
        now,
        ["", "basics", "lead", "2026-12-01 10:00", "2026-12-01 10:30", "5", "", "", ""],
        actor=cast.trainer,
    )
    with override("en"):
        done = steps.apply(upload, now=now)
        rows, _more = explaining.page(services.plan_of(done, now=now), done, "refused")
    assert (done.count("new"), done.count("changed"), done.count("conflict")) == (0, 0, 3)
    said = [row.problems[0].reason for row in rows]
    assert "changed this row after the preview" in said[0]
    assert "added this row after the preview" in said[1]
    assert "holds the run" in said[2]
    run.refresh_from_db()
    assert (run.places, run.place) == (20, "B1")
    assert Run.objects.filter(starts_at__day=8).get().places == 7


def test_a_row_that_is_left_out_is_told_even_where_another_row_belongs_to_the_same_run(cast, now) -> None:
    load(cast, now, MONTH[0])
    run = Run.objects.get()
    third, fifth = (
        {"starts_at": f"2026-12-0{day} 09:00", "ends_at": f"2026-12-0{day} 11:00"} for day in (3, 5)
    )
    upload = previewed(cast, now, row_of(run, **third), row_of(run, number="", **fifth))
    for days in (4, -2):  # somebody moves it to the fifth and then, as the sheet has it, to the third
        run.refresh_from_db()
        courses.run_change(
            run=run, starts_at=run.starts_at + timedelta(days=days), ends_at=run.ends_at + timedelta(days=days),
            actor=cast.trainer, now=now,
        )  # fmt: skip
    done = steps.apply(upload, now=now)
    assert (done.count("changed"), done.count("new"), done.count("conflict")) == (1, 0, 1)
    assert Run.objects.count() == 1


# ------------------------------------------------------------------------------------------------ broken rows
@pytest.fixture
def standing(cast, now) -> dict[str, Run]:
    """A run to come with two people in it, another one of the same trainer, one that is on."""
    load(cast, now, *MONTH[:2])
    coming, next_one = Run.objects.order_by("pk")
    courses.seats_take(run=coming, people=[cast.agent, cast.operations], actor=cast.trainer, now=now)
    courses.seats_take(run=next_one, people=[cast.agent, cast.lead], actor=cast.trainer, now=now)
    running = a_run(cast, now, a_course(cast, now, "other"), state="running")
    return {"own": coming, "coming": next_one, "running": running}


@pytest.mark.parametrize(
    ("which", "cells", "problem", "words"),
    [
        ("", {"course": "nothing"}, "course:unknown", "No such row"),
        ("", {"course": "drafted"}, "course:rule_no_version", "No version"),
        ("", {"trainer": "agent"}, "trainer:rule_no_trainer", "may not record attendance"),
        ("", {"ends_at": "2026-12-20 08:00"}, "ends_at:rule_period", "ends after it begins"),
        ("", {"starts_at": "next week"}, "starts_at:invalid", "not a valid date"),
        ("", {"places": "0"}, "places:invalid", "between 1 and 1000"),
        ("", {"link": "javascript:alert(1)"}, "link:rule_link", "no address"),
        ("", {"starts_at": "2026-12-08 10:00", "ends_at": "2026-12-08 12:00"}, "starts_at:rule_overlap", "another run"),
        ("", {"number": "PX0000-0001"}, "number:rule_no_run", "no run of this number"),
        ("", {"state": "open"}, "state:rule_state_told", "own page"),
        ("", {"course_version": "2"}, "course_version:rule_course_version_told", "in force"),
        ("", {"hours": "3"}, "hours:rule_hours_told", "version of the course"),
        ("coming", {"course": "refunds"}, "course:rule_course_fixed", "another course"),
        ("coming", {"number": "", "places": "9"}, "starts_at:rule_planned_already", "planned for this time already"),
        ("coming", {"places": "1"}, "places:rule_places_taken", "More people"),
        ("coming", {"trainer": "lead"}, "trainer:rule_seated", "enrolled in the run"),
        ("coming", {"starts_at": "2026-12-01 10:00"}, "starts_at:rule_overlap", "another run"),
        ("coming", {"state": "cancelled"}, "state:rule_state_told", "cancelled on its own page"),
        ("own", {"place": "A1"}, "number:rule_own_run", "You are enrolled"),
        ("running", {"places": "9"}, "number:rule_begun", "has begun"),
    ],
)  # fmt: skip
def test_the_preview_says_of_a_row_what_is_wrong_where_and_what_to_do(
    cast, now, standing, which, cells, problem, words
) -> None:
    base = dict(zip(HEAD, MONTH[0], strict=True)) | {
        "starts_at": "2026-12-20 09:00",
        "ends_at": "2026-12-20 11:00",
    }
    if which:
        base = dict(zip(HEAD, row_of(standing[which]), strict=True))
    row = base | cells
    before = list(Run.objects.order_by("pk").values())
    upload = steps.check(
        "course_runs", sheet(list(row.values()), head=list(row)), actor=cast.operations, now=now
    )
    ((verdict, why),) = verdicts(upload)
    assert verdict == "r"
    assert problem in why
    with override("en"):
        (refused,), _more = explaining.page(services.plan_of(upload, now=now), upload, "refused")
    (one,) = [one for one in refused.problems if problem.endswith(one.code)]
    assert words in one.reason
    assert one.remedy
    assert one.column
    steps.apply(upload, now=now)
    assert list(Run.objects.order_by("pk").values()) == before


def test_two_rows_of_a_file_do_not_book_a_trainer_twice_and_the_others_are_planned(cast, now) -> None:
    clash = ["", "refunds", "trainer", "2026-12-01 10:30", "2026-12-01 12:00", "5", "", "", ""]
    upload = load(cast, now, MONTH[0], clash, *MONTH[1:])
    assert [verdict for verdict, _why in verdicts(upload)] == ["n", "r", "n", "n", "n"]
    assert verdicts(upload)[1][1] == "starts_at:rule_overlap;"
    # What its page let overlap is not held against another change of it.
    other = courses.run_plan(
        course=Run.objects.first().course, trainer=cast.trainer, starts_at=Run.objects.first().starts_at,
        ends_at=Run.objects.first().ends_at, places=3, actor=cast.operations, now=now,
    )  # fmt: skip
    assert load(cast, now, row_of(other, places="4")).count("changed") == 1


@pytest.mark.parametrize(
    "cells", [{"starts_at": "2026-12-03 09:00", "ends_at": "2026-12-03 11:00"}, {"places": "9"}]
)
@pytest.mark.parametrize("first", [True, False])
def test_a_new_run_in_the_place_of_one_that_the_same_file_changes_is_refused_and_not_lost(
    cast, now, cells, first
) -> None:
    load(cast, now, *MONTH[:2])
    moved = row_of(Run.objects.order_by("pk").first(), **cells)
    rows = [moved, MONTH[0], MONTH[1]] if first else [MONTH[0], moved, MONTH[1]]
    upload = load(cast, now, *rows)
    found = verdicts(upload)
    assert [verdict for verdict, _why in found] == (["c", "r", "s"] if first else ["r", "c", "s"])
    assert found[1 if first else 0][1] == "starts_at:rule_changed_here;"
    with override("en"):
        (refused,), _more = explaining.page(services.plan_of(upload, now=now), upload, "refused")
    assert "Another row of this file changes the run" in refused.problems[0].reason
    assert "on the page of its course" in refused.problems[0].remedy


def test_a_link_that_is_no_address_is_refused_by_the_service_too(cast, now) -> None:
    for act in (
        lambda: a_run(cast, now, a_course(cast, now, "other"), link="javascript:alert(1)"),
        lambda: courses.run_change(
            run=a_run(cast, now, a_course(cast, now, "more")), link="ftp://a.cn", actor=cast.trainer, now=now
        ),
    ):
        with pytest.raises(DomainError) as refused:
            act()
        assert refused.value.code == "link"


# ---------------------------------------------------------------------------------------------------- who may
def test_who_does_not_plan_runs_brings_none_in_and_takes_none_out(cast, now) -> None:
    load(cast, now, *MONTH)
    for person in (cast.agent, cast.lead, cast.person(Role.AUDITOR)):
        with pytest.raises(NotPermitted):
            load(cast, now, MONTH[0], actor=person)
        page = cast.client(person).get(reverse("training:runs")).content.decode()
        assert f'href="{reverse("sheets:choose", args=["course_runs"])}"' not in page
    for person in (cast.agent, cast.lead):  # budgets stand in it
        with pytest.raises(NotPermitted):
            taken_out(person, now)
        assert (
            cast.client(person).get(reverse("sheets:export", args=["course_runs", "csv"])).status_code == 403
        )
    waiting = previewed(cast, now, row_of(Run.objects.first(), places="3"), actor=cast.trainer)
    services.confirm(upload=waiting, actor=cast.trainer, now=now)
    cast.trainer.roles = [Role.AGENT]
    cast.trainer.save()
    waiting = services.apply(upload=type(waiting).objects.get(pk=waiting.pk), now=now)
    assert (waiting.state, waiting.problem["code"]) == ("refused", "no_right")
    assert Run.objects.first().places == 20


@pytest.mark.parametrize("page", ["desk", "runs"])
def test_the_desk_and_the_list_lead_to_the_sheet(cast, page) -> None:
    html = cast.client(cast.trainer).get(reverse(f"training:{page}")).content.decode()
    assert reverse("sheets:choose", args=["course_runs"]) in html
    assert reverse("sheets:export", args=["course_runs", "xlsx"]) in html
