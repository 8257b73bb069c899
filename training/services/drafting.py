"""Rows of a sheet as drafts of any rule of this room. Each row is one version; nothing comes into force by it."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import moves
from aftersales.core.errors import Busy, DomainError
from aftersales.core.rulebook import RuleState
from training import examrules, practicalrules
from training.models import (
    Course,
    CourseVersion,
    Exam,
    ExamVersion,
    Limit,
    Number,
    Question,
    QuestionVersion,
    Requirement,
    Rubric,
    RubricVersion,
    Tier,
    TierVersion,
)
from training.services import (
    DRAFT,
    LIMIT_TERMS,
    SOURCES,
    TIER_TERMS,
    check_amounts,
    check_draft,
    courses,
    draft_version,
    exams,
    practical,
    refuse_twins,
    require,
)

Row = Mapping[str, Any]
TEXTS = {"model_answer", "explanation", "cites", "syllabus", "material", "links"}
LISTS = {"duties", "tiers", "right", "courses", "exams", "rubrics", "severities"}
COLUMNS = {"exam_id": "exam", "tier_id": "tier"}  # stored as a key, written in a sheet by its code
PREVIEWED = "previewed_at"


@dataclass(frozen=True)
class Kept:
    """One kind of rule: its register with the columns that all versions share, its versions and their terms.

    Without a register the versions carry themselves what they share, and ``key`` is the word that names the rule.
    ``blank`` is what an empty cell means where it is neither nothing nor an empty text; ``by`` the column of the sheet
    that names the rule; ``together`` judges new versions beside each other and beside what stands.
    """

    register: type[Any] | None
    versions: type[Any]
    key: str
    shared: tuple[str, ...]
    terms: tuple[str, ...]
    event: str
    source: Mapping[str, str]
    check: Callable[[Any], None]
    follow: Callable[[Sequence[tuple[Any, Any]]], None] | None = None
    together: Callable[[Sequence[Any]], None] | None = None
    blank: Mapping[str, Any] = field(default_factory=dict)
    by: str = "code"

    @property
    def carried(self) -> tuple[str, ...]:
        """Columns of a version that are the same in all of them."""
        return self.shared if self.register is None else ()


@dataclass
class Standing:
    """What stands of one rule: its newest version, and the newest that was not returned."""

    newest: Any = None
    valid: Any = None

    @property
    def base(self) -> Any:
        """What the next draft starts from: never what was returned, unless nothing else was ever written."""
        return self.valid or self.newest


def _check_course(row: CourseVersion) -> None:
    courses.check_terms({"hours": row.hours, "links": row.links})


def _check_rubric(row: RubricVersion) -> None:
    practicalrules.parse(row.criteria)


def _check_exam(row: ExamVersion) -> None:
    examrules.parse(row.blueprint)


QUESTIONS = Kept(
    Question, QuestionVersion, "question", ("topic",), exams.QUESTION_TERMS, "question.created", exams.OWN_SOURCE,
    exams.check_question,
)  # fmt: skip
COURSES = Kept(
    Course, CourseVersion, "course", ("name_zh", "name_en", "kind"), courses.TERMS, "course.created",
    courses.OWN_SOURCE, _check_course, courses.files_take_over,
)  # fmt: skip
RUBRICS = Kept(
    Rubric, RubricVersion, "rubric", ("name_zh", "name_en"), practical.RUBRIC_TERMS, "rubric.created",
    practical.OWN_SOURCE, _check_rubric,
)  # fmt: skip
EXAMS = Kept(
    Exam, ExamVersion, "exam", ("name_zh", "name_en"), exams.EXAM_TERMS, "exam.created", exams.OWN_SOURCE,
    _check_exam,
)  # fmt: skip
TIERS = Kept(
    Tier, TierVersion, "tier", ("name_zh", "name_en"), TIER_TERMS, "tier.created",
    {"source_ref": "R1.3", "source_zh": "部门自定认证等级", "source_en": "The department's own tier"}, check_draft,
    blank={"hours": Decimal(0), "handled": 0, "days_below": 0, "counts_as_senior": False, "no_suspension": False},
)  # fmt: skip
LIMIT_OF = ("tier_id", "kind", "currency")
LIMITS = Kept(
    None, Limit, "code", LIMIT_OF, tuple(name for name in LIMIT_TERMS if name not in LIMIT_OF), "",
    {"source_ref": "R1.3", "source_zh": "部门自定授权额度", "source_en": "The department's own limit"}, check_amounts,
    together=refuse_twins,
)  # fmt: skip
REQUIREMENTS = Kept(
    None, Requirement, "duty", (), ("tier_id",), "",
    {"source_ref": "R1.3", "source_zh": "部门自定上岗要求", "source_en": "The department's own requirement"},
    check_draft, by="duty",
)  # fmt: skip
NUMBERS = Kept(
    None, Number, "code", ("name_zh", "name_en"), ("value",), "", {}, check_draft,
)  # fmt: skip
NO_NUMBER = _("There is no number of this code; which numbers there are is part of the system.")


def questions_take(rows: Sequence[Row], actor: Any, now: datetime) -> list[int]:
    """Questions of a sheet as drafts; see ``_take``. Further errors: sitting, and those of a question's draft."""
    exams.refuse_while_sitting(actor)
    return _take(QUESTIONS, rows, actor, now)


