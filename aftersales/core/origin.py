"""Where a change comes from: the desk, the customer's page, a task, an import. Every event carries it."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import pgettext_lazy

SOURCES: Mapping[str, Any] = {
    "web": pgettext_lazy("source", "on the desk"),
    "customer": pgettext_lazy("source", "on the customer's page"),
    "portal": pgettext_lazy("source", "in the merchants' portal"),
    "admin": pgettext_lazy("source", "in a register"),
    "import": pgettext_lazy("source", "by import"),
    "task": pgettext_lazy("source", "by the clock"),
    "command": pgettext_lazy("source", "by a command"),
    "system": pgettext_lazy("source", "by the system"),
}


@dataclass(frozen=True)
class Origin:
    """``source`` is one of :data:`SOURCES`; ``request_id`` follows one request through web and worker.

    ``rule`` and ``acting_as`` are what every event written here cites that cites nothing of its own.
    """

    source: str = "system"
    request_id: str = ""
    rule: str = ""
    acting_as: str = ""


def words(source: str) -> str:
    """Where it came from, as people say it."""
    return str(SOURCES.get(source, source))


_NOWHERE = Origin()
_current: ContextVar[Origin] = ContextVar("origin", default=_NOWHERE)


def current() -> Origin:
    return _current.get()


@contextmanager
def coming_from(source: str, request_id: str = "") -> Iterator[Origin]:
    """Everything written inside the block says that it came from ``source``."""
    if source not in SOURCES:
        raise ValueError(f"unknown source {source!r}")
    origin = Origin(source, request_id or current().request_id or secrets.token_hex(8))
    token = _current.set(origin)
    try:
        yield origin
    finally:
        _current.reset(token)


@contextmanager
def citing(rule: str, acting_as: str = "") -> Iterator[Origin]:
    """Everything written inside the block says by which rule or macro ("code v2"), and for whom."""
    token = _current.set(replace(current(), rule=rule[:80], acting_as=acting_as[:80]))
    try:
        yield current()
    finally:
        _current.reset(token)


class OriginMiddleware:
    """Names each request and remembers whether it came through the admin or another page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        source = "admin" if request.path.startswith("/admin/") else "web"
        with coming_from(source, secrets.token_hex(8)) as origin:
            response = self.get_response(request)
            response["X-Request-Id"] = origin.request_id
            return response
