"""Who confirmed to have read which change of the rules (R1.2)."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from aftersales.core.models import AppendOnlyModel
from aftersales.standards.models import StandardVersion


class RuleReading(AppendOnlyModel):
    """One person has read one version of a service standard. Written once, never taken back."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("person"), db_index=False
    )
    version = models.ForeignKey(
        StandardVersion, models.PROTECT, related_name="+", verbose_name=_("version"), db_index=False
    )
    at = models.DateTimeField(_("at"))

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("confirmed reading")
        verbose_name_plural = _("confirmed readings")
        constraints = [models.UniqueConstraint(fields=["version", "person"], name="rule_reading_once")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.version_id}"