def courses_take(rows: Sequence[Row], actor: Any, now: datetime) -> list[int]:
    """Courses of a sheet as drafts; see ``_take``. Further errors: hours, link."""
    return _take(COURSES, rows, actor, now)


def rubrics_take(rows: Sequence[Row], actor: Any, now: datetime) -> list[int]:
    """Rubrics of a sheet as drafts; see ``_take``. Further error: criteria."""
    return _take(RUBRICS, rows, actor, now)


def exams_take(rows: Sequence[Row], actor: Any, now: datetime) -> list[int]:
    """Exams of a sheet as drafts; see ``_take``. Further error: blueprint."""
    return _take(EXAMS, rows, actor, now)


def tiers_take(rows: Sequence[Row], actor: Any, now: datetime) -> list[int]:
    """Tiers of a sheet as drafts; see ``_take``. Further errors: unknown_course, unknown_exam, unknown_rubric,
    temporary_wide, scores.
    """
    return _take(TIERS, rows, actor, now)


def limits_take(rows: Sequence[Row], actor: Any, now: datetime) -> list[int]:
    """Limits of authority of a sheet as drafts; see ``_take``. Further errors: negative, order, twin."""
    return _take(LIMITS, rows, actor, now)


def requirements_take(rows: Sequence[Row], actor: Any, now: datetime) -> list[int]:
    """What duties ask for, of a sheet, as drafts; see ``_take``."""
    return _take(REQUIREMENTS, rows, actor, now)


def numbers_take(rows: Sequence[Row], actor: Any, now: datetime) -> list[int]:
    """Numbers of training of a sheet as drafts; see ``_take``. Further error: unknown_number."""
    asked = {row["code"] for row in rows}
    if len(asked) > Number.objects.filter(code__in=asked).values("code").distinct().count():
        raise DomainError(NO_NUMBER, "unknown_number")
    return _take(NUMBERS, rows, actor, now)


def _take(kept: Kept, rows: Sequence[Row], actor: Any, now: datetime) -> list[int]:
    """The version that each row belongs to: the next one of its rule, its waiting draft corrected, or one that says
    the same already. All of the rows or none, in a number of statements that does not grow with new versions.

    Errors: not_permitted, code_taken, changed_since (somebody wrote a version after the sheet or its preview).
    """
    require(actor, DRAFT)
    with transaction.atomic():
        heads = _heads(kept, rows, actor, now)
        standing = _standing(kept, heads)
        found: list[int | None] = []
        fresh: list[tuple[Any, Any]] = []
        for row in rows:
            head, terms = heads[row[kept.by]], _told(kept, row)
            stands = standing[getattr(head, "pk", head)]
            if stands.valid is not None and _says(stands.valid, terms):
                found.append(stands.valid.pk)
                continue
            _refuse_changed(kept, row, stands.valid)
            if stands.valid is not None and stands.valid.state == RuleState.DRAFT:
                found.append(_corrected(kept, head, terms, row, actor, now))
            else:
                found.append(None)
                fresh.append((stands.base, _next(kept, head, stands, terms, row, actor, now)))
        written = iter(_written(kept, fresh, actor, now))
        return [next(written) if pk is None else pk for pk in found]


def _heads(kept: Kept, rows: Sequence[Row], actor: Any, now: datetime) -> dict[str, Any]:
    """The rule of each code; unknown codes are opened. A rule without a register is the word that names it."""
    if kept.register is None:
        return {row[kept.by]: row[kept.by] for row in rows}
    known = {one.code: one for one in kept.register.objects.filter(code__in=[row["code"] for row in rows])}
    new = {
        row["code"]: kept.register(code=row["code"], **{name: row.get(name) or "" for name in kept.shared})
        for row in rows
        if row["code"] not in known
    }
    try:
        moves.create_many(
            list(new.values()), actor=actor, now=now, event=kept.event, payloads=[{"code": code} for code in new]
        )  # fmt: skip
    except IntegrityError as error:
        raise DomainError(_("Somebody opened one of these codes at this moment."), "code_taken") from error
    return known | new


