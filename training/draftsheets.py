"""Question bank, courses and rubrics as sheets, out and in: each row is one version. What is read in is a draft."""

import re
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.states import Duty
from aftersales.core.sheets.problems import Unreadable
from aftersales.core.sheets.resource import Column, RowRule, SheetResource, register
from aftersales.core.sheets.widgets import (
    AmountWidget,
    ChoiceWidget,
    LookupWidget,
    SheetWidget,
    TextWidget,
    WholeWidget,
    WordsWidget,
    quote,
)
from training import draftrows
from training.draftcodes import CodesWidget, known
from training.draftrows import LONG, NEW, Stored, absent, lines, same, same_set, same_text, wrong
from training.examrules import LETTERS, LONGEST_OPTION
from training.models import CourseVersion, QuestionVersion, RubricVersion, Tier
from training.services import drafting
from training.services.exams import refuse_while_sitting
from training.states import CourseKind, QuestionKind

SEE_ANSWERS = "training.view_bank"
BANK = Stored("training_question", "training_questionversion", "question_id")
CATALOGUE = Stored("training_course", "training_courseversion", "course_id")
RUBRICS = Stored("training_rubric", "training_rubricversion", "rubric_id")


class LettersWidget(SheetWidget):
    """Letters of options in one cell, as places from 0; in the order in which they are written."""

    sql_type = "smallint[]"
    PATTERN = rf"^[{LETTERS}](?:[ ;,，；、]*[{LETTERS}])*$"

    def read(self, text: str) -> list[int]:
        if not re.match(self.PATTERN, text.upper()):
            raise Unreadable(
                "letters", _("These are not letters of options."),
                _("Write the right ones, such as A;C; for an order all of them in the right order."),
            )  # fmt: skip
        return [LETTERS.index(letter) for letter in text.upper() if letter in LETTERS]

    def sql(self, cell: str) -> str:
        letters = (
            f"regexp_split_to_table(regexp_replace(upper({cell}), '[^A-Z]', '', 'g'), '') WITH ORDINALITY"
        )
        places = f"(SELECT array_agg((ascii(x.letter) - 65)::smallint ORDER BY x.n) FROM {letters} AS x (letter, n))"
        return f"CASE WHEN upper({cell}) ~ {quote(self.PATTERN)} THEN {places} END"


