"""What the workbench reads: everything about one ticket in a fixed number of statements, whatever its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from aftersales.clocks.accounts import current_parts
from aftersales.clocks.ladder import Step, next_step, rungs_at_hand
from aftersales.clocks.models import Clock
from aftersales.clocks.selectors import Why, explain
from aftersales.clocks.states import ClockState
from aftersales.core.components import ClockFace, LinePart
from aftersales.core.wording import day
from aftersales.desk import rows as queue_rows
from aftersales.merchants.selectors import notice_email
from aftersales.orders.selectors import CustomerPanel, OrderCard, customer_panel, order_card
from aftersales.standards import vocabulary
from aftersales.standards.states import Debtor
from aftersales.tickets import selectors
from aftersales.tickets.looks import level_badge, state_badge
from aftersales.tickets.models import CustomerLink, DispatchRecord, Message, Ticket
from aftersales.tickets.selectors.appointments import with_appointments
from aftersales.tickets.selectors.checks import with_checklists
from aftersales.tickets.selectors.merging import Bonds, bonds
from aftersales.tickets.selectors.writing import with_unsent
from aftersales.tickets.states import TicketState

SUBJECT = "tickets.ticket"
STREAM_MESSAGES = 50  # of a page; older ones come when they are asked for
PAGE_EVENTS = 120
ENDED_CLOCKS = 20
WHOLE = 20_000  # messages, and events, of one ticket on paper or in a file; nobody has seen a tenth of it
HEAD_CLOCKS = 3
# The stream shows these as messages already; the list of changes still names them.
SAID = frozenset(
    {
        "ticket.replied",
        "ticket.acknowledged",
        "ticket.customer_wrote",
        "ticket.noted",
        "ticket.merchant_asked",
        "ticket.reply_kept",
        "ticket.question_kept",
        "ticket.merchant_wrote",
        "ticket.other_merchant_wrote",
    }
)
QUIET = frozenset(
    {"ticket.link_issued", "ticket.exported", "archive.opened", "clock.started", "clock.cancelled"}
)


@dataclass(frozen=True)
class ClockCard:
    """One clock with why it stands as it stands."""

    clock: Clock
    face: ClockFace
    why: Why
    rule: str
    owed: str
    now: datetime
    step: Step | None = None

    @property
    def open(self) -> bool:
        return self.clock.ended_at is None

    @property
    def source(self) -> str:
        return self.why.source_ref

    @property
    def parts(self) -> list[LinePart]:
        """Where it did not count: pauses and closed time."""
        return current_parts(self.clock, self.now)

    @property
    def kept(self) -> bool | None:
        """Whether the promise was kept in time; None while that is open, or where it fell away."""
        if self.clock.breached_at is not None:
            return False
        return True if self.clock.state == ClockState.MET else None


@dataclass(frozen=True)
class Item:
    """One line of the stream: a message or a sentence about what happened."""

    at: datetime
    kind: str
    heading: str = ""
    message: Message | None = None
    entry: selectors.Entry | None = None
    origin: str = ""  # the merged ticket it was said in


@dataclass(frozen=True)
class Workbench:
    """Everything the page shows."""

    ticket: Ticket
    clocks: list[ClockCard]
    stream: list[Item]
    changes: list[selectors.Entry]
    order: OrderCard | None
    customer: CustomerPanel | None
    dispatch: DispatchRecord | None
    dispatch_before: DispatchRecord | None
    counts: dict[str, int]
    answers: list[CustomerLink] = field(default_factory=list)
    because: list[str] = field(default_factory=list)
    bonds: Bonds = field(default_factory=Bonds)
    cut: bool = False  # more was said or happened than this shows
    older: str = ""  # the place before which more was said

    @property
    def open_clocks(self) -> list[ClockCard]:
        return [card for card in self.clocks if card.open]

    @property
    def ended_clocks(self) -> list[ClockCard]:
        return [card for card in self.clocks if not card.open]

    @property
    def broken(self) -> int:
        """How many of the ended promises were not kept in time."""
        return sum(card.kept is False for card in self.ended_clocks)

    @property
    def chain(self) -> list[str]:
        """Everybody who held it, in turn; empty while it stayed with the first contact."""
        held = selectors.holders(self.changes)
        return held if len(held) > 1 else []

    @property
    def handlers(self) -> list[selectors.Handler]:
        """The same with their times, for the record on paper (R5.6)."""
        return selectors.handlers_so_far(self.changes, self.ticket.closed_at)

    @property
    def nearest(self) -> ClockCard | None:
        return next(iter(self.open_clocks), None)

    @property
    def head_clocks(self) -> list[ClockCard]:
        return self.open_clocks[:HEAD_CLOCKS]

    @property
    def state(self) -> SafeString:
        return state_badge(self.ticket.state, self.ticket.wait_for)

    @property
    def level(self) -> SafeString:
        return level_badge(self.ticket.severity, self.ticket.nature)


def find(user: Any, number: str) -> Ticket | None:
    """The ticket with the rows it names, when this person may see it."""
    wide = Ticket.objects.visible_to(user).select_related(
        "customer", "merchant", "team__lead", "assignee", "owner", "market"
    )
    told = with_checklists(with_unsent(wide.annotate(merchant_email=notice_email("merchant_id")), user))
    told = with_appointments(told)
    found: Ticket | None = next(
        iter(told.filter(number=number).order_by()), None
    )  # numbers are unique: no order
    return found


def read(ticket: Ticket, user: Any, now: datetime, *, whole: bool = False) -> Workbench:
    """The page's contents. The number of statements does not depend on the ticket.

    The page shows the newest messages and events; ``whole`` reads all, for paper and for a file.
    """
    limits = (WHOLE, WHOLE) if whole else (STREAM_MESSAGES, PAGE_EVENTS)
    together = bonds(ticket, user)
    messages = selectors.conversation(ticket, limit=limits[0] + 1, also=together.origins)
    changes = selectors.timeline(
        ticket, limit=limits[1] + 1, hand_overs=True, reader=user, seen=together.seen
    )
    cut = len(messages) > limits[0] or len(changes) > limits[1]
    older = len(messages) > limits[0]
    messages = messages[-limits[0] :]
    shown = [entry for entry in changes if entry.at >= messages[0].at] if older else changes
    dispatches = selectors.dispatch_records(ticket, limit=2)
    return Workbench(
        ticket=ticket,
        clocks=clock_cards(ticket, now, changes),
        stream=stream(messages, shown, now, together.origins),
        changes=changes,
        order=order_card(ticket.order_id) if ticket.order_id else None,
        customer=customer_panel(ticket.customer_id, except_order=ticket.order_id)
        if ticket.customer_id
        else None,
        dispatch=dispatches[0] if dispatches else None,
        dispatch_before=dispatches[1] if dispatches[1:] else None,
        counts={
            "talk": sum(message.audience != "internal" for message in messages),
            "notes": sum(message.audience == "internal" for message in messages),
            "changes": len(changes),
        },
        answers=selectors.answers(ticket),
        because=selectors.rule_names(ticket.graded_by),
        bonds=together,
        cut=cut,
        older=place_of(messages[0]) if older else "",
    )


def place_of(message: Message) -> str:
    """Where the page of older messages begins: before this one."""
    return f"{message.at.isoformat()}~{message.pk}"


def older(ticket: Ticket, user: Any, before: str, now: datetime) -> tuple[list[Item], str]:
    """The messages before this place with what happened between, and the place before them; "" when there are none.

    Raises ValueError for a place that is none.
    """
    at, _mark, pk = before.partition("~")
    place, key = datetime.fromisoformat(at), int(pk)
    if place.tzinfo is None or not 0 < key < 2**62:
        raise ValueError(before)
    together = bonds(ticket, user)
    found = selectors.conversation(
        ticket, limit=STREAM_MESSAGES + 1, before=(place, key), also=together.origins
    )
    more = len(found) > STREAM_MESSAGES
    found = found[-STREAM_MESSAGES:]
    since = found[0].at if found and more else None
    changes = selectors.timeline(
        ticket, limit=selectors.TIMELINE_CAP, since=since, until=place, reader=user, seen=together.seen
    )
    return stream(found, changes, now, together.origins), place_of(found[0]) if more else ""


def stream(
    messages: Sequence[Message],
    changes: Sequence[selectors.Entry],
    now: datetime,
    origins: Mapping[int, str] | None = None,
) -> list[Item]:
    """Messages and what happened, oldest first, with a heading at each new day.

    ``origins``: numbers of the merged tickets by key, for the messages that were said there.
    """
    known = origins or {}
    items = [
        Item(message.at, _message_kind(message), message=message, origin=known.get(message.ticket_id, ""))
        for message in messages
    ]
    items += [
        Item(entry.at, "event", entry=entry)
        for entry in changes
        if entry.kind not in SAID and entry.kind not in QUIET
    ]
    items.sort(key=lambda item: item.at)
    return _with_days(items, now)


def _message_kind(message: Message) -> str:
    if message.is_note:
        return "note"
    return {"customer": "cust", "merchant": "mer", "staff": "own"}.get(message.author_kind, "cust")


def _with_days(items: Sequence[Item], now: datetime) -> list[Item]:
    found: list[Item] = []
    last = None
    for item in items:
        date = timezone.localtime(item.at).date()
        heading = day(item.at, now) if date != last else ""
        last = date
        found.append(replace(item, heading=heading))
    return found


def clock_cards(ticket: Ticket, now: datetime, changes: Sequence[selectors.Entry] = ()) -> list[ClockCard]:
    """The ticket's clocks: running ones by due time, then the ended ones, newest first."""
    clocks = Clock.objects.filter(subject_kind=SUBJECT, subject_id=ticket.pk).select_related("holder")
    heard = [(entry.at, entry.kind) for entry in changes]
    cards = [clock_card(clock, ticket, now, heard) for clock in clocks.order_by("due_at", "id")]
    ended = sorted(
        (card for card in cards if not card.open), key=lambda card: card.clock.ended_at or now, reverse=True
    )
    return [card for card in cards if card.open] + ended


