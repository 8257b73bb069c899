"""Pages of the training room: who may decide how much, one rule with its versions, a person's certificates."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from aftersales.core import moves
from aftersales.core.access import answered, needs, valid
from aftersales.core.posted import moment_of, whole
from aftersales.core.rulebook import RuleState
from training import pages, selectors, services, tierpages
from training.forms import (
    CourseForm,
    DraftForm,
    ExamForm,
    GrantForm,
    LimitForm,
    NumberForm,
    RequirementForm,
    RubricForm,
    TierForm,
)
from training.models import (
    Certificate,
    CourseVersion,
    ExamVersion,
    Limit,
    Number,
    Requirement,
    RubricVersion,
    TierVersion,
)
from training.services.courses import course_draft, number_draft
from training.services.exams import exam_draft
from training.services.practical import rubric_draft

READ = "training.view_rules"
RENEWABLE = frozenset({"certified", "expiring", "expired"})
SORTS: dict[str, tuple[Any, type[DraftForm]]] = {
    "tier": (TierVersion, TierForm), "limit": (Limit, LimitForm), "duty": (Requirement, RequirementForm),
    "course": (CourseVersion, CourseForm), "number": (Number, NumberForm),
    "exam": (ExamVersion, ExamForm), "rubric": (RubricVersion, RubricForm),
}  # fmt: skip
KEYS = {
    "tier": "tier__code", "limit": "code", "duty": "duty", "course": "course__code", "number": "code",
    "exam": "exam__code", "rubric": "rubric__code",
}  # fmt: skip
PARENTS = {
    "tier": ("tier",), "limit": ("tier",), "duty": ("tier",), "course": ("course",), "exam": ("exam",), "number": (),
    "rubric": ("rubric",),
}  # fmt: skip


def at() -> datetime:
    """The moment a page speaks about."""
    return timezone.now()


@needs(READ)
@require_GET
def limits(request: HttpRequest) -> HttpResponse:
    """Kinds of decision × tiers, what each duty asks for, and the tiers themselves."""
    now = timezone.now()
    tiers = pages.tiers(now)
    page = {
        "title": _("Authority by tier"), "now": now, "tiers": tiers,
        "matrix": pages.matrix([tier for tier, _version, _draft in tiers], now),
        "requirements": pages.requirements(now),
    }  # fmt: skip
    return render(request, "training/limits.html", page)


def _versions(sort: str, key: str) -> list[Any]:
    """All versions of one rule, newest first."""
    if sort not in SORTS:
        raise Http404
    model, _form = SORTS[sort]
    people = ("drafted_by", "activated_by")
    found = model.objects.filter(**{KEYS[sort]: key}).select_related(*PARENTS[sort], *people)
    rows = list(found.order_by("-number"))
    if not rows:
        raise Http404
    return rows


@needs(READ)
@require_GET
def rule(request: HttpRequest, sort: str, key: str) -> HttpResponse:
    """One rule: what the chosen version says or changes, and who may bring it into force."""
    now, versions = timezone.now(), _versions(sort, key)
    version = _chosen(request, versions, now)
    earlier = [one for one in versions if one.number < version.number and one.state != RuleState.REJECTED]
    options = {one.move.name: one for one in moves.options(version, actor=request.user, now=now)}
    page = {
        "title": selectors.rule_words(f"{sort}.{key}"), "now": now, "sort": sort, "key": key, "version": version,
        "before": earlier[0] if earlier else None, "lines": pages.comparison(version, earlier[0] if earlier else None),
        "versions": [(one, pages.badge_of(one)) for one in versions], "badge": pages.badge_of(version),
        "is_draft": version.state == RuleState.DRAFT, "activate": options.get("activate"),
        "reject": options.get("reject"), "may_draft": request.user.has_perm(services.DRAFT),
        "draft_form": SORTS[sort][1](start=version, prefix="draft"),
    }  # fmt: skip
    return render(request, "training/rule.html", page)


def _chosen(request: HttpRequest, versions: list[Any], now: Any) -> Any:
    """The version asked for; else a waiting draft; else the one in force; else the newest."""
    wanted = whole(request.GET.get("v"))
    if wanted is not None:
        found = next((one for one in versions if one.number == wanted), None)
        if found is None:
            raise Http404
        return found
    drafts = [one for one in versions if one.state == RuleState.DRAFT]
    return [*drafts, *(one for one in versions if one.applies_at(now)), *versions][0]


@needs(services.DRAFT)
@require_POST
def draft(request: HttpRequest, sort: str, key: str) -> HttpResponse:
    """Draft the next version, or correct the waiting draft."""
    newest = _versions(sort, key)[0]
    form = SORTS[sort][1](request.POST, prefix="draft")
    if valid(request, form):
        who = {"actor": request.user, "now": timezone.now(), "reason": form.cleaned_data["reason"]}
        makers = {
            "tier": lambda: services.tier_draft(tier=newest.tier, **who, **form.terms()),
            "limit": lambda: services.limit_draft(code=key, **who, **form.terms()),
            "duty": lambda: services.requirement_draft(duty=key, **who, **form.terms()),
            "course": lambda: course_draft(course=newest.course, **who, **form.terms()),
            "exam": lambda: exam_draft(exam=newest.exam, **who, **form.terms()),
            "rubric": lambda: rubric_draft(rubric=newest.rubric, **who, **form.terms()),
            "number": lambda: number_draft(code=key, **who, **form.terms()),
        }
        answered(makers[sort], request, _("The draft waits for a second person."))
    return redirect("training:rule", sort=sort, key=key)


@needs("training.activate")
@require_POST
def decide(request: HttpRequest, sort: str, key: str, number: int) -> HttpResponse:
    """The second person brings a draft into force, or returns it with a reason."""
    row = next((one for one in _versions(sort, key) if one.number == number), None)
    if row is None:
        raise Http404
    who = {"draft": row, "actor": request.user, "now": timezone.now()}
    if request.POST.get("act") == "reject":
        reason = request.POST.get("reason", "")[:2000]
        answered(lambda: services.rule_reject(reason=reason, **who), request, _("The draft was returned."))
    else:
        begin = moment_of(request.POST.get("valid_from"))
        answered(
            lambda: services.rule_activate(valid_from=begin, **who), request, _("The version is in force.")
        )
    return redirect("training:rule", sort=sort, key=key)


# --------------------------------------------------------------------------------------------- certificates
@needs(READ)
@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """What I may decide, and my certificates."""
    return _of_person(request, request.user)


@needs(READ)
@require_GET
def allowances(request: HttpRequest) -> HttpResponse:
    """The same as a card, for My day."""
    now = timezone.now()
    page = {"now": now, "allowances": pages.allowances(request.user, now), "brief": True}
    return render(request, "training/_allowances.html", page)


@needs("training.view_certificate")
@require_GET
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """A colleague's certificates and what they let him decide."""
    found = User.objects.visible_to(request.user).people()
    return _of_person(request, get_object_or_404(found, pk=pk))


