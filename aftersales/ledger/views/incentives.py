"""The rule workshop: incentive rules, their drafts and announcement, the trial on past months, schemes, losses."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from aftersales.core import files
from aftersales.core.access import answered, needs, valid
from aftersales.core.posted import day_of
from aftersales.core.rulebook import RuleState
from aftersales.ledger import incentivepages as pages
from aftersales.ledger import services
from aftersales.ledger.incentiveforms import DraftForm, LossForm, NewRuleForm, SchemeForm
from aftersales.ledger.models import IncentiveRule, IncentiveVersion, Scheme
from aftersales.standards import services as rule_book
from aftersales.standards.announcing import views as announcing
from aftersales.standards.announcing.pages import before

READ = "standards.view_rulebook"
DRAFT = rule_book.DRAFT
PROPOSE = "ledger.claim_loss"


@needs(READ)
@require_GET
def rules(request: HttpRequest) -> HttpResponse:
    """Every rule with what it gives, and the schemes adopted with staff; everybody reads by what he is judged."""
    now = timezone.now()
    rows = [
        (rule, version, badge, waits, pages.gives(version) if version else "")
        for rule, version, badge, waits in pages.overview(now)
    ]
    page = {
        "title": pgettext("ledger", "Incentive rules"), "now": now, "rows": rows, "schemes": Scheme.objects.all()[:50],
        "may_draft": request.user.has_perm(DRAFT), "form": NewRuleForm(prefix="new"),
        "scheme_form": SchemeForm(prefix="scheme"), "may_claim": request.user.has_perm(PROPOSE),
        "loss_form": LossForm(prefix="loss") if request.user.has_perm(PROPOSE) else None,
        "accept": files.accepted(),
    }  # fmt: skip
    return render(request, "ledger/rules.html", page)


@needs(READ)
@require_GET
def rule(request: HttpRequest, code: str) -> HttpResponse:
    """One rule: its terms beside the version before, the announcement, the trial on a month, the draft."""
    row, now = get_object_or_404(IncentiveRule, code=code), timezone.now()
    versions = list(
        row.versions.select_related("rule", "scheme", "drafted_by", "activated_by").order_by("-number")
    )
    marks = pages.badges(versions, now)
    page = announcing.opened(request, row, versions, now, badge=lambda one, now: marks[one.pk], about=_about)
    version = page["version"]
    start = version if version is None or version.state == RuleState.DRAFT else versions[0]
    form = DraftForm(rule=row, start=start, prefix="draft")
    return render(request, "ledger/rule.html", page | {"form": form})


def _about(
    request: HttpRequest, version: IncentiveVersion, versions: list[IncentiveVersion], now: Any
) -> dict[str, Any]:
    month = _month(request, now)
    earlier = before(version, versions)
    may_try = request.user.has_perm("ledger.view_proposals")
    announced = may_try and version.state in (RuleState.ACTIVE, RuleState.RETIRED)
    told, count = pages.told_of(version) if announced else (None, 0)
    return {
        "terms": pages.terms(version, earlier), "before": earlier,
        "announcement": pages.announcement(version, now), "earliest": pages.incentives.earliest(version, now),
        "month": month, "months": pages.past_months(now), "may_try": may_try,
        "told": told, "told_count": count, "dry_run": pages.dry_run(version, now),
        "tried": pages.trial(version, month) if month and may_try else None,
    }  # fmt: skip


def _month(request: HttpRequest, now: Any) -> date | None:
    asked = day_of(f"{request.GET.get('month', '')}-01")
    return asked if asked in pages.past_months(now) else None


@needs(DRAFT)
@require_POST
def rule_new(request: HttpRequest) -> HttpResponse:
    """Open a rule."""
    form = NewRuleForm(request.POST, prefix="new")
    if not valid(request, form):
        return redirect("ledger:rules")
    row = answered(
        lambda: services.incentive_create(actor=request.user, now=timezone.now(), **form.cleaned_data),
        request,
    )
    return redirect("ledger:rule", row.code) if row else redirect("ledger:rules")


@needs(DRAFT)
@require_POST
def rule_draft(request: HttpRequest, code: str) -> HttpResponse:
    """Draft the next version, or correct the waiting draft."""
    row = get_object_or_404(IncentiveRule, code=code)
    form = DraftForm(request.POST, rule=row, start=None, prefix="draft")
    if valid(request, form):
        answered(
            lambda: services.incentive_draft(
                rule=row, actor=request.user, now=timezone.now(), reason=form.cleaned_data["reason"], **form.terms()
            ),
            request, _("The draft waits for a second person."),
        )  # fmt: skip
    return redirect("ledger:rule", code)


@needs("standards.activate")
@require_POST
def rule_decide(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """The second person announces a draft or returns it with a reason; a version in force can be ended."""
    row = get_object_or_404(IncentiveVersion.objects.select_related("rule"), rule__code=code, number=number)
    announcing.decided(request, row, services.incentive_activate, ended=_("The rule is out of force."))
    return redirect("ledger:rule", code)


@needs(DRAFT)
@require_POST
def scheme_new(request: HttpRequest) -> HttpResponse:
    """Register what was adopted with staff, with the signed sheet."""
    form = SchemeForm(request.POST, request.FILES, prefix="scheme")
    if valid(request, form):
        given = {name: value for name, value in form.cleaned_data.items() if name != "file"}
        answered(lambda: _scheme(request, form, given), request, _("The scheme is registered."))
    return redirect("ledger:rules")


def _scheme(request: HttpRequest, form: Any, given: dict[str, Any]) -> Scheme:
    now = timezone.now()
    with files.stored_for([form.cleaned_data["file"]], now=now) as stored:
        return services.scheme_register(file=stored[0], actor=request.user, now=now, **given)


@needs(READ)
@require_GET
def scheme_file(request: HttpRequest, public_id: str) -> FileResponse:
    """The signed sheet, for those who keep the rules and those who check."""
    row = get_object_or_404(Scheme.objects.visible_to(request.user), public_id=public_id)
    if not request.user.has_perm("ledger.view_proposals"):
        raise Http404
    return files.serve(row, request)


@needs(PROPOSE)
@require_POST
def loss(request: HttpRequest) -> HttpResponse:
    """Propose that a person makes good a loss, within what the law leaves of the month's pay."""
    form = LossForm(request.POST, request.FILES, prefix="loss")
    if not valid(request, form):
        return redirect("ledger:rules")
    row = answered(lambda: _claim(request, form), request, _("Proposed; the person is told next."))
    return redirect("ledger:proposal", row.public_id) if row else redirect("ledger:rules")


def _claim(request: HttpRequest, form: Any) -> Any:
    now, given = timezone.now(), dict(form.cleaned_data)
    with files.stored_for([given.pop("file")], now=now) as stored:
        return services.loss_propose(files=stored, actor=request.user, now=now, **given)
