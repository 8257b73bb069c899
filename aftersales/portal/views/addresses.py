"""Where the shop takes goods back: its owner keeps the places, its clerks see them and choose among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aftersales.cases.models import CaseAddress
from aftersales.cases.states import GOODS_BACK, CaseKind, CaseState
from aftersales.core import origin
from aftersales.core.access import answered, needs
from aftersales.core.posted import whole
from aftersales.merchants.models import Merchant, ReturnAddress
from aftersales.merchants.services.addresses import address_add, address_change, address_retire
from aftersales.merchants.states import MemberRole
from aftersales.orders.models import Category
from aftersales.portal.scope import MerchantRequest, acting_page, merchant_page, owner_page, reading

from .today import WORK

KEEP = "merchants.keep_returns_address"
MOST_CATEGORIES = 60
KINDS = [(one.value, one.label) for one in CaseKind if one in GOODS_BACK]


class AddressForm(forms.Form):
    """One place. The first of a shop is its default; the default passes on by being given to another."""

    name = forms.CharField(label=gettext_lazy("Short name, such as “main warehouse”"), max_length=60)
    contact = forms.CharField(label=gettext_lazy("Who takes them"), max_length=80)
    phone = forms.CharField(
        label=gettext_lazy("Telephone"), max_length=40, widget=forms.TextInput(attrs={"inputmode": "tel"})
    )
    place = forms.CharField(
        label=gettext_lazy("Full address with postcode"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    categories = forms.MultipleChoiceField(
        label=gettext_lazy("Preselected for goods of these categories"), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Preselected for these requests"), required=False, choices=KINDS,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    is_default = forms.BooleanField(
        label=gettext_lazy("The default: for everything that no other address is named for"), required=False
    )

    def __init__(self, *args: Any, shop: Merchant, row: ReturnAddress | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = categories(shop, row.categories if row else ())
        if known:
            self.fields["categories"].choices = known  # type: ignore[attr-defined]
        else:
            del self.fields["categories"]
        if row is not None and row.is_default:  # it passes on by being given to another
            del self.fields["is_default"]


def categories(shop: Merchant, also: Sequence[str] = ()) -> list[tuple[str, str]]:
    """What the shop sells, for it to choose from, and all that was chosen before, known or not: code and name.

    Three queries at most.
    """
    chosen = {one.code: one.name for one in Category.objects.filter(code__in=also)} if also else {}
    others = Category.objects.exclude(code__in=also).distinct().order_by("code")
    found = list(others.filter(products__merchant=shop)[:MOST_CATEGORIES])
    found = found or list(others.filter(products__lines__merchant=shop)[:MOST_CATEGORIES])
    named = dict.fromkeys(also, "") | chosen | {one.code: one.name for one in found}
    return [(code, named[code] or code) for code in sorted(named)]


@needs(WORK)
@merchant_page
@require_GET
def index(request: MerchantRequest) -> HttpResponse:
    """The places in use, with what each is preselected for and how many open cases send there; then retired ones."""
    shop = request.merchant
    rows = list(ReturnAddress.objects.filter(merchant=shop).order_by("-is_default", "name", "pk"))
    chosen = Category.objects.filter(code__in={code for row in rows for code in row.categories})
    names = {one.code: one.name for one in chosen}
    kinds, waiting = dict(KINDS), _waiting(rows)
    lines = [
        (one, [names.get(code, code) for code in one.categories], [kinds.get(kind, kind) for kind in one.kinds],
         waiting.get(one.pk, 0))
        for one in rows
    ]  # fmt: skip
    page = {
        "title": pgettext("portal", "Return addresses"), "now": timezone.now(), "shop": shop,
        "used": [one for one in lines if one[0].active_to is None],
        "retired": [one for one in lines if one[0].active_to is not None],
        "keeps": request.membership.role == MemberRole.OWNER and request.user.has_perm(KEEP),
    }  # fmt: skip
    return render(request, "portal/addresses.html", page)


def _waiting(rows: Sequence[ReturnAddress]) -> dict[int, int]:
    held = CaseAddress.objects.filter(source__in=rows, case__state=CaseState.APPROVED)
    return dict(held.values_list("source").annotate(n=Count("pk")).order_by())


@needs(KEEP)
@owner_page
@require_http_methods(["GET", "POST"])
def add(request: MerchantRequest) -> HttpResponse:
    """One more place; customers who wait for the first one are told."""
    return _edited(request, None)


@needs(KEEP)
@acting_page
@require_http_methods(["GET", "POST"])
def change(request: MerchantRequest, public_id: str) -> HttpResponse:
    """Correct one; parcels under way keep what their customers were told."""
    return _edited(request, _address(request, public_id))


def _address(request: MerchantRequest, public_id: str) -> ReturnAddress:
    """One of the shop's own that is in use; for its owners."""
    with reading(request):
        rows = ReturnAddress.objects.in_use().filter(merchant=request.merchant).select_related("merchant")
        own = rows if request.membership.role == MemberRole.OWNER else rows.none()
        found: ReturnAddress = get_object_or_404(own, public_id=public_id)
    return found


def _edited(request: MerchantRequest, row: ReturnAddress | None) -> HttpResponse:
    shop, posted = request.merchant, (request.POST,) if request.method == "POST" else ()
    first = {name: getattr(row, name) for name in AddressForm.base_fields} if row else {}
    form = AddressForm(*posted, shop=shop, row=row, initial=first, auto_id="ad-%s")
    status = 200
    if posted:
        if form.is_valid() and _saved(request, row, form.cleaned_data) is not None:
            return redirect("portal:addresses")
        status = 409 if form.is_valid() else 422
    page = {
        "title": row.name if row else pgettext("portal", "A new return address"), "now": timezone.now(), "row": row,
        "shop": shop, "form": form,
    }  # fmt: skip
    return render(request, "portal/address.html", page, status=status)


def _saved(request: MerchantRequest, row: ReturnAddress | None, told: dict[str, Any]) -> ReturnAddress | None:
    who: dict[str, Any] = {"actor": request.user, "now": timezone.now()}
    if row is None:
        return _done(request, lambda: address_add(merchant=request.merchant, **told, **who),
                     _("Saved. Customers who wait for an address are told."))  # fmt: skip
    version = whole(request.POST.get("version"))
    return _done(request, lambda: address_change(address=row, version=version, **told, **who),
                 _("Saved. Customers who have not sent anything yet are told."))  # fmt: skip


def _done(request: HttpRequest, act: Callable[[], ReturnAddress], words: str) -> ReturnAddress | None:
    def acted() -> ReturnAddress:
        with origin.coming_from("portal"):
            return act()

    done: ReturnAddress | None = answered(acted, request, words)
    return done


@needs(KEEP)
@acting_page
@require_POST
def retire(request: MerchantRequest, public_id: str) -> HttpResponse:
    """No new case sends there; those that do go on."""
    row, now = _address(request, public_id), timezone.now()
    version = whole(request.POST.get("version"))
    _done(
        request, lambda: address_retire(address=row, version=version, actor=request.user, now=now),
        _("Retired. Cases that send there go on; no new one does."),
    )  # fmt: skip
    return redirect("portal:addresses")
