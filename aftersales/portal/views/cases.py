"""A case's page and every act on it: the form of each on a page of its own, which works without a script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods

from aftersales.cases.models import Case
from aftersales.core import events, files, moves, once, origin
from aftersales.core.access import needs
from aftersales.core.errors import Busy, DomainError
from aftersales.core.models import Event
from aftersales.core.posted import whole as whole_number
from aftersales.portal import scope
from aftersales.portal.cases import acts, disputewords, reading, showing, story
from aftersales.portal.cases.acts import ACTS, SAY, Given, Offered
from aftersales.portal.cases.listing import task
from aftersales.portal.cases.reading import Sides, Whole
from aftersales.portal.scope import acting_page, merchant_page, own_cases
from aftersales.standards.selectors import one_edition

from .today import WORK

SHORT = 32  # characters of a form's name that an event keeps


def the_case(request: HttpRequest, public_id: str) -> Case:
    """A case of one's own merchants; every other one is not there."""
    found = reading.find(own_cases(request), public_id)
    if found is None:
        raise Http404
    return found


@needs(WORK)
@merchant_page
@require_GET
def case(request: HttpRequest, public_id: str) -> HttpResponse:
    """Whose turn, what the customer says, what may be done now and why not, what happened."""
    now, row = timezone.now(), the_case(request, public_id)
    with one_edition():
        found = reading.whole(row)
        possible = acts.offered(found, request.user, now)
        page = {
            "title": row.number, "now": now, "case": row, "found": found, "task": task(row, now),
            "acts": [one for one in possible if one.allowed], "refused": [one for one in possible if not one.allowed],
            "story": story.of(found), "clauses": showing.clauses(row), "clocks": showing.clocks(found),
        }  # fmt: skip
        return render(request, "portal/case.html", page)


@needs(WORK)
@merchant_page
@require_GET
def dispute(request: HttpRequest, public_id: str) -> HttpResponse:
    """Whose turn it is, what both sides brought and proposed, and what was ruled."""
    now, row = timezone.now(), the_case(request, public_id)
    found = reading.whole(row)
    mine = _sides(found)
    page = {
        "title": mine.dispute.number, "now": now, "case": row, "found": found, "mine": mine, "dispute": mine.dispute,
        "acts": acts.in_dispute(mine, request.user, now),
        "standing": disputewords.standing(mine.dispute, request.user, now),
    }  # fmt: skip
    return render(request, "portal/dispute.html", page)


def _sides(found: Whole) -> Sides:
    if found.dispute is None:
        raise Http404
    return reading.sides(found.dispute)


@needs(WORK)
@merchant_page
@require_GET
def talk(request: HttpRequest, public_id: str) -> HttpResponse:
    """What the platform and the merchant wrote to each other, and the box to write in."""
    row = the_case(request, public_id)
    page = {
        "title": pgettext("portal", "Conversation"), "now": timezone.now(), "case": row, "talk": reading.talk(row),
        "one": Offered(SAY, row), "form": SAY.form(auto_id="say-%s"),
    }  # fmt: skip
    return render(request, "portal/talk.html", page)


@needs(WORK)
@merchant_page
@require_GET
def case_file(request: HttpRequest, public_id: str, file_id: str) -> HttpResponseBase:
    """A picture or a file of this case, always as a download."""
    kept = reading.file_of(the_case(request, public_id), file_id)
    if kept is None or not kept.name:
        raise Http404
    return files.serve(kept, request)


# Acts


@needs(WORK)
@acting_page
@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, public_id: str, name: str) -> HttpResponse:
    """The form of one act, and the act itself."""
    if name not in ACTS:
        raise Http404
    with scope.reading(request):
        found = reading.whole(the_case(request, public_id))
        one = _chosen(request, found, name)
    if request.method == "POST" and "show" not in request.POST:
        return _post(request, found, name, one)
    if one is None:
        messages.info(request, _("This cannot be done any more; the case stands as shown here."))
        return redirect("portal:case", public_id)
    shown = request.method == "POST" and one.act.shows == "address" and one.allowed
    return _page(request, found, one, _form(one, found), shown=shown)


