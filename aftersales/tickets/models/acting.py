"""Macros, and runs of actions over tickets with what became of each."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.states import Role
from aftersales.core.models import PublicIdModel
from aftersales.tickets.models.intake import Rule
from aftersales.tickets.models.ticket import Ticket
from aftersales.tickets.querysets import ActionRunQuerySet, MacroQuerySet
from aftersales.tickets.states import Kind, MacroScope, RowOutcome


class Macro(Rule):
    """Several steps under one name: applied to a ticket all at once or not at all.

    ``steps`` are codes, numbers and texts (``{"do": action, "with": {…}}``), checked by the engine of actions.
    """

    scope = models.CharField(pgettext_lazy("macro", "for whom"), max_length=5, choices=MacroScope)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="macros",
        verbose_name=pgettext_lazy("macro", "owner"),
    )  # fmt: skip
    team = models.ForeignKey(
        "accounts.Team", models.PROTECT, null=True, blank=True, related_name="macros", verbose_name=_("team")
    )
    roles = ArrayField(
        models.CharField(max_length=24, choices=Role.choices), verbose_name=_("roles"), default=list, blank=True,
        help_text=_("Empty: all."),
    )  # fmt: skip
    kinds = ArrayField(
        models.CharField(max_length=20, choices=Kind.choices), verbose_name=_("kinds"), default=list, blank=True,
        help_text=_("Empty: all."),
    )  # fmt: skip
    steps = models.JSONField(pgettext_lazy("macro", "steps"), default=list)
    history = HistoricalRecords()
    objects = MacroQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("macro", "macro")
        verbose_name_plural = pgettext_lazy("macro", "macros")
        ordering = ["position", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(scope="all", owner=None, team=None)
                | Q(scope="team", team__isnull=False, owner=None)
                | Q(scope="own", owner__isnull=False, team=None),
                name="macro_scope",
            )
        ]

    @property
    def citation(self) -> str:
        return f"{self.code} v{self.version}"


class ActionRun(PublicIdModel):
    """One wish over several tickets, known by its key: the same form twice is the same run.

    ``steps`` keep typed words only until the run is over; then the messages hold them, erasable as such. Rows that were
    busy may be tried again for a while: ``wordless_at`` says since when nothing typed is left, and nothing is tried.
    """

    key = models.CharField(_("key"), max_length=120, unique=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="action_runs", verbose_name=_("by")
    )
    macro = models.ForeignKey(
        Macro, models.PROTECT, null=True, related_name="runs", verbose_name=pgettext_lazy("macro", "macro")
    )
    cited = models.CharField(_("macro and version"), max_length=80, blank=True)
    title_zh = models.CharField(_("Chinese name"), max_length=200)
    title_en = models.CharField(_("English name"), max_length=200)
    steps = models.JSONField(pgettext_lazy("macro", "steps"), default=list)
    asked_at = models.DateTimeField(_("asked at"))
    finished_at = models.DateTimeField(_("finished at"), null=True)
    total = models.PositiveIntegerField(_("tickets"))
    left_out = models.PositiveIntegerField(_("left out"), default=0)
    wordless_at = models.DateTimeField(_("without typed words since"), null=True)

    objects = ActionRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("run of actions")
        verbose_name_plural = _("runs of actions")
        indexes = [
            models.Index(fields=["actor", "-id"], name="action_run_actor"),
            models.Index(fields=["asked_at"], name="action_run_worded", condition=Q(wordless_at=None)),
        ]

    def __str__(self) -> str:
        return self.title_en if (get_language() or "").startswith("en") else self.title_zh


class ActionRow(models.Model):
    """One ticket of a run. Its outcome is written in the transaction of its acts: a killed run loses nothing."""

    run = models.ForeignKey(ActionRun, models.PROTECT, related_name="rows", verbose_name=_("run of actions"))
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="+", verbose_name=_("ticket"))
    outcome = models.CharField(_("outcome"), max_length=8, choices=RowOutcome, default=RowOutcome.WAITING)
    step = models.PositiveSmallIntegerField(_("step"), default=0)
    why_zh = models.TextField(_("why, in Chinese"), blank=True)
    why_en = models.TextField(_("why, in English"), blank=True)
    at = models.DateTimeField(_("at"), null=True)

    class Meta:
        verbose_name = _("ticket of a run")
        verbose_name_plural = _("tickets of a run")
        constraints = [models.UniqueConstraint(fields=["run", "ticket"], name="action_row_once")]
        indexes = [
            models.Index(fields=["run", "id"], name="action_row_waiting", condition=Q(outcome="waiting"))
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.get_outcome_display()}"

    @property
    def why(self) -> str:
        return self.why_en if (get_language() or "").startswith("en") else self.why_zh

    def tell(self, result: Any, words: tuple[str, str], at: Any) -> None:
        self.outcome, self.step, self.at = result.outcome, result.step, at
        self.why_zh, self.why_en = words
