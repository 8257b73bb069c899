"""Judges what a sign-in provider says: its own description, its answer, its token (OpenID Connect Core 3.1.3.7).

Pure but for the clock inside PyJWT; whatever does not hold raises :class:`SsoError` with a code that says what.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import jwt

from accounts.sso.config import Provider

# Only signatures that nobody can make who merely knows our client secret or the public key (no HS256, no "none").
ALGORITHMS = {
    "RS256": "RSA", "RS384": "RSA", "RS512": "RSA", "PS256": "RSA", "PS384": "RSA", "PS512": "RSA",
    "ES256": "EC", "ES384": "EC", "ES512": "EC", "EdDSA": "OKP",
}  # fmt: skip
LEEWAY = 60  # seconds between two clocks
SUBJECT_MOST = 191  # what the table of links holds
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
NEEDED = ["iss", "sub", "aud", "exp", "iat", "nonce"]


class SsoError(Exception):
    """A sign-in by a provider does not hold. ``code`` is one of the causes of ``accounts.states.SsoCause``."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code


@dataclass(frozen=True)
class Claims:
    """What a token that holds says about a person. ``email`` only when the provider calls it verified.

    ``vouched``: the provider saw a second factor, and is trusted to say so. ``auth_time``: when it last asked the
    person, in seconds; 0 when it does not say.
    """

    issuer: str
    subject: str
    email: str = ""
    email_verified: bool = False
    vouched: bool = False
    auth_time: int = 0


def checked_metadata(found: Any, provider: Provider) -> dict[str, Any]:
    """The provider's own description; one that speaks for another issuer or leaves HTTPS is refused."""
    if not isinstance(found, dict) or found.get("issuer") != provider.issuer:
        raise SsoError("issuer", "the description names another issuer")
    for name in ENDPOINTS:
        require_address(found.get(name), provider)
    return found


def require_address(value: Any, provider: Provider) -> None:
    """HTTPS, as the issuer; plain HTTP only where the issuer itself may use it."""
    scheme = urlsplit(value).scheme if isinstance(value, str) else ""
    if scheme != "https" and scheme != urlsplit(provider.issuer).scheme:
        raise SsoError("issuer", "an endpoint is missing or not behind HTTPS")


def check_answer(answered: Mapping[str, str], metadata: Mapping[str, Any], provider: Provider) -> None:
    """The answer in the address comes from the provider that was asked (RFC 9207)."""
    named = answered.get("iss", "")
    if named != provider.issuer if named else metadata.get("authorization_response_iss_parameter_supported"):
        raise SsoError("issuer", "the answer names another issuer or none")


def claims_of(token: Any, keys: Any, provider: Provider, nonce: str) -> Claims:
    """The claims of an ID token whose signature, issuer, audience, time and nonce hold."""
    if not isinstance(token, str):
        raise SsoError("token", "no ID token")
    try:
        header = jwt.get_unverified_header(token)
        algorithm = str(header.get("alg"))
        body = jwt.decode(
            token, _key(keys, header, algorithm), algorithms=[algorithm], audience=provider.client_id,
            issuer=provider.issuer, leeway=LEEWAY,
            options={"require": NEEDED, "enforce_minimum_key_length": True},
        )  # fmt: skip
    except jwt.ExpiredSignatureError as error:
        raise SsoError("expired") from error
    except jwt.InvalidAudienceError as error:
        raise SsoError("audience") from error
    except jwt.InvalidIssuerError as error:
        raise SsoError("issuer", "the token names another issuer") from error
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise SsoError("token", type(error).__name__) from error
    _check_party(body, provider)
    if not (nonce and hmac.compare_digest(str(body["nonce"]).encode(), nonce.encode())):
        raise SsoError("nonce")
    return _claims(body, provider)


def _key(keys: Any, header: Mapping[str, Any], algorithm: str) -> Any:
    """The one public key that may have signed this token. Never a key that the token brings along."""
    family = ALGORITHMS.get(algorithm)
    listed = keys.get("keys") if isinstance(keys, dict) else None
    if family is None or not isinstance(listed, list):
        raise SsoError("token", f"the algorithm {algorithm[:20]!r} is not accepted")
    fitting = [one for one in listed if isinstance(one, dict) and _fits(one, family, algorithm)]
    if "kid" in header:
        fitting = [one for one in fitting if one.get("kid") == header["kid"]]
    if len(fitting) != 1:
        raise SsoError("token", "no such key")
    return jwt.PyJWK(fitting[0], algorithm=algorithm).key


def _fits(key: Mapping[str, Any], family: str, algorithm: str) -> bool:
    return (
        key.get("kty") == family and key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm
    )


def _check_party(body: Mapping[str, Any], provider: Provider) -> None:
    """A token for several audiences says for whom it was made, and that must be us."""
    audience = body["aud"]
    several = isinstance(audience, list) and len(audience) > 1
    if body.get("azp", None if several else provider.client_id) != provider.client_id:
        raise SsoError("audience", "made for another party")


def _claims(body: Mapping[str, Any], provider: Provider) -> Claims:
    subject = body["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_MOST or not subject.isprintable():
        raise SsoError("token", "an unusable subject")
    at = body.get("auth_time")
    return Claims(
        issuer=provider.issuer,
        subject=subject,
        email=_text(body.get("email")),
        email_verified=body.get("email_verified") is True,
        vouched=_vouched(body, provider),
        auth_time=int(at) if isinstance(at, int | float) and not isinstance(at, bool) else 0,
    )


def completed(claims: Claims, told: Any) -> Claims:
    """The claims with the address that the provider told about the very same person."""
    if not isinstance(told, dict) or told.get("sub") != claims.subject:
        raise SsoError("token", "told about somebody else")
    return replace(claims, email=_text(told.get("email")), email_verified=told.get("email_verified") is True)


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _vouched(body: Mapping[str, Any], provider: Provider) -> bool:
    methods = body.get("amr")
    said = (
        [f"amr:{one}" for one in methods]
        if isinstance(methods, Sequence) and not isinstance(methods, str)
        else []
    )
    return bool({*said, f"acr:{body.get('acr')}"} & provider.vouched)
