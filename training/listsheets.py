"""Certificates, results, practical assessments and hours as sheets; each reader gets the rows of his pages."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.states import Duty
from aftersales.core.sheets.resource import Column, SheetResource, register
from aftersales.core.sheets.widgets import (
    AmountWidget,
    BoolWidget,
    ChoiceWidget,
    KeyWidget,
    LookupWidget,
    MomentWidget,
    TextWidget,
    WholeWidget,
    WordsWidget,
)
from training.models import Assessment, Attempt, Certificate, Seat
from training.states import AssessmentState, AttemptState, CertificateState, SeatState

NAME = (
    "(SELECT coalesce(nullif(u.display_name, ''), u.username) FROM accounts_user u WHERE u.id = t.person_id)"
)
COURSE = "(SELECT c.{column} FROM training_run r JOIN training_course c ON c.id = r.course_id WHERE r.id = t.run_id)"
RUN = "(SELECT r.{column} FROM training_run r WHERE r.id = t.run_id)"
COUNTED = (
    "(SELECT CASE WHEN t.state = 'present' AND r.state = 'done' THEN r.hours ELSE 0 END "
    "FROM training_run r WHERE r.id = t.run_id)"
)

SHEETS = "FROM training_sheet s WHERE s.assessment_id = t.id"
ASSESSORS = (
    "(SELECT string_agg(coalesce(nullif(u.display_name, ''), u.username), '; ' ORDER BY s.id) "
    "FROM training_sheet s JOIN accounts_user u ON u.id = s.assessor_id WHERE s.assessment_id = t.id)"
)
# As on the page, nobody reads what an assessor gave before all of them have.
POINTS = (
    "(CASE WHEN t.state = 'done' THEN (SELECT string_agg("
    f"trim_scale((SELECT sum(one) FROM unnest(s.scores) one))::text, '; ' ORDER BY s.id) {SHEETS}) END)"
)


def _who() -> Column:
    return Column("person", LookupWidget("accounts.User", "username", longest=150), _("User name"))


def _moment(value: str) -> str:
    return MomentWidget().export_sql(value)


class CertificateList(SheetResource):
    """Who holds which tier from when to when, and by whom and by which rule it was granted."""

    sheet, title, position = "certificates", _("Certificates"), 126
    key = ("number",)
    importable = False
    view_capability = "training.view_certificate"

    number = Column("number", KeyWidget(40), _("Number"))
    person = _who()
    name = Column(None, TextWidget(), _("name"), export=NAME)
    tier = Column("tier", LookupWidget("training.Tier", "code"), pgettext_lazy("training", "tier"))
    duties = Column(None, WordsWidget(Duty.choices), _("duties"), export="array_to_string(t.duties, ',')")
    state = Column("state", ChoiceWidget(CertificateState.choices), _("state"))
    valid_from = Column("valid_from", MomentWidget(), _("valid from"))
    valid_to = Column("valid_to", MomentWidget(), _("valid until"))
    granted_at = Column("granted_at", MomentWidget(), _("granted at"))
    rule_version = Column("rule_version", TextWidget(80), _("rule version"))
    exception = Column(
        None, BoolWidget(), _("by exception"), export=BoolWidget().export_sql("(cardinality(t.missing) > 0)")
    )

    class Meta:
        model: Any = Certificate


class ResultList(SheetResource):
    """Every attempt with its score; papers and answers stay on their pages."""

    sheet, title, position = "exam_results", _("Results of exams"), 127
    key = ("number",)
    importable = False
    view_capability = "training.view_attempts"

    number = Column("number", KeyWidget(40), _("Number"))
    exam = Column("exam", LookupWidget("training.Exam", "code"), pgettext_lazy("exam", "exam"))
    person = _who()
    name = Column(None, TextWidget(), _("name"), export=NAME)
    state = Column("state", ChoiceWidget(AttemptState.choices), _("state"))
    started_at = Column("started_at", MomentWidget(), pgettext_lazy("exam", "started at"))
    submitted_at = Column("submitted_at", MomentWidget(), _("handed in at"))
    score = Column("score", AmountWidget(), _("score"))
    max_score = Column("max_score", AmountWidget(), _("points to be had"))
    passed = Column("passed", BoolWidget(), _("passed"))

    class Meta:
        model: Any = Attempt


class AssessmentList(SheetResource):
    """Every practical assessment: by which rubric, who watches, how many sheets are given, and what came of it."""

    sheet, title, position = "assessments", pgettext_lazy("practical", "Practical assessments"), 127
    key = ("number",)
    importable = False
    view_capability = "training.view_attempts"

    number = Column("number", KeyWidget(40), _("Number"))
    person = _who()
    name = Column(None, TextWidget(), _("name"), export=NAME)
    rubric = Column("rubric", LookupWidget("training.Rubric", "code"), pgettext_lazy("practical", "rubric"))
    version = Column(
        None, WholeWidget(), _("version"),
        export="(SELECT v.number FROM training_rubricversion v WHERE v.id = t.rubric_version_id)",
    )  # fmt: skip
    task = Column("task", TextWidget(400), pgettext_lazy("practical", "task"))
    state = Column("state", ChoiceWidget(AssessmentState.choices), _("state"))
    assessors = Column(None, TextWidget(), pgettext_lazy("practical", "assessors"), export=ASSESSORS)
    given = Column(
        None,
        WholeWidget(),
        pgettext_lazy("practical", "sheets given"),
        export=f"(SELECT count(s.given_at) {SHEETS})",
    )
    points = Column(None, TextWidget(), pgettext_lazy("practical", "points by assessor"), export=POINTS)
    score = Column("score", AmountWidget(), _("score"))
    max_score = Column("max_score", AmountWidget(), _("points to be had"))
    passed = Column("passed", BoolWidget(), _("passed"))
    opened_at = Column("opened_at", MomentWidget(), _("opened at"))
    ended_at = Column("ended_at", MomentWidget(), pgettext_lazy("practical", "ended at"))

    class Meta:
        model: Any = Assessment


class HourList(SheetResource):
    """Every place in a run with what it gives: hours count where the person was there and the run is over."""

    sheet, title, position = "training_hours", _("Hours of training"), 128
    key = ("run", "person")
    importable = False
    view_capability = "training.view_seats"

    run = Column("run", LookupWidget("training.Run", "number"), pgettext_lazy("training", "Run"))
    course = Column(
        None, KeyWidget(60), pgettext_lazy("training", "Course"), export=COURSE.format(column="code")
    )
    kind = Column(None, KeyWidget(20), _("kind"), export=COURSE.format(column="kind"))
    person = _who()
    name = Column(None, TextWidget(), _("name"), export=NAME)
    state = Column("state", ChoiceWidget(SeatState.choices), _("state"))
    starts_at = Column(None, MomentWidget(), _("starts at"), export=_moment(RUN.format(column="starts_at")))
    hours = Column(None, AmountWidget(), pgettext_lazy("training", "hours"), export=COUNTED)

    class Meta:
        model: Any = Seat


for sheet in (CertificateList, ResultList, AssessmentList, HourList):
    register(sheet)
