"""What is sold, and which return rule its category carries."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from aftersales.core.models import PublicIdModel, VersionedModel

from ..querysets import CategoryQuerySet, ProductQuerySet
from ..states import ReturnRule


class Category(VersionedModel):
    """A product category in the platform's tree."""

    code = models.CharField(_("category code"), max_length=80, unique=True)
    name_zh = models.CharField(_("Chinese name"), max_length=120, blank=True, default="")
    name_en = models.CharField(_("English name"), max_length=120, blank=True, default="")
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("parent category"),
    )
    return_rule = models.CharField(
        _("return rule"), max_length=16, choices=ReturnRule.choices, default=ReturnRule.NO_REASON
    )
    return_rule_source = models.CharField(
        _("ground of the return rule"), max_length=120, blank=True, default=""
    )

    history = HistoricalRecords(no_db_index=["code", "parent"])
    objects = CategoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("product category")
        verbose_name_plural = _("product categories")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the reader's language; the code when nobody translated it."""
        chinese = (get_language() or "zh").startswith("zh")
        first, second = (self.name_zh, self.name_en) if chinese else (self.name_en, self.name_zh)
        return first or second or self.code


class Product(PublicIdModel, VersionedModel):
    """An article as the platform numbers it. A merchant is named only when the article is his alone."""

    code = models.CharField(_("product code"), max_length=64, unique=True)
    name = models.CharField(_("product name"), max_length=200, blank=True, default="")
    merchant = models.ForeignKey(
        "merchants.Merchant",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="products",
        verbose_name=_("merchant"),
    )
    category = models.ForeignKey(
        Category,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="products",
        verbose_name=_("product category"),
    )
    brand = models.CharField(_("brand"), max_length=80, blank=True, default="")
    return_rule = models.CharField(
        _("own return rule"),
        max_length=16,
        choices=ReturnRule.choices,
        blank=True,
        default="",
        help_text=_("Empty: the rule of the category."),
    )
    has_serial = models.BooleanField(_("has serial numbers"), default=False)
    weight_g = models.PositiveIntegerField(_("weight (g)"), null=True, blank=True)
    length_cm = models.PositiveIntegerField(_("length (cm)"), null=True, blank=True)
    height_cm = models.PositiveIntegerField(_("height (cm)"), null=True, blank=True)
    width_cm = models.PositiveIntegerField(_("width (cm)"), null=True, blank=True)
    active_to = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    history = HistoricalRecords(no_db_index=["public_id", "code", "merchant", "category"])
    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["code"]
        constraints = [models.CheckConstraint(condition=~Q(code=""), name="product_code_given")]

    def __str__(self) -> str:
        return self.name or self.code

    @property
    def effective_return_rule(self) -> str:
        """The product's own rule, else its category's, else the customer's right."""
        return self.return_rule or (self.category.return_rule if self.category else ReturnRule.NO_REASON)
