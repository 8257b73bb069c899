"""allauth's OpenID Connect as this house uses it: providers from the environment, a nonce, every token judged.

allauth's own end of the flow is not used: it trusts a token's signature to the connection, prefers what the provider
tells about a person over what it signed, and writes the account as a whole.
"""

import logging
import secrets
from typing import Any
from urllib.parse import urlsplit

import requests
from allauth.account.authentication import get_authentication_records
from allauth.mfa.stages import AuthenticateStage
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.urls import reverse

from accounts import rules
from accounts.sso import selectors, tokens
from accounts.sso.config import Provider
from accounts.sso.tokens import Claims, SsoError

logger = logging.getLogger(__name__)

WELL_KNOWN = "/.well-known/openid-configuration"
UNREACHABLE = (requests.RequestException, OAuth2Error, ValueError, KeyError)


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """No sign-up, no match by allauth, no provider from the database."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def can_authenticate_by_email(self, login: Any, email: str) -> bool:
        return False

    def list_apps(self, request: Any, provider: Any = None, client_id: Any = None) -> list[SocialApp]:
        found = [_app(one) for one in settings.SSO_PROVIDERS.values()]
        return [
            app
            for app in found
            if (not provider or provider in (app.provider, app.provider_id))
            and (not client_id or client_id == app.client_id)
        ]

    def list_providers(self, request: Any) -> list[Any]:
        return [HouseProvider(request, app=app) for app in self.list_apps(request)]

    def get_provider(self, request: Any, provider: Any, client_id: Any = None) -> "HouseProvider":
        return HouseProvider(request, app=self.get_app(request, provider=provider, client_id=client_id))

    def get_requests_session(self) -> Any:
        """A provider that sends us elsewhere would send the client's secret along."""
        session = super().get_requests_session()
        session.max_redirects = 0
        return session


def _app(provider: Provider) -> SocialApp:
    scope = ["openid", "email"] if provider.domains else ["openid"]
    return SocialApp(
        provider=OpenIDConnectProvider.id, provider_id=provider.code, name=provider.name,
        client_id=provider.client_id, secret=provider.secret,
        settings={"server_url": provider.issuer, "oauth_pkce_enabled": True, "scope": scope},
    )  # fmt: skip


class HouseClient(OAuth2Client):  # type: ignore[misc]
    def get_redirect_url(self, authorization_url: str, scope: Any, extra_params: Any) -> str:
        """An address that brings words of its own (a tenant, a policy) keeps them (RFC 6749 3.1)."""
        parts = urlsplit(authorization_url)
        bare = parts._replace(query="", fragment="").geturl()
        target: str = super().get_redirect_url(bare, scope, extra_params)
        return target.replace("?", f"?{parts.query}&", 1) if parts.query else target


