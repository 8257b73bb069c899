"""Finance's board, a payment with what may be done to it, and the runs for the bank."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aftersales.cases import services
from aftersales.cases.models import Case, CasePayment, PaymentRun
from aftersales.cases.services import runs
from aftersales.cases.states import NameCheck
from aftersales.core import files
from aftersales.core.access import answered, needs
from aftersales.core.posted import whole
from aftersales.desk import money
from aftersales.desk.cases import limits_of
from aftersales.desk.views.refused import said


@require_GET
@needs("cases.money_board")
def payments(request: HttpRequest) -> HttpResponse:
    """A page of payments by what they wait for."""
    asked = request.GET.get("view", "approve")
    view = asked if asked in money.VIEWS else "approve"
    rows, more = money.board(request.user, view, before=whole(request.GET.get("before")))
    collects = view == "pay" and request.user.has_perm("cases.pay")
    context = {
        "title": _("Payments of cases"), "now": timezone.now(), "view": view, "views": money.VIEWS.items(),
        "rows": [(row, money.look(row), money.way_words(row)) for row in rows],
        "more": rows[-1].pk if more else None, "waiting": money.waiting(request.user),
        "collect": money.collectable(runs.to_collect()) if collects else [],
        "why": money.SECOND_WHY,
    }  # fmt: skip
    return render(request, "desk/payments.html", context)


def the_payment(request: HttpRequest, number: str) -> CasePayment:
    rows = CasePayment.objects.visible_to(request.user).select_related(
        "case__ticket", "case__order", "payee", "proposed_by", "approved_by", "other_payee", "run", "replaces"
    )
    found = rows.filter(number=number).first()
    if found is None:
        raise Http404
    return found


@require_GET
@needs("cases.view_casepayment")
def payment(request: HttpRequest, number: str) -> HttpResponse:
    """One payment: how it was computed, which way it goes, what happened, what may be done."""
    return _payment_page(request, the_payment(request, number))


def _payment_page(request: HttpRequest, row: CasePayment, refused: str = "") -> HttpResponse:
    """``refused``: the act that was; its dialog stands open again with what was written."""
    now = timezone.now()
    context = {
        "title": row.number, "now": now, "payment": row, "look": money.look(row), "way": money.way_words(row),
        "page": money.payment_page(row, request.user, now), "checks": NameCheck.choices, "why_not": money.WHY_NOT,
        "refused": refused, "replacing": refused == "replace", "giving": refused == "in_kind", "typed": request.POST,
        "said": said(request) if refused else "",
    }  # fmt: skip
    return render(request, "desk/payment.html", context, status=422 if refused else 200)


def _reason(request: HttpRequest) -> dict[str, Any]:
    return {"reason": request.POST.get("reason", "")}


def _payee(request: HttpRequest) -> dict[str, Any]:
    names = ("holder", "account", "bank", "consent", "name_check", "proof")
    return {"draft": services.PayeeDraft(**{name: request.POST.get(name, "") for name in names})}


def _nothing(request: HttpRequest) -> dict[str, Any]:
    return {}


ACTS: dict[str, tuple[Callable[..., Any], Callable[[HttpRequest], dict[str, Any]]]] = {
    "approve": (services.payment_approve, _nothing),
    "reject": (services.payment_reject, _reason),
    "cancel": (services.payment_cancel, _nothing),
    "retry": (services.payment_retry, _nothing),
    "ask_payee": (services.payment_ask_payee, _nothing),
    "replace": (services.payment_replace, _payee),
    "reverse": (services.payment_reverse, _reason),
    "in_kind": (
        services.payment_give_in_kind,
        lambda request: {"reference": request.POST.get("reference", "")},
    ),
}


@require_POST
@needs("cases.view_casepayment")
def payment_act(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """One act on a payment; the door says whether this person may."""
    row = the_payment(request, number)
    if name not in ACTS:
        raise Http404
    act, more = ACTS[name]
    how: dict[str, Any] = {"payment": row, "actor": request.user, "now": timezone.now()}
    how["version"] = whole(request.POST.get("version"))
    if answered(lambda: act(**how, **more(request)), request, _("Done.")):
        return redirect("desk:payment", number)
    return _payment_page(request, the_payment(request, number), refused=name)


@require_http_methods(["GET", "POST"])
@needs("cases.propose_payment")
def propose(request: HttpRequest, number: str) -> HttpResponse:
    """Pay what was agreed in a case and stands in no payment yet: first seen, by way and payee, then done."""
    case = Case.objects.visible_to(request.user).filter(number=number).first()
    if case is None:
        raise Http404
    if request.method == "GET":
        context = {"case": case, "title": _("Pay out"), **money.to_be_paid(case)}
        context |= limits_of(case, case.left, request.user, timezone.now())
        fragment = bool(request.htmx)  # type: ignore[attr-defined]
        return render(request, "desk/cases/_pay.html" if fragment else "desk/cases/pay.html", context)
    made = answered(
        lambda: services.payment_propose(
            case=case, actor=request.user, now=timezone.now(), version=whole(request.POST.get("version"))
        ),
        request,
    )
    if made:
        messages.success(request, money.said_of(made))
        return redirect("desk:payment", made[0].number)
    return redirect("desk:ticket", case.ticket.number)


@require_GET
@needs("cases.view_paymentrun")
def payment_runs(request: HttpRequest) -> HttpResponse:
    """Runs for the bank, newest first."""
    rows, more = money.runs(whole(request.GET.get("before")))
    context = {
        "title": _("Payment runs"), "now": timezone.now(), "rows": [(row, money.run_look(row)) for row in rows],
        "more": rows[-1].pk if more else None,
        "collect": money.collectable(runs.to_collect()) if request.user.has_perm("cases.pay") else [],
    }  # fmt: skip
    return render(request, "desk/payment_runs.html", context)


def the_run(request: HttpRequest, number: str) -> PaymentRun:
    rows = PaymentRun.objects.visible_to(request.user).select_related("made_by", "approved_by")
    found = rows.filter(number=number).first()
    if found is None:
        raise Http404
    return found


@require_GET
@needs("cases.view_paymentrun")
def payment_run(request: HttpRequest, number: str) -> HttpResponse:
    """One run: totals, fingerprint, who collected and who released it, its payments and how they stand."""
    run = the_run(request, number)
    rows, more = money.payments_of(run, request.user, whole(request.GET.get("after")))
    context = {
        "title": run.number, "now": timezone.now(), "run": run, "look": money.run_look(run),
        "rows": [(row, money.look(row), money.way_words(row)) for row in rows],
        "more": rows[-1].pk if more else None, "stand": money.answered_of(run), "course": money.story(run),
        "own": run.made_by_id == request.user.pk,
    }  # fmt: skip
    return render(request, "desk/payment_run.html", context)


@require_POST
@needs("cases.pay")
def run_make(request: HttpRequest) -> HttpResponse:
    """Collect what is approved in one currency."""
    currency = request.POST.get("currency", "")[:3]
    made = answered(
        lambda: runs.run_make(currency=currency, actor=request.user, now=timezone.now()),
        request,
        _("Collected."),
    )
    return redirect("desk:payment_run", made.number) if made else redirect("desk:payment_runs")


RUN_ACTS: dict[str, Callable[..., Any]] = {"approve": runs.run_approve, "cancel": runs.run_cancel}


@require_POST
@needs("cases.view_paymentrun")
def run_act(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """Release or cancel a run."""
    run = the_run(request, number)
    if name not in RUN_ACTS:
        raise Http404
    how = {"run": run, "actor": request.user, "version": whole(request.POST.get("version"))}
    answered(lambda: RUN_ACTS[name](**how, now=timezone.now()), request, _("Done."))
    return redirect("desk:payment_run", number)


@require_POST
@needs("cases.pay")
def run_file(request: HttpRequest, number: str) -> HttpResponseBase:
    """The file of a run; who took it is on record."""
    run = the_run(request, number)
    fetched = answered(lambda: runs.run_fetch(run=run, actor=request.user, now=timezone.now()), request)
    if fetched is None:
        return redirect("desk:payment_run", number)
    return _download(run)


def _download(run: PaymentRun) -> HttpResponseBase:
    path = files.stored_path(run.stored_name)
    if not path.is_file():
        raise Http404
    response = HttpResponse(path.read_bytes(), content_type=runs.CSV_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{run.file_name}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
