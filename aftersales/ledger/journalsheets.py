"""The journal as a sheet to take out, a row for each transfer. Nothing is ever read in: only postings write it."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.sheets.resource import Column, SheetResource, register
from aftersales.core.sheets.told import Told, word_of
from aftersales.core.sheets.widgets import (
    AmountWidget,
    KeyWidget,
    MomentWidget,
    TextWidget,
    WholeWidget,
    quote,
)
from aftersales.core.subjects import words_sql
from aftersales.ledger import sheetparts
from aftersales.ledger.models import Journal, PaidLine, Transfer
from aftersales.ledger.states import EntryKind

PAID_KEY = "(SELECT l.key FROM ledger_paidline p JOIN ledger_exportline l ON l.id = p.line_id WHERE p.id = j.source_id)"


def _entry(value: str) -> str:
    return f"(SELECT {value} FROM ledger_journal j WHERE j.id = t.journal_id)"  # noqa: S608 - our own words


def _account(side: str, value: str) -> str:
    return f"(SELECT {value} FROM ledger_account a WHERE a.id = t.{side}_id)"  # noqa: S608 - our own words


def _because() -> str:
    """The row that caused the entry, as the page names it: entries and paid lines have names of their own."""
    entry, paid = Journal._meta, PaidLine._meta
    return _entry(
        f"CASE j.source_kind "
        f"WHEN {quote(entry.label_lower)} THEN {quote(f'{entry.verbose_name} ')} || {sheetparts.number('j.source_id')} "
        f"WHEN {quote(paid.label_lower)} THEN {quote(f'{paid.verbose_name} ')} || {PAID_KEY} "
        f"ELSE {words_sql('j.source_kind', 'j.source_id')} END"
    )


def _kind(side: str, label: Any) -> Told:
    return Told(label, lambda: _account(side, sheetparts.account("a")))


def _code(side: str, label: Any) -> Column:
    return Column(None, KeyWidget(24), label, export=_account(side, "a.kind"))


def _party(side: str, label: Any, value: str) -> Column:
    return Column(None, TextWidget(), label, export=_account(side, value))


class JournalList(SheetResource):
    """Every transfer with its entry, from which account to which, why, and what turned it back.

    Append-only and written by postings alone, so there is nothing to read in. Oldest first, as books are read.
    """

    sheet, title, position = "journal", pgettext_lazy("ledger", "Journal"), 113
    key = ("entry", "line")
    importable = False
    view_capability = "ledger.view"

    entry = Column(
        None, KeyWidget(24), pgettext_lazy("ledger", "Entry"), export=sheetparts.number("t.journal_id")
    )
    line = Column("line", WholeWidget(), pgettext_lazy("journal sheet", "Line"))
    booked_at = Column("booked_at", MomentWidget(), pgettext_lazy("ledger", "Booked"))
    month = Column(None, KeyWidget(7), pgettext_lazy("ledger", "Month"), export="to_char(t.month, 'YYYY-MM')")
    kind = Told(
        pgettext_lazy("ledger", "Kind"), lambda: _entry(word_of("j.kind", lambda: EntryKind.choices)())
    )
    because = Told(pgettext_lazy("ledger", "Because of"), _because)
    debit = _kind("debit", pgettext_lazy("ledger", "Debit"))
    debit_account = _code("debit", _("Debit account (code)"))
    debit_code = _party("debit", _("Debit party (code)"), sheetparts.code("a"))
    debit_party = _party("debit", _("Debit party"), sheetparts.whose("a"))
    credit = _kind("credit", pgettext_lazy("ledger", "Credit"))
    credit_account = _code("credit", _("Credit account (code)"))
    credit_code = _party("credit", _("Credit party (code)"), sheetparts.code("a"))
    credit_party = _party("credit", _("Credit party"), sheetparts.whose("a"))
    amount = Column(
        None, AmountWidget(), pgettext_lazy("ledger", "Amount"), export=sheetparts.amount("t.amount", "t.unit"),
    )  # fmt: skip
    unit = Column("unit", KeyWidget(8), pgettext_lazy("ledger", "Unit"))
    reverses = Column(
        None, KeyWidget(24), pgettext_lazy("ledger", "Turns back"),
        export=_entry(sheetparts.number("j.reverses_id")),
    )  # fmt: skip
    reversed_by = Column(
        None, KeyWidget(24), pgettext_lazy("ledger", "Turned back by"),
        export=f"(SELECT {sheetparts.number('r.id')} FROM ledger_journal r WHERE r.reverses_id = t.journal_id)",  # noqa: S608
    )  # fmt: skip
    rule_version = Column(
        None, TextWidget(80), pgettext_lazy("ledger", "Rule version"), export=_entry("j.rule_version")
    )
    posted_by = Column(
        None, TextWidget(150), pgettext_lazy("ledger", "Posted by"), export=_entry("j.actor_name")
    )

    class Meta:
        model: Any = Transfer


register(JournalList)
