"""Writes about consultations: opened once for a draft, commented on by merchants, each comment answered."""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import registers
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.rulebook import RuleState, RuleVersion
from aftersales.standards.consulting.querysets import CONSULT
from aftersales.standards.models import Consultation, ConsultationComment, Promotion
from aftersales.standards.selectors import duration, parameter
from aftersales.standards.states import Taken

COMMENT = "standards.comment"
DAYS = "rule_consultation_days"
A_DAY = "rule_comments_a_day"
LONGEST = 2000
MOST_DAYS = 90


def consultation_open(
    *,
    draft: RuleVersion | Promotion,
    asked_zh: str,
    asked_en: str,
    actor: Any,
    now: datetime,
    days: int | None = None,
) -> Consultation:
    """Put a draft before the merchants, in public, for so many days (the rule book's number at least).

    Once for each version; the second time it answers the first. Errors: not_permitted, not_a_draft, question, days.
    """
    if not actor.has_perm(CONSULT):
        raise NotPermitted()
    if draft.state != RuleState.DRAFT:
        raise DomainError(_("Only a draft is put up for comments."), "not_a_draft")
    if not asked_zh.strip() or not asked_en.strip():
        raise DomainError(_("Say in both languages what merchants are asked."), "question")
    least = duration(DAYS, now)
    lasts = least if days is None else timedelta(days=days)
    if not least <= lasts <= timedelta(days=MOST_DAYS):
        words = _("A draft stays open for comments between %(least)s and %(most)s days.")
        raise DomainError(words % {"least": least.days, "most": MOST_DAYS}, "days")
    row = Consultation(
        rule_kind=draft._meta.label_lower, rule_id=draft.pk, citation=draft.citation,
        asked_zh=asked_zh.strip()[:LONGEST], asked_en=asked_en.strip()[:LONGEST], opened_at=now,
        closes_at=now + lasts, opened_by_id=actor.pk,
    )  # fmt: skip
    payload = {"rule": draft.citation, "until": row.closes_at.isoformat()}
    try:
        with transaction.atomic():
            return registers.create(row, actor=actor, now=now, event="consultation.opened", payload=payload)
    except IntegrityError:
        return Consultation.objects.about(draft).get()  # type: ignore[no-any-return]


def comment_make(
    *, consultation: Consultation, merchant: int, words: str, actor: Any, now: datetime
) -> ConsultationComment:
    """A merchant's person says what he thinks of a draft. Errors: not_permitted, not_open, words, too_many.

    The very same words of the same person again are the first comment.
    """
    if not actor.has_perm(COMMENT):
        raise NotPermitted()
    said = words.strip()[:LONGEST]
    if not said:
        raise DomainError(_("Write your comment first."), "words")
    with transaction.atomic():
        row = Consultation.objects.select_for_update().get(pk=consultation.pk)
        if not row.is_open(now):
            raise DomainError(_("This draft is not open for comments any more."), "not_open")
        mine = ConsultationComment.objects.filter(consultation=row, by=actor.pk)
        if known := mine.filter(words=said).first():
            return known  # type: ignore[no-any-return]
        most = int(parameter(A_DAY, now))
        if mine.filter(at__gt=now - timedelta(days=1)).count() >= most:
            text = _("You have made %(n)s comments within a day; go on tomorrow, or put several into one.")
            raise DomainError(text % {"n": most}, "too_many")
        made = ConsultationComment(consultation=row, merchant_id=merchant, by_id=actor.pk, words=said, at=now)
        payload = {"rule": row.citation}
        return registers.create(made, actor=actor, now=now, event="consultation.commented", payload=payload)


def comment_answer(
    *,
    comment: ConsultationComment,
    taken: str,
    answer: str,
    actor: Any,
    now: datetime,
    seen: int | None = None,
) -> ConsultationComment:
    """Say what became of a comment, with the reason; it stands in public from then on. Errors: not_permitted, answer.

    ``seen``: the row's version that was read; another answer in between raises Conflict.
    """
    if not actor.has_perm(CONSULT):
        raise NotPermitted()
    if taken not in Taken.values or not answer.strip():
        raise DomainError(_("Say whether it is taken up, and why."), "answer")
    row: ConsultationComment = registers.save(
        comment, actor=actor, now=now, event="consultation.answered", version=seen,
        payload={"rule": comment.consultation.citation, "taken": taken}, taken=taken,
        answer=answer.strip()[:LONGEST], answered_at=now, answered_by_id=actor.pk,
    )  # fmt: skip
    return row
