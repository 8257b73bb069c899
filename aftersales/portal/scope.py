"""For whom a page of the portal is opened: the person's membership, its merchant, and only that merchant's rows.

A page that shows something runs as a whole inside ``as_merchant``. A page that changes something loads its row in
``with reading(request):`` and then calls its service, which writes as the application.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from aftersales.cases.models import Case
from aftersales.cases.querysets import CaseQuerySet
from aftersales.core.access import View
from aftersales.core.merchantscope import as_merchant
from aftersales.merchants.models import Merchant, MerchantMember
from aftersales.merchants.states import MemberRole

CHOSEN = "portal_merchant"  # in the session: the key of the merchant for whom the person acts now
ASKING = ("GET", "HEAD")
SHOP = "shop"  # in a form: the public id of the merchant for whom its page was opened (portal/_shop.html)


class MerchantRequest(HttpRequest):
    """A request to a page of the portal: who acts, for which merchant."""

    membership: MerchantMember
    merchant: Merchant
    memberships: list[MerchantMember]


def merchant_page(view: View) -> View:
    """A page for people of a merchant. Inside ``needs(…)``, outside ``require_GET`` and the like.

    Sets ``request.membership``, ``request.merchant`` and ``request.memberships`` (all that the person has now). Who
    acts for nobody finds nothing; who acts for several and has not said for whom is asked first. A form that names
    another merchant than this one was opened before the person chose anew, in another window: nothing is done.
    """
    return _page(view, frozenset(MemberRole))


def owner_page(view: View) -> View:
    """The same for owners of the merchant; its clerks find nothing."""
    return _page(view, frozenset({MemberRole.OWNER}))


def acting_page(view: View) -> View:
    """The same for a page that shows the form of an act: it reads in ``with reading(request):`` itself, because what an
    act would give is computed under the locks of the act."""
    return _page(view, frozenset(MemberRole), inside=False)


def _page(view: View, roles: frozenset[MemberRole], *, inside: bool = True) -> View:
    @wraps(view)
    def scoped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        held = memberships(request)
        if not held:
            raise Http404
        membership = chosen(request, held)
        if _sent_for_another(request, membership):
            return _asked_again(request)
        if membership is None:
            if request.method not in ASKING:
                raise Http404
            return redirect(f"{reverse('portal:choose')}?{urlencode({'next': request.get_full_path()})}")
        if membership.role not in roles:
            raise Http404
        asked = cast(MerchantRequest, request)
        asked.membership, asked.merchant, asked.memberships = membership, membership.merchant, held
        if not inside:
            return view(asked, *args, **kwargs)
        return _answer(view, asked, *args, **kwargs)

    return scoped


def _sent_for_another(request: HttpRequest, membership: MerchantMember | None) -> bool:
    if request.method in ASKING or SHOP not in request.POST:
        return False
    return membership is None or request.POST[SHOP] != membership.merchant.public_id


def _asked_again(request: HttpRequest) -> HttpResponseBase:
    words = _(
        "Nothing was done: that page was opened for another shop than the one for which you act now. "
        "Choose the shop and fill in the form again."
    )
    messages.error(request, words)
    return redirect("portal:choose")


def _answer(
    view: Callable[..., Any], request: MerchantRequest, *args: Any, **kwargs: Any
) -> HttpResponseBase:
    if request.method not in ASKING:
        return cast(HttpResponseBase, view(request, *args, **kwargs))
    with reading(request):
        answer = view(request, *args, **kwargs)
        if hasattr(answer, "render"):
            answer = answer.render()
    if answer.streaming and not isinstance(answer, FileResponse):
        raise TypeError("an answer in parts would be read after the merchant's scope: write it out inside")
    return cast(HttpResponseBase, answer)


def own_cases(request: HttpRequest) -> CaseQuerySet:
    """Cases of the merchant for whom the person acts now."""
    rows: CaseQuerySet = Case.objects.visible_to(request.user)
    return rows.filter(merchant=cast(MerchantRequest, request).merchant)


def reading(request: HttpRequest) -> AbstractContextManager[None]:
    """The rows of the merchant for whom the person acts, and nothing else: where a page that writes finds its row."""
    return as_merchant(cast(MerchantRequest, request).merchant.pk)


def memberships(request: HttpRequest) -> list[MerchantMember]:
    """For whom the person may act now, by the merchants' codes."""
    rows = MerchantMember.objects.filter(user_id=request.user.pk or 0, active_to=None)
    return list(rows.select_related("merchant").order_by("merchant__code"))


def chosen(request: HttpRequest, held: list[MerchantMember]) -> MerchantMember | None:
    """The only one, or the one that the person chose in this session."""
    if len(held) == 1:
        return held[0]
    key = request.session.get(CHOSEN)
    return next((one for one in held if one.merchant_id == key), None)
