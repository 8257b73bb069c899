"""Pages of the sign-in by a provider: leaving for it, coming back, the own linked sign-ins."""

from datetime import datetime
from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import get_next_redirect_url, perform_login
from allauth.core import ratelimit
from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts import services
from accounts.backends import may_sign_in
from accounts.middleware import SECOND_FACTOR, shown
from accounts.models import User
from accounts.sso import selectors
from accounts.sso.adapters import HouseProvider, ProviderAdapter
from accounts.sso.tokens import Claims, SsoError
from accounts.states import SSO_HARMLESS, SsoCause
from accounts.views import _act, _reason, _user, locked_out
from aftersales.core.errors import DomainError

LOGIN, LINK, CONFIRM = "login", "link", "confirm"
CLOCKS_APART = 60  # seconds by which the provider's clock may be behind ours


def _provider(request: HttpRequest, code: str) -> HouseProvider:
    if code not in settings.SSO_PROVIDERS:
        raise Http404
    return ProviderAdapter(request).get_provider(request, code)


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The own linked sign-ins. Not there where no provider is configured and nothing is left of one."""
    user: Any = request.user
    choices = selectors.choices_for(user)
    if not choices:
        raise Http404
    return render(request, "accounts/sso/index.html", {"choices": choices})


@require_POST
def start(request: HttpRequest, code: str) -> HttpResponse:
    """Sign in; who is signed in already confirms instead that it is still the same person."""
    process = CONFIRM if request.user.is_authenticated else LOGIN
    return _leave(request, code, process, next_url=get_next_redirect_url(request))


@login_required
@reauthentication_required
def link(request: HttpRequest, code: str) -> HttpResponse:
    """Leave in order to link; who comes by a link (after confirming) finds the button again."""
    _provider(request, code)
    return _leave(request, code, LINK) if request.method == "POST" else redirect("accounts:sso")


@login_required
@require_GET
def confirm(request: HttpRequest) -> HttpResponse:
    """Another way to confirm that it is you, for people without a password or second factor of ours."""
    user: Any = request.user
    found = selectors.ways_in(user)
    if not found:
        raise Http404
    return render(
        request, "accounts/sso/confirm.html", {"providers": found, "next": get_next_redirect_url(request)}
    )


def _leave(request: HttpRequest, code: str, process: str, **state: Any) -> HttpResponse:
    """A page that goes on by itself: a form that is redirected to another site is stopped by our own policy."""
    provider = _provider(request, code)
    if limited := ratelimit.consume_or_429(request, action="login"):
        return limited
    person = request.user.pk if request.user.is_authenticated else None
    try:
        target = provider.leave(request, process, person=person, at=timezone.now().timestamp(), **state)
    except SsoError as refusal:
        return _refused(request, provider, refusal)
    page = render(request, "accounts/sso/leave.html", {"provider": provider.config, "target": target})
    page["Refresh"] = f"0; url={target}"
    return page


@never_cache
@require_GET
def back(request: HttpRequest, code: str) -> HttpResponse:
    """The provider sends the person back here with an answer."""
    provider = _provider(request, code)
    if limited := ratelimit.consume_or_429(request, action="login"):
        return limited
    claims: Claims | None = None
    try:
        state, claims = provider.back(request)
        if state["process"] == LOGIN:
            return _sign_in(request, provider, claims, state)
        _same_person(request, state)
        return (_link if state["process"] == LINK else _confirm)(request, provider, claims, state)
    except SsoError as refusal:
        return _refused(request, provider, refusal, claims)


def _sign_in(
    request: HttpRequest, provider: HouseProvider, claims: Claims, state: dict[str, Any]
) -> HttpResponse:
    found = selectors.person_of(provider.config, claims)
    user, now = found.user, timezone.now()
    if not may_sign_in(user):
        raise SsoError("closed")
    if not AxesProxyHandler.is_allowed(request, {"username": user.username}):
        services.sso_refusal_record(
            provider=provider.config.code, cause=SsoCause.LOCKED, subject=claims.subject, user=user, now=now
        )
        return locked_out(request)
    if found.first:
        _link_first(provider, claims, user, now)
    if request.user.is_authenticated:
        logout(request)
    _record(request, user, provider, claims, vouched=claims.vouched)
    response: HttpResponse = perform_login(
        request, user, email_verification="none", redirect_url=state.get("next")
    )
    if claims.vouched and request.user.pk == user.pk:
        request.session[SECOND_FACTOR] = True
    return response


def _link_first(provider: HouseProvider, claims: Claims, user: User, now: datetime) -> None:
    try:
        services.sso_link(user=user, provider=provider.config, claims=claims, actor=user, now=now)
    except DomainError as refusal:  # somebody was faster
        raise SsoError("relinked") from refusal


def _record(request: HttpRequest, user: Any, provider: HouseProvider, claims: Claims, **more: Any) -> None:
    record_authentication(
        request, user, "socialaccount", provider=provider.config.code, uid=claims.subject, **more
    )


def _same_person(request: HttpRequest, state: dict[str, Any]) -> None:
    if not request.user.is_authenticated or request.user.pk != state.get("person"):
        raise SsoError("state")


def _link(
    request: HttpRequest, provider: HouseProvider, claims: Claims, state: dict[str, Any]
) -> HttpResponse:
    user: Any = request.user
    if user.needs_second_factor and not shown(request):
        raise PermissionDenied
    done = _("Linked. From now on you can sign in with %(provider)s.") % {"provider": provider.config.name}
    return _act(
        request, reverse("accounts:sso"), services.sso_link, done,
        user=User.objects.get(pk=user.pk), provider=provider.config, claims=claims,
    )  # fmt: skip


def _confirm(
    request: HttpRequest, provider: HouseProvider, claims: Claims, state: dict[str, Any]
) -> HttpResponse:
    """Holds only when the provider really asked the person again, and it is the person of this session."""
    user = selectors.linked(provider.config, claims)
    if user is None or user.pk != request.user.pk:
        raise SsoError("other")
    if claims.auth_time < float(state.get("at", 0)) - CLOCKS_APART:
        raise SsoError("stale")
    _record(request, request.user, provider, claims, reauthenticated=True)
    return redirect(state.get("next") or "accounts:home")


@login_required
@reauthentication_required
def unlink(request: HttpRequest, code: str) -> HttpResponse:
    """Also of a provider that is not configured any more: the link is the person's."""
    if request.method != "POST":
        return redirect("accounts:sso")
    user: Any = request.user
    done = _("Removed. This sign-in opens your account no longer.")
    return _act(
        request, reverse("accounts:sso"), services.sso_unlink, done,
        user=User.objects.get(pk=user.pk), provider=code,
    )  # fmt: skip


@login_required
@require_POST
def reset(request: HttpRequest, pk: int) -> HttpResponse:
    user, target = _user(request, pk)
    done = _("The linked sign-ins are removed.")
    return _act(request, target, services.sso_reset, done, user=user, reason=_reason(request))


def _refused(
    request: HttpRequest, provider: HouseProvider, refusal: SsoError, claims: Claims | None = None
) -> HttpResponse:
    """A page that says what to do. An attempt on an account is written down, with the person where one is known."""
    if refusal.code not in SSO_HARMLESS:
        found = selectors.linked(provider.config, claims) if claims else None
        services.sso_refusal_record(
            provider=provider.config.code, cause=refusal.code, user=found, now=timezone.now(),
            subject=claims.subject if claims else "",
        )  # fmt: skip
    shown_as = {
        "provider": provider.config,
        "cause": refusal.code,
        "signed_in": request.user.is_authenticated,
    }
    status = 503 if refusal.code == SsoCause.UNREACHABLE else 403
    return render(request, "accounts/sso/refused.html", shown_as, status=status)
