"""Dispatch by rule: duty and certificate, language, who knows the customer, load, shift, green channel (R3.2, R2.3).

The why is always stored: every candidate with the parts of his score, everybody else with the reason.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from accounts.models import User
from accounts.services import system_user
from aftersales.core import events, moves
from aftersales.standards.selectors import Book, book, duration, parameter
from aftersales.tickets import dispatch_rules, rules
from aftersales.tickets.models import DispatchRecord, Ticket
from aftersales.tickets.selectors import dispatching, first_response_due, reading
from aftersales.tickets.selectors.routing import duty_of, route, route_book
from aftersales.tickets.services.recording import build
from aftersales.tickets.states import Kind, Severity, TicketState

SWEEP_LIMIT = 2000
Chosen = tuple[Ticket, str, dispatch_rules.Choice]


def ticket_dispatch(*, ticket: Ticket, now: datetime) -> DispatchRecord:
    """Dispatch one triaged ticket by rule; the record says who, who not, and why."""
    return dispatch_many(tickets=[ticket], now=now)[0]


def dispatch_many(*, tickets: Sequence[Ticket], now: datetime) -> list[DispatchRecord]:
    """Dispatch triaged tickets, the most pressing first; loads are counted once and kept up while choosing."""
    return _carry_out(choose(tickets, now), now)


def choose(tickets: Sequence[Ticket], now: datetime) -> list[Chosen]:
    """Whom each ticket would go to, without giving it to anybody."""
    if not tickets:
        return []
    return _Chooser(now).choose(tickets)


class _Chooser:
    """One round of choosing: rules, people and loads are read once, and counted on from ticket to ticket."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.book = book()
        self.routes = route_book()
        self.weights = dispatching.weights_at(now, among=self.book)
        self.terms = dispatching.terms_at(now, among=self.book)
        self.loads = dispatching.Loads(self.weights, now)
        self.changed = reading.of_every_ticket(now)
        self._pools: dict[str, list[dispatch_rules.Candidate]] = {}

    def pool(self, duty: str) -> list[dispatch_rules.Candidate]:
        if duty not in self._pools:
            self._pools[duty] = dispatching.candidates(duty, self.now, among=self.book) if duty else []
        return [self.loads.of(one) for one in self._pools[duty]]

    def choose(self, tickets: Sequence[Ticket]) -> list[Chosen]:
        asked = dispatching.asked_of(tickets, self.now, among=self.book)
        soon = duration("green_yields_minutes", self.now, among=self.book)
        ordered = sorted(tickets, key=lambda one: _place(one, asked[one.pk].green, self.now, soon))
        return [self._one(ticket, asked[ticket.pk]) for ticket in ordered]

    def _one(self, ticket: Ticket, asked: dispatch_rules.Asked) -> Chosen:
        duty = route(ticket, self.routes)
        people = [dispatching.for_ticket(one, asked) for one in self.pool(duty)]
        choice = dispatch_rules.choose(people, asked, self.weights, self.terms)
        if choice.chosen:
            self.loads.add(choice.chosen.person_id, ticket.severity)
        return ticket, duty, choice

    def free_places(self) -> dict[str, int]:
        """How many tickets the people on duty may still take, by duty; duties without a free place are left out."""
        places = {}
        for duty in sorted({str(row.duty) for row in self.routes}):
            free = [one for one in self.pool(duty) if not self._why_not(one)]
            if free:
                places[duty] = sum(map(self._room, free))
        return places

    def _why_not(self, one: dispatch_rules.Candidate) -> str:
        verdict = dispatch_rules.verdict(one, dispatch_rules.Asked(changed=self.changed), self.terms)
        return "" if verdict == "scope" else verdict

    def _room(self, one: dispatch_rules.Candidate) -> int:
        """Ordinary tickets this person may still be given now."""
        room = -((one.carried - one.capacity * dispatch_rules.HUNDREDTHS) // dispatch_rules.HUNDREDTHS)
        return min(room, self.terms.new_per_hour - one.fresh) if self.terms.new_per_hour else room


def _place(ticket: Ticket, green: str, now: datetime, soon: timedelta) -> tuple[int, datetime, int]:
    pressing = dispatch_rules.is_pressing(ticket.severity, ticket.kind, ticket.next_due_at, now, soon)
    return dispatch_rules.place_in_queue(
        pressing=pressing, green=green, due=ticket.next_due_at, key=ticket.pk
    )


def _carry_out(choices: Sequence[Chosen], now: datetime) -> list[DispatchRecord]:
    """One bulk move per person and team; the records in one insert."""
    groups: dict[tuple[int, int | None], list[int]] = defaultdict(list)
    for ticket, _where, choice in choices:
        if choice.chosen:
            groups[choice.chosen.person_id, choice.chosen.team_id].append(ticket.pk)
    people = User.objects.in_bulk([person_id for person_id, _team in groups])
    assigned: set[int] = set()
    with transaction.atomic():
        for (person_id, team_id), ids in sorted(groups.items(), key=lambda item: item[1][0]):
            outcome = moves.perform_many(
                Ticket.objects.filter(pk__in=ids, assignee=None), "assign", actor=system_user(), now=now,
                data={"to": people[person_id], "team_id": team_id},
            )  # fmt: skip
            assigned |= {row.pk for row in outcome.done}
        left = [item for item in choices if item[2].chosen is None]
        _route_waiting(left, now)
        _call_for_help(left, now)
        return DispatchRecord.objects.bulk_create(
            build(ticket.pk, duty, choice, now)
            for ticket, duty, choice in choices
            if ticket.pk in assigned or choice.chosen is None
        )


def _route_waiting(left: Sequence[Chosen], now: datetime) -> None:
    """Nobody free: the ticket still goes to the team with the duty, so that its queue shows it."""
    for ticket, duty, choice in left:
        teams = [one.team_id for one in choice.candidates if one.team_id and one.verdict not in rules.NEVER]
        if ticket.team_id is None and teams:
            _send_to_team(ticket, teams[0], duty, now)


def _send_to_team(ticket: Ticket, team_id: int, duty: str, now: datetime) -> None:
    from accounts.models import Team

    team = Team.objects.get(pk=team_id)
    moves.change(
        ticket, actor=system_user(), now=now, event="ticket.routed",
        payload={"team_id": team_id, "team": str(team), "duty": duty}, team_id=team_id,
    )  # fmt: skip


def _call_for_help(left: Sequence[Chosen], now: datetime) -> None:
    """What cannot wait for the next shift is said at once; whoever leads the duty is told from the event."""
    due = first_response_due([ticket.pk for ticket, _duty_, _choice in left])
    events.record_many(
        [
            events.Draft(
                kind="ticket.left_alone", row=ticket, actor=system_user(), at=now,
                payload={"duty": duty, "why": choice.reason},
            )
            for ticket, duty, choice in left
            if rules.cannot_wait(ticket, due.get(ticket.pk), choice.candidates)
        ],
        now=now,
    )  # fmt: skip


def unassigned_look(*, ticket_id: int, now: datetime) -> None:
    """A ticket that lost its person or became graver while nobody has it: may it lie where it is?

    Where nobody can take it now, the record says who not and why, after the one that says from whom it came back.
    """
    with transaction.atomic():
        ticket = Ticket.objects.select_for_update(of=("self",)).get(pk=ticket_id)
        if ticket.assignee_id is None and ticket.state == TicketState.TRIAGED and not ticket.historic:
            left = [one for one in choose([ticket], now) if one[2].chosen is None]
            _call_for_help(left, now)
            newest = DispatchRecord.objects.filter(ticket=ticket).order_by("-id").first()
            if left and (newest is None or newest.chosen_id is not None):
                build(ticket.pk, left[0][1], left[0][2], now).save(force_insert=True)


def dispatch_sweep(*, now: datetime, limit: int = SWEEP_LIMIT) -> int:
    """Tickets nobody has yet: tried again whenever somebody is on duty. Returns how many found a person.

    First who is free, then what presses most of his duty: the tickets of a duty for which nobody is free stand in
    nobody's way, and leave no further record, because the first one says it already.
    """
    waiting = Ticket.objects.unassigned().filter(historic=False, state=TicketState.TRIAGED)
    if not waiting.exists():
        return 0
    chooser = _Chooser(now)
    waiting = waiting.alias(duty=duty_of(chooser.routes), place=_served(now, chooser.book))
    waiting = waiting.order_by("place", "next_due_at", "id")
    found: list[Ticket] = []
    for duty, places in chooser.free_places().items():
        found += waiting.filter(duty=duty)[: min(places, limit)]
    found.sort(key=lambda ticket: (ticket.next_due_at, ticket.pk))
    choices = [one for one in chooser.choose(found[:limit]) if one[2].chosen]
    return len(_carry_out(choices, now))


def _served(now: datetime, among: Book) -> Case:
    """``dispatch_rules.place_in_queue`` as PostgreSQL judges it."""
    soon = now + duration("green_yields_minutes", now, among=among)
    vip = int(parameter("vip_service_level", now, among=among))
    pressing = Q(severity=Severity.CRITICAL) | Q(kind=Kind.SAFETY) | Q(next_due_at__lte=soon)
    green = Q(customer__customer_class__in=[dispatch_rules.KEY, dispatch_rules.SPECIAL])
    if vip:
        green |= Q(customer__service_level__gte=vip)
    cases = (When(pressing, then=Value(0)), When(green, then=Value(1)))
    return Case(*cases, default=Value(2), output_field=IntegerField())


def not_his_own(rows: QuerySet[Ticket], person: Any, *, look: int) -> QuerySet[Ticket]:
    """Of the first ``look`` rows without those that are the person's own order; the others need no look yet."""
    near: Iterable[int] = list(rows.values_list("pk", flat=True)[:look])
    own = [pk for pk, people in dispatching.own_orders(list(near)).items() if person.pk in people]
    return rows.exclude(pk__in=own) if own else rows
