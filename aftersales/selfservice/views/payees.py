"""The page of whoever is paid and has to name an account: the payment, nothing of the case it belongs to."""

from __future__ import annotations

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.services import customer_user
from aftersales.cases.models import CasePayment
from aftersales.cases.services.pagelinks import PAYEE
from aftersales.core.errors import Conflict, WrongState
from aftersales.core.posted import whole as whole_number
from aftersales.tickets import services as tickets
from aftersales.tickets.models import CustomerLink

from .. import throttle, views
from ..cases import consents
from ..cases.acts import ACTS, Offered
from ..cases.payees import may_name
from .cases import STALE, done_already, reference, run, too_busy


@csrf_exempt
@views.private
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest, token: str) -> HttpResponse:
    """Expired, revoked and unknown links look alike; so does one whose payee has nothing to be paid."""
    now = timezone.now()
    link = tickets.customer_link_open(token=token, purpose=PAYEE, now=now)
    rows = _payments(link) if link is not None else []
    if link is None or not rows:
        return views.dead(request, now)
    languages = list(rows[0].payee.languages) if rows[0].payee else []
    with translation.override(views.language(request, languages)):
        if request.method == "POST":
            return too_busy(request) if throttle.too_busy(link.pk, now) else _post(request, token, link, now)
        return _page(request, token, rows)


def _payments(link: CustomerLink) -> list[CasePayment]:
    """Those of the person whom the link names, on its own ticket, that wait for an account or got one from him."""
    payee = whole_number(link.purpose.partition(":")[2]) or 0
    rows = CasePayment.objects.filter(case__ticket=link.ticket_id, payee=payee)
    rows = rows.select_related("case", "payee", "other_payee").order_by("id")
    return [one for one in rows if may_name(one) or (one.other_payee_id and one.is_open)]


def _post(request: HttpRequest, token: str, link: CustomerLink, now: datetime) -> HttpResponse:
    ref, public_id = reference(request, token), request.POST.get("row", "")
    everything = CasePayment.objects.filter(
        case__ticket=link.ticket_id, payee=whole_number(link.purpose.partition(":")[2]) or 0
    )
    row = everything.select_related("case", "payee").filter(public_id=public_id[:22]).first()
    if row is None:
        raise Http404
    if done_already(row, ref):
        return _done(token)
    if not may_name(row):
        return _page(request, token, _payments(link), stale=True, status=409)
    one = _offered(row)
    form = one.bind(request.POST)
    if not form.is_valid():
        return _page(request, token, _payments(link), tried=one, status=422)
    if request.POST.get("consent") != one.fingerprint:
        return _page(request, token, _payments(link), stale=True, status=409)
    refusal = run(request, _Linked(link), one, customer_user(now), now, ref)
    if refusal is None or done_already(row, ref):
        return _done(token)
    if isinstance(refusal, Conflict | WrongState) or refusal.code in STALE:
        return _page(request, token, _payments(link), stale=True, status=409)
    form.add_error(None, str(refusal))
    return _page(request, token, _payments(link), tried=one, status=422)


class _Linked:
    """What the act needs of the page: the link alone."""

    def __init__(self, link: CustomerLink) -> None:
        self.link = link


def _offered(row: CasePayment) -> Offered:
    return Offered(ACTS[PAYEE], row, consents.account(row))


def _done(token: str) -> HttpResponse:
    address = reverse("selfservice:account", args=[token])
    return HttpResponseRedirect(f"{address}?lang={views.frame()['lang']}&done=1")


def _page(
    request: HttpRequest, token: str, rows: list[CasePayment], *, tried: Offered | None = None,
    stale: bool = False, status: int = 200,
) -> HttpResponse:  # fmt: skip
    waiting = [_offered(one) for one in rows if may_name(one)]
    for one in waiting:
        one.form = tried.form if tried is not None and one.key == tried.key else one.bind(None)
    page = {
        "waiting": waiting, "named": [one for one in rows if not may_name(one)], "stale": stale, "tried": tried,
        "done": "done" in request.GET and request.method != "POST", **views.frame(),
    }  # fmt: skip
    return render(request, "selfservice/account.html", page, status=status)
