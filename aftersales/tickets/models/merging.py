"""Tickets that are one problem, or belong together: merges, links, look-alikes, and the prints that find them."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from aftersales.core.models import PublicIdModel
from aftersales.tickets.models.ticket import Ticket
from aftersales.tickets.querysets import ThroughTicketQuerySet
from aftersales.tickets.states import LinkKind, PairVerdict, TicketState


class TicketMerge(models.Model):
    """One ticket that went on inside another. Nothing of it is moved: what was said is read through this row.

    ``survivor`` is the ticket it was merged into, ``root`` the one that goes on today (the survivor may have been
    merged itself since). ``kept`` holds what undoing needs: codes, keys and times, no words.
    """

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="merges", verbose_name=_("merged ticket"))
    survivor = models.ForeignKey(
        Ticket, models.PROTECT, related_name="+", verbose_name=_("merged into"), db_index=False
    )
    root = models.ForeignKey(
        Ticket, models.PROTECT, related_name="merged_here", verbose_name=_("goes on in"), db_index=False
    )
    from_state = models.CharField(_("state before"), max_length=12, choices=TicketState)
    kept = models.JSONField(_("kept for undoing"), default=dict)
    source_ref = models.CharField(_("source reference"), max_length=140, blank=True)
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"), db_index=False
    )
    undone_at = models.DateTimeField(_("undone at"), null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("undone by"),
        db_index=False,
    )

    objects = ThroughTicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("merge")
        verbose_name_plural = _("merges")
        constraints = [
            models.UniqueConstraint(
                fields=["ticket"], condition=Q(undone_at=None), name="ticket_merged_once"
            ),
            models.UniqueConstraint(
                fields=["source_ref"], condition=~Q(source_ref=""), name="ticket_merge_source"
            ),
            models.CheckConstraint(
                condition=~Q(ticket=F("survivor")) & ~Q(ticket=F("root")), name="ticket_merged_into_another"
            ),
        ]
        indexes = [models.Index(fields=["root"], name="ticket_merge_root", condition=Q(undone_at=None))]

    def __str__(self) -> str:
        return f"{self.ticket_id} → {self.survivor_id}"


class TicketLink(PublicIdModel):
    """Two tickets that belong together. ``ticket`` is the parent or the origin; of related ones the older."""

    ticket = models.ForeignKey(
        Ticket, models.PROTECT, related_name="links_out", verbose_name=_("ticket"), db_index=False
    )
    other = models.ForeignKey(
        Ticket, models.PROTECT, related_name="links_in", verbose_name=_("other ticket"), db_index=False
    )
    kind = models.CharField(_("kind"), max_length=8, choices=LinkKind)
    lines = ArrayField(models.BigIntegerField(), verbose_name=_("order lines"), default=list)
    source_ref = models.CharField(_("source reference"), max_length=140, blank=True)
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"), db_index=False
    )
    ended_at = models.DateTimeField(_("taken away at"), null=True)

    objects = ThroughTicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("link of tickets")
        verbose_name_plural = _("links of tickets")
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "other"], condition=Q(ended_at=None), name="ticket_linked_once"
            ),
            models.UniqueConstraint(
                fields=["source_ref"], condition=~Q(source_ref=""), name="ticket_link_source"
            ),
            models.CheckConstraint(condition=~Q(ticket=F("other")), name="ticket_linked_to_another"),
        ]
        indexes = [models.Index(fields=["other"], name="ticket_link_other", condition=Q(ended_at=None))]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.kind} {self.other_id}"


class DuplicatePair(PublicIdModel):
    """Two tickets that may be one problem: how sure (0–100) and why. Told apart once, they stay apart.

    ``ticket`` is the older one. ``reasons`` holds codes with numbers: ``[["order", 0], ["words", 83]]``.
    """

    ticket = models.ForeignKey(
        Ticket, models.PROTECT, related_name="pairs_out", verbose_name=_("older ticket"), db_index=False
    )
    other = models.ForeignKey(
        Ticket, models.PROTECT, related_name="pairs_in", verbose_name=_("younger ticket"), db_index=False
    )
    score = models.PositiveSmallIntegerField(_("how sure, of 100"))
    reasons = models.JSONField(_("why"), default=list)
    verdict = models.CharField(_("verdict"), max_length=6, choices=PairVerdict, default=PairVerdict.OPEN)
    found_at = models.DateTimeField(_("found at"))
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("decided by"),
        db_index=False,
    )

    objects = ThroughTicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("pair of look-alikes")
        verbose_name_plural = _("pairs of look-alikes")
        constraints = [
            models.UniqueConstraint(fields=["ticket", "other"], name="duplicate_pair_once"),
            models.CheckConstraint(condition=Q(ticket__lt=F("other")), name="duplicate_pair_older_first"),
            models.CheckConstraint(condition=Q(score__gte=0, score__lte=100), name="duplicate_pair_score"),
        ]
        indexes = [
            models.Index(fields=["other"], name="duplicate_pair_other", condition=Q(verdict="open")),
            models.Index(fields=["ticket"], name="duplicate_pair_ticket", condition=Q(verdict="open")),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} ~ {self.other_id}"


class TicketPrint(models.Model):
    """What a customer's first words look like: a sketch of their character pairs, in bands that an index finds.

    No word can be read back from it; it goes with the words when they are erased.
    """

    deletable = "a sketch of words: goes with them when they are erased, made anew from the words themselves"

    ticket = models.OneToOneField(
        Ticket, models.PROTECT, related_name="print", primary_key=True, verbose_name=_("ticket")
    )
    sketch = ArrayField(models.BigIntegerField(), verbose_name=_("sketch"))
    bands = ArrayField(models.BigIntegerField(), verbose_name=_("bands"))

    objects = ThroughTicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("print of words")
        verbose_name_plural = _("prints of words")
        indexes = [GinIndex(fields=["bands"], name="ticket_print_bands")]

    def __str__(self) -> str:
        return f"{self.ticket_id}"
