"""A merchant's obligations: how he keeps what he agreed to, each breach with its evidence and why it may not count."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from aftersales.clocks.models import BreachExclusion, Clock
from aftersales.clocks.services import breach_count_again, breach_exclude
from aftersales.clocks.states import ExclusionCause
from aftersales.core import subjects
from aftersales.core.access import answered, needs, valid
from aftersales.core.posted import whole
from aftersales.merchants import agreementpages, agreementselectors
from aftersales.merchants.models import AgreementAnswer, Merchant
from aftersales.scorecards import obligations as kept

SEE = "merchants.view_agreements"
EXCLUDE = "clocks.exclude"
ONLY = (
    ("", pgettext_lazy("breaches", "All")),
    ("counted", pgettext_lazy("breaches", "That count")),
    ("left_out", pgettext_lazy("breaches", "Left out")),
)


class ExcludeForm(forms.Form):
    """Why a breach does not count."""

    cause = forms.ChoiceField(
        label=gettext_lazy("Why it does not count"),
        choices=[(one.value, one.label) for one in ExclusionCause if one != ExclusionCause.APPEAL],
    )
    reason = forms.CharField(
        label=gettext_lazy("What happened"), widget=forms.Textarea(attrs={"rows": 3}), max_length=1000,
        help_text=gettext_lazy("The merchant reads it. No names and no contacts of customers."),
    )  # fmt: skip
    evidence = forms.CharField(
        label=gettext_lazy("What shows it"), max_length=200, required=False,
        help_text=gettext_lazy("A number or an address: announcement, incident, ticket."),
    )  # fmt: skip


@require_GET
@needs(SEE)
def obligations(request: HttpRequest, code: str) -> HttpResponse:
    """What he owes by which clause, kept, broken and left out; then the breaches."""
    shop, now = _merchant(request, code), timezone.now()
    days = whole(request.GET.get("days"))
    days = days if days in kept.SPANS else kept.SPANS[0]
    only = request.GET.get("only", "")[:10]
    asked = agreementselectors.of_merchants([shop], now).get(shop.pk, [])
    duties = kept.owed(shop, days, now, asked)
    mine = kept.of_merchant(shop).filter(
        pk__in=Clock.objects.visible_to(request.user).order_by().values("pk")
    )
    breaches, more = kept.breaches(
        mine, duties, before=whole(request.GET.get("before")), only=only, people=True
    )
    answers = AgreementAnswer.objects.visible_to(request.user).filter(merchant=shop)
    page: dict[str, Any] = {
        "title": shop.name, "now": now, "merchant": shop, "duties": duties, "days": days, "spans": kept.SPANS,
        "breaches": [(one, named) for one, named in _named(request, breaches)], "more": more, "only": only,
        "filters": ONLY, "asked": [(one, agreementpages.standing_badge(one.standing)) for one in asked],
        "answers": answers.select_related("version__agreement")[:50], "may_exclude": request.user.has_perm(EXCLUDE),
        "is_mine": shop.manager_id == request.user.pk, "form": ExcludeForm(prefix="out"),
    }  # fmt: skip
    return render(request, "desk/obligations.html", page)


def _named(request: HttpRequest, found: list[kept.Breach]) -> list[tuple[kept.Breach, Any]]:
    """Each breach with the ticket or case it is about."""
    names = subjects.named(kept.subject_keys(found), request.user)
    return [(one, names.get((one.clock.subject_kind, one.clock.subject_id))) for one in found]


def _merchant(request: HttpRequest, code: str) -> Merchant:
    rows = Merchant.objects.visible_to(request.user).select_related("manager")
    found: Merchant = get_object_or_404(rows, code=code)
    return found


def _back(shop: Merchant) -> HttpResponse:
    return redirect("desk:obligations", shop.code)


@require_POST
@needs(EXCLUDE)
def exclude(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """Leave a breach out of the merchant's figures."""
    shop = _merchant(request, code)
    mine = Clock.objects.visible_to(request.user).filter(merchant_id=shop.pk)
    row, form = get_object_or_404(mine, pk=pk), ExcludeForm(request.POST, prefix="out")
    if valid(request, form):
        answered(
            lambda: breach_exclude(clock=row, actor=request.user, now=timezone.now(), **form.cleaned_data),
            request, _("Left out; the figures follow within minutes."),
        )  # fmt: skip
    return _back(shop)


@require_POST
@needs(EXCLUDE)
def count_again(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """Take an exclusion back."""
    shop = _merchant(request, code)
    rows = BreachExclusion.objects.visible_to(request.user).filter(merchant_id=shop.pk)
    row = get_object_or_404(rows.filter(clock__in=Clock.objects.visible_to(request.user).order_by()), pk=pk)
    answered(
        lambda: breach_count_again(
            exclusion=row, reason=request.POST.get("reason", ""), actor=request.user, now=timezone.now()
        ),
        request, _("It counts again."),
    )  # fmt: skip
    return _back(shop)
