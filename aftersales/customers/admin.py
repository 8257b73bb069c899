"""The customers' register: masked, with a reveal that asks why. Contacts have no page of their own values."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from aftersales.core import filters
from aftersales.core.admin import RoomAdmin, RoomInline
from aftersales.core.components import chip

from . import selectors, services
from .forms import CustomerForm, StaffContactForm
from .models import Contact, Customer, CustomerAccount, StaffContact
from .states import CLASS_COLOURS, CustomerClass


class ContactInline(RoomInline):
    model = Contact
    fields = readonly_fields = ("kind", "masked_value", "label", "preferred")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        self.request = request  # an inline lives for one request; its cells need the CSRF token
        contacts: Any = super().get_queryset(request)
        return contacts.present()

    @admin.display(description=_("value"))
    def masked_value(self, row: Contact) -> str:
        page = {"contact": row, "may_reveal": self.request.user.has_perm("customers.reveal")}
        return render_to_string("customers/_reveal.html", page, request=self.request)


class AccountInline(RoomInline):
    model = CustomerAccount
    fields = readonly_fields = ("source", "external_id")


@admin.register(Customer)
class CustomerAdmin(RoomAdmin):
    form = CustomerForm
    list_display = ("code", "shown_name", "class_chip", "service_level", "province", "city", "registered_at")
    list_filter = ("customer_class", filters.declared("service_level", lambda: ((n, n) for n in range(10))))
    search_fields = ("code",)
    search_help_text = _("Customer code, account id, whole phone number or its last four digits")
    ordering = ("code",)
    readonly_fields = ("shown_name", "class_chip", "class_reason", "registered_at", "consent_at", "erased_at")
    inlines = (ContactInline, AccountInline)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("code", "shown_name"),
                    ("class_chip", "class_reason"),
                    ("service_level", "service_score"),
                )
            },
        ),
        (_("Where"), {"fields": (("province", "city"), "languages")}),
        (_("Care"), {"fields": ("preferences", "service_needs")}),
        (_("Consent"), {"fields": (("consent_contact", "consent_marketing"), "opt_outs", "consent_at")}),
        (_("Life"), {"fields": (("registered_at", "erased_at"),)}),
    )

    @admin.display(description=_("name"))
    def shown_name(self, row: Customer) -> str:
        return row.masked_name

    @admin.display(description=_("class"), ordering="customer_class")
    def class_chip(self, row: Customer) -> Any:
        held = CustomerClass(row.customer_class)
        return chip(str(held.label), tone=CLASS_COLOURS[held])

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Exact keys only: code, account id, whole phone number or its tail; a part of a name is no key."""
        term = search_term.strip()
        if not term:
            return queryset, False
        return queryset.filter(pk__in=selectors.find(term)), False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.readonly_fields, "code") if obj else self.readonly_fields

    def save_row(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> Any:
        actor, now = request.user, self.now()
        if change:
            version = self.posted_version(request)
            return services.customer_change(
                customer=obj, actor=actor, now=now, version=version, **self.changed(form)
            )
        return services.customer_create(actor=actor, now=now, **form.cleaned_data)


@admin.register(StaffContact)
class StaffContactAdmin(RoomAdmin):
    """What tells that an order is an employee's own: dispatch, taking and giving keep such tickets away from him."""

    form = StaffContactForm
    list_display = ("person", "kind", "masked_value", "ended_at")
    list_filter = ("kind",)
    list_select_related = ("person",)
    fields = ("person", "kind", "value")
    actions = ("end",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: Any = super().get_queryset(request)
        return rows.present()

    @admin.display(description=_("value"))
    def masked_value(self, row: StaffContact) -> str:
        return row.masked

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("person", "kind", "masked_value") if obj else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("person", "kind", "masked_value") if obj else ()

    @admin.action(description=_("No longer the employee's own"), permissions=["add"])
    def end(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for contact in queryset:
            services.staff_contact_end(contact=contact, actor=request.user, now=self.now())

    def save_row(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> Any:
        return services.staff_contact_add(actor=request.user, now=self.now(), **form.cleaned_data)
