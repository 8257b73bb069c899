"""What a small request may ask, and what follows when it is done, through the services of cases and payments."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from accounts.states import MERCHANT_ROLES
from aftersales.cases import taxno
from aftersales.cases.models import Case, Invoice, LineAccount, ServiceRequest
from aftersales.cases.refunding import ZERO
from aftersales.cases.request_states import BuyerKind
from aftersales.cases.services.deciding import case_approve
from aftersales.cases.services.invoices import invoice_of, invoice_write
from aftersales.cases.services.opening import CaseDraft, by_seller, case_open, ref_of
from aftersales.cases.services.parcels import carrier_name, waybill
from aftersales.cases.services.proposing import payment_propose
from aftersales.cases.services.standing import categories
from aftersales.cases.states import CaseKind, CaseState, CompensationKind, DecidedBy, Ground, Side
from aftersales.core.errors import DomainError, Text
from aftersales.core.money import CENT
from aftersales.core.wording import money
from aftersales.orders.models import Order, OrderLine, Shipment
from aftersales.orders.states import InvoiceKind, OrderStatus, ShipmentStatus
from aftersales.standards.selectors import parameter

Details = Mapping[str, Any]
SOURCE = "request"
GONE = frozenset({OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.COMPLETED})
WITHOUT_EFFECT = frozenset({CaseState.REJECTED, CaseState.WITHDRAWN})
NAMED = 5
NO_PARCEL = frozenset({ShipmentStatus.CANCELED, ShipmentStatus.PENDING})


@dataclass
class Subject:
    """What a request is about, as its kind judges it. ``details`` may be completed (the snapshot of a price)."""

    order: Order | None
    line: OrderLine | None
    details: dict[str, Any]
    asked_at: datetime
    now: datetime
    result: Details = field(default_factory=dict)

    def the_order(self) -> Order:
        if self.order is None:
            raise DomainError(_("Say first which order this ticket is about."), "no_order")
        return self.order

    def the_line(self) -> OrderLine:
        if self.line is None:
            raise DomainError(_("Choose the article."), "line")
        return self.line


def nothing_against(subject: Subject) -> None:
    subject.the_order()


def nothing_follows(
    request: ServiceRequest, subject: Subject, result: Details, actor: Any, now: datetime
) -> Case | None:
    return None


# Cancel, change of address


def dispatched_by(order: Order, at: datetime) -> bool:
    """Whether a parcel had left when it was asked. One that left afterwards is no proof but a breach (R4.3)."""
    sent = Shipment.objects.filter(order=order).exclude(status__in=NO_PARCEL)
    if sent.filter(Q(shipped_at=None) | Q(shipped_at__lte=at)).exists():
        return True
    return order.status in GONE and not sent.exists()


def dispatched_after(order: Order, at: datetime) -> bool:
    """Whether a parcel left although it had been asked to cancel or to change the address."""
    return Shipment.objects.filter(order=order, shipped_at__gt=at).exclude(status__in=NO_PARCEL).exists()


def not_dispatched(subject: Subject) -> None:
    """Error: dispatched."""
    order = subject.the_order()
    if dispatched_by(order, subject.asked_at):
        raise DomainError(
            _("The order was dispatched: it can be stopped on its way, refused at the door or returned."),
            "dispatched",
        )
    if order.status in (OrderStatus.CANCELED, OrderStatus.UNAVAILABLE):
        raise DomainError(_("The order is cancelled already."), "cancelled")


def refund_all(
    request: ServiceRequest, subject: Subject, result: Details, actor: Any, now: datetime
) -> Case | None:
    """Everything that no case has taken goes back, by a case for each seller; the request names the first.

    An order that was not paid has nothing to give.
    """
    order = subject.the_order()
    if order.paid <= order.refunded:
        return None
    lines = list(OrderLine.objects.filter(order=order))
    taken = dict(LineAccount.objects.filter(line__in=lines).values_list("line", "claimed"))
    free = {line.pk: line.quantity - taken.get(line.pk, 0) for line in lines}
    pieces = {pk: count for pk, count in free.items() if count > 0}
    if lines and not pieces:
        return None
    drafts = [
        CaseDraft(
            CaseKind.REFUND_ONLY, Ground.NOT_SENT, his, words=request.words, asked_at=request.asked_at,
            source=SOURCE, source_ref=ref_of(request.pk, count),
        )
        for count, his in enumerate(by_seller(order, pieces))
    ]  # fmt: skip
    if len(drafts) > 1 and actor.has_role(*MERCHANT_ROLES):
        words = _(
            "This order holds articles of several shops: write to the platform, which cancels it for all of them."
        )
        raise DomainError(words, "several_shops")
    return [_decided(request, draft, actor, now) for draft in drafts][0]


def _decided(request: ServiceRequest, draft: CaseDraft, actor: Any, now: datetime) -> Case:
    """A case that whoever owes it has agreed to: approved and proposed for payment within the limits of the actor."""
    opener = (
        system_user(now) if actor.has_role(*MERCHANT_ROLES) else actor
    )  # it follows from what he agrees to
    case = case_open(ticket=request.ticket, draft=draft, actor=opener, now=now)
    how = DecidedBy.MERCHANT if request.party == Side.MERCHANT else DecidedBy.STAFF
    case = case_approve(
        case=case, actor=actor, now=now, how=DecidedBy.SILENCE if "system" in actor.roles else how,
        fault=request.party if draft.compensation else "",
    )  # fmt: skip
    payment_propose(case=case, actor=actor, now=now)
    case.refresh_from_db()
    return case


# Invoices


def may_be_invoiced(subject: Subject) -> None:
    """Errors: not_paid, tax_no, invoiced, not_invoiced, company."""
    order, told = subject.the_order(), subject.details
    told["tax_no"] = taxno.plain(told.get("tax_no") or "")
    company = told.get("buyer") == BuyerKind.COMPANY
    if company and not taxno.is_credit_code(told["tax_no"]):
        raise DomainError(
            _(
                "This is no unified social credit code: 18 characters, and the last one follows from the others."
            ),
            "tax_no",
        )
    if not company and told["tax_no"]:
        raise DomainError(_("A person has no tax number; choose a company."), "tax_no")
    if told.get("type") == InvoiceKind.VAT_SPECIAL and not company:
        raise DomainError(_("A VAT special invoice is made out to a company only."), "company")
    if order.paid <= order.refunded:
        raise DomainError(_("Nothing was paid for this order, or all of it was given back."), "not_paid")
    standing = invoice_of(order)
    if standing and not told.get("reissue"):
        raise DomainError(
            _("Invoice %(number)s stands for this order already: ask for one in its place.")
            % {"number": standing.number}, "invoiced",
        )  # fmt: skip
    if told.get("reissue") and not standing:
        raise DomainError(_("There is no earlier invoice of this order."), "not_invoiced")


def invoice_out(
    request: ServiceRequest, subject: Subject, result: Details, actor: Any, now: datetime
) -> Case | None:
    """The new invoice over what stayed paid; in place of another one, whose red letter is written first."""
    order, told = subject.the_order(), subject.details
    if told.get("reissue") and (standing := invoice_of(order)):
        if not result.get("red_number"):
            raise DomainError(_("Name the red letter that takes the earlier invoice back."), "red_number")
        invoice_write(
            order=order, number=result["red_number"], amount=standing.left, now=now, reverses=standing
        )
    request.invoice = invoice_write(
        order=order, number=result["number"], amount=order.paid - order.refunded, now=now, kind=told["type"],
        title=told["title"], tax_no=told["tax_no"],
    )  # fmt: skip
    return None


def red_letter_out(
    request: ServiceRequest, subject: Subject, result: Details, actor: Any, now: datetime
) -> Case | None:
    invoice = Invoice.objects.select_for_update().get(pk=request.invoice_id or 0)
    amount = min(Decimal(subject.details["amount"]), invoice.left)
    if amount > ZERO:
        invoice_write(
            order=subject.the_order(), number=result["number"], amount=amount, now=now, reverses=invoice
        )
    return None


# Price protection


def price_until(order: Order, at: datetime) -> datetime | None:
    """Until when price protection may be asked for, by the rule of that moment; None: the order is not paid."""
    start = order.paid_at or (order.placed_at if order.paid else None)
    return start + timedelta(days=int(parameter("price_protection_days", at))) if start else None


def price_protected(subject: Subject) -> None:
    """Keeps what was really paid for one piece.

    Errors: not_paid, window, category, gift, pieces_taken, no_difference.
    """
    order, line, told = subject.the_order(), subject.the_line(), subject.details
    until = price_until(order, subject.asked_at)
    if until is None:
        raise DomainError(_("The order is not paid."), "not_paid")
    if subject.asked_at > until:
        days = int(parameter("price_protection_days", subject.asked_at))
        raise DomainError(
            _("Price protection lasts %(days)d days from the payment; they are over.") % {"days": days},
            "window",
        )
    left_out = set(parameter("price_protection_not_categories", subject.asked_at))
    if left_out & set(categories([line.pk])[line.pk]):
        raise DomainError(_("Articles of this category have no price protection."), "category")
    if line.gift_parent_id:
        raise DomainError(_("A gift has no price to protect."), "gift")
    told.setdefault("paid_each", str(paid_for_one(line)))
    if difference(subject) <= ZERO:
        raise _no_difference(
            subject,
            _("%(paid)s was paid for one; the price is not lower now.")
            % {"paid": money(Decimal(told["paid_each"]), line.currency)},
        )


def _no_difference(subject: Subject, otherwise: Text) -> DomainError:
    """Why nothing is to be paid: no piece is left, its price was given back in part, or it is not lower."""
    line = subject.the_line()
    if not pieces_free(line):
        cases = Case.objects.filter(lines__line=line).exclude(state__in=WITHOUT_EFFECT).order_by("pk")
        return DomainError(
            _(
                "Every piece of this article is in a case: %(cases)s. Price protection is for pieces that are kept."
            )
            % {"cases": ", ".join(cases.values_list("number", flat=True)[:NAMED])},
            "pieces_taken",
        )
    if _price_now(subject) < Decimal(subject.details["paid_each"]):
        return DomainError(
            _("Part of what was paid was given back already; what is left is not above the price now."),
            "no_difference",
        )
    return DomainError(otherwise, "no_difference")


def pieces_free(line: OrderLine) -> int:
    """Pieces that no case has taken."""
    account = LineAccount.objects.filter(line=line).first()
    return max(line.quantity - account.claimed, 0) if account else line.quantity


def paid_for_one(line: OrderLine) -> Decimal:
    """What was really paid for one piece, after every discount and without freight."""
    paid = (
        line.paid - line.freight
        if line.paid
        else line.unit_price * line.quantity - line.discount - line.coupon
    )
    each: Decimal = (max(paid, ZERO) / line.quantity).quantize(CENT, rounding=ROUND_DOWN)
    return each


def difference(subject: Subject) -> Decimal:
    """For all pieces that were not given back: paid for one, less the price now (as it was found, once it was).

    What was given back of their price already is not paid any more.
    """
    line, told, now = subject.the_line(), subject.details, _price_now(subject)
    account = LineAccount.objects.filter(line=line).first()
    free = max(line.quantity - account.claimed, 0) if account else line.quantity
    paid = Decimal(told["paid_each"]) * free
    if account:
        paid = min(paid, account.paid - account.claimed_value)
    return paid - now * free


def _price_now(subject: Subject) -> Decimal:
    return Decimal(subject.result.get("price_found") or subject.details.get("price_now") or 0)


def difference_paid(
    request: ServiceRequest, subject: Subject, result: Details, actor: Any, now: datetime
) -> Case | None:
    """A compensation for what was promised, borne by whoever sells the article. Errors: pieces_taken, no_difference."""
    amount = difference(subject)
    if amount <= ZERO:
        raise _no_difference(subject, _("The price that was found is not lower than what was paid."))
    draft = CaseDraft(
        CaseKind.COMPENSATION, Ground.OTHER, words=request.words, asked=amount, compensation=CompensationKind.PROMISE,
        asked_at=request.asked_at, source=SOURCE, source_ref=str(request.pk),
    )  # fmt: skip
    return _decided(request, draft, actor, now)


# Resending


def pieces_bought(subject: Subject) -> None:
    """Error: pieces."""
    line = subject.the_line()
    if int(subject.details.get("pieces") or 0) > line.quantity:
        raise DomainError(
            _("Only %(bought)d of this article were bought.") % {"bought": line.quantity}, "pieces"
        )


def waybill_checked(
    request: ServiceRequest, subject: Subject, result: Details, actor: Any, now: datetime
) -> Case | None:
    """Errors: waybill, carrier."""
    carrier_name(result["carrier"])
    waybill(result["tracking_no"])
    return None
