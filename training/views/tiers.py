"""What next: how far the next tier is; a certificate to print; renewal."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from aftersales.core.access import answered, needs
from training import pages, qr, services, tierpages, tierselectors
from training.models import Certificate
from training.states import NEVER_HELD
from training.views import READ


@needs(READ)
@require_GET
def next_own(request: HttpRequest) -> HttpResponse:
    """What is missing for my next tier."""
    return _next(request, request.user)


@needs("training.view_seats")
@require_GET
def next_person(request: HttpRequest, pk: int) -> HttpResponse:
    """The same about somebody of one's people."""
    people = User.objects.visible_to(request.user).people()
    return _next(request, get_object_or_404(people, pk=pk))


def _next(request: HttpRequest, who: Any) -> HttpResponse:
    now, is_own = timezone.now(), who == request.user
    found = tierselectors.next_of(who, now)
    lines = tierpages.lines(found.points, is_own=is_own)
    page = {
        "title": _("What next"), "now": now, "who": who, "is_own": is_own, "found": found, "lines": lines,
        "met": sum(one.met for one in lines), "called_up": tierselectors.called_up(who, now),
        "badge": pages.certificate_badge(found.now_held, now) if found.now_held else None,
    }  # fmt: skip
    return render(request, "training/next.html", page)


@needs(READ)
@require_GET
def certificate(request: HttpRequest, public_id: str) -> HttpResponse:
    """One certificate on a sheet of paper, with a code that leads to the public check."""
    seen = Certificate.objects.visible_to(request.user).exclude(state__in=NEVER_HELD)
    row = get_object_or_404(seen.select_related("person", "tier", "granted_by"), public_id=public_id)
    address = settings.SITE_URL + reverse("selfservice:certificate", args=[row.number, row.public_id])
    now, tier = timezone.now(), row.tier
    page = {
        "row": row, "now": now, "badge": pages.certificate_badge(row, now), "duties": pages.duties(row.duties),
        "address": address, "qr": qr.drawn(address), "is_live": row.is_live(now),
        "missing": tierpages.read_again(row.missing),
        "rule": row.rule_version.replace(f"tier.{tier.code} ", f"{tier} "),
    }  # fmt: skip
    return render(request, "training/certificate.html", page)


@needs("training.certify")
@require_POST
def renew(request: HttpRequest, pk: int, public_id: str) -> HttpResponse:
    """The next certificate of the same tier, from the end of this one on."""
    seen = Certificate.objects.visible_to(request.user).filter(person_id=pk)
    row = get_object_or_404(seen.select_related("person", "tier"), public_id=public_id)
    answered(
        lambda: services.certificate_renew(
            certificate=row, actor=request.user, now=timezone.now(),
            reason=request.POST.get("reason", "")[:500], by_exception=bool(request.POST.get("by_exception")),
        ),
        request, _("The certificate is renewed."),
    )  # fmt: skip
    return redirect("training:person", pk=pk)
