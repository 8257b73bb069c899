"""A customer with an e-mail address, a message that was sent to him, and letters that come back."""

from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import time_machine

from aftersales.channels.models import Letter
from aftersales.channels.services import letter_receive
from aftersales.customers.models import Contact, Customer
from aftersales.customers.states import ContactKind
from aftersales.notices import mail as outgoing
from aftersales.notices.models import Notice
from aftersales.tickets import services as tickets
from aftersales.tickets.models import Ticket
from tests.architecture.writes import watched
from tests.cast import Cast
from tests.department import book, customer, desk, open_ticket, work_off

__all__ = ["book", "customer", "desk", "open_ticket", "work_off"]
FANG = "linfang@example.com"
Post = Callable[..., Letter]


@pytest.fixture(autouse=True)
def only_services_write(db: None, settings: Any, tmp_path: Path) -> Any:
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.INBOX_FOLDER = tmp_path / "inbox"
    settings.MAIL_IN = "folder"
    settings.MAIL_ADDRESS = "aftersales@shop.example"
    with watched(planting=True):
        yield


@pytest.fixture
def known(customer: Customer) -> Customer:
    Contact.objects.create(customer=customer, kind=ContactKind.EMAIL, value=FANG)
    return customer


@pytest.fixture
def answered(known: Customer, open_ticket: Any, desk: Cast, work_off: Any, now: datetime) -> Ticket:
    """A ticket whose customer got an answer by mail."""
    ticket = open_ticket()
    tickets.ticket_reply(ticket=ticket, text="请把序列号拍照发给我们。", actor=desk.agent, now=now)
    work_off(now)
    return Ticket.objects.get(pk=ticket.pk)


def sent(ticket: Ticket, template: str = "ticket.answered") -> Any:
    """The mail of this kind that went out, as the customer's program has it."""
    notice = Notice.objects.get(source=template, subject_id=ticket.pk)
    return outgoing.build(notice, address=FANG, body=notice.body).message()


def letter(
    text: str = "照片在附件里。",
    *,
    sender: str = FANG,
    subject: str = "Re: 回复",
    to: str = "",
    **headers: str,
) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to or "aftersales@shop.example", subject
    mail["Message-ID"] = f"<{abs(hash((text, sender, subject, tuple(headers.items()))))}@mail.example>"
    mail["Date"] = "Mon, 23 Nov 2026 10:00:00 +0800"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


@pytest.fixture
def post(now: datetime, work_off: Any) -> Post:
    """A letter arrives and is read, as the worker does it."""

    def act(mail: EmailMessage | bytes, at: datetime | None = None) -> Letter:
        raw = mail if isinstance(mail, bytes) else bytes(mail)
        kept, _new = letter_receive(raw=raw, way="folder", now=at or now)
        work_off(at or now)
        return Letter.objects.get(pk=kept.pk)

    return act


@pytest.fixture
def at_now(now: datetime, settings: Any) -> Any:
    """The wall clock shows the tests' now; nobody is asked for a second factor."""
    settings.REQUIRE_SECOND_FACTOR = False
    with time_machine.travel(now, tick=False) as clock:
        yield clock
