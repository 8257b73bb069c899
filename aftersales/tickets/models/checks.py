"""Checklists: what has to be done on tickets of some kinds, and who ticked which item."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from aftersales.tickets.models.intake import Rule
from aftersales.tickets.models.ticket import Ticket
from aftersales.tickets.querysets import BookQuerySet, ThroughTicketQuerySet
from aftersales.tickets.states import GuardedMove, Kind, Severity


class ChecklistTemplate(Rule):
    """What has to be done on tickets of these kinds and severities, and the move that waits for it.

    ``items``: ``{"key": …, "zh": …, "en": …, "required": …}`` in their order. An item that is worded anew gets a new
    key: a tick stands for the words that were read.
    """

    kinds = ArrayField(
        models.CharField(max_length=20, choices=Kind.choices), verbose_name=_("kinds"), default=list, blank=True,
        help_text=_("Empty: all."),
    )  # fmt: skip
    severities = ArrayField(
        models.CharField(max_length=20, choices=Severity.choices), verbose_name=_("severities"), default=list,
        blank=True, help_text=_("Empty: all."),
    )  # fmt: skip
    move = models.CharField(
        pgettext_lazy("checklist", "move that waits"), max_length=12, choices=GuardedMove, blank=True
    )
    items = models.JSONField(pgettext_lazy("checklist", "items"), default=list)
    history = HistoricalRecords()
    objects = BookQuerySet.as_manager()

    class Meta:
        verbose_name = _("checklist")
        verbose_name_plural = _("checklists")
        ordering = ["position", "code"]

    def fits(self, ticket: Any) -> bool:
        """Whether it is for tickets of this kind and severity."""
        return (not self.kinds or ticket.kind in self.kinds) and (
            not self.severities or ticket.severity in self.severities
        )

    def item(self, key: str) -> dict[str, Any] | None:
        return next((one for one in self.items if one["key"] == key), None)


class ChecklistTick(models.Model):
    """One item on one ticket: done or taken back, by whom and when, with the words as they stood."""

    ticket = models.ForeignKey(
        Ticket, models.PROTECT, related_name="ticks", verbose_name=_("ticket"), db_index=False
    )
    template = models.ForeignKey(
        ChecklistTemplate, models.PROTECT, related_name="ticks", verbose_name=_("checklist"), db_index=False
    )
    item = models.CharField(pgettext_lazy("checklist", "item"), max_length=40)
    done = models.BooleanField(pgettext_lazy("checklist", "done"), default=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"), db_index=False
    )
    at = models.DateTimeField(_("at"))
    text_zh = models.CharField(_("Chinese text"), max_length=200)
    text_en = models.CharField(_("English text"), max_length=200)
    template_version = models.PositiveIntegerField(_("version"))

    objects = ThroughTicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("tick")
        verbose_name_plural = _("ticks")
        constraints = [
            models.UniqueConstraint(fields=["ticket", "template", "item"], name="checklist_tick_once")
        ]

    def __str__(self) -> str:
        return self.text_en if (get_language() or "").startswith("en") else self.text_zh
