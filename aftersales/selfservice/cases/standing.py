"""Where a case stands, in the customer's words: one head, and the steps. Pure: reads what was loaded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aftersales.cases.disputestates import DisputeState, SuspendedFor
from aftersales.cases.states import (
    MONEY_BACK,
    OPEN_PAYMENTS,
    CaseKind,
    CaseState,
    DecidedBy,
    NoteKind,
    ParcelState,
    PaymentState,
    Side,
)
from aftersales.core.wording import money
from aftersales.standards.states import Promise

from .payees import may_name
from .reading import Whole

P, M = ParcelState, PaymentState
HERE = frozenset({P.RECEIVED, P.REFUSED_AT_DOOR, P.INTERCEPTED, P.INSPECTED})
ON_WAY_OUT = frozenset({M.PROPOSED, M.AWAITING_APPROVAL, M.APPROVED})
STUCK = frozenset({M.FAILED, M.UNKNOWN, M.RETURNED, M.PAYEE_NEEDED})
TOLD_DUE = frozenset({
    Promise.MERCHANT_ANSWER, Promise.RETURN_HANDLED, Promise.REFUND, Promise.REPAIR, Promise.RETURN_ADDRESS,
    Promise.RECEIPT, Promise.REPLACEMENT,
})  # fmt: skip
"""Times that are promised to the customer; what we set ourselves is not told."""


@dataclass(frozen=True)
class Head:
    """``tone``: go (something to do), wait, good, bad, end. ``until``: when; ``due``: what happens by then."""

    tone: str
    title: str
    words: str = ""
    due: str = ""
    until: datetime | None = None


@dataclass(frozen=True)
class Stage:
    """``state``: done, now, todo."""

    label: str
    state: str
    at: datetime | None = None


def head(found: Whole) -> Head:
    """What he wants to know first. Money that did not arrive comes before everything."""
    case = found.case
    if any(found.is_his(one) and may_name(one) for one in found.payments):
        return Head(
            "go",
            _("We need an account to pay you"),
            _("The way you paid is closed. Name an account below; we check it and pay."),
        )
    return {
        CaseState.REQUESTED: _asked,
        CaseState.OFFERED: _offered,
        CaseState.COUNTERED: _countered,
        CaseState.APPROVED: _approved,
        CaseState.REJECTED: _refused,
        CaseState.DISPUTED: _disputed,
        CaseState.WITHDRAWN: _withdrawn,
        CaseState.CLOSED: _closed,
    }[CaseState(case.state)](found)


def _due(found: Whole, words: str, promises: Iterable[str] = TOLD_DUE) -> tuple[str, datetime | None]:
    case = found.case
    return (words, case.next_due_at) if case.next_promise in promises and case.next_due_at else ("", None)


def _asked(found: Whole) -> Head:
    his = found.case.next_promise == Promise.MERCHANT_ANSWER
    words = _("The seller answers next.") if his else _("We look at it. You need not do anything now.")
    said = _("The seller answers by") if his else _("Decided by")
    return Head("wait", _("Your request is with us"), words, *_due(found, said))


def _offered(found: Whole) -> Head:
    amount = money(found.case.offered, found.case.currency)
    return Head(
        "go", _("You are offered %(amount)s") % {"amount": amount},
        _("Accept it, name another amount, or let the platform decide."),
    )  # fmt: skip


def _countered(found: Whole) -> Head:
    amount = money(found.case.offered, found.case.currency)
    return Head(
        "wait", _("You asked for %(amount)s instead") % {"amount": amount}, _("The other side answers next."),
        *_due(found, _("The seller answers by")),
    )  # fmt: skip


def _approved(found: Whole) -> Head:
    states = {one.state: one for one in found.inbound}
    if P.AWAITED in states and found.is_here:
        return _partly_here(found, states[P.AWAITED].ship_by)
    if (waits := states.get(P.AWAITED)) is not None:
        return _to_send(found, waits.ship_by)
    if any(one.state == P.SENT_BACK for one in found.inbound):
        return Head("wait", _("The goods are on their way back to you"), _("The waybill stands below."))
    if any(one.state == P.IN_TRANSIT for one in found.outbound):
        return Head(
            "wait",
            _("A parcel is on its way to you"),
            _("Tell us when you have it."),
        )
    if P.IN_TRANSIT in states:
        return _under_way(found, arrived=states[P.IN_TRANSIT].arrived_at is not None)
    if found.case.kind == CaseKind.REPAIR and any(one.is_open for one in found.repairs):
        return _repair(found)
    if unrepairable(found):
        return Head(
            "go", _("Your article cannot be repaired"),
            _("Do you want another one, or your money back? Tell us below; we go on with what you choose."),
        )  # fmt: skip
    if HERE & states.keys() and not found.case.settled_at:
        return Head(
            "wait",
            _("Your parcel is here: we check the goods"),
            _("You hear the result at once."),
            *_due(found, _("Done by")),
        )
    return _money(found) or _unsent(found) or Head("good", _("Approved"), _("We carry it out now."))


def _to_send(found: Whole, until: datetime | None) -> Head:
    if until is None:
        return Head(
            "wait",
            _("Approved: the seller tells us where to send the goods"),
            _("We write to you as soon as we have the address; your time to send runs from then."),
            *_due(found, _("The seller answers by"), {Promise.RETURN_ADDRESS}),
        )
    words = _("Lay the return slip in the parcel, and enter the waybill here once it is sent.")
    return Head("go", _("Approved: please send the goods back"), words, _("Send them by"), until)


def _under_way(found: Whole, *, arrived: bool) -> Head:
    if arrived:
        return Head(
            "wait",
            _("Your parcel should have arrived"),
            _("Its receipt is being confirmed; then we go on at once."),
            *_due(found, _("Confirmed by"), {Promise.RECEIPT}),
        )
    words = _("When it is here we check the goods and go on at once.")
    return Head("wait", _("Your parcel is on its way to us"), words)


def _partly_here(found: Whole, until: datetime | None) -> Head:
    to_come = [piece for parcel, pieces in found.sends if parcel.state == P.AWAITED for piece in pieces]
    told = {"here": pieces_in_words(found.is_here), "rest": pieces_in_words(to_come)}
    words = _("Here: %(here)s. Still to come: %(rest)s. We go on with what is here.") % told
    return Head("go", _("Part of your goods is here: please send the rest"), words, _("Send them by"), until)


def pieces_in_words(pieces: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{name} × {count}" for name, count in pieces)


def unrepairable(found: Whole) -> bool:
    return found.case.kind == CaseKind.REPAIR and any(one.state == "unrepairable" for one in found.repairs)


def asks_for_words(found: Whole) -> bool:
    """Whether what he is asked for next is what he writes or attaches himself."""
    dispute = found.dispute
    if found.case.state == CaseState.APPROVED:
        return unrepairable(found)
    if found.case.state != CaseState.DISPUTED or dispute is None:
        return False
    answers = dispute.state == DisputeState.OPENED and dispute.turn == Side.CUSTOMER
    return answers or dispute.state == DisputeState.EVIDENCE


def _repair(found: Whole) -> Head:
    if any(one.state == "quoted" for one in found.repairs):
        total = sum((one.quoted for one in found.repairs if one.state == "quoted"), Decimal(0))
        amount = money(total, found.case.currency)
        return Head(
            "go", _("The repair costs %(amount)s") % {"amount": amount},
            _("Tell us whether to go on; the quote stands below."),
        )  # fmt: skip
    return Head("wait", _("The workshop has your article"), "", *_due(found, _("Repaired by")))


def _money(found: Whole) -> Head | None:
    """The refund on its way; of several payments the one that is furthest behind."""
    case, states = found.case, {one.state for one in found.payments}
    closed = case.state == CaseState.CLOSED  # of what was agreed the rest was paid
    amount = _of(found, OPEN_PAYMENTS) if closed else case.agreed
    total = money(amount, case.currency)
    if states & STUCK:
        return Head(
            "wait",
            _("The bank has not paid %(amount)s yet") % {"amount": money(_of(found, STUCK), case.currency)},
            _("We follow it up and tell you; you need not do anything now."),
        )
    if M.SUBMITTED in states:
        return Head(
            "good", _("%(amount)s is with the bank") % {"amount": total},
            _("Your bank decides when it shows, mostly within a few days."),
        )  # fmt: skip
    if states & ON_WAY_OUT or case.left:
        elsewhere = any(one.other_payee_id for one in found.payments if one.state in ON_WAY_OUT)
        way = (
            _("We check the account and pay; then we tell you.")
            if elsewhere
            else _("It goes back the way you paid.")
        )
        return Head(
            "good", _("Approved: %(amount)s goes to you") % {"amount": total}, way,
            *_due(found, _("Paid by")),
        )  # fmt: skip
    return None


def _of(found: Whole, states: frozenset[PaymentState]) -> Decimal:
    return sum((one.amount for one in found.payments if one.state in states), Decimal(0))


def _unsent(found: Whole) -> Head | None:
    if not any(one.state == P.EXPIRED for one in found.inbound):
        return None
    return Head(
        "go",
        _("The time to send the goods is over"),
        _("If you have sent them, or send them now, enter the waybill: it goes on."),
    )


def _refused(found: Whole) -> Head:
    dispute = found.dispute
    if dispute is not None and dispute.state == DisputeState.APPEALED:
        return Head(
            "wait", _("Your appeal is heard"), _("Another person decides it anew; it is final then."),
            _("Decided by"), dispute.turn_until,
        )  # fmt: skip
    if dispute is not None and dispute.state == DisputeState.RULED:
        return Head(
            "bad", _("Ruled: your request was refused"), _("You may appeal once; another person decides it."),
            _("Appeal until"), dispute.turn_until,
        )  # fmt: skip
    if found.case.decided_how == DecidedBy.RULING:
        return Head(
            "bad", _("Ruled: your request was refused"), _("The ruling is final; its reasons stand below.")
        )
    said = next((one.text for one in reversed(found.notes) if one.kind == NoteKind.REJECT), "")
    words = said or _("The reason was sent to you.")
    return Head("bad", _("Your request was refused"), words)


def _disputed(found: Whole) -> Head:
    dispute = found.dispute
    if dispute is None:
        return Head("wait", _("The platform decides"))
    if dispute.state == DisputeState.OPENED:
        if dispute.turn == Side.CUSTOMER:
            return Head(
                "go",
                _("The platform decides: tell your side"),
                _("Without your answer it is ruled on what is there."),
                _("Answer by"),
                dispute.turn_until,
            )
        return Head(
            "wait", _("The platform decides: the seller answers first"),
            _("Without his answer it is ruled on what is there. You may add evidence meanwhile."),
            _("He answers by"), dispute.turn_until,
        )  # fmt: skip
    if dispute.state == DisputeState.EVIDENCE:
        return Head(
            "go", _("The platform decides: bring your evidence"),
            _("Both sides may add photos, files and words; then it is ruled."), _("Evidence until"), dispute.turn_until,
        )  # fmt: skip
    if dispute.state == DisputeState.SUSPENDED:
        cause = str(dict(SuspendedFor.choices).get(dispute.suspended_for, ""))
        return Head(
            "wait", _("The ruling waits"), cause, pgettext("customer page", "At the latest until"), dispute.turn_until
        )  # fmt: skip
    return Head(
        "wait",
        _("The platform decides: the ruling is next"),
        _("A neutral person reads what both sides brought."),
        _("Ruled by"),
        dispute.turn_until,
    )


def _withdrawn(found: Whole) -> Head:
    return Head("end", _("You withdrew this request"), _("Nothing is open any more."))


def _closed(found: Whole) -> Head:
    case = found.case
    if _pays(found) and (waits := _money(found)) is not None:
        return waits
    if case.agreed:
        amount = money(case.agreed, case.currency)
        return Head(
            "good",
            _("Done: %(amount)s was paid to you") % {"amount": amount},
            _("Your bank decides when it shows."),
        )
    return Head("end", _("This request is over"), _("Nothing is open any more."))


# The steps


def stages(found: Whole) -> list[Stage]:
    """The steps of this kind of request; none is shown as done before it is."""
    case = found.case
    rows: list[tuple[str, bool, datetime | None]] = [
        (pgettext("step", "Asked"), True, case.asked_at),
        (pgettext("step", "Decided"), _decided(found), case.decided_at),
    ]
    if case.goods_back:
        rows += _goods(found)
    rows.append(_last(found))
    if case.state in (CaseState.WITHDRAWN, CaseState.REJECTED):
        rows = [one for one in rows if one[1]]
        label = (
            pgettext("step", "Withdrawn")
            if case.state == CaseState.WITHDRAWN
            else pgettext("step", "Refused")
        )
        rows = [*rows[:1], (label, True, case.closed_at or case.decided_at)]
    return _marked(rows, over=not case.is_open and not _pays(found))


def _decided(found: Whole) -> bool:
    return found.case.state in (CaseState.APPROVED, CaseState.CLOSED, CaseState.REJECTED)


def _goods(found: Whole) -> list[tuple[str, bool, datetime | None]]:
    sent = [one for one in found.inbound if one.shipped_at or one.received_at]
    open_now = any(one.state in (P.AWAITED, P.IN_TRANSIT) for one in found.inbound)
    came = [one for one in sent if one.received_at]
    checked = found.case.settled_at or next((one.inspected_at for one in came if one.inspected_at), None)
    at = sent[-1].shipped_at or sent[-1].received_at if sent else None
    checks = (
        pgettext("step", "In the workshop")
        if found.case.kind == CaseKind.REPAIR
        else pgettext("step", "Checked")
    )
    return [
        (pgettext("step", "Sent back"), bool(sent) and not _awaits(found), at),
        (checks, bool(checked) and bool(came) and not open_now, checked),
    ]


def _awaits(found: Whole) -> bool:
    return any(one.state == P.AWAITED for one in found.inbound)


def _last(found: Whole) -> tuple[str, bool, datetime | None]:
    case = found.case
    if case.kind in MONEY_BACK or case.kind == CaseKind.COMPENSATION:
        label = pgettext("step", "Refunded") if case.kind in MONEY_BACK else pgettext("step", "Paid")
        paid = [one for one in found.payments if one.state == M.SUCCEEDED]
        done = (bool(paid) or case.state == CaseState.CLOSED) and not case.left and not _pays(found)
        return label, done, paid[-1].paid_at if paid else None
    return pgettext("step", "Done"), case.state == CaseState.CLOSED, case.closed_at


def _pays(found: Whole) -> bool:
    return any(one.is_open for one in found.payments)


def _marked(rows: list[tuple[str, bool, datetime | None]], *, over: bool) -> list[Stage]:
    found, current = [], over
    for label, done, at in rows:
        state = "done" if done else ("todo" if current else "now")
        current = current or not done
        found.append(Stage(label, state, at if done else None))
    return found
