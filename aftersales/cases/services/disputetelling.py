"""Telling both sides of a dispute at each node: facts, reasons and clause, in each one's language (R4.7, P4)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.cases.disputestates import SIDES, RulingOutcome, SuspendedFor
from aftersales.cases.models import Dispute, Ruling, Settlement
from aftersales.cases.services.asking import goods_named
from aftersales.cases.states import CaseKind, Side
from aftersales.core.models import Event
from aftersales.core.wording import money
from aftersales.notices.services import notice_send

Values = dict[str, Any]
Told = tuple[str, Values, frozenset[str]]
BACK, KEPT = _("The customer sends them back"), _("The customer keeps them")


def sides_tell(*, event: Event, now: datetime) -> None:
    """The messages of this node, once per event and side. Historic tickets and imports tell nobody."""
    if event.source == "import" or event.kind not in _NODES:
        return
    rows = Dispute.objects.select_related("case__ticket", "case__customer", "case__merchant")
    dispute: Dispute | None = rows.filter(pk=event.subject_id).first()
    if dispute is None or dispute.case.ticket.historic:
        return
    template, values, sides = _NODES[event.kind](dispute, event)
    case = dispute.case
    base: Values = {
        "number": case.ticket.number, "case": case.number, "dispute": dispute.number,
        "asked": CaseKind(case.kind).label,
    }  # fmt: skip
    for side, to, name in (
        (Side.CUSTOMER, case.customer, template), (Side.MERCHANT, case.merchant, f"{template}_merchant"),
    ):  # fmt: skip
        if to is None or side not in sides:
            continue
        own = dict(values)
        if event.kind == "dispute.opened" and dispute.turn != side:
            own["due"] = None  # only who is asked has something to do by then
        notice_send(
            template=name, to=to, about=case.ticket, values=base | own, key=f"event:{event.pk}",
            actor=system_user(now), now=now,
        )  # fmt: skip


def _opened(dispute: Dispute, event: Event) -> Told:
    return "dispute.opened", {"due": dispute.turn_until}, SIDES


def _answered(dispute: Dispute, event: Event) -> Told:
    return "dispute.evidence", {"due": dispute.turn_until}, SIDES


def _offered(dispute: Dispute, event: Event) -> Told:
    by = event.payload.get("by")
    row = Settlement.objects.filter(dispute=dispute, by=by, gone_at=None, accepted_at=None).last()
    if row is None:
        return "", {}, frozenset()
    return "dispute.offer", {"amount": money(row.amount, dispute.case.currency)}, SIDES - {by}


def _ruled(dispute: Dispute, event: Event) -> Told:
    """Facts, reasons and clause; the first ruling with the last day for an appeal."""
    row = Ruling.objects.filter(dispute=dispute, on_appeal=event.kind == "dispute.reviewed").first()
    if row is None:
        return "", {}, frozenset()
    values = {
        "result": RulingOutcome(row.outcome).label, "facts": row.facts, "reason": row.reasons, "clause": row.clause,
        "amount": money(row.amount, row.currency) if row.amount else None, "due": row.appeal_until,
    }  # fmt: skip
    return "dispute.ruled", values, SIDES


def _settled(dispute: Dispute, event: Event) -> Told:
    """How much, for which goods, and what becomes of them."""
    row = Settlement.objects.filter(dispute=dispute, accepted_at__isnull=False).first()
    if row is None:
        return "", {}, frozenset()
    case = dispute.case
    values: Values = {
        "amount": money(row.amount, case.currency), "goods": BACK if row.goods_back else KEPT,
        "items": goods_named(case),
    }  # fmt: skip
    return "dispute.settled", values, SIDES


def _news(words: Any) -> Callable[[Dispute, Event], Told]:
    return lambda dispute, event: ("dispute.news", {"message": words, "due": None}, SIDES)


def _suspended(dispute: Dispute, event: Event) -> Told:
    cause = dict(SuspendedFor.choices).get(event.payload.get("cause", ""))
    return "dispute.news", {"message": cause, "due": dispute.turn_until}, SIDES


_NODES: Mapping[str, Callable[[Dispute, Event], Told]] = {
    "dispute.opened": _opened,
    "dispute.answered": _answered,
    "dispute.settlement_made": _offered,
    "dispute.ruled": _ruled,
    "dispute.reviewed": _ruled,
    "dispute.suspended": _suspended,
    "dispute.review_begun": _news(_("the time for evidence is over, the platform rules next")),
    "dispute.appealed": _news(_("an appeal was made, another person decides it")),
    "dispute.settled": _settled,
    "dispute.withdrawn": _news(_("the dispute was withdrawn")),
    "dispute.obligation_missed": _news(_("what the ruling asks of the merchant was not done in time")),
}
