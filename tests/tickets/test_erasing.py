"""Erasing leaves nothing behind: text, search, files, notices, mails, reasons; a tombstone says who and why."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from accounts.states import Role
from aftersales.core import files, retention
from aftersales.core.errors import DomainError
from aftersales.core.models import ERASED, Event
from aftersales.customers import services as customers
from aftersales.customers.models import Contact, Customer
from aftersales.notices.models import Notice
from aftersales.tickets import selectors, services
from aftersales.tickets.models import ArchiveRecord, Attachment, IntakeItem, Message, Ticket, TicketText
from aftersales.tickets.selectors.words import search_ids
from aftersales.tickets.states import NO_SUBJECT
from tests.cast import Cast

Opener = Callable[..., Ticket]
Work = Callable[[datetime], None]
DAY = timedelta(days=1)
SECRET = "110101199003078888"
WHY = "客户要求删除"


@pytest.fixture(autouse=True)
def folders(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT, settings.OUTBOX_FOLDER = tmp_path / "files", tmp_path / "outbox"
    settings.EMAIL_BACKEND = "aftersales.notices.mail.FolderBackend"
    settings.REQUIRE_SECOND_FACTOR = False


@pytest.fixture
def reached(customer: Customer) -> Customer:
    Contact(customer=customer, kind="email", value="lin@example.com").save()
    return customer


def letters(settings: Any) -> str:
    return "".join(path.read_text() for path in Path(settings.OUTBOX_FOLDER).glob("*.eml"))


def stored(settings: Any) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def spoken(ticket: Ticket, desk: Cast, now: datetime) -> Message:
    """The agent answers with the number in the text and a scan of the card."""
    scan = files.store_upload(SimpleUploadedFile("林芳身份证.txt", SECRET.encode()), now=now)
    return services.ticket_reply(
        ticket=ticket, text=f"您的号码 {SECRET} 已核对。", actor=desk.agent, now=now, files=[scan]
    )


def traces(word: str) -> dict[str, int]:
    """Where a word still stands."""
    found = {
        "messages": Message.objects.filter(text__contains=word),
        "search": TicketText.objects.filter(text__contains=word),
        "subjects": Ticket.objects.filter(subject__contains=word),
        "notices": Notice.objects.filter(body__contains=word) | Notice.objects.filter(subject__contains=word),
        "signals": IntakeItem.objects.filter(facts__icontains=word),
        "reasons": Event.objects.filter(reason__contains=word),
        "history": Ticket.history.filter(history_change_reason__contains=word),
    }
    return {name: rows.count() for name, rows in found.items() if rows.exists()}


def test_an_erased_message_is_gone_wherever_it_was_repeated(
    open_ticket: Opener, desk: Cast, reached: Customer, now: datetime, work_off: Work, settings: Any
) -> None:
    ticket = open_ticket()
    message = spoken(ticket, desk, now)
    work_off(now)
    assert traces(SECRET) == {"messages": 1, "search": 1, "notices": 1}
    assert len(stored(settings)) == 1
    before = len(list(Path(settings.OUTBOX_FOLDER).glob("*.eml")))

    services.message_erase(message=message, actor=desk.privacy_officer, now=now + DAY, reason=WHY)
    work_off(now + DAY)

    assert traces(SECRET) == {}
    assert search_ids(SECRET, user=desk.lead) == []
    assert stored(settings) == []
    attachment = Attachment.objects.get(ticket=ticket)
    assert (attachment.original_name, attachment.sha256) == ("", "")
    assert attachment.file_gone_at == now + DAY
    page = desk.client(Role.LEAD).get(reverse("desk:attachment", args=[attachment.public_id]))
    assert page.status_code == 404
    tombstone = selectors.timeline(ticket)[-1]
    assert tombstone.sentence.endswith(WHY)
    assert Notice.objects.filter(source="ticket.opened").exclude(body="").exists()
    assert before == 2


def test_the_mail_of_an_erased_message_leaves_the_folder(
    open_ticket: Opener,
    desk: Cast,
    reached: Customer,
    now: datetime,
    work_off: Work,
    settings: Any,
) -> None:
    message = spoken(open_ticket(), desk, now)
    work_off(now)
    told = Notice.objects.get(source="ticket.answered")
    letter = Path(settings.OUTBOX_FOLDER) / f"{told.public_id}.eml"
    assert letter.exists()

    services.message_erase(message=message, actor=desk.privacy_officer, now=now, reason=WHY)
    work_off(now)

    assert not letter.exists()


def test_a_subject_cut_from_the_message_goes_with_it(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: Work
) -> None:
    ticket = open_ticket(subject=f"身份证 {SECRET}", text=f"我的身份证 {SECRET} 请保密")
    other = open_ticket(subject="耳机没有声音", text="左耳")
    work_off(now)

    for one in (ticket, other):
        services.message_erase(message=one.messages.get(), actor=desk.privacy_officer, now=now, reason=WHY)

    assert traces(SECRET) == {}
    ticket.refresh_from_db()
    other.refresh_from_db()
    assert (ticket.subject, other.subject) == (NO_SUBJECT, "耳机没有声音")
    assert search_ids(ticket.number, user=desk.lead) == [ticket.pk]


def test_an_erased_customer_takes_the_words_of_his_tickets_along(
    open_ticket: Opener, desk: Cast, reached: Customer, now: datetime, work_off: Work, settings: Any
) -> None:
    ticket = open_ticket(subject=f"我是 {SECRET}")
    IntakeItem.objects.create(
        source="sheet", source_ref="1", signal="sheet", happened_at=now, noticed_at=now, ticket=ticket,
        facts={"text": SECRET, "stars": 1},
    )  # fmt: skip
    spoken(ticket, desk, now)
    services.ticket_assign(
        ticket=ticket, to=desk.lead, actor=desk.lead, now=now, reason=f"电话 {SECRET} 打不通"
    )
    work_off(now)
    assert set(traces(SECRET)) >= {
        "messages",
        "search",
        "subjects",
        "notices",
        "signals",
        "reasons",
        "history",
    }

    customers.customer_erase(customer=reached, actor=desk.privacy_officer, reason=WHY, now=now + DAY)
    work_off(now + DAY)

    assert traces(SECRET) == {}
    assert stored(settings) == []
    assert not Notice.objects.filter(customer_id=reached.pk).exclude(body="").exists()
    assert IntakeItem.objects.get(source_ref="1").facts == {"stars": 1}
    told = [entry.sentence for entry in selectors.timeline(Ticket.objects.get(pk=ticket.pk))]
    assert told[-1].endswith(WHY)
    assert all(ERASED not in one for one in told)


def test_what_comes_in_after_the_erasure_goes_when_it_is_asked_again(
    open_ticket: Opener, desk: Cast, customer: Customer, now: datetime
) -> None:
    erased = customers.customer_erase(customer=customer, actor=desk.privacy_officer, reason=WHY, now=now)
    open_ticket(text=SECRET, at=now + DAY)
    assert "messages" in traces(SECRET)

    customers.customer_erase(customer=erased, actor=desk.privacy_officer, reason=WHY, now=now + 2 * DAY)

    assert traces(SECRET) == {}
    assert Event.objects.filter(kind="customer.erased").count() == 1


def test_a_legal_hold_keeps_every_word(
    open_ticket: Opener, desk: Cast, customer: Customer, now: datetime
) -> None:
    ticket = open_ticket(text=SECRET)
    ArchiveRecord.objects.create(
        ticket=ticket, number="X", kind="other", severity="minor", nature="operation", channel="web",
        opened_at=now, completed_at=now, archived_at=now, reviewed_by=desk.lead, summary="", seal_after=now,
        keep_until=now.date(), legal_hold="法院调取",
    )  # fmt: skip
    with pytest.raises(DomainError) as refusal:
        services.message_erase(message=ticket.messages.get(), actor=desk.privacy_officer, now=now, reason=WHY)
    assert refusal.value.code == "held"

    customers.customer_erase(customer=customer, actor=desk.privacy_officer, reason=WHY, now=now)
    assert traces(SECRET) == {"messages": 1, "search": 1}


def test_nothing_but_a_reason_of_an_erased_customers_ticket_can_change_in_an_event(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    services.ticket_assign(ticket=ticket, to=desk.lead, actor=desk.lead, now=now, reason="他更熟悉")

    assert retention.forget("tickets", [ticket.pk]) == 0
    assert Event.objects.filter(reason="他更熟悉").exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('aftersales.retention', 'on', true)")
        with pytest.raises(DatabaseError), transaction.atomic():
            cursor.execute("UPDATE core_event SET reason = %s", [ERASED])


def test_the_privacy_officer_erases_a_message_on_its_ticket_and_nobody_else_finds_the_button(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket(text=SECRET)
    message = ticket.messages.get()
    page = reverse("desk:ticket", args=[ticket.number])
    act = reverse("desk:erase_message", args=[ticket.number, message.public_id])
    for role in (Role.AGENT, Role.LEAD, Role.AUDITOR):
        assert act not in desk.client(role).get(page).content.decode()
        assert desk.client(role).post(act, {"reason": WHY}).status_code == 404
    officer = desk.client(Role.PRIVACY_OFFICER)
    assert act in officer.get(page).content.decode()

    officer.post(act, {"reason": ""})
    assert traces(SECRET)
    officer.post(act, {"reason": WHY})

    assert traces(SECRET) == {}
    shown = officer.get(page).content.decode()
    assert WHY in shown
    assert act not in shown


def test_what_the_customer_said_at_the_end_is_a_message_and_no_reason(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = services.ticket_resolve(
        ticket=open_ticket(), result="explained", text="好了。", actor=desk.agent, now=now
    )
    services.ticket_verify(
        ticket=ticket, how="phone", reason=f"林芳 {SECRET} 说好了", actor=desk.agent, now=now
    )

    assert traces(SECRET) == {"messages": 1, "search": 1}
    said = Message.objects.get(text__contains=SECRET)
    assert (said.author_kind, said.channel, said.audience) == ("customer", "phone", "customer")
