"""The reply box: a reply on its way is seen by all, taken back in time, and never sent past new words."""

import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from aftersales.core import once
from aftersales.customers.models import Contact, Customer
from aftersales.tickets import services
from aftersales.tickets.models import Attachment, Message, Ticket, Unsent, UnsentFile
from aftersales.tickets.selectors import writing
from tests.cast import Cast

Opener = Callable[..., Ticket]
WorkOff = Callable[[datetime], None]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


@pytest.fixture
def ticket(open_ticket: Opener, customer: Customer) -> Ticket:
    Contact.objects.create(customer=customer, kind="email", value="linfang@example.com")
    return open_ticket()


def url(ticket: Ticket, rest: str = "") -> str:
    return f"/desk/tickets/{ticket.number}/{rest}"


def page(browser: Client, ticket: Ticket) -> str:
    return browser.get(url(ticket)).content.decode()


def box(browser: Client, ticket: Ticket) -> dict[str, str]:
    """The hidden fields of the reply box as this visit of the page has them."""
    form = page(browser, ticket).partition('id="reply"')[2].partition("</form>")[0]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


def picture(name: str = "裂痕.png") -> SimpleUploadedFile:
    target = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(target, "PNG")
    return SimpleUploadedFile(name, target.getvalue(), "image/png")


def say(browser: Client, ticket: Ticket, **form: Any) -> Any:
    return browser.post(url(ticket, "say/"), {"voice": "customer", "text": "已补发。"} | form)


