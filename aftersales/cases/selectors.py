"""Answers about cases, set-based, for guards and pages. Nothing here writes."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import F, Max, Q
from django.utils.translation import gettext as _

from aftersales.cases.authority.selectors import open_letters
from aftersales.cases.disputestates import MAY_CHANGE
from aftersales.cases.models import (
    Case,
    CaseLine,
    CaseParcel,
    CasePayment,
    Dispute,
    ParcelItem,
    ParcelPhoto,
    ReplacementLine,
    ServiceRequest,
)
from aftersales.cases.querysets import PaymentQuerySet
from aftersales.cases.states import (
    MONEY_BACK,
    CaseKind,
    CaseState,
    Direction,
    Ground,
    ParcelState,
    PaymentKind,
    PaymentState,
)
from aftersales.core.wording import money
from aftersales.customers.models import Contact
from aftersales.tickets.models import Attachment, Ticket

OUT = frozenset({
    PaymentState.SUBMITTED, PaymentState.SUCCEEDED, PaymentState.UNKNOWN, PaymentState.RETURNED,
    PaymentState.PAYEE_NEEDED, PaymentState.REPLACED,
})  # fmt: skip
"""States of money that is out, or that nobody can call back any more."""


def replacements_sent(rows: Sequence[Ticket], now: datetime) -> Mapping[int, dict[str, str]]:
    """The newest parcel that went out in exchange for each ticket, as the blanks of an answer name it. One query."""
    lines = ReplacementLine.objects.filter(
        exchange__case__ticket__in=[row.pk for row in rows], dropped_at=None, parcel__direction=Direction.OUTBOUND,
    ).exclude(parcel__tracking_no="")  # fmt: skip
    found: dict[int, dict[str, str]] = {}
    parcels: dict[int, int] = {}
    for line in lines.select_related("parcel", "exchange__case").order_by("-parcel_id", "id"):
        ticket = line.exchange.case.ticket_id
        if parcels.setdefault(ticket, line.parcel_id) != line.parcel_id:
            continue
        known = found.setdefault(
            ticket,
            {"new_product": "", "new_carrier": line.parcel.carrier, "new_tracking": line.parcel.tracking_no},
        )
        known["new_product"] = "、".join(filter(None, (known["new_product"], line.name)))
    return found


def open_work(rows: Sequence[Ticket], now: datetime) -> Mapping[int, list[str]]:
    """What still has to end before a ticket is resolved: a sentence for each open case, small request and letter.

    No query for a ticket whose row says that nothing is open, and no further one where what was found is all of it.
    """
    asked = {row.pk: row.cases_open for row in rows if row.cases_open}
    found: dict[int, list[str]] = defaultdict(list)
    if not asked:
        return found
    for case in Case.objects.holding().filter(ticket__in=asked).order_by("id"):
        found[case.ticket_id].append(
            _("Case %(number)s (%(kind)s) is open: bring it to its end first.")
            % {"number": case.number, "kind": case.get_kind_display()}
        )
    more = _beyond(asked, found)
    small = ServiceRequest.objects.open().filter(ticket__in=more, holds_ticket=True) if more else ()
    for request in small:
        found[request.ticket_id].append(
            _("Request %(number)s (%(kind)s) is open: bring it to its end first.")
            % {"number": request.number, "kind": request.get_kind_display()}
        )
    more = _beyond(asked, found)
    for pk, letters in open_letters([row for row in rows if row.pk in more], now).items():
        found[pk].extend(letters)
    return found


def _beyond(asked: Mapping[int, int], found: Mapping[int, Sequence[str]]) -> list[int]:
    """The tickets on which more is open than was found so far; the others are asked nothing further."""
    return [pk for pk, count in asked.items() if count > len(found.get(pk, ()))]


def open_parts(rows: Sequence[Case], now: datetime) -> Mapping[int, list[str]]:
    """What is agreed and not paid; parcels, payments and disputes that are not at their end. Three queries for all."""
    found: dict[int, list[str]] = defaultdict(list)
    ids = [row.pk for row in rows]
    for row in rows:
        if row.state == CaseState.APPROVED and row.left > 0:
            owed = {"amount": money(row.left, row.currency)}
            found[row.pk].append(_("%(amount)s of what was agreed stands in no payment yet.") % owed)
    for case_id, parcel in _open_parcels(ids):
        name = f"{parcel.carrier} {parcel.tracking_no}".strip() or parcel.get_direction_display()
        found[case_id].append(_("The parcel %(parcel)s is not at its end.") % {"parcel": name})
    for payment in CasePayment.objects.open().filter(case__in=ids):
        found[payment.case_id].append(_("Payment %(number)s is not at its end.") % {"number": payment.number})
    for dispute in Dispute.objects.filter(case__in=ids, state__in=MAY_CHANGE):
        found[dispute.case_id].append(
            _("Dispute %(number)s may still change it.") % {"number": dispute.number}
        )
    return found


def _open_parcels(ids: Sequence[int]) -> list[tuple[int, CaseParcel]]:
    """Open parcels with the cases whose goods lie in them, the one they were announced for among them."""
    mine = Q(case__in=ids) | Q(items__case_line__case__in=ids)
    rows = CaseParcel.objects.open().filter(mine).annotate(holds=F("items__case_line__case"))
    pairs = {(pk, row.pk): row for row in rows.order_by("id") for pk in (row.case_id, row.holds) if pk in ids}
    return [(pk, row) for (pk, _parcel), row in pairs.items()]


def stored_photos(names: Sequence[str]) -> Iterable[str]:
    """Which of these stored files are pictures of the receiving desk."""
    return ParcelPhoto.objects.filter(name__in=names).values_list("name", flat=True)


def bound(rows: Sequence[Case], now: datetime) -> Mapping[int, bool]:
    """Cases whose money is out, or on a way from which it cannot be called back. One query."""
    paid = CasePayment.objects.filter(case__in=[row.pk for row in rows])
    paid = paid.filter(Q(state__in=OUT) | PaymentQuerySet.goes_out())
    return dict.fromkeys(paid.values_list("case_id", flat=True), True)


def evidence_files(rows: Sequence[Case], now: datetime) -> Mapping[int, bool]:
    """Cases for which a minor's guardian brought a file to the ticket. No query where none is asked for that."""
    asked = {row.pk: row.ticket_id for row in rows if row.ground == Ground.MINOR}
    if not asked:
        return {}
    files = Attachment.objects.filter(ticket__in=asked.values(), erased_at=None)
    having = set(files.values_list("ticket_id", flat=True))
    return {pk: True for pk, ticket in asked.items() if ticket in having}


