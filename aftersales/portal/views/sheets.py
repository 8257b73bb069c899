"""A merchant's lists as files, and files that answer many cases at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from aftersales.cases.models import Case, ParcelItem
from aftersales.cases.states import Direction
from aftersales.cases.turns import Turn, with_turns
from aftersales.clocks.models import Clock
from aftersales.core.access import needs
from aftersales.core.merchantscope import as_application
from aftersales.core.posted import day_of
from aftersales.core.sheets import exporting, resource
from aftersales.core.sheets.models import SheetExport, SheetUpload
from aftersales.core.sheets.views import exported
from aftersales.merchants.models import ReturnAddress
from aftersales.portal.scope import MerchantRequest, acting_page, merchant_page, own_cases, reading
from aftersales.portal.sheetacts import AGREED_IN
from aftersales.portal.sheets import OfShop
from aftersales.scorecards import obligations

from .today import WORK

MONTHS, LATEST = 12, 5


@needs(WORK)
@merchant_page
@require_GET
def index(request: MerchantRequest) -> HttpResponse:
    """What may be taken out and brought in, and what one did lately."""
    now = timezone.now()
    known = [one for one in resource.registered() if issubclass(one, OfShop)]
    title = {one.sheet: one.title for one in known}
    with as_application("files that the person sent or asked for himself"):
        uploads = list(_own(SheetUpload, request, title)[:LATEST])
        made = list(_own(SheetExport, request, title).filter(expires_at__gt=now)[:LATEST])
    page = {
        "title": pgettext("portal", "Sheets"), "now": now, "months": _months(now),
        "sheets": [(one, request.user.has_perm(one.import_capability())) for one in known],
        "uploads": [(one, title[one.sheet]) for one in uploads],
        "exports": [(one, title[one.sheet]) for one in made],
    }  # fmt: skip
    return render(request, "portal/sheets.html", page)


def _own(model: Any, request: HttpRequest, sheets: Iterable[str]) -> QuerySet[Any]:
    rows: QuerySet[Any] = model.objects.filter(owner_id=request.user.pk, sheet__in=list(sheets))
    return rows.order_by("-id")


def _months(now: datetime) -> list[datetime]:
    """The first moments of this month and those before it, newest first."""
    first = timezone.localtime(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found = [first]
    while len(found) < MONTHS:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found


@needs(WORK)
@acting_page
@require_GET
def take_out(request: MerchantRequest, sheet: str, fmt: str) -> HttpResponse:
    """One of the lists as a file: the rows that the shop may read, chosen inside its scope."""
    if sheet not in LISTS or fmt not in exporting.FORMATS:
        raise Http404
    if not exporting.may_export(sheet, request.user):
        raise PermissionDenied
    month = request.GET.get("month", "")
    with reading(request):
        keys = list(LISTS[sheet](request, month).values_list("pk", flat=True))
    rows = resource.find(sheet).model()._default_manager.filter(pk__in=keys).order_by("pk")
    return exported(request, rows, sheet, fmt, filtered=month)


def _waiting(request: HttpRequest, _month: str) -> QuerySet[Case]:
    return own_cases(request).merchants_turn()


def _to_send(request: HttpRequest, _month: str) -> QuerySet[Case]:
    return with_turns(own_cases(request)).filter(whose=Turn.REPLACEMENT)


def _to_confirm(request: HttpRequest, _month: str) -> QuerySet[ParcelItem]:
    """Lines of goods that stand at the door or lie here."""
    cases = with_turns(own_cases(request)).filter(whose=Turn.RECEIPT).values("pk")
    rows = ParcelItem.objects.filter(case_line__case__in=cases, parcel__direction=Direction.INBOUND)
    return rows.filter(parcel__state__in=AGREED_IN)


def _places(request: MerchantRequest, _month: str) -> QuerySet[ReturnAddress]:
    return ReturnAddress.objects.in_use().filter(merchant=request.merchant)


def _all(request: HttpRequest, _month: str) -> QuerySet[Case]:
    return own_cases(request)


def _owed(request: MerchantRequest, month: str) -> QuerySet[Clock]:
    """What fell due in the month that is named; without one in this month."""
    day = day_of(f"{month}-01")
    start = _months(timezone.now())[0]
    start = start.replace(year=day.year, month=day.month) if day else start
    end = (start + timedelta(days=32)).replace(day=1)
    return obligations.of_merchant(request.merchant).filter(due_at__gte=start, due_at__lt=end)


LISTS: Mapping[str, Callable[[Any, str], QuerySet[Any]]] = {
    "shop_cases": _all, "shop_duties": _owed, "shop_answers": _waiting, "shop_waybills": _to_send,
    "shop_receipts": _to_confirm, "shop_addresses": _places,
}  # fmt: skip
