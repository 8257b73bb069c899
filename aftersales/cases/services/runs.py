"""Runs for the bank: approved payments are collected, released by a second person, handed over and written to a file.

Payments leave *approved* before the file is written: a file that somebody holds never lists a payment that could still
be called back. Writing again gives the same bytes.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.cases.models import CasePayment, PaymentRun
from aftersales.cases.refunding import ZERO
from aftersales.cases.services.locking import require
from aftersales.cases.states import Gateway, PaymentState, RunState
from aftersales.core import events, files, jobs, moves, series
from aftersales.core.errors import DomainError
from aftersales.core.sheets.safe import safe_sql

CSV_TYPE = "text/csv; charset=utf-8"
HEADS = ("key", "number", "amount", "currency", "way", "first_payment", "holder", "bank", "account", "order")
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Written:
    """A file of a run with what stands in it."""

    file: files.StoredFile
    count: int
    total: Decimal


def to_collect(currency: str = "") -> QuerySet[CasePayment]:
    """Approved payments for the bank that no run has taken; one without any way waits for an account."""
    rows = CasePayment.objects.filter(
        state=PaymentState.APPROVED, run__isnull=True, gateway=Gateway.BATCH_FILE, no_way=False
    )
    return rows.filter(currency=currency) if currency else rows


def run_make(*, currency: str, actor: Any, now: datetime) -> PaymentRun:
    """Collect what is approved in one currency. Of two at once each payment is in one run. Error: nothing_to_pay."""
    require(actor, "cases.pay")
    number = series.next_number("payment_run", now)
    with transaction.atomic():
        free = to_collect(currency).select_for_update(skip_locked=True, of=("self",))
        ids = list(free.order_by("pk").values_list("pk", flat=True))
        if not ids:
            raise DomainError(_("No approved payment waits for the bank."), "nothing_to_pay")
        mine = CasePayment.objects.filter(pk__in=ids)
        total = mine.aggregate(sum=Sum("amount"))["sum"]
        run: PaymentRun = moves.create(
            PaymentRun(
                number=number, currency=currency, count=len(ids), total=total, made_by=actor, made_at=now
            ),
            actor=actor, now=now, event="payment_run.made",
            payload={"count": len(ids), "total": str(total), "currency": currency},
        )  # fmt: skip
        mine.update(run=run)
    return run


def run_cancel(*, run: PaymentRun, actor: Any, now: datetime, version: int | None = None) -> PaymentRun:
    """Give its payments back; they go into the next run."""
    with transaction.atomic():
        mine = CasePayment.objects.filter(run=run)
        ids = list(mine.select_for_update().order_by("pk").values_list("pk", flat=True))  # payment before run
        row = moves.locked(run, version=version)
        cancelled: PaymentRun = moves.perform(row, "cancel", actor=actor, now=now)
        mine.filter(pk__in=ids).update(run=None)
    return cancelled


def run_approve(*, run: PaymentRun, actor: Any, now: datetime, version: int | None = None) -> PaymentRun:
    """A second person releases it; the work of handing over follows. Errors: own_run, changed."""
    with transaction.atomic():
        row = moves.locked(run, version=version)
        _refuse_changed(row)
        released: PaymentRun = moves.perform(row, "approve", actor=actor, now=now)
        jobs.enqueue("cases.run_export", key=f"cases.run_export:{run.pk}", payload={"run": run.pk}, now=now)
    return released


def _refuse_changed(run: PaymentRun) -> None:
    """Somebody called a payment back since the run was collected: the person sees the new total first."""
    if run.state != RunState.DRAFT:
        return
    count, total = _sums(CasePayment.objects.filter(run=run, state=PaymentState.APPROVED))
    if (count, total) != (run.count, run.total):
        raise DomainError(
            _("Payments of this run were called back meanwhile. Cancel it and collect anew."), "changed"
        )


def _sums(rows: QuerySet[CasePayment]) -> tuple[int, Any]:
    found = rows.aggregate(count=Count("pk"), sum=Sum("amount"))
    return found["count"], found["sum"] or ZERO


def run_export(*, run: PaymentRun, now: datetime) -> PaymentRun:
    """Hand its payments over and write the file; begun anew after a fall it goes on where it was."""
    if run.state != RunState.APPROVED:
        return run
    actor = system_user()
    waiting = CasePayment.objects.filter(run=run, state=PaymentState.APPROVED)
    while waiting.exists():
        outcome = moves.perform_many(waiting, "submit", actor=actor, now=now)
        if not outcome.done:
            raise DomainError(_("A payment of this run is being worked on; it is tried again."), "busy")
    written = run_write(run=run, now=now)
    with transaction.atomic():
        row = moves.locked(run)
        if row.state != RunState.APPROVED:  # somebody else was first
            files.remove(written.file.name)
            return row
        moves.perform(row, "export", actor=actor, now=now, written=written)
    return run_settle(run=run, actor=actor, now=now)  # a late answer may have come for every one of them


def run_write(*, run: PaymentRun, now: datetime) -> Written:
    """The file: one line for each payment that went to the bank with this run, and one with count and total at the end.

    What a late answer settled meanwhile is not paid again. PostgreSQL writes it at the speed of COPY, lines and total
    of one snapshot; the fingerprint is that of the bytes.
    """
    content = b"".join([BOM, ",".join(HEADS).encode() + b"\n", *_copy(run)])
    _total, _number, total, _currency, count, *_more = content.rstrip().rsplit(b"\n", 1)[-1].split(b",")
    name = f"{run.number}-{run.currency}.csv"
    kept = files.store_raw(content, original=name, content_type=CSV_TYPE, now=now)
    return Written(kept, int(count), Decimal(total.decode()))


LINES = f"""
    WITH mine AS MATERIALIZED (
        SELECT p.id, p.key, p.number, p.amount, p.currency, p.way, {safe_sql("p.way_ref")} AS first_payment,
               {safe_sql("coalesce(y.holder, '')")} AS holder, {safe_sql("coalesce(y.bank, '')")} AS bank,
               coalesce(y.account, '') AS account, {safe_sql("coalesce(o.external_no, '')")} AS order_no
          FROM cases_casepayment p JOIN cases_case c ON c.id = p.case_id
          LEFT JOIN orders_order o ON o.id = c.order_id LEFT JOIN cases_payee y ON y.id = p.other_payee_id
         WHERE p.run_id = %d AND p.state = '{PaymentState.SUBMITTED}'),
    lines AS (
        SELECT * FROM mine
         UNION ALL
        SELECT NULL, 'TOTAL', r.number, (SELECT coalesce(sum(amount), 0.00) FROM mine), r.currency,
               (SELECT count(*)::text FROM mine), NULL, NULL, NULL, NULL, NULL FROM cases_paymentrun r WHERE r.id = %d)
    SELECT key, number, amount, currency, way, first_payment, holder, bank, account, order_no FROM lines ORDER BY id
