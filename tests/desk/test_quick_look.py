"""The quick look beside the queue: the reply box of the workbench, with its services and its seconds to think again."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from aftersales.core import once
from aftersales.customers.models import Contact, Customer
from aftersales.tickets import services
from aftersales.tickets.models import Message, Ticket, Unsent
from tests.cast import Cast

Opener = Callable[..., Ticket]
WorkOff = Callable[[datetime], None]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
FROM_LOOK = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "look"}


@pytest.fixture
def ticket(open_ticket: Opener, customer: Customer) -> Ticket:
    Contact.objects.create(customer=customer, kind="email", value="linfang@example.com")
    return open_ticket()


def url(ticket: Ticket, rest: str = "look/") -> str:
    return f"/desk/tickets/{ticket.number}/{rest}"


def look(browser: Client, ticket: Ticket) -> str:
    return browser.get(url(ticket), **FROM_LOOK).content.decode()


def box(browser: Client, ticket: Ticket) -> dict[str, str]:
    form = look(browser, ticket).partition('id="reply"')[2].partition("</form>")[0]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


def say(browser: Client, ticket: Ticket, **form: Any) -> Any:
    return browser.post(url(ticket, "say/"), {"voice": "customer", "text": "已补发。"} | form, **FROM_LOOK)


def test_the_look_shows_what_the_customer_said_last_and_a_note_as_a_note(
    ticket: Ticket, desk: Cast, now: datetime
) -> None:
    """A note stood there under its writer's name with the channel "telephone", as words that were spoken."""
    later = now + timedelta(minutes=5)
    services.customer_message(ticket=ticket, text="杯子又漏了", actor=desk.agent, now=now)
    services.note_add(ticket=ticket, text="仓库说明天补", actor=desk.agent, now=later)
    said = look(desk.client(desk.agent), ticket).partition("ql-t")[2].partition('<dl class="kv">')[0]
    customer, _, note = said.partition('class="qmsg note"')
    assert "杯子又漏了" in customer
    assert ticket.customer.masked_name in customer
    assert "内部备注" in note
    assert "仓库说明天补" in note
    assert "电话" not in note

    services.ticket_reply(
        ticket=ticket, text="明天补发给您", actor=desk.agent, now=later + timedelta(minutes=1)
    )
    said = look(desk.client(desk.agent), ticket).partition("ql-t")[2].partition('<dl class="kv">')[0]
    assert "明天补发给您" in said
    assert "仓库说明天补" not in said
    assert "qmsg note" not in said


def test_a_reply_from_the_quick_look_is_held_and_taken_back_into_the_same_box(
    ticket: Ticket, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    browser = desk.client(desk.agent)
    answer = say(browser, ticket, **box(browser, ticket))
    held = Unsent.objects.get()
    assert answer.status_code == 200
    shown = answer.content.decode()
    assert 'class="ql-h"' in shown
    assert "<html" not in shown
    assert f'data-held="{int(held.due_at.timestamp())}"' in shown
    assert not Message.objects.filter(text="已补发。").exists()

    back = browser.post(url(ticket, f"held/{held.public_id}/back/"), **FROM_LOOK)
    shown = back.content.decode()
    assert "data-held" not in shown
    assert re.search(r"<textarea[^>]*>已补发。</textarea>", shown)
    assert json.loads(back.headers["HX-Trigger"])["say"]["text"] == "已撤回：没有发出任何内容。"
    work_off(now + timedelta(minutes=1))
    assert not Message.objects.filter(text="已补发。").exists()


def test_it_goes_out_when_its_seconds_are_over_and_once_only(
    ticket: Ticket, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    browser = desk.client(desk.agent)
    form = box(browser, ticket)
    assert once.KEY.match(form[once.FIELD])
    for _click in range(2):
        say(browser, ticket, **form)
    work_off(now + timedelta(minutes=1))
    assert Message.objects.filter(text="已补发。", audience="customer").count() == 1


def test_a_note_is_kept_at_once_and_said_beside_the_queue(ticket: Ticket, desk: Cast) -> None:
    browser = desk.client(desk.agent)
    answer = say(browser, ticket, voice="note", text="客户很急。", **box(browser, ticket))
    assert Message.objects.get(text="客户很急。").audience == "internal"
    assert json.loads(answer.headers["HX-Trigger"])["say"]["text"] == "备注已保存。"
    assert "客户很急。" in answer.content.decode()


def test_new_words_hold_a_reply_up_and_nothing_of_it_is_lost(
    ticket: Ticket, desk: Cast, now: datetime
) -> None:
    browser = desk.client(desk.agent)
    form = box(browser, ticket)
    services.customer_message(ticket=ticket, text="我已经收到了，不用补发！", actor=desk.lead, now=now)
    answer = say(browser, ticket, **form)
    shown = answer.content.decode()
    assert answer.status_code == 409
    assert "我已经收到了，不用补发！" in shown.partition('class="news')[2].partition("<form")[0]
    assert re.search(r"<textarea[^>]*>已补发。</textarea>", shown)
    assert not Unsent.objects.filter(due_at__isnull=False).exists()


def test_a_refusal_stands_in_the_box_with_the_words(ticket: Ticket, desk: Cast) -> None:
    browser = desk.client(desk.agent)
    answer = say(browser, ticket, text="给五星好评返现二十元")
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert re.search(r'id="reply-error" role="alert">[^<]+</p>', shown)
    assert "给五星好评返现二十元</textarea>" in shown
    assert Unsent.objects.get().due_at is None  # a draft, on no way


def test_who_only_reads_has_no_box_and_the_archive_has_no_reply(
    ticket: Ticket, open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    assert 'id="reply"' not in look(desk.client(desk.auditor), ticket)
    services.ticket_cancel(ticket=ticket, why="mistake", actor=desk.lead, now=now, reason="误建")
    shown = look(desk.client(desk.agent), ticket)
    assert 'value="customer"' not in shown
    assert 'value="note"' in shown
    assert say(desk.client(desk.agent), ticket).status_code == 422
