"""Systems tell us of conversations: proven, once, in any order, and nothing else gets in."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections
from django.test import Client

from accounts.services import system_user
from aftersales.channels import told
from aftersales.channels.models import Connection, HookEvent, HookRefusal, Talk
from aftersales.channels.services.connecting import connection_change, connection_create, secret_rotate
from aftersales.channels.services.forgetting import customer_forget
from aftersales.channels.services.hooks import recording_open
from aftersales.clocks.models import Clock
from aftersales.core import webhooks
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Event
from aftersales.customers.models import Contact, Customer
from aftersales.customers.states import ContactKind
from aftersales.notices.models import Notice
from aftersales.tickets import services as tickets
from aftersales.tickets.models import Ticket
from tests.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
PHONE = "+86 138 1234 5678"


@pytest.fixture
def caller(customer: Customer) -> Customer:
    Contact.objects.create(customer=customer, kind=ContactKind.PHONE, value="13812345678")
    return customer


class Line:
    """A connected telephone system."""

    def __init__(self, cast: Cast, now: datetime) -> None:
        self.now = now
        self.row, self.secret = connection_create(
            code="calls", name="话务系统", kind="phone", channel="phone", recording_hosts="records.example.com",
            actor=cast.operations, now=now,
        )  # fmt: skip
        self.browser = Client(enforce_csrf_checks=True)

    def send(self, body: Any, *, event_id: str = "e-1", at: datetime | None = None, **extra: Any) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = webhooks.headers([extra.pop("secret", self.secret)], event_id, at or self.now, raw)
        headers |= extra.pop("headers", {})
        kind = extra.pop("content_type", "application/json")
        code = extra.pop("code", "calls")
        return self.browser.post(f"/hooks/{code}/", raw, content_type=kind, headers=headers)

    def tell(self, event: str, event_id: str = "", **content: Any) -> Any:
        body = {"event": f"conversation.{event}", "conversation": "c-1", **content}
        return self.send(
            body, event_id=event_id or f"{event}-{content}"[:90].replace("'", "").replace(" ", "")
        )


@pytest.fixture
def line(desk: Cast, now: datetime) -> Line:
    cache.clear()
    return Line(desk, now)


STARTED = {"event": "conversation.started", "conversation": "c-1", "customer": {"phone": PHONE}}


def test_what_a_system_tells_is_kept_and_answered_before_anything_is_made_of_it(
    line: Line, caller: Customer
) -> None:
    answer = line.send(STARTED)
    assert (answer.status_code, answer.json()) == (202, {"ok": True})
    assert HookEvent.objects.get().outcome == "waiting"
    assert not Talk.objects.exists()


def test_the_same_request_again_changes_nothing(
    line: Line, caller: Customer, work_off: Any, now: datetime
) -> None:
    assert [line.send(STARTED).status_code for _n in range(3)] == [202, 200, 200]
    work_off(now)
    assert line.send(STARTED).status_code == 200
    assert (HookEvent.objects.count(), Talk.objects.count()) == (1, 1)


def test_a_used_id_with_other_words_is_refused(line: Line) -> None:
    line.send(STARTED)
    assert line.send({**STARTED, "conversation": "c-2"}).status_code == 409


@pytest.mark.parametrize(
    ("changes", "status", "why"),
    [
        ({"secret": "whsec_" + "A" * 44}, 401, "forged"),
        ({"at": datetime.fromisoformat("2026-11-23T01:54:59+00:00")}, 401, "late"),
        ({"at": datetime.fromisoformat("2026-11-23T02:05:01+00:00")}, 401, "late"),
        ({"headers": {"Webhook-Signature": ""}}, 401, "unsigned"),
        ({"headers": {"Webhook-Timestamp": "٣"}}, 401, "unsigned"),
        ({"headers": {"Webhook-Timestamp": "99999999999999999999"}}, 401, "unsigned"),
        ({"headers": {"Webhook-Signature": "v1,ÿÿ"}}, 401, "forged"),
        ({"headers": {"Webhook-Id": "another"}}, 401, "forged"),
        ({"content_type": "text/plain"}, 400, "no_json"),
        ({"content_type": "application/x-www-form-urlencoded"}, 400, "no_json"),
    ],
)  # fmt: skip
def test_what_proves_nothing_is_refused_and_noted_without_its_content(
    line: Line, changes: dict[str, Any], status: int, why: str, caplog: Any
) -> None:
    answer = line.send(STARTED, **changes)
    assert answer.status_code == status
    assert not HookEvent.objects.exists()
    assert HookRefusal.objects.get().why == why
    assert PHONE not in caplog.text
    assert line.secret[6:] not in caplog.text + answer.content.decode()


def test_a_body_that_was_changed_on_the_way_is_refused(line: Line, now: datetime) -> None:
    headers = webhooks.headers([line.secret], "e-1", now, json.dumps(STARTED).encode())
    forged = json.dumps({**STARTED, "conversation": "c-9"})
    assert line.browser.post("/hooks/calls/", forged, "application/json", headers=headers).status_code == 401


def test_unknown_and_switched_off_systems_look_like_forgers(line: Line, desk: Cast, now: datetime) -> None:
    unknown = line.send(STARTED, code="nobody")
    connection_change(
        connection=line.row,
        name="x",
        is_active=False,
        recording_hosts="",
        version=1,
        actor=desk.operations,
        now=now,
    )
    off = line.send(STARTED)
    assert unknown.status_code == off.status_code == 401
    assert unknown.json() == off.json()


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        (b"{" * 100_000, 400, "too_deep"),
        (b'{"a":' + b"[" * 9 + b"]" * 9 + b"}", 400, "too_deep"),
        (b'{"event": NaN}', 400, "no_json"),
        (b"[]", 400, "no_json"),
        (b"\xff\xfe", 400, "no_json"),
        (b'"' + b"x" * 300_000 + b'"', 413, "too_large"),
        (json.dumps({"event": "conversation.exploded", "conversation": "c"}).encode(), 422, "fields"),
        (json.dumps({"event": "conversation.started", "conversation": "a b\n"}).encode(), 422, "fields"),
        (json.dumps({"event": "conversation.started", "conversation": {"a": 1}}).encode(), 422, "fields"),
        (json.dumps({**STARTED, "customer": "x"}).encode(), 422, "fields"),
        (json.dumps({**STARTED, "seconds": True}).encode(), 422, "fields"),
        (json.dumps({**STARTED, "seconds": -1}).encode(), 422, "fields"),
        (json.dumps({**STARTED, "at": "yesterday"}).encode(), 422, "fields"),
        (json.dumps({**STARTED, "event": "conversation.transcript", "lines": [{"id": "1", "who": "boss"}]}).encode(),
         422, "fields"),
        (json.dumps({**STARTED, "event": "conversation.transcript", "lines": [{}] * 501}).encode(), 422, "fields"),
    ],
)  # fmt: skip
def test_content_that_cannot_be_meant_is_refused(line: Line, body: bytes, status: int, why: str) -> None:
    answer = line.send(body)
    assert (answer.status_code, HookRefusal.objects.get().why) == (status, why)
    assert not HookEvent.objects.exists()


def test_brackets_in_words_are_no_depth(line: Line) -> None:
    lines = [{"id": "1", "who": "customer", "text": '[[[[[[[[[[{{"{{'}]
    body = {"event": "conversation.transcript", "conversation": "c", "lines": lines}
    assert line.send(body).status_code == 202


def test_too_many_requests_are_refused_and_only_some_are_noted(line: Line, monkeypatch: Any) -> None:
    monkeypatch.setattr(
        "aftersales.channels.views.parameter", lambda code, _now: 3 if "minute" in code else 256
    )
    answers = [line.send(STARTED, secret="whsec_" + "A" * 44).status_code for _n in range(30)]
    assert answers == [401] * 3 + [429] * 27
    assert HookRefusal.objects.count() == 10


def test_only_posts_are_heard(line: Line) -> None:
    assert line.browser.get("/hooks/calls/").status_code == 405


def test_a_new_secret_counts_beside_the_old_one_for_a_while(line: Line, desk: Cast, now: datetime) -> None:
    fresh = secret_rotate(connection=line.row, actor=desk.operations, now=now)
    assert line.send(STARTED, event_id="a").status_code == 202
    assert line.send(STARTED, event_id="b", secret=fresh).status_code == 202
    newest = secret_rotate(connection=line.row, actor=desk.operations, now=now)
    assert line.send(STARTED, event_id="c").status_code == 401
    assert line.send(STARTED, event_id="d", secret=fresh).status_code == 202
    assert line.send(STARTED, event_id="e", secret=newest).status_code == 202


def test_the_old_secret_ends_by_itself(line: Line, desk: Cast, now: datetime) -> None:
    import time_machine

    secret_rotate(connection=line.row, actor=desk.operations, now=now)
    later = now + timedelta(hours=25)
    with time_machine.travel(later, tick=False):
        assert line.send(STARTED, at=later).status_code == 401


def test_secrets_stand_in_no_row_and_no_event(line: Line, desk: Cast, now: datetime) -> None:
    secret_rotate(connection=line.row, actor=desk.operations, now=now)
    everything = str(list(line.row.keys.values())) + str(list(Event.objects.values()))
    everything += str(list(Connection.history.values()))
    assert line.secret[6:] not in everything


# What is made of it


def test_facts_may_arrive_in_any_order(
    line: Line, caller: Customer, desk: Cast, work_off: Any, now: datetime
) -> None:
    line.tell("recording", recording="https://records.example.com/c-1.mp3")
    line.tell("ended", agent="agent", seconds=200, at="2026-11-23T09:58:00+08:00")
    work_off(now)
    line.tell("started", customer={"phone": PHONE}, at="2026-11-23T09:54:40+08:00")
    work_off(now)
    talk = Talk.objects.get()
    assert (talk.customer, talk.agent, talk.seconds) == (caller, desk.agent, 200)
    assert talk.started_at < talk.ended_at <= now
    assert talk.recording == "https://records.example.com/c-1.mp3"


def test_a_call_finds_the_one_open_ticket_and_counts_as_reached(
    line: Line, caller: Customer, open_ticket: Any, work_off: Any, now: datetime
) -> None:
    ticket = open_ticket()
    line.tell("started", customer={"phone": PHONE})
    line.tell("ended", agent="agent", seconds=65)
    line.tell("ended", event_id="again", agent="agent", seconds=65)
    work_off(now)
    ticket.refresh_from_db()
    assert Talk.objects.get().ticket == ticket
    assert ticket.contact_attempts.get().reached
    assert ticket.first_reply_at == now


def test_of_several_open_tickets_a_person_chooses(
    line: Line, caller: Customer, open_ticket: Any, work_off: Any, now: Any
) -> None:
    open_ticket()
    open_ticket(subject="另一件")
    line.tell("started", customer={"phone": PHONE})
    work_off(now)
    assert (Talk.objects.get().customer, Talk.objects.get().ticket) == (caller, None)


def test_who_hung_up_is_called_back_once(line: Line, caller: Customer, work_off: Any, now: datetime) -> None:
    line.tell("abandoned", customer={"phone": PHONE})
    line.tell("abandoned", event_id="again", customer={"phone": PHONE})
    work_off(now)
    ticket = Ticket.objects.get()
    assert (ticket.customer, ticket.channel, Talk.objects.get().abandoned) == (caller, "phone", True)


def test_a_transcript_becomes_messages_each_once(
    line: Line, caller: Customer, desk: Cast, work_off: Any, now: Any
) -> None:
    said = [
        {"id": "1", "who": "customer", "text": "我的耳机没有声音", "at": "2026-11-23T09:50:00+08:00"},
        {"id": "2", "who": "agent", "text": "请稍等 <b>", "at": "2026-11-23T09:50:20+08:00"},
        {"id": "3", "who": "bot", "text": "请评价"},
    ]
    line.tell("transcript", customer={"phone": PHONE}, agent="agent", lines=said)
    work_off(now)
    line.tell("transcript", event_id="more", lines=[*said, {"id": "4", "who": "customer", "text": "好的"}])
    work_off(now)
    ticket = Ticket.objects.get()
    lines = list(ticket.messages.order_by("id").values_list("author_kind", "author", "text"))
    assert (ticket.subject, ticket.customer) == ("我的耳机没有声音", caller)
    assert lines == [
        ("customer", None, "我的耳机没有声音"), ("staff", desk.agent.pk, "请稍等 <b>"), ("staff", None, "请评价"),
        ("customer", None, "好的"),
    ]  # fmt: skip
    assert Event.objects.filter(kind="ticket.transcript_kept").count() == 2


def _says(line: Line, ref: str, text: str = "还是没有声音", who: str = "customer", **more: Any) -> None:
    said = [{"id": ref, "who": who, "text": text}]
    line.tell("transcript", event_id=ref, customer={"phone": PHONE}, lines=said, **more)


def test_what_a_customer_says_in_a_chat_is_heard_like_a_letter(
    line: Line, caller: Customer, open_ticket: Any, desk: Cast, work_off: Any, now: datetime
) -> None:
    ticket = open_ticket()
    _says(line, "1")
    _says(line, "1b", "请回电")
    work_off(now)
    heard = Event.objects.about("tickets.ticket", ticket.pk).filter(kind="ticket.customer_wrote")
    assert [one.payload["message_id"] for one in heard.order_by("id")] == list(
        ticket.messages.filter(source__startswith="talk:").order_by("id").values_list("pk", flat=True)
    )
    assert Clock.objects.filter(subject_id=ticket.pk, promise="reply", ended_at=None).exists()
    assert Notice.objects.filter(source="work.customer_answered", subject_id=ticket.pk).exists()


def test_of_one_transcript_the_last_words_start_one_clock_and_an_answer_in_it_none(
    line: Line, caller: Customer, open_ticket: Any, desk: Cast, work_off: Any, now: datetime
) -> None:
    """Several lines are one event; who was answered by a colleague in the chat itself waits for nothing."""
    ticket = open_ticket()
    heard = Event.objects.about("tickets.ticket", ticket.pk).filter(kind="ticket.customer_wrote")
    lines = [
        {"id": "1", "who": "customer", "text": "没有声音"},
        {"id": "2", "who": "agent", "text": "已补发，明天到。"},
        {"id": "3", "who": "bot", "text": "请评价"},
    ]
    line.tell("transcript", event_id="a", customer={"phone": PHONE}, agent="agent", lines=lines)
    work_off(now)
    assert not heard.exists()
    more = [{"id": str(n), "who": "customer", "text": "还没到"} for n in (4, 5)]
    line.tell("transcript", event_id="b", lines=[*lines, *more, {"id": "6", "who": "bot", "text": "再见"}])
    work_off(now)
    assert heard.get().payload["message_id"] == ticket.messages.get(source_ref__endswith=":5").pk


def test_a_customer_who_speaks_on_a_closed_ticket_has_it_taken_up_again(
    line: Line, caller: Customer, open_ticket: Any, desk: Cast, work_off: Any, now: datetime
) -> None:
    ticket = open_ticket()
    _says(line, "1")
    work_off(now)
    _finished(ticket, desk, "closed", now)
    _says(line, "2")
    work_off(now)
    ticket.refresh_from_db()
    assert (Ticket.objects.count(), ticket.state, ticket.reopened) == (1, "in_progress", 1)
    assert Event.objects.filter(kind="ticket.customer_wrote", subject_id=ticket.pk).count() == 2
    assert Event.objects.get(kind="ticket.reopened").acting_as == f"customer:{ticket.customer_id}"


def test_a_customer_who_speaks_on_a_solved_ticket_is_owed_an_answer(
    line: Line, caller: Customer, open_ticket: Any, desk: Cast, work_off: Any, now: datetime
) -> None:
    """Silence does not close it any more, so somebody must hear of it, even if a colleague spoke last."""
    ticket = open_ticket()
    _finished(ticket, desk, "resolved", now)
    lines = [
        {"id": "1", "who": "customer", "text": "还是没有声音"},
        {"id": "2", "who": "agent", "text": "请稍等"},
    ]
    line.tell("transcript", customer={"phone": PHONE}, agent="agent", lines=lines)
    work_off(now)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.last_customer_at) == ("resolved", now)
    assert Clock.objects.filter(subject_id=ticket.pk, promise="reply", ended_at=None).exists()
    assert Notice.objects.filter(source="work.customer_answered", subject_id=ticket.pk).exists()


def test_lines_of_our_own_take_up_nothing(
    line: Line, caller: Customer, open_ticket: Any, desk: Cast, work_off: Any, now: datetime
) -> None:
    ticket = open_ticket()
    _says(line, "1")
    work_off(now)
    _finished(ticket, desk, "closed", now)
    _says(line, "2", "请评价", who="bot")
    work_off(now)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.messages.filter(text="请评价").count()) == ("closed", 1)


def test_after_the_window_each_time_a_new_ticket_opens(
    line: Line, caller: Customer, desk: Cast, work_off: Any, now: datetime, at_now: Any
) -> None:
    """Also when the finished ticket was opened by the same conversation, and when that happens again."""
    _says(line, "1")
    work_off(now)
    for place, days in ((2, 60), (3, 120)):
        _finished(Ticket.objects.latest("id"), desk, "closed", now)
        now += timedelta(days=60)
        at_now.move_to(now)
        line.now = now
        _says(line, str(place), f"第 {place} 次")
        work_off(now)
        assert Ticket.objects.count() == place, days
        newest = Ticket.objects.latest("id")
        assert (newest.customer, newest.messages.get().text) == (caller, f"第 {place} 次")
    assert Talk.objects.get().ticket == newest


def _finished(ticket: Ticket, desk: Cast, state: str, now: datetime) -> None:
    ticket = Ticket.objects.get(pk=ticket.pk)
    if ticket.assignee_id is None:
        ticket = tickets.ticket_assign(ticket=ticket, to=desk.agent, actor=desk.lead, now=now)
    tickets.ticket_resolve(ticket=ticket, result="explained", text="已说明", actor=ticket.assignee, now=now)
    ticket = Ticket.objects.get(pk=ticket.pk)
    if state == "closed":
        tickets.ticket_answer(ticket=ticket, satisfied=True, actor=system_user(now), now=now)


def test_an_account_of_the_chat_system_names_its_customer(
    desk: Cast, customer: Customer, work_off: Any, now: Any
) -> None:
    from aftersales.customers.models import CustomerAccount

    cache.clear()
    CustomerAccount.objects.create(customer=customer, source="shop", external_id="u-77")
    line = Line(desk, now)
    line.row.account_source = "shop"
    line.row.save()
    line.tell("started", customer={"account": "u-77", "phone": "1"})
    work_off(now)
    assert Talk.objects.get().customer == customer


@pytest.mark.parametrize(
    "address",
    [
        "https://169.254.169.254/latest/meta-data",
        "http://records.example.com/a.mp3",
        "https://evil.example/a.mp3",
        "https://records.example.com@evil.example/a",
        "https://records.example.com:8443/a",
        "https://records.example.com\\@evil.example/",
        "javascript:alert(1)",
        "https://records.example.com.evil.example/",
        "//records.example.com/a",
    ],
)
def test_a_recording_elsewhere_is_not_taken(line: Line, work_off: Any, now: datetime, address: str) -> None:
    line.tell("recording", recording=address)
    work_off(now)
    assert Talk.objects.get().recording == ""
    assert HookEvent.objects.get().outcome == "failed"


def test_a_recording_is_opened_for_a_reason_that_is_recorded(
    line: Line, caller: Customer, open_ticket: Any, desk: Cast, work_off: Any, now: datetime
) -> None:
    ticket = open_ticket()
    line.tell("recording", customer={"phone": PHONE}, recording="https://records.example.com/1.mp3")
    work_off(now)
    talk = Talk.objects.get()
    with pytest.raises(DomainError):
        recording_open(talk=talk, reason=" ", actor=desk.agent, now=now)
    with pytest.raises(NotPermitted):
        recording_open(talk=talk, reason="核对承诺", actor=desk.auditor, now=now)
    browser = desk.client(desk.agent)
    assert "records.example.com" not in browser.get(f"/desk/tickets/{ticket.number}/talks/").content.decode()
    address = f"/desk/tickets/{ticket.number}/talks/{talk.public_id}/recording/"
    assert (
        "https://records.example.com/1.mp3" in browser.post(address, {"reason": "核对承诺"}).content.decode()
    )
    assert Event.objects.get(kind="talk.recording_opened").reason == "核对承诺"


def test_an_erased_customer_takes_his_calls_with_him(
    line: Line, caller: Customer, desk: Cast, work_off: Any, now: Any
) -> None:
    line.tell("started", customer={"phone": PHONE})
    work_off(now)
    customer_forget(caller, actor=desk.privacy_officer, reason="要求删除", now=now)
    assert (Talk.objects.get().caller, HookEvent.objects.get().body) == ("", {})


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_the_same_request_at_once_is_kept_once(book: None, cast: Cast, now: datetime) -> None:
    cache.clear()
    line = Line(cast, now)

    def send(_n: int) -> int:
        try:
            return int(line.send(STARTED).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(send, range(4))) == [200, 200, 200, 202]
    assert HookEvent.objects.count() == 1


# Pages


def test_a_call_pops_up_with_who_calls_and_becomes_a_ticket_without_typing(
    line: Line, caller: Customer, desk: Cast, work_off: Any, now: datetime
) -> None:
    browser = desk.client(desk.agent)
    page = browser.get("/desk/pop/", {"channel": "calls", "phone": PHONE, "call": "c-1"})
    text = page.content.decode()
    assert caller.code in text
    assert "13812345678" not in text
    assert "1234 5678" not in text
    talk = page.context["talk"]
    form = browser.get("/desk/tickets/open/", {"customer": caller.code, "channel": "phone", "talk": talk})
    assert f'value="{talk}"' in form.content.decode()
    browser.post(
        "/desk/tickets/open/",
        {
            "customer": caller.code,
            "channel": "phone",
            "talk": talk,
            "subject": "耳机坏了",
            "text": "左耳没声音",
        },
    )
    assert Talk.objects.get(ref="c-1").ticket == Ticket.objects.get()
    line.tell("ended", agent="agent", seconds=30, customer={"phone": PHONE})
    work_off(now)
    assert Ticket.objects.get().contact_attempts.count() == 1


def test_a_call_is_put_to_an_open_ticket_with_one_click(
    line: Line, caller: Customer, open_ticket: Any, desk: Cast
) -> None:
    ticket = open_ticket()
    browser = desk.client(desk.agent)
    talk = browser.get("/desk/pop/", {"channel": "calls", "phone": PHONE, "call": "c-7"}).context["talk"]
    browser.post(f"/desk/tickets/{ticket.number}/talks/attach/", {"talk": talk})
    browser.post(f"/desk/tickets/{ticket.number}/talks/attach/", {"talk": talk + "x"})
    assert Talk.objects.get().ticket == ticket


def test_nobody_draws_a_call_to_himself_by_writing_its_name_into_the_address(
    line: Line, caller: Customer, open_ticket: Any, desk: Cast, work_off: Any, now: datetime
) -> None:
    line.tell("started", customer={"phone": PHONE})
    work_off(now)
    stranger = Customer.objects.create(code="C-2", name="王强", languages=["zh-hans"])
    outside = desk.make_team("v", lead=desk.vendor_lead, members=[desk.vendor_agent], duties=["returns"])
    theirs = open_ticket(customer_id=None, source_ref="v-1")
    Ticket.objects.filter(pk=theirs.pk).update(team=outside)

    def drawn(who: Any, to: Ticket) -> Ticket | None:
        browser = desk.client(who)
        talk = browser.get("/desk/pop/", {"channel": "calls", "call": "c-1"}).context["talk"]
        browser.post(f"/desk/tickets/{to.number}/talks/attach/", {"talk": talk})
        return Talk.objects.get(ref="c-1").ticket

    # Another customer's, or nobody's: the call stays where it is
    assert drawn(desk.agent, open_ticket(customer_id=stranger.pk)) is None
    assert drawn(desk.vendor_agent, theirs) is None
    own = open_ticket()
    assert drawn(desk.agent, own) == own
    # A colleague outside does not see that ticket; with one of the same customer the call does not go there either
    Ticket.objects.filter(pk=theirs.pk).update(customer=caller)
    assert drawn(desk.vendor_agent, theirs) == own
    assert Event.objects.filter(kind="talk.attached").count() == 1
    # Who sees both puts it right
    other = open_ticket(source_ref="o-1")
    assert drawn(desk.agent, other) == other


@pytest.mark.parametrize("phone", ["", "5678", "13912345678", "' OR 1=1", "<script>", "9" * 500])
def test_an_unknown_number_names_nobody(line: Line, caller: Customer, desk: Cast, phone: str) -> None:
    page = desk.client(desk.agent).get("/desk/pop/", {"phone": phone})
    assert page.status_code == 200
    assert page.context["people"] == []


def test_the_panel_stands_only_in_frames_of_the_set_up(
    line: Line, caller: Customer, open_ticket: Any, desk: Cast, settings: Any
) -> None:
    ticket = open_ticket()
    browser = desk.client(desk.agent)
    for what in (ticket.number, PHONE):
        answer = browser.get(f"/desk/panel/{what}/")
        assert ticket.number in answer.content.decode()
        assert answer["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    settings.PANEL_HOSTS = ["https://calls.example.com"]
    answer = browser.get(f"/desk/panel/{ticket.number}/")
    assert "frame-ancestors https://calls.example.com;" in answer["Content-Security-Policy"] + ";"
    assert "X-Frame-Options" not in answer
    assert browser.get(f"/desk/tickets/{ticket.number}/")["X-Frame-Options"] == "DENY"
    assert Client().get(f"/desk/panel/{ticket.number}/").status_code == 302


def test_a_secret_is_shown_once(line: Line, desk: Cast) -> None:
    browser = desk.client(desk.operations)
    made = browser.post(
        "/desk/connections/add/", {"code": "chat", "name": "在线客服", "kind": "chat", "channel": "chat"}
    )
    assert "whsec_" in made.content.decode()
    assert made["Cache-Control"] == "private, no-store"
    assert "whsec_" not in browser.get("/desk/connections/chat/").content.decode()
    assert "whsec_" in browser.post("/desk/connections/chat/act/", {"act": "rotate"}).content.decode()
    browser.post("/desk/connections/chat/act/", {"act": "test"})
    assert HookEvent.objects.get().outcome == "done"


def test_what_a_system_told_is_looked_at_for_a_reason(line: Line, desk: Cast) -> None:
    line.send(STARTED)
    browser = desk.client(desk.supervisor)
    assert PHONE not in browser.get("/desk/connections/calls/").content.decode()
    address = f"/desk/connections/calls/told/{HookEvent.objects.get().pk}/"
    assert "138 1234" in browser.post(address, {"reason": "对接排查"}).content.decode()
    assert Event.objects.filter(kind="hook.viewed").count() == 1
    browser.post(address, {"reason": ""})
    assert Event.objects.filter(kind="hook.viewed").count() == 1


def test_only_https_on_the_named_host_is_a_recording() -> None:
    assert told.allowed_recording("https://Records.example.com/a.mp3?x=1", ["records.example.com"])
    assert not told.allowed_recording("https://[::1]/", ["records.example.com"])
    assert not told.allowed_recording("https://records.example.com:x/", ["records.example.com"])
