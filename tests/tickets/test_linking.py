"""Tickets that belong together: a parent waits for its children, nothing waits for itself."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.utils import translation

from accounts.states import Role
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.tickets import selectors, services
from aftersales.tickets.models import Ticket, TicketLink
from aftersales.tickets.selectors.merging import HERE, MAYBE, Bond, Bonds, bonds, open_children
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

    with pytest.raises(DomainError, match="请先处理完子工单"):
        resolve(parent)
    resolve(child)
    assert resolve(parent).state == "resolved"


def may_resolve(ticket: Ticket, now: datetime) -> bool:
    return not open_children([ticket], now).get(ticket.pk)


def solved(ticket: Ticket, desk: Cast, now: datetime) -> Ticket:
    return services.ticket_resolve(ticket=ticket, result="explained", text="好", actor=desk.agent, now=now)


def test_a_parent_waits_for_whatever_goes_on_for_its_child(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    """Merging the child into another ticket finishes none of its work."""
    parent, child, further, survivor = (open_ticket() for _n in range(4))
    link(parent, child, "parent", desk.agent, now)
    merged: dict[str, Any] = {"actor": desk.lead, "now": now, "reason": "同一件事"}
    services.ticket_merge(survivor=survivor, others=[child], **merged)
    with pytest.raises(DomainError, match="请先处理完子工单"):
        solved(parent, desk, now)
    # Merged on, and again the one that goes on counts, once for both
    services.ticket_merge(survivor=further, others=[survivor], **merged)
    link(parent, further, "parent", desk.agent, now)
    with translation.override("en"):
        words = [str(one) for one in open_children([parent], now)[parent.pk]]
    assert words == ["Finish its children first: 1 is not finished."]
    solved(further, desk, now)
    assert solved(parent, desk, now).state == "resolved"


def test_who_goes_on_for_a_parent_waits_for_its_children(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    """A parent is merged when its children are solved; one of them may be taken up again."""
    parent, child, survivor = (open_ticket() for _n in range(3))
    link(parent, child, "parent", desk.agent, now)
    child = solved(child, desk, now)
    services.ticket_merge(survivor=survivor, others=[parent], actor=desk.lead, now=now, reason="同一件事")
    child = services.ticket_move(ticket=child, name="reopen", actor=desk.lead, now=now, reason="没好")
    with pytest.raises(DomainError, match="请先处理完子工单"):
        solved(survivor, desk, now)
    solved(child, desk, now)
    assert solved(survivor, desk, now).state == "resolved"


def test_tickets_that_a_merge_would_make_wait_for_each_other_wait_for_nobody(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    grand, parent, child, aside = (open_ticket() for _n in range(4))
    link(grand, parent, "parent", desk.agent, now)
    link(parent, child, "parent", desk.agent, now)
    link(parent, aside, "parent", desk.agent, now)
    merged: dict[str, Any] = {"actor": desk.lead, "now": now, "reason": "同一件事"}
    services.ticket_merge(survivor=grand, others=[child], **merged)
    assert not may_resolve(grand, now)  # its own child is open
    assert not may_resolve(parent, now)  # for the other child, not for the ticket that waits for it
    solved(aside, desk, now)
    assert may_resolve(parent, now)
    # Into its own parent it is the parent's work
    services.ticket_merge(survivor=grand, others=[parent], **merged)
    assert may_resolve(grand, now)


def test_no_open_child_comes_back_under_a_parent_that_was_finished_meanwhile(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    parent, child, survivor = (open_ticket() for _n in range(3))
    bond = link(parent, child, "parent", desk.agent, now)
    services.ticket_merge(survivor=survivor, others=[child], actor=desk.lead, now=now, reason="同一件事")
    for ticket in (survivor, parent):
        solved(ticket, desk, now)

    def apart() -> Ticket:
        return services.ticket_unmerge(ticket=child, actor=desk.lead, now=now, reason="两件事")

    assert refused(apart) == "finished"
    services.ticket_unlink(link=bond, actor=desk.lead, now=now)
    assert apart().state == "assigned"


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


def told(ticket: Ticket, reader: Any) -> str:
    return "\n".join(entry.sentence for entry in selectors.timeline(ticket, reader=reader))


def test_the_timeline_names_another_ticket_only_to_whoever_may_see_it(
    open_ticket: Opener, desk: Cast, now: datetime, django_assert_max_num_queries: Any
) -> None:
    vendor = desk.person(Role.VENDOR_AGENT)
    team = desk.make_team("vendor", members=[vendor], vendor="外包")
    one, seen, hidden, part = (open_ticket() for _n in range(4))
    link(one, seen, "related", desk.lead, now)
    link(one, hidden, "parent", desk.lead, now)
    services.ticket_unlink(
        link=TicketLink.objects.get(other=hidden), actor=desk.lead, now=now, reason="不是同一件事"
    )
    services.ticket_merge(survivor=one, others=[part], actor=desk.lead, now=now, reason="同一问题")
    for row in (one, seen):
        services.ticket_assign(
            ticket=Ticket.objects.get(pk=row.pk), to=vendor, actor=desk.supervisor, now=now, team_id=team.pk
        )
    assert all(row.number in told(one, desk.supervisor) for row in (seen, hidden, part))

    text = told(one, vendor)
    assert seen.number in text
    assert hidden.number not in text
    assert part.number not in text
    for path in ("", "changes/"):
        page = desk.client(vendor).get(f"/desk/tickets/{one.number}/{path}").content.decode()
        assert hidden.number not in page
    with django_assert_max_num_queries(1):
        told(one, desk.supervisor)


def test_of_several_merged_tickets_those_that_may_be_seen_are_named(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    vendor = desk.person(Role.VENDOR_AGENT)
    into, one, two, three = (open_ticket() for _n in range(4))
    services.ticket_merge(
        survivor=into, others=[one, two, three], actor=desk.lead, now=now, reason="同一问题"
    )
    Ticket.objects.filter(pk=two.pk).update(owner=vendor)
    assert f"{two.number}, 2 other tickets" in english(lambda: told(into, vendor))
    event = Event.objects.get(kind="ticket.absorbed")
    assert all(row.number in event.payload["others"] for row in (one, two, three)), "what was recorded stays"


def english(call: Callable[[], str]) -> str:
    with translation.override("en"):
        return call()


def test_the_same_bonds_stand_in_the_same_order_however_they_are_read(now: datetime) -> None:
    """A union comes in any order; once two look-alikes changed places between two looks at one page."""

    def bond(what: str, pk: int, words: int = 0) -> Bond:
        return Bond(what, pk, f"TK{pk}", "耳机", "assigned", now, str(pk), [["words", words]], True)

    rows = [bond(MAYBE, 1, 56), bond(MAYBE, 2, 73), bond(MAYBE, 3, 73)]
    rows += [bond("related", 4), bond("child", 6), bond("child", 5), bond(HERE, 8), bond(HERE, 7)]
    for read in (rows, rows[::-1]):
        found = Bonds(read)
        assert [one.pk for one in found.maybe] == [2, 3, 1]
        assert [one.pk for one in found.links] == [5, 6, 4]
        assert [one.pk for one in found.here] == [7, 8]


def test_a_stale_save_names_no_ticket_that_the_person_may_not_see(
    open_ticket: Opener, desk: Cast, now: datetime, settings: Any
) -> None:
    """Nothing of few values changed, so the refusal tells what was recorded last: a link to somebody else's ticket."""
    settings.REQUIRE_SECOND_FACTOR = False
    vendor = desk.person(Role.VENDOR_AGENT)
    team = desk.make_team("vendor", members=[vendor], vendor="外包")
    one, hidden = open_ticket(), open_ticket()
    services.ticket_assign(ticket=one, to=vendor, actor=desk.supervisor, now=now, team_id=team.pk)
    services.ticket_start(ticket=Ticket.objects.get(pk=one.pk), actor=vendor, now=now)
    one.refresh_from_db()
    services.note_add(ticket=one, text="看看", actor=desk.lead, now=now)
    link(one, hidden, "related", desk.lead, now)
    last = Event.objects.filter(subject_kind="tickets.ticket", subject_id=one.pk).order_by("-id").first()
    assert last is not None
    assert last.kind == "ticket.linked"
    Ticket.objects.filter(pk=one.pk).update(version=one.version + 1)

    answer = desk.client(vendor).post(
        f"/desk/tickets/{one.number}/do/wait/",
        {"wait_for": "merchant", "until": "2099-01-01T00:00", "reason": "等", "version": one.version}, follow=True,
    )  # fmt: skip
    shown = answer.content.decode()
    toasts = shown.partition('class="toasts"')[2]
    assert "另一张工单" in toasts
    assert hidden.number not in shown
