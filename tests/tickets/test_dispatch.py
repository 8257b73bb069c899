"""Who gets a ticket, and why: duty, shift, absence, capacity, load; pulled, given, put back."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Away
from accounts.states import AwayReason, Role
from aftersales.core import events
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Event
from aftersales.tickets import dispatch_rules, selectors, services
from aftersales.tickets.models import DispatchRecord, Ticket
from aftersales.tickets.selectors import routing
from aftersales.tickets.services.intake import TicketDraft
from aftersales.tickets.states import Kind, Nature, Severity
from tests.cast import Cast

Opener = Callable[..., Ticket]
HOUR = timedelta(hours=1)


def test_nobody_on_shift_leaves_it_with_the_team_and_says_why(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    night = now + timedelta(hours=12)

    ticket = open_ticket(at=night)

    assert (ticket.state, ticket.assignee, ticket.team) == ("triaged", None, desk.team)
    record = DispatchRecord.objects.get(ticket=ticket)
    assert (record.chosen, record.reason) == (None, "nobody_on_shift")
    assert [one["verdict"] for one in record.candidates] == ["off_shift"]


def test_the_unassigned_are_swept_when_somebody_comes_on_duty(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    night = now + timedelta(hours=12)
    tickets = [open_ticket(at=night) for _ in range(3)]
    late = desk.person(Role.AGENT, name="夜班")
    desk.join(desk.team, late)
    assert services.dispatch_sweep(now=night) == 0

    desk.shift(late, hours_before=-11, hours_after=20)
    assert services.dispatch_sweep(now=night) == 3

    assert set(Ticket.objects.filter(pk__in=[t.pk for t in tickets]).values_list("assignee", flat=True)) == {
        late.pk
    }


def test_away_and_full_people_are_passed_over_and_the_least_loaded_wins(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    away, full, free = (desk.person(Role.AGENT, name=name) for name in ("请假", "满负荷", "空闲"))
    for person in (away, full, free):
        desk.join(desk.team, person)
        desk.shift(person)
    Away(
        person=away,
        reason=AwayReason.SICK,
        starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=3),
    ).save()
    full.capacity = 0
    full.save()
    open_ticket()  # the agent has one now

    ticket = open_ticket(customer_id=None)  # somebody nobody knows yet

    assert ticket.assignee == free
    told = {one["name"]: one["verdict"] for one in DispatchRecord.objects.get(ticket=ticket).candidates}
    assert (told["请假"], told["满负荷"], told["空闲"]) == ("away", "full", "")


def test_the_same_candidates_give_the_same_choice() -> None:
    crowd = [
        dispatch_rules.Candidate(number, str(number), 1, load=2, capacity=10, on_shift=True, away=False)
        for number in (3, 1, 2)
    ]
    chosen = dispatch_rules.choose(crowd).chosen
    assert chosen is not None
    assert chosen.person_id == 1
    assert dispatch_rules.choose([]).reason == "nobody_has_duty"


def test_pulling_gives_the_most_urgent_and_keeps_the_why(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    night = now + timedelta(hours=12)
    open_ticket(at=night)
    urgent = open_ticket(at=night, subject="充电器冒烟")

    taken = services.ticket_take_next(actor=desk.agent, now=night)

    assert taken is not None
    assert (taken.pk, taken.assignee, taken.state) == (urgent.pk, desk.agent, "assigned")
    assert DispatchRecord.objects.filter(ticket=urgent).latest("pk").reason == "pulled"
    with pytest.raises(DomainError):
        services.ticket_take(ticket=taken, actor=desk.lead, now=night)


def test_only_a_lead_gives_work_to_others_and_the_first_contact_stays_responsible(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket, other = open_ticket(), desk.person(Role.AGENT, name="接手人")
    with pytest.raises(NotPermitted):
        services.ticket_assign(ticket=ticket, to=other, actor=desk.agent, now=now, reason="忙")

    moved = services.ticket_assign(ticket=ticket, to=other, actor=desk.lead, now=now, reason="专长")

    assert (moved.assignee, moved.owner) == (other, desk.agent)
    event = Event.objects.filter(kind="ticket.assigned", subject_id=ticket.pk).latest("pk")
    assert selectors.holders(selectors.timeline(moved)) == [str(desk.agent), "接手人"]
    assert (event.payload["from_id"], event.payload["to_name"], event.reason) == (
        desk.agent.pk,
        "接手人",
        "专长",
    )


def test_work_never_goes_to_somebody_who_may_not_do_it(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket, auditor = open_ticket(), desk.auditor
    with pytest.raises(DomainError):
        services.ticket_assign(ticket=ticket, to=auditor, actor=desk.lead, now=now)


def test_putting_back_needs_a_reason_and_frees_the_ticket(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    with pytest.raises(DomainError):
        services.ticket_put_back(ticket=ticket, actor=desk.agent, now=now, reason=" ")

    back = services.ticket_put_back(ticket=ticket, actor=desk.agent, now=now, reason="不是我的专长")

    assert (back.state, back.assignee) == ("triaged", None)


def test_next_for_me_also_gives_what_no_team_has_yet(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    night = now + timedelta(hours=12)
    ticket = open_ticket(at=night)
    Ticket.objects.filter(pk=ticket.pk).update(team=None)

    taken = services.ticket_take_next(actor=desk.agent, now=night)

    assert taken is not None
    assert taken.pk == ticket.pk


def test_an_agent_hands_a_begun_ticket_to_the_lead_and_the_timeline_names_the_agent(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    services.ticket_start(ticket=ticket, actor=ticket.assignee, now=now)
    agent = Ticket.objects.get(pk=ticket.pk).assignee
    assert agent is not None
    with pytest.raises(DomainError):
        services.ticket_hand_over(ticket=ticket, actor=agent, now=now, reason=" ")

    moved = services.ticket_hand_over(ticket=ticket, actor=agent, now=now, reason="需要授权")

    assert moved.team is not None
    assert (moved.assignee, moved.state) == (moved.team.lead, "assigned")
    event = Event.objects.filter(kind="ticket.assigned", subject_id=ticket.pk).latest("pk")
    assert events.sentence(event).startswith(str(agent))
    assert DispatchRecord.objects.filter(ticket=ticket).latest("pk").reason == "handed_over"


def test_many_given_by_hand_leave_the_same_record_as_one(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ids = [open_ticket().pk for _ in range(3)]
    other = desk.person(Role.AGENT, name="接手人")

    outcome = services.tickets_assign(
        tickets=Ticket.objects.filter(pk__in=ids), to=other, actor=desk.lead, now=now, reason="均衡"
    )

    assert len(outcome.done) == 3
    assert DispatchRecord.objects.filter(chosen=other, reason="by_hand").count() == 3
    with pytest.raises(DomainError):
        services.tickets_assign(
            tickets=Ticket.objects.filter(pk__in=ids), to=desk.auditor, actor=desk.lead, now=now
        )


def test_tickets_nobody_can_take_stand_in_nobodys_way(cast: Cast, customer: Any, now: datetime) -> None:
    """Three more urgent parcels wait for a team that is off duty; the repair still finds its person."""
    carrier, mender = cast.person(Role.AGENT, name="物流"), cast.person(Role.AGENT, name="维修")
    cast.make_team("L", lead=cast.lead, duties=["logistics"], members=[carrier])
    cast.make_team("R", lead=cast.lead, duties=["repair"], members=[mender])
    told: dict[str, Any] = {"source": "x", "source_ref": "", "subject": "坏", "text": "坏", "channel": "web"}
    for at, kind in [(now, "logistics")] * 3 + [(now + HOUR, "repair")]:
        draft = TicketDraft(opened_at=at, kind=kind, **told)
        services.ticket_open(draft=draft, actor=cast.lead, now=at)
    cast.shift(mender)

    assert services.dispatch_sweep(now=now + 2 * HOUR, limit=3) == 1

    assert Ticket.objects.get(kind="repair").assignee == mender
    assert DispatchRecord.objects.count() == 5  # nobody writes again that nobody is free


def test_a_sweep_gives_no_more_than_people_can_take_and_says_so_once(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    night = now + timedelta(hours=12)
    for _n in range(4):
        open_ticket(at=night)
    late = desk.person(Role.AGENT, name="夜班")
    late.capacity = 2
    late.save()
    desk.join(desk.team, late)
    desk.shift(late, hours_before=-11, hours_after=20)
    before = DispatchRecord.objects.count()

    assert [services.dispatch_sweep(now=night) for _twice in range(2)] == [2, 0]

    assert DispatchRecord.objects.count() == before + 2


def test_postgresql_finds_the_same_duty_as_the_book(open_ticket: Opener, desk: Cast) -> None:
    tickets = [
        open_ticket(kind=kind, severity=severity, nature=nature)
        for kind in Kind.values
        for severity in Severity.values[::2]
        for nature in Nature.values[:3:2]
    ]
    book = routing.route_book()
    found = dict(Ticket.objects.annotate(duty=routing.duty_of(book)).values_list("pk", "duty"))
    assert found == {ticket.pk: routing.route(ticket, book) for ticket in tickets}
    assert len(set(found.values())) > 3
