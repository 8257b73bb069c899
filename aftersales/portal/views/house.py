"""What a merchant tells of itself, and what it is told: the address for returned goods, rules that changed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aftersales.core import origin
from aftersales.core.access import answered, needs
from aftersales.merchants.models import Merchant, MerchantContact
from aftersales.merchants.services import contact_save
from aftersales.merchants.states import ContactRole
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
@require_http_methods(["GET", "POST"])
def addresses(request: HttpRequest) -> HttpResponse:
    """Where customers send goods to, one address for each merchant; open cases go on as soon as it is there."""
    shops = list(Merchant.objects.of_member(request.user).order_by("code"))
    asked = request.POST.get("shop", "")
    rows = MerchantContact.objects.filter(merchant__in=shops, role=ContactRole.RETURNS)
    known = {one.merchant_id: one for one in rows}
    forms_ = [(one, _form(request, one, known.get(one.pk), asked)) for one in shops]
    if request.method == "POST":
        mine = next(((shop, form) for shop, form in forms_ if shop.code == asked), None)
        if mine is None:
            return redirect("portal:addresses")
        if mine[1].is_valid() and _saved(request, *mine):
            return redirect("portal:addresses")
    page = {"title": pgettext("portal", "Return address"), "now": timezone.now(), "shops": forms_}
    return render(request, "portal/addresses.html", page, status=422 if request.method == "POST" else 200)


def _form(request: HttpRequest, shop: Merchant, contact: MerchantContact | None, asked: str) -> AddressForm:
    kept = {"name": contact.name, "phone": contact.phone, "address": contact.address} if contact else {}
    posted = (request.POST,) if request.method == "POST" and shop.code == asked else ()
    return AddressForm(*posted, initial=kept, auto_id=f"{shop.code}-%s")


def _saved(request: HttpRequest, shop: Merchant, form: Any) -> Any:
    def save() -> MerchantContact:
        with origin.coming_from("portal"):
            return contact_save(
                merchant=shop, role=ContactRole.RETURNS, actor=request.user, now=timezone.now(), **form.cleaned_data
            )  # fmt: skip

    return answered(save, request, _("Saved. Customers who wait for it are told."))


@needs(WORK)
@require_GET
def rules(request: HttpRequest) -> HttpResponse:
    """What changed in the rules that bind merchants, old beside new; each is confirmed by whoever read it."""
    now = timezone.now()
    unread = {one.version.pk for one in reading.unread_by_merchant(request.user, now)}
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
@require_POST
def rule_read(request: HttpRequest, pk: int) -> HttpResponse:
    """I have read it."""
    version = get_object_or_404(StandardVersion, pk=pk)
    answered(
        lambda: merchant_rule_confirm(version=version, actor=request.user, now=timezone.now()),
        request, _("Thank you. It is noted that you have read it."),
    )  # fmt: skip
    return redirect("portal:rules")
