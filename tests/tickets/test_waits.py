"""Waits for others: which answer is expected, which promises stop, and who goes on when it is over."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Away
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.customers.models import Customer
from aftersales.desk import day
from aftersales.notices.models import Notice
from aftersales.standards.models import StandardVersion
from aftersales.standards.selectors import book
from aftersales.tickets import consumers, services
from aftersales.tickets.models import Ticket, TicketWait
from aftersales.tickets.selectors.waits import clocks_by_wait
from aftersales.tickets.services import erasing
from aftersales.tickets.states import WaitFor
from tests.cast import Cast

Opener = Callable[..., Ticket]
Worker = Callable[[datetime], None]
HOUR = timedelta(hours=1)


def waiting(open_ticket: Opener, desk: Cast, now: datetime, **more: Any) -> Ticket:
    ticket = services.ticket_start(ticket=open_ticket(), actor=desk.agent, now=now)
    given = {
        "ticket": ticket, "wait_for": "carrier", "until": now + 2 * HOUR, "actor": desk.agent, "now": now,
        "reason": "等底单", "expects": "签收底单",
    }  # fmt: skip
    return services.ticket_wait(**given | more)


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def wake(ticket: Ticket, at: datetime, work_off: Worker) -> TicketWait:
    services.wake_sweep(now=at)
    work_off(at)
    return TicketWait.objects.get(ticket=ticket)


@pytest.mark.parametrize("whom", ["partner", "bank", "authority", "department"])
def test_a_ticket_waits_for_further_parties(
    open_ticket: Opener, desk: Cast, now: datetime, whom: str
) -> None:
    ticket = waiting(open_ticket, desk, now, wait_for=whom)
    assert (ticket.state, ticket.wait_for, TicketWait.objects.get().expects) == ("waiting", whom, "签收底单")


def test_woken_by_time_the_assignee_finds_it_in_his_day_with_why_until_he_answers(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: Worker
) -> None:
    ticket, at = waiting(open_ticket, desk, now), now + 2 * HOUR
    assert [line.why for line in day.read(desk.agent, now).waits] != []
    row = wake(ticket, at, work_off)
    assert (row.woken, row.woken_for, row.ended_at) == ("time", desk.agent, at)
    (line,) = day.read(desk.agent, at).woken
    assert "签收底单" in line.why
    assert Notice.objects.filter(source="work.woken", user_id=desk.agent.pk).count() == 1
    services.contact_attempt_record(
        ticket=fresh(ticket),
        channel="phone",
        reached=True,
        said="已收到底单",
        actor=desk.agent,
        now=at + HOUR,
    )
    assert day.read(desk.agent, at + HOUR).woken == []


def test_the_named_person_goes_on_and_a_second_telling_changes_nothing(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: Worker
) -> None:
    other = desk.person("agent")
    desk.join(desk.team, other)
    ticket = waiting(open_ticket, desk, now, next_person=other)
    row = wake(ticket, now + 2 * HOUR, work_off)
    assert (fresh(ticket).assignee, row.woken_for) == (other, other)
    assert [line.ticket for line in day.read(other, now + 2 * HOUR).woken] == [ticket]
    assert day.read(desk.agent, now + 2 * HOUR).woken == []
    consumers.wait_over(Event.objects.get(kind="ticket.resumed"), now + 3 * HOUR)
    assert TicketWait.objects.count() == 1
    assert Notice.objects.filter(source="work.woken").count() == 1


def test_a_named_person_who_left_leaves_it_to_the_assignee(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: Worker
) -> None:
    other = desk.person("agent")
    ticket = waiting(open_ticket, desk, now, next_person=other)
    type(other).objects.filter(pk=other.pk).update(is_active=False)
    row = wake(ticket, now + 2 * HOUR, work_off)
    assert (fresh(ticket).assignee, row.woken_for) == (desk.agent, desk.agent)


@pytest.mark.parametrize(
    ("why", "hours", "gets"),
    [("sick", None, False), ("leave", 3, False), ("leave", 1, True), ("break", 3, True)],
)
def test_a_named_person_who_is_not_there_then_leaves_it_to_the_assignee(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: Worker, why: str, hours: int | None, gets: bool
) -> None:
    other = desk.person("agent")
    ticket = waiting(open_ticket, desk, now, next_person=other)
    Away(person=other, starts_at=now, ends_at=hours and now + hours * HOUR, reason=why).save()
    row = wake(ticket, now + 2 * HOUR, work_off)
    assert fresh(ticket).assignee == row.woken_for == (other if gets else desk.agent)


def test_nobody_outside_goes_on_with_what_stays_with_own_staff(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: Worker, settings: Any
) -> None:
    """He is never named for it, and what grew grave during the wait does not come to him either."""
    settings.REQUIRE_SECOND_FACTOR = False
    outside = desk.vendor_agent
    desk.join(desk.team, outside)
    with pytest.raises(DomainError) as refused:
        waiting(lambda: open_ticket(kind="safety"), desk, now, next_person=outside)
    assert refused.value.code == "scope"
    plain = waiting(lambda: open_ticket(source_ref="2"), desk, now, next_person=outside)
    grown = waiting(lambda: open_ticket(source_ref="3"), desk, now, next_person=outside)

    def offered(ticket: Ticket) -> bool:
        more = desk.client(desk.agent).get(reverse("desk:wait_more", args=[ticket.number])).content.decode()
        assert f'value="{desk.lead.pk}"' in more
        return f'value="{outside.pk}"' in more

    assert offered(grown)
    Ticket.objects.filter(pk=grown.pk).update(nature="complaint", severity="critical")
    assert not offered(grown)
    services.wake_sweep(now=now + 2 * HOUR)
    work_off(now + 2 * HOUR)
    assert (fresh(plain).assignee, fresh(grown).assignee) == (outside, desk.agent)


def test_the_customers_word_wakes_it_and_who_goes_on_himself_is_not_told(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: Worker
) -> None:
    ticket = waiting(open_ticket, desk, now, wait_for="customer")
    services.customer_message(ticket=ticket, text="发您照片", actor=desk.agent, now=now + HOUR)
    work_off(now + HOUR)
    assert TicketWait.objects.get(ticket=ticket).woken == "event"
    again = waiting(open_ticket, desk, now)
    services.ticket_move(ticket=again, name="resume", actor=desk.agent, now=now + HOUR)
    work_off(now + HOUR)
    assert TicketWait.objects.get(ticket=again).woken == "person"
    assert Notice.objects.filter(source="work.woken").count() == 1


@pytest.mark.parametrize(
    ("more", "code"), [({"expects": "底" * 201}, "too_long"), ({"next_person": "inspector"}, "unfit")]
)
def test_bad_input_waits_for_nothing(
    open_ticket: Opener, desk: Cast, now: datetime, more: dict[str, Any], code: str
) -> None:
    if "next_person" in more:
        more = {"next_person": desk.inspector}
    with pytest.raises(DomainError) as refused:
        waiting(open_ticket, desk, now, **more)
    assert (refused.value.code, Ticket.objects.get().state, TicketWait.objects.count()) == (
        code,
        "in_progress",
        0,
    )


def test_which_promises_stop_for_whom_says_the_version_each_one_follows(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()

    def stopping(whom: str) -> set[str]:
        return set(clocks_by_wait(ticket)[WaitFor.values.index(whom)].stops)

    assert stopping("customer")
    assert stopping("customer") == stopping("scheduled")
    assert stopping("authority") == set()
    version = next(one for one in book().versions if "ticket.waiting?for=customer" in one.pauses_on)
    row = StandardVersion.objects.get(pk=version.pk)
    assert "ticket.waiting?for=authority" not in row.pauses_on


def test_the_dialog_the_card_and_the_filter_know_it(
    open_ticket: Opener, desk: Cast, now: datetime, settings: Any
) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    ticket = waiting(open_ticket, desk, now, wait_for="authority", next_person=desk.lead)
    client = desk.client(desk.agent)
    card = client.get(reverse("desk:appointments", args=[ticket.number])).content.decode()
    assert "签收底单" in card
    assert str(desk.lead) in card
    more = client.get(reverse("desk:wait_more", args=[ticket.number])).content.decode()
    assert f'value="{desk.lead.pk}"' in more
    listed = client.get(reverse("desk:queue"), {"view": "all", "wait_for": "authority"}).content.decode()
    assert ticket.number in listed
    listed = client.get(reverse("desk:queue"), {"view": "all", "wait_for": "bank"}).content.decode()
    assert ticket.number not in listed


def test_a_form_of_the_desk_keeps_what_is_expected_and_who_goes_on(
    open_ticket: Opener, desk: Cast, now: datetime, settings: Any
) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    ticket = services.ticket_start(ticket=open_ticket(), actor=desk.agent, now=now)
    desk.client(desk.agent).post(
        reverse("desk:act", args=[ticket.number, "wait"]),
        {
            "wait_for": "bank", "until": "2126-11-24T10:00", "reason": "等回单", "expects": "退款回单",
            "next_person": str(desk.lead.pk),
        },
    )  # fmt: skip
    assert not TicketWait.objects.exists(), "a century is no wait"


def test_erased_words_take_the_expected_answer_along(
    open_ticket: Opener, customer: Customer, desk: Cast, now: datetime
) -> None:
    waiting(open_ticket, desk, now)
    erasing.customer_forget(customer, actor=desk.privacy_officer, reason="客户要求", now=now)
    assert TicketWait.objects.get().expects == ""
