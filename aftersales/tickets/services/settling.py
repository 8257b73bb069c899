"""Signals become tickets: what rules find in the trade data and what sheets report; one problem, one ticket (R3.1)."""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import OperationalError, transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.core import events, jobs, moves, series, tablestats
from aftersales.core.errors import Busy, DomainError, NotPermitted
from aftersales.core.events import Draft as EventDraft
from aftersales.orders.models import Order
from aftersales.standards.selectors import duration
from aftersales.tickets import findings
from aftersales.tickets.findings import Words
from aftersales.tickets.models import IntakeItem, IntakeRule, Ticket, TicketMerge
from aftersales.tickets.services.conversation import LONGEST, customer_message
from aftersales.tickets.services.intake import (
    TicketDraft,
    clean_draft,
    draft_for,
    known_tickets,
    lock_orders,
    register,
)
from aftersales.tickets.states import (
    ACTIVE_STATES,
    SEVERITY_ORDER,
    AuthorKind,
    Channel,
    ClosedHow,
    IntakeOutcome,
    OwnReason,
    SignalKind,
    TicketState,
)

logger = logging.getLogger(__name__)

BATCH = 50  # signals in one transaction: who needs one of their orders meanwhile waits for a moment only
DONE_STATES = (TicketState.RESOLVED, TicketState.CLOSED, TicketState.ARCHIVED)

Group = Sequence[IntakeItem]  # the signals of one order, oldest first, or a single one without an order
Pairs = Sequence[tuple[Group, str]]  # with the number of the ticket they will open


@dataclass(frozen=True)
class Report:
    """One row of an intake sheet. ``backfill``: older than the horizon it becomes a historic ticket (R3.1)."""

    source: str
    source_ref: str
    subject: str
    text: str
    channel: str
    happened_at: datetime
    kind: str = ""
    severity: str = ""
    order_id: int | None = None
    customer_id: int | None = None
    merchant_id: int | None = None
    backfill: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.source, self.source_ref


@dataclass(frozen=True)
class Look:
    """How one run looks at signals: in whose name, when, how far back, in which words."""

    actor: Any
    now: datetime
    horizon: timedelta
    backfill: bool = False
    words: Callable[[IntakeItem], Words] = findings.no_words

    def too_old(self, item: IntakeItem) -> bool:
        return findings.too_old(item, self.now, self.horizon)

    def all_too_old(self, signals: Group) -> bool:
        return all(self.too_old(item) for item in signals)

    def wanted(self, item: IntakeItem) -> bool:
        """Whether it may open a ticket: in time, or asked for in spite of its age."""
        return self.backfill or bool(item.facts.get("backfill")) or not self.too_old(item)


def _look(actor: Any, now: datetime, **more: Any) -> Look:
    return Look(actor=actor, now=now, horizon=duration("history_horizon_days", now), **more)


def intake_run(*, now: datetime, backfill: bool = False) -> Mapping[str, int]:
    """Let every intake rule in force look at the trade data, then turn the new signals into tickets.

    Facts older than a rule's horizon are left alone; with ``backfill`` they become historic tickets.
    """
    for rule in IntakeRule.objects.in_force().filter(signal__in=findings.FOUND):
        findings.collect(rule, now=now, backfill=backfill)
    return intake_signals(now=now, backfill=backfill)


def intake_signals(*, now: datetime, backfill: bool = False) -> dict[str, int]:
    """Turn waiting signals into tickets, order by order: one problem, one ticket, whatever the number of signals.

    Each batch is a transaction of its own, its numbers are drawn before: nobody at a desk waits for a long run.
    """
    system = system_user()
    numbers, counts = series.Drawn("ticket", now), Counter(opened=0, attached=0, too_old=0, refused=0)
    while ids := _waiting():
        tablestats.freshen(IntakeItem)
        found = _stored(ids)
        numbers.have(_foreseen(found, _look(system, now, backfill=backfill)))
        with transaction.atomic():
            lock_orders(item.order_id for item in found)
            items = _claim(ids)
            look = _look(system, now, backfill=backfill, words=findings.words(items))
            counts.update(_settle(items, look, numbers))
        if not items:  # another worker holds them
            break
    if any(counts.values()):
        events.record("intake.ran", subject=system, actor=system, now=now, payload=dict(counts))
    return dict(counts)


def _waiting() -> set[int]:
    """The next waiting signals with all others of their orders, so that one order is settled in one go."""
    waiting = IntakeItem.objects.filter(outcome=IntakeOutcome.WAITING, rule__isnull=False)
    first = list(waiting.order_by("id").values_list("id", "order_id")[:BATCH])
    orders = {order_id for _id, order_id in first if order_id}
    same = waiting.filter(order_id__in=orders).values_list("id", flat=True) if orders else []
    return {item_id for item_id, _order in first} | set(same)


