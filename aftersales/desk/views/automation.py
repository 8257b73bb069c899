"""Automation rules: the list, one rule with its versions, its log and its dry run, the editor, the second person."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.selectors import names_of_others
from aftersales.core import moves
from aftersales.core.access import answered, needs
from aftersales.core.posted import whole
from aftersales.desk import steps
from aftersales.standards.states import RuleState
from aftersales.standards.views import badge_of
from aftersales.tickets import actions
from aftersales.tickets.actions import conditions
from aftersales.tickets.actions.conditions import CONDITIONS
from aftersales.tickets.models import Automation, AutomationRun, AutomationVersion
from aftersales.tickets.selectors.rehearsal import rehearse
from aftersales.tickets.services import automation as services
from aftersales.tickets.states import RuleOutcome, Trigger

READ = "tickets.view_rules"
LOG = 100
FLAGS = [
    ("", pgettext_lazy("condition", "either")),
    ("yes", pgettext_lazy("condition", "yes")),
    ("no", pgettext_lazy("condition", "no")),
]
TONES = {
    RuleOutcome.DONE: "green", RuleOutcome.REFUSED: "grey", RuleOutcome.LOOP: "red", RuleOutcome.DEPTH: "red",
    RuleOutcome.OFTEN: "amber", RuleOutcome.FAILED: "red", RuleOutcome.AGAIN: "grey",
}  # fmt: skip


class AutomationForm(forms.Form):
    """When, which tickets, and what the rule is called; its steps stand beside it."""

    name_zh = forms.CharField(label=pgettext_lazy("macro", "Chinese name"), max_length=120)
    name_en = forms.CharField(label=pgettext_lazy("macro", "English name"), max_length=120, required=False)
    position = forms.IntegerField(
        label=pgettext_lazy("macro", "Place in the list"), min_value=1, max_value=999
    )
    trigger = forms.ChoiceField(label=pgettext_lazy("automation", "When"), choices=Trigger.choices)
    hours = forms.IntegerField(
        label=pgettext_lazy("automation", "Hours, for a rule about time"),
        min_value=0,
        max_value=8760,
        required=False,
    )
    any_of = forms.ChoiceField(
        label=pgettext_lazy("automation", "Conditions"), required=False,
        choices=[
            ("", pgettext_lazy("automation", "all must hold")), ("1", pgettext_lazy("automation", "any is enough")),
        ],
    )  # fmt: skip

    def __init__(self, *args: Any, version: AutomationVersion | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for one in CONDITIONS.values():
            self.fields[f"if-{one.name}"] = _condition_field(one)
        self.initial = {"position": 100, "trigger": Trigger.OPENED}
        if version is not None:
            rule = version.rule
            self.initial |= {
                "name_zh": rule.name_zh, "name_en": rule.name_en, "position": rule.position, "trigger": version.trigger,
                "hours": version.hours or None, "any_of": "1" if version.any_of else "",
                **{f"if-{name}": value for name, value in version.conditions.items()},
            }  # fmt: skip

    def plain(self) -> list[Any]:
        return [field for field in self if not field.name.startswith("if-")]

    def asked(self) -> list[Any]:
        return [field for field in self if field.name.startswith("if-")]

    def terms(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "name_zh": given["name_zh"], "name_en": given["name_en"] or given["name_zh"], "position": given["position"],
            "trigger": given["trigger"], "hours": given["hours"] or 0, "any_of": given["any_of"] == "1",
            "given": {name: given[f"if-{name}"] for name in CONDITIONS},
        }  # fmt: skip


def _condition_field(one: conditions.Condition) -> forms.Field:
    label: Any = one.label
    if one.kind == "choice":
        return forms.MultipleChoiceField(
            label=label, choices=list(one.choices()), required=False, widget=forms.CheckboxSelectMultiple
        )
    if one.kind == "flag":
        return forms.ChoiceField(label=label, choices=FLAGS, required=False)
    if one.kind == "number":
        return forms.IntegerField(label=label, min_value=0, max_value=99, required=False)
    return forms.CharField(label=label, max_length=60, required=False)


@require_GET
@needs(READ)
def automations(request: HttpRequest) -> HttpResponse:
    """Every rule: when, for which tickets, what, and how it fared this week."""
    rows = list(Automation.objects.prefetch_related("versions"))
    context = {
        "title": _("Automation rules"), "rows": [_listed(row) for row in rows],
        "may_draft": request.user.has_perm(services.DRAFT),
    }  # fmt: skip
    return render(request, "desk/automations.html", context)


def _listed(row: Automation) -> dict[str, Any]:
    versions = sorted(row.versions.all(), key=lambda one: -one.number)
    shown = next(
        (one for one in versions if one.state == RuleState.ACTIVE), versions[0] if versions else None
    )
    waits = any(one.state == RuleState.DRAFT for one in versions) and shown and shown.state != RuleState.DRAFT
    return {"row": row, "waits": waits, **(_said(shown) if shown else {})}


def _said(version: AutomationVersion) -> dict[str, Any]:
    """One version in words."""
    return {
        "version": version, "badge": badge_of(version),
        "when": version.get_trigger_display(), "which": conditions.told(version.conditions, any_of=version.any_of),
        "steps": [step.action for step in actions.steps_of(version.steps)],
    }  # fmt: skip


def _rule(code: str) -> Automation:
    return get_object_or_404(Automation, code=code)


def _versions(rule: Automation) -> list[AutomationVersion]:
    return list(rule.versions.select_related("rule", "drafted_by", "activated_by").order_by("-number"))


@require_GET
@needs(READ)
def automation(request: HttpRequest, code: str) -> HttpResponse:
    """One rule: what it says, its log, its versions, and for a draft the second person's act."""
    rule, now = _rule(code), timezone.now()
    versions = _versions(rule)
    version = _chosen(request, versions)
    options = {one.move.name: one for one in moves.options(version, actor=request.user, now=now)}
    context = {
        "title": rule.name, "rule": rule, "now": now, **_said(version), "log": _log(version), "options": options,
        "versions": [(one, badge_of(one)) for one in versions], "may_draft": request.user.has_perm(services.DRAFT),
        "shown": steps.shown(actions.steps_of(version.steps)), "is_draft": version.state == RuleState.DRAFT,
    }  # fmt: skip
    return render(request, "desk/automation.html", context)


