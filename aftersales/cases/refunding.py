"""What a refund is made of: pure arithmetic over what was paid, piece by piece and to the cent.

Every term of a quote is shown on the page. Pieces of one line are worth what was really paid for them; a price that
does not divide leaves its cents to the earlier pieces, and the last pieces take what is left, so that all cases of a
line together give exactly what was paid for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal

from django.utils.translation import gettext_lazy as _

from aftersales.core.errors import DomainError, Text
from aftersales.core.money import CENT, allocate
from aftersales.core.wording import money

ZERO = Decimal(0)


@dataclass(frozen=True)
class LinePaid:
    """One order line as its order reported it. ``paid``: with its share of freight; zero when nobody split it."""

    pk: int
    quantity: int
    price: Decimal
    discount: Decimal
    paid: Decimal
    freight: Decimal


@dataclass(frozen=True)
class Goods:
    """What was really paid for the goods of each line, and for freight; ``rest`` belongs to neither."""

    lines: Mapping[int, Decimal]
    freight: Decimal
    rest: Decimal


def really_paid(paid: Decimal, freight: Decimal, lines: Sequence[LinePaid]) -> Goods:
    """Split what was paid for an order over its lines and its freight.

    Lines that say what was paid for them are believed; where none does, what was paid is allocated by their prices
    after discount (largest remainder), so that order-level vouchers lower every line. Lines never sum to more than
    was paid: what is too much is taken off them in proportion. ``rest`` is what was paid beyond lines and freight.
    """
    shares = sum((line.freight for line in lines), ZERO)
    carriage = min(shares or freight, paid)
    if not lines:
        return Goods({}, carriage, paid - carriage)
    goods = [max(line.paid - line.freight, ZERO) for line in lines]
    available = paid - carriage
    if not any(goods):
        goods = allocate(available, [max(line.price * line.quantity - line.discount, ZERO) for line in lines])
    elif sum(goods, ZERO) > available:
        goods = allocate(available, goods)
    return Goods(
        {line.pk: one for line, one in zip(lines, goods, strict=True)}, carriage, available - sum(goods, ZERO)
    )


def worth(value: Decimal, pieces: int, taken: int) -> Decimal:
    """What ``taken`` of the ``pieces`` that are left are worth, of the ``value`` that is left for them all."""
    if not 0 < taken <= pieces:
        raise ValueError("pieces that are not there")
    base, extra = divmod(int(value / CENT), pieces)
    return (taken * base + min(taken, extra)) * CENT


@dataclass(frozen=True)
class Term:
    """One line of a quote: what for, how much (negative takes off), and of which order line."""

    code: str
    amount: Decimal
    line_id: int | None = None
    quantity: int = 0
    why: str = ""

    def as_json(self) -> dict[str, object]:
        return {
            "code": self.code,
            "amount": str(self.amount),
            "line_id": self.line_id,
            "quantity": self.quantity,
            "why": self.why,
        }


TERM_LABELS: Mapping[str, Text] = {
    "goods": _("Paid for these pieces"),
    "protected": _("Given already by price protection"),
    "elsewhere": _("Given back already outside this system"),
    "deduction": _("Taken off"),
    "freight": _("Outbound freight"),
    "rest": _("Paid beyond goods and freight"),
    "offer": _("As agreed"),
    "agreed": _("Agreed for these pieces"),
    "not_accepted": _("Not come back or not accepted"),
    "freight_kept": _("Outbound freight of what was not accepted"),
    "beyond": _("Return freight and compensation"),
    "return_freight": _("Return freight"),
    "compensation": _("Compensation"),
    "supplement": _("Paid by the customer beyond his order"),
}


@dataclass(frozen=True)
class Piece:
    """Pieces of one line in a quote. ``left``: what may still be granted of the line.

    ``protected``: what was given for their price already; ``value`` is less by it.
    """

    line_id: int
    quantity: int
    value: Decimal
    left: Decimal
    deduction: Decimal = ZERO
    why: str = ""
    protected: Decimal = ZERO


@dataclass(frozen=True)
class Quote:
    """A refund, term by term. ``lines``: agreed per order line; ``total`` is the sum of all terms.

    ``extra`` is what no payment of the order bounds; ``back`` is return freight among it.
    """

    terms: tuple[Term, ...]
    lines: Mapping[int, Decimal] = field(default_factory=dict)
    freight: Decimal = ZERO
    rest: Decimal = ZERO
    extra: Decimal = ZERO
    back: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return sum((term.amount for term in self.terms), ZERO)

    @property
    def bound(self) -> Decimal:
        """What of it is bounded by what was paid for the order."""
        return self.total - self.extra


def quote(
    pieces: Sequence[Piece],
    *,
    order_left: Decimal,
    freight: Decimal = ZERO,
    rest: Decimal = ZERO,
    extra: Sequence[Term] = (),
) -> Quote:
    """Terms of a refund of these pieces, within what is left of each line and of the order.

    ``freight``: outbound freight to give back; ``rest``: what was paid beyond goods and freight; ``extra``: return
    freight and compensation, on top. A deduction above the value of its pieces is refused (error: deduction).
    """
    terms: list[Term] = []
    lines: dict[int, Decimal] = {}
    for piece in pieces:
        if not ZERO <= piece.deduction <= piece.value:
            raise DomainError(_("A deduction is at most what was paid for these pieces."), "deduction")
        terms.append(Term("goods", piece.value + piece.protected, piece.line_id, piece.quantity))
        if piece.protected:
            terms.append(Term("protected", -piece.protected, piece.line_id, piece.quantity))
        if piece.deduction:
            terms.append(Term("deduction", -piece.deduction, piece.line_id, piece.quantity, piece.why))
        wanted = piece.value - piece.deduction
        given = min(wanted, piece.left)
        if given < wanted:
            terms.append(Term("elsewhere", given - wanted, piece.line_id, piece.quantity))
        lines[piece.line_id] = given
    terms += [Term(code, amount) for code, amount in (("freight", freight), ("rest", rest)) if amount]
    over = sum(lines.values(), ZERO) + freight + rest - order_left
    if over > 0:
        terms.append(Term("elsewhere", -over))
        lines, freight, rest = _less(lines, freight, rest, over)
    added = sum((term.amount for term in extra), ZERO)
    return Quote((*terms, *extra), lines, freight, rest, added)


def _less(
    lines: Mapping[int, Decimal], freight: Decimal, rest: Decimal, over: Decimal
) -> tuple[dict[int, Decimal], Decimal, Decimal]:
    """The same with ``over`` taken off: first of what belongs to no line, then of freight, then of the lines."""
    off_rest = min(rest, over)
    off_freight = min(freight, over - off_rest)
    left = sum(lines.values(), ZERO) - (over - off_rest - off_freight)
    parts = allocate(max(left, ZERO), list(lines.values())) if lines else []
    return dict(zip(lines, parts, strict=True)), freight - off_freight, rest - off_rest


def fixed(
    amount: Decimal,
    pieces: Sequence[Piece],
    *,
    order_left: Decimal,
    freight: Decimal = ZERO,
    currency: str = "CNY",
) -> Quote:
    """A negotiated amount: it stands as agreed, and is spread over the pieces by what was paid for them.

    ``freight``: outbound freight that may be given back too; what exceeds the pieces is taken of it.
    Errors: too_much (more than is left of the order or of these pieces).
    """
    goods = sum((min(piece.value, piece.left) for piece in pieces), ZERO)
    room = min(goods + freight, order_left) if pieces else order_left
    if amount > room:
        raise DomainError(
            _("At most %(amount)s can be given back here.") % {"amount": money(room, currency)}, "too_much"
        )
    if not pieces:
        return Quote((Term("offer", amount),), rest=amount)
    parts = allocate(min(amount, goods), [min(piece.value, piece.left) for piece in pieces])
    lines = {piece.line_id: part for piece, part in zip(pieces, parts, strict=True)}
    carriage = max(amount - goods, ZERO)
    terms = [Term("offer", part, pk) for pk, part in lines.items()]
    if carriage:
        terms.append(Term("freight", carriage))
    return Quote(tuple(terms), lines, carriage)


@dataclass(frozen=True)
class Judged:
    """Pieces of one line after the inspection. ``promised``: agreed before; ``good``: accepted, or on their way.

    ``left``: what may be granted of the line, where its account is at hand.
    """

    line_id: int
    approved: int
    good: int
    promised: Decimal
    deduction: Decimal = ZERO
    why: str = ""
    left: Decimal | None = None


def settled(
    pieces: Sequence[Judged],
    *,
    freight: Decimal,
    rest: Decimal,
    extra: Decimal = ZERO,
    order_left: Decimal | None = None,
) -> Quote:
    """What of an agreed refund stands once the goods were seen, term by term, within what is left of the accounts.

    Pieces that did not come back or were not accepted give nothing; their share of outbound freight stays with the
    seller, and what was paid beyond goods and freight is given only when everything is back.
    """
    terms: list[Term] = []
    lines: dict[int, Decimal] = {}
    for piece in pieces:
        lines[piece.line_id] = _judged_line(piece, terms)
    approved, good = sum(one.approved for one in pieces), sum(one.good for one in pieces)
    whole = good == approved
    carriage = freight if whole else (freight * good / approved).quantize(CENT, rounding=ROUND_DOWN)
    beyond = rest if whole else ZERO
    told = (("freight", freight), ("freight_kept", carriage - freight), ("rest", beyond))
    terms += [Term(code, amount) for code, amount in told if amount]
    over = sum(lines.values(), ZERO) + carriage + beyond - order_left if order_left is not None else ZERO
    if over > 0:
        terms.append(Term("elsewhere", -over))
        lines, carriage, beyond = _less(lines, carriage, beyond, over)
    if extra:
        terms.append(Term("beyond", extra))
    return Quote(tuple(terms), lines, carriage, beyond, extra)


def _judged_line(piece: Judged, terms: list[Term]) -> Decimal:
    """What stands of one line, its terms added."""
    kept = worth(piece.promised, piece.approved, piece.good) if piece.good else ZERO
    off = min(piece.deduction, kept)
    terms.append(Term("agreed", piece.promised, piece.line_id, piece.approved))
    if kept < piece.promised:
        terms.append(Term("not_accepted", kept - piece.promised, piece.line_id, piece.approved - piece.good))
    if off:
        terms.append(Term("deduction", -off, piece.line_id, piece.good, piece.why))
    given = kept - off if piece.left is None else min(kept - off, piece.left)
    if given < kept - off:
        terms.append(Term("elsewhere", given - kept + off, piece.line_id, piece.good))
    return given
