"""Intake: a form, a sheet or a rule over trade data becomes exactly one ticket per problem (R3.1)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.core import events, moves, series
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.events import Draft as EventDraft
from aftersales.core.models import Audience
from aftersales.orders.models import Order
from aftersales.standards.selectors import duration, market_default
from aftersales.tickets import findings, rules
from aftersales.tickets.models import IntakeItem, IntakeRule, Message, Ticket, TicketParty, TicketText
from aftersales.tickets.services import searching
from aftersales.tickets.services.conversation import clean_text
from aftersales.tickets.services.dispatch import dispatch_many
from aftersales.tickets.services.grading import grade_by_rule, grading_book
from aftersales.tickets.states import (
    ACTIVE_STATES,
    AuthorKind,
    Channel,
    IntakeOutcome,
    Kind,
    TicketState,
)

BATCH = 500
DONE_STATES = (TicketState.RESOLVED, TicketState.CLOSED, TicketState.ARCHIVED)


@dataclass(frozen=True)
class TicketDraft:
    """What is known of a problem when it comes in. Ids only; ``text`` is the customer's first message."""

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
    merchant_ids: Sequence[int] = field(default_factory=tuple)


def ticket_open(*, draft: TicketDraft, actor: Any, now: datetime) -> Ticket:
    """Register one problem: number, grade, clocks, dispatch. The same (source, reference) twice is one ticket."""
    return tickets_open_many(drafts=[draft], actor=actor, now=now)[0]


def tickets_open_many(*, drafts: Sequence[TicketDraft], actor: Any, now: datetime) -> list[Ticket]:
    """Many at once, in one transaction: the same steps in bulk. Already known references come back as they are."""
    if not actor.has_perm("tickets.open_ticket"):
        raise NotPermitted()
    known = _known(drafts)
    fresh = [draft for draft in drafts if (draft.source, draft.source_ref) not in known]
    with transaction.atomic():
        opened = _open(fresh, actor, now) if fresh else []
    found = {(ticket.source, ticket.source_ref): ticket for ticket in opened} | known
    by_place = iter(opened)
    return [found[draft.source, draft.source_ref] if draft.source_ref else next(by_place) for draft in drafts]


def _known(drafts: Sequence[TicketDraft]) -> dict[tuple[str, str], Ticket]:
    refs = [draft.source_ref for draft in drafts if draft.source_ref]
    if not refs:
        return {}
    sources = {draft.source for draft in drafts}
    rows = Ticket.objects.filter(source__in=sources, source_ref__in=refs)
    return {(row.source, row.source_ref): row for row in rows}


def _open(drafts: Sequence[TicketDraft], actor: Any, now: datetime) -> list[Ticket]:
    book = grading_book()
    numbers = series.take("ticket", len(drafts), now)
    market_id = market_default().pk
    tickets = [_build(*pair, book, market_id) for pair in zip(drafts, numbers, strict=True)]
    moves.create_many(
        tickets, actor=actor, now=now, event="ticket.opened", payloads=[_payload(ticket) for ticket in tickets],
        at=[ticket.opened_at if ticket.historic else now for ticket in tickets],
    )  # fmt: skip
    _write_words(tickets, drafts, now)
    triaged = moves.perform_many(
        Ticket.objects.filter(pk__in=[ticket.pk for ticket in tickets]),
        "triage",
        actor=system_user(),
        now=now,
    ).done
    live = [ticket for ticket in triaged if not ticket.historic]
    if live:
        dispatch_many(tickets=live, now=now)
    stored = Ticket.objects.in_bulk([ticket.pk for ticket in tickets])
    return [stored[ticket.pk] for ticket in tickets]


def _build(draft: TicketDraft, number: str, book: Sequence[Any], market_id: int) -> Ticket:
    text = f"{draft.subject}\n{draft.text}".lower()
    grade = grade_by_rule(
        rules.GradeFacts(
            kind=draft.kind, channel=draft.channel, text=text, customer_class=draft.customer_class,
            amount=draft.amount, signal=draft.signal,
        ),
        book,
    )  # fmt: skip
    severity = rules.worse(grade.severity, draft.severity) if draft.severity else grade.severity
    return Ticket(
        number=number, source=draft.source, source_ref=draft.source_ref, subject=_subject(draft.subject),
        kind=draft.kind or grade.kind, severity=severity, nature=draft.nature or grade.nature,
        graded_by=", ".join(grade.rules)[:200], channel=draft.channel, historic=draft.historic, market_id=market_id,
        customer_id=draft.customer_id, order_id=draft.order_id, merchant_id=draft.merchant_id,
        owner_id=draft.owner_id, opened_at=draft.opened_at,
        last_customer_at=draft.opened_at if draft.author_kind == AuthorKind.CUSTOMER else None,
    )  # fmt: skip


