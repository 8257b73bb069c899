"""Answers of the ledger: entries by source, statements, balances at a moment, and the proof."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import Q

from accounts.models import User
from aftersales.ledger import sealed
from aftersales.ledger.chart import Moved, Ref
from aftersales.ledger.models import NUMBER, Account, Journal, Period, Proposal, Transfer
from aftersales.ledger.rules import amount_words
from aftersales.ledger.states import (
    DEBIT_SIDE,
    MERCHANT_ACCOUNTS,
    STAFF_ACCOUNTS,
    AccountKind,
    Party,
    PeriodState,
)
from aftersales.merchants.models import Merchant, MerchantMember
from aftersales.merchants.states import MemberRole
from aftersales.standards.selectors import calendar, parameter
from aftersales.standards.worktime import end_of_working_day

PAGE = 50


def month_of(moment: datetime) -> date:
    """The installation's month of a moment."""
    return moment.astimezone(ZoneInfo(settings.TIME_ZONE)).date().replace(day=1)


def month_end(month: date) -> datetime:
    """The first moment that no longer belongs to it."""
    following = (month.replace(day=1) + timedelta(days=32)).replace(day=1)
    return datetime(following.year, following.month, 1, tzinfo=ZoneInfo(settings.TIME_ZONE))


def earlier_open(rows: Sequence[Period], now: datetime) -> dict[int, bool]:
    """Fact: whether an earlier month is still open."""
    first = (
        Period.objects.filter(state=PeriodState.OPEN)
        .order_by("month")
        .values_list("month", flat=True)
        .first()
    )
    return {row.pk: first is not None and first < row.month for row in rows}


def owners(rows: Sequence[Proposal], now: datetime) -> dict[int, frozenset[int]]:
    """Fact: who answers for the merchant whom a proposal concerns. One query."""
    shops = {row.party_id for row in rows if row.party == Party.MERCHANT}
    found: dict[int, set[int]] = {}
    active = MerchantMember.objects.filter(merchant__in=shops, active_to=None, role=MemberRole.OWNER)
    for shop, person in active.values_list("merchant_id", "user_id"):
        found.setdefault(shop, set()).add(person)
    return {
        row.pk: frozenset(found.get(row.party_id, ()) if row.party == Party.MERCHANT else ()) for row in rows
    }


def managers(rows: Sequence[Proposal], now: datetime) -> dict[int, int]:
    """Fact: who looks after the merchant whom a proposal concerns. One query."""
    shops = {row.party_id for row in rows if row.party == Party.MERCHANT}
    known = Merchant.objects.filter(pk__in=shops).exclude(manager=None) if shops else Merchant.objects.none()
    found = dict(known.values_list("pk", "manager_id"))
    return {
        row.pk: found[row.party_id] for row in rows if row.party == Party.MERCHANT and row.party_id in found
    }


def posted(kind: str, source: tuple[str, int]) -> Journal | None:
    """The entry of a source; None when nothing was posted for it."""
    found: Journal | None = Journal.objects.filter(
        kind=kind, source_kind=source[0], source_id=source[1]
    ).first()
    return found


def posted_for(source: tuple[str, int]) -> list[Journal]:
    """Every entry of a source, oldest first."""
    return list(Journal.objects.filter(source_kind=source[0], source_id=source[1]).order_by("pk"))


def reversal_of(journal: Journal) -> Journal | None:
    found: Journal | None = Journal.objects.filter(reverses_id=journal.pk).first()
    return found


def transfers_of(journal_id: int) -> list[Transfer]:
    rows = Transfer.objects.filter(journal_id=journal_id).select_related("debit", "credit")
    return list(rows.order_by("line"))


def moved_by(journal_id: int) -> list[Moved]:
    """What an entry moved, in the words of callers."""
    return [
        Moved(
            Ref(row.debit.kind, row.debit.subject_id), Ref(row.credit.kind, row.credit.subject_id), row.unit,
            row.amount,
        )
        for row in transfers_of(journal_id)
    ]  # fmt: skip


def balance(ref: Ref, unit: str = "CNY") -> Decimal:
    """What stands on an account now; nothing for one that was never used. One indexed row."""
    row = Account.objects.filter(kind=ref.kind, subject_id=ref.subject_id, unit=unit).first()
    return row.balance if row else Decimal(0)


def balances(refs: Sequence[Ref], unit: str = "CNY") -> dict[Ref, Decimal]:
    """The same for many accounts, one query."""
    wanted = Q(pk__in=[])
    for ref in refs:
        wanted |= Q(kind=ref.kind, subject_id=ref.subject_id)
    found = {(row.kind, row.subject_id): row.balance for row in Account.objects.filter(wanted, unit=unit)}
    return {ref: found.get((str(ref.kind), ref.subject_id), Decimal(0)) for ref in refs}


