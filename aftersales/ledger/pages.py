"""What the ledger's pages show: journal, statement, entry, proposals, months. Reads only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import pgettext

from aftersales.core import moves, subjects
from aftersales.core.merchantscope import as_application
from aftersales.core.models import Event
from aftersales.core.posted import day_of
from aftersales.ledger import clauses, raisers, selectors, words
from aftersales.ledger.models import (
    Account,
    Export,
    IncentiveVersion,
    Journal,
    PaidLine,
    Period,
    Proposal,
    Transfer,
)
from aftersales.ledger.rules import amount_words
from aftersales.ledger.services.hearing import line_of
from aftersales.ledger.states import (
    MAIN_KINDS,
    POINTS,
    AccountKind,
    Party,
    PeriodState,
    ProposalKind,
    ProposalState,
)
from aftersales.standards.selectors import one_edition

PAGE = selectors.PAGE
EVENT = "event:"
NUMBERED = re.compile(r"^[A-Z]{2,4}\d{4}-\d+$")
PROPOSAL_MARKS = {
    ProposalState.PROPOSED: ("blue", "ring"),
    ProposalState.NOTIFIED: ("amber", "half"),
    ProposalState.APPEALED: ("violet", "half"),
    ProposalState.UPHELD: ("amber", "three"),
    ProposalState.APPROVED: ("green", "three"),
    ProposalState.POSTED: ("green", "full"),
    ProposalState.OVERTURNED: ("bare", "cross"),
    ProposalState.REVERSED: ("bare", "cross"),
    ProposalState.WITHDRAWN: ("bare", "cross"),
    ProposalState.CANCELLED: ("bare", "cross"),
}


@dataclass(frozen=True)
class Side:
    """An account as a line names it."""

    account: Account
    name: str

    @property
    def kind(self) -> str:
        return str(self.account.get_kind_display())


@dataclass(frozen=True)
class EntryLine:
    """One transfer in words."""

    debit: Side
    credit: Side
    amount: str
    transfer: Transfer


@dataclass(frozen=True)
class Entry:
    """One journal entry with its transfers."""

    journal: Journal
    total: str
    lines: Sequence[EntryLine]
    source: subjects.Subject | None = None
    reversed_by: Journal | None = None


def journal(
    user: Any, *, kind: str = "", merchant: int | None = None, month: date | None = None
) -> QuerySet[Journal]:
    """The entries that this reader sees, of a kind, a merchant, a month: for the page and the sheet alike."""
    rows = Journal.objects.visible_to(user)
    if kind:
        rows = rows.filter(kind=kind)
    if merchant is not None:
        rows = rows.filter(merchant_id=merchant)
    return rows.filter(month=month) if month else rows


def transfers(user: Any, **asked: Any) -> QuerySet[Transfer]:
    """The transfers of these entries, oldest first."""
    return Transfer.objects.filter(journal_id__in=journal(user, **asked).values("pk")).order_by("pk")


def entries(user: Any, *, before: int | None = None, **asked: Any) -> tuple[list[Entry], int | None]:
    """A page of the journal, newest first, and where the next one begins. Three statements and the names."""
    rows = journal(user, **asked)
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    shown = found[:PAGE]
    return _told(shown, user), shown[-1].pk if len(found) > PAGE else None


def _told(journals: Sequence[Journal], user: Any) -> list[Entry]:
    transfers = Transfer.objects.filter(journal_id__in=[row.pk for row in journals])
    by_entry: dict[int, list[Transfer]] = {}
    for row in transfers.select_related("debit", "credit").order_by("journal_id", "line"):
        by_entry.setdefault(row.journal_id, []).append(row)
    accounts = {
        side.pk: side for found in by_entry.values() for row in found for side in (row.debit, row.credit)
    }
    names = selectors.subject_names(list(accounts.values()))
    turned = {
        row.reverses_id: row for row in Journal.objects.filter(reverses_id__in=[j.pk for j in journals])
    }
    sources = {
        **subjects.named(((row.source_kind, row.source_id) for row in journals), user),
        **_opened(journals, user),
    }
    return [
        Entry(
            journal, total(journal), [_line(row, names) for row in by_entry.get(journal.pk, [])],
            sources.get((journal.source_kind, journal.source_id)), turned.get(journal.pk),
        )
        for journal in journals
    ]  # fmt: skip


def _opened(journals: Sequence[Journal], user: Any) -> dict[tuple[str, int], subjects.Subject]:
    """Rows of this room open on their own pages: a proposal, the sheet of what was paid, the entry turned back."""
    wanted: dict[str, list[int]] = {}
    for row in journals:
        wanted.setdefault(row.source_kind, []).append(row.source_id)
    found: list[tuple[Any, str, str, str]] = []
    if keys := [row.reverses_id for row in journals if row.reverses_id]:
        entries = Journal.objects.filter(pk__in=keys)
        found += [(row, row.number, "ledger:entry", row.public_id) for row in entries]
    if keys := wanted.get("ledger.proposal", []):
        rows = Proposal.objects.visible_to(user).filter(pk__in=keys)
        found += [(row, row.number, "ledger:proposal", row.public_id) for row in rows]
    if keys := wanted.get("ledger.paidline", []):
        seen = Export.objects.visible_to(user)
        paid = PaidLine.objects.filter(pk__in=keys, line__export__in=seen).select_related("line__export")
        found += [(row, row.line.key, "ledger:export", row.line.export.number) for row in paid]
    return {
        (row._meta.label_lower, row.pk): subjects.Subject(
            f"{row._meta.verbose_name} {name}", reverse(page, args=[key])
        )
        for row, name, page, key in found
    }


def _line(row: Transfer, names: dict[int, str]) -> EntryLine:
    return EntryLine(
        Side(row.debit, names.get(row.debit_id, "")), Side(row.credit, names.get(row.credit_id, "")),
        amount_words(row.amount, row.unit), row,
    )  # fmt: skip


def total(journal: Journal) -> str:
    """The sum of an entry; of several units only the number of lines is said."""
    return amount_words(journal.total, journal.unit) if journal.unit else ""


def entry(journal: Journal, user: Any) -> Entry:
    return _told([journal], user)[0]


def account_rows(user: Any, *, kind: str = "") -> Any:
    """The accounts that this reader sees, all or those of one kind, oldest first."""
    rows = Account.objects.visible_to(user).order_by("pk")
    return rows.filter(kind=kind) if kind else rows


def accounts(
    user: Any, *, kind: str = "", before: int | None = None
) -> tuple[list[tuple[Account, str, str]], int | None]:
    """A page of accounts with whose they are and what stands on them."""
    rows = account_rows(user, kind=kind)
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    shown = found[:PAGE]
    names = selectors.subject_names(shown)
    listed = [(row, names.get(row.pk, ""), amount_words(row.balance, row.unit)) for row in shown]
    return listed, shown[-1].pk if len(found) > PAGE else None


@dataclass(frozen=True)
class Booked:
    """One line of a statement."""

    line: selectors.StatementLine
    other: str
    other_kind: str
    amount: str
    balance: str
    is_less: bool


def statement(account: Account, *, before: int | None = None) -> tuple[list[Booked], int | None]:
    """A page of an account's statement, newest first."""
    found = selectors.statement(account, before=before, limit=PAGE + 1)
    shown = found[:PAGE]
    names = selectors.subject_names([line.other for line in shown])
    listed = [
        Booked(
            line, names.get(line.other.pk, ""), str(line.other.get_kind_display()),
            amount_words(line.amount, account.unit), amount_words(line.balance, account.unit), line.amount < 0,
        )
        for line in shown
    ]  # fmt: skip
    return listed, shown[-1].transfer.pk if len(found) > PAGE else None


