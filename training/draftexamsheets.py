"""Exams with their blueprints as a sheet, out and in: each row is one version. What is read in is a draft."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from aftersales.core.errors import DomainError
from aftersales.core.sheets.resource import Column, RowRule, SheetResource, register
from aftersales.core.sheets.widgets import ChoiceWidget, TextWidget, WholeWidget
from aftersales.core.wording import listed
from training import draftrows, examrules, examselectors
from training.draftrows import NEW, Stored, filled, lines, same, same_text
from training.models import ExamVersion
from training.services import drafting
from training.states import Partial, QuestionKind

EXAMS = Stored("training_exam", "training_examversion", "exam_id")
TOPICS = "topics"

# A blueprint is judged by SQL as ``examrules.parse`` does it: line by line, wide digits, blanks and strokes as well.
_ENDS = r"E'[\\n\\r\\v\\f\\u001C\\u001D\\u001E\\u0085\\u2028\\u2029]+'"
_WIDE = "'｜０１２３４５６７８９', '|0123456789'"
_BLANK = r"E' \t\u00A0\u3000'"
_LINE = r"\|".join((
    "^[^|]*[^| ][^|]*",
    rf" *(\*|{'|'.join(QuestionKind.values)}) *",
    r" *(\*(-[^|]*)?|[1-5] *(- *[1-5]? *)?) *",
    " *[0-9][0-9]?[0-9]? *",
    " *([0-9]+[.]?[0-9]*|[.][0-9]+) *$",
))  # fmt: skip
_RANGE = "replace(split_part(x.line, '|', 3), ' ', '')"
_COUNT, _POINTS = "split_part(x.line, '|', 4)::numeric", "split_part(x.line, '|', 5)::numeric"
_FITS = (
    f"(left({_RANGE}, 1) = '*' OR left({_RANGE}, 1) <= right(rtrim({_RANGE}, '-'), 1)) "
    f"AND {_COUNT} BETWEEN 1 AND 200 AND {_POINTS} > 0 AND {_POINTS} <= 100 AND {_POINTS} = round({_POINTS}, 2)"
)


def _lines(line: str) -> str:
    """The lines of the blueprint that say something."""
    whole = f"regexp_split_to_table({{blueprint}}, {_ENDS}) AS y (line)"
    return f"(SELECT {line} AS line FROM {whole} WHERE btrim(y.line, {_BLANK}) <> '') AS x"


_PLAIN = f"translate(translate(y.line, {_WIDE}), {_BLANK}, '    ')"
SOUND = (
    f"(SELECT coalesce(bool_and(CASE WHEN x.line ~ '{_LINE}' THEN {_FITS} ELSE false END), false) "
    f"AND sum(CASE WHEN x.line ~ '{_LINE}' THEN {_COUNT} * {_POINTS} END) <= {examrules.MOST_POINTS} "
    f"FROM {_lines(_PLAIN)})"
)
_STROKES = "translate(y.line, '｜', '|')"
_TOPIC = f"btrim(split_part(x.line, '|', 1), {_BLANK})"
UNKNOWN = (
    f"EXISTS (SELECT FROM {_lines(_STROKES)} WHERE {_TOPIC} <> '{examrules.ANY}' "
    f"AND NOT EXISTS (SELECT FROM training_question q WHERE q.topic = {_TOPIC}))"
)


def unreadable(blueprint: str, _memory: dict[str, Any]) -> str:
    """Which line of a blueprint cannot be read, and how it is written."""
    try:
        examrules.parse(blueprint)
    except DomainError as error:
        return str(error.message)
    return ""


def unknown_topics(blueprint: str, memory: dict[str, Any]) -> str:
    """The topics of a blueprint that no question of the bank has."""
    try:
        asked = [part.topic for part in examrules.parse(blueprint) if part.topic != examrules.ANY]
    except DomainError:
        return ""
    known = memory.get(TOPICS)
    if known is None:
        known = memory[TOPICS] = frozenset(examselectors.topics())
    missing = [topic for topic in dict.fromkeys(asked) if topic not in known]
    return (
        _("The question bank has no question on: %(topics)s.") % {"topics": listed(missing)}
        if missing
        else ""
    )


EXAM_RULES = [
    *EXAMS.rules(["name_zh", "name_en"]),
    RowRule(
        "blueprint", ("blueprint",), f"{NEW} AND {{blueprint}} IS NOT NULL AND ({SOUND}) IS NOT TRUE",
        gettext_lazy("A line of the blueprint cannot be read."),
        gettext_lazy("Write a line for each part in this cell: topic | kind | difficulty | questions | points each."),
        told=unreadable,
    ),
    RowRule(
        "topics", ("blueprint",), f"{NEW} AND ({SOUND}) AND {UNKNOWN}",
        gettext_lazy("The question bank has no question on one of these topics."),
        gettext_lazy("Correct the topic, or read in its questions first."),
        told=unknown_topics,
    ),
    filled("partial"),
    filled("wait_hours"),
    filled("appeal_days"),
]  # fmt: skip


class ExamSheet(SheetResource):
    """Every version of every exam. Never closed to whoever sits one: its page shows everybody the blueprint."""

    sheet, title, position = "exams", pgettext_lazy("exam", "Exams"), 124
    key = ("code", "number")
    view_capability = "training.view_courses"
    intake = staticmethod(drafting.exams_take)
    drafts_at = "training:exams"
    previewed = drafting.PREVIEWED
    chunk_rows = 200
    lost = "taken"
    known_by = EXAMS.known_by([
        same_text("blueprint"), same("minutes", "integer"), same("pass_percent", "integer"), same("partial", "text"),
        same("tries", "integer"), same("wait_hours", "integer"), same("appeal_days", "integer"),
    ])  # fmt: skip
    rules = EXAM_RULES

    code = EXAMS.code("returns-exam")
    number = EXAMS.number()
    name_zh = Column(
        None, TextWidget(80), gettext_lazy("Chinese name"), example="退货考试", export=EXAMS.export("name_zh")
    )
    name_en = Column(
        None, TextWidget(80), gettext_lazy("English name"), example="Exam on returns",
        export=EXAMS.export("name_en"),
    )  # fmt: skip
    blueprint = Column(
        None, TextWidget(8000), gettext_lazy("blueprint"), required=True,
        example="* | single | 1-3 | 20 | 2\n* | multiple | 2-4 | 10 | 4\n* | short | * | 2 | 10",
        export=lines("t.blueprint"),
        hint=gettext_lazy(
            "In this cell a line for each part: topic | kind | difficulty | questions | points each. “refunds | single "
            "| 1-3 | 5 | 2” draws five questions on refunds with one right answer, of difficulty 1 to 3, for 2 points "
            "each; * is any. Kinds: single, multiple, truth, order, short."
        ),
    )  # fmt: skip
    minutes = Column(
        None, WholeWidget(1, 600), pgettext_lazy("exam", "minutes"), required=True, example="60",
        export="t.minutes",
    )  # fmt: skip
    pass_percent = Column(
        None, WholeWidget(1, 100), gettext_lazy("passed from"), required=True, example="80",
        export="t.pass_percent", hint=gettext_lazy("Percent of the points."),
    )  # fmt: skip
    partial = Column(
        None, ChoiceWidget(Partial.choices), gettext_lazy("partial credit"), example="subset",
        export="t.partial",
    )  # fmt: skip
    tries = Column(
        None, WholeWidget(1, 99), gettext_lazy("tries"), example="3", export="t.tries",
        hint=gettext_lazy("Empty: as often as needed."),
    )  # fmt: skip
    wait_hours = Column(
        None, WholeWidget(0, 2000), gettext_lazy("hours between two tries"), example="24",
        export="t.wait_hours",
    )  # fmt: skip
    appeal_days = Column(
        None, WholeWidget(0, 90), gettext_lazy("days to appeal"), example="7", export="t.appeal_days"
    )
    change_reason = draftrows.reason()
    state = draftrows.state()
    valid_from = draftrows.since()
    valid_to = draftrows.until()

    class Meta:
        model: Any = ExamVersion


register(ExamSheet)
