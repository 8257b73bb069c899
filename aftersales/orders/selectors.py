"""What pages show of trade data. Callers have already decided that the reader may see the order."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast, JSONObject

from aftersales.core.wording import listed
from aftersales.core.writtenout import with_value, written_out
from aftersales.customers.models import Contact, Customer, CustomerAccount
from aftersales.customers.selectors import why_no_way
from aftersales.customers.states import Channel

from . import rules
from .models import Category, Order, OrderLine, Payment, Review, Shipment, TrackingEvent
from .states import (
    NEEDS_CONSENT,
    ORDER_COLOURS,
    SHIPMENT_COLOURS,
    OrderStatus,
    PaymentMethod,
    ReturnRule,
    SalesMode,
    ShipmentStatus,
    Signer,
)

RELATED_SHOWN = 6
TRACKING_SHOWN = 8


@dataclass(frozen=True)
class LineCard:
    """One order line as a page shows it; amounts in the line's currency."""

    id: int
    line_no: int
    name: str
    sku: str
    quantity: int
    currency: str
    unit_price: Decimal
    paid: Decimal
    refunded: Decimal
    sales_mode: str
    return_rule: str
    exception_confirmed: bool
    serial_no: str
    batch_no: str
    gift: bool
    merchant: str
    merchant_id: int | None
    dispatch_due_at: datetime | None

    @property
    def sold_by(self) -> str:
        return str(SalesMode(self.sales_mode).label)

    @property
    def return_rule_label(self) -> str:
        return str(ReturnRule(self.return_rule or ReturnRule.NO_REASON).label)


@dataclass(frozen=True)
class PaymentCard:
    id: int
    sequence: int
    method: str
    currency: str
    amount: Decimal
    refunded: Decimal
    instalments: int
    paid_at: datetime | None

    @property
    def method_label(self) -> str:
        return str(PaymentMethod(self.method).label)


@dataclass(frozen=True)
class TrackingCard:
    at: datetime
    code: str
    place: str
    text: str


@dataclass(frozen=True)
class ShipmentCard:
    """One parcel with its newest tracking events, newest first."""

    id: int
    number: str
    carrier: str
    tracking_no: str
    status: str
    promised_at: datetime | None
    promised_grain: str
    shipped_at: datetime | None
    delivered_at: datetime | None
    signed_by: str
    signed_place: str
    sign_consent: bool | None
    tracking: list[TrackingCard] = field(default_factory=list)

    @property
    def status_label(self) -> str:
        return str(ShipmentStatus(self.status).label)

    @property
    def colour(self) -> str:
        return SHIPMENT_COLOURS[ShipmentStatus(self.status)]

    @property
    def signed_by_label(self) -> str:
        return str(Signer(self.signed_by).label)

    @property
    def consent_missing(self) -> bool:
        """Left with somebody else or in a locker without the recipient's recorded consent."""
        return self.signed_by in NEEDS_CONSENT and not self.sign_consent

    def late(self, now: datetime) -> bool:
        return rules.is_late(self.promised_at, self.promised_grain, self.delivered_at, now)


@dataclass(frozen=True)
class ReviewCard:
    id: int
    score: int
    title: str
    body: str
    written_at: datetime | None


@dataclass(frozen=True)
class OrderCard:
    """An order with everything a handler asks about. ``order`` carries its people and contacts."""

    order: Order
    lines: list[LineCard]
    payments: list[PaymentCard]
    shipments: list[ShipmentCard]
    reviews: list[ReviewCard]

    @property
    def colour(self) -> str:
        return ORDER_COLOURS[OrderStatus(self.order.status)]

    @property
    def refundable(self) -> Decimal:
        """What is left of the money paid; an unpaid order has nothing to refund."""
        return self.order.paid - self.order.refunded  # type: ignore[no-any-return]

    @property
    def seller(self) -> str:
        """The merchant's name; of a mixed order all names, once each."""
        if self.order.merchant:
            return str(self.order.merchant.name)
        return listed(list(dict.fromkeys(line.merchant for line in self.lines if line.merchant)))

    @property
    def gift_elsewhere(self) -> bool:
        """The money came from somebody else than the one who receives: refunds go to the payer."""
        payer = self.order.payer_id or self.order.customer_id
        return (self.order.recipient_id or self.order.customer_id) != payer


@dataclass(frozen=True)
class ContactCard:
    """A contact before a reveal: masked, with the public id the reveal asks for."""

    public_id: str
    kind: str
    kind_label: str
    label: str
    masked: str
    preferred: bool


@dataclass(frozen=True)
class RelatedOrder:
    id: int
    public_id: str
    external_no: str
    status: str
    placed_at: datetime
    total: Decimal
    currency: str

    @property
    def status_label(self) -> str:
        return str(OrderStatus(self.status).label)

    @property
    def colour(self) -> str:
        return ORDER_COLOURS[OrderStatus(self.status)]


@dataclass(frozen=True)
class CustomerPanel:
    """A customer as a handler sees him: masked contacts, account ids, newest other orders."""

    customer: Customer
    contacts: list[ContactCard]
    accounts: list[str]
    orders: list[RelatedOrder]
    more_orders: bool
    no_mail: str = ""  # why no e-mail about his own problem can reach him; empty when one can


def order_card(order_id: int) -> OrderCard | None:
    """The whole order in one query; None when there is none."""
    return order_cards([order_id]).get(order_id)


