"""Opening a return and what the rules say to it; a bank file of 50,000 payments against COPY of the same columns."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from accounts.services import system_user
from aftersales.cases.models import Case, CasePayment, PaymentRun
from aftersales.cases.services import CaseDraft, case_open
from aftersales.cases.services.runs import run_write
from aftersales.core import files
from aftersales.orders.models import OrderLine
from aftersales.orders.returning import answers_of, facts_of
from aftersales.tickets.models import Ticket
from tests import database
from tests.bench import scene
from tests.bench.automatic import asked_for, undone
from tests.bench.data import NOW, Sets, copy_of
from tests.bench.measure import Result, at_most, count, race, statements
from tests.bench.rows import insert

ASKED = {"demand": "return", "ground": "no_reason", "asked_at": NOW}
PAYMENTS = 50_000
CASES = 100


def measure_opening(sets: Sets, effort: int) -> Iterator[Result]:
    with copy_of(sets.base):
        line, open_one = _to_open()
        taken = race(
            lambda: answers_of([line], **ASKED), undone(open_one), rounds=30 * effort, inner=3, warm=5
        )
        yield at_most("eligibility / opening the case", taken, 0.2)
        beyond = len(statements(lambda: answers_of([line], **ASKED)))
        beyond -= len(statements(lambda: facts_of([line], **ASKED)))
        yield count("eligibility, queries beyond its facts", beyond, 0)
        yield count("opening a return, statements", len(statements(undone(open_one))), 25)


def _to_open() -> tuple[int, Callable[[], Any]]:
    """One article that was delivered, its ticket, and the act of asking to return it."""
    agent = scene.person("agent00")
    [(given, _line, _order, _account)] = asked_for(1)
    ticket = Ticket.objects.get(pk=given.ticket_id)
    line = OrderLine.objects.create(
        order_id=given.order_id, line_no=2, merchant_id=given.merchant_id, unit_price=10, paid=10
    )
    draft = CaseDraft(kind="return", ground="no_reason", pieces={line.pk: 1}, words="不合适")
    return line.pk, lambda: case_open(ticket=ticket, draft=draft, actor=agent, now=NOW)


def measure_run(sets: Sets, effort: int) -> Iterator[Result]:
    with copy_of(sets.base) as name:
        cases = [row[0] for row in asked_for(CASES)]
        run = _run(name, cases)
        sizes: set[int] = set()
        taken = race(lambda: sizes.add(_written(run)), lambda: _copied(run.pk), rounds=5 * effort, warm=1)
        if sizes != {PAYMENTS}:
            raise RuntimeError(f"{sizes} payments in the file instead of {PAYMENTS}")
        yield at_most(f"payment run of {PAYMENTS:,} rows / COPY TO", taken, 3.0)


def _run(name: str, cases: list[Case]) -> PaymentRun:
    """A run that was released, its payments as the hand-over leaves them."""
    maker, other, by = scene.person("agent00").pk, scene.person("lead").pk, system_user().pk
    at = f"'{NOW.isoformat()}'::timestamptz"
    keys = ", ".join(str(case.pk) for case in cases)
    with database.superuser(name) as link:
        link.execute("SET session_replication_role = replica")  # rows as they stand, not their ways there
        insert(
            link, PaymentRun, "generate_series(1, 1) i", id="i",
            number="'PR-BENCH'", state="'approved'", currency="'CNY'",
            count=str(PAYMENTS), total=str(PAYMENTS), made_by_id=str(maker), made_at=at, approved_by_id=str(other),
        )  # fmt: skip
        insert(
            link, CasePayment, f"generate_series(1, {PAYMENTS}) i", id="i", number="'FK-B' || i",
            case_id=f"(ARRAY[{keys}]::bigint[])[1 + i % {len(cases)}]", kind="'refund'", borne_by="'merchant'",
            state="'submitted'", currency="'CNY'", amount="1 + i % 900", explained="'[]'", gateway="'batch_file'",
            key="'FK-B' || i || '-0a1b2c3d'", attempts="1", way="'alipay'", way_ref="'2026112300' || i",
            run_id="(SELECT id FROM cases_paymentrun)", proposed_by_id=str(by), proposed_at=at,
            approved_by_id=str(by), approved_at=at,
        )  # fmt: skip
        link.commit()
        link.execute("ANALYZE cases_casepayment")
    return PaymentRun.objects.get()


def _written(run: PaymentRun) -> int:
    written = run_write(run=run, now=NOW)
    files.remove(written.file.name)
    return written.count


def _copied(run: int) -> None:
    """The same columns in the same order, written to a file beside the product's."""
    table = CasePayment._meta.db_table
    wanted = f"""
        COPY (SELECT p.key, p.number, p.amount, p.currency, p.way, p.way_ref, y.holder, y.bank, y.account, o.external_no
                FROM {table} p JOIN cases_case c ON c.id = p.case_id LEFT JOIN orders_order o ON o.id = c.order_id
                LEFT JOIN cases_payee y ON y.id = p.other_payee_id WHERE p.run_id = {run} ORDER BY p.id)
        TO STDOUT (FORMAT csv)
    """  # noqa: S608 - a number of ours
    path = Path(settings.MEDIA_ROOT) / "bench-copy.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    connection.ensure_connection()
    with connection.connection.cursor() as raw, raw.copy(wanted) as found, path.open("wb") as target:
        for block in found:
            target.write(block)
    path.unlink()
