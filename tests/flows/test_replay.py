"""Deliveries and clocks follow from the events: thrown away and replayed, every page is the same."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from difflib import unified_diff
from typing import Any

import pytest
import time_machine

from accounts.services import system_user
from aftersales.clocks import services as clocks
from aftersales.clocks.models import Clock
from aftersales.core import deliveries
from aftersales.core.models import Delivery, Event, Job
from aftersales.customers.models import Contact, Customer
from aftersales.notices.models import Notice
from aftersales.tickets import services
from aftersales.tickets.models import ArchiveRecord, Ticket, TicketText
from aftersales.tickets.states import NO_DUE
from tests.architecture.writes import watched
from tests.cast import Cast

Opener = Callable[..., Ticket]
HOUR = timedelta(hours=1)
CHANGING = re.compile(r'name="(csrfmiddlewaretoken|form_key)" value="[^"]+"|nonce="[^"]+"|data-csrf="[^"]+"')


@pytest.fixture
def worked(
    open_ticket: Opener, desk: Cast, customer: Customer, now: datetime, work_off: Callable[[datetime], None]
) -> list[Ticket]:
    """Tickets in several states, one of them handed over, one reopened, one late."""
    Contact.objects.create(customer=customer, kind="email", value="linfang@example.com")
    other = desk.person("agent", username="second", name="吴越")
    desk.join(desk.team, other)
    desk.shift(other)
    found = [open_ticket(subject=f"第{number}件") for number in range(6)]
    work_off(now)
    fresh = Ticket.objects.order_by("pk")
    steps = (_handed_over(other), _waiting, _reopened, _left_alone, _archived, _called_off)
    for hour, step in enumerate(steps, start=1):
        step(fresh[hour - 1], desk, now + hour * HOUR)
        work_off(now + hour * HOUR)
    with watched(planting=True):
        clocks.sweep(now + 60 * HOUR)
    found.append(open_ticket(at=now + 60 * HOUR, subject="刚刚到的一件"))
    work_off(now + 60 * HOUR)
    return found


def _handed_over(other: Any) -> Callable[..., None]:
    def step(ticket: Ticket, desk: Cast, at: datetime) -> None:
        services.ticket_assign(ticket=ticket, to=other, reason="熟悉这类耳机", actor=desk.lead, now=at)
        ticket.refresh_from_db()
        services.ticket_reply(ticket=ticket, text="您好，由我接手。", actor=other, now=at + HOUR / 2)

    return step


def _waiting(ticket: Ticket, desk: Cast, at: datetime) -> None:
    who = ticket.assignee
    ticket = services.ticket_start(ticket=ticket, actor=who, now=at)
    services.ticket_wait(
        ticket=ticket, wait_for="customer", until=at + 24 * HOUR, actor=who, now=at, reason="等照片"
    )


def _reopened(ticket: Ticket, desk: Cast, at: datetime) -> None:
    ticket = services.ticket_resolve(
        ticket=ticket, result="explained", text="请重新配对。", actor=ticket.assignee, now=at
    )
    token = services.customer_link_issue(ticket=ticket, purpose="confirm", actor=system_user(), now=at)
    link = services.customer_link_open(token=token, purpose="confirm", now=at)
    assert link
    services.ticket_confirm(link=link, satisfied=False, comment="还是没有声音", now=at)


def _left_alone(ticket: Ticket, desk: Cast, at: datetime) -> None:
    pass


def _called_off(ticket: Ticket, desk: Cast, at: datetime) -> None:
    services.ticket_cancel(ticket=ticket, why="withdrawn", reason="客户不需要了", actor=desk.lead, now=at)


def _archived(ticket: Ticket, desk: Cast, at: datetime) -> None:
    """Warned, breached, verified by telephone, archived with an addendum; a word was given on the way."""
    clocks.word_give(
        subject=ticket, due_at=at + 3 * HOUR, holder_id=desk.agent.pk, actor=desk.agent, now=at
    )  # fmt: skip
    ticket = services.ticket_regrade(
        ticket=ticket, kind="returns", severity="major", nature="operation", reason="第二次坏了", actor=desk.lead,
        now=at + HOUR / 4,
    )  # fmt: skip
    clocks.sweep(at + 2 * HOUR)
    who = ticket.assignee
    ticket = services.ticket_resolve(
        ticket=ticket, result="exchanged", text="新耳机已寄出。", actor=who, now=at + 3 * HOUR
    )
    ticket = services.ticket_verify(ticket=ticket, how="phone", reason="收到了", actor=who, now=at + 4 * HOUR)
    services.ticket_archive(
        ticket=ticket, summary="换新后客户满意，无后续。", actor=desk.lead, now=at + 5 * HOUR
    )
    record = ArchiveRecord.objects.get(ticket=ticket)
    services.addendum_add(record=record, text="客户来电致谢。", actor=desk.agent, now=at + 6 * HOUR)


def pages(desk: Cast, tickets: list[Ticket]) -> dict[str, str]:
    """What lead and agent read; only what changes with each request is taken out."""
    addresses = ["/desk/tickets/", "/desk/tickets/?view=breached", "/desk/tickets/?view=all", "/overview/"]
    addresses += ["/desk/search/?q=声音", "/desk/archive/", "/desk/archive/?text=致谢"]
    for ticket in tickets:
        addresses += [f"/desk/tickets/{ticket.number}/{rest}" for rest in ("", "look/")]
    for record in ArchiveRecord.objects.all():
        addresses += [f"/desk/archive/{record.public_id}/"]
    found = {}
    for person in (desk.lead, desk.agent):
        browser = desk.client(person)
        for address in addresses:
            answer = browser.get(address)
            found[f"{person}: {address}"] = f"{answer.status_code} " + CHANGING.sub(
                "", answer.content.decode()
            )
    assert all(page.startswith("200") for page in found.values())
    return found


def same(before: dict[str, str], after: dict[str, str]) -> None:
    assert list(after) == list(before)
    for address, page in after.items():
        assert list(unified_diff(before[address].split("\n"), page.split("\n"), n=0)) == [], address


@pytest.mark.django_db
def test_deliveries_thrown_away_and_replayed_change_no_page(
    worked: list[Ticket], desk: Cast, now: datetime, settings: Any, work_off: Callable[[datetime], None]
) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    later = now + 61 * HOUR
    with time_machine.travel(later, tick=False):
        before = pages(desk, worked[:4])
        counts = [model.objects.count() for model in (Event, Notice, Job)]

        Delivery.objects.all().delete()
        again = [deliveries.backfill(consumer) for consumer in deliveries.consumers()]
        assert sum(again) > 20
        work_off(later)

        assert not Delivery.objects.exists()
        looked = Event.objects.filter(kind__startswith="archive.", at=later).count()
        assert [model.objects.count() for model in (Event, Notice, Job)] == counts
        assert looked
        same(before, pages(desk, worked[:4]))


@pytest.mark.django_db
def test_the_clocks_come_out_of_the_events_alone(worked: list[Ticket], now: datetime) -> None:
    found = clocks.rebuild("tickets.ticket", [ticket.pk for ticket in worked], now + 61 * HOUR)
    assert found.clocks == Clock.objects.count() >= 8
    assert found.is_same, found.differences


def rows(model: Any) -> list[dict[str, Any]]:
    return list(model.objects.order_by("pk").values())


@pytest.mark.django_db(transaction=True)
def test_all_roll_ups_thrown_away_and_made_anew_give_the_same_rows_and_pages(
    worked: list[Ticket], desk: Cast, now: datetime, settings: Any, work_off: Callable[[datetime], None],
    django_db_setup: Any,
) -> None:  # fmt: skip
    """The owner empties them: the application could not even delete a clock."""
    settings.REQUIRE_SECOND_FACTOR = False
    later = now + 61 * HOUR
    lived = {Clock: rows(Clock), Ticket: rows(Ticket)}
    words = set(TicketText.objects.values_list("ticket_id", "part", "audience", "text"))
    with time_machine.travel(later, tick=False):
        before = pages(desk, worked)
        with django_db_setup.unguarded() as owner:
            for statement in FORGET:
                owner.execute(statement)
        assert not Clock.objects.exists()
        assert set(Ticket.objects.values_list("next_due_at", flat=True)) == {NO_DUE}

        with watched():
            made = services.rollups_rebuild(now=later, deliver=True)
        work_off(later)

        assert made["clocks"] == len(lived[Clock]) >= 12
        assert {model: rows(model) for model in lived} == lived
        assert set(TicketText.objects.values_list("ticket_id", "part", "audience", "text")) == words
        same(before, pages(desk, worked))
        assert services.rollups_rebuild(now=later) == dict.fromkeys(made, 0)
    states = {clock["state"] for clock in lived[Clock]}
    assert {"running", "paused", "met", "breached", "cancelled"} <= states


FORGET = (
    "DELETE FROM clocks_clock",
    "DELETE FROM tickets_tickettext",
    "DELETE FROM core_delivery",
    "UPDATE tickets_ticket SET next_due_at = '9999-12-31Z', next_promise = '', next_started_at = NULL, "
    "next_warn_at = NULL",
    # The looks at the archive just now are events of their own; the second round of looks writes them again.
    "DELETE FROM core_event WHERE kind LIKE 'archive.%'",
)
