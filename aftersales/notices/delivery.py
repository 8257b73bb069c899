"""Sending: claim, look up the address, send outside any transaction, note what became of it.

One effect each: a message is claimed by a conditional UPDATE, so a second runner finds nothing to do.
Between the mail server's yes and our note lies a moment in which a crash leads to a second try; that mail
carries the same Message-ID, which mail programs show once, and the folder of mails keeps one file per
message.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F

from accounts.models import User
from accounts.services import system_user
from aftersales.core import events
from aftersales.customers.selectors import way_to
from aftersales.customers.states import Channel as CustomerChannel
from aftersales.merchants.selectors import notice_contact

from . import gateways, kinds, mail, rules, services
from .events import told
from .models import Notice
from .states import NoticeChannel, NoticeState, RecipientKind, SkipReason

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
BACKOFF = timedelta(minutes=1)  # doubled with each attempt


@dataclass(frozen=True)
class Address:
    """Where a message goes, or why it does not."""

    value: str = ""
    contact_id: int | None = None
    skip: str = ""


def notices_deliver(ids: Sequence[int], *, now: datetime) -> dict[str, int]:
    """Send what is still waiting among these messages; one that fails does not stop the others (R08)."""
    count = {"sent": 0, "skipped": 0, "failed": 0}
    for notice_id in ids:
        if claimed := _claim(notice_id, now):
            count[_send(claimed, now)] += 1
    return count


def _claim(notice_id: int, now: datetime) -> Notice | None:
    """Take the message for this sender; somebody else's, a sent or a given-up one is not taken."""
    free = Notice.objects.free_at(now).filter(pk=notice_id)
    if not free.update(state=NoticeState.SENDING, claimed_at=now, attempts=F("attempts") + 1):
        return None
    return Notice.objects.select_related("text__template").get(pk=notice_id)


def _send(notice: Notice, now: datetime) -> str:
    try:
        address = _skipped(notice, now) or _address(notice)
        body = None if address.skip else _complete(notice, now)
        if address.skip or body is None:
            return _skip(notice, address.skip or SkipReason.OUTDATED, now)
        if notice.channel == NoticeChannel.HOOK:
            gateways.send(notice, address=address.value, body=body, now=now)
        else:
            mail.send(notice, address=address.value, body=body)
    except Exception as error:
        logger.exception("message %s could not be sent", notice.pk)
        return _fail(notice, error, now)
    return _mark(notice, now, state=NoticeState.SENT, sent_at=now, contact_id=address.contact_id, error="")


def _skipped(notice: Notice, now: datetime) -> Address | None:
    if notice.erased_at is not None:
        return Address(skip=SkipReason.ERASED)
    if not notice.text.template.enabled:
        return Address(skip=SkipReason.SWITCHED_OFF)
    if not kinds.still_true(notice.source, notice.key, now):
        return Address(skip=SkipReason.OUTDATED)
    return None


def _address(notice: Notice) -> Address:
    if notice.channel == NoticeChannel.HOOK and not gateways.serving(notice.recipient_kind):
        return Address(skip=SkipReason.NO_ADDRESS)
    found = {
        RecipientKind.CUSTOMER: _customer_address,
        RecipientKind.USER: _user_address,
        RecipientKind.MERCHANT: _merchant_address,
    }[RecipientKind(notice.recipient_kind)](notice)
    if found.skip or notice.channel == NoticeChannel.HOOK:
        return found
    try:
        validate_email(found.value)
    except ValidationError:
        return Address(skip=SkipReason.BAD_ADDRESS)
    return found


def _customer_address(notice: Notice) -> Address:
    """The preferred e-mail.

    A care message respects what the customer agreed to; a node message always goes.
    """
    care = kinds.kind(notice.source).care
    by = CustomerChannel.SMS if notice.channel == NoticeChannel.HOOK else CustomerChannel.EMAIL
    way = way_to(cast(int, notice.customer_id), by, care=care)
    return Address(way.contact.value, way.contact.pk) if way.contact else Address(skip=way.why)


def _user_address(notice: Notice) -> Address:
    user = User.objects.get(pk=cast(int, notice.user_id))
    return Address(user.email) if user.email and user.is_active else Address(skip=SkipReason.NO_ADDRESS)


def _merchant_address(notice: Notice) -> Address:
    """The first contact of the merchant that has an e-mail."""
    contact = notice_contact(cast(int, notice.merchant_id))
    return Address(contact.email, contact.pk) if contact else Address(skip=SkipReason.NO_ADDRESS)


def _complete(notice: Notice, now: datetime) -> str | None:
    """The body with its signed links made now; None when a provider says the message is overtaken."""
    values: dict[str, str] = {}
    for name in rules.late_names(notice.body):
        value = kinds.late(name)(notice.subject_kind, notice.subject_id, now)
        if value is None:
            return None
        values[name] = value
    return rules.fill_late(notice.body, values)


def _skip(notice: Notice, reason: str, now: datetime) -> str:
    return _mark(notice, now, state=NoticeState.SKIPPED, skip_reason=reason, error="")


def _fail(notice: Notice, error: Exception, now: datetime) -> str:
    """Try again later, or park it after several attempts.

    A retry of a person starts a new round of attempts.
    """
    words = f"{type(error).__name__}: {error}"[:500]
    if notice.attempts % MAX_ATTEMPTS == 0:
        return _mark(notice, now, state=NoticeState.PARKED, error=words)
    with transaction.atomic():
        if _mine(notice).update(state=NoticeState.FAILED, error=words):
            again = now + BACKOFF * 2 ** (notice.attempts % MAX_ATTEMPTS - 1)
            services.deliver_later([notice.pk], now=now, run_after=again, attempt=notice.attempts)
    return "failed"


def _mine(notice: Notice) -> Any:
    """Only the holder of the present attempt may note its end: a late first sender changes nothing."""
    return Notice.objects.filter(pk=notice.pk, attempts=notice.attempts, state=NoticeState.SENDING)


OUTCOMES = {NoticeState.SENT: "sent", NoticeState.SKIPPED: "skipped", NoticeState.PARKED: "failed"}


def _mark(notice: Notice, now: datetime, *, state: NoticeState, **columns: Any) -> str:
    """Note the end of an attempt with its event on the row the message is about."""
    kind = "notice.parked" if state == NoticeState.PARKED else f"notice.{OUTCOMES[state]}"
    with transaction.atomic():
        if _mine(notice).update(state=state, **columns):
            why = {"why": columns["skip_reason"]} if state == NoticeState.SKIPPED else {}
            draft = told(kind, notice, actor=system_user(now), now=now, **why)
            events.record_many([draft], now=now)
    return OUTCOMES[state]
