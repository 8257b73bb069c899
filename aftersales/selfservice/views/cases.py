"""The customer's page of his case: where it stands, what to do next, the money, and every act he may do himself.

As on every page here the token is the whole authority. The link stays good after an act. A form that arrives twice
does its work once; one that is out of date does nothing, and the page as it stands now says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from accounts.services import customer_user
from aftersales.cases.models import Case
from aftersales.cases.services.pagelinks import CASE
from aftersales.core import events, files, moves, once, origin
from aftersales.core.components.barcode import barcode
from aftersales.core.errors import Busy, Conflict, DomainError, WrongState
from aftersales.core.models import Event
from aftersales.core.posted import whole as whole_number
from aftersales.tickets import services as tickets
from aftersales.tickets.models import CustomerLink

from .. import selectors, throttle, views
from ..cases import acts, money, reading, standing, story
from ..cases.acts import Given, Offered
from ..cases.payees import PAYEE
from ..cases.reading import Whole

STALE = frozenset({"conflict", "wrong_state", "gone", "ruled", "ruled_already", "disputed_already", "asked"})


@csrf_exempt
@views.private
@require_http_methods(["GET", "HEAD", "POST"])
def case(request: HttpRequest, token: str) -> HttpResponse:
    """Expired, revoked and unknown links look alike; so does one without a case, or with the case of somebody else."""
    now = timezone.now()
    opened = _opened(request, token, now)
    if opened is None:
        return views.dead(request, now)
    link, row, rows = opened
    with translation.override(views.language(request, selectors.languages_of(link))):
        if request.method == "POST":
            if throttle.too_busy(link.pk, now):
                return too_busy(request)
            return _post(request, token, reading.whole(link, row, rows), now)
        return _page(request, token, reading.whole(link, row, rows), now)


def _opened(
    request: HttpRequest, token: str, now: datetime
) -> tuple[CustomerLink, Case, Sequence[Case]] | None:
    link = tickets.customer_link_open(token=token, purpose=CASE, now=now)
    rows = reading.cases_behind(link) if link is not None else []
    asked = request.POST.get("case", "") or request.GET.get("case", "")
    row = reading.chosen(rows, asked[:22])
    return (link, row, rows) if link is not None and row is not None else None


def too_busy(request: HttpRequest) -> HttpResponse:
    response = render(request, "selfservice/too_many.html", views.frame(), status=429)
    response["Retry-After"] = str(throttle.WINDOW)
    return response


def reference(request: HttpRequest, token: str) -> str:
    """The name of what was posted: the same form with the same words is the same act (core.once). 32 characters."""
    key = request.POST.get(once.FIELD, "")
    if not once.KEY.match(key):
        return ""
    said = [(name, values) for name, values in sorted(request.POST.lists()) if name not in once.ASIDE]
    sent = [(one.name, one.size) for one in request.FILES.getlist("files")]
    return hashlib.sha256(repr((token, key, said, sent)).encode()).hexdigest()[:32]


def done_already(row: Any, ref: str) -> bool:
    """Whether this very form did its work on this row before."""
    about = Event.objects.about(events.subject_kind(row), row.pk)
    return bool(ref) and about.filter(source="customer", request_id=ref).exists()


def _post(request: HttpRequest, token: str, found: Whole, now: datetime) -> HttpResponse:
    actor, ref, posted = customer_user(now), reference(request, token), request.POST
    possible = acts.offered(found, actor, now)
    name, public_id = posted.get("act", ""), posted.get("row", "")
    one = next((it for it in possible if it.act.name == name and it.row.public_id == public_id), None)
    subject = _subject(found, public_id)
    if subject is not None and done_already(subject, ref):
        return _done(token, found, name)
    if one is None:
        if name not in acts.ACTS or subject is None:
            raise Http404
        return _page(request, token, found, now, stale=True, status=409)
    form = one.bind(posted)
    if not form.is_valid():
        return _page(request, token, found, now, tried=one, status=422)
    if one.consent and posted.get("consent") != one.fingerprint:
        return _page(request, token, found, now, stale=True, status=409)
    refusal = run(request, found, one, actor, now, ref)
    if refusal is None or (subject is not None and done_already(subject, ref)):
        return _done(token, found, name)
    fresh = _anew(found)
    if isinstance(refusal, Conflict | WrongState) or refusal.code in STALE:
        return _page(request, token, fresh, now, stale=True, status=409)
    form.add_error(None, str(refusal))
    return _page(request, token, fresh, now, tried=one, status=422)


def _anew(found: Whole) -> Whole:
    rows = reading.cases_behind(found.link)
    return reading.whole(found.link, next(one for one in rows if one.pk == found.case.pk), rows)


def run(
    request: HttpRequest, found: Any, one: Offered, actor: Any, now: datetime, ref: str
) -> DomainError | None:
    """The act, in the customer's own name; answers why it was refused."""
    try:
        with (
            files.stored_for(
                request.FILES.getlist("files") if one.form.takes_files else (), now=now
            ) as stored,
            origin.coming_from("customer", ref),
        ):
            version = whole_number(request.POST.get("version"))
            given = Given(
                one.form.cleaned_data, list(stored), one.form, actor, now, version, one.consent, ref
            )
            one.act.run(found, one.row, given)
    except DomainError as refusal:
        return refusal
    except OperationalError as error:
        if not moves.held_by_another(error):
            raise
        return Busy()
    return None


