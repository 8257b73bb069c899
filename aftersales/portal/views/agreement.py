"""What a merchant agreed to and is asked to agree to, drafts open for comments, and how he keeps his duties."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from aftersales.core import origin
from aftersales.core.access import answered, needs
from aftersales.core.merchantscope import as_application
from aftersales.core.posted import whole
from aftersales.core.rulebook import RuleState
from aftersales.merchants import agreementpages as pages
from aftersales.merchants import agreementselectors as agreements
from aftersales.merchants.agreementstates import Answer
from aftersales.merchants.models import AgreementAnswer, AgreementVersion
from aftersales.merchants.services.agreements import agreement_answer
from aftersales.merchants.states import MemberRole
from aftersales.portal import measurerows, published
from aftersales.portal.scope import MerchantRequest, merchant_page, owner_page, reading
from aftersales.scorecards import obligations as kept
from aftersales.standards.consulting import selectors as consulting
from aftersales.standards.consulting.services import comment_make
from aftersales.standards.models import Consultation, ConsultationComment

from .today import WORK

ACCEPT = "merchants.accept_agreement"


@needs(WORK)
@merchant_page
@require_GET
def index(request: MerchantRequest) -> HttpResponse:
    """Every agreement of the shop with its standing, and the drafts that are open for comments."""
    now = timezone.now()
    asked = agreements.of_merchants([request.merchant], now).get(request.merchant.pk, [])
    answers = AgreementAnswer.objects.filter(merchant=request.merchant).select_related("version__agreement")
    page = {
        "title": pgettext("portal", "Agreement"), "now": now,
        "rows": [(one, pages.standing_badge(one.standing), pages.badge_of(one.asked, now)) for one in asked],
        "answers": answers[:50], "drafts": Consultation.objects.open(now),
    }  # fmt: skip
    return render(request, "portal/agreements.html", page)


@needs(WORK)
@merchant_page
@require_GET
def text(request: MerchantRequest, code: str, number: int) -> HttpResponse:
    """One version beside the one before it; an owner who is asked answers at its end."""
    now = timezone.now()
    version = _version(request, code, number)
    versions = list(
        AgreementVersion.objects.announced().filter(agreement=version.agreement).select_related("agreement")
        .order_by("-number")
    )  # fmt: skip
    before = pages.earlier(version, versions, whole(request.GET.get("with")))
    only = before is not None and request.GET.get("only") == "changes"
    answers = list(AgreementAnswer.objects.filter(merchant=request.merchant, version=version))
    accepted = next((one for one in answers if one.answer == Answer.ACCEPTED), None)
    page = {
        "title": version.agreement.name, "now": now, "version": version, "before": before,
        "lines": pages.lines(version, before, only_changes=only), "only": only,
        "changes": pages.changes_words(version, before),
        "badge": pages.badge_of(version, now), "versions": [(one, pages.badge_of(one, now)) for one in versions],
        "accepted": accepted,
        "declined": next((one for one in answers if one.answer == Answer.DECLINED), None),
        "may_answer": request.membership.role == MemberRole.OWNER and request.user.has_perm(ACCEPT)
        and version.state == RuleState.ACTIVE and accepted is None,
        "is_asked": version.state == RuleState.ACTIVE and accepted is None,
    }  # fmt: skip
    return render(request, "portal/agreement.html", page)


def _version(request: MerchantRequest, code: str, number: int) -> AgreementVersion:
    rows = AgreementVersion.objects.announced().select_related("agreement")
    found: AgreementVersion = get_object_or_404(rows, agreement__code=code, number=number)
    if not agreements.concerns(found.agreement, request.merchant):
        raise Http404
    return found


@needs(ACCEPT)
@owner_page
@require_POST
def answer(request: MerchantRequest, code: str, number: int) -> HttpResponse:
    """Accept, or decline with the reason."""
    with reading(request):
        version = _version(request, code, number)
    given = request.POST.get("answer", "")[:20]
    done = {
        Answer.ACCEPTED.value: _(
            "Accepted. It is recorded with your name, the time and the fingerprint of the text."
        ),
        Answer.DECLINED.value: _("Declined. Your contact at the platform is told and will call you."),
    }

    def act() -> AgreementAnswer:
        with origin.coming_from("portal"):
            return agreement_answer(
                merchant=request.merchant, version=version, answer=given, seen=request.POST.get("seen", "")[:64],
                words=request.POST.get("words", "")[:2000], actor=request.user, now=timezone.now(),
            )  # fmt: skip

    answered(act, request, done.get(given, ""))
    return redirect("portal:agreement", code, number)


@needs(WORK)
@merchant_page
@require_GET
def draft(request: MerchantRequest, public_id: str) -> HttpResponse:
    """A draft that is or was open for comments, beside what holds now; one's own comments and the answers."""
    now = timezone.now()
    row = get_object_or_404(Consultation, public_id=public_id)
    ladder, planned = published.ladder_of(row), published.planned_of(row, now)
    if ladder is not None or planned is not None:
        name = ladder.version.rule.name if ladder else planned.promotion.name if planned else ""
        page = {
            "title": name, "now": now, "row": row, "ladder": ladder, "planned": planned, "is_open": row.is_open(now),
            "comments": consulting.comments(row, request.user),
        }  # fmt: skip
        return render(request, "portal/ladder.html", page)
    version = AgreementVersion.objects.filter(pk=row.rule_id).select_related("agreement").first()
    if row.rule_kind != AgreementVersion._meta.label_lower or version is None:
        raise Http404
    earlier = AgreementVersion.objects.announced().filter(
        agreement=version.agreement, number__lt=version.number
    )
    before = earlier.select_related("agreement").order_by("-number").first()
    only = before is not None and request.GET.get("only") == "changes"
    page = {
        "title": version.agreement.name, "now": now, "row": row, "version": version, "before": before,
        "lines": pages.lines(version, before, only_changes=only), "only": only,
        "changes": pages.changes_words(version, before),
        "is_open": row.is_open(now), "comments": consulting.comments(row, request.user),
    }  # fmt: skip
    return render(request, "portal/draft.html", page)


