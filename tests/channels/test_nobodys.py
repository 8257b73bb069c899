"""What came from somebody whom no record names is his all the same: it goes with him, and after its time."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache

from aftersales.channels import services
from aftersales.channels.models import HookEvent, Letter, Talk
from aftersales.channels.services.hooks import told_take
from aftersales.channels.states import Outcome, Taken, Why
from aftersales.core import files
from aftersales.customers.models import Contact, Customer, CustomerAccount
from aftersales.customers.services import customer_erase
from aftersales.customers.states import ContactKind
from aftersales.standards.models import ParameterVersion
from aftersales.tickets.models import ArchiveRecord, Message, Ticket
from aftersales.tickets.states import NO_SUBJECT
from tests.cast import Cast
from tests.channels.conftest import FANG, letter
from tests.channels.test_hooks import PHONE, Line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
RECORDING = "https://records.example.com/1.mp3"
DAY = timedelta(days=1)
WHY = "客户要求删除"


@pytest.fixture
def line(desk: Cast, now: datetime) -> Line:
    cache.clear()
    return Line(desk, now)


@pytest.fixture
def named(customer: Customer) -> Any:
    """The contacts become known only after he called and wrote, as with an order that is loaded later."""

    def act() -> Customer:
        Contact.objects.create(customer=customer, kind=ContactKind.PHONE, value="13812345678")
        Contact.objects.create(customer=customer, kind=ContactKind.EMAIL, value=" LinFang@Example.com ")
        return customer

    return act


def called(line: Line, work_off: Any, now: datetime) -> Talk:
    """Somebody called: the system told the number, the recording and two lines."""
    line.tell("recording", customer={"phone": PHONE}, recording=RECORDING)
    work_off(now)
    return Talk.objects.get()


def forgotten(talk: Talk) -> bool:
    talk.refresh_from_db()
    told = HookEvent.objects.filter(ref=talk.ref).exclude(body={})
    return (talk.caller, talk.recording) == ("", "") and not told.exists()


def erase(customer: Customer, desk: Cast, now: datetime) -> None:
    customer_erase(customer=customer, actor=desk.privacy_officer, reason=WHY, now=now)


def test_a_call_before_anybody_knew_the_number_goes_with_its_owner(
    line: Line, named: Any, desk: Cast, work_off: Any, now: datetime
) -> None:
    talk = called(line, work_off, now)
    assert (talk.customer, talk.caller, talk.recording) == (None, PHONE, RECORDING)
    erase(named(), desk, now)
    assert forgotten(talk)


def test_a_chat_of_an_account_that_was_loaded_later_goes_too(
    line: Line, customer: Customer, desk: Cast, work_off: Any, now: datetime
) -> None:
    line.row.account_source = "tmall"
    line.row.save()
    line.tell("started", customer={"account": "buyer-1"})
    work_off(now)
    CustomerAccount.objects.create(customer=customer, source="tmall", external_id="buyer-1")
    erase(customer, desk, now)
    assert forgotten(Talk.objects.get())


def test_what_such_a_caller_said_on_a_ticket_without_a_customer_goes_too(
    line: Line, named: Any, desk: Cast, work_off: Any, now: datetime
) -> None:
    lines = [{"id": "1", "who": "customer", "text": "我的身份证 110101199003078888"}]
    line.tell("transcript", customer={"phone": PHONE}, lines=lines)
    work_off(now)
    ticket = Ticket.objects.get()
    assert ticket.customer is None
    erase(named(), desk, now)
    ticket.refresh_from_db()
    assert ticket.subject == NO_SUBJECT
    assert not Message.objects.exclude(text="").exists()
    assert forgotten(Talk.objects.get())


def test_a_legal_hold_keeps_the_call_of_its_ticket(
    line: Line, named: Any, desk: Cast, work_off: Any, now: datetime
) -> None:
    line.tell(
        "transcript", customer={"phone": PHONE}, lines=[{"id": "1", "who": "customer", "text": "左耳坏了"}]
    )
    work_off(now)
    ticket = Ticket.objects.get()
    ArchiveRecord.objects.create(
        ticket=ticket, number="X", kind="other", severity="minor", nature="operation", channel="web",
        opened_at=now, completed_at=now, archived_at=now, reviewed_by=desk.lead, summary="", seal_after=now,
        keep_until=now.date(), legal_hold="法院调取",
    )  # fmt: skip
    erase(named(), desk, now)
    assert Talk.objects.get().caller == PHONE
    assert ticket.messages.exclude(text="").exists()


def test_a_number_that_somebody_else_has_too_is_not_his_alone(
    line: Line, named: Any, desk: Cast, work_off: Any, now: datetime
) -> None:
    talk = called(line, work_off, now)
    wife = Customer.objects.create(code="C-2", name="赵敏")
    Contact.objects.create(customer=wife, kind=ContactKind.PHONE, value="138 1234 5678")
    erase(named(), desk, now)
    assert not forgotten(talk)
    erase(wife, desk, now)
    assert forgotten(talk), "the last one who had it takes it along"


@pytest.mark.parametrize("why", [Why.UNKNOWN_SENDER, Why.AUTO])
def test_a_letter_that_became_no_ticket_goes_with_its_writer(
    why: str, named: Any, post: Any, desk: Cast, work_off: Any, now: datetime
) -> None:
    odd = {"Auto_Submitted": "auto-replied"} if why == Why.AUTO else {}
    kept = post(letter("我的身份证号是……", sender=FANG, **odd))
    assert (kept.why, kept.customer) == (why, None)
    path = files.stored_path(kept.stored)
    erase(named(), desk, now)
    work_off(now)
    kept.refresh_from_db()
    assert (kept.sender, kept.subject, kept.text, kept.stored) == ("", "", "", "")
    assert not path.exists()
    assert not kept.waits, "nobody is asked to decide about an empty letter"
    assert services.held_sweep(now=now + 9 * DAY) == 0


def test_a_letter_that_opened_a_ticket_of_nobody_takes_its_words_along(
    named: Any, post: Any, desk: Cast, work_off: Any, now: datetime
) -> None:
    kept = post(letter("我的身份证号是……", sender=FANG))
    assert services.held_sweep(now=now + DAY) == 1
    ticket = Ticket.objects.get()
    assert ticket.customer is None
    erase(named(), desk, now + DAY)
    kept.refresh_from_db()
    assert (kept.sender, kept.outcome) == ("", Outcome.OPENED)
    assert not ticket.messages.exclude(text="").exists()


def test_what_a_system_told_before_the_erasure_is_taken_without_words_after_it(
    line: Line, named: Any, desk: Cast, work_off: Any, now: datetime
) -> None:
    talk = called(line, work_off, now)
    line.tell("ended", customer={"phone": PHONE}, seconds=30)
    waiting = HookEvent.objects.get(outcome=Taken.WAITING)
    erase(named(), desk, now)
    assert told_take(told_id=waiting.pk, now=now) == Taken.DONE
    assert forgotten(talk)


# After its time


def test_what_nobody_claims_goes_after_its_time(line: Line, post: Any, work_off: Any, now: datetime) -> None:
    talk = called(line, work_off, now)
    held = post(letter(sender="x@example.org"))
    staff = post(letter("再看看", sender="list@example.org", Precedence="list"))
    path = files.stored_path(held.stored)
    assert ParameterVersion.objects.filter(parameter__code="unclaimed_days").update(value=30) == 1
    services.letters_tidy(now=now + 29 * DAY)
    assert not forgotten(talk)
    assert Letter.objects.get(pk=held.pk).waits

    services.letters_tidy(now=now + 31 * DAY)
    work_off(now + 31 * DAY)
    held.refresh_from_db()
    staff.refresh_from_db()
    assert forgotten(talk)
    assert (held.outcome, held.sender, held.text, held.stored) == (Outcome.DROPPED, "", "", "")
    assert not path.exists()
    assert staff.stored, "whatever needs no decision has its own time"


def test_a_call_that_is_somebodys_or_on_a_ticket_in_work_stays(
    line: Line, named: Any, work_off: Any, now: datetime
) -> None:
    line.tell(
        "transcript", customer={"phone": PHONE}, lines=[{"id": "1", "who": "customer", "text": "左耳坏了"}]
    )
    line.send({"event": "conversation.started", "conversation": "c-2", "customer": {"phone": "13900000000"}})
    named()
    line.send(
        {"event": "conversation.started", "conversation": "c-3", "customer": {"phone": PHONE}}, event_id="e-3"
    )
    work_off(now)
    services.letters_tidy(now=now + 400 * DAY)
    assert set(Talk.objects.filter(erased_at=None).values_list("ref", flat=True)) == {"c-1", "c-3"}
