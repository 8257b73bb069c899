"""The texts a customer agrees to: what he gets, and what ends with it. The one he saw is the one that is kept."""

from __future__ import annotations

import hashlib
from typing import Any

from django.utils.translation import gettext as _

from aftersales.cases.disputestates import BEFORE_RULING
from aftersales.cases.models import Case
from aftersales.cases.services import settlement_effects
from aftersales.cases.states import CaseKind, Side
from aftersales.core.wording import money

from .reading import Whole


def offer(found: Whole, row: Any) -> str:
    """The offer that lies on the table."""
    case = found.case
    goods = _("I send the goods back.") if case.goods_back else _("I keep the goods.")
    told = {"amount": money(case.offered, case.currency), "case": case.number, "goods": goods}
    return (
        _(
            "I accept %(amount)s for case %(case)s. %(goods)s It binds both sides: my request is settled with it, and "
            "I ask for nothing further in this case."
        )
        % told
    ) + _in_place(case)


def _in_place(case: Case) -> str:
    """Money ends an exchange and a repair, and he agrees to that too."""
    if case.kind == CaseKind.EXCHANGE:
        return " " + _("The money takes the place of the exchange: nothing is sent to me in return.")
    if case.kind == CaseKind.REPAIR:
        return " " + _("The money takes the place of the repair: nothing is repaired.")
    return ""


def settlement(found: Whole, row: Any) -> str:
    """What the other side proposed in a dispute, with all that it does."""
    effects = settlement_effects(case=found.case, amount=row.amount, goods_back=row.goods_back)
    parts = [_("I send the goods back.") if row.goods_back else _("I keep the goods.")]
    if effects.turns:
        parts.append(_("The kind of the request: %(turn)s.") % {"turn": effects.turn})
    if effects.freight_by:
        parts.append(_("Return freight is borne by: %(side)s.") % {"side": Side(effects.freight_by).label})
    goods = " ".join(parts)
    told = {"amount": money(row.amount, found.case.currency), "case": found.case.number, "goods": goods}
    return (
        _(
            "I settle case %(case)s on %(amount)s. %(goods)s It binds both sides: the dispute ends with it, nothing is "
            "ruled, and there is no appeal."
        )
        % told
    )


def quote(found: Whole, row: Any) -> str:
    """What a repair costs him."""
    told = {"amount": money(row.quoted, found.case.currency), "case": found.case.number}
    return (
        _(
            "I have the article repaired and pay %(amount)s for it (case %(case)s). It goes back to me once this "
            "is paid."
        )
        % told
    )


def account(payment: Any) -> str:
    """That money goes another way than it came."""
    told = {"amount": money(payment.amount, payment.currency), "number": payment.number}
    return (
        _(
            "I agree that %(amount)s (payment %(number)s) is paid to this account and not back the way I paid. With it "
            "this payment is made."
        )
        % told
    )


def withdrawal(found: Whole, row: Any) -> str:
    """Only said, never kept: what ends with a withdrawal."""
    words = [_("The request ends without money or replacement.")]
    if any(one.state == "in_transit" for one in found.inbound):
        words.append(_("What is on its way to us goes back to you."))
    if any(one.state in BEFORE_RULING for one in found.disputes):
        words.append(_("The dispute ends too."))
    return " ".join(words)


def fingerprint(text: str) -> str:
    """By which the text that was shown is known again."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]
