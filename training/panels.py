"""The certificates of a person on the page of his account."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string

from training import pages, selectors
from training.views import at

SHOWN = 6


def certificates_of(row: Any, request: HttpRequest) -> str:
    """Number, tier, state and time of the newest ones; nothing for who may not see them."""
    user: Any = request.user
    if not row.is_staff or not (user.has_perm("training.view_certificate") or row.pk == user.pk):
        return ""
    now: datetime = at()
    held = [(one, pages.certificate_badge(one, now)) for one in selectors.certificates_of(row, user)[:SHOWN]]
    return render_to_string("training/_panel.html", {"who": row, "held": held, "now": now}, request)
