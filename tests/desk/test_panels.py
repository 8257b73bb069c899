"""The records link to their tickets, the archive names who handled what and when (R5.6)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from aftersales.customers.models import Customer
from aftersales.tickets import services
from aftersales.tickets.models import ArchiveRecord, Ticket, TicketParty
from aftersales.tickets.selectors import TICKETS_SHOWN
from aftersales.tickets.states import TicketState
from tests.cast import Cast
from tests.records import merchant, order

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
HOUR = timedelta(hours=1)


@pytest.fixture
def trade(customer: Customer, now: datetime) -> Any:
    return order("20261123-9", now, merchant=merchant("M-9", now), customer=customer)


@pytest.fixture
def about(open_ticket: Opener, trade: Any) -> Callable[..., Ticket]:
    def make(**columns: Any) -> Ticket:
        facts = {"order_id": trade.pk, "merchant_id": trade.merchant_id, "subject": "左耳没有声音"}
        return open_ticket(**(facts | columns))

    return make


def records(trade: Any) -> dict[str, str]:
    return {
        "order": reverse("admin:orders_order_change", args=[trade.pk]),
        "customer": reverse("admin:customers_customer_change", args=[trade.customer_id]),
        "merchant": reverse("admin:merchants_merchant_change", args=[trade.merchant_id]),
    }


def page(desk: Cast, role: Any, address: str) -> str:
    answer = desk.client(role).get(address)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("record", ["order", "customer", "merchant"])
def test_a_record_lists_its_tickets_and_opens_them(
    about: Opener, open_ticket: Opener, desk: Cast, trade: Any, record: str
) -> None:
    mine = about()
    other = open_ticket(customer_id=None, subject="别人的事")

    shown = page(desk, "agent", records(trade)[record])
    with translation.override("zh-hans"):
        state = str(TicketState.ASSIGNED.label)

    assert reverse("desk:ticket", args=[mine.number]) in shown
    for told in ("左耳没有声音", state, "周婷", "2026-11-23 10:00"):
        assert told in shown
    assert other.number not in shown


@pytest.mark.parametrize("record", ["order", "customer", "merchant"])
def test_only_tickets_that_the_reader_may_see_are_listed(
    about: Opener, desk: Cast, trade: Any, record: str
) -> None:
    ticket = about()
    Ticket.objects.filter(pk=ticket.pk).update(assignee=desk.lead, owner=None, team=None)
    address = records(trade)[record]

    assert ticket.number in page(desk, "lead", address)
    assert ticket.number not in page(desk, "agent", address)
    if record == "merchant":
        assert "tickets-of" not in page(desk, "payroll_reader", address)


def test_a_merchant_finds_the_tickets_he_is_one_party_of(
    about: Opener, desk: Cast, trade: Any, now: datetime
) -> None:
    beside = about(merchant_id=merchant("M-8", now).pk)
    TicketParty.objects.create(ticket=beside, merchant_id=trade.merchant_id)
    assert beside.number in page(desk, "lead", records(trade)["merchant"])


@pytest.mark.parametrize("record", ["order", "customer", "merchant"])
def test_many_tickets_take_no_further_statement_and_lead_to_the_register(
    about: Opener, desk: Cast, trade: Any, record: str
) -> None:
    browser, address = desk.client("lead"), records(trade)[record]

    def asked() -> int:
        with CaptureQueriesContext(connection) as found:
            assert browser.get(address).status_code == 200
        return len(found)

    asked()
    about()
    few = asked()
    oldest = Ticket.objects.earliest("pk")
    for number in range(TICKETS_SHOWN):
        about(subject=f"第{number}件", beside=True)
    assert asked() == few
    shown = browser.get(address).content.decode()
    assert f">{oldest.number}<" not in shown
    assert f"?{record}={getattr(oldest, f'{record}_id')}" in shown
    listed = browser.get(
        f"{reverse('admin:tickets_ticket_changelist')}?{record}={getattr(oldest, f'{record}_id')}"
    )
    assert listed.status_code == 200
    assert oldest.number in listed.content.decode()


def test_a_record_without_tickets_says_so(desk: Cast, trade: Any) -> None:
    shown = page(desk, "lead", records(trade)["order"])
    assert 'id="tickets-of"' in shown
    assert "/desk/tickets/TK" not in shown


# The archive: handlers and times


@pytest.fixture
def archived(about: Opener, desk: Cast, now: datetime) -> Callable[[], ArchiveRecord]:
    """Held by the agent for an hour, put back, then by another, who closed it."""
    other = desk.person("agent", username="second", name="吴越")

    def make() -> ArchiveRecord:
        ticket = about()
        ticket = services.ticket_put_back(ticket=ticket, actor=desk.agent, now=now + HOUR, reason="换人")
        ticket = services.ticket_assign(ticket=ticket, to=other, actor=desk.lead, now=now + 2 * HOUR)
        ticket = services.ticket_resolve(
            ticket=ticket, result="explained", text="好了。", actor=other, now=now + 3 * HOUR
        )
        ticket = services.ticket_verify(
            ticket=ticket, how="phone", reason="好了", actor=other, now=now + 4 * HOUR
        )
        services.ticket_archive(
            ticket=ticket, summary="核对后解释清楚，客户认可。", actor=desk.lead, now=now + 5 * HOUR
        )
        return ArchiveRecord.objects.get(ticket=ticket)

    return make


def test_record_list_and_print_say_who_handled_it_from_when_until_when(
    archived: Callable[[], ArchiveRecord], desk: Cast
) -> None:
    record = archived()
    assert [one["until"] > one["since"] for one in record.handlers] == [True, True]

    one = page(desk, "lead", reverse("desk:record", args=[record.public_id]))
    paper = page(desk, "lead", reverse("desk:print", args=[record.ticket.number]))
    for shown in (one, paper):
        for told in ("周婷", "吴越", "11-23 11:00", "11-23 12:00", "11-23 14:00"):
            assert told in shown
    listed = page(desk, "lead", reverse("desk:archive"))
    assert listed.index("周婷") < listed.index("吴越")


def test_the_names_of_all_handlers_are_asked_once(archived: Callable[[], ArchiveRecord], desk: Cast) -> None:
    browser = desk.client("lead")

    def asked() -> int:
        with CaptureQueriesContext(connection) as found:
            browser.get(reverse("desk:archive"))
        return len(found)

    archived()
    asked()
    one = asked()
    archived(), archived()
    assert asked() == one


def test_a_record_of_before_the_end_was_kept_is_still_read(
    archived: Callable[[], ArchiveRecord], desk: Cast
) -> None:
    record = archived()
    kept = [{"person_id": one["person_id"], "since": one["since"]} for one in record.handlers]
    ArchiveRecord.objects.filter(pk=record.pk).update(
        handlers=[*kept, {"person_id": 0, "since": kept[0]["since"]}]
    )
    assert "周婷" in page(desk, "lead", reverse("desk:record", args=[record.public_id]))
    assert "吴越" in page(desk, "lead", reverse("desk:archive"))
