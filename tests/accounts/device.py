"""A device that holds passkeys, in software: it answers as a browser would, and as an attacker's might."""

import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

ORIGIN = "http://localhost:8000"
FLAG = AuthenticatorData.FLAG


@dataclass
class Device:
    """``verified``: it asked for finger, face or PIN; ``counts``: says how often it was used."""

    origin: str = ORIGIN
    domain: str = "localhost"
    framed: bool = False
    verified: bool = True
    counter: int = 0
    name: bytes = field(default_factory=lambda: os.urandom(32))
    handle: str = ""
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, options: dict[str, Any]) -> str:
        self.handle = options["user"]["id"]
        held = AttestedCredentialData.create(
            bytes(16), self.name, ES256.from_cryptography_key(self.key.public_key())
        )
        data = self._data(FLAG.AT, bytes(held))
        client = self._client("webauthn.create", options)
        return self._answer(
            clientDataJSON=websafe_encode(client),
            attestationObject=websafe_encode(AttestationObject.create("none", data, {})),
        )

    def show(self, options: dict[str, Any]) -> str:
        data, client = self._data(), self._client("webauthn.get", options)
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            clientDataJSON=websafe_encode(client), authenticatorData=websafe_encode(data),
            signature=websafe_encode(signed), userHandle=self.handle,
        )  # fmt: skip

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        return bytes(CollectedClientData.create(kind, options["challenge"], self.origin, self.framed))

    def _data(self, flags: int = 0, held: bytes = b"") -> AuthenticatorData:
        flags |= FLAG.UP | (FLAG.UV if self.verified else 0)
        domain = hashlib.sha256(self.domain.encode()).digest()
        return AuthenticatorData.create(domain, flags, self.counter, held)

    def _answer(self, **response: str) -> str:
        name = websafe_encode(self.name)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})
