"""Answers about practical assessments: who sees which, what waits for whom, a result criterion by criterion."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import pgettext

from accounts.models import User
from training.models import Assessment, Rubric, RubricVersion, Sheet
from training.practicalrules import Criterion
from training.states import AssessmentState

MARKS = {
    AssessmentState.OPEN: ("grey", "ring"),
    AssessmentState.DISPUTED: ("amber", "half"),
    AssessmentState.VOID: ("bare", "cross"),
}


def badge(row: Assessment) -> tuple[str, str, str]:
    """The state, or once it is over whether it is passed."""
    state = AssessmentState(row.state)
    if state == AssessmentState.DONE:
        if row.passed:
            return (pgettext("exam", "Passed"), "green", "tick")
        return (pgettext("exam", "Not passed"), "red", "cross")
    return (str(state.label), *MARKS[state])


def seen_by(reader: Any) -> Any:
    """Assessments of people one sees, one's own, and those one assesses."""
    return Assessment.objects.visible_to(reader).select_related("person", "rubric", "rubric_version")


def waiting_for(assessor: Any) -> list[Assessment]:
    """What waits for this person's sheet, oldest first."""
    rows = Assessment.objects.filter(
        state__in=[AssessmentState.OPEN, AssessmentState.DISPUTED],
        sheets__in=Sheet.objects.filter(assessor_id=assessor.pk, given_at=None),
    )
    return list(rows.select_related("person", "rubric").order_by("opened_at"))


def rubrics(reader: Any, now: datetime) -> list[tuple[Rubric, RubricVersion | None, bool]]:
    """Every rubric, its version in force, whether a draft waits."""
    found = []
    for row in Rubric.objects.visible_to(reader).prefetch_related("versions"):
        versions = list(row.versions.all())
        current = next((one for one in versions if one.applies_at(now)), None)
        found.append((row, current, any(one.state == "draft" for one in versions)))
    return found


def lines(criteria: Sequence[Criterion], sheets: Sequence[Sheet]) -> list[tuple[Criterion, list[Decimal]]]:
    """Each criterion with the points of every assessor."""
    return [(one, [sheet.scores[n] for sheet in sheets if sheet.scores]) for n, one in enumerate(criteria)]


def assessment_words(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Names for the sentence of an assessment's event."""
    rubric = Rubric.objects.filter(pk=payload.get("rubric") or 0).first()
    person = User.objects.filter(pk=payload.get("person") or 0).first()
    return {"title": str(rubric or ""), "holder": str(person or "")}
