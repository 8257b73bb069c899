"""Who is knocking: the client's address behind our own proxies, and the name typed into the sign-in form."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The address that the outermost trusted proxy saw.

    ``AFTERSALES_PROXY_COUNT`` proxies each append one entry to X-Forwarded-For, so the entry that many places
    from the right was written by our own proxy; everything left of it is the visitor's invention.
    """
    direct = str(request.META.get("REMOTE_ADDR", ""))
    entries = [
        entry.strip() for entry in request.headers.get("X-Forwarded-For", "").split(",") if entry.strip()
    ]
    count = settings.PROXY_COUNT
    return entries[-count] if 0 < count <= len(entries) else direct


def username(request: HttpRequest | None, credentials: dict[str, Any] | None = None) -> str:
    """The user name of an attempt: from the credentials or the form, where allauth says ``login``."""
    if credentials and credentials.get("username"):
        return str(credentials["username"])
    posted = getattr(request, "POST", {})
    return str(posted.get("login") or posted.get("username") or "")
