"""The door for systems: one address each, nothing but signed requests, answered before anything is made of them.

Free of CSRF tokens, because no browser's cookie counts here: only the signature does.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.addresses import client_address
from aftersales.channels import told
from aftersales.channels.models import Connection
from aftersales.channels.services.hooks import hook_keep, hook_prove, refusal_note
from aftersales.channels.states import RefusedBecause
from aftersales.standards.selectors import parameter

logger = logging.getLogger(__name__)
KIB = 1024
NOTES_A_MINUTE = 10
STATUS = {
    RefusedBecause.TOO_LARGE: 413, RefusedBecause.TOO_MANY: 429, RefusedBecause.NO_JSON: 400,
    RefusedBecause.TOO_DEEP: 400, RefusedBecause.OTHER_WORDS: 409, RefusedBecause.WRONG_FIELDS: 422,
}  # fmt: skip


@csrf_exempt
@require_POST
def hook(request: HttpRequest, code: str) -> JsonResponse:
    """Keep what a system tells: 202 when it is new, 200 when it is known."""
    now = timezone.now()
    connection = Connection.objects.filter(code=code).first()
    try:
        known, event_id, body = _proven(request, connection, now)
        _bounded(f"hook:{known.pk}", now)
        _row, new = hook_keep(connection=known, event_id=event_id, body=body, now=now)
    except told.Wrong as error:
        return _refused(connection, error, request, now)
    return JsonResponse({"ok": True}, status=202 if new else 200)


def _proven(
    request: HttpRequest, connection: Connection | None, now: datetime
) -> tuple[Connection, str, bytes]:
    """Who sent it, its id and its content.

    What proves nothing is counted by where it comes from, in one counter for all systems and for names of none:
    nobody can use up what a system may send, nor fill the cache with names.
    """
    try:
        if connection is None:
            raise told.Wrong(RefusedBecause.UNSIGNED)  # unknown and unproven look the same
        body = _body(request, now)
        headers = {name.lower(): value for name, value in request.headers.items()}
        return connection, hook_prove(connection=connection, headers=headers, body=body, now=now), body
    except told.Wrong:
        _bounded(f"hook-unproven:{client_address(request)}", now)
        raise


def _bounded(key: str, now: datetime) -> None:
    if _count(key, now) > int(parameter("hooks_a_minute", now)):
        raise told.Wrong(RefusedBecause.TOO_MANY)


def _body(request: HttpRequest, now: datetime) -> bytes:
    """The content, when it is JSON of a bounded size."""
    if request.content_type != "application/json":
        raise told.Wrong(RefusedBecause.NO_JSON)
    if _size(request) > int(parameter("hook_kib", now)) * KIB:
        raise told.Wrong(RefusedBecause.TOO_LARGE)
    return request.body


def _size(request: HttpRequest) -> int:
    given = str(request.META.get("CONTENT_LENGTH") or "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else 0


def _count(key: str, now: datetime) -> int:
    """How often within this minute, this time included."""
    place = f"{key}:{int(now.timestamp()) // 60}"
    if cache.add(place, 1, 120):
        return 1
    try:
        return int(cache.incr(place))
    except ValueError:  # it ran out between the two lines
        return 1


def _refused(connection: Any, error: told.Wrong, request: HttpRequest, now: datetime) -> JsonResponse:
    """The reason in one word: nothing of the content, the signature or the secret is said or kept."""
    unproven = error.code not in STATUS
    if connection is not None and _count(f"refused:{connection.code}", now) <= NOTES_A_MINUTE:
        refusal_note(connection=connection, why=error.code, size=_size(request), now=now)
        logger.warning("a request of %s was refused: %s", connection.code, error.code)
    said = {"ok": False, "why": "unproven" if unproven else error.code, "field": error.field}
    return JsonResponse(said, status=401 if unproven else STATUS[RefusedBecause(error.code)])
