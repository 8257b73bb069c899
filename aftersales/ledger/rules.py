"""Pure arithmetic of a posting: what each line takes from where, given what the accounts hold."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from aftersales.core.errors import DomainError
from aftersales.core.wording import money
from aftersales.ledger.chart import Line, Moved, Ref
from aftersales.ledger.states import (
    DEBIT_SIDE,
    FLOORED,
    MERCHANT_ACCOUNTS,
    PLATFORM_ACCOUNTS,
    POINTS,
    STAFF_ACCOUNTS,
    AccountKind,
    Shortage,
)

NOTHING = Decimal(0)
CENT = Decimal("0.01")
LARGEST = Decimal("9999999999999.99")
Key = tuple[str, int, str]
POINT_ACCOUNTS = frozenset(
    {AccountKind.MERCHANT_POINTS, AccountKind.STAFF_POINTS, AccountKind.PLATFORM_POINTS}
)


def key(ref: Ref, unit: str) -> Key:
    return (str(ref.kind), ref.subject_id, unit)


def is_own(ref: Ref, person: int) -> bool:
    """Whether this is an account of that person."""
    return ref.kind in STAFF_ACCOUNTS and ref.subject_id == person


def check(lines: Sequence[Line]) -> None:
    """Refuse what no ledger could hold, before anything is locked. Raises DomainError or ValueError (a bug)."""
    if not lines:
        raise ValueError("an entry has at least one line")
    for line in lines:
        if not line.amount.is_finite() or line.amount <= 0 or line.amount > LARGEST:
            raise DomainError(_("An amount in the ledger is above zero."), "amount")
        if line.amount != line.amount.quantize(CENT):
            raise DomainError(_("An amount in the ledger has at most two decimals."), "amount")
        if not line.debits or line.credit in line.debits:
            raise ValueError("a line goes from one account to another")
        for ref in (*line.debits, line.credit):
            _check_account(ref, line.unit)


def _check_account(ref: Ref, unit: str) -> None:
    platform = ref.kind in PLATFORM_ACCOUNTS
    if ref.kind not in AccountKind.values or platform != (ref.subject_id == 0) or ref.subject_id < 0:
        raise ValueError(f"{ref} is no account")
    if (ref.kind in POINT_ACCOUNTS) != (unit == POINTS):
        raise DomainError(_("Points and money never mix."), "unit")


@dataclass
class Sums:
    """One account in memory while an entry is worked out."""

    debits: Decimal = NOTHING
    credits: Decimal = NOTHING
    overdraft: Decimal = NOTHING
    transfers: int = 0

    @property
    def held(self) -> Decimal:
        return self.credits - self.debits


@dataclass(frozen=True)
class Step:
    """One transfer with the balances after it, each from its account's own side."""

    moved: Moved
    debit_balance: Decimal
    credit_balance: Decimal


@dataclass
class Work:
    """The accounts of one entry, changed line by line."""

    sums: dict[Key, Sums]
    steps: list[Step] = field(default_factory=list)

    def run(self, lines: Sequence[Line]) -> list[Step]:
        """All transfers; raises ``not_enough`` where an account holds too little and nothing else was said."""
        for line in lines:
            left = line.amount
            *first, last = line.debits
            for ref in first:
                left -= self._take(ref, line, min(left, self._there(ref, line)))
            self._take(last, line, self._of_last(last, line, left))
        return self.steps

    def _there(self, ref: Ref, line: Line) -> Decimal:
        """What may be taken without anybody's word; accounts without a floor give all that is asked."""
        if ref.kind not in FLOORED:
            return line.amount
        return max(self.sums[key(ref, line.unit)].held, NOTHING)

    def _of_last(self, ref: Ref, line: Line, left: Decimal) -> Decimal:
        there = self._there(ref, line)
        if left <= there or line.shortage == Shortage.OVERDRAW:
            return left
        if line.shortage == Shortage.COVER:
            return there
        words = {"held": amount_words(there, line.unit), "asked": amount_words(left, line.unit)}
        raise DomainError(
            _("The account holds %(held)s; %(asked)s cannot be taken from it.") % words, "not_enough"
        )

    def _take(self, ref: Ref, line: Line, amount: Decimal) -> Decimal:
        if amount <= 0:
            return NOTHING
        debit, credit = self.sums[key(ref, line.unit)], self.sums[key(line.credit, line.unit)]
        debit.debits += amount
        credit.credits += amount
        debit.transfers += 1
        credit.transfers += 1
        if ref.kind in FLOORED:
            debit.overdraft = max(debit.overdraft, -debit.held)
        moved = Moved(ref, line.credit, line.unit, amount)
        self.steps.append(Step(moved, balance(ref.kind, debit), balance(line.credit.kind, credit)))
        return amount


def balance(kind: str, sums: Sums) -> Decimal:
    return -sums.held if kind in DEBIT_SIDE else sums.held


def amount_words(amount: Decimal, unit: str) -> str:
    """¥12.00 or 12 points."""
    if unit == POINTS:
        number = amount.quantize(Decimal(1)) if amount == amount.to_integral() else amount
        return _("%(number)s points") % {"number": number}
    return money(amount, unit)


def merchant_of(lines: Sequence[Line]) -> int | None:
    """The one merchant an entry is about."""
    found = {
        ref.subject_id
        for line in lines
        for ref in (*line.debits, line.credit)
        if ref.kind in MERCHANT_ACCOUNTS
    }
    return found.pop() if len(found) == 1 else None


def is_about_people(lines: Sequence[Line]) -> bool:
    """Whether it touches nothing but people of the department and the platform."""
    kinds = {ref.kind for line in lines for ref in (*line.debits, line.credit)}
    return bool(kinds & STAFF_ACCOUNTS) and kinds <= STAFF_ACCOUNTS | PLATFORM_ACCOUNTS
