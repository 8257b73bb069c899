"""Invented customers with their accounts and contacts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from aftersales.customers.models import Contact, Customer, CustomerAccount
from aftersales.customers.states import ContactKind, CustomerClass, Gender

from . import words

SOURCE, OTHER_SOURCE = "云集商城", "邻里集市"
KEY_REASONS = ("近一年消费额居前 15%", "高价值老客户", "企业采购联系人")
SPECIAL_REASONS = ("曾有两次投诉，需持续跟进", "视力障碍，优先电话沟通", "高龄客户，需慢速说明")
PREFERENCES = ("周末送货", "工作日白天不接电话", "放驿站需先联系", "只用短信联系", "")


@dataclass
class People:
    """All rows about customers, in the order in which they are written."""

    customers: list[Customer]
    accounts: list[CustomerAccount]
    contacts: list[Contact]


def people(random: Random, count: int, now: datetime) -> People:
    made = People([], [], [])
    for number in range(count):
        customer = _customer(random, number, now)
        made.customers.append(customer)
        made.accounts += _accounts(random, customer, number)
        made.contacts += _contacts(random, customer)
    return made


def full_name(random: Random) -> str:
    given = random.choice(words.GIVEN_LAST)
    if random.random() < 0.7:
        given = random.choice(words.GIVEN_FIRST) + given
    return random.choice(words.SURNAMES) + given


def _name(random: Random, number: int) -> str:
    """The first few customers have the names that break page layouts: one character, and forty."""
    if number == 0:
        return words.ONE_CHARACTER
    if number <= len(words.LONG_NAMES):
        return words.LONG_NAMES[number - 1][:40]
    return full_name(random)


def _customer(random: Random, number: int, now: datetime) -> Customer:
    province = random.choices(
        list(words.PLACES), weights=[3 if p not in words.REMOTE else 1 for p in words.PLACES]
    )[0]
    held = random.choices(list(CustomerClass), weights=[80, 15, 5])[0]
    reason = {
        CustomerClass.GENERAL: "",
        CustomerClass.KEY: random.choice(KEY_REASONS),
        CustomerClass.SPECIAL: random.choice(SPECIAL_REASONS),
    }[held]
    return Customer(
        code=f"C{100001 + number}",
        name=_name(random, number),
        gender=random.choice(list(Gender)),
        customer_class=held,
        class_reason=reason,
        service_level=random.choices((0, 1, 2, 3), weights=(50, 30, 15, 5))[0],
        service_score=random.randint(55, 99),
        languages=["en"] if number == len(words.LONG_NAMES) else ["zh-hans"],
        province=province,
        city=random.choice(words.PLACES[province]),
        preferences=random.choice(PREFERENCES),
        service_needs="需大字版说明" if held == CustomerClass.SPECIAL and random.random() < 0.3 else "",
        consent_contact=random.random() < 0.95,
        consent_marketing=random.random() < 0.4,
        opt_outs=["phone"] if random.random() < 0.06 else [],
        registered_at=now - timedelta(days=random.randint(70, 1500), minutes=random.randint(0, 1439)),
    )


def _accounts(random: Random, customer: Customer, number: int) -> list[CustomerAccount]:
    """One account at the mall; some people have a second one, at the mall or at the marketplace."""
    ids = [(SOURCE, f"u{random.randrange(10**9):09d}{number}")]
    if random.random() < 0.12:
        ids.append((random.choice((SOURCE, OTHER_SOURCE)), f"u{random.randrange(10**9):09d}{number}b"))
    return [CustomerAccount(customer=customer, source=source, external_id=key) for source, key in ids]


def _contacts(random: Random, customer: Customer) -> list[Contact]:
    """Numbers begin with 128, which is no mobile prefix; mail goes to a reserved domain."""
    phone = f"1280{random.randrange(10**7):07d}"
    street, estate = random.choice(words.STREETS), random.choice(words.ESTATES)
    address = (
        f"{customer.province}{customer.city}{street}{random.randint(1, 399)}号"
        f"{estate}{random.randint(1, 22)}栋{random.randint(1, 30)}0{random.randint(1, 4)}室"
    )
    values = [
        (ContactKind.NAME, customer.name),
        (ContactKind.PHONE, phone),
        (ContactKind.ADDRESS, address),
    ]
    if random.random() < 0.85:
        values.append((ContactKind.EMAIL, f"user{phone[-7:]}@example.com"))
    if random.random() < 0.3:
        values.append((ContactKind.WECHAT, f"wx_{phone[-7:]}"))
    return [Contact(customer=customer, kind=kind, value=value, preferred=True) for kind, value in values]
