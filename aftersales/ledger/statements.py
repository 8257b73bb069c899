"""Statements by month and balances at past moments: a day that is closed is one row, what follows is a short tail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import Count

from accounts.models import User
from aftersales.ledger import selectors
from aftersales.ledger.models import Account, Journal, Period, Transfer
from aftersales.ledger.selectors import StatementLine
from aftersales.ledger.states import MERCHANT_ACCOUNTS, STAFF_ACCOUNTS, Party
from aftersales.merchants.models import Merchant

NOTHING = Decimal(0)
LONGEST = 500  # lines of one account on one page; the sums always hold all of them
_BEFORE = """
    SELECT a.id, coalesce(s.debits, 0) + coalesce(t.debits, 0), coalesce(s.credits, 0) + coalesce(t.credits, 0)
      FROM unnest(%(accounts)s::bigint[]) AS a(id)
      LEFT JOIN LATERAL (
            SELECT d.debits, d.credits, d.after_id, (d.day + 1)::timestamp AT TIME ZONE %(zone)s AS until
              FROM ledger_daybalance d WHERE d.account_id = a.id AND d.day < %(day)s
             ORDER BY d.day DESC LIMIT 1) s ON true
      LEFT JOIN LATERAL (
            SELECT sum(x.debit) AS debits, sum(x.credit) AS credits FROM (
                SELECT amount AS debit, 0 AS credit FROM ledger_transfer
                 WHERE debit_id = a.id AND id > coalesce(s.after_id, 0)
                   AND booked_at >= coalesce(s.until, '-infinity') AND booked_at < %(moment)s
                 UNION ALL
                SELECT 0, amount FROM ledger_transfer
                 WHERE credit_id = a.id AND id > coalesce(s.after_id, 0)
                   AND booked_at >= coalesce(s.until, '-infinity') AND booked_at < %(moment)s) AS x) t ON true
"""


def zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)


def balances_before(accounts: Sequence[Account], moment: datetime) -> dict[int, Decimal]:
    """What stood on each account just before a moment, seen from its own side, by its key. One statement."""
    given: dict[str, Any] = {
        "accounts": [row.pk for row in accounts], "zone": settings.TIME_ZONE, "moment": moment,
        "day": moment.astimezone(zone()).date(),
    }  # fmt: skip
    signs = {row.pk: row.sign for row in accounts}
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, given)
        return {key: signs[key] * (debits - credits) for key, debits, credits in cursor.fetchall()}


def balance_at(account: Account, moment: datetime) -> Decimal:
    """What stood on the account at a moment, what happened at that very moment included."""
    return balances_before([account], moment + timedelta(microseconds=1))[account.pk]


@dataclass(frozen=True)
class Month:
    """One account in one month. ``lines`` are at most LONGEST, oldest first; ``count`` and the sums hold all."""

    account: Account
    month: date
    opening: Decimal
    more: Decimal
    less: Decimal
    count: int
    lines: Sequence[StatementLine]

    @property
    def closing(self) -> Decimal:
        return self.opening + self.more - self.less

    @property
    def is_empty(self) -> bool:
        return not self.count and not self.opening


def months_of(accounts: Sequence[Account], month: date, *, lines: int = LONGEST) -> list[Month]:
    """Opening, entries and closing of these accounts in one month. Five statements, however many accounts."""
    first = month.replace(day=1)
    opening = balances_before(accounts, month_begin(first))
    booked, sums = _booked([row.pk for row in accounts], first, lines), _sums(accounts, first)
    entries = Journal.objects.in_bulk({row.journal_id for found in booked.values() for row in found})
    made = []
    for account in accounts:
        running, told = opening[account.pk], []
        for row in booked.get(account.pk, []):
            is_debit = row.debit_id == account.pk
            amount = (account.sign if is_debit else -account.sign) * row.amount
            running += amount
            other = row.credit if is_debit else row.debit
            told.append(StatementLine(row, entries[row.journal_id], other, amount, running, is_debit))
        more, less, count = sums.get(account.pk, (NOTHING, NOTHING, 0))
        made.append(Month(account, first, opening[account.pk], more, less, count, told))
    return made


def month_begin(month: date) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=zone())


def _booked(keys: Sequence[int], month: date, limit: int) -> dict[int, list[Transfer]]:
    """The first transfers of each account in the order in which they happened; a busy one takes none of another's."""
    with connection.cursor() as cursor:
        cursor.execute(_FIRST, {"keys": list(keys), "month": month, "limit": limit})
        pairs = cursor.fetchall()
    rows = Transfer.objects.select_related("debit", "credit").in_bulk({key for _account, key in pairs})
    found: dict[int, list[Transfer]] = {}
    for account, key in pairs:
        found.setdefault(account, []).append(rows[key])
    return found


