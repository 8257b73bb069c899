"""Answers about tickets for pages, guards and clocks. Nothing here writes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from aftersales.clocks.models import Clock
from aftersales.clocks.rules import ClockSubject
from aftersales.clocks.selectors import due_if_begun
from aftersales.core import events, moves
from aftersales.core.models import Delivery, Event
from aftersales.customers.models import Contact, Customer
from aftersales.customers.selectors import find as customers_found
from aftersales.merchants.models import Merchant
from aftersales.notices.selectors import Reach, reach
from aftersales.standards.selectors import book, duration, market_default, parameter
from aftersales.standards.states import Promise
from aftersales.tickets import rules
from aftersales.tickets.models import (
    ArchiveRecord,
    Attachment,
    ContactAttempt,
    CustomerLink,
    DispatchRecord,
    GradingRule,
    Message,
    Ticket,
)
from aftersales.tickets.selectors.hearing import (  # noqa: F401 - the room's answers have one address
    ANSWER,
    ASK,
    merchant_unheard_because,
    merchants_unheard_among,
    unheard_among,
    unheard_because,
)
from aftersales.tickets.selectors.neutral import neutral
from aftersales.tickets.selectors.words import with_words
from aftersales.tickets.states import OPEN_STATES, AskInPerson, ClosedHow

KIND = "tickets.ticket"
COUNT_CAP = 500
TIMELINE_CAP = 400
HANDED_OVER = ("ticket.assigned", "ticket.transferred", "ticket.unassigned")
HAND_OVERS = 100


# Facts for guards and clocks: rows -> {pk: value}


def clock_subjects(rows: Sequence[Ticket], now: datetime) -> Mapping[int, Any]:
    """What the clocks room must know of a ticket to choose its promises and name who holds them."""
    classes = _customer_classes(rows)
    return {
        row.pk: ClockSubject(
            kind=row.kind, severity=row.severity, nature=row.nature, channel=row.channel,
            customer_class=classes.get(row.customer_id, ""), tags=_tags(row), merchant_id=row.merchant_id,
            team_id=row.team_id, assignee_id=row.assignee_id, historic=row.historic,
        )
        for row in rows
    }  # fmt: skip


def first_response_due(ids: Sequence[int]) -> Mapping[int, datetime]:
    """When the first response to each of these tickets is due, where it is still owed. One query."""
    if not ids:
        return {}
    running = Clock.objects.filter(
        subject_kind=KIND, subject_id__in=ids, promise=Promise.FIRST_RESPONSE, ended_at=None
    )
    return dict(running.order_by("-due_at").values_list("subject_id", "due_at"))


def held_after(event: Event, held: tuple[int | None, int | None]) -> tuple[int | None, int | None]:
    """Person and team after this event, from what it says itself: who held a clock is told by the events alone."""
    told = event.payload
    if event.kind in ("ticket.assigned", "ticket.transferred"):
        return told["to_id"], told["team_id"]
    if event.kind == "ticket.unassigned":
        return None, held[1]
    if event.kind == "ticket.routed":
        return held[0], told["team_id"]
    return held


def tickets_seen(user: Any) -> QuerySet[Ticket]:
    """The tickets this person may see, for rooms whose rows hang on them."""
    seen: QuerySet[Ticket] = Ticket.objects.visible_to(user)
    return seen


def open_of_severity(severities: Sequence[str]) -> QuerySet[Ticket, int]:
    """Keys of open tickets of these severities, for the ladder."""
    found: QuerySet[Ticket, int] = Ticket.objects.filter(
        state__in=OPEN_STATES, severity__in=list(severities)
    ).values_list("pk", flat=True)
    return found


def clock_subject_lines(rows: Sequence[Any], now: datetime) -> Mapping[int, tuple[str, str]]:
    """Number and subject of tickets known by key, for pages that list clocks. One query."""
    found = Ticket.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", "number", "subject")
    return {pk: (number, subject) for pk, number, subject in found}


def _customer_classes(rows: Sequence[Ticket]) -> dict[int | None, str]:
    read = {row.customer_id: row.customer for row in rows if "customer" in row._state.fields_cache}
    ids = {row.customer_id for row in rows if row.customer_id} - set(read)
    found = Customer.objects.filter(pk__in=ids).values_list("pk", "customer_class") if ids else []
    return {pk: one.customer_class for pk, one in read.items() if one} | dict(found)


URGENT = "urgent"


def _tags(row: Ticket) -> frozenset[str]:
    return frozenset({URGENT}) if row.kind == "safety" else frozenset()


def urgent() -> Q:
    """The same of a table of tickets."""
    return Q(kind="safety")


def contact_tries(rows: Sequence[Ticket], now: datetime) -> Mapping[int, rules.Tries]:
    """Whether the customer was tried often enough, on enough channels, over enough days (operations S2)."""
    found: dict[int, list[ContactAttempt]] = defaultdict(list)
    for attempt in ContactAttempt.objects.filter(ticket__in=[row.pk for row in rows], reached=False):
        found[attempt.ticket_id].append(attempt)
    return {row.pk: _tries(found[row.pk], now) for row in rows}


def _tries(attempts: Sequence[ContactAttempt], now: datetime) -> rules.Tries:
    rules_now = book()
    tries, channels, days = (
        int(parameter(code, now, among=rules_now))
        for code in ("unreachable_tries", "unreachable_channels", "unreachable_days")
    )
    used = {attempt.channel for attempt in attempts}
    on_days = {timezone.localdate(attempt.at) for attempt in attempts}
    enough = len(attempts) >= tries and len(used) >= channels and len(on_days) >= days
    return rules.Tries(
        enough,
        _(
            "Needed are %(tries)s tries on %(channels)s channels over %(days)s days; "
            "so far %(done)s on %(used)s over %(on)s."
        )
        % {
            "tries": tries, "channels": channels, "days": days,
            "done": len(attempts), "used": len(used), "on": len(on_days),
        },
    )  # fmt: skip


def merchant_answer_due(ticket: Ticket, now: datetime) -> datetime | None:
    """When the merchant's answer is due if he has the question now."""
    return due_if_begun(Promise.MERCHANT_ANSWER, clock_subjects([ticket], now)[ticket.pk], now)


