"""What is written before it is said: answer templates, words not sent yet, and who follows a ticket."""

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from aftersales.core.models import PublicIdModel, VersionedModel
from aftersales.tickets.models.ticket import Ticket
from aftersales.tickets.querysets import AnswerQuerySet, ThroughTicketQuerySet
from aftersales.tickets.states import AnswerScope, Kind, SentBack


class AnswerTemplate(VersionedModel):
    """An answer that is written again and again (话术), with blanks that the ticket fills.

    ``scope``: one person's own, one team's, or everybody's; ``owner`` and ``team`` say whose.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    title_zh = models.CharField(_("Chinese title"), max_length=80)
    title_en = models.CharField(_("English title"), max_length=80)
    body_zh = models.TextField(_("Chinese text"), max_length=4000)
    body_en = models.TextField(_("English text"), max_length=4000)
    kinds = ArrayField(
        models.CharField(max_length=20, choices=Kind.choices), verbose_name=_("kinds"), default=list, blank=True,
        help_text=_("Empty: all."),
    )  # fmt: skip
    shortcut = models.CharField(_("shortcut"), max_length=20, blank=True)
    scope = models.CharField(_("for whom"), max_length=8, choices=AnswerScope, default=AnswerScope.OWN)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("whose")
    )  # fmt: skip
    team = models.ForeignKey(
        "accounts.Team", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team")
    )
    is_active = models.BooleanField(_("in use"), default=True)

    history = HistoricalRecords()
    objects = AnswerQuerySet.as_manager()

    class Meta:
        verbose_name = _("answer template")
        verbose_name_plural = _("answer templates")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(scope=AnswerScope.ALL, owner=None, team=None)
                | Q(scope=AnswerScope.TEAM, owner=None, team__isnull=False)
                | Q(scope=AnswerScope.OWN, owner__isnull=False, team=None),
                name="answer_template_whose",
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return self.title_en if (get_language() or "").startswith("en") else self.title_zh

    def body(self, language: str) -> str:
        return self.body_en if language.startswith("en") else self.body_zh


class Unsent(PublicIdModel):
    """Words of staff that are not said: a draft, or a reply held for the seconds in which it can be taken back.

    Until ``due_at`` nothing has gone out: no message, no event, no clock. Sending turns the row into a message, taking
    back into the author's draft, both under its lock. ``source_ref`` names the posted form, so that it is held once.
    """

    deletable = "what was sent lives on as a message; a draft is its writer's own and goes when it is old"

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="unsent", verbose_name=_("ticket"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("author"), db_index=False
    )
    voice = models.CharField(_("to whom"), max_length=10, blank=True)
    text = models.TextField(_("text"), blank=True)
    promise_what = models.CharField(_("promises"), max_length=300, blank=True)
    promise_due_at = models.DateTimeField(_("promised by"), null=True)
    source_ref = models.CharField(_("source reference"), max_length=120, blank=True)
    saved_at = models.DateTimeField(_("written at"))
    due_at = models.DateTimeField(_("goes out at"), null=True)
    sent_back = models.CharField(_("came back because"), max_length=10, choices=SentBack, blank=True)
    why = models.CharField(_("reason"), max_length=300, blank=True)

    objects = ThroughTicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("unsent words")
        verbose_name_plural = _("unsent words")
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "author"], condition=Q(due_at=None), name="unsent_draft"
            ),
            models.UniqueConstraint(fields=["source_ref"], condition=~Q(source_ref=""), name="unsent_source"),
        ]
        indexes = [models.Index(fields=["saved_at"], name="unsent_old")]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.author_id}"

    def is_due(self, now: datetime) -> bool:
        return self.due_at is not None and self.due_at <= now


class UnsentFile(PublicIdModel):
    """A stored file of words that are not said yet; it becomes the message's attachment."""

    deletable = "becomes the attachment of a message, or goes with the draft"

    unsent = models.ForeignKey(Unsent, models.CASCADE, related_name="files", verbose_name=_("unsent words"))
    name = models.CharField(_("stored name"), max_length=200, unique=True)
    original_name = models.CharField(_("file name"), max_length=200)
    content_type = models.CharField(_("content type"), max_length=100)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("fingerprint"), max_length=64)
    width = models.PositiveIntegerField(_("width"), null=True)
    height = models.PositiveIntegerField(_("height"), null=True)

    class Meta:
        verbose_name = _("file of unsent words")
        verbose_name_plural = _("files of unsent words")

    def __str__(self) -> str:
        return self.original_name


class Watcher(models.Model):
    """Somebody who follows a ticket: he hears of new words, broken promises and the result."""

    deletable = "following is a wish of the moment and leaves no record"

    ticket = models.ForeignKey(
        Ticket, models.PROTECT, related_name="watchers", verbose_name=_("ticket"), db_index=False
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("person"), db_index=False
    )
    since = models.DateTimeField(_("since"))
    mentioned = models.BooleanField(_("by a mention"), default=False)

    objects = ThroughTicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("watcher")
        verbose_name_plural = _("watchers")
        constraints = [models.UniqueConstraint(fields=["ticket", "person"], name="watcher_once")]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.person_id}"
