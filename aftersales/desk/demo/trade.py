"""Invented orders of sixty days: most go well, some late, broken, cancelled or unpaid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from aftersales.core.money import allocate
from aftersales.customers.models import Contact, Customer, CustomerAccount
from aftersales.merchants.models import Merchant
from aftersales.orders.models import (
    Order,
    OrderLine,
    Payment,
    Product,
    Review,
    Shipment,
    ShipmentLine,
    TrackingEvent,
)
from aftersales.orders.states import OrderStatus, ReturnRule, SalesMode, ShipmentStatus, Signer

from . import characters, reviews, words
from .people import SOURCE, People
from .shops import Shops

DAYS = 60
EVENING = timedelta(hours=22)
HOURS = (1, 1, 1, 1, 1, 1, 1, 2, 3, 5, 7, 7, 6, 5, 5, 5, 5, 5, 6, 8, 10, 11, 8, 4)
COLOURED = {one.code for one in words.KINDS if one.coloured}
RING_BUYERS, RING_FROM = 6, 1000  # people of the review ring; a world of fewer orders has none
METHODS = ("alipay", "wechat", "unionpay", "credit_card", "balance")


@dataclass
class Trade:
    """All rows of trade, in the order in which they are written."""

    orders: list[Order] = field(default_factory=list)
    lines: list[OrderLine] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    shipments: list[Shipment] = field(default_factory=list)
    contents: list[ShipmentLine] = field(default_factory=list)
    tracking: list[TrackingEvent] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)


@dataclass
class World:
    """What orders are made from."""

    random: Random
    people: People
    shops: Shops
    now: datetime
    contacts: dict[str, dict[str, Contact]]
    accounts: dict[str, CustomerAccount]
    weights: list[int]

    def chance(self, share: float) -> bool:
        return self.random.random() < share


def trade(random: Random, people: People, shops: Shops, count: int, now: datetime) -> Trade:
    world = World(random, people, shops, now, _contacts(people), {}, [])
    world.accounts = {one.customer.code: one for one in reversed(people.accounts)}
    world.weights = [characters.size(one.code) for one in shops.selling()]
    made = Trade()
    moments = sorted(_moment(random, now) for _number in range(count))
    for number, placed_at in enumerate(moments):
        _one(world, made, number, placed_at)
    _ring(world, made, count)
    made.orders.sort(key=lambda one: one.placed_at)
    return made


def _contacts(people: People) -> dict[str, dict[str, Contact]]:
    found: dict[str, dict[str, Contact]] = {}
    for contact in people.contacts:
        found.setdefault(contact.customer.code, {})[contact.kind] = contact
    return found


def _moment(random: Random, now: datetime) -> datetime:
    """More orders in the evening, none in the last twenty minutes."""
    day = now - timedelta(days=random.randint(0, DAYS - 1))
    hour = random.choices(range(24), weights=HOURS)[0]
    # Hours of the market, eight ahead of UTC.
    moment = day.replace(hour=(hour - 8) % 24, minute=random.randint(0, 59), second=random.randint(0, 59))
    while moment > now - timedelta(minutes=20):
        moment -= timedelta(days=1)
    return moment.replace(microsecond=0)


def _one(world: World, made: Trade, number: int, placed_at: datetime) -> None:
    random = world.random
    merchant = random.choices(world.shops.selling(), weights=world.weights)[0]
    customer = world.people.customers[int(len(world.people.customers) * random.random() ** 1.6)]
    order, lines = _bought(world, made, number, placed_at, merchant, customer)
    _go_on(world, made, order, lines)


def _bought(
    world: World, made: Trade, number: int, placed_at: datetime, merchant: Merchant, customer: Customer
) -> tuple[Order, list[OrderLine]]:
    order = _order(world, number, placed_at, merchant, customer)
    lines = _lines(world, order, merchant)
    _sum_up(world, order, lines)
    made.orders.append(order)
    made.lines += lines
    return order, lines


def _ring(world: World, made: Trade, count: int) -> None:
    """A review ring: the same few people buy from two shops and praise both in the same words."""
    if count < RING_FROM:
        return
    selling = {characters.place_of(one.code): one for one in world.shops.selling()}
    buyers = world.people.customers[-RING_BUYERS:]
    moments = reviews.ring_moments(world.now, RING_BUYERS)
    for turn, place in enumerate(characters.RING):
        for number, (placed_at, customer) in enumerate(zip(moments, buyers, strict=True)):
            known = len(made.reviews)
            serial = count + turn * RING_BUYERS + number
            order, lines = _bought(world, made, serial, placed_at + turn * EVENING, selling[place], customer)
            _sent(world, made, order, lines)
            del made.reviews[known:]
            shipment = made.shipments[-1]
            made.reviews.append(reviews.ring_review(_plain_review(order, shipment), placed_at))


def _order(world: World, number: int, placed_at: datetime, merchant: Merchant, customer: Customer) -> Order:
    random = world.random
    reached = world.contacts[customer.code]
    gift = world.chance(0.03)
    recipient = random.choice(world.people.customers) if gift else None
    to = world.contacts[recipient.code] if recipient else reached
    where = recipient or customer
    invoiced = world.chance(0.15)
    return Order(
        source=SOURCE,
        external_no=f"{placed_at:%y%m%d}{random.randrange(10**6):06d}{number:05d}",
        merchant=merchant,
        customer=customer,
        recipient=recipient,
        account=world.accounts[customer.code],
        ship_name=to.get("name"),
        ship_phone=to.get("phone"),
        ship_address=to.get("address"),
        ship_province=where.province,
        ship_city=where.city,
        placed_at=placed_at,
        is_gift=gift,
        is_presale=world.chance(0.03),
        cash_on_delivery=world.chance(0.02),
        group_no=f"G{random.randrange(10**6):06d}" if world.chance(0.04) else "",
        cross_border=world.chance(0.02),
        freight_insurance=world.chance(0.35),
        minor_buyer=world.chance(0.004),
        invoice_kind="electronic" if invoiced else "",
        invoice_state=random.choice(("asked", "issued")) if invoiced else "",
        invoice_title="个人" if invoiced else "",
    )


def _lines(world: World, order: Order, merchant: Merchant) -> list[OrderLine]:
    random = world.random
    goods = world.shops.goods[merchant.code]
    chosen = random.sample(goods, min(len(goods), random.choices((1, 2, 3), weights=(72, 20, 8))[0]))
    return [_line(world, order, merchant, product, place) for place, product in enumerate(chosen, start=1)]


def _line(world: World, order: Order, merchant: Merchant, product: Product, place: int) -> OrderLine:
    random = world.random
    rule = product.effective_return_rule
    fresh = _category(product) == "fresh"
    price = world.shops.prices[product.code]
    serial = f"SN{random.randrange(10**10):010d}" if product.has_serial else ""
    return OrderLine(
        order=order,
        line_no=place,
        merchant=merchant,
        product=product,
        sales_mode=SalesMode.SELF_RUN if merchant.self_run else SalesMode.THIRD_PARTY,
        product_name=product.name,
        sku=random.choice(words.COLOURS) if _category(product) in COLOURED else "标准",
        quantity=random.choices((1, 2, 3), weights=(85, 11, 4))[0],
        unit_price=price,
        list_price=(price * Decimal("1.2")).quantize(Decimal("0.01")),
        return_rule=rule,
        exception_confirmed=rule == ReturnRule.SOFT_EXCEPTION and world.chance(0.8),
        exception_confirmed_at=order.placed_at if rule == ReturnRule.SOFT_EXCEPTION else None,
        serial_no=serial,
        batch_no=f"B{order.placed_at:%y%m}{random.randint(1, 9)}" if fresh else "",
        dispatch_due_at=order.placed_at + timedelta(hours=48),
    )


def _category(product: Product | None) -> str:
    return product.category.code if product is not None and product.category is not None else ""


def _complaints(lines: list[OrderLine]) -> tuple[str, ...]:
    """What somebody may say who bought this."""
    return words.COMPLAINTS + 2 * words.COMPLAINTS_OF.get(_category(lines[0].product), ())


def _sum_up(world: World, order: Order, lines: list[OrderLine]) -> None:
    """Totals of the order and each line's share of freight, discount and coupon, to the cent."""
    goods = [line.unit_price * line.quantity for line in lines]
    freight = Decimal(0) if sum(goods) >= 99 or world.chance(0.6) else Decimal(8)
    coupon = (
        Decimal(world.random.choice((5, 10, 20))) if sum(goods) > 60 and world.chance(0.35) else Decimal(0)
    )
    discount = (
        (sum(goods, Decimal(0)) * Decimal("0.05")).quantize(Decimal("0.01"))
        if world.chance(0.3)
        else Decimal(0)
    )
    shares = zip(
        lines, allocate(freight, goods), allocate(coupon, goods), allocate(discount, goods), strict=True
    )
    for line, one, two, three in shares:
        line.freight, line.coupon, line.discount = one, two, three
    order.freight, order.discount = freight, coupon + discount
    order.total = sum(goods, Decimal(0)) + freight - coupon - discount
    if order.total >= 1000 and world.chance(0.25):
        order.instalments = world.random.choice((3, 6, 12))
    if order.is_presale:
        order.presale_deposit = (order.total * Decimal("0.2")).quantize(Decimal("0.01"))
        order.presale_final_due_at = order.placed_at + timedelta(days=3)


