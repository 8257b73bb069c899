"""What is known of customers for the instant refund: set-based, a fixed number of queries for a whole batch."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Min, Q, Sum

from aftersales.cases.good_standing import CODES, Bounds, Standing
from aftersales.cases.models import Case, CaseFlag
from aftersales.cases.refunding import ZERO
from aftersales.cases.request_states import SignalState
from aftersales.cases.states import MONEY_BACK, CaseState, DecidedBy
from aftersales.core.models import Event
from aftersales.customers.models import Customer
from aftersales.orders.models import Category, Order, OrderLine
from aftersales.orders.states import FAILED, OrderStatus
from aftersales.standards.selectors import Book, parameter, parameter_version

DONE = (OrderStatus.DELIVERED, OrderStatus.COMPLETED)


def bounds_in_force(now: datetime, book: Book) -> Bounds:
    rows = {code: parameter_version(name, now, among=book) for code, name in CODES.items()}
    return Bounds(
        {code: row.value for code, row in rows.items()}, {code: row.citation for code, row in rows.items()}
    )


def standings(customers: Iterable[int], now: datetime, book: Book) -> dict[int, Standing]:
    """History of each customer within the period that counts. Disputes count for ever as far as cases are kept."""
    ids = sorted(set(customers))
    since = now - timedelta(days=int(parameter("instant_history_days", now, among=book)))
    orders = _orders(ids, since)
    cases = _cases(ids, since)
    disputes = _disputes(ids)
    born = dict(Customer.objects.filter(pk__in=ids).values_list("pk", "registered_at"))
    known_since = _first_orders([pk for pk in ids if not born.get(pk)])
    signals = _signals(ids)
    found = {}
    for pk in ids:
        start = born.get(pk) or known_since.get(pk)
        returns, risk = cases.get(pk, (0, ZERO))
        found[pk] = Standing(
            orders=orders.get(pk, 0), returns=returns, disputes=disputes.get(pk, 0),
            days=(now - start).days if start else None, risk=risk, signals=signals.get(pk, 0),
        )  # fmt: skip
    return found


def _orders(ids: Sequence[int], since: datetime) -> dict[int, int]:
    rows = Order.objects.filter(customer__in=ids, placed_at__gte=since, status__in=DONE).order_by()
    return dict(rows.values("customer").annotate(n=Count("pk")).values_list("customer", "n"))


def _first_orders(ids: Sequence[int]) -> dict[int, datetime]:
    if not ids:
        return {}
    rows = Order.objects.filter(customer__in=ids).exclude(status__in=FAILED).order_by()
    return dict(rows.values("customer").annotate(first=Min("placed_at")).values_list("customer", "first"))


def _cases(ids: Sequence[int], since: datetime) -> dict[int, tuple[int, Decimal]]:
    """Orders asked back by the customer himself, and what was paid at once and is not settled yet."""
    back = Q(kind__in=MONEY_BACK, opened_at__gte=since) & ~Q(state=CaseState.WITHDRAWN)
    risk = Q(instant=True, state=CaseState.APPROVED, settled_at=None)
    rows = Case.objects.filter(customer__in=ids).filter(back | risk).order_by().values("customer")
    told = rows.annotate(
        n=Count("order", filter=back & ~Q(state=CaseState.REQUESTED), distinct=True),
        risk=Sum("agreed", filter=risk),
    )
    return {row["customer"]: (row["n"], row["risk"] or ZERO) for row in told}


def _disputes(ids: Sequence[int]) -> dict[int, int]:
    """Cases that were ever in dispute, also those settled since."""
    mine = Case.objects.filter(customer__in=ids)
    ever = Event.objects.filter(
        kind="case.disputed", subject_kind="cases.case", subject_id__in=mine.values("pk")
    ).values("subject_id")
    rows = mine.filter(Q(pk__in=ever) | Q(state=CaseState.DISPUTED) | Q(decided_how=DecidedBy.RULING))
    return dict(rows.order_by().values("customer").annotate(n=Count("pk")).values_list("customer", "n"))


def _signals(ids: Sequence[int]) -> dict[int, int]:
    """Open and founded signals; one found unfounded counts no more."""
    rows = CaseFlag.objects.filter(case__customer__in=ids).exclude(state=SignalState.UNFOUNDED)
    told = rows.order_by().values("case__customer").annotate(n=Count("pk"))
    return dict(told.values_list("case__customer", "n"))


def categories(line_ids: Iterable[int]) -> Mapping[int, tuple[str, ...]]:
    """Codes of the categories of each line from the root down; lines of no known article have none."""
    lines = dict(OrderLine.objects.filter(pk__in=set(line_ids)).values_list("pk", "product__category"))
    tree: dict[int, tuple[str, int | None]] = {}
    wanted = {pk for pk in lines.values() if pk}
    while wanted:
        rows = Category.objects.filter(pk__in=wanted).values_list("pk", "code", "parent")
        tree |= {pk: (code, parent) for pk, code, parent in rows}
        wanted = {parent for _code, parent in tree.values() if parent} - set(tree)
    paths: dict[int, tuple[str, ...]] = defaultdict(tuple)
    for line, category in lines.items():
        paths[line] = _path(category, tree)
    return paths


def _path(category: Any, tree: Mapping[int, tuple[str, int | None]]) -> tuple[str, ...]:
    codes: list[str] = []
    seen: set[int] = set()
    while category and category in tree and category not in seen:
        seen.add(category)
        code, category = tree[category]
        codes.append(code)
    return tuple(reversed(codes))
