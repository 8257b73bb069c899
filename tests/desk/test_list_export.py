"""A queue as a file: what the list shows, the same rows in the same order."""

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import openpyxl
import pytest
from django.conf import settings
from django.http import QueryDict
from django.utils import timezone

from accounts.states import Role
from aftersales.core.models import Event
from aftersales.core.sheets import exporting, resource
from aftersales.desk import queues
from aftersales.desk.sheets import TicketList
from aftersales.orders.models import Order
from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from tests.cast import Cast

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
NUMBER, SUBJECT, STATE, LEVEL, NATURE, KIND, CHANNEL, CUSTOMER, MERCHANT, ASSIGNEE, TEAM = range(11)
OPENED, PROMISE, DUE, SAID, ORDER = range(11, 16)


def rows(browser: Any, **query: str) -> list[list[str]]:
    answer = browser.get("/desk/tickets/export.csv", query)
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.fixture
def order(db: None, now: datetime) -> Order:
    row = Order(source="tmall", external_no="0301011112345678901", placed_at=now)
    row.save()
    return row


def test_each_line_says_what_the_list_says(
    open_ticket: Opener, order: Order, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket(order_id=order.pk)
    ticket.refresh_from_db()
    head, line = rows(desk.client(desk.lead), view="all")
    assert len(head) == len(line) == len(TicketList.columns())
    assert line[NUMBER] == ticket.number
    assert line[STATE] == str(ticket.get_state_display())
    assert line[LEVEL].startswith(str(ticket.level))
    assert line[CUSTOMER] == "林*"
    assert line[ASSIGNEE] == str(desk.agent)
    assert line[TEAM] == ticket.team.name
    assert line[ORDER] == "0301011112345678901"
    assert line[DUE] == timezone.localtime(ticket.next_due_at).strftime("%Y-%m-%d %H:%M")
    assert line[OPENED] == timezone.localtime(ticket.opened_at).strftime("%Y-%m-%d %H:%M")


def test_words_are_in_the_language_of_whoever_takes_it_out(open_ticket: Opener, desk: Cast) -> None:
    open_ticket()
    browser = desk.client(desk.lead)
    chinese = rows(browser, view="all")
    english = list(csv.reader(io.StringIO(_in_english(browser), newline="")))
    assert (chinese[0][STATE], english[0][STATE]) == ("状态", "State")
    assert (chinese[1][STATE], english[1][STATE]) == ("已派单", "Assigned")


def _in_english(browser: Any) -> str:
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    answer = browser.get("/desk/tickets/export.csv", {"view": "all"})
    return b"".join(answer.streaming_content).decode("utf-8-sig")


def test_a_waiting_ticket_says_for_whom_and_what_has_no_clock_has_no_due(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = services.ticket_start(ticket=open_ticket(), actor=desk.agent, now=now)
    services.ticket_wait(
        ticket=ticket,
        actor=desk.agent,
        now=now,
        wait_for="merchant",
        until=now + timedelta(days=2),
        reason="",
    )
    line = rows(desk.client(desk.lead), view="all")[1]
    assert line[STATE] == "待商家"
    assert "9999" not in "".join(line)


@pytest.mark.parametrize("query", [{"view": "all"}, {"view": "mine"}, {"view": "all", "severity": "major"}])
def test_the_file_has_the_rows_of_the_list_in_its_order(
    open_ticket: Opener, desk: Cast, now: datetime, query: dict[str, str]
) -> None:
    for days in (0, 3, 1):
        open_ticket(at=now - timedelta(days=days), severity="major" if days else "")
    open_ticket(subject="别的")
    lead = desk.person(Role.SUPERVISOR)
    wanted = queues.asked(QueryDict(urlencode(query)))
    shown = queues.page(lead, wanted, now)
    assert [line[NUMBER] for line in rows(desk.client(lead), **query)[1:]] == [
        row.number for row in shown.rows
    ]


def test_without_a_named_view_the_file_is_the_list_that_opens(open_ticket: Opener, desk: Cast) -> None:
    ticket = open_ticket()
    auditor = desk.client(desk.person(Role.AUDITOR))
    assert ticket.number in auditor.get("/desk/tickets/").content.decode()
    assert [line[NUMBER] for line in rows(auditor)[1:]] == [ticket.number]


def test_a_spreadsheet_has_a_fixed_head_and_order_numbers_as_text(
    open_ticket: Opener, order: Order, desk: Cast
) -> None:
    open_ticket(order_id=order.pk, subject="=HYPERLINK(1)")
    answer = desk.client(desk.lead).get("/desk/tickets/export.xlsx", {"view": "all"})
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    assert sheet.freeze_panes == "A2"
    cells = {column: sheet.cell(2, column + 1) for column in (SUBJECT, ORDER)}
    assert [cell.data_type for cell in cells.values()] == ["s", "s"]
    assert cells[ORDER].value == "0301011112345678901"


def test_no_subject_becomes_a_formula(open_ticket: Opener, desk: Cast) -> None:
    open_ticket(subject="=1+1")
    assert rows(desk.client(desk.lead), view="all")[1][SUBJECT] == "'=1+1"


def test_taking_a_list_out_needs_the_right_and_leaves_a_trace(open_ticket: Opener, desk: Cast) -> None:
    open_ticket()
    assert desk.client(desk.agent).get("/desk/tickets/export.csv").status_code == 404
    rows(desk.client(desk.lead), view="all")
    event = Event.objects.get(kind="sheet.exported")
    assert (event.payload["sheet"], event.payload["rows"]) == ("ticket_list", 1)


def test_customers_stay_masked_even_for_those_who_may_take_names_out(open_ticket: Opener, desk: Cast) -> None:
    open_ticket()
    assert rows(desk.client(desk.person(Role.OPERATIONS)), view="all")[1][CUSTOMER] == "林*"


def test_the_intake_sheet_keeps_its_own_way_out(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    open_ticket()
    browser = desk.client(desk.person(Role.OPERATIONS))
    answer = browser.get("/sheets/tickets/export.csv")
    head = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()[0]
    assert head == ",".join(exporting.headers(resource.find("tickets")))
    assert not TicketList.importable
