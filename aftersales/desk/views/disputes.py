"""A dispute's own page, its dialogs, the ruling, letters and precedents."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aftersales.cases import services
from aftersales.cases.disputestates import RulingOutcome
from aftersales.cases.models import Dispute, DisputeEvidence, Settlement
from aftersales.cases.states import Side
from aftersales.core import files, moves
from aftersales.core.access import answered, needs
from aftersales.core.posted import whole
from aftersales.desk import cases, disputeacts, disputes
from aftersales.desk.caseforms import ConsentForm
from aftersales.desk.disputeforms import PrecedentForm, RulingForm
from aftersales.desk.receiveforms import uploads
from aftersales.desk.views.framing import dialog, fragment, may_see_ticket, there

LETTERS = ("ruling", "evidence", "settlement")


def the_dispute(request: HttpRequest, number: str) -> Dispute:
    """The dispute this person may see, or nothing at all."""
    return there(disputes.find(request.user, number))


@require_GET
@needs("cases.view_dispute")
def dispute(request: HttpRequest, number: str) -> HttpResponse:
    """Whose turn it is, what both sides brought and offered, what was ruled."""
    row, now = the_dispute(request, number), timezone.now()
    card = disputes.card(row, request.user, now)
    context = {
        "title": row.number, "now": now, "dispute": row, "case": row.case, "ticket": row.case.ticket, "card": card,
        "bench": disputes.bench(row, request.user, now), "happened": disputes.happened(card),
        "may_see_ticket": may_see_ticket(request, row.case.ticket_id),
    }  # fmt: skip
    return render(request, "desk/disputes/dispute.html", context)


@require_http_methods(["GET", "POST"])
@needs("cases.view_dispute")
def act(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """One act on a dispute: its dialog, and the act itself."""
    row, now = the_dispute(request, number), timezone.now()
    found, reasons = _offered(request, row, name)
    bench = disputes.bench(row, request.user, now)
    form = found.form(
        request.POST if request.method == "POST" else None, initial={"side": row.turn}, bench=bench
    )
    if request.method == "POST" and form.is_valid():
        done = answered(lambda: _run(request, row, found, form), request, _("Done."))
        if done or fragment(request):
            return redirect("desk:dispute", row.number)
    context = {
        "title": found.label, "dispute": row, "act": found, "name": name, "form": form, "reasons": reasons, "now": now,
        "accept": files.accepted(), "with_files": name == "evidence", "bench": bench,
        "warned": bench.loses and name in ("evidence", "propose"),
        "turned": disputes.turned_by(row) if name == "propose" else None,
    }  # fmt: skip
    return dialog(request, "desk/disputes", context)


def _offered(request: HttpRequest, row: Dispute, name: str) -> tuple[disputeacts.DisputeAct, Any]:
    """The act, and why it is not possible now; not found for who may never do it."""
    found = disputeacts.ACTS.get(name)
    if found is None or not request.user.has_perm(found.may):
        raise Http404
    if not found.is_move:
        return found, ()
    option = next(iter(moves.options(row, actor=request.user, now=timezone.now(), names=[name])), None)
    if option is None:
        raise Http404
    return found, option.reasons


def _run(request: HttpRequest, row: Dispute, found: disputeacts.DisputeAct, form: Any) -> Any:
    now = timezone.now()
    with files.stored_for(uploads(request.FILES, "files"), now=now) as stored:
        given = disputeacts.Given(
            form.cleaned_data, list(stored), form, request.user, now, whole(request.POST.get("version"))
        )
        return found.run(row, given)


@require_http_methods(["GET", "POST"])
@needs("cases.rule")
def rule(request: HttpRequest, number: str) -> HttpResponse:
    """Rule, or decide the appeal, with earlier rulings beside."""
    row, now = the_dispute(request, number), timezone.now()
    on_appeal = row.ruled_by_id is not None
    name = "decide_appeal" if on_appeal else "rule"
    found = next(iter(moves.options(row, actor=request.user, now=now, names=[name])), None)
    if found is None:
        raise Http404
    form = RulingForm(request.POST or None, on_appeal=on_appeal, initial=_first_words(row))
    if request.method == "POST" and form.is_valid():
        service = services.appeal_decide if on_appeal else services.dispute_rule
        version = whole(request.POST.get("version"))
        done = answered(
            lambda: service(dispute=row, draft=form.draft(), actor=request.user, now=now, version=version),
            request, _("Ruled; both sides are told."),
        )  # fmt: skip
        if done:
            return redirect("desk:dispute", row.number)
    context = {
        "title": found.move.label, "dispute": row, "case": row.case, "act": found, "form": form, "now": now,
        "similar": disputes.similar(row, request.user), "on_appeal": on_appeal,
        "card": disputes.card(row, request.user, now),
        "stake": cases.quoted(lambda: services.ruling_preview(case=row.case), row.case),
    }  # fmt: skip
    return render(
        request, "desk/disputes/rule.html", context, status=422 if request.method == "POST" else 200
    )


def _first_words(row: Dispute) -> dict[str, Any]:
    """An empty ruling bears no fault; an appeal begins with what was ruled."""
    names = [
        name
        for name in RulingForm.base_fields
        if name not in ("obligation_days", "give_back", "give_back_ref")
    ]
    first = row.rulings.filter(on_appeal=False).first()
    if first is not None:
        begun = {name: getattr(first, name) for name in names}
        part = first.outcome == RulingOutcome.PART_REFUND
        return begun | {"amount": first.amount if part else None, "penalty": first.penalty or None}
    return {
        "fault_customer": 0, "fault_merchant": 100, "fault_carrier": 0, "fault_platform": 0, "freight_by": "merchant",
        "goods_back": row.case.goods_back,
    }  # fmt: skip


@require_http_methods(["GET", "POST"])
@needs("cases.answer")
def settlement_act(request: HttpRequest, public_id: str, name: str) -> HttpResponse:
    """Accept what the other side proposed, with all that follows and how it was said; or take one's own back."""
    rows = Settlement.objects.visible_to(request.user).select_related("dispute__case")
    row: Settlement | None = rows.filter(public_id=public_id).first()
    if row is None or name not in ("accept", "take_back"):
        raise Http404
    if name == "accept":
        return _accept(request, row)
    if request.method != "POST":
        raise Http404
    who: dict[str, Any] = {"actor": request.user, "now": timezone.now()}
    answered(lambda: services.settlement_take_back(settlement=row, **who), request, _("Done."))
    return redirect("desk:dispute", row.dispute.number)


