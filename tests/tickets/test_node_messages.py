"""Who is told what at which node: nobody learns from a message what he did himself."""

from collections.abc import Callable
from datetime import datetime, timedelta

from accounts.states import Role
from aftersales.notices.models import Notice
from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from tests.cast import Cast

Opener = Callable[..., Ticket]
HOUR = timedelta(hours=1)


def told(person_id: int) -> list[str]:
    return list(Notice.objects.filter(user_id=person_id).values_list("source", flat=True))


def test_who_takes_a_ticket_is_not_told_that_he_has_it(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: Callable[[datetime], None]
) -> None:
    """The system assigns it in his name, "user:14 Name": only the key says who that is."""
    ticket = open_ticket(at=now - 5 * HOUR)
    assert ticket.assignee is None
    colleague = desk.person(Role.AGENT, name="李 浩")
    desk.join(desk.team, colleague)

    services.ticket_take(ticket=ticket, actor=colleague, now=now)
    work_off(now)

    assert told(colleague.pk) == []


def test_the_lead_is_told_of_a_ticket_that_is_handed_to_him(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: Callable[[datetime], None]
) -> None:
    ticket = services.ticket_start(ticket=open_ticket(), actor=desk.agent, now=now)
    work_off(now)
    before = told(desk.agent.pk)

    services.ticket_hand_over(ticket=ticket, actor=desk.agent, now=now + HOUR, reason="需要组长定")
    work_off(now + HOUR)

    assert set(told(desk.lead.pk)) == {"work.assigned"}
    assert told(desk.agent.pk) == before
