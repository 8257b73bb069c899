"""Plans of runs as a sheet, out and in: each row is one run. Without a number it is planned, with one it is changed."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.capabilities import TABLE
from accounts.states import STAFF_ROLES
from aftersales.core.sheets.resource import Column, RowRule, SheetResource, register
from aftersales.core.sheets.widgets import (
    AmountWidget,
    ChoiceWidget,
    KeyWidget,
    LookupWidget,
    MomentWidget,
    TextWidget,
    WholeWidget,
    quote,
)
from training.courserules import BEFORE
from training.machine import MARK
from training.models import Run
from training.services import planning
from training.states import RunState

NEW = "{target} IS NULL"
GIVEN = "{number} IS NOT NULL"
SAID = (
    "({trainer}, {starts_at}, {ends_at}, {places}, {place}, {link}, {budget}, {cost_per_head}) IS DISTINCT FROM "
    "(t.trainer_id, t.starts_at, t.ends_at, t.places, t.place, t.link, t.budget, t.cost_per_head)"
)
OTHER = f"NOT {NEW} AND {SAID}"
WRITTEN = f"({NEW} OR ({GIVEN} AND {SAID}))"
# Another time or trainer; what stands already is no news, even where its page let it overlap.
MOVED = (
    f"({NEW} OR ({GIVEN} AND ({{trainer}}, {{starts_at}}, {{ends_at}}) IS DISTINCT FROM "
    "(t.trainer_id, t.starts_at, t.ends_at)))"
)
OVERLAP = (
    f"{MOVED} AND EXISTS (SELECT FROM training_run o WHERE o.trainer_id = {{trainer}} "
    f"AND o.id IS DISTINCT FROM {{target}} AND o.state IN ({', '.join(map(quote, sorted(planning.HELD)))}) "
    "AND o.starts_at < {ends_at} AND o.ends_at > {starts_at})"
)
OVERLAP_IN_FILE = (
    f"{MOVED} AND max({{ends_at}}) FILTER (WHERE {MOVED}) OVER (PARTITION BY {{trainer}} "
    "ORDER BY {starts_at}, n.row_no ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) > {starts_at}"
)
IN_FORCE = (
    "(SELECT v.{column} FROM training_courseversion v WHERE v.course_id = {{course}} "
    "AND v.state IN ('active', 'retired') AND v.valid_from <= {{now}} "
    "AND (v.valid_to IS NULL OR v.valid_to > {{now}}) ORDER BY v.number DESC LIMIT 1)"
)
VERSION = "(SELECT v.number FROM training_courseversion v WHERE v.id = t.course_version_id)"
TRAINERS = (
    "SELECT FROM accounts_user u WHERE u.id = {trainer} AND u.is_active "
    f"AND u.roles::text[] && {quote(sorted(TABLE[MARK] & STAFF_ROLES))}"
)
SEATS = "training_seat s WHERE s.run_id = {target} AND s.state <> 'withdrawn'"
ADDRESS = r"^https?://[^][:space:]/?#.:@]+(\.[^][:space:]/?#.:@]+)+(:[0-9]{{1,5}})?([/?#][^[:space:]]*)?$"
# Known by its number, else by course, trainer and beginning: as they are, or as they were before somebody moved the
# run. So the file that planned a run does not plan it once more.
KNOWN_BY = (
    "k.id = CASE WHEN {number} IS NOT NULL THEN (SELECT r.id FROM training_run r WHERE r.number = {number}) "
    "ELSE (SELECT r.id FROM training_historicalrun h JOIN training_run r ON r.id = h.id "
    "WHERE h.course_id = {course} AND h.trainer_id = {trainer} AND h.starts_at = {starts_at} "
    "ORDER BY (r.trainer_id = {trainer} AND r.starts_at = {starts_at}) DESC, r.state = 'cancelled', r.id LIMIT 1) END"
)


def _told(column: str, stands: str, reason: Any) -> RowRule:
    """A column that is there to be read: whoever writes something else into it hears where that is done."""
    return RowRule(
        f"{column}_told", (column,), f"{{{column}}} <> {stands}", reason,
        _("Leave the cell empty, or take the sheet out anew."),
    )  # fmt: skip


RULES = (
    RowRule(
        "no_run", ("number",), f"{GIVEN} AND {NEW}", _("There is no run of this number."),
        _("Write the number of the run that you change; leave it empty for a new one."),
    ),
    RowRule(
        "cancelled", ("course", "trainer", "starts_at"), f"NOT {GIVEN} AND t.state = '{RunState.CANCELLED}'",
        _("This very run was planned before and cancelled."),
        _("Leave the row out; to hold it after all, plan it on the page of its course."),
    ),
    RowRule(
        "planned_already", ("starts_at", "course", "trainer"),
        f"NOT {GIVEN} AND t.state <> '{RunState.CANCELLED}' AND {OTHER}",
        _("This trainer's run of this course was planned for this time already, and by now it says something else."),
        _("To change it, write its number; to hold a further run at this time, plan it on the page of its course."),
    ),
    RowRule(
        "changed_here", ("starts_at", "course", "trainer"), "false",
        _("Another row of this file changes the run that is planned for this time."),
        _("Leave the row out; to hold a further run at this time, plan it on the page of its course."),
        among=f"NOT {GIVEN} AND NOT {NEW} AND bool_or({GIVEN} AND {OTHER}) OVER (PARTITION BY {{target}})",
    ),
    RowRule(
        "course_fixed", ("course",), f"{GIVEN} AND {{course}} <> t.course_id", _("This run is one of another course."),
        _("Write the run's own course; for another course plan a new run without a number."),
    ),
    RowRule(
        "begun", ("number",), f"{GIVEN} AND {OTHER} AND t.state NOT IN ({', '.join(map(quote, sorted(BEFORE)))})",
        _("The run has begun or is over; it is not changed any more."), _("Leave the row out."),
    ),
    RowRule(
        "no_version", ("course",), f"{NEW} AND {{course}} IS NOT NULL AND {IN_FORCE.format(column='id')} IS NULL",
        _("No version of this course is in force."), _("A second person brings its draft into force first."),
    ),
    RowRule(
        "no_trainer", ("trainer",), f"{WRITTEN} AND {{trainer}} IS NOT NULL AND NOT EXISTS ({TRAINERS})",
        _("This person may not record attendance."), _("Write the user name of a trainer or a lead."),
    ),
    RowRule(
        "period", ("ends_at", "starts_at"), "{ends_at} <= {starts_at}", _("A run ends after it begins."),
        _("Check both times."), check=lambda row: row["ends_at"] > row["starts_at"],
    ),
    RowRule(
        "overlap", ("starts_at", "trainer", "ends_at"), OVERLAP,
        _("The trainer holds another run in this time."),
        _("Write another time or trainer. Where this file moves the other run, read in that row first, by itself. If "
          "both are meant, plan this one on the page of its course."),
        among=OVERLAP_IN_FILE,
    ),
    RowRule(
        "own_run", ("number",), f"{GIVEN} AND {OTHER} AND EXISTS (SELECT FROM {SEATS} AND s.person_id = {{actor}})",
        _("You are enrolled in this run."), _("Leave the row out; somebody else changes it."),
    ),
    RowRule(
        "seated", ("trainer",), f"{GIVEN} AND {OTHER} AND EXISTS (SELECT FROM {SEATS} AND s.person_id = {{trainer}})",
        _("This person is enrolled in the run."), _("Write another trainer, or withdraw the place first."),
    ),
    RowRule(
        "places_taken", ("places",), f"{GIVEN} AND {OTHER} AND (SELECT count(*) FROM {SEATS}) > {{places}}",
        _("More people are enrolled than there would be places."),
        _("Write at least as many places as are taken, or withdraw some first."),
    ),
    RowRule(
        "link", ("link",), f"{WRITTEN} AND {{link}} <> '' AND {{link}} !~* '{ADDRESS}'",
        _("This is no address."), _("Write https://… in full."),
    ),
    _told(
        "course_version", f"CASE WHEN {NEW} THEN {IN_FORCE.format(column='number')} ELSE {VERSION} END",
        _("A run is held by the version that was in force when it was planned."),
    ),
    _told(
        "hours", f"CASE WHEN {NEW} THEN {IN_FORCE.format(column='hours')} ELSE t.hours END",
        _("The hours are those of the version of the course."),
    ),
    _told(
        "currency", "coalesce(t.currency, 'CNY')", _("The currency of a run does not change by a sheet."),
    ),
    _told(
        "state", f"coalesce(t.state, '{RunState.PLANNED}')",
        _("A run is opened, started, finished and cancelled on its own page."),
    ),
)  # fmt: skip
TOLD = _("Only told.")


class RunSheet(SheetResource):
    """Every run of a course: when, where, by whom, for how many. Who sits in it stands in the sheet of attendance."""

    sheet, title, position = "course_runs", pgettext_lazy("training", "Course runs"), 124
    key = ("number",)
    view_capability = "training.view_courses"
    intake = staticmethod(planning.runs_take)
    seen = planning.SEEN
    known_by = KNOWN_BY
    chunk_rows = 50
    rules = RULES

    number = Column(
        None, KeyWidget(40), _("Number"), export="t.number",
        hint=_("Empty for a new run. To change one, leave the number that the sheet came out with."),
    )  # fmt: skip
    course = Column(
        "course", LookupWidget("training.Course", longest=60), pgettext_lazy("training", "Course"), required=True,
        example="returns-basics", hint=_("Code of a course that has a version in force."),
    )  # fmt: skip
    course_version = Column(None, WholeWidget(1, 9999), _("version"), export=VERSION, hint=TOLD)
    trainer = Column(
        "trainer", LookupWidget("accounts.User", "username", longest=150), pgettext_lazy("training", "Trainer"),
        required=True, example="zhouting", hint=_("User name of somebody who may record attendance."),
    )  # fmt: skip
    starts_at = Column(
        "starts_at",
        MomentWidget(),
        pgettext_lazy("training", "From"),
        required=True,
        example="2026-12-01 09:00",
    )
    ends_at = Column(
        "ends_at",
        MomentWidget(),
        pgettext_lazy("training", "Until"),
        required=True,
        example="2026-12-01 11:30",
    )
    places = Column("places", WholeWidget(1, 1000), _("Places"), required=True, example="20")
    place = Column("place", TextWidget(120), pgettext_lazy("training", "Place"), example="A301")
    link = Column(
        "link", TextWidget(300), pgettext_lazy("training", "Link"), example="https://example.com/room/1"
    )
    budget = Column("budget", AmountWidget(), _("Budget"), example="2000.00")
    cost_per_head = Column("cost_per_head", AmountWidget(), _("Cost per head"), example="80.00")
    currency = Column(None, KeyWidget(3), _("Currency"), export="t.currency", hint=TOLD)
    hours = Column(
        None, AmountWidget(), pgettext_lazy("training", "hours"), export="t.hours",
        hint=_("Only told: those of the version of the course."),
    )  # fmt: skip
    taken = Column(
        None, WholeWidget(0), pgettext_lazy("seat", "Enrolled"),
        export="(SELECT count(*) FROM training_seat s WHERE s.run_id = t.id AND s.state <> 'withdrawn')",
        hint=_("Only told: people are enrolled on the page of the run or by the sheet of attendance."),
    )  # fmt: skip
    state = Column(
        None, ChoiceWidget(RunState.choices), _("state"), export="t.state",
        hint=_("Only told: a new run is planned; it is opened on its page."),
    )  # fmt: skip

    class Meta:
        model: Any = Run


register(RunSheet)