@needs(WORK)
@merchant_page
@require_POST
def comment(request: MerchantRequest, public_id: str) -> HttpResponse:
    """Say what one thinks of a draft."""
    with reading(request):
        row = get_object_or_404(Consultation, public_id=public_id)

    def act() -> ConsultationComment:
        with origin.coming_from("portal"):
            return comment_make(
                consultation=row, merchant=request.merchant.pk, words=request.POST.get("words", ""),
                actor=request.user, now=timezone.now(),
            )  # fmt: skip

    answered(act, request, _("Thank you. It is published with the answer, without your name and shop."))
    return redirect("portal:draft", public_id)


@needs(WORK)
@merchant_page
@require_GET
def duties(request: MerchantRequest) -> HttpResponse:
    """What the shop owes by which clause, how it kept it, and each breach with why it counts or not."""
    now = timezone.now()
    days = whole(request.GET.get("days"))
    days = days if days in kept.SPANS else kept.SPANS[0]
    with as_application("figures of the shop itself are summed from roll-ups that hold every shop's"):
        owed = kept.owed(request.merchant, days, now)
    mine = kept.of_merchant(request.merchant)
    found, more = kept.breaches(mine, owed, before=whole(request.GET.get("before")))
    page = {
        "title": pgettext("portal", "Our duties"), "now": now, "duties": owed, "days": days, "spans": kept.SPANS,
        "breaches": _with_subjects(request, found), "more": more,
    }  # fmt: skip
    return render(request, "portal/duties.html", page)


def _with_subjects(request: HttpRequest, found: list[kept.Breach]) -> list[tuple[kept.Breach, Any]]:
    """Each breach with what it is about, as the shop calls it."""
    names = measurerows.named(kept.subject_keys(found), request)
    return [(one, names.get((one.clock.subject_kind, one.clock.subject_id))) for one in found]
