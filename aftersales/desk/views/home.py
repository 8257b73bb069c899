"""Where staff starts."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

START = (
    ("tickets.work", "desk:day"), ("merchants.keep_talks", "desk:shops"), ("desk.view", "desk:queue"),
    ("cases.pay", "desk:payments"), ("cases.receive", "desk:receiving"), ("desk.registers", "admin:index"),
)  # fmt: skip


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The first page of this person's work."""
    user: Any = request.user
    if not user.is_authenticated:
        return redirect("account_login")
    if not user.is_staff:
        raise Http404
    return redirect(next((page for capability, page in START if user.has_perm(capability)), "admin:index"))
