"""How callers name accounts and lines: no keys, no rows, no queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from aftersales.ledger.states import AccountKind, Shortage


@dataclass(frozen=True)
class Ref:
    """An account by what it is; it is opened when something is first posted to it."""

    kind: str
    subject_id: int = 0


def _key(row: Any) -> int:
    return int(getattr(row, "pk", row))


def deposit(merchant: Any) -> Ref:
    """What a merchant left with us as security. Takes the row or its key, like all the others."""
    return Ref(AccountKind.MERCHANT_DEPOSIT, _key(merchant))


def payable(merchant: Any) -> Ref:
    """What we owe the merchant from sales."""
    return Ref(AccountKind.MERCHANT_PAYABLE, _key(merchant))


def receivable(merchant: Any) -> Ref:
    """What the merchant owes us."""
    return Ref(AccountKind.MERCHANT_RECEIVABLE, _key(merchant))


def merchant_points(merchant: Any) -> Ref:
    return Ref(AccountKind.MERCHANT_POINTS, _key(merchant))


def customer(customer: Any) -> Ref:
    """What a customer got."""
    return Ref(AccountKind.CUSTOMER, _key(customer))


def bonus(person: Any) -> Ref:
    return Ref(AccountKind.STAFF_BONUS, _key(person))


def points(person: Any) -> Ref:
    return Ref(AccountKind.STAFF_POINTS, _key(person))


CASH = Ref(AccountKind.PLATFORM_CASH)
COST = Ref(AccountKind.PLATFORM_COST)
POINTS_GIVEN = Ref(AccountKind.PLATFORM_POINTS)
CLEARING = Ref(AccountKind.PLATFORM_CLEARING)
PROTECTION = Ref(AccountKind.CONSUMER_PROTECTION)
WRITTEN_OFF = Ref(AccountKind.WRITTEN_OFF)


@dataclass(frozen=True)
class Line:
    """``amount`` > 0 from ``debit`` to ``credit``.

    Several debit accounts are taken from in turn, each as far as it has money; the last one bears the rest by
    ``shortage``: a recovery reads ``Line([payable(m), deposit(m), receivable(m)], CASH, amount)``.
    """

    debit: Ref | Sequence[Ref]
    credit: Ref
    amount: Decimal
    unit: str = "CNY"
    shortage: str = Shortage.REFUSE

    @property
    def debits(self) -> tuple[Ref, ...]:
        return (self.debit,) if isinstance(self.debit, Ref) else tuple(self.debit)


@dataclass(frozen=True)
class Moved:
    """What one transfer really moved."""

    debit: Ref
    credit: Ref
    unit: str
    amount: Decimal
