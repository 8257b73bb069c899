"""Goods came back: counted and judged line by line, with pictures; what the customer gets is shown first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from aftersales.cases import services
from aftersales.cases.models import Case, CaseParcel, ParcelItem, ParcelPhoto, ParcelReceipt
from aftersales.cases.states import CaseKind
from aftersales.core import files, once, origin
from aftersales.core.access import answered, needs
from aftersales.core.errors import DomainError
from aftersales.core.files import StoredFile
from aftersales.core.posted import whole
from aftersales.merchants.models import MerchantMember
from aftersales.portal.cases import listing, showing
from aftersales.portal.cases.counting import ReceiptForm
from aftersales.portal.cases.reading import Whole, may_receive
from aftersales.portal.scope import acting_page, own_cases, reading

from .cases import the_case
from .today import WORK

GOODS = "photos"


@needs(WORK)
@acting_page
@require_http_methods(["GET", "POST"])
def receipt(request: HttpRequest, public_id: str, parcel_id: str) -> HttpResponse:
    """The form; *compute* shows the refund and writes nothing; *confirm* counts, judges, and is done once."""
    with reading(request):
        row = the_case(request, public_id)
        parcel = _parcel(request, row, parcel_id)
        items = _items(parcel)
    judges = row.kind != CaseKind.REPAIR
    posted = (request.POST,) if request.method == "POST" else ()
    form = ReceiptForm(*posted, items=items, judges=judges)
    if not posted:
        return _page(request, row, parcel, form)
    if not form.is_valid():
        return _page(request, row, parcel, form, status=422)
    if request.POST.get("do") != "confirm":
        return _page(request, row, parcel, form, computed=True)
    if _confirmed(request, parcel, form) is None:
        return _page(request, row, parcel, form, status=409)
    return redirect("portal:case", public_id)


def _parcel(request: HttpRequest, row: Case, parcel_id: str) -> CaseParcel:
    """A parcel of this case, all of whose goods are of one's own merchants; what was judged already leads back."""
    rows = CaseParcel.objects.filter(public_id=parcel_id, items__case_line__case__in=own_cases(request))
    found: CaseParcel | None = rows.filter(items__case_line__case=row).first()
    if found is None or (request.method == "GET" and not may_receive(row, found)):
        raise Http404
    return found


def _items(parcel: CaseParcel) -> list[ParcelItem]:
    rows = ParcelItem.objects.filter(parcel=parcel).select_related("case_line__line", "case_line__case")
    return list(rows.order_by("id"))


def _page(
    request: HttpRequest, row: Case, parcel: CaseParcel, form: ReceiptForm, *, computed: bool = False, status: int = 200
) -> HttpResponse:  # fmt: skip
    now = timezone.now()
    sums, refused = _computed(request, row, parcel, form, now) if computed and form.judges else ([], "")
    page = {
        "title": _("Goods that came back"), "now": now, "case": row, "parcel": parcel, "form": form,
        "rows": _rows(row, parcel, form),
        "task": listing.task(row, now), "accept": files.accepted(), "sums": sums, "computed": computed and not refused,
        "refused": refused, "photos": list(ParcelPhoto.objects.filter(parcel=parcel).order_by("id")),
    }  # fmt: skip
    return render(request, "portal/receipt.html", page, status=status)


def _rows(row: Case, parcel: CaseParcel, form: ReceiptForm) -> list[dict[str, Any]]:
    """The form's lines; where nothing is left to come in, with when it was counted last and whether by the shop."""
    rows = form.rows
    if all("now" in one for one in rows):
        return rows
    counts = list(ParcelReceipt.objects.filter(parcel=parcel).order_by("-id"))
    own = set(MerchantMember.objects.filter(merchant=row.merchant_id).values_list("user", flat=True))
    for one in rows:
        key = str(one["item"].pk)
        last = next((count for count in counts if count.counts.get(key)), None)
        if "now" not in one and last is not None:
            one |= {"counted_at": last.at, "counted_here": last.by_id in own}
    return rows


def _computed(
    request: HttpRequest, row: Case, parcel: CaseParcel, form: ReceiptForm, now: datetime
) -> tuple[Sequence[Any], str]:
    """What each case of the parcel would give; nothing is written."""
    try:
        found = services.parcel_process_preview(
            parcel=parcel, arrival=form.arrival(), findings=form.findings(), actor=request.user, now=now
        )
    except DomainError as error:
        return [], str(error)
    whole_of = Whole(row, lines=[item.case_line for item in form.items])
    return [(case, showing.quote_sum(quote, whole_of)) for case, quote in found], ""


def _confirmed(request: HttpRequest, parcel: CaseParcel, form: ReceiptForm) -> CaseParcel | None:
    now, ref = timezone.now(), once.reference(request)
    version = whole(request.POST.get("version"))

    def confirmed() -> CaseParcel:
        with _stored(request, form, now) as (opening, of_items), origin.coming_from("portal", ref[:32]):
            who: dict[str, Any] = {"actor": request.user, "now": now, "version": version}
            arrival = form.arrival(opening, ref)
            if not form.judges:
                return services.parcel_receive(parcel=parcel, arrival=arrival, **who)
            data = form.cleaned_data
            return services.parcel_process(
                parcel=parcel, arrival=arrival, findings=form.findings(of_items), words=data["words"],
                keep=data["keep"], **who,
            )  # fmt: skip

    done: CaseParcel | None = answered(confirmed, request, _("Confirmed: the customer is told."))
    return done


@contextmanager
def _stored(
    request: HttpRequest, form: ReceiptForm, now: datetime
) -> Iterator[tuple[list[StoredFile], dict[int, list[StoredFile]]]]:
    """Pictures of the opening and of each item; when the act fails nothing of them stays."""
    with ExitStack() as stack:
        opening = stack.enter_context(files.stored_for(request.FILES.getlist(GOODS), now=now))
        of_items = {
            item.pk: stack.enter_context(
                files.stored_for(request.FILES.getlist(f"{GOODS}-{item.pk}"), now=now)
            )
            for item in form.items
        }
        yield opening, of_items