def _subject(found: Whole, public_id: str) -> Any:
    """The row of this case that a form is about, and of which its event tells."""
    rows: list[Any] = [
        found.case, *found.parcels, *found.payments, *found.disputes, *found.repairs, *found.appointments
    ]  # fmt: skip
    row = next((one for one in rows if one.public_id == public_id), None)
    if row is None:
        offer = next((one for one in found.settlements if one.public_id == public_id), None)
        row = offer.dispute if offer is not None else None
    return row


def _done(token: str, found: Whole, name: str) -> HttpResponse:
    address = reverse("selfservice:case", args=[token])
    lang = views.frame()["lang"]
    return HttpResponseRedirect(f"{address}?lang={lang}&case={found.case.public_id}&done={name}")


def _page(
    request: HttpRequest, token: str, found: Whole, now: datetime, *, tried: Offered | None = None,
    stale: bool = False, status: int = 200,
) -> HttpResponse:  # fmt: skip
    possible = acts.offered(found, customer_user(now), now)
    for one in possible:
        if tried is not None and one.key == tried.key:
            one.form = tried.form
        else:
            one.bind(None).initial = {"kind": found.case.kind, "ground": found.case.ground}
    done = acts.ACTS.get(request.GET.get("done", "")) if request.method != "POST" else None
    page = {
        "found": found, "case": found.case, "head": standing.head(found), "stages": standing.stages(found),
        "money": money.of(found), "story": story.of(found), "token": token, "now": now, "stale": stale,
        "tried": tried, "done": done.label if done else "", "dispute": found.dispute,
        "places": _places(possible), "keep": f"&case={found.case.public_id}", **_next(found, possible),
        **views.frame(),
    }  # fmt: skip
    return render(request, "selfservice/case.html", page, status=status)


def _next(found: Whole, possible: Sequence[Offered]) -> dict[str, bool]:
    """What is his to do without an act of its own: evidence he is asked for, an article nobody can repair."""
    names = {one.act.name for one in possible}
    asked = standing.asks_for_words(found) and "evidence" in names
    return {"evidence_next": asked, "names_account": PAYEE in names}


def _places(possible: Sequence[Offered]) -> dict[str, list[Offered]]:
    places: dict[str, list[Offered]] = {}
    for one in possible:
        places.setdefault(one.act.place, []).append(one)
    return places


@views.private
@require_safe
def slip(request: HttpRequest, token: str) -> HttpResponse:
    """The slip that lies in the parcel, with the case's number as a barcode: to print, or to copy by hand."""
    now = timezone.now()
    opened = _opened(request, token, now)
    if opened is None or not opened[1].goods_back:
        return views.dead(request, now)
    link, row, rows = opened
    with translation.override(views.language(request, selectors.languages_of(link))):
        found = reading.whole(link, row, rows)
        page = {"found": found, "case": row, "bars": barcode(row.number), "token": token, "now": now}
        keep = {"keep": f"&case={row.public_id}"}
        return render(request, "selfservice/slip.html", {**page, **keep, **views.frame()})


@views.private
@require_safe
def file(request: HttpRequest, token: str, public_id: str) -> HttpResponseBase:
    """A file of his, or one that the other side brought into a dispute: always as a download."""
    now = timezone.now()
    opened = _opened(request, token, now)
    if opened is None:
        return views.dead(request, now)
    link, row, rows = opened
    found = reading.whole(link, row, rows)
    named: list[Any] = [*(one for one in found.evidence if one.name), *found.files]
    kept = next((one for one in named if one.public_id == public_id), None)
    if kept is None:
        return views.dead(request, now)
    return files.serve(kept, request)
