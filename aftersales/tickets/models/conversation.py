"""What was said: messages, files, tries to reach the customer, signed links, search texts."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from aftersales.core.models import AppendOnlyModel, Audience, PublicIdModel
from aftersales.core.wording import minute
from aftersales.tickets.models.ticket import Ticket
from aftersales.tickets.querysets import ThroughTicketQuerySet
from aftersales.tickets.states import QUOTED, AskInPerson, AuthorKind, Channel


class Message(PublicIdModel):
    """One message. ``audience`` says who may read it: a note is internal, a question to the merchant stays there.

    ``undelivered`` says why words of staff never left the house; they keep no promise.
    """

    ticket = models.ForeignKey(
        Ticket, models.PROTECT, related_name="messages", verbose_name=_("ticket"), db_index=False
    )
    merchant_id = models.BigIntegerField(_("merchant"), null=True)
    author_kind = models.CharField(_("author"), max_length=10, choices=AuthorKind)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("author"),
        db_index=False,
    )
    audience = models.CharField(_("audience"), max_length=10, choices=Audience)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    source = models.CharField(_("source"), max_length=40, blank=True)
    source_ref = models.CharField(_("source reference"), max_length=120, blank=True)
    text = models.TextField(_("text"))
    undelivered = models.CharField(
        _("noted, not delivered, because"),
        max_length=12,
        choices=AskInPerson,
        blank=True,
        default="",
        db_default="",
    )
    at = models.DateTimeField(_("at"))
    erased_at = models.DateTimeField(_("erased at"), null=True)

    objects = ThroughTicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_ref"], condition=~Q(source_ref=""), name="message_source"
            ),
            models.CheckConstraint(condition=Q(erased_at=None) | Q(text=""), name="message_erased_is_empty"),
        ]
        indexes = [models.Index(fields=["ticket", "at", "id"], name="message_ticket_at")]

    def __str__(self) -> str:
        return f"{self.get_author_kind_display()} {minute(self.at)}"

    @property
    def is_note(self) -> bool:
        """Whether only staff reads it."""
        return self.audience == Audience.INTERNAL

    @property
    def quoted_from(self) -> str:
        """The number of the ticket in which it was said, where this one was split off from it."""
        return self.source_ref.partition(":")[0] if self.source == QUOTED else ""


class Attachment(PublicIdModel):
    """A stored file of a message; the file lies under a random name and is only served as an attachment.

    An erased one keeps its row without name and fingerprint; ``file_gone_at`` says when the file itself went.
    """

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="attachments", verbose_name=_("ticket"))
    message = models.ForeignKey(
        Message, models.PROTECT, related_name="attachments", verbose_name=_("message")
    )
    merchant_id = models.BigIntegerField(_("merchant"), null=True)
    audience = models.CharField(_("audience"), max_length=10, choices=Audience)
    name = models.CharField(_("stored name"), max_length=200, unique=True)
    original_name = models.CharField(_("file name"), max_length=200)
    content_type = models.CharField(_("content type"), max_length=100)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("fingerprint"), max_length=64)
    width = models.PositiveIntegerField(_("width"), null=True)
    height = models.PositiveIntegerField(_("height"), null=True)
    at = models.DateTimeField(_("at"))
    erased_at = models.DateTimeField(_("erased at"), null=True)
    file_gone_at = models.DateTimeField(_("file removed at"), null=True)

    objects = ThroughTicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        constraints = [
            models.CheckConstraint(
                condition=Q(erased_at=None) | Q(original_name="", sha256=""),
                name="attachment_erased_is_empty",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], name="attachment_file_to_go",
                condition=Q(erased_at__isnull=False, file_gone_at=None),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.original_name


class ContactAttempt(AppendOnlyModel):
    """One try to reach the customer: so many on so many channels over so many days before giving up."""

    ticket = models.ForeignKey(
        Ticket, models.PROTECT, related_name="contact_attempts", verbose_name=_("ticket")
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    reached = models.BooleanField(_("reached"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"), db_index=False
    )
    at = models.DateTimeField(_("at"))
    source_ref = models.CharField(_("source reference"), max_length=120, blank=True, db_default="")

    class Meta(AppendOnlyModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["source_ref"], condition=~Q(source_ref=""), name="contact_attempt_source"
            ),
        ]
        verbose_name = _("try to reach the customer")
        verbose_name_plural = _("tries to reach the customer")

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {minute(self.at)}"


class CustomerLink(models.Model):
    """A signed link for one purpose: only its hash is stored; it ends by use, by time or by being revoked."""

    ticket = models.ForeignKey(
        Ticket, models.PROTECT, related_name="customer_links", verbose_name=_("ticket")
    )
    purpose = models.CharField(_("purpose"), max_length=20)
    token_hash = models.CharField(_("hash"), max_length=64, unique=True)
    issued_at = models.DateTimeField(_("issued at"))
    expires_at = models.DateTimeField(_("expires at"))
    used_at = models.DateTimeField(_("used at"), null=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True)
    answer = models.CharField(_("answer"), max_length=20, blank=True)
    rating_handling = models.PositiveSmallIntegerField(_("rating of the handling"), null=True)
    rating_outcome = models.PositiveSmallIntegerField(_("rating of the outcome"), null=True)

    objects = ThroughTicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer's link")
        verbose_name_plural = _("customers' links")
        constraints = [
            models.CheckConstraint(
                condition=Q(rating_handling=None) | Q(rating_handling__range=(1, 5)),
                name="link_rating_handling",
            ),
            models.CheckConstraint(
                condition=Q(rating_outcome=None) | Q(rating_outcome__range=(1, 5)), name="link_rating_outcome"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.purpose}"


class Bigrams(Func):
    """Pairs of neighbouring characters, made by PostgreSQL: finds Chinese words of two characters and up."""

    function = "tickets_bigrams"
    output_field = ArrayField(models.TextField())


class TicketText(models.Model):
    """Search text of a ticket, one row per part, apart from the rows that move (DESIGN 3)."""

    deletable = "a copy for searching: goes with an erased text, made anew from the texts themselves"

    ticket = models.ForeignKey(
        Ticket, models.PROTECT, related_name="texts", verbose_name=_("ticket"), db_index=False
    )
    part = models.CharField(_("part"), max_length=40)
    audience = models.CharField(_("audience"), max_length=10, choices=Audience, default=Audience.INTERNAL)
    text = models.TextField(_("text"))
    bigrams = models.GeneratedField(
        expression=Bigrams(F("text")), output_field=ArrayField(models.TextField()), db_persist=True
    )

    objects = ThroughTicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("search text")
        verbose_name_plural = _("search texts")
        constraints = [models.UniqueConstraint(fields=["ticket", "part"], name="ticket_text_part")]
        indexes = [GinIndex(fields=["bigrams"], name="ticket_text_bigrams")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.part}"
