"""Invented merchants and what they sell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from aftersales.merchants.models import Merchant, MerchantContact, ReturnAddress
from aftersales.merchants.states import ContactRole
from aftersales.orders.models import Category, Product

from . import words
from .people import full_name

SHOPS = 60
# These places in the row of shops have a purpose of their own.
SELF_RUN, ONE_CHARACTER, LONG_NAME, WITHOUT_ORDERS, APPLYING = 0, 1, 2, 3, 4

FIRST_NUMBER = 1001
FIRST_SHOP = f"S{FIRST_NUMBER}"


@dataclass
class Shops:
    merchants: list[Merchant]
    contacts: list[MerchantContact]
    places: list[ReturnAddress]
    categories: list[Category]
    products: list[Product]
    prices: dict[str, Decimal]
    goods: dict[str, list[Product]]

    def selling(self) -> list[Merchant]:
        """Shops that get orders: all but the empty one and the applicant."""
        return [one for place, one in enumerate(self.merchants) if place not in (WITHOUT_ORDERS, APPLYING)]


def shops(random: Random, now: datetime) -> Shops:
    categories = [
        Category(
            code=kind.code,
            name_zh=kind.zh,
            name_en=kind.en,
            return_rule=kind.rule,
            return_rule_source=kind.ground,
        )
        for kind in words.KINDS
    ]
    made = Shops([], [], [], categories, [], {}, {})
    firsts = random.sample(words.SHOP_FIRST, len(words.SHOP_FIRST))
    for place in range(SHOPS):
        kind = words.KINDS[place % len(words.KINDS)]
        first = firsts[place % len(firsts)]
        merchant = _merchant(random, place, first, kind, now)
        made.merchants.append(merchant)
        made.contacts += _contacts(random, merchant)
        category = categories[words.KINDS.index(kind)]
        made.places += _places(Random(place), merchant, category)  # noqa: S311  invented
        _goods(random, made, merchant, first, kind, category)
    return made


def _merchant(random: Random, place: int, first: str, kind: words.Kind, now: datetime) -> Merchant:
    province = random.choice([one for one in words.PLACES if one not in words.REMOTE])
    return Merchant(
        code=f"S{FIRST_NUMBER + place}",
        name=_name(random, place, first, kind),
        state="applying" if place == APPLYING else "active",
        self_run=place == SELF_RUN,
        main_category=kind.zh,
        province=province,
        city=random.choice(words.PLACES[province]),
        languages=["zh-hans"],
        deposit_due=Decimal(random.choice((10000, 20000, 50000))),
        deposit_held=Decimal(0 if place == APPLYING else random.choice((5000, 10000, 20000, 50000))),
        agreement="2026-1",
        opened_at=None if place == APPLYING else now - timedelta(days=random.randint(90, 1400)),
    )


def _name(random: Random, place: int, first: str, kind: words.Kind) -> str:
    special = {
        SELF_RUN: "平台自营",
        ONE_CHARACTER: words.ONE_CHARACTER_SHOP,
        LONG_NAME: words.LONG_SHOP[:40],
    }
    return special.get(place) or f"{first}{kind.zh}{random.choice(words.SHOP_LAST)}"


def _contacts(random: Random, merchant: Merchant) -> list[MerchantContact]:
    return [
        MerchantContact(
            merchant=merchant,
            role=role,
            name=full_name(random),
            phone=f"1280{random.randrange(10**7):07d}",
            email=f"{role}.{merchant.code.lower()}@example.com",
        )
        for role in (ContactRole.AFTERSALES, ContactRole.RETURNS)
    ]


def _places(random: Random, merchant: Merchant, category: Category) -> list[ReturnAddress]:
    """Where the shop takes goods back; every third has a second place for its main goods or for repairs."""
    place = f"{merchant.province}{merchant.city}"
    names = ["总仓"] + (["维修中心" if merchant.self_run else "分类仓"] if random.random() < 0.4 else [])
    return [
        ReturnAddress(
            merchant=merchant, name=name, contact=full_name(random), phone=f"1280{random.randrange(10**7):07d}",
            place=f"{place}工业园{random.randint(1, 60)}号", is_default=number == 0,
            categories=[category.code] if number and name == "分类仓" else [],
            kinds=["repair"] if number and name == "维修中心" else [],
        )
        for number, name in enumerate(names)
    ]  # fmt: skip


def _goods(
    random: Random, made: Shops, merchant: Merchant, first: str, kind: words.Kind, category: Category
) -> None:
    for number in range(random.randint(4, 9)):
        noun, styles = random.choice(kind.goods)
        name = f"{first}{noun}{random.choice(styles.split('、'))}"
        if kind.code == "custom" and number == 0:
            name = words.LONG_PRODUCT[:40]
        product = Product(
            code=f"P{merchant.code[1:]}{number:02d}",
            name=name,
            merchant=merchant,
            category=category,
            brand=first,
            has_serial=kind.code in {"appliance", "digital"},
            weight_g=random.randint(80, 9000),
        )
        made.products.append(product)
        made.goods.setdefault(merchant.code, []).append(product)
        low, high = kind.prices
        made.prices[product.code] = Decimal(int(low + (high - low) * random.random() ** 2)) - Decimal("0.10")
