"""What merchants were asked before a rule was changed, what they said, and what became of it (law P2, P11)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from aftersales.core.models import PublicIdModel, VersionedModel
from aftersales.standards.consulting.querysets import CommentQuerySet, ConsultationQuerySet
from aftersales.standards.states import Taken


class Consultation(PublicIdModel, VersionedModel):
    """A draft of a rule is open for comments from ``opened_at`` until ``closes_at``, in public.

    ``rule_kind`` and ``rule_id`` name the version, whichever room keeps it. What was asked, said and answered stays
    readable, whether or not the draft came into force.
    """

    rule_kind = models.CharField(_("kind of rule"), max_length=60)
    rule_id = models.BigIntegerField(pgettext_lazy("consultation", "rule version"))
    citation = models.CharField(pgettext_lazy("consultation", "rule"), max_length=120)
    asked_zh = models.TextField(_("question in Chinese"), max_length=2000)
    asked_en = models.TextField(_("question in English"), max_length=2000)
    opened_at = models.DateTimeField(_("open since"))
    closes_at = models.DateTimeField(_("open until"))
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("opened by"),
        db_index=False,
    )

    objects = ConsultationQuerySet.as_manager()

    class Meta:
        verbose_name = _("rule consultation")
        verbose_name_plural = _("rule consultations")
        ordering: ClassVar = ["-opened_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rule_kind", "rule_id"], name="consultation_once"),
            models.CheckConstraint(condition=Q(closes_at__gt=F("opened_at")), name="consultation_lasts"),
        ]

    def __str__(self) -> str:
        return self.citation

    @property
    def asked(self) -> str:
        return self.asked_en if (get_language() or "").startswith("en") else self.asked_zh

    def is_open(self, now: Any) -> bool:
        return bool(self.opened_at <= now < self.closes_at)


class ConsultationComment(PublicIdModel, VersionedModel):
    """What one merchant's person said to a draft, and the platform's answer: taken, in part, or why not.

    In public it stands without shop and name, and only with its answer.
    """

    consultation = models.ForeignKey(
        Consultation, models.PROTECT, related_name="comments", verbose_name=_("rule consultation")
    )
    merchant_id = models.BigIntegerField(_("merchant"), null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("said by"), db_index=False
    )
    words = models.TextField(_("comment"), max_length=2000)
    at = models.DateTimeField(_("at"))
    taken = models.CharField(
        pgettext_lazy("comment on a rule", "taken"), max_length=8, choices=Taken, blank=True, default=""
    )
    answer = models.TextField(_("answer"), max_length=2000, blank=True, default="")
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("answered by"), db_index=False,
    )  # fmt: skip

    objects = CommentQuerySet.as_manager()

    class Meta:
        verbose_name = _("comment on a rule")
        verbose_name_plural = _("comments on rules")
        ordering: ClassVar = ["at", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(answered_at=None, taken="", answer="")
                | (Q(answered_at__isnull=False) & ~Q(taken="") & ~Q(answer="")),
                name="comment_answered_whole",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["merchant_id", "at"], name="comment_merchant")]

    def __str__(self) -> str:
        return f"{self.consultation} {self.pk}"
