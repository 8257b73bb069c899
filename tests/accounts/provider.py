"""A small sign-in provider (OpenID Connect) in this process: it answers in place of the network.

It checks what a real one checks (client's secret, PKCE, one use of a code), and says what a test wants it to say.
"""

import base64
import hashlib
import json
import time
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from django.urls import reverse

from accounts.sso.config import Provider

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ISSUER = "https://login.example.com"
CORP = Provider(
    code="corp", name="禾木账号", issuer=ISSUER, client_id="aftersales", secret="corp-secret-" + "x" * 32,
    domains=frozenset({"example.com"}),
)  # fmt: skip


class FakeProvider:
    """``claims`` and ``header`` change the next tokens; ``metadata`` the description; ``sign`` how they are signed."""

    def __init__(self, config: Provider = CORP) -> None:
        self.config = config
        self.claims: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.header: dict[str, Any] = {"kid": "one"}
        self.key: Any = KEY
        self.algorithm = "RS256"
        self.userinfo: dict[str, Any] | None = None
        self.moved = ""
        self.down = False
        self.asked: dict[str, str] = {}
        self.hosts: set[str] = set()
        self._codes: dict[str, dict[str, str]] = {}

    def keys(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        return {"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]}

    def leave(self, client: Client, name: str = "accounts:sso_start", **data: str) -> str:
        """Press the button; answers the address at the provider that the browser is sent to."""
        page = client.post(reverse(name, args=[self.config.code]), data)
        assert page.status_code == 200, page.status_code
        target: str = page["Refresh"].partition("url=")[2]
        self.asked = dict(parse_qsl(urlsplit(target).query))
        return target

    def consent(self, target: str, **extra: str) -> str:
        """The person agrees; answers the address with which the browser comes back."""
        asked = dict(parse_qsl(urlsplit(target).query))
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        back = urlsplit(asked["redirect_uri"]).path
        return f"{back}?{urlencode({'code': code, 'state': asked['state'], **extra})}"

    def sign_in(self, client: Client, **data: str) -> Any:
        return client.get(self.consent(self.leave(client, **data)))

    def link(self, client: Client) -> Any:
        return client.get(self.consent(self.leave(client, "accounts:sso_link")))

    # What it answers over HTTP

    def answer(self, request: requests.PreparedRequest) -> requests.Response:
        if self.down:
            raise requests.ConnectionError
        host, path = urlsplit(request.url or "")[1:3]
        self.hosts.add(host)
        if path == "/.well-known/openid-configuration":
            return self._json(request, self._description())
        if path == "/keys":
            return self._json(request, self.keys())
        if path == "/userinfo":
            assert request.headers["Authorization"] == "Bearer access"
            return self._json(request, self.userinfo or {})
        assert (path, request.method) == ("/token", "POST")
        if self.moved:
            response = self._json(request, {}, 307)
            response.headers["Location"] = self.moved
            return response
        return self._json(request, *self._tokens(request))

    def _description(self) -> dict[str, Any]:
        found = {
            "issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/authorize", "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys", "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }  # fmt: skip
        more = {"userinfo_endpoint": f"{ISSUER}/userinfo"} if self.userinfo else {}
        return {**found, **more, **self.metadata}

    def _tokens(self, request: requests.PreparedRequest) -> tuple[dict[str, Any], int]:
        sent = {name: values[0] for name, values in parse_qs(str(request.body)).items()}
        asked = self._codes.pop(sent.get("code", ""), None)
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or sent["client_secret"] != self.config.secret
            or asked["code_challenge"] != challenge
        ):
            return {"error": "invalid_grant"}, 400
        assert sent["redirect_uri"] == asked["redirect_uri"]
        return {"access_token": "access", "token_type": "Bearer", "id_token": self.token(asked["nonce"])}, 200

    def token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "sub": "u-1",
            "aud": "aftersales",
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
        }
        claims = {name: value for name, value in {**claims, **self.claims}.items() if value is not None}
        return jwt.encode(claims, self.key, algorithm=self.algorithm, headers=self.header)

    def _json(self, request: Any, body: dict[str, Any], status: int = 200) -> requests.Response:
        response = requests.Response()
        response.status_code, response.url, response.request = status, request.url, request
        response._content = json.dumps(body).encode()
        response.headers["content-type"] = "application/json"
        return response
