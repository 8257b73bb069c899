"""What holds for every request: headers, language, how long a session lives, who owes a second factor."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.defaults import bad_request, permission_denied

from accounts import selectors, services
from aftersales.core.errors import NotPermitted

Next = Callable[[HttpRequest], HttpResponse]
NO_DEVICES = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"
SIGNED_IN_AT = "signed_in_at"
SEEN_AT = "seen_at"
SECOND_FACTOR = "second_factor"
SEEN_GRAIN = 60  # seconds between two writes of the session row
BACKGROUND = "X-Background"  # a page that refreshes itself sends it: that is not a person at work

# Where somebody may go who has not shown the second factor: to show it, to leave, to read the page's language.
OPEN_NAMES = frozenset(
    {
        "account_logout", "account_login", "account_reauthenticate", "mfa_authenticate", "mfa_login_webauthn",
        "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "set_language", "health", "ready",
        "accounts:sso_confirm", "accounts:sso_start", "accounts:sso_back",
    }
)  # fmt: skip
# And somebody who has none, to get one. Who has one shows it first: else the password alone would add another.
SET_UP_NAMES = frozenset({"mfa_activate_totp", "mfa_add_webauthn"})


class HeadersMiddleware:
    """Device permissions off everywhere; personal pages never stored; Alpine's eval only in the admin."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", NO_DEVICES)
        if request.path.startswith(settings.CSP_EVAL_PREFIXES) and not hasattr(response, "_csp_update"):
            response._csp_update = {"script-src": ["'unsafe-eval'"]}  # type: ignore[attr-defined]
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated and "Cache-Control" not in response:
            add_never_cache_headers(response)
        return response


class LanguageMiddleware:
    """The person's own choice, else this device's, else Chinese. Never guessed from the browser."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = self._choice(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response

    def _choice(self, request: HttpRequest) -> str:
        known = dict(settings.LANGUAGES)
        own = getattr(request.user, "language", "") if request.user.is_authenticated else ""
        cookie = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        return next((code for code in (own, cookie) if code in known), settings.LANGUAGE_CODE)


class SessionLimitsMiddleware:
    """Ends a session that was idle too long or is too old, whoever owns it."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = timezone.now()
            if self._over(request, now):
                return self._end(request)
            self._touch(request, now)
        return self.get_response(request)

    def _over(self, request: HttpRequest, now: datetime) -> bool:
        born = request.session.get(SIGNED_IN_AT)
        seen = request.session.get(SEEN_AT)
        age = now.timestamp() - born if born else 0
        idle = now.timestamp() - seen if seen else 0
        return age > settings.SESSION_ABSOLUTE.total_seconds() or idle > settings.SESSION_IDLE.total_seconds()

    def _touch(self, request: HttpRequest, now: datetime) -> None:
        session = request.session
        if SIGNED_IN_AT not in session:
            session[SIGNED_IN_AT] = session[SEEN_AT] = now.timestamp()
        elif BACKGROUND not in request.headers and now.timestamp() - session.get(SEEN_AT, 0) > SEEN_GRAIN:
            session[SEEN_AT] = now.timestamp()

    def _end(self, request: HttpRequest) -> HttpResponse:
        logout(request)
        messages.info(
            request, _("You were signed out because the session was too long or too long without use.")
        )
        return elsewhere(request, "account_login")


class SecondFactorMiddleware:
    """Who needs a second factor by role sees nothing before it was shown in this very session."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        user: Any = request.user
        if not user.is_authenticated or not user.needs_second_factor or shown(request):
            return None
        match = request.resolver_match
        name = match.view_name if match is not None else ""
        if name in OPEN_NAMES:
            return None
        held = selectors.second_factors(user)
        if not held:
            return None if name in SET_UP_NAMES else elsewhere(request, "mfa_activate_totp")
        return elsewhere(request, shown_at(held))


class DeniedMiddleware:
    """A refusal of a signed-in person leaves a trace: who, which page."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 403 and request.user.is_authenticated:
            services.denial_record(
                user=request.user, method=request.method or "", path=request.path, now=timezone.now()
            )
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A service's *not permitted* that no view caught is the ordinary 403 page, never a server error.

        Nor is a NUL in an address or a field, which no person types and PostgreSQL does not store.
        """
        if isinstance(exception, NotPermitted):
            return permission_denied(request, exception)
        if isinstance(exception, DataError) and "NUL (0x00)" in str(exception):
            return bad_request(request, exception)
        return None


def shown(request: HttpRequest) -> bool:
    """The second factor was proven in this session: at sign-in, again later, or by setting it up here."""
    if request.session.get(SECOND_FACTOR):
        return True
    user: Any = request.user
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, user))


def shown_at(held: Collection[str]) -> str:
    """The page on which a person with these factors shows one in an open session."""
    return "mfa_reauthenticate" if Authenticator.Type.TOTP in held else "mfa_reauthenticate_webauthn"


def elsewhere(request: HttpRequest, name: str) -> HttpResponse:
    """Send the browser to a named page and back afterwards; htmx gets the header it understands."""
    response = redirect(name)
    if request.method == "GET" and not request.headers.get("HX-Request"):
        response["Location"] += "?" + urlencode({"next": request.get_full_path()})
    if request.headers.get("HX-Request"):
        answer = HttpResponse(status=204)
        answer["HX-Redirect"] = response["Location"]
        return answer
    return response