def _chosen(request: HttpRequest, versions: list[AutomationVersion]) -> AutomationVersion:
    wanted = whole(request.GET.get("v"))
    found = [one for one in versions if one.number == wanted] if wanted else versions
    if not found:
        raise Http404
    active = [one for one in found if one.state == RuleState.ACTIVE]
    drafts = [one for one in found if one.state == RuleState.DRAFT]
    return [*drafts, *active, *found][0]


def _log(version: AutomationVersion) -> list[tuple[AutomationRun, str]]:
    rows = version.runs.select_related("ticket").order_by("-id")[:LOG]
    return [(row, TONES[RuleOutcome(row.outcome)]) for row in rows]


@require_GET
@needs(READ)
def automation_dry(request: HttpRequest, code: str) -> HttpResponse:
    """The dry run of one version: what it would have done in the last seven days."""
    version = _chosen(request, _versions(_rule(code)))
    seen = rehearse(version, timezone.now())
    context = {"title": version.rule.name, "rule": version.rule, "version": version, "dry": seen}
    fragment = request.htmx  # type: ignore[attr-defined]
    return render(request, "desk/_automation_dry.html" if fragment else "desk/automation_dry.html", context)


@require_http_methods(["GET", "POST"])
@needs(services.DRAFT)
def automation_new(request: HttpRequest) -> HttpResponse:
    """Write a new rule; it is a draft."""
    return _editor(request, None, None)


@require_http_methods(["GET", "POST"])
@needs(services.DRAFT)
def automation_edit(request: HttpRequest, code: str) -> HttpResponse:
    """Draft the next version, or correct the waiting draft."""
    rule = _rule(code)
    return _editor(request, rule, _chosen(request, _versions(rule)))


def _editor(request: HttpRequest, rule: Automation | None, start: AutomationVersion | None) -> HttpResponse:
    if request.method == "GET":
        found = actions.steps_of(start.steps) if start else []
        return _edited(request, rule, start, AutomationForm(version=start), found)
    found = steps.posted(request.POST)
    form = AutomationForm(request.POST, version=start)
    changed = steps.pressed(request.POST, found)
    if changed is not None:
        return _edited(request, rule, start, form, changed, quiet=True)
    if form.is_valid() and (saved := _saved(request, rule, form, found)):
        return redirect("desk:automation", saved.rule.code)
    return _edited(request, rule, start, form, found, status=422)


def _saved(
    request: HttpRequest, rule: Automation | None, form: AutomationForm, found: Any
) -> AutomationVersion | None:
    saved: AutomationVersion | None = answered(
        lambda: services.automation_draft(
            rule=rule, actor=request.user, now=timezone.now(), steps=found, version=whole(request.POST.get("version")),
            reason=request.POST.get("reason", "")[:2000], **form.terms(),
        ),
        request, _("The draft waits for a second person."),
    )  # fmt: skip
    return saved


def _edited(
    request: HttpRequest,
    rule: Any,
    start: Any,
    form: AutomationForm,
    found: Any,
    *,
    quiet: bool = False,
    status: int = 200,
) -> HttpResponse:
    draft = start if start is not None and start.state == RuleState.DRAFT else None
    user: Any = request.user
    people = [(pk, name) for pk, name, _team in names_of_others(user, timezone.now(), but=0)]
    context = {
        "title": rule.name if rule else _("New rule"), "rule": rule, "form": form, "quiet": quiet, "may_write": True,
        "steps": steps.shown(found, people, steps.teams(user)), "offered": steps.offered(user, for_rule=True),
        "variables": steps.variables(), "version": request.POST.get("version") or (draft.version if draft else ""),
    }  # fmt: skip
    return render(request, "desk/automation_edit.html", context, status=status)


ACTS: dict[str, Any] = {
    "activate": lambda row, **who: services.automation_activate(
        draft=row, actor=who["actor"], now=who["now"]
    ),
    "reject": lambda row, **who: services.automation_reject(draft=row, **who),
    "retire": lambda row, **who: services.automation_retire(row=row, **who),
}


@require_POST
@needs("standards.activate")
def automation_act(request: HttpRequest, code: str, number: int, name: str) -> HttpResponse:
    """The second person's act, or stopping a rule."""
    row = AutomationVersion.objects.filter(rule__code=code, number=number).first()
    if row is None or name not in ACTS:
        raise Http404
    who = {"actor": request.user, "now": timezone.now(), "reason": request.POST.get("reason", "")[:2000]}
    answered(lambda: ACTS[name](row, **who), request, _("Done."))
    return redirect("desk:automation", code)