def _stored(ids: Iterable[int]) -> list[IntakeItem]:
    rows = IntakeItem.objects.filter(pk__in=ids).select_related("rule", "order__customer", "customer")
    return list(rows.order_by("happened_at", "id"))


def _claim(ids: Iterable[int]) -> list[IntakeItem]:
    """Those of them that still wait, locked; the orders are locked already, so a second worker finds our ticket."""
    free = IntakeItem.objects.select_for_update(skip_locked=True).filter(
        pk__in=ids, outcome=IntakeOutcome.WAITING
    )
    return _stored(free.order_by("pk").values_list("pk", flat=True))


def signals_take_in(*, reports: Sequence[Report], actor: Any, now: datetime) -> list[int | None]:
    """Reports of a sheet become signals and these become tickets; returns the key of each report's ticket.

    A report that is known already keeps its ticket. One that cannot be taken in has no key: its signal says why,
    and loading the corrected row tries again.
    """
    if not actor.has_perm("tickets.open_ticket"):
        raise NotPermitted()
    known = known_tickets(reports)
    fresh = {one.key: one for one in reports if one.key not in known}
    noted = _noted(fresh, now)
    numbers = series.Drawn("ticket", now)
    numbers.have(_foreseen(noted, _look(actor, now)))
    with transaction.atomic():
        lock_orders(item.order_id for item in noted)
        items = _keep(noted)
        look = _look(actor, now, words=lambda item: _reported(fresh[item.source, item.source_ref]))
        _settle([item for item in items if item.ticket_id is None], look, numbers)
    found: dict[tuple[str, str], int | None] = {key: ticket.pk for key, ticket in known.items()}
    found |= {(item.source, item.source_ref): item.ticket_id for item in items}
    return [found.get(one.key) for one in reports]


def _reported(report: Report) -> Words:
    return Words(report.subject, report.text, by_customer=True)


def _noted(reports: Mapping[tuple[str, str], Report], now: datetime) -> list[IntakeItem]:
    """Reports as signals, not stored yet: codes only, the words go straight into the ticket."""
    ids = {one.order_id for one in reports.values() if one.order_id}
    orders = Order.objects.select_related("customer").in_bulk(ids)
    return [_noted_one(one, orders.get(one.order_id or 0), now) for one in reports.values()]


def _noted_one(one: Report, order: Order | None, now: datetime) -> IntakeItem:
    return IntakeItem(
        source=one.source, source_ref=one.source_ref, signal=SignalKind.SHEET, happened_at=one.happened_at,
        noticed_at=now, order=order, customer_id=one.customer_id or (order.customer_id if order else None),
        merchant_id=one.merchant_id or (order.merchant_id if order else None),
        facts={"channel": one.channel, "kind": one.kind, "severity": one.severity, "backfill": one.backfill},
    )  # fmt: skip


TOLD = ("happened_at", "noticed_at", "order", "customer", "merchant", "facts")


def _keep(noted: Sequence[IntakeItem]) -> list[IntakeItem]:
    """Store new signals and lock all of them; one that opened nothing last time takes what the row says now."""
    IntakeItem.objects.bulk_create(noted, ignore_conflicts=True)
    by_key = {(item.source, item.source_ref): item for item in noted}
    rows = IntakeItem.objects.select_for_update().filter(
        signal=SignalKind.SHEET, source__in={key[0] for key in by_key}, source_ref__in={key[1] for key in by_key}
    )  # fmt: skip
    ids = [row.pk for row in rows.order_by("pk") if (row.source, row.source_ref) in by_key]
    items = _stored(ids)
    again = [item for item in items if item.outcome != IntakeOutcome.WAITING and item.ticket_id is None]
    for item in again:
        for name in TOLD:
            setattr(item, name, getattr(by_key[item.source, item.source_ref], name))
    IntakeItem.objects.bulk_update(again, TOLD)
    return items


def signal_retry(*, item: IntakeItem, actor: Any, now: datetime) -> bool:
    """Let a refused signal be looked at again, after its cause is mended; False when it was not refused.

    Errors: sheet (the words of a row are only in the sheet: it is loaded again).
    """
    if not actor.has_perm("tickets.retry_signal"):
        raise NotPermitted()
    with transaction.atomic():
        row = IntakeItem.objects.select_for_update(of=("self",)).get(pk=item.pk)
        if row.outcome != IntakeOutcome.REFUSED:
            return False
        if row.rule_id is None:
            raise DomainError(_("Correct the row of the sheet and load the sheet again."), "sheet")
        row.outcome, row.reason = IntakeOutcome.WAITING, ""
        row.save(update_fields=["outcome", "reason"])
        events.record(
            "intake.retried", subject=row, actor=actor, now=now,
            payload={"signal": row.signal, "ref": row.source_ref},
        )  # fmt: skip
        jobs.enqueue("tickets.intake", key=f"tickets.intake:{now:%Y%m%d%H%M}", now=now)
    return True


