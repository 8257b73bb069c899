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

SAME_WORDS = 500  # prints of one text that are followed to their tickets, the newest

# Each way is one condition on one index, whatever PostgreSQL believes about the tables: the others' keys come as an
# array, and "+ 0" takes the walk along the primary key out of the choice. On statistics of an empty table (a fresh
# installation, a night of archiving) a join here would read every ticket for every pair of tickets.
_LIVE = "t.id <> f.id AND NOT t.historic AND t.state = ANY(%(active)s)"
_NEWEST = f"ORDER BY t.id + 0 DESC LIMIT {MOST}"
_FIND = f"""
    SELECT f.id, c.why, c.id
      FROM unnest(%(ids)s::bigint[], %(orders)s::bigint[], %(customers)s::bigint[], %(kinds)s::text[],
                  %(bands)s::text[]) AS f(id, order_id, customer_id, kind, bands)
     CROSS JOIN LATERAL (
        (SELECT 'order' AS why, t.id FROM {{ticket}} t
          WHERE f.order_id IS NOT NULL AND t.order_id = f.order_id AND {_LIVE} {_NEWEST})
        UNION ALL
        (SELECT 'customer', t.id FROM {{ticket}} t
          WHERE f.customer_id IS NOT NULL AND t.customer_id = f.customer_id AND t.kind = f.kind
            AND t.opened_at >= %(since)s AND {_LIVE} {_NEWEST})
        UNION ALL
        (SELECT 'contact', t.id FROM {{ticket}} t
          WHERE f.customer_id IS NOT NULL AND t.customer_id = ANY(ARRAY(
                SELECT DISTINCT theirs.customer_id FROM {{contact}} mine
                  JOIN {{contact}} theirs ON theirs.kind = mine.kind AND theirs.search_key = mine.search_key
                   AND theirs.erased_at IS NULL AND theirs.customer_id <> mine.customer_id
                 WHERE mine.customer_id = f.customer_id AND mine.erased_at IS NULL
                   AND mine.kind = ANY(%(personal)s) AND mine.search_key <> '' LIMIT {MOST}))
            AND t.opened_at >= %(since)s AND {_LIVE} {_NEWEST})
        UNION ALL
        (SELECT 'words', t.id FROM {{ticket}} t
          WHERE f.bands <> '{{{{}}}}' AND t.id = ANY(ARRAY(
                SELECT w.ticket_id FROM {{print}} w WHERE w.bands && f.bands::bigint[]
                 ORDER BY w.ticket_id + 0 DESC LIMIT {SAME_WORDS}))
            AND t.opened_at >= %(since)s AND {_LIVE} {_NEWEST})
     ) AS c
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
    """For each of these tickets the open ones that may be the same, the surest first. Two statements and the book."""
    if not fresh:
        return {}
    rules = book()
    why: dict[int, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    others: dict[int, Seen] = {}
    for pk, code, other in _rows(fresh, now, rules):
        why[pk][other].add(code)
    found = Ticket.objects.filter(pk__in={other for one in why.values() for other in one})
    for other, kind, order_id, customer_id, made in found.values_list(
        "pk", "kind", "order_id", "customer_id", "print__sketch"
    ):
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
