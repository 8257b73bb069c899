"""Service agreements with merchants: templates in versions, and what each owner answered to which text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import transition
from simple_history.models import HistoricalRecords

from aftersales.core.models import AppendOnlyModel, VersionedModel
from aftersales.core.rulebook import RuleVersion
from aftersales.standards.models import Named
from training.models import versions_are_sound

from ..agreementmachine import AGREEMENT_MACHINE
from ..agreementrules import Clause, clauses_of, fingerprint
from ..agreementstates import Answer, ChangeSize
from ..querysets import AgreementAnswerQuerySet, AgreementQuerySet, AgreementVersionQuerySet
from .shops import Merchant

TEXT = ("number", "agreement_id", "preamble_zh", "preamble_en", "clauses", "sha256", "label")


def fixed_text() -> pgtrigger.Trigger:
    """Whoever accepted a text finds that very text for ever: no hand and no SQL changes it once it is announced."""
    old, new = (", ".join(f"{row}.{name}" for name in TEXT) for row in ("OLD", "NEW"))
    return pgtrigger.Trigger(
        name="fixed_text",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.Condition(f"OLD.state <> 'draft' AND ({old}) IS DISTINCT FROM ({new})"),
        func="RAISE EXCEPTION 'the text of an announced agreement is fixed';",
    )


class Agreement(Named, VersionedModel):
    """What merchants agree to. Neither ``category`` nor ``merchant``: the service agreement of every merchant; else a
    supplement for the merchants of one main category, or for a single one.
    """

    category = models.CharField(_("main category"), max_length=64, blank=True, default="")
    merchant = models.ForeignKey(
        Merchant, models.PROTECT, null=True, blank=True, related_name="agreements", verbose_name=_("merchant")
    )

    history = HistoricalRecords()
    objects = AgreementQuerySet.as_manager()

    class Meta:
        verbose_name = _("agreement with merchants")
        verbose_name_plural = _("agreements with merchants")
        ordering = ["category", "code"]
        constraints = [
            models.CheckConstraint(condition=Q(category="") | Q(merchant=None), name="agreement_one_scope"),
            models.UniqueConstraint(
                fields=["category"], condition=Q(merchant=None), name="agreement_once_a_category"
            ),
            models.UniqueConstraint(fields=["merchant"], name="agreement_once_a_merchant"),
        ]

    @property
    def is_public(self) -> bool:
        """What binds one merchant alone is between him and the platform."""
        return self.merchant_id is None


class AgreementVersion(RuleVersion):
    """One version of the text. ``label``: how it is called on paper and in the register; ``size``: how deep the change
    goes, hence how long it is announced before; ``sha256``: fingerprint of the text, set with the announcement.
    """

    rule_key = "agreement_id"

    agreement = models.ForeignKey(
        Agreement, models.PROTECT, related_name="versions", verbose_name=_("agreement with merchants")
    )
    label = models.CharField(_("agreement version"), max_length=40)
    size = models.CharField(
        _("how deep the change goes"), max_length=10, choices=ChangeSize, default=ChangeSize.MAJOR
    )
    preamble_zh = models.TextField(_("opening words in Chinese"))
    preamble_en = models.TextField(_("opening words in English"))
    clauses = models.JSONField(pgettext_lazy("agreement", "clauses"), default=list)
    sha256 = models.CharField(_("fingerprint"), max_length=64, blank=True, default="")

    history = HistoricalRecords()
    objects = AgreementVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of an agreement")
        verbose_name_plural = _("versions of agreements")
        ordering = ["agreement_id", "-number"]
        triggers = [*AGREEMENT_MACHINE.triggers(), fixed_text()]
        constraints = [
            *versions_are_sound("agreement_version", "agreement"),
            models.UniqueConstraint(fields=["agreement", "label"], name="agreement_version_label"),
            models.CheckConstraint(
                condition=~Q(state__in=["active", "retired"]) | ~Q(sha256=""), name="agreement_version_sealed"
            ),
        ]
        indexes = [models.Index(fields=["state"], name="agreement_version_state")]

    def __str__(self) -> str:
        return f"{self.agreement} {self.label}"

    @property
    def citation(self) -> str:
        return f"{self.agreement.code} v{self.number}"

    @property
    def said(self) -> list[Clause]:
        """Its clauses."""
        return clauses_of(self.clauses)

    @property
    def is_whole(self) -> bool:
        """Whether the text is still the one that was announced."""
        return self.sha256 != "" and self.sha256 == self._fingerprint()

    def _fingerprint(self) -> str:
        said: Sequence[Clause] = self.said
        return fingerprint(self.agreement.code, self.number, self.preamble_zh, self.preamble_en, said)

    @transition(**AGREEMENT_MACHINE.transition("activate"))
    def activate(self, *, actor: Any, now: datetime, valid_from: datetime | None = None) -> dict[str, Any]:
        self.sha256 = self._fingerprint()
        return self._activate(actor, now, valid_from)

    @transition(**AGREEMENT_MACHINE.transition("reject"))
    def reject(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Sets nothing: the reason stands in the event."""
        return self._payload()

    @transition(**AGREEMENT_MACHINE.transition("retire"))
    def retire(self, *, actor: Any, now: datetime, valid_to: datetime | None = None) -> dict[str, Any]:
        return self._retire(now, valid_to)


class AgreementAnswer(AppendOnlyModel):
    """What an owner answered to one version, in the portal: who, when, to the text of which fingerprint.

    Written once, never changed or taken back; his name stands here as text, so that the row outlives the account. Who
    declined may still accept.
    """

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="agreement_answers", verbose_name=_("merchant"), db_index=False
    )
    version = models.ForeignKey(
        AgreementVersion, models.PROTECT, related_name="answers", verbose_name=_("agreement version")
    )
    answer = models.CharField(pgettext_lazy("agreement", "answer"), max_length=10, choices=Answer)
    sha256 = models.CharField(_("fingerprint"), max_length=64)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("answered by"),
        db_index=False,
    )
    by_name = models.CharField(_("name"), max_length=150)
    words = models.TextField(_("reason"), max_length=1000, blank=True, default="")
    at = models.DateTimeField(_("at"))

    objects = AgreementAnswerQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("answer to an agreement")
        verbose_name_plural = _("answers to agreements")
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["merchant", "version", "answer"], name="agreement_answered_once"),
        ]

    def __str__(self) -> str:
        return f"{self.merchant_id} {self.version_id} {self.answer}"