# ---------------------------------------------------------------------------------------------------- bank
CELLS = [f"option_{letter.lower()}" for letter in LETTERS]
_TOLD = f"array_remove(ARRAY[{', '.join(f'{{{name}}}' for name in CELLS)}]::text[], NULL)"
OPTIONS = f"CASE WHEN {absent('option_a')} THEN {BANK.newest('options')}::text[] ELSE {_TOLD} END"
RIGHT = f"CASE WHEN {absent('right')} THEN {BANK.newest('right')} ELSE {{right}}::smallint[] END"
MODEL = f"CASE WHEN {absent('model_answer')} THEN {BANK.newest('model_answer')} ELSE {{model_answer}} END"
COUNT = f"coalesce(cardinality({OPTIONS}), 0)"
CHOSEN = f"{NEW} AND {{kind}} <> 'short'"
GAPS = [
    rule
    for before, after in zip(CELLS, CELLS[1:], strict=False)
    for rule in wrong(
        "gap", before, f"{NEW} AND {{{before}}} IS NULL AND {{{after}}} IS NOT NULL",
        _("This option is empty and the next one is not."), _("Fill the options from A on without a gap."),
    )
]  # fmt: skip
# Options are one list in ten columns: with a part of the columns, what stands in the others would be lost unsaid.
PARTLY = f"NOT ({' AND '.join(absent(name) for name in CELLS)})"
MISSING = [
    RowRule(
        "option_columns", ("code",),
        f"{absent(name)} AND {PARTLY} AND cardinality({BANK.newest('options')}) > {place}",
        _("The file lacks the column of an option that stands."),
        _("Keep all columns of options that the sheet came out with, or leave all of them out."),
    )
    for place, name in enumerate(CELLS)
]  # fmt: skip
PLACES = f"(SELECT count(DISTINCT x) FROM unnest({RIGHT}) x WHERE x < {COUNT})"
FITS = (
    f"cardinality({RIGHT}) = {PLACES} AND CASE {{kind}} WHEN 'single' THEN {PLACES} = 1 WHEN 'truth' THEN {PLACES} = 1 "
    f"WHEN 'order' THEN {PLACES} = {COUNT} ELSE {PLACES} > 0 END"
)
QUESTION_RULES = [
    *BANK.rules(["topic"]),
    *MISSING,
    *GAPS,
    *wrong(
        "options", "option_a",
        f"{CHOSEN} AND ({COUNT} < 2 OR {COUNT} > (SELECT count(DISTINCT x) FROM unnest({OPTIONS}) x))",
        _("A question of this kind has at least two options, none twice."), _("Correct the options."),
    ),
    *wrong(
        "right", "right", f"{CHOSEN} AND {COUNT} > 1 AND ({FITS}) IS NOT TRUE",
        _("The right answer does not fit the options and the kind of question."),
        _("One letter for one right answer and for true or false, at least one for several; for an order all letters, "
          "each once, in the right order."),
    ),
    *wrong(
        "right_of_short", "right", f"{NEW} AND {{kind}} = 'short' AND cardinality({RIGHT}) > 0",
        _("A short text has no options to choose from."),
        _("Leave the right answer empty and fill in the model answer."),
    ),
    *wrong(
        "model_answer", "model_answer", f"{NEW} AND {{kind}} = 'short' AND coalesce({MODEL}, '') = ''",
        _("A short text needs a model answer for whoever marks it."), _("Fill it in."),
    ),
]  # fmt: skip


def _option(letter: str, example: str = "") -> Column:
    label = format_lazy(pgettext_lazy("exam sheet", "option {letter}"), letter=letter)
    return Column(
        None, TextWidget(LONGEST_OPTION), label, example=example,
        export=f"t.options[{LETTERS.index(letter) + 1}]", column_name=f"option_{letter.lower()}",
    )  # fmt: skip


class QuestionSheet(SheetResource):
    """Every version of every question with what is right, as a trainer keeps them in a spreadsheet."""

    sheet, title, position = "questions", _("Question bank"), 121
    key = ("code", "number")
    view_capability = SEE_ANSWERS
    closed = staticmethod(refuse_while_sitting)
    intake = staticmethod(drafting.questions_take)
    drafts_at = "training:bank"
    previewed = drafting.PREVIEWED
    chunk_rows = 500
    lost = "taken"
    known_by = BANK.known_by([
        same("kind", "text"), same_text("text"), same("difficulty", "integer"), same_set("right", "smallint"),
        "(v.kind <> 'order' OR " + same("right", "smallint[]", '"right"') + ")",
        f"({absent('option_a')} OR v.options::text[] = {_TOLD})",
        same_text("model_answer"), same_text("explanation"), same_text("cites"),
    ])  # fmt: skip
    rules = QUESTION_RULES

    code = BANK.code("return-hours-01")
    number = BANK.number()
    topic = Column(
        None, TextWidget(40), pgettext_lazy("exam", "topic"), example="退货", export=BANK.export("topic")
    )
    kind = Column(
        None, ChoiceWidget(QuestionKind.choices), _("kind of question"), required=True, example="multiple",
        export="t.kind",
    )  # fmt: skip
    difficulty = Column(
        None, WholeWidget(1, 5), _("difficulty"), required=True, example="2", export="t.difficulty",
        hint=_("1 is easy, 5 is hard."),
    )  # fmt: skip
    text = Column(
        None, TextWidget(4000), pgettext_lazy("exam", "text"), required=True, example="哪些情形可以七天无理由退货？",
        export=lines("t.text"),
    )  # fmt: skip
    option_a = _option("A", "商品完好")
    option_b = _option("B", "定制商品")
    option_c = _option("C", "包装已拆但不影响二次销售")
    option_d = _option("D")
    option_e = _option("E")
    option_f = _option("F")
    option_g = _option("G")
    option_h = _option("H")
    option_i = _option("I")
    option_j = _option("J")
    right = Column(
        None, LettersWidget(), _("right answer"), example="A;C", capability=SEE_ANSWERS,
        export="(SELECT string_agg(chr(65 + x.place), ';' ORDER BY x.n) "
        'FROM unnest(t."right") WITH ORDINALITY AS x (place, n))',
        hint=_("Letters of the right options; for an order all of them in the right order."),
    )  # fmt: skip
    model_answer = Column(
        None, TextWidget(LONG), _("model answer"), capability=SEE_ANSWERS, export=lines("t.model_answer"),
        hint=_("For short texts: what a full answer says."),
    )  # fmt: skip
    explanation = Column(
        None, TextWidget(LONG), _("explanation"), capability=SEE_ANSWERS, export=lines("t.explanation"),
        hint=_("Shown with the result."),
    )  # fmt: skip
    cites = Column(None, TextWidget(80), _("rule it is about"), example="return.default v2", export="t.cites")
    change_reason = draftrows.reason()
    state = draftrows.state()
    valid_from = draftrows.since()
    valid_to = draftrows.until()

    class Meta:
        model: Any = QuestionVersion


