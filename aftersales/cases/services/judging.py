"""Who rules is asked by a colleague: who spoke for a side, or worked on the case, hands the ruling on (DESIGN 5)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import system_user
from aftersales.cases import disputeselectors
from aftersales.cases.disputestates import TAKES_EVIDENCE
from aftersales.cases.models import Dispute
from aftersales.cases.services.disputes import held_dispute
from aftersales.cases.services.locking import require
from aftersales.core import events
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.notices.services import notice_send


def dispute_hand_on(*, dispute: Dispute, to: User, actor: Any, now: datetime) -> Dispute:
    """Ask a colleague who may rule to rule on it; he is told in the system. The same person again changes nothing.

    Errors: not_permitted, ruled, not_judge (``to`` may not rule on this dispute), yourself.
    """
    require(actor, "cases.review_dispute")
    with transaction.atomic():
        _mine, current = held_dispute(dispute, actor)
        if current.state not in TAKES_EVIDENCE:
            raise DomainError(_("It is ruled or settled already."), "ruled")
        if to.pk == actor.pk:
            raise DomainError(_("Choose a colleague."), "yourself")
        if to.pk not in {one.person.pk for one in disputeselectors.judges(current, now) if one.may}:
            raise DomainError(_("This person may not rule on this dispute; choose another."), "not_judge")
        asked = _asked(current)
        if asked and asked[-1] == to.pk:
            return current
        events.record("dispute.handed", subject=current, actor=actor, now=now, payload=current.told(to=to.pk))
        case = current.case
        values = {
            "dispute": current.number,
            "case": case.number,
            "handler": str(actor),
            "due": current.turn_until,
        }
        notice_send(
            template="dispute.handed", to=to, about=current, values=values, key=f"{current.number}:{len(asked)}",
            actor=system_user(now), now=now,
        )  # fmt: skip
    return current


def _asked(dispute: Dispute) -> list[int]:
    """Who was asked so far, the last one at the end."""
    rows = Event.objects.about("cases.dispute", dispute.pk).filter(kind="dispute.handed")
    return [payload["to"] for payload in rows.order_by("id").values_list("payload", flat=True)]
