"""Dispatch: who gets a ticket and why (R3.2, R3.3). By hand, by pull, by rule; the why is always stored."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, CharField, Count, Max, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.selectors import people_on_duty
from accounts.services import system_user
from aftersales.core import events, moves
from aftersales.core.errors import DomainError, NotPermitted, Refused
from aftersales.tickets import rules
from aftersales.tickets.models import DispatchRecord, DutyRoute, Ticket
from aftersales.tickets.selectors import first_response_due
from aftersales.tickets.selectors.reading import rules_unread
from aftersales.tickets.services.locking import locked_ticket
from aftersales.tickets.services.reading import refuse_unread
from aftersales.tickets.states import OPEN_STATES, Kind, TicketState

SWEEP_LIMIT = 2000


def ticket_assign(
    *,
    ticket: Ticket,
    to: User,
    actor: Any,
    now: datetime,
    reason: str = "",
    team_id: int | None = None,
    version: int | None = None,
) -> Ticket:
    """Give a ticket to a person by hand. A waiting ticket is passed on without waking it up."""
    if not to.is_active or not to.has_perm("tickets.work"):
        raise DomainError(_("%(name)s cannot work on tickets.") % {"name": to}, "unfit")
    with transaction.atomic():
        ticket = locked_ticket(ticket, version=version)
        if ticket.state == TicketState.WAITING:
            moved = _pass_on(ticket, to, actor, now, reason, team_id)
        else:
            moved = moves.perform(
                ticket, "assign", actor=actor, now=now, reason=reason, to=to, team_id=team_id
            )
        _record(moved.pk, "", rules.Choice(_as_candidate(to, team_id), "by_hand"), now)
    return moved


def tickets_assign(
    *, tickets: QuerySet[Ticket], to: User, actor: Any, now: datetime, reason: str = ""
) -> moves.Outcome:
    """Give many tickets to a person by hand; each leaves the same record as a single one."""
    if not to.is_active or not to.has_perm("tickets.work"):
        raise DomainError(_("%(name)s cannot work on tickets.") % {"name": to}, "unfit")
    with transaction.atomic():
        outcome = moves.perform_many(
            tickets, "assign", actor=actor, now=now, reason=reason, data={"to": to, "team_id": None}
        )
        choice = rules.Choice(_as_candidate(to, None), "by_hand")
        DispatchRecord.objects.bulk_create(_build(row.pk, "", choice, now) for row in outcome.done)
    return outcome


def _pass_on(ticket: Ticket, to: User, actor: Any, now: datetime, reason: str, team_id: int | None) -> Ticket:
    if not actor.has_perm("tickets.assign"):
        raise NotPermitted()
    if refusals := list(rules.fit_to_work(ticket, {}, actor, now, {"to": to})):
        raise Refused(refusals)
    payload = {
        "from_id": ticket.assignee_id,
        "to_id": to.pk,
        "to_name": str(to),
        "team_id": team_id or ticket.team_id,
    }
    return moves.change(
        ticket, actor=actor, now=now, event="ticket.transferred", reason=reason, payload=payload,
        assignee=to, team_id=team_id or ticket.team_id, assigned_at=now,
    )  # fmt: skip


def ticket_take(*, ticket: Ticket, actor: Any, now: datetime, version: int | None = None) -> Ticket:
    """Take an unassigned ticket that one sees; the door lets exactly one person win."""
    if not actor.has_perm("tickets.take"):
        raise NotPermitted()
    if ticket.assignee_id is not None:
        raise DomainError(_("Somebody already has this ticket."), "taken")
    with transaction.atomic():
        current = locked_ticket(ticket)
        if current.assignee_id is not None:
            raise DomainError(_("Somebody was faster and has this ticket now."), "taken")
        current = locked_ticket(ticket, version=version)
        refuse_unread(actor, current.kind, now)
        moved = _assign_as_system(current, actor, None, now)
        _record(moved.pk, "", rules.Choice(_as_candidate(actor, moved.team_id), "pulled"), now)
    return moved


def ticket_take_next(*, actor: Any, now: datetime) -> Ticket | None:
    """*Next for me*: the most urgent unassigned ticket of my teams or of none yet; two pulling never get one."""
    if not actor.has_perm("tickets.take"):
        raise NotPermitted()
    with transaction.atomic():
        blocked = rules_unread([actor], Kind.values, now).get(actor.pk, frozenset())
        mine = Ticket.objects.visible_to(actor).unassigned().filter(historic=False).exclude(kind__in=blocked)
        ticket = (
            mine.select_for_update(of=("self",), skip_locked=True)
            .filter(Q(team_id__in=actor.team_ids) | Q(team_id=None))
            .order_by("next_due_at", "id")
            .first()
        )
        if ticket is None and blocked:
            refuse_unread(actor, min(blocked), now)
        return ticket_take(ticket=ticket, actor=actor, now=now) if ticket else None


def _for(person: User) -> str:
    """In whose name the system acts, as the timeline tells it."""
    return f"user:{person.pk} {person}"[:80]


def _assign_as_system(ticket: Ticket, to: User, team_id: int | None, now: datetime) -> Ticket:
    """Pulling is not the right to assign others: the system performs the move, acting as the person who pulled."""
    system = system_user()
    if ticket.state == TicketState.NEW:
        ticket = moves.perform(ticket, "triage", actor=system, now=now)
    return moves.perform(ticket, "assign", actor=system, now=now, acting_as=_for(to), to=to, team_id=team_id)


def ticket_put_back(
    *, ticket: Ticket, actor: Any, now: datetime, reason: str, version: int | None = None
) -> Ticket:
    """Give a ticket back to the queue, with a reason; who has it at that moment may do so himself."""
    if not reason.strip():
        raise DomainError(_("Say why the ticket goes back."), "reason")
    with transaction.atomic():
        ticket = locked_ticket(ticket, version=version)
        own = ticket.assignee_id == actor.pk and actor.has_perm("tickets.work")
        by = {"actor": system_user(), "acting_as": _for(actor)} if own else {"actor": actor}
        return moves.perform(ticket, "unassign", now=now, reason=reason, **by)


def ticket_hand_over(
    *, ticket: Ticket, actor: Any, now: datetime, reason: str, version: int | None = None
) -> Ticket:
    """Pass the own ticket to the lead of its team, with a reason; the lead decides who goes on with it."""
    if not actor.has_perm("tickets.work"):
        raise NotPermitted()
    if not reason.strip():
        raise DomainError(_("Say why you hand the ticket over."), "reason")
    with transaction.atomic():
        ticket = locked_ticket(ticket, version=version)
        if ticket.assignee_id != actor.pk:
            raise NotPermitted()
        lead = _other_lead(ticket, actor)
        moved = moves.perform(
            ticket, "assign", actor=system_user(), now=now, reason=reason, acting_as=_for(actor), to=lead,
            team_id=None,
        )  # fmt: skip
        _record(moved.pk, "", rules.Choice(_as_candidate(lead, moved.team_id), "handed_over"), now)
    return moved


def _other_lead(ticket: Ticket, actor: Any) -> User:
    """The lead who takes over. Error: no_lead."""
    lead: User | None = ticket.team.lead if ticket.team else None
    if lead is None or lead.pk == actor.pk or not lead.is_active:
        raise DomainError(_("This team has no other lead who could take the ticket."), "no_lead")
    return lead


def route(ticket: Any, book: Sequence[DutyRoute]) -> str:
    """The duty that takes this ticket: the first route that matches; "" when none does."""
    for row in book:
        if (
            (not row.kinds or ticket.kind in row.kinds)
            and (not row.natures or ticket.nature in row.natures)
            and (not row.severities or ticket.severity in row.severities)
        ):
            return str(row.duty)
    return ""


def route_book() -> list[DutyRoute]:
    return list(DutyRoute.objects.in_force())


def ticket_dispatch(*, ticket: Ticket, now: datetime) -> DispatchRecord:
    """Dispatch one triaged ticket by rule; the record says who, who not, and why."""
    return dispatch_many(tickets=[ticket], now=now)[0]


def dispatch_many(*, tickets: Sequence[Ticket], now: datetime) -> list[DispatchRecord]:
    """Dispatch triaged tickets in their order; loads are counted once and kept up while choosing."""
    return _carry_out(_choose(tickets, now), now)


Chosen = tuple[Ticket, str, rules.Choice]


def _choose(tickets: Sequence[Ticket], now: datetime) -> list[Chosen]:
    book = route_book()
    pools: dict[str, list[rules.Candidate]] = {}
    loads = _Loads()
    choices: list[Chosen] = []
    for ticket in tickets:
        duty = route(ticket, book)
        if duty and duty not in pools:
            pools[duty] = _candidates(duty, now)
        choice = rules.choose(loads.with_current(pools.get(duty, [])))
        if choice.chosen:
            loads.add(choice.chosen.person_id, now)
        choices.append((ticket, duty, choice))
    return choices


class _Loads:
    """Open tickets per person, read once, counted on while this batch is dispatched."""

    def __init__(self) -> None:
        rows = (
            Ticket.objects.filter(state__in=OPEN_STATES, assignee__isnull=False)
            .values("assignee_id")
            .annotate(load=Count("id"), last=Max("assigned_at"))
        )
        self._load: dict[int, int] = defaultdict(int, {row["assignee_id"]: row["load"] for row in rows})
        self._last: dict[int, datetime | None] = {row["assignee_id"]: row["last"] for row in rows}

    def with_current(self, pool: Iterable[rules.Candidate]) -> list[rules.Candidate]:
        return [
            replace(one, load=self._load[one.person_id], last_assigned_at=self._last.get(one.person_id))
            for one in pool
        ]

    def add(self, person_id: int, now: datetime) -> None:
        self._load[person_id] += 1
        self._last[person_id] = now


def _candidates(duty: str, now: datetime) -> list[rules.Candidate]:
    return [
        rules.Candidate(
            person_id=found.person.pk, name=str(found.person), team_id=found.team.pk, load=0,
            capacity=found.capacity, on_shift=found.on_shift, away=bool(found.away_reason),
            next_shift_at=found.next_shift_at,
        )
        for found in people_on_duty(duty, now)
        if found.person.has_perm("tickets.work") and not found.is_lead
    ]  # fmt: skip


def _carry_out(choices: Sequence[Chosen], now: datetime) -> list[DispatchRecord]:
    """One bulk move per person and team; the records in one insert."""
    groups: dict[tuple[int, int | None], list[int]] = defaultdict(list)
    for ticket, _duty, choice in choices:
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
            _build(ticket.pk, duty, choice, now)
            for ticket, duty, choice in choices
            if ticket.pk in assigned or choice.chosen is None
        )


def _route_waiting(left: Sequence[Chosen], now: datetime) -> None:
    """Nobody free: the ticket still goes to the team with the duty, so that its queue shows it."""
    for ticket, duty, choice in left:
        teams = [one.team_id for one in choice.candidates if one.team_id]
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
    due = first_response_due([ticket.pk for ticket, _duty, _choice in left])
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
    """A ticket that lost its person or became graver while nobody has it: may it lie where it is?"""
    with transaction.atomic():
        ticket = Ticket.objects.select_for_update(of=("self",)).get(pk=ticket_id)
        if ticket.assignee_id is None and ticket.state == TicketState.TRIAGED and not ticket.historic:
            _call_for_help([one for one in _choose([ticket], now) if one[2].chosen is None], now)


def dispatch_sweep(*, now: datetime, limit: int = SWEEP_LIMIT) -> int:
    """Tickets nobody has yet: tried again whenever somebody is on duty. Returns how many found a person.

    First who is free, then the most urgent tickets of his duty: the tickets of a duty for which nobody is free stand
    in nobody's way, and leave no further record, because the first one says it already.
    """
    waiting = Ticket.objects.unassigned().filter(historic=False, state=TicketState.TRIAGED)
    if not waiting.exists():
        return 0
    book = route_book()
    waiting = waiting.alias(duty=_duty(book)).order_by("next_due_at", "id")
    found: list[Ticket] = []
    for duty, places in _free_places({row.duty for row in book}, now).items():
        found += waiting.filter(duty=duty)[: min(places, limit)]
    found.sort(key=lambda ticket: (ticket.next_due_at, ticket.pk))
    choices = [one for one in _choose(found[:limit], now) if one[2].chosen]
    return len(_carry_out(choices, now))


def _free_places(duties: Iterable[str], now: datetime) -> dict[str, int]:
    """How many tickets the people on duty may still take, by duty; duties without a free place are left out."""
    loads, places = _Loads(), {}
    for duty in sorted(duties):
        free = [one for one in loads.with_current(_candidates(duty, now)) if not rules.verdict(one)]
        if free:
            places[duty] = sum(one.capacity - one.load for one in free)
    return places


def _duty(book: Sequence[DutyRoute]) -> Case:
    """``route`` as PostgreSQL judges it."""
    fits = (When(_fits(row), then=Value(row.duty)) for row in book)
    return Case(*fits, default=Value(""), output_field=CharField())


def _fits(row: DutyRoute) -> Q:
    wanted = {"kind__in": row.kinds, "nature__in": row.natures, "severity__in": row.severities}
    return Q(pk__isnull=False, **{name: values for name, values in wanted.items() if values})


def _as_candidate(person: Any, team_id: int | None) -> rules.Candidate:
    return rules.Candidate(
        person_id=person.pk, name=str(person), team_id=team_id, load=0, capacity=person.capacity, on_shift=True,
        away=False,
    )  # fmt: skip


def _record(ticket_id: int, duty: str, choice: rules.Choice, now: datetime) -> DispatchRecord:
    record = _build(ticket_id, duty, choice, now)
    record.save(force_insert=True)
    return record


def _build(ticket_id: int, duty: str, choice: rules.Choice, now: datetime) -> DispatchRecord:
    return DispatchRecord(
        ticket_id=ticket_id, duty=duty, chosen_id=choice.chosen.person_id if choice.chosen else None,
        reason=choice.reason, candidates=[_told(one) for one in choice.candidates], at=now,
    )  # fmt: skip


def _told(one: rules.Candidate) -> Mapping[str, Any]:
    return {
        "person_id": one.person_id, "name": one.name, "load": one.load, "capacity": one.capacity,
        "on_shift": one.on_shift, "away": one.away, "verdict": one.verdict,
    }  # fmt: skip
