"""What becomes of a payment: approved, refused, called back, handed over, paid, failed, lost, returned, paid anew.

Every act locks order → ticket → case → payment. An outcome and what the order holds of it are written together, once:
the machine takes each outcome from its own states only. A gateway is never called in here.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.cases.models import Case, CasePayment, Payee, PaymentPart, PaymentRun, Settlement
from aftersales.cases.selectors import released
from aftersales.cases.services.handing import hand_over_later
from aftersales.cases.services.limits import count_no_longer
from aftersales.cases.services.locking import Held, held, refuse_foreign, require, tell_ticket
from aftersales.cases.services.proposing import new_key, parts_by, take_of_case
from aftersales.cases.services.settling import close_if_settled
from aftersales.cases.services.tenders import tenders_open, tenders_take
from aftersales.cases.states import (
    CALLABLE_BACK,
    CaseState,
    DecidedBy,
    Gateway,
    NameCheck,
    PaymentKind,
    PaymentState,
)
from aftersales.core import events, moves, series
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.orders import services as orders

ANOTHER_ACCOUNT = frozenset({PaymentState.AWAITING_APPROVAL, PaymentState.APPROVED})
LINK_SEEN = frozenset({"case.link_shown", "case.link_replaced"})
OFFERED = frozenset({"case.offered", "case.countered"})
LONGEST = {"holder": 80, "bank": 80, "account": 40, "consent": 300, "proof": 300}


def held_payment(payment: CasePayment, *, version: int | None = None) -> tuple[Held, CasePayment]:
    """A payment with everything above it, locked. Raises gone, Busy and Conflict.

    A payment of a sealed record goes its way: what the bank says of it is booked, and what came back is paid anew.
    """
    case = Case(pk=payment.case_id, order_id=_order_of(payment), ticket_id=_ticket_of(payment))
    mine = held(case, sealed_too=True)
    return mine, moves.locked(payment, version=version)


def _order_of(payment: CasePayment) -> int | None:
    found: int | None = payment.case.order_id
    return found


def _ticket_of(payment: CasePayment) -> int:
    return int(payment.case.ticket_id)


def payment_approve(
    *, payment: CasePayment, actor: Any, now: datetime, version: int | None = None
) -> CasePayment:
    """The second person lets it out. Errors: own_payment, own_decision, own_offer, saw_page, own_order,
    wrong_state (somebody was first)."""
    with transaction.atomic():
        mine, row = held_payment(payment, version=version)
        refuse_foreign(mine.ticket, actor)
        approved: CasePayment = moves.perform(row, "approve", actor=actor, now=now)
        hand_over_later(approved, now)
    return approved


def payment_reject(
    *, payment: CasePayment, actor: Any, now: datetime, reason: str, version: int | None = None
) -> CasePayment:
    """The second person does not let it out; what it took is free again. Error: reason.

    Of a payment to another account he refuses the account: the customer is still to be paid, and names another one.
    """
    require(actor, "cases.approve_payment")
    if not reason.strip():
        raise DomainError(_("Say why: whoever proposed it has to know."), "reason")
    with transaction.atomic():
        mine, row = held_payment(payment, version=version)
        refuse_foreign(mine.ticket, actor)
        if row.state in ANOTHER_ACCOUNT and row.replaces_id is not None:
            return _account_refused(row, actor, now, reason)
        rejected: CasePayment = moves.perform(row, "reject", actor=actor, now=now, reason=reason[:200])
        _free(mine, rejected, actor, now)
        _tell_done(mine, "ticket.case_ended", now)
    return rejected


def payment_cancel(
    *, payment: CasePayment, actor: Any, now: datetime, version: int | None = None
) -> CasePayment:
    """Call it back before it goes out. Errors: wrong_state (it is on its way), released (its run is).

    One to another account asks for an account again; cancelled then, it is given up.
    """
    with transaction.atomic():
        mine, row = held_payment(payment, version=version)
        refuse_foreign(mine.ticket, actor)
        if row.state in ANOTHER_ACCOUNT and row.replaces_id is not None:
            return _account_refused(row, actor, now, "")
        return _cancelled(mine, row, actor, now)


def _account_refused(row: CasePayment, actor: Any, now: datetime, reason: str) -> CasePayment:
    """Not to this account: what it took stays taken, and it waits for another one."""
    _hold_runs([row])
    refused: CasePayment = moves.perform(row, "refuse_account", actor=actor, now=now, reason=reason[:200])
    count_no_longer(refused)
    return refused


def cancel_what_can_be(mine: Held, actor: Any, now: datetime) -> None:
    """A case that ends without effect calls its payments back; the ones that are out hold it (``cases.bound``)."""
    who = actor if actor.has_perm("cases.change_payment") else system_user()
    found = CasePayment.objects.filter(case=mine.case, state__in=CALLABLE_BACK).order_by("pk")
    rows = list(found.select_for_update())
    _hold_runs(rows)
    out = released(rows, now)
    for row in rows:
        if row.pk not in out:
            _cancelled(mine, row, who, now)


def _hold_runs(rows: Sequence[CasePayment]) -> None:
    """Nobody releases the runs of these payments while they are called back."""
    ids = {row.run_id for row in rows if row.state == PaymentState.APPROVED and row.run_id}
    if ids:
        list(PaymentRun.objects.select_for_update().filter(pk__in=ids).order_by("pk"))


def _cancelled(mine: Held, row: CasePayment, actor: Any, now: datetime) -> CasePayment:
    _hold_runs([row])
    cancelled: CasePayment = moves.perform(row, "cancel", actor=actor, now=now)
    count_no_longer(cancelled)
    _free(mine, cancelled, actor, now)
    _tell_done(mine, "ticket.case_ended", now)
    return cancelled


def _free(mine: Held, payment: CasePayment, actor: Any, now: datetime) -> None:
    """What a payment held of its case and of the ways the order was paid."""
    take_of_case(mine, -payment.amount, actor=actor, now=now)
    if mine.books is not None and payment.kind == PaymentKind.REFUND:
        _lines, tenders = parts_by(payment)
        accounts = [account for _row, account in tenders_open(mine.books.order).values()]
        tenders_take(accounts, {pk: -amount for pk, amount in tenders.items()})


def payment_succeed(
    *,
    payment: CasePayment,
    actor: Any,
    now: datetime,
    paid_at: datetime,
    told: str = "",
    bank_ref: str = "",
) -> CasePayment:
    """The bank says it is paid: the order hears it, and the case ends when that was the last of it.

    The same answer again changes nothing (error: wrong_state).
    """
    with transaction.atomic():
        mine, row = held_payment(payment)
        paid: CasePayment = moves.perform(
            row, "succeed", actor=actor, now=now, paid_at=paid_at, told=told, bank_ref=bank_ref
        )
        _tell_order(mine, paid, paid.amount, actor, now)
        close_if_settled(mine, now=now)
        _tell_done(mine, "ticket.case_ended", now)
    return paid


def payment_fail(
    *, payment: CasePayment, actor: Any, now: datetime, failure: str, told: str = ""
) -> CasePayment:
    """The bank says it was not paid; it may go out again under the same key, or to another account."""
    with transaction.atomic():
        _mine, row = held_payment(payment)
        failed: CasePayment = moves.perform(
            row, "fail", actor=actor, now=now, failure=failure[:120] or "?", told=told
        )
    return failed


def payment_lose_track(*, payment: CasePayment, actor: Any, now: datetime) -> CasePayment:
    """Nobody knows whether it was paid. It is asked about, never paid a second time."""
    with transaction.atomic():
        _mine, row = held_payment(payment)
        lost: CasePayment = moves.perform(row, "lose_track", actor=actor, now=now)
    return lost


def payment_retry(
    *, payment: CasePayment, actor: Any, now: datetime, version: int | None = None
) -> CasePayment:
    """Goes out again with the next run, under the same key."""
    with transaction.atomic():
        mine, row = held_payment(payment, version=version)
        refuse_foreign(mine.ticket, actor)
        again: CasePayment = moves.perform(row, "retry", actor=actor, now=now)
        hand_over_later(again, now)
    return again


def payment_bounce(
    *, payment: CasePayment, actor: Any, now: datetime, failure: str, told: str = ""
) -> CasePayment:
    """It was paid and came back: the order holds it no longer, the customer is still to be paid."""
    with transaction.atomic():
        mine, row = held_payment(payment)
        returned: CasePayment = moves.perform(
            row, "bounce", actor=actor, now=now, failure=failure[:120] or "?", told=told
        )
        _tell_order(mine, returned, -returned.amount, actor, now)
        _tell_done(mine, "ticket.case_unpaid", now)
    return returned


def _tell_done(mine: Held, event: str, now: datetime) -> None:
    """A case that was done before holds its ticket while its money is back, and lets it go when it is paid anew."""
    if mine.case.state == CaseState.CLOSED and mine.was_done:
        tell_ticket(mine.ticket, event, mine.case, actor=system_user(now), now=now)


def payment_reverse(
    *, payment: CasePayment, actor: Any, now: datetime, reason: str, version: int | None = None
) -> CasePayment:
    """The customer gave it back, with his consent or by judgment. Errors: reason, case_done."""
    if not reason.strip():
        raise DomainError(_("Say on which ground the money came back."), "reason")
    with transaction.atomic():
        mine, row = held_payment(payment, version=version)
        refuse_foreign(mine.ticket, actor)
        back: CasePayment = moves.perform(row, "reverse", actor=actor, now=now, reason=reason[:200])
        _tell_order(mine, back, -back.amount, actor, now)
        _free(mine, back, actor, now)
    return back


def _tell_order(mine: Held, payment: CasePayment, amount: Decimal, actor: Any, now: datetime) -> None:
    """A refund counts on the order, its lines and its payments; a compensation is no refund of what was paid."""
    if mine.books is None or payment.kind != PaymentKind.REFUND:
        return
    sign = 1 if amount > 0 else -1
    lines, tenders = parts_by(payment)
    orders.order_tell_refund(
        order=mine.books.order, amount=amount, lines={pk: sign * one for pk, one in lines.items()},
        payments={pk: sign * one for pk, one in tenders.items()}, actor=actor, now=now,
    )  # fmt: skip


# Another account


@dataclass(frozen=True)
class PayeeDraft:
    """Another account: whose, how the customer agreed, and for another name the proof."""

    holder: str
    account: str
    consent: str
    name_check: str
    bank: str = ""
    proof: str = ""


def payment_ask_payee(
    *, payment: CasePayment, actor: Any, now: datetime, version: int | None = None
) -> CasePayment:
    """The way back is closed: the customer is asked for another account."""
    with transaction.atomic():
        mine, row = held_payment(payment, version=version)
        refuse_foreign(mine.ticket, actor)
        asked: CasePayment = moves.perform(row, "ask_payee", actor=actor, now=now)
    return asked


def payment_replace(
    *, payment: CasePayment, draft: PayeeDraft, actor: Any, now: datetime, version: int | None = None
) -> CasePayment:
    """Pay the same amount anew to another account, under a new key that is linked to the old one.

    It always waits for a second person. The customer himself names it on his own page: what follows of it is the
    system's, that he named it stands in the story. Errors: not_permitted, payee, name_check, proof, consent,
    name_differs.
    """
    require(actor, "cases.name_payee")
    _check(draft)
    who = actor if actor.has_perm("cases.change_payment") else system_user(now)
    number = series.next_number("case_payment", now)
    with transaction.atomic():
        mine, row = held_payment(payment, version=version)
        refuse_foreign(mine.ticket, actor)
        if row.state != PaymentState.PAYEE_NEEDED:  # before anything is written; the door says the same
            moves.perform(row, "replace", actor=who, now=now, by_payment=row)
        _refuse_another_name(row, draft)
        payee = Payee(
            customer_id=row.payee_id, holder=draft.holder.strip(), bank=draft.bank.strip(),
            account=draft.account.replace(" ", ""), name_check=draft.name_check, consent=draft.consent.strip(),
            proof=draft.proof.strip(), taken_by=actor, taken_at=now,
        )  # fmt: skip
        payee.save()
        if who is not actor:
            events.record("payment.payee_named", subject=row, actor=actor, now=now, payload=row.told())
        anew = _anew(row, payee, number, actor, now)
        moves.perform(row, "replace", actor=who, now=now, by_payment=anew)
        asked: CasePayment = moves.perform(anew, "ask_second", actor=who, now=now, why="other_account")
    return asked


def _check(draft: PayeeDraft) -> None:
    words = {name: getattr(draft, name).strip() for name in LONGEST}
    if any(len(text) > LONGEST[name] or "\x00" in text for name, text in words.items()):
        raise DomainError(_("One of these texts is too long."), "payee")
    if not words["holder"] or not words["account"]:
        raise DomainError(_("Write down whose account it is, and its number."), "payee")
    if not words["account"].replace(" ", "").isalnum() or not words["account"].isascii():
        raise DomainError(_("An account has letters and digits only."), "payee")
    if not words["consent"]:
        raise DomainError(_("Write down how and when the customer agreed to this account."), "consent")
    if draft.name_check not in NameCheck.values:
        raise DomainError(_("Say how the name was checked."), "name_check")
    if draft.name_check == NameCheck.PROVEN and not words["proof"]:
        raise DomainError(_("For an account in another name the proof is written down."), "proof")


def _refuse_another_name(row: CasePayment, draft: PayeeDraft) -> None:
    """The same name is the name we know the payer by; where it is unknown or masked, a person's word counts."""
    known = _plain(row.payee.name) if row.payee is not None else ""
    if draft.name_check == NameCheck.SAME and known and "*" not in known and known != _plain(draft.holder):
        raise DomainError(
            _("This is not the name of the payer: choose another name, and write the proof down."),
            "name_differs",
        )


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()