def proposals(
    user: Any, *, state: str = "", before: int | None = None
) -> tuple[list[tuple[Proposal, str, str, str, tuple[str, str, str]]], int | None]:
    """A page of proposals with party, amount, clause and badge."""
    rows = Proposal.objects.visible_to(user)
    if state:
        rows = rows.filter(state=state)
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    shown = found[:PAGE]
    names, rules = selectors.party_names(shown), clauses.named(row.citation for row in shown)
    listed = [(row, names[row.pk], amount_of(row), rules[row.citation], badge_of(row)) for row in shown]
    return listed, shown[-1].pk if len(found) > PAGE else None


def amount_of(row: Proposal) -> str:
    """The amount, or what the measure is called."""
    return str(row.get_measure_display()) if row.amount is None else amount_words(row.amount, row.unit)


def goes_to(row: Proposal) -> str:
    """The account on which the money of the proposal ends, by name; empty where no money moves."""
    if row.amount is None or row.unit == POINTS:
        return ""
    return str(AccountKind(line_of(row).credit.kind).label)


@dataclass(frozen=True)
class Published:
    """A measure against a merchant: published with the notice, or due to be."""

    row: Proposal
    party: str
    fact: str
    clause: str
    due: datetime
    is_late: bool
    badge: tuple[str, str, str]


