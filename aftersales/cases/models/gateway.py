"""The payment service that is called over HTTP: one switched on for each currency."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from aftersales.cases.querysets import MoneyGatewayQuerySet
from aftersales.core.models import VersionedModel, new_public_id


class MoneyGateway(VersionedModel):
    """Where payments of one currency leave the house by a signed request.

    The address may hold a token: it is shown by its host only and stands in no history. The secret follows from the
    salt, is shown once and stored nowhere; it signs what we send and what the service tells us.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    url = models.CharField(_("address"), max_length=500)
    currency = models.CharField(_("currency"), max_length=3)
    is_active = models.BooleanField(_("switched on"), default=False)
    salt = models.CharField(_("salt"), max_length=22, default=new_public_id, editable=False)
    old_salt = models.CharField(_("earlier salt"), max_length=22, blank=True, editable=False)
    old_until = models.DateTimeField(_("earlier secret counts until"), null=True, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("added by"), db_index=False
    )  # fmt: skip
    created_at = models.DateTimeField(_("added at"))

    history = HistoricalRecords(excluded_fields=["url", "salt", "old_salt"])
    objects = MoneyGatewayQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment service")
        verbose_name_plural = _("payment services")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["currency"], condition=Q(is_active=True), name="money_gateway_one_for_currency"
            )
        ]

    def __str__(self) -> str:
        return self.name
