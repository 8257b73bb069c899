"""Posting: an entry and its transfers, once per source, under the locks of its accounts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, models, transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import events
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import new_public_id
from aftersales.core.moves import translated_locks
from aftersales.ledger import rules, selectors
from aftersales.ledger.chart import Line, Moved
from aftersales.ledger.models import Account, Journal, Transfer
from aftersales.ledger.rules import Key, Step, Sums, Work
from aftersales.ledger.services.months import month_lock
from aftersales.ledger.states import EntryKind, Shortage

Source = models.Model | tuple[str, int]


@dataclass(frozen=True)
class Posting:
    """What was posted. ``created`` is false when the same source had been posted before.

    ``journal`` is None when nothing was there to take (``Shortage.COVER``): then nothing was posted at all.
    """

    journal: Journal | None
    created: bool
    moved: tuple[Moved, ...]

    @property
    def covered(self) -> Decimal:
        """How much was moved in all (of one unit)."""
        return sum((one.amount for one in self.moved), Decimal(0))

    def taken_from(self, kind: str) -> Decimal:
        """How much came out of accounts of this kind."""
        return sum((one.amount for one in self.moved if one.debit.kind == kind), Decimal(0))


def post(
    *,
    source: Source,
    kind: str,
    lines: Sequence[Line],
    actor: Any,
    now: datetime,
    booked_at: datetime | None = None,
    rule_version: str = "",
) -> Posting:
    """Post one entry for ``source`` (a row, or its label and key), all lines or none, in the caller's transaction.

    Once per (kind, source): a repetition answers what was posted first. The right to post is judged by the move or
    service that calls. ``booked_at``: when it happened, if not now; its month must be open. Raises DomainError
    ``not_enough``, ``month_closed``, ``posted_otherwise``, ``amount``, ``unit``; Busy when an account is held long.
    """
    events.require_actor(actor, f"ledger.{kind}")
    rules.check(lines)
    return _post(_source(source), EntryKind(kind), lines, actor, now, booked_at or now, rule_version, None)


def turn_back(*, journal: Journal, actor: Any, now: datetime, reason: str, overdraw: bool) -> Posting:
    """Turn any entry back by a new one in the open month: at most once, for the services of this room.

    ``overdraw``: also where the money is gone meanwhile. Needs ``ledger.reverse``. Raises ``is_reversal``,
    ``about_oneself``.
    """
    if not actor.has_perm("ledger.reverse"):
        raise NotPermitted()
    if not reason.strip():
        raise DomainError(_("Say why the entry is turned back."), "reason_missing")
    if journal.kind == EntryKind.REVERSAL:
        raise DomainError(_("A reversal is not turned back; post the right entry instead."), "is_reversal")
    shortage = Shortage.OVERDRAW if overdraw else Shortage.REFUSE
    moved = selectors.moved_by(journal.pk)
    if any(rules.is_own(ref, actor.pk) for one in moved for ref in (one.debit, one.credit)):
        raise DomainError(
            _("This entry stands on your own account; another person turns it back."), "about_oneself"
        )
    lines = [Line(one.credit, one.debit, one.amount, one.unit, shortage) for one in moved]
    source = ("ledger.journal", journal.pk)
    return _post(source, EntryKind.REVERSAL, lines, actor, now, now, journal.rule_version, journal.pk, reason)


def _source(source: Source) -> tuple[str, int]:
    if isinstance(source, models.Model):
        return str(source._meta.label_lower), int(source.pk)
    return source


def _post(
    source: tuple[str, int],
    kind: EntryKind,
    lines: Sequence[Line],
    actor: Any,
    now: datetime,
    booked_at: datetime,
    rule_version: str,
    reverses: int | None,
    reason: str = "",
) -> Posting:
    if found := selectors.posted(kind, source):
        return _again(found, lines)
    with translated_locks(), transaction.atomic():
        month = month_lock(booked_at, now=now)
        accounts = _locked({one for line in lines for one in _keys(line)}, now)
        if found := selectors.posted(kind, source):  # somebody was faster and held the accounts
            return _again(found, lines)
        steps = Work(accounts).run(lines)
        if not steps:
            return Posting(None, False, ())
        journal = Journal(
            kind=kind, source_kind=source[0], source_id=source[1], month=month, booked_at=booked_at,
            lines=len(steps), total=sum((step.moved.amount for step in steps), Decimal(0)),
            unit=lines[0].unit if len({line.unit for line in lines}) == 1 else "",
            about_people=rules.is_about_people(lines), merchant_id=rules.merchant_of(lines), reverses_id=reverses,
            rule_version=rule_version, actor_id=actor.pk, actor_name=str(actor)[:150],
        )  # fmt: skip
        if not _entered(journal):  # the same source over other accounts, at the same moment
            transaction.set_rollback(True)
        else:
            _write(journal, steps, accounts)
            _tell(journal, actor, now, reason)
            return Posting(journal, True, tuple(step.moved for step in steps))
    return _again(selectors.posted(kind, source), lines)


def _again(found: Journal | None, lines: Sequence[Line]) -> Posting:
    """The entry that stands; another content under the same source is a mistake of the caller's."""
    assert found is not None
    moved = selectors.moved_by(found.pk)
    asked = {(str(line.credit.kind), line.credit.subject_id, line.unit) for line in lines}
    stands = {(str(one.credit.kind), one.credit.subject_id, one.unit) for one in moved}
    most = sum((line.amount for line in lines), Decimal(0))
    if not stands <= asked or found.total > most:
        raise DomainError(_("Something else was posted for this already."), "posted_otherwise")
    return Posting(found, False, tuple(moved))


