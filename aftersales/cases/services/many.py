"""Many cases with everything above them, locked in the same order as one: orders, accounts, tickets, cases.

Whoever is busy elsewhere is left out, so that a batch never waits for a person and a person only for a batch's end.
"""

from collections import defaultdict
from collections.abc import Iterable

from django.db import connection

from aftersales.cases.models import Case, CaseJudgment, CaseLine, LineAccount, OrderAccount, ReplacementLine
from aftersales.cases.refunding import ZERO, really_paid
from aftersales.cases.services.accounts import Books, follow_order, line_paid, paid_by_us
from aftersales.cases.services.dues import paid_of_many
from aftersales.cases.services.locking import Held
from aftersales.cases.states import CaseState
from aftersales.orders.models import Order, OrderLine
from aftersales.tickets.models import Ticket
from aftersales.tickets.states import TicketState


def held_many(ids: Iterable[int]) -> list[Held]:
    """Those of these cases that are still asked for, that no rule has judged and that nobody holds, by key."""
    asked = Case.objects.filter(pk__in=ids, state=CaseState.REQUESTED, judgment=None, order__isnull=False)
    rows = list(asked.values_list("pk", "order_id", "ticket_id"))
    books = books_open_many({order for _pk, order, _ticket in rows})
    found = Ticket.objects.select_for_update(skip_locked=True, of=("self",))
    tickets = {
        ticket.pk: ticket
        for ticket in found.filter(pk__in={ticket for _pk, _order, ticket in rows})
        .exclude(state=TicketState.SEALED)
        .order_by("pk")
    }
    free = [pk for pk, order, ticket in rows if order in books and ticket in tickets]
    locked = Case.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk__in=free)
    cases = list(locked.filter(state=CaseState.REQUESTED).order_by("pk"))
    judged = set(CaseJudgment.objects.filter(case__in=cases).values_list("case", flat=True))
    lines: dict[int, list[CaseLine]] = defaultdict(list)
    mine = CaseLine.objects.select_for_update().filter(case__in=cases).order_by("case_id", "line_id")
    for line in mine:
        lines[line.case_id].append(line)
    beyond = paid_of_many(cases)
    return [
        Held(
            case,
            tickets[case.ticket_id],
            books[case.order_id],
            lines[case.pk],
            beyond=beyond.get(case.pk, ZERO),
        )
        for case in cases
        if case.pk not in judged
    ]


def books_open_many(order_ids: Iterable[int]) -> dict[int, Books]:
    """The books of these orders as ``books_open`` opens one; orders that somebody else holds are missing."""
    rows = Order.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk__in=order_ids)
    orders = {row.pk: row for row in rows.order_by("pk")}
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order__in=orders).order_by("pk"):
        lines[line.order_id].append(line)
    accounts, by_line = _accounts(orders.values(), lines)
    sent = ReplacementLine.objects.filter(case_line__line__order__in=orders)
    replaced = frozenset(sent.values_list("case_line__line", flat=True))
    found = {}
    for pk, order in orders.items():
        mine = lines[pk]
        paid = really_paid(order.paid, order.freight, [line_paid(line) for line in mine])
        told_back = order.refunded or any(line.refunded for line in mine)
        own = {line.pk: by_line[line.pk] for line in mine}
        follow_order(accounts[pk], own, order, mine, paid, paid_by_us(order) if told_back else {})
        worked_on = replaced & own.keys()
        found[pk] = Books(order, accounts[pk], {line.pk: line for line in mine}, own, paid, worked_on)
    return found


def _accounts(
    orders: Iterable[Order], lines: dict[int, list[OrderLine]]
) -> tuple[dict[int, OrderAccount], dict[int, LineAccount]]:
    """Accounts of orders and lines, locked; those that are missing are made."""
    rows = list(orders)
    every = [line for order in rows for line in lines[order.pk]]
    known = set(OrderAccount.objects.filter(order__in=rows).values_list("order", flat=True))
    told = set(LineAccount.objects.filter(line__in=every).values_list("line", flat=True))
    OrderAccount.objects.bulk_create(
        [
            OrderAccount(order=one, currency=one.currency, paid=one.paid, freight=min(one.freight, one.paid))
            for one in rows
            if one.pk not in known
        ],
        ignore_conflicts=True,
    )
    LineAccount.objects.bulk_create(
        [
            LineAccount(line=line, bought=line.quantity, paid=max(line.paid, 0))
            for line in every
            if line.pk not in told
        ],
        ignore_conflicts=True,
    )
    accounts = OrderAccount.objects.select_for_update().filter(order__in=rows).order_by("order_id")
    own = LineAccount.objects.select_for_update().filter(line__in=every).order_by("line_id")
    return {one.order_id: one for one in accounts}, {one.line_id: one for one in own}


def one_after_another(kind: int, keys: Iterable[int]) -> None:
    """Transaction locks for many people or customers, always in the same order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, k) FROM (SELECT k FROM unnest(%s::int[]) AS u(k) ORDER BY k) AS sorted",
            [kind, sorted({key % 2**31 for key in keys})],
        )
