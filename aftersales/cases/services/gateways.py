"""Payment services: added, switched on and off, given a new secret. All on record, no address in it."""

import re
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from aftersales.cases.models import CasePayment, MoneyGateway
from aftersales.cases.services.gateway import PURPOSE
from aftersales.cases.services.locking import require
from aftersales.cases.states import Gateway, PaymentState
from aftersales.core import outgoing, registers, webhooks
from aftersales.core.errors import DomainError
from aftersales.core.models import new_public_id
from aftersales.standards.selectors import duration

CODE = re.compile(r"^[a-z0-9][a-z0-9-]{1,39}$")
CURRENCY = re.compile(r"^[A-Z]{3}$")
MANAGE = "cases.manage_gateways"


def money_gateway_create(
    *, code: str, name: str, url: str, currency: str, actor: Any, now: datetime
) -> tuple[MoneyGateway, str]:
    """A payment service, switched off, and its secret, which nobody sees again. Errors: code, url, taken."""
    require(actor, MANAGE)
    if not CODE.match(code) or not CURRENCY.match(currency) or not name.strip():
        raise DomainError(
            _("A code of small letters, digits and hyphens, a name and a currency are needed."), "code"
        )
    row = MoneyGateway(
        code=code, name=name.strip()[:80], url=_address(url), currency=currency, made_by=actor, created_at=now
    )
    try:
        with transaction.atomic():
            made: MoneyGateway = registers.create(row, actor=actor, now=now, event="money_gateway.created")
    except IntegrityError as error:
        raise DomainError(_("A payment service has this code already."), "taken") from error
    return made, webhooks.secret(PURPOSE, made.salt)


def money_gateway_switch(
    *, gateway: MoneyGateway, on: bool, version: int | None, actor: Any, now: datetime
) -> MoneyGateway:
    """Switch it on (one for each currency) or off. Off only when no payment of it is without its answer: another
    service never saw their keys, and its "unknown" would let them be paid a second time.

    Errors: own, another, waiting.
    """
    require(actor, MANAGE)
    if on and gateway.made_by_id == actor.pk:
        raise DomainError(_("You added this service; a second person switches it on."), "own")
    try:
        with transaction.atomic():
            MoneyGateway.objects.select_for_update().get(pk=gateway.pk)  # whoever hands over holds it too
            if not on:
                _refuse_waiting(gateway)
            row: MoneyGateway = registers.save(
                gateway, actor=actor, now=now, event="money_gateway.switched", version=version, is_active=on
            )
    except IntegrityError as error:
        raise DomainError(_("Another service is switched on for this currency."), "another") from error
    return row


def _refuse_waiting(gateway: MoneyGateway) -> None:
    waits = [PaymentState.SUBMITTED, PaymentState.UNKNOWN]
    out = CasePayment.objects.filter(gateway=Gateway.HTTP, currency=gateway.currency, state__in=waits).count()
    if out:
        raise DomainError(
            ngettext(
                "%(count)d payment has no answer yet; switch the service off when it is known.",
                "%(count)d payments have no answer yet; switch the service off when all are known.",
                out,
            )
            % {"count": out},
            "waiting",
        )


def money_gateway_rotate(*, gateway: MoneyGateway, actor: Any, now: datetime) -> str:
    """A new secret, answered once; both count for a while."""
    require(actor, MANAGE)
    salt = new_public_id()
    registers.save(
        gateway, actor=actor, now=now, event="money_gateway.rotated", salt=salt, old_salt=gateway.salt,
        old_until=now + duration("secret_overlap_hours", now),
    )  # fmt: skip
    return webhooks.secret(PURPOSE, salt)


def _address(url: str) -> str:
    try:
        outgoing.checked(url.strip(), private=settings.GATEWAYS_INSIDE)
    except outgoing.NotSent as error:
        raise DomainError(_("The address must look like https://pay.example.com/refunds."), "url") from error
    return url.strip()[:500]
