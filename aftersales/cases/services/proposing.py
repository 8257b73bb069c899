"""Payments of a decided case: what is agreed and stands in no payment yet goes back the ways it came (R4.4).

One payment for each way: vouchers and balances go back as such, money to whoever paid. Within what one person lets
out alone they are approved at once, everything else waits for a second person.
"""

import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.cases.models import Case, CasePayment, PaymentPart
from aftersales.cases.recovery.rules import is_advance
from aftersales.cases.refunding import ZERO
from aftersales.cases.selectors import pieces_awaited
from aftersales.cases.services.dues import paid_of
from aftersales.cases.services.handing import gateway_for, hand_over_later
from aftersales.cases.services.limits import second_person
from aftersales.cases.services.locking import Held, held, refuse_foreign, require
from aftersales.cases.services.tenders import tenders_of, tenders_open, tenders_take
from aftersales.cases.splitting import Part, Share, back_the_way_it_came, outstanding
from aftersales.cases.states import (
    COUNTS_AS_PAID,
    CaseKind,
    CaseState,
    DecidedBy,
    Gateway,
    PaymentKind,
    Side,
)
from aftersales.core import moves, series
from aftersales.core.errors import DomainError
from aftersales.orders.models import Payment
from aftersales.orders.states import PaymentMethod

IN_KIND = frozenset({PaymentMethod.VOUCHER, PaymentMethod.BALANCE})
"""Ways that are no money: what was paid by them is given back as such (R4.4)."""


@dataclass
class Way:
    """One payment to be: the parts that go the same way to the same payee."""

    kind: str
    payee: int | None
    method: str = ""
    ref: str = ""
    closed: bool = False  # somebody else paid the order: no way leads to this payee
    parts: list[Part] = field(default_factory=list)

    @property
    def amount(self) -> Decimal:
        return sum((part.amount for part in self.parts), ZERO)


def payment_propose(
    *, case: Case, actor: Any, now: datetime, version: int | None = None
) -> list[CasePayment]:
    """Payments for everything that was agreed and stands in none yet. The second of two clicks finds nothing left.

    Errors: not_permitted, wrong_case_state, goods_awaited, nothing_left.
    """
    require(actor, "cases.propose_payment")
    numbers = series.Drawn("case_payment", now)
    numbers.have(1)
    with transaction.atomic():
        mine = held(case, version=version)
        refuse_foreign(mine.ticket, actor, mine.case)
        ways, gateway = ways_open(mine), gateway_for(mine.case.currency)
        payments = [_made(mine, way, numbers.next(), gateway, actor, now) for way in ways]
        take_of_case(mine, sum((one.amount for one in payments), ZERO), actor=actor, now=now)
        return _let_out(mine, payments, actor, now)


def ways_open(mine: Held) -> list[Way]:
    """What stands in no payment yet, by way and payee. Errors: wrong_case_state, goods_awaited, nothing_left."""
    case = mine.case
    if case.state != CaseState.APPROVED:
        raise DomainError(_("Only an approved case is paid."), "wrong_case_state")
    _refuse_unseen_goods(mine)
    parts, extra = _still_open(mine)
    ways = [*_refunds(mine, parts), *_extras(mine, extra)]
    if not ways:
        raise DomainError(_("Everything that was agreed stands in payments already."), "nothing_left")
    return ways


def _refuse_unseen_goods(mine: Held) -> None:
    """A return is paid when its goods are accepted, unless it is an instant one or somebody waived the goods."""
    if (awaited := pieces_awaited(mine.case, mine.lines)) > 0:
        raise DomainError(
            _("%(pieces)d pieces are not back or not accepted yet; the refund follows the goods.")
            % {"pieces": awaited},
            "goods_awaited",
        )


