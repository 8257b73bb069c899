"""Which open tickets may be the same problem as one that comes in: asked for many at once, bounded for each."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from aftersales.customers.models import Contact
from aftersales.customers.states import ContactKind
from aftersales.standards.selectors import Book, book, duration, parameter
from aftersales.tickets import sameness
from aftersales.tickets.models import Ticket, TicketPrint
from aftersales.tickets.sameness import Likely, Seen
from aftersales.tickets.selectors.merging import reasons_in_words
from aftersales.tickets.states import ACTIVE_STATES

MOST = 20  # candidates of one reason for one ticket, the newest
WEIGHTS = ("order", "customer", "contact", "kind", "words", "other_order")
PERSONAL = (ContactKind.PHONE, ContactKind.EMAIL, ContactKind.WECHAT)

_LIVE = "t.id <> f.id AND NOT t.historic AND t.state = ANY(%(active)s)"
_FIND = f"""
    SELECT f.id, c.why, t.id, t.kind, t.order_id, t.customer_id, p.sketch
      FROM unnest(%(ids)s::bigint[], %(orders)s::bigint[], %(customers)s::bigint[], %(kinds)s::text[],
                  %(bands)s::text[]) AS f(id, order_id, customer_id, kind, bands)
     CROSS JOIN LATERAL (
        (SELECT 'order' AS why, t.id FROM {{ticket}} t
          WHERE t.order_id = f.order_id AND {_LIVE} ORDER BY t.id DESC LIMIT {MOST})
        UNION ALL
        (SELECT 'customer', t.id FROM {{ticket}} t
          WHERE t.customer_id = f.customer_id AND t.kind = f.kind AND t.opened_at >= %(since)s AND {_LIVE}
          ORDER BY t.id DESC LIMIT {MOST})
        UNION ALL
        (SELECT 'contact', t.id
           FROM (SELECT DISTINCT theirs.customer_id FROM {{contact}} mine
                   JOIN {{contact}} theirs ON theirs.kind = mine.kind AND theirs.search_key = mine.search_key
                    AND theirs.erased_at IS NULL AND theirs.customer_id <> mine.customer_id
                  WHERE mine.customer_id = f.customer_id AND mine.erased_at IS NULL
                    AND mine.kind = ANY(%(personal)s) AND mine.search_key <> '' LIMIT {MOST}) AS person
           JOIN {{ticket}} t ON t.customer_id = person.customer_id
          WHERE t.opened_at >= %(since)s AND {_LIVE} ORDER BY t.id DESC LIMIT {MOST})
        UNION ALL
        (SELECT 'words', t.id FROM {{print}} w JOIN {{ticket}} t ON t.id = w.ticket_id
          WHERE w.bands && f.bands::bigint[] AND t.opened_at >= %(since)s AND {_LIVE}
          ORDER BY t.id DESC LIMIT {MOST})
     ) AS c
      JOIN {{ticket}} t ON t.id = c.id
      LEFT JOIN {{print}} p ON p.ticket_id = t.id
""".format(  # noqa: S608 - our own names
    ticket=Ticket._meta.db_table, contact=Contact._meta.db_table, print=TicketPrint._meta.db_table
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """One candidate with how sure it is."""

    other: int
    likely: Likely

    @property
    def because(self) -> str:
        return reasons_in_words(self.likely.reasons)


def lookalikes(fresh: Sequence[Seen], now: datetime) -> Mapping[int, list[Found]]:
    """For each of these tickets the open ones that may be the same, the surest first. Two statements."""
    if not fresh:
        return {}
    rules = book()
    why: dict[int, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    others: dict[int, Seen] = {}
    for pk, code, other, kind, order_id, customer_id, made in _rows(fresh, now, rules):
        why[pk][other].add(code)
        others[other] = Seen(other, kind, order_id, customer_id, made or ())
    weights = {name: int(parameter(f"duplicate_weight_{name}", now, among=rules)) for name in WEIGHTS}
    alike = int(parameter("duplicate_likeness_percent", now, among=rules))
    least = int(parameter("duplicate_shown_percent", now, among=rules))
    return {one.pk: _sure(one, why[one.pk], others, weights, alike, least) for one in fresh}


def _sure(
    one: Seen,
    why: Mapping[int, set[str]],
    others: Mapping[int, Seen],
    weights: Mapping[str, int],
    alike: int,
    least: int,
) -> list[Found]:
    judged = [Found(pk, sameness.likely(one, others[pk], codes, weights, alike)) for pk, codes in why.items()]
    sure = [found for found in judged if found.likely.score >= least]
    return sorted(sure, key=lambda found: (-found.likely.score, -found.other))


def _rows(fresh: Sequence[Seen], now: datetime, rules: Book) -> list[Any]:
    params: dict[str, Any] = {
        "ids": [one.pk for one in fresh], "orders": [one.order_id for one in fresh],
        "customers": [one.customer_id for one in fresh], "kinds": [str(one.kind) for one in fresh],
        "bands": ["{%s}" % ",".join(map(str, sameness.bands(one.sketch))) for one in fresh],  # noqa: UP031
        "active": list(map(str, ACTIVE_STATES)), "personal": list(map(str, PERSONAL)),
        "since": now - duration("duplicate_days", now, among=rules),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_FIND, params)
        return list(cursor.fetchall())
