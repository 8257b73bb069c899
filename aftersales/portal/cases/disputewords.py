"""What is true of a dispute now, in one sentence for the merchant's people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from aftersales.cases.disputestates import BEFORE_RULING
from aftersales.cases.disputestates import DisputeState as D
from aftersales.cases.models import Dispute
from aftersales.cases.rules import appeal_in_time
from aftersales.cases.states import Side

AFTER: Mapping[str, Any] = {
    D.APPEALED: pgettext_lazy("portal", "You may bring evidence until the appeal is decided."),
    D.REVIEWED: pgettext_lazy("portal", "The appeal is decided; that is final."),
    D.EXECUTED: pgettext_lazy("portal", "The ruling is final and is being carried out."),
    D.CLOSED: pgettext_lazy("portal", "The ruling is final and was carried out."),
    D.SETTLED: pgettext_lazy("portal", "Both sides settled; that is final."),
    D.WITHDRAWN: pgettext_lazy("portal", "The dispute was withdrawn; nothing is ruled in it."),
}


def standing(dispute: Dispute, actor: Any, now: datetime) -> str:
    """What may still be done or is final."""
    if dispute.state in BEFORE_RULING:
        if dispute.turn == Side.MERCHANT:
            return _("Without your answer it is ruled on what is there.")
        return pgettext("portal", "You may bring evidence until it is ruled.")
    if dispute.state == D.RULED:
        if any(appeal_in_time(dispute, {}, actor, now, None)):
            return pgettext("portal", "The time for an appeal is over; the ruling is final.")
        return pgettext("portal", "Whoever disagrees may appeal once until then; another person decides.")
    return str(AFTER[dispute.state])