def released(rows: Sequence[CasePayment], now: datetime) -> Mapping[int, bool]:
    """Approved payments whose run somebody released. One query, none where no run holds any of them."""
    held = [row.pk for row in rows if row.state == PaymentState.APPROVED and row.run_id]
    out = CasePayment.objects.filter(PaymentQuerySet.goes_out(), pk__in=held) if held else ()
    return {row.pk: True for row in out}


def kept(rows: Sequence[Case], now: datetime) -> Mapping[int, bool]:
    """Cases of which goods stay with the merchant. One query."""
    stay = ParcelItem.objects.filter(
        case_line__case__in=[row.pk for row in rows], parcel__state=ParcelState.KEPT
    )
    return dict.fromkeys(stay.values_list("case_line__case", flat=True), True)


def cases_of(ticket: Ticket) -> list[Case]:
    """The cases of a ticket with their lines, oldest first; no query where the row says there is none."""
    if not ticket.case_count:
        return []
    return list(Case.objects.filter(ticket=ticket).prefetch_related("lines__line").order_by("id"))


def pays_for_goods(case: Case) -> bool:
    """Whether money goes back for what comes back: a return, or an exchange for something cheaper."""
    return case.kind in MONEY_BACK or (case.kind == CaseKind.EXCHANGE and case.promised > 0)


def pieces_awaited(case: Case, lines: Iterable[CaseLine]) -> int:
    """Pieces that somebody has to see before this case is paid; none of an instant refund or of waived goods.

    What was seen is settled: missing, refused and lost pieces changed what was agreed, nobody waits for them.
    """
    if not case.goods_back or case.instant or case.settled_at:
        return 0
    if not pays_for_goods(case):  # freight alone is owed as soon as they are here
        return sum(line.approved - line.received for line in lines) if case.back_freight else 0
    return max(1, sum(line.approved - line.accepted for line in lines))


def addressee(case: Case) -> list[Contact]:
    """Name, telephone and address that the order of a case goes to; what was erased is left out."""
    order = case.order
    if order is None:
        return []
    ids = [order.ship_name_id, order.ship_phone_id, order.ship_address_id]
    known = {one.pk: one for one in Contact.objects.filter(pk__in=[pk for pk in ids if pk], erased_at=None)}
    return [known[pk] for pk in ids if pk in known]


def given_at(cases: Collection[int]) -> Mapping[int, datetime]:
    """By case when the refund that stands in payments now was proposed the last time: then the merchant had done his
    part. Freight and what else is paid besides is no part of it.
    """
    rows = CasePayment.objects.filter(
        case__in=cases, kind=PaymentKind.REFUND, came_back_at=None, replaces=None
    ).order_by()
    return dict(rows.values_list("case").annotate(Max("proposed_at")))
