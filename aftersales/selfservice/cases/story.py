"""What happened so far, in the customer's words: the newest first. No name of ours, nothing that is not his."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy_

from accounts.states import Role
from aftersales.cases.disputestates import RulingOutcome
from aftersales.cases.states import CaseKind, Direction, NoteKind, Side
from aftersales.core.models import Event
from aftersales.core.wording import money

from .reading import Whole

WORDS: Mapping[str, Any] = {
    "case.asked": lazy_("You asked: %(kind)s"),
    "case.offered": lazy_("You were offered %(amount)s"),
    "case.countered": lazy_("You asked for %(amount)s instead"),
    "case.approved": lazy_("Approved"),
    "case.rejected": lazy_("Refused"),
    "case.amended": lazy_("The request was changed: %(kind)s"),
    "case.disputed": lazy_("The platform is to decide"),
    "case.undisputed": lazy_("The dispute was withdrawn; the request goes on"),
    "case.withdrawn": lazy_("You withdrew the request"),
    "case.turned": lazy_("The request goes on as: %(kind)s"),
    "case.settled": lazy_("The goods are checked: %(amount)s is to be refunded"),
    "case.person_asked": lazy_("You asked for a person"),
    "case.freight_agreed": lazy_("Return freight of %(amount)s was added"),
    "case.closed": lazy_("Everything is done"),
    "case_parcel.waybill_changed": lazy_("The waybill was corrected"),
    "case_parcel.lost": lazy_("The parcel counts as lost"),
    "case_parcel.refused": lazy_("The parcel was refused at the door"),
    "case_parcel.intercepted": lazy_("The parcel was stopped on its way"),
    "case_parcel.sent_back": lazy_("The goods were sent back to you"),
    "case_parcel.delivered_back": lazy_("You have the goods back"),
    "case_parcel.unclaimed": lazy_("Nobody took the goods that were sent back to you"),
    "case_parcel.warned": lazy_("You were reminded to send the goods"),
    "case_parcel.expired": lazy_("The time to send the goods ran out"),
    "payment.succeeded": lazy_("%(amount)s was paid"),
    "payment.returned": lazy_("The bank sent %(amount)s back"),
    "payment.payee_named": lazy_("You named an account for %(amount)s"),
    "dispute.answered": lazy_("The other side answered; both may bring evidence"),
    "dispute.evidence_added": lazy_("%(by)s brought evidence"),
    "dispute.evidence_withdrawn": lazy_("%(by)s took evidence back"),
    "dispute.review_begun": lazy_("The time for evidence is over; the ruling is next"),
    "dispute.suspended": lazy_("The ruling waits"),
    "dispute.settlement_made": lazy_("%(by)s proposed to settle on %(amount)s"),
    "dispute.settlement_gone": lazy_("%(by)s took the proposal back"),
    "dispute.settled": lazy_("Both sides settled"),
    "dispute.ruled": lazy_("Ruled: %(outcome)s"),
    "dispute.appealed": lazy_("%(by)s appealed against the ruling"),
    "dispute.reviewed": lazy_("Ruled on appeal: %(outcome)s"),
    "dispute.executed": lazy_("The ruling is final"),
    "repair.received": lazy_("The article is in the workshop"),
    "repair.diagnosed": lazy_("The fault was looked for and found"),
    "repair.quoted": lazy_("The repair costs %(amount)s"),
    "repair.accepted": lazy_("You accepted the quote"),
    "repair.declined": lazy_("You declined the quote"),
    "repair.awaiting_parts": lazy_("Parts were ordered"),
    "repair.started": lazy_("The repair began"),
    "repair.tested": lazy_("Repaired and tested"),
    "repair.gave_up": lazy_("It cannot be repaired"),
}
BOTH_WAYS: Mapping[str, tuple[Any, Any]] = {
    "case_parcel.shipped": (lazy_("You sent the goods"), lazy_("A parcel was sent to you")),
    "case_parcel.received": (lazy_("Your parcel is here"), lazy_("The parcel came back to us")),
    "case_parcel.delivered": (lazy_("The parcel was delivered"), lazy_("The parcel was delivered to you")),
}
"""From him, and to him."""
SAID = {
    "case.asked": NoteKind.ASK, "case.offered": NoteKind.OFFER, "case.countered": NoteKind.COUNTER,
    "case.rejected": NoteKind.REJECT, "case.amended": NoteKind.AMEND, "case.withdrawn": NoteKind.WITHDRAW,
    "case.approved": NoteKind.ACCEPT, "case.person_asked": NoteKind.ASK, "dispute.settled": NoteKind.ACCEPT,
    "repair.accepted": NoteKind.ACCEPT,
}  # fmt: skip
"""The words that were said with it."""


@dataclass(frozen=True)
class Happened:
    """``by``: whether he did it himself here, or a person of ours took it down for him."""

    at: datetime
    words: str
    text: str = ""
    by: str = ""


def of(found: Whole) -> list[Happened]:
    """Newest first."""
    rows = [told for event in found.events if (told := _told(found, event)) is not None]
    return list(reversed(rows))


def _told(found: Whole, event: Event) -> Happened | None:
    words = _words(found, event)
    if not words:
        return None
    kind = SAID.get(event.kind)
    said = [one.text for one in found.notes if one.kind == kind and one.at == event.at] if kind else []
    return Happened(event.at, words, said[-1] if said else "", _by(event))


def _words(found: Whole, event: Event) -> str:
    payload = event.payload
    if event.kind in BOTH_WAYS:
        return str(BOTH_WAYS[event.kind][payload.get("direction") == Direction.OUTBOUND])
    if event.kind == "case.approved" and _decimal(payload.get("amount")):
        return _("Approved: %(amount)s") % {"amount": _money(found, payload)}
    if event.kind == "case.settled" and not _decimal(payload.get("amount")):
        return _("The goods are checked: nothing is to be refunded")
    told = WORDS.get(event.kind)
    return str(told) % _values(found, payload) if told else ""


def _values(found: Whole, payload: Mapping[str, Any]) -> dict[str, str]:
    mine = payload.get("by") == Side.CUSTOMER
    other = dict(Side.choices).get(payload.get("by", ""), "")
    return {
        "amount": _money(found, payload), "by": _("You") if mine else str(other),
        "kind": str(dict(CaseKind.choices).get(payload.get("kind", ""), "")),
        "outcome": str(dict(RulingOutcome.choices).get(payload.get("outcome", ""), "")),
    }  # fmt: skip


def _money(found: Whole, payload: Mapping[str, Any]) -> str:
    return money(_decimal(payload.get("amount")), payload.get("currency") or found.case.currency)


def _decimal(text: Any) -> Decimal:
    try:
        return Decimal(str(text or 0))
    except InvalidOperation:
        return Decimal(0)


def _by(event: Event) -> str:
    """What stands in his name says who wrote it down: he himself here, or a person of ours for him."""
    if event.actor_role == Role.CUSTOMER and event.source == "customer":
        return _("by you on this page")
    return _("taken down by us for you") if event.acting_as == Side.CUSTOMER else ""
