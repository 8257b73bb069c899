"""What a case would give, term by term: goods, freight, what was paid beyond the order. Nothing here is written."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal

from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import CaseLine
from aftersales.cases.refunding import ZERO, Piece, Quote, Term, fixed, quote
from aftersales.cases.repairs.selectors import difference_back
from aftersales.cases.services import accounts
from aftersales.cases.services.carrying import carried
from aftersales.cases.services.dues import paid_of
from aftersales.cases.services.locking import Held
from aftersales.cases.states import MONEY_BACK, SELLERS_FAULT, CaseKind, Ground, Side
from aftersales.core.errors import DomainError
from aftersales.core.money import CENT

FREIGHT_BACK = SELLERS_FAULT | {Ground.REFUSED}


@dataclass(frozen=True)
class Deduction:
    """An amount taken off one line, with its reason."""

    amount: Decimal
    why: str


Deductions = Mapping[int, Deduction]


def quote_of(mine: Held) -> Quote:
    """What approving this case as it stands would give."""
    return quoted(mine, None, {})


def quoted(mine: Held, amount: Decimal | None, deductions: Deductions) -> Quote:
    """What this case would give now; what it holds already is free for it again."""
    case, books = mine.case, mine.books
    if case.kind == CaseKind.COMPENSATION:
        wanted = case.asked if amount is None else amount
        return Quote((Term("compensation", wanted),), extra=wanted)
    amount = difference_back(case) if amount is None else amount
    if case.kind not in MONEY_BACK and amount is None:
        return _with_extras(mine, Quote(()))
    if books is None:
        raise DomainError(_("Say first which order this ticket is about."), "no_order")
    on_top = carried_of(mine)
    if on_top and amount is not None:  # of a fixed amount it is only what exceeds the goods
        bound = _goods_quote(mine, None, {}).bound if case.kind in MONEY_BACK else _goods_left(mine)
        on_top = min(on_top, max(amount - bound, ZERO))
        amount -= on_top
    return _with_extras(mine, _goods_quote(mine, amount, deductions), on_top)


def carried_of(mine: Held) -> Decimal:
    """What the customer paid on top for these pieces when they came as a replacement."""
    if mine.books is None or not mine.books.worked_on & {line.line_id for line in mine.lines}:
        return ZERO
    return sum(carried(mine.case, mine.lines).values(), ZERO)


def _with_extras(mine: Held, found: Quote, on_top: Decimal = ZERO) -> Quote:
    """Who ends with a refund gets back what he paid beyond his order too, and who takes a cheaper article what of it
    exceeds the goods; freight that was agreed for sending them back stays agreed, unless he bears it now."""
    case, beyond = mine.case, ZERO
    if case.pk:
        beyond = on_top
    if case.pk and case.kind in MONEY_BACK:
        beyond += paid_of(case) if mine.beyond is None else mine.beyond
    back = case.back_freight if case.return_freight != Side.CUSTOMER else ZERO
    told = (("return_freight", back), ("supplement", beyond))
    terms = tuple(Term(code, amount) for code, amount in told if amount)
    return replace(found, terms=(*found.terms, *terms), extra=found.extra + beyond + back, back=back)


def _goods_quote(mine: Held, amount: Decimal | None, deductions: Deductions) -> Quote:
    case, books = mine.case, mine.books
    assert books is not None
    pieces = [_piece(mine, line, deductions.get(line.line_id)) for line in mine.lines]
    left = books.account.left + case.agreed - case.agreed_extra
    if amount is not None:
        return fixed(amount, pieces, order_left=left, freight=_freight(mine), currency=case.currency)
    freight, rest = _freight(mine), ZERO
    if not mine.lines:
        return Quote((Term("rest", left),), rest=left)
    if all(one.claimed == one.bought for one in books.line_accounts.values()) and case.ground in FREIGHT_BACK:
        rest = max(books.paid.rest, ZERO)
    return quote(pieces, order_left=left, freight=freight, rest=rest)


def _goods_left(mine: Held) -> Decimal:
    """What may still be given back for these pieces of what was paid for the order."""
    pieces = [_piece(mine, line, None) for line in mine.lines]
    return sum((min(one.value, one.left) for one in pieces), ZERO)


def _piece(mine: Held, line: CaseLine, deduction: Deduction | None) -> Piece:
    assert mine.books is not None
    left = mine.books.line_accounts[line.line_id].left + line.agreed
    if deduction and deduction.amount and not deduction.why.strip():
        raise DomainError(_("Say why something is taken off."), "deduction")
    return Piece(
        line.line_id, line.announced, line.value, left, deduction.amount if deduction else ZERO,
        deduction.why if deduction else "", mine.books.protected_of(line),
    )  # fmt: skip


def _freight(mine: Held) -> Decimal:
    """Outbound freight of these pieces: given back where the seller is at fault, and never twice.

    Whoever takes the last pieces of the order gets the odd cents too, but never what belongs to pieces of another case:
    each seller bears his own. Pieces that were paid for in part before bring no freight a second time.
    """
    case, books = mine.case, mine.books
    if books is None or case.ground not in FREIGHT_BACK:
        return ZERO
    left: Decimal = books.account.freight_left + case.agreed_freight
    own, others = _shares(mine, books)
    whole = all(one.claimed == one.bought for one in books.line_accounts.values())
    share = books.paid.freight - _cents(others) if whole else _cents(own)
    unclaimed = ZERO if whole else max(books.paid.freight - own - others, ZERO)
    return max(min(share, _cents(left - unclaimed)), ZERO)


def _shares(mine: Held, books: accounts.Books) -> tuple[Decimal, Decimal]:
    """The freight of these pieces, and of those that other cases took: as the lines tell it, else as the goods cost."""
    my_pieces = {one.line_id: one.announced for one in mine.lines}
    rest = {pk: one.claimed - my_pieces.get(pk, 0) for pk, one in books.line_accounts.items()}
    goods = sum(books.paid.lines.values(), ZERO) or Decimal(1)
    told = any(line.freight for line in books.lines.values())

    def share(pk: int, pieces: int) -> Decimal:
        line = books.lines[pk]
        whole: Decimal = line.freight if told else books.paid.freight * books.paid.lines[pk] / goods
        return whole * pieces / line.quantity

    own, others = (sum((share(pk, n) for pk, n in one.items()), ZERO) for one in (my_pieces, rest))
    return own, others


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_DOWN)


def in_all(mine: Held, amount: Decimal, computed: Quote) -> Quote:
    """A fixed amount: first of goods and freight, and what exceeds them of what goes beyond the order.

    What is paid of that already stays possible, whoever bears it now.
    """
    case = mine.case
    most = max(computed.extra, case.agreed_extra) if case.paying else computed.extra
    extra = min(max(amount - computed.bound, ZERO), most)
    back = min(extra, max(computed.back, case.back_freight))
    found = _goods_quote(mine, amount - extra, {})
    told = (("return_freight", back), ("supplement", extra - back))
    terms = [Term(code, one) for code, one in told if one]
    return replace(found, terms=(*found.terms, *terms), extra=extra, back=back)
