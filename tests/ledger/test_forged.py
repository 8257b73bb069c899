"""Whoever gets past triggers and rights (the owner of the database) is found by ``verify_ledger``."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from aftersales.ledger import chart, selectors, services
from aftersales.ledger.chart import Line
from tests.database import superuser

pytestmark = pytest.mark.django_db(transaction=True)


def forge(sql: str) -> None:
    with superuser(connection.settings_dict["NAME"]) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute(sql)


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("DELETE FROM ledger_transfer WHERE id = {last}", "entry without all of its transfers"),
        ("DELETE FROM ledger_journal WHERE id = {entry}", "entry is missing for a transfer"),
        ("UPDATE ledger_transfer SET amount = amount + 1 WHERE id = {last}", "entry without all of its"),
        ("UPDATE ledger_transfer SET debit_balance = 5 WHERE id = {last}", "account jumps between"),
        ("UPDATE ledger_transfer SET month = '2026-10-01' WHERE id = {last}", "disagree on the month"),
        (
            "UPDATE ledger_transfer SET credit_id = (SELECT id FROM ledger_account WHERE kind = 'platform_cash') "
            "WHERE id = {last}",
            "account does not hold",
        ),
    ],
)
def test_a_forged_row_is_found(post: Any, funded: int, sql: str, found: str) -> None:
    journal = post(Line(chart.deposit(funded), chart.PROTECTION, Decimal(9)), kind="penalty").journal
    last = selectors.transfers_of(journal.pk)[-1].pk
    assert not list(selectors.faults())
    forge(sql.format(last=last, entry=journal.pk))
    assert any(found in fault.what for fault in selectors.faults())


def test_a_forged_balance_of_a_closed_day_is_found(post: Any, cast: Any, now: Any) -> None:
    """It would be read as what stood on an account at that time."""
    then = now - timedelta(days=40)
    post(Line(chart.CASH, chart.deposit(41), Decimal(9)), kind="deposit", booked_at=then)
    services.period_close(month=then.date(), actor=cast.finance, now=now)
    assert not list(selectors.faults())
    forge("UPDATE ledger_daybalance SET credits = credits + 1 WHERE credits > 0")
    assert [fault.what for fault in selectors.faults()] == ["balance of a closed day is not what was booked"]
