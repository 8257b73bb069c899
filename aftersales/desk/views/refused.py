"""A dialog that was refused stands open again over its page, with the words and with everything that was written."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.template.loader import render_to_string


def said(request: HttpRequest) -> str:
    """Why it was refused, for the dialog: the message of the page lies behind it."""
    told: Any = messages.get_messages(request)
    words = " ".join(str(one) for one in told)
    told.used = False
    return words


def in_dialog(request: HttpRequest) -> bool:
    """Whether the form was sent from a dialog; without scripts it stands on a page of its own."""
    return request.POST.get("dialog") == "1"


def opened(request: HttpRequest, template: str, context: dict[str, Any]) -> str:
    """The inside of the dialog of a case, as it was sent."""
    return render_to_string(template, {**context, "in_dialog": True, "said": said(request)}, request)
