"""The promise in the reply box: one form, one transaction, once; and the card that follows it on the workbench."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aftersales.core import jobs, once
from aftersales.customers.models import Contact, Customer
from aftersales.desk import promises
from aftersales.tickets import services
from aftersales.tickets.models import Attachment, GivenPromise, Message, Ticket, Unsent
from tests.cast import Cast

Opener = Callable[..., Ticket]
HOUR = timedelta(hours=1)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
BUDGET = 18  # statements of the whole workbench


@pytest.fixture
def reachable(customer: Customer) -> Contact:
    return Contact.objects.create(customer=customer, kind="email", value="lin@example.cn")


def say(ticket: Ticket) -> str:
    return f"/desk/tickets/{ticket.number}/say/"


def form(due: datetime, **more: str) -> dict[str, str]:
    return {
        "voice": "customer", "text": "收到。我明天中午前给您回电。", "promise_by": promises.value(due),
        "promise_what": "", once.FIELD: once.new_key(),
    } | more  # fmt: skip


@pytest.mark.usefixtures("reachable")
def test_a_double_click_sends_one_reply_with_one_promise_of_its_last_sentence(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket, browser = open_ticket(), desk.client(desk.agent)
    posted = form(now + 2 * HOUR)
    for _click in range(2):
        assert browser.post(say(ticket), posted).status_code == 302
    jobs.run_due(now + HOUR / 60)  # the seconds are over in which it could be taken back
    promise = GivenPromise.objects.get()
    assert (promise.what, promise.due_at, promise.to) == ("我明天中午前给您回电", now + 2 * HOUR, "customer")
    assert Message.objects.filter(author_kind="staff").count() == 1
    page = browser.get(f"/desk/tickets/{ticket.number}/").content.decode()
    assert f"postpone-{promise.public_id}" in page


@pytest.mark.parametrize(
    "bad", [{"promise_by": "at"}, {"promise_by": "at", "promise_at": "morgen"}, {"promise_by": "2020-01-01T10:00"}]
)  # fmt: skip
@pytest.mark.usefixtures("reachable")
def test_a_promise_without_a_time_ahead_sends_nothing_and_keeps_the_draft(
    open_ticket: Opener, desk: Cast, now: datetime, bad: dict[str, str]
) -> None:
    ticket = open_ticket()
    answer = desk.client(desk.agent).post(say(ticket), form(now + HOUR, **bad))
    assert answer.status_code == 422
    assert "我明天中午前给您回电" in answer.content.decode()
    assert not Message.objects.filter(author_kind="staff").exists()


@pytest.mark.usefixtures("reachable")
def test_a_refused_send_keeps_promise_time_and_the_good_files_and_the_next_one_says_them_all(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket, browser = open_ticket(), desk.client(desk.agent)
    good = SimpleUploadedFile("说明.txt", "杯口有裂痕".encode(), "text/plain")
    broken = SimpleUploadedFile("坏.png", b"\x89PNG\r\n\x1a\n broken", "image/png")
    what = form(now + 2 * HOUR, promise_what="今天给您回电")
    answer = browser.post(say(ticket), what | {"files": [good, broken]})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "坏.png" in " ".join(str(said) for said in answer.context["messages"])
    box = page.partition('class="pm"')[2].partition("</details>")[0]
    assert box.partition(">")[0].endswith(' data-guess="/desk/promises/guess/"')
    assert " open" in box[:40]
    assert 'value="今天给您回电"' in box
    assert f'value="{promises.value(now + 2 * HOUR)}" aria-label' in box
    kept = re.findall(r'name="kept" value="([^"]+)" checked', page)
    assert len(kept) == 1

    again = {"promise_by": "at", "promise_at": promises.value(now + 2 * HOUR), once.FIELD: once.new_key()}
    assert browser.post(say(ticket), what | again | {"kept": kept}).status_code == 302
    jobs.run_due(now + HOUR / 60)
    promise = GivenPromise.objects.get()
    assert (promise.what, promise.due_at) == ("今天给您回电", now + 2 * HOUR)
    assert [one.original_name for one in Attachment.objects.all()] == ["说明.txt"]


@pytest.mark.usefixtures("reachable")
def test_a_reply_that_news_hold_up_keeps_its_promise_and_what_was_taken_off_stays_off(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket, browser = open_ticket(), desk.client(desk.agent)
    services.customer_message(ticket=ticket, text="还没到吗", actor=desk.lead, now=now)
    answer = browser.post(say(ticket), form(now + HOUR, seen="0", promise_what="回电"))
    assert answer.status_code == 409
    draft = Unsent.objects.get()
    assert (draft.promise_what, draft.promise_due_at) == ("回电", now + HOUR)
    broken = SimpleUploadedFile("坏.png", b"no", "image/png")
    answer = browser.post(say(ticket), form(now, promise_by="", promise_what="回电") | {"files": [broken]})
    assert answer.status_code == 422
    draft.refresh_from_db()
    assert (draft.promise_what, draft.promise_due_at) == ("", None)


@pytest.mark.usefixtures("reachable")
def test_a_promise_that_was_begun_without_a_time_is_asked_for_it(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    """The box is open and no time is chosen: nothing goes out without the promise, and it is asked for again."""
    posted = form(now, promise_what="给您回电")
    del posted["promise_by"]
    answer = desk.client(desk.agent).post(say(open_ticket()), posted)
    assert answer.status_code == 422
    assert not Message.objects.filter(author_kind="staff").exists()
    box = answer.content.decode().partition('class="pm"')[2].partition("</details>")[0]
    assert 'value="给您回电"' in box
    assert "checked" not in box


def test_a_note_promises_nothing(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    desk.client(desk.agent).post(say(open_ticket()), form(now + HOUR, voice="note"))
    assert not GivenPromise.objects.exists()


def test_the_card_takes_one_statement_however_many_promises_and_the_guards_ask_no_second_one(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = services.ticket_start(ticket=open_ticket(), actor=desk.agent, now=now)
    browser, url = desk.client(desk.agent), f"/desk/tickets/{ticket.number}/"
    browser.get(url)

    def asked() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as found:
            assert browser.get(url).status_code == 200
        words = [query["sql"] for query in found.captured_queries]
        return len(words), sum("tickets_givenpromise" in sql for sql in words)

    few = asked()
    for hours in range(1, 6):
        services.promise_give(
            ticket=ticket, what=f"第 {hours} 次回电", due_at=now + hours * HOUR, actor=desk.agent, now=now
        )
    assert asked() == few
    assert few[1] == 1
    assert few[0] <= BUDGET


def test_a_promise_of_another_ticket_is_not_settled_through_this_one(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    mine, other = open_ticket(), open_ticket()
    promise = services.promise_give(ticket=other, what="回电", due_at=now + HOUR, actor=desk.agent, now=now)
    browser = desk.client(desk.agent)
    assert browser.post(f"/desk/tickets/{mine.number}/promises/{promise.public_id}/keep/").status_code == 404
    assert browser.post(f"/desk/tickets/{other.number}/promises/{promise.public_id}/keep/").status_code == 302
    assert GivenPromise.objects.get().state == "kept"


def test_the_page_says_why_the_ticket_cannot_be_resolved(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = services.ticket_start(ticket=open_ticket(), actor=desk.agent, now=now)
    services.promise_give(ticket=ticket, what="给您回电", due_at=now + HOUR, actor=desk.agent, now=now)
    page = desk.client(desk.agent).get(f"/desk/tickets/{ticket.number}/").content.decode()
    assert "“给您回电”" in page
    assert 'id="act-resolve"' not in page


def test_quick_choices_stay_inside_the_hours_of_the_desk(desk: Cast, now: datetime) -> None:
    """At 22:30 two hours more are 09:30 of the next morning (08:00–23:00), and today at six is over."""
    late = now + timedelta(hours=12, minutes=30)
    assert [one.value[-5:] for one in promises.choices(late)] == ["09:30", "12:00"]
    assert [one.value[-5:] for one in promises.choices(now)] == ["12:00", "18:00", "12:00"]


def test_the_reply_box_guesses_what_is_promised(desk: Cast, now: datetime) -> None:
    answer = desk.client(desk.agent).post("/desk/promises/guess/", {"text": "您好。我们会在24小时内给您回电"})
    found = answer.json()
    assert (found["what"], found["due"]) == ("我们会在24小时内给您回电", promises.value(now + 24 * HOUR))
    called = {"text": "仓库下周三前发新杯子", "called": "1"}
    assert desk.client(desk.agent).post("/desk/promises/guess/", called).json()["due"].endswith("T18:00")
    silent = desk.client(desk.agent).post("/desk/promises/guess/", {"text": "请问还有什么可以帮您？"}).json()
    assert silent["due"] == ""