def _keys(line: Line) -> list[Key]:
    return [rules.key(ref, line.unit) for ref in (*line.debits, line.credit)]


def _locked(wanted: set[Key], now: datetime) -> dict[Key, Sums]:
    """The accounts, opened where missing, locked in key order until the transaction ends."""
    columns = [list(column) for column in zip(*sorted(wanted), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, columns)
        found = cursor.fetchall()
        if len(found) < len(wanted):
            cursor.execute(_OPEN, [now, [new_public_id() for _one in wanted], *columns])
            cursor.execute(_LOCK, columns)
            found = cursor.fetchall()
    return {(row[0], row[1], row[2]): Sums(*row[3:]) for row in found}


_GIVEN = "unnest(%s::text[], %s::bigint[], %s::text[])"
_LOCK = f"""
    SELECT a.kind, a.subject_id, a.unit, a.debits, a.credits, a.overdraft, a.transfers
      FROM ledger_account a
     WHERE (a.kind, a.subject_id, a.unit) IN (SELECT * FROM {_GIVEN})
     ORDER BY a.id FOR UPDATE
"""  # noqa: S608 - values are parameters
_OPEN = """
    INSERT INTO ledger_account (kind, subject_id, unit, debits, credits, transfers, overdraft, opened_at, public_id)
    SELECT v.kind, v.subject_id, v.unit, 0, 0, 0, 0, %s, v.public_id
      FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[]) AS v(public_id, kind, subject_id, unit)
     ORDER BY v.kind, v.subject_id, v.unit
    ON CONFLICT (kind, subject_id, unit) DO NOTHING
"""


def _entered(journal: Journal) -> bool:
    """Whether the entry is the first of its source; a second writer waits here for the first one's end."""
    fields = [one for one in Journal._meta.concrete_fields if not one.primary_key]
    names = ", ".join(f'"{one.column}"' for one in fields)
    marks = ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO ledger_journal ({names}) VALUES ({marks}) "  # noqa: S608 - our own columns
            "ON CONFLICT (kind, source_kind, source_id) DO NOTHING RETURNING id",
            [one.get_db_prep_save(getattr(journal, one.attname), connection) for one in fields],
        )
        row = cursor.fetchone()
    journal.pk = row[0] if row else None
    return row is not None


def _write(journal: Journal, steps: Sequence[Step], accounts: Mapping[Key, Sums]) -> None:
    """The new sums, then the transfers: two statements."""
    rows = [
        (*key, sums.debits, sums.credits, sums.overdraft, sums.transfers) for key, sums in accounts.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, [list(column) for column in zip(*rows, strict=True)])
        ids = {(row[1], row[2], row[3]): row[0] for row in cursor.fetchall()}
    Transfer.objects.bulk_create(
        Transfer(
            journal_id=journal.pk, line=number, month=journal.month, unit=step.moved.unit, amount=step.moved.amount,
            debit_id=ids[rules.key(step.moved.debit, step.moved.unit)],
            credit_id=ids[rules.key(step.moved.credit, step.moved.unit)],
            debit_balance=step.debit_balance, credit_balance=step.credit_balance, booked_at=journal.booked_at,
        )
        for number, step in enumerate(steps, start=1)
    )  # fmt: skip


_SUMS = """
    UPDATE ledger_account AS a
       SET debits = v.debits, credits = v.credits, overdraft = v.overdraft, transfers = v.transfers
      FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::numeric[], %s::numeric[], %s::numeric[], %s::bigint[])
           AS v(kind, subject_id, unit, debits, credits, overdraft, transfers)
     WHERE a.kind = v.kind AND a.subject_id = v.subject_id AND a.unit = v.unit
    RETURNING a.id, a.kind, a.subject_id, a.unit
"""


def _tell(journal: Journal, actor: Any, now: datetime, reason: str) -> None:
    payload = {
        "entry": journal.number, "sort": journal.kind, "total": str(journal.total), "unit": journal.unit,
        "source_kind": journal.source_kind, "source_id": journal.source_id,
    }  # fmt: skip
    events.record(
        "journal.posted", subject=journal, actor=actor, now=now, payload=payload, reason=reason,
        rule_version=journal.rule_version, merchant_id=journal.merchant_id,
    )  # fmt: skip


def balances_rebuild(*, actor: Any, now: datetime) -> int:
    """Sums of all accounts anew from the transfers, all accounts locked meanwhile; how many were wrong."""
    events.require_actor(actor, "ledger.rebuild")
    with transaction.atomic():
        list(Account.objects.select_for_update().order_by("pk").values_list("pk"))
        with connection.cursor() as cursor:
            cursor.execute(_REBUILD)
            return int(cursor.rowcount)


_REBUILD = """
    UPDATE ledger_account AS a
       SET debits = s.debits, credits = s.credits, transfers = s.transfers,
           overdraft = greatest(a.overdraft, s.debits - s.credits, 0)
      FROM (SELECT a.id, coalesce(d.sum, 0) AS debits, coalesce(c.sum, 0) AS credits,
                   coalesce(d.count, 0) + coalesce(c.count, 0) AS transfers
              FROM ledger_account a
              LEFT JOIN (SELECT debit_id, sum(amount), count(*) FROM ledger_transfer GROUP BY 1) d ON d.debit_id = a.id
              LEFT JOIN (SELECT credit_id, sum(amount), count(*) FROM ledger_transfer GROUP BY 1) c
                ON c.credit_id = a.id) s
     WHERE s.id = a.id AND (a.debits, a.credits, a.transfers) IS DISTINCT FROM (s.debits, s.credits, s.transfers)
"""


def month_of(moment: datetime) -> date:
    """The month a moment is booked in."""
    return selectors.month_of(moment)