_FIRST = """
    SELECT a.id, t.id FROM unnest(%(keys)s::bigint[]) AS a(id)
     CROSS JOIN LATERAL (
            SELECT x.id, x.booked_at FROM (
                SELECT id, booked_at FROM ledger_transfer WHERE debit_id = a.id AND month = %(month)s
                 UNION ALL
                SELECT id, booked_at FROM ledger_transfer WHERE credit_id = a.id AND month = %(month)s) AS x
             ORDER BY x.booked_at, x.id LIMIT %(limit)s) AS t
     ORDER BY a.id, t.booked_at, t.id
"""


_SUMS = """
    SELECT x.account, sum(x.debit), sum(x.credit), count(*) FROM (
        SELECT debit_id AS account, amount AS debit, 0 AS credit FROM ledger_transfer
         WHERE debit_id = ANY(%(keys)s) AND month = %(month)s
         UNION ALL
        SELECT credit_id, 0, amount FROM ledger_transfer
         WHERE credit_id = ANY(%(keys)s) AND month = %(month)s) AS x
     GROUP BY 1
"""


def _sums(accounts: Sequence[Account], month: date) -> dict[int, tuple[Decimal, Decimal, int]]:
    """What made each account more and less, and how many transfers did."""
    signs = {row.pk: row.sign for row in accounts}
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, {"keys": list(signs), "month": month})
        return {
            key: (debits, credits, count) if signs[key] > 0 else (credits, debits, count)
            for key, debits, credits, count in cursor.fetchall()
        }


def accounts_of(party: str, key: int, user: Any) -> list[Account]:
    """The accounts of a person or a merchant that this reader may see."""
    kinds = STAFF_ACCOUNTS if party == Party.PERSON else MERCHANT_ACCOUNTS
    rows = Account.objects.visible_to(user).filter(kind__in=sorted(kinds), subject_id=key)
    return list(rows.order_by("kind", "unit"))


def months_to_choose(now: datetime) -> list[date]:
    """Months that have entries, newest first, the present one always."""
    known = set(Period.objects.values_list("month", flat=True)) | {selectors.month_of(now)}
    return sorted(known, reverse=True)[:60]


@dataclass(frozen=True)
class Moved:
    """Somebody whose accounts moved in a month."""

    party: str
    key: int
    name: str
    code: str
    transfers: int


def moved_in(month: date, user: Any) -> list[Moved]:
    """Whose accounts moved in a month, as far as this reader may see them; the busiest first."""
    kinds = sorted(STAFF_ACCOUNTS | MERCHANT_ACCOUNTS)
    seen = Account.objects.visible_to(user).filter(kind__in=kinds)
    rows = Transfer.objects.filter(month=month)
    counts: dict[tuple[str, int], int] = {}
    for side in ("debit", "credit"):
        found = rows.filter(**{f"{side}__in": seen}).values_list(f"{side}__kind", f"{side}__subject_id")
        for kind, subject, number in found.annotate(number=Count("pk")).order_by():
            party = str(Party.PERSON if kind in STAFF_ACCOUNTS else Party.MERCHANT)
            counts[party, subject] = counts.get((party, subject), 0) + number
    names = party_names(counts)
    listed = [
        Moved(party, key, *names[party, key], count)
        for (party, key), count in counts.items()
        if (party, key) in names
    ]
    return sorted(listed, key=lambda one: (-one.transfers, one.party, one.name))


def party_names(keys: Any) -> dict[tuple[str, int], tuple[str, str]]:
    """Name and code (user name, merchant's code) of people and merchants, by party and key."""
    people = [key for party, key in keys if party == Party.PERSON]
    shops = [key for party, key in keys if party == Party.MERCHANT]
    found: dict[tuple[str, int], tuple[str, str]] = {}
    for person in User.objects.filter(pk__in=people) if people else ():
        found[str(Party.PERSON), person.pk] = (str(person), person.username)
    for shop in Merchant.objects.filter(pk__in=shops) if shops else ():
        found[str(Party.MERCHANT), shop.pk] = (shop.name, shop.code)
    return found
