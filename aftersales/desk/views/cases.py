"""Cases beside the conversation, their dialogs, a case's own page and its paper."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aftersales.cases import services
from aftersales.cases.models import Case, CaseParcel
from aftersales.cases.services.returnfreight import may_have_freight
from aftersales.cases.states import CaseKind
from aftersales.core import moves, once
from aftersales.core.access import answered, needs
from aftersales.core.posted import whole
from aftersales.desk import (
    authority,
    automatic,
    caseacts,
    cases,
    disputes,
    judged,
    recoveries,
    repairs,
    requests,
)
from aftersales.desk.caseforms import CaseForm, ConsentForm, FreightForm, with_places
from aftersales.desk.views import refused
from aftersales.desk.views.framing import dialog, may_see_ticket, there
from aftersales.desk.views.receivingdesk import receiving_page
from aftersales.desk.views.ticket import the_ticket, ticket_page
from aftersales.standards.selectors import one_edition
from aftersales.tickets.models import Ticket

SOURCE = "desk"


def the_case(request: HttpRequest, number: str) -> Case:
    """The case this person may see, or nothing at all."""
    return there(cases.find(request.user, number))


def the_parcel(request: HttpRequest, public_id: str) -> CaseParcel:
    rows = CaseParcel.objects.visible_to(request.user).select_related("case__ticket")
    found: CaseParcel | None = rows.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


@require_GET
@needs("cases.view_case")
def panel(request: HttpRequest, number: str) -> HttpResponse:
    """The cases of a ticket, fetched once its page stands."""
    row, now = the_ticket(request, number), timezone.now()
    with one_edition():
        standing, ended = cases.of_ticket(row, request.user, now)
        asked, over = requests.of_ticket(row, request.user, now)
        letters = authority.of_ticket(row, request.user, now)
    context = {
        "ticket": row, "cards": standing, "ended": [(one, cases.case_badge(one)) for one in ended], "now": now,
        "asked": asked, "over": over, "letters": letters,
        "may_open": row.is_open and request.user.has_perm("cases.open"),
    }  # fmt: skip
    return render(request, "desk/cases/_panel.html", context)


@require_http_methods(["GET", "POST"])
@needs("cases.open")
def case_open(request: HttpRequest, number: str) -> HttpResponse:
    """Open a case on this ticket: lines with what is free, kind, reason, words, and what the refund would be."""
    row = the_ticket(request, number)
    first = (
        {} if row.order_id else {"kind": CaseKind.COMPENSATION}
    )  # nothing else is possible without an order
    form = CaseForm(request.POST or None, lines=cases.free_lines(row.order_id), initial=first)
    if request.method == "POST" and form.is_valid():
        draft = form.draft(source=SOURCE, source_ref=once.reference(request))
        opened = answered(
            lambda: services.case_open(ticket=row, draft=draft, actor=request.user, now=timezone.now()),
            request, _("Case opened."),
        )  # fmt: skip
        if opened:
            return redirect("desk:ticket", row.number)
    context = {"title": pgettext("case", "Open a case"), "ticket": row, "form": form, "now": timezone.now()}
    if refused.in_dialog(request):
        return ticket_page(
            request, row, opened=refused.opened(request, "desk/cases/_open.html", context), status=422
        )
    return dialog(request, "desk/cases", context, "open")


@require_POST
@needs("cases.open")
def request_preview(request: HttpRequest, number: str) -> HttpResponse:
    """What this request would give, while the form is filled in; nothing is written."""
    row = the_ticket(request, number)
    form = CaseForm(request.POST, lines=cases.free_lines(row.order_id))
    context: dict[str, Any] = {"ticket": row}
    if form.is_valid():
        context |= cases.quoted(
            lambda: services.request_preview(ticket=row, draft=form.draft(), actor=request.user), row
        )
        if "refused" not in context:
            context["judged"] = _judged(request, row, form)
    return render(request, "desk/cases/_request_preview.html", context)


def _judged(request: HttpRequest, row: Ticket, form: CaseForm) -> list[judged.Judged]:
    kept = services.request_judged(ticket=row, draft=form.draft(), actor=request.user, now=timezone.now())
    return judged.of_lines(kept, row.market_id)


@require_GET
@needs("cases.view_case")
def case(request: HttpRequest, number: str) -> HttpResponse:
    """A case from the request to the last cent."""
    return case_page(request, the_case(request, number))


def case_page(request: HttpRequest, row: Case, *, opened: str = "") -> HttpResponse:
    """``opened``: a refused dialog of it, with what was written."""
    context = _story(request, row) | {"opened_dialog": opened}
    return render(request, "desk/cases/case.html", context, status=422 if opened else 200)


@require_GET
@needs("cases.view_case")
def printed(request: HttpRequest, number: str) -> HttpResponse:
    """The same on paper."""
    return render(request, "desk/cases/print.html", _story(request, the_case(request, number)))


def _story(request: HttpRequest, row: Case) -> dict[str, Any]:
    now = timezone.now()
    with one_edition():
        card = cases.cards([row], request.user, now, notes=True)[0]
    return {
        "title": row.number, "now": now, "card": card, "case": row, "ticket": row.ticket,
        "judged": judged.of_case(row), "happened": cases.happened(card), "photos": cases.photos(card),
        "may_see_ticket": may_see_ticket(request, row.ticket_id),
        "settled": cases.settled_terms(row) if card.parcels else [],
        "automatic": automatic.of_case(row, request.user, now),
        "recovery": recoveries.of_case(row, request.user),
        "may_freight": may_have_freight(row) and request.user.has_perm("cases.decide"),
        "unreached": Case.objects.unreached().filter(pk=row.pk).exists(),
        "may_pay_first": recoveries.may_pay_first(row, request.user),
        "disputes": disputes.of_case(row, request.user) if request.user.has_perm("cases.view_dispute") else [],
        "workshop": repairs.of_case(card, request.user, now),
    }  # fmt: skip


@require_http_methods(["GET", "POST"])
@needs("cases.view_case")
def case_act(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """One act on a case: its dialog, and the act itself."""
    row, act = the_case(request, number), caseacts.ACTS.get(name)
    now = timezone.now()
    found = next(iter(cases.case_options([row], request.user, now, [name])[row.pk]), None) if act else None
    if act is None or found is None:
        raise Http404
    initial = {
        "kind": row.kind,
        "ground": row.ground,
        "goods": "back" if row.goods_back else "keep",
        "said_at": now,
    }
    form = with_places(act.form(request.POST if request.method == "POST" else None, initial=initial), row)
    if request.method == "POST" and form.is_valid():
        version = whole(request.POST.get("version"))
        done = answered(
            lambda: act.run(row, form.cleaned_data, actor=request.user, now=now, version=version), request, _("Done."),
        )  # fmt: skip
        if done:
            return _back(request, row)
    context = {"title": found.move.label, "case": row, "act": found, "form": form, "now": now, "name": name}
    context["back"] = _from(request)
    if act.preview:
        typed = form.cleaned_data.get("amount") if form.is_bound and form.is_valid() else None
        context |= cases.quoted(lambda: services.case_preview(case=row, amount=typed), row)
        context |= cases.limits_of(row, typed, request.user, now)
    if refused.in_dialog(request):
        return _again(request, row, "desk/cases/_act.html", context)
    return dialog(request, "desk/cases", context)


@require_GET
@needs("cases.view_case")
def case_preview(request: HttpRequest, number: str) -> HttpResponse:
    """The refund of a case for the amount in the dialog."""
    row = the_case(request, number)
    act = caseacts.ACTS["approve"]
    form = with_places(act.form(request.GET), row)
    context: dict[str, Any] = {"case": row}
    if form.is_valid():
        context |= cases.quoted(
            lambda: services.case_preview(case=row, amount=form.cleaned_data["amount"]), row
        )
    return render(request, "desk/cases/_terms.html", context)


@require_http_methods(["GET", "POST"])
@needs("cases.view_case")
def parcel_act(request: HttpRequest, public_id: str, name: str) -> HttpResponse:
    """One act on a parcel: its dialog, and the act itself."""
    parcel, now = the_parcel(request, public_id), timezone.now()
    known = name in caseacts.PARCEL_ACTS
    found = (
        next(iter(moves.options(parcel, actor=request.user, now=now, names=[name])), None) if known else None
    )
    if found is None:
        raise Http404
    initial: dict[str, Any] = (
        {"carrier": parcel.carrier, "tracking_no": parcel.tracking_no} if name == "ship" else {}
    )
    if name == "send_back":
        initial["only_wrong"] = cases.only_strangers(parcel)
    form = caseacts.parcel_form(
        name, parcel, request.POST if request.method == "POST" else None, initial=initial
    )
    if request.method == "POST" and (form is None or form.is_valid()):
        version = whole(request.POST.get("version"))
        if answered(
            lambda: caseacts.parcel_act(name, parcel, form, actor=request.user, now=now, version=version),
            request, _("Done."),
        ):  # fmt: skip
            return _back(request, parcel.case)
    context = {
        "title": found.move.label,
        "parcel": parcel,
        "case": parcel.case,
        "act": found,
        "form": form,
        "now": now,
    }
    context["back"] = _from(request)
    if refused.in_dialog(request):
        return _again(request, parcel.case, "desk/cases/_parcel_act.html", context)
    return dialog(request, "desk/cases", context, "parcel_act")


@require_POST
@needs("cases.decide")
def reviewed(request: HttpRequest, number: str) -> HttpResponse:
    """Somebody looked at the mark of a case."""
    row = the_case(request, number)
    answered(
        lambda: services.case_reviewed(case=row, actor=request.user, now=timezone.now()), request, _("Done.")
    )
    return redirect("desk:case", row.number)


@require_http_methods(["GET", "POST"])
@needs("cases.decide")
def return_freight(request: HttpRequest, number: str) -> HttpResponse:
    """Give back what the customer paid to send the goods back."""
    row, now = the_case(request, number), timezone.now()
    form = FreightForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        data, version = form.cleaned_data, whole(request.POST.get("version"))
        done = answered(
            lambda: services.case_return_freight(
                case=row, amount=data["amount"], words=data["words"], actor=request.user, now=now, version=version
            ),
            request, _("The return freight is paid with the refund."),
        )  # fmt: skip
        if done:
            return redirect("desk:case", row.number)
    context = {"title": pgettext("case", "Give back return freight"), "case": row, "form": form, "now": now}
    if refused.in_dialog(request):
        return _again(request, row, "desk/cases/_freight.html", context)
    return dialog(request, "desk/cases", context, "freight")


@require_http_methods(["GET", "POST"])
@needs("cases.decide")
def merchant_told(request: HttpRequest, number: str) -> HttpResponse:
    """The merchant was asked by other means than by mail: how, when and in which words."""
    row, now = the_case(request, number), timezone.now()
    form = ConsentForm(
        request.POST if request.method == "POST" else None, initial={"said_at": now}, asked=True
    )
    if request.method == "POST" and form.is_valid():
        asked, version = services.Consent(**form.cleaned_data), whole(request.POST.get("version"))
        done = answered(
            lambda: services.merchant_told(case=row, consent=asked, actor=request.user, now=now, version=version),
            request, _("The merchant's time to answer runs."),
        )  # fmt: skip
        if done:
            return redirect("desk:case", row.number)
    title = pgettext("case", "The merchant was asked")
    context = {"title": title, "case": row, "form": form, "now": now}
    if refused.in_dialog(request):
        return _again(request, row, "desk/cases/_told.html", context)
    return dialog(request, "desk/cases", context, "told")


def _from(request: HttpRequest) -> str:
    """The page from which the dialog was opened."""
    return request.POST.get("back", request.GET.get("back", ""))[:12]


def _again(request: HttpRequest, row: Case, template: str, context: dict[str, Any]) -> HttpResponse:
    """A refused act: the page it came from, its dialog open with the words and what was written."""
    opened = refused.opened(request, template, context)
    if _from(request) == "ticket":
        return ticket_page(request, the_ticket(request, row.ticket.number), opened=opened, status=422)
    if _from(request) == "receiving":
        return receiving_page(request, opened=opened)
    return case_page(request, the_case(request, row.number), opened=opened)


def _back(request: HttpRequest, row: Case) -> HttpResponse:
    """Where the dialog was opened: the ticket's page, the receiving desk, or the case's own."""
    if request.POST.get("back") == "ticket":
        return redirect("desk:ticket", row.ticket.number)
    if request.POST.get("back") == "receiving":
        return redirect("desk:receiving")
    return redirect("desk:case", row.number)
