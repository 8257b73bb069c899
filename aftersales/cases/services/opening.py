"""Opening a case: the pieces are taken, the return rules asked, the customer's words kept (R4.1–R4.3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import Case, CaseLine, CaseNote
from aftersales.cases.refunding import ZERO
from aftersales.cases.repairs.selectors import known_of_lines
from aftersales.cases.services.accounts import Books, books_open, claim
from aftersales.cases.services.locking import refuse_foreign, require, tell_ticket
from aftersales.cases.states import (
    GOODS_BACK,
    SELLERS_FAULT,
    CaseKind,
    Ground,
    NoteKind,
    Side,
)
from aftersales.core import moves, series
from aftersales.core.errors import DomainError
from aftersales.orders.models import Order, OrderLine
from aftersales.orders.returning import answers_of
from aftersales.standards.returns.answers import Answer
from aftersales.standards.returns.states import Verdict
from aftersales.tickets.models import Ticket
from aftersales.tickets.services.locking import locked_ticket
from aftersales.tickets.services.parties import merchant_concerned

LONGEST = 2000


@dataclass(frozen=True)
class CaseDraft:
    """What is asked for. ``pieces``: order line id → how many. ``asked``: an amount the customer names, or zero."""

    kind: str
    ground: str
    pieces: Mapping[int, int] = field(default_factory=dict)
    words: str = ""
    asked: Decimal = ZERO
    asked_by: str = Side.CUSTOMER
    asked_at: datetime | None = None
    compensation: str = ""
    goods_back: bool | None = None
    follows: Case | None = None
    source: str = ""
    source_ref: str = ""


def case_open(*, ticket: Ticket, draft: CaseDraft, actor: Any, now: datetime) -> Case:
    """Open a case on a ticket. The same (source, source_ref) twice is one case.

    Errors: key_reused (another content under it), not_permitted, ticket_done, no_order, nothing, not_of_order,
    too_many, several_merchants, whole_order, compensation, words.
    """
    require(actor, "cases.open")
    _check(draft)
    number = series.next_number("case", now)
    with transaction.atomic():
        if known := _known(draft):
            return known
        books = books_open(Order(pk=ticket.order_id)) if ticket.order_id else None
        ticket = locked_ticket(ticket)
        refuse_foreign(ticket, actor)
        if not ticket.is_open:
            raise DomainError(_("This ticket is solved; reopen it before you open a case."), "ticket_done")
        if known := _known(draft):
            return known
        values = pieces_taken(books, draft)
        answers = judged(books, draft, now)
        case = _created(number, ticket, books, draft, answers, actor, now)
        merchant_concerned(ticket, case.merchant_id)
        lines = [
            CaseLine(case=case, line_id=line_id, announced=draft.pieces[line_id], value=value)
            for line_id, value in values.items()
        ]
        CaseLine.objects.bulk_create(lines)
        note(case, NoteKind.ASK, draft.asked_by, draft.words, actor, now)
        tell_ticket(ticket, "ticket.case_opened", case, actor=actor, now=now, kind=case.kind)
    return case


def _check(draft: CaseDraft) -> None:
    if draft.kind not in CaseKind.values or draft.ground not in Ground.values:
        raise DomainError(_("Choose what is asked for, and why."), "kind")
    if (draft.kind == CaseKind.COMPENSATION) != bool(draft.compensation):
        raise DomainError(_("Say what a compensation is for; nothing else has that."), "compensation")
    if len(draft.words) > LONGEST:
        raise DomainError(_("At most 2,000 characters, please."), "words")
    if draft.asked < 0:
        raise DomainError(_("The amount may not be negative."), "amount")
    if draft.kind == CaseKind.COMPENSATION and draft.pieces:
        raise DomainError(_("A compensation takes no articles back."), "compensation")


def _known(draft: CaseDraft) -> Case | None:
    if not draft.source_ref:
        return None
    found: Case | None = Case.objects.filter(source=draft.source, source_ref=draft.source_ref).first()
    if found is not None and not _asks_the_same(found, draft):
        raise DomainError(_("Something else was asked for under this reference already."), "key_reused")
    return found


def _asks_the_same(case: Case, draft: CaseDraft) -> bool:
    """What was asked for at first; what became of it since does not count."""
    first = (case.first_kind, case.first_ground, case.asked, case.compensation)
    if first != (draft.kind, draft.ground, draft.asked, draft.compensation):
        return False
    return dict(case.lines.values_list("line", "announced")) == {
        pk: count for pk, count in draft.pieces.items() if count
    }


def pieces_taken(books: Books | None, draft: CaseDraft) -> dict[int, Decimal]:
    """The pieces, taken. An order that no sheet ever told the lines of is asked for as a whole."""
    if draft.kind == CaseKind.COMPENSATION:
        return {}
    if books is None:
        raise DomainError(_("Say first which order this ticket is about."), "no_order")
    if not books.lines and not draft.pieces:
        if draft.kind != CaseKind.REFUND_ONLY and draft.kind != CaseKind.RETURN:
            raise DomainError(
                _("The articles of this order are not known; it can only be refunded."), "whole_order"
            )
        return {}
    values = claim(books, draft.pieces)
    sellers = {books.lines[pk].merchant_id or books.order.merchant_id for pk in values}
    if len(sellers) > 1:
        raise DomainError(_("Articles of several merchants need a case each."), "several_merchants")
    return values


def by_seller(order: Order | None, pieces: Mapping[int, int]) -> list[dict[int, int]]:
    """The same pieces, apart for each seller: each has a case of his own."""
    found: dict[int | None, dict[int, int]] = {}
    for line in OrderLine.objects.filter(pk__in=pieces).order_by("pk"):
        seller = line.merchant_id or (order.merchant_id if order else None)
        found.setdefault(seller, {})[line.pk] = pieces[line.pk]
    return list(found.values()) or [{}]


def ref_of(key: int, count: int) -> str:
    """The source reference of the first, second … case that one row asks for."""
    return f"{key}-{count}" if count else str(key)


def judged(books: Books | None, draft: CaseDraft, now: datetime) -> Mapping[int, Answer]:
    """What the return rules say of each line, at the moment when it was asked for; nothing of a compensation."""
    if not draft.pieces or draft.kind == CaseKind.COMPENSATION:
        return {}
    return answers_of(
        draft.pieces, demand=draft.kind, ground=draft.ground, asked_at=draft.asked_at or now,
        known=known_of_lines(books.worked_on & set(draft.pieces)) if books and books.worked_on else {},
    )  # fmt: skip


def kept_of(answers: Mapping[int, Answer]) -> dict[str, Any]:
    """The answers as the case keeps them; the whole is as certain as its least certain line."""
    if not answers:
        return {}
    found = {answer.verdict for answer in answers.values()}
    whole = next(one for one in (Verdict.PERSON, Verdict.NO, Verdict.YES) if one in found)
    return {"verdict": str(whole), "lines": {str(pk): answer.as_json() for pk, answer in answers.items()}}


def _back_by(answers: Mapping[int, Answer], ground: str) -> str:
    """Who bears the way back: by the rules where they speak with one voice, else by whose fault the ground names."""
    said = {answer.freight.back for answer in answers.values() if answer.freight.back in Side.values}
    if len(said) == 1:
        return str(said.pop())
    return Side.MERCHANT if ground in SELLERS_FAULT else Side.CUSTOMER


def _created(
    number: str, ticket: Ticket, books: Books | None, draft: CaseDraft, answers: Mapping[int, Answer], actor: Any,
    now: datetime,
) -> Case:  # fmt: skip
    seller = ticket.merchant_id
    if books and draft.pieces:
        line = books.lines[min(draft.pieces)]
        seller = line.merchant_id or books.order.merchant_id or seller
    back = draft.kind in GOODS_BACK if draft.goods_back is None else draft.goods_back
    case = Case(
        number=number, ticket=ticket, order_id=ticket.order_id, merchant_id=seller, customer_id=ticket.customer_id,
        market_id=ticket.market_id, follows=draft.follows, kind=draft.kind, first_kind=draft.kind, ground=draft.ground,
        first_ground=draft.ground, compensation=draft.compensation, goods_back=back and draft.kind in GOODS_BACK,
        return_freight=_back_by(answers, draft.ground), verdict=kept_of(answers),
        currency=books.order.currency if books else "CNY", asked=draft.asked, asked_by=draft.asked_by,
        asked_at=draft.asked_at or now, opened_by=actor, opened_at=now, source=draft.source,
        source_ref=draft.source_ref,
    )  # fmt: skip
    return moves.create(
        case, actor=actor, now=now, event="case.asked",
        payload={"kind": case.kind, "ground": case.ground, "amount": str(draft.asked), "by": draft.asked_by},
    )  # fmt: skip


def note(
    case: Case, kind: str, side: str, text: str, actor: Any, now: datetime, *, heard_by: str = "",
    said_at: datetime | None = None,
) -> CaseNote | None:  # fmt: skip
    """Keep what was said with an act, and how and when; nothing for no words. Error: words."""
    words = text.replace("\x00", "").strip()
    if len(words) > LONGEST:
        raise DomainError(_("At most 2,000 characters, please."), "words")
    if not words:
        return None
    row = CaseNote(
        case=case, kind=kind, side=side, by=actor, at=now, text=words, heard_by=heard_by, said_at=said_at
    )
    row.save()
    return row