QUESTION = "ticket.resolved"
"""The message that asks the customer whether it is solved."""


def questions(rows: Sequence[Ticket], now: datetime) -> Mapping[int, rules.Question]:
    """Whether the customers of resolved tickets were really asked since. Two queries, whatever the number.

    A message that still waits, or an event whose message is still to be written, means *not yet*. Historic tickets
    and tickets without a customer send no messages: only a person can end them.
    """
    asked = [row for row in rows if row.customer_id and not row.historic and row.resolved_at]
    found = reach(QUESTION, KIND, {row.pk: row.resolved_at for row in asked if row.resolved_at})
    unwritten = _unwritten([row.pk for row in asked if row.pk not in found])
    patience = duration("silence_hours", now)
    return {row.pk: _question(row, found.get(row.pk), row.pk in unwritten, patience) for row in rows}


def _question(row: Ticket, reached: Reach | None, unwritten: bool, patience: timedelta) -> rules.Question:
    if row.historic or row.customer_id is None:
        return rules.Question(why=AskInPerson.HISTORIC if row.historic else AskInPerson.NO_CUSTOMER)
    if reached is None:
        return rules.Question(on_its_way=unwritten)
    until = reached.sent_at + patience if reached.sent_at else None
    why = reached.why if reached.why in AskInPerson.values else AskInPerson.MISSING
    return rules.Question(reached.sent_at, until, reached.on_its_way, why)


def _unwritten(ids: Sequence[int]) -> set[int]:
    """Tickets with an event whose message the worker has not written yet."""
    if not ids:
        return set()
    waiting = Delivery.objects.filter(
        consumer="tickets.node_messages", subject_kind=KIND, subject_id__in=ids, parked_at=None
    )
    return set(waiting.values_list("subject_id", flat=True))


def reopen_until(rows: Sequence[Ticket], now: datetime) -> Mapping[int, datetime | None]:
    """Until when each finished ticket may be reopened; None for those that always may: the cancelled ones."""
    window = duration("reopen_days", now)
    return {
        row.pk: row.closed_at + window if row.closed_at and row.closed_how != ClosedHow.CANCELLED else None
        for row in rows
    }


# Queues


@dataclass(frozen=True)
class QueueCounts:
    """How many tickets each queue holds, at most ``COUNT_CAP`` + 1 counted each."""

    counts: Mapping[str, int]

    def shown(self, queue: str) -> str:
        number = self.counts.get(queue, 0)
        return f"{COUNT_CAP}+" if number > COUNT_CAP else str(number)


def queue_rows(user: Any, queue: str, now: datetime) -> QuerySet[Ticket]:
    """The tickets of one queue that this person may see, unordered; unknown names hold nothing."""
    seen = Ticket.objects.visible_to(user).filter(historic=False)
    if queue == "mine":
        return seen.active().filter(assignee_id=user.pk)
    if queue == "team":
        return seen.active().of_teams(user.team_ids)
    if queue == "unassigned":
        return seen.unassigned()
    if queue == "due":
        return seen.due_within(now, duration("due_soon_hours", now))
    if queue == "breached":
        return seen.breached(now)
    if queue == "review":
        return seen.to_review()
    if queue == "all":
        return seen.active()
    return seen.none()


