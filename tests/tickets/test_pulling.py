"""Who takes a ticket himself obeys what dispatch obeys, one by one and many at once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.qualifications import Qualification
from aftersales.core.errors import DomainError, Refused
from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from aftersales.tickets.selectors.pulling import not_offered
from aftersales.tickets.services.bulk import tickets_take
from tests.cast import Cast
from tests.tickets.test_reading import GRACE, changed
from tests.tickets.test_scored_dispatch import required

__all__ = ["required"]

Opener = Callable[..., Ticket]
NIGHT = timedelta(hours=12)


def test_many_at_once_wait_for_the_rule_to_be_read_too(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    changed(desk, now)
    late = now + GRACE + NIGHT
    free = open_ticket(at=late)
    outcome = tickets_take(tickets=Ticket.objects.filter(pk=free.pk), actor=desk.agent, now=late)
    assert [pk for pk, _why in outcome.refused] == [free.pk]
    assert Ticket.objects.get(pk=free.pk).assignee is None


def test_a_vendor_takes_nothing_that_stays_with_own_staff(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    boss = desk.vendor_agent
    team = desk.make_team("outside", members=[boss], vendor="某服务商")
    late = now + NIGHT
    grave, plain = open_ticket(at=late, kind="safety"), open_ticket(at=late)
    Ticket.objects.filter(pk__in=[grave.pk, plain.pk]).update(team=team, assignee=None, state="triaged")
    with pytest.raises(Refused) as refused:
        services.ticket_take(ticket=Ticket.objects.get(pk=grave.pk), actor=boss, now=late)
    assert refused.value.refusals[0].code == "scope"
    outcome = tickets_take(tickets=Ticket.objects.filter(pk=grave.pk), actor=boss, now=late)
    assert [pk for pk, _why in outcome.refused] == [grave.pk]
    assert services.ticket_take_next(actor=boss, now=late) == plain
    assert services.ticket_take_next(actor=boss, now=late) is None


def test_what_was_cancelled_is_taken_up_again_by_a_lead_only(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    """Its clocks ended with it: cancelling and reopening would give whoever does both his time anew."""
    ticket = open_ticket()
    by: dict[str, Any] = {"now": now + timedelta(minutes=5), "reason": "客户说不用了"}
    ticket = services.ticket_cancel(ticket=ticket, why="withdrawn", actor=desk.agent, **by)
    with pytest.raises(DomainError, match="组长"):
        services.ticket_move(ticket=ticket, name="reopen", actor=desk.agent, **by)
    again = services.ticket_move(ticket=ticket, name="reopen", actor=desk.lead, **by)
    assert again.state == "in_progress"


def test_of_two_who_answer_at_one_moment_the_second_reads_the_first(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    from aftersales.tickets.services.unsent import Seen, reply_hold

    ticket = services.ticket_start(ticket=open_ticket(), actor=desk.agent, now=now)
    stood = Seen(said=max(ticket.messages.values_list("pk", flat=True)), held=0)
    common: dict[str, Any] = {"ticket": ticket, "voice": "customer", "now": now, "seen": stood}
    reply_hold(text="您好，马上为您处理。", actor=desk.agent, source_ref="a", **common)
    with pytest.raises(DomainError) as overtaken:
        reply_hold(text="您好，我来处理。", actor=desk.lead, source_ref="b", **common)
    assert overtaken.value.code == "overtaken"


def test_nobody_is_taken_off_a_ticket_by_a_colleague(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    from aftersales.tickets.services.watching import watcher_add, watcher_remove

    ticket = open_ticket()
    watcher_add(ticket=ticket, person=desk.lead, actor=desk.agent, now=now)
    with pytest.raises(DomainError) as refused:
        watcher_remove(ticket=ticket, person=desk.lead, actor=desk.agent)
    assert refused.value.code == "not_yours"
    watcher_remove(ticket=ticket, person=desk.lead, actor=desk.lead)


def test_pulling_asks_the_certificate_that_dispatch_asks_with_its_words(
    open_ticket: Opener, desk: Cast, now: datetime, required: dict[int, Qualification]
) -> None:
    late = now + NIGHT
    rows = [open_ticket(at=late) for _n in range(3)]
    Ticket.objects.filter(pk__in=[row.pk for row in rows]).update(assignee=None, state="triaged")
    required[desk.agent.pk] = Qualification(valid=False, certificate="售后上岗证")
    first = Ticket.objects.get(pk=rows[0].pk)
    for act in (
        lambda: services.ticket_take(ticket=first, actor=desk.agent, now=late),
        lambda: services.ticket_take_next(actor=desk.agent, now=late),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert [one.code for one in refused.value.refusals] == ["certificate"]
        assert "售后上岗证" in str(refused.value.refusals[0].message)
    free = Ticket.objects.filter(assignee=None)
    assert len(tickets_take(tickets=free, actor=desk.agent, now=late).refused) == 3
    # And no list offers what would be refused, in as many statements for one row as for three
    keys = [row.pk for row in rows]
    counts = []
    for some in (keys[:1], keys):
        with CaptureQueriesContext(connection) as asked:
            assert not_offered(some, desk.agent, late) == set(some)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 4
    # But whoever holds it takes it
    assert not_offered(keys, desk.lead, late) == set()
    required[desk.agent.pk] = Qualification(certificate="售后上岗证", tier=300)
    assert services.ticket_take_next(actor=desk.agent, now=late) is not None
