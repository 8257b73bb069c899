"""Messages to people: which kinds exist, what their texts say, and each message that was written."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import transition
from simple_history.models import HistoricalRecords

from aftersales.core.models import PublicIdModel, StateModel, VersionedModel, new_public_id
from aftersales.core.statefield import StateField

from . import kinds, rules
from .machine import MACHINE
from .querysets import GatewayQuerySet, NoticeQuerySet, TemplateQuerySet, TextQuerySet
from .states import (
    GatewayForm,
    NoticeChannel,
    NoticeState,
    RecipientKind,
    SkipReason,
    TextSource,
    TextState,
)


class NoticeTemplate(VersionedModel):
    """One kind of message as the department uses it; what may stand in its text is declared in the code."""

    code = models.SlugField(_("code"), max_length=60, unique=True)
    channels = ArrayField(
        models.CharField(max_length=8, choices=NoticeChannel.choices),
        verbose_name=_("channels"),
        default=list,
    )
    enabled = models.BooleanField(_("switched on"), default=True)

    history = HistoricalRecords()
    objects = TemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("kind of message")
        verbose_name_plural = _("kinds of messages")
        ordering: ClassVar = ["code"]

    def __str__(self) -> str:
        return kinds.name_of(self.code)


class NoticeText(StateModel, VersionedModel):
    """One version of a message's text in both languages. Never changed once it was in force."""

    template = models.ForeignKey(
        NoticeTemplate, models.PROTECT, related_name="texts", verbose_name=_("kind of message")
    )
    number = models.PositiveIntegerField(_("version number"))
    state = StateField(_("state"), choices=TextState.choices, default=TextState.DRAFT, max_length=10)
    subject_zh = models.CharField(_("Chinese subject"), max_length=200)
    body_zh = models.TextField(_("Chinese text"))
    subject_en = models.CharField(_("English subject"), max_length=200)
    body_en = models.TextField(_("English text"))
    source = models.CharField(_("source"), max_length=8, choices=TextSource, default=TextSource.WRITTEN)
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("written by")
    )
    drafted_at = models.DateTimeField(_("written at"))
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("brought into force by"),
    )
    activated_at = models.DateTimeField(_("in force from"), null=True, blank=True)
    retired_at = models.DateTimeField(_("in force until"), null=True, blank=True)

    history = HistoricalRecords()
    objects = TextQuerySet.as_manager()

    class Meta:
        verbose_name = _("message text")
        verbose_name_plural = _("message texts")
        ordering: ClassVar = ["template_id", "-number"]
        triggers = MACHINE.triggers()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["template", "number"], name="notice_text_number"),
            models.UniqueConstraint(
                fields=["template"], condition=Q(state=TextState.ACTIVE), name="notice_text_one_in_force"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template} · {self.number}"

    def subject(self, language: str) -> str:
        return self.subject_en if language.startswith("en") else self.subject_zh

    def body(self, language: str) -> str:
        return self.body_en if language.startswith("en") else self.body_zh

    @transition(**MACHINE.transition("activate"))
    def activate(self, *, actor: Any, now: datetime, **data: Any) -> None:
        self.activated_by = actor
        self.activated_at = now

    @transition(**MACHINE.transition("reject"))
    def reject(self, *, actor: Any, now: datetime, **data: Any) -> None: ...

    @transition(**MACHINE.transition("retire"))
    def retire(self, *, actor: Any, now: datetime, **data: Any) -> None:
        self.retired_at = now


