"""Letters of authorities beside a ticket (R4.11), and what was asked, drafted, sent and put together for them."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import transition

from aftersales.cases.authority.machine import LETTER_MACHINE
from aftersales.cases.authority.querysets import AuthorityQuerySet, ThroughAuthorityQuerySet
from aftersales.cases.authority.states import (
    UNANSWERED,
    LetterKind,
    LetterOutcome,
    LetterSource,
    LetterState,
    SentBy,
)
from aftersales.clocks.models import Clock
from aftersales.core.models import AppendOnlyModel, PublicIdModel, StateModel, VersionedModel
from aftersales.core.statefield import StateField
from aftersales.core.wording import masked
from aftersales.tickets.models import Ticket

move = LETTER_MACHINE.transition


def person(label: Any, *, null: bool = False) -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=label, db_index=False, null=null
    )  # fmt: skip


class AuthorityCase(StateModel, PublicIdModel, VersionedModel):
    """One letter: one (source, number), whoever brings it in. Its history are its events.

    ``due_at`` is the letter's own deadline as it stands, ``first_due_at`` as it was written. ``late_since`` is the
    first deadline that passed without a reply; nothing takes it back. The reporter is personal data: masked, looked up
    with a reason, never told to the merchant.
    """

    number = models.CharField(_("number"), max_length=24, unique=True)
    ticket = models.ForeignKey(
        Ticket, models.PROTECT, related_name="authority_cases", verbose_name=_("ticket")
    )
    merchant_id = models.BigIntegerField(_("merchant"), null=True)
    state = StateField(_("state"), choices=LetterState, default=LetterState.RECEIVED, max_length=10)
    source = models.CharField(pgettext_lazy("authority", "from"), max_length=10, choices=LetterSource)
    kind = models.CharField(_("kind"), max_length=10, choices=LetterKind, default=LetterKind.COMPLAINT)
    letter_no = models.CharField(_("number of the letter"), max_length=80)
    letter_key = models.CharField(_("number as compared"), max_length=80)
    office = models.CharField(_("office and person in charge"), max_length=120, blank=True)
    subject = models.CharField(_("subject"), max_length=160)
    demand = models.CharField(_("what is demanded"), max_length=2000, blank=True)
    reporter_name = models.CharField(_("reporter"), max_length=80, blank=True)
    reporter_contact = models.CharField(_("reporter's contact"), max_length=120, blank=True)
    reporter_erased_at = models.DateTimeField(_("reporter erased at"), null=True)
    received_at = models.DateTimeField(_("received at"))
    first_due_at = models.DateTimeField(_("deadline of the letter"))
    due_at = models.DateTimeField(_("deadline now"))
    late_since = models.DateTimeField(_("late since"), null=True)
    taken_at = models.DateTimeField(_("taken down at"))
    taken_by = person(_("taken down by"))
    handler = person(_("handled by"), null=True)
    accepted_at = models.DateTimeField(_("accepted at"), null=True)
    drafter = person(_("drafted by"), null=True)
    versions = models.PositiveSmallIntegerField(_("versions of the reply"), default=0)
    approved_by = person(_("approved by"), null=True)
    approved_at = models.DateTimeField(_("approved at"), null=True)
    sent_by = models.CharField(_("sent by"), max_length=10, choices=SentBy, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    reference = models.CharField(_("reference of the sending"), max_length=120, blank=True)
    replied_at = models.DateTimeField(_("replied at"), null=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=LetterOutcome, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    clock = models.ForeignKey(Clock, models.PROTECT, related_name="+", verbose_name=_("clock"))

    objects = AuthorityQuerySet.as_manager()

    class Meta:
        verbose_name = _("letter of an authority")
        verbose_name_plural = _("letters of authorities")
        triggers = LETTER_MACHINE.triggers()
        constraints = [
            models.UniqueConstraint(fields=["source", "letter_key"], name="authority_letter_once"),
            models.CheckConstraint(condition=~Q(letter_key="") & ~Q(subject=""), name="authority_letter_has_number"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("drafter")), name="authority_letter_second_person"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["replied", "closed"]) | Q(replied_at__isnull=False, sent_at__isnull=False),
                name="authority_letter_replied_when",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["due_at", "id"], name="authority_letter_due",
                condition=Q(state__in=sorted(UNANSWERED)),
            ),
            models.Index(fields=["ticket", "id"], name="authority_letter_ticket"),
            models.Index(fields=["state", "-received_at", "-id"], name="authority_letter_newest"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number

    @property
    def is_unanswered(self) -> bool:
        return self.state in UNANSWERED

    def is_late(self, now: datetime) -> bool:
        """A reply that is missing past the deadline, or one that once was."""
        return self.late_since is not None or (self.is_unanswered and self.due_at < now)

    @property
    def masked_reporter(self) -> str:
        return masked(self.reporter_name, "name") if self.reporter_name else ""

    @transition(**move("accept"))
    def accept(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.handler_id, self.accepted_at = actor.pk, now
        return self.told()

    @transition(**move("ask"))
    def ask(self, *, actor: Any, now: datetime, until: datetime) -> dict[str, Any]:
        return self.told(due_at=until.isoformat())

    @transition(**move("answer"))
    def answer(self, *, actor: Any, now: datetime, late: bool = False) -> dict[str, Any]:
        return self.told(late=late)

    @transition(**move("draft"))
    def draft(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.drafter_id, self.versions = actor.pk, self.versions + 1
        self.approved_by_id = self.approved_at = None
        return self.told(version=self.versions)

    @transition(**move("approve"))
    def approve(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.approved_by_id, self.approved_at = actor.pk, now
        return self.told()

    @transition(**move("turn_down"))
    def turn_down(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self.told()

    @transition(**move("reply"))
    def reply(
        self, *, actor: Any, now: datetime, sent_by: str, reference: str, sent_at: datetime | None = None
    ) -> dict[str, Any]:
        """It counts as sent when it is noted: nobody dates a reply back over its deadline."""
        self.miss(now)
        self.sent_by, self.reference, self.sent_at, self.replied_at = sent_by, reference, sent_at or now, now
        return self.told(sent_by=sent_by, late=self.due_at < now, sent_at=self.sent_at.isoformat())

    @transition(**move("ask_more"))
    def ask_more(self, *, actor: Any, now: datetime, due_at: datetime, clock_id: int) -> dict[str, Any]:
        self.due_at, self.clock_id = due_at, clock_id
        self.approved_by_id = self.approved_at = None
        return self.told(due_at=due_at.isoformat())

    @transition(**move("close"))
    def close(self, *, actor: Any, now: datetime, outcome: str) -> dict[str, Any]:
        self.outcome, self.ended_at = outcome, now
        return self.told(outcome=outcome)

    @transition(**move("pass_on"))
    def pass_on(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._end(now)

    @transition(**move("withdraw"))
    def withdraw(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._end(now)

    def _end(self, now: datetime) -> dict[str, Any]:
        self.miss(now)
        self.ended_at = now
        return self.told()

    def miss(self, now: datetime) -> None:
        """A deadline that has passed without a reply stays missed."""
        if self.due_at < now and self.late_since is None:
            self.late_since = self.due_at

    def told(self, **more: Any) -> dict[str, Any]:
        """What events say of it: codes, ids and moments, no word of the letter and nobody's name."""
        return {"ticket_id": self.ticket_id, **more}