"""  # noqa: S608 - expressions of this module


def _copy(run: PaymentRun) -> Iterator[bytes]:
    connection.ensure_connection()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        with (
            connection.connection.cursor() as raw,
            raw.copy(f"COPY ({LINES % (run.pk, run.pk)}) TO STDOUT (FORMAT csv)") as copy,
        ):
            yield from map(bytes, copy)


def run_fetch(*, run: PaymentRun, actor: Any, now: datetime) -> PaymentRun:
    """Who downloads the file is on record; its bytes are checked against the fingerprint. Errors: no_file, damaged."""
    require(actor, "cases.pay")
    if not run.stored_name:
        raise DomainError(_("The file of this run is not written yet."), "no_file")
    with files.stored_path(run.stored_name).open("rb") as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != run.sha256:
            raise DomainError(_("The stored file is damaged: its fingerprint does not fit."), "damaged")
    events.record("payment_run.fetched", subject=run, actor=actor, now=now, payload=run.told())
    return run


def run_settle(*, run: PaymentRun, actor: Any, now: datetime) -> PaymentRun:
    """Every payment of it has its answer: nothing of it is with the bank any more."""
    out = [PaymentState.SUBMITTED, PaymentState.UNKNOWN]
    with transaction.atomic():
        row = moves.locked(run)
        if row.state != RunState.EXPORTED or CasePayment.objects.filter(run=run, state__in=out).exists():
            return row
        settled: PaymentRun = moves.perform(row, "settle", actor=actor, now=now)
    return settled


def known_files(names: Sequence[str]) -> list[str]:
    """Of these stored files the ones that runs name."""
    return list(PaymentRun.objects.filter(stored_name__in=names).values_list("stored_name", flat=True))
