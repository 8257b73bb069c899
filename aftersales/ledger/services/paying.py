"""Pay and settlement sheets: made once for a month, paid status read in, what was paid posted once."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.core import events, moves, series
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.moves import translated_locks
from aftersales.ledger import chart, exportrows, rules, selectors, statements
from aftersales.ledger.chart import Line, Ref
from aftersales.ledger.models import Account, Export, ExportGap, ExportLine, PaidLine
from aftersales.ledger.paidstates import ExportKind, GapKind, GapState, PaidOutcome
from aftersales.ledger.services import posting
from aftersales.ledger.states import POINTS, STAFF_ACCOUNTS, EntryKind, Party, Shortage

EXPORTING = 7_115_003
"""One sheet is made at a time."""
LONGEST = 500
NOTHING = Decimal(0)


def _require(actor: Any) -> None:
    if not actor.has_perm("ledger.export"):
        raise NotPermitted()


def export_make(*, kind: str, month: date, unit: str, actor: Any, now: datetime) -> tuple[Export, bool]:
    """The sheet of a month, and whether it is new: asked again it is the same one, or a part with the difference.

    What is booked into a month after a later one has its sheet is paid with the next month's, never twice. Needs
    ``ledger.export``. Raises ``month_runs``, ``later_exported``, ``nothing_to_export``, ``unit``.
    """
    _require(actor)
    first = month.replace(day=1)
    if selectors.month_end(first) > now:
        raise DomainError(_("The month is not over yet; its sheet is made when it is."), "month_runs")
    if unit == POINTS:
        raise DomainError(_("Points are not paid out."), "unit")
    with translated_locks(), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [EXPORTING])
        made = Export.objects.filter(kind=ExportKind(kind), unit=unit)
        last: Export | None = made.filter(month=first).order_by("-part").first()
        amounts = exportrows.differences(kind, first, unit)
        if (last is None or amounts) and made.filter(month__gt=first).exists():
            raise DomainError(
                _("A later month has its sheet already; it holds what was due before."), "later_exported"
            )
        if amounts:
            return _frozen(kind, first, unit, last.part + 1 if last else 1, amounts, actor, now), True
    if last is None:
        raise DomainError(_("Nothing is due for this month."), "nothing_to_export")
    return last, False


def _frozen(
    kind: str, month: date, unit: str, part: int, amounts: Mapping[int, Decimal], actor: Any, now: datetime
) -> Export:
    row = Export(
        number=series.next_number("ledger_export", now), kind=kind, month=month, unit=unit, part=part,
        count=len(amounts), total=sum(amounts.values(), NOTHING), made_by=actor, made_at=now,
    )  # fmt: skip
    lines = _lines(row, amounts)
    row.sha256 = hashlib.sha256(exportrows.content(row, lines)).hexdigest()
    row.save(force_insert=True)
    ExportLine.objects.bulk_create(lines)
    events.record(
        "export.made", subject=row, actor=actor, now=now, payload=_told(row) | {"sha256": row.sha256}
    )
    return row


def _lines(row: Export, amounts: Mapping[int, Decimal]) -> list[ExportLine]:
    """One for each account, by code: the order stays, because the keys say it."""
    accounts: list[Account] = list(Account.objects.filter(pk__in=list(amounts)))
    names = statements.party_names({(_party(one), one.subject_id) for one in accounts})
    found: list[tuple[str, str, Account]] = []
    for one in accounts:
        name, code = names.get((_party(one), one.subject_id), (f"#{one.subject_id}", ""))
        found.append((code, name, one))
    found.sort(key=lambda given: (given[0], given[2].kind, given[2].pk))
    return [
        ExportLine(
            export=row, key=f"{row.number}-{number:04d}", account=account, code=code[:150], name=name[:150],
            amount=amounts[account.pk],
        )
        for number, (code, name, account) in enumerate(found, start=1)
    ]  # fmt: skip


def _party(account: Account) -> str:
    return str(Party.PERSON if account.kind in STAFF_ACCOUNTS else Party.MERCHANT)


def _told(row: Export) -> dict[str, Any]:
    return {
        "sheet": row.number, "sort": str(row.kind), "month": f"{row.month:%Y-%m}", "part": row.part,
        "total": str(row.total), "unit": row.unit,
    }  # fmt: skip


def export_fetch(*, export: Export, actor: Any, now: datetime) -> bytes:
    """The file of a sheet; who took it is kept. Needs ``ledger.view_export``. Raises ``damaged``."""
    if not actor.has_perm("ledger.view_export"):
        raise NotPermitted()
    lines = list(export.rows.select_related("account").order_by("key"))
    found = exportrows.content(export, lines)
    if hashlib.sha256(found).hexdigest() != export.sha256:
        raise DomainError(_("The stored sheet is damaged: its fingerprint does not fit."), "damaged")
    events.record("export.fetched", subject=export, actor=actor, now=now, payload=_told(export))
    return found


def paid_take(rows: Sequence[Mapping[str, Any]], actor: Any, now: datetime) -> list[int]:
    """What payroll or the bank says, row by row: once per line, outcome and reference; the same again changes nothing.

    What was paid is a fact and posted as told; where it is not what the sheet holds, a difference is kept. Nobody says
    it of his own line. Raises ``own_line``.
    """
    _require(actor)
    lines = ExportLine.objects.in_bulk([row["line"] for row in rows])
    with translated_locks(), transaction.atomic():
        return [_take(lines[row["line"]], row, actor, now).pk for row in rows]


def _lock(line: ExportLine) -> None:
    with connection.cursor() as cursor:  # the line itself is frozen: nobody may lock it as a row
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [EXPORTING, line.pk % 2**31])


def line_lock(*, paid: int) -> ExportLine:
    """The line that a told payment belongs to, held until the transaction ends."""
    line: ExportLine = ExportLine.objects.select_related("export", "account").get(told=paid)
    _lock(line)
    return line


def _not_own(line: ExportLine, actor: Any) -> None:
    if rules.is_own(Ref(line.account.kind, line.account.subject_id), actor.pk):
        raise DomainError(
            _("The line %(line)s pays yourself; another person says what became of it.") % {"line": line.key},
            "own_line",
        )


def _take(line: ExportLine, row: Mapping[str, Any], actor: Any, now: datetime) -> PaidLine:
    _not_own(line, actor)
    _lock(line)
    given = {"line": line, "outcome": row["outcome"], "ref": row["ref"]}
    known: PaidLine | None = PaidLine.objects.filter(**given).first()
    if known is not None:
        return known
    told = PaidLine(
        **given, amount=row["amount"], happened_at=row.get("happened_at") or now,
        reason=(row.get("reason") or "")[:120], taken_at=now, taken_by=actor,
    )  # fmt: skip
    told.save(force_insert=True)
    if told.outcome == PaidOutcome.PAID:
        posting.post(
            source=told, kind=EntryKind.PAID, lines=[_booked(line, told.amount)], actor=actor, now=now
        )
    payload = {
        "line": line.key, "outcome": str(told.outcome), "amount": str(told.amount), "unit": line.export.unit,
    }  # fmt: skip
    events.record("export.told", subject=line.export, actor=actor, now=now, payload=payload)
    line_compare(line=line, actor=system_user(now), now=now)
    return told


def _booked(line: ExportLine, amount: Decimal) -> Line:
    """From the person's bonus to the clearing account; for merchants from there to what they owe."""
    own = Ref(line.account.kind, line.account.subject_id)
    pays_out = (line.export.kind == ExportKind.PAYROLL) == (amount > 0)
    pair = (own, chart.CLEARING) if pays_out else (chart.CLEARING, own)
    return Line(*pair, abs(amount), line.export.unit, Shortage.OVERDRAW)