def clock_card(
    clock: Clock, ticket: Ticket, now: datetime, heard: Sequence[tuple[datetime, str]] = ()
) -> ClockCard:
    """A clock for reading."""
    why = explain(clock, now, heard)
    number = why.citation.rpartition(" ")[2]
    return ClockCard(
        clock=clock,
        face=clock_face(clock, now),
        why=why,
        rule=f"{why.rule_name} {number}" if why.citation else _("A given word"),
        owed=owed_words(clock, ticket),
        now=now,
        step=next_step(clock, ticket.severity, rungs_at_hand(now), now),
    )


def owed_words(clock: Clock, ticket: Ticket) -> str:
    """Who owes it, by name where the ticket knows the name: the lead for the lead's promises, else who holds it."""
    party = vocabulary.word("duties", clock.owed_party) if clock.owed_party else ""
    team = ticket.team
    names: list[Any]
    if clock.owed_by == Debtor.LEAD:
        names = [team and team.lead, team]
    else:
        names = [party, clock.holder, team if clock.owed_by == Debtor.TEAM else None]
    return " · ".join(str(one) for one in (clock.get_owed_by_display(), *names) if one)


def clock_face(clock: Clock, now: datetime) -> ClockFace:
    """The drawn clock. A breached one that is still open counts on."""
    state = "running" if clock.state == "breached" and clock.ended_at is None else clock.state
    remaining = None
    if clock.state == "paused" and clock.paused_at:
        remaining = max(clock.due_at - clock.paused_at, timedelta(0))
    return ClockFace(
        promise=str(clock.get_promise_display()), state=state, started_at=clock.counted_from, due_at=clock.due_at,
        warn_at=clock.warn_at, stopped_at=clock.ended_at, remaining=remaining, statutory=clock.kind == "statutory",
    )  # fmt: skip


def waiting_face(ticket: Ticket) -> ClockFace | None:
    """How long a waiting ticket waits, when no clock says it."""
    if ticket.state != TicketState.WAITING:
        return None
    return ClockFace(queue_rows.label("wait", ticket.wait_for), "paused", due_at=ticket.wake_at)
