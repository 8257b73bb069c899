"""Whoever may not see a ticket sees none of its clocks either, in no list and under no address."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.urls import reverse

from accounts.states import Role
from aftersales.clocks.models import Clock
from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from tests.cast import Cast

Opener = Callable[..., Ticket]
SEES_ALL = {
    *(Role.LEAD, Role.SUPERVISOR, Role.OPERATIONS, Role.AUDITOR, Role.INSPECTOR, Role.RISK, Role.ADJUDICATOR),
    *(Role.PRIVACY_OFFICER, Role.AUTHORITY_DESK, Role.MERCHANT_MANAGER),
}


@pytest.fixture
def tickets(open_ticket: Opener, desk: Cast, now: datetime) -> dict[str, Ticket]:
    """One ticket of the house's own agent, one of the vendor's."""
    agent, lead = desk.vendor_agent, desk.vendor_lead
    vendor = desk.make_team("vendor", lead=lead, members=[agent, lead], vendor="V")
    theirs = services.ticket_assign(
        ticket=open_ticket(subject="供应商的工单"), to=agent, actor=desk.lead, now=now, team_id=vendor.pk
    )
    return {"ours": open_ticket(subject="自家的工单"), "theirs": theirs}


def seen(user: Any, tickets: dict[str, Ticket]) -> set[str]:
    """Whose clocks this person finds; nobody finds clocks of anything else."""
    numbers = {ticket.pk: name for name, ticket in tickets.items()}
    found = Clock.objects.visible_to(user)
    return {numbers[pk] for pk in found.values_list("subject_id", flat=True)}


@pytest.mark.parametrize("role", Role)
def test_clocks_are_seen_row_by_row_like_their_tickets(
    role: Role, tickets: dict[str, Ticket], desk: Cast
) -> None:
    assert {ticket.pk for ticket in tickets.values()} == set(
        Clock.objects.values_list("subject_id", flat=True)
    )
    expected: set[str] = set()
    if role in SEES_ALL or role in (Role.SYSTEM, Role.AGENT):  # the agent was the first contact of both
        expected = {"ours", "theirs"}
    elif role in (Role.VENDOR_AGENT, Role.VENDOR_LEAD):
        expected = {"theirs"}
    assert seen(desk.of(role), tickets) == expected


def test_a_colleague_of_another_team_sees_neither(tickets: dict[str, Ticket], desk: Cast) -> None:
    assert seen(desk.person(Role.AGENT), tickets) == set()


def test_a_clock_of_something_nobody_gave_a_scope_for_is_seen_by_nobody(
    tickets: dict[str, Ticket], desk: Cast
) -> None:
    Clock.objects.update(subject_kind="somewhere.else")
    assert not Clock.objects.visible_to(desk.auditor).exists()


def test_the_register_shows_a_vendor_no_clock_and_no_name_of_ours(
    tickets: dict[str, Ticket], desk: Cast, settings: Any
) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    client = desk.client(Role.VENDOR_AGENT)
    register = reverse("admin:clocks_clock_changelist")
    ours = Clock.objects.filter(subject_id=tickets["ours"].pk)[0]
    theirs = Clock.objects.filter(subject_id=tickets["theirs"].pk)[0]

    assert desk.agent.display_name not in client.get(register).content.decode()
    assert client.get(reverse("admin:clocks_clock_change", args=[ours.pk])).status_code == 404
    assert client.get(reverse("admin:clocks_clock_change", args=[theirs.pk])).status_code == 200
