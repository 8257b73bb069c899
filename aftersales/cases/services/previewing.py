"""What a request would give before anybody opened it: computed under the same locks, nothing kept."""

from datetime import datetime
from typing import Any

from django.db import transaction

from aftersales.cases.models import Case, CaseLine
from aftersales.cases.refunding import Quote
from aftersales.cases.services.accounts import books_open
from aftersales.cases.services.deciding import refund_kind, ruled_quote
from aftersales.cases.services.locking import Held, held, refuse_foreign, require
from aftersales.cases.services.opening import CaseDraft, judged, kept_of, pieces_taken
from aftersales.cases.services.proposing import Way, ways_open
from aftersales.cases.services.quoting import quoted
from aftersales.orders.models import Order
from aftersales.tickets.models import Ticket


def request_preview(*, ticket: Ticket, draft: CaseDraft, actor: Any) -> Quote:
    """The refund of this request as it would be approved now. Errors as ``case_open``."""
    require(actor, "cases.open")
    refuse_foreign(ticket, actor)
    with transaction.atomic():
        books = books_open(Order(pk=ticket.order_id)) if ticket.order_id else None
        values = pieces_taken(books, draft)
        case = Case(
            ticket=ticket, order_id=ticket.order_id, kind=draft.kind, ground=draft.ground, asked=draft.asked
        )
        lines = [
            CaseLine(case=case, line_id=pk, announced=draft.pieces[pk], value=value)
            for pk, value in values.items()
        ]
        found = quoted(Held(case, ticket, books, lines), None, {})
        transaction.set_rollback(True)
    return found


def request_judged(*, ticket: Ticket, draft: CaseDraft, actor: Any, now: datetime) -> dict[str, Any]:
    """What the return rules say of each line of this request now, as a case would keep it. Errors as ``case_open``."""
    require(actor, "cases.open")
    refuse_foreign(ticket, actor)
    with transaction.atomic():
        books = books_open(Order(pk=ticket.order_id)) if ticket.order_id else None
        found = kept_of(judged(books, draft, now))
        transaction.set_rollback(True)
    return dict(found.get("lines", {}))


def payment_preview(*, case: Case) -> list[Way]:
    """Which payments proposing would make now: to whom, which way, how much. Errors as ``payment_propose``."""
    with transaction.atomic():
        found = ways_open(held(case))
        transaction.set_rollback(True)
    return found


def ruling_preview(*, case: Case) -> Quote:
    """What is at stake in a dispute: the whole refund as it would be ruled now, term by term. Error: no_order."""
    with transaction.atomic():
        found = ruled_quote(held(case), None, refund_kind(case.kind, case.goods_back))
        transaction.set_rollback(True)
    return found