def _go_on(world: World, made: Trade, order: Order, lines: list[OrderLine]) -> None:
    """What became of the order: one of the fates, drawn with weights."""
    fates: tuple[tuple[Callable[..., None], int], ...] = (
        (_unpaid, 40),
        (_cancelled, 50),
        (_unavailable, 5),
        (_sent, 905),
    )
    fate = world.random.choices(
        [fate for fate, _weight in fates], weights=[weight for _fate, weight in fates]
    )[0]
    fate(world, made, order, lines)


def _pay(world: World, made: Trade, order: Order, lines: list[OrderLine]) -> None:
    order.paid = order.total
    order.paid_at = order.placed_at + timedelta(seconds=world.random.randint(8, 900))
    order.status = OrderStatus.PAID
    for line in lines:
        line.paid = line.unit_price * line.quantity + line.freight - line.coupon - line.discount
    method = "cash_on_delivery" if order.cash_on_delivery else world.random.choice(METHODS)
    made.payments.append(
        Payment(
            order=order,
            sequence=1,
            method=method,
            amount=order.paid,
            instalments=order.instalments,
            payer=order.customer,
            external_ref=f"PAY{world.random.randrange(10**14):014d}",
            paid_at=order.paid_at,
        )
    )


def _refund(order: Order, lines: list[OrderLine], payment: Payment) -> None:
    order.refunded = payment.refunded = order.paid
    for line in lines:
        line.refunded = line.paid