NOT_STANDING = (
    ProposalState.WITHDRAWN, ProposalState.CANCELLED, ProposalState.OVERTURNED, ProposalState.REVERSED,
)  # fmt: skip


def measures(now: datetime) -> list[Published]:
    """Measures against merchants, newest first, those that wait with the day they are due (P3)."""
    rows = list(
        Proposal.objects.filter(kind=ProposalKind.MEASURE, party=Party.MERCHANT)
        .exclude(state__in=(ProposalState.WITHDRAWN, ProposalState.CANCELLED))
        .order_by("-pk")[:PAGE]
    )
    names, rules = selectors.party_names(rows), clauses.named(row.citation for row in rows)
    with one_edition():
        return [_published(row, names[row.pk], rules[row.citation], now) for row in rows]


def measures_in_public(since: datetime, now: datetime, *, most: int) -> list[Published]:
    """The newest ``most`` measures that merchants were told of, newest first: for everybody to read (P3).

    One that was withdrawn, or fell on appeal, stands there no longer. No evidence, no amount, no person.
    """
    rows = Proposal.objects.filter(
        kind=ProposalKind.MEASURE, party=Party.MERCHANT, notified_at__isnull=False, notified_at__gte=since
    ).exclude(state__in=NOT_STANDING)
    shown = list(rows.order_by("-notified_at", "-pk")[:most])
    names, rules = selectors.party_names(shown), clauses.named(row.citation for row in shown)
    with one_edition():
        return [_published(row, names[row.pk], rules[row.citation], now) for row in shown]


def _published(row: Proposal, party: str, clause: str, now: datetime) -> Published:
    due = selectors.publish_due(row)
    late = row.notified_at is None and due < now
    return Published(row, party, words.fact(row.fact_code), clause, due, late, badge_of(row))


WORDED = frozenset({"appeal", "uphold", "overturn", "reverse", "withdraw"})
"""Steps for which somebody says why."""


def falls(row: Proposal) -> tuple[str, ...]:
    """Steps by which it falls and at which somebody says whether its fact fell with it.

    Asked of a merchant's fact that could have another consequence by rule; a ruling has the one that it says. What is
    withdrawn was not heard: behind a measure its fact goes on counting, and nobody is asked.
    """
    if row.party != Party.MERCHANT or row.kind not in MAIN_KINDS or not clauses.by_rule(row.citation):
        return ()
    own = row.citation.startswith(clauses.RULES)
    return ("overturn", "reverse", *(("withdraw",) if own else ()))