def test_colleagues_see_a_reply_on_its_way_and_only_its_writer_takes_it_back(
    ticket: Ticket, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    writer, colleague = desk.client(desk.agent), desk.client(desk.lead)
    assert say(writer, ticket, files=[picture()]).status_code == 302
    held = Unsent.objects.get()
    assert not Message.objects.filter(text="已补发。").exists()
    for browser, may in ((writer, True), (colleague, False)):
        shown = page(browser, ticket)
        assert "已补发。" in shown
        assert "裂痕.png" in shown
        assert f'data-held="{int(held.due_at.timestamp())}"' in shown
        assert ("data-take-back" in shown) == may
    colleague.post(url(ticket, f"held/{held.public_id}/back/"))
    assert Unsent.objects.get().due_at is not None

    writer.post(url(ticket, f"held/{held.public_id}/back/"))
    shown = page(writer, ticket)
    assert "data-held" not in shown
    assert re.search(r"<textarea[^>]*>已补发。</textarea>", shown)
    assert 'name="kept"' in shown
    assert "已补发。" not in page(colleague, ticket)
    work_off(now + timedelta(minutes=1))
    assert not Message.objects.filter(text="已补发。").exists()


def test_a_draft_with_its_file_is_sent_with_what_is_kept_of_it(
    ticket: Ticket, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    browser = desk.client(desk.agent)
    say(browser, ticket, files=[picture("一.png"), picture("二.png")])
    browser.post(url(ticket, f"held/{Unsent.objects.get().public_id}/back/"))
    kept = UnsentFile.objects.get(original_name="二.png")
    say(browser, ticket, kept=[kept.public_id], files=[picture("三.png")])
    work_off(now + timedelta(seconds=8))
    assert sorted(Attachment.objects.values_list("original_name", flat=True)) == ["三.png", "二.png"]
    assert not Unsent.objects.exists()


def test_half_written_words_survive_the_page_and_are_their_writers_own(ticket: Ticket, desk: Cast) -> None:
    browser = desk.client(desk.agent)
    form = box(browser, ticket)
    answer = browser.post(
        url(ticket, "draft/"), {"text": "您好，我们正在", "voice": "note", once.FIELD: form[once.FIELD]}
    )
    assert "saved" in answer.json()
    shown = page(browser, ticket)
    assert "您好，我们正在</textarea>" in shown
    assert re.search(r'value="note" checked', shown)
    assert "您好，我们正在" not in page(desk.client(desk.lead), ticket)
    browser.post(url(ticket, "draft/drop/"))
    assert "您好，我们正在" not in page(browser, ticket)


def test_a_reply_is_not_sent_past_words_that_are_new_and_nothing_of_it_is_lost(
    ticket: Ticket, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    browser = desk.client(desk.agent)
    form = box(browser, ticket)
    services.customer_message(ticket=ticket, text="我已经收到了，不用补发！", actor=desk.lead, now=now)
    services.note_add(ticket=ticket, text="我来打电话。", actor=desk.lead, now=now)

    answer = say(browser, ticket, **form, files=[picture()])
    shown = answer.content.decode()
    assert answer.status_code == 409
    news = shown.partition('class="news')[2].partition("<form")[0]
    assert "我已经收到了，不用补发！" in news
    assert "我来打电话。" in news
    assert "已补发。</textarea>" in shown
    assert "裂痕.png" in shown
    work_off(now + timedelta(minutes=1))
    assert not Message.objects.filter(text="已补发。").exists()

    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown.partition('id="reply"')[2]))
    again = {name: hidden[name] for name in ("seen", "seen_held", once.FIELD)}
    assert say(browser, ticket, **again, kept=[UnsentFile.objects.get().public_id]).status_code == 302
    work_off(now + timedelta(minutes=1))
    assert Message.objects.get(text="已补发。").attachments.count() == 1


@pytest.mark.parametrize("said", [True, False])
def test_the_same_form_again_sends_once_whatever_was_said_between(
    ticket: Ticket, desk: Cast, now: datetime, work_off: WorkOff, said: bool
) -> None:
    browser = desk.client(desk.agent)
    form = box(browser, ticket)
    assert say(browser, ticket, **form).status_code == 302
    if said:
        work_off(now + timedelta(minutes=1))
    services.customer_message(ticket=ticket, text="谢谢", actor=desk.lead, now=now)
    assert say(browser, ticket, **form).status_code == 302
    assert not Unsent.objects.filter(due_at=None).exists()

    other = say(browser, ticket, text="还有一件事。", **form)  # gone back to, and written anew: other words
    assert other.status_code == 409
    assert "还有一件事。</textarea>" in other.content.decode()
    assert Unsent.objects.get(due_at=None).text == "还有一件事。"
    work_off(now + timedelta(minutes=2))
    assert list(Message.objects.filter(author=desk.agent).values_list("text", flat=True)) == ["已补发。"]


def test_words_sent_while_the_same_form_was_refused_are_not_kept_again(
    ticket: Ticket, desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first of two posts goes out after the second one asked whether it had."""
    browser = desk.client(desk.agent)
    form = box(browser, ticket)
    say(browser, ticket, **form, files=[picture()])
    services.customer_message(ticket=ticket, text="谢谢", actor=desk.lead, now=now)
    asked, is_sent = [], writing.is_sent

    def later(*row: Ticket, **which: Any) -> bool:
        asked.append(which)
        return len(asked) > 1 and is_sent(*row, **which)

    monkeypatch.setattr(writing, "is_sent", later)
    assert say(browser, ticket, **form, files=[picture()]).status_code == 302
    held = Unsent.objects.get()
    assert held.due_at is not None
    assert held.files.count() == UnsentFile.objects.count() == 1


def test_a_colleagues_reply_on_its_way_is_news_too_and_ones_own_words_are_not(
    ticket: Ticket, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    mine, theirs = desk.client(desk.agent), desk.client(desk.lead)
    form = box(mine, ticket)
    assert say(theirs, ticket, text="我回复了。", **box(theirs, ticket)).status_code == 302
    answer = say(mine, ticket, **form)
    assert answer.status_code == 409
    assert "我回复了。" in answer.content.decode().partition('class="news')[2].partition("<form")[0]

    form = box(mine, ticket)
    services.note_add(ticket=ticket, text="我自己的备注", actor=desk.agent, now=now)
    assert say(mine, ticket, **form).status_code == 302


def test_a_note_is_kept_whatever_is_new(ticket: Ticket, desk: Cast, now: datetime) -> None:
    browser = desk.client(desk.agent)
    form = box(browser, ticket)
    services.customer_message(ticket=ticket, text="在吗？", actor=desk.lead, now=now)
    assert say(browser, ticket, voice="note", text="备注", **form).status_code == 302
    assert Message.objects.filter(text="备注").exists()


def test_the_page_says_why_words_came_back(
    ticket: Ticket, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    browser = desk.client(desk.agent)
    say(browser, ticket)
    services.ticket_cancel(ticket=ticket, why="withdrawn", reason="客户撤回", actor=desk.lead, now=now)
    work_off(now + timedelta(seconds=8))
    shown = page(browser, ticket)
    assert 'class="hint lg back"' in shown
    assert "已补发。</textarea>" in shown


def test_whoever_does_not_want_to_wait_sends_now_and_it_is_said_once(
    ticket: Ticket, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    browser = desk.client(desk.agent)
    say(browser, ticket)
    where = url(ticket, f"held/{Unsent.objects.get().public_id}/send/")
    assert desk.client(desk.lead).post(where).status_code == 404
    for _n in range(2):
        assert browser.post(where, headers={"HX-Request": "true"}).json() == {"sent": True}
    work_off(now + timedelta(minutes=1))
    assert Message.objects.filter(text="已补发。").count() == 1


def test_a_picture_of_sixty_megabytes_is_refused_with_a_sentence_and_the_words_stay(
    ticket: Ticket, desk: Cast
) -> None:
    large = SimpleUploadedFile("大图.png", b"\x89PNG\r\n\x1a\n" + b"0" * (60 * 1024 * 1024), "image/png")
    answer = say(desk.client(desk.agent), ticket, files=[large])
    assert answer.status_code == 422
    assert "大图.png" in " ".join(str(said) for said in answer.context["messages"])
    assert "已补发。</textarea>" in answer.content.decode()
    draft = Unsent.objects.get()
    assert (draft.text, draft.due_at) == ("已补发。", None)  # kept for its writer, on no way
    assert not draft.files.exists()


@pytest.mark.parametrize("seen", ["", "x", "-1", "9" * 400, "²"])
def test_a_box_with_a_nonsense_mark_is_taken_as_one_without(ticket: Ticket, desk: Cast, seen: str) -> None:
    assert say(desk.client(desk.agent), ticket, seen=seen, seen_held=seen).status_code == 302


def test_a_ticket_one_may_not_see_keeps_no_draft_of_his(ticket: Ticket, desk: Cast) -> None:
    stranger = desk.client(desk.vendor_agent)
    for rest in ("draft/", "draft/drop/", "held/x/back/", "held/x/send/"):
        assert stranger.post(url(ticket, rest), {"text": "x"}).status_code == 404
    assert not Unsent.objects.exists()
