"""Where passkeys hold: the domain they are made for and the one address on which they are used."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from fido2.rpid import verify_rp_id

from aftersales import env

PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class Site:
    """``domain``: the relying party's id, empty where passkeys are not available; ``origin``: as browsers write it."""

    domain: str = ""
    origin: str = ""

    def __bool__(self) -> bool:
        return bool(self.domain)


def read(site_url: str, *, production: bool) -> Site:
    """The site's passkeys from SITE_URL and ``PASSKEY_DOMAIN`` (default: the host of SITE_URL).

    Browsers make none for an IP address and none without HTTPS, except on localhost: the demonstration at
    127.0.0.1 has them at localhost, an installation without a name or without HTTPS has none.
    Raises ImproperlyConfigured for a domain that does not belong to the address.
    """
    wanted = env.text("PASSKEY_DOMAIN").lower()
    parts = urlsplit(site_url)
    host = (parts.hostname or "").lower()
    if not production and _is_loopback(host):
        host = "localhost"
    port = parts.port if parts.port != PORTS.get(parts.scheme) else None
    origin = f"{parts.scheme}://{host}:{port}" if port else f"{parts.scheme}://{host}"
    domain = wanted or host
    if host and not _is_address(host) and verify_rp_id(domain, origin):
        return Site(domain, origin)
    if wanted:
        raise ImproperlyConfigured(
            f"PASSKEY_DOMAIN must be the host of SITE_URL or a domain above it, and SITE_URL must be HTTPS with a "
            f"name; {wanted!r} does not fit {site_url!r}."
        )
    return Site()


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return _is_address(host) and ip_address(host).is_loopback