def line_compare(*, line: ExportLine, actor: Any, now: datetime) -> None:
    """Keep, change or end the difference of a line after something was said about it or turned back."""
    [standing] = exportrows.paid_of([line])
    paid = standing.paid
    kind = _kind(line.amount, paid)
    gap: ExportGap | None = ExportGap.objects.filter(line=line).first()
    if gap is None:
        if kind:
            row = ExportGap(line=line, kind=kind, paid=paid, found_at=now)
            moves.create(row, actor=actor, now=now, event="export.gap_found", payload=row.told())
    elif not kind:
        if gap.state != GapState.AGREED:
            moves.perform(gap, "agree", actor=actor, now=now)
    elif gap.state != GapState.OPEN:
        moves.perform(gap, "reopen", actor=actor, now=now, kind=kind, paid=paid)
    else:
        gap.kind, gap.paid = kind, paid
        gap.save(update_fields=["kind", "paid"])


def _kind(due: Decimal, paid: Decimal) -> str:
    if paid == due:
        return ""
    if not paid:
        return str(GapKind.REFUSED)
    return str(GapKind.MORE if abs(paid) > abs(due) else GapKind.LESS)


def gap_explain(*, gap: ExportGap, words: str, actor: Any, now: datetime) -> ExportGap:
    """Say what a difference was; figures stay as they were told. Needs ``ledger.export``.

    Raises ``words_missing``, ``own_line``.
    """
    said = words.replace("\x00", "").strip()
    if not said or len(said) > LONGEST:
        raise DomainError(_("Say what it was, in at most 500 characters."), "words_missing")
    _not_own(gap.line, actor)
    done: ExportGap = moves.perform(gap, "explain", actor=actor, now=now, words=said)
    return done
