"""What allauth asks of the house: no sign-up, links to the configured host, secrets encrypted at rest."""

import base64
import hashlib
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.stagekit import clear_login
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from accounts import rules, services
from accounts.addresses import client_address
from accounts.backends import may_sign_in
from accounts.sso.adapters import confirming
from accounts.states import FACTORS


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_reauthentication_required(self, app: str = "") -> bool:
        """Who signed in within the last five minutes is not asked for the password a second time."""
        records = get_authentication_records(self.request, self.request.user)
        fresh = max((record["at"] for record in records), default=0)
        if timezone.now().timestamp() - fresh < app_settings.REAUTHENTICATION_TIMEOUT:
            return False
        return bool(super().is_reauthentication_required(app=app))

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        """Whatever was shown: the password's backend asks this too, a passkey has none."""
        if not may_sign_in(user):
            clear_login(request)
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **kwargs)  # type: ignore[no-any-return]

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Mailed links never follow the Host header of the request that asked for them."""
        uid, token = key.split("-", 1)
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})
        return f"{settings.SITE_URL}{path}"

    def get_login_stages(self) -> list[str]:
        """Ours in place of allauth's: a trusted provider's second factor counts."""
        own = {"allauth.mfa.stages.AuthenticateStage": "accounts.sso.adapters.SecondFactorStage"}
        return [own.get(path, path) for path in super().get_login_stages()]

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Without the password where the installation refuses it; with the linked sign-ins at the end."""
        return confirming(user, super().get_reauthentication_methods(user))

    def set_password(self, user: Any, password: str) -> None:
        services.password_set(user=user, password=password, actor=user, now=timezone.now())


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    def can_delete_authenticator(self, authenticator: Any) -> bool:
        """Who needs a second factor keeps one: the last is replaced through an administrator."""
        others = Authenticator.objects.filter(user_id=authenticator.user_id, type__in=FACTORS)
        left = others.exclude(pk=authenticator.pk).exists()
        needed = authenticator.user.needs_second_factor
        return not list(rules.may_remove_factor(needed=needed, others=left))

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Ours wherever allauth would ask: never the Host header of a request."""
        return {"id": settings.PASSKEYS.domain, "name": gettext("Aftersales")}

    def get_totp_label(self, user: Any) -> str:
        return str(user.username)

    def encrypt(self, text: str) -> str:
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Raises when the key is wrong: a damaged secret never becomes a valid one."""
        return _fernet().decrypt(encrypted_text.encode()).decode()


def _fernet() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    keys = [hashlib.sha256(b"accounts.second-factor" + str(secret).encode()).digest() for secret in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])
