"""The two ceremonies of WebAuthn: making a passkey and showing it.

A challenge belongs to one purpose, one person and one session, lives five minutes and is used once, whatever the
answer. Everything about an answer that is not as it should be is one refusal: who tries learns nothing from it.
"""

import json
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from allauth.account.utils import url_str_to_user_pk, user_pk_to_url_str
from allauth.mfa.models import Authenticator
from cryptography.exceptions import UnsupportedAlgorithm
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    CollectedClientData,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts.models import User
from aftersales.core.errors import DomainError

Result = TypeVar("Result")
KEPT = "passkey_challenges"
LIFETIME = timedelta(minutes=5)
LONGEST = 64_000  # characters of an answer; the largest attestations have about ten thousand
# What fido2 and cryptography raise over a hostile answer.
BAD = (
    TypeError, ValueError, LookupError, AttributeError, RecursionError, OverflowError, NotImplementedError,
    AssertionError, EOFError, struct.error, UnsupportedAlgorithm,
)  # fmt: skip


class Purpose(StrEnum):
    """What a challenge was given for; an answer to one is no answer to another."""

    MAKE = "make"
    SECOND = "second"  # after the password
    AGAIN = "again"  # in an open session, before something delicate
    ALONE = "alone"  # instead of the password


class NotShown(DomainError):
    """The passkey was not made or shown as it must be."""

    def __init__(self) -> None:
        super().__init__(
            gettext_lazy("The passkey could not be confirmed. Please try again."), "passkey_not_shown"
        )


@dataclass(frozen=True)
class Made:
    """A new passkey as it is kept: the public part only."""

    credential: dict[str, Any]
    counter: int


@dataclass(frozen=True)
class Shown:
    passkey: Authenticator
    counter: int


def ask_to_make(session: Any, user: User, now: datetime) -> dict[str, Any]:
    """Options for ``navigator.credentials.create``: kept on the device, with the person verified."""
    entity = PublicKeyCredentialUserEntity(
        id=user_pk_to_url_str(user).encode(), name=user.username, display_name=str(user)
    )
    options, state = _server().register_begin(
        user=entity,
        credentials=[key for key, _row in _keys(user)],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    _keep(session, Purpose.MAKE, state["challenge"], user, now)
    return dict(dict(options)["publicKey"])


def made(session: Any, user: User, answer: str, now: datetime) -> Made:
    """The passkey that was made; raises NotShown."""
    state = _take(session, Purpose.MAKE, user, now)
    return _careful(lambda: _made(state, answer))


def ask_to_show(session: Any, purpose: Purpose, now: datetime, user: User | None = None) -> dict[str, Any]:
    """Options for ``navigator.credentials.get``. Without a person any passkey of this site may answer."""
    keys = [key for key, _row in _keys(user)] if user is not None else []
    options, state = _server().authenticate_begin(
        credentials=keys, user_verification=UserVerificationRequirement.REQUIRED
    )
    _keep(session, purpose, state["challenge"], user, now)
    return dict(dict(options)["publicKey"])


def shown(session: Any, purpose: Purpose, answer: str, now: datetime, user: User | None = None) -> Shown:
    """The passkey that was shown; raises NotShown."""
    state = _take(session, purpose, user, now)
    response = _careful(lambda: AuthenticationResponse.from_dict(_parsed(answer)))
    person = user if user is not None else _owner(response)
    keys = list(_keys(person))
    return _careful(lambda: _shown(state, response, keys))


def _made(state: dict[str, Any], answer: str) -> Made:
    response = RegistrationResponse.from_dict(_parsed(answer))
    _refuse_framed(response.response.client_data)
    server = _server()
    data = server.register_complete(state, response)
    key = data.credential_data
    if key is None or key.public_key.ALGORITHM not in {one.alg for one in server.allowed_algorithms}:
        raise ValueError("an algorithm nobody asked for")
    name = websafe_encode(response.raw_id)
    if key.credential_id != response.raw_id:
        raise ValueError("the key has another name than the answer")
    credential = {
        "id": name,
        "rawId": name,
        "type": "public-key",
        "response": {
            "clientDataJSON": websafe_encode(response.response.client_data),
            "attestationObject": websafe_encode(response.response.attestation_object),
        },
        "clientExtensionResults": {"credProps": {"rk": True}},
    }
    return Made(credential, data.counter)


def _shown(
    state: dict[str, Any],
    response: AuthenticationResponse,
    keys: Iterable[tuple[AttestedCredentialData, Authenticator]],
) -> Shown:
    _refuse_framed(response.response.client_data)
    known = list(keys)
    used = _server().authenticate_complete(state, [key for key, _row in known], response)
    row = next(row for key, row in known if key.credential_id == used.credential_id)
    return Shown(row, response.response.authenticator_data.counter)


def _server() -> Fido2Server:
    """Our domain, and one exact origin: no neighbour under the same domain, no other port, no plain HTTP."""
    site = settings.PASSKEYS
    party = PublicKeyCredentialRpEntity(id=site.domain, name=_("Aftersales"))
    return Fido2Server(party, verify_origin=lambda origin: bool(site) and origin == site.origin)


def _refuse_framed(client_data: CollectedClientData) -> None:
    if client_data.cross_origin:
        raise ValueError("shown inside a page of another site")


def _keys(user: User) -> Iterable[tuple[AttestedCredentialData, Authenticator]]:
    for row in Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.WEBAUTHN).order_by("pk"):
        data = row.wrap().authenticator_data.credential_data
        if data is not None:
            row.user = user
            yield data, row


def _owner(response: AuthenticationResponse) -> User:
    """Whose passkey it says it is; the signature is judged against this person's keys alone."""
    handle = response.response.user_handle or b""
    number = _careful(lambda: url_str_to_user_pk(handle.decode("ascii")))
    person = User.objects.filter(pk=number).first()
    if person is None:
        raise NotShown()
    return person


def _parsed(answer: str) -> dict[str, Any]:
    if len(answer) > LONGEST:
        raise ValueError("too long")
    parsed = json.loads(answer)
    if not isinstance(parsed, dict):
        raise TypeError("not an object")
    return parsed


def _careful(step: Callable[[], Result]) -> Result:
    try:
        return step()
    except BAD as error:
        raise NotShown() from error


def _keep(session: Any, purpose: Purpose, challenge: str, user: User | None, now: datetime) -> None:
    entry = {"challenge": challenge, "user": user.pk if user is not None else None, "at": now.timestamp()}
    session[KEPT] = {**session.get(KEPT, {}), purpose.value: entry}


def _take(session: Any, purpose: Purpose, user: User | None, now: datetime) -> dict[str, Any]:
    kept = dict(session.get(KEPT, {}))
    entry = kept.pop(purpose.value, None)
    session[KEPT] = kept
    whose = user.pk if user is not None else None
    if entry is None or entry["user"] != whose or now.timestamp() - entry["at"] > LIFETIME.total_seconds():
        raise NotShown()
    return {"challenge": entry["challenge"], "user_verification": UserVerificationRequirement.REQUIRED}
