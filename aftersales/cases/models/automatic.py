"""What the rule made of a case, and what somebody should look at (R4.6)."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from aftersales.cases.models.case import Case
from aftersales.cases.querysets import ThroughCaseQuerySet
from aftersales.cases.request_machine import SIGNAL_MACHINE
from aftersales.cases.request_states import RuleOutcome, SignalKind, SignalState
from aftersales.core.models import PublicIdModel, StateModel, VersionedModel
from aftersales.core.statefield import StateField

move = SIGNAL_MACHINE.transition


class CaseJudgment(models.Model):
    """Written once for a case: what the rule did with it, and every check with its number and the row that said so.

    ``why`` is the first reason for which it was left to a person. ``checks`` are those of the instant refund.
    ``person_asked_at``: the customer wants a person; the rule does not touch the case any more.
    """

    case = models.OneToOneField(Case, models.PROTECT, related_name="judgment", verbose_name=_("case"))
    outcome = models.CharField(_("outcome"), max_length=8, choices=RuleOutcome)
    why = models.CharField(_("why a person"), max_length=20, blank=True)
    instant = models.BooleanField(_("paid before the goods are back"), default=False)
    checks = models.JSONField(_("checks"), default=list)
    rule = models.CharField(_("rule"), max_length=80, blank=True)
    at = models.DateTimeField(_("at"))
    person_asked_at = models.DateTimeField(_("customer asked for a person at"), null=True)

    objects = ThroughCaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("judgment of a case by rule")
        verbose_name_plural = _("judgments of cases by rule")
        constraints = [
            models.CheckConstraint(
                condition=Q(instant=False) | Q(outcome=RuleOutcome.APPROVED),
                name="judgment_instant_is_approved",
            )
        ]
        indexes = [
            models.Index(fields=["case"], name="judgment_person", condition=Q(person_asked_at__isnull=False)),
            models.Index(fields=["case"], name="judgment_instant", condition=Q(instant=True)),
        ]

    def __str__(self) -> str:
        return self.get_outcome_display()


class CaseFlag(StateModel, PublicIdModel, VersionedModel):
    """A signal with its reasons. Only a person says whether it is founded; until then it changes no right."""

    case = models.ForeignKey(
        Case, models.PROTECT, related_name="flags", verbose_name=_("case"), db_index=False
    )
    signal = models.CharField(_("signal"), max_length=10, choices=SignalKind)
    ref = models.CharField(_("about"), max_length=64, blank=True)
    reasons = models.JSONField(_("reasons"), default=dict)
    state = StateField(_("state"), choices=SignalState, default=SignalState.OPEN, max_length=10)
    raised_at = models.DateTimeField(_("raised at"))
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("settled by"),
        db_index=False,
    )  # fmt: skip
    settled_at = models.DateTimeField(_("settled at"), null=True)
    words = models.CharField(_("what was found"), max_length=500, blank=True)

    objects = ThroughCaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("signal on a case")
        verbose_name_plural = _("signals on cases")
        triggers = SIGNAL_MACHINE.triggers()
        constraints = [
            models.UniqueConstraint(fields=["case", "signal", "ref"], name="case_flag_once"),
            models.CheckConstraint(
                condition=Q(state=SignalState.OPEN) | Q(settled_at__isnull=False),
                name="case_flag_settled_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["case"], name="case_flag_open", condition=Q(state=SignalState.OPEN))]

    def __str__(self) -> str:
        return self.get_signal_display()

    @transition(**move("dismiss"))
    def dismiss(self, *, actor: Any, now: datetime, words: str) -> dict[str, Any]:
        return self._settle(actor, now, words)

    @transition(**move("uphold"))
    def uphold(self, *, actor: Any, now: datetime, words: str) -> dict[str, Any]:
        return self._settle(actor, now, words)

    @transition(**move("reopen"))
    def reopen(self, *, actor: Any, now: datetime, words: str) -> dict[str, Any]:
        self.settled_by_id, self.settled_at, self.words = None, None, words
        return self.told()

    def _settle(self, actor: Any, now: datetime, words: str) -> dict[str, Any]:
        self.settled_by_id, self.settled_at, self.words = actor.pk, now, words
        return self.told()

    def told(self) -> dict[str, Any]:
        return {"case_id": self.case_id, "signal": self.signal}


class PhotoPrint(models.Model):
    """The fingerprint of a picture that belongs to a case, from the customer or the receiving desk."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="prints", verbose_name=_("case"))
    sha256 = models.CharField(_("fingerprint"), max_length=64)
    at = models.DateTimeField(_("at"))
    erased_at = models.DateTimeField(_("erased at"), null=True)

    objects = ThroughCaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("fingerprint of a picture")
        verbose_name_plural = _("fingerprints of pictures")
        constraints = [
            models.UniqueConstraint(
                fields=["case", "sha256"], condition=~Q(sha256=""), name="photo_print_once"
            ),
            models.CheckConstraint(
                condition=Q(erased_at=None) | Q(sha256=""), name="photo_print_erased_is_empty"
            ),
        ]
        indexes = [models.Index(fields=["sha256"], name="photo_print_same", condition=~Q(sha256=""))]

    def __str__(self) -> str:
        return self.sha256[:12]
