"""Five stories with the product's own worker, beat and broker, and a kill -9 in the middle."""

import re
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from aftersales.clocks import tasks as clock_tasks
from aftersales.clocks.models import Clock
from aftersales.core.models import Delivery, Event, Job, JobState
from aftersales.core.sheets.models import SheetUpload
from aftersales.customers.models import Contact, Customer
from aftersales.merchants.models import Merchant
from aftersales.notices.models import Notice
from aftersales.notices.states import NoticeState
from aftersales.tickets import services
from aftersales.tickets.models import Alert, ArchiveRecord, Ticket
from tests.architecture.writes import watched
from tests.cast import Cast
from tests.flows.office import Office

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
Opener = Callable[..., Ticket]
ROWS = 40_000


@pytest.fixture
def now() -> datetime:
    """The worker lives at the real time."""
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def reachable(customer: Customer) -> Customer:
    Contact.objects.create(customer=customer, kind="email", value="linfang@example.com")
    return customer


def mails(office: Office) -> list[Any]:
    files = sorted((office.data / "outbox").glob("*.eml"))
    return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]


def nothing_left() -> bool:
    unfinished = Job.objects.exclude(state=JobState.DONE).exists()
    return not unfinished and not Delivery.objects.exists()


def let_the_leases_run_out() -> None:
    """Five minutes later: what a dead worker had in hand belongs to nobody."""
    past = timezone.now() - timedelta(minutes=1)
    Job.objects.filter(state=JobState.RUNNING).update(lease_until=past)
    Notice.objects.filter(state=NoticeState.SENDING).update(claimed_at=past - timedelta(hours=1))
    Delivery.objects.filter(attempts__gt=0, parked_at=None).update(run_after=past)


def post(browser: Client, address: str, **form: Any) -> Any:
    """A form sent from a page; it must be accepted."""
    with watched():
        answer = browser.post(address, form)
    said = [str(one) for one in answer.context["messages"]] if answer.context else ""
    assert answer.status_code == 302, said
    return answer


def confirm_link(office: Office) -> str:
    for mail in mails(office):
        if found := re.search(r"http://127\.0\.0\.1:8000(/\S+)", mail.get_body(("plain",)).get_content()):
            return found[1]
    return ""


def test_from_the_phone_call_to_the_archive(office: Office, desk: Cast, reachable: Customer) -> None:
    office.worker()
    agent, lead = desk.client(desk.agent), desk.client(desk.lead)

    opened = post(
        agent, "/desk/tickets/open/", customer=reachable.code, subject="耳机左耳没有声音",
        text="左耳没有声音，要求换货。", channel="phone", kind="returns",
    )  # fmt: skip
    page = opened.url
    ticket = Ticket.objects.get()
    assert ticket.assignee == desk.agent
    office.until(lambda: len(mails(office)) == 1, "the customer is told that the ticket exists")

    post(agent, f"{page}say/", voice="customer", text="您好，已为您登记换货。")
    office.until(lambda: len(mails(office)) == 2, "the answer goes out")
    post(agent, f"{page}do/resolve/", result="exchanged", text="新耳机已寄出。")
    office.until(lambda: confirm_link(office), "the mail with the link")

    visitor = Client(enforce_csrf_checks=True)
    link = confirm_link(office)
    assert visitor.get(link).status_code == 200
    ticket.refresh_from_db()
    assert ticket.state == "resolved", "looking at the page does nothing"
    post(visitor, link, solved="yes", handling="5")
    ticket.refresh_from_db()
    assert (ticket.state, ticket.closed_how) == ("closed", "confirmed")

    post(lead, f"{page}do/archive/", summary="客户确认换货完成，无后续事项。")
    ticket.refresh_from_db()
    assert ticket.state == "archived"
    assert ArchiveRecord.objects.filter(ticket=ticket).count() == 1
    office.until(nothing_left, "all work done")
    assert {str(mail["To"]) for mail in mails(office)} == {"linfang@example.com"}
    sent = Notice.objects.filter(channel="email", state=NoticeState.SENT)
    assert len(mails(office)) == sent.count() == 4


def sheet(rows: int) -> SimpleUploadedFile:
    lines = ["code,name,province", *(f"M{number:06d},商家{number},浙江省" for number in range(rows))]
    return SimpleUploadedFile("merchants.csv", "\n".join(lines).encode(), content_type="text/csv")


