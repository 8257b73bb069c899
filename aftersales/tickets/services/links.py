"""Links that stay good: one and the same address in every message about a case, and the same one again for staff.

The token is a signature over ticket, purpose and how many links there were before, so that it can be said again without
standing anywhere in clear. As of every link only its hash is stored, and revoking the row ends it.
"""

import base64
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from aftersales.core import events
from aftersales.core.errors import NotPermitted
from aftersales.standards.selectors import duration
from aftersales.tickets.models import CustomerLink, Ticket
from aftersales.tickets.services.closing import link_hash

SALT = "aftersales.customer_link"
DAYS = "case_link_days"


def customer_link_standing(*, ticket: Ticket, purpose: str, actor: Any, now: datetime) -> str:
    """The token of the link that stands for this purpose; it is made when there is none.

    Said again, it is the same and costs one query; past half of its life it lives on from now. One that ran out or was
    revoked never comes back: the next is another. Error: not_permitted.
    """
    if not actor.has_perm("tickets.issue_link"):
        raise NotPermitted()
    rows = list(CustomerLink.objects.filter(ticket=ticket, purpose=purpose).order_by("id"))
    if rows:
        token, last = _token(ticket.pk, purpose, len(rows) - 1), rows[-1]
        if last.token_hash == link_hash(token) and not last.revoked_at and last.expires_at > now:
            _live_on(last, actor, now)
            return token
    return _made(ticket, purpose, len(rows), actor, now)


def customer_link_replace(*, ticket: Ticket, purpose: str, actor: Any, now: datetime) -> str:
    """The links of this purpose end now (somebody else got hold of one); answers the next one. Error: not_permitted."""
    if not actor.has_perm("tickets.issue_link"):
        raise NotPermitted()
    with transaction.atomic():
        CustomerLink.objects.filter(ticket=ticket, purpose=purpose, revoked_at=None).update(revoked_at=now)
        return customer_link_standing(ticket=ticket, purpose=purpose, actor=actor, now=now)


def _token(ticket_id: int, purpose: str, before: int) -> str:
    """43 characters, 256 bits; without the secret of this installation nobody makes it."""
    signed = salted_hmac(SALT, f"{ticket_id}:{purpose}:{before}", algorithm="sha256").digest()
    return base64.urlsafe_b64encode(signed).decode().rstrip("=")


def _live_on(link: CustomerLink, actor: Any, now: datetime) -> None:
    life = duration(DAYS, now)
    if link.expires_at - now >= life / 2:
        return
    with transaction.atomic():
        CustomerLink.objects.filter(pk=link.pk, revoked_at=None).update(expires_at=now + life)
        _tell(link, actor, now)


def _made(ticket: Ticket, purpose: str, before: int, actor: Any, now: datetime) -> str:
    """Two that make it at the same moment make the same one."""
    token = _token(ticket.pk, purpose, before)
    try:
        with transaction.atomic():
            CustomerLink.objects.filter(ticket=ticket, purpose=purpose, revoked_at=None).update(
                revoked_at=now
            )
            link = CustomerLink.objects.create(
                ticket=ticket, purpose=purpose, token_hash=link_hash(token), issued_at=now,
                expires_at=now + duration(DAYS, now),
            )  # fmt: skip
            _tell(link, actor, now)
    except IntegrityError:
        if not CustomerLink.objects.filter(token_hash=link_hash(token), revoked_at=None).exists():
            raise
    return token


def _tell(link: CustomerLink, actor: Any, now: datetime) -> None:
    events.record(
        "ticket.link_issued", subject=link.ticket, actor=actor, now=now, payload={"link_id": link.pk}
    )
