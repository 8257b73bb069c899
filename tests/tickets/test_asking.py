"""Silence says something only of somebody who was asked; of the others a person asks (R3.6, operations S2)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aftersales.clocks.models import Clock
from aftersales.clocks.services import sweep
from aftersales.core import moves
from aftersales.core.errors import Refused
from aftersales.core.models import Delivery, Event
from aftersales.customers.models import Contact, Customer
from aftersales.notices import mail
from aftersales.notices.models import Notice, NoticeTemplate
from aftersales.notices.services import notice_retry
from aftersales.tickets import services
from aftersales.tickets.models import Ticket
from aftersales.tickets.selectors import questions
from tests.cast import Cast

Opener = Callable[..., Ticket]
WorkOff = Callable[[datetime], None]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def address(customer: Customer) -> Contact:
    return Contact.objects.create(customer=customer, kind="email", value="linfang@example.com")


@pytest.fixture
def resolved(open_ticket: Opener, desk: Cast, now: datetime) -> Callable[..., Ticket]:
    def make(**columns: Any) -> Ticket:
        ticket = open_ticket(**columns)
        if ticket.assignee is None:
            ticket = services.ticket_take(ticket=ticket, actor=desk.agent, now=now)
        return services.ticket_resolve(
            ticket=ticket, result="explained", text="已处理。", actor=desk.agent, now=now
        )

    return make


@pytest.fixture
def dead_mail(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The mail server answers nobody, until the test repairs it."""
    before = mail.send

    def dead(*_: Any, **__: Any) -> None:
        raise OSError("connection refused")

    monkeypatch.setattr(mail, "send", dead)
    return lambda: monkeypatch.setattr(mail, "send", before)


def told(ticket: Ticket, kind: str) -> list[dict[str, Any]]:
    return [event.payload for event in Event.objects.about("tickets.ticket", ticket.pk).filter(kind=kind)]


def verification(ticket: Ticket) -> Clock:
    return Clock.objects.filter(subject_id=ticket.pk, promise="verification").latest("round")


def test_silence_closes_who_was_asked_and_kept_quiet(
    resolved: Callable[..., Ticket], address: Contact, now: datetime, work_off: WorkOff
) -> None:
    ticket = resolved()
    work_off(now + HOUR)

    ticket.refresh_from_db()
    assert told(ticket, "ticket.asked_to_confirm") == [{"then": "silence"}]
    assert (ticket.ask_in_person, ticket.wake_at) == ("", now + 73 * HOUR)  # silence counts from the message
    assert services.silence_sweep(now=now + 72.5 * HOUR)["closed"] == 0
    assert services.silence_sweep(now=now + 73 * HOUR)["closed"] == 1


@pytest.mark.parametrize(
    ("contact", "why"),
    [({}, "no_address"), ({"kind": "email", "value": "nobody"}, "bad_address"),
     ({"kind": "phone", "value": "13812345678"}, "no_address")],
)  # fmt: skip
def test_nobody_is_silent_whom_no_message_can_reach(
    resolved: Callable[..., Ticket], customer: Customer, desk: Cast, now: datetime, work_off: WorkOff,
    contact: dict[str, str], why: str,
) -> None:  # fmt: skip
    if contact:
        Contact.objects.create(customer=customer, **contact)
    ticket = resolved()
    work_off(now)

    ticket.refresh_from_db()
    assert (ticket.ask_in_person, ticket.wake_at) == (why, now + DAY)
    assert told(ticket, "ticket.not_asked") == [{"why": why}]
    assert Notice.objects.get(source="work.ask_customer").user_id == desk.agent.pk
    assert services.silence_sweep(now=now + 4 * DAY)["closed"] == 0
    with pytest.raises(Refused) as refused:
        moves.perform(ticket, "close_by_silence", actor=desk.system, now=now + 9 * DAY)
    assert "not_asked" in [reason.code for reason in refused.value.refusals]
    assert "电话" in str(refused.value) or "telephone" in str(refused.value)