def _still_open(mine: Held) -> tuple[list[Share], Decimal]:
    """Shares of the refund, and what goes beyond it (return freight, compensation), that no payment holds."""
    case = mine.case
    live = PaymentPart.objects.filter(payment__case=case, payment__state__in=COUNTS_AS_PAID)
    rows = live.order_by().values("payment__kind", "case_line", "freight").annotate(sum=Sum("amount"))
    paid: dict[tuple[int | None, bool], Decimal] = {}
    beyond = ZERO
    for row in rows:
        if row["payment__kind"] == PaymentKind.REFUND:
            paid[row["case_line"], row["freight"]] = row["sum"]
        else:
            beyond += row["sum"]
    goods = [Share(line.agreed, line.pk) for line in mine.lines if line.agreed]
    rest = case.agreed - case.agreed_freight - case.agreed_extra - sum((one.amount for one in goods), ZERO)
    wanted = [*goods, Share(case.agreed_freight, None, True), Share(rest)]
    extra = min(max(case.agreed_extra - beyond, ZERO), case.left)
    return outstanding(wanted, paid, case.left - extra), extra


def _refunds(mine: Held, shares: Sequence[Share]) -> list[Way]:
    """One payment for each way the order was paid; whoever paid is paid."""
    if not shares or mine.books is None:
        return []
    order = mine.books.order
    payer = order.payer_id or order.customer_id or mine.case.customer_id
    tenders = tenders_open(order)
    parts = back_the_way_it_came(shares, {pk: mine_too.left for pk, (_row, mine_too) in tenders.items()})
    found: dict[tuple[Any, ...], Way] = {}
    taken: dict[int, Decimal] = defaultdict(Decimal)
    for part in parts:
        row: Payment | None = tenders[part.tender][0] if part.tender else None
        method, ref, payee = (
            ("", "", payer) if row is None else (row.method, row.external_ref, row.payer_id or payer)
        )
        key = (method, ref, payee)
        found.setdefault(key, Way(PaymentKind.REFUND, payee, method, ref)).parts.append(part)
        if part.tender:
            taken[part.tender] += part.amount
    tenders_take([account for _row, account in tenders.values()], taken)
    return list(found.values())


def _extras(mine: Held, extra: Decimal) -> list[Way]:
    if not extra:
        return []
    on_top = mine.case.agreed_extra > mine.case.back_freight or paid_of(mine.case)
    kind = PaymentKind.SUPPLEMENT if on_top else PaymentKind.FREIGHT
    if mine.case.kind == CaseKind.COMPENSATION:
        kind = PaymentKind.COMPENSATION
    method, ref, closed = _where_he_paid(mine)
    return [Way(kind, mine.case.customer_id, method, ref, closed, [Part(extra)])]


def _where_he_paid(mine: Held) -> tuple[str, str, bool]:
    """What goes beyond the order's payments reaches the customer where the largest of his own came from.

    Who did not pay the order himself, or has none, cannot be reached that way: an account of his is asked for.
    """
    if mine.books is None:
        return "", "", True
    order = mine.books.order
    money = [row for row in tenders_of(order) if row.method not in IN_KIND]
    for row in sorted(money, key=lambda row: (-row.amount, row.pk)):
        if (row.payer_id or order.payer_id or order.customer_id) == mine.case.customer_id:
            return row.method, row.external_ref, False
    return "", "", (order.payer_id or order.customer_id) != mine.case.customer_id


def _made(mine: Held, way: Way, number: str, gateway: str, actor: Any, now: datetime) -> CasePayment:
    case = mine.case
    in_kind = way.method in IN_KIND
    bears = _bears(case, way.kind)
    advance = not in_kind and is_advance(
        borne_by=bears,
        merchant=case.merchant,
        decided_how=case.decided_how,
        paid_first=case.paid_first_by_id is not None,
    )
    payment: CasePayment = moves.create(
        CasePayment(
            number=number, key=new_key(number), case=case, merchant_id=case.merchant_id, payee_id=way.payee,
            kind=way.kind, compensation=case.compensation if way.kind == PaymentKind.COMPENSATION else "",
            borne_by=bears, paid_first=advance, currency=case.currency, amount=way.amount,
            explained=_explained(mine, way), gateway=Gateway.IN_KIND if in_kind else gateway,
            way=way.method, way_ref=way.ref, no_way=way.closed, proposed_by=actor, proposed_at=now,
        ),
        actor=actor, now=now, event="payment.proposed",
        payload={"case_id": case.pk, "amount": str(way.amount), "currency": case.currency},
    )  # fmt: skip
    PaymentPart.objects.bulk_create(
        [
            PaymentPart(
                payment=payment, case_line_id=part.line, tender_id=part.tender, freight=part.freight,
                amount=part.amount,
            )
            for part in way.parts
        ]
    )  # fmt: skip
    return payment


