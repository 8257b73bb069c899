"""Declared circumstances: what struck whom from when until when, and how many breaches it left out."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from aftersales.clocks import circumstances, services
from aftersales.clocks.circumstanceforms import CircumstanceForm
from aftersales.clocks.models import Circumstance
from aftersales.core.access import answered, needs, valid
from aftersales.standards import services as rule_book
from aftersales.standards import views as book

book.offer("circumstance", Circumstance, lambda row: redirect("circumstances:index"))


@needs(book.READ)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """All of them, the latest first, with what this person may do."""
    now = timezone.now()
    rows = [(one, book.badge_of(one.version)) for one in circumstances.rows(request.user, now)]
    page = {
        "title": pgettext("exclusion", "Disasters and outages"), "now": now, "rows": rows,
        "may_draft": request.user.has_perm(rule_book.DRAFT), "form": CircumstanceForm(prefix="draft"),
    }  # fmt: skip
    return render(request, "clocks/circumstances.html", page)


@needs(rule_book.DRAFT)
@require_POST
def draft(request: HttpRequest) -> HttpResponse:
    """Declare one, write its next version, or correct the waiting draft."""
    form = CircumstanceForm(request.POST, prefix="draft")
    if valid(request, form):
        answered(
            lambda: services.circumstance_draft(actor=request.user, now=timezone.now(), **form.cleaned_data),
            request, _("The draft waits for a second person."),
        )  # fmt: skip
    return redirect("circumstances:index")


@needs("standards.activate")
@require_POST
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one out of force: what it left out counts again."""
    row = Circumstance.objects.filter(pk=pk).first()
    if row is not None:
        answered(
            lambda: rule_book.rule_retire(row=row, actor=request.user, now=timezone.now()),
            request, _("Out of force; what it left out counts again within minutes."),
        )  # fmt: skip
    return redirect("circumstances:index")
