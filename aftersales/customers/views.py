"""The one page of this room: showing a contact in full, after saying why."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from aftersales.core.errors import DomainError, NotPermitted

from .models import Contact
from .services import contact_reveal


@login_required
@never_cache
@require_POST
def reveal(request: HttpRequest, public_id: str) -> HttpResponse:
    """POST ``reason`` (and ``context``): the fragment with the value, or with the refusal and the form."""
    contact = get_object_or_404(Contact.objects.visible_to(request.user), public_id=public_id)
    reason, context = (_posted(request, name, public_id) for name in ("reason", "context"))
    page = {"contact": contact, "context_of": context, "reason": reason, "may_reveal": True}
    try:
        page["value"] = contact_reveal(
            contact=contact, actor=request.user, reason=reason, context=context, now=timezone.now()
        )
    except NotPermitted as refusal:
        raise PermissionDenied from refusal
    except DomainError as refusal:
        page["refusal"] = str(refusal)
    return render(request, "customers/_reveal.html", page)


def _posted(request: HttpRequest, name: str, public_id: str) -> str:
    """The field of this contact: several contacts may stand in one form, each with fields of its own."""
    return request.POST.get(f"{name}_{public_id}") or request.POST.get(name, "")
