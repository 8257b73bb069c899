"""The demonstration's early warning: an article whose charger fails since today, a shop that buys of itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count

from accounts.services import system_user
from aftersales.core.errors import DomainError
from aftersales.customers.models import Contact
from aftersales.customers.states import ContactKind
from aftersales.improvement import looking, services
from aftersales.improvement.models import Warning
from aftersales.improvement.states import Surged
from aftersales.merchants.models import Merchant
from aftersales.merchants.services import contact_save
from aftersales.orders.models import Order, Product
from aftersales.tickets.services import ticket_open
from aftersales.tickets.services.intake import TicketDraft
from aftersales.tickets.states import Kind

FAULTY = 9
SAID = (
    "充电时底座发烫，充不进电。", "刚收到就充不了电，指示灯不亮。", "充电口一插就断，换线也没用。",
    "充一晚上只有百分之三，怀疑电池有问题。", "充电时很烫，不敢再用了。",
)  # fmt: skip


def play(now: datetime, people: Mapping[str, Any]) -> None:
    """Through the same services as everything; where nothing was sold there is nothing to warn of."""
    for part in (_article, _shop):
        try:
            with transaction.atomic():
                part(now, people)
        except DomainError:  # another scene did something else with these rows: then without this one
            continue
    system = system_user()
    today = now.astimezone(looking.zone()).date()
    days: list[date] = [today - timedelta(days=ago) for ago in (3, 2, 1, 0)]
    services.surges_look(actor=system, now=now, days=days, recount=True)
    for month in ((today.replace(day=1) - timedelta(days=1)), today):
        services.signs_look(actor=system, now=now, month=month)
    _worked(now, people)


def _article(now: datetime, people: Mapping[str, Any]) -> None:
    sold = Product.objects.annotate(sales=Count("lines")).order_by("-sales", "pk").first()
    if sold is None:
        return
    orders = Order.objects.filter(lines__product=sold, customer__isnull=False, tickets=None, cases=None)
    rows = list(orders.order_by("-placed_at", "pk").distinct()[:FAULTY])
    for number, order in enumerate(rows):
        at = now - timedelta(minutes=25 * number + 20)
        draft = TicketDraft(
            source="form", source_ref=f"surge-{order.pk}", subject=SAID[number % len(SAID)][:12].rstrip("，。"),
            text=SAID[number % len(SAID)], channel="app", opened_at=at, kind=Kind.QUALITY, order_id=order.pk,
            customer_id=order.customer_id, merchant_id=order.merchant_id,
        )  # fmt: skip
        ticket_open(draft=draft, actor=people["agent"], now=at)


def _shop(now: datetime, people: Mapping[str, Any]) -> None:
    """A shop's telephone is also that of one of its best buyers."""
    begin = now.astimezone(looking.zone()).replace(day=1, hour=0, minute=0)
    since = min(begin, now - timedelta(days=40))
    buyers = Order.objects.filter(placed_at__gte=since, customer__isnull=False, merchant__isnull=False)
    best = (
        buyers.values("customer", "merchant")
        .annotate(bought=Count("pk"))
        .order_by("-bought", "customer")
        .first()
    )
    if best is None:
        return
    phone = Contact.objects.filter(customer=best["customer"], kind=ContactKind.PHONE, erased_at=None).first()
    shop = Merchant.objects.get(pk=best["merchant"])
    if phone is not None:
        contact_save(
            merchant=shop, role="emergency", phone=phone.value, name="", actor=people["operations"], now=now
        )


def _worked(now: datetime, people: Mapping[str, Any]) -> None:
    """The supervisor has looked at the strongest warning of goods and asked quality."""
    goods = Warning.objects.open().filter(kind__in=[Surged.PRODUCT, Surged.BATCH], within=None)
    found = goods.order_by("-strength", "pk").first()
    if found is None:
        return
    who = people["supervisor"]
    try:
        taken = services.warning_acknowledge(warning=found, actor=who, now=now)
        services.warning_ask(
            warning=taken,
            of="quality",
            words="请核查近期到货的充电模块，并说明在库和在途商品如何处理。",
            actor=who,
            now=now,
        )
    except DomainError:  # somebody of another scene was faster
        return