def test_a_sheet_survives_the_death_of_its_worker(office: Office, cast: Cast) -> None:
    first = office.worker()
    browser = cast.client(cast.operations)
    page = post(browser, "/sheets/merchants/", file=sheet(ROWS), profile="").url
    upload = SheetUpload.objects.get()
    office.until(lambda: fresh(upload).state == "previewed", "the preview")
    post(browser, f"{page}confirm/")

    office.until(lambda: fresh(upload).applied_row > 0, "the first rows written")
    office.kill(first)
    written = Merchant.objects.count()
    assert 0 < written < ROWS, "the worker was quicker than the kill"
    assert fresh(upload).state == "applying"
    assert browser.get(page).status_code == 200

    let_the_leases_run_out()
    office.worker()
    office.beat()
    office.until(lambda: fresh(upload).state == "done", "the rest written by another worker")
    assert Merchant.objects.count() == ROWS
    assert Merchant.history.count() == ROWS
    assert fresh(upload).counts["new"] == ROWS
    assert Event.objects.filter(kind="sheet.applied").count() == 1
    office.until(nothing_left, "all work done")
    assert Job.objects.get(key=f"sheets.apply:{upload.pk}").attempts == 2


def fresh(upload: SheetUpload) -> SheetUpload:
    return SheetUpload.objects.get(pk=upload.pk)


def test_a_killed_worker_leaves_no_message_behind_and_none_goes_twice(
    office: Office, desk: Cast, reachable: Customer, open_ticket: Opener
) -> None:
    for number in range(60):
        open_ticket(subject=f"第{number}件")
    first = office.worker()
    office.beat()
    office.until(lambda: len(mails_written(office)) >= 5, "some mails")
    office.kill(first)
    assert len(mails_written(office)) < 60, "the worker was quicker than the kill"

    let_the_leases_run_out()
    office.worker()
    office.until(lambda: len(mails_written(office)) == 60 and nothing_left(), "every mail")
    to_customer = Notice.objects.filter(channel="email", customer_id=reachable.pk)
    assert set(to_customer.values_list("state", flat=True)) == {NoticeState.SENT}
    assert to_customer.count() == len(mails(office)) == 60
    assert Counter(str(mail["Message-ID"]) for mail in mails(office)).most_common(1)[0][1] == 1
    told = Event.objects.filter(kind="notice.sent").values_list("payload", flat=True)
    assert len(told) == Notice.objects.filter(state=NoticeState.SENT, channel="email").count()


def mails_written(office: Office) -> list[str]:
    return [path.name for path in (office.data / "outbox").glob("*.eml")]


def test_without_the_broker_people_go_on_and_the_work_is_found_later(
    office: Office, desk: Cast, reachable: Customer
) -> None:
    office.worker()
    office.beat()
    agent = desk.client(desk.agent)
    form = {"customer": reachable.code, "subject": "少发一件", "text": "少了一件。", "channel": "phone"}
    post(agent, "/desk/tickets/open/", **form)
    office.until(lambda: len(mails(office)) == 1, "the worker works")

    office.kill_broker()
    office.until(lambda: not office.broker_runs, "the broker is dead")
    for _again in range(2):
        began = time.monotonic()
        post(agent, "/desk/tickets/open/", **form)
        assert time.monotonic() - began < 5, "a person waited for the broker"
    assert Delivery.objects.exists()

    office.lease.hold()
    office.worker()  # as the supervisor does with a worker that lost its broker for good
    office.beat()
    office.until(lambda: len(mails(office)) == 3 and nothing_left(), "the sweep finds the work", 150)


def test_a_broken_promise_is_told_once_although_two_workers_sweep(
    office: Office, desk: Cast, open_ticket: Opener, now: datetime
) -> None:
    late = [open_ticket(at=now - timedelta(days=9), subject=f"迟到{number}") for number in range(20)]
    pairs = {(clock.subject_id, clock.promise) for clock in Clock.objects.filter(due_at__lt=now)}
    assert {ticket.pk for ticket in late} == {subject for subject, _promise in pairs}
    soon = open_ticket(at=now, subject="快到期")
    due = Clock.objects.filter(subject_id=soon.pk, due_at__gt=now).earliest("due_at")
    Clock.objects.filter(pk=due.pk).update(warn_at=now)

    for _two in range(2):
        office.worker()
    for _many in range(8):
        clock_tasks.sweep_clocks.apply_async(ignore_result=True)
    office.beat()

    def breached() -> list[tuple[int, str]]:
        events = Event.objects.filter(kind="clock.breached")
        return [(event.subject_id, event.payload["promise"]) for event in events]

    office.until(lambda: len(breached()) >= len(pairs) and nothing_left(), "the sweep of the clocks")
    assert sorted(breached()) == sorted(pairs)
    assert Event.objects.filter(kind="clock.warned", subject_id=soon.pk).count() == 1
    noted = Alert.objects.filter(person=desk.lead, template="clock.breached.lead")
    assert noted.count() == len(pairs)
    tomorrow = timezone.localtime(now).replace(hour=10, minute=0) + timedelta(days=1)
    services.digest_sweep(now=tomorrow)
    assert Notice.objects.filter(source="work.digest", channel="in_app", user_id=desk.lead.pk).count() == 1
    assert not Clock.objects.filter(due_at__lt=now, state="running").exists()
