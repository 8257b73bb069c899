"""Our payments against the statements of banks and channels: each difference once, worked until it is explained.

Compared are the days a source has told of. What agrees leaves nothing behind; comparing again finds nothing twice.
"""

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Max, Min, Sum
from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import Comparison, Difference, StatementLine
from aftersales.cases.services.locking import require
from aftersales.cases.states import DifferenceKind as K
from aftersales.cases.states import DifferenceState, Gateway, PaymentState, StatementSide
from aftersales.core import moves
from aftersales.core.errors import DomainError

LONGEST = 500
PAID = [
    PaymentState.SUCCEEDED, PaymentState.RETURNED, PaymentState.PAYEE_NEEDED, PaymentState.REPLACED,
    PaymentState.REVERSED,
]  # fmt: skip
CAME_BACK = [PaymentState.RETURNED, PaymentState.PAYEE_NEEDED, PaymentState.REPLACED]
FOUND = {
    K.UNKNOWN: """
        SELECT %(kind)s, l.source, NULL::bigint, l.id, NULL::numeric, l.amount, l.currency
          FROM cases_statementline l LEFT JOIN cases_casepayment p ON p.key = l.key AND l.key <> ''
         WHERE l.source = %(source)s AND p.id IS NULL""",
    K.AMOUNT: """
        SELECT %(kind)s, l.source, p.id, l.id, p.amount, l.amount, l.currency
          FROM cases_statementline l JOIN cases_casepayment p ON p.key = l.key AND l.key <> ''
         WHERE l.source = %(source)s AND (l.amount <> p.amount OR l.currency <> p.currency)""",
    K.NOT_BOOKED: """
        SELECT %(kind)s, l.source, p.id, l.id, NULL::numeric, l.amount, l.currency
          FROM cases_statementline l JOIN cases_casepayment p ON p.key = l.key AND l.key <> ''
         WHERE l.source = %(source)s AND l.side = %(out)s
           AND (p.paid_at IS NULL OR NOT p.state = ANY(%(paid)s))""",
    K.NOT_RETURNED: """
        SELECT %(kind)s, l.source, p.id, l.id, NULL::numeric, l.amount, l.currency
          FROM cases_statementline l JOIN cases_casepayment p ON p.key = l.key AND l.key <> ''
         WHERE l.source = %(source)s AND l.side = %(back)s AND p.state = %(succeeded)s
           AND (SELECT count(*) FILTER (WHERE k.side = %(out)s) - count(*) FILTER (WHERE k.side = %(back)s)
                  FROM cases_statementline k WHERE k.key = l.key) <= 0""",
    K.TWICE: """
        SELECT %(kind)s, %(source)s, p.id, NULL::bigint, p.amount,
               sum(CASE WHEN l.side = %(out)s THEN l.amount ELSE -l.amount END), p.currency
          FROM cases_statementline l JOIN cases_casepayment p ON p.key = l.key AND l.key <> ''
         WHERE l.source = %(source)s GROUP BY p.id
        HAVING count(*) FILTER (WHERE l.side = %(out)s) - count(*) FILTER (WHERE l.side = %(back)s) > 1""",
    # once more out than back, after a day on which the statement would have told of the return
    K.STILL_OUT: """
        SELECT %(kind)s, %(source)s, p.id, NULL::bigint, NULL::numeric,
               sum(CASE WHEN l.side = %(out)s THEN l.amount ELSE -l.amount END), p.currency
          FROM cases_statementline l JOIN cases_casepayment p ON p.key = l.key AND l.key <> ''
         WHERE l.source = %(source)s AND p.state = ANY(%(came_back)s) AND p.paid_at IS NOT NULL
           AND (SELECT max(e.at) FROM core_event e WHERE e.subject_kind = 'cases.casepayment'
                   AND e.subject_id = p.id AND e.kind = 'payment.returned')
               <= (SELECT max(happened_at) FROM cases_statementline WHERE source = %(source)s)
         GROUP BY p.id
        HAVING count(*) FILTER (WHERE l.side = %(out)s) - count(*) FILTER (WHERE l.side = %(back)s) = 1""",
    # a source misses what goes the way of which it has told before; where none has yet, each of them does
    K.NOT_TOLD: """
          WITH speaks AS (
        SELECT DISTINCT l.source, p.gateway, p.currency
          FROM cases_statementline l JOIN cases_casepayment p ON p.key = l.key AND l.key <> '')
        SELECT %(kind)s, %(source)s, p.id, NULL::bigint, p.amount, NULL::numeric, p.currency
          FROM cases_casepayment p
         WHERE p.state = %(succeeded)s AND p.gateway <> %(kind_back)s
           AND p.paid_at >= (SELECT min(happened_at) FROM cases_statementline WHERE source = %(source)s)
           AND p.paid_at <= (SELECT max(happened_at) FROM cases_statementline WHERE source = %(source)s)
           AND NOT EXISTS (SELECT FROM cases_statementline l WHERE l.key = p.key)
           AND (EXISTS (SELECT FROM speaks s WHERE s.source = %(source)s AND s.gateway = p.gateway
                           AND s.currency = p.currency)
                OR NOT EXISTS (SELECT FROM speaks s WHERE s.gateway = p.gateway AND s.currency = p.currency))""",
}