TICKETS_SHOWN = 20


def tickets_about(
    user: Any, *, order: int | None = None, customer: int | None = None, merchant: int | None = None
) -> list[Ticket]:
    """The newest tickets of one order, customer or merchant that this person may see, one more than is shown.

    A merchant's are those he is a party of, also beside others. One query.
    """
    seen = Ticket.objects.visible_to(user)
    if merchant is not None:
        own = _newest(seen.filter(merchant_id=merchant)).values("pk")
        shared = _newest(seen.filter(parties__merchant_id=merchant)).values("pk")
        seen = Ticket.objects.filter(pk__in=own.union(shared))
    else:
        seen = seen.filter(**{"order_id": order} if order is not None else {"customer_id": customer})
    return list(_newest(seen).select_related("assignee"))


def _newest(rows: QuerySet[Ticket]) -> QuerySet[Ticket]:
    return rows.order_by("-id")[: TICKETS_SHOWN + 1]


QUEUES: tuple[str, ...] = ("mine", "team", "unassigned", "due", "breached", "review", "all")


# Timeline


@dataclass(frozen=True)
class Entry:
    """One line of the timeline: a sentence without a code or an id, and where it came from."""

    at: datetime
    sentence: str
    kind: str
    actor: str
    role: str
    source: str
    reason: str
    rule_version: str
    audience: str
    event_id: int
    holder: str = ""


def timeline(
    ticket: Ticket,
    *,
    limit: int = TIMELINE_CAP,
    since: datetime | None = None,
    until: datetime | None = None,
    hand_overs: bool = False,
    reader: Any = None,
    seen: Mapping[int, bool] | None = None,
) -> list[Entry]:
    """What happened to a ticket, its clocks and messages, and who looked at its customer's contacts from here.

    Oldest first, in the reader's language; the newest ``limit`` of the time asked for, on request with the
    hand-overs before them. One query: a UNION, so that each part keeps to its index. Other tickets are named as far
    as ``reader`` may see them (``seen``: what the page knows of those bound to this one).
    """
    looks = Event.objects.filter(
        subject_kind="customers.contact",
        subject_id__in=Contact.objects.filter(customer_id=ticket.customer_id or 0).values("pk"),
        kind="contact.revealed",
        payload__context=f"{KIND}:{ticket.pk}",
    )
    own = Event.objects.about(KIND, ticket.pk)
    window = {"at__gte": since} if since else {}
    window |= {"at__lt": until} if until else {}
    newest, looks = (part.filter(**window).order_by("-id")[:limit] for part in (own, looks))
    parts = [looks]
    if hand_overs:
        parts.append(own.filter(kind__in=HANDED_OVER).order_by("-id")[:HAND_OVERS])
    found = list(newest.union(*parts).order_by("-id")[: None if hand_overs else limit])
    if reader is not None:
        neutral(found, reader, seen)
    return [_entry(event) for event in reversed(found)]


def _entry(event: Event) -> Entry:
    given = event.kind in ("ticket.assigned", "ticket.transferred")
    return Entry(
        at=event.at, sentence=events.sentence(event), kind=event.kind, actor=events.in_whose_name(event),
        role=event.actor_role, source=event.source, reason=events.reason_of(event), rule_version=event.rule_version,
        audience=event.audience, event_id=event.pk, holder=event.payload.get("to_name", "") if given else "",
    )  # fmt: skip


def holders(entries: Sequence[Entry]) -> list[str]:
    """Who held the ticket one after the other, first contact first (R3.3), read from its timeline."""
    chain: list[str] = []
    for entry in entries:
        if entry.holder and entry.holder != (chain[-1] if chain else ""):
            chain.append(entry.holder)
    return chain


@dataclass(frozen=True)
class Handler:
    """Who handled a ticket, from when until when (R5.6)."""

    name: str
    since: datetime | None
    until: datetime | None


def handlers_so_far(entries: Sequence[Entry], ended: datetime | None) -> list[Handler]:
    """Who had the ticket from when until when, read from its timeline; the last one until it was closed."""
    given = [
        (entry.holder, entry.at) for entry in entries if entry.holder or entry.kind == "ticket.unassigned"
    ]
    return [Handler(one.person, one.since, one.until) for one in rules.handlings(given, ended)]


