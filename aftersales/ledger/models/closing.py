"""What stood on the accounts at the end of each closed day."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.models import AppendOnlyModel, append_only_triggers
from aftersales.ledger.models.journal import Account
from aftersales.ledger.querysets import OfAccountQuerySet


class DayBalance(AppendOnlyModel):
    """Debits and credits of an account from the beginning up to the end of a day on which it moved; written when the
    month is closed, so that they never change.

    ``after_id``: no transfer of a later day has a key at or below it; a past moment is this row and a short tail.
    """

    account = models.ForeignKey(
        Account,
        verbose_name=pgettext_lazy("ledger", "account"),
        on_delete=models.PROTECT,
        related_name="days",
    )
    month = models.DateField(_("month"))
    day = models.DateField(_("day"))
    debits = models.DecimalField(_("debits"), max_digits=18, decimal_places=2)
    credits = models.DecimalField(_("credits"), max_digits=18, decimal_places=2)
    transfers = models.PositiveBigIntegerField(_("transfers"))
    after_id = models.BigIntegerField(_("after transfer"))

    objects = OfAccountQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("balance of a day")
        verbose_name_plural = _("balances of days")
        triggers = append_only_triggers()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "day"], name="day_balance_once"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.day:%Y-%m-%d}"
