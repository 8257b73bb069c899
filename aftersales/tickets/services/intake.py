"""Opening tickets: a form, a sheet or a rule over trade data becomes exactly one ticket per problem (R3.1)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.core import moves, series
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Audience
from aftersales.customers.models import Customer
from aftersales.orders.models import Order, OrderLine
from aftersales.standards.selectors import market_default
from aftersales.tickets import rules
from aftersales.tickets.models import Message, Ticket, TicketMerge, TicketParty, TicketText
from aftersales.tickets.services import searching
from aftersales.tickets.services.choosing import dispatch_many
from aftersales.tickets.services.conversation import clean_text, customer_message
from aftersales.tickets.services.grading import grading_book
from aftersales.tickets.services.locking import standing_ticket
from aftersales.tickets.services.lookalikes import lookalikes_note
from aftersales.tickets.states import ACTIVE_STATES, AuthorKind


@dataclass(frozen=True)
class TicketDraft:
    """What is known of a problem when it comes in. Ids only; ``text`` is the customer's first message.

    ``beside``: somebody knows of the open ticket of the same order and says that this is another problem.
    """

    source: str
    source_ref: str
    subject: str
    text: str
    channel: str
    opened_at: datetime
    kind: str = ""
    severity: str = ""
    nature: str = ""
    signal: str = ""
    customer_id: int | None = None
    customer_class: str = ""
    order_id: int | None = None
    merchant_id: int | None = None
    amount: Any = None
    owner_id: int | None = None
    author_kind: str = AuthorKind.CUSTOMER
    historic: bool = False
    beside: bool = False


class AlreadyOpen(DomainError):
    """The order has open ``tickets``, newest first: whoever registers says whether this is the same problem."""

    def __init__(self, tickets: Sequence[Ticket]) -> None:
        self.tickets = list(tickets)
        super().__init__(_("This order already has an open ticket."), "already_open")


def draft_for(
    order: Order | None, *, customer: Customer | None = None, merchant_id: int | None = None, **told: Any
) -> TicketDraft:
    """A problem with an order, or with none: form, sheet and rule say what came in, the records say the rest.

    Customer, class, merchant and amount are the order's unless the report names others.
    """
    person = customer or (order.customer if order else None)
    return TicketDraft(
        order_id=order.pk if order else None, amount=order.paid if order else None,
        merchant_id=merchant_id or (order.merchant_id if order else None),
        customer_id=person.pk if person else None, customer_class=person.customer_class if person else "", **told,
    )  # fmt: skip


def ticket_open(*, draft: TicketDraft, actor: Any, now: datetime) -> Ticket:
    """Register one problem: number, grade, clocks, dispatch. The same (source, reference) twice is one ticket."""
    try:
        return tickets_open_many(drafts=[draft], actor=actor, now=now)[0]
    except IntegrityError:  # the same at the same moment: the other one stands by now
        earlier = known_tickets([draft])
        if not earlier:
            raise
        return earlier[draft.source, draft.source_ref]


def tickets_open_many(*, drafts: Sequence[TicketDraft], actor: Any, now: datetime) -> list[Ticket]:
    """Many at once, in one transaction: the same steps in bulk. Already known references come back as they are.

    Raises AlreadyOpen when the order of a draft has an open ticket and the draft does not stand ``beside`` it.
    """
    if not actor.has_perm("tickets.open_ticket"):
        raise NotPermitted()
    known = known_tickets(drafts)
    fresh = [clean_draft(draft) for draft in drafts if (draft.source, draft.source_ref) not in known]
    _refuse_a_second(fresh)  # before a number is drawn for nothing
    numbers = series.take("ticket", len(fresh), now) if fresh else []
    with transaction.atomic():
        lock_orders(draft.order_id for draft in fresh)
        known |= known_tickets(fresh)  # who posted the same a moment earlier held the order until now
        left = [
            pair
            for pair in zip(fresh, numbers, strict=True)
            if (pair[0].source, pair[0].source_ref) not in known
        ]
        _refuse_a_second([draft for draft, _number in left])
        opened = register(left, actor=actor, now=now)
    found = {(ticket.source, ticket.source_ref): ticket for ticket in opened} | known
    by_place = iter(opened)
    return [found[draft.source, draft.source_ref] if draft.source_ref else next(by_place) for draft in drafts]


def problem_join(*, ticket: Ticket, draft: TicketDraft, actor: Any, now: datetime) -> Message:
    """The same problem again: what the customer says now stands in the open ticket. Errors: finished."""
    if not actor.has_perm("tickets.open_ticket"):
        raise NotPermitted()
    with transaction.atomic():
        current = standing_ticket(ticket)
        if current.state not in ACTIVE_STATES:
            raise DomainError(
                _("This ticket was finished meanwhile; please register the problem anew."), "finished"
            )
        return customer_message(
            ticket=current, text=words_of(draft), actor=actor, now=now, channel=draft.channel,
            source=draft.source if draft.source_ref else "", source_ref=draft.source_ref,
        )  # fmt: skip


def words_of(draft: TicketDraft) -> str:
    """Subject and text as one message of a ticket that has a subject already."""
    return "\n".join(part for part in (draft.subject.strip(), draft.text.strip()) if part)


def known_tickets(drafts: Iterable[Any]) -> dict[tuple[str, str], Ticket]:
    """Tickets that came from the same (source, reference) as one of these, by both."""
    keys = {(draft.source, draft.source_ref) for draft in drafts if draft.source_ref}
    if not keys:
        return {}
    rows = Ticket.objects.filter(
        source__in={source for source, _ref in keys}, source_ref__in={ref for _source, ref in keys}
    ).exclude(source_ref="")
    return {key: row for row in rows if (key := (row.source, row.source_ref)) in keys}


def lock_orders(ids: Iterable[int | None]) -> None:
    """Orders first, in the order of their keys: who opens a ticket of an order or looks for it does so alone."""
    wanted = sorted({order_id for order_id in ids if order_id})
    if wanted:
        rows = Order.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
        list(rows.values_list("pk"))


def _refuse_a_second(drafts: Sequence[TicketDraft]) -> None:
    alone = {draft.order_id for draft in drafts if draft.order_id and not draft.beside and not draft.historic}
    if alone:
        live = Ticket.objects.active().filter(order_id__in=alone, historic=False)
        if found := list(live.order_by("-id")) or _going_on_elsewhere(alone):
            raise AlreadyOpen(found)


def _going_on_elsewhere(order_ids: Iterable[int]) -> list[Ticket]:
    """Open tickets of another order, or of none, into which one of these orders was merged."""
    merged = TicketMerge.objects.filter(ticket__order_id__in=list(order_ids), undone_at=None)
    return list(Ticket.objects.active().filter(pk__in=list(merged.values_list("root_id", flat=True))))


def clean_draft(draft: TicketDraft) -> TicketDraft:
    """Subject and text as they are stored. Raises DomainError: subject, too_long."""
    subject = " ".join(draft.subject.replace("\x00", "").split())
    if not subject:
        raise DomainError(_("A ticket needs a subject."), "subject")
    text = draft.text.replace("\x00", "").strip()
    return replace(draft, subject=subject[:200], text=clean_text(text) if text else "")


def register(drafts: Sequence[tuple[TicketDraft, str]], *, actor: Any, now: datetime) -> list[Ticket]:
    """Clean drafts with their numbers become graded and dispatched tickets.

    Belongs into the transaction of a caller who holds the locks of the orders.
    """
    if not drafts:
        return []
    book = grading_book()
    market_id = market_default().pk
    tickets = [_build(draft, number, book, market_id) for draft, number in drafts]
    moves.create_many(
        tickets, actor=actor, now=now, event="ticket.opened", payloads=[_payload(ticket) for ticket in tickets],
        at=[ticket.opened_at if ticket.historic else now for ticket in tickets],
    )  # fmt: skip
    _write_words(tickets, [draft for draft, _number in drafts], now)
    triaged = moves.perform_many(
        Ticket.objects.filter(pk__in=[ticket.pk for ticket in tickets]),
        "triage",
        actor=system_user(),
        now=now,
    ).done
    live = [ticket for ticket in triaged if not ticket.historic]
    if live:
        dispatch_many(tickets=live, now=now)
    lookalikes_note(
        tickets,
        [_own_words(draft) for draft, _number in drafts],
        [draft.beside for draft, _number in drafts],
        now,
    )
    stored = Ticket.objects.in_bulk([ticket.pk for ticket in tickets])
    return [stored[ticket.pk] for ticket in tickets]


def _own_words(draft: TicketDraft) -> str:
    """What the customer said himself; words of a rule are the same for everybody."""
    return words_of(draft) if draft.author_kind == AuthorKind.CUSTOMER else ""


def _build(draft: TicketDraft, number: str, book: Sequence[Any], market_id: int) -> Ticket:
    text = f"{draft.subject}\n{draft.text}".lower()
    facts = rules.GradeFacts(
        kind=draft.kind, channel=draft.channel, text=text, customer_class=draft.customer_class, amount=draft.amount,
        signal=draft.signal,
    )  # fmt: skip
    grade = rules.graded(facts, draft.severity, draft.nature, book)
    return Ticket(
        number=number, source=draft.source, source_ref=draft.source_ref, subject=draft.subject, kind=grade.kind,
        severity=grade.severity, nature=grade.nature,
        graded_by=", ".join(grade.rules)[:200], channel=draft.channel, historic=draft.historic, market_id=market_id,
        customer_id=draft.customer_id, order_id=draft.order_id, merchant_id=draft.merchant_id,
        owner_id=draft.owner_id, opened_at=draft.opened_at,
        last_customer_at=draft.opened_at if draft.author_kind == AuthorKind.CUSTOMER else None,
    )  # fmt: skip


def _payload(ticket: Ticket) -> dict[str, Any]:
    return {
        "channel": ticket.channel, "kind": ticket.kind, "severity": ticket.severity, "nature": ticket.nature,
        "order_id": ticket.order_id, "customer_id": ticket.customer_id,
    }  # fmt: skip


def _write_words(tickets: Sequence[Ticket], drafts: Sequence[TicketDraft], now: datetime) -> None:
    """First messages, search texts and parties, one insert each."""
    pairs = list(zip(tickets, drafts, strict=True))
    said = Message.objects.bulk_create(
        Message(
            ticket=ticket, merchant_id=ticket.merchant_id, author_kind=draft.author_kind,
            author_id=draft.owner_id if draft.author_kind == AuthorKind.STAFF else None,
            audience=Audience.CUSTOMER if draft.author_kind == AuthorKind.CUSTOMER else Audience.INTERNAL,
            channel=draft.channel, text=draft.text, at=draft.opened_at,
        )
        for ticket, draft in pairs
        if draft.text
    )  # fmt: skip
    TicketText.objects.bulk_create(
        [*map(searching.text_of_ticket, tickets), *map(searching.text_of_message, said)]
    )
    TicketParty.objects.bulk_create(
        TicketParty(ticket=ticket, merchant_id=merchant_id)
        for ticket, merchants in _merchants_of(tickets)
        for merchant_id in merchants
    )


def _merchants_of(tickets: Sequence[Ticket]) -> list[tuple[Ticket, list[int]]]:
    """Who answers for each ticket: its merchant, or all merchants of the order when no single one does."""
    shared = {ticket.order_id for ticket in tickets if ticket.order_id and not ticket.merchant_id}
    lines: Mapping[int, set[int]] = defaultdict(set)
    if shared:
        rows = OrderLine.objects.filter(order_id__in=shared, merchant__isnull=False)
        for order_id, merchant_id in rows.values_list("order_id", "merchant_id").distinct():
            lines[order_id].add(merchant_id)
    return [
        (ticket, [ticket.merchant_id] if ticket.merchant_id else sorted(lines.get(ticket.order_id or 0, ())))
        for ticket in tickets
    ]
