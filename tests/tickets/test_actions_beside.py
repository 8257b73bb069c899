"""Watchers and teams as steps of macros, bulk acts and rules: who left, who may not look, what has begun."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from accounts.services import system_user
from accounts.states import Role
from aftersales.core.errors import DomainError
from aftersales.tickets import services
from aftersales.tickets.actions import Step, carry_out, engine
from aftersales.tickets.models import Ticket, Watcher
from aftersales.tickets.states import TicketState
from tests.cast import Cast

Opener = Callable[..., Ticket]
pytestmark = pytest.mark.django_db


def judged(step: Step, ticket: Ticket, actor: Any, now: datetime) -> list[str]:
    told = engine.foresee([step], [ticket], actor=actor, now=now)
    return [why.code for why in engine.refusals(told[ticket.pk])]


def test_a_rule_lets_a_colleague_follow_and_takes_him_off_again(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket, system = open_ticket(), system_user()
    carry_out([Step("watch", {"to": desk.lead.pk})], ticket, actor=system, now=now)
    assert Watcher.objects.get(ticket=ticket).person == desk.lead
    assert judged(Step("watch", {"to": desk.lead.pk}), ticket, system, now) == ["already"]
    carry_out([Step("unwatch", {"to": desk.lead.pk})], ticket, actor=system, now=now)
    assert not Watcher.objects.exists()
    assert judged(Step("unwatch", {"to": desk.lead.pk}), ticket, system, now) == ["not_watching"]


def test_who_left_or_may_not_look_is_told_of_nothing(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    ticket, left, outsider = open_ticket(), desk.person(Role.AGENT), desk.person(Role.VENDOR_AGENT)
    left.is_active = False
    left.save()
    for person, code in ((left, "gone_person"), (outsider, "no_access")):
        step = Step("watch", {"to": person.pk})
        assert judged(step, ticket, system_user(), now) == [code]
        with pytest.raises(DomainError) as refused:
            carry_out([step], ticket, actor=system_user(), now=now)
        assert refused.value.code in (code, "refused")
    assert not Watcher.objects.exists()


def test_who_left_can_still_be_taken_off(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    ticket, left = open_ticket(), desk.person(Role.LEAD)
    Watcher.objects.create(ticket=ticket, person=left, since=now)
    left.is_active = False
    left.save()
    carry_out([Step("unwatch", {"to": left.pk})], ticket, actor=system_user(), now=now)
    assert not Watcher.objects.exists()


def test_an_unbegun_ticket_goes_to_another_team_and_leaves_its_person(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket, other = open_ticket(), desk.make_team("other")
    carry_out([Step("to_team", {"team": other.pk, "reason": "归别组"})], ticket, actor=desk.lead, now=now)
    moved = Ticket.objects.get(pk=ticket.pk)
    assert (moved.team, moved.assignee, moved.state) == (other, None, TicketState.TRIAGED)


def test_a_closed_team_the_same_team_and_begun_work_are_refused(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket, closed = open_ticket(), desk.make_team("closed")
    closed.active_to = now
    closed.save()
    other = desk.make_team("other")
    cases = [(closed.pk, "closed_team"), (ticket.team_id, "already"), (999_999, "team")]
    for key, code in cases:
        step = Step("to_team", {"team": key, "reason": "归别组"})
        assert judged(step, ticket, desk.lead, now) == [code]
    begun = services.ticket_start(ticket=ticket, actor=desk.agent, now=now)
    assert "begun" in judged(Step("to_team", {"team": other.pk, "reason": "x"}), begun, desk.lead, now)
    assert "not_permitted" in judged(
        Step("to_team", {"team": other.pk, "reason": "x"}), begun, desk.agent, now
    )
