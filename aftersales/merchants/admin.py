"""The merchants' register. A state changes by a move, never by the form."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from django.contrib import admin
from django.contrib.postgres.fields import ArrayField
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from aftersales.core import filters
from aftersales.core.admin import RoomAdmin, RoomInline
from aftersales.core.components import badge
from aftersales.core.wording import languages, money, stamp

from . import services
from .models import Merchant, MerchantContact, MerchantMember, ReturnAddress
from .states import COLOURS, MerchantState

MARKS = {
    MerchantState.APPLYING: "dashed",
    MerchantState.ACTIVE: "tick",
    MerchantState.RESTRICTED: "pause",
    MerchantState.SUSPENDED: "triangle",
    MerchantState.EXITING: "pause",
    MerchantState.CLOSED: "cross",
}


class MemberInline(RoomInline):
    model = MerchantMember
    fields = readonly_fields = ("user", "role", "active_from", "active_to")


class ContactInline(RoomInline):
    """A merchant's business contacts: staff call them, so they are shown in full."""

    model = MerchantContact
    fields = readonly_fields = ("role", "name", "phone", "email")


class AddressInline(RoomInline):
    """Where the merchant takes goods back; he keeps them in his portal."""

    model = ReturnAddress
    fields = readonly_fields = (
        "name", "contact", "phone", "place", "is_default", "categories", "kinds", "active_to",
    )  # fmt: skip


@admin.register(Merchant)
class MerchantAdmin(RoomAdmin):
    formfield_overrides = {ArrayField: {"widget": UnfoldAdminTextInputWidget}}  # noqa: RUF012
    list_display = (
        "code",
        "name",
        "state_badge",
        "place",
        "main_category",
        "deposit",
        "manager",
        "opened",
    )
    list_display_links = ("code", "name")
    list_filter = ("state", "self_run", filters.walked("province"))
    list_select_related = ("manager",)
    search_fields = ("code", "name")
    search_help_text = _("Code or name of the merchant")
    ordering = ("code",)
    readonly_fields = ("state_badge", "opened_at", "exit_began_at", "active_to")
    read_as = MappingProxyType({"languages": "spoken", "deposit_due": "due", "deposit_held": "deposit"})
    inlines = (ContactInline, AddressInline, MemberInline)
    fieldsets = (
        (None, {"fields": (("code", "name"), ("state_badge", "self_run"), ("main_category", "manager"))}),
        (_("Where"), {"fields": (("province", "city", "postcode"), ("market", "languages"))}),
        (_("Agreement and deposit"), {"fields": ("agreement", ("deposit_due", "deposit_held", "currency"))}),
        (_("Life"), {"fields": (("opened_at", "exit_began_at", "active_to"),)}),
    )

    @admin.display(description=_("state"), ordering="state")
    def state_badge(self, row: Merchant) -> Any:
        state = MerchantState(row.state)
        return badge(str(state.label), tone=COLOURS[state], mark_name=MARKS[state])

    @admin.display(description=_("city"), ordering="province")
    def place(self, row: Merchant) -> str:
        return f"{row.province} {row.city}".strip() or "–"

    @admin.display(description=_("languages"))
    def spoken(self, row: Merchant) -> str:
        return languages(row.languages)

    @admin.display(description=_("deposit due"))
    def due(self, row: Merchant) -> str:
        return money(row.deposit_due, row.currency)

    @admin.display(description=_("admitted on"), ordering="opened_at")
    def opened(self, row: Merchant) -> str:
        return stamp(row.opened_at)[:10]

    @admin.display(description=_("deposit held"), ordering="deposit_held")
    def deposit(self, row: Merchant) -> str:
        return money(row.deposit_held, row.currency)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The code is the key of every sheet: it is given once."""
        return (*self.readonly_fields, "code") if obj else self.readonly_fields

    def save_row(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> Any:
        actor, now = request.user, self.now()
        if change:
            version = self.posted_version(request)
            return services.merchant_change(
                merchant=obj, actor=actor, now=now, version=version, **self.changed(form)
            )
        return services.merchant_create(actor=actor, now=now, **form.cleaned_data)
