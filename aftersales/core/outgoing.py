"""The one way in which the server calls somebody's address: outside only, over TLS, once, briefly.

The name is resolved once and every address it has must be public; the connection goes to exactly that address, so that
a second answer of the name server changes nothing. Redirects are not followed. Size and time are bounded as a whole.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import SplitResult, urlsplit

SECONDS = 8.0
MOST = 64 * 1024  # bytes of an answer
EMBEDDED = tuple(ipaddress.ip_network(one) for one in ("64:ff9b::/96", "2002::/16", "2001::/32"))


class NotSent(Exception):
    """Why a request did not arrive, as a code: never with the address, which may hold a secret."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def post(
    url: str, *, headers: Mapping[str, str], body: bytes, private: bool = False, seconds: float = SECONDS
) -> bytes:
    """Send one request and answer what came back. Raises NotSent: address, inside, unreachable, redirect, status_…

    ``private``: addresses inside the house and plain HTTP are allowed, where the set-up says so.
    """
    parts, port = checked(url, private=private)
    host = parts.hostname or ""
    place = _resolved(host, port, private)
    try:
        with _connected(place, port, host, parts.scheme, seconds) as link:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            link.request("POST", path, body=body, headers={**headers, "Connection": "close"})
            answer = link.getresponse()
            found = answer.read(MOST + 1)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotSent("unreachable") from error
    if len(found) > MOST:
        raise NotSent("too_large")
    if 300 <= answer.status < 400:
        raise NotSent("redirect")
    if not 200 <= answer.status < 300:
        raise NotSent(f"status_{answer.status}")
    return found


def checked(url: str, *, private: bool = False) -> tuple[SplitResult, int]:
    """The parts of an address that may be called at all. Raises NotSent: address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NotSent("address") from error
    plain = parts.username is None and parts.password is None and url.isascii() and url.isprintable()
    schemes = {"https", "http"} if private else {"https"}
    if not plain or " " in url or "\\" in url or parts.scheme not in schemes or not parts.hostname:
        raise NotSent("address")
    return parts, port or (443 if parts.scheme == "https" else 80)


def _resolved(host: str, port: int, private: bool) -> str:
    """The address to connect to; one inside among several refuses the name."""
    try:
        found = [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise NotSent("unreachable") from error
    if not found or not (private or all(_is_outside(one) for one in found)):
        raise NotSent("inside" if found else "unreachable")
    return found[0]


def _is_outside(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return _is_outside(str(address.ipv4_mapped))
        if any(address in network for network in EMBEDDED):
            return False
    return address.is_global and not address.is_multicast


@contextmanager
def _connected(
    place: str, port: int, host: str, scheme: str, seconds: float
) -> Iterator[http.client.HTTPConnection]:
    """A connection to exactly this address that somebody cuts when the time is over, whatever drips in."""
    opened = [socket.create_connection((place, port), timeout=seconds)]
    guard = threading.Timer(seconds, _cut, [opened])
    guard.daemon = True
    guard.start()
    link = http.client.HTTPConnection(host, port, timeout=seconds)
    try:
        if scheme == "https":
            context = ssl.create_default_context()
            opened.append(context.wrap_socket(opened[0], server_hostname=host, do_handshake_on_connect=False))
            opened[-1].do_handshake()  # type: ignore[attr-defined]
        link.sock = opened[-1]
        yield link
    finally:
        guard.cancel()
        link.close()
        for one in opened:
            one.close()


def _cut(opened: list[socket.socket]) -> None:
    """The newest is the one that still holds the line."""
    try:
        opened[-1].shutdown(socket.SHUT_RDWR)
    except OSError:
        return