def order_cards(order_ids: Collection[int]) -> dict[int, OrderCard]:
    """Many whole orders in one query, by their keys."""
    orders = (
        Order.objects.filter(pk__in=order_ids)
        .select_related(
            "customer", "account", "merchant", "payer", "recipient", "ship_name", "ship_phone", "ship_address"
        )
        .annotate(**_order_rows())
        .order_by()
    )
    return {order.pk: _card(order) for order in orders}


@cache
def _order_rows() -> dict[str, Any]:
    """What hangs on an order, each kind of row as an array."""
    here = {"order_id": OuterRef("pk")}
    tracking = TrackingEvent.objects.filter(shipment_id=OuterRef("pk")).order_by("-at", "-id")[
        :TRACKING_SHOWN
    ]
    shipments = (
        Shipment.objects.filter(**here).order_by("number").annotate(track=_rows(tracking, TrackingCard))
    )
    parts = {
        "line_rows": _rows(
            OrderLine.objects.filter(**here).order_by("line_no"), LineCard, name=F("product_name"),
            gift=F("gift_parent_id"), merchant=F("merchant__name"),
        ),
        "payment_rows": _rows(Payment.objects.filter(**here).order_by("sequence"), PaymentCard),
        "shipment_rows": _rows(shipments, ShipmentCard, tracking=F("track")),
        "review_rows": _rows(Review.objects.filter(**here).order_by("-written_at"), ReviewCard),
    }  # fmt: skip
    return {name: written_out(Order, part) for name, part in parts.items()}


def _card(order: Any) -> OrderCard:
    return OrderCard(
        order=order,
        lines=[_read(LineCard, row) for row in order.line_rows],
        payments=[_read(PaymentCard, row) for row in order.payment_rows],
        shipments=[_read(ShipmentCard, row) for row in order.shipment_rows],
        reviews=[_read(ReviewCard, row) for row in order.review_rows],
    )


CONTACT_COLUMNS = ("public_id", "kind", "value", "label", "preferred", "bounced_at")


def customer_panel(customer_id: int, *, except_order: int | None = None) -> CustomerPanel | None:
    """A customer with contacts, account ids and newest other orders in one query; None when there is none."""
    rows = dict(_customer_rows())
    rows["order_rows"] = with_value(rows["order_rows"], THIS_ORDER, except_order or 0)
    customer = next(iter(Customer.objects.filter(pk=customer_id).annotate(**rows).order_by()), None)
    if customer is None:
        return None
    orders = [_read(RelatedOrder, row) for row in customer.order_rows]
    reached_by = [Contact(**row) for row in customer.contact_rows]
    return CustomerPanel(
        customer=customer,
        contacts=[_contact_card(contact) for contact in reached_by],
        accounts=list(customer.account_rows),
        orders=orders[:RELATED_SHOWN],
        more_orders=len(orders) > RELATED_SHOWN,
        no_mail=why_no_way(customer, reached_by, Channel.EMAIL),
    )


THIS_ORDER = -1  # stands for the order whose page it is


@cache
def _customer_rows() -> dict[str, Any]:
    here = {"customer_id": OuterRef("pk")}
    others = Order.objects.filter(**here).exclude(pk=THIS_ORDER).newest()[: RELATED_SHOWN + 1]
    contacts = Contact.objects.filter(**here, erased_at=None).order_by("kind", "-preferred", "pk")
    accounts = CustomerAccount.objects.filter(**here).order_by("pk").values("external_id")
    parts = {
        "contact_rows": ArraySubquery(
            contacts.values(row=JSONObject(**{name: name for name in CONTACT_COLUMNS}))
        ),
        "account_rows": ArraySubquery(accounts[:RELATED_SHOWN]),
        "order_rows": _rows(others, RelatedOrder),
    }
    return {name: written_out(Customer, part) for name, part in parts.items()}


def _contact_card(contact: Contact) -> ContactCard:
    return ContactCard(
        public_id=contact.public_id,
        kind=contact.kind,
        kind_label=str(contact.get_kind_display()),
        label=contact.label,
        masked=contact.masked,
        preferred=contact.preferred,
    )


def _rows(queryset: QuerySet[Any], card: type[Any], **renamed: Any) -> ArraySubquery:
    """The rows as an array of JSON objects with the card's fields; amounts travel as text to stay exact."""
    columns: dict[str, Any] = {}
    for name, kind in card.__annotations__.items():
        source = renamed.get(name, F(name))
        columns[name] = Cast(source, TextField()) if kind == "Decimal" else source
    return ArraySubquery(queryset.values(row=JSONObject(**columns)))


def _read(card: type[Any], row: dict[str, Any]) -> Any:
    values = {name: _value(kind, row[name]) for name, kind in card.__annotations__.items()}
    return card(**values)


def _value(kind: str, value: Any) -> Any:
    if kind == "Decimal":
        return Decimal(value)
    if kind.startswith("datetime"):
        return datetime.fromisoformat(value) if value else None
    if kind == "bool":
        return bool(value)
    if kind == "str":
        return value or ""
    if kind == "list[TrackingCard]":
        return [_read(TrackingCard, item) for item in value]
    return value


def category_names(given: Iterable[str]) -> dict[str, str]:
    """What the reader calls main categories, given by code or Chinese name; what nobody translated stays.

    In the order given; one statement.
    """
    found = {one: one for one in given if one}
    if found:
        wanted = list(found)
        rows = Category.objects.filter(Q(code__in=wanted) | Q(name_zh__in=wanted)).order_by("-code")
        for row in rows:
            found |= {one: row.name for one in (row.name_zh, row.code) if one in found}
    return found


def category_name(given: str) -> str:
    """The same of one."""
    return category_names([given]).get(given, given)
