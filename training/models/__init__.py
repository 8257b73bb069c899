"""Tables of the training room: tiers, what each may decide, who holds which, and how much was decided."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django_fsm import transition
from simple_history.models import HistoricalRecords

from accounts.states import Duty
from aftersales.core.models import PublicIdModel, StateModel, VersionedModel
from aftersales.core.rulebook import RuleVersion
from aftersales.core.statefield import StateField
from training.machine import CERTIFICATE_MACHINE, LIMIT_MACHINE, REQUIREMENT_MACHINE, TIER_MACHINE
from training.models.terms import TierTerms, terms_are_sound
from training.querysets import CertificateQuerySet, TierQuerySet, TrainingRuleQuerySet
from training.states import LIVE, CertificateState, Decision, Holder

CODE_LENGTH = 60


def money_column(label: Any, **more: Any) -> models.DecimalField[Any, Any]:
    return models.DecimalField(
        label, max_digits=14, decimal_places=2, validators=[MinValueValidator(Decimal(0))], **more
    )


def versions_are_sound(noun: str, key: str) -> list[models.BaseConstraint]:
    """What holds for the versions of every rule: one number each, an end after the start, two persons."""
    return [
        models.UniqueConstraint(fields=[key, "number"], name=f"{noun}_number"),
        models.CheckConstraint(
            condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name=f"{noun}_validity"
        ),
        models.CheckConstraint(
            condition=Q(activated_by=None) | ~Q(activated_by=F("drafted_by")) | Q(is_shipped=True),
            name=f"{noun}_second_person",
        ),
    ]


class Tier(VersionedModel):
    """A level that a person is certified for (R1.3); what it asks for and gives stands in rules of its own."""

    code = models.SlugField(_("code"), max_length=CODE_LENGTH, unique=True)
    name_zh = models.CharField(_("Chinese name"), max_length=80)
    name_en = models.CharField(_("English name"), max_length=80)
    history = HistoricalRecords()
    objects = TierQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("training", "tier")
        verbose_name_plural = pgettext_lazy("training", "tiers")
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return self.name_en if (get_language() or "").startswith("en") else self.name_zh


class TrainingRule(RuleVersion):
    """A version of a rule of this room and its moves."""

    class Meta:
        abstract = True


class TierVersion(TierTerms, TrainingRule):
    """What a tier is worth: its rank, how long a certificate of it lasts, when its end is announced."""

    rule_key = "tier_id"

    tier = models.ForeignKey(
        Tier,
        verbose_name=pgettext_lazy("training", "tier"),
        on_delete=models.PROTECT,
        related_name="versions",
    )
    rank = models.PositiveSmallIntegerField(
        _("rank"), help_text=_("From 0 to 1000: who ranks higher has come further.")
    )
    counts_as_senior = models.BooleanField(_("counts as senior"), default=False)
    valid_months = models.PositiveSmallIntegerField(_("valid for"), help_text=_("Months."))
    warn_days = models.PositiveSmallIntegerField(_("end announced before"), help_text=_("Days."))
    history = HistoricalRecords()
    objects = TrainingRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of a tier")
        verbose_name_plural = _("versions of tiers")
        ordering: ClassVar = ["tier_id", "-number"]
        triggers = TIER_MACHINE.triggers()
        constraints: ClassVar = [
            *versions_are_sound("tier_version", "tier"),
            models.CheckConstraint(condition=Q(rank__lte=1000, valid_months__gte=1), name="tier_terms"),
            *terms_are_sound(),
        ]

    def __str__(self) -> str:
        return f"{self.tier} v{self.number}"

    @property
    def citation(self) -> str:
        return f"tier.{self.tier.code} v{self.number}"

    @transition(**TIER_MACHINE.transition("activate"))
    def activate(self, *, actor: Any, now: datetime, valid_from: datetime | None = None) -> dict[str, Any]:
        return self._activate(actor, now, valid_from)

    @transition(**TIER_MACHINE.transition("reject"))
    def reject(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Sets nothing: the reason stands in the event."""
        return self._payload()

    @transition(**TIER_MACHINE.transition("retire"))
    def retire(self, *, actor: Any, now: datetime, valid_to: datetime | None = None) -> dict[str, Any]:
        return self._retire(now, valid_to)


