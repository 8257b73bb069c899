"""Pages of retraining orders: a person's own, a lead's teams, the trainer's all."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from aftersales.core.access import answered, needs, valid
from training import retrainingpages, retrainingselectors
from training.forms import OrderForm
from training.services import retraining

SEE = "training.view_courses"
ORDER = "training.order"
SHOWN = 200


@needs(SEE)
@require_GET
def orders(request: HttpRequest) -> HttpResponse:
    """Orders this person sees, what is late first; of each the effect with its samples."""
    now, user = timezone.now(), request.user
    asked = request.GET.get("show", "")
    found = retrainingpages.chosen(retrainingselectors.seen_by(user), asked, now)
    may_order = user.has_perm(ORDER)
    page = {
        "title": pgettext("training", "Retraining"), "now": now, "show": asked, "may_order": may_order,
        "lines": [retrainingpages.line(row, user, now) for row in found[:SHOWN]],
        "tabs": retrainingpages.tabs(retrainingselectors.counts(user, now)),
        "form": OrderForm(prefix="new", user=user) if may_order else None,
    }  # fmt: skip
    return render(request, "training/orders.html", page)


@needs(ORDER)
@require_POST
def order_new(request: HttpRequest) -> HttpResponse:
    """Somebody is to be trained again."""
    form = OrderForm(request.POST, prefix="new", user=request.user)
    if valid(request, form):
        asked = dict(form.cleaned_data)
        after = asked.pop("deadline") + timedelta(days=1)
        asked["deadline"] = timezone.make_aware(datetime.combine(after, time.min))
        answered(
            lambda: retraining.retraining_order(actor=request.user, now=timezone.now(), **asked),
            request, _("The order is out; the person and the lead are told."),
        )  # fmt: skip
    return redirect("training:orders")


@needs(ORDER)
@require_POST
def order_cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Nothing is asked any more."""
    row = get_object_or_404(retrainingselectors.seen_by(request.user), number=number)
    answered(
        lambda: retraining.retraining_cancel(
            order=row, actor=request.user, now=timezone.now(), reason=request.POST.get("reason", "")[:2000]
        ),
        request, _("Done."),
    )  # fmt: skip
    return redirect("training:orders")