@dataclass(frozen=True)
class StatementLine:
    """One transfer as one account sees it: more or less, from or to where, what stood on it then."""

    transfer: Transfer
    journal: Journal
    other: Account
    amount: Decimal
    balance: Decimal
    is_debit: bool


def statement(
    account: Account, *, before: int | None = None, until: datetime | None = None, limit: int = PAGE
) -> list[StatementLine]:
    """Transfers of an account, newest first; ``before`` continues a page, ``until`` looks back from a moment."""
    both: list[Transfer] = []
    for side in ("debit", "credit"):
        rows = Transfer.objects.filter(**{side: account}).select_related("debit", "credit")
        if before:
            rows = rows.filter(pk__lt=before)
        if until:
            rows = rows.filter(booked_at__lte=until)
        both += rows.order_by("-pk")[:limit]
    newest = sorted(both, key=lambda row: -row.pk)[:limit]
    entries = Journal.objects.in_bulk({row.journal_id for row in newest})
    return [_seen_by(account, row, entries[row.journal_id]) for row in newest]


def _seen_by(account: Account, row: Transfer, journal: Journal) -> StatementLine:
    is_debit = row.debit_id == account.pk
    sign = account.sign if is_debit else -account.sign
    return StatementLine(
        row, journal, row.credit if is_debit else row.debit, sign * row.amount,
        row.debit_balance if is_debit else row.credit_balance, is_debit,
    )  # fmt: skip


def subject_names(accounts: Sequence[Account]) -> dict[int, str]:
    """Whose accounts these are, by the account's key: names of merchants and people, numbers of customers."""
    shops = {row.subject_id for row in accounts if row.kind in MERCHANT_ACCOUNTS}
    people = {row.subject_id for row in accounts if row.kind in STAFF_ACCOUNTS}
    merchants = {row.pk: row.name for row in Merchant.objects.filter(pk__in=shops)} if shops else {}
    staff = {row.pk: str(row) for row in User.objects.filter(pk__in=people)} if people else {}
    return {row.pk: _name(row, merchants, staff) for row in accounts}


def _name(account: Account, merchants: Mapping[int, str], staff: Mapping[int, str]) -> str:
    if account.kind in MERCHANT_ACCOUNTS:
        return merchants.get(account.subject_id, f"#{account.subject_id}")
    if account.kind in STAFF_ACCOUNTS:
        return staff.get(account.subject_id, f"#{account.subject_id}")
    return f"#{account.subject_id}" if account.kind == AccountKind.CUSTOMER else ""


def party_name(proposal: Proposal) -> str:
    model: Any = Merchant if proposal.party == Party.MERCHANT else User
    return str(model.objects.filter(pk=proposal.party_id).first() or f"#{proposal.party_id}")


def party_names(rows: Sequence[Proposal]) -> dict[int, str]:
    """Names of the parties of many proposals by the proposal's key."""
    found: dict[tuple[str, int], str] = {}
    for party, model in ((Party.MERCHANT, Merchant), (Party.PERSON, User)):
        wanted = {row.party_id for row in rows if row.party == party}
        for row in model._default_manager.filter(pk__in=wanted) if wanted else ():
            found[str(party), row.pk] = getattr(row, "name", "") or str(row)
    return {row.pk: found.get((row.party, row.party_id), f"#{row.party_id}") for row in rows}


def publish_due(proposal: Proposal) -> datetime:
    """When a measure is published at the latest: the end of the working day after it was proposed (P3)."""
    days = int(parameter("measure_publish_days", proposal.proposed_at))
    return end_of_working_day(calendar("workdays"), proposal.proposed_at, days)


def proposals_about(source: tuple[str, int]) -> list[Proposal]:
    """Proposals that rest on this row, for a case's page."""
    return list(Proposal.objects.filter(source_kind=source[0], source_id=source[1]).order_by("pk"))


# --------------------------------------------------------------------------------------------------- proof
@dataclass(frozen=True)
class Fault:
    """One row that does not agree with the others."""

    what: str
    row: str
    detail: str

    def __str__(self) -> str:
        return f"{self.what}: {self.row} ({self.detail})"


def faults() -> Iterator[Fault]:
    """Everything that a forged, lost or doubled row leaves behind; nothing when the ledger is whole."""
    for what, sql in _PROOFS:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            for key, detail in cursor.fetchall():
                yield Fault(what, _called(what, key), detail)
    for one in sealed.broken():
        yield Fault("seal is broken", one.row, one.detail)


def _called(what: str, key: int) -> str:
    return NUMBER.format(key) if what.startswith("entry") else f"account {key}"


