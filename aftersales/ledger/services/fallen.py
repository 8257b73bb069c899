"""A penalty rests on breaches. Where they are left out afterwards it falls, or a person looks at it again (R6.8)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.selectors import people_who_may
from accounts.services import system_user
from aftersales.clocks.selectors import excluded_clocks
from aftersales.core import moves
from aftersales.core.models import Event
from aftersales.ledger.models import Proposal, Raised
from aftersales.ledger.services.hearing import proposal_cancel
from aftersales.ledger.states import DEAD, Party, ProposalState
from aftersales.merchants.models import Merchant
from aftersales.notices.services import Order, notices_send

BREACH, FACT = "clock.breached", "obligation_broken"
SOURCE = "ledger.raised"
PARTLY = "ledger.partly_left_out"


def breach_left_out(event: Event, now: datetime) -> None:
    """Proposals that rest on a breach which was left out: cancelled or turned back when none of their breaches counts
    any more; whoever may take it back is told when some still do. Said twice it does nothing."""
    breach = _breaches(event.payload["clock"], event)
    rows = Raised.objects.filter(
        party=Party.MERCHANT, party_id=event.merchant_id or 0, events__overlap=breach
    )
    for raised in rows.order_by("pk") if breach else ():
        proposal = Proposal.objects.filter(source_kind=SOURCE, source_id=raised.pk, fact_code=FACT).first()
        if proposal is not None:
            _look(proposal, raised, event, now)


def _breaches(clock: int, event: Event) -> list[int]:
    about = Event.objects.about(event.subject_kind, event.subject_id).filter(kind=BREACH)
    return list(about.filter(payload__clock=clock).values_list("pk", flat=True))


def _look(proposal: Proposal, raised: Raised, event: Event, now: datetime) -> None:
    with transaction.atomic():
        row = moves.locked(proposal)
        if row.state in DEAD:
            return
        clocks = _clocks(raised.events)
        gone = excluded_clocks(clocks)
        still = sum(1 for one in clocks if one not in gone)
        if not still:
            proposal_cancel(proposal=row, actor=system_user(now), now=now, reason=_why(row, event))
        elif len(clocks) > still:
            _tell(row, event, len(clocks) - still, still, now)


def _clocks(keys: Iterable[int]) -> list[int]:
    rows = Event.objects.filter(pk__in=list(keys), kind=BREACH).order_by("pk")
    return [payload["clock"] for payload in rows.values_list("payload", flat=True)]


def _why(row: Proposal, event: Event) -> str:
    """The merchant reads it in the language of the platform's letters."""
    with translation.override("zh-hans"):
        return _("The breaches it rests on do not count any more: %(reason)s") % {"reason": event.reason}


def _tell(row: Proposal, event: Event, out: int, still: int, now: datetime) -> None:
    capability = "ledger.reverse" if row.state == ProposalState.POSTED else "ledger.withdraw"
    shop = Merchant.objects.get(pk=row.party_id)
    values: dict[str, Any] = {
        "proposal": row.number, "merchant": shop.name, "left_out": str(out), "still": str(still),
    }  # fmt: skip
    orders = [Order(PARTLY, one, row, values, f"event:{event.pk}") for one in people_who_may(capability)]
    notices_send(orders, actor=system_user(now), now=now)
