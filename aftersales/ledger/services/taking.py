"""Statements that leave the house: the lines of a month as a file, who took it and its hash kept."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from aftersales.core import events
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.sheets import exporting, limits
from aftersales.ledger import statementsheets
from aftersales.ledger.models import Account
from aftersales.merchants.models import Merchant


@dataclass(frozen=True)
class Taken:
    """The file, what it is called, and the hash that its last line holds."""

    content: bytes
    name: str
    sha256: str


def statement_take(
    *,
    of: User | Merchant | Account,
    accounts: Sequence[Account],
    month: date,
    fmt: str,
    actor: Any,
    now: datetime,
) -> Taken:
    """The month of these accounts of a person, a merchant, or of one account, as CSV or XLSX in the reader's language.

    For whoever sees the accounts. The hash is that of the lines as they stand in the CSV file, whatever the format: the
    same lines in the same language have the same hash. Raises ``format``, ``nothing_booked``, ``too_long``;
    NotPermitted.
    """
    if fmt not in exporting.FORMATS:
        raise DomainError(_("Only CSV and XLSX are written."), "format")
    if not accounts:
        raise DomainError(_("Nothing was ever booked here."), "nothing_booked")
    keys = [row.pk for row in accounts]
    if Account.objects.visible_to(actor).filter(pk__in=keys).count() != len(keys):
        raise NotPermitted()
    first, code = month.replace(day=1), _code(of)
    _refuse_long(statementsheets.length(accounts, first), actor)
    rows = statementsheets.cells(accounts, first)
    told = statementsheets.as_csv(rows)
    digest = hashlib.sha256(told).hexdigest()
    whole = [*rows, statementsheets.last_line(digest)]
    payload = {
        "whom": code, "month": f"{first:%Y-%m}", "format": fmt, "entries": len(rows) - 2 * len(accounts),
        "sha256": digest,
    }  # fmt: skip
    merchant = of.pk if isinstance(of, Merchant) else None
    events.record("statement.taken", subject=of, actor=actor, now=now, payload=payload, merchant_id=merchant)
    content = statementsheets.as_csv(whole) if fmt == "csv" else statementsheets.as_xlsx(whole)
    return Taken(content, exporting.file_name("statement", f"{code} {first:%Y-%m}", now, fmt), digest)


def _refuse_long(lines: int, actor: Any) -> None:
    """It is written while somebody waits for it, so it has the bound of every sheet that is written so."""
    most = limits.current().export_inline_rows
    if lines <= most:
        return
    words = {"lines": lines, "most": most}
    if actor.has_perm("ledger.view"):
        why = _(
            "This month has %(lines)s lines; a statement is taken out with at most %(most)s. Take the sheet of the "
            "journal out instead, filtered by this month: a long one is written in the background."
        )
    else:
        why = _(
            "This month has %(lines)s lines; a statement is taken out with at most %(most)s. Ask the finance "
            "department for the entries of this month."
        )
    raise DomainError(why % words, "too_long")


def _code(of: User | Merchant | Account) -> str:
    if isinstance(of, Account):
        return str(of.kind)
    return of.username if isinstance(of, User) else str(of.code)