def new_key(number: str) -> str:
    """What the gateway knows a payment by; stored before anything is sent, and the same on every retry."""
    return f"{number}-{secrets.token_hex(4)}"


def _bears(case: Case, kind: str) -> str:
    if case.kind == CaseKind.COMPENSATION and case.fault:
        return case.fault
    if kind == PaymentKind.FREIGHT and case.return_freight not in (Side.CUSTOMER, Side.MERCHANT):
        return case.return_freight
    return Side.MERCHANT if case.merchant_id else Side.PLATFORM


def _explained(mine: Held, way: Way) -> list[dict[str, Any]]:
    """The terms of a payment: what was paid for each line, what was taken off, and the share of this way."""
    lines = {line.pk: line for line in mine.lines}
    terms: list[dict[str, Any]] = []
    sums: dict[tuple[int | None, bool], Decimal] = defaultdict(Decimal)
    for part in way.parts:
        sums[part.line, part.freight] += part.amount
    for (pk, freight), amount in sums.items():
        if pk is None:
            code = "freight" if freight else "rest" if way.kind == PaymentKind.REFUND else way.kind
            terms.append({"code": code, "amount": str(amount)})
            continue
        line = lines[pk]
        terms.append({
            "code": "goods", "amount": str(amount), "line_id": line.line_id, "quantity": line.announced,
            "value": str(line.value), "agreed": str(line.agreed),
            "protected": str(mine.books.protected_of(line) if mine.books else ZERO),
        })  # fmt: skip
    return terms


def take_of_case(mine: Held, amount: Decimal, *, actor: Any, now: datetime) -> None:
    """The case holds how much of it stands in payments; its CHECK refuses more than was agreed."""
    paying = mine.case.paying + amount
    mine.case = moves.change(
        mine.case, actor=actor, now=now, event="case.paying", paying=paying,
        payload=mine.case.told(paying=str(paying), agreed=str(mine.case.agreed)),
    )  # fmt: skip


def _let_out(mine: Held, payments: list[CasePayment], actor: Any, now: datetime) -> list[CasePayment]:
    """Approved by the rule within what one person lets out alone; else a second person is asked.

    What people agreed on is decided by no rule: where a machine proposes it, somebody lets it out.
    """
    why = second_person(mine, payments, actor, now)
    if not why and "system" in actor.roles and mine.case.decided_how == DecidedBy.AGREEMENT:
        why = "settled"
    if not why:
        approved = [moves.perform(one, "approve", actor=system_user(), now=now) for one in payments]
        for one in approved:
            hand_over_later(one, now)
        return approved
    return [moves.perform(one, "ask_second", actor=actor, now=now, why=why) for one in payments]


def parts_by(payment: CasePayment) -> tuple[Mapping[int, Decimal], Mapping[int, Decimal]]:
    """What of a payment belongs to which order line, and to which payment of the order."""
    lines: dict[int, Decimal] = defaultdict(Decimal)
    tenders: dict[int, Decimal] = defaultdict(Decimal)
    for part in PaymentPart.objects.filter(payment=payment).select_related("case_line"):
        if part.case_line is not None:
            lines[part.case_line.line_id] += part.amount
        if part.tender_id:
            tenders[part.tender_id] += part.amount
    return lines, tenders
