"""A merchant's own rows as sheets: cases and duties out, answers and waybills in. No customer's name leaves here."""

from __future__ import annotations

from typing import Any

from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.cases.models import Case, Repair
from aftersales.cases.states import CaseKind, CaseState, DecidedBy, Direction, Ground
from aftersales.cases.turns import Turn, with_turns
from aftersales.clocks.models import Clock
from aftersales.clocks.states import ClockState
from aftersales.core.sheets.resource import Column, RowRule, register
from aftersales.core.sheets.sqltext import queryset_sql
from aftersales.core.sheets.widgets import (
    ChoiceWidget,
    KeyWidget,
    LookupWidget,
    MomentWidget,
    TextWidget,
    quote,
)
from aftersales.standards.states import Promise
from aftersales.tickets.models import Ticket

from ..sheetacts import APPROVE, BACK, KEEP, REFUSE, answers_take, waybills_take
from .shared import AGAIN, OfShop, Shown

CASE = "(SELECT c.{column} FROM cases_case c WHERE c.id = {{case}})"
ORDER = "(SELECT o.external_no FROM orders_order o WHERE o.id = t.order_id)"
LEFT_OUT = (
    "(SELECT 'out' FROM clocks_breachexclusion x WHERE x.clock_id = t.id AND x.ended_at IS NULL LIMIT 1)"
)

ABOUT = (
    "CASE t.subject_kind WHEN 'cases.case' THEN (SELECT c.number FROM cases_case c WHERE c.id = t.subject_id) "
    "WHEN 'cases.repair' THEN (SELECT c.number FROM cases_repair r JOIN cases_case c ON c.id = r.case_id "
    "WHERE r.id = t.subject_id) "
    "WHEN 'tickets.ticket' THEN (SELECT k.number FROM tickets_ticket k WHERE k.id = t.subject_id) END"
)


def _kinds() -> Any:
    """What a duty may be about; a repair goes by its case."""
    called = {model._meta.label_lower: model._meta.verbose_name for model in (Case, Ticket)}
    return [*called.items(), (Repair._meta.label_lower, called[Case._meta.label_lower])]


def _words(stored: str, choices: Any) -> str:
    """The word of a stored code, in the language in which the file is written."""
    whens = " ".join(f"WHEN {quote(str(code))} THEN {quote(str(label))}" for code, label in choices)
    return f"CASE {stored} {whens} ELSE {stored} END"


def _of_turn(name: str) -> str:
    """What the portal says of the case's turn."""
    rows = with_turns(Case.objects.filter(pk=RawSQL("t.id", []))).order_by().values_list(name)
    return f"({queryset_sql(rows)})"


def _moment(stored: str) -> str:
    """To the minute, on the market's clock."""
    return MomentWidget().export_with_grain(stored, quote("minute"))


def _number() -> Any:
    return Column(
        "id", LookupWidget("cases.Case", "number"), pgettext_lazy("portal", "Case"), required=True,
        example="AS2611-00001",
    )  # fmt: skip


def _order() -> Any:
    return Shown(pgettext_lazy("portal", "Order"), lambda: ORDER)


def _kind() -> Any:
    return Shown(pgettext_lazy("portal", "Kind"), lambda: _words("t.kind", CaseKind.choices))


def _due() -> Any:
    return Shown(pgettext_lazy("portal", "Due"), lambda: _moment(_of_turn("until")))


class ShopCasesSheet(OfShop):
    """Every own case: where it stands, whose turn it is, what it is worth."""

    sheet, title, position = "shop_cases", _("Our cases"), 210
    key, importable = ("number",), False

    number = Column("number", KeyWidget(24), pgettext_lazy("portal", "Case"))
    order = _order()
    kind = _kind()
    state = Shown(pgettext_lazy("portal", "State"), lambda: _words("t.state", CaseState.choices))
    turn = Shown(pgettext_lazy("portal", "Whose turn"), lambda: _words(_of_turn("whose"), Turn.choices))
    due = _due()
    asked_at = Shown(pgettext_lazy("portal", "Asked at"), lambda: _moment("t.asked_at"))
    currency = Column("currency", KeyWidget(3), _("Currency"))
    asked = Shown(pgettext_lazy("portal", "Asked for"), lambda: "nullif(t.asked, 0)::text")
    agreed = Shown(pgettext_lazy("portal", "Agreed"), lambda: "t.agreed::text")
    paying = Shown(pgettext_lazy("portal", "In payments"), lambda: "t.paying::text")

    class Meta:
        model: Any = Case


