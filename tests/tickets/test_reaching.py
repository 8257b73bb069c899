"""Words nobody hears keep no promise; who was not told owes nothing; a night's emergency wakes somebody."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.states import Duty, Role
from aftersales.clocks.models import Clock
from aftersales.core import events
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.customers.models import Contact, Customer
from aftersales.merchants.models import Merchant, MerchantContact
from aftersales.notices import mail
from aftersales.notices.models import Notice, NoticeTemplate
from aftersales.notices.services import notice_retry
from aftersales.tickets import services
from aftersales.tickets.models import Message, Ticket
from aftersales.tickets.services.conversation import message_erase
from tests.cast import Cast

Opener = Callable[..., Ticket]
WorkOff = Callable[[datetime], None]
HOUR = timedelta(hours=1)


@pytest.fixture
def address(customer: Customer) -> Contact:
    return Contact.objects.create(customer=customer, kind="email", value="linfang@example.com")


@pytest.fixture
def merchant(db: None) -> Merchant:
    shop = Merchant(code="M1", name="声悦数码")
    shop.save()
    return shop


@pytest.fixture
def shop_address(merchant: Merchant) -> MerchantContact:
    return MerchantContact.objects.create(merchant=merchant, role="aftersales", email="shop@example.com")


@pytest.fixture
def dead_mail(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The mail server answers nobody, until the test repairs it."""
    before = mail.send

    def dead(*_: Any, **__: Any) -> None:
        raise OSError("connection refused")

    monkeypatch.setattr(mail, "send", dead)
    return lambda: monkeypatch.setattr(mail, "send", before)


def clock(ticket: Ticket, promise: str) -> Clock | None:
    return Clock.objects.filter(subject_id=ticket.pk, promise=promise).order_by("-round", "due_at").first()


def state(ticket: Ticket, promise: str) -> str:
    found = clock(ticket, promise)
    return found.state if found else ""


def told(ticket: Ticket, kind: str) -> list[dict[str, Any]]:
    return [event.payload for event in Event.objects.about("tickets.ticket", ticket.pk).filter(kind=kind)]


# A reply that reaches nobody ------------------------------------------------------------------------------------


