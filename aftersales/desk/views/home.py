"""Where staff starts, and the search over everything."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from aftersales.core.access import needs
from aftersales.customers.selectors import find_by_phone
from aftersales.desk import queues, rows
from aftersales.tickets.models import Ticket
from aftersales.tickets.selectors.words import search_ids

PHONE_DIGITS = 4
START = (("tickets.work", "desk:day"), ("desk.view", "desk:queue"), ("desk.registers", "admin:index"))


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The first page of this person's work."""
    user: Any = request.user
    if not user.is_authenticated:
        return redirect("account_login")
    if not user.is_staff:
        raise Http404
    return redirect(next((page for capability, page in START if user.has_perm(capability)), "admin:index"))


@require_GET
@needs("desk.view")
def search(request: HttpRequest) -> HttpResponse:
    """Tickets by number, order number, telephone or words; a whole number opens its ticket at once."""
    words = request.GET.get("q", "").replace("\x00", "").strip()[:80]
    now = timezone.now()
    found = _found(request.user, words) if words else []
    if len(found) == 1 and found[0].number == words.upper():
        return redirect("desk:ticket", found[0].number)
    context = {
        "title": _("Search"), "now": now, "words": words, "number": len(found), "limit": queues.PAGE,
        "rows": rows.table_rows(found, now, soon=None, may_take=request.user.has_perm("tickets.take")),
    }  # fmt: skip
    return render(request, "desk/search.html", context)


def _found(user: Any, words: str) -> list[queues.Row]:
    """Each way of finding uses its own index and stops at a page; OR-ed together they would read every ticket."""
    seen = Ticket.objects.visible_to(user)
    ways = [seen.filter(number__startswith=words.upper()), seen.filter(order__external_no=words)]
    digits = "".join(filter(str.isdigit, words))
    if len(digits) >= PHONE_DIGITS and len(digits) == len(words.replace(" ", "")):
        ways.append(seen.filter(customer__in=find_by_phone(digits)))
    first, *others = [way.order_by("-id").values_list("pk", flat=True)[: queues.PAGE] for way in ways]
    keys = {*first.union(*others, all=True), *search_ids(words, user=user, limit=queues.PAGE)}
    found = seen.filter(pk__in=keys).order_by("-id")
    return [queues.Row._make(values) for values in found.values_list(*queues.COLUMNS)[: queues.PAGE]]
