"""Merchants, the people who act for them, and whom to call there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import transition
from simple_history.models import HistoricalRecords

from aftersales.core.models import AppendOnlyModel, PublicIdModel, StateModel, VersionedModel
from aftersales.core.rulebook import RuleVersion
from aftersales.core.statefield import StateField
from training.models import versions_are_sound

from ..machine import MACHINE
from ..querysets import (
    DepositQuerySet,
    InvitationQuerySet,
    LessonQuerySet,
    MemberQuerySet,
    MerchantContactQuerySet,
    MerchantQuerySet,
    TrainingTermQuerySet,
)
from ..states import ContactRole, DepositKind, LearnedBy, MemberRole, MerchantState
from ..trainingmachine import TERM_MACHINE


class Merchant(StateModel, PublicIdModel, VersionedModel):
    """A seller on the platform, or the platform's own shop (self-run)."""

    code = models.CharField(_("merchant code"), max_length=64, unique=True)
    name = models.CharField(_("merchant name"), max_length=120)
    state = StateField(
        _("state"),
        choices=MerchantState.choices,
        default=MerchantState.APPLYING,
        max_length=16,
    )
    market = models.ForeignKey(
        "standards.Market", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("market")
    )
    self_run = models.BooleanField(_("self-run by the platform"), default=False)
    main_category = models.CharField(_("main category"), max_length=64, blank=True, default="")
    province = models.CharField(_("province"), max_length=60, blank=True, default="")
    city = models.CharField(_("city"), max_length=80, blank=True, default="")
    postcode = models.CharField(_("postcode"), max_length=20, blank=True, default="")
    languages = ArrayField(
        models.CharField(max_length=12), verbose_name=_("languages"), default=list, blank=True
    )
    manager = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("merchant manager"),
    )
    deposit_due = models.DecimalField(_("deposit due"), max_digits=14, decimal_places=2, default=0)
    deposit_held = models.DecimalField(_("deposit held"), max_digits=14, decimal_places=2, default=0)
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    agreement = models.CharField(_("agreement version"), max_length=40, blank=True, default="")
    opened_at = models.DateTimeField(_("admitted on"), null=True, blank=True)
    exit_began_at = models.DateTimeField(_("exit began on"), null=True, blank=True)
    active_to = models.DateTimeField(_("left on"), null=True, blank=True)

    history = HistoricalRecords(no_db_index=["public_id", "code", "market", "manager"])
    objects = MerchantQuerySet.as_manager()

    class Meta:
        verbose_name = _("merchant")
        verbose_name_plural = _("merchants")
        ordering = ["code"]
        triggers = MACHINE.triggers()
        constraints = [
            models.CheckConstraint(
                condition=Q(deposit_due__gte=0) & Q(deposit_held__gte=0), name="merchant_deposit_not_negative"
            ),
            models.CheckConstraint(condition=~Q(code="") & ~Q(name=""), name="merchant_code_and_name_given"),
        ]
        indexes = [
            models.Index(fields=["state", "code"], name="merchant_state_code"),
            models.Index(fields=["name"], name="merchant_name"),
            models.Index(fields=["province"], name="merchant_province"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"

    @property
    def merchant_id(self) -> int:
        """Events about a merchant are that merchant's events."""
        return int(self.pk)

    @transition(**MACHINE.transition("activate"))
    def activate(self, *, actor: Any, now: datetime) -> None:
        self.opened_at = self.opened_at or now

    @transition(**MACHINE.transition("restrict"))
    def restrict(self, *, actor: Any, now: datetime, cause: str) -> dict[str, str]:
        return {"cause": cause}

    @transition(**MACHINE.transition("suspend"))
    def suspend(self, *, actor: Any, now: datetime, cause: str) -> dict[str, str]:
        return {"cause": cause}

    @transition(**MACHINE.transition("reinstate"))
    def reinstate(self, *, actor: Any, now: datetime, cause: str) -> dict[str, str]:
        return {"cause": cause}

    @transition(**MACHINE.transition("begin_exit"))
    def begin_exit(self, *, actor: Any, now: datetime) -> None:
        self.exit_began_at = now

    @transition(**MACHINE.transition("close"))
    def close(self, *, actor: Any, now: datetime) -> None:
        self.active_to = now


class MerchantMember(models.Model):
    """A person who acts for a merchant: the grant behind every merchant-side view."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="members", verbose_name=_("merchant"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="merchant_memberships",
        verbose_name=_("person"),
    )
    role = models.CharField(_("role"), max_length=12, choices=MemberRole.choices, default=MemberRole.CLERK)
    active_from = models.DateTimeField(_("active from"))
    active_to = models.DateTimeField(_("active to"), null=True, blank=True)

    objects = MemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("merchant member")
        verbose_name_plural = _("merchant members")
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "user"], condition=Q(active_to=None), name="merchant_member_once"
            ),
            models.CheckConstraint(
                condition=Q(active_to=None) | Q(active_to__gte=models.F("active_from")),
                name="merchant_member_period",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.merchant}"


class MerchantInvitation(PublicIdModel):
    """Somebody is asked by an owner to act for the merchant: a link to one address, good once and for some days.

    ``round`` counts how often it was sent: only the last link works. Name and address are kept while it is open.
    """

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="invitations", verbose_name=_("merchant"), db_index=False
    )
    email = models.EmailField(_("e-mail"), blank=True)
    name = models.CharField(_("name"), max_length=80, blank=True)
    role = models.CharField(_("role"), max_length=12, choices=MemberRole.choices)
    round = models.PositiveSmallIntegerField(_("how often sent"), default=1)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("invited by"), db_index=False
    )  # fmt: skip
    invited_at = models.DateTimeField(_("invited at"))
    expires_at = models.DateTimeField(_("good until"))
    ended_at = models.DateTimeField(_("ended at"), null=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("accepted by"),
        db_index=False,
    )  # fmt: skip

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation of a merchant")
        verbose_name_plural = _("invitations of merchants")
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "email"], condition=Q(ended_at=None), name="merchant_invited_once"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) & ~Q(email="") | Q(ended_at__isnull=False, email="", name=""),
                name="merchant_invitation_forgets",
            ),
        ]
        indexes = [models.Index(fields=["merchant", "invited_at"], name="merchant_invitation_day")]

    def __str__(self) -> str:
        return f"{self.merchant_id}: {self.pk}"


class MerchantContact(models.Model):
    """Whom to call at a merchant. Kept apart from the merchant so that history never holds a phone number."""

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="contacts", verbose_name=_("merchant")
    )
    role = models.CharField(_("contact for"), max_length=12, choices=ContactRole.choices)
    name = models.CharField(_("name"), max_length=80, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=40, blank=True, default="")
    email = models.EmailField(_("e-mail"), max_length=160, blank=True, default="")

    objects = MerchantContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("merchant contact")
        verbose_name_plural = _("merchant contacts")
        constraints = [models.UniqueConstraint(fields=["merchant", "role"], name="merchant_contact_once")]

    def __str__(self) -> str:
        return f"{self.merchant} · {self.get_role_display()}"


def money(label: Any) -> models.DecimalField:
    return models.DecimalField(label, max_digits=14, decimal_places=2)


class DepositMove(AppendOnlyModel):
    """One change of a merchant's deposit; ``held`` is what stood there after it. Nobody changes it."""

    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="deposit_moves", verbose_name=_("merchant"), db_index=False
    )
    kind = models.CharField(_("kind"), max_length=10, choices=DepositKind.choices)
    amount = money(_("amount"))
    held = money(_("deposit held"))
    reference = models.CharField(_("reference"), max_length=80)
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("entered by"), db_index=False
    )  # fmt: skip

    objects = DepositQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("change of a deposit")
        verbose_name_plural = _("changes of deposits")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0, held__gte=0), name="deposit_move_whole"),
            models.UniqueConstraint(
                fields=["merchant", "reference"], condition=Q(kind="topped_up"), name="deposit_topped_up_once"
            ),
        ]
        indexes = [models.Index(fields=["merchant", "-id"], name="deposit_move_merchant")]

    def __str__(self) -> str:
        return f"{self.merchant_id}: {self.amount}"