def test_a_reply_that_nothing_can_deliver_is_noted_and_keeps_no_promise(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    said = services.ticket_reply(ticket=ticket, text="已收到，正在处理。", actor=desk.agent, now=now)
    ticket.refresh_from_db()

    assert said.undelivered == "no_address"
    assert (ticket.first_reply_at, ticket.last_staff_at, ticket.unread) == (None, None, True)
    assert state(ticket, "first_response") == "running"
    kept = Event.objects.about("tickets.ticket", ticket.pk).get(kind="ticket.reply_kept")
    assert str(said.get_undelivered_display()) in str(events.sentence(kept))
    assert told(ticket, "ticket.replied") == []


def test_the_same_reply_to_a_customer_with_an_address_is_a_response(
    open_ticket: Opener, address: Contact, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    said = services.ticket_reply(ticket=ticket, text="已收到，正在处理。", actor=desk.agent, now=now)
    ticket.refresh_from_db()
    assert (said.undelivered, ticket.first_reply_at, state(ticket, "first_response")) == ("", now, "met")


def test_a_message_that_is_switched_off_reaches_nobody_either(
    open_ticket: Opener, address: Contact, desk: Cast, now: datetime
) -> None:
    NoticeTemplate.objects.update_or_create(code="ticket.answered", defaults={"enabled": False})
    said = services.ticket_reply(ticket=open_ticket(), text="已收到。", actor=desk.agent, now=now)
    assert said.undelivered == "off"


def test_who_reaches_the_customer_by_telephone_has_answered_him(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    call = {"ticket": ticket, "channel": "phone", "actor": desk.agent, "now": now + HOUR / 2}
    with pytest.raises(DomainError) as refused:
        services.contact_attempt_record(**call, reached=True)
    assert refused.value.code == "said"
    services.contact_attempt_record(**call, reached=False)
    assert state(ticket, "first_response") == "running"

    services.contact_attempt_record(**call, reached=True, said="已告知换货流程，客户同意。")
    ticket.refresh_from_db()
    assert (ticket.first_reply_at, state(ticket, "first_response")) == (now + HOUR / 2, "met")
    note = Message.objects.get(ticket=ticket, text__contains="换货流程")
    assert (note.audience, note.channel, note.author) == ("internal", "phone", desk.agent)
    message_erase(message=note, actor=desk.privacy_officer, now=now + HOUR, reason="客户要求删除")
    note.refresh_from_db()
    assert note.text == ""


def test_a_solution_is_not_told_by_words_nobody_hears(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    ticket = services.ticket_start(ticket=open_ticket(), actor=desk.agent, now=now)
    act = {"ticket": ticket, "text": "给您换一副新的。", "actor": desk.agent, "now": now}
    with pytest.raises(DomainError) as refused:
        services.ticket_agree_solution(**act)
    assert refused.value.code == "unheard"
    assert state(ticket, "solution_agreed") == "running"

    services.ticket_agree_solution(**act, told_by="phone")
    assert state(ticket, "solution_agreed") == "met"
    assert told(ticket, "ticket.contact_tried")[0]["told"] == "answer"


def test_a_result_nobody_was_told_leaves_the_promises_running_until_somebody_calls(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket(severity="major")
    ticket = services.ticket_resolve(
        ticket=ticket, result="exchanged", text="已换货。", actor=desk.agent, now=now
    )
    assert told(ticket, "ticket.resolved")[0]["told"] == "no"
    resolved = Event.objects.about("tickets.ticket", ticket.pk).get(kind="ticket.resolved")
    assert "尚未" in str(events.sentence(resolved)) or "not been told" in str(events.sentence(resolved))
    promises = ("first_response", "solution_agreed", "done")
    assert {state(ticket, promise) for promise in promises} == {"running"}

    services.contact_attempt_record(
        ticket=ticket,
        channel="phone",
        reached=True,
        said="已换货，客户知道了。",
        actor=desk.agent,
        now=now + HOUR / 2,
    )
    assert {state(ticket, promise) for promise in promises} == {"met"}


def test_a_result_told_by_telephone_is_told(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    ticket = services.ticket_resolve(
        ticket=open_ticket(),
        result="exchanged",
        text="电话告知已换货。",
        actor=desk.agent,
        now=now,
        told_by="phone",
    )
    assert told(ticket, "ticket.resolved")[0]["told"] == "yes"
    assert (state(ticket, "first_response"), state(ticket, "solution_agreed")) == ("met", "met")


def test_a_reply_given_up_by_the_mail_server_comes_back_to_its_writer(
    open_ticket: Opener,
    address: Contact,
    dead_mail: Callable[[], None],
    desk: Cast,
    now: datetime,
    work_off: WorkOff,
) -> None:
    ticket = open_ticket()
    said = services.ticket_reply(ticket=ticket, text="请寄回。", actor=desk.agent, now=now)
    for hours in range(6):
        work_off(now + hours * HOUR)
    ticket.refresh_from_db()
    said.refresh_from_db()
    assert (ticket.ask_in_person, said.undelivered) == ("parked", "parked")
    assert Notice.objects.get(source="work.not_delivered").user_id == desk.agent.pk

    dead_mail()
    parked = Notice.objects.get(source="ticket.answered", state="parked")
    notice_retry(notice=parked, actor=desk.operations, now=now + 7 * HOUR)
    work_off(now + 8 * HOUR)
    ticket.refresh_from_db()
    said.refresh_from_db()
    assert (ticket.ask_in_person, said.undelivered) == ("", "")
    assert len(told(ticket, "ticket.delivered_late")) == 1


# The merchant ----------------------------------------------------------------------------------------------------


def test_a_question_to_the_merchant_is_sent_and_his_time_runs_from_then(
    open_ticket: Opener,
    merchant: Merchant,
    shop_address: MerchantContact,
    desk: Cast,
    now: datetime,
    work_off: WorkOff,
) -> None:
    ticket = open_ticket(merchant_id=merchant.pk)
    services.ticket_ask_merchant(ticket=ticket, text="请确认库存。", actor=desk.agent, now=now)
    assert state(ticket, "merchant_answer") == ""

    work_off(now + HOUR)
    notice = Notice.objects.get(source="merchant.asked")
    assert (notice.state, notice.merchant_id) == ("sent", merchant.pk)
    assert "请确认库存。" in notice.body
    started = clock(ticket, "merchant_answer")
    assert started is not None
    assert (started.state, started.due_at) == ("running", now + 49 * HOUR)
    assert [one["how"] for one in told(ticket, "ticket.merchant_told")] == ["email"]

    services.merchant_message(ticket=ticket, text="有货。", actor=desk.agent, now=now + 2 * HOUR)
    assert state(ticket, "merchant_answer") == "met"


def test_a_question_the_mail_server_gave_up_starts_no_clock_and_comes_back(
    open_ticket: Opener, merchant: Merchant, shop_address: MerchantContact, dead_mail: Callable[[], None],
    desk: Cast, now: datetime, work_off: WorkOff,
) -> None:  # fmt: skip
    ticket = open_ticket(merchant_id=merchant.pk)
    asked = services.ticket_ask_merchant(ticket=ticket, text="请确认库存。", actor=desk.agent, now=now)
    for hours in range(6):
        work_off(now + hours * HOUR)
    asked.refresh_from_db()
    ticket.refresh_from_db()
    assert (state(ticket, "merchant_answer"), asked.undelivered, ticket.ask_in_person) == ("", "parked", "")
    assert "商家" in Notice.objects.get(source="work.not_delivered").subject


# Nobody there ----------------------------------------------------------------------------------------------------


@pytest.fixture
def night(desk: Cast, now: datetime) -> datetime:
    """Long before the agent's shift begins, which is two hours before the tests' now."""
    assert desk.supervisor
    return now - 9 * HOUR


def alarmed(person: Any) -> list[str]:
    found = Notice.objects.filter(user_id=person.pk, source="work.nobody_there").order_by("channel")
    return [notice.channel for notice in found]


@pytest.mark.parametrize("columns", [{"severity": "critical"}, {"kind": "safety"}])
def test_an_emergency_at_night_wakes_the_lead_and_the_supervisor(
    open_ticket: Opener, desk: Cast, night: datetime, work_off: WorkOff, columns: dict[str, str]
) -> None:
    ticket = open_ticket(at=night, **columns)
    work_off(night)
    assert ticket.assignee is None
    assert alarmed(desk.lead) == alarmed(desk.supervisor) == ["email", "in_app"]
    assert alarmed(desk.agent) == []

    services.dispatch_sweep(now=night + HOUR)
    work_off(night + HOUR)
    assert len(alarmed(desk.lead)) == 2  # once, however often it is tried again
    assert ticket.dispatches.get().reason == "nobody_on_shift"


def test_what_is_due_before_the_next_shift_wakes_somebody_and_what_can_wait_does_not(
    open_ticket: Opener, desk: Cast, night: datetime, work_off: WorkOff
) -> None:
    open_ticket(at=night, channel="email")  # 24 hours
    work_off(night)
    assert alarmed(desk.lead) == []
    open_ticket(at=night, channel="email", severity="major")  # 1 hour
    work_off(night)
    assert alarmed(desk.lead) == ["email", "in_app"]


def test_an_emergency_put_back_at_night_is_no_quieter(
    open_ticket: Opener, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    ticket = open_ticket(severity="critical")
    assert ticket.assignee == desk.agent
    late = now + 7 * HOUR  # the shift is over
    services.ticket_put_back(ticket=ticket, actor=desk.lead, now=late, reason="下班了")
    work_off(late)
    assert alarmed(desk.lead) == ["email", "in_app"]


def test_the_lead_of_another_company_is_not_told_what_he_may_not_see(
    open_ticket: Opener, desk: Cast, night: datetime, work_off: WorkOff
) -> None:
    outsider = desk.person(Role.VENDOR_LEAD)
    desk.make_team("vendor", lead=outsider, duties=Duty.values, vendor="外包公司")
    open_ticket(at=night, severity="critical")
    work_off(night)
    assert alarmed(outsider) == []
    assert alarmed(desk.lead)
