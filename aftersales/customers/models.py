"""Customers as persons. Names and contacts never enter history or events: they are erasable (R2.2)."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, Func, Q, Value, When
from django.db.models.functions import Lower, Right
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from aftersales.core.models import PublicIdModel, VersionedModel

from . import rules
from .querysets import AccountQuerySet, ContactQuerySet, CustomerQuerySet, StaffContactQuerySet
from .states import Channel, ContactKind, CustomerClass, Gender, OwnKind


class Customer(PublicIdModel, VersionedModel):
    """One person, however many accounts he has on however many marketplaces."""

    code = models.CharField(_("customer code"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True, default="")
    gender = models.CharField(
        _("gender"), max_length=8, choices=Gender.choices, blank=True, default=Gender.UNKNOWN
    )
    customer_class = models.CharField(
        _("class"), max_length=8, choices=CustomerClass.choices, default=CustomerClass.GENERAL
    )
    class_reason = models.CharField(_("why this class"), max_length=200, blank=True, default="")
    service_level = models.PositiveSmallIntegerField(_("service level"), default=0)
    service_score = models.DecimalField(
        _("service score"), max_digits=5, decimal_places=2, null=True, blank=True
    )
    languages = ArrayField(
        models.CharField(max_length=12), verbose_name=_("languages"), default=list, blank=True
    )
    province = models.CharField(_("province"), max_length=60, blank=True, default="")
    city = models.CharField(_("city"), max_length=80, blank=True, default="")
    postcode = models.CharField(_("postcode"), max_length=20, blank=True, default="")
    preferences = models.CharField(_("preferences"), max_length=300, blank=True, default="")
    service_needs = models.CharField(_("special needs"), max_length=300, blank=True, default="")
    consent_contact = models.BooleanField(_("agreed to be contacted after a case"), default=True)
    consent_marketing = models.BooleanField(_("agreed to marketing"), default=False)
    consent_at = models.DateTimeField(_("agreed at"), null=True, blank=True)
    opt_outs = ArrayField(
        models.CharField(max_length=8, choices=Channel.choices),
        verbose_name=_("refused channels"),
        default=list,
        blank=True,
    )
    registered_at = models.DateTimeField(_("customer since"), null=True, blank=True)
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True)

    history = HistoricalRecords(
        excluded_fields=["name", "class_reason", "preferences", "service_needs"],
        no_db_index=["public_id", "code"],
    )
    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=~Q(code=""), name="customer_code_given"),
            models.CheckConstraint(
                condition=Q(erased_at=None) | Q(name="", preferences="", service_needs="", class_reason=""),
                name="customer_erased_is_empty",
            ),
            models.CheckConstraint(
                condition=Q(service_score=None) | Q(service_score__gte=0, service_score__lte=100),
                name="customer_score_0_to_100",
            ),
        ]
        indexes = [
            models.Index(fields=["name"], name="customer_name"),
            models.Index(fields=["customer_class", "code"], name="customer_class_code"),
        ]

    def __str__(self) -> str:
        return f"{self.masked_name} ({self.code})"

    @property
    def masked_name(self) -> str:
        return rules.masked_name(self.name)


class CustomerAccount(models.Model):
    """One account id of a person on one source (marketplaces give a person a new id per order or shop)."""

    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="accounts", verbose_name=_("customer")
    )
    source = models.CharField(_("source"), max_length=40)
    external_id = models.CharField(_("account id"), max_length=64)

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer account")
        verbose_name_plural = _("customer accounts")
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="customer_account_once"),
        ]

    def __str__(self) -> str:
        return f"{self.source}:{self.external_id}"


class RegexpReplace(Func):
    """regexp_replace(text, pattern, replacement, 'g'): immutable, hence allowed in a generated column."""

    function = "regexp_replace"
    arity = 4
    output_field = models.CharField(max_length=300)

    @classmethod
    def everywhere(cls, text: object, pattern: str, replacement: str = "") -> RegexpReplace:
        return cls(text, Value(pattern), Value(replacement), Value("g"))


DIGITS = RegexpReplace.everywhere(F("value"), "[^0-9]")
# One form for search and uniqueness, made by PostgreSQL so that forms, sheets and services cannot differ.
SEARCH_KEY = Case(
    When(kind=ContactKind.PHONE, then=RegexpReplace.everywhere(DIGITS, r"^(0086|86)(1[0-9]{10})$", r"\2")),
    default=Lower(RegexpReplace.everywhere(F("value"), r"\s")),
)
PHONE_TAIL = Case(When(kind=ContactKind.PHONE, then=Right(DIGITS, 4)), default=Value(""))


class Contact(PublicIdModel, VersionedModel):
    """A phone, e-mail, address, WeChat id or recipient name. Masked everywhere; a reveal is logged."""

    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="contacts", verbose_name=_("customer")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=ContactKind.choices)
    value = models.CharField(_("value"), max_length=300, blank=True, default="")
    label = models.CharField(_("label"), max_length=40, blank=True, default="")
    preferred = models.BooleanField(_("preferred"), default=False)
    search_key = models.GeneratedField(
        expression=SEARCH_KEY, output_field=models.CharField(max_length=300), db_persist=True
    )
    phone_tail = models.GeneratedField(
        expression=PHONE_TAIL, output_field=models.CharField(max_length=4), db_persist=True
    )
    bounced_at = models.DateTimeField(_("a message came back"), null=True, blank=True, editable=False)
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "kind", "search_key"], condition=Q(erased_at=None), name="contact_once"
            ),
            models.CheckConstraint(
                condition=Q(erased_at=None) | Q(value="", label=""), name="contact_erased_is_empty"
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "search_key"], condition=Q(erased_at=None), name="contact_search"),
            models.Index(
                fields=["phone_tail"],
                condition=Q(kind=ContactKind.PHONE, erased_at=None),
                name="contact_phone_tail",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.masked}"

    @property
    def masked(self) -> str:
        """What may be shown without a reveal."""
        return rules.masked(self.kind, self.value)


class StaffContact(VersionedModel):
    """A private telephone, e-mail, address or account of an employee: whoever owns an order never handles it.

    Kept only in the form in which contacts are compared, shown masked. ``ended_at``: no longer the person's.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("person")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=OwnKind.choices)
    search_key = models.CharField(_("value"), max_length=300)
    ended_at = models.DateTimeField(_("no longer his own since"), null=True, blank=True)

    objects = StaffContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("own contact of an employee")
        verbose_name_plural = _("own contacts of employees")
        ordering = ["person_id", "kind", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind", "search_key"], condition=Q(ended_at=None), name="staff_contact_once"
            ),
            models.CheckConstraint(condition=~Q(search_key=""), name="staff_contact_given"),
        ]
        indexes = [
            models.Index(fields=["kind", "search_key"], condition=Q(ended_at=None), name="staff_contact_key"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.masked}"

    @property
    def masked(self) -> str:
        kind = ContactKind.WECHAT if self.kind == OwnKind.ACCOUNT else self.kind
        return rules.masked(kind, self.search_key)
