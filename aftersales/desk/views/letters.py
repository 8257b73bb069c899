"""Letters: what came in by e-mail, what became of it, and what a person must decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from aftersales.channels import selectors, services
from aftersales.channels.models import Letter
from aftersales.channels.states import TONES, Outcome
from aftersales.core import files
from aftersales.core.access import answered, needs
from aftersales.core.components import badge
from aftersales.core.posted import whole
from aftersales.core.wording import masked

VIEWS = {
    "decide": pgettext_lazy("letters", "To decide"),
    "taken": pgettext_lazy("letters", "In tickets"),
    "quiet": pgettext_lazy("letters", "Automatic"),
    "dropped": pgettext_lazy("letters", "Put aside"),
    "all": pgettext_lazy("letters", "All"),
}
REFUSED = {
    "unknown_kind": pgettext_lazy("file not taken", "of a kind we do not take"),
    "wrong_content": pgettext_lazy("file not taken", "is not what it says, or damaged"),
    "too_large": pgettext_lazy("file not taken", "too large"),
    "too_many": pgettext_lazy("file not taken", "too many files"),
    "virus": pgettext_lazy("file not taken", "refused by the virus check"),
    "empty_file": pgettext_lazy("file not taken", "empty"),
}


@require_GET
@needs("channels.view_letter")
def letters(request: HttpRequest) -> HttpResponse:
    """A page of letters, by what became of them."""
    asked = request.GET.get("view", "decide")
    view = asked if asked in VIEWS else "decide"
    rows, more = selectors.letters(request.user, view, before=whole(request.GET.get("before")))
    context = {
        "title": _("E-mail received"), "now": timezone.now(), "view": view, "views": VIEWS.items(),
        "rows": [(row, _look(row), masked(row.sender, "email")) for row in rows],
        "more": rows[-1].pk if more else None, "waiting": selectors.waiting_count(request.user),
    }  # fmt: skip
    return render(request, "desk/letters.html", context)


def _look(row: Letter) -> Any:
    return badge(str(Outcome(row.outcome).label), tone=TONES[Outcome(row.outcome)])


def the_letter(request: HttpRequest, public_id: str) -> Letter:
    found = selectors.letter(request.user, public_id)
    if found is None:
        raise Http404
    return found


@require_GET
@needs("desk.view")
def letter(request: HttpRequest, public_id: str) -> HttpResponse:
    """One letter with its words, its files, and what may be decided."""
    row = the_letter(request, public_id)
    context = {
        "title": str(row), "now": timezone.now(), "letter": row, "look": _look(row),
        "refused": [(name, REFUSED.get(code, code)) for name, code in row.refused_files],
        "text": selectors.shown_text(row.text), "quoted": selectors.shown_text(row.quoted),
        "may_decide": row.waits and request.user.has_perm("channels.decide"),
        "may_open": request.user.has_perm("channels.view_letter"),
    }  # fmt: skip
    return render(request, "desk/letter.html", context)


@require_GET
@needs("desk.view")
def quoted(request: HttpRequest, public_id: str) -> HttpResponse:
    """What a letter repeats of earlier ones, fetched when somebody wants to see it."""
    row = the_letter(request, public_id)
    return render(request, "desk/_quoted.html", {"quoted": selectors.shown_text(row.quoted)})


@require_POST
@needs("channels.decide")
def decide(request: HttpRequest, public_id: str) -> HttpResponse:
    """Attach, open, put aside, or have it read again."""
    row = the_letter(request, public_id)
    act = ACTS.get(request.POST.get("act", ""))
    if act is None:
        messages.error(request, _("This act does not exist."))
        return redirect("desk:letter", public_id)
    done = answered(lambda: act(request, row), request)
    if done is not None and done.ticket is not None:
        messages.success(request, _("Done."))
        return redirect("desk:ticket", done.ticket.number)
    return redirect("desk:letters") if done is not None else redirect("desk:letter", public_id)


def _attach(request: HttpRequest, row: Letter) -> Letter | None:
    ticket = selectors.ticket_named(request.user, request.POST.get("number", ""))
    if ticket is None:
        messages.error(request, _("No ticket has this number."))
        return None
    whose = request.POST.get("whose") == "customer"
    return services.letter_attach(
        letter=row, ticket=ticket, from_customer=whose, actor=request.user, now=timezone.now()
    )


def _open(request: HttpRequest, row: Letter) -> Letter | None:
    named = [request.POST.get(name, "")[:64] for name in ("order", "customer")]
    order, customer = selectors.whose(request.user, *named)
    if any(name.strip() for name in named) and order is None and customer is None:
        messages.error(
            request, _("No order has this number.") if named[0] else _("No customer has this code.")
        )
        return None
    return services.letter_open(
        letter=row, customer=customer, order=order, actor=request.user, now=timezone.now()
    )


def _drop(request: HttpRequest, row: Letter) -> Letter:
    reason = request.POST.get("reason", "")
    return services.letter_drop(letter=row, reason=reason, actor=request.user, now=timezone.now())


def _again(request: HttpRequest, row: Letter) -> Letter:
    return services.letter_again(letter=row, actor=request.user, now=timezone.now())


ACTS: dict[str, Callable[[HttpRequest, Letter], Letter | None]] = {
    "attach": _attach, "open": _open, "drop": _drop, "again": _again,
}  # fmt: skip


@require_POST
@needs("channels.view_raw")
def raw(request: HttpRequest, public_id: str) -> HttpResponse | FileResponse:
    """The letter as it came, as a download, for a reason that is recorded."""
    row = the_letter(request, public_id)
    reason = request.POST.get("reason", "")
    may = answered(lambda: _noted(request, row, reason), request)
    if not may:
        return redirect("desk:letter", public_id)
    return _download(row)


def _noted(request: HttpRequest, row: Letter, reason: str) -> bool:
    services.letter_viewed(letter=row, reason=reason, actor=request.user, now=timezone.now())
    return True


def _download(row: Letter) -> FileResponse:
    path = files.stored_path(row.stored)
    if not path.is_file():
        raise Http404
    response = FileResponse(
        path.open("rb"), as_attachment=True, filename=row.original_name, content_type=row.content_type
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response
