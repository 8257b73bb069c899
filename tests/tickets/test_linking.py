"""Tickets that belong together: a parent waits for its children, nothing waits for itself."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.tickets import services
from aftersales.tickets.models import Ticket, TicketLink
from aftersales.tickets.selectors.merging import bonds
from tests.cast import Cast

Opener = Callable[..., Ticket]


def link(one: Ticket, two: Ticket, kind: str, by: Any, at: datetime) -> TicketLink:
    return services.tickets_link(ticket=one, other=two, kind=kind, actor=by, now=at)


def refused(call: Callable[[], Any]) -> str:
    with pytest.raises(DomainError) as error:
        call()
    return error.value.code


def test_a_parent_is_not_resolved_before_its_children(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    parent, child = open_ticket(), open_ticket()
    link(parent, child, "parent", desk.agent, now)

    def resolve(ticket: Ticket) -> Ticket:
        return services.ticket_resolve(
            ticket=ticket, result="explained", text="好", actor=desk.agent, now=now
        )

    with pytest.raises(DomainError, match=child.number):
        resolve(parent)
    resolve(child)
    assert resolve(parent).state == "resolved"


def test_related_tickets_wait_for_nobody(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    one, two = open_ticket(), open_ticket()
    link(two, one, "related", desk.agent, now)
    services.ticket_resolve(ticket=one, result="explained", text="好", actor=desk.agent, now=now)
    told = Event.objects.filter(kind="ticket.linked").values_list("subject_id", "payload__kind")
    assert set(told) == {(one.pk, "related"), (two.pk, "related")}


def test_nothing_is_its_own_forefather(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    a, b, c = (open_ticket() for _n in range(3))
    link(a, b, "parent", desk.agent, now)
    link(b, c, "parent", desk.agent, now)
    assert refused(lambda: link(c, a, "parent", desk.agent, now)) == "cycle"
    assert refused(lambda: link(a, a, "parent", desk.agent, now)) == "itself"
    assert refused(lambda: link(b, a, "parent", desk.agent, now)) == "linked"
    assert refused(lambda: link(a, b, "related", desk.agent, now)) == "linked"
    assert refused(lambda: link(a, c, "friend", desk.agent, now)) == "kind"
    assert TicketLink.objects.count() == 2


def test_the_same_link_twice_is_one_and_taken_away_it_holds_nobody(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    parent, child = open_ticket(), open_ticket()
    made = {link(parent, child, "parent", desk.agent, now).pk for _twice in range(2)}
    assert len(made) == 1
    for _twice in range(2):
        services.ticket_unlink(link=TicketLink.objects.get(), actor=desk.agent, now=now)
    assert Event.objects.filter(kind="ticket.unlinked").count() == 2
    services.ticket_resolve(ticket=parent, result="explained", text="好", actor=desk.agent, now=now)


def test_links_to_tickets_one_may_not_see_are_counted_not_named(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    one, seen, hidden = open_ticket(), open_ticket(), open_ticket(subject="别组的事")
    link(one, seen, "related", desk.agent, now)
    link(one, hidden, "related", desk.agent, now)
    Ticket.objects.filter(pk=hidden.pk).update(assignee=desk.lead, team=None, owner=None)
    found = bonds(one, desk.agent)
    assert [bond.number for bond in found.links] == [seen.number]
    assert found.hidden == 1
    assert bonds(one, desk.supervisor).hidden == 0


def test_no_open_child_is_put_under_a_finished_parent(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    parent, child = open_ticket(), open_ticket()
    services.ticket_resolve(ticket=parent, result="explained", text="好", actor=desk.agent, now=now)
    assert refused(lambda: link(parent, child, "parent", desk.agent, now)) == "finished"
    link(parent, child, "related", desk.agent, now)