def test_it_comes_back_to_its_assignee_every_day_until_somebody_has_an_answer(
    resolved: Callable[..., Ticket], desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    ticket = resolved()
    work_off(now)
    for day in (1, 2, 3):
        services.silence_sweep(now=now + day * DAY)
        services.silence_sweep(now=now + day * DAY + HOUR)
        work_off(now + day * DAY + HOUR)
    assert Notice.objects.filter(source="work.ask_customer", user_id=desk.agent.pk).count() == 4

    services.ticket_verify(
        ticket=ticket, how="phone", reason="已经好了", actor=desk.agent, now=now + 3.5 * DAY
    )
    ticket.refresh_from_db()
    assert (ticket.state, ticket.ask_in_person, ticket.wake_at) == ("closed", "", None)
    assert services.silence_sweep(now=now + 9 * DAY) == {"closed": 0, "refused": 0, "busy": 0}


def test_it_may_end_as_not_reached_after_enough_tries(
    resolved: Callable[..., Ticket], desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    ticket = resolved(kind="consultation")
    work_off(now)
    with pytest.raises(Refused):
        services.ticket_give_up(ticket=ticket, reason="联系不上", actor=desk.agent, now=now + HOUR)
    for hours, channel in ((1, "phone"), (2, "message"), (25, "phone")):
        services.contact_attempt_record(
            ticket=ticket, channel=channel, reached=False, actor=desk.agent, now=now + hours * HOUR
        )

    ticket = services.ticket_give_up(ticket=ticket, reason="联系不上", actor=desk.agent, now=now + 26 * HOUR)

    assert (ticket.state, ticket.closed_how, ticket.ask_in_person) == ("unreachable", "unreachable", "")


def test_a_message_still_on_its_way_means_not_yet(
    resolved: Callable[..., Ticket], address: Contact, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    """Not written yet, then waiting for its sender: nobody is asked to call, nothing is closed."""
    ticket = resolved()
    late = now + 5 * DAY
    with pytest.raises(Refused) as unwritten:
        moves.perform(ticket, "close_by_silence", actor=desk.system, now=late)
    assert unwritten.value.code == "not_sent_yet"

    from aftersales.core import deliveries

    deliveries.run(now)
    assert Notice.objects.get(source="ticket.resolved").state == "queued"
    assert services.silence_sweep(now=late) == {"closed": 0, "refused": 1, "busy": 0}
    ticket.refresh_from_db()
    assert ticket.ask_in_person == ""


def test_a_dead_mail_server_asks_a_person_and_a_late_message_asks_the_customer_after_all(
    resolved: Callable[..., Ticket], address: Contact, desk: Cast, now: datetime, work_off: WorkOff,
    dead_mail: Callable[[], None],
) -> None:  # fmt: skip
    ticket = resolved()
    for hour in range(6):  # five tries, then given up
        work_off(now + hour * HOUR)
    ticket.refresh_from_db()
    assert Notice.objects.get(source="ticket.resolved").state == "parked"
    assert ticket.ask_in_person == "parked"
    assert verification(ticket).state == "running"
    assert not told(ticket, "ticket.asked_to_confirm")

    dead_mail()
    again = now + 20 * HOUR
    notice_retry(notice=Notice.objects.get(source="ticket.resolved"), actor=desk.supervisor, now=again)
    work_off(again)

    ticket.refresh_from_db()
    assert (ticket.ask_in_person, ticket.wake_at) == ("", again + 72 * HOUR)
    assert verification(ticket).state == "paused"
    assert services.silence_sweep(now=now + 73 * HOUR)["closed"] == 0
    assert services.silence_sweep(now=again + 73 * HOUR)["closed"] == 1


def test_a_message_that_is_switched_off_or_was_never_written_asks_nobody(
    resolved: Callable[..., Ticket], address: Contact, now: datetime, work_off: WorkOff
) -> None:
    NoticeTemplate.objects.filter(code="ticket.resolved").update(enabled=False)
    off = resolved()
    work_off(now)
    lost = resolved()
    Delivery.objects.all().delete()
    services.silence_sweep(now=now + 4 * DAY)

    whys = (
        Ticket.objects.filter(pk__in=[off.pk, lost.pk]).order_by("pk").values_list("ask_in_person", flat=True)
    )
    assert list(whys) == ["off", "missing"]


def test_a_ticket_without_a_customer_and_a_historic_one_end_by_a_person(
    resolved: Callable[..., Ticket], desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    """Historic tickets are never asked about: whoever resolves one verifies it himself, or gives up."""
    unknown = resolved(customer_id=None)
    historic = resolved(historic=True, opened_at=now - 90 * DAY)
    work_off(now)
    assert services.silence_sweep(now=now + 9 * DAY)["closed"] == 0

    whys = {row.pk: row.ask_in_person for row in Ticket.objects.filter(state="resolved")}
    assert whys == {unknown.pk: "no_customer", historic.pk: "historic"}
    assert not Notice.objects.filter(recipient_kind="customer").exists()
    closed = services.ticket_verify(
        ticket=historic, how="phone", reason="早已解决", actor=desk.agent, now=now + 9 * DAY
    )
    assert closed.state == "closed"


def test_what_silence_never_closes_comes_back_after_a_try_in_vain(
    resolved: Callable[..., Ticket], address: Contact, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    ticket = resolved(subject="我要投诉", text="投诉客服", kind="consultation")
    work_off(now)
    assert told(ticket, "ticket.asked_to_confirm") == [{"then": "person"}]
    assert (verification(ticket).state, verification(ticket).due_at) == ("running", now + DAY)

    services.contact_attempt_record(
        ticket=ticket, channel="phone", reached=False, actor=desk.agent, now=now + HOUR
    )
    ticket.refresh_from_db()
    assert (verification(ticket).state, ticket.wake_at) == ("met", now + 25 * HOUR)
    assert ticket.silence_closes_at is None  # the customer's page promises no closing
    assert ticket.next_promise != "verification"
    services.silence_sweep(now=now + 26 * HOUR)
    work_off(now + 26 * HOUR)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.ask_in_person) == ("resolved", "unanswered")
    assert Notice.objects.filter(source="work.ask_customer", user_id=desk.agent.pk).count() == 1


def test_many_tickets_are_judged_in_two_questions(
    resolved: Callable[..., Ticket], address: Contact, now: datetime, work_off: WorkOff
) -> None:
    resolved()
    work_off(now)
    lost = [resolved() for _n in range(4)]
    Delivery.objects.all().delete()
    rows = list(Ticket.objects.filter(state="resolved"))
    assert len(rows) == 5
    questions(rows, now)  # the rule book is read
    with CaptureQueriesContext(connection) as asked:
        found = questions(rows, now)
    tables = [
        query["sql"]
        for query in asked.captured_queries
        if "notice" in query["sql"] or "delivery" in query["sql"]
    ]
    assert len(tables) == 2
    assert {pk for pk, question in found.items() if question.why == "missing" and not question.sent_at} == {
        row.pk for row in lost
    }


# The promise of verification (R3.6): kept by an answer or a person, never by a message that asks.


def test_asking_by_machine_keeps_no_promise_and_silence_drops_it_with_its_reason(
    resolved: Callable[..., Ticket], address: Contact, now: datetime, work_off: WorkOff
) -> None:
    ticket = resolved()
    work_off(now + HOUR)
    assert verification(ticket).state == "paused"
    sweep(now + 48 * HOUR)
    assert verification(ticket).breached_at is None

    assert services.silence_sweep(now=now + 74 * HOUR)["closed"] == 1

    found = verification(ticket)
    assert (found.state, found.met_at) == ("cancelled", None)
    dropped = told(ticket, "clock.cancelled")
    assert [payload["why"] for payload in dropped if payload["promise"] == "verification"] == [
        "ticket.closed"
    ]


def test_nobody_reached_and_nobody_called_breaks_the_promise_and_tells_the_lead(
    resolved: Callable[..., Ticket], desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    ticket = resolved()
    work_off(now)
    sweep(now + 25 * HOUR)
    work_off(now + 25 * HOUR)

    assert verification(ticket).state == "breached"
    services.digest_sweep(now=now + 25 * HOUR + timedelta(minutes=30))
    told = Notice.objects.get(source="work.digest", user_id=desk.lead.pk, channel="in_app")
    assert ticket.number in told.body


@pytest.mark.parametrize("satisfied", [True, False])
def test_the_answer_of_the_customer_keeps_it(
    resolved: Callable[..., Ticket],
    address: Contact,
    desk: Cast,
    now: datetime,
    work_off: WorkOff,
    satisfied: bool,
) -> None:
    ticket = resolved()
    work_off(now)
    services.ticket_answer(ticket=ticket, satisfied=satisfied, actor=desk.customer, now=now + 40 * HOUR)
    assert verification(ticket).state == "met"  # in time: he had the question since


def test_what_the_customer_writes_is_for_a_person_to_verify(
    resolved: Callable[..., Ticket], address: Contact, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    ticket = resolved()
    work_off(now)
    services.customer_message(ticket=ticket, text="我再试试", actor=desk.customer, now=now + 30 * HOUR)

    found = verification(ticket)
    assert (found.state, found.due_at) == ("running", now + 54 * HOUR)
    ticket.refresh_from_db()
    assert ticket.next_promise in {"reply", "verification"}
