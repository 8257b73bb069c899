"""What holds of an order and its cases whatever was done to them, in whatever order. Written from the business's rules:
nothing here asks the code's own tables of states."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Sum

from aftersales.cases.models import (
    Case,
    CaseLine,
    CaseParcel,
    CasePayment,
    Dispute,
    LineAccount,
    OrderAccount,
    ParcelItem,
    PaymentPart,
    TenderAccount,
)
from aftersales.cases.services.parcels import his_goods
from aftersales.core.models import Event
from aftersales.ledger import selectors as ledger
from aftersales.orders.models import Order, OrderLine, Payment
from aftersales.tickets.models import Ticket

ZERO = Decimal(0)
WORK = ["requested", "offered", "countered", "approved", "disputed"]
TAKES = ["proposed", "awaiting_approval", "approved", "submitted", "succeeded", "failed", "unknown"]
TAKES += ["returned_by_bank", "payee_needed"]
NOT_DONE = [one for one in TAKES if one != "succeeded"]
ON_WAY = ["awaited", "in_transit", "received", "refused_at_door", "intercepted", "inspected", "sent_back"]
UNDECIDED_DISPUTE = ["opened", "evidence", "under_review", "suspended"]


def total(rows: Any, column: str = "amount") -> Decimal:
    return rows.aggregate(sum=Sum(column))["sum"] or ZERO


def check_whole() -> None:
    """Everything below, and what PostgreSQL would only say at the end of a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    problems = [
        *_pieces(), *_granted(), *_payments(), *_order_heard(), *_ended(), *_told(), *_ticket(), *_books()
    ]  # fmt: skip
    if problems:
        raise AssertionError("\n".join(problems))


def check_money() -> None:
    """Of that, what is money: replaced articles pass the merchant's shelf more often than they were bought."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    assert [*_granted(), *_payments(), *_order_heard(), *_books()] == []


def _pieces() -> Iterator[str]:
    """Never more pieces than were bought, in cases and on the merchant's shelf."""
    for account in LineAccount.objects.all():
        bought = OrderLine.objects.get(pk=account.line_id).quantity
        mine = CaseLine.objects.filter(line=account.line_id)
        open_now = mine.filter(case__state__in=WORK).aggregate(n=Sum("announced"))["n"] or 0
        ever = mine.filter(case__state__in=[*WORK, "closed"]).aggregate(n=Sum("announced"))["n"] or 0
        if not open_now <= account.claimed <= min(bought, ever):
            yield f"line {account.line_id}: {open_now} in open cases, {account.claimed} claimed, {ever} ever"
        kept = ParcelItem.objects.filter(case_line__line=account.line_id, parcel__state="kept")
        stay = sum(one.accepted + one.damaged for one in kept)
        if stay > bought:
            yield f"line {account.line_id}: {stay} pieces stay with the merchant, {bought} were bought"


def _granted() -> Iterator[str]:
    """Paid and in flight ≤ granted ≤ paid by the customer: for each line, for freight, for the order."""
    for account in LineAccount.objects.all():
        granted = total(CaseLine.objects.filter(line=account.line_id), "agreed")
        if account.granted != granted:
            yield f"line {account.line_id}: account {account.granted}, cases {granted}"
        if granted > account.paid:
            yield f"line {account.line_id}: granted {granted} of {account.paid} paid"
    for account in OrderAccount.objects.all():
        mine = Case.objects.filter(order=account.order_id)
        granted, freight = (
            total(mine, "agreed") - total(mine, "agreed_extra"),
            total(mine, "agreed_freight"),
        )
        if (account.granted, account.freight_granted) != (granted, freight):
            yield f"order: account {account.granted} + {account.freight_granted}, cases {granted} + {freight}"
        order = Order.objects.get(pk=account.order_id)
        if granted > order.paid or freight > order.freight:
            yield f"order: granted {granted}, freight {freight}"
        refunds = PaymentPart.objects.filter(
            payment__case__order=order, payment__kind="refund", payment__state__in=TAKES
        )
        if total(refunds) > granted:
            yield f"order: {total(refunds)} paid or on its way, {granted} granted"
        if total(refunds.filter(freight=True)) > order.freight:
            yield f"order: {total(refunds.filter(freight=True))} of freight paid"


