"""Letters as they came in, and what became of each."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aftersales.channels.querysets import LetterQuerySet
from aftersales.channels.states import TO_DECIDE, Outcome, Way, Why
from aftersales.core.models import PublicIdModel


class Letter(PublicIdModel):
    """One e-mail, kept as it came before anything is made of it.

    The same Message-ID with the same words is the same letter; with other words it is another one. Sender, subject and
    text are erasable, the file goes with them and after its time.
    """

    way = models.CharField(_("came by"), max_length=8, choices=Way)
    message_id = models.CharField(_("Message-ID"), max_length=250, blank=True)
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    stored = models.CharField(_("stored name"), max_length=60, blank=True)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    received_at = models.DateTimeField(_("received at"))
    sender = models.CharField(_("sender"), max_length=254, blank=True)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    text = models.TextField(_("text"), blank=True)
    quoted = models.TextField(_("repeated text"), blank=True)
    refused_files = models.JSONField(_("files not taken"), default=list)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome, default=Outcome.WAITING)
    why = models.CharField(_("why"), max_length=16, choices=Why, blank=True, default="")
    error = models.CharField(_("last error"), max_length=300, blank=True, default="")
    hint = models.ForeignKey(
        "tickets.Ticket", models.PROTECT, null=True, related_name="+", verbose_name=_("may belong to"),
        db_index=False,
    )  # fmt: skip
    ticket = models.ForeignKey(
        "tickets.Ticket", models.PROTECT, null=True, related_name="letters", verbose_name=_("ticket")
    )
    customer = models.ForeignKey(
        "customers.Customer", models.PROTECT, null=True, related_name="letters", verbose_name=_("customer")
    )
    done_at = models.DateTimeField(_("done at"), null=True)
    erased_at = models.DateTimeField(_("erased at"), null=True)

    objects = LetterQuerySet.as_manager()

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message_id", "fingerprint"], name="letter_once"),
            models.CheckConstraint(
                condition=Q(erased_at=None) | Q(sender="", subject="", text="", quoted="", stored=""),
                name="letter_erased_is_empty",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["sender", "-received_at"], name="letter_sender"),
            models.Index(
                fields=["received_at"], name="letter_held", condition=Q(outcome__in=sorted(TO_DECIDE))
            ),
            models.Index(fields=["outcome", "-id"], name="letter_outcome"),
            models.Index(fields=["received_at"], name="letter_file", condition=~Q(stored="")),
        ]

    def __str__(self) -> str:
        return self.subject or str(_("(no subject)"))

    @property
    def waits(self) -> bool:
        """Whether a person still has to decide."""
        return self.outcome in TO_DECIDE

    # What core.files.serve() asks of a stored file.
    @property
    def name(self) -> str:
        return self.stored

    @property
    def original_name(self) -> str:
        return f"letter-{self.pk}.eml"

    @property
    def content_type(self) -> str:
        return "application/octet-stream"
