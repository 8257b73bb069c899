"""The decision: offered, countered, accepted, approved, refused, changed, ruled, withdrawn, closed.

What is agreed is computed and reserved on the order's accounts in the same transaction; one acceptance binds, and of
two at once the second finds the case decided.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.cases.disputestates import RULED
from aftersales.cases.models import Case, CaseLine, Dispute, Exchange
from aftersales.cases.refunding import Quote
from aftersales.cases.services import accounts
from aftersales.cases.services.awaiting import awaited_cancel, parcel_await
from aftersales.cases.services.consent import Consent, checked
from aftersales.cases.services.dues import dues_drop
from aftersales.cases.services.following import repairs_end
from aftersales.cases.services.limits import refuse_above_bound
from aftersales.cases.services.locking import (
    Held,
    held,
    refuse_foreign,
    require,
    tell_ticket,
    ticket_open_again,
)
from aftersales.cases.services.obliging import replacement_follow
from aftersales.cases.services.opening import note
from aftersales.cases.services.paying import cancel_what_can_be
from aftersales.cases.services.pieces import pieces_release
from aftersales.cases.services.quoting import Deductions, in_all, quoted
from aftersales.cases.services.receipts import goods_count
from aftersales.cases.services.replacing import exchange_follow
from aftersales.cases.services.returning import address_pick
from aftersales.cases.services.undisputing import dispute_end_with
from aftersales.cases.states import (
    GOODS_BACK,
    MONEY_BACK,
    SELLERS_FAULT,
    CaseKind,
    CaseState,
    DecidedBy,
    Ground,
    NoteKind,
    Side,
)
from aftersales.core import moves
from aftersales.core.errors import DomainError, Refusal
from aftersales.core.models import Event
from aftersales.core.wording import money
from aftersales.merchants.models import ReturnAddress

SPEAKS = {"accept_offer": "customer", "accept_counter": "merchant"}
KNOWING = frozenset({"rule", "settle_dispute"})
"""Moves by which both sides are bound, whatever was found of the goods before."""
OFFERS_BY = {DecidedBy.STAFF: Side.PLATFORM, DecidedBy.MERCHANT: Side.MERCHANT}


def case_preview(*, case: Case, amount: Decimal | None = None, deductions: Deductions | None = None) -> Quote:
    """What approving would give, term by term; nothing is written. Errors as ``case_approve``."""
    with transaction.atomic():
        found, _terms = _priced(held(case), amount, deductions or {})
        transaction.set_rollback(True)
    return found


def case_offer(
    *,
    case: Case,
    amount: Decimal,
    actor: Any,
    now: datetime,
    by: str = Side.MERCHANT,
    words: str = "",
    version: int | None = None,
) -> Case:
    """Offer the customer an amount; he may accept, counter or have the platform decide.

    Money takes the place of a replacement or a repair. Errors: too_much, above_bound, goodwill_customer, amount.
    """
    with transaction.atomic():
        mine = _held(case, actor, version)
        _on_table(mine, amount, now)
        offered: Case = moves.perform(
            mine.case, "offer", actor=actor, now=now, acting_as=_as(by), amount=amount, by=by
        )
        note(offered, NoteKind.OFFER, by, words, actor, now)
    return offered


def case_counter(
    *, case: Case, amount: Decimal, actor: Any, now: datetime, words: str = "", version: int | None = None
) -> Case:
    """The customer asks for another amount. Errors: too_much, above_bound, goodwill_customer, amount."""
    with transaction.atomic():
        mine = _held(case, actor, version)
        _on_table(mine, amount, now)
        countered: Case = moves.perform(mine.case, "counter", actor=actor, now=now, amount=amount)
        note(countered, NoteKind.COUNTER, Side.CUSTOMER, words, actor, now)
    return countered


def case_accept(
    *, case: Case, consent: Consent, actor: Any, now: datetime, version: int | None = None
) -> Case:
    """Accept what lies on the table: the offer (as the customer) or the counter-offer (as the other side).

    ``consent``: how, when and in which words it was accepted. Errors: heard_by, consent, said_at, too_much.
    """
    with transaction.atomic():
        mine = _held(case, actor, version)
        said = checked(consent, actor=actor, since=_on_table_since(mine.case), now=now)
        move = "accept_counter" if mine.case.state == CaseState.COUNTERED else "accept_offer"
        side = Side.MERCHANT if move == "accept_counter" else Side.CUSTOMER
        found, terms = _priced(mine, mine.case.offered, {})
        agreed = _approved(mine, move, actor, now, DecidedBy.AGREEMENT, found, terms)
        note(
            agreed,
            NoteKind.ACCEPT,
            side,
            said.words,
            actor,
            now,
            heard_by=said.heard_by,
            said_at=said.said_at,
        )
    return agreed


def _on_table_since(case: Case) -> datetime:
    made = Event.objects.about("cases.case", case.pk).filter(kind__in=["case.offered", "case.countered"])
    last: datetime | None = made.order_by("-id").values_list("at", flat=True).first()
    return last or case.opened_at


def case_approve(
    *,
    case: Case,
    actor: Any,
    now: datetime,
    how: str = DecidedBy.STAFF,
    amount: Decimal | None = None,
    deductions: Deductions | None = None,
    goods_back: bool | None = None,
    fault: str = "",
    words: str = "",
    return_to: ReturnAddress | None = None,
    version: int | None = None,
) -> Case:
    """Approve what is asked. ``amount``: a fixed one instead of the computed; ``goods_back=False`` waives the goods.

    ``return_to``: where they go back to; without it the merchant's place that fits the goods.

    An amount is money in place of a replacement or a repair: the case becomes a refund. ``fault``: who bears it.

    Errors: too_much, too_many (its pieces were taken by another case meanwhile), deduction, refused_already, amount
    (nothing is no approval), address (retired, or another merchant's).
    """
    with transaction.atomic():
        mine = _held(case, actor, version)
        if mine.case.state == CaseState.REJECTED:
            claim_again(mine)
        wanted = amount if amount is None else _positive(amount)
        found, terms = _priced(mine, wanted, deductions or {}, goods_back)
        terms |= {} if goods_back is None else {"goods_back": goods_back}
        terms |= {"fault": fault} if fault else {}
        if mine.case.compensation:
            _positive(found.total)
        approved = _approved(mine, "approve", actor, now, how, found, terms)
        if return_to is not None:
            address_pick(approved, return_to, now=now)
        note(approved, NoteKind.APPROVE, OFFERS_BY.get(DecidedBy(how), Side.PLATFORM), words, actor, now)
    return approved


def case_reject(
    *,
    case: Case,
    actor: Any,
    now: datetime,
    words: str,
    how: str = DecidedBy.STAFF,
    version: int | None = None,
) -> Case:
    """Refuse, with the reason the customer is told. A machine never does (R4.6). Errors: reason, machine."""
    if not words.strip():
        raise DomainError(_("Say why: the customer is told."), "reason")
    with transaction.atomic():
        mine = _held(case, actor, version)
        cancel_what_can_be(mine, actor, now)
        refused: Case = moves.perform(
            mine.case,
            "reject",
            actor=actor,
            now=now,
            acting_as=_as(OFFERS_BY.get(DecidedBy(how), "")),
            how=how,
        )
        give_up(mine, refused, now)
        note(refused, NoteKind.REJECT, OFFERS_BY.get(DecidedBy(how), Side.PLATFORM), words, actor, now)
        tell_ticket(mine.ticket, "ticket.case_decided", refused, actor=actor, now=now)
    return refused


def case_amend(
    *,
    case: Case,
    actor: Any,
    now: datetime,
    kind: str = "",
    ground: str = "",
    words: str = "",
    by: str = Side.CUSTOMER,
    version: int | None = None,
) -> Case:
    """Ask for something else, or with another reason; evidence and clocks stay with the case (R4.9).

    The first kind and reason stay for statistics. What was ruled is appealed, never asked for anew.
    Errors: kind, too_many, ruled_already, ticket_done, window_over.
    """
    with transaction.atomic():
        mine = _held(case, actor, version)
        if why := ruled_before(Dispute.objects.filter(case=mine.case).values_list("state", flat=True)):
            raise DomainError(why.message, why.code)
        ticket_open_again(mine, actor=actor, now=now)
        refused = mine.case.state == CaseState.REJECTED
        if refused:
            claim_again(mine)
        row = mine.case
        wanted_kind, wanted_ground = kind or row.kind, ground or row.ground
        if wanted_kind not in CaseKind.values or wanted_ground not in Ground.values:
            raise DomainError(_("Choose what is asked for, and why."), "kind")
        if CaseKind.COMPENSATION in {wanted_kind, row.kind} and wanted_kind != row.kind:
            raise DomainError(_("A compensation is a case of its own."), "kind")
        terms = {
            "kind": wanted_kind,
            "ground": wanted_ground,
            "goods_back": wanted_kind in GOODS_BACK,
            "return_freight": Side.MERCHANT if wanted_ground in SELLERS_FAULT else Side.CUSTOMER,
        }
        amended: Case = moves.perform(row, "amend", actor=actor, now=now, by=by, terms=terms)
        note(amended, NoteKind.AMEND, by, words, actor, now)
        if refused:  # it is open again, and holds its ticket
            tell_ticket(mine.ticket, "ticket.case_asked_anew", amended, actor=actor, now=now)
    return amended


def case_rule(
    *,
    case: Case,
    for_customer: bool,
    actor: Any,
    now: datetime,
    amount: Decimal | None = None,
    goods_back: bool | None = None,
    freight_by: str = "",
    fault: str = "",
    kind: str = "",
) -> Case:
    """Carry a ruling out on a case in dispute; its pieces are taken as long as it is. Errors: too_much, paid_more."""
    with transaction.atomic():
        mine = _held(case, actor, None)
        if not for_customer:
            cancel_what_can_be(mine, actor, now)
            ruled: Case = moves.perform(mine.case, "rule_against", actor=actor, now=now, how=DecidedBy.RULING)
            give_up(mine, ruled, now)
            tell_ticket(mine.ticket, "ticket.case_decided", ruled, actor=actor, now=now)
            return ruled
        said = {"goods_back": goods_back, "return_freight": freight_by, "fault": fault, "kind": kind}
        terms = {name: value for name, value in said.items() if value not in (None, "")}
        found = ruled_quote(mine, amount, kind, freight_by)
        return _approved(mine, "rule", actor, now, DecidedBy.RULING, found, terms)


def ruled_before(states: Iterable[str]) -> Refusal | None:
    """Why a case with disputes in these states is not asked for anew; None when it may be."""
    if not RULED & set(states):
        return None
    return Refusal(
        "ruled_already",
        _(
            "The platform ruled on this case: it is not changed any more. The ruling can be appealed in its time."
        ),
    )


def case_settled(mine: Held, amount: Decimal, *, goods_back: bool, actor: Any, now: datetime) -> Case:
    """What both sides of a dispute agreed on. Errors: too_much, paid_more."""
    goods_back = goods_back and mine.case.kind != CaseKind.COMPENSATION
    kind = refund_kind(mine.case.kind, goods_back)
    found = ruled_quote(mine, amount, kind)
    terms = {"goods_back": goods_back, "kind": kind}
    return _approved(mine, "settle_dispute", actor, now, DecidedBy.AGREEMENT, found, terms)


def refund_kind(kind: str, goods_back: bool) -> str:
    """What a case becomes when it is decided that money goes back; a compensation stays what it is."""
    if kind == CaseKind.COMPENSATION:
        return kind
    if goods_back:
        return CaseKind.RETURN
    return kind if kind in MONEY_BACK else CaseKind.REFUND_ONLY


def ruled_quote(mine: Held, amount: Decimal | None, kind: str = "", freight_by: str = "") -> Quote:
    """What this case would give if it were of that kind, and that side bore the way back. ``amount``: all in all, with
    what goes beyond the order. Errors: too_much, no_order."""
    case = mine.case
    was = case.kind, case.return_freight
    case.kind, case.return_freight = kind or case.kind, freight_by or case.return_freight
    try:
        computed = quoted(mine, None, {})
        if amount is None or case.kind == CaseKind.COMPENSATION:
            return computed if amount is None else quoted(mine, amount, {})
        return in_all(mine, amount, computed)
    finally:
        case.kind, case.return_freight = was


def tell_decided(mine: Held, case: Case, *, actor: Any, now: datetime) -> None:
    """The ticket hears that its case stands otherwise."""
    tell_ticket(mine.ticket, "ticket.case_decided", case, actor=actor, now=now)


def case_withdraw(
    *, case: Case, actor: Any, now: datetime, words: str = "", version: int | None = None
) -> Case:
    """The customer does not want it any more; his pieces and what was reserved are free again. Error: paid."""
    with transaction.atomic():
        mine = _held(case, actor, version)
        was_free = mine.case.state == CaseState.REJECTED
        cancel_what_can_be(mine, actor, now)
        gone: Case = moves.perform(mine.case, "withdraw", actor=actor, now=now)
        dispute_end_with(gone, actor=actor, now=now)
        if not was_free:
            give_up(mine, gone, now)
        note(gone, NoteKind.WITHDRAW, Side.CUSTOMER, words, actor, now)
        tell_ticket(mine.ticket, "ticket.case_ended", gone, actor=actor, now=now)
    return gone


def case_close(*, case: Case, actor: Any, now: datetime) -> Case:
    """Everything of it is settled. Error: open_parts, with each open part."""
    with transaction.atomic():
        mine = _held(case, actor, None)
        if mine.case.state == CaseState.APPROVED:
            pieces_release(mine)
        done: Case = moves.perform(mine.case, "close", actor=actor, now=now)
        tell_ticket(mine.ticket, "ticket.case_ended", done, actor=actor, now=now)
    return done


# What all of them share


def _held(case: Case, actor: Any, version: int | None) -> Held:
    require(actor, "cases.view_case")
    mine = held(case, version=version)
    refuse_foreign(mine.ticket, actor, mine.case)
    return mine


def _as(side: str) -> str:
    """Staff acting for the merchant is recorded as such."""
    return "merchant" if side == Side.MERCHANT else ""


def _priced(
    mine: Held, amount: Decimal | None, deductions: Deductions, goods_back: bool | None = None
) -> tuple[Quote, dict[str, Any]]:
    """What the case would give, and what becomes of it: for an amount a replacement or a repair falls away."""
    case = mine.case
    if amount is None or case.kind in MONEY_BACK or case.kind == CaseKind.COMPENSATION:
        return quoted(mine, amount, deductions), {}
    was = case.kind
    case.kind = refund_kind(was, case.goods_back if goods_back is None else goods_back)
    try:
        return quoted(mine, amount, deductions), {"kind": case.kind}
    finally:
        case.kind = was


def _on_table(mine: Held, amount: Decimal, now: datetime) -> None:
    """What could not be accepted is not put on the table either."""
    found, _terms = _priced(mine, _positive(amount), {})
    refuse_above_bound(mine, found.total, now)


def _positive(amount: Decimal) -> Decimal:
    if amount <= 0:
        raise DomainError(_("The amount must be above zero."), "amount")
    return amount


def _approved(
    mine: Held,
    move: str,
    actor: Any,
    now: datetime,
    how: str,
    found: Quote,
    terms: Mapping[str, Any] | None = None,
) -> Case:
    case, was = mine.case, mine.case.kind
    acting = SPEAKS.get(move, _as(OFFERS_BY.get(DecidedBy(how), "")) if how == DecidedBy.MERCHANT else "")
    refuse_above_bound(mine, found.total, now)
    if found.total < case.paying:
        case = _called_back(mine, found, actor, now)
    if mine.books is not None:
        accounts.grant(mine.books, case, mine.lines, found)
    for line in mine.lines:
        line.approved, line.promised = line.announced, line.agreed
    if mine.lines:
        CaseLine.objects.bulk_update(mine.lines, ["approved", "promised"])
    approved: Case = moves.perform(
        case, move, actor=actor, now=now, acting_as=acting, grant=found, how=how, terms=dict(terms or {})
    )
    mine.case = approved
    if approved.kind != was and move not in KNOWING:
        _leave(approved, actor, now)
    parcel_await(mine, approved, actor=actor, now=now)
    exchange_follow(mine, approved, actor=actor, now=now)
    if not mine.lines or any(line.shipped or line.received for line in mine.lines):
        goods_count(mine, actor=actor, now=now, bound=now if move in KNOWING else None)
    replacement_follow(mine, actor=actor, now=now)
    tell_ticket(mine.ticket, "ticket.case_decided", mine.case, actor=actor, now=now)
    return mine.case


def _leave(case: Case, actor: Any, now: datetime) -> None:
    """What was chosen, asked for or begun for a replacement or a repair ends with the money in its place."""
    Exchange.objects.filter(case=case, ended_at=None).update(ended_at=now)
    dues_drop(case, actor=actor, now=now)
    repairs_end(case, actor=actor, now=now)


def agree_anew(mine: Held, *, actor: Any, now: datetime, terms: Mapping[str, Any] | None = None) -> Case:
    """An approved case goes on under other terms, and what it gives is computed again. Errors as ``case_approve``."""
    for name, value in (terms or {}).items():  # the quote is of the new terms; the move writes them
        setattr(mine.case, name, value)
    how = mine.case.decided_how or DecidedBy.STAFF
    return _approved(mine, "turn", actor, now, how, quoted(mine, None, {}), terms)


def _called_back(mine: Held, found: Quote, actor: Any, now: datetime) -> Case:
    """Less is agreed than stands in payments: the ones that are not out yet are called back. Error: paid_more."""
    cancel_what_can_be(mine, actor, now)
    if found.total < mine.case.paying:
        raise DomainError(
            _("%(paid)s of this case is paid or on its way; less cannot be agreed.")
            % {"paid": money(mine.case.paying, mine.case.currency)},
            "paid_more",
        )
    return mine.case


def give_up(mine: Held, case: Case, now: datetime) -> None:
    """A case that ends without effect frees its pieces and what it had reserved; no parcel is awaited any more."""
    awaited_cancel(case, now=now)
    repairs_end(case, actor=system_user(now), now=now)
    dues_drop(case, actor=system_user(now), now=now)
    if mine.books is None:
        return
    accounts.ungrant(mine.books, mine.case, mine.lines)
    accounts.release(mine.books, mine.lines)


def claim_again(mine: Held) -> None:
    """A refused case takes its pieces anew before it goes on; somebody else may have them. Error: too_many."""
    if mine.books is None or not mine.lines:
        return
    values = accounts.claim(mine.books, {line.line_id: line.announced for line in mine.lines})
    for line in mine.lines:
        line.value = values[line.line_id]
    CaseLine.objects.bulk_update(mine.lines, ["value"])