def statement_compare(*, source: str, actor: Any, now: datetime) -> int:
    """Compare what a source told with our payments; answers how many differences are new. Error: not_permitted."""
    require(actor, "cases.reconcile")
    given: dict[str, Any] = {
        "source": source, "out": StatementSide.OUT.value, "back": StatementSide.BACK.value,
        "paid": [one.value for one in PAID], "succeeded": PaymentState.SUCCEEDED.value,
        "came_back": [one.value for one in CAME_BACK], "kind_back": Gateway.IN_KIND.value,
    }  # fmt: skip
    made: list[Difference] = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [4103, source])
        known = set(Difference.objects.filter(source=source).values_list("kind", "payment_id", "line_id"))
        for kind, query in FOUND.items():
            cursor.execute(query, {**given, "kind": str(kind)})
            for _kind, _source, payment, line, ours, theirs, currency in cursor.fetchall():
                if (str(kind), payment, line) not in known:
                    made.append(
                        Difference(
                            kind=kind, source=source, payment_id=payment, line_id=line, ours=ours, theirs=theirs,
                            currency=currency, found_at=now,
                        )
                    )  # fmt: skip
        moves.create_many(
            made, actor=actor, now=now, event="difference.found", payloads=[one.told() for one in made]
        )
        _kept(source, len(made), actor, now)
    return len(made)


def _kept(source: str, found: int, actor: Any, now: datetime) -> None:
    """Who compared what, and what came of it; of a source that told nothing there is nothing to keep."""
    rows = StatementLine.objects.filter(source=source).order_by()
    whole = rows.aggregate(lines=Count("pk"), since=Min("happened_at"), until=Max("happened_at"))
    if not whole["lines"]:
        return
    totals: dict[str, dict[str, str]] = {}
    for currency, side, total in rows.values_list("currency", "side").annotate(total=Sum("amount")):
        totals.setdefault(currency, {})[side] = str(total)
    open_ones = Difference.objects.filter(source=source, state=DifferenceState.OPEN).count()
    Comparison(
        source=source, totals=totals, found=found, standing=open_ones, by=actor, at=now, **whole
    ).save(force_insert=True)  # fmt: skip


def difference_explain(
    *,
    difference: Difference,
    words: str,
    corrected: bool,
    actor: Any,
    now: datetime,
    version: int | None = None,
) -> Difference:
    """Say what it was; ``corrected``: something was put right because of it. Error: words."""
    said = words.replace("\x00", "").strip()
    if not said or len(said) > LONGEST:
        raise DomainError(_("Say what it was, in at most 500 characters."), "words")
    done: Difference = moves.perform(
        difference, "correct" if corrected else "explain", actor=actor, now=now, version=version, words=said
    )
    return done


def difference_reopen(
    *, difference: Difference, actor: Any, now: datetime, version: int | None = None
) -> Difference:
    """It was not that: look again."""
    again: Difference = moves.perform(difference, "reopen", actor=actor, now=now, version=version)
    return again
