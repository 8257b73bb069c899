"""Cancelling before dispatch: refunded by rule where nobody proves in time that a parcel had left (R4.3, R4.7)."""

import logging
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.services import system_user
from aftersales.cases.models import ServiceRequest
from aftersales.cases.request_states import RequestKind, RequestState
from aftersales.cases.services.request_effects import dispatched_after
from aftersales.cases.services.requests import request_finish
from aftersales.cases.states import Side
from aftersales.core import moves
from aftersales.core.errors import Busy, DomainError

logger = logging.getLogger(__name__)
BATCH = 200


def cancels_carry_out(*, now: datetime) -> int:
    """Refund what merchants were asked to cancel and did not answer in time. Answers how many.

    A parcel that had left before the customer asked is a proof: such a request waits for a person. One that left
    afterwards is none; that it left all the same is written down.
    """
    due = ServiceRequest.objects.filter(
        kind=RequestKind.CANCEL, state=RequestState.WITH_PARTY, party=Side.MERCHANT, due_at__lte=now,
        ticket__historic=False,
    )  # fmt: skip
    done = 0
    for row in due.select_related("order").order_by("-due_at", "id")[:BATCH]:
        try:
            with transaction.atomic():
                _carry_out(row, system_user(now), now)
            done += 1
        except Busy:
            continue
        except DomainError as error:
            logger.info("request %s is not carried out by rule: %s", row.pk, error.code)
    return done


def _carry_out(row: ServiceRequest, actor: Any, now: datetime) -> None:
    finished = request_finish(request=row, answers={}, actor=actor, now=now)
    late = row.order is not None and dispatched_after(row.order, row.asked_at)
    moves.change(
        finished, actor=actor, now=now, event="request.unproven", payload=finished.told(dispatched_late=late)
    )
