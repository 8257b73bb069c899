"""The tour as a page of its own: for those without the script, and for reading it again."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from aftersales.core.access import needs
from aftersales.desk import tour as steps


@require_GET
@needs("standards.view_rulebook")
def tour(request: HttpRequest) -> HttpResponse:
    """All steps one under the other. Every member of staff may read them."""
    return render(
        request, "desk/tour.html", {"title": _("First steps"), "steps": steps.steps_of(request.user)}
    )