def _unpaid(world: World, made: Trade, order: Order, lines: list[OrderLine]) -> None:
    if order.placed_at < world.now - timedelta(days=1):
        order.status = OrderStatus.CANCELED
        order.cancelled_at = order.placed_at + timedelta(days=1)


def _cancelled(world: World, made: Trade, order: Order, lines: list[OrderLine]) -> None:
    """Paid and cancelled; most got their money back, some still wait for it."""
    _pay(world, made, order, lines)
    order.status = OrderStatus.CANCELED
    order.cancelled_at = min(world.now, order.paid_at + timedelta(hours=world.random.randint(1, 30)))
    if world.chance(0.93):
        _refund(order, lines, made.payments[-1])


def _unavailable(world: World, made: Trade, order: Order, lines: list[OrderLine]) -> None:
    _pay(world, made, order, lines)
    order.status = OrderStatus.UNAVAILABLE


def _sent(world: World, made: Trade, order: Order, lines: list[OrderLine]) -> None:
    _pay(world, made, order, lines)
    shipment = _shipment(world, order)
    made.shipments.append(shipment)
    made.contents += [ShipmentLine(shipment=shipment, line=line, quantity=line.quantity) for line in lines]
    made.tracking += _tracking(world, shipment, order)
    if shipment.delivered_at is None:
        order.status = OrderStatus.SHIPPED if shipment.shipped_at else OrderStatus.PROCESSING
        return
    order.status = OrderStatus.DELIVERED
    if shipment.delivered_at < world.now - timedelta(days=10):
        order.status = OrderStatus.COMPLETED
        order.completed_at = shipment.delivered_at + timedelta(days=10)
    if world.chance(0.02):
        _refund(order, lines, made.payments[-1])
    if world.chance(0.45):
        _review(world, made, order, lines, shipment)


