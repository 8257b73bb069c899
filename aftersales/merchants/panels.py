"""How far a merchant's people are with their training, and the last talk, on the page of the merchant."""

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone

from . import trainingselectors
from .models import Talk
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


def talk_of(row: Any, request: HttpRequest) -> str:
    """The newest talk with the merchant, what was agreed and when again; nothing for who may not read the log."""
    if not request.user.has_perm("merchants.view_talk"):
        return ""
    newest = Talk.objects.visible_to(request.user).filter(merchant=row).select_related("by").first()
    page = {"merchant": row, "talk": newest, "today": timezone.localdate(at())}
    return render_to_string("merchants/_talk_panel.html", page, request)
