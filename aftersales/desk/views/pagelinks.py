"""The customer's own page, for staff: its address to read out or to copy. Looking at it is recorded."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from aftersales.cases import services
from aftersales.core.access import answered, needs
from aftersales.desk.views.cases import the_case

ACTS = {"show": services.case_link_show, "replace": services.case_link_replace}


@never_cache
@require_POST
@needs("cases.show_link")
def case_link(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """Show the address, or end it and make another one."""
    row, act = the_case(request, number), ACTS.get(name)
    if act is None:
        raise Http404
    done = _("The earlier address is dead; this is the new one.") if name == "replace" else ""
    link = answered(lambda: act(case=row, actor=request.user, now=timezone.now()), request, done)
    if not link:
        return redirect("desk:case", row.number)
    title = pgettext("case", "The customer's page")
    return render(request, "desk/cases/link.html", {"title": title, "case": row, "link": link})