class HouseOAuth2(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """Where the provider is asked, and with which words."""

    client_class = HouseClient

    @property
    def config(self) -> Provider:
        found: Provider = settings.SSO_PROVIDERS[self.provider_id]
        return found

    def get_provider(self) -> "HouseProvider":
        return ProviderAdapter(self.request).get_provider(self.request, self.provider_id)

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        """Never from the Host header of the request."""
        return f"{settings.SITE_URL}{reverse('accounts:sso_back', args=[self.provider_id])}"

    @property
    def openid_config(self) -> dict[str, Any]:
        if not hasattr(self, "_openid_config"):
            found = self.read(self.config.issuer.rstrip("/") + WELL_KNOWN)
            self._openid_config = tokens.checked_metadata(found, self.config)
        return self._openid_config

    @property
    def basic_auth(self) -> bool:
        """How the client shows its secret: in the body where the provider takes that, else as the standard says."""
        return "client_secret_post" not in self.openid_config.get("token_endpoint_auth_methods_supported", ())

    def read(self, address: str, **more: Any) -> Any:
        with ProviderAdapter(self.request).get_requests_session() as session:
            answer = session.get(address, **more)
            answer.raise_for_status()
            return answer.json()


class HouseProvider(OpenIDConnectProvider):  # type: ignore[misc]
    oauth2_adapter_class = HouseOAuth2
    pkce_enabled_default = True

    @property
    def config(self) -> Provider:
        found: Provider = settings.SSO_PROVIDERS[self.app.provider_id]
        return found

    def leave(self, request: HttpRequest, process: str, **state: Any) -> str:
        """The address at the provider that asks who the person is. State, nonce and PKCE wait in the session.

        ``process``: login, link or confirm. Raises SsoError when the provider cannot be asked.
        """
        nonce = secrets.token_urlsafe(32)
        asked = {"nonce": nonce}
        if prompt := "login" if process == "confirm" else self.config.prompt:
            asked["prompt"] = prompt
        if process == "confirm":
            asked["max_age"] = "0"
        if self.config.acr_values:
            asked["acr_values"] = self.config.acr_values
        try:
            answer = self.redirect(request, process, auth_params=asked, nonce=nonce, **state)
        except UNREACHABLE as error:
            raise _unreachable(self.config, error) from error
        return str(answer["Location"])

    def back(self, request: HttpRequest) -> tuple[dict[str, Any], Claims]:
        """What was waiting in the session, and the claims of the token that the provider gave for its code.

        The state goes at the first use. Raises SsoError.
        """
        try:
            state: dict[str, Any] = self.unstash_redirect_state(request, request.GET.get("state", ""))
        except PermissionDenied as error:
            raise SsoError("state") from error
        if request.GET.get("error") or not request.GET.get("code"):
            cancelled = request.GET.get("error") == "access_denied"
            raise SsoError("cancelled" if cancelled else "provider")
        try:
            return state, self._claims(request, state)
        except UNREACHABLE as error:
            raise _unreachable(self.config, error) from error

    def _claims(self, request: HttpRequest, state: dict[str, Any]) -> Claims:
        asking = self.get_oauth2_adapter(request)
        tokens.check_answer(request.GET, asking.openid_config, self.config)
        given = asking.get_access_token_data(
            request, self.app, asking.get_client(request, self.app),
            pkce_code_verifier=state.get("pkce_code_verifier"),
        )  # fmt: skip
        keys = asking.read(asking.openid_config["jwks_uri"])
        claims = tokens.claims_of(given.get("id_token"), keys, self.config, str(state.get("nonce") or ""))
        return claims if claims.email or not self.config.domains else self._with_email(asking, given, claims)

    def _with_email(self, asking: HouseOAuth2, given: Any, claims: Claims) -> Claims:
        """Some providers tell the address only when asked for it; it counts when they speak of the same person."""
        address = asking.openid_config.get("userinfo_endpoint")
        if not address:
            return claims
        tokens.require_address(address, self.config)
        told = asking.read(address, headers={"Authorization": f"Bearer {given['access_token']}"})
        return tokens.completed(claims, told)


def _unreachable(provider: Provider, error: Exception) -> SsoError:
    """Only the kind of fault is logged: what a provider answers may hold codes and tokens."""
    logger.warning(
        "The sign-in provider %s did not answer as it should: %s", provider.code, type(error).__name__
    )
    return SsoError("unreachable", type(error).__name__)


class SecondFactorStage(AuthenticateStage):  # type: ignore[misc]
    """Our second factor is not asked for when a trusted provider has just seen one."""

    def handle(self) -> tuple[Any, bool]:
        if vouched(self.request, self.login.user):
            return None, True
        answer: tuple[Any, bool] = super().handle()
        return answer


def vouched(request: HttpRequest, user: Any) -> bool:
    """The step taken last in this session was a sign-in whose provider saw a second factor."""
    records = get_authentication_records(request, user)
    return bool(records) and records[-1].get("method") == "socialaccount" and bool(records[-1].get("vouched"))


def confirming(user: Any, methods: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """How this person may confirm once more that it is him or her: allauth's ways, and linked sign-ins."""
    kept = [one for one in methods if one["id"] != "reauthenticate" or rules.own_ways_open(user)]
    if user.is_authenticated and selectors.ways_in(user):
        kept.append({"id": "sso", "description": "", "url": reverse("accounts:sso_confirm")})
    return kept
