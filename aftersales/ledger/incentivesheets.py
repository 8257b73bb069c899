"""Incentive rules as a sheet, out and in: each row is one version. What is read in is a draft, never in force."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.states import Duty
from aftersales.core.rulebook import RuleState
from aftersales.core.sheets.resource import Column, RowRule, SheetResource, register
from aftersales.core.sheets.widgets import (
    AmountWidget,
    ChoiceWidget,
    KeyWidget,
    LookupWidget,
    MomentWidget,
    TextWidget,
    WholeWidget,
    WordsWidget,
    quote,
)
from aftersales.ledger import raisers
from aftersales.ledger.figureterms import FIELDS, NEEDED
from aftersales.ledger.incentiverules import MOST_TIMES, UNITS
from aftersales.ledger.incentivestates import MEASURES_OF
from aftersales.ledger.models import IncentiveVersion
from aftersales.ledger.services.incentives import drafts_take
from aftersales.ledger.states import Measure

RULE = "(SELECT r.{column} FROM ledger_incentiverule r WHERE r.id = t.rule_id)"
_ASKED = "(SELECT r.{column} FROM ledger_incentiverule r WHERE r.id = {{code}})"
PARTY, CONSEQUENCE = _ASKED.format(column="party"), _ASKED.format(column="consequence")
_STANDS = (
    "(SELECT v.{column} FROM ledger_incentiveversion v WHERE v.rule_id = {{code}} "
    "AND v.state IN ('draft', 'active') ORDER BY v.number DESC LIMIT 1)"
)


def _final(column: str) -> str:
    """What the draft would say: an empty cell keeps what stands."""
    return f"coalesce({{{column}}}, {_STANDS.format(column=column)})"


NEXT = (
    "coalesce((SELECT v.number FROM ledger_incentiveversion v WHERE v.rule_id = {code} AND v.state = 'draft'), "
    "(SELECT max(v.number) + 1 FROM ledger_incentiveversion v WHERE v.rule_id = {code}), 1)"
)
NEW, NOT_MEASURE = "{target} IS NULL", f"{CONSEQUENCE} <> 'measure'"
FIGURE = "figure_"  # before the terms of a figure: “limit” and “window” are words of SQL
SAME = ("trigger", "from_count", "amount", "cap", "unit", "measure", "source_ref", "source_zh", "source_en")
KNOWN_BY = " AND ".join(
    [
        "k.rule_id = {code}", "k.number = {number}",
        *(f"({{{name}}} IS NULL OR k.{name} = {{{name}}})" for name in SAME),
        *(f"({{{FIGURE}{name}}} IS NULL OR (k.terms->>'{name}') = {{{FIGURE}{name}}}::text)" for name in FIELDS),
        "({duties} IS NULL OR k.duties::text[] = ({duties})::text[])",
        "({categories} IS NULL OR k.categories::text[] = ({categories})::text[])",
        "({scheme} IS NULL OR k.scheme_id = {scheme})",
    ]
)  # fmt: skip


def _misplaced(column: str, party: str, given: str) -> RowRule:
    return RowRule(
        f"{column}_of_party", (column,), f"{PARTY} = '{party}' AND {given}",
        _("Duties and a scheme go with rules for staff, categories with rules for merchants."),
        _("Leave the cell empty."),
    )  # fmt: skip


def _of_measure(column: str) -> RowRule:
    return RowRule(
        f"{column}_of_measure", (column,), f"{NEW} AND {CONSEQUENCE} = 'measure' AND {{{column}}} IS NOT NULL",
        _("This rule leads to a measure: it has no amount and no cap."), _("Leave both cells empty."),
    )  # fmt: skip


def _figure(name: str) -> str:
    """What the draft would say of a figure."""
    return f"coalesce({{{FIGURE}{name}}}::text, ({_STANDS.format(column='terms')}->>'{name}'))"


HANGS = f"({_final('trigger')} ~ '^(metric|score)[.]')"
ANY_TERM = " OR ".join(f"{{{FIGURE}{name}}} IS NOT NULL" for name in FIELDS)
NO_TERM = " OR ".join(f"{_figure(name)} IS NULL" for name in NEEDED)
FIGURES = (
    RowRule(
        "figure_of_event", ("number",), f"{NEW} AND ({ANY_TERM}) AND {HANGS} IS NOT TRUE",
        _("This rule hangs on an event, not on a figure: it has no window, limit or steps."),
        _("Leave those cells empty, or write the code of a figure under “raised by”."),
    ),
    RowRule(
        "figure_terms", ("number",), f"{NEW} AND {HANGS} IS TRUE AND ({NO_TERM})",
        _("A rule that hangs on a figure has a window, a limit, days of settling and days to look at the dry run."),
        _("Fill in those cells."),
    ),
    RowRule(
        "figure_window", (f"{FIGURE}window",), f"{{{FIGURE}window}} !~ '^[1-9][0-9]{{{{0,2}}}}[md]$'",
        _("This is no window."), _("Write 1m for the month, 3m for three months, 90d for ninety days."),
    ),
)  # fmt: skip


def _term(name: str, longest: int = 12, example: str = "") -> Column:
    return Column(None, TextWidget(longest), FIELDS[name], example=example, export=f"(t.terms->>'{name}')")


# What a draft needs is asked of every row, whichever columns the file has: those rules stand at its number.
RULES = (
    *FIGURES,
    RowRule(
        "other_number", ("number",), f"{NEW} AND {{number}} <> {NEXT}",
        _("This version stands already and says something else, or its turn has not come."),
        _("A version is never rewritten: write the number of the waiting draft, or else the next number."), again=True,
    ),
    RowRule(
        "drafts_only", ("state",), f"{NEW} AND {{state}} <> 'draft'",
        _("A sheet only drafts; a second person brings a version into force, on its page."),
        _("Leave the state empty."),
    ),
    RowRule(
        "no_raiser", ("number",),
        f"{NEW} AND ({PARTY} || ':' || {_final('trigger')} = ANY({{raisers}})) IS NOT TRUE",
        _("No rule can hang on this for this party; fines, recoveries and overturned decisions never raise one."),
        _("Write one of the codes that the page of the rule offers."),
    ),
    _of_measure("amount"),
    _of_measure("cap"),
    RowRule(
        "measure", ("number",),
        f"{NEW} AND (CASE WHEN {NOT_MEASURE} THEN {{measure}} IS NOT NULL "
        f"ELSE ({PARTY} || ':' || {_final('measure')} = ANY({{measures}})) IS NOT TRUE END)",
        _("This measure does not fit the rule."),
        _("Write a measure for this party; where the rule pays or charges, leave the cell empty."),
    ),
    RowRule(
        "amount", ("number",),
        f"{NEW} AND {NOT_MEASURE} AND (coalesce({_final('amount')}, 0) <= 0 "
        f"OR coalesce({_final('cap')}, 0) < {_final('amount')})",
        _("An amount above zero each time, and as the most for one month not less than that."),
        _("Correct amount and cap."),
    ),
    RowRule(
        "unit", ("unit",), f"{{unit}} <> ALL(ARRAY[{', '.join(map(quote, UNITS))}])",
        _("Rules count in yuan or in points."), _("Write CNY or points."),
    ),
    _misplaced("duties", "merchant", "cardinality(({duties})::text[]) > 0"),
    _misplaced("scheme", "merchant", "{scheme} IS NOT NULL"),
    _misplaced("categories", "person", "cardinality(({categories})::text[]) > 0"),
    RowRule(
        "no_source", ("number",),
        f"{NEW} AND ({_final('source_ref')} IS NULL OR {_final('source_zh')} IS NULL OR {_final('source_en')} IS NULL)",
        _("A rule names where it comes from."), _("Fill in the source's id and its text in both languages."),
    ),
    RowRule(
        "no_reason", ("number",), f"{NEW} AND {{change_reason}} IS NULL", _("Say why the rule changes."),
        _("Fill in the reason."),
    ),
)  # fmt: skip


def _moment(value: str) -> str:
    return MomentWidget().export_sql(value)


def _of_party(known: Mapping[str, Any]) -> str:
    words = [f"{party}:{code}" for party, codes in known.items() for code in sorted(codes)]
    return f"ARRAY[{', '.join(map(quote, words))}]::text[]"


class IncentiveList(SheetResource):
    """Every version of every incentive rule with its terms. An empty cell of a new row keeps what stands."""

    sheet, title, position = "incentive_rules", _("Incentive rules (list)"), 131
    key = ("code", "number")
    view_capability = "standards.view_rulebook"
    intake = staticmethod(drafts_take)
    chunk_rows = 50
    lost = "not_taken_in"
    known_by = KNOWN_BY
    rules = RULES

    code = Column(
        "rule", LookupWidget("ledger.IncentiveRule", longest=60), _("code"), required=True, example="late_points",
        hint=_("The rule is opened on its page first."),
    )  # fmt: skip
    number = Column("number", WholeWidget(1, 9999), _("version"), required=True, example="2")
    name_zh = Column(None, TextWidget(), _("Chinese name"), export=RULE.format(column="name_zh"))
    name_en = Column(None, TextWidget(), _("English name"), export=RULE.format(column="name_en"))
    party = Column(None, KeyWidget(10), _("party"), export=RULE.format(column="party"))
    consequence = Column(None, KeyWidget(10), _("consequence"), export=RULE.format(column="consequence"))
    state = Column(None, ChoiceWidget(RuleState.choices), _("state"), export="t.state")
    trigger = Column(None, KeyWidget(60), _("raised by"), example="promise_broken", export="t.trigger")
    from_count = Column(
        None, WholeWidget(1, MOST_TIMES), _("from how many times in a month"), example="3",
        export="t.from_count",
    )  # fmt: skip
    amount = Column(None, AmountWidget(), _("amount each time"), example="2", export="t.amount")
    cap = Column(None, AmountWidget(), _("at most in a month"), example="24", export="t.cap")
    unit = Column(None, KeyWidget(8), _("unit"), example="points", export="t.unit")
    measure = Column(None, ChoiceWidget(Measure.choices), _("measure"), export="nullif(t.measure, '')")
    figure_window = _term("window", example="3m")
    figure_least = _term("least", example="20")
    figure_limit = _term("limit", example="0.75")
    figure_steps = _term("steps", 300, "0.85 40")
    figure_gates = _term("gates", 300, "promises_kept 0.90 20")
    figure_count = _term("count")
    figure_within = _term("within")
    figure_each = _term("each")
    figure_formula = _term("formula", 60)
    figure_z = _term("z", example="1.96")
    figure_lag = _term("lag", example="7")
    figure_wait = _term("wait", example="3")
    duties = Column(None, WordsWidget(Duty.choices), _("duties"), export="array_to_string(t.duties, ',')")
    categories = Column(
        None, WordsWidget(), _("main categories"), export="array_to_string(t.categories, ',')"
    )
    scheme = Column(
        None, LookupWidget("ledger.Scheme", "record_number", longest=60), _("scheme adopted with staff"),
        export="(SELECT s.record_number FROM ledger_scheme s WHERE s.id = t.scheme_id)",
    )  # fmt: skip
    source_ref = Column(None, KeyWidget(60), _("source id"), example="R6.5", export="t.source_ref")
    source_zh = Column(None, TextWidget(2000), _("source text"), export="t.source_zh")
    source_en = Column(None, TextWidget(300), _("source in English"), export="t.source_en")
    change_reason = Column(
        None, TextWidget(2000), pgettext_lazy("rule", "Reason"), example="旺季调整", export="t.change_reason"
    )
    valid_from = Column(None, MomentWidget(), _("in force from"), export=_moment("t.valid_from"))
    valid_to = Column(None, MomentWidget(), _("in force until"), export=_moment("t.valid_to"))

    class Meta:
        model: Any = IncentiveVersion

    @classmethod
    def measures(cls, now: datetime) -> Mapping[str, str]:
        """What a rule of each party may hang on and lead to, as party and code."""
        known = {party: raisers.declared(party) for party in MEASURES_OF}
        return {"raisers": _of_party(known), "measures": _of_party(MEASURES_OF)}


register(IncentiveList)
