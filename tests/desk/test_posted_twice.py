"""A form that arrives twice, an old page, a refused upload: nothing is done twice, overwritten or left behind."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from accounts.models import User
from aftersales.core import once
from aftersales.customers.models import Customer
from aftersales.desk import acts
from aftersales.tickets import services
from aftersales.tickets.models import Attachment, ContactAttempt, Message, Ticket, UnsentFile
from tests.cast import Cast
from tests.records import merchant, order
from tests.toy.fixtures import at_once

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


def url(ticket: Ticket, rest: str = "") -> str:
    return f"/desk/tickets/{ticket.number}/{rest}"


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def keys(browser: Client, address: str) -> list[str]:
    return re.findall(rf'name="{once.FIELD}" value="([^"]+)"', browser.get(address).content.decode())


def test_every_form_of_the_page_has_a_key_of_its_own_and_every_visit_new_ones(
    open_ticket: Opener, desk: Cast
) -> None:
    ticket, browser = open_ticket(), desk.client(desk.agent)
    first, second = keys(browser, url(ticket)), keys(browser, url(ticket))
    assert len(first) > 3
    assert len({*first, *second}) == len(first) + len(second)


def test_the_same_reply_twice_is_said_once_and_other_words_are_said_too(
    open_ticket: Opener, desk: Cast
) -> None:
    ticket, browser = open_ticket(), desk.client(desk.agent)
    form = {"voice": "customer", once.FIELD: once.new_key()}
    for text in ("同一句", "同一句", "另一句"):
        assert browser.post(url(ticket, "say/"), form | {"text": text}).status_code == 302
    said = Message.objects.filter(ticket=ticket, author_kind="staff").order_by("id")
    assert [message.text for message in said] == ["同一句", "另一句"]


@pytest.mark.parametrize("key", ["", "x", "' OR 1=1", "a" * 500])
def test_a_form_without_a_key_of_ours_is_done_as_often_as_it_comes(
    open_ticket: Opener, desk: Cast, key: str
) -> None:
    ticket, browser = open_ticket(), desk.client(desk.agent)
    for _n in range(2):
        browser.post(url(ticket, "say/"), {"voice": "note", "text": "记一下", once.FIELD: key})
    assert Message.objects.filter(text="记一下").count() == 2


def test_the_same_act_twice_lands_on_the_first_result(open_ticket: Opener, desk: Cast) -> None:
    ticket, browser = open_ticket(kind="consultation"), desk.client(desk.agent)
    tried = {"channel": "phone", "reached": "no", "version": ticket.version, once.FIELD: once.new_key()}
    for _n in range(2):
        browser.post(url(ticket, "do/tried/"), tried)
    assert ContactAttempt.objects.count() == 1

    result = {"result": "explained", "text": "好了。", once.FIELD: once.new_key()}
    result["version"] = str(fresh(ticket).version)
    for _n in range(2):
        assert browser.post(url(ticket, "do/resolve/"), result).status_code == 302
    assert Message.objects.filter(text="好了。").count() == 1


def test_who_acts_on_an_old_page_overwrites_nothing_and_hears_both_values(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    first, second = desk.person("agent", name="甲"), desk.person("agent", name="乙")
    for person in (first, second):
        desk.join(desk.team, person)
    seen = ticket.version
    services.ticket_assign(ticket=ticket, to=first, actor=desk.supervisor, now=now, reason="换人")

    with translation.override("en"):
        answer = desk.client("lead").post(
            url(ticket, "do/assign/"), {"to": second.pk, "version": seen}, follow=True
        )
    assert fresh(ticket).assignee == first
    told = " ".join(str(message) for message in answer.context["messages"])
    assert desk.agent.display_name in told
    assert "甲" in told


OLD_PAGE: dict[str, tuple[str, dict[str, str]]] = {
    "take": ("triaged", {}),
    "assign": ("assigned", {"to": "me"}),
    "unassign": ("assigned", {"reason": "太忙"}),
    "start": ("assigned", {}),
    "cancel": ("assigned", {"why": "mistake", "reason": "重复"}),
    "regrade": (
        "assigned",
        {"kind": "returns", "severity": "major", "nature": "operation", "reason": "更严重"},
    ),
    "agree": ("assigned", {"text": "换货"}),
    "tried": ("assigned", {"channel": "phone", "reached": "no"}),
    "abusive": ("assigned", {"reason": "辱骂客服"}),
    "told_merchant": ("assigned", {"channel": "phone", "text": "请今天答复"}),
    "resolve": ("assigned", {"result": "explained", "text": "好了"}),
    "wait": ("in_progress", {"wait_for": "customer", "until": "soon", "reason": "等照片"}),
    "hand_over": ("in_progress", {"reason": "不懂"}),
    "resume": ("waiting", {}),
    "close_verified": ("resolved", {"how": "phone", "reason": "好了"}),
    "give_up": ("resolved", {"reason": "打不通"}),
    "reopen": ("resolved", {"reason": "没好"}),
    "archive": ("closed", {"summary": "核对后解释清楚，客户认可。"}),
}


def in_state(ticket: Ticket, state: str, actor: User, now: datetime) -> Ticket:
    who: dict[str, Any] = {"actor": actor, "now": now}
    if state == "triaged":
        return services.ticket_put_back(ticket=ticket, reason="换人", **who)
    if state in ("in_progress", "waiting"):
        ticket = services.ticket_start(ticket=ticket, **who)
    if state == "waiting":
        until = now + timedelta(hours=5)
        ticket = services.ticket_wait(ticket=ticket, wait_for="merchant", until=until, **who)
    if state in ("resolved", "closed"):
        ticket = services.ticket_resolve(ticket=ticket, result="explained", text="好了。", **who)
    if state == "closed":
        ticket = services.ticket_verify(ticket=ticket, how="phone", reason="好了", **who)
    return ticket


@pytest.mark.parametrize("name", sorted(set(acts.HANDLERS) - {"triage"}))
def test_no_act_of_an_old_page_is_done(open_ticket: Opener, desk: Cast, now: datetime, name: str) -> None:
    """Whatever the act: the version of the page goes with it, and a stale one changes nothing."""
    state, data = OLD_PAGE[name]
    ticket = open_ticket(kind="consultation", merchant_id=merchant("M-1", now).pk)
    ticket = in_state(ticket, state, desk.agent, now)
    soon = (now + timedelta(hours=30)).strftime("%Y-%m-%dT%H:%M")
    posted = {key: {"me": desk.lead.pk, "soon": soon}.get(value, value) for key, value in data.items()}
    actor = desk.lead if name in ("archive", "assign") else desk.agent
    before = Message.objects.count(), ContactAttempt.objects.count()

    answer = desk.client(actor).post(
        url(ticket, f"do/{name}/"), posted | {"version": ticket.version - 1}, follow=True
    )
    now_row = fresh(ticket)
    assert (now_row.state, now_row.version) == (ticket.state, ticket.version)
    assert (Message.objects.count(), ContactAttempt.objects.count()) == before
    assert any("在此期间有人修改" in str(said) for said in answer.context["messages"]), [
        str(said) for said in answer.context["messages"]
    ]


def movie() -> SimpleUploadedFile:
    return SimpleUploadedFile("a.mp4", b"\0\0\0\x18ftypmp42" + b"x" * 1000)


def kept(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


@pytest.mark.parametrize("text", ["", "  ", "字" * 20_001])
def test_the_file_of_a_refused_text_lies_in_the_draft_and_nowhere_else(
    open_ticket: Opener, desk: Cast, settings: Any, tmp_path: Path, text: str
) -> None:
    settings.MEDIA_ROOT = tmp_path
    answer = desk.client("agent").post(
        url(open_ticket(), "say/"), {"voice": "note", "text": text, "files": [movie()]}
    )
    assert answer.status_code == 422
    assert Attachment.objects.count() == 0
    assert kept(tmp_path) == UnsentFile.objects.count() == 1


def test_what_the_service_refuses_keeps_its_file_in_the_draft_and_the_bad_one_nowhere(
    open_ticket: Opener, desk: Cast, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    ticket, browser = open_ticket(), desk.client("agent")
    refused = browser.post(
        url(ticket, "say/"), {"voice": "merchant", "text": "请看", "files": [movie()]}
    )  # the ticket concerns no merchant
    bad = {"voice": "note", "text": "请看", "files": [movie(), SimpleUploadedFile("a.exe", b"MZ")]}
    assert refused.status_code == browser.post(url(ticket, "say/"), bad).status_code == 422
    # the second form no longer named the first file; what no row names is swept (tickets.stray_files)
    assert [file.original_name for file in UnsentFile.objects.all()] == ["a.mp4"]
    assert not any(path.read_bytes().startswith(b"MZ") for path in tmp_path.rglob("*") if path.is_file())


def test_the_same_words_with_the_same_file_twice_keep_one_file(
    open_ticket: Opener, desk: Cast, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    ticket, browser, key = open_ticket(), desk.client("agent"), once.new_key()
    for _n in range(2):
        browser.post(
            url(ticket, "say/"), {"voice": "note", "text": "请看", "files": [movie()], once.FIELD: key}
        )
    assert (kept(tmp_path), Attachment.objects.count()) == (1, 1)


PROBLEM = {"subject": "水杯漏水", "text": "杯底漏水", "channel": "phone", "kind": "", "customer": "C-1"}


def test_the_same_problem_posted_twice_is_one_ticket_and_both_see_it(desk: Cast, customer: Customer) -> None:
    browser = desk.client(desk.agent)
    (key,) = keys(browser, "/desk/tickets/open/")
    first, second = (browser.post("/desk/tickets/open/", PROBLEM | {once.FIELD: key}) for _n in range(2))
    assert first.url == second.url == url(Ticket.objects.get())
    other = browser.post("/desk/tickets/open/", PROBLEM | {once.FIELD: key, "text": "盖子也坏了"})
    assert other.url not in (first.url, "/desk/tickets/open/")


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("with_order", [False, True])
def test_the_same_problem_posted_at_once_is_one_ticket(
    desk: Cast, customer: Customer, now: datetime, with_order: bool
) -> None:
    form = PROBLEM | {once.FIELD: once.new_key()}
    if with_order:
        form |= {"order": order("SO-1", now, customer=customer).external_no, "customer": ""}
    browsers = [desk.client(desk.agent) for _n in range(3)]
    answers = at_once([lambda one=one: one.post("/desk/tickets/open/", form) for one in browsers])
    assert {answer.url for answer in answers} == {url(Ticket.objects.get())}
