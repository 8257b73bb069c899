"""The hand-over sheet 交接班 (R1.5): what one person leaves at the end of his shift and another takes on."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from aftersales.core.models import AppendOnlyModel, PublicIdModel
from aftersales.core.wording import minute
from aftersales.tickets.models.ticket import Ticket
from aftersales.tickets.states import HandoverResult, HandoverSide, TicketState


class Handover(PublicIdModel):
    """One sheet. It is signed by both sides; with the second signature its tickets move (``moved_at``)."""

    team = models.ForeignKey(
        "accounts.Team", models.PROTECT, null=True, related_name="+", verbose_name=_("team"), db_index=False
    )
    giver = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("hands over"),
        db_index=False,
    )
    taker = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("takes over"),
        db_index=False,
    )
    shift_ends_at = models.DateTimeField(_("end of the shift"))
    made_at = models.DateTimeField(_("made at"))
    moved_at = models.DateTimeField(_("tickets moved at"), null=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True)

    class Meta:
        verbose_name = _("hand-over sheet")
        verbose_name_plural = _("hand-over sheets")
        constraints = [
            models.CheckConstraint(condition=~Q(giver=F("taker")), name="handover_two_people"),
            models.CheckConstraint(
                condition=Q(moved_at=None) | Q(withdrawn_at=None), name="handover_one_end"
            ),
            models.UniqueConstraint(
                fields=["giver"], condition=Q(moved_at=None, withdrawn_at=None), name="handover_one_open"
            ),
        ]
        indexes = [
            models.Index(
                fields=["taker"], name="handover_taker_open", condition=Q(moved_at=None, withdrawn_at=None)
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.giver} → {self.taker}"

    @property
    def is_open(self) -> bool:
        return self.moved_at is None and self.withdrawn_at is None


class HandoverLine(models.Model):
    """One ticket of a sheet as it stood when the sheet was made, and what became of it when both had signed."""

    sheet = models.ForeignKey(Handover, models.PROTECT, related_name="lines", verbose_name=_("sheet"))
    ticket = models.ForeignKey(
        Ticket, models.PROTECT, related_name="+", verbose_name=_("ticket"), db_index=False
    )
    state = models.CharField(_("state"), max_length=12, choices=TicketState)
    next_due_at = models.DateTimeField(_("next due"))
    promises = models.PositiveSmallIntegerField(_("open promises"), default=0)
    note = models.CharField(_("note"), max_length=500, blank=True)
    result = models.CharField(_("result"), max_length=8, choices=HandoverResult, blank=True)

    class Meta:
        verbose_name = _("line of a hand-over sheet")
        verbose_name_plural = _("lines of hand-over sheets")
        constraints = [models.UniqueConstraint(fields=["ticket", "sheet"], name="handover_line_once")]

    def __str__(self) -> str:
        return f"{self.sheet_id}: {self.ticket_id}"


class HandoverSignature(AppendOnlyModel):
    """One side has signed: who and when, once."""

    sheet = models.ForeignKey(Handover, models.PROTECT, related_name="signatures", verbose_name=_("sheet"))
    side = models.CharField(_("side"), max_length=6, choices=HandoverSide)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("person"), db_index=False
    )
    at = models.DateTimeField(_("at"))

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        constraints = [models.UniqueConstraint(fields=["sheet", "side"], name="handover_signed_once")]

    def __str__(self) -> str:
        return f"{self.get_side_display()} {minute(self.at)}"
