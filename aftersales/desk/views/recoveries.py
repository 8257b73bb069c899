"""The board of recoveries by age, one recovery with its acts and its claim file, write-offs, deposits."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods

from aftersales.cases import services
from aftersales.cases.models import Recovery, RecoveryProof, WriteOff
from aftersales.cases.recovery.states import RecoveryState
from aftersales.core import files, moves
from aftersales.core.access import answered, needs
from aftersales.core.posted import whole
from aftersales.desk import cases, recoveries
from aftersales.desk.receiveforms import uploads
from aftersales.desk.recoveryforms import ACTS, PaidForm, ReasonForm, RecoveryAct
from aftersales.desk.views.framing import dialog, fragment, may_see_ticket, there
from aftersales.merchants.models import Merchant


@require_GET
@needs("cases.view_recovery")
def board(request: HttpRequest) -> HttpResponse:
    """What merchants owe for advances, by how long it has been open."""
    now, asked = timezone.now(), recoveries.wanted(request.GET)
    lines, more = recoveries.page(request.user, asked, now)
    ages, all_of_them = recoveries.ages(request.user, asked, now)
    context = {
        "title": pgettext("navigation", "Recoveries"), "now": now, "asked": asked, "lines": lines, "more": more,
        "ages": ages, "totals": all_of_them, "count": sum(one.count for one in ages),
        "states": [*recoveries.STATES.items(), *RecoveryState.choices],
    }  # fmt: skip
    return render(request, "desk/recoveries/board.html", context)


def the_recovery(request: HttpRequest, number: str) -> Recovery:
    """The recovery this person may see, or nothing at all."""
    return there(recoveries.find(request.user, number))


@require_GET
@needs("cases.view_recovery")
def recovery(request: HttpRequest, number: str) -> HttpResponse:
    """One recovery with its whole story and what may be done with it."""
    row, now = the_recovery(request, number), timezone.now()
    shown = recoveries.one(row, request.user, now)
    context = {
        "title": row.number, "now": now, "recovery": row, "case": row.case, "page": shown,
        "happened": shown.happened, "may_see_ticket": may_see_ticket(request, row.case.ticket_id),
    }  # fmt: skip
    return render(request, "desk/recoveries/recovery.html", context)


@require_GET
@needs("cases.view_recovery")
def claim_file(request: HttpRequest, number: str) -> HttpResponse:
    """The claim file, printable: case, payments, ruling, notices, steps and fingerprints."""
    row, now = the_recovery(request, number), timezone.now()
    found = recoveries.claim_file(row, request.user, now)
    context = {
        "title": row.number, "now": now, "recovery": row, "case": row.case, "file": found, "page": found.page,
    }  # fmt: skip
    return render(request, "desk/recoveries/file.html", context)


@require_http_methods(["GET", "POST"])
@needs("cases.view_recovery")
def act(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """One act on a recovery: its dialog, and the act itself."""
    row, now = the_recovery(request, number), timezone.now()
    offered = {one.name: one for one in recoveries.acts_on(row, request.user, now)}
    if name not in offered or name not in ACTS:
        raise Http404
    found, initial = ACTS[name], {"stands": row.due, "amount": row.left}
    form = found.form(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        version = whole(request.POST.get("version"))
        done = answered(lambda: _run(request, row, found, form.cleaned_data, version), request, _("Done."))
        if done or fragment(request):
            return redirect("desk:recovery", row.number)
    context = {
        "title": found.label, "recovery": row, "act": found, "name": name, "form": form, "now": now,
        "reasons": offered[name].reasons, "accept": files.accepted(),
    }  # fmt: skip
    return dialog(request, "desk/recoveries", context)


def _run(request: HttpRequest, row: Recovery, found: RecoveryAct, data: Any, version: int | None) -> Any:
    now = timezone.now()
    sent = uploads(request.FILES, "files") if found.with_files else []
    with files.stored_for(sent, now=now) as stored:
        return found.run(row, data, list(stored), version, request.user, now)


@require_GET
@needs("cases.view_recovery")
def proof(request: HttpRequest, public_id: str) -> FileResponse:
    """A file of an objection, always as a download."""
    found = RecoveryProof.objects.visible_to(request.user).filter(public_id=public_id).first()
    if found is None or found.erased_at:
        raise Http404
    return files.serve(found, request)


# Write-offs


@require_GET
@needs("cases.view_recovery")
def write_offs(request: HttpRequest) -> HttpResponse:
    """What waits for a second person, and what was decided."""
    waiting = request.GET.get("view") != "decided"
    now = timezone.now()
    before = whole(request.GET.get("before"))
    rows, more = recoveries.proposals(request.user, waiting=waiting, before=before, now=now)
    context = {
        "title": pgettext("navigation", "Write-offs"), "now": now, "rows": rows, "more": more, "waiting": waiting,
    }  # fmt: skip
    return render(request, "desk/recoveries/write_offs.html", context)


@require_http_methods(["GET", "POST"])
@needs("cases.view_recovery")
def write_off_act(request: HttpRequest, public_id: str, name: str) -> HttpResponse:
    """Write off, refuse with a reason, or take the proposal back."""
    rows = WriteOff.objects.visible_to(request.user).select_related("recovery__merchant", "recovery__case")
    row, now = rows.filter(public_id=public_id).first(), timezone.now()
    option = next(iter(moves.options(row, actor=request.user, now=now, names=[name])), None) if row else None
    if row is None or option is None:
        raise Http404
    kind = ReasonForm if name == "refuse" else forms.Form
    form = kind(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        version = whole(request.POST.get("version"))
        done = answered(
            lambda: _write_off_do(row, name, form.cleaned_data, version, request.user, now),
            request,
            _("Done."),
        )
        if done or fragment(request):
            return redirect("desk:recovery", row.recovery.number)
    context = {
        "title": option.move.label, "row": row, "recovery": row.recovery, "option": option, "form": form, "now": now,
        "name": name,
    }  # fmt: skip
    return dialog(request, "desk/recoveries", context, "write_off")


def _write_off_do(row: WriteOff, name: str, data: Any, version: int | None, actor: Any, now: Any) -> Any:
    who = {"write_off": row, "actor": actor, "now": now, "version": version}
    if name == "approve":
        return services.write_off_approve(**who)
    if name == "refuse":
        return services.write_off_refuse(**who, reason=data["reason"])
    return services.write_off_withdraw(**who)


# Deposits


@require_GET
@needs("merchants.view_deposits")
def deposits(request: HttpRequest) -> HttpResponse:
    """Merchants whose deposit is below what is due, with the date until which they top it up."""
    context = {
        "title": pgettext("navigation", "Deposits to top up"), "now": timezone.now(),
        "calls": recoveries.calls(request.user),
    }  # fmt: skip
    return render(request, "desk/recoveries/deposits.html", context)


@require_http_methods(["GET", "POST"])
@needs("merchants.view_deposits")
def deposit(request: HttpRequest, public_id: str) -> HttpResponse:
    """The deposit of one merchant: what is held and due, every change, and topping it up."""
    merchant = Merchant.objects.visible_to(request.user).filter(public_id=public_id).first()
    may = request.user.has_perm("merchants.move_deposit")
    if merchant is None or (request.method == "POST" and not may):
        raise Http404
    now = timezone.now()
    call, changes = recoveries.deposit_of(merchant, request.user)
    initial = {"amount": call.amount} if call else {}
    form = PaidForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        done = answered(
            lambda: services.merchant_top_up(
                merchant=merchant, amount=data["amount"], reference=data["reference"], actor=request.user, now=now
            ),
            request, _("The deposit was topped up."),
        )  # fmt: skip
        if done:
            return redirect("desk:deposit", merchant.public_id)
    context = {
        "title": merchant.name, "merchant": merchant, "call": call, "changes": changes, "form": form, "may": may,
        "now": now,
    }  # fmt: skip
    return render(
        request, "desk/recoveries/deposit.html", context, status=422 if request.method == "POST" else 200
    )


@require_http_methods(["GET", "POST"])
@needs("cases.pay_first")
def pay_first(request: HttpRequest, number: str) -> HttpResponse:
    """Decide that the platform pays what the merchant owes."""
    row, now = cases.find(request.user, number), timezone.now()
    if row is None:
        raise Http404
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        reason, version = form.cleaned_data["reason"], whole(request.POST.get("version"))
        done = answered(
            lambda: services.case_pay_first(
                case=row, reason=reason, actor=request.user, now=now, version=version
            ),
            request, _("The platform pays; the merchant will owe it."),
        )  # fmt: skip
        if done or fragment(request):
            return redirect("desk:case", row.number)
    context = {"title": pgettext("recovery", "Pay first"), "case": row, "form": form, "now": now}
    return dialog(request, "desk/recoveries", context, "pay_first")
