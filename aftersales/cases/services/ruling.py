"""Ruling, appeal and what follows: a coded ruling carries itself out; overturned, it is turned back (R4.7).

Money that is out stays with the customer unless he consents or a court says so; then the platform bears it, not the
merchant.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.cases.disputestates import (
    REFUNDS,
    DisputeState,
    GiveBack,
    Obligation,
    PenaltyUnit,
    RulingOutcome,
)
from aftersales.cases.models import Case, CasePayment, Dispute, DisputeEvidence, Ruling
from aftersales.cases.models.dispute import EvidenceKind
from aftersales.cases.refunding import ZERO
from aftersales.cases.services import deciding
from aftersales.cases.services.disputes import acting, brought, clean, end_offers, held_dispute, of_a_side
from aftersales.cases.services.locking import Held, held, require
from aftersales.cases.services.paying import cancel_what_can_be
from aftersales.cases.services.proposing import payment_propose
from aftersales.cases.services.settling import case_settle
from aftersales.cases.states import (
    COUNTS_AS_PAID,
    MONEY_BACK,
    UNDECIDED,
    CaseKind,
    CaseState,
    DecidedBy,
    PaymentState,
    Side,
)
from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.ledger import chart
from aftersales.ledger import selectors as books
from aftersales.ledger import services as ledger
from aftersales.ledger.chart import Line
from aftersales.ledger.models import Proposal
from aftersales.ledger.states import DEAD, EntryKind, ProposalKind, Shortage
from aftersales.standards.selectors import duration

WORDS = {"clause": 120, "facts": 2000, "reasons": 2000}
DECIDED = ("case.approved", "case.turned")
ENDED = (CaseState.CLOSED, CaseState.WITHDRAWN, CaseState.REJECTED)
TAKEN_BACK = frozenset({PaymentState.REJECTED, PaymentState.CANCELLED, PaymentState.REVERSED})
FAULTY = (Side.CUSTOMER, Side.MERCHANT, Side.CARRIER, Side.PLATFORM)


@dataclass(frozen=True)
class RulingDraft:
    """What is ruled. Shares of ``fault`` are per cent and sum to 100; ``clause`` says which rule it rests on.

    ``give_back``: on what ground the customer gives back what an overturned ruling paid him (``give_back_ref``: the
    consent or the judgment).
    """

    outcome: str
    clause: str
    facts: str
    reasons: str
    amount: Decimal | None = None
    goods_back: bool = False
    freight_by: str = Side.MERCHANT
    fault: Mapping[str, int] = field(default_factory=dict)
    obligation: str = ""
    obligation_days: int = 0
    penalty: Decimal = ZERO
    penalty_unit: str = PenaltyUnit.YUAN
    give_back: str = ""
    give_back_ref: str = ""


def dispute_rule(
    *, dispute: Dispute, draft: RulingDraft, actor: Any, now: datetime, version: int | None = None
) -> Ruling:
    """Rule, and carry it out in the same transaction. Who worked on the case does not rule (DESIGN 5).

    Errors: outcome, fault, reasons, too_long, amount, obligation, penalty, too_much, not_neutral, wrong_state.
    """
    require(actor, "cases.rule")
    _check(draft)
    with transaction.atomic():
        mine, current = held_dispute(dispute, actor, version=version)
        ruling = _written(mine, current, draft, actor, now)
        moves.perform(current, "rule", actor=actor, now=now, ruling=ruling)
        end_offers(current, now)
        _carry_out(mine, ruling, actor, now)
        ruling.save(force_insert=True)
        _follow(current, ruling, actor, now)
    decision_pay(current, now=now)
    return ruling


def dispute_appeal(
    *, dispute: Dispute, by: str, actor: Any, now: datetime, words: str, version: int | None = None
) -> Dispute:
    """Appeal once, within the time, with a reason. Errors: side, reason, too_late, wrong_state."""
    of_a_side(by)
    grounds = clean(words)
    if not grounds:
        raise DomainError(_("Say what is wrong with the ruling."), "reason")
    with transaction.atomic():
        _mine, current = held_dispute(dispute, actor, version=version)
        until = now + duration("dispute_review_hours", now)
        appealed: Dispute = moves.perform(
            current, "appeal", actor=actor, now=now, acting_as=acting(by), by=by, until=until
        )
        brought(appealed, by, grounds, actor=actor, now=now, kind=EvidenceKind.APPEAL)
    return appealed


def appeal_decide(
    *, dispute: Dispute, draft: RulingDraft, actor: Any, now: datetime, version: int | None = None
) -> Ruling:
    """Another person decides the appeal; it is final. Overturned, everything is turned back that may be.

    Errors: as ``dispute_rule``, and own_ruling, too_many (the pieces of a refused case were taken meanwhile).
    """
    require(actor, "cases.rule")
    _check(draft)
    with transaction.atomic():
        mine, current = held_dispute(dispute, actor, version=version)
        first = Ruling.objects.filter(dispute=current, on_appeal=False).first()
        if mine.case.state == CaseState.REJECTED and draft.outcome != RulingOutcome.FOR_MERCHANT:
            deciding.claim_again(mine)
        ruling = _written(mine, current, draft, actor, now, first=first)
        ruled = moves.perform(current, "decide_appeal", actor=actor, now=now, ruling=ruling)
        if ruling.overturns:
            _turn_round(mine, ruling, actor, now)
        ruling.save(force_insert=True)
        if ruling.overturns and first is not None:
            _penalty_back(first, now)
            _merchant_back(mine.case, first, ruling, actor, now)
        _follow(current, ruling, actor, now)
        moves.perform(ruled, "execute", actor=system_user(now), now=now)
    decision_pay(current, now=now)
    return ruling


def decision_pay(dispute: Dispute, *, now: datetime) -> bool:
    """Propose the payments of what was decided or settled; answers whether anything came of it.

    A second person lets out what is above the limit. Goods that come back first hold the money; the sweep asks again.
    What somebody did not let out, called back or turned back since then is never proposed again by a machine: a person
    says what becomes of it.
    """
    case = Case.objects.select_related("ticket").get(pk=dispute.case_id)
    if case.state != CaseState.APPROVED or (case.left and taken_back(case)):
        return False
    proposed = bool(case.left)
    if proposed:
        try:
            _propose(case, now)
        except DomainError:
            return False  # goods_awaited, or another proposed at the same moment
    return case_settle(case=case, now=now).state == CaseState.CLOSED or proposed


def _propose(case: Case, now: datetime) -> None:
    """As the system; what two sides settled on in the name of whoever took it down, within his authority."""
    who = case.decided_by if case.decided_how == DecidedBy.AGREEMENT else None
    if who is not None and who.is_active and who.has_perm("cases.propose_payment"):
        try:
            payment_propose(case=case, actor=who, now=now)
            return
        except DomainError as error:
            if error.code != "gone":  # the ticket is no longer his
                raise
    payment_propose(case=case, actor=system_user(now), now=now)


def taken_back(case: Case) -> bool:
    """Whether a person refused, called back or turned back a payment of this case since it was decided."""
    decided = (
        Event.objects.about("cases.case", case.pk).filter(kind__in=DECIDED).aggregate(last=Max("id"))["last"]
    )
    mine = CasePayment.objects.filter(case=case, state__in=TAKEN_BACK).order_by().values("pk")
    since = Event.objects.filter(subject_kind="cases.casepayment", subject_id__in=mine, id__gt=decided or 0)
    by_person = Q(kind__in=["payment.rejected", "payment.reversed"]) | (
        Q(kind="payment.cancelled") & ~Q(actor_id=system_user().pk)
    )
    return since.filter(by_person).exists()


def decisions_carry_out(*, now: datetime, limit: int = 200) -> int:
    """What was ruled or settled is paid as soon as it can be; carried out, the dispute is closed. Answers how many.

    Looked at is whatever something can be done about, up to ``limit`` of which something was done: what waits for goods
    or for a person holds nobody else back.
    """
    done = acted = 0
    for row in _to_carry_out():
        if acted >= limit:
            break
        if row.state != DisputeState.EXECUTED:
            acted += decision_pay(row, now=now)
            continue
        paid = decision_pay(row, now=now)
        row.case.refresh_from_db()
        closes = row.case.state in ENDED and not (row.obligation and row.obligation_kept_at is None)
        if closes:
            moves.perform(row, "close", actor=system_user(now), now=now)
            done += 1
        acted += paid or closes
    return done


def _to_carry_out() -> list[Dispute]:
    """Decided disputes whose money may go out now, whose case may end, or which may be closed; the oldest first."""
    seen = Q(case__goods_back=False) | Q(case__instant=True) | Q(case__settled_at__isnull=False)
    seen |= ~Q(case__kind__in=MONEY_BACK)
    payable = Q(case__state=CaseState.APPROVED, case__agreed__gt=F("case__paying")) & seen
    waits = Exists(CasePayment.objects.open().filter(case=OuterRef("case")))
    ready = Q(case__state=CaseState.APPROVED, case__agreed=F("case__paying")) & ~Q(waits)
    kept = Q(obligation="") | Q(obligation_kept_at__isnull=False)
    ended = Q(state=DisputeState.EXECUTED, case__state__in=ENDED) & kept
    decided = Dispute.objects.filter(
        state__in=[DisputeState.EXECUTED, DisputeState.RULED, DisputeState.SETTLED]
    )
    return list(decided.filter(payable | ready | ended).select_related("case").order_by("id"))


# What a ruling says


def _check(draft: RulingDraft) -> None:
    if draft.outcome not in RulingOutcome.values:
        raise DomainError(_("Choose what is ruled."), "outcome")
    words = {name: getattr(draft, name).strip() for name in WORDS}
    if not all(words.values()):
        raise DomainError(
            _("Facts, reasons and the clause are told to both sides: write all three."), "reasons"
        )
    if any(len(words[name]) > longest for name, longest in WORDS.items()):
        raise DomainError(
            _("This is too long: the clause 120, facts and reasons 2,000 characters."), "too_long"
        )
    shares = draft.fault
    if set(shares) - set(FAULTY) or min(shares.values(), default=0) < 0 or sum(shares.values()) != 100:
        raise DomainError(_("The shares of fault must sum to 100 per cent."), "fault")
    if draft.outcome == RulingOutcome.PART_REFUND and (draft.amount is None or draft.amount <= 0):
        raise DomainError(_("Say how much is refunded."), "amount")
    if draft.freight_by not in Side.values:
        raise DomainError(_("Say who bears the return freight."), "freight")
    _check_besides(draft)


def _check_besides(draft: RulingDraft) -> None:
    if draft.obligation not in Obligation.values or (draft.obligation and draft.obligation_days <= 0):
        raise DomainError(_("Say within how many days the merchant does it."), "obligation")
    if draft.penalty < 0 or draft.penalty_unit not in PenaltyUnit.values:
        raise DomainError(_("A penalty is an amount above zero, in yuan or in points."), "penalty")
    if draft.give_back not in GiveBack.values or (draft.give_back and not draft.give_back_ref.strip()):
        raise DomainError(_("Say where the consent or the judgment is."), "give_back")


def _written(
    mine: Held, dispute: Dispute, draft: RulingDraft, actor: Any, now: datetime, *, first: Ruling | None = None
) -> Ruling:  # fmt: skip
    """The ruling, not saved yet: the door judges first. Its amount is what the order still allows, to the cent."""
    against = draft.outcome == RulingOutcome.FOR_MERCHANT
    fault = draft.fault
    days = timedelta(days=draft.obligation_days)
    goods_back = draft.goods_back and not against and mine.case.kind != CaseKind.COMPENSATION
    ruling = Ruling(
        dispute=dispute, on_appeal=dispute.ruled_by_id is not None, outcome=draft.outcome,
        amount=ZERO if against else _amount(mine, draft),
        currency=mine.case.currency, goods_back=goods_back, freight_by=draft.freight_by,
        fault_customer=fault.get(Side.CUSTOMER, 0), fault_merchant=fault.get(Side.MERCHANT, 0),
        fault_carrier=fault.get(Side.CARRIER, 0), fault_platform=fault.get(Side.PLATFORM, 0),
        obligation=draft.obligation, obligation_until=now + days if draft.obligation else None,
        penalty=draft.penalty, penalty_unit=draft.penalty_unit, give_back=draft.give_back,
        give_back_ref=draft.give_back_ref.strip()[:120], clause=draft.clause.strip(), facts=draft.facts.strip(),
        reasons=draft.reasons.strip(), ruled_by=actor, at=now,
    )  # fmt: skip
    if not ruling.on_appeal:
        ruling.appeal_until = now + duration("dispute_appeal_days", now)
    ruling.overturns = first is not None and _said(first) != _said(ruling)
    return ruling


def _said(ruling: Ruling) -> tuple[Any, ...]:
    """What counts as the ruling; another of these is another ruling."""
    return (
        ruling.outcome, ruling.amount, ruling.goods_back, ruling.freight_by, ruling.obligation,
        ruling.penalty, ruling.penalty_unit,
    )  # fmt: skip


def _amount(mine: Held, draft: RulingDraft) -> Decimal:
    return deciding.ruled_quote(
        mine, _fixed(mine.case, draft.outcome, draft.amount), _kind(mine.case, draft), draft.freight_by
    ).total


def _fixed(case: Case, outcome: str, amount: Decimal | None) -> Decimal | None:
    """A fixed amount; None lets the refund be computed from what was paid."""
    if outcome == RulingOutcome.PART_REFUND:
        return amount
    return case.asked or None if outcome == RulingOutcome.AS_ASKED else None


def _kind(case: Case, said: RulingDraft | Ruling) -> str:
    """Money, also an amount that was asked for, takes the place of a replacement or a repair."""
    money = said.outcome == RulingOutcome.AS_ASKED and case.asked and case.kind not in MONEY_BACK
    return deciding.refund_kind(case.kind, said.goods_back) if said.outcome in REFUNDS or money else case.kind


# Carrying it out


def _carry_out(mine: Held, ruling: Ruling, actor: Any, now: datetime) -> None:
    """Decide the case as ruled. What is out already and cannot be called back stays with the customer (``kept``)."""
    case = mine.case
    if case.paying > ruling.amount:
        cancel_what_can_be(mine, actor, now)
        case = mine.case
    ruling.kept = max(case.paying - ruling.amount, ZERO)
    if ruling.outcome == RulingOutcome.FOR_MERCHANT and not ruling.kept:
        mine.case = deciding.case_rule(case=case, for_customer=False, actor=actor, now=now)
        return
    amount = _fixed(case, ruling.outcome, ruling.amount) if not ruling.kept else case.paying
    mine.case = deciding.case_rule(
        case=case, for_customer=True, actor=actor, now=now, amount=amount, goods_back=ruling.goods_back,
        freight_by=ruling.freight_by, fault=_main_fault(ruling), kind=_kind(case, ruling),
    )  # fmt: skip


def kept_no_more(*, payment: CasePayment, now: datetime) -> None:
    """What a ruling left with the customer only because it was out did not reach him: the case stands as ruled."""
    system = system_user(now)
    with transaction.atomic():
        case = Case.objects.only("pk", "order_id", "ticket_id").get(pk=payment.case_id)
        mine = held(case, sealed_too=True)
        ruling = Ruling.objects.filter(dispute__case=mine.case).order_by("id").last()
        if (
            ruling is None
            or mine.case.state != CaseState.APPROVED
            or mine.case.decided_how != DecidedBy.RULING
        ):
            return
        if mine.case.agreed <= ruling.amount:
            return
        credited = ruling.kept if ruling.on_appeal and ruling.overturns else ZERO
        mine.case = moves.perform(mine.case, "dispute", actor=system, now=now, by=Side.PLATFORM)
        _carry_out(mine, ruling, system, now)
        _not_kept(mine.case, ruling, payment, min(credited, payment.amount), now)


def _not_kept(case: Case, ruling: Ruling, payment: CasePayment, amount: Decimal, now: datetime) -> None:
    """The merchant was credited with what the platform was to bear; of this payment it bears nothing."""
    entry = books.posted(EntryKind.RULING, ("cases.ruling", ruling.pk))
    if entry is None or case.merchant_id is None or not amount:
        return
    back = min(amount, entry.total)
    line = Line(chart.payable(case.merchant_id), chart.COST, back, ruling.currency, Shortage.OVERDRAW)
    ledger.post(
        source=payment, kind=EntryKind.RULING, lines=[line], actor=system_user(now), now=now,
        rule_version=ruling.clause[:80],
    )  # fmt: skip


def _main_fault(ruling: Ruling) -> str:
    return max(ruling.shares, key=lambda side: ruling.shares[side])


def _turn_round(mine: Held, ruling: Ruling, actor: Any, now: datetime) -> None:
    """The case follows the appeal, unless its customer has withdrawn it."""
    if mine.case.state not in (CaseState.APPROVED, CaseState.REJECTED, *UNDECIDED):
        return
    if mine.case.state == CaseState.REJECTED and ruling.outcome == RulingOutcome.FOR_MERCHANT:
        return
    mine.case = moves.perform(mine.case, "dispute", actor=actor, now=now, by=Side.PLATFORM)
    _carry_out(mine, ruling, actor, now)


def _follow(dispute: Dispute, ruling: Ruling, actor: Any, now: datetime) -> None:
    """The penalty is proposed, never posted: due process is the ledger's."""
    if not ruling.penalty or not dispute.merchant_id or (ruling.on_appeal and not ruling.overturns):
        return
    brought_by = DisputeEvidence.objects.filter(dispute=dispute, withdrawn_at=None)
    ledger.propose(
        kind=ProposalKind.PENALTY, party=("merchant", dispute.merchant_id), amount=ruling.penalty,
        unit=ruling.penalty_unit, fact_code="dispute.ruling", citation=ruling.clause, source=ruling, actor=actor,
        now=now, evidence=list(brought_by.values_list("public_id", flat=True)[:50]),
        calculation={"outcome": ruling.outcome, "amount": str(ruling.amount), **ruling.shares},
    )  # fmt: skip