def _subject(text: str) -> str:
    cleaned = " ".join(text.replace("\x00", "").split())
    if not cleaned:
        raise DomainError(_("A ticket needs a subject."), "subject")
    return cleaned[:200]


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
            channel=draft.channel, text=clean_text(draft.text), at=draft.opened_at,
        )
        for ticket, draft in pairs
        if draft.text.strip()
    )  # fmt: skip
    TicketText.objects.bulk_create(
        [*map(searching.text_of_ticket, tickets), *map(searching.text_of_message, said)]
    )
    TicketParty.objects.bulk_create(
        TicketParty(ticket=ticket, merchant_id=merchant_id)
        for ticket, draft in pairs
        for merchant_id in sorted({*draft.merchant_ids, *([draft.merchant_id] if draft.merchant_id else [])})
    )


def intake_run(*, now: datetime, backfill: bool = False) -> Mapping[str, int]:
    """Let every intake rule in force look at the trade data, then turn the new signals into tickets.

    Facts older than a rule's horizon are left alone; with ``backfill`` they become historic tickets.
    """
    for rule in IntakeRule.objects.in_force():
        findings.collect(rule, now=now, backfill=backfill)
    return intake_signals(now=now, backfill=backfill)


def intake_signals(*, now: datetime, backfill: bool = False) -> dict[str, int]:
    """Turn waiting signals into tickets, order by order: one problem, one ticket, whatever the number of signals."""
    counts = {"opened": 0, "attached": 0, "too_old": 0}
    while True:
        with transaction.atomic():
            items = _claim()
            if not items:
                break
            for key, number in _settle(items, now, backfill).items():
                counts[key] += number
    if any(counts.values()):
        system = system_user()
        events.record("intake.ran", subject=system, actor=system, now=now, payload=counts)
    return counts


def _claim() -> list[IntakeItem]:
    """A batch of waiting signals with all signals of their orders, so that one order is settled in one go."""
    waiting = IntakeItem.objects.filter(outcome=IntakeOutcome.WAITING)
    first = list(waiting.order_by("id").values_list("id", "order_id")[:BATCH])
    if not first:
        return []
    orders = {order_id for _id, order_id in first if order_id}
    ids = {item_id for item_id, _order in first}
    ids |= set(waiting.filter(order_id__in=orders).values_list("id", flat=True))
    # Order before ticket: a second worker waits here and then finds the ticket the first one opened.
    list(Order.objects.select_for_update(no_key=True).filter(pk__in=orders).order_by("pk").values_list("pk"))
    locked = IntakeItem.objects.select_for_update(of=("self",), skip_locked=True).filter(
        pk__in=ids, outcome=IntakeOutcome.WAITING
    )
    return list(locked.select_related("rule", "order", "customer").order_by("happened_at", "id"))


def _settle(items: Sequence[IntakeItem], now: datetime, backfill: bool) -> dict[str, int]:
    groups: dict[Any, list[IntakeItem]] = defaultdict(list)
    for item in items:
        groups[item.order_id or f"item {item.pk}"].append(item)
    open_tickets = _open_tickets([key for key in groups if isinstance(key, int)], now)
    texts = findings.texts(items)
    drafts: list[tuple[list[IntakeItem], TicketDraft]] = []
    counts = {"opened": 0, "attached": 0, "too_old": 0}
    for key, signals in groups.items():
        ticket = open_tickets.get(key) if isinstance(key, int) else None
        if ticket is not None:
            _attach(ticket, signals, now)
            counts["attached"] += len(signals)
        elif all(findings.too_old(item, now) for item in signals) and not backfill:
            _close_items(signals, IntakeOutcome.TOO_OLD, None)
            counts["too_old"] += len(signals)
        else:
            drafts.append((signals, _draft(signals, texts, now)))
    opened = tickets_open_many(drafts=[draft for _signals, draft in drafts], actor=system_user(), now=now)
    for (signals, _taken), ticket in zip(drafts, opened, strict=True):
        _close_items(signals[:1], IntakeOutcome.OPENED, ticket)
        _close_items(signals[1:], IntakeOutcome.ATTACHED, ticket)
        counts["opened"] += 1
        counts["attached"] += len(signals) - 1
    IntakeItem.objects.bulk_update(items, ["outcome", "ticket"], batch_size=BATCH)
    return counts


