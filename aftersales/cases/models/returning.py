"""Where the goods of one case go back to."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models.case import Case
from aftersales.cases.querysets import ThroughCaseQuerySet


class CaseAddress(models.Model):
    """A case's own copy of the return address that was chosen for it.

    It follows corrections of its ``source`` until a parcel is under way; from then on it is what the customer was told.
    """

    case = models.OneToOneField(Case, models.PROTECT, related_name="return_address", verbose_name=_("case"))
    source = models.ForeignKey(
        "merchants.ReturnAddress", models.PROTECT, related_name="+", verbose_name=_("return address")
    )
    contact = models.CharField(_("who takes them"), max_length=80, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    place = models.CharField(_("address"), max_length=300)
    chosen_at = models.DateTimeField(_("chosen at"))

    objects = ThroughCaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("return address of a case")
        verbose_name_plural = _("return addresses of cases")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(place=""), name="case_address_is_a_place")
        ]

    def __str__(self) -> str:
        return " ".join(part for part in (self.place, self.contact, self.phone) if part)
