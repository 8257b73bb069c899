"""The door for payment services: signed messages about our payments, each counted once."""

from __future__ import annotations

import logging

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from aftersales.cases.models import MoneyGateway
from aftersales.cases.services.gateway import message_take
from aftersales.core.errors import DomainError
from aftersales.core.webhooks import Unproven
from aftersales.standards.selectors import parameter

logger = logging.getLogger(__name__)
KIB = 1024


@csrf_exempt
@require_POST
def money_hook(request: HttpRequest, code: str) -> JsonResponse:
    """200 taken in or known, 401 unproven, 409 cannot be: no cookie counts here, only the signature."""
    now = timezone.now()
    size = request.META.get("CONTENT_LENGTH") or "0"
    if (
        request.content_type != "application/json"
        or not size.isdigit()
        or int(size) > int(parameter("hook_kib", now)) * KIB
    ):
        return JsonResponse({"ok": False, "why": "content"}, status=400)
    gateway = MoneyGateway.objects.filter(code=code).first()
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        if gateway is None:
            raise Unproven("unsigned")  # unknown and unproven look the same
        message_take(gateway=gateway, headers=headers, body=request.body, now=now)
    except Unproven as error:
        logger.warning("a message for the payment service %s was refused: %s", code[:40], error.code)
        return JsonResponse({"ok": False, "why": "unproven"}, status=401)
    except DomainError as error:
        logger.warning("a message of the payment service %s cannot be: %s", code[:40], error.code)
        return JsonResponse({"ok": False, "why": error.code}, status=409)
    return JsonResponse({"ok": True})