def _shipment(world: World, order: Order) -> Shipment:
    """Promised for an evening: four or five days out, nine for remote places. A few come late."""
    random = world.random
    remote = order.ship_province in words.REMOTE
    late = world.chance(_character(world, order).late)
    # Whoever sends late promises late: not every such parcel comes late too.
    promised = _midnight(
        order.placed_at + timedelta(days=9 if remote else 5 if late else random.choice((4, 5)))
    )
    promised += EVENING
    shipped = order.placed_at + timedelta(hours=random.uniform(50, 62) if late else random.uniform(3, 40))
    transit = random.uniform(1.0, 1.5 if late else 2.2) + (3 if remote else 0)
    if world.chance(0.004):
        transit += random.uniform(2, 12)
    delivered = _daytime(random, shipped + timedelta(days=transit))
    lost = world.chance(0.006)
    shipment = Shipment(
        order=order,
        number="1",
        merchant=order.merchant,
        carrier=random.choice(words.CARRIERS),
        tracking_no=f"{random.choice('ABCD')}{random.randrange(10**12):012d}",
        promised_at=promised,
        shipped_at=shipped if shipped < world.now else None,
    )
    if shipment.shipped_at:
        shipment.status = ShipmentStatus.IN_TRANSIT
    if lost and delivered < world.now - timedelta(days=6):
        shipment.status = ShipmentStatus.LOST
    elif delivered < world.now and not lost:
        _sign(world, shipment, delivered)
    return shipment


def _character(world: World, order: Order) -> characters.Character:
    assert order.merchant is not None
    return characters.character(order.merchant.code, order.placed_at, world.now)


def _sign(world: World, shipment: Shipment, delivered: datetime) -> None:
    random = world.random
    shipment.status, shipment.delivered_at = ShipmentStatus.DELIVERED, delivered
    shipment.signed_by = random.choices(
        (Signer.RECIPIENT, Signer.FAMILY, Signer.LOCKER, Signer.STATION, Signer.GUARD),
        weights=(45, 12, 22, 16, 5),
    )[0]
    if shipment.signed_by not in (Signer.RECIPIENT, Signer.FAMILY):
        shipment.signed_place = random.choice(words.LOCKERS)
        shipment.sign_consent = random.choices((True, False, None), weights=(70, 12, 18))[0]


def _midnight(moment: datetime) -> datetime:
    """The beginning of the day in the market's zone, eight hours ahead of UTC."""
    local = moment + timedelta(hours=8)
    return local.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(hours=8)


def _daytime(random: Random, moment: datetime) -> datetime:
    return _midnight(moment) + timedelta(hours=random.randint(9, 19), minutes=random.randint(0, 59))


def _tracking(world: World, shipment: Shipment, order: Order) -> list[TrackingEvent]:
    if shipment.shipped_at is None:
        return []
    end = shipment.delivered_at or min(world.now, shipment.shipped_at + timedelta(days=2))
    span = end - shipment.shipped_at
    hub = world.random.choice(words.HUBS)
    steps = [
        (0.0, "COLLECTED", order.merchant.city if order.merchant else "", "快件已由商家交付，正在揽收"),
        (0.25, "HUB_IN", hub, f"快件到达{hub}"),
        (0.4, "HUB_OUT", hub, f"快件离开{hub}，发往{order.ship_city}"),
        (0.8, "ARRIVED", order.ship_city, f"快件到达{order.ship_city}营业点"),
    ]
    if shipment.delivered_at:
        steps += [
            (0.9, "OUT", order.ship_city, "快递员正在派送"),
            (1.0, "SIGNED", shipment.signed_place or order.ship_city, "快件已签收"),
        ]
    return [
        TrackingEvent(
            shipment=shipment, at=shipment.shipped_at + span * part, code=code, place=place, text=text
        )
        for part, code, place, text in steps
    ]


def _review(world: World, made: Trade, order: Order, lines: list[OrderLine], shipment: Shipment) -> None:
    random = world.random
    review = _plain_review(order, shipment)
    review.written_at = shipment.delivered_at + timedelta(hours=random.uniform(1, 90))
    if review.written_at >= world.now:
        return
    late = shipment.delivered_at > shipment.promised_at
    said = reviews.written(random, _character(world, order), lines, _complaints(lines), late=late)
    review.score, review.body = said.stars, said.body
    if world.chance(0.3) and review.written_at < world.now - timedelta(hours=5):
        review.answered_at = review.written_at + timedelta(hours=5)
    made.reviews.append(review)


def _plain_review(order: Order, shipment: Shipment) -> Review:
    return Review(
        source=SOURCE, external_id=f"R{order.external_no}", order=order, merchant=order.merchant,
        written_at=shipment.delivered_at,
    )  # fmt: skip
