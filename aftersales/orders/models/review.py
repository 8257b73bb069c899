"""Reviews: the customer's first complaint is often one."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aftersales.core.models import PublicIdModel, VersionedModel

from ..querysets import ReviewQuerySet
from .catalogue import Product
from .fields import grain, moment
from .order import Order


class Review(PublicIdModel, VersionedModel):
    """A review of an order. One review id may stand under several orders, hence the key of three.

    Its words go with the customer who wrote them; stars and days stay (R2.2).
    """

    source = models.CharField(_("source"), max_length=40)
    external_id = models.CharField(_("review id"), max_length=64)
    order = models.ForeignKey(Order, models.PROTECT, related_name="reviews", verbose_name=_("order"))
    merchant = models.ForeignKey(
        "merchants.Merchant",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="reviews",
        verbose_name=_("merchant"),
    )
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="reviews", verbose_name=_("product")
    )
    score = models.PositiveSmallIntegerField(_("stars"))
    title = models.CharField(_("title"), max_length=200, blank=True, default="")
    body = models.TextField(_("text"), blank=True, default="")
    written_at = moment(_("written"))
    written_grain = grain()
    answered_at = moment(_("answered"))
    answered_grain = grain()
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True, editable=False)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id", "order"], name="review_once"),
            models.CheckConstraint(condition=Q(score__gte=1, score__lte=5), name="review_one_to_five"),
            models.CheckConstraint(
                condition=Q(erased_at=None) | Q(title="", body=""), name="review_erased_is_empty"
            ),
            models.CheckConstraint(condition=~Q(source="") & ~Q(external_id=""), name="review_key_given"),
        ]
        indexes = [models.Index(fields=["score", "-written_at", "-id"], name="review_score_newest")]

    def __str__(self) -> str:
        return f"{self.score} ★ {self.external_id}"
