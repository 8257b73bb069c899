"""Scores as a sheet to take out; each reader gets the rows that his pages show."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.sheets.resource import Column, SheetResource, register
from aftersales.core.sheets.widgets import AmountWidget, ChoiceWidget, KeyWidget, TextWidget, WholeWidget
from aftersales.scorecards.models import Standing
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


register(ScoreList)
