"""Rules are data: what every version of every rule has, whichever room keeps the rule (DESIGN 3).

One person drafts a version, another brings it into force; what was in force stays readable with its time.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import Refusal
from aftersales.core.models import StateModel, VersionedModel
from aftersales.core.querysets import ScopedQuerySet
from aftersales.core.statefield import StateField


class RuleState(models.TextChoices):
    """Life of one version of a rule. ``noted``: what a source says, kept and shown, never in force."""

    DRAFT = "draft", pgettext_lazy("rule state", "Draft")
    ACTIVE = "active", pgettext_lazy("rule state", "In force")
    RETIRED = "retired", pgettext_lazy("rule state", "Replaced")
    REJECTED = "rejected", pgettext_lazy("rule state", "Returned")
    NOTED = "noted", pgettext_lazy("rule state", "Noted only")


def second_person(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Mapping[str, Any]
) -> Iterable[Refusal]:
    """Who drafted a version does not bring it into force; the system brings shipped defaults into force."""
    if row.drafted_by_id == actor.pk and "system" not in actor.roles:
        yield Refusal(
            "own_draft", _("You drafted this version yourself; a second person brings it into force.")
        )


class RuleVersions(ScopedQuerySet):
    """Versions of rules by time."""

    def in_force(self, at: datetime) -> Self:
        """Versions that applied at ``at``; a replaced version still applied in its own time."""
        return self.filter(
            Q(valid_to=None) | Q(valid_to__gt=at),
            state__in=[RuleState.ACTIVE, RuleState.RETIRED],
            valid_from__lte=at,
        )

    def drafts(self) -> Self:
        return self.filter(state=RuleState.DRAFT)


class RuleVersion(StateModel, VersionedModel):
    """What every version of every rule has: number, source, time, and who drafted and who activated it."""

    rule_key = ""  # the column that all versions of one rule share

    number = models.PositiveIntegerField(_("version"))
    state = StateField(_("state"), choices=RuleState, default=RuleState.DRAFT, max_length=10)
    source_ref = models.CharField(_("source id"), max_length=60, help_text=_("For example R3.4 or G4.1."))
    source_zh = models.TextField(_("source text"))
    source_en = models.CharField(_("source in English"), max_length=300)
    conflict_group = models.CharField(
        _("conflict group"),
        max_length=60,
        blank=True,
        help_text=_("Sources that contradict each other."),
    )
    note_zh = models.TextField(_("Chinese note"), blank=True)
    note_en = models.TextField(_("English note"), blank=True)
    change_reason = models.TextField(_("reason for the change"), blank=True)
    is_shipped = models.BooleanField(_("shipped default"), default=False, editable=False)
    valid_from = models.DateTimeField(_("in force from"), null=True, blank=True)
    valid_to = models.DateTimeField(_("in force until"), null=True, blank=True)
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("drafted by"), on_delete=models.PROTECT, related_name="+"
    )
    drafted_at = models.DateTimeField(_("drafted at"))
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("activated by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    activated_at = models.DateTimeField(_("activated at"), null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def note(self) -> str:
        return self.note_en if (get_language() or "").startswith("en") else self.note_zh

    @property
    def source(self) -> str:
        return self.source_en if (get_language() or "").startswith("en") else self.source_zh

    def applies_at(self, at: datetime) -> bool:
        if self.state not in {RuleState.ACTIVE, RuleState.RETIRED} or not self.valid_from:
            return False
        return self.valid_from <= at and (self.valid_to is None or at < self.valid_to)

    @property
    def citation(self) -> str:
        raise NotImplementedError  # how clocks, events and pages name it

    def siblings(self) -> models.QuerySet[Any]:
        """All versions of the same rule."""
        return type(self)._default_manager.filter(**{self.rule_key: getattr(self, self.rule_key)})

    def _payload(self, **more: Any) -> dict[str, Any]:
        return {"code": self.citation.partition(" v")[0], "number": self.number, **more}

    def _activate(self, actor: Any, now: datetime, valid_from: datetime | None) -> dict[str, Any]:
        self.activated_by_id, self.activated_at = actor.pk, now
        self.valid_from = valid_from or now
        return self._payload(valid_from=self.valid_from.isoformat())

    def _retire(self, now: datetime, valid_to: datetime | None) -> dict[str, Any]:
        self.valid_to = valid_to or now
        return self._payload(valid_to=self.valid_to.isoformat())
