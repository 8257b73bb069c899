"""What no person types: it is refused, never a server error (issue: no 500)."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from aftersales.core.posted import day_of, whole
from aftersales.tickets.models import Ticket
from tests.cast import Cast
from tests.toy.fixtures import in_thread

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
NUL = "%00"


@pytest.mark.parametrize("text", ["²", "٣", "-5", "1e3", "9" * 5000, "", None, " 1"])
def test_what_is_no_plain_number_is_none(text: str | None) -> None:
    assert whole(text) is None
    assert whole("7") == 7


@pytest.fixture
def lead(desk: Cast) -> Client:
    return desk.client(desk.lead)


@pytest.mark.parametrize("number", ["²", "9" * 5000, "٣", "\x00"])
def test_odd_numbers_in_forms_are_refused_in_words(open_ticket: Opener, lead: Client, number: str) -> None:
    ticket = open_ticket()
    act = {"version": number, "to": number, "reason": "换人"}
    assert lead.post(f"/desk/tickets/{ticket.number}/do/assign/", act).status_code == 302
    chosen = {"ids": number, "to": number, "what": "action:assign"}
    for name in ("bulk", "bulk_plan", "bulk_run"):
        assert lead.post(reverse(f"desk:{name}"), chosen).status_code in (200, 302, 422)
    assert lead.get(f"/admin/tickets/ticket/{ticket.pk}/history/²/").status_code == 404
    assert Ticket.objects.get(pk=ticket.pk).assignee_id == ticket.assignee_id


@pytest.mark.parametrize(
    "address",
    [
        f"/desk/tickets/{NUL}/",
        f"/desk/files/{NUL}/",
        f"/desk/tickets/open/order/?order={NUL}",
        f"/desk/archive/{NUL}/",
    ],
)
def test_a_nul_in_an_address_is_a_bad_request(lead: Client, address: str) -> None:
    assert lead.get(address).status_code == 400


def test_a_vendor_passes_tickets_on_among_his_own_people(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    boss, colleague = desk.vendor_lead, desk.vendor_agent
    desk.make_team("outside", lead=boss, members=[boss, colleague], vendor="某服务商")
    ticket = open_ticket()
    Ticket.objects.filter(pk=ticket.pk).update(assignee=boss)
    browser = desk.client(boss)
    for person, becomes in ((desk.supervisor, boss), (colleague, colleague)):
        browser.post(f"/desk/tickets/{ticket.number}/do/assign/", {"to": person.pk, "reason": "转交"})
        assert Ticket.objects.get(pk=ticket.pk).assignee == becomes


@pytest.mark.django_db(transaction=True)
def test_a_row_held_by_somebody_else_is_said_not_crashed(open_ticket: Opener, desk: Cast) -> None:
    from django.db import transaction

    ticket = open_ticket()

    def resolve() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        form = {"result": "resent", "text": "已补发。"}
        return desk.client(desk.agent).post(f"/desk/tickets/{ticket.number}/do/resolve/", form).status_code

    with transaction.atomic():
        Ticket.objects.select_for_update().get(pk=ticket.pk)
        assert in_thread(resolve) == 422


@pytest.mark.parametrize("text", ["9999-12-31", "0001-01-01", "2026-02-30", "²", ""])
def test_a_day_out_of_all_calendars_is_left_out(lead: Client, text: str) -> None:
    assert day_of(text) is None
    for address in (f"/desk/tickets/?opened={text}", f"/desk/archive/?since={text}"):
        assert lead.get(address).status_code == 200