def _offered(request: HttpRequest, found: Whole, name: str) -> Sequence[Offered]:
    now = timezone.now()
    if name == SAY.name:
        return [Offered(SAY, found.case)]
    if name in acts.DISPUTE_ACTS:
        return acts.in_dispute(_sides(found), request.user, now)
    return acts.offered(found, request.user, now)


def _chosen(request: HttpRequest, found: Whole, name: str) -> Offered | None:
    """The act on the row that is named; without a name on the first it is possible on."""
    asked = request.POST.get("row") or request.GET.get("row", "")
    rows = [one for one in _offered(request, found, name) if one.act.name == name]
    return next((one for one in rows if not asked or one.row.public_id == asked), None)


def _form(one: Offered, found: Whole, *posted: Any) -> Any:
    choices = showing.choices_of(one, found, timezone.now())
    return one.act.form(*posted, choices=choices, auto_id=f"{one.act.name}-%s")


def _page(
    request: HttpRequest, found: Whole, one: Offered, form: Any, *, shown: bool = False, status: int = 200
) -> HttpResponse:
    """``shown``: the address in full, which is recorded."""
    now = timezone.now()
    who: dict[str, Any] = {"actor": request.user, "now": now} if shown else {}
    page = {
        "title": one.act.label, "now": now, "case": found.case, "found": found, "one": one, "form": form,
        "task": task(found.case, now), "sum": showing.sum_of(one, found), "shown": shown,
        "address": showing.address(found.case, **who) if one.act.shows == "address" else (),
        "clauses": showing.clauses(found.case) if one.act.name == "reject" else (),
    }  # fmt: skip
    return render(request, "portal/act.html", page, status=status)


def _post(request: HttpRequest, found: Whole, name: str, one: Offered | None) -> HttpResponse:
    ref = once.reference(request)[:SHORT]
    if _done_already(request, found, ref):
        return _back(found, name)
    if one is None or not one.allowed:
        why = one.why_not if one else _("This cannot be done any more; the case stands as shown here.")
        messages.error(request, why)
        return _back(found, name)
    form = _form(one, found, request.POST)
    if not form.is_valid():
        return _page(request, found, one, form, status=422)
    refusal = run(request, one, form, ref)
    if refusal is None or _done_already(request, found, ref):
        messages.success(request, pgettext("portal", "Done."))
        return _back(found, name)
    form.add_error(None, str(refusal))
    return _page(request, found, one, form, status=409)


def run(request: HttpRequest, one: Offered, form: Any, ref: str) -> DomainError | None:
    """The act in one's own name; answers why it was refused. Nothing of a file stays when it is."""
    now = timezone.now()
    sent = request.FILES.getlist("files") if form.takes_files else ()
    try:
        with files.stored_for(sent, now=now) as stored, origin.coming_from("portal", ref):
            version = whole_number(request.POST.get("version"))
            one.act.run(one.row, Given(form, list(stored), request.user, now, version, ref))
    except DomainError as refusal:
        return refusal
    except OperationalError as error:
        if not moves.held_by_another(error):
            raise
        return Busy()
    return None


def _done_already(request: HttpRequest, found: Whole, ref: str) -> bool:
    """Whether this very form did its work before, on whatever of the case it was about."""
    rows = [found.case, found.case.ticket, *found.parcels, *found.disputes, *found.repairs]
    return bool(ref) and any(
        Event.objects.about(events.subject_kind(one), one.pk).filter(source="portal", request_id=ref).exists()
        for one in rows
    )  # fmt: skip


def _back(found: Whole, name: str) -> HttpResponse:
    """To where the act stands: the conversation, the dispute, else the case."""
    if name == SAY.name:
        return redirect("portal:talk", found.case.public_id)
    if name in acts.DISPUTE_ACTS:
        return redirect("portal:dispute", found.case.public_id)
    return redirect("portal:case", found.case.public_id)
