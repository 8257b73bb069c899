"""The ledger: posting against its own statements in SQL, a balance of a million entries, the proof against a scan."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from itertools import count as numbers
from typing import Any

import psycopg
from django.db import connection, transaction
from django.urls import reverse

from accounts.models import User
from accounts.services import system_user
from accounts.states import Role
from aftersales.ledger import chart, selectors, services, statements
from aftersales.ledger.chart import Line
from aftersales.ledger.models import Account, Journal, Proposal, Transfer
from aftersales.ledger.services import months
from tests import database
from tests.bench import scene, walks
from tests.bench.automatic import undone
from tests.bench.data import NOW, Sets, copy_of
from tests.bench.measure import Result, at_least, at_most, big_tables, count, race
from tests.bench.measure import statements as asked_by
from tests.bench.rows import AGENTS, insert
from tests.toy.fixtures import at_once

ENTRIES, PROVED, LISTED = 1_000_000, 200_000, 100_000
SHOP = 1
WRITERS, EACH = 4, 25
BOOKED = f"timestamptz '{(NOW - timedelta(days=70)).isoformat()}' + i * interval '5 seconds'"
_sources = numbers(10_000_000)


def measure(sets: Sets, effort: int) -> Iterator[Result]:
    with copy_of(sets.base) as name:
        actor = system_user(NOW)
        _entries(name, ENTRIES)
        post = lambda: _post(next(_sources), actor)  # noqa: E731 - an entry of its own each time
        post()
        replay = _replay(asked_by(undone(post)).statements)
        taken = race(undone(post), undone(replay), rounds=60 * effort, inner=3, warm=5)
        yield at_least("posting, speed / its statements in bare SQL", taken, 0.25)
        account = _account()
        taken = race(
            lambda: selectors.balance(chart.receivable(SHOP)), lambda: _row(account.pk),
            rounds=100 * effort, inner=10, warm=10,
        )  # fmt: skip
        yield at_most(f"balance of {ENTRIES:,} entries / a row by its key", taken, 3.0)
        months.days_keep(month=selectors.month_of(NOW - timedelta(days=30)))
        past = NOW - timedelta(days=45)
        taken = race(
            lambda: statements.balance_at(account, past), lambda: _row(account.pk), rounds=30 * effort, warm=3
        )
        yield at_most(
            "balance at a past moment / a row by its key", taken, 200.0, "one closed day and its tail"
        )
        yield count("lost of four writers at once", _lost(actor), 0)


def measure_lists(sets: Sets, _effort: int) -> Iterator[Result]:
    """Every list of the room at 100,000 rows, for who reads all of it, people's part, or his own."""
    with copy_of(sets.base) as name:
        _entries(name, LISTED)
        _proposals(name, LISTED)
        big = big_tables(walks.BIG)
        for title, pages in _lists().items():
            yield from walks.walk(title, walks.captured(pages), big)


def _lists() -> dict[str, list[tuple[str, str, bool]]]:
    for role in (Role.FINANCE, Role.PAYROLL_READER):
        User.objects.create(username=role.value, display_name=role.value, roles=[role.value], created_at=NOW)
    journal, proposals = reverse("ledger:journal"), reverse("ledger:proposals")
    account = reverse("ledger:account", args=[_account().public_id])
    half = LISTED // 2
    return {
        "journal": [
            ("finance", journal + query, False)
            for query in ("", "?kind=penalty", "?kind=compensation", f"?merchant={SHOP}", f"?before={half}")
        ],
        "account": [("finance", account + query, False) for query in ("", f"?before={half}")],
        "accounts": [(who, reverse("ledger:accounts"), False) for who in ("finance", "payroll_reader")],
        "proposals": [
            (who, proposals + query, False)
            for who in ("finance", "supervisor", "agent00", "payroll_reader")
            for query in ("", "?state=notified", "?state=withdrawn", f"?before={half}")
        ],
    }  # fmt: skip


def _proposals(name: str, size: int) -> None:
    """Proposals about merchants and people in three states; few of them are one agent's."""
    agent = scene.person("agent00").pk
    with database.superuser(name) as link:
        link.execute("SET session_replication_role = replica")
        insert(
            link, Proposal, f"generate_series(1, {size}) i", id="i", number="'TYB-' || i", kind="'penalty'",
            state="(ARRAY['proposed','notified','posted'])[1 + i % 3]", amount="1 + i % 90", unit="'CNY'",
            party="CASE WHEN i % 4 = 0 THEN 'person' ELSE 'merchant' END",
            party_id=f"CASE WHEN i % 4 = 0 THEN {agent} + i % {AGENTS} ELSE 1 + i % 9000 END",
            fact_code="'late_answer'", citation="'incentive.merchant_late_points v1'", source_kind="'bench'",
            source_id="i", proposed_by_id=str(scene.person("operations").pk), proposed_at=BOOKED, notified_at=BOOKED,
        )  # fmt: skip
        link.commit()
        link.autocommit = True
        link.execute(f"VACUUM ANALYZE {Proposal._meta.db_table}")