def _penalty_back(first: Ruling, now: datetime) -> None:
    rows = Proposal.objects.filter(source_kind="cases.ruling", source_id=first.pk)
    for row in rows.exclude(state__in=sorted(DEAD)):
        ledger.proposal_cancel(proposal=row, actor=system_user(now), now=now, reason="ruling overturned")


def _merchant_back(case: Case, first: Ruling, ruling: Ruling, actor: Any, now: datetime) -> None:
    """What the customer keeps beyond the final ruling the platform bears: the merchant is credited with it.

    What the platform paid first was never his; its recovery ends or shrinks by itself (``recovering``).
    """
    if not ruling.kept or not case.merchant_id:
        return
    paid = CasePayment.objects.filter(case=case, state__in=COUNTS_AS_PAID, borne_by=Side.MERCHANT)
    settled = sum((one.amount for one in paid if not one.paid_first), ZERO)
    back = min(ruling.kept, max(settled - ruling.amount, ZERO))
    if not back:
        return
    line = Line(debit=chart.COST, credit=chart.payable(case.merchant_id), amount=back, unit=ruling.currency)
    ledger.post(
        source=ruling,
        kind=EntryKind.RULING,
        lines=[line],
        actor=actor,
        now=now,
        rule_version=ruling.clause[:80],
    )
