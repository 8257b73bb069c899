"""Many at once: a long run keeps nobody at a desk waiting, a form and a rule never open two tickets."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from time import monotonic, sleep
from typing import Any

import pytest
from django.db import connection, transaction

from aftersales.core import series
from aftersales.core.models import SeriesCounter
from aftersales.core.sheets import services as sheets
from aftersales.customers.models import Customer
from aftersales.orders.models import Order, Review
from aftersales.tickets import services
from aftersales.tickets.models import ArchiveRecord, IntakeItem, Ticket
from aftersales.tickets.services import intake
from aftersales.tickets.services.intake import AlreadyOpen, TicketDraft, draft_for
from aftersales.tickets.services.settling import BATCH, Report
from tests import records
from tests.cast import Cast
from tests.core.sheets.steps import check, rows_as_csv
from tests.toy.fixtures import in_thread

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]
DAY = timedelta(days=1)
PROMPT = 1.5  # seconds; a lock is waited for up to 2


def about(order: Order | None, now: datetime, subject: str = "坏了", **told: Any) -> TicketDraft:
    said = {"source": "desk", "source_ref": "", "text": "坏了", "channel": "phone", "opened_at": now} | told
    return draft_for(order, subject=subject, **said)


@contextmanager
def beside(work: Callable[[], Any]) -> Iterator[list[Any]]:
    """``work`` runs on a connection of its own while the body runs; its answer stands in the list afterwards."""
    answers: list[Any] = []

    def run() -> None:
        try:
            answers.append(work())
        except Exception as error:  # noqa: BLE001 - judged by the test
            answers.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield answers
    finally:
        thread.join(30)


@contextmanager
def held_open(monkeypatch: pytest.MonkeyPatch, work: Callable[[], Any]) -> Iterator[list[Any]]:
    """The body runs while ``work`` has written its tickets and not committed them yet."""
    wrote, go_on, plain = threading.Event(), threading.Event(), intake._write_words

    def slow(*args: Any) -> None:
        plain(*args)
        if not wrote.is_set():
            wrote.set()
            go_on.wait(20)

    monkeypatch.setattr(intake, "_write_words", slow)
    with beside(work) as answers:
        assert wrote.wait(20)
        try:
            yield answers
        finally:
            go_on.set()


def test_who_registers_by_hand_does_not_wait_for_a_run_that_opens_many(
    desk: Cast, customer: Customer, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports = [Report("hotline", f"H{n}", "没到", "没到", "phone", now) for n in range(20)]
    run = lambda: services.signals_take_in(reports=reports, actor=desk.operations, now=now)  # noqa: E731
    agent = desk.agent
    with held_open(monkeypatch, run) as answers:
        began = monotonic()
        ticket = services.ticket_open(draft=about(None, now), actor=agent, now=now)
        took = monotonic() - began
    assert took < PROMPT
    assert len(answers[0]) == 20
    numbers = list(Ticket.objects.values_list("number", flat=True))
    assert (len(set(numbers)), ticket.number in numbers) == (21, True)


def test_an_import_of_hundreds_lets_the_desk_work(desk: Cast, customer: Customer, now: datetime) -> None:
    rows = [["hotline", f"H{n}", "还没到"] for n in range(8 * BATCH)]
    upload = check(
        "tickets", rows_as_csv(["source", "source_ref", "subject"], *rows), actor=desk.operations, now=now
    )
    sheets.confirm(upload=upload, actor=upload.owner, now=now)
    browser = desk.client("agent")
    form = {
        "subject": "水杯漏水",
        "text": "漏",
        "channel": "phone",
        "kind": "",
        "order": "",
        "customer": "C-1",
    }
    waits: list[float] = []
    with beside(lambda: sheets.apply(upload=upload, now=now)):
        while not Ticket.objects.exists():
            pass
        for _n in range(4):
            began = monotonic()
            assert browser.post("/desk/tickets/open/", form).status_code == 302
            waits.append(monotonic() - began)
        assert Ticket.objects.filter(source="hotline").count() < len(rows), "the import was over before"
    assert max(waits) < PROMPT
    upload.refresh_from_db()
    assert (upload.state, upload.count("new"), Ticket.objects.count()) == ("done", len(rows), len(rows) + 4)
    assert IntakeItem.objects.filter(outcome="opened").count() == len(rows)


def test_a_number_of_work_that_was_rolled_back_is_never_given_again(desk: Cast, now: datetime) -> None:
    first = services.ticket_open(draft=about(None, now), actor=desk.agent, now=now)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intake, "_write_words", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            services.ticket_open(draft=about(None, now), actor=desk.agent, now=now)
    third = services.ticket_open(draft=about(None, now), actor=desk.agent, now=now)
    assert (first.number[-5:], third.number[-5:]) == ("00001", "00003")


def test_a_bad_form_uses_up_no_number(desk: Cast, now: datetime) -> None:
    order = records.order("A-1", now)
    services.ticket_open(draft=about(order, now), actor=desk.agent, now=now)
    for draft in (about(None, now, subject=" "), about(None, now, text="坏" * 20_001), about(order, now)):
        with pytest.raises(intake.DomainError):
            services.ticket_open(draft=draft, actor=desk.agent, now=now)
    assert SeriesCounter.objects.get(code="ticket").last == 1


def test_two_records_are_numbered_while_a_third_is_not_committed_yet(
    desk: Cast, customer: Customer, now: datetime
) -> None:
    """An archive number is drawn before the transaction too, and a reopened ticket's record draws none."""

    def closed(n: int) -> Ticket:
        draft = about(None, now, subject=f"问题 {n}")
        ticket = services.ticket_open(draft=draft, actor=desk.agent, now=now)
        ticket = services.ticket_resolve(
            ticket=ticket, result="explained", text="好", actor=desk.agent, now=now
        )
        return services.ticket_verify(ticket=ticket, how="phone", reason="好了", actor=desk.agent, now=now)

    done, lead = [closed(n) for n in range(2)], desk.lead
    summary = "核对后解释清楚，客户认可。"
    numbers = series.Drawn("archive", now)
    numbers.have(1)
    with transaction.atomic():
        held = numbers.next()
        in_thread(lambda: services.ticket_archive(ticket=done[0], summary=summary, actor=lead, now=now))
        transaction.set_rollback(True)
    services.ticket_archive(ticket=done[1], summary=summary, actor=lead, now=now)
    given = set(ArchiveRecord.objects.values_list("number", flat=True))
    assert (len(given), held in given) == (2, False)
    with pytest.raises(intake.DomainError):
        services.ticket_archive(ticket=done[1], summary="短", actor=lead, now=now)
    assert SeriesCounter.objects.get(code="archive").last == 3