def measure_verify(sets: Sets, effort: int) -> Iterator[Result]:
    with copy_of(sets.base) as name:
        _entries(name, PROVED)
        services.journal_seal(actor=system_user(NOW), now=NOW, runs=PROVED)
        months.days_keep(month=selectors.month_of(NOW - timedelta(days=30)))
        taken = race(_proved, _scanned, rounds=3 * effort, warm=1)
        yield at_most(f"proof of {PROVED:,} transfers / one scan of their columns", taken, 8.0)


def _entries(name: str, size: int) -> None:
    """One merchant's receivable with this many entries, as the product would have left them."""
    month = f"date_trunc('month', ({BOOKED}) AT TIME ZONE 'Asia/Shanghai')::date"
    with database.superuser(name) as link:
        link.execute("SET session_replication_role = replica")
        pair = "(VALUES (1, 'merchant_receivable', 1), (2, 'platform_cash', 0)) v(i, kind, subject)"
        insert(
            link, Account, pair, id="i", kind="kind", subject_id="subject", unit="'CNY'",
            debits=f"CASE i WHEN 1 THEN {size} ELSE 0 END", credits=f"CASE i WHEN 2 THEN {size} ELSE 0 END",
            transfers=str(size), opened_at=f"'{NOW.isoformat()}'",
        )  # fmt: skip
        series = f"generate_series(1, {size}) i"
        insert(
            link, Journal, series, id="i", kind="'penalty'", source_kind="'bench'", source_id="i", month=month,
            booked_at=BOOKED, lines="1", total="1", unit="'CNY'", merchant_id=str(SHOP), actor_id="1",
            actor_name="'bench'",
        )  # fmt: skip
        insert(
            link, Transfer, series, id="i", journal_id="i", line="1", month=month, debit_id="1", credit_id="2",
            unit="'CNY'", amount="1", debit_balance="i", credit_balance="-i", booked_at=BOOKED,
        )  # fmt: skip
        link.execute(
            "INSERT INTO ledger_period (month, ends_at, state, version) "
            "SELECT DISTINCT month, (month + interval '1 month') AT TIME ZONE 'Asia/Shanghai', 'open', 1 "
            "FROM ledger_transfer"
        )
        link.commit()
        link.autocommit = True
        link.execute("VACUUM ANALYZE ledger_journal, ledger_transfer, ledger_account")


def _post(source: int, actor: Any) -> None:
    line = Line(chart.receivable(SHOP), chart.CASH, Decimal(1))
    services.post(source=("bench.thing", source), kind="penalty", lines=[line], actor=actor, now=NOW)


def _replay(asked: list[tuple[str, Any]]) -> Callable[[], None]:
    """The same statements with the same values, sent by nobody but the driver."""

    def run() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for sql, params in asked:
                cursor.execute(sql, params)
                with suppress(psycopg.ProgrammingError):
                    cursor.fetchall()

    return run


def _account() -> Account:
    found: Account = Account.objects.get(kind="merchant_receivable", subject_id=SHOP)
    return found


def _row(key: int) -> Any:
    return Account.objects.filter(pk=key).first()


def _lost(actor: Any) -> int:
    """Of four writers to one pair of accounts: entries that are missing, and faults of the sums."""
    before = _account().transfers
    writers = [lambda: [_post(next(_sources), actor) for _n in range(EACH)] for _w in range(WRITERS)]
    failed = sum(isinstance(answer, Exception) for answer in at_once(writers))
    account = _account()
    return (
        failed
        + abs(account.transfers - before - WRITERS * EACH)
        + abs(int(account.debits) - account.transfers)
    )


def _proved() -> None:
    if found := list(selectors.faults()):
        raise RuntimeError(f"{found[0]}: the rows of the measurement are wrong")


def _scanned() -> None:
    """Every column of the same rows, read once."""
    with connection.cursor() as cursor:
        for table in ("ledger_transfer", "ledger_journal", "ledger_account"):
            cursor.execute(f"SELECT count(*), sum(length(t::text)) FROM {table} t")  # noqa: S608 - our own tables
            cursor.fetchone()
