"""Enrolment and attendance as a sheet: each row is one person in one run. Read twice, nothing changes."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.sheets.resource import Column, RowRule, SheetResource, register
from aftersales.core.sheets.widgets import ChoiceWidget, LookupWidget
from training import (  # noqa: F401 - declare the room's other sheets
    draftexamsheets,
    draftnumbersheets,
    draftsheets,
    drafttiersheets,
    listsheets,
    ordersheets,
    runsheets,
)
from training.models import SheetLine
from training.services.courses import attendance_take
from training.states import Said

RUN = "(SELECT r.{column} FROM training_run r WHERE r.id = {{run}})"
STATE, TRAINER = RUN.format(column="state"), RUN.format(column="trainer_id")
SEATED = (
    "EXISTS (SELECT FROM training_seat s WHERE s.run_id = {run} AND s.person_id = {person} "
    "AND s.state <> 'withdrawn')"
)
SEAT = "(SELECT s.state FROM training_seat s WHERE s.run_id = {run} AND s.person_id = {person})"
RULES = (
    RowRule(
        "not_running", ("run", "said"),
        f"{{target}} IS NULL AND {{said}} <> 'enrolled' AND {STATE} IN ('planned', 'open')",
        _("The run has not been started; the trainer starts it on its page."), _("Start the run first."), again=True,
    ),
    RowRule(
        "over", ("run",), f"{{target}} IS NULL AND ({STATE} = 'cancelled' OR ({STATE} = 'done' AND NOT {SEATED}))",
        _("The run is over; nobody is enrolled any more."), _("Check the number of the run."), again=True,
    ),
    RowRule(
        "changed_since", ("said",),
        f"{{target}} IS NOT NULL AND {{said}} <> 'enrolled' AND {SEAT} IS DISTINCT FROM {{said}}",
        _("A sheet said this before, and it was changed since."),
        _("Change it on the page of the run, or leave the row out."),
    ),
    RowRule(
        "is_trainer", ("person",), f"{TRAINER} = {{person}}",
        _("This person is the trainer of the run."), _("Leave the row out."),
    ),
)  # fmt: skip


class AttendanceSheet(SheetResource):
    """Who is enrolled in a run, was there or was missing."""

    sheet, title, position = "attendance", _("Attendance of courses"), 125
    key = ("run", "person", "said")
    view_capability = "training.view_seats"
    intake = staticmethod(attendance_take)
    chunk_rows = 100
    lost = "not_taken_in"
    rules = RULES

    run = Column(
        "run", LookupWidget("training.Run", "number"), pgettext_lazy("training", "Run"), required=True,
        example="PX2611-0001",
    )  # fmt: skip
    person = Column(
        "person", LookupWidget("accounts.User", "username", longest=150), _("User name"), required=True,
        example="zhouting",
    )  # fmt: skip
    said = Column(
        "said", ChoiceWidget(Said.choices), pgettext_lazy("seat", "State"), required=True, example="present"
    )

    class Meta:
        model: Any = SheetLine


register(AttendanceSheet)