class DepositCall(models.Model):
    """The merchant is asked to top up his deposit to what is due, until a day; one open per merchant."""

    merchant = models.ForeignKey(
        Merchant,
        models.PROTECT,
        related_name="deposit_calls",
        verbose_name=_("merchant"),
        db_index=False,
    )
    amount = money(_("amount"))
    asked_at = models.DateTimeField(_("asked at"))
    due_at = models.DateTimeField(_("to be topped up by"))
    met_at = models.DateTimeField(_("topped up at"), null=True)

    objects = DepositQuerySet.as_manager()

    class Meta:
        verbose_name = _("call for a deposit")
        verbose_name_plural = _("calls for deposits")
        ordering = ["due_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="deposit_call_above_zero"),
            models.UniqueConstraint(
                fields=["merchant"], condition=Q(met_at=None), name="deposit_call_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merchant_id}: {self.amount}"


class TrainingTerm(RuleVersion):
    """What an agreement asks the people of its merchants to be taught (R1.2), one course a rule, in versions.

    ``agreement``: the version of the agreement as merchants hold it; empty means every merchant. With an ``exam`` that
    is what finishes the course, else having attended a run. ``days``: from the day on which it is asked of a person.
    """

    rule_key = "code"

    code = models.SlugField(_("code"), max_length=120)
    agreement = models.CharField(_("agreement version"), max_length=40, blank=True, default="")
    course = models.ForeignKey("training.Course", models.PROTECT, related_name="+", verbose_name=_("course"))
    exam = models.ForeignKey(
        "training.Exam", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("exam")
    )
    days = models.PositiveSmallIntegerField(_("days to finish"))

    history = HistoricalRecords()
    objects = TrainingTermQuerySet.as_manager()

    class Meta:
        verbose_name = _("training term of an agreement")
        verbose_name_plural = _("training terms of agreements")
        ordering = ["agreement", "code", "-number"]
        triggers = TERM_MACHINE.triggers()
        constraints = [
            *versions_are_sound("training_term", "code"),
            models.CheckConstraint(condition=Q(days__gte=1), name="training_term_days"),
        ]

    def __str__(self) -> str:
        return f"{self.course} v{self.number}"

    @property
    def citation(self) -> str:
        return f"merchant_training.{self.code} v{self.number}"

    @transition(**TERM_MACHINE.transition("activate"))
    def activate(self, *, actor: Any, now: datetime, valid_from: datetime | None = None) -> dict[str, Any]:
        return self._activate(actor, now, valid_from)

    @transition(**TERM_MACHINE.transition("reject"))
    def reject(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Sets nothing: the reason stands in the event."""
        return self._payload()

    @transition(**TERM_MACHINE.transition("retire"))
    def retire(self, *, actor: Any, now: datetime, valid_to: datetime | None = None) -> dict[str, Any]:
        return self._retire(now, valid_to)


class Lesson(VersionedModel):
    """One course that one person owes by a merchant's agreement.

    Late is ``due_at < now`` without ``done_at``, never stored.
    ``ended_at``: nobody asks for it any more (he left, or the term ended); ``counts_until``: then it is owed anew.
    """

    number = models.CharField(_("number"), max_length=40, unique=True)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="lessons", verbose_name=_("merchant"))
    member = models.ForeignKey(
        MerchantMember, models.PROTECT, related_name="lessons", verbose_name=_("merchant member")
    )
    course = models.ForeignKey("training.Course", models.PROTECT, related_name="+", verbose_name=_("course"))
    exam = models.ForeignKey(
        "training.Exam", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("exam")
    )
    term = models.CharField(_("rule version"), max_length=160)
    assigned_at = models.DateTimeField(_("asked for since"))
    due_at = models.DateTimeField(_("to be finished by"))
    done_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    done_by = models.CharField(
        _("finished by"), max_length=4, choices=LearnedBy.choices, blank=True, default=""
    )
    counts_until = models.DateTimeField(_("counts until"), null=True, blank=True)
    reminded_at = models.DateTimeField(_("reminded at"), null=True, blank=True)
    late_told_at = models.DateTimeField(_("told as late at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("no longer asked for since"), null=True, blank=True)

    history = HistoricalRecords()
    objects = LessonQuerySet.as_manager()

    class Meta:
        verbose_name = _("course of a merchant's person")
        verbose_name_plural = _("courses of merchants' people")
        ordering = ["due_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["member", "course"], name="lesson_once"),
            models.CheckConstraint(condition=Q(due_at__gt=models.F("assigned_at")), name="lesson_due"),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(done_at=None, ended_at=None), name="lesson_owed"),
        ]

    def __str__(self) -> str:
        return self.number

    def is_late(self, now: datetime) -> bool:
        return self.done_at is None and self.ended_at is None and self.due_at < now