def rule_names(text: str) -> list[str]:
    """Grading rules as a ticket keeps them ("key_customer v2, safety_words v1"), as people call them."""
    said = [one.strip().rpartition(" v") for one in text.split(",") if one.strip()]
    cited = [(code, number) if code else (number, "") for code, _v, number in said]
    english = int((get_language() or "").startswith("en"))
    return [
        " ".join(filter(None, (_rule_name(code, number)[english], number and f"v{number}")))
        for code, number in cited
    ]


@lru_cache(maxsize=512)
def _rule_name(code: str, number: str) -> tuple[str, str]:
    """Both names of one version, which never changes, so that a process asks once."""
    then = (
        GradingRule.history.filter(code=code, version=number or 0).values_list("name_zh", "name_en").first()
    )
    found = then or GradingRule.objects.filter(code=code).values_list("name_zh", "name_en").first()
    return found or (code, code)


def answers(ticket: Ticket) -> list[CustomerLink]:
    """What the customer answered on his page, with his marks, newest first. One query; none before a result."""
    if ticket.resolved_at is None:
        return []
    return list(CustomerLink.objects.filter(ticket=ticket).exclude(answer="").order_by("-used_at", "-id"))


def conversation(
    ticket: Ticket,
    *,
    limit: int = 200,
    also: Iterable[int] = (),
    before: tuple[datetime, int] | None = None,
) -> list[Message]:
    """The newest messages with authors, files and the ``merchant_name`` of each, oldest first. Two queries.

    ``also``: the tickets that were merged into it; all of it is one conversation. ``before``: older than the message
    of this time and key.
    """
    rows = Message.objects.filter(ticket__in=[ticket.pk, *also])
    shop = Merchant.objects.filter(pk=OuterRef("merchant_id")).values("name")
    rows = (
        rows.select_related("author").prefetch_related("attachments").annotate(merchant_name=Subquery(shop))
    )
    if before:
        rows = rows.filter(Q(at__lt=before[0]) | Q(at=before[0], pk__lt=before[1]))
    return list(reversed(rows.order_by("-at", "-id")[:limit]))


def dispatch_records(ticket: Ticket, *, limit: int = 5) -> list[DispatchRecord]:
    """The latest explanations of who got it and why, newest first."""
    return list(DispatchRecord.objects.filter(ticket=ticket).select_related("chosen").order_by("-id")[:limit])


def options(ticket: Ticket, *, actor: Any, now: datetime) -> list[moves.MoveOption]:
    """Every move of this person on this ticket, allowed or refused with the reason."""
    return moves.options(ticket, actor=actor, now=now)


def handlers_of(records: Sequence[ArchiveRecord]) -> Mapping[int, list[Handler]]:
    """The handlers of each record with their times, in their order. One query for all names."""
    ids = {one["person_id"] for record in records for one in record.handlers}
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=ids)} if ids else {}
    return {
        record.pk: [
            Handler(names.get(one["person_id"], ""), _moment(one["since"]), _moment(one.get("until")))
            for one in record.handlers
        ]
        for record in records
    }


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def stored_files(names: Sequence[str]) -> Iterable[str]:
    """Which of these stored files an attachment still needs."""
    return Attachment.objects.filter(name__in=names, file_gone_at=None).values_list("name", flat=True)


def archive_found(
    user: Any,
    *,
    kind: str = "",
    since: date | None = None,
    until: date | None = None,
    customer: str = "",
    text: str = "",
) -> QuerySet[ArchiveRecord]:
    """Archive records by time, kind, customer and text, newest first, only of tickets this person may see (R5.5)."""
    rows = ArchiveRecord.objects.visible_to(user).select_related("ticket", "reviewed_by", "customer")
    if kind:
        rows = rows.filter(kind=kind)
    if since:
        rows = rows.filter(completed_at__gte=_midnight(since))
    if until:
        rows = rows.filter(completed_at__lt=_midnight(until + timedelta(days=1)))
    if customer:
        rows = rows.filter(customer__in=customers_found(customer))
    if text:
        rows = with_words(rows, text, ticket="ticket_id")
    return rows.order_by("-completed_at", "-id")


def _midnight(day: date) -> datetime:
    """When a day begins in the market's zone: a moment, so that the index of the moments is used."""
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(market_default().zone))


def open_by_state(user: Any) -> dict[str, int]:
    rows = Ticket.objects.visible_to(user).filter(state__in=OPEN_STATES, historic=False)
    return dict(rows.values_list("state").annotate(number=Count("id")))


def opened_per_day(user: Any, since: datetime) -> dict[Any, int]:
    rows = Ticket.objects.visible_to(user).filter(opened_at__gte=since, historic=False)
    return dict(rows.annotate(day=TruncDate("opened_at")).values_list("day").annotate(number=Count("id")))