_DEBIT_SIDE = ", ".join(f"'{kind}'" for kind in sorted(DEBIT_SIDE))
_PROOFS: tuple[tuple[str, str], ...] = (
    (
        "entry without all of its transfers",
        """
        SELECT j.id, format('%s lines and %s in all, found %s and %s', j.lines, j.total, coalesce(t.n, 0),
                            coalesce(t.sum, 0))
          FROM ledger_journal j
          LEFT JOIN (SELECT journal_id, count(*) AS n, sum(amount) AS sum, max(line) AS last FROM ledger_transfer
                      GROUP BY 1) t ON t.journal_id = j.id
         WHERE (t.n, t.sum, t.last) IS DISTINCT FROM (j.lines::bigint, j.total, j.lines) ORDER BY 1
        """,
    ),
    (
        "entry is missing for a transfer",
        """
        SELECT DISTINCT t.journal_id, 'no such entry' FROM ledger_transfer t
         WHERE NOT EXISTS (SELECT 1 FROM ledger_journal j WHERE j.id = t.journal_id) ORDER BY 1
        """,
    ),
    (
        "entry and transfer disagree on the month",
        """
        SELECT DISTINCT j.id, 'another month' FROM ledger_transfer t JOIN ledger_journal j ON j.id = t.journal_id
         WHERE j.month <> t.month ORDER BY 1
        """,
    ),
    (
        "account does not hold what its transfers say",
        """
        SELECT a.id, format('%s: debits %s, credits %s, transfers %s; they say %s, %s, %s', a.kind, a.debits, a.credits,
                            a.transfers, s.debits, s.credits, s.n)
          FROM ledger_account a
          JOIN (SELECT id, sum(debits) AS debits, sum(credits) AS credits, sum(n) AS n FROM (
                    SELECT id, 0 AS debits, 0 AS credits, 0 AS n FROM ledger_account
                    UNION ALL SELECT debit_id, amount, 0, 1 FROM ledger_transfer
                    UNION ALL SELECT credit_id, 0, amount, 1 FROM ledger_transfer) AS x GROUP BY id) s ON s.id = a.id
         WHERE (a.debits, a.credits, a.transfers::numeric) IS DISTINCT FROM (s.debits, s.credits, s.n::numeric)
         ORDER BY 1
        """,
    ),
    (
        "account jumps between two transfers",
        f"""
        SELECT DISTINCT account, format('after transfer %s', id) FROM (
            SELECT account, id, balance, sum(change) OVER (PARTITION BY account ORDER BY id) AS running FROM (
                SELECT t.debit_id AS account, t.id, t.debit_balance AS balance,
                       CASE WHEN a.kind IN ({_DEBIT_SIDE}) THEN t.amount ELSE -t.amount END AS change
                  FROM ledger_transfer t JOIN ledger_account a ON a.id = t.debit_id
                UNION ALL
                SELECT t.credit_id, t.id, t.credit_balance,
                       CASE WHEN a.kind IN ({_DEBIT_SIDE}) THEN -t.amount ELSE t.amount END
                  FROM ledger_transfer t JOIN ledger_account a ON a.id = t.credit_id) AS x) AS y
         WHERE running <> balance ORDER BY 1, 2
        """,  # noqa: S608 - our own words
    ),
    (
        "balance of a closed day is not what was booked",
        f"""
        SELECT coalesce(d.account_id, s.account), format('at the end of %s', coalesce(d.day, s.day))
          FROM ledger_daybalance d
          FULL JOIN (SELECT account, day, sum(sum(debit)) OVER w AS debits, sum(sum(credit)) OVER w AS credits,
                            sum(count(*)) OVER w AS transfers
                       FROM (SELECT debit_id AS account, month, (booked_at AT TIME ZONE '{settings.TIME_ZONE}')::date
                                    AS day, amount AS debit, 0 AS credit FROM ledger_transfer
                             UNION ALL
                             SELECT credit_id, month, (booked_at AT TIME ZONE '{settings.TIME_ZONE}')::date, 0, amount
                               FROM ledger_transfer) AS x
                      WHERE month <= (SELECT max(month) FROM ledger_daybalance)
                      GROUP BY account, day WINDOW w AS (PARTITION BY account ORDER BY day)) s
                 ON s.account = d.account_id AND s.day = d.day
         WHERE (d.debits, d.credits, d.transfers::numeric) IS DISTINCT FROM (s.debits, s.credits, s.transfers)
         ORDER BY 1, coalesce(d.day, s.day)
        """,  # noqa: S608 - our own words
    ),
)


def totals() -> list[tuple[str, Decimal, Decimal]]:
    """Σ debits and Σ credits by unit: equal, always."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT unit, sum(debits), sum(credits) FROM ledger_account GROUP BY unit ORDER BY unit"
        )
        return [(row[0], row[1], row[2]) for row in cursor.fetchall()]


def words(amount: Decimal, unit: str) -> str:
    return amount_words(amount, unit)
