"""Checklists: the list, the editor with its items, and the tick on the workbench."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aftersales.core.access import answered, needs
from aftersales.core.posted import whole
from aftersales.desk import checks
from aftersales.desk.views.ticket import the_ticket
from aftersales.tickets.models import ChecklistTemplate
from aftersales.tickets.services.checks import checklist_save, checklist_tick
from aftersales.tickets.states import GuardedMove, Kind, Severity

COLUMNS = ("name_zh", "name_en", "kinds", "severities", "move", "position", "is_active")


class ChecklistForm(forms.Form):
    """What stands around the items."""

    name_zh = forms.CharField(label=pgettext_lazy("checklist", "Chinese name"), max_length=120)
    name_en = forms.CharField(
        label=pgettext_lazy("checklist", "English name"), max_length=120, required=False
    )
    kinds = forms.MultipleChoiceField(
        label=pgettext_lazy("checklist", "Kinds of tickets"), choices=Kind.choices, required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    severities = forms.MultipleChoiceField(
        label=pgettext_lazy("checklist", "Severities"), choices=Severity.choices, required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    move = forms.ChoiceField(
        label=pgettext_lazy("checklist", "What waits for it"), required=False,
        choices=[("", pgettext_lazy("checklist", "Nothing, it only reminds")), *GuardedMove.choices],
    )  # fmt: skip
    position = forms.IntegerField(
        label=pgettext_lazy("checklist", "Place in the list"), min_value=1, max_value=999, initial=100
    )
    is_active = forms.BooleanField(label=pgettext_lazy("checklist", "In force"), required=False)


@require_GET
@needs("tickets.view_rules")
def checklists(request: HttpRequest) -> HttpResponse:
    """All checklists, those in force first."""
    rows = ChecklistTemplate.objects.visible_to(request.user).order_by("-is_active", "position", "code")
    context = {
        "title": _("Checklists"), "rows": [_listed(row) for row in rows],
        "may_write": request.user.has_perm("tickets.keep_checklists"),
    }  # fmt: skip
    return render(request, "desk/checklists.html", context)


def _listed(row: ChecklistTemplate) -> dict[str, Any]:
    kinds = [str(Kind(code).label) for code in row.kinds]
    return {"row": row, "which": kinds + [str(Severity(code).label) for code in row.severities]}


@require_http_methods(["GET", "POST"])
@needs("tickets.keep_checklists")
def checklist_new(request: HttpRequest) -> HttpResponse:
    """Write a new checklist."""
    return _editor(request, None)


@require_http_methods(["GET", "POST"])
@needs("tickets.view_rules")
def checklist(request: HttpRequest, code: str) -> HttpResponse:
    """One checklist: read by the house, changed by who keeps the rules."""
    row = get_object_or_404(ChecklistTemplate.objects.visible_to(request.user), code=code)
    if request.method == "POST" and not request.user.has_perm("tickets.keep_checklists"):
        raise Http404
    return _editor(request, row)


def _editor(request: HttpRequest, row: ChecklistTemplate | None) -> HttpResponse:
    """A button of the list changes only the form; *save* writes."""
    if request.method == "GET":
        initial = {name: getattr(row, name) for name in COLUMNS} if row else None
        return _page(request, row, ChecklistForm(initial=initial), row.items if row else [_EMPTY])
    found = checks.posted(request.POST)
    changed = checks.pressed(request.POST, found)
    form = ChecklistForm(request.POST)
    if changed is not None:
        return _page(request, row, form, changed, quiet=True)
    if form.is_valid() and (saved := _saved(request, row, form, found)):
        return redirect("desk:checklist", saved.code)
    return _page(request, row, form, found, status=422)


_EMPTY = {"key": "", "zh": "", "en": "", "required": True}


def _saved(
    request: HttpRequest, row: ChecklistTemplate | None, form: ChecklistForm, found: Any
) -> ChecklistTemplate | None:
    columns = form.cleaned_data | {"name_en": form.cleaned_data["name_en"] or form.cleaned_data["name_zh"]}
    saved: ChecklistTemplate | None = answered(
        lambda: checklist_save(
            template=row, items=found, actor=request.user, now=timezone.now(),
            version=whole(request.POST.get("version")), reason=request.POST.get("reason", "")[:2000], **columns,
        ),
        request, _("The checklist is saved."),
    )  # fmt: skip
    return saved


def _page(
    request: HttpRequest,
    row: ChecklistTemplate | None,
    form: ChecklistForm,
    items: Any,
    *,
    quiet: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = {
        "title": row.name if row else _("New checklist"), "checklist": row, "form": form, "quiet": quiet,
        "items": checks.shown(items), "version": request.POST.get("version") or (row.version if row else ""),
        "may_write": request.user.has_perm("tickets.keep_checklists"),
    }  # fmt: skip
    return render(request, "desk/checklist.html", context, status=status)


@require_POST
@needs("tickets.check")
def check(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """Tick one item of a checklist on this ticket, or take the tick back."""
    row = the_ticket(request, number)
    template = get_object_or_404(ChecklistTemplate, code=code)
    answered(
        lambda: checklist_tick(
            ticket=row, template=template, item=request.POST.get("item", ""),
            done=request.POST.get("done") == "1", actor=request.user, now=timezone.now(),
        ),
        request,
    )  # fmt: skip
    return redirect(reverse("desk:ticket", args=[number]) + "#checks")
