"""Registers of trade data. Orders come by sheets; here they are found, read and corrected."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from aftersales.core import filters
from aftersales.core.admin import RoomAdmin, RoomInline
from aftersales.core.components import badge
from aftersales.core.wording import money

from . import rules, services
from .models import Category, Order, OrderLine, Payment, Product, Review, Shipment
from .states import ORDER_COLOURS, SHIPMENT_COLOURS, OrderStatus, ShipmentStatus

TONE_MARKS = {
    "grey": "ring",
    "blue": "half",
    "green": "tick",
    "amber": "pause",
    "red": "triangle",
    "bare": "cross",
}
KEYS_SHOWN = 50


def status_badge(label: Any, tone: str) -> str:
    return badge(str(label), tone=tone, mark_name=TONE_MARKS[tone])


class LineInline(RoomInline):
    model = OrderLine
    fields = readonly_fields = (
        *("line_no", "product_name", "sku", "merchant", "quantity", "unit_price", "paid", "refunded"),
        *("return_rule", "exception_confirmed", "dispatch_due_at"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("merchant").order_by("line_no")


class PaymentInline(RoomInline):
    model = Payment
    fields = readonly_fields = (
        "sequence",
        "method",
        "amount",
        "refunded",
        "currency",
        "instalments",
        "paid_at",
    )
    ordering = ("sequence",)


class ShipmentInline(RoomInline):
    model = Shipment
    fields = readonly_fields = (
        *("number", "carrier", "tracking_no", "status", "promised_at", "shipped_at", "delivered_at"),
        *("signed_by", "signed_place", "sign_consent"),
    )
    ordering = ("number",)


class ReviewInline(RoomInline):
    model = Review
    fields = readonly_fields = ("score", "title", "body", "written_at")


@admin.register(Order)
class OrderAdmin(RoomAdmin):
    list_display = (
        *(
            "external_no",
            "source",
            "status_shown",
            "seller",
            "buyer",
            "total_shown",
            "refunded_shown",
            "placed_at",
        ),
        "ship_province",
    )
    list_display_links = ("external_no",)
    list_filter = ("status", filters.walked("source"), ("placed_at", admin.DateFieldListFilter))
    list_select_related = ("merchant", "customer")
    search_fields = ("external_no",)
    search_help_text = _("Whole order number, customer code or tracking number")
    ordering = ("-placed_at", "-id")
    inlines = (LineInline, PaymentInline, ShipmentInline, ReviewInline)
    raw_id_fields = ()
    readonly_fields = (
        *("source", "external_no", "status_shown", "seller", "buyer", "placed_at", "paid_at", "completed_at"),
        *("cancelled_at", "total_shown", "paid_shown", "refunded_shown"),
    )
    fieldsets = (
        (
            None,
            {"fields": (("external_no", "source"), ("status_shown", "seller"), ("buyer", "ship_province"))},
        ),
        (
            _("Money"),
            {
                "fields": (
                    ("total_shown", "paid_shown", "refunded_shown"),
                    ("instalments", "cash_on_delivery"),
                )
            },
        ),
        (_("When"), {"fields": (("placed_at", "paid_at"), ("completed_at", "cancelled_at"))}),
        (
            _("What is special"),
            {
                "fields": (
                    ("is_presale", "presale_deposit", "presale_final_due_at"),
                    ("is_gift", "group_no", "minor_buyer"),
                    ("cross_border", "customs_no"),
                    ("freight_insurance", "freight_insurance_no"),
                )
            },
        ),
        (_("Invoice"), {"fields": (("invoice_kind", "invoice_state"), ("invoice_no", "invoiced_at"))}),
    )

    @admin.display(description=_("order status"), ordering="status")
    def status_shown(self, row: Order) -> str:
        status = OrderStatus(row.status)
        return status_badge(status.label, ORDER_COLOURS[status])

    @admin.display(description=_("merchant"))
    def seller(self, row: Order) -> str:
        return row.merchant.name if row.merchant else "–"

    @admin.display(description=_("customer"))
    def buyer(self, row: Order) -> str:
        return row.customer.masked_name if row.customer else "–"

    @admin.display(description=_("total"))
    def total_shown(self, row: Order) -> str:
        return money(row.total, row.currency)

    @admin.display(description=_("paid"))
    def paid_shown(self, row: Order) -> str:
        return money(row.paid, row.currency)

    @admin.display(description=_("refunded"))
    def refunded_shown(self, row: Order) -> str:
        return money(row.refunded, row.currency) if row.refunded else "–"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Whole keys, each answered by its own index; a part of a number is no key among a million orders."""
        term = search_term.strip()
        if not term:
            return queryset, False
        ways = (
            queryset.filter(external_no=term),
            queryset.filter(customer__code=term),
            queryset.filter(pk__in=Shipment.objects.filter(tracking_no=term).values("order_id")),
        )
        found = {pk for rows in ways for pk in rows.order_by().values_list("pk", flat=True)[:KEYS_SHOWN]}
        return queryset.filter(pk__in=found), False

    def save_row(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> Any:
        version = self.posted_version(request)
        return services.order_change(
            order=obj, actor=request.user, now=self.now(), version=version, **self.changed(form)
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Orders come from the sources, not from a form."""
        return False


@admin.register(Product)
class ProductAdmin(RoomAdmin):
    list_display = ("code", "name", "category", "merchant", "brand", "return_rule")
    list_display_links = ("code", "name")
    list_filter = ("return_rule",)
    list_select_related = ("category", "merchant")
    search_fields = ("code__startswith", "name__startswith")
    search_help_text = _("Beginning of the code or of the name")
    ordering = ("code",)
    autocomplete_fields = ("merchant", "category")
    fieldsets = (
        (None, {"fields": (("code", "name"), ("category", "merchant"), ("brand", "has_serial"))}),
        (_("Return rule"), {"fields": ("return_rule",)}),
        (_("Size"), {"fields": (("weight_g", "length_cm", "width_cm", "height_cm"),)}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("code",) if obj else ()

    def save_row(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> Any:
        actor, now = request.user, self.now()
        if change:
            version = self.posted_version(request)
            return services.product_change(
                product=obj, actor=actor, now=now, version=version, **self.changed(form)
            )
        return services.product_create(actor=actor, now=now, **form.cleaned_data)


@admin.register(Category)
class CategoryAdmin(RoomAdmin):
    list_display = ("code", "name_zh", "name_en", "parent", "return_rule", "return_rule_source")
    list_display_links = ("code", "name_zh")
    list_filter = ("return_rule",)
    list_select_related = ("parent",)
    search_fields = ("code", "name_zh", "name_en")
    ordering = ("code",)
    autocomplete_fields = ("parent",)
    fieldsets = (
        (None, {"fields": ("code", ("name_zh", "name_en"), "parent")}),
        (_("Return rule"), {"fields": (("return_rule", "return_rule_source"),)}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("code",) if obj else ()

    def save_row(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> Any:
        actor, now = request.user, self.now()
        if change:
            version = self.posted_version(request)
            return services.category_change(
                category=obj, actor=actor, now=now, version=version, **self.changed(form)
            )
        return services.category_create(actor=actor, now=now, **form.cleaned_data)


class LateFilter(admin.SimpleListFilter):
    title = _("delivery promise")
    parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("Past its promise"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows: Any = queryset
        return rows.past_promise(timezone.now()) if self.value() else rows


@admin.register(Shipment)
class ShipmentAdmin(RoomAdmin):
    list_display = (
        *(
            "tracking",
            "order_number",
            "carrier",
            "status_shown",
            "late",
            "promised_at",
            "shipped_at",
            "delivered_at",
        ),
        "signed_by",
    )
    list_display_links = ("tracking",)
    list_filter = ("status", LateFilter, "signed_by")
    list_select_related = ("order",)
    search_fields = ("tracking_no__exact", "order__external_no__exact")
    search_help_text = _("Whole tracking number or order number")
    ordering = ("-id",)
    readonly_fields = ("order_number", "tracking", "status_shown", "promised_at")
    fieldsets = (
        (None, {"fields": (("order_number", "tracking"), ("status_shown", "carrier"))}),
        (_("When"), {"fields": (("promised_at", "shipped_at", "delivered_at"),)}),
        (_("Signing"), {"fields": (("signed_by", "signed_place", "sign_consent"),)}),
    )

    @admin.display(description=_("tracking number"))
    def tracking(self, row: Shipment) -> str:
        return row.tracking_no or row.number

    @admin.display(description=_("order number"))
    def order_number(self, row: Shipment) -> str:
        return str(row.order.external_no)

    @admin.display(description=_("parcel status"), ordering="status")
    def status_shown(self, row: Shipment) -> str:
        status = ShipmentStatus(row.status)
        return status_badge(status.label, SHIPMENT_COLOURS[status])

    @admin.display(description=_("late"))
    def late(self, row: Shipment) -> Any:
        late = rules.is_late(row.promised_at, row.promised_grain, row.delivered_at, timezone.now())
        return badge(pgettext("parcel", "Late"), tone="bad", mark_name="triangle") if late else "–"

    def save_row(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> Any:
        version = self.posted_version(request)
        return services.shipment_change(
            shipment=obj, actor=request.user, now=self.now(), version=version, **self.changed(form)
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Review)
class ReviewAdmin(RoomAdmin):
    """Reviews are read here; what follows from them is a ticket."""

    list_display = ("stars", "order_number", "title", "shop", "written_at", "answered_at")
    list_display_links = ("stars", "order_number")
    list_filter = (
        filters.declared("score", lambda: ((n, n) for n in range(1, 6))),
        ("written_at", admin.DateFieldListFilter),
    )
    list_select_related = ("order", "merchant")
    search_fields = ("order__external_no__exact", "external_id__exact")
    search_help_text = _("Whole order number or review id")
    ordering = ("-written_at", "-id")
    fields = ("order_number", "stars", "title", "body", "written_at", "answered_at", "shop")
    readonly_fields = fields

    @admin.display(description=_("stars"), ordering="score")
    def stars(self, row: Review) -> str:
        return "★" * row.score

    @admin.display(description=_("order number"))
    def order_number(self, row: Review) -> str:
        return str(row.order.external_no)

    @admin.display(description=_("merchant"))
    def shop(self, row: Review) -> str:
        return row.merchant.name if row.merchant else "–"
