"""What pages of single rows share: the row or nothing at all, a dialog as a fragment or a page, the ticket's link."""

from __future__ import annotations

from typing import Any, TypeVar

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from aftersales.tickets.models import Ticket

Row = TypeVar("Row")


def there(found: Row | None) -> Row:
    """The row this person may see, or nothing at all: absent and forbidden look the same."""
    if found is None:
        raise Http404
    return found


def fragment(request: HttpRequest) -> bool:
    """The dialog is asked for, not a page."""
    return bool(request.htmx)  # type: ignore[attr-defined]


def dialog(request: HttpRequest, folder: str, context: dict[str, Any], name: str = "act") -> HttpResponse:
    """``folder/_name.html`` inside the page that is open, ``folder/name.html`` as a page; 422 after a refusal."""
    template = f"{folder}/_{name}.html" if fragment(request) else f"{folder}/{name}.html"
    return render(request, template, context, status=422 if request.method == "POST" else 200)


def may_see_ticket(request: HttpRequest, ticket_id: int) -> bool:
    """Whether the way to the ticket is a link for this person."""
    may: bool = request.user.has_perm("desk.view")
    return may and Ticket.objects.visible_to(request.user).filter(pk=ticket_id).exists()
