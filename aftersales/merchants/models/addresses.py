"""Where a merchant takes goods back: several places, one of them for everything that no other is named for."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aftersales.core.models import PublicIdModel, VersionedModel

from ..querysets import ReturnAddressQuerySet
from .shops import Merchant


class ReturnAddress(PublicIdModel, VersionedModel):
    """One place for returned goods. A case keeps a copy of the one that it chose.

    ``categories``: codes of product categories, ``kinds``: of cases, for which it is preselected; empty: for none by
    itself. Exactly one in use is the default. ``active_to``: no case takes it any more; the row stays. Without history,
    as contacts are: no telephone number outlives its row.
    """

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="return_addresses", verbose_name=_("merchant"), db_index=False
    )
    name = models.CharField(_("short name"), max_length=60)
    contact = models.CharField(_("who takes them"), max_length=80, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    place = models.CharField(_("address"), max_length=300)
    categories = ArrayField(
        models.CharField(max_length=80), verbose_name=_("product categories"), default=list, blank=True
    )
    kinds = ArrayField(
        models.CharField(max_length=20), verbose_name=_("kinds of cases"), default=list, blank=True
    )
    is_default = models.BooleanField(_("default"), default=False)
    active_to = models.DateTimeField(_("no longer used since"), null=True, blank=True)

    objects = ReturnAddressQuerySet.as_manager()

    class Meta:
        verbose_name = _("return address")
        verbose_name_plural = _("return addresses")
        ordering: ClassVar = ["-is_default", "name", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["merchant"], condition=Q(is_default=True), name="return_address_one_default"
            ),
            models.UniqueConstraint(
                fields=["merchant", "name"], condition=Q(active_to=None), name="return_address_named_once"
            ),
            models.CheckConstraint(
                condition=Q(is_default=False) | Q(active_to=None), name="return_address_default_in_use"
            ),
            models.CheckConstraint(condition=~Q(place="") & ~Q(name=""), name="return_address_is_a_place"),
        ]
        indexes: ClassVar = [models.Index(fields=["merchant", "active_to"], name="return_address_merchant")]

    def __str__(self) -> str:
        return self.name
