"""Scores, results of months and measures as sheets to take out; each reader gets the rows that his pages show."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.sheets.resource import Column, SheetResource, register
from aftersales.core.sheets.widgets import (
    AmountWidget,
    ChoiceWidget,
    KeyWidget,
    MomentWidget,
    TextWidget,
    WholeWidget,
)
from aftersales.ledger.states import Measure, Party
from aftersales.scorecards.consequencestates import Effect, MeasureState, Trigger
from aftersales.scorecards.models import MerchantMeasure, MonthOutcome, Standing
from aftersales.scorecards.rewardstates import Said
from aftersales.scorecards.states import SubjectKind

CODE = (
    "coalesce(CASE t.subject_kind WHEN 'merchant' THEN (SELECT m.code FROM merchants_merchant m "
    "WHERE m.id = t.subject_id) END, '')"
)
MANAGER = (
    "coalesce(CASE t.subject_kind WHEN 'merchant' THEN (SELECT coalesce(nullif(u.display_name, ''), u.username) "
    "FROM merchants_merchant m JOIN accounts_user u ON u.id = m.manager_id WHERE m.id = t.subject_id) END, '')"
)
RULE = (
    "(SELECT f.code || ' v' || v.number FROM scorecards_formulaversion v JOIN scorecards_formula f "
    "ON f.id = v.formula_id WHERE v.id = t.rule_id)"
)
BEFORE = (
    "(SELECT s.score FROM scorecards_snapshot s WHERE s.formula_id = t.formula_id AND s.subject_id = t.subject_id "
    "AND s.month < date_trunc('month', t.day) AND s.grade <> '' ORDER BY s.month DESC LIMIT 1)::text"
)


class ScoreList(SheetResource):
    """Where merchants stand: grade, score with its interval, what it was the month before, by which version."""

    sheet, title, position = "scores", pgettext_lazy("sheet", "Scores"), 140
    key = ("code",)
    importable = False
    view_capability = "scorecards.view_merchants"

    kind = Column("subject_kind", ChoiceWidget(SubjectKind.choices), _("kind of subject"))
    code = Column(None, KeyWidget(64), pgettext_lazy("score", "Code"), export=CODE)
    name = Column("subject_name", TextWidget(200), pgettext_lazy("score", "Name"))
    category = Column("category", TextWidget(80), _("category"))
    manager = Column(None, TextWidget(150), pgettext_lazy("score", "Manager"), export=MANAGER)
    grade = Column("grade", KeyWidget(8), _("grade"))
    score = Column("score", AmountWidget(), _("score"))
    low = Column("low", AmountWidget(), _("lower bound"))
    high = Column("high", AmountWidget(), _("upper bound"))
    before = Column(None, TextWidget(), pgettext_lazy("score", "Month before"), export=BEFORE)
    volume = Column("volume", WholeWidget(), _("volume"))
    below = Column("below", WholeWidget(), _("better than, per cent"))
    peers = Column("peers", WholeWidget(), _("peers"))
    rule = Column(None, TextWidget(80), pgettext_lazy("score", "Formula"), export=RULE)

    class Meta:
        model: Any = Standing


RUN = "FROM scorecards_monthrun r WHERE r.id = t.run_id"
PARTY_CODE = (
    "CASE t.party WHEN 'merchant' THEN (SELECT m.code FROM merchants_merchant m WHERE m.id = t.party_id) "
    "WHEN 'person' THEN (SELECT u.username FROM accounts_user u WHERE u.id = t.party_id) END"
)
PARTY_NAME = (
    "CASE t.party WHEN 'merchant' THEN (SELECT m.name FROM merchants_merchant m WHERE m.id = t.party_id) "
    "WHEN 'person' THEN (SELECT coalesce(nullif(u.display_name, ''), u.username) FROM accounts_user u "
    "WHERE u.id = t.party_id) END"
)
MONTH_RULE = (
    "(SELECT i.code || ' v' || v.number FROM scorecards_monthrun r JOIN ledger_incentiveversion v "
    "ON v.id = r.rule_version_id JOIN ledger_incentiverule i ON i.id = r.rule_id WHERE r.id = t.run_id)"
)
FIGURES = (
    "(SELECT string_agg(concat_ws(' ', p->>'code', (p->>'num') || ' / ' || (p->>'den')), '; ' ORDER BY place) "
    "FROM jsonb_array_elements(t.proofs) WITH ORDINALITY q(p, place))"
)


class MonthList(SheetResource):
    """What the monthly run said of whom, and by which figures: those too for whom nothing followed."""

    sheet, title, position = "month_outcomes", _("Results of the monthly run"), 141
    key = ("month", "rule", "code")
    importable = False
    view_capability = "scorecards.view_own"

    month = Column(None, KeyWidget(7), _("month"), export=f"(SELECT to_char(r.month, 'YYYY-MM') {RUN})")
    rule = Column(None, TextWidget(120), _("version of an incentive rule"), export=MONTH_RULE)
    party = Column("party", ChoiceWidget(Party.choices), _("party"))
    code = Column(None, KeyWidget(150), pgettext_lazy("score", "Code"), export=PARTY_CODE)
    name = Column(None, TextWidget(200), pgettext_lazy("score", "Name"), export=PARTY_NAME)
    said = Column("said", ChoiceWidget(Said.choices), _("what follows"))
    amount = Column("amount", AmountWidget(), _("amount"))
    counted = Column("counted", AmountWidget(), _("amount before the cap"))
    measure = Column("measure", ChoiceWidget(Measure.choices), _("measure"))
    reached = Column("reached", KeyWidget(12), _("step that was reached"))
    times = Column("times", WholeWidget(), _("how often"))
    figures = Column(None, TextWidget(2000), _("figures"), export=FIGURES)

    class Meta:
        model: Any = MonthOutcome


SHOP = "(SELECT m.{} FROM merchants_merchant m WHERE m.id = t.merchant_id)"


class MeasureList(SheetResource):
    """Measures against merchants: by which rule, what each does, since when and until when, what its appeal said."""

    sheet, title, position = "measures", pgettext_lazy("sheet", "Measures"), 142
    key = ("number",)
    importable = False
    view_capability = "scorecards.view_measures"

    number = Column("number", KeyWidget(40), _("number"))
    code = Column(None, KeyWidget(64), _("Merchant code"), export=SHOP.format("code"))
    name = Column(None, TextWidget(200), _("Merchant name"), export=SHOP.format("name"))
    rule = Column("citation", TextWidget(120), _("version"))
    trigger = Column("trigger", ChoiceWidget(Trigger.choices), pgettext_lazy("consequence", "looks at"))
    month = Column(None, KeyWidget(7), _("month"), export="to_char(t.period, 'YYYY-MM')")
    effect = Column("effect", ChoiceWidget(Effect.choices), pgettext_lazy("consequence", "effect"))
    step = Column("step", WholeWidget(), pgettext_lazy("consequence", "step"))
    points = Column("points", WholeWidget(), _("points"))
    weight = Column("weight", AmountWidget(), _("traffic weight"))
    cap = Column("cap", WholeWidget(), _("orders a day"))
    amount = Column("amount", AmountWidget(), _("amount"))
    state = Column("state", ChoiceWidget(MeasureState.choices), _("state"))
    begins_at = Column("begins_at", MomentWidget(), _("in force since"))
    ends_at = Column("ends_at", MomentWidget(), _("ends at"))
    appeal_until = Column("appeal_until", MomentWidget(), _("appeal until"))
    appealed_at = Column("appealed_at", MomentWidget(), _("appealed at"))
    heard_at = Column("heard_at", MomentWidget(), _("heard at"))
    answer = Column("appeal_answer", TextWidget(4000), _("answer to the appeal"))
    ended_at = Column("ended_at", MomentWidget(), pgettext_lazy("measures", "ended in fact"))
    end_reason = Column("end_reason", TextWidget(2000), _("why it ended"))

    class Meta:
        model: Any = MerchantMeasure


for one in (ScoreList, MonthList, MeasureList):
    register(one)