class Limit(TrainingRule):
    """How much a tier decides of one kind (R1.3, R4.8). An empty amount is no limit; no version in force is none.

    ``per_customer``: the sum that anybody gave one customer within ``customer_days``, so that splitting a
    compensation over several decisions or colleagues does not pass the limit.
    """

    rule_key = "code"

    code = models.SlugField(_("code"), max_length=CODE_LENGTH)
    tier = models.ForeignKey(
        Tier, verbose_name=pgettext_lazy("training", "tier"), on_delete=models.PROTECT, related_name="limits"
    )
    kind = models.CharField(_("kind of decision"), max_length=20, choices=Decision)
    severities = ArrayField(
        models.CharField(max_length=20),
        verbose_name=_("severities"),
        default=list,
        blank=True,
        help_text=_("None means all."),
    )
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    per_decision = money_column(_("per decision"), null=True, blank=True)
    per_day = money_column(_("per day"), null=True, blank=True)
    per_customer = money_column(_("per customer"), null=True, blank=True)
    customer_days = models.PositiveSmallIntegerField(_("days that count per customer"), default=30)
    four_eyes_above = money_column(
        _("two persons above"),
        null=True,
        blank=True,
        help_text=_("From more than this on a second person confirms; 0 means always."),
    )
    history = HistoricalRecords()
    objects = TrainingRuleQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("training", "limit")
        verbose_name_plural = pgettext_lazy("training", "limits")
        ordering: ClassVar = ["tier_id", "kind", "code", "-number"]
        triggers = LIMIT_MACHINE.triggers()
        indexes: ClassVar = [models.Index(fields=["tier", "kind"], name="limit_tier_kind")]
        constraints: ClassVar = [
            *versions_are_sound("limit", "code"),
            models.CheckConstraint(condition=Q(customer_days__gte=1), name="limit_customer_days"),
            models.CheckConstraint(
                condition=Q(per_decision=None) | Q(per_decision__gte=0), name="limit_per_decision"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tier} · {self.get_kind_display()} v{self.number}"

    @property
    def citation(self) -> str:
        return f"limit.{self.code} v{self.number}"

    @transition(**LIMIT_MACHINE.transition("activate"))
    def activate(self, *, actor: Any, now: datetime, valid_from: datetime | None = None) -> dict[str, Any]:
        return self._activate(actor, now, valid_from)

    @transition(**LIMIT_MACHINE.transition("reject"))
    def reject(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Sets nothing: the reason stands in the event."""
        return self._payload()

    @transition(**LIMIT_MACHINE.transition("retire"))
    def retire(self, *, actor: Any, now: datetime, valid_to: datetime | None = None) -> dict[str, Any]:
        return self._retire(now, valid_to)


class Requirement(TrainingRule):
    """Which tier a duty asks for before somebody gets its work (R1.2, R1.3). Without one in force, none."""

    rule_key = "duty"

    duty = models.CharField(_("duty"), max_length=16, choices=Duty)
    tier = models.ForeignKey(
        Tier,
        verbose_name=pgettext_lazy("training", "tier"),
        on_delete=models.PROTECT,
        related_name="requirements",
    )
    history = HistoricalRecords()
    objects = TrainingRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("requirement of a duty")
        verbose_name_plural = _("requirements of duties")
        ordering: ClassVar = ["duty", "-number"]
        triggers = REQUIREMENT_MACHINE.triggers()
        constraints: ClassVar = versions_are_sound("requirement", "duty")

    def __str__(self) -> str:
        return f"{self.get_duty_display()} v{self.number}"

    @property
    def citation(self) -> str:
        return f"duty.{self.duty} v{self.number}"

    @transition(**REQUIREMENT_MACHINE.transition("activate"))
    def activate(self, *, actor: Any, now: datetime, valid_from: datetime | None = None) -> dict[str, Any]:
        return self._activate(actor, now, valid_from)

    @transition(**REQUIREMENT_MACHINE.transition("reject"))
    def reject(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Sets nothing: the reason stands in the event."""
        return self._payload()

    @transition(**REQUIREMENT_MACHINE.transition("retire"))
    def retire(self, *, actor: Any, now: datetime, valid_to: datetime | None = None) -> dict[str, Any]:
        return self._retire(now, valid_to)


class Certificate(PublicIdModel, StateModel, VersionedModel):
    """A person holds a tier from when to when, perhaps for some duties only (empty: all)."""

    number = models.CharField(_("number"), max_length=40, unique=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.PROTECT,
        related_name="certificates",
    )
    tier = models.ForeignKey(
        Tier,
        verbose_name=pgettext_lazy("training", "tier"),
        on_delete=models.PROTECT,
        related_name="certificates",
    )
    duties = ArrayField(
        models.CharField(max_length=16, choices=Duty),
        verbose_name=_("duties"),
        default=list,
        blank=True,
        help_text=_("None means all."),
    )
    state = StateField(
        _("state"),
        choices=CertificateState,
        default=CertificateState.CERTIFIED,
        max_length=10,
    )
    valid_from = models.DateTimeField(_("valid from"))
    valid_to = models.DateTimeField(_("valid until"))
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("granted by"), on_delete=models.PROTECT, related_name="+"
    )
    granted_at = models.DateTimeField(_("granted at"))
    rule_version = models.CharField(_("rule version"), max_length=80, blank=True, editable=False)
    examined_on = ArrayField(
        models.CharField(max_length=80),
        verbose_name=_("examined on"),
        default=list,
        blank=True,
        editable=False,
        help_text=_("Versions of the exams that the person passed for it."),
    )
    missing = ArrayField(
        models.CharField(max_length=200),
        verbose_name=_("missing when granted"),
        default=list,
        blank=True,
        editable=False,
    )
    overridden_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("exception confirmed by"), on_delete=models.PROTECT, null=True,
        blank=True, related_name="+",
    )  # fmt: skip
    recertify_by = models.DateTimeField(_("to be examined anew by"), null=True, blank=True)
    history = HistoricalRecords()
    objects = CertificateQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("training", "certificate")
        verbose_name_plural = pgettext_lazy("training", "certificates")
        ordering: ClassVar = ["-valid_from", "-pk"]
        triggers = CERTIFICATE_MACHINE.triggers()
        indexes: ClassVar = [
            models.Index(fields=["person", "valid_to"], name="certificate_person_end"),
            models.Index(fields=["valid_to"], name="certificate_live", condition=Q(state__in=sorted(LIVE))),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(valid_to__gt=F("valid_from")), name="certificate_period"),
            models.CheckConstraint(condition=~Q(person=F("granted_by")), name="certificate_not_by_oneself"),
            models.CheckConstraint(
                condition=Q(overridden_by=None)
                | ~Q(overridden_by=F("granted_by")) & ~Q(overridden_by=F("person")),
                name="certificate_second_person",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def is_live(self, at: datetime) -> bool:
        return self.state in LIVE and self.valid_from <= at < self.valid_to

    @transition(**CERTIFICATE_MACHINE.transition("override"))
    def override(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.overridden_by_id = actor.pk
        self.valid_from = max(self.valid_from, now)
        return self._payload()

    @transition(**CERTIFICATE_MACHINE.transition("decline"))
    def decline(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Sets nothing: the reason stands in the event."""
        return self._payload()

    @transition(**CERTIFICATE_MACHINE.transition("near_end"))
    def near_end(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._payload()

    @transition(**CERTIFICATE_MACHINE.transition("expire"))
    def expire(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._payload()

    @transition(**CERTIFICATE_MACHINE.transition("suspend"))
    def suspend(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._payload()

    @transition(**CERTIFICATE_MACHINE.transition("reinstate"))
    def reinstate(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._payload()

    @transition(**CERTIFICATE_MACHINE.transition("revoke"))
    def revoke(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._payload()

    def _payload(self) -> dict[str, Any]:
        return {"certificate": self.number, "tier": self.tier_id, "person": self.person_id}


class AuthorityUse(models.Model):
    """What somebody decided on one day, and what one customer got on one day: the sums that limits are held against.

    Written in the transaction of the decision, under lock. ``day`` is the installation's own.
    """

    holder = models.CharField(_("whose sum"), max_length=10, choices=Holder)
    holder_id = models.BigIntegerField(_("holder"))
    kind = models.CharField(_("kind of decision"), max_length=20, choices=Decision)
    currency = models.CharField(_("currency"), max_length=3)
    day = models.DateField(_("day"))
    amount = money_column(_("amount"), default=Decimal(0))
    decisions = models.PositiveIntegerField(_("decisions"), default=0)

    class Meta:
        verbose_name = _("use of authority")
        verbose_name_plural = _("uses of authority")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["holder", "holder_id", "kind", "currency", "day"], name="authority_use_once"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="authority_use_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.holder} {self.holder_id} {self.kind} {self.day}"


class CustomerGate(models.Model):
    """Whoever decides something for a customer passes here one after the other: his sum spans several days."""

    customer_id = models.BigIntegerField(_("customer"), primary_key=True)

    class Meta:
        verbose_name = _("gate of a customer")
        verbose_name_plural = _("gates of customers")

    def __str__(self) -> str:
        return str(self.customer_id)


from training.models.courses import Course, CourseFile, CourseVersion, Number, Run, Seat, SheetLine  # noqa: E402
from training.models.exams import Attempt, Exam, ExamVersion, Item, Question, QuestionVersion  # noqa: E402
from training.models.facts import Fact  # noqa: E402
from training.models.practical import Assessment, Rubric, RubricVersion, Sheet  # noqa: E402
from training.models.retraining import Order  # noqa: E402

__all__ = [
    "Assessment", "Attempt", "AuthorityUse", "Certificate", "Course", "CourseFile", "CourseVersion", "CustomerGate",
    "Exam", "ExamVersion", "Fact", "Item", "Limit", "Number", "Order", "Question", "QuestionVersion", "Requirement",
    "Rubric", "RubricVersion", "Run", "Seat", "Sheet", "SheetLine", "Tier", "TierVersion", "TrainingRule",
]  # fmt: skip