def _anew(old: CasePayment, payee: Payee, number: str, actor: Any, now: datetime) -> CasePayment:
    made: CasePayment = moves.create(
        CasePayment(
            number=number, key=new_key(number), case_id=old.case_id, merchant_id=old.merchant_id,
            payee_id=old.payee_id, kind=old.kind, compensation=old.compensation, borne_by=old.borne_by,
            paid_first=old.paid_first, currency=old.currency, amount=old.amount, explained=old.explained,
            gateway=Gateway.BATCH_FILE, other_payee=payee, replaces=old, proposed_by=actor, proposed_at=now,
        ),
        actor=actor, now=now, event="payment.proposed", payload=old.told(),
    )  # fmt: skip
    PaymentPart.objects.bulk_create(
        [
            PaymentPart(
                payment=made, case_line_id=part.case_line_id, tender_id=part.tender_id, freight=part.freight,
                amount=part.amount,
            )
            for part in PaymentPart.objects.filter(payment=old)
        ]
    )  # fmt: skip
    return made


# What is no money


def payment_give_in_kind(
    *, payment: CasePayment, actor: Any, now: datetime, reference: str, version: int | None = None
) -> CasePayment:
    """A voucher or balance was given back as such; ``reference`` says where. Errors: reference, not_in_kind."""
    if not reference.strip() or len(reference) > 64:
        raise DomainError(_("Write down the voucher's number or the booking of the balance."), "reference")
    with transaction.atomic():
        mine, row = held_payment(payment, version=version)
        refuse_foreign(mine.ticket, actor)
        if row.gateway != Gateway.IN_KIND:
            raise DomainError(_("This payment is money: the bank pays it."), "not_in_kind")
        gone: CasePayment = moves.perform(row, "submit", actor=actor, now=now)
        return payment_succeed(
            payment=gone, actor=actor, now=now, paid_at=now, told="person", bank_ref=reference.strip()
        )