def _open_tickets(order_ids: Iterable[int], now: datetime) -> dict[int, Ticket]:
    """The ticket of each order that a further signal belongs to: open, or solved within the same-problem window."""
    since = now - duration("reopen_days", now)
    rows = Ticket.objects.filter(order_id__in=list(order_ids)).order_by("id")
    found: dict[int, Ticket] = {}
    for row in rows:
        recently = (
            row.state in (TicketState.CLOSED, TicketState.ARCHIVED)
            and (row.resolved_at or row.opened_at) >= since
        )
        if row.state in ACTIVE_STATES or recently or row.historic:
            found[row.order_id] = row
    return found


def _attach(ticket: Ticket, signals: Sequence[IntakeItem], now: datetime) -> None:
    """A second signal joins the ticket and may raise its severity, never lower it.

    The same problem again after the result is a reopening, not a new ticket (DESIGN 4).
    """
    system = system_user()
    if ticket.state in DONE_STATES and not ticket.historic:
        reason = str(_("A further signal about the same order."))
        ticket = moves.perform(ticket, "reopen", actor=system, now=now, reason=reason)
    worst = ticket.severity
    for item in signals:
        worst = rules.worse(worst, item.rule.severity if item.rule else worst)
    events.record_many(
        [
            EventDraft(
                kind="ticket.signal_attached", row=ticket, actor=system, at=now,
                payload={"signal": item.signal, "item_id": item.pk},
            )
            for item in signals
        ],
        now=now,
    )  # fmt: skip
    if worst != ticket.severity and ticket.state in ACTIVE_STATES:
        moves.change(
            ticket, actor=system, now=now, event="ticket.regraded", reason=str(_("A further signal is worse.")),
            payload={
                "kind": ticket.kind, "severity": worst, "nature": ticket.nature, "rules": "",
                "old_kind": ticket.kind, "old_severity": ticket.severity, "old_nature": ticket.nature,
            },
            severity=worst,
        )  # fmt: skip
    _close_items(signals, IntakeOutcome.ATTACHED, ticket)


def _close_items(signals: Iterable[IntakeItem], outcome: str, ticket: Ticket | None) -> None:
    for item in signals:
        item.outcome, item.ticket = outcome, ticket


def _draft(signals: Sequence[IntakeItem], texts: Mapping[int, findings.Words], now: datetime) -> TicketDraft:
    """One ticket for all signals of an order: the worst gives the grade, the earliest the time."""
    worst = max(signals, key=lambda item: rules.SEVERITY_ORDER.index(item.rule.severity) if item.rule else 0)
    first, order, rule = signals[0], signals[0].order, worst.rule
    words = [texts[item.pk] for item in signals if item.pk in texts]
    historic = all(findings.too_old(item, now) for item in signals)
    return TicketDraft(
        source=first.source, source_ref=first.source_ref, subject=texts[worst.pk].subject,
        text="\n\n".join(word.text for word in words if word.text), channel=Channel.RULE,
        opened_at=first.happened_at if historic else now, kind=rule.kind if rule else Kind.OTHER,
        severity=rule.severity if rule else "", nature=rule.nature if rule else "", signal=worst.signal,
        customer_id=first.customer_id, customer_class=first.customer.customer_class if first.customer else "",
        order_id=first.order_id, merchant_id=first.merchant_id, amount=order.paid if order else None,
        author_kind=AuthorKind.CUSTOMER if any(word.by_customer for word in words) else AuthorKind.SYSTEM,
        historic=historic, merchant_ids=findings.merchants_of(first),
    )  # fmt: skip