def meanwhile(monkeypatch: pytest.MonkeyPatch, first: Callable[[], Any], second: Callable[[], Any]) -> Any:
    """What ``second`` answers when it began before ``first`` was committed."""
    with ExitStack() as ended, held_open(monkeypatch, first):
        answers = ended.enter_context(beside(second))
        sleep(0.5)
    return answers[0]


@pytest.fixture
def complained(desk: Cast, customer: Customer, now: datetime) -> Order:
    order = records.order("R1", now, customer=customer)
    Review(source="shop", external_id="RX", order=order, score=1, body="坏", written_at=now - DAY).save()
    return order


def test_a_rule_waits_for_the_form_and_joins_its_ticket(
    complained: Order, desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = desk.agent
    form = lambda: services.ticket_open(draft=about(complained, now), actor=agent, now=now)  # noqa: E731
    counts = meanwhile(monkeypatch, form, lambda: services.intake_run(now=now))
    assert counts["attached"] == 1
    ticket = Ticket.objects.get(order=complained)
    assert (ticket.source, ticket.intake_items.count()) == ("desk", 1)


def test_a_form_waits_for_the_rule_and_is_asked(
    complained: Order, desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = desk.agent
    form = lambda: services.ticket_open(draft=about(complained, now), actor=agent, now=now)  # noqa: E731
    asked = meanwhile(monkeypatch, lambda: services.intake_run(now=now), form)
    assert isinstance(asked, AlreadyOpen)
    assert asked.tickets == [Ticket.objects.get()]