def _of_person(request: HttpRequest, who: Any) -> HttpResponse:
    now, user = timezone.now(), request.user
    may_grant = user.has_perm("training.certify") and who != user
    held = [
        (
            row,
            pages.certificate_badge(row, now),
            moves.options(row, actor=user, now=now),
            pages.duties(row.duties),
            tierpages.read_again(row.missing),
            may_grant and row.state in RENEWABLE and row.valid_from <= now,
        )
        for row in selectors.certificates_of(who, user)
    ]
    page = {
        "title": _("What I may decide") if who == user else _("Certificates"), "now": now, "who": who,
        "held": held, "allowances": pages.allowances(who, now), "grant_form": GrantForm(prefix="grant"),
        "may_grant": may_grant,
    }  # fmt: skip
    return render(request, "training/person.html", page)


@needs("training.certify")
@require_POST
def grant(request: HttpRequest, pk: int) -> HttpResponse:
    """Certify this person."""
    who = get_object_or_404(User.objects.visible_to(request.user).people(), pk=pk)
    form = GrantForm(request.POST, prefix="grant")
    if valid(request, form):
        by_exception = form.cleaned_data["by_exception"]
        answered(
            lambda: services.certificate_grant(
                person=who, actor=request.user, now=timezone.now(), **form.cleaned_data
            ),
            request,
            _("Granted, or proposed where something is missing.") if by_exception else _("The certificate is granted."),
        )  # fmt: skip
    return redirect("training:person", pk=pk)


@needs("training.certify")
@require_POST
def certificate_act(request: HttpRequest, public_id: str, name: str) -> HttpResponse:
    """Suspend, reinstate or revoke; confirm or decline an exception."""
    row = get_object_or_404(Certificate.objects.visible_to(request.user), public_id=public_id)
    if name not in services.ACTS:
        raise Http404
    answered(
        lambda: services.certificate_move(
            certificate=row, name=name, actor=request.user, now=timezone.now(),
            reason=request.POST.get("reason", "")[:2000], version=whole(request.POST.get("version")),
        ),
        request, _("Done."),
    )  # fmt: skip
    return redirect("training:person", pk=row.person_id)
