"""Macros: the list, the editor with its steps, and the dialog of the workbench that previews and applies them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Team
from accounts.states import Role
from aftersales.core import once
from aftersales.core.access import answered, needs
from aftersales.core.errors import DomainError
from aftersales.core.posted import whole
from aftersales.desk import bulk, steps
from aftersales.desk.views.ticket import the_ticket
from aftersales.tickets import actions
from aftersales.tickets.actions import engine
from aftersales.tickets.models import Macro, Ticket
from aftersales.tickets.services.macros import macro_apply, macro_save, may_keep
from aftersales.tickets.states import Kind, MacroScope

WORKING_ROLES = (Role.AGENT, Role.LEAD, Role.SUPERVISOR, Role.AUTHORITY_DESK, Role.OPERATIONS)


class MacroForm(forms.Form):
    """What stands around the steps."""

    name_zh = forms.CharField(label=pgettext_lazy("macro", "Chinese name"), max_length=120)
    name_en = forms.CharField(label=pgettext_lazy("macro", "English name"), max_length=120, required=False)
    scope = forms.ChoiceField(label=pgettext_lazy("macro", "For whom"), choices=MacroScope.choices)
    team = forms.ModelChoiceField(
        label=pgettext_lazy("macro", "Team"), queryset=Team.objects.none(), required=False, empty_label="–"
    )
    position = forms.IntegerField(
        label=pgettext_lazy("macro", "Place in the list"), min_value=1, max_value=999
    )
    kinds = forms.MultipleChoiceField(
        label=pgettext_lazy("macro", "Kinds of tickets"), choices=Kind.choices, required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    roles = forms.MultipleChoiceField(
        label=pgettext_lazy("macro", "Roles"), choices=[(role.value, role.label) for role in WORKING_ROLES],
        required=False, widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    is_active = forms.BooleanField(label=pgettext_lazy("macro", "In use"), required=False)

    def __init__(self, *args: Any, user: Any, macro: Macro | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = Team.objects.active()
        mine = teams if user.has_perm("tickets.keep_macros") else teams.filter(pk__in=user.team_ids)
        self.fields["team"].queryset = mine  # type: ignore[attr-defined]
        names = ("name_zh", "name_en", "scope", "position", "kinds", "roles", "is_active")
        if macro is not None:
            self.initial = {name: getattr(macro, name) for name in names} | {"team": macro.team_id}
        else:
            self.initial = {"scope": MacroScope.OWN, "position": 100, "is_active": True}


def _macro(request: HttpRequest, code: str) -> Macro:
    found: Macro | None = Macro.objects.visible_to(request.user).filter(code=code).first()
    if found is None:
        raise Http404
    return found


@require_GET
@needs("tickets.use_macros")
def macros(request: HttpRequest) -> HttpResponse:
    """All macros this person finds, by whom they are for."""
    rows = list(Macro.objects.visible_to(request.user).select_related("team", "owner"))
    sections = [
        (scope.label, found) for scope in (MacroScope.OWN, MacroScope.TEAM, MacroScope.ALL)
        if (found := [_listed(row) for row in rows if row.scope == scope])
    ]  # fmt: skip
    context = {
        "title": _("Macros"),
        "sections": sections,
        "may_write": request.user.has_perm("tickets.own_macros"),
    }
    return render(request, "desk/macros.html", context)


def _listed(row: Macro) -> dict[str, Any]:
    kinds = [str(Kind(code).label) for code in row.kinds]
    return {"row": row, "steps": [one.action for one in actions.steps_of(row.steps)], "kinds": kinds}


@require_http_methods(["GET", "POST"])
@needs("tickets.own_macros")
def macro_new(request: HttpRequest) -> HttpResponse:
    """Write a new macro."""
    return _editor(request, None)


@require_http_methods(["GET", "POST"])
@needs("tickets.use_macros")
def macro(request: HttpRequest, code: str) -> HttpResponse:
    """One macro: read by everybody who finds it, changed by who keeps it."""
    row = _macro(request, code)
    if request.method == "POST" and not _keeps(request.user, row):
        raise Http404
    return _editor(request, row)


def _keeps(user: Any, row: Macro | None) -> bool:
    return row is None or may_keep(user, row.scope, row.team_id, row.owner_id)


def _editor(request: HttpRequest, row: Macro | None) -> HttpResponse:
    """A button of the list changes only the form; *save* writes."""
    if request.method == "GET":
        shown = actions.steps_of(row.steps) if row else []
        return _page(request, row, MacroForm(user=request.user, macro=row), shown)
    found = steps.posted(request.POST)
    changed = steps.pressed(request.POST, found)
    form = MacroForm(request.POST, user=request.user, macro=row)
    if changed is not None:
        return _page(request, row, form, changed, quiet=True)
    if form.is_valid() and (saved := _saved(request, row, form, found)):
        return redirect("desk:macro", saved.code)
    return _page(request, row, form, found, status=422)


def _saved(request: HttpRequest, row: Macro | None, form: MacroForm, found: list[Any]) -> Macro | None:
    columns = form.cleaned_data | {"name_en": form.cleaned_data["name_en"] or form.cleaned_data["name_zh"]}
    saved: Macro | None = answered(
        lambda: macro_save(
            macro=row, steps=found, actor=request.user, now=timezone.now(), version=whole(request.POST.get("version")),
            reason=request.POST.get("reason", "")[:2000], **columns,
        ),
        request, _("The macro is saved."),
    )  # fmt: skip
    return saved


def _page(
    request: HttpRequest,
    row: Macro | None,
    form: MacroForm,
    found: Any,
    *,
    quiet: bool = False,
    status: int = 200,
) -> HttpResponse:
    may_write = _keeps(request.user, row)
    version = request.POST.get("version") or (row.version if row else "")
    context = {
        "title": row.name if row else _("New macro"), "macro": row, "form": form, "quiet": quiet,
        "steps": steps.shown(found, bulk.people(request.user, timezone.now()), steps.teams(request.user)),
        "version": version,
        "offered": steps.offered(request.user), "variables": steps.variables(), "may_write": may_write,
    }  # fmt: skip
    return render(request, "desk/macro.html", context, status=status)


# On the workbench --------------------------------------------------------------------------------------------


@require_GET
@needs("tickets.use_macros")
def macros_for(request: HttpRequest, number: str) -> HttpResponse:
    """The macros that fit this ticket: those whose first step is open to it stand first. The preview judges all steps.

    Judged once for each act that a macro begins with, so that a hundred macros ask no more than ten.
    """
    row, now = _whole(request, number), timezone.now()
    rows = [one for one in Macro.objects.usable_by(request.user) if not one.kinds or row.kind in one.kinds]
    first = {one.pk: steps_[0].action for one in rows if (steps_ := actions.steps_of(one.steps))}
    judged = {
        act.code: engine.open_to(act, [row], actor=request.user, now=now)[row.pk]
        for act in {act.code: act for act in first.values()}.values()
    }
    found = [(one, judged[first[one.pk].code] if one.pk in first else ()) for one in rows]
    context = {"ticket": row, "macros": sorted(found, key=lambda pair: bool(pair[1]))}
    return render(request, "desk/_macros.html", context)


def _whole(request: HttpRequest, number: str) -> Ticket:
    row = the_ticket(request, number)
    return Ticket.objects.select_related(*engine.RELATED).get(pk=row.pk)


def _told(request: HttpRequest, row: Macro, ticket: Ticket, now: Any) -> list[engine.Told]:
    found = actions.steps_of(row.steps)
    return engine.foresee(found, [ticket], actor=request.user, now=now, telling=True)[ticket.pk]


@require_GET
@needs("tickets.use_macros")
def macro_preview(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """What each step will do to this ticket, or why it is refused."""
    row, now = _whole(request, number), timezone.now()
    chosen = Macro.objects.usable_by(request.user).filter(code=code).first()
    if chosen is None:
        raise Http404
    told = _told(request, chosen, row, now)
    context = {
        "title": chosen.name, "ticket": row, "macro": chosen, "told": told,
        "refused": told[-1].reasons if told else (), "left": len(chosen.steps) - len(told),
    }  # fmt: skip
    fragment = request.htmx  # type: ignore[attr-defined]
    return render(request, "desk/_macro_preview.html" if fragment else "desk/macro_preview.html", context)


@require_POST
@needs("tickets.use_macros")
def macro_do(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """Apply it: everything or nothing."""
    row = the_ticket(request, number)
    chosen = Macro.objects.usable_by(request.user).filter(code=code).first()
    if chosen is None:
        raise Http404
    try:
        macro_apply(
            macro=chosen, ticket=row, actor=request.user, now=timezone.now(), key=once.reference(request),
            version=whole(request.POST.get("version")), macro_version=whole(request.POST.get("macro_version")),
        )  # fmt: skip
        messages.success(request, _("“%(macro)s” is done.") % {"macro": chosen.name})
    except engine.StepRefused as error:
        messages.error(request, _nothing_done(error))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("desk:ticket", number)


def _nothing_done(error: engine.StepRefused) -> str:
    words = _("Nothing was done: step %(number)d, %(action)s, is not possible any more. %(why)s")
    return words % {"number": error.number, "action": error.step.action.label, "why": error}
