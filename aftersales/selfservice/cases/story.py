"""What happened so far, in the customer's words: the newest first. No name of ours, nothing that is not his."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.states import Role
from aftersales.cases.disputestates import RulingOutcome
from aftersales.cases.states import CaseKind, Direction, NoteKind, Side
from aftersales.core.models import Event
from aftersales.core.wording import money

from .reading import Whole

WORDS: Mapping[str, Any] = {
    "case.asked": gettext_lazy("You asked: %(kind)s"),
    "case.offered": gettext_lazy("You were offered %(amount)s"),
    "case.countered": gettext_lazy("You asked for %(amount)s instead"),
    "case.approved": gettext_lazy("Approved"),
    "case.rejected": gettext_lazy("Refused"),
    "case.amended": gettext_lazy("The request was changed: %(kind)s"),
    "case.disputed": gettext_lazy("The platform is to decide"),
    "case.undisputed": gettext_lazy("The dispute was withdrawn; the request goes on"),
    "case.withdrawn": gettext_lazy("You withdrew the request"),
    "case.turned": gettext_lazy("The request goes on as: %(kind)s"),
    "case.settled": gettext_lazy("The goods are checked: %(amount)s is to be refunded"),
    "case.person_asked": gettext_lazy("You asked for a person"),
    "case.freight_agreed": gettext_lazy("Return freight of %(amount)s was added"),
    "case.closed": gettext_lazy("Everything is done"),
    "case_parcel.waybill_changed": gettext_lazy("The waybill was corrected"),
    "case_parcel.lost": gettext_lazy("The parcel counts as lost"),
    "case_parcel.refused": gettext_lazy("The parcel was refused at the door"),
    "case_parcel.intercepted": gettext_lazy("The parcel was stopped on its way"),
    "case_parcel.sent_back": gettext_lazy("The goods were sent back to you"),
    "case_parcel.delivered_back": gettext_lazy("You have the goods back"),
    "case_parcel.unclaimed": gettext_lazy("Nobody took the goods that were sent back to you"),
    "case_parcel.warned": gettext_lazy("You were reminded to send the goods"),
    "case_parcel.expired": gettext_lazy("The time to send the goods ran out"),
    "payment.succeeded": gettext_lazy("%(amount)s was paid"),
    "payment.returned": gettext_lazy("The bank sent %(amount)s back"),
    "payment.payee_named": gettext_lazy("You named an account for %(amount)s"),
    "dispute.answered": gettext_lazy("The other side answered; both may bring evidence"),
    "dispute.evidence_added": gettext_lazy("%(by)s brought evidence"),
    "dispute.evidence_withdrawn": gettext_lazy("%(by)s took evidence back"),
    "dispute.review_begun": gettext_lazy("The time for evidence is over; the ruling is next"),
    "dispute.suspended": gettext_lazy("The ruling waits"),
    "dispute.settlement_made": gettext_lazy("%(by)s proposed to settle on %(amount)s"),
    "dispute.settlement_gone": gettext_lazy("%(by)s took the proposal back"),
    "dispute.settled": gettext_lazy("Both sides settled"),
    "dispute.ruled": gettext_lazy("Ruled: %(outcome)s"),
    "dispute.appealed": gettext_lazy("%(by)s appealed against the ruling"),
    "dispute.reviewed": gettext_lazy("Ruled on appeal: %(outcome)s"),
    "dispute.executed": gettext_lazy("The ruling is final"),
    "repair.received": gettext_lazy("The article is in the workshop"),
    "repair.diagnosed": gettext_lazy("The fault was looked for and found"),
    "repair.quoted": gettext_lazy("The repair costs %(amount)s"),
    "repair.accepted": gettext_lazy("You accepted the quote"),
    "repair.declined": gettext_lazy("You declined the quote"),
    "repair.awaiting_parts": gettext_lazy("Parts were ordered"),
    "repair.started": gettext_lazy("The repair began"),
    "repair.tested": gettext_lazy("Repaired and tested"),
    "repair.gave_up": gettext_lazy("It cannot be repaired"),
}
BOTH_WAYS: Mapping[str, tuple[Any, Any]] = {
    "case_parcel.shipped": (gettext_lazy("You sent the goods"), gettext_lazy("A parcel was sent to you")),
    "case_parcel.received": (gettext_lazy("Your parcel is here"), gettext_lazy("The parcel came back to us")),
    "case_parcel.delivered": (
        gettext_lazy("The parcel was delivered"),
        gettext_lazy("The parcel was delivered to you"),
    ),
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
    if event.kind == "case.asked" and found.case.kind == CaseKind.COMPENSATION:
        return _("A compensation was entered for you")
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