# What becomes of a group of signals


def _groups(items: Sequence[IntakeItem]) -> list[Group]:
    groups: dict[Any, list[IntakeItem]] = defaultdict(list)
    for item in sorted(items, key=lambda one: one.happened_at):
        groups[item.order_id or (item.source, item.source_ref)].append(item)
    return list(groups.values())


def _foreseen(items: Sequence[IntakeItem], look: Look) -> int:
    """How many tickets these signals will open as it looks now: so many numbers are drawn before."""
    groups = _groups(items)
    tickets = _tickets_of(groups, look.now)
    return sum(
        _ticket_for(signals, tickets, look) is None and any(map(look.wanted, signals)) for signals in groups
    )


def _settle(items: Sequence[IntakeItem], look: Look, numbers: series.Drawn) -> Counter[str]:
    """Attach, leave alone or open, group by group; what fails is refused with its reason and the rest go on."""
    groups = _groups(items)
    tickets = _tickets_of(groups, look.now)
    to_open: list[tuple[Group, str]] = []
    for signals in groups:
        ticket = _ticket_for(signals, tickets, look)
        if ticket is not None:
            _join(ticket, signals, look)
        elif any(map(look.wanted, signals)):
            to_open.append((signals, numbers.next()))
        else:
            _end(signals, IntakeOutcome.TOO_OLD)
    _open(to_open, look)
    IntakeItem.objects.bulk_update(items, ["outcome", "ticket", "reason"])
    return Counter(str(item.outcome) for item in items)


def _tickets_of(groups: Iterable[Group], now: datetime) -> dict[int, list[Ticket]]:
    """The tickets of each order that a further signal may belong to, the likeliest first.

    An open one before one solved within the same-problem window, a younger before an older; historic ones last.
    """
    ids = [signals[0].order_id for signals in groups if signals[0].order_id]
    since = now - duration("reopen_days", now)
    found: dict[int, list[Ticket]] = defaultdict(list)
    rows = list(Ticket.objects.filter(order_id__in=ids).order_by("-id")) if ids else []
    for row, order_id in _going_on(rows):
        if row.historic or row.state in ACTIVE_STATES or _solved_since(row, since):
            found[order_id].append(row)
    for rows in found.values():
        rows.sort(key=lambda row: (row.historic, row.state not in ACTIVE_STATES))
    return found


def _going_on(rows: Sequence[Ticket]) -> list[tuple[Ticket, int]]:
    """Each ticket, a merged one as the ticket that goes on for it, with the order it was found by."""
    merged = [row.pk for row in rows if row.state == TicketState.MERGED]
    roots = dict(
        TicketMerge.objects.filter(ticket__in=merged, undone_at=None).values_list("ticket_id", "root_id")
        if merged
        else ()
    )
    there = Ticket.objects.in_bulk(list(roots.values()))
    return [(there.get(roots.get(row.pk, 0), row), row.order_id) for row in rows if row.order_id]


def _solved_since(ticket: Ticket, since: datetime) -> bool:
    """Solved, not called off: a signal about a cancelled ticket, reviewed or not, opens one of its own."""
    called_off = ticket.closed_how == ClosedHow.CANCELLED
    return (
        ticket.state in DONE_STATES and not called_off and (ticket.resolved_at or ticket.opened_at) >= since
    )


def _ticket_for(signals: Group, tickets: Mapping[int, Sequence[Ticket]], look: Look) -> Ticket | None:
    """A historic ticket has no clocks and nobody works on it: it takes only what is too old itself."""
    for ticket in tickets.get(signals[0].order_id or 0, ()):
        if not ticket.historic or look.all_too_old(signals):
            return ticket
    return None


def _end(signals: Group, outcome: str, ticket: Ticket | None = None, reason: str = "") -> None:
    for item in signals:
        item.outcome, item.ticket, item.reason = outcome, ticket, reason[:200]


def _refuse(signals: Group, error: Exception) -> None:
    """This group alone stays behind; the reason is shown with its signals, the whole story is in the log."""
    logger.error("signal %s is refused", signals[0], exc_info=error)
    with translation.override(settings.LANGUAGE_CODE):
        told = str(error) if isinstance(error, DomainError) else UNEXPECTED % {"error": type(error).__name__}
    _end(signals, IntakeOutcome.REFUSED, reason=told)


UNEXPECTED = _("Unexpected error (%(error)s); the server's log says more.")


def _join(ticket: Ticket, signals: Group, look: Look) -> None:
    try:
        with transaction.atomic():
            _attach(ticket, signals, look)
    except (OperationalError, Busy):  # a lock, not a fault of the signal: the batch is tried again
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it concerns this order alone
        _refuse(signals, error)
    else:
        _end(signals, IntakeOutcome.ATTACHED, ticket)


