"""Payments over HTTP: handed over, then called for outside of any transaction, asked about until the outcome is known.

The request carries the payment's own key: the service pays a key once, however often it is asked. Whatever does not
answer clearly makes the outcome *unknown*; an unknown payment is asked about, never sent anew. Answers come back here,
by message and by asking, in any order, through the same door as a bank's sheet.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.cases.models import BankAnswer, CasePayment, MoneyGateway
from aftersales.cases.services.answers import Answer, answer_take
from aftersales.cases.services.handing import serving
from aftersales.cases.services.paying import payment_fail, payment_lose_track
from aftersales.cases.services.ruling import kept_no_more
from aftersales.cases.states import BankOutcome, Gateway, PaymentState
from aftersales.core import jobs, moves, outgoing, webhooks
from aftersales.core.errors import DomainError
from aftersales.core.money import parse_amount
from aftersales.standards.selectors import duration

PURPOSE, ASK = "cases.gateway", "cases.ask_http"
WAITS = frozenset({PaymentState.SUBMITTED, PaymentState.UNKNOWN})
NEVER_SEEN = "unknown_key"
ASKED_AT_ONCE = 200
logger = logging.getLogger(__name__)


def secrets_of(gateway: MoneyGateway, now: datetime) -> list[str]:
    """Secrets that count now, the newest first."""
    salts = [gateway.salt] + ([gateway.old_salt] if gateway.old_until and gateway.old_until > now else [])
    return webhooks.secrets(PURPOSE, salts)


def pay(*, payment: CasePayment, now: datetime) -> str:
    """Hand one payment over and call the service; answers the state it is in then.

    A worker that fell after the hand-over finds it *submitted*: whether the service heard is not known, so it is asked.
    """
    gateway = serving(payment.currency)
    if gateway is None:
        raise DomainError(_("No payment service is switched on for this currency."), "no_gateway")
    if payment.state == PaymentState.SUBMITTED:
        return str(_lost(payment, now).state)
    if payment.state != PaymentState.APPROVED:
        return str(payment.state)
    with transaction.atomic():  # not switched off between the question and the hand-over
        if not MoneyGateway.objects.select_for_update().filter(pk=gateway.pk, is_active=True).exists():
            raise DomainError(_("No payment service is switched on for this currency."), "no_gateway")
        payment = moves.perform(payment, "submit", actor=system_user(), now=now)
    try:
        said = _call(gateway, "pay", payment, now)
    except outgoing.NotSent as error:
        logger.warning("payment %s: the service did not answer (%s)", payment.number, error.code)
        return str(_lost(payment, now).state)
    return _understood(payment, said, now, way="asked")


def ask(*, payment: CasePayment, now: datetime) -> str:
    """Ask what became of a payment; the service that never saw its key makes it *failed*, so that it may go again."""
    gateway = serving(payment.currency)
    if gateway is None or payment.state not in WAITS:
        return str(payment.state)
    try:
        said = _call(gateway, "ask", payment, now)
    except outgoing.NotSent:
        return str(_lost(payment, now).state)
    if said.get("outcome") == NEVER_SEEN:
        reason = str(_("The service never saw it."))
        with transaction.atomic():
            payment_fail(payment=payment, actor=system_user(), now=now, failure=reason, told="asked")
            kept_no_more(payment=payment, now=now)
        return _state(payment)
    return _understood(payment, said, now, way="asked")


def _call(gateway: MoneyGateway, act: str, payment: CasePayment, now: datetime) -> Mapping[str, Any]:
    """One signed request, no transaction open. Raises outgoing.NotSent; what is no answer is an empty one."""
    content = {
        "act": act, "key": payment.key, "amount": str(payment.amount), "currency": payment.currency,
        "first_payment": payment.way_ref, "way": payment.way,
    }  # fmt: skip
    body = json.dumps(content, ensure_ascii=False).encode()
    event_id = f"{act}-{payment.key}-{payment.attempts}"
    signed = webhooks.headers(secrets_of(gateway, now), event_id, now, body)
    headers = {**signed, "Content-Type": "application/json; charset=utf-8", "Idempotency-Key": payment.key}
    answer = outgoing.post(gateway.url, headers=headers, body=body, private=settings.GATEWAYS_INSIDE)
    try:
        found = json.loads(answer)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _understood(payment: CasePayment, said: Mapping[str, Any], now: datetime, *, way: str) -> str:
    """Take the answer in; *accepted* waits for a message, everything unclear is unknown."""
    if said.get("outcome") != "accepted":
        try:
            answer_take(payment=payment, answer=answer_of(said, now, way=way), actor=system_user(), now=now)
        except DomainError as error:
            logger.warning("payment %s: its answer cannot be taken (%s)", payment.number, error.code)
            return str(_lost(payment, now).state)
    return _state(payment)


def _state(payment: CasePayment) -> str:
    return str(CasePayment.objects.values_list("state", flat=True).get(pk=payment.pk))


def answer_of(said: Mapping[str, Any], now: datetime, *, way: str) -> Answer:
    """What a service says, in our words. Error: answer (it is none)."""
    try:
        amount: Decimal = parse_amount(str(said.get("amount", "")))
    except DomainError as error:
        raise DomainError(_("This is no answer about a payment."), "answer") from error
    outcome, ref = said.get("outcome"), str(said.get("bank_ref", ""))
    if outcome not in BankOutcome.values or not 0 < len(ref) <= 64:
        raise DomainError(_("This is no answer about a payment."), "answer")
    try:
        moment = parse_datetime(str(said.get("happened_at", "")))
    except ValueError:
        moment = None
    happened = moment if moment and moment.tzinfo and moment <= now else now
    reason = str(said.get("reason", "")).replace("\x00", "")
    return Answer(str(outcome), amount, str(said.get("currency", "")), happened, ref, reason, way)


def _lost(payment: CasePayment, now: datetime) -> CasePayment:
    """Nobody knows: kept as such, unless an answer came meanwhile."""
    current: CasePayment = CasePayment.objects.select_related("case").get(pk=payment.pk)
    if current.state != PaymentState.SUBMITTED:
        return current
    try:
        return payment_lose_track(payment=current, actor=system_user(), now=now)
    except DomainError:  # an answer came at this very moment
        current.refresh_from_db()
        return current


def message_take(
    *, gateway: MoneyGateway, headers: Mapping[str, str], body: bytes, now: datetime
) -> BankAnswer:
    """What a service tells by itself; replayed or early, it counts once. Raises Unproven, and DomainError: answer,
    unknown_key, amount_differs, never_sent."""
    webhooks.proven(headers, body, secrets_of(gateway, now), now=now, skew=duration("hook_skew_seconds", now))
    try:
        said = json.loads(body)
    except ValueError as error:
        raise DomainError(_("This is no answer about a payment."), "answer") from error
    if not isinstance(said, dict):
        raise DomainError(_("This is no answer about a payment."), "answer")
    rows = CasePayment.objects.select_related("case").filter(gateway=Gateway.HTTP, currency=gateway.currency)
    payment = rows.filter(key=str(said.get("key", ""))).first()
    if payment is None:
        raise DomainError(_("No payment has this key."), NEVER_SEEN)
    return answer_take(
        payment=payment, answer=answer_of(said, now, way="message"), actor=system_user(), now=now
    )


def unknown_sweep(*, now: datetime) -> int:
    """Ask about every payment whose outcome is not known, and those that wait for a message for too long."""
    late = now - duration("payment_ask_minutes", now)
    rows = CasePayment.objects.filter(gateway=Gateway.HTTP, state__in=WAITS, submitted_at__lte=late)
    asked = 0
    for pk in rows.order_by("pk").values_list("pk", flat=True)[:ASKED_AT_ONCE]:
        asked += jobs.enqueue(ASK, key=f"{ASK}:{pk}", payload={"payment": pk}, now=now, again=True)
    return asked