class ShopDutiesSheet(OfShop):
    """What the shop owed in a month, and how it was kept; by the number of the case or ticket that it is about."""

    sheet, title, position = "shop_duties", _("Our duties of a month"), 211
    key, importable = ("number",), False

    number = Shown(_("Number"), lambda: ABOUT)
    about = Shown(pgettext_lazy("breach", "About"), lambda: _words("t.subject_kind", _kinds()))
    duty = Shown(pgettext_lazy("portal", "Duty"), lambda: _words("t.promise", Promise.choices))
    started = Shown(pgettext_lazy("portal", "From"), lambda: _moment("t.started_at"))
    due = Shown(pgettext_lazy("portal", "Due"), lambda: _moment("t.due_at"))
    kept = Shown(pgettext_lazy("portal", "Kept at"), lambda: _moment("t.met_at"))
    state = Shown(pgettext_lazy("portal", "State"), lambda: _words("t.state", ClockState.choices))
    left_out = Shown(
        pgettext_lazy("portal", "Left out"),
        lambda: _words(LEFT_OUT, [("out", _("yes"))]),
    )

    class Meta:
        model: Any = Clock


ANSWERS = (
    (APPROVE, pgettext_lazy("case move", "Approve")),
    (REFUSE, pgettext_lazy("case move", "Refuse")),
)
GOODS = (
    (BACK, pgettext_lazy("portal", "Come back")),
    (KEEP, pgettext_lazy("portal", "Stay with the customer")),
)
ANSWERED = (
    f"k.id = {{case}} AND k.decided_how = {quote(DecidedBy.MERCHANT.value)} "
    f"AND (({{answer}} = '{APPROVE}' AND k.state = 'approved') "
    f"OR ({{answer}} = '{REFUSE}' AND k.state = 'rejected'))"
)

ANSWER_RULES = (
    RowRule(
        "not_waiting", ("case",),
        f"{{target}} IS NULL AND {CASE.format(column='state')} NOT IN ('requested', 'countered')",
        _("This case does not wait for your answer."), _("Look at the case; take the row out."), **AGAIN,
    ),
    RowRule(
        "goods_unsaid", ("answer", "goods"),
        f"{{answer}} = '{APPROVE}' AND {{goods}} IS NULL AND {CASE.format(column='goods_back')}",
        _("An approval says what becomes of the goods."), _("Write whether they come back or stay."),
    ),
    RowRule(
        "clause_missing", ("answer", "clause", "words"),
        f"{{answer}} = '{REFUSE}' AND ({{clause}} IS NULL OR {{words}} IS NULL)",
        _("A refusal names its clause and what happened."), _("Fill in both; the customer reads them."),
    ),
)  # fmt: skip


class ShopAnswersSheet(OfShop):
    """Answers to requests that wait for the shop. Taken out, it holds those that wait."""

    sheet, title, position = "shop_answers", _("Answers to requests"), 212
    key = ("case",)
    known_by = ANSWERED
    rules = ANSWER_RULES
    intake = staticmethod(answers_take)
    chunk_rows = 20
    lost = "not_taken_in"

    case = _number()
    order = _order()
    kind = _kind()
    ground = Shown(pgettext_lazy("portal", "Reason"), lambda: _words("t.ground", Ground.choices))
    due = _due()
    answer = Column(
        None, ChoiceWidget(ANSWERS),
        pgettext_lazy("portal", "Answer"), required=True, example=REFUSE,
    )  # fmt: skip
    goods = Column(
        None, ChoiceWidget(GOODS),
        pgettext_lazy("portal", "The goods"), hint=_("Only with an approval of a case in which goods could come back."),
    )  # fmt: skip
    clause = Column(
        None, TextWidget(120), pgettext_lazy("portal", "Clause"), example="第七条",
        hint=_("With a refusal: on which clause."),
    )  # fmt: skip
    words = Column(
        None, TextWidget(1500), pgettext_lazy("portal", "What the customer reads"), example="已使用",
        hint=_("With a refusal: what happened, in facts."),
    )  # fmt: skip

    class Meta:
        model: Any = Case


SENT = (
    "k.id = {case} AND EXISTS (SELECT FROM cases_caseparcel p WHERE p.case_id = k.id "
    f"AND p.direction = {quote(Direction.OUTBOUND.value)} "
    "AND upper(p.tracking_no) = upper({tracking_no}))"
)
WAYBILL_RULES = (
    RowRule(
        "no_replacement", ("case",),
        f"{{target}} IS NULL AND ({CASE.format(column='kind')} <> 'exchange' "
        f"OR {CASE.format(column='state')} <> 'approved')",
        _("No replacement is owed in this case."), _("Look at the case; take the row out."), **AGAIN,
    ),
)  # fmt: skip


class ShopWaybillsSheet(OfShop):
    """Waybills of replacements. Taken out, it holds the cases in which one is to be sent."""

    sheet, title, position = "shop_waybills", _("Waybills of replacements"), 213
    key = ("case",)
    known_by = SENT
    rules = WAYBILL_RULES
    intake = staticmethod(waybills_take)
    chunk_rows = 20
    lost = "not_taken_in"

    case = _number()
    order = _order()
    due = _due()
    carrier = Column(None, TextWidget(60), _("Carrier"), required=True, example="顺丰")
    tracking_no = Column(None, KeyWidget(64), _("Waybill"), required=True, example="SF1234567890")

    class Meta:
        model: Any = Case


register(ShopCasesSheet, ShopDutiesSheet, ShopAnswersSheet, ShopWaybillsSheet)
