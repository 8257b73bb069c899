"""Merging, taking out again, telling apart: one page for two tickets or for the chosen ones of a queue."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from aftersales.core import once
from aftersales.core.access import answered, needs
from aftersales.core.posted import whole
from aftersales.desk import bulk, merging
from aftersales.desk.views.ticket import the_ticket
from aftersales.tickets import services
from aftersales.tickets.models import DuplicatePair, Ticket, TicketLink
from aftersales.tickets.selectors.merging import bonds
from aftersales.tickets.states import LinkKind, LinkSide


@require_http_methods(["GET", "POST"])
@needs("tickets.merge")
def merge(request: HttpRequest, number: str) -> HttpResponse:
    """Compare and merge: the ticket of the address goes on, those named with it go on in it."""
    row = the_ticket(request, number)
    asked = request.POST if request.method == "POST" else request.GET
    numbers = [
        one.strip().upper() for value in asked.getlist(merging.WITH) for one in value.split() if one.strip()
    ]
    found = merging.find(request.user, [row.number, *numbers[: merging.MOST]])
    others = [one for one in found if one.number != row.number]
    if missing := [one for one in numbers if one not in {ticket.number for ticket in found}]:
        messages.warning(
            request, _("There is no ticket %(number)s that you may see.") % {"number": missing[0]}
        )
    if request.method == "POST" and others and _merged(request, found[0], others):
        return redirect("desk:ticket", row.number)
    return _page(request, found[0], others)


def _merged(request: HttpRequest, into: Ticket, others: list[Ticket]) -> Ticket | None:
    versions = {one.pk: seen for one in [into, *others] if (seen := whole(request.POST.get(f"v{one.pk}")))}
    merged: Ticket | None = answered(
        lambda: services.ticket_merge(
            survivor=into, others=others, actor=request.user, now=timezone.now(), versions=versions,
            reason=request.POST.get("reason", "")[:2000], source_ref=once.reference(request),
            chosen=merging.chosen(request.POST, [into, *others], into),
        ),
        request, _("Merged. What still arrives at the others arrives here."),
    )  # fmt: skip
    return merged


def _page(request: HttpRequest, into: Ticket, others: list[Ticket]) -> HttpResponse:
    now = timezone.now()
    context = {
        "title": _("Merge tickets"), "ticket": into, "now": now, "reason": request.POST.get("reason", ""),
        "compared": merging.compare(into, others, request.POST, actor=request.user, now=now) if others else None,
        "suggested": [] if others else merging.suggested(into, request.user),
        "maybe": [] if others else bonds(into, request.user).maybe,
        "may_go_on": merging.may_take_part(into),
    }  # fmt: skip
    return render(request, "desk/merge.html", context, status=422 if request.method == "POST" else 200)


@require_POST
@needs("tickets.merge")
def merge_chosen(request: HttpRequest) -> HttpResponse:
    """From the queue: the oldest of the chosen tickets goes on, until the page is told otherwise."""
    keys, _over = bulk.asked_for(request.POST, merging.MOST)
    numbers = list(bulk.rows(request.user, keys).order_by("opened_at", "id").values_list("number", flat=True))
    if len(numbers) < 2:
        messages.error(request, _("Choose at least two tickets to merge."))
        return redirect("desk:queue")
    address = reverse("desk:merge", args=[numbers[0]])
    return redirect(f"{address}?{urlencode({merging.WITH: numbers[1:]}, doseq=True)}")


@require_POST
@needs("tickets.merge")
def unmerge(request: HttpRequest, number: str) -> HttpResponse:
    """Take a merged ticket out again."""
    row = the_ticket(request, number)
    answered(
        lambda: services.ticket_unmerge(
            ticket=row, actor=request.user, now=timezone.now(), reason=request.POST.get("reason", "")[:2000]
        ),
        request, _("Taken out again; it goes on as it stood."),
    )  # fmt: skip
    return redirect("desk:ticket", number)


@require_POST
@needs("tickets.merge")
def apart(request: HttpRequest, number: str, public_id: str) -> HttpResponse:
    """Two look-alikes are not the same; they are not proposed again."""
    row = the_ticket(request, number)
    pair = DuplicatePair.objects.filter(public_id=public_id).filter(ticket=row).first()
    pair = pair or DuplicatePair.objects.filter(public_id=public_id, other=row).first()
    if pair is None:
        raise Http404
    answered(
        lambda: services.tickets_tell_apart(pair=pair, actor=request.user, now=timezone.now()), request,
        _("Noted; the two are not proposed again."),
    )  # fmt: skip
    return redirect("desk:ticket", number)


@require_POST
@needs("tickets.link")
def link(request: HttpRequest, number: str) -> HttpResponse:
    """Link this ticket with another that the person may see, as its parent, its child or related."""
    row, how = the_ticket(request, number), request.POST.get("how", "")
    wanted = request.POST.get("other", "").strip().upper()[:40]
    other = Ticket.objects.visible_to(request.user).filter(number=wanted).first()
    if other is None:
        messages.error(request, _("There is no ticket %(number)s that you may see.") % {"number": wanted})
        return redirect("desk:ticket", number)
    one, two = (other, row) if how == LinkSide.PARENT else (row, other)
    kind = LinkKind.RELATED if how == LinkSide.RELATED else LinkKind.PARENT
    answered(
        lambda: services.tickets_link(ticket=one, other=two, kind=kind, actor=request.user, now=timezone.now()),
        request, _("Linked."),
    )  # fmt: skip
    return redirect("desk:ticket", number)


@require_POST
@needs("tickets.link")
def unlink(request: HttpRequest, number: str, public_id: str) -> HttpResponse:
    """Take a link of this ticket away."""
    row = the_ticket(request, number)
    links = TicketLink.objects.filter(public_id=public_id, ended_at=None).select_related("ticket", "other")
    found = links.filter(ticket=row).first() or links.filter(other=row).first()
    if found is None:
        raise Http404
    answered(
        lambda: services.ticket_unlink(link=found, actor=request.user, now=timezone.now()), request,
        _("The link is taken away."),
    )  # fmt: skip
    return redirect("desk:ticket", number)
