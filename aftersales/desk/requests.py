"""What pages show of small requests: beside the conversation, on their own page, on a board. Nothing here writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from aftersales.cases.models import Case, ServiceRequest
from aftersales.cases.request_states import REQUEST_COLOURS, UNMET, RequestKind, RequestState
from aftersales.cases.requestwords import Told, told_in_words
from aftersales.cases.services.request_effects import paid_for_one, price_until
from aftersales.cases.services.request_kinds import KINDS, Kind
from aftersales.cases.states import Side
from aftersales.core import events, moves
from aftersales.core.errors import Text
from aftersales.core.models import Event
from aftersales.core.moves import MoveOption
from aftersales.core.wording import minute, money
from aftersales.desk.statelook import state_badge
from aftersales.orders.models import Order, OrderLine
from aftersales.tickets.models import Ticket

CASE_SOURCES = ("request", "request_case")
PAGE = 50
COUNTED = 100
SHOWN = 8
STORY = 200
ACTS = ("pass_on", "finish", "refuse", "ask_again", "withdraw")
"""Moves that a person makes, the most usual first."""
LABELS: Mapping[str, Text] = {"pass_on": gettext_lazy("Fill in and pass on")}
BOARDS: Mapping[str, Text] = {
    "merchant": pgettext_lazy("board of requests", "Merchant's turn"),
    "platform": pgettext_lazy("board of requests", "Platform's turn"),
    "carrier": pgettext_lazy("board of requests", "Carrier's turn"),
    "missing": pgettext_lazy("board of requests", "Details missing"),
    "late": pgettext_lazy("board of requests", "Late"),
    "unmet": pgettext_lazy("board of requests", "Refused or unanswered"),
    "all": pgettext_lazy("board of requests", "All"),
}


@dataclass(frozen=True)
class Act:
    name: str
    label: Text


@dataclass(frozen=True)
class Card:
    """A request with what was told and what may be done."""

    request: ServiceRequest
    kind: Kind
    state: SafeString
    told: Sequence[Told] = ()
    answered: Sequence[Told] = ()
    acts: Sequence[Act] = ()
    late: bool = False
    cases: Sequence[Case] = ()


def request_badge(row: ServiceRequest) -> SafeString:
    return state_badge(RequestState(row.state), REQUEST_COLOURS)


def of_ticket(ticket: Ticket, user: Any, now: datetime) -> tuple[list[Card], list[Card]]:
    """Requests of a ticket that are open or were not met, and those that are over."""
    if not ticket.case_count:
        return [], []
    rows = (
        ServiceRequest.objects.visible_to(user).filter(ticket=ticket).select_related("line", "case", "order")
    )
    listed = list(rows.order_by("-id")[:50])
    cases = cases_of(listed, user)
    found = [card(row, user, now, cases) for row in listed]
    live = [one for one in found if one.request.is_open or (one.request.is_unmet and not one.request.case_id)]
    return live[:SHOWN], [one for one in found if one not in live[:SHOWN]]


def find(user: Any, number: str) -> ServiceRequest | None:
    rows = ServiceRequest.objects.visible_to(user).select_related(
        "ticket", "order", "line", "merchant", "customer", "case", "invoice", "opened_by"
    )
    found: ServiceRequest | None = rows.filter(number=number).first()
    return found


def cases_of(rows: Sequence[ServiceRequest], user: Any) -> Mapping[int, list[Case]]:
    """What became of these requests: a case for each seller of the order. One query, none where there is no case."""
    keys = {str(row.pk): row.pk for row in rows if row.case_id}
    if not keys:
        return {}
    found: dict[int, list[Case]] = {pk: [] for pk in keys.values()}
    tickets = {row.ticket_id for row in rows}
    mine = Case.objects.visible_to(user).filter(ticket__in=tickets, source__in=CASE_SOURCES)
    for case in mine.order_by("pk"):
        if pk := keys.get(case.source_ref.split("-")[0]):
            found[pk].append(case)
    return found


def card(
    row: ServiceRequest, user: Any, now: datetime, cases: Mapping[int, Sequence[Case]] | None = None
) -> Card:
    known = cases_of([row], user) if cases is None else cases
    kind, currency = KINDS[row.kind], row.line.currency if row.line else "CNY"
    told = [*told_in_words(kind.asks, row.details, currency, now), *_protected(row, currency, now)]
    return Card(
        row, kind, request_badge(row), told,
        told_in_words(kind.answers, row.result, currency, now), acts(row, user, now), row.is_late(now),
        known.get(row.pk) or ([row.case] if row.case is not None else []),
    )  # fmt: skip


def _protected(row: ServiceRequest, currency: str, now: datetime) -> list[Told]:
    """Of price protection: what was paid, and until when it could be asked for."""
    if row.kind != RequestKind.PRICE or "paid_each" not in row.details:
        return []
    paid = money(Decimal(row.details["paid_each"]), currency)
    until = price_until(row.order, row.asked_at) if row.order is not None else None
    found = [Told(pgettext("request", "Really paid for one"), paid)]
    return [*found, Told(pgettext("request", "Protected until"), minute(until, now))] if until else found


def acts(row: ServiceRequest, user: Any, now: datetime) -> list[Act]:
    """What this person may do; a request that was not met may also become a case."""
    options = {
        one.move.name: one for one in moves.options(row, actor=user, now=now, names=ACTS) if one.allowed
    }
    found = [
        Act(name, LABELS.get(name, options[name].move.label)) for name in ACTS if _fits(row, options, name)
    ]
    if row.is_unmet and not row.case_id and user.has_perm("cases.open"):
        found.insert(0, Act("to_case", _("Make a case of it")))
    return found


def _fits(row: ServiceRequest, options: Mapping[str, MoveOption], name: str) -> bool:
    return name in options and not (row.case_id and name in ("ask_again", "withdraw"))


def lines_of(order_id: int | None) -> list[tuple[int, str]]:
    """Articles of an order to choose from."""
    rows = OrderLine.objects.filter(order=order_id or 0).order_by("line_no")
    return [(row.pk, f"{row.product_name or row.sku or row.line_no} × {row.quantity}") for row in rows]


def protection_of(order: Order | None, now: datetime) -> list[Told]:
    """By article, what was really paid for one piece and until when price protection may be asked for."""
    until = price_until(order, now) if order is not None else None
    if order is None or until is None:
        return []
    said = _("over since %(moment)s") if until < now else _("until %(moment)s")
    rows = OrderLine.objects.filter(order=order, gift_parent=None).order_by("line_no")
    return [
        Told(
            row.product_name or row.sku or str(row.line_no),
            f"{_paid_each(paid_for_one(row), row.currency)} · {said % {'moment': minute(until, now)}}",
        )
        for row in rows
    ]  # fmt: skip


def _paid_each(amount: Decimal, currency: str) -> str:
    return _("%(amount)s paid for one") % {"amount": money(amount, currency)}


def kinds_by_hand() -> list[Kind]:
    return [one for one in KINDS.values() if one.by_hand]


def happened(row: ServiceRequest) -> list[tuple[datetime, str, str]]:
    rows = Event.objects.filter(subject_kind="cases.servicerequest", subject_id=row.pk).order_by("at", "id")
    return [(one.at, one.actor_name, events.sentence(one)) for one in rows[:STORY]]


# The board


@dataclass(frozen=True)
class Wanted:
    board: str = "merchant"
    kind: str = ""
    mine: bool = False
    after: int | None = None

    @property
    def narrowed(self) -> bool:
        return bool(self.kind or self.mine)


def wanted(asked: Any) -> Wanted:
    """What the address asks for; codes that are none count as nothing."""
    board, kind, after = asked.get("board", ""), asked.get("kind", ""), asked.get("after", "")
    return Wanted(
        board if board in BOARDS else "merchant", kind if kind in RequestKind.values else "",
        asked.get("mine") == "1",
        int(after) if after.isascii() and after.isdigit() and len(after) < 18 else None,
    )  # fmt: skip


def _of_board(rows: QuerySet[ServiceRequest], board: str, now: datetime) -> QuerySet[ServiceRequest]:
    waits = Q(state=RequestState.WITH_PARTY)
    boards = {
        "merchant": waits & Q(party=Side.MERCHANT),
        "platform": waits & Q(party=Side.PLATFORM),
        "carrier": waits & Q(party=Side.CARRIER),
        "missing": Q(state=RequestState.ASKED),
        "late": Q(state__in=[RequestState.ASKED, RequestState.WITH_PARTY], due_at__lt=now),
        "unmet": Q(state__in=UNMET, case=None),
    }
    return rows.filter(boards.get(board, Q()))


def page(user: Any, asked: Wanted, now: datetime) -> tuple[list[Card], int | None]:
    """Rows of a board, oldest first (of *all* the newest), and the key after which the next page begins."""
    newest = asked.board == "all"
    rows = _of_board(ServiceRequest.objects.visible_to(user), asked.board, now)
    rows = rows.filter(kind=asked.kind) if asked.kind else rows
    rows = rows.filter(ticket__assignee=user) if asked.mine else rows
    if asked.after is not None:
        rows = rows.filter(pk__lt=asked.after) if newest else rows.filter(pk__gt=asked.after)
    wide = rows.select_related("ticket", "merchant", "order", "line", "case")
    found = list(wide.order_by("-pk" if newest else "pk")[: PAGE + 1])
    shown = [Card(row, KINDS[row.kind], request_badge(row), late=row.is_late(now)) for row in found[:PAGE]]
    return shown, found[PAGE - 1].pk if len(found) > PAGE else None


def counts(user: Any, now: datetime) -> dict[str, int]:
    """How many stand on each board, to a hundred."""
    return {
        board: _of_board(ServiceRequest.objects.visible_to(user), board, now)
        .order_by()[: COUNTED + 1]
        .count()
        for board in BOARDS
        if board != "all"
    }
