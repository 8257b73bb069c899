"""Promotions: the list, one promotion with its overrides, and the acts of the first and the second person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from aftersales.core import events, moves
from aftersales.core.access import answered, needs, valid
from aftersales.core.models import Event
from aftersales.core.posted import whole
from aftersales.core.rulebook import RuleState
from aftersales.standards import views as book
from aftersales.standards.consulting import selectors as consulting
from aftersales.standards.consulting.querysets import CONSULT
from aftersales.standards.consulting.services import comment_answer
from aftersales.standards.models import Consultation, ConsultationComment, Promotion
from aftersales.standards.promoting import selectors, services
from aftersales.standards.promoting.forms import OverrideForm, PromotionForm, WhyForm
from aftersales.standards.promoting.rules import STANDARD
from aftersales.standards.services import DRAFT
from aftersales.standards.states import Taken

ACTIVATE = "standards.activate"
MOST = 100


@needs(book.READ)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """All of them, the latest first."""
    now = timezone.now()
    rows = Promotion.objects.select_related("market", "drafted_by", "activated_by")[:MOST]
    page = {
        "title": pgettext("rule book", "Promotion mode"), "now": now,
        "rows": [(row, selectors.phase(row, now)) for row in rows],
        "may_draft": request.user.has_perm(DRAFT), "form": PromotionForm(prefix="draft"),
    }  # fmt: skip
    return render(request, "standards/promotions.html", page)


@needs(DRAFT)
@require_POST
def draft(request: HttpRequest) -> HttpResponse:
    """Draft a promotion."""
    form = PromotionForm(request.POST, prefix="draft")
    made = None
    if valid(request, form):
        made = answered(
            lambda: services.promotion_draft(actor=request.user, now=timezone.now(), **form.cleaned_data),
            request, _("Drafted. Now say which numbers it overrides."),
        )  # fmt: skip
    return redirect("promotions:promotion", made.code) if made else redirect("promotions:index")


def _row(code: str) -> Promotion:
    rows = Promotion.objects.select_related("market", "drafted_by", "activated_by")
    found: Promotion = get_object_or_404(rows, code=code)
    return found


@needs(book.READ)
@require_GET
def promotion(request: HttpRequest, code: str) -> HttpResponse:
    """Each override beside the usual number, who drafted and who activated, what happened."""
    row, now = _row(code), timezone.now()
    options = {one.move.name: one for one in moves.options(row, actor=request.user, now=now)}
    is_draft = row.state == RuleState.DRAFT
    may_draft = request.user.has_perm(DRAFT) and is_draft
    begun = {
        name: getattr(row, name)
        for name in ("name_zh", "name_en", "starts_at", "ends_at", "reason", "market")
    }
    versions, talk = selectors.versions_of(row), _talk(request, row, now)
    page = {
        "title": row.name, "now": now, "row": row, "badge": selectors.phase(row, now), "acts": options,
        "lines": [(one, _url(one.override, versions)) for one in selectors.lines(row, now)],
        "may_draft": may_draft, "is_draft": is_draft, "runs": row.runs_at(now),
        "form": PromotionForm(prefix="draft", initial=begun) if may_draft else None,
        "override_form": OverrideForm(prefix="over") if may_draft else None,
        "told": [(events.sentence(one), one.at, one.kind) for one in _told(row, talk["talked"])],
        **talk,
    }  # fmt: skip
    return render(request, "standards/promotion.html", page)


def _talk(request: HttpRequest, row: Promotion, now: datetime) -> dict[str, Any]:
    """What merchants were asked and said; a draft that changes none of their times has nothing to ask."""
    talked, may = consulting.consultation_of(row), request.user.has_perm(CONSULT)
    begun = row.state == RuleState.DRAFT and talked is None and may
    return {
        "talked": talked, "comments": consulting.comments(talked, request.user) if talked else [],
        "taken": Taken.choices, "may_answer": may, "begun": begun,
        "may_consult": begun and bool(selectors.of_merchants(row, now)),
    }  # fmt: skip


def _told(row: Promotion, talked: Consultation | None) -> Any:
    """What happened to it, newest first, with its consultation."""
    rows = Event.objects.about(Promotion._meta.label_lower, row.pk)
    if talked is not None:
        rows |= Event.objects.about(Consultation._meta.label_lower, talked.pk)
    return rows.order_by("-id")[:20]


def _url(one: Any, versions: Any) -> str:
    page = "standards:standard" if one.sort == STANDARD else "standards:number"
    version = versions.get(one.key)
    return reverse(page, args=[one.code]) + (f"?v={version.number}" if version else "")


@needs(CONSULT)
@require_POST
def consult(request: HttpRequest, code: str) -> HttpResponse:
    """Put the draft before the merchants, in public."""
    row = _row(code)
    asked: dict[str, Any] = {name: request.POST.get(name, "")[:2000] for name in ("asked_zh", "asked_en")}
    answered(
        lambda: services.promotion_consult(promotion=row, actor=request.user, now=timezone.now(), **asked),
        request, _("The draft is open for comments."),
    )  # fmt: skip
    return redirect("promotions:promotion", code)


@needs(CONSULT)
@require_POST
def comment(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say what becomes of a merchant's comment on a draft."""
    rows = ConsultationComment.objects.visible_to(request.user).select_related("consultation")
    row = get_object_or_404(rows, public_id=public_id, consultation__rule_kind=Promotion._meta.label_lower)
    answered(
        lambda: comment_answer(
            comment=row, taken=request.POST.get("taken", ""), answer=request.POST.get("answer", "")[:2000],
            actor=request.user, now=timezone.now(), seen=whole(request.POST.get("seen")),
        ),
        request, _("Answered; it stands on the public page."),
    )  # fmt: skip
    return redirect("promotions:promotion", row.consultation.citation)


