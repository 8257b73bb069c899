"""The log of a merchant manager's talks with a merchant."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.models import AppendOnlyModel

from ..contactstates import ContactChannel, ContactSubject, SpokenWith
from ..querysets import TalkQuerySet
from .shops import Merchant


class Talk(AppendOnlyModel):
    """One talk (operations.md 4, contact log): when, how, with whom, what about, what was agreed, when again.

    Written once. The newest row of a merchant says when to get in touch again; a later talk answers the one before.
    """

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="talks", verbose_name=_("merchant"), db_index=False
    )
    day = models.DateField(pgettext_lazy("contact log", "day"))
    channel = models.CharField(pgettext_lazy("contact log", "how"), max_length=10, choices=ContactChannel)
    spoken_with = models.CharField(
        pgettext_lazy("contact log", "with whom"), max_length=12, choices=SpokenWith
    )
    subject = models.CharField(pgettext_lazy("contact log", "about"), max_length=12, choices=ContactSubject)
    agreed = models.TextField(pgettext_lazy("contact log", "what was agreed"), max_length=2000)
    next_on = models.DateField(pgettext_lazy("contact log", "next contact on"), null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("entered by"),
        db_index=False,
    )
    at = models.DateTimeField(_("at"))

    objects = TalkQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = pgettext_lazy("contact log", "talk with a merchant")
        verbose_name_plural = pgettext_lazy("contact log", "talks with merchants")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(next_on=None) | Q(next_on__gte=F("day")), name="talk_next_later"
            ),
        ]
        indexes = [models.Index(fields=["merchant", "-id"], name="talk_merchant")]

    def __str__(self) -> str:
        return f"{self.merchant_id} {self.day}"
