"""Last week again: the active weights give every choice again, a draft changes figures; activated it acts the same."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.states import Role
from aftersales.customers.models import Customer
from aftersales.standards import services as standards
from aftersales.standards.models import Parameter
from aftersales.tickets import dispatch_rules as rules
from aftersales.tickets import services, simulation
from aftersales.tickets.models import DispatchRecord, Ticket
from aftersales.tickets.selectors import dispatching, replaying
from tests.cast import Cast

HOUR = timedelta(hours=1)


@pytest.fixture
def lived(open_ticket: Callable[..., Ticket], desk: Cast, now: datetime) -> datetime:
    """Some hours of a department: customers who come again, tickets that end, several severities. Answers the end."""
    dice = random.Random(11)  # noqa: S311
    for n in range(4):
        person = desk.person(Role.AGENT, name=f"座席{n}", capacity=8)
        desk.join(desk.team, person)
        desk.shift(person, hours_before=2 + n % 2, hours_after=6 + n)
    people = [Customer(code=f"W-{n}", languages=["zh-hans"], customer_class=dice.choice(["general", "key"]))
              for n in range(6)]  # fmt: skip
    for one in people:
        one.save()
    moment = now
    for _n in range(30):
        moment += timedelta(minutes=dice.randrange(1, 15))
        severity = dice.choice(["minor", "minor", "major", "critical"])
        ticket = open_ticket(at=moment, customer_id=dice.choice(people).pk, severity=severity)
        if ticket.assignee and dice.random() < 0.4:
            services.ticket_resolve(
                ticket=ticket, result="explained", text="好了", actor=ticket.assignee, now=moment
            )
    return moment + HOUR


def replay(
    now: datetime, until: datetime, weights: rules.Weights | None = None, **how: Any
) -> simulation.Result:
    week = replaying.week(now, until)
    return simulation.play(week, weights or dispatching.weights_at(until), dispatching.terms_at(until), **how)


def test_the_active_weights_reproduce_every_recorded_choice(lived: datetime, now: datetime) -> None:
    with CaptureQueriesContext(connection) as asked:
        found = replay(now, lived)

    scored = DispatchRecord.objects.filter(reason="scored")
    assert found.tickets == scored.count() > 20
    real = {f"{row.ticket.number}#{row.pk}": row.chosen_id for row in scored.select_related("ticket")}
    assert found.choices == real
    assert (found.moved, found.unserved, found.diffs) == (0, 0, [])
    assert (found.wait_real, found.known_real) == (found.wait_played, found.known_played)
    assert not [one for one in asked.captured_queries if one["sql"].split()[0] != "SELECT"]


def test_a_draft_weight_changes_the_figures_and_activated_it_chooses_the_same(
    lived: datetime, now: datetime, desk: Cast, open_ticket: Callable[..., Ticket]
) -> None:
    value = [
        one for one in rules.value_of(dispatching.weights_at(lived)) if not one.startswith(("known", "load="))
    ]
    value += ["known=0", "load=90"]
    draft = rules.weights_of(value, 99)
    assert replay(now, lived, draft).moved > 0

    row = standards.parameter_draft(
        parameter=Parameter.objects.get(code="dispatch_weights"),
        actor=desk.operations,
        now=lived,
        value=value,
    )
    standards.rule_activate(draft=row, actor=desk.supervisor, now=lived)
    customer = Customer.objects.get(code="W-0")
    ticket = open_ticket(at=lived + HOUR / 60, customer_id=customer.pk)
    record = DispatchRecord.objects.filter(ticket=ticket).latest("pk")
    assert record.weights_version == row.number
    week = replaying.week(lived, lived + HOUR)
    assert [one.chosen for one in week] == [ticket.assignee_id]
    found = simulation.play(week, draft, dispatching.terms_at(lived))
    assert list(found.choices.values()) == [ticket.assignee_id]


def test_without_a_person_his_tickets_go_to_others_or_wait(
    lived: datetime, now: datetime, desk: Cast
) -> None:
    everybody = {one.person_id for past in replaying.week(now, lived) for one in past.people}
    busiest = DispatchRecord.objects.filter(reason="scored").values_list("chosen_id", flat=True)[0]

    found, nobody = replay(now, lived, without=[busiest]), replay(now, lived, without=everybody)

    assert found.people[busiest].played == 0
    assert sum(one.played for one in found.people.values()) + found.unserved == found.tickets
    assert (nobody.unserved, nobody.wait_played) == (nobody.tickets, 0)


def test_a_record_read_back_is_judged_as_it_was(lived: datetime, now: datetime) -> None:
    weights, terms = dispatching.weights_at(lived), dispatching.terms_at(lived)
    for past, row in zip(
        replaying.week(now, lived), DispatchRecord.objects.filter(reason="scored").order_by("at", "id"), strict=True
    ):  # fmt: skip
        again = rules.choose(past.people, past.asked, weights, terms)
        assert [one.verdict for one in again.candidates] == [one["verdict"] for one in row.candidates]
        assert [list(one.parts) for one in again.candidates] == [
            one.get("parts", []) for one in row.candidates
        ]
