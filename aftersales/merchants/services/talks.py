"""Writes of the contact log."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import events
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.merchants.contactstates import ContactChannel, ContactSubject, SpokenWith
from aftersales.merchants.models import Merchant, Talk
from aftersales.standards.selectors import market_default

KEEP, KEEP_ANY = "merchants.keep_talks", "merchants.keep_any_talks"
LONGEST = 2000
OLDEST = timedelta(days=366)  # somebody catches up with his notes; what is older is no talk of ours


def talk_note(
    *, merchant: Merchant, day: date, channel: str, spoken_with: str, subject: str, agreed: str, actor: Any,
    now: datetime, next_on: date | None = None,
) -> Talk:  # fmt: skip
    """Note a talk with a merchant whom one looks after. Sent twice by the same person it is one.

    Errors: not_permitted, not_my_shop, day (ahead or older than a year), choice, agreed, next_on.
    """
    if not actor.has_perm(KEEP):
        raise NotPermitted()
    if merchant.manager_id != actor.pk and not actor.has_perm(KEEP_ANY):
        raise DomainError(_("Another manager looks after this shop; ask him to note it."), "not_my_shop")
    today = now.astimezone(ZoneInfo(market_default().zone)).date()
    said = agreed.strip()[:LONGEST]
    _check(day, today, channel, spoken_with, subject, said, next_on)
    with transaction.atomic():
        Merchant.objects.select_for_update().get(
            pk=merchant.pk
        )  # a double click waits here and finds the first
        same = Talk.objects.filter(
            merchant=merchant, day=day, channel=channel, spoken_with=spoken_with, subject=subject, agreed=said,
            next_on=next_on, by=actor.pk,
        )  # fmt: skip
        if known := same.first():
            return known  # type: ignore[no-any-return]
        row = Talk(
            merchant=merchant, day=day, channel=channel, spoken_with=spoken_with, subject=subject, agreed=said,
            next_on=next_on, by_id=actor.pk, at=now,
        )  # fmt: skip
        row.save(force_insert=True)
        events.record(
            "merchant.talked",
            subject=merchant,
            actor=actor,
            now=now,
            payload={"channel": channel, "subject": subject},
        )
    return row


def _check(
    day: date, today: date, channel: str, spoken_with: str, subject: str, said: str, next_on: date | None
) -> None:
    if not today - OLDEST <= day <= today:
        raise DomainError(_("The day of the talk lies in the past year, today at the latest."), "day")
    if channel not in ContactChannel or spoken_with not in SpokenWith or subject not in ContactSubject:
        raise DomainError(_("Choose how, with whom and about what you spoke."), "choice")
    if not said:
        raise DomainError(_("Write what was agreed; who takes over reads it."), "agreed")
    if next_on is not None and next_on < today:
        raise DomainError(_("The next contact is today or later."), "next_on")
