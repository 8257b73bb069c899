"""Sign-in providers (OpenID Connect) as the environment names them; none, unless ``SSO_PROVIDERS`` lists some.

Each is described by variables that carry its code in capitals: ``SSO_CORP_ISSUER`` and so on (README).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from aftersales import env

CODE = re.compile(r"[a-z][a-z0-9]{0,19}")
DOMAIN = re.compile(r"([a-z0-9-]+\.)+[a-z0-9-]+")
VOUCHERS = ("amr:", "acr:")
AT_HOME = frozenset({"localhost", "127.0.0.1"})
PROMPTS = ("select_account", "login", "any")


@dataclass(frozen=True)
class Provider:
    """One provider. ``issuer`` is compared character by character with what its tokens say.

    ``domains``: whose verified addresses link a person at the first sign-in; empty: linked only by people signed in.
    ``vouched``: values of the claims amr and acr, as ``amr:mfa``, that stand for our second factor; empty: never.
    ``prompt``: what the provider is told to ask ("" = what it likes).
    """

    code: str
    name: str
    issuer: str
    client_id: str
    secret: str = field(repr=False)
    domains: frozenset[str] = frozenset()
    vouched: frozenset[str] = frozenset()
    prompt: str = "select_account"

    @property
    def acr_values(self) -> str:
        """What is asked of the provider, so that it can answer with one of the trusted acr."""
        return " ".join(sorted(one.removeprefix("acr:") for one in self.vouched if one.startswith("acr:")))


def read(*, production: bool) -> Mapping[str, Provider]:
    """The configured providers by code, in the order of ``SSO_PROVIDERS``. A wrong value stops the start."""
    found: dict[str, Provider] = {}
    for code in env.words("SSO_PROVIDERS"):
        if not CODE.fullmatch(code) or code in found:
            raise ImproperlyConfigured(
                f"SSO_PROVIDERS must list different short codes such as corp (letters a-z, digits), not {code!r}."
            )
        found[code] = _provider(code, production)
    return found


def only(wanted: bool, providers: Mapping[str, Provider]) -> bool:
    if wanted and not providers:
        raise ImproperlyConfigured("SSO_ONLY=1 needs a provider: name one in SSO_PROVIDERS.")
    return wanted


def _provider(code: str, production: bool) -> Provider:
    name = f"SSO_{code.upper()}"
    secret = env.secret(f"{name}_SECRET")
    client = env.text(f"{name}_CLIENT_ID")
    if not (client and secret):
        raise ImproperlyConfigured(
            f"The provider {code!r} needs {name}_CLIENT_ID and {name}_SECRET or {name}_SECRET_FILE."
        )
    prompt = env.choice(f"{name}_PROMPT", "select_account", PROMPTS)
    return Provider(
        code=code,
        name=env.text(f"{name}_NAME", code) or code,
        issuer=_issuer(f"{name}_ISSUER", production),
        client_id=client,
        secret=secret,
        domains=_domains(f"{name}_DOMAINS"),
        vouched=_vouched(f"{name}_SECOND_FACTOR"),
        prompt="" if prompt == "any" else prompt,
    )


def _issuer(name: str, production: bool) -> str:
    """HTTPS; in the demonstration also plain HTTP on this very machine."""
    value = env.text(name)
    parts = urlsplit(value)
    home = not production and parts.scheme == "http" and parts.hostname in AT_HOME
    if not (parts.scheme == "https" or home) or not parts.hostname or parts.query or parts.fragment:
        raise ImproperlyConfigured(
            f"{name} must be the issuer as its tokens write it, like https://login.example.com, not {value!r}."
        )
    return value


def _domains(name: str) -> frozenset[str]:
    found = frozenset(word.lower().removeprefix("@") for word in env.words(name))
    for one in found:
        if not DOMAIN.fullmatch(one):
            raise ImproperlyConfigured(f"{name} must list domains like example.com, not {one!r}.")
    return found


def _vouched(name: str) -> frozenset[str]:
    found = frozenset(env.words(name))
    for one in found:
        if not one.startswith(VOUCHERS) or len(one) == len(VOUCHERS[0]) or " " in one:
            raise ImproperlyConfigured(f"{name} must list claims like amr:mfa or acr:gold, not {one!r}.")
    return found
