"""Signs of gaming: to be decided by people, each with its rows and how it could be innocent."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from aftersales.core.access import answered, needs
from aftersales.core.posted import whole
from aftersales.improvement import services, signpages
from aftersales.improvement.machine import DECIDE
from aftersales.improvement.models import Sign
from aftersales.improvement.states import SignState

READ = "improvement.view_sign"


@needs(READ)
@require_GET
def signs(request: HttpRequest) -> HttpResponse:
    """What looks like gaming and waits for a decision, the strongest first."""
    state, at = request.GET.get("state", "")[:10], max(0, min(whole(request.GET.get("page")) or 0, 1000))
    rows, more = signpages.listed(request.user, state=state, page=at)
    page = {
        "title": pgettext("gaming", "Signs of gaming"), "now": timezone.now(), "rows": rows, "tab": "signs",
        "more": at + 1 if more else None, "state": state or SignState.FLAGGED.value, "states": SignState.choices,
    }  # fmt: skip
    return render(request, "improvement/signs.html", page)


@needs(READ)
@require_GET
def sign(request: HttpRequest, public_id: str) -> HttpResponse:
    """One sign with the rows that show it."""
    rows = Sign.objects.visible_to(request.user).select_related("merchant__manager", "person", "decided_by")
    row = get_object_or_404(rows, public_id=public_id)
    page = signpages.one(row, request.user, timezone.now(), after=whole(request.GET.get("after")))
    return render(request, "improvement/sign.html", page | {"tab": "signs"})


@needs(DECIDE)
@require_POST
def decide(request: HttpRequest, public_id: str) -> HttpResponse:
    """Gaming or innocent, with the reason."""
    row = get_object_or_404(Sign.objects.visible_to(request.user), public_id=public_id)
    answered(
        lambda: services.sign_decide(
            sign=row, state=request.POST.get("state", "")[:10], words=request.POST.get("words", "")[:1001],
            rows_out=request.POST.get("rows_out") == "on", actor=request.user, now=timezone.now(),
        ),
        request, _("Decided."),
    )  # fmt: skip
    return redirect("improvement:sign", public_id)
