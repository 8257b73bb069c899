"""Who acts for the merchant: his owners see it, invite, remove, make owners; and the page an invitation leads to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import selectors
from accounts.models import User
from aftersales.core.access import answered, needs
from aftersales.core.merchantscope import as_application
from aftersales.core.posted import whole
from aftersales.merchants.models import MerchantInvitation, MerchantMember
from aftersales.merchants.services import people
from aftersales.merchants.states import MemberRole
from aftersales.portal.scope import MerchantRequest, owner_page, reading

KEEP = "merchants.keep_people"


@needs(KEEP)
@owner_page
@require_GET
def index(request: MerchantRequest) -> HttpResponse:
    """Members with role, last sign-in and second factor; invitations that are still open."""
    shop = request.merchant
    members = MerchantMember.objects.filter(merchant=shop, active_to=None).select_related("user")
    rows = list(members.order_by("-role", "active_from"))
    keys = [one.user_id for one in rows]
    with as_application("how the merchant's own people come in"):
        doors = selectors.doors(keys)
    page = {
        "title": pgettext("portal", "People"), "now": timezone.now(), "roles": MemberRole.choices,
        "people": [(one, doors[one.user_id], one.user_id == request.user.pk) for one in rows],
        "invited": list(shop.invitations.open().order_by("invited_at")),
        "owners": sum(one.role == MemberRole.OWNER for one in rows),
    }  # fmt: skip
    return render(request, "portal/people.html", page)


def _act(request: HttpRequest, act: Callable[..., Any], done: str, **what: Any) -> HttpResponse:
    answered(lambda: act(actor=request.user, now=timezone.now(), **what), request, done)
    return redirect("portal:people")


@needs(KEEP)
@owner_page
@require_POST
def invite(request: MerchantRequest) -> HttpResponse:
    """Send somebody a link by mail."""
    given = {name: request.POST.get(name, "")[:300] for name in ("email", "name", "role")}
    done = _("The invitation is on its way.")
    return _act(request, people.invitation_make, done, merchant=request.merchant, **given)


@needs(KEEP)
@owner_page
@require_POST
def invitation_change(request: MerchantRequest) -> HttpResponse:
    """Send an invitation again, or take it back."""
    with reading(request):
        rows = MerchantInvitation.objects.open().filter(merchant=request.merchant).select_related("merchant")
        row = get_object_or_404(rows, public_id=request.POST.get("invitation", ""))
    if request.POST.get("act") == "revoke":
        return _act(request, people.invitation_revoke, _("The invitation was taken back."), invitation=row)
    done = _("A new link is on its way; the earlier one no longer works.")
    return _act(request, people.invitation_renew, done, invitation=row)


def _member(request: MerchantRequest) -> MerchantMember:
    with reading(request):
        rows = MerchantMember.objects.filter(merchant=request.merchant, active_to=None)
        found: MerchantMember = get_object_or_404(
            rows.select_related("merchant"), pk=whole(request.POST.get("member"))
        )
    return found


@needs(KEEP)
@owner_page
@require_POST
def remove(request: MerchantRequest) -> HttpResponse:
    """This person no longer acts for the merchant."""
    done = _("Removed. The person was signed out everywhere; what was begun stays.")
    return _act(request, people.member_dismiss, done, member=_member(request))


@needs(KEEP)
@owner_page
@require_POST
def role(request: MerchantRequest) -> HttpResponse:
    """Owner from now on, or clerk."""
    given = request.POST.get("role", "")
    return _act(request, people.member_role_set, _("Changed."), member=_member(request), role=given)


@never_cache
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Where an invitation leads: who has an account accepts with it, who has none makes one."""
    row = people.invitation_of(token, timezone.now())
    if row is None:
        return render(request, "portal/invitation.html", {"title": _("Invitation"), "row": None}, status=404)
    account = people.account_of(row)
    user: Any = request.user
    if request.method == "POST":
        if account is not None and user.is_authenticated:
            return _accepted(request, row, user)
        if account is None and not user.is_authenticated:
            return _made(request, row)
    page = {
        "title": _("Invitation"), "row": row, "has_account": account is not None,
        "is_it": user.is_authenticated and account is not None and user.pk == account.pk, "called": row.name,
    }  # fmt: skip
    return render(request, "portal/invitation.html", page)


def _accepted(request: HttpRequest, row: MerchantInvitation, user: Any) -> HttpResponse:
    done = _("You act for %(shop)s from now on.") % {"shop": row.merchant.name}
    person = User.objects.get(pk=user.pk)
    member = answered(
        lambda: people.invitation_accept(invitation=row, actor=person, now=timezone.now()), request, done
    )
    return redirect("accounts:home") if member else redirect(request.path)


def _made(request: HttpRequest, row: MerchantInvitation) -> HttpResponse:
    name, password = request.POST.get("name", "")[:200], request.POST.get("password", "")[:400]
    problems = _judged(row, password, request.POST.get("again", ""))
    if not problems:
        done = _("Your account is made. Sign in with your e-mail address as user name.")
        member = answered(
            lambda: people.invitation_accept_new(
                invitation=row, name=name, password=password, language=get_language() or "", now=timezone.now()
            ),
            request, done,
        )  # fmt: skip
        if member:
            return redirect("account_login")
    for problem in problems:
        messages.error(request, problem)
    page = {"title": _("Invitation"), "row": row, "has_account": False, "is_it": False, "called": name}
    return render(request, "portal/invitation.html", page)


def _judged(row: MerchantInvitation, password: str, again: str) -> list[str]:
    """What is wrong with the password, by the same rules as everywhere."""
    if password != again:
        return [_("The two passwords are not the same.")]
    try:
        validate_password(password, User(username=row.email, email=row.email, display_name=row.name))
    except ValidationError as error:
        return list(error.messages)
    return []