# ------------------------------------------------------------------------------------------------- courses
COURSE_RULES = [
    *CATALOGUE.rules(["kind", "name_zh", "name_en"]),
    RowRule(
        "hours", ("hours",), f"{NEW} AND ({{hours}} <= 0 OR {{hours}} > 400)",
        _("A course lasts more than 0 and at most 400 hours."), _("Correct the hours."),
    ),
    known("tiers", Tier, _("One of these tiers is not known."), _("Write codes of tiers, such as in_post;senior.")),
    RowRule(
        "links", ("links",),
        f"{NEW} AND EXISTS (SELECT FROM regexp_split_to_table({{links}}, E'[ \\t\\r\\n]+') x "
        "WHERE x <> '' AND x !~* '^https?://[^/.:]+[.:/]?[^ ]*$')",
        _("One of these is no address."), _("Write https://… on a line for each."),
    ),
]  # fmt: skip


class CourseSheet(SheetResource):
    """Every version of every course: hours, for whom, how long it counts, syllabus. Files stay on the course's page."""

    sheet, title, position = "courses", pgettext_lazy("training", "Courses"), 122
    key = ("code", "number")
    view_capability = "training.view_courses"
    intake = staticmethod(drafting.courses_take)
    drafts_at = "training:courses"
    previewed = drafting.PREVIEWED
    chunk_rows = 200
    lost = "taken"
    known_by = CATALOGUE.known_by([
        same("hours", "numeric"), same_set("duties"), same_set("tiers"), same("refresh_months", "integer"),
        same("exam", "bigint", "exam_id"), same_text("syllabus"), same_text("material"), same_text("links"),
    ])  # fmt: skip
    rules = COURSE_RULES

    code = CATALOGUE.code("returns-basics")
    number = CATALOGUE.number()
    name_zh = Column(
        None, TextWidget(80), _("Chinese name"), example="退货基础", export=CATALOGUE.export("name_zh")
    )
    name_en = Column(
        None, TextWidget(80), _("English name"), example="Basics of returns", export=CATALOGUE.export("name_en")
    )  # fmt: skip
    kind = Column(
        None, ChoiceWidget(CourseKind.choices), _("kind of course"), example="service",
        export=CATALOGUE.export("kind"),
    )  # fmt: skip
    hours = Column(
        None,
        AmountWidget(),
        pgettext_lazy("training", "hours"),
        required=True,
        example="2.5",
        export="t.hours",
    )
    duties = Column(
        None, WordsWidget(Duty.choices), _("duties"), export="array_to_string(t.duties, ';')",
        hint=_("Empty means all. Several are divided by semicolons."),
    )  # fmt: skip
    tiers = Column(
        None, CodesWidget(), pgettext_lazy("training", "tiers"), example="in_post",
        export="array_to_string(t.tiers, ';')", hint=_("Codes; empty means all. Several are divided by semicolons."),
    )  # fmt: skip
    refresh_months = Column(
        None, WholeWidget(1, 120), _("counts for"), example="12", export="t.refresh_months",
        hint=_("Months; empty means for ever."),
    )  # fmt: skip
    exam = Column(
        None, LookupWidget("training.Exam", longest=60), pgettext_lazy("exam", "exam"),
        export="(SELECT e.code FROM training_exam e WHERE e.id = t.exam_id)",
    )  # fmt: skip
    syllabus = Column(
        None, TextWidget(LONG), _("syllabus"), example="退货条件、时限与运费", export=lines("t.syllabus")
    )
    material = Column(None, TextWidget(LONG), _("material"), export=lines("t.material"))
    links = Column(
        None, TextWidget(LONG), _("links"), export=lines("t.links"), hint=_("One address on each line.")
    )
    change_reason = draftrows.reason()
    state = draftrows.state()
    valid_from = draftrows.since()
    valid_to = draftrows.until()

    class Meta:
        model: Any = CourseVersion


