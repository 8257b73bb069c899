"""What stands above the form of an act: a computed sum, who is paid, where it is sent to, which clauses there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aftersales.cases import services
from aftersales.cases.models import Case
from aftersales.cases.refunding import TERM_LABELS, Quote
from aftersales.cases.selectors import addressee
from aftersales.cases.services.returning import addresses_offered
from aftersales.cases.states import CaseKind, PaymentKind
from aftersales.clocks.models import Clock
from aftersales.core.errors import DomainError
from aftersales.standards.returns.faces import kept_face
from aftersales.standards.returns.selectors import place_of
from aftersales.standards.returns.states import Verdict
from aftersales.standards.selectors import book

from . import repairacts
from .acts import Offered
from .forms import OTHER
from .reading import Whole

AGAINST = "red"


@dataclass(frozen=True)
class Row:
    what: str
    amount: Decimal
    why: str = ""


@dataclass(frozen=True)
class Sum:
    """Rows and their total; ``refused``: why nothing can be computed."""

    title: str
    rows: Sequence[Row]
    total: Decimal
    refused: str = ""


def sum_of(one: Offered, found: Whole) -> Sum | None:
    """The sum of an act that moves money or promises it; None where it moves none."""
    makers: Mapping[str, Callable[[Any, Whole], Sum]] = {
        "quote": _quote, "ways": _ways, "worth": _worth, "offer": _offer, "settlement": _settlement,
    }  # fmt: skip
    make = makers.get(one.act.shows)
    if make is None:
        return None
    try:
        total = make(one.row, found)
    except DomainError as error:
        return Sum("", (), Decimal(0), str(error))
    return None if one.act.shows == "quote" and is_even(found.case, total.total) else total


def is_even(case: Case, total: Decimal) -> bool:
    """Whether the customer gets goods for goods and no money: there is no sum to show."""
    return case.kind == CaseKind.EXCHANGE and total == 0


def _quote(case: Any, found: Whole) -> Sum:
    return quote_sum(services.case_preview(case=case), found)


def quote_sum(quote: Quote, found: Whole) -> Sum:
    """A quote in words."""
    names = {one.line_id: one.line.product_name or one.line.sku for one in found.lines}
    rows = []
    for term in quote.terms:
        what = str(TERM_LABELS[term.code])
        if term.line_id is not None and term.line_id in names:
            what = f"{what} · {names[term.line_id]}" + (f" × {term.quantity}" if term.quantity else "")
        rows.append(Row(what, term.amount, term.why))
    return Sum(_("The customer gets"), rows, quote.total)


def _ways(case: Any, found: Whole) -> Sum:
    ways = services.payment_preview(case=case)
    rows = [Row(str(PaymentKind(one.kind).label), one.amount) for one in ways]
    return Sum(_("Paid to the customer"), rows, sum((one.amount for one in ways), Decimal(0)))


def _worth(_row: Any, found: Whole) -> Sum:
    rows = [
        Row(f"{one.line.product_name or one.line.sku} × {one.announced}", one.value) for one in found.lines
    ]
    return Sum(_("Paid for these pieces"), rows, sum((one.value for one in found.lines), Decimal(0)))


def _offer(case: Any, found: Whole) -> Sum:
    return Sum(_("The customer asks for"), (), case.offered)


def _settlement(settlement: Any, found: Whole) -> Sum:
    back = (
        _("The goods come back to you.") if settlement.goods_back else _("The goods stay with the customer.")
    )
    return Sum(_("The customer proposes"), [Row(back, settlement.amount)], settlement.amount)


# Clauses to refuse on


@dataclass(frozen=True)
class Clause:
    """One clause of the return rules by name, with the law it rests on and what it says of the request; ``against``:
    what of that can carry a refusal.
    """

    value: str
    name: str
    law: str
    says: list[str] = field(default_factory=list)
    against: list[str] = field(default_factory=list)

    @property
    def title(self) -> str:
        return f"{self.name} · {self.law}" if self.law else self.name

    @property
    def speaks_against(self) -> bool:
        return bool(self.against)

    @property
    def words(self) -> str:
        """As a refusal cites it."""
        said = " ".join(self.against)
        return f"{self.title}: {said}" if self.title else said


def clauses(case: Case) -> list[Clause]:
    """What the return rules said of this request on the day it was made: each clause once, whatever the articles.

    One that fails carries no refusal where another gives the right all the same.
    """
    kept = case.verdict.get("lines", {})
    if not kept:
        return []
    known = book()
    zone = place_of(case.market_id, among=known).zone.key
    found: dict[str, Clause] = {}
    for answer in kept.values():
        for reason in kept_face(answer, zone, known).reasons:
            clause = found.setdefault(reason.code, Clause(f"c{len(found)}", reason.rule, reason.law))
            against = reason.tone == AGAINST and answer["verdict"] == Verdict.NO
            for said in (clause.says, clause.against)[: 2 if against else 1]:
                if reason.sentence not in said:
                    said.append(reason.sentence)
    return list(found.values())


def choices_of(one: Offered, found: Whole, now: datetime) -> dict[str, Sequence[Any]]:
    """What the fields of an act may be."""
    if one.act.name == "reject":
        usable = [(each.value, each.words) for each in clauses(found.case) if each.speaks_against]
        return {"clause": [*usable, (OTHER, pgettext("portal", "Another clause"))]}
    if one.act.name == "approve":
        return {"address": places(found.case)}
    return repairacts.choices_of(one.act.name, one.row, now) if one.row in found.repairs else {}


def places(case: Case) -> list[tuple[str, str]]:
    """The shop's return addresses, the one that fits the case first."""
    if not case.goods_back:
        return []
    offered, fits = addresses_offered(case)
    offered.sort(key=lambda one: one != fits)
    return [(one.public_id, f"{one.name}: {one.place}") for one in offered]


def clocks(found: Whole) -> list[tuple[Clock, str]]:
    """The open promises of a case, each with the clause it cites."""
    known = book()
    rules = {one.pk: known.by_id.get(one.standard_version_id or 0) for one in found.clocks}
    return [
        (one, f"{known.name_of(rule.standard.code)} v{rule.number}" if (rule := rules[one.pk]) else "")
        for one in found.clocks
    ]


# Where goods are sent to


@dataclass(frozen=True)
class Line:
    """One part of an address: masked, or in full once it was asked for."""

    label: str
    value: str


def address(case: Case, *, actor: Any = None, now: datetime | None = None) -> list[Line]:
    """Name, telephone and address of the order, masked; with ``actor`` in full, which is recorded (R2.2)."""
    if actor is None or now is None:
        return [Line(str(one.get_kind_display()), one.masked) for one in addressee(case)]
    told = services.addressee_reveal(case=case, actor=actor, now=now)
    return [Line(str(one.get_kind_display()), value) for one, value in told]
