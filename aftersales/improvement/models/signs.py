"""Signs of gaming with the rows that show them. A sign punishes nobody."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import transition

from aftersales.core.models import PublicIdModel, StateModel, VersionedModel
from aftersales.core.statefield import StateField
from aftersales.improvement.machine import SIGN_MACHINE
from aftersales.improvement.models.warnings import user_key
from aftersales.improvement.querysets import SignQuerySet, SignRowQuerySet
from aftersales.improvement.states import SignKind, SignState


class Sign(StateModel, PublicIdModel, VersionedModel):
    """One kind of sign at one merchant, or in one person's work, in one month. ``count`` of ``total`` rows show it.

    ``strength`` 1 to 100: how many of how many, as far as so few rows can tell (Wilson's lower bound of the share).
    """

    kind = models.CharField(_("sign"), max_length=14, choices=SignKind)
    state = StateField(_("state"), choices=SignState, default=SignState.FLAGGED, max_length=10)
    merchant = models.ForeignKey(
        "merchants.Merchant", models.PROTECT, null=True, related_name="+", verbose_name=_("merchant")
    )
    person = user_key(_("person"))
    month = models.DateField(_("month"))
    count = models.PositiveIntegerField(_("rows"))
    total = models.PositiveIntegerField(_("of"))
    strength = models.PositiveSmallIntegerField(_("strength"))
    flagged_at = models.DateTimeField(_("flagged at"))
    decided_by = user_key(_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    words = models.TextField(_("reason"), max_length=1000, blank=True, default="")
    rows_out = models.BooleanField(_("rows left out of the score"), default=False)

    objects = SignQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("gaming", "sign")
        verbose_name_plural = pgettext_lazy("gaming", "signs")
        triggers = SIGN_MACHINE.triggers()
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "merchant", "month"], condition=~Q(merchant=None), name="sign_merchant_once"
            ),
            models.UniqueConstraint(
                fields=["kind", "person", "month"], condition=Q(merchant=None), name="sign_person_once"
            ),
            models.CheckConstraint(
                condition=Q(merchant=None, person__isnull=False) | Q(merchant__isnull=False, person=None),
                name="sign_of_one",
            ),
            models.CheckConstraint(
                condition=Q(state=SignState.FLAGGED) | (~Q(words="") & Q(decided_by__isnull=False)),
                name="sign_decided_why",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "-strength", "-id"], name="sign_state")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.month:%Y-%m}"

    @transition(**SIGN_MACHINE.transition("find_real"))
    def find_real(self, *, actor: Any, now: datetime, words: str, rows_out: bool = False) -> dict[str, Any]:
        self.rows_out = bool(rows_out)
        return self._decide(actor, now, words)

    @transition(**SIGN_MACHINE.transition("find_innocent"))
    def find_innocent(self, *, actor: Any, now: datetime, words: str) -> dict[str, Any]:
        self.rows_out = False
        return self._decide(actor, now, words)

    def _decide(self, actor: Any, now: datetime, words: str) -> dict[str, Any]:
        self.words, self.decided_by_id, self.decided_at = words, actor.pk, now
        return self.told()

    def told(self) -> dict[str, Any]:
        return {"sign": str(self.kind), "count": self.count}


class SignRow(models.Model):
    """A row that shows a sign: an order, a review, a ticket, a parcel. ``mark`` groups those that belong together."""

    sign = models.ForeignKey(
        Sign, models.PROTECT, related_name="rows", verbose_name=pgettext_lazy("gaming", "sign")
    )
    subject_kind = models.CharField(_("subject kind"), max_length=60)
    subject_id = models.BigIntegerField(_("subject"))
    mark = models.CharField(_("belongs to"), max_length=40, blank=True, default="")
    at = models.DateTimeField(_("at"))

    objects = SignRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("row of a sign")
        verbose_name_plural = _("rows of signs")
        ordering: ClassVar = ["mark", "at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sign", "subject_kind", "subject_id"], name="sign_row_once"),
        ]

    def __str__(self) -> str:
        return f"{self.sign_id}: {self.subject_kind} {self.subject_id}"