def _accept(request: HttpRequest, row: Settlement) -> HttpResponse:
    """The dialog of an acceptance, and the acceptance itself."""
    now, dispute = timezone.now(), row.dispute
    other = Side.MERCHANT if row.by == Side.CUSTOMER else Side.CUSTOMER
    form = ConsentForm(request.POST if request.method == "POST" else None, initial={"said_at": now})
    if request.method == "POST" and form.is_valid():
        said = services.Consent(**form.cleaned_data)
        done = answered(
            lambda: services.settlement_accept(settlement=row, by=other, consent=said, actor=request.user, now=now),
            request, _("Both sides settled."),
        )  # fmt: skip
        if done or fragment(request):
            return redirect("desk:dispute", dispute.number)
    title = (
        pgettext("settlement", "The merchant accepts")
        if other == Side.MERCHANT
        else pgettext("settlement", "The customer accepts")
    )
    context = {
        "title": title, "dispute": dispute, "case": dispute.case, "offer": row, "form": form, "now": now,
        "effects": disputes.effects(row),
    }  # fmt: skip
    return dialog(request, "desk/disputes", context, "accept")


def the_evidence(request: HttpRequest, public_id: str) -> DisputeEvidence:
    rows = DisputeEvidence.objects.visible_to(request.user).select_related("dispute__case")
    found: DisputeEvidence | None = rows.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


@require_POST
@needs("cases.answer")
def evidence_withdraw(request: HttpRequest, public_id: str) -> HttpResponse:
    """The side that brought it takes it back."""
    row = the_evidence(request, public_id)
    answered(
        lambda: services.evidence_withdraw(evidence=row, actor=request.user, now=timezone.now()), request, _("Done.")
    )  # fmt: skip
    return redirect("desk:dispute", row.dispute.number)


@require_GET
@needs("cases.view_dispute")
def evidence_file(request: HttpRequest, public_id: str) -> FileResponse:
    """A file of one side, always as a download."""
    found = the_evidence(request, public_id)
    if not found.name or found.erased_at:
        raise Http404
    return files.serve(found, request)


@require_GET
@needs("cases.view_dispute")
def letter(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """The ruling, the notice of evidence or the settlement, with number, date and the place for the seal."""
    row, now = the_dispute(request, number), timezone.now()
    card = disputes.card(row, request.user, now)
    there = {"ruling": card.standing, "evidence": row, "settlement": card.settled}
    if kind not in LETTERS or not there[kind]:
        raise Http404
    context = {
        "title": row.number, "now": now, "dispute": row, "case": row.case, "card": card, "kind": kind,
        "ruling": card.standing, "settled": card.settled, "times": disputes.evidence_times(row),
        "appeal": disputes.appeal_of(row, card.standing, now) if card.standing else None,
    }  # fmt: skip
    return render(request, "desk/disputes/letter.html", context)


@require_GET
@needs("cases.view_dispute")
def precedents(request: HttpRequest) -> HttpResponse:
    """Earlier rulings by kind, reason, ruling and words."""
    form = PrecedentForm(request.GET)
    asked: dict[str, str] = form.cleaned_data if form.is_valid() else {}
    after = whole(request.GET.get("after"))
    rows, more = disputes.found(request.user, asked, after)
    context = {
        "title": pgettext("navigation", "Earlier rulings"), "now": timezone.now(), "form": form, "rows": rows,
        "more": more, "narrowed": any(asked.values()),
    }  # fmt: skip
    return render(request, "desk/disputes/precedents.html", context)