class Notice(PublicIdModel):
    """One message to one person by one channel, written in the transaction that caused it.

    It names the recipient and the contact used, never the address: that is looked up when the message goes
    out. Its state is the transport's own bookkeeping, like a job's, and moves by conditional UPDATE: no
    promise hangs on it.
    """

    source = models.CharField(_("kind of message"), max_length=60)
    source_ref = models.CharField(_("reference"), max_length=200)
    text = models.ForeignKey(NoticeText, models.PROTECT, related_name="+", verbose_name=_("message text"))
    recipient_kind = models.CharField(_("recipient"), max_length=8, choices=RecipientKind)
    customer_id = models.BigIntegerField(_("customer"), null=True)
    user_id = models.BigIntegerField(_("colleague"), null=True)
    merchant_id = models.BigIntegerField(_("merchant"), null=True)
    contact_id = models.BigIntegerField(_("contact"), null=True)
    channel = models.CharField(_("channel"), max_length=8, choices=NoticeChannel)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"))
    subject_kind = models.CharField(_("about"), max_length=60)
    subject_id = models.BigIntegerField(_("about no."))
    state = models.CharField(_("state"), max_length=8, choices=NoticeState, default=NoticeState.QUEUED)
    skip_reason = models.CharField(_("why not"), max_length=12, choices=SkipReason, blank=True, default="")
    error = models.CharField(_("last error"), max_length=500, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    created_by_id = models.BigIntegerField(_("caused by"), null=True)
    created_at = models.DateTimeField(_("written at"))
    claimed_at = models.DateTimeField(_("last tried at"), null=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    read_at = models.DateTimeField(_("read at"), null=True)
    erased_at = models.DateTimeField(_("erased at"), null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "source_ref"], name="notice_once"),
            models.CheckConstraint(
                name="notice_one_recipient",
                condition=Q(recipient_kind=RecipientKind.CUSTOMER, customer_id__isnull=False, user_id=None)
                | Q(recipient_kind=RecipientKind.USER, user_id__isnull=False, customer_id=None)
                | Q(
                    recipient_kind=RecipientKind.MERCHANT,
                    merchant_id__isnull=False,
                    customer_id=None,
                    user_id=None,
                ),
            ),
            models.CheckConstraint(
                condition=Q(erased_at=None) | Q(subject="", body=""), name="notice_erased_is_empty"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["subject_kind", "subject_id", "id"], name="notice_subject"),
            models.Index(
                fields=["user_id", "-id"], name="notice_inbox", condition=Q(channel=NoticeChannel.IN_APP)
            ),
            models.Index(
                fields=["user_id"],
                name="notice_unread",
                condition=Q(channel=NoticeChannel.IN_APP, read_at=None),
            ),
            models.Index(
                fields=["customer_id", "-id"], name="notice_customer", condition=Q(customer_id__isnull=False)
            ),
            models.Index(fields=["state", "-id"], name="notice_state"),
        ]

    def __str__(self) -> str:
        return self.subject or kinds.name_of(self.source)

    @property
    def kind_name(self) -> str:
        return kinds.name_of(self.source)

    @property
    def key(self) -> str:
        """The key it was ordered with (services.Order), shared by its channels."""
        return self.source_ref.rsplit("/", 2)[0]

    @property
    def shown_body(self) -> str:
        """The text as pages show it: late blanks (signed links) by their name, never by their value."""
        variables = kinds.declared()[self.source].variables if self.source in kinds.declared() else {}
        names = {
            name: f"[{variables[name].label}]" if name in variables else "[…]"
            for name in rules.late_names(self.body)
        }
        return rules.fill_late(self.body, names)


class Gateway(VersionedModel):
    """Where messages leave the house by a signed HTTP request: a text-message gateway, a group robot.

    The address may hold a token, so it is shown by its host only and stands in no history; the secret follows from the
    salt, is shown once and stored nowhere.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    form = models.CharField(_("form"), max_length=10, choices=GatewayForm, default=GatewayForm.PLAIN)
    url = models.CharField(_("address"), max_length=500)
    recipients = ArrayField(
        models.CharField(max_length=8, choices=RecipientKind), verbose_name=_("recipients"), default=list
    )
    is_active = models.BooleanField(_("switched on"), default=True)
    salt = models.CharField(_("salt"), max_length=22, default=new_public_id, editable=False)
    old_salt = models.CharField(_("earlier salt"), max_length=22, blank=True, editable=False)
    old_until = models.DateTimeField(_("earlier secret counts until"), null=True, editable=False)
    created_at = models.DateTimeField(_("added at"))

    history = HistoricalRecords(excluded_fields=["url", "salt", "old_salt"])
    objects = GatewayQuerySet.as_manager()

    class Meta:
        verbose_name = _("gateway")
        verbose_name_plural = _("gateways")
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.name