class AuthorityAsk(PublicIdModel):
    """What the merchant was asked because of a letter, until when, and what he answered."""

    letter = models.ForeignKey(AuthorityCase, models.PROTECT, related_name="asks", verbose_name=_("letter"))
    question = models.CharField(_("question"), max_length=2000)
    asked_at = models.DateTimeField(_("asked at"))
    asked_by = person(_("asked by"))
    due_at = models.DateTimeField(_("due at"))
    answer = models.CharField(_("answer"), max_length=4000, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True)
    answered_by = person(_("answer taken down by"), null=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    clock = models.ForeignKey(Clock, models.PROTECT, related_name="+", verbose_name=_("clock"))

    objects = ThroughAuthorityQuerySet.as_manager()

    class Meta:
        verbose_name = _("question to a merchant")
        verbose_name_plural = _("questions to merchants")
        ordering = ["asked_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["letter"], condition=Q(ended_at=None), name="authority_letter_one_open_ask"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.letter_id} {localtime(self.asked_at):%Y-%m-%d %H:%M}"

    @property
    def is_late(self) -> bool:
        return self.answered_at is not None and self.answered_at > self.due_at


class AuthorityReply(AppendOnlyModel):
    """One version of the reply: as it was written, and with its variables in place. Nobody changes it."""

    letter = models.ForeignKey(
        AuthorityCase, models.PROTECT, related_name="replies", verbose_name=_("letter")
    )
    version = models.PositiveSmallIntegerField(_("version"))
    text = models.TextField(_("text"), max_length=8000)
    words = models.TextField(_("text with variables in place"), max_length=12000)
    sha256 = models.CharField(_("fingerprint"), max_length=64)
    by = person(_("drafted by"))
    at = models.DateTimeField(_("at"))

    objects = ThroughAuthorityQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("version of a reply")
        verbose_name_plural = _("versions of replies")
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["letter", "version"], name="authority_reply_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.letter_id} v{self.version}"


class AuthorityDeadline(AppendOnlyModel):
    """The office moved its deadline: what it was, what it is, and by which paper."""

    letter = models.ForeignKey(
        AuthorityCase, models.PROTECT, related_name="deadlines", verbose_name=_("letter")
    )
    was_due_at = models.DateTimeField(_("was due"))
    due_at = models.DateTimeField(_("due at"))
    missed = models.BooleanField(_("was missed by then"), default=False)
    reference = models.CharField(_("granted by"), max_length=120)
    by = person(_("noted by"))
    at = models.DateTimeField(_("at"))

    objects = ThroughAuthorityQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("moved deadline")
        verbose_name_plural = _("moved deadlines")
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{localtime(self.was_due_at):%Y-%m-%d} → {localtime(self.due_at):%Y-%m-%d}"


class AuthorityFile(PublicIdModel):
    """A file of the letter, or a proof of the sending."""

    letter = models.ForeignKey(AuthorityCase, models.PROTECT, related_name="files", verbose_name=_("letter"))
    name = models.CharField(_("stored name"), max_length=200, unique=True)
    original_name = models.CharField(_("file name"), max_length=200)
    content_type = models.CharField(_("content type"), max_length=100)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("fingerprint"), max_length=64)
    by = person(_("added by"))
    at = models.DateTimeField(_("at"))

    objects = ThroughAuthorityQuerySet.as_manager()

    class Meta:
        verbose_name = _("file of a letter")
        verbose_name_plural = _("files of letters")
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["letter", "sha256"], name="authority_letter_file_once")
        ]

    def __str__(self) -> str:
        return self.original_name


class EvidenceBundle(PublicIdModel):
    """What was chosen as evidence, as it stood then: each piece with moment, length and SHA-256.

    ``pieces`` hold their words, files by their stored name; ``sha256`` is that of the list of them. Erased, the
    words go and the fingerprints stay.
    """

    letter = models.ForeignKey(
        AuthorityCase, models.PROTECT, related_name="bundles", verbose_name=_("letter")
    )
    pieces = models.JSONField(_("pieces"), default=list)
    sha256 = models.CharField(_("fingerprint of the list"), max_length=64)
    made_at = models.DateTimeField(_("made at"))
    made_by = person(_("made by"))
    erased_at = models.DateTimeField(_("erased at"), null=True)

    objects = ThroughAuthorityQuerySet.as_manager()

    class Meta:
        verbose_name = _("bundle of evidence")
        verbose_name_plural = _("bundles of evidence")
        ordering = ["-made_at", "-id"]

    def __str__(self) -> str:
        return f"{self.letter_id} {localtime(self.made_at):%Y-%m-%d %H:%M}"
