"""The public check behind the code on a certificate: number, whether it counts today, until when. No name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from training.models import Certificate
from training.selectors import certificate_checked
from training.states import LIVE

from .. import throttle
from . import frame, language, private


@private
@require_safe
def certificate(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """An unknown number and a forged code look alike, and too many of them are refused."""
    now = timezone.now()
    row = certificate_checked(number, code)
    with translation.override(language(request, [])):
        if row is not None:
            return render(
                request, "selfservice/certificate.html", {"found": _found(row, now), "now": now, **frame()}
            )
        if throttle.too_many(request, now):
            response = render(request, "selfservice/too_many.html", frame(), status=429)
            response["Retry-After"] = str(throttle.WINDOW)
            return response
        return render(request, "selfservice/certificate.html", {"found": None, **frame()}, status=404)


def _found(row: Certificate, now: datetime) -> dict[str, Any]:
    """What the time says, not only the state: past its end it is over before any sweep has said so."""
    if row.state == "revoked":
        words = _("Revoked: it does not count any more.")
    elif row.state == "expired" or row.valid_to <= now:
        words = _("Ended: it does not count any more.")
    elif row.state not in LIVE:
        words = _("Suspended: it does not count at this time.")
    elif row.valid_from > now:
        words = _("Not yet: it counts from %(begin)s on.") % {
            "begin": timezone.localtime(row.valid_from).date()
        }
    else:
        words = pgettext("certificate check", "Valid")
    return {"number": row.number, "until": row.valid_to, "words": words, "good": row.is_live(now)}
