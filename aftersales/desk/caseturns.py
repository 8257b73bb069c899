"""Whose turn a case is, in words."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from aftersales.cases.models import Case, CaseParcel, CasePayment
from aftersales.cases.services.asking import asks_merchant
from aftersales.cases.states import MONEY_BACK, CaseKind, CaseState, Direction, ParcelState, PaymentState
from aftersales.standards.states import Promise

P = ParcelState


def _money_back(paid: Sequence[CasePayment]) -> str:
    """What is to be done about money that did not arrive; of several the first."""
    words = {
        PaymentState.RETURNED: _("The bank sent the refund back: ask for another account"),
        PaymentState.FAILED: _("The bank did not pay: try again, or ask for another account"),
        PaymentState.PAYEE_NEEDED: _("The customer names another account next"),
    }
    states = [PaymentState(one.state) for one in paid]
    return next((words[state] for state in states if state in words), "")


def turn_of(case: Case, parcels: Sequence[CaseParcel], paid: Sequence[CasePayment] = ()) -> str:
    """Whose turn it is, in words."""
    if back := _money_back(paid):
        return back
    if case.state in (CaseState.REQUESTED, CaseState.COUNTERED):
        return _undecided(case)
    if case.state == CaseState.OFFERED:
        return _("The customer answers next")
    if case.state == CaseState.DISPUTED:
        return _("The platform decides next")
    if case.state != CaseState.APPROVED:
        return ""
    states = {one.state for one in parcels}
    if case.kind == CaseKind.REPAIR and P.RECEIVED in states:
        return _("The workshop has it")
    if states & {P.RECEIVED, P.REFUSED_AT_DOOR, P.INTERCEPTED}:
        return _("The goods are here: inspect them")
    going = {one.direction for one in parcels if one.state == P.IN_TRANSIT}
    if any(one.arrived_at for one in parcels if one.state == P.IN_TRANSIT):
        return _("The goods should be there: their receipt is confirmed next")
    if going:
        return (
            _("The goods are on their way")
            if Direction.INBOUND in going
            else _("A parcel goes to the customer")
        )
    if P.AWAITED in states:
        return _awaited(parcels)
    if case.kind == CaseKind.EXCHANGE and P.KEPT in states and not replaced(parcels):
        return _("Send the replacement next")
    if case.kind in MONEY_BACK and case.left:
        return _("The refund is due")
    return _("The goods were never sent: ask the customer, or close the case") if P.EXPIRED in states else ""


def _awaited(parcels: Sequence[CaseParcel]) -> str:
    nowhere = any(one.state == P.AWAITED and one.ship_by is None for one in parcels)
    return (
        _("The merchant gives the return address next") if nowhere else _("The customer sends the goods next")
    )


def _undecided(case: Case) -> str:
    """The merchant's turn is what he owes by now; a question that never reached him leaves it to us."""
    if not asks_merchant(case):
        return _("It is to be decided here")
    if case.next_promise == Promise.MERCHANT_ANSWER:
        return _("The merchant answers next")
    return _("To be decided: the merchant has answered, or has no message yet")


def replaced(parcels: Sequence[CaseParcel]) -> list[CaseParcel]:
    """Parcels with replacements that went out."""
    rows = [one for one in parcels if one.direction == Direction.OUTBOUND]
    return [one for one in rows if one.shipped_at and one.state != P.CANCELLED]