def _payments() -> Iterator[str]:
    """A case holds what its payments take; each payment went out and came back at most once more than the other."""
    for case in Case.objects.all():
        taken = total(CasePayment.objects.filter(case=case, state__in=TAKES))
        if case.paying != taken or taken > case.agreed:
            yield f"{case}: {case.paying} noted, {taken} in payments, {case.agreed} agreed"
    for row in CasePayment.objects.all():
        if total(PaymentPart.objects.filter(payment=row)) != row.amount:
            yield f"{row.number}: its parts are not its amount"
        kinds = list(Event.objects.about("cases.casepayment", row.pk).values_list("kind", flat=True))
        out = kinds.count("payment.succeeded")
        out -= kinds.count("payment.returned") + kinds.count("payment.reversed")
        if out != (row.state == "succeeded"):
            yield f"{row.number}: {row.state}, but {out} times out"
    for account in TenderAccount.objects.all():
        back = total(PaymentPart.objects.filter(tender=account.payment_id, payment__state__in=TAKES))
        if account.granted != back or back > account.paid:
            yield f"payment {account.payment_id} of the order: {account.granted} noted, {back} on its way back"


def _order_heard() -> Iterator[str]:
    """What the order says was refunded is what our payments that succeeded gave back, by line and by payment."""
    paid = PaymentPart.objects.filter(payment__kind="refund", payment__state="succeeded")
    for order in Order.objects.all():
        mine = total(paid.filter(payment__case__order=order))
        if order.refunded != mine or mine > order.paid:
            yield f"order: {order.refunded} told, {mine} paid back, {order.paid} paid"
    for line in OrderLine.objects.all():
        mine = total(paid.filter(case_line__line=line))
        if line.refunded != mine:
            yield f"line {line.pk}: {line.refunded} told, {mine} paid back"
    for row in Payment.objects.all():
        mine = total(paid.filter(tender=row))
        if row.refunded != mine:
            yield f"payment {row.pk}: {row.refunded} told, {mine} paid back"


def _ended() -> Iterator[str]:
    """A case that ended keeps nothing open."""
    for case in Case.objects.filter(state__in=["closed", "withdrawn"]):
        left = CasePayment.objects.filter(case=case, state__in=NOT_DONE)
        if case.state == "closed":  # what came back from the bank after all, or is paid anew since
            left = left.filter(replaces=None).exclude(state__in=["returned_by_bank", "payee_needed"])
        if left.exists():
            yield f"{case}: {case.state} with an open payment"
        if Dispute.objects.filter(case=case, state__in=UNDECIDED_DISPUTE).exists():
            yield f"{case}: {case.state} with an open dispute"
        waits = CaseParcel.objects.filter(case=case, direction="inbound")
        if waits.filter(state="awaited").exists() or (
            case.state == "closed" and not his_goods(case) and waits.filter(state__in=ON_WAY).exists()
        ):  # what comes after a return that ended without money is his: it goes home
            yield f"{case}: {case.state} while goods are awaited"
    for case in Case.objects.filter(state="withdrawn"):
        if case.agreed or CaseLine.objects.filter(case=case, agreed__gt=0).exists():
            yield f"{case}: withdrawn, and {case.agreed} is agreed"


def _told() -> Iterator[str]:
    """The events of every machine tell its way without a gap, and end where the row stands."""
    for model in (Case, CaseParcel, CasePayment, Dispute):
        ways: dict[int, list[tuple[str, str]]] = defaultdict(list)
        told = Event.objects.filter(subject_kind=model._meta.label_lower).exclude(new="").order_by("id")
        for pk, old, new in told.values_list("subject_id", "old", "new"):
            ways[pk].append((old, new))
        for row in model.objects.all():
            way = ways[row.pk]
            gaps = [
                step for before, step in zip(way, way[1:], strict=False) if before[1] != step[0]
            ]  # each begins where the last ended
            if not way or way[-1][1] != row.state or gaps:
                yield f"{model.__name__} {row.pk}: {row.state}, told {way}"


def _ticket() -> Iterator[str]:
    for ticket in Ticket.objects.all():
        mine = Case.objects.filter(ticket=ticket)
        holding = {case.pk for case in mine if case.state in WORK}
        holding |= set(mine.filter(payments__state__in=NOT_DONE).values_list("pk", flat=True))
        counts = (mine.count(), len(holding))
        if (ticket.case_count, ticket.cases_open) != counts:
            yield f"ticket: {(ticket.case_count, ticket.cases_open)} noted, {counts} cases"


def _books() -> Iterator[str]:
    for unit, debits, credits in ledger.totals():
        if debits != credits:
            yield f"{unit}: {debits} debited, {credits} credited"
    yield from (str(fault) for fault in ledger.faults())
