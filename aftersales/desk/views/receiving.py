"""The receiving desk: scan, count, inspect; the unknown shelf; the slip with its barcode."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aftersales.cases import services
from aftersales.cases.models import Case, CaseParcel, ParcelPhoto, UnknownParcel
from aftersales.cases.services import Stranger
from aftersales.cases.services.parcels import his_goods
from aftersales.core import files, once
from aftersales.core.access import answered, needs
from aftersales.core.components.barcode import barcode
from aftersales.core.errors import DomainError
from aftersales.core.posted import whole
from aftersales.desk import cases, receiving
from aftersales.desk.receiveforms import InspectForm, StrangerForm, uploads
from aftersales.desk.views.cases import the_case, the_parcel

SOURCE = "receiving"


@require_http_methods(["GET", "POST"])
@needs("cases.receive")
def receive(request: HttpRequest, public_id: str) -> HttpResponse:
    """One parcel: what lies in it, counted and judged."""
    parcel = the_parcel(request, public_id)
    pieces = receiving.pieces(parcel)
    initial = {"carrier": parcel.carrier, "tracking_no": parcel.tracking_no, "weight_g": parcel.weight_g}
    form = InspectForm(request.POST or None, pieces=pieces, initial=initial)
    if request.method == "POST" and form.is_valid() and (done := _worked(request, parcel, form)):
        return redirect("desk:receive", done.public_id)
    now, lying = timezone.now(), cases.of_parcel(parcel, request.user)
    context = {
        "title": str(parcel), "now": now, "parcel": parcel, "case": parcel.case, "form": form, "pieces": pieces,
        "card": cases.parcel_card(parcel, request.user, now), "accept": files.accepted(),
        "cases": lying, "ended": bool(lying) and all(his_goods(one) for one, _look, _said in lying),
        "photos": [one for one in parcel.photos.order_by("id") if one.item_id is None],
        "counted": parcel.receipts.select_related("by").order_by("id"),
    }  # fmt: skip
    return render(request, "desk/receiving/receive.html", context, status=422 if form.is_bound else 200)


def _worked(request: HttpRequest, parcel: CaseParcel, form: InspectForm) -> CaseParcel | None:
    """Only counted, or counted and judged: as the button says."""
    now, ref = timezone.now(), once.reference(request)
    who: dict[str, Any] = {"actor": request.user, "now": now, "version": whole(request.POST.get("version"))}

    def work() -> CaseParcel:
        with ExitStack() as kept:
            opening = kept.enter_context(files.stored_for(uploads(request.FILES, "opening"), now=now))
            arrival = form.arrival(opening, source=SOURCE, source_ref=ref)
            if request.POST.get("do") == "count":
                return services.parcel_receive(parcel=parcel, arrival=arrival, **who)
            photos = {
                piece.item.pk: kept.enter_context(
                    files.stored_for(uploads(request.FILES, f"photos-{piece.item.pk}"), now=now)
                )
                for piece in form.pieces
            }
            data = form.cleaned_data
            return services.parcel_process(
                parcel=parcel, arrival=arrival, findings=form.findings(photos), words=data["words"],
                keep=data["keep"], **who,
            )  # fmt: skip

    done: CaseParcel | None = answered(work, request, _("Done."))
    return done


@require_POST
@needs("cases.receive")
def preview(request: HttpRequest, public_id: str) -> HttpResponse:
    """What the customer gets after this, while the form is filled in; nothing is written."""
    parcel = the_parcel(request, public_id)
    form = InspectForm(request.POST, pieces=receiving.pieces(parcel))
    context: dict[str, Any] = {"quotes": []}
    if form.is_valid():
        try:
            found = services.parcel_process_preview(
                parcel=parcel, arrival=form.arrival(), findings=form.findings(), actor=request.user,
                now=timezone.now(),
            )  # fmt: skip
        except DomainError as error:
            context["refused"] = str(error)
        else:
            names = cases.names_of(parcel.case.order_id)
            context["quotes"] = [(one, cases.terms(quote, names), quote.total) for one, quote in found]
    return render(request, "desk/receiving/_preview.html", context)


@require_POST
@needs("cases.receive")
def shelve(request: HttpRequest) -> HttpResponse:
    """Put a parcel on the unknown shelf."""
    form, now = StrangerForm(request.POST), timezone.now()
    if form.is_valid():
        stranger = Stranger(**form.cleaned_data, source=SOURCE, source_ref=once.reference(request))

        def put() -> UnknownParcel:
            with files.stored_for(uploads(request.FILES, "photos"), now=now) as photos:
                return services.unknown_shelve(stranger=stranger, actor=request.user, now=now, photos=photos)

        if answered(put, request, _("On the shelf.")):
            return redirect("desk:receiving")
    context = {"title": _("Unknown parcel"), "form": form, "accept": files.accepted(), "now": now}
    return render(request, "desk/receiving/shelve.html", context, status=422)


def _unknown(request: HttpRequest, public_id: str) -> UnknownParcel:
    rows = UnknownParcel.objects.visible_to(request.user).select_related("parcel__case", "shelved_by")
    found: UnknownParcel | None = rows.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "POST"])
@needs("cases.receive")
def unknown(request: HttpRequest, public_id: str) -> HttpResponse:
    """One unknown parcel: whose it may be, and what is done with it."""
    row, now = _unknown(request, public_id), timezone.now()
    if request.method == "POST" and (done := _decided(request, row, now)):
        if isinstance(done, CaseParcel):
            return redirect("desk:receive", done.public_id)
        return redirect("desk:receiving")
    words = request.GET.get("q", "").replace("\x00", "")[:64]
    context = {
        "title": _("Unknown parcel"), "now": now, "row": row, "q": words, "photos": row.photos.order_by("id"),
        "guesses": receiving.guesses(request.user, row, words) if row.ended_at is None else [],
    }  # fmt: skip
    return render(request, "desk/receiving/unknown.html", context)


def _decided(request: HttpRequest, row: UnknownParcel, now: datetime) -> CaseParcel | UnknownParcel | None:
    version = whole(request.POST.get("version"))
    if request.POST.get("do") == "back":
        reason = request.POST.get("reason", "")
        back: UnknownParcel | None = answered(
            lambda: services.unknown_give_back(
                unknown=row, actor=request.user, now=now, reason=reason, version=version
            ),
            request, _("Given back to the carrier."),
        )  # fmt: skip
        return back
    case = the_case(request, request.POST.get("case", ""))
    matched: CaseParcel | None = answered(
        lambda: services.unknown_match(
            unknown=row, case=case, pieces=_pieces(request, case), actor=request.user, now=now, version=version
        ),
        request, _("Matched and counted; now inspect it."),
    )  # fmt: skip
    return matched


def _pieces(request: HttpRequest, case: Case) -> dict[int, int]:
    counts = {line.pk: whole(request.POST.get(f"n{line.pk}")) for line in case.lines.all()}
    return {pk: count for pk, count in counts.items() if count}


@require_GET
@needs("cases.view_case")
def slip(request: HttpRequest, number: str) -> HttpResponse:
    """The slip that lies in the parcel: the case's number as a barcode, the articles, until when."""
    row, now = the_case(request, number), timezone.now()
    context = {
        "title": row.number, "case": row, "now": now, "bars": barcode(row.number),
        "card": cases.cards([row], request.user, now)[0],
    }  # fmt: skip
    return render(request, "desk/receiving/slip.html", context)


@require_GET
@needs("cases.view_case")
def photo(request: HttpRequest, public_id: str) -> FileResponse:
    """A picture of a parcel this person may see, always as a download."""
    found = ParcelPhoto.objects.visible_to(request.user).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return files.serve(found, request)