# ------------------------------------------------------------------------------------------------- rubrics
POINTS = r"(0*100(\.0{{1,2}})?|0*[0-9]{{1,2}}(\.[0-9]{{1,2}})?)"
CRITERION = rf"^.*[^|｜[:space:]].*[|｜][[:space:]]*{POINTS}[[:space:]]*$"
RUBRIC_RULES = [
    *RUBRICS.rules(["name_zh", "name_en"]),
    RowRule(
        "criteria", ("criteria",),
        f"{NEW} AND EXISTS (SELECT FROM regexp_split_to_table({{criteria}}, E'[\\r\\n]+') x "
        f"WHERE btrim(x) <> '' AND (x !~ '{CRITERION}' OR x ~ '[|｜][[:space:]]*[0.]+[[:space:]]*$'))",
        _("A line of the criteria cannot be read."),
        _("Write a line for each in this cell: criterion | points, such as: tone | 10."),
    ),
]  # fmt: skip


class RubricSheet(SheetResource):
    """Every version of every rubric of practical assessments."""

    sheet, title, position = "rubrics", pgettext_lazy("practical", "Rubrics"), 123
    key = ("code", "number")
    view_capability = "training.view_courses"
    intake = staticmethod(drafting.rubrics_take)
    drafts_at = "training:practicals"
    previewed = drafting.PREVIEWED
    chunk_rows = 200
    lost = "taken"
    known_by = RUBRICS.known_by(
        [same_text("criteria"), same("pass_percent", "integer"), same("gap_percent", "integer")]
    )
    rules = RUBRIC_RULES

    code = RUBRICS.code("refund-call")
    number = RUBRICS.number()
    name_zh = Column(
        None, TextWidget(80), _("Chinese name"), example="退款通话", export=RUBRICS.export("name_zh")
    )
    name_en = Column(
        None, TextWidget(80), _("English name"), example="Refund call", export=RUBRICS.export("name_en")
    )
    criteria = Column(
        None, TextWidget(8000), _("criteria"), required=True, example="语气 | 10\n核对订单 | 20",
        export=lines("t.criteria"), hint=_("A line for each: criterion | points, such as: tone | 10."),
    )  # fmt: skip
    pass_percent = Column(
        None, WholeWidget(1, 100), _("passed from"), required=True, example="80", export="t.pass_percent",
        hint=_("Percent of the points."),
    )  # fmt: skip
    gap_percent = Column(
        None, WholeWidget(0, 100), _("third assessor from"), required=True, example="15", export="t.gap_percent",
        hint=_("Percent of the points."),
    )  # fmt: skip
    change_reason = draftrows.reason()
    state = draftrows.state()
    valid_from = draftrows.since()
    valid_to = draftrows.until()

    class Meta:
        model: Any = RubricVersion


register(QuestionSheet, CourseSheet, RubricSheet)
