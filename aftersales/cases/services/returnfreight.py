"""Return freight that the customer laid out and somebody else bears (R4.1): given back beside the goods, once."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import Case
from aftersales.cases.services.limits import number
from aftersales.cases.services.locking import held, refuse_foreign, require
from aftersales.cases.services.opening import note
from aftersales.cases.services.pieces import inbound_of
from aftersales.cases.services.receipts import never_sent
from aftersales.cases.states import CaseKind, CaseState, NoteKind, Side
from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.core.money import CENT
from aftersales.core.wording import money


def case_return_freight(
    *, case: Case, amount: Decimal, words: str, actor: Any, now: datetime, version: int | None = None
) -> Case:
    """Add what the customer paid to send the goods back; it is paid with the refund, borne by who bears that freight.

    Errors: wrong_case_state, customers_freight, freight_twice, nothing_sent, amount, above_bound, reason.
    """
    require(actor, "cases.decide")
    said = words.replace("\x00", "").strip()
    with transaction.atomic():
        mine = held(case, version=version)
        refuse_foreign(mine.ticket, actor)
        row = mine.case
        _refuse(row, amount, number("return_freight_most_yuan", now))
        if not said:
            raise DomainError(_("Say what shows it: the receipt, the waybill."), "reason")
        added: Case = moves.change(
            row, actor=actor, now=now, event="case.freight_agreed", payload=row.told(amount=str(amount)),
            agreed=row.agreed + amount, agreed_extra=row.agreed_extra + amount, back_freight=amount,
        )  # fmt: skip
        note(added, NoteKind.FREIGHT, Side.PLATFORM, said, actor, now)
    return added


def may_have_freight(case: Case) -> bool:
    """A return on its way to its money whose freight somebody else bears, and of which none was given back."""
    open_one = case.state == CaseState.APPROVED and case.kind == CaseKind.RETURN and case.goods_back
    return open_one and case.return_freight != Side.CUSTOMER and not case.back_freight


def _refuse(case: Case, amount: Decimal, most: Decimal) -> None:
    if case.state != CaseState.APPROVED or case.kind != CaseKind.RETURN or not case.goods_back:
        raise DomainError(
            _("Return freight is given back with the refund of a return that is approved and not paid yet."),
            "wrong_case_state",
        )
    if case.return_freight == Side.CUSTOMER:
        raise DomainError(_("The customer bears the return freight of this case."), "customers_freight")
    if case.back_freight:
        raise DomainError(_("The return freight of this case was given back already."), "freight_twice")
    if never_sent(inbound_of(case)):
        raise DomainError(_("The goods were never sent: there is no freight to give back."), "nothing_sent")
    if amount <= 0 or amount != amount.quantize(CENT):
        raise DomainError(_("The amount must be above zero."), "amount")
    if amount > most:
        raise DomainError(
            _("At most %(most)s of return freight may be given back; more is a compensation.")
            % {"most": money(most, case.currency)},
            "above_bound",
        )
