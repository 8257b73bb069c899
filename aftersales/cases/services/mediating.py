"""Mediation: either side proposes, the other accepts; one acceptance binds, however many come at once (R4.7)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import Case, Dispute, Settlement
from aftersales.cases.services import deciding
from aftersales.cases.services.consent import Consent, checked
from aftersales.cases.services.disputes import acting, before_ruling, end_offers, held_dispute, of_a_side
from aftersales.cases.services.limits import refuse_above_bound
from aftersales.cases.services.locking import require
from aftersales.cases.services.ruling import decision_pay
from aftersales.cases.states import CaseKind
from aftersales.core import events, moves
from aftersales.core.errors import DomainError


def settlement_propose(
    *, dispute: Dispute, by: str, amount: Decimal, actor: Any, now: datetime, goods_back: bool = False
) -> Settlement:
    """Propose to settle; a newer proposal of the same side replaces the older.

    Errors: side, amount, goods_back (of a compensation), too_much, above_bound, goodwill_customer, ruled.
    """
    of_a_side(by)
    if amount <= 0:
        raise DomainError(_("The amount must be above zero."), "amount")
    with transaction.atomic():
        mine, current = held_dispute(dispute, actor)
        before_ruling(current)
        if goods_back and mine.case.kind == CaseKind.COMPENSATION:
            raise DomainError(
                _("A compensation has no goods to send back; propose the amount alone."), "goods_back"
            )
        found = deciding.ruled_quote(mine, amount, deciding.refund_kind(mine.case.kind, goods_back))
        refuse_above_bound(mine, found.total, now)
        Settlement.objects.filter(dispute=current, by=by, gone_at=None).update(gone_at=now)
        row = Settlement(
            dispute=current, by=by, amount=amount, goods_back=goods_back, made_at=now, made_by=actor
        )
        row.save()
        events.record(
            "dispute.settlement_made", subject=current, actor=actor, now=now, acting_as=acting(by),
            payload=current.told(by=by, amount=str(amount)),
        )  # fmt: skip
    return row


def settlement_take_back(*, settlement: Settlement, actor: Any, now: datetime) -> Settlement:
    """The side that proposed it does not want it any more. Errors: not_permitted, gone (accepted or replaced)."""
    require(actor, "cases.speak")
    with transaction.atomic():
        _mine, current = held_dispute(settlement.dispute, actor)
        row = _lying(settlement)
        Settlement.objects.filter(pk=row.pk).update(gone_at=now)
        events.record(
            "dispute.settlement_gone", subject=current, actor=actor, now=now, acting_as=acting(row.by),
            payload=current.told(by=row.by),
        )  # fmt: skip
    return row


def settlement_accept(
    *, settlement: Settlement, by: str, consent: Consent, actor: Any, now: datetime
) -> Dispute:
    """The other side accepts: one effect however often and by however many at once.

    Who took down what one side proposes does not speak for the other side too. What is settled goes out within the
    authority of whoever took the acceptance down, else a second person lets it out.

    ``consent``: how, when and in which words that side accepted.

    Errors: heard_by, consent, said_at, not_permitted, side (one's own proposal), own_proposal, gone (replaced
    meanwhile), ruled, too_much, paid_more.
    """
    require(actor, "cases.speak")
    of_a_side(by)
    if settlement.by == by:
        raise DomainError(_("The other side accepts this proposal."), "side")
    with transaction.atomic():
        mine, current = held_dispute(settlement.dispute, actor)
        before_ruling(current)
        row = _lying(settlement)
        if row.made_by_id == actor.pk:
            raise DomainError(
                _(
                    "You took this proposal down for one side; somebody else takes down that the other accepts."
                ),
                "own_proposal",
            )
        said = checked(consent, actor=actor, since=row.made_at, now=now)
        Settlement.objects.filter(pk=row.pk).update(
            accepted_at=now, accepted_side=by, accepted_words=said.words, heard_by=said.heard_by,
            said_at=said.said_at, taken_down_by=actor,
        )  # fmt: skip
        end_offers(current, now)
        settled: Dispute = moves.perform(current, "settle", actor=actor, now=now, acting_as=acting(by), by=by)
        deciding.case_settled(mine, row.amount, goods_back=row.goods_back, actor=actor, now=now)
    decision_pay(settled, now=now)
    return settled


@dataclass(frozen=True)
class Effects:
    """All that a settlement would do, before anybody accepts it."""

    kind_was: str
    kind: str
    amount: Decimal
    currency: str
    goods_back: bool
    freight_by: str  # who bears the way back; empty where nothing goes back

    @property
    def turns(self) -> bool:
        """The case becomes another one: no exchange, no repair any more."""
        return self.kind != self.kind_was

    @property
    def turn(self) -> str:
        """What becomes what, in the words that both the staff and the customer read before they agree."""
        was, becomes = CaseKind(self.kind_was).label, CaseKind(self.kind).label
        return _("%(was)s becomes %(becomes)s") % {"was": was, "becomes": becomes}


def settlement_effects(*, case: Case, amount: Decimal, goods_back: bool) -> Effects:
    """What a settlement on these terms makes of the case; nothing is written, nothing is asked of the database."""
    kind = deciding.refund_kind(case.kind, goods_back)
    return Effects(
        kind_was=case.kind, kind=kind, amount=amount, currency=case.currency, goods_back=goods_back,
        freight_by=case.return_freight if goods_back else "",
    )  # fmt: skip


def _lying(settlement: Settlement) -> Settlement:
    row: Settlement = Settlement.objects.select_for_update().get(pk=settlement.pk)
    if row.gone_at is not None or row.accepted_at is not None:
        raise DomainError(_("This proposal does not lie open any more."), "gone")
    return row
