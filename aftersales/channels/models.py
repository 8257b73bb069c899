"""Letters as they came in, and what became of each."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Lower
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from aftersales.channels.querysets import ConnectionQuerySet, LetterQuerySet, TalkQuerySet
from aftersales.channels.states import TO_DECIDE, Outcome, RefusedBecause, SystemKind, Taken, Told, Way, Why
from aftersales.core.models import PublicIdModel, VersionedModel, new_public_id
from aftersales.core.wording import minute
from aftersales.customers.models import RegexpReplace
from aftersales.tickets.states import Channel

# A caller's number as customers.rules.search_key has it; an account of a chat stays as it is.
CALLER_KEY = Case(
    When(
        caller__regex=r"^[-+() .0-9]+$",
        then=RegexpReplace.everywhere(
            RegexpReplace.everywhere(F("caller"), "[^0-9]"), r"^(0086|86)(1[0-9]{10})$", r"\2"
        ),
    ),
    default=F("caller"),
    output_field=models.CharField(max_length=120),
)
NOBODYS = Q(customer=None, erased_at=None)


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
            models.Index(Lower("sender"), name="letter_nobodys", condition=NOBODYS),
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


class Connection(VersionedModel):
    """A telephone or chat system that tells us of conversations by signed requests."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind of system"), max_length=8, choices=SystemKind)
    channel = models.CharField(_("channel of its tickets"), max_length=10, choices=Channel)
    account_source = models.CharField(
        _("source of account ids"), max_length=40, blank=True, help_text=_("As in the customers' accounts.")
    )
    recording_hosts = ArrayField(
        models.CharField(max_length=120), verbose_name=_("hosts of recordings"), default=list, blank=True
    )
    is_active = models.BooleanField(_("switched on"), default=True)
    created_at = models.DateTimeField(_("added at"))

    history = HistoricalRecords()
    objects = ConnectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("connected system")
        verbose_name_plural = _("connected systems")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class ConnectionKey(models.Model):
    """One secret of a connected system: derived from this salt when needed, shown once, stored nowhere."""

    connection = models.ForeignKey(
        Connection, models.PROTECT, related_name="keys", verbose_name=_("connected system")
    )
    salt = models.CharField(_("salt"), max_length=22, default=new_public_id)
    created_at = models.DateTimeField(_("made at"))
    until = models.DateTimeField(_("counts until"), null=True)

    class Meta:
        verbose_name = _("secret")
        verbose_name_plural = _("secrets")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.connection_id} {localtime(self.created_at):%Y-%m-%d}"


class Talk(PublicIdModel):
    """One conversation in an outside system, put together from what it tells, in whatever order that arrives."""

    connection = models.ForeignKey(
        Connection, models.PROTECT, related_name="talks", verbose_name=_("connected system")
    )
    ref = models.CharField(_("id in the system"), max_length=100)
    caller = models.CharField(_("caller"), max_length=120, blank=True)
    caller_key = models.GeneratedField(
        expression=CALLER_KEY, output_field=models.CharField(max_length=120), db_persist=True
    )
    customer = models.ForeignKey(
        "customers.Customer", models.PROTECT, null=True, related_name="talks", verbose_name=_("customer")
    )
    ticket = models.ForeignKey(
        "tickets.Ticket", models.PROTECT, null=True, related_name="talks", verbose_name=_("ticket")
    )
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("colleague"),
        db_index=False,
    )  # fmt: skip
    started_at = models.DateTimeField(_("began"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    seconds = models.PositiveIntegerField(_("length in seconds"), null=True)
    abandoned = models.BooleanField(_("nobody answered"), default=False)
    recording = models.CharField(_("recording"), max_length=500, blank=True)
    heard_at = models.DateTimeField(_("first heard of"))
    erased_at = models.DateTimeField(_("erased at"), null=True)

    objects = TalkQuerySet.as_manager()

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "ref"], name="talk_once"),
            models.CheckConstraint(
                condition=Q(erased_at=None) | Q(caller="", recording=""), name="talk_erased_is_empty"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["caller_key"], name="talk_nobodys", condition=NOBODYS),
            models.Index(fields=["heard_at"], name="talk_unclaimed", condition=NOBODYS),
        ]

    def __str__(self) -> str:
        return self.ref


class HookEvent(models.Model):
    """One thing an outside system told, kept before anything is made of it; its own id makes it happen once."""

    connection = models.ForeignKey(
        Connection, models.PROTECT, related_name="told", verbose_name=_("connected system"), db_index=False
    )
    event_id = models.CharField(_("id of the request"), max_length=100)
    kind = models.CharField(_("told"), max_length=30, choices=Told)
    ref = models.CharField(_("id in the system"), max_length=100, blank=True)
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    body = models.JSONField(_("content"), default=dict)
    received_at = models.DateTimeField(_("received at"))
    outcome = models.CharField(_("outcome"), max_length=8, choices=Taken, default=Taken.WAITING)
    error = models.CharField(_("last error"), max_length=300, blank=True, default="")
    erased_at = models.DateTimeField(_("erased at"), null=True)

    objects = TalkQuerySet.as_manager()

    class Meta:
        verbose_name = _("told by a system")
        verbose_name_plural = _("told by systems")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "event_id"], name="hook_event_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["connection", "-id"], name="hook_event_newest"),
            models.Index(fields=["connection", "ref"], name="hook_event_ref"),
            models.Index(fields=["received_at"], name="hook_event_failed", condition=Q(outcome=Taken.FAILED)),
            models.Index(fields=["received_at"], name="hook_event_kept", condition=Q(erased_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {minute(self.received_at)}"


class HookRefusal(models.Model):
    """A request that was turned away: when and why, never what it held. A few for each minute are enough."""

    deletable = "a note for whoever sets a system up; forgotten after a while"

    connection = models.ForeignKey(
        Connection, models.PROTECT, related_name="refusals", verbose_name=_("connected system")
    )
    why = models.CharField(_("why"), max_length=12, choices=RefusedBecause)
    size = models.PositiveIntegerField(_("size in bytes"), default=0)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("refused request")
        verbose_name_plural = _("refused requests")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_why_display()} {minute(self.at)}"