def _standing(kept: Kept, heads: Mapping[str, Any]) -> dict[Any, Standing]:
    """The versions of these rules under lock: one drafter at a time, as on the page."""
    found: dict[Any, Standing] = defaultdict(Standing)
    versions = kept.versions.objects.filter(**{f"{kept.key}__in": list(heads.values())})
    with moves.translated_locks():
        list(versions.order_by("pk").select_for_update(of=("self",)).values_list("pk"))
    for row in versions.order_by("number"):
        stands = found[getattr(row, kept.versions.rule_key)]
        stands.newest = row
        if row.state != RuleState.REJECTED:
            stands.valid = row
    return found


def _told(kept: Kept, row: Row) -> dict[str, Any]:
    """What a row says; a column that the file has not keeps what stands, an empty cell is empty."""
    said = {name: row[_column(name)] for name in kept.terms if _column(name) in row}
    if "option_a" in row:
        cells = [row.get(f"option_{letter.lower()}") for letter in examrules.LETTERS]
        said["options"] = [_plain(cell) for cell in cells if cell]
    for name, value in said.items():
        if name in LISTS:
            said[name] = list(dict.fromkeys(value or ()))
        elif value is None and name in kept.blank:
            said[name] = kept.blank[name]
        elif name in TEXTS or isinstance(value, str):
            said[name] = _plain(value or "")
    if said.get("right") and said.get("kind") != "order":
        said["right"] = sorted(said["right"])
    return said


def _column(name: str) -> str:
    return COLUMNS.get(name, name)


def _plain(text: str) -> str:
    """Lines as a page sends them and as a spreadsheet keeps them are the same lines."""
    return text.replace("\r", "").strip()


def _says(version: Any, terms: Mapping[str, Any]) -> bool:
    return all(getattr(version, name) == value for name, value in terms.items())


def _refuse_changed(kept: Kept, row: Row, stands: Any) -> None:
    """Nobody's later version is written over by somebody who has not seen it."""
    if stands is None:
        return
    number, seen = row.get("number"), row.get(PREVIEWED)
    later = number is None or stands.number > number
    if stands.state == RuleState.DRAFT and seen is not None and stands.drafted_at > seen:
        later = True
    if later:
        words = {"code": row[kept.by], "n": stands.number}
        raise DomainError(
            _("Somebody drafted version %(n)s of %(code)s after this sheet; take the sheet out anew.")
            % words,
            "changed_since",
        )


def _corrected(kept: Kept, head: Any, terms: dict[str, Any], row: Row, actor: Any, now: datetime) -> int:
    reason = row.get("change_reason") or ""
    draft = draft_version(kept.versions(**{kept.key: head}), kept.terms, actor, now, reason, terms)
    kept.check(draft)
    return int(draft.pk)


def _next(
    kept: Kept, head: Any, stands: Standing, terms: Mapping[str, Any], row: Row, actor: Any, now: datetime
) -> Any:
    """The next version, not yet written: what stands, with what the row says."""
    if stands.base is None:
        columns = dict(kept.source) | {name: row[_column(name)] for name in kept.carried}
    else:
        columns = {name: getattr(stands.base, name) for name in (*kept.terms, *kept.carried, *SOURCES)}
    version = kept.versions(
        **{kept.key: head}, **columns | dict(terms), number=stands.newest.number + 1 if stands.newest else 1,
        change_reason=row.get("change_reason") or "", drafted_by_id=actor.pk, drafted_at=now,
    )  # fmt: skip
    kept.check(version)
    return version


def _written(kept: Kept, fresh: Sequence[tuple[Any, Any]], actor: Any, now: datetime) -> list[int]:
    if kept.together is not None and fresh:
        kept.together([row for _before, row in fresh])
    by_reason: dict[str, list[Any]] = defaultdict(list)
    for _before, row in fresh:
        by_reason[row.change_reason].append(row)
    try:
        for reason, rows in by_reason.items():
            moves.create_many(
                rows, actor=actor, now=now, event="training_rule.drafted", reason=reason,
                payloads=[row._payload() for row in rows],
            )  # fmt: skip
    except IntegrityError as error:
        raise Busy() from error  # somebody drafts the very first version of the same rule
    if kept.follow is not None:
        kept.follow([(before, row) for before, row in fresh if before is not None])
    return [row.pk for _before, row in fresh]
