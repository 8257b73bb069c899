"""How far a merchant's people are with their training, on the page of the merchant."""

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string

from . import trainingselectors
from .views import at


def training_of(row: Any, request: HttpRequest) -> str:
    """The share and who lacks what; nothing for who may not see it."""
    if not request.user.has_perm("merchants.view_training"):
        return ""
    now = at()
    share = trainingselectors.shares([row.pk], now).get(row.pk)
    page = {
        "merchant": row, "share": share, "now": now,
        "lacking": trainingselectors.lacking(request.user, merchant=row.code, now=now)[:6],
    }  # fmt: skip
    return render_to_string("merchants/_training_panel.html", page, request)