def acts(row: Proposal, user: Any, now: datetime) -> list[tuple[moves.MoveOption, bool]]:
    """The steps that are this person's and could come now, each with whether it wants words; the machine says which.

    One that waits for somebody else or for the window is told with its reason; one of another state, or the appeal
    of another person, is not.
    """
    found = [one for one in moves.options(row, actor=user, now=now) if not one.move.by_system]
    return [
        (one, one.move.name in WORDED)
        for one in found
        if row.state in one.move.sources and all(why.code != "not_the_party" for why in one.reasons)
    ]


def letter(row: Proposal, now: datetime, *, is_answer: bool) -> dict[str, Any] | None:
    """The decision as a letter, or the answer to the appeal; None before there is one."""
    if row.notified_at is None or (is_answer and row.heard_at is None):
        return None
    told, heard = pgettext("letter", "Notice of a decision"), pgettext("letter", "Decision on the appeal")
    accepted = row.state == ProposalState.OVERTURNED
    return {
        "title": heard if is_answer else told, "now": now, "row": row, "party": selectors.party_name(row),
        "amount": amount_of(row), "terms": calculation(row), "fact": words.fact(row.fact_code),
        "is_answer": is_answer, "clause": clauses.name_of(row.citation),
        "result": (ProposalState.OVERTURNED if accepted else ProposalState.UPHELD).label,
    }  # fmt: skip


def entry_of(row: Proposal, user: Any) -> Journal | None:
    """The entry that posted it, when this person reads the journal."""
    found: Journal | None = Journal.objects.visible_to(user).filter(pk=row.journal_id or 0).first()
    return found


def badge_of(row: Proposal) -> tuple[str, str, str]:
    state = ProposalState(row.state)
    return (str(state.label), *PROPOSAL_MARKS[state])


def months(now: datetime) -> list[tuple[Period, bool]]:
    """Months newest first, and whether each could be closed now."""
    rows = list(Period.objects.order_by("-month")[:36])
    first_open = min((row.month for row in rows if row.state == PeriodState.OPEN), default=None)
    return [(row, row.month == first_open and row.ends_at <= now) for row in rows]


def calculation(row: Proposal) -> list[tuple[str, str]]:
    """The terms of an amount in words. What is nothing says nothing."""
    return [
        words.term(key, value) for key, value in row.calculation.items() if value not in (0, "0", "", None)
    ]


def evidence(row: Proposal, user: Any) -> tuple[list[str], int]:
    """What the evidence is called, events by what they happened to, and how much of the rest has only a key."""
    named = [one for one in row.evidence if NUMBERED.match(one)]
    keys = [int(one.removeprefix(EVENT)) for one in row.evidence if one.startswith(EVENT)]
    about: list[tuple[str, int]] = []
    if keys:
        with as_application("facts of a proposal are named by their numbers, to whom it is about too"):
            about += (
                Event.objects.filter(pk__in=keys).order_by("pk").values_list("subject_kind", "subject_id")
            )
    called = subjects.named(about, user)
    facts = dict.fromkeys(called[one].words for one in about if one in called)
    return [*named, *facts], len(row.evidence) - len(named) - len(keys)


def figures_of(row: Proposal, by_rule: IncentiveVersion | None) -> str:
    """Address of the figures that it rests on, where its rule hangs on a figure; else empty."""
    gauge = raisers.gauge_of(by_rule.trigger) if by_rule is not None else None
    month = day_of(f"{row.calculation.get('month', '')}-01")
    if gauge is None or month is None or by_rule is None:
        return ""
    return gauge.page(by_rule.rule.code, month)


def rule_of(row: Proposal) -> IncentiveVersion | None:
    """The version of the incentive rule that raised it; None for what a ruling or a person proposed."""
    if row.source_kind != "ledger.raised":
        return None
    code, _v, number = row.citation.removeprefix("incentive.").rpartition(" v")
    found: IncentiveVersion | None = (
        IncentiveVersion.objects.filter(rule__code=code, number=int(number)).select_related("rule").first()
    )
    return found
