"""What goes out in exchange, what the customer owes for it, and how goods come to the carrier."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models.accounts import amount
from aftersales.cases.models.case import Case, CaseLine
from aftersales.cases.models.parcel import CaseParcel
from aftersales.cases.querysets import ThroughCaseQuerySet, ThroughParcelQuerySet
from aftersales.cases.repairs.querysets import DueQuerySet, ThroughExchangeQuerySet
from aftersales.cases.repairs.states import DueKind, HandIn
from aftersales.core.wording import money


class Exchange(models.Model):
    """The replacement of a case. ``difference``: above zero the customer pays it, below he gets it back.

    ``send_first``: the replacement goes out before the goods are back. ``ended_at``: turned into something else.
    """

    case = models.OneToOneField(Case, models.PROTECT, related_name="exchange", verbose_name=_("case"))
    difference = models.DecimalField(_("price difference"), max_digits=14, decimal_places=2, default=0)
    send_first = models.BooleanField(_("replacement goes out first"), default=False)
    chosen_at = models.DateTimeField(_("chosen at"))
    chosen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("chosen by"), db_index=False
    )  # fmt: skip
    ended_at = models.DateTimeField(_("ended at"), null=True)

    objects = ThroughCaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("exchange")
        verbose_name_plural = _("exchanges")

    def __str__(self) -> str:
        return f"{self.case_id}: {self.difference}"


class ReplacementLine(models.Model):
    """Pieces that go out in place of pieces of a case line, and the parcel they lie in."""

    exchange = models.ForeignKey(Exchange, models.PROTECT, related_name="lines", verbose_name=_("exchange"))
    case_line = models.ForeignKey(
        CaseLine, models.PROTECT, related_name="replacements", verbose_name=_("case line")
    )
    quantity = models.PositiveIntegerField(_("pieces"))
    sku = models.CharField(_("SKU"), max_length=64, blank=True)
    name = models.CharField(_("article"), max_length=200)
    value = amount(_("price of these pieces"))
    parcel = models.ForeignKey(
        CaseParcel, models.PROTECT, null=True, related_name="replacements", verbose_name=_("parcel")
    )
    dropped_at = models.DateTimeField(_("dropped at"), null=True)

    objects = ThroughExchangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("replacement")
        verbose_name_plural = _("replacements")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1, value__gte=0), name="replacement_whole")
        ]

    def __str__(self) -> str:
        return f"{self.name} × {self.quantity}"


class Due(models.Model):
    """What the customer owes beyond his order, and by which reference it was paid. Dropped: not owed any more."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="dues", verbose_name=_("case"))
    kind = models.CharField(_("kind"), max_length=10, choices=DueKind)
    amount = amount(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    owed_at = models.DateTimeField(_("owed since"))
    paid_at = models.DateTimeField(_("paid at"), null=True)
    paid_ref = models.CharField(_("reference of the payment"), max_length=80, blank=True)
    told_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("told by"),
        db_index=False,
    )  # fmt: skip
    dropped_at = models.DateTimeField(_("dropped at"), null=True)

    objects = DueQuerySet.as_manager()

    class Meta:
        verbose_name = _("amount due")
        verbose_name_plural = _("amounts due")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="due_above_zero"),
            models.CheckConstraint(
                condition=Q(paid_at=None, paid_ref="") | (Q(paid_at__isnull=False) & ~Q(paid_ref="")),
                name="due_paid_by_reference",
            ),
            models.CheckConstraint(
                condition=Q(paid_at=None) | Q(dropped_at=None), name="due_paid_or_dropped"
            ),
            models.UniqueConstraint(
                fields=["paid_ref"], condition=~Q(paid_ref=""), name="due_reference_pays_once"
            ),
        ]

    def __str__(self) -> str:
        return money(self.amount, self.currency)


class ParcelLabel(models.Model):
    """How a parcel is handed to the carrier: picked up by appointment or dropped off, with the label's number."""

    parcel = models.OneToOneField(CaseParcel, models.PROTECT, related_name="label", verbose_name=_("parcel"))
    way = models.CharField(_("handed in"), max_length=8, choices=HandIn)
    carrier = models.CharField(_("carrier"), max_length=60)
    label_no = models.CharField(_("number of the label"), max_length=64)
    appointment = models.ForeignKey(
        "tickets.Appointment", models.PROTECT, null=True, related_name="+", verbose_name=_("appointment")
    )
    made_at = models.DateTimeField(_("made at"))

    objects = ThroughParcelQuerySet.as_manager()

    class Meta:
        verbose_name = _("label of a parcel")
        verbose_name_plural = _("labels of parcels")
        constraints = [
            models.CheckConstraint(
                condition=Q(way=HandIn.DROP_OFF, appointment=None) | Q(way=HandIn.PICK_UP),
                name="parcel_label_appointment",
            )
        ]

    def __str__(self) -> str:
        return f"{self.carrier} {self.label_no}"
