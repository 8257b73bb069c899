"""Retraining orders as a sheet, out and in: a row without a number raises an order by hand; none is changed by it."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

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
from training import metrics
from training.draftrows import absent, wrong
from training.models import Order
from training.services.retraining import orders_take
from training.states import OWED, OrderReason, OrderState


class LastDayWidget(MomentWidget):
    """A deadline: a day counts to its end, also with midnight beside it, as spreadsheets write it; and so it leaves."""

    def read(self, text: str) -> datetime:
        found = super().read(text)
        day = found.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)
        return found if day.time() != time.min else self._in_zone(day + timedelta(days=1))

    def cast(self, cell: str) -> str:
        wall = f"{cell}::timestamp"
        rest = f"CASE WHEN {wall} = date_trunc('day', {wall}) THEN interval '1 day' ELSE interval '0' END"
        return f"(({wall} + {rest}) AT TIME ZONE {quote(self.zone)})"

    def export_with_grain(self, value: str, grain: str) -> str:
        wall = f"({value} AT TIME ZONE {quote(self.zone)})"
        day = f"to_char({wall} - interval '1 day', 'YYYY-MM-DD')"
        whole = f"date_trunc('day', {wall}) = {wall}"
        return f"CASE WHEN {whole} THEN {day} ELSE {super().export_with_grain(value, grain)} END"


FIGURES = [(one.code, one.label) for one in metrics.declared() if one.way is not metrics.Way.SUM]
NEW = "{target} IS NULL"
GIVEN = "{number} IS NOT NULL"
OTHER = (
    f"NOT {NEW} AND ({{person}}, {{course}}, {{exam}}, {{reason_code}}, {{due_at}}, {{metric}}) IS DISTINCT FROM "
    "(t.person_id, t.course_id, t.exam_id, t.reason_code, t.due_at, t.metric)"
)
PEOPLE = (
    "SELECT FROM accounts_user u WHERE u.id = {person} AND u.is_active "
    f"AND u.roles::text[] && {quote(sorted(STAFF_ROLES))}"
)
SAME = (
    "(r.reason_code = {reason_code} AND r.due_at = {due_at} AND r.metric = {metric} "
    f"AND ({absent('exam')} OR r.exam_id IS NOT DISTINCT FROM {{exam}}))"
)
# Known by its number, else as the order by hand that says the same, whatever became of it; else as the one open order
# by hand that a person has for a course.
KNOWN_BY = (
    "k.id = CASE WHEN {number} IS NOT NULL THEN (SELECT r.id FROM training_order r WHERE r.number = {number}) "
    "ELSE (SELECT r.id FROM training_order r WHERE r.person_id = {person} AND r.course_id = {course} "
    f"AND r.subject_id IS NULL AND ({SAME} OR r.state IN ({', '.join(map(quote, sorted(OWED)))})) "
    f"ORDER BY {SAME} DESC, r.state = 'cancelled', r.id DESC LIMIT 1) END"
)
RULES = (
    RowRule(
        "no_order", ("number",), f"{GIVEN} AND {NEW}", _("There is no order of this number."),
        _("Leave the number empty: a new order gets one by itself."),
    ),
    RowRule(
        "fixed", ("number",), f"{GIVEN} AND {OTHER}", _("An order is not changed by a sheet."),
        _("Leave the row out; cancel the order on its page and order anew without a number."),
    ),
    RowRule(
        "ordered_already", ("person", "course"), f"NOT {GIVEN} AND {OTHER}",
        _("This person has an open order for this course, and it says something else."),
        _("Leave the row out; to order otherwise, cancel the open order on its page first."),
    ),
    RowRule(
        "cancelled", ("person", "course"), f"NOT {GIVEN} AND t.state = '{OrderState.CANCELLED}'",
        _("This very order was raised before and cancelled."),
        _("Leave the row out, or order with another last day."),
    ),
    RowRule(
        "own_order", ("person",), f"{NEW} AND {{person}} = {{actor}}",
        _("Nobody orders his own retraining; his lead does."), _("Leave the row out."),
    ),
    RowRule(
        "not_staff", ("person",), f"{NEW} AND {{person}} IS NOT NULL AND NOT EXISTS ({PEOPLE})",
        _("This person is not of the department."), _("Leave the row out."),
    ),
    RowRule(
        "past", ("due_at",), f"{NEW} AND {{due_at}} <= {{now}}", _("The deadline has passed already."),
        _("Write a later day."),
    ),
    RowRule(
        "one_open", ("person", "course"), "false",
        _("An earlier row of this file orders the same course for this person."), _("Keep the right row only."),
        among=f"{NEW} AND row_number() OVER (PARTITION BY {{person}}, {{course}}, {NEW} ORDER BY n.row_no) > 1",
    ),
    RowRule(
        "state_told", ("state",), f"{{state}} <> coalesce(t.state, '{OrderState.ORDERED}')",
        _("An order goes on by training itself; it is cancelled on its page."),
        _("Leave the cell empty, or take the sheet out anew."),
    ),
    *wrong(
        "no_reason", "order_reason", f"{NEW} AND {{order_reason}} IS NULL", _("Say why it is ordered."),
        _("Fill in the reason."), by="person",
    ),
)  # fmt: skip
TOLD = _("Only told.")


def _user(column: str) -> str:
    return f"(SELECT u.{{}} FROM accounts_user u WHERE u.id = t.{column})"


class OrderSheet(SheetResource):
    """Who is to be trained again in what and by when, and what came of it."""

    sheet, title, position = "retraining_orders", pgettext_lazy("retraining", "Retraining orders"), 129
    key = ("person", "course", "number")
    view_capability = "training.view_orders"
    intake = staticmethod(orders_take)
    known_by = KNOWN_BY
    chunk_rows = 50
    rules = RULES

    number = Column(
        None, KeyWidget(40), _("Number"), export="t.number",
        hint=_("Empty for a new order. A row with a number is only told."),
    )  # fmt: skip
    person = Column(
        "person",
        LookupWidget("accounts.User", "username", longest=150),
        _("User name"),
        required=True,
        example="zhouting",
    )
    name = Column(None, TextWidget(), _("name"), hint=TOLD, export=_user("person_id").format("display_name"))
    course = Column(
        "course", LookupWidget("training.Course", longest=60), pgettext_lazy("training", "Course"), required=True,
        example="returns-basics", hint=_("Code of the course; having been there meets the order."),
    )  # fmt: skip
    exam = Column(
        "exam", LookupWidget("training.Exam", longest=60), pgettext_lazy("exam", "Exam"),
        hint=_("Code of an exam that meets the order too when it is passed; may be empty."),
    )  # fmt: skip
    reason_code = Column(
        "reason_code", ChoiceWidget(OrderReason.choices), pgettext_lazy("retraining", "Why"), required=True,
        example="inspection",
    )  # fmt: skip
    due_at = Column(
        "due_at", LastDayWidget(), _("Last day"), required=True, example="2026-12-15",
        hint=_("Until the end of that day."),
    )  # fmt: skip
    metric = Column("metric", ChoiceWidget(FIGURES), _("Judged by"), required=True, example="reopened")
    order_reason = Column(
        None, TextWidget(2000), pgettext_lazy("rule", "Reason"), example="连续两周质检低于 80 分",
        hint=_("Needed for a new order; it stands in the record of the order and is not taken out."),
    )  # fmt: skip
    state = Column(None, ChoiceWidget(OrderState.choices), _("state"), export="t.state", hint=TOLD)
    ordered_by = Column(
        None, KeyWidget(150), _("ordered by"), hint=TOLD, export=_user("ordered_by_id").format("username")
    )
    ordered_at = Column(
        None,
        MomentWidget(),
        _("ordered at"),
        hint=TOLD,
        export=MomentWidget().export_sql("date_trunc('second', t.ordered_at)"),
    )
    completed_at = Column(
        None, MomentWidget(), _("completed at"), hint=TOLD, export=MomentWidget().export_sql("t.completed_at")
    )
    before = Column(None, AmountWidget(), _("before"), hint=TOLD, export="t.before")
    before_n = Column(None, WholeWidget(0), _("sample before"), hint=TOLD, export="t.before_n")
    after = Column(None, AmountWidget(), _("after"), hint=TOLD, export="t.after")
    after_n = Column(None, WholeWidget(0), _("sample after"), hint=TOLD, export="t.after_n")

    class Meta:
        model: Any = Order


register(OrderSheet)
