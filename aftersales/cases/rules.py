"""Pure guards of the three machines: over row, facts, actor and now; they return reasons."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.cases.states import CaseState, DecidedBy, Direction, Ground, PaymentState
from aftersales.core.errors import Refusal, Text

Data = Mapping[str, Any] | None
MACHINES = frozenset({DecidedBy.RULE, DecidedBy.SILENCE})


def decides_openly(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data
) -> Iterable[Refusal]:
    """A refused case is approved after all by a person or a ruling, never by a rule or by silence."""
    if data and row.state == "rejected" and data.get("how") in MACHINES:
        yield Refusal("refused_already", _("This case was refused by a person; a person decides it anew."))


def machine_never_refuses(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data
) -> Iterable[Refusal]:
    """R4.6: doubt goes to a person; no rule and no silence refuses a customer."""
    if (data and data.get("how") in MACHINES) or "system" in actor.roles:
        yield Refusal("machine", _("A case is refused by a person, never by a rule or by silence."))


def agreement_binds(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data
) -> Iterable[Refusal]:
    """What both sides accepted stands; disputed is only what an inspection took off it afterwards (R4.6)."""
    agreed = row.state == CaseState.APPROVED and row.decided_how == DecidedBy.AGREEMENT
    if agreed and row.agreed >= row.promised:
        yield Refusal(
            "agreed",
            _("Both sides accepted this; it binds them, and the platform sees to it that it is carried out."),
        )


def not_paid_yet(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data
) -> Iterable[Refusal]:
    """What was paid or goes out just now cannot be withdrawn: it is reversed or kept."""
    for bound in facts.get("cases.bound") or ():
        if bound:
            yield Refusal("paid", _("Money of this case is paid or on its way; it cannot be withdrawn."))


def goods_not_kept(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data
) -> Iterable[Refusal]:
    """Whose goods were inspected and stay has been done his due: only a dispute turns that."""
    for kept in facts.get("cases.kept") or ():
        if kept:
            yield Refusal(
                "goods_kept", _("The goods of this case were inspected and stay; it cannot be withdrawn.")
            )


def comes_in(row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data) -> Iterable[Refusal]:
    if row.direction != Direction.INBOUND:
        yield Refusal("outbound", _("This parcel goes to the customer."))


def not_arrived(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data
) -> Iterable[Refusal]:
    if row.arrived_at is not None:
        yield Refusal("arrived", _("It was delivered already; now somebody receives it."))


def goes_out(row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data) -> Iterable[Refusal]:
    if row.direction != Direction.OUTBOUND:
        yield Refusal("inbound", _("This parcel comes from the customer."))


def stop_asked(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data
) -> Iterable[Refusal]:
    if row.stop_asked_at is None:
        yield Refusal("not_asked", _("Nobody asked the carrier to stop this parcel."))


def stop_not_asked(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data
) -> Iterable[Refusal]:
    if row.stop_asked_at is not None:
        yield Refusal("asked", _("The carrier was asked already to stop this parcel."))


def guardian_shown(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data
) -> Iterable[Refusal]:
    """What a minor bought is given back on the word of the guardian, who shows that he is one (民法典 §19, §145)."""
    if row.ground == Ground.MINOR and not facts.get("cases.evidence"):
        yield Refusal(
            "guardian",
            _("Ask the guardian for proof of guardianship, and put it on the ticket as a file first."),
        )


def not_own_payment(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data
) -> Iterable[Refusal]:
    """Four eyes: nobody approves what he proposed or decided himself, nor a payment for an order of his own."""
    for people in facts.get("cases.not_approvers") or ():
        for code in people.get(actor.pk, ()):
            yield Refusal(code, NOT_APPROVER[code])


NOT_APPROVER: Mapping[str, Text] = {
    "own_payment": _("You proposed this payment; a second person approves it."),
    "own_decision": _("You decided this case; a second person approves its money."),
    "own_offer": _("You made the offer that was accepted; a second person approves its money."),
    "saw_page": _("You looked at the customer's own page of this ticket; another person approves its money."),
    "own_order": _("You cannot approve this payment; another person does."),
}


def not_own_run(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data
) -> Iterable[Refusal]:
    if row.made_by_id == actor.pk:
        yield Refusal("own_run", _("You collected this run; a second person releases it."))


def was_out(row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data) -> Iterable[Refusal]:
    """Paid can only be what was handed over; a late answer counts although an earlier one said *failed*."""
    if not row.attempts:
        yield Refusal("never_sent", _("This payment was never handed to the bank."))


def no_way_left(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data
) -> Iterable[Refusal]:
    """Another account is asked for when the way back is closed, or when there never was one."""
    if row.state == PaymentState.APPROVED and not row.wayless:
        yield Refusal("wrong_state", _("It is known which way this payment goes."))


def not_released(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data
) -> Iterable[Refusal]:
    """Who released a run released this sum: from then on its payments go out."""
    for released in facts.get("cases.released") or ():
        if released:
            yield Refusal("released", _("Its payment run is released: it goes out with the bank's file."))


# Disputes


def neutral(row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data) -> Iterable[Refusal]:
    """Nobody rules on his own ticket, case, order or, of the platform's own sales, on his own team's (DESIGN 5)."""
    for people in facts.get("cases.not_neutral") or ():
        for code in people.get(actor.pk, ()):
            yield Refusal(code, NOT_NEUTRAL[code])


NOT_NEUTRAL: Mapping[str, Text] = {
    "not_neutral": _("You worked on this case; somebody else rules on it."),
    "own_order": _("You cannot rule on this dispute; another person does."),
    "own_team": _("Your own team works on these sales; another team rules on them."),
}


def another_person(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data
) -> Iterable[Refusal]:
    if row.ruled_by_id == actor.pk:
        yield Refusal("own_ruling", _("You ruled on it yourself; another person hears the appeal."))


def appeal_in_time(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data
) -> Iterable[Refusal]:
    if row.turn_until is not None and row.turn_until < now:
        yield Refusal("too_late", _("The time for an appeal is over."))


def appeal_over(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data
) -> Iterable[Refusal]:
    if row.state == "ruled" and row.turn_until is not None and now <= row.turn_until:
        yield Refusal("appeal_open", _("The time for an appeal is not over."))


def obligation_kept(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Data
) -> Iterable[Refusal]:
    if row.obligation and row.obligation_kept_at is None:
        yield Refusal("obligation", _("The merchant has not done yet what the ruling asks of him."))
