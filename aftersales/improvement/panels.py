"""Open warnings about a merchant, on the page of the merchant."""

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string

from aftersales.improvement import naming, pages
from aftersales.improvement.models import Warning
from aftersales.improvement.querysets import VIEW, VIEW_OWN

SHOWN = 6


def warnings_of(row: Any, request: HttpRequest) -> str:
    """The strongest first; nothing for who sees no warning, and nothing where all is as usual."""
    user = request.user
    if not (user.has_perm(VIEW) or user.has_perm(VIEW_OWN)):
        return ""
    rows = Warning.objects.visible_to(user).open().filter(merchant=row).select_related("merchant", "product")
    found = list(rows.order_by("-strength", "-pk")[:SHOWN])
    if not found:
        return ""
    listed = [(one, naming.name_of(one), pages.times(one), pages.badge(one)) for one in found]
    return render_to_string("improvement/_warnings_panel.html", {"merchant": row, "rows": listed}, request)