def _open(pairs: Pairs, look: Look) -> None:
    """One ticket for each group: all at once, and when one of them fails by halves until it stands alone."""
    if not pairs:
        return
    try:
        with transaction.atomic():
            drafts = [(clean_draft(_draft(signals, look)), number) for signals, number in pairs]
            tickets = register(drafts, actor=look.actor, now=look.now)
    except (OperationalError, Busy):
        raise
    except Exception as error:  # noqa: BLE001 - as above
        _open_by_halves(pairs, look, error)
        return
    for (signals, _number), ticket in zip(pairs, tickets, strict=True):
        _end(signals[:1], IntakeOutcome.OPENED, ticket)
        _end(signals[1:], IntakeOutcome.ATTACHED, ticket)


def _open_by_halves(pairs: Pairs, look: Look, error: Exception) -> None:
    if len(pairs) == 1:
        _refuse(pairs[0][0], error)
        return
    middle = len(pairs) // 2
    _open(pairs[:middle], look)
    _open(pairs[middle:], look)


def _severity(item: IntakeItem) -> str:
    return item.rule.severity if item.rule else str(item.facts.get("severity", ""))


def _how_bad(item: IntakeItem) -> int:
    severity = _severity(item)
    return SEVERITY_ORDER.index(severity) if severity else -1


def _draft(signals: Group, look: Look) -> TicketDraft:
    """One ticket for all signals of an order: the worst gives the grade, the earliest the time."""
    first, worst = signals[0], max(signals, key=_how_bad)
    said = {item.pk: look.words(item) for item in signals}
    historic, rule = look.all_too_old(signals), worst.rule
    return draft_for(
        first.order, customer=first.customer, merchant_id=first.merchant_id,
        source=first.source, source_ref=first.source_ref, subject=said[worst.pk].subject,
        text=_cut(_together(list(said.values()))), channel=first.facts.get("channel") or Channel.RULE,
        opened_at=first.happened_at if historic or rule is None else look.now,
        kind=rule.kind if rule else worst.facts.get("kind", ""), severity=_severity(worst),
        nature=rule.nature if rule else "", signal=worst.signal, historic=historic,
        author_kind=AuthorKind.CUSTOMER if any(one.by_customer for one in said.values()) else AuthorKind.SYSTEM,
    )  # fmt: skip


def _together(words: Sequence[Words]) -> str:
    """The texts of several signals; one that has none is told by its subject."""
    if len(words) == 1:
        return words[0].text
    return "\n\n".join(one.text or one.subject for one in words)


def _cut(text: str) -> str:
    """As much of it as one message holds; the whole text stays where it was found, with the review."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _attach(ticket: Ticket, signals: Group, look: Look) -> None:
    """A further signal joins the ticket and may raise its severity, never lower it.

    The same problem again after the result is a reopening, not a new ticket (DESIGN 4); an old fact reopens nothing.
    """
    system = system_user()
    if ticket.state in DONE_STATES and not ticket.historic and not look.all_too_old(signals):
        ticket = moves.perform(ticket, "reopen", actor=system, now=look.now, reason=OwnReason.SAME_ORDER)
    for item in signals:
        if item.rule is None:
            _say(ticket, item, look)
    events.record_many(
        [
            EventDraft(
                kind="ticket.signal_attached", row=ticket, actor=system, at=look.now,
                payload={"signal": item.signal, "item_id": item.pk},
            )
            for item in signals
        ],
        now=look.now,
    )  # fmt: skip
    worst = max([ticket.severity, *filter(None, map(_severity, signals))], key=SEVERITY_ORDER.index)
    if worst != ticket.severity and ticket.state in ACTIVE_STATES:
        _raise_severity(ticket, worst, look.now)


def _say(ticket: Ticket, item: IntakeItem, look: Look) -> None:
    """What a person reported goes on in the conversation; nothing else keeps his words."""
    said = look.words(item)
    customer_message(
        ticket=ticket, text="\n".join(filter(None, (said.subject, said.text))), actor=look.actor, now=look.now,
        channel=item.facts.get("channel") or Channel.SHEET, source=item.source, source_ref=item.source_ref,
    )  # fmt: skip


def _raise_severity(ticket: Ticket, severity: str, now: datetime) -> None:
    moves.change(
        ticket, actor=system_user(), now=now, event="ticket.regraded",
        reason=OwnReason.WORSE_SIGNAL,
        payload={
            "kind": ticket.kind, "severity": severity, "nature": ticket.nature, "rules": "",
            "old_kind": ticket.kind, "old_severity": ticket.severity, "old_nature": ticket.nature,
        },
        severity=severity,
    )  # fmt: skip