@needs(DRAFT)
@require_POST
def change(request: HttpRequest, code: str) -> HttpResponse:
    """Correct name, dates or reason of a draft."""
    row, form = _row(code), PromotionForm(request.POST, prefix="draft")
    if valid(request, form):
        answered(
            lambda: services.promotion_change(
                promotion=row, actor=request.user, now=timezone.now(), version=whole(request.POST.get("version")),
                **form.cleaned_data,
            ),
            request, _("The draft was corrected."),
        )  # fmt: skip
    return redirect("promotions:promotion", code)


@needs(DRAFT)
@require_POST
def override(request: HttpRequest, code: str) -> HttpResponse:
    """Add or correct one override; ``drop`` leaves the rule as it is."""
    row = _row(code)
    who: dict[str, Any] = {"actor": request.user, "now": timezone.now()}
    if dropped := request.POST.get("drop", ""):
        sort, _colon, rule = dropped.partition(":")
        answered(lambda: services.override_drop(promotion=row, sort=sort, code=rule, **who), request)
        return redirect("promotions:promotion", code)
    form = OverrideForm(request.POST, prefix="over")
    if valid(request, form):
        answered(
            lambda: services.override_set(promotion=row, **form.terms(), **who),
            request,
            _("Noted in the draft."),
        )
    return redirect("promotions:promotion", code)


ACTS: dict[str, tuple[Any, bool, Any]] = {
    "activate": (services.promotion_activate, False, lambda: _("The promotion is in force for its dates.")),
    "reject": (services.promotion_reject, True, lambda: _("The draft was returned.")),
    "end": (services.promotion_end, True, lambda: _("It has ended; the usual numbers count again.")),
}


@needs(ACTIVATE)
@require_POST
def act(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """The second person brings it into force, returns it, or ends it early."""
    if name not in ACTS:
        raise Http404
    service, asks, done = ACTS[name]
    row, form = _row(code), WhyForm(request.POST, prefix=name)
    if not asks or valid(request, form):
        more = {"reason": form.cleaned_data["reason"]} if asks else {}
        version = whole(request.POST.get("version"))
        answered(
            lambda: service(promotion=row, actor=request.user, now=timezone.now(), version=version, **more),
            request, done(),
        )  # fmt: skip
    return redirect("promotions:promotion", code)
