"""Answers about consultations: what is open, what was said, whether a draft was talked over."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from aftersales.core.errors import Refusal
from aftersales.core.wording import minute
from aftersales.standards.models import Consultation, ConsultationComment

NOT_CONSULTED = "not_consulted"


def consultation_of(rule: Any) -> Consultation | None:
    """That of one version of a rule."""
    found: Consultation | None = Consultation.objects.about(rule).first()
    return found


def counted(rows: QuerySet[Consultation]) -> QuerySet[Consultation]:
    """With ``said``: how many comments there are, and ``unanswered``."""
    return rows.annotate(
        said=Count("comments"), unanswered=Count("comments", filter=Q(comments__answered_at=None))
    )


def comments(consultation: Consultation, viewer: Any) -> list[ConsultationComment]:
    """Those that this person may read, oldest first. One query."""
    rows = ConsultationComment.objects.visible_to(viewer).filter(consultation=consultation)
    return list(rows.select_related("by", "answered_by") if viewer.is_staff else rows)


def not_talked_over(rows: Sequence[Any], now: datetime) -> dict[int, list[Refusal]]:
    """For versions of one kind of rule that must be talked over: why each is not yet. One query."""
    if not rows:
        return {}
    asked = Consultation.objects.filter(
        rule_kind=rows[0]._meta.label_lower, rule_id__in=[row.pk for row in rows]
    )
    found = {one.rule_id: one for one in counted(asked)}
    return {row.pk: _why_not(found.get(row.pk), now) for row in rows}


def not_talked_out(rows: Sequence[Any], now: datetime) -> dict[int, list[Refusal]]:
    """Fact: why the consultation of each is not at its end; nothing where none was opened. One query."""
    found = not_talked_over(rows, now)
    return {pk: [one for one in reasons if one.code != NOT_CONSULTED] for pk, reasons in found.items()}


def _why_not(one: Any, now: datetime) -> list[Refusal]:
    if one is None:
        return [Refusal(NOT_CONSULTED, _("Put the draft up for comments first; the law asks for it."))]
    reasons = []
    if now < one.closes_at:
        words = _("The draft is open for comments until %(until)s.") % {"until": minute(one.closes_at)}
        reasons.append(Refusal("still_open", words))
    if one.unanswered:
        words = _("Comments that have no answer yet: %(n)s.") % {"n": one.unanswered}
        reasons.append(Refusal("unanswered", words))
    return reasons