def not_approvers(rows: Sequence[CasePayment], now: datetime) -> Mapping[int, Mapping[int, list[str]]]:
    """Who may not approve these payments, and why: in a fixed number of queries, however many payments."""
    from aftersales.tickets.selectors.dispatching import own_orders

    asked = [row for row in rows if row.state == PaymentState.AWAITING_APPROVAL]
    cases = Case.objects.in_bulk([row.case_id for row in asked])
    besides = _took_part(cases.values()) if asked else {}
    own = own_orders([case.ticket_id for case in cases.values()]) if asked else {}
    found: dict[int, dict[int, list[str]]] = {}
    for row in asked:
        case, people = cases[row.case_id], found.setdefault(row.pk, {})
        people.setdefault(row.proposed_by_id, []).append("own_payment")
        for person, code in besides.get(case.pk, ()):
            people.setdefault(person, []).append(code)
        if case.decided_by_id:
            people.setdefault(case.decided_by_id, []).append("own_decision")
        for person in own.get(case.ticket_id, ()):
            people.setdefault(person, []).append("own_order")
    return found


def _took_part(cases: Iterable[Case]) -> Mapping[int, list[tuple[int, str]]]:
    """Of each case who made what the other side accepted, and who saw the customer's own page of its ticket.

    Whoever has that address can accept as the customer, so the acceptance is no second person's word.
    """
    rows, found = list(cases), defaultdict(list)
    agreed = [case.pk for case in rows if case.decided_how == DecidedBy.AGREEMENT]
    of_ticket = defaultdict(list)
    for case in rows:
        of_ticket[case.ticket_id].append(case.pk)
    all_of_them = dict(Case.objects.filter(ticket__in=of_ticket).values_list("pk", "ticket_id"))
    told = Event.objects.filter(subject_kind="cases.case").filter(
        Q(subject_id__in=all_of_them, kind__in=LINK_SEEN) | Q(subject_id__in=agreed, kind__in=OFFERED)
    )
    for pk, kind, person in told.values_list("subject_id", "kind", "actor_id").distinct():
        if kind in OFFERED:
            found[pk].append((person, "own_offer"))
            continue
        for case_id in of_ticket[all_of_them[pk]]:
            found[case_id].append((person, "saw_page"))
    settled = Settlement.objects.filter(dispute__case__in=agreed, accepted_at__isnull=False)
    for pk, person in settled.values_list("dispute__case_id", "made_by_id"):
        found[pk].append((person, "own_offer"))
    return found
