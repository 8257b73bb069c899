"""What a merchant tells of itself, and what it is told: the address for returned goods, rules that changed."""

from __future__ import annotations

from typing import cast

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from aftersales.core import origin
from aftersales.core.access import answered, needs
from aftersales.merchants.models import Merchant, MerchantContact
from aftersales.merchants.services import contact_save
from aftersales.merchants.states import ContactRole
from aftersales.portal.scope import MerchantRequest, merchant_page
from aftersales.standards.models import StandardVersion
from aftersales.standards.selectors import book, limit_words
from aftersales.tickets.selectors import reading
from aftersales.tickets.services import merchant_rule_confirm

from .today import WORK


class AddressForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Who takes them"), max_length=80)
    phone = forms.CharField(
        label=gettext_lazy("Telephone"), max_length=40, widget=forms.TextInput(attrs={"inputmode": "tel"})
    )
    address = forms.CharField(
        label=gettext_lazy("Full address with postcode"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@needs(WORK)
@merchant_page
@require_http_methods(["GET", "POST"])
def addresses(request: HttpRequest) -> HttpResponse:
    """Where customers send goods to; open cases go on as soon as it is there."""
    shop = cast(MerchantRequest, request).merchant
    kept = MerchantContact.objects.filter(merchant=shop, role=ContactRole.RETURNS).first()
    known = {"name": kept.name, "phone": kept.phone, "address": kept.address} if kept else {}
    form = AddressForm(request.POST if request.method == "POST" else None, initial=known)
    if request.method == "POST" and form.is_valid() and _saved(request, shop, form):
        return redirect("portal:addresses")
    page = {"title": pgettext("portal", "Return address"), "now": timezone.now(), "shop": shop, "form": form}
    return render(request, "portal/addresses.html", page, status=422 if request.method == "POST" else 200)


def _saved(request: HttpRequest, shop: Merchant, form: AddressForm) -> MerchantContact | None:
    def save() -> MerchantContact:
        with origin.coming_from("portal"):
            return contact_save(
                merchant=shop, role=ContactRole.RETURNS, actor=request.user, now=timezone.now(), **form.cleaned_data
            )  # fmt: skip

    done: MerchantContact | None = answered(save, request, _("Saved. Customers who wait for it are told."))
    return done


@needs(WORK)
@merchant_page
@require_GET
def rules(request: HttpRequest) -> HttpResponse:
    """What changed in the rules that bind merchants, old beside new; each is confirmed by whoever read it."""
    now = timezone.now()
    unread = {one.version.pk for one in reading.unread_by_merchant(cast(User, request.user), now)}
    rows = [
        (one, _name(one), _limit(one.version), _limit(one.before), one.version.pk in unread)
        for one in reading.merchant_changes(now)
    ]  # fmt: skip
    page = {"title": pgettext("portal", "Rules"), "now": now, "rows": rows}
    return render(request, "portal/rules.html", page)


def _name(change: reading.Change) -> str:
    return book().name_of(change.version.standard.code)


def _limit(version: StandardVersion | None) -> str:
    return limit_words(version.limit_value, version.limit_unit) if version is not None else ""


@needs(WORK)
@merchant_page
@require_POST
def rule_read(request: HttpRequest, pk: int) -> HttpResponse:
    """I have read it."""
    version = get_object_or_404(StandardVersion, pk=pk)
    answered(
        lambda: merchant_rule_confirm(version=version, actor=request.user, now=timezone.now()),
        request, _("Thank you. It is noted that you have read it."),
    )  # fmt: skip
    return redirect("portal:rules")
