"""What the clocks must know of a case: it is held by whoever holds its ticket, and owed by its own merchant."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from aftersales.cases.models import Case
from aftersales.clocks.rules import ClockSubject
from aftersales.orders.models import Order

CLOCKED = (
    *("case.to_decide", "case.amended", "case.offered", "case.countered", "case.approved", "case.rejected"),
    *(
        "case.merchant_told",
        "case.merchant_wrote",
        "case.disputed",
        "case.undisputed",
        "case.goods_in",
        "case.settled",
    ),
    *("case.withdrawn", "case.turned", "case.closed"),
    *("case.address_asked", "case.address_given", "case.goods_arrived", "case.goods_confirmed"),
    *("case.replacement_owed", "case.replacement_sent"),
)
"""What may start, stop or end a promise about a case; opening one asks nothing of the clocks."""


def clock_subjects(rows: Sequence[Case], now: datetime) -> Mapping[int, ClockSubject]:
    """No query for cases whose ticket is at hand, one for all others."""
    bare = [row.pk for row in rows if "ticket" not in row._state.fields_cache]
    wide = {row.pk: row for row in Case.objects.filter(pk__in=bare).select_related("ticket")} if bare else {}
    return {row.pk: _subject(wide.get(row.pk, row)) for row in rows}


def _subject(case: Case) -> ClockSubject:
    ticket = case.ticket
    return ClockSubject(
        kind=ticket.kind, severity=ticket.severity, nature=ticket.nature, channel=ticket.channel,
        merchant_id=case.merchant_id, team_id=ticket.team_id, assignee_id=ticket.assignee_id, historic=ticket.historic,
    )  # fmt: skip


def cases_seen(user: Any) -> Any:
    return Case.objects.visible_to(user)


def cases_delivered_to(place: Any) -> Any:
    """Cases whose goods go to a customer at such a place: a condition on their order."""
    return Case.objects.filter(order__in=Order.objects.filter(place))


def clock_subject_lines(rows: Sequence[Any], now: datetime) -> Mapping[int, tuple[str, str]]:
    """Number and subject of cases known by key, for pages that list clocks. One query."""
    found = Case.objects.filter(pk__in=[row.pk for row in rows])
    return {pk: (number, name) for pk, number, name in found.values_list("pk", "number", "ticket__subject")}


def clock_tickets(rows: Sequence[Any], now: datetime) -> Mapping[int, int]:
    """The ticket on which a promise about this case is worked. One query."""
    return dict(Case.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", "ticket"))
