"""What strangers and odd systems send stops nobody, breaks nothing and is forgotten with the person."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from aftersales.channels import selectors
from aftersales.channels.models import HookEvent, Talk
from aftersales.customers.models import Customer
from aftersales.tickets import services as tickets
from aftersales.tickets.models import Message, Ticket
from tests.cast import Cast
from tests.channels.test_hooks import PHONE, STARTED, Line, caller, line

__all__ = ["caller", "line"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
SAID = [
    {"id": "1", "who": "customer", "text": "我的耳机还是坏的，请处理"},
    {"id": "2", "who": "agent", "text": "请稍等"},
]


@pytest.fixture
def few(monkeypatch: Any) -> None:
    """Three requests a minute are enough."""
    monkeypatch.setattr(
        "aftersales.channels.views.parameter", lambda code, _now: 3 if "minute" in code else 256
    )


@pytest.mark.parametrize("mark", ["\\u0000", "\\ud800", "\\udc00", "\\udc00\\ud800"])
def test_marks_that_the_database_cannot_keep_lose_nothing_else(line: Line, mark: str) -> None:
    body = json.dumps({**STARTED, "more": {"k~": ["v~", 7, None, True], "k": "😀"}})
    answer = line.send(body.replace("~", mark).encode())
    kept = HookEvent.objects.get().body
    assert answer.status_code == 202
    assert kept["customer"] == {"phone": PHONE}
    assert [name.replace("\ufffd", "") for name in kept["more"]] == ["k", "k"]
    plain = kept["more"].pop("k")
    odd = kept["more"].popitem()[1]
    assert (odd[0].replace("\ufffd", ""), odd[1:], plain) == ("v", [7, None, True], "😀")


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 5000])
def test_a_number_beyond_all_measure_is_refused(line: Line, number: str) -> None:
    body = json.dumps({**STARTED, "x": 0}).replace('"x": 0', f'"x": {number}').encode()
    assert line.send(body).status_code == 400


def test_strangers_use_up_nothing_of_what_a_system_may_send(line: Line, few: None) -> None:
    stranger = Client()
    said = [
        stranger.post("/hooks/calls/", b"{}", content_type="application/json").status_code for _n in range(5)
    ]
    assert said == [401, 401, 401, 429, 429]
    assert line.send(STARTED).status_code == 202


def test_a_system_that_sends_too_much_is_stopped_by_itself(line: Line, few: None) -> None:
    answers = [line.send(STARTED, event_id=f"e-{n}").status_code for n in range(5)]
    assert answers == [202, 202, 202, 429, 429]


def test_names_of_no_system_share_one_counter(line: Line, few: None, monkeypatch: Any) -> None:
    counted: set[str] = set()
    add = cache.add
    monkeypatch.setattr(
        "aftersales.channels.views.cache.add", lambda key, *rest: counted.add(key) or add(key, *rest)
    )
    answers = [
        Client().post(f"/hooks/nobody-{n}/", b"", content_type="text/plain").status_code for n in range(9)
    ]
    assert (answers, len(counted)) == ([401] * 3 + [429] * 6, 1)


def test_an_erased_line_stands_in_nothing_that_the_system_told(
    line: Line, caller: Customer, desk: Cast, work_off: Any, now: datetime
) -> None:
    line.tell("transcript", event_id="t-1", lines=SAID, customer={"phone": PHONE})
    work_off(now)
    line.tell("transcript", event_id="t-2", lines=SAID)  # told again, and not taken yet
    message = Message.objects.get(text=SAID[0]["text"])
    tickets.message_erase(message=message, actor=desk.privacy_officer, reason="个人信息", now=now)
    work_off(now + timedelta(seconds=1))
    assert SAID[0]["text"] not in json.dumps(
        list(HookEvent.objects.values_list("body", flat=True)), ensure_ascii=False
    )
    assert not HookEvent.objects.exclude(outcome="done").exists()
    assert list(Message.objects.exclude(text="").values_list("text", flat=True)) == ["请稍等"]


def test_what_is_said_about_a_merged_ticket_reaches_the_one_that_goes_on(
    line: Line, caller: Customer, open_ticket: Any, desk: Cast, work_off: Any, now: datetime
) -> None:
    survivor, merged = open_ticket(), open_ticket(subject="另一件")
    tickets.ticket_start(ticket=survivor, actor=desk.agent, now=now)
    line.tell("started", customer={"phone": PHONE})
    work_off(now)
    Talk.objects.update(ticket=merged)
    tickets.ticket_merge(survivor=survivor, others=[merged], actor=desk.agent, now=now, reason="同一件")
    survivor.refresh_from_db()
    tickets.ticket_wait(
        ticket=survivor, wait_for="customer", until=now + timedelta(hours=9), actor=desk.agent, now=now, reason="照片"
    )  # fmt: skip
    line.tell("transcript", event_id="t-1", lines=SAID)
    line.tell("ended", agent="agent", seconds=65)
    work_off(now)
    survivor.refresh_from_db()
    assert Message.objects.get(text=SAID[0]["text"]).ticket == survivor
    assert (survivor.state, survivor.last_customer_at) == ("in_progress", now)
    assert survivor.contact_attempts.get().reached
    assert Ticket.objects.get(pk=merged.pk).state == "merged"


def test_the_page_of_systems_names_when_each_told_something_last(
    line: Line, desk: Cast, now: datetime
) -> None:
    line.send(STARTED, event_id="e-1")
    line.send({**STARTED, "conversation": "c-2"}, event_id="e-2")
    [standing] = selectors.connections(desk.operations, now, now - timedelta(days=1))
    assert (standing.connection, standing.last_at) == (line.row, now)
    assert desk.client(desk.operations).get("/desk/connections/").status_code == 200
