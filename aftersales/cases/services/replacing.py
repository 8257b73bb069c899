"""What goes out in exchange: like for like where nobody chose, and the difference that follows from it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import Case, CaseLine, Exchange, ReplacementLine
from aftersales.cases.refunding import ZERO
from aftersales.cases.repairs.states import DueKind
from aftersales.cases.services.carrying import carried
from aftersales.cases.services.dues import due_ask
from aftersales.cases.services.locking import Held
from aftersales.cases.states import CaseKind
from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.core.money import CENT


@dataclass(frozen=True)
class Replacement:
    """What goes out for a line. ``unit_price`` None: like for like, without a difference."""

    line_id: int
    quantity: int
    name: str = ""
    sku: str = ""
    unit_price: Decimal | None = None


def replacements_checked(mine: Held, replacements: Sequence[Replacement]) -> list[ReplacementLine]:
    """One piece for each piece, at a price to the cent."""
    asked = {line.line_id: line for line in mine.lines}
    on_top = carried(mine.case, mine.lines)
    counts: dict[int, int] = defaultdict(int)
    found = []
    for one in replacements:
        line = asked.get(one.line_id)
        if line is None or one.quantity < 1:
            raise DomainError(_("Every piece that is asked for is replaced by one."), "pieces")
        price = one.unit_price
        if price is not None and (price < 0 or price != price.quantize(CENT)):
            raise DomainError(_("The price is an amount of money, to the cent."), "price")
        counts[one.line_id] += one.quantity
        same = mine.books.lines[one.line_id] if mine.books else None
        name = (
            " ".join(one.name.replace("\x00", "").split()) or (same and (same.product_name or same.sku)) or ""
        )
        if not 0 < len(name) <= 200 or len(one.sku) > 64:
            raise DomainError(_("Name the article that goes out."), "name")
        own = _left_of(mine, line) + on_top.get(line.line_id, ZERO)
        worth = own if price is None else price * one.quantity
        if price is None and one.quantity != line.announced:
            raise DomainError(_("Like for like replaces all pieces of a line at once."), "pieces")
        found.append(
            ReplacementLine(
                case_line=line, quantity=one.quantity, sku=one.sku.strip(), name=name, value=worth
            )
        )
    if counts != {pk: line.announced for pk, line in asked.items()}:
        raise DomainError(_("Every piece that is asked for is replaced by one."), "pieces")
    return found


def _left_of(mine: Held, line: CaseLine) -> Decimal:
    """What he paid for these pieces and did not get back, as with a cheaper article that he took for them before."""
    value: Decimal = line.value
    if mine.books is None:
        return value
    left: Decimal = mine.books.line_accounts[line.line_id].left + line.agreed
    return min(value, left)


def replacements_keep(
    mine: Held, *, lines: Sequence[ReplacementLine], send_first: bool, actor: Any, now: datetime
) -> Exchange:
    """Under the case's lock: these go out, in place of whatever was chosen before."""
    had = sum((_left_of(mine, line) for line in mine.lines), ZERO)
    had += sum(carried(mine.case, mine.lines).values(), ZERO)
    difference = sum((one.value for one in lines), ZERO) - had
    row, _new = Exchange.objects.update_or_create(
        case=mine.case,
        defaults={
            "difference": difference, "send_first": send_first, "chosen_at": now, "chosen_by": actor, "ended_at": None,
        },
    )  # fmt: skip
    row.lines.standing().update(dropped_at=now)
    for one in lines:
        one.exchange = row
    ReplacementLine.objects.bulk_create(lines)
    mine.case = moves.change(
        mine.case, actor=actor, now=now, event="case.replacement_chosen",
        payload=mine.case.told(amount=str(difference)),
    )  # fmt: skip
    return row


def exchange_follow(mine: Held, case: Case, *, actor: Any, now: datetime) -> None:
    """After an approval as an exchange: like for like where nobody chose, and the customer owes the difference."""
    if case.kind != CaseKind.EXCHANGE:
        return
    mine.case = case
    row = Exchange.objects.filter(case=case, ended_at=None).first()
    if row is None or not row.lines.standing().exists():
        like = [Replacement(line.line_id, line.announced) for line in mine.lines]
        row = replacements_keep(
            mine,
            lines=replacements_checked(mine, like),
            send_first=bool(row and row.send_first),
            actor=actor,
            now=now,
        )
    due_ask(case, DueKind.DIFFERENCE, max(row.difference, ZERO), actor=actor, now=now)
