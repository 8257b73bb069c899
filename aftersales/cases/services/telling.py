"""Telling the customer at each node of his case, unasked (R3.7): one message for each event, once."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from accounts.services import system_user
from aftersales.cases.models import Case, CaseLine, CaseNote, CaseParcel, CasePayment, Due, ParcelItem, Repair
from aftersales.cases.refunding import worth
from aftersales.cases.repairs.states import DueKind
from aftersales.cases.services.asking import goods_named
from aftersales.cases.services.returning import told_place
from aftersales.cases.states import (
    MONEY_BACK,
    CaseKind,
    CaseState,
    DecidedBy,
    Direction,
    FoundCause,
    NoteKind,
    ParcelState,
    PaymentState,
    Side,
)
from aftersales.core.models import Event
from aftersales.core.wording import money
from aftersales.customers.models import Customer
from aftersales.notices.services import notice_send
from aftersales.standards.selectors import duration
from aftersales.standards.states import Promise

DIFFERENCE_DAYS = "exchange_difference_days"
LOOKS_BACK, BATCH = timedelta(days=2), 200
Values = dict[str, Any]
Told = tuple[str, Values]
ACCOUNT_ASKED = frozenset({"payment.payee_asked", "payment.account_refused"})
"""Only now his page takes an account; that the bank sent money back is whoever works on it to hear first."""
NO_ADDRESS = _("The seller is asked where the goods are to go. Please wait for our message with the address.")
OF_MONEY = frozenset({"case.refunded", "case.payee_asked", "case.account_asked"})


def customer_tell(*, event: Event, now: datetime) -> None:
    """The message of this node. Historic tickets, cases without a customer and imports tell nobody."""
    if event.source == "import" or event.kind not in _NODES:
        return
    case = _case_of(event)
    if case is None or not case.customer_id or case.ticket.historic:
        return
    template, values = _NODES[event.kind](case, event)
    if not template:
        return
    base: Values = {"number": case.ticket.number, "case": case.number}
    if template not in OF_MONEY:
        base["asked"] = CaseKind(case.kind).label
    notice_send(
        template=template, to=_whom(case, event), about=case.ticket, values=base | values,
        key=f"event:{event.pk}", actor=system_user(now), now=now,
    )  # fmt: skip


def _whom(case: Case, event: Event) -> Customer | None:
    """For an account is asked whoever is paid: of a gift that is not the one who got it."""
    if event.kind not in ACCOUNT_ASKED:
        return case.customer
    found = CasePayment.objects.filter(pk=event.subject_id).select_related("payee").first()
    return (found.payee if found is not None else None) or case.customer


def _case_of(event: Event) -> Case | None:
    """An event of a case is about itself; those of its parcels, payments and repairs name it."""
    own = event.subject_id if event.subject_kind == "cases.case" else event.payload.get("case_id", 0)
    found: Case | None = (
        Case.objects.select_related("ticket", "customer", "merchant", "order").filter(pk=own).first()
    )
    return found


def _opened(case: Case, event: Event) -> Told:
    """A compensation is ours to give: he hears of it when it is decided or offered, not while we think about it."""
    return ("", {}) if case.kind == CaseKind.COMPENSATION else ("case.opened", {})


def _approved(case: Case, event: Event) -> Told:
    """With the address and the last day where goods are to come back."""
    if case.state != CaseState.APPROVED:
        return "", {}
    values: Values = {"amount": money(case.agreed, case.currency) if case.agreed else None}
    parcel = CaseParcel.objects.filter(
        case=case, direction=Direction.INBOUND, state=ParcelState.AWAITED
    ).last()
    if parcel is not None:
        values |= {
            "due": parcel.ship_by, "return_to": return_address(case), "freight": Side(case.return_freight).label,
            "no_address": None if parcel.ship_by else NO_ADDRESS,
        }  # fmt: skip
    return "case.approved", values


def _address_given(case: Case, event: Event) -> Told:
    """Where to, and until when; the goods can go now."""
    parcels = CaseParcel.objects.filter(case=case, direction=Direction.INBOUND, state=ParcelState.AWAITED)
    parcel = parcels.exclude(ship_by=None).last()
    if parcel is None:
        return "", {}
    freight = Side(case.return_freight).label
    return "case.address_given", {
        "due": parcel.ship_by,
        "return_to": return_address(case),
        "freight": freight,
    }


def _address_changed(case: Case, event: Event) -> Told:
    """Where to from now on: nothing was sent to the earlier address, as far as we know."""
    template, values = _address_given(case, event)
    known = {name: values[name] for name in ("due", "return_to")} if template else {}
    return ("case.address_changed", known) if known else ("", {})


def return_address(case: Case) -> str | None:
    """Where the goods of the case go back to; None where nobody said it yet."""
    found = told_place(case)
    return str(found) if found is not None else None


def _offered(case: Case, event: Event) -> Told:
    if case.state != CaseState.OFFERED:
        return "", {}
    return "case.offered", {
        "amount": money(case.offered, case.currency), "reason": _last_words(case, NoteKind.OFFER)
    }  # fmt: skip


def _rejected(case: Case, event: Event) -> Told:
    """Not what a ruling did: it is told with its own reasons. Nor a compensation of ours that he never heard of."""
    if event.payload.get("how") == DecidedBy.RULING or (
        case.kind == CaseKind.COMPENSATION and not case.offered
    ):
        return "", {}
    return "case.rejected", {"reason": _last_words(case, NoteKind.REJECT)}


def _last_words(case: Case, kind: str) -> str | None:
    said = CaseNote.objects.filter(case=case, kind=kind, erased_at=None).order_by("-at", "-id").first()
    return said.text if said else None


def _warned(case: Case, event: Event) -> Told:
    parcel = CaseParcel.objects.filter(pk=event.subject_id, state=ParcelState.AWAITED).first()
    return ("case.warned", {"due": parcel.ship_by}) if parcel else ("", {})


def _not_stopped(case: Case, event: Event) -> Told:
    parcel = CaseParcel.objects.filter(pk=event.subject_id, state=ParcelState.IN_TRANSIT).first()
    return ("case.not_stopped", {"tracking": parcel.tracking_no or None}) if parcel else ("", {})


def _expired(case: Case, event: Event) -> Told:
    """Nobody waits for them any more; whoever was paid at once is asked for them all the same."""
    amount = money(case.agreed, case.currency) if case.agreed else None
    return "case.unsent" if case.instant and case.paying else "case.expired", {"amount": amount}


def _received(case: Case, event: Event) -> Told:
    if event.payload.get("direction") != Direction.INBOUND:
        return "", {}
    parcel = CaseParcel.objects.filter(pk=event.subject_id).first()
    to_come = _to_come(case)
    here = ParcelItem.objects.filter(parcel=event.subject_id, case_line__case=case, received__gt=0)
    items = [(one.case_line, one.received) for one in here.select_related("case_line__line").order_by("id")]
    return "case.received", {
        "tracking": parcel.tracking_no or None if parcel else None,
        "items": _named(items) if to_come else None, "to_come": to_come,
    }  # fmt: skip


def _to_come(case: Case) -> str | None:
    """The pieces that still wait to be sent; None where nothing does."""
    rows = ParcelItem.objects.filter(
        case_line__case=case,
        parcel__direction=Direction.INBOUND,
        parcel__state=ParcelState.AWAITED,
        announced__gt=0,
    )
    items = [(one.case_line, one.announced) for one in rows.select_related("case_line__line").order_by("id")]
    return _named(items) or None


def _named(items: Sequence[tuple[CaseLine, int]]) -> str:
    return ", ".join(f"{one.line.product_name or one.line.sku} × {count}" for one, count in items)


def _sent_back(case: Case, event: Event) -> Told:
    """Goods that are his go home; of a repair the workshop tells."""
    parcel = CaseParcel.objects.filter(pk=event.subject_id).first()
    if parcel is None or case.kind == CaseKind.REPAIR:
        return "", {}
    return "case.sent_back", {"tracking": parcel.back_tracking_no or None, "reason": _why_back(case, parcel)}


def _why_back(case: Case, parcel: CaseParcel) -> str | None:
    if ParcelItem.objects.filter(parcel=parcel, wrong__gt=0).exists():
        return str(FoundCause.OTHER_ITEM.label)
    return (
        str(CaseState(case.state).label) if case.state in (CaseState.WITHDRAWN, CaseState.REJECTED) else None
    )


def _inspected(case: Case, event: Event) -> Told:
    return "case.inspected", _findings(case, event) | {"to_come": _to_come(case)}


def _findings(case: Case, event: Event) -> Values:
    """Which pieces were found how, what is refunded, and what was taken off for what."""
    rows = ParcelItem.objects.filter(parcel=event.subject_id, case_line__case=case).order_by("id")
    items = list(rows.select_related("case_line__line"))
    off = [one for one in items if one.deduction]
    total = _of_these(items) if _to_come(case) else case.agreed
    amount = money(total, case.currency) if total or case.kind in MONEY_BACK else None
    return {
        "items": _found_words(items) if items else None, "amount": amount,
        "reason": _off_words(off, case.currency) if off else None,
    }  # fmt: skip


def _of_these(items: Sequence[ParcelItem]) -> Decimal:
    """What the pieces of this parcel give, where the sum of the case still counts others that are not here."""
    return sum(
        (
            worth(one.case_line.promised, one.case_line.approved, one.accepted + one.damaged) - one.deduction
            for one in items
            if one.accepted + one.damaged
        ),
        Decimal(0),
    )


def _found_in_words(items: Sequence[ParcelItem]) -> str:
    counted = (
        ("accepted", pgettext("count", "In order")), ("damaged", pgettext("count", "Damaged")),
        ("missing", pgettext("count", "Incomplete or empty")), ("wrong", pgettext("count", "Another article")),
    )  # fmt: skip
    found = []
    for item in items:
        counts = ", ".join(f"{word} {n}" for name, word in counted if (n := getattr(item, name)))
        found.append(f"{item.case_line.line.product_name or item.case_line.line.sku} ({counts})")
    return "; ".join(found)


def _off_in_words(items: Sequence[ParcelItem], currency: str) -> str:
    return "; ".join(
        f"{one.case_line.line.product_name or one.case_line.line.sku} -{money(one.deduction, currency)} ({one.why})"
        for one in items
    )


# In the language of whoever reads the message.
_found_words, _off_words = lazy(_found_in_words, str), lazy(_off_in_words, str)


def merchant_tell(*, event: Event, now: datetime) -> None:
    """The seller learns what was found of the goods, and what he owes; of our own sales nobody has to be told."""
    case = _case_of(event)
    if event.kind not in _SELLERS_NODES or event.source == "import" or case is None:
        return
    if case.merchant is None or case.merchant.self_run or case.ticket.historic:
        return
    base: Values = {"number": case.ticket.number, "case": case.number, "asked": CaseKind(case.kind).label}
    template, values = _SELLERS_NODES[event.kind](case, event)
    notice_send(
        template=template, to=case.merchant, about=case.ticket,
        values=base | {"order": case.order.external_no if case.order else None} | values,
        key=f"event:{event.pk}:merchant", actor=system_user(now), now=now,
    )  # fmt: skip


def _refunded(case: Case, event: Event) -> Told:
    """Not where the bank has sent it back meanwhile: he is told of that."""
    payment = CasePayment.objects.filter(pk=event.subject_id).first()
    back = Event.objects.about("cases.casepayment", event.subject_id).filter(
        kind="payment.returned", pk__gt=event.pk
    )
    if payment is None or back.exists():
        return "", {}
    return "case.refunded", {"amount": money(payment.amount, payment.currency)}


def _payee_asked(case: Case, event: Event) -> Told:
    payment = CasePayment.objects.filter(pk=event.subject_id, state=PaymentState.PAYEE_NEEDED).first()
    if payment is None:  # another account is known already, it was paid after all, or called back
        return "", {}
    amount = money(payment.amount, payment.currency)
    if (
        not payment.attempts and payment.replaces_id is None
    ):  # nothing came back: there was no account to pay to
        return "case.account_asked", {"amount": amount}
    return "case.payee_asked", {"amount": amount, "reason": payment.failure or None}


def worker_tell(*, event: Event, now: datetime) -> None:
    """The bank did not pay or sent the money back, or no account is known: whoever works on the ticket goes on."""
    rows = CasePayment.objects.select_related("case__ticket__assignee", "case__ticket__owner")
    stuck = [PaymentState.FAILED, PaymentState.RETURNED, PaymentState.APPROVED]
    row: CasePayment | None = rows.filter(pk=event.subject_id, state__in=stuck).first()
    if row is not None and row.state == PaymentState.APPROVED and not row.wayless:
        return
    ticket = row.case.ticket if row is not None else None
    worker = (ticket.assignee or ticket.owner) if ticket is not None else None
    if event.source == "import" or row is None or ticket is None or worker is None or ticket.historic:
        return
    values: Values = {
        "number": ticket.number, "problem": ticket.subject, "case": row.case.number,
        "amount": money(row.amount, row.currency),
    }  # fmt: skip
    template = "work.no_account"
    if row.attempts:
        template, values["reason"] = "work.money_back", row.failure or None
    notice_send(
        template=template, to=worker, about=ticket, values=values, key=f"event:{event.pk}",
        actor=system_user(now), now=now,
    )  # fmt: skip


def _turned(case: Case, event: Event) -> Told:
    owed = Due.objects.unpaid().filter(case=case, kind=DueKind.DIFFERENCE).first()
    return "case.turned", {
        "amount": money(case.agreed, case.currency) if case.agreed else None,
        "difference": money(owed.amount, owed.currency) if owed else None,
    }


def _due(case: Case, event: Event) -> Told:
    """How much, for what; of an exchange also until when it stays open, for paying is how the customer agrees."""
    amount, currency, kind = Decimal(event.payload["amount"]), event.payload["currency"], event.payload["due"]
    until = event.at + duration(DIFFERENCE_DAYS, event.at) if kind == DueKind.DIFFERENCE else None
    return "case.due", {"amount": money(amount, currency), "reason": DueKind(kind).label, "due": until}


def differences_unpaid(*, now: datetime) -> int:
    """Whoever works on the ticket learns that a customer did not pay the difference of his exchange in time: once for
    each amount. Answers how many are told."""
    over = now - duration(DIFFERENCE_DAYS, now)
    late = Due.objects.unpaid().filter(
        kind=DueKind.DIFFERENCE, owed_at__lte=over, owed_at__gt=over - LOOKS_BACK
    )
    rows = late.filter(case__state=CaseState.APPROVED, case__ticket__historic=False)
    told = 0
    for row in rows.select_related("case__ticket__assignee", "case__ticket__owner").order_by("pk")[:BATCH]:
        ticket = row.case.ticket
        worker = ticket.assignee or ticket.owner
        if worker is None:
            continue
        values = {
            "number": ticket.number, "problem": ticket.subject, "case": row.case.number,
            "amount": money(row.amount, row.currency),
        }  # fmt: skip
        notice_send(
            template="work.difference_unpaid", to=worker, about=ticket, values=values, key=f"due:{row.pk}",
            actor=system_user(now), now=now,
        )  # fmt: skip
        told += 1
    return told


def _replaced(case: Case, event: Event) -> Told:
    parcel = CaseParcel.objects.filter(case=case, direction=Direction.OUTBOUND).order_by("-id").first()
    return "case.replacement_sent", {"tracking": parcel.tracking_no or None if parcel else None}


def _owed_by_seller(template: str, promise: Promise) -> Callable[[Case, Event], Told]:
    """What he is to do, of which goods, and until when."""
    return lambda case, event: (
        template,
        {"items": goods_named(case), "due": case.next_due_at if case.next_promise == promise else None},
    )


_SELLERS_NODES: Mapping[str, Callable[[Case, Event], Told]] = {
    "case_parcel.inspected": lambda case, event: ("case.inspected_merchant", _findings(case, event)),
    "case.address_asked": _owed_by_seller("case.address_wanted", Promise.RETURN_ADDRESS),
    "case.goods_arrived": _owed_by_seller("case.arrived_merchant", Promise.RECEIPT),
    "case.replacement_owed": _owed_by_seller("case.replacement_wanted", Promise.REPLACEMENT),
}


def _repair(template: str) -> Callable[[Case, Event], Told]:
    return lambda case, event: (template, {})


def _diagnosed(case: Case, event: Event) -> Told:
    row = Repair.objects.filter(pk=event.subject_id).select_related("tree_version").first()
    cause = row.tree_version.cause(row.suspected) if row and row.tree_version else ""
    return "repair.diagnosed", {"reason": cause or None}


def _quoted(case: Case, event: Event) -> Told:
    return "repair.quoted", {"amount": money(Decimal(event.payload["amount"]), case.currency)}


def _repair_back(case: Case, event: Event) -> Told:
    parcel = CaseParcel.objects.filter(case=case, direction=Direction.INBOUND).order_by("-id").first()
    return "repair.sent_back", {"tracking": parcel.back_tracking_no or None if parcel else None}


_NODES: Mapping[str, Callable[[Case, Event], Told]] = {
    "case.turned": _turned,
    "case.due_asked": _due,
    "case.replacement_sent": _replaced,
    "repair.diagnosed": _diagnosed,
    "repair.quoted": _quoted,
    "repair.awaiting_parts": _repair("repair.waits"),
    "repair.tested": _repair("repair.tested"),
    "repair.gave_up": _repair("repair.gave_up"),
    "repair.sent_back": _repair_back,
    "case.asked": _opened,
    "case.offered": _offered,
    "case.approved": _approved,
    "case.address_given": _address_given,
    "case.address_changed": _address_changed,
    "case.rejected": _rejected,
    "case_parcel.warned": _warned,
    "case_parcel.expired": _expired,
    "case_parcel.stop_failed": _not_stopped,
    "case_parcel.sent_back": _sent_back,
    "case_parcel.received": _received,
    "case_parcel.inspected": _inspected,
    "payment.succeeded": _refunded,
    **dict.fromkeys(ACCOUNT_ASKED, _payee_asked),
}
