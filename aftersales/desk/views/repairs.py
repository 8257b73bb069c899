"""Acts on exchanges and repairs, and the pages of the fault trees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aftersales.cases import services
from aftersales.cases.models import Case, CaseParcel, Due, FaultTree, FaultTreeVersion, Repair
from aftersales.cases.services.faulttrees import KEYS, MOST
from aftersales.core import moves
from aftersales.core.access import answered, needs
from aftersales.core.posted import whole
from aftersales.core.rulebook import RuleState
from aftersales.desk import repairs
from aftersales.desk.repairacts import ACTS, REPAIR_MOVES, WorkAct
from aftersales.desk.views import refused
from aftersales.desk.views.cases import case_page, the_case
from aftersales.standards import services as rule_book
from aftersales.standards import views as book
from aftersales.standards.selectors import parameter

READ = "standards.view_rulebook"


@require_http_methods(["GET", "POST"])
@needs("cases.view_case")
def work(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """One act on an exchange, a repair, an amount due or a label: its dialog, and the act itself."""
    case, act, now = the_case(request, number), ACTS.get(name), timezone.now()
    if act is None or not request.user.has_perm(act.capability):
        raise Http404
    key = (request.POST if request.method == "POST" else request.GET).get("on", "")
    target = _target(act, case, key)
    form = act.form(
        request.POST if request.method == "POST" else None, case=case,
        choices=repairs.choices_of(name, case, target, now),
        lines=repairs.lines_of(case), initial=repairs.initial_of(name, target),
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        version = whole(request.POST.get("version"))
        who: dict[str, Any] = {"actor": request.user, "now": now}
        if act.on != "due":
            who["version"] = version
        done = answered(lambda: act.run(target, form, **who), request, _("Done."))
        if done:
            return redirect("desk:case", case.number)
    context = {
        "title": act.label, "case": case, "form": form, "name": name, "now": now, "on": key,
        "version": getattr(target, "version", ""), "act": _option(act, name, target, request.user, now),
        "parts": hasattr(form, "rows"), "trees": repairs.trees_of(target, now) if name == "diagnose" else (),
    }  # fmt: skip
    if refused.in_dialog(request):
        return case_page(request, case, opened=refused.opened(request, "desk/cases/_work_act.html", context))
    template = "desk/cases/_work_act.html" if request.htmx else "desk/cases/work_act.html"  # type: ignore[attr-defined]
    return render(request, template, context, status=422 if request.method == "POST" else 200)


def _target(act: WorkAct, case: Case, key: str) -> Any:
    """What the act is done to, of this case; anything else does not exist."""
    if act.on == "case":
        return case
    if act.on == "due":
        return get_object_or_404(Due, case=case, pk=whole(key) or 0)
    if act.on == "parcel":
        return get_object_or_404(CaseParcel, case=case, public_id=key)
    rows = Repair.objects.select_related("case", "tree_version__tree", "case_line__line__product__category")
    return get_object_or_404(rows, case=case, public_id=key)


def _option(act: WorkAct, name: str, target: Any, user: Any, now: Any) -> Any:
    if act.on != "repair" or name not in REPAIR_MOVES:
        return None
    return next(iter(moves.options(target, actor=user, now=now, names=[name])), None)


@needs(READ)
@require_GET
def trees(request: HttpRequest) -> HttpResponse:
    """Every fault tree with its hit rate beside the target."""
    now = timezone.now()
    context = {
        "title": _("Fault trees"), "rows": repairs.trees(now), "target": parameter("repair_diagnosis_percent", now),
    }  # fmt: skip
    return render(request, "desk/faults/trees.html", context)


@needs(READ)
@require_GET
def tree(request: HttpRequest, code: str) -> HttpResponse:
    """One tree: its branches with their hits, what the chosen version changes, who brings it into force."""
    row, now = get_object_or_404(FaultTree, code=code), timezone.now()
    versions = list(row.versions.select_related("tree", "drafted_by", "activated_by").order_by("-number"))
    version = book.chosen(request, versions, now)
    before = book.before(version, versions)
    spare = [dict.fromkeys(KEYS, "") for _one in range(2)]
    context = {
        "title": row.name, "tree": row, "rows": repairs.branch_rows(version, before), "keys": KEYS,
        "edited": [*version.branches, *spare], "target": parameter("repair_diagnosis_percent", now),
        "row": next(one for one in repairs.trees(now) if one.tree.pk == row.pk),
        **book.common(request, version, before, versions, now),
    }  # fmt: skip
    return render(request, "desk/faults/tree.html", context)


@needs(rule_book.DRAFT)
@require_POST
def tree_draft(request: HttpRequest, code: str) -> HttpResponse:
    """Draft the next version, or correct the waiting draft."""
    row, now = get_object_or_404(FaultTree, code=code), timezone.now()
    waiting = FaultTreeVersion.objects.filter(tree=row, state=RuleState.DRAFT).first()
    typed, reason = _branches(request.POST), request.POST.get("reason", "")[:2000]
    who: dict[str, Any] = {"actor": request.user, "now": now, "branches": typed, "reason": reason}
    if waiting is None:
        answered(
            lambda: services.fault_tree_draft(tree=row, **who),
            request,
            _("The draft waits for a second person."),
        )
    else:
        version = whole(request.POST.get("version")) or 0
        answered(
            lambda: services.fault_tree_redraft(draft=waiting, version=version, **who), request,
            _("The draft was corrected."),
        )  # fmt: skip
    return redirect("desk:fault_tree", code=code)


def _branches(posted: Mapping[str, str]) -> list[dict[str, str]]:
    """Rows of the form; one without a code and a cause is none."""
    found = []
    for number in range(MOST + 2):
        one = {name: posted.get(f"{name}-{number}", "")[:700] for name in KEYS}
        if any(value.strip() for value in one.values()):
            found.append(one)
    return found


@needs("standards.activate")
@require_POST
def tree_decide(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """The second person brings a draft into force, or returns it with a reason."""
    draft = get_object_or_404(FaultTreeVersion, tree__code=code, number=number)
    who: dict[str, Any] = {"draft": draft, "actor": request.user, "now": timezone.now()}
    if request.POST.get("act") == "reject":
        reason = request.POST.get("reason", "")[:2000]
        answered(lambda: rule_book.rule_reject(reason=reason, **who), request, _("The draft was returned."))
    else:
        answered(lambda: rule_book.rule_activate(**who), request, _("The version is in force."))
    return redirect("desk:fault_tree", code=code)
