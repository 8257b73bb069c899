"""The archive (R5.5, R5.6): one record per ticket, addenda until it is sealed, kept at least three years."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from aftersales.core.models import PublicIdModel
from aftersales.core.retention import retainable_triggers
from aftersales.tickets.models.ticket import Ticket
from aftersales.tickets.querysets import ThroughTicketQuerySet
from aftersales.tickets.states import Channel, Kind, Nature, Result, Severity


class ArchiveRecord(PublicIdModel):
    """The record of one finished ticket: when, who (as keys), class and level, result, handlers and times."""

    ticket = models.OneToOneField(Ticket, models.PROTECT, related_name="record", verbose_name=_("ticket"))
    number = models.CharField(_("archive number"), max_length=32, unique=True)
    kind = models.CharField(_("kind"), max_length=14, choices=Kind)
    severity = models.CharField(_("severity"), max_length=8, choices=Severity)
    nature = models.CharField(_("nature"), max_length=10, choices=Nature)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    result = models.CharField(_("result"), max_length=12, choices=Result, blank=True)
    customer = models.ForeignKey(
        "customers.Customer", models.PROTECT, null=True, related_name="+", verbose_name=_("customer")
    )
    merchant_id = models.BigIntegerField(_("merchant"), null=True)
    place = models.CharField(_("place"), max_length=140, blank=True)
    opened_at = models.DateTimeField(_("opened at"))
    completed_at = models.DateTimeField(_("completed at"))
    archived_at = models.DateTimeField(_("archived at"))
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("reviewed by"),
        db_index=False,
    )
    summary = models.TextField(_("summary"))
    handlers = models.JSONField(_("handlers and times"), default=list)
    seal_after = models.DateTimeField(_("sealed from"))
    sealed_at = models.DateTimeField(_("sealed at"), null=True)
    keep_until = models.DateField(_("kept at least until"))
    legal_hold = models.CharField(_("legal hold"), max_length=200, blank=True)

    objects = ThroughTicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("archive record")
        verbose_name_plural = _("archive records")
        triggers = [
            pgtrigger.Trigger(
                name="retention_only",
                when=pgtrigger.Before,
                operation=pgtrigger.Delete,
                func="""
                    IF current_setting('aftersales.retention', true) = 'on' AND current_user <> session_user THEN
                        RETURN OLD;
                    END IF;
                    RAISE EXCEPTION 'an archive record is removed only by retention';
                """,
            ),
            pgtrigger.Trigger(
                name="sealed",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.sealed_at IS NOT NULL AND "
                    "(to_jsonb(NEW) - 'legal_hold') IS DISTINCT FROM (to_jsonb(OLD) - 'legal_hold')"
                ),
                func="RAISE EXCEPTION 'archive record % is sealed', OLD.number;",
            ),
            pgtrigger.Trigger(
                name="kept_no_shorter",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "NEW.completed_at < OLD.completed_at OR NEW.keep_until < OLD.keep_until "
                    "OR NEW.ticket_id <> OLD.ticket_id"
                ),
                func="RAISE EXCEPTION 'archive record % is kept no shorter than it was', OLD.number;",
            ),
        ]
        indexes = [
            models.Index(fields=["-completed_at", "-id"], name="archive_completed"),
            models.Index(fields=["kind", "-completed_at"], name="archive_kind"),
            models.Index(fields=["keep_until"], name="archive_keep"),
        ]

    def __str__(self) -> str:
        return self.number


class ArchiveAddendum(models.Model):
    """Something learnt after archiving; the record itself is not rewritten."""

    append_only = True

    record = models.ForeignKey(
        ArchiveRecord, models.PROTECT, related_name="addenda", verbose_name=_("record")
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("author"), db_index=False
    )
    text = models.TextField(_("text"))
    at = models.DateTimeField(_("at"))

    class Meta:
        triggers = retainable_triggers()
        verbose_name = _("addendum")
        verbose_name_plural = _("addenda")

    def __str__(self) -> str:
        return f"{self.record_id} {localtime(self.at):%Y-%m-%d}"
