"""What pages show of agreements: the text clause by clause, beside an earlier version; badges; who is due."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.utils.translation import pgettext

from aftersales.core.rulebook import RuleState
from aftersales.standards import selectors as rule_book

from . import agreementselectors as agreements
from .agreementrules import Clause, Compared, Fate, Piece, compared, pieces
from .agreementstates import STANDING_MARKS, Answer, Standing
from .duties import declared
from .models import Agreement, AgreementAnswer, AgreementVersion, Merchant

PAGE = 50
FATES = {
    Fate.NEW: ("green", "disc"),
    Fate.CHANGED: ("amber", "half"),
    Fate.GONE: ("red", "cross"),
    Fate.SAME: ("bare", "ring"),
}
MARKS = {
    RuleState.DRAFT: ("amber", "dashed"),
    RuleState.ACTIVE: ("green", "tick"),
    RuleState.RETIRED: ("bare", "bar"),
    RuleState.REJECTED: ("bare", "cross"),
    RuleState.NOTED: ("grey", "ring"),
}
Badge = tuple[str, str, str]
Called = Callable[[Iterable[str]], dict[str, str]]
_called: list[Called] = []


def name_categories(called: Called) -> None:
    """The room of products says here what the reader calls the categories that merchants have."""
    if called not in _called:
        _called.append(called)


def categories_called(given: Iterable[str]) -> dict[str, str]:
    """Main categories as the reader calls them; those that nobody names stay as they are."""
    found = {one: one for one in given if one}
    for called in _called:
        found |= called(found)
    return found


@dataclass(frozen=True)
class Line:
    """One clause as a page shows it; ``before`` is empty where nothing is compared or nothing changed."""

    number: int
    duty: str
    fate: Badge | None
    is_gone: bool
    text: Sequence[Piece]
    text_before: Sequence[Piece]
    owed: str
    owed_before: str
    breach: Sequence[Piece]
    breach_before: Sequence[Piece]


def _fate(fate: Fate) -> Badge:
    names = {
        Fate.NEW: pgettext("clause", "New"),
        Fate.CHANGED: pgettext("clause", "Changed"),
        Fate.GONE: pgettext("clause", "Gone"),
        Fate.SAME: pgettext("clause", "Unchanged"),
    }
    return (names[fate], *FATES[fate])


def lines(new: AgreementVersion, old: AgreementVersion | None, *, only_changes: bool = False) -> list[Line]:
    """The clauses of ``new``; beside ``old`` what changed and what is gone, in words and numbers."""
    if old is None:
        return [_line(Compared(Fate.SAME, place, None, one), False) for place, one in enumerate(new.said, 1)]
    found = compared(old.said, new.said)
    return [_line(one, True) for one in found if not only_changes or one.fate is not Fate.SAME]


def _line(one: Compared, is_compared: bool) -> Line:
    shown, before = one.clause, one.old if one.fate is Fate.CHANGED else None
    text, text_before = _beside(before.text if before else "", shown.text)
    breach, breach_before = _beside(before.breach if before else "", shown.breach)
    owed, owed_before = owed_words(shown), owed_words(before) if before else ""
    return Line(
        one.number, shown.duty_words, _fate(one.fate) if is_compared else None, one.fate is Fate.GONE,
        text, text_before, owed, owed_before if owed_before != owed else "", breach, breach_before,
    )  # fmt: skip


def _beside(old: str, new: str) -> tuple[Sequence[Piece], Sequence[Piece]]:
    """The new text in pieces, and the old one where it said something else."""
    if not old or old == new:
        return [Piece(new, False)] if new else [], []
    left, right = pieces(old, new)
    return right, left


def owed_words(clause: Clause) -> str:
    """What is owed, in one phrase: a time of the rule book, or a number of something counted."""
    if clause.standard:
        return f"{rule_book.book().name_of(clause.standard)} · {agreements.limit_of(clause)}"
    one = declared().get(clause.counted)
    return f"{one.label} {one.owed(clause.at_least or 0)}" if one else ""


def changes_words(new: AgreementVersion, old: AgreementVersion | None) -> str:
    """How many clauses are new, changed and gone; empty where nothing is compared."""
    if old is None:
        return ""
    counted = dict.fromkeys(Fate, 0)
    for one in compared(old.said, new.said):
        counted[one.fate] += 1
    found = [
        f"{_fate(fate)[0]} {counted[fate]}" for fate in (Fate.NEW, Fate.CHANGED, Fate.GONE) if counted[fate]
    ]
    return " · ".join(found)


def badge_of(version: AgreementVersion, now: datetime) -> Badge:
    """Word, tone and mark; announced is not yet in force, and a replaced one is in force until its day."""
    if version.state == RuleState.ACTIVE and version.valid_from and now < version.valid_from:
        return (pgettext("rule state", "Announced"), "blue", "quarter")
    if version.state == RuleState.RETIRED and version.applies_at(now):
        return (pgettext("rule state", "In force until replaced"), "green", "half")
    state = RuleState(version.state)
    return (str(state.label), *MARKS[state])


def standing_badge(standing: Standing) -> Badge:
    return (str(standing.label), *STANDING_MARKS[standing])


# --------------------------------------------------------------------------------------- the manager's list
@dataclass(frozen=True)
class MerchantRow:
    """A merchant with how he stands to each agreement of his."""

    merchant: Merchant
    asked: Sequence[tuple[agreements.Asked, Badge]]
    badge: Badge


def merchant_rows(
    viewer: Any, standing: str, now: datetime, *, after: str = "", mine: bool = False, search: str = ""
) -> tuple[list[MerchantRow], str]:
    """A page of merchants by code, and the code from which the next one goes on. Three queries for any number."""
    rows = agreements.lines(viewer, standing, now, manager=viewer.pk if mine else None)
    if search:
        rows = rows.filter(code=search) | rows.filter(name__startswith=search)
    if after:
        rows = rows.filter(code__gt=after)
    found = list(rows.select_related("manager")[: PAGE + 1])
    shown = found[:PAGE]
    asked = agreements.of_merchants(shown, now)
    listed = [_merchant_row(one, asked.get(one.pk, [])) for one in shown]
    return listed, shown[-1].code if len(found) > PAGE else ""


def _merchant_row(merchant: Merchant, asked: Sequence[agreements.Asked]) -> MerchantRow:
    marked = [(one, standing_badge(one.standing)) for one in asked]
    return MerchantRow(merchant, marked, standing_badge(agreements.worst(asked)))


@dataclass(frozen=True)
class TemplateRow:
    """An agreement with its newest version, and how many accepted and declined that."""

    agreement: Agreement
    version: AgreementVersion | None
    badge: Badge | None
    has_draft: bool
    accepted: int
    declined: int
    category: str = ""


def template_rows(viewer: Any, now: datetime, most: int = 100) -> list[TemplateRow]:
    """Agreements with their newest version. Three queries, one more where some are of a category."""
    found = list(Agreement.objects.visible_to(viewer).select_related("merchant")[:most])
    versions: dict[int, list[AgreementVersion]] = {}
    for one in AgreementVersion.objects.filter(agreement__in=found).order_by("-number"):
        versions.setdefault(one.agreement_id, []).append(one)
    newest = {
        pk: next((one for one in rows if one.state == RuleState.ACTIVE), rows[0])
        for pk, rows in versions.items()
    }
    counts = _answer_counts(newest.values())
    called = categories_called(one.category for one in found)
    return [
        replace(
            _template_row(one, newest.get(one.pk), versions.get(one.pk, []), counts, now),
            category=called.get(one.category, ""),
        )
        for one in found
    ]


def _answer_counts(versions: Iterable[AgreementVersion]) -> dict[tuple[int, str], int]:
    rows = AgreementAnswer.objects.filter(version__in=[one.pk for one in versions]).order_by()
    counted = rows.values_list("version", "answer").annotate(Count("pk"))
    return {(version, answer): number for version, answer, number in counted}


def _template_row(
    agreement: Agreement, version: AgreementVersion | None, versions: Sequence[AgreementVersion],
    counts: dict[tuple[int, str], int], now: datetime,
) -> TemplateRow:  # fmt: skip
    key = version.pk if version else 0
    return TemplateRow(
        agreement, version, badge_of(version, now) if version else None,
        any(one.state == RuleState.DRAFT for one in versions), counts.get((key, Answer.ACCEPTED), 0),
        counts.get((key, Answer.DECLINED), 0),
    )  # fmt: skip


def earlier(
    version: AgreementVersion, versions: Sequence[AgreementVersion], wanted: int | None
) -> AgreementVersion | None:
    """What a version is compared with: the one asked for, else the announced one before it."""
    announced = [
        one for one in versions if one.state in (RuleState.ACTIVE, RuleState.RETIRED) and one != version
    ]
    if wanted is not None:
        return next((one for one in announced if one.number == wanted), None)
    return next((one for one in announced if one.number < version.number), None)
