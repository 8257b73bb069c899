"""Tiers, limits of authority and what duties ask for as sheets, out and in: each row is one version.

What is read in is a draft. What a tier asks for stands in columns, one for each requirement, so that tiers can be
compared and filled down; several courses, exams or assessments stand in one cell by their codes.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.states import Duty
from aftersales.core.sheets.resource import Column, RowRule, SheetResource, register
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
    quote,
)
from training import draftrows
from training.draftcodes import CodesWidget, known
from training.draftrows import NEW, Alone, Stored, absent, filled, same, same_or, same_set, wrong
from training.models import Course, Exam, Limit, Requirement, Rubric, TierVersion
from training.services import drafting
from training.states import Decision, Severity

SEE = "training.view_rules"
TIERS = Stored("training_tier", "training_tierversion", "tier_id")
LIMITS = Alone("training_limit", "training_limit", "code")
REQUIREMENTS = Alone("training_requirement", "training_requirement", "duty", by="duty")
NOT_ASKED = _("Empty: not asked for.")
SEVERAL = _("Codes. Several are divided by semicolons; empty: none.")
ALL = _("Empty means all. Several are divided by semicolons.")
ANY_AMOUNT = _("Empty: any amount.")
CORRECT = _("Correct the number.")
FIRST = _("Correct the code, or read in its own sheet first.")


def _codes(column: str) -> str:
    return f"array_to_string(t.{column}, ';')"


# --------------------------------------------------------------------------------------------------- tiers
_DUTIES = f"CASE WHEN {absent('duties')} THEN {TIERS.newest('duties')}::text[] ELSE {{duties}}::text[] END"
_END = f"CASE WHEN {absent('latest_end')} THEN {TIERS.newest('latest_end')} ELSE {{latest_end}} END"
TIER_RULES = [
    *TIERS.rules(["name_zh", "name_en"]),
    RowRule(
        "hours", ("hours",), f"{NEW} AND {{hours}} > 9999.99",
        _("A tier asks for at most 9,999.99 hours."), CORRECT,
    ),
    known("courses", Course, _("One of these courses is not known."), FIRST),
    known("exams", Exam, _("One of these exams is not known."), FIRST),
    known("rubrics", Rubric, _("One of these rubrics is not known."), FIRST),
    RowRule(
        "satisfaction", ("satisfaction",), f"{NEW} AND {{satisfaction}} > 5",
        _("Satisfaction lies between 0 and 5."), CORRECT,
    ),
    RowRule(
        "inspection", ("inspection",), f"{NEW} AND {{inspection}} > 100",
        _("An inspection score lies between 0 and 100."), CORRECT,
    ),
    filled("figure_days"),
    filled("sample"),
    filled("recertify_days"),
    *wrong(
        "temporary", "duties", f"{NEW} AND ({_END}) IS NOT NULL AND coalesce(cardinality({_DUTIES}), 0) = 0",
        _("A temporary tier names the duties that it covers."),
        _("Write its duties, or leave the end empty."),
    ),
]  # fmt: skip


class TierSheet(SheetResource):
    """Every version of every tier with everything it asks for before somebody is certified."""

    sheet, title, position = "tiers", pgettext_lazy("training", "Tiers"), 129
    key = ("code", "number")
    view_capability = SEE
    intake = staticmethod(drafting.tiers_take)
    drafts_at = "training:limits"
    previewed = drafting.PREVIEWED
    chunk_rows = 100
    lost = "taken"
    known_by = TIERS.known_by([
        *(same(name, "integer") for name in ("rank", "valid_months", "warn_days", "figure_days", "sample")),
        *(same_or(name, "boolean", "false") for name in ("counts_as_senior", "no_suspension")),
        *(same_or(name, "numeric", "0") for name in ("hours", "handled", "days_below")),
        *(same_set(name) for name in ("courses", "exams", "rubrics", "duties")),
        *(same(name, "numeric") for name in ("satisfaction", "inspection")),
        same("recertify_days", "integer"), same("latest_end", "timestamptz"),
    ])  # fmt: skip
    rules = TIER_RULES

    code = TIERS.code("weekend")
    number = TIERS.number()
    name_zh = Column(
        None, TextWidget(80), _("Chinese name"), example="周末应急", export=TIERS.export("name_zh")
    )
    name_en = Column(
        None, TextWidget(80), _("English name"), example="Weekend", export=TIERS.export("name_en")
    )
    rank = Column(
        None, WholeWidget(0, 1000), _("rank"), required=True, example="250", export="t.rank",
        hint=_("From 0 to 1000: who ranks higher has come further."),
    )  # fmt: skip
    counts_as_senior = Column(
        None, BoolWidget(), _("counts as senior"), example="no",
        export=BoolWidget().export_sql("t.counts_as_senior"),
    )  # fmt: skip
    valid_months = Column(
        None, WholeWidget(1, 120), _("valid for"), required=True, example="12", export="t.valid_months",
        hint=_("Months."),
    )  # fmt: skip
    warn_days = Column(
        None, WholeWidget(0, 365), _("end announced before"), required=True, example="30",
        export="t.warn_days", hint=_("Days."),
    )  # fmt: skip
    hours = Column(
        None, AmountWidget(), _("hours of training"), example="24", export="t.hours", hint=NOT_ASKED
    )
    courses = Column(
        None, CodesWidget(), pgettext_lazy("requirement", "courses in date"), export=_codes("courses"),
        hint=SEVERAL,
    )  # fmt: skip
    exams = Column(
        None, CodesWidget(), pgettext_lazy("requirement", "exams passed"), export=_codes("exams"),
        hint=SEVERAL,
    )  # fmt: skip
    rubrics = Column(
        None, CodesWidget(), pgettext_lazy("requirement", "practical assessments passed"),
        export=_codes("rubrics"), hint=SEVERAL,
    )  # fmt: skip
    handled = Column(
        None, WholeWidget(0, 100_000), pgettext_lazy("requirement", "tickets handled"), example="100",
        export="t.handled", hint=NOT_ASKED,
    )  # fmt: skip
    satisfaction = Column(
        None, AmountWidget(), pgettext_lazy("requirement", "satisfaction"), example="4.2",
        export="t.satisfaction", hint=_("From 0 to 5. Empty: not asked for."),
    )  # fmt: skip
    inspection = Column(
        None, AmountWidget(), pgettext_lazy("requirement", "inspection score"), example="85",
        export="t.inspection", hint=_("From 0 to 100. Empty: not asked for."),
    )  # fmt: skip
    figure_days = Column(
        None, WholeWidget(1, 1095), _("days that figures count"), example="90", export="t.figure_days",
        hint=_("Tickets, satisfaction and inspection of so many days before the decision count."),
    )  # fmt: skip
    sample = Column(
        None, WholeWidget(1, 10_000), _("marks that a mean needs"), example="10", export="t.sample",
        hint=_("Satisfaction and inspection of fewer marks say nothing."),
    )  # fmt: skip
    days_below = Column(
        None, WholeWidget(0, 3650), _("days in the tiers below"), example="60", export="t.days_below",
        hint=NOT_ASKED,
    )  # fmt: skip
    no_suspension = Column(
        None, BoolWidget(), _("no suspended certificate"), example="yes",
        export=BoolWidget().export_sql("t.no_suspension"),
    )  # fmt: skip
    recertify_days = Column(
        None, WholeWidget(1, 365), _("examined anew within"), example="30", export="t.recertify_days",
        hint=_("Days after a new version of its exam came into force."),
    )  # fmt: skip
    duties = Column(
        None, WordsWidget(Duty.choices), pgettext_lazy("requirement", "only for these duties"),
        example="returns;orders", export=_codes("duties"), hint=ALL,
    )  # fmt: skip
    latest_end = Column(
        None, MomentWidget(), pgettext_lazy("requirement", "ends at the latest"),
        export=draftrows.moment("t.latest_end"),
        hint=_("For a campaign: no certificate of this tier outlives it. Empty: not temporary."),
    )  # fmt: skip
    change_reason = draftrows.reason()
    state = draftrows.state()
    valid_from = draftrows.since()
    valid_to = draftrows.until()

    class Meta:
        model: Any = TierVersion


# ----------------------------------------------------------------------------------------- limits of authority
def _amount_of(column: str) -> str:
    """What the draft would say."""
    return f"CASE WHEN {absent(column)} THEN {LIMITS.newest(column)} ELSE {{{column}}} END"


def _less(column: str) -> list[RowRule]:
    return wrong(
        f"{column}_order", column, f"{NEW} AND ({_amount_of(column)}) < ({_amount_of('per_decision')})",
        _("A day or a customer cannot be limited to less than one decision."), _("Compare the amounts."),
    )  # fmt: skip


def _said(column: str, stored: str) -> str:
    """What a limit is of: of one that stands it does not change, of a new one the file says it."""
    return f"coalesce({LIMITS.newest(stored)}, {{{column}}})"


_TIER, _KIND, _CURRENCY = _said("tier", "tier_id"), _said("kind", "kind"), _said("currency", "currency")
_SEVERITIES = (
    f"coalesce(CASE WHEN {absent('severities')} THEN {LIMITS.newest('severities')}::text[] "
    "ELSE {severities}::text[] END, '{{}}')"
)
_TWIN = (
    f"EXISTS (SELECT FROM training_limit v WHERE v.code <> {{code}} AND v.tier_id = {_TIER} AND v.kind = {_KIND} "
    f"AND v.currency = {_CURRENCY} AND v.state IN ('draft', 'active') AND (cardinality(v.severities) = 0 "
    f"OR cardinality({_SEVERITIES}) = 0 OR v.severities::text[] && {_SEVERITIES}))"
)


def _covers(severity: str) -> str:
    return f"(cardinality({_SEVERITIES}) = 0 OR {quote(severity)} = ANY({_SEVERITIES}))"


# Two limits overlap where some severity is in both.
_TWIN_HERE = " OR ".join(
    f"({_covers(one)} AND count(*) FILTER (WHERE {NEW} AND {_covers(one)}) OVER (PARTITION BY {_TIER}, {_KIND}, "
    f"{_CURRENCY} ORDER BY n.row_no ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) > 0)"
    for one in Severity.values
)
LIMIT_RULES = [
    *LIMITS.rules(["tier", "kind", "currency"]),
    RowRule(
        "currency", ("currency",), f"{NEW} AND {{currency}} !~ '^[A-Z][A-Z][A-Z]$'",
        _("A currency has three capital letters."), _("Write it so, such as CNY."),
    ),
    RowRule(
        "twin", ("code",), f"{NEW} AND {_TWIN}",
        _("This tier has a limit of this kind, currency and severity already, under another code."),
        _("Change that limit: write its code and version. Of two limits the higher one would count."),
    ),
    RowRule(
        "twin_here", ("code",), "false",
        _("An earlier row of this file gives this tier such a limit under another code, for the same severity."),
        _("Keep the right row only."),
        among=f"{NEW} AND ({_TWIN_HERE})",
    ),
    *_less("per_day"),
    *_less("per_customer"),
    filled("customer_days"),
]  # fmt: skip


class LimitSheet(SheetResource):
    """Every version of every limit: how much a tier decides of one kind."""

    sheet, title, position = "authority_limits", _("Limits of authority"), 129
    key = ("code", "number")
    view_capability = SEE
    intake = staticmethod(drafting.limits_take)
    drafts_at = "training:limits"
    previewed = drafting.PREVIEWED
    chunk_rows = 200
    lost = "taken"
    known_by = LIMITS.known_by([
        same_set("severities"),
        *(same(name, "numeric") for name in ("per_decision", "per_day", "per_customer", "four_eyes_above")),
        same("customer_days", "integer"),
    ])  # fmt: skip
    rules = LIMIT_RULES

    code = LIMITS.code("senior-goodwill-usd")
    number = LIMITS.number()
    tier = Column(
        None, LookupWidget("training.Tier", longest=60), pgettext_lazy("training", "tier"), example="senior",
        export="(SELECT r.code FROM training_tier r WHERE r.id = t.tier_id)",
    )  # fmt: skip
    kind = Column(
        None, ChoiceWidget(Decision.choices), _("kind of decision"), example="goodwill", export="t.kind"
    )
    currency = Column(None, KeyWidget(3), _("currency"), example="USD", export="t.currency")
    severities = Column(
        None, WordsWidget(Severity.choices), _("severities"), export=_codes("severities"), hint=ALL
    )
    per_decision = Column(
        None, AmountWidget(), _("per decision"), example="300", export="t.per_decision", hint=ANY_AMOUNT
    )
    per_day = Column(None, AmountWidget(), _("per day"), example="3000", export="t.per_day", hint=ANY_AMOUNT)
    per_customer = Column(
        None, AmountWidget(), _("per customer"), example="600", export="t.per_customer",
        hint=_("What anybody gave him counts. Empty: any amount."),
    )  # fmt: skip
    customer_days = Column(
        None, WholeWidget(1, 3650), _("days that count per customer"), example="30", export="t.customer_days"
    )
    four_eyes_above = Column(
        None, AmountWidget(), _("two persons above"), example="200", export="t.four_eyes_above",
        hint=_("From more than this on a second person confirms. Empty: never; 0: always."),
    )  # fmt: skip
    change_reason = draftrows.reason()
    state = draftrows.state()
    valid_from = draftrows.since()
    valid_to = draftrows.until()

    class Meta:
        model: Any = Limit


# ------------------------------------------------------------------------------------------ what duties ask for
class RequirementSheet(SheetResource):
    """Every version of what a duty asks for: the tier without which dispatch gives nobody its tickets."""

    sheet, title, position = "duty_requirements", _("What a duty asks for"), 129
    key = ("duty", "number")
    view_capability = SEE
    intake = staticmethod(drafting.requirements_take)
    drafts_at = "training:limits"
    previewed = drafting.PREVIEWED
    chunk_rows = 50
    lost = "taken"
    known_by = REQUIREMENTS.known_by([same("tier", "bigint", "tier_id")])
    rules = REQUIREMENTS.rules([])

    duty = Column(
        None, ChoiceWidget(Duty.choices), _("duty"), required=True, example="returns", export="t.duty"
    )
    number = REQUIREMENTS.number("1")
    tier = Column(
        None, LookupWidget("training.Tier", longest=60), pgettext_lazy("training", "tier"), required=True,
        example="senior", export="(SELECT r.code FROM training_tier r WHERE r.id = t.tier_id)",
    )  # fmt: skip
    change_reason = draftrows.reason()
    state = draftrows.state()
    valid_from = draftrows.since()
    valid_to = draftrows.until()

    class Meta:
        model: Any = Requirement


register(TierSheet, LimitSheet, RequirementSheet)
