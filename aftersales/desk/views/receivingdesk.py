"""The receiving desk itself: scan or type; below, what lies here, what goes home, and the unknown shelf."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from aftersales.core import files
from aftersales.core.access import needs
from aftersales.desk import homeward, receiving
from aftersales.desk.receiveforms import StrangerForm
from aftersales.standards.selectors import one_edition


@require_GET
@needs("cases.receive")
def desk(request: HttpRequest) -> HttpResponse:
    """Scan or type; below, what lies here and waits."""
    words = request.GET.get("q", "")
    found = receiving.find(request.user, words) if words.strip() else None
    if found and len(found.parcels) == 1 and not found.cases and not found.unknown:
        return redirect("desk:receive", found.parcels[0].parcel.public_id)
    return receiving_page(request, found, words)


def receiving_page(
    request: HttpRequest, found: receiving.Found | None = None, words: str = "", *, opened: str = ""
) -> HttpResponse:
    """``opened``: the dialog of a parcel that was refused, with what was written."""
    now = timezone.now()
    with one_edition():
        shelf = receiving.shelf(request.user, now)
    back = homeward.homeward(request.user)
    context = {
        "title": _("Receiving desk"), "now": now, "q": words.strip()[:80], "found": found, "homeward": back,
        "may_reveal": request.user.has_perm("customers.reveal"), "opened_dialog": opened,
        "going_home": homeward.going_home(request.user),
        "todo": receiving.to_do(request.user, [one.parcel.pk for one in back]), "shelf": shelf,
        "old": sum(old for _row, old in shelf), "accept": files.accepted(),
        "form": StrangerForm(initial={"tracking_no": found.number if found else ""}),
    }  # fmt: skip
    return render(request, "desk/receiving/desk.html", context, status=422 if opened else 200)
