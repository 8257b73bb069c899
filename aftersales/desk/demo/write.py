"""Writes the invented trade rows: a few statements per table, history and events as of their own days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from random import Random
from typing import Any

from django.db import transaction

from accounts.services import system_user
from aftersales.core import moves, tablestats
from aftersales.merchants.models import Merchant
from aftersales.orders.models import Order, OrderLine
from aftersales.standards.models import Market

from .people import people
from .shops import FIRST_SHOP, shops
from .trade import Trade, trade

ORDERS = 3000
PEOPLE = 1800
SEED = 20261120
BATCH = 1000


def loaded() -> bool:
    """The first shop of the invented world stands, whatever its orders were called when it was made."""
    return Merchant.objects.filter(code=FIRST_SHOP).exists()


@transaction.atomic
def load(now: datetime, *, orders: int = ORDERS, customers: int = PEOPLE, seed: int = SEED) -> dict[str, int]:
    """Write everything at once or nothing; returns how many rows of each kind there are."""
    random = Random(seed)  # noqa: S311  an invented world, the same for the same seed
    born = now - timedelta(days=90)
    made_people, made_shops = people(random, customers, now), shops(random, now)
    made_trade = trade(random, made_people, made_shops, orders, now)
    market = Market.objects.filter(is_default=True).first()
    for merchant in made_shops.merchants:
        merchant.market = market
    for order in made_trade.orders:
        order.market = market
    _recorded(made_shops.merchants, "merchant.created", born)
    _recorded(made_people.customers, "customer.created", born)
    _recorded(made_shops.categories, "category.created", born)
    _recorded(made_shops.products, "product.created", born)
    _plain([made_shops.contacts, made_shops.places, made_people.accounts, made_people.contacts])
    _orders(made_trade, now)
    _plain([made_trade.lines, made_trade.payments, made_trade.shipments])
    _plain([made_trade.contents, made_trade.tracking, made_trade.reviews])
    for model in (Order, OrderLine):  # a load that was broken off leaves tables that pass for empty ones
        tablestats.freshen(model)
    counted = {"merchants": made_shops.merchants, "customers": made_people.customers, **vars(made_trade)}
    return {name: len(rows) for name, rows in counted.items()}


def _orders(made: Trade, now: datetime) -> None:
    """Orders are known to us at the end of the day on which they were placed, or now."""
    for _day, rows in groupby(made.orders, key=lambda one: one.placed_at.date()):
        batch = list(rows)
        _recorded(batch, "order.created", min(now, batch[-1].placed_at + timedelta(minutes=10)))


def _recorded(rows: Sequence[Any], event: str, at: datetime) -> None:
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        moves.create_many(batch, actor=system_user(), now=at, event=event, payloads=[{} for _row in batch])


def _plain(kinds: Sequence[Sequence[Any]]) -> None:
    """Rows without history. Parents have their keys by now, which Django takes over while writing."""
    for rows in kinds:
        type(rows[0]).objects.bulk_create(rows, batch_size=BATCH)
