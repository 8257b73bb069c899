"""The workbench: one page per ticket at a fixed price, acts as dialogs, refusals as sentences."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aftersales.core.models import Event
from aftersales.customers.models import Contact, Customer
from aftersales.desk import acts
from aftersales.tickets import services
from aftersales.tickets.actions import action, engine
from aftersales.tickets.models import Message, Ticket
from tests.cast import Cast
from tests.records import order

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
EVIL = "<img src=x onerror=alert(1)>"


def url(ticket: Ticket, rest: str = "") -> str:
    return f"/desk/tickets/{ticket.number}/{rest}"


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def test_the_page_takes_at_most_eighteen_statements_whatever_the_history(
    open_ticket: Opener, desk: Cast, customer: Customer, now: datetime
) -> None:
    ticket = open_ticket(order_id=order("SO-1", now, customer=customer).pk)
    browser = desk.client(desk.lead)
    browser.get(url(ticket))

    def statements() -> list[str]:
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(url(ticket)).status_code == 200
            found = [query["sql"] for query in asked.captured_queries]
        return [sql for sql in found if not sql.startswith(("SAVEPOINT", "RELEASE"))]

    for _n in range(20):
        services.ticket_reply(ticket=fresh(ticket), text="您好", actor=desk.agent, now=now)
        services.note_add(ticket=fresh(ticket), text="备注", actor=desk.agent, now=now)
    long = statements()
    assert len(long) <= 18, "\n".join(long)


def test_texts_of_people_are_escaped_and_customers_masked(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket(subject=EVIL, text=EVIL)
    services.note_add(ticket=ticket, text=EVIL, actor=desk.agent, now=now)
    page = desk.client(desk.agent).get(url(ticket)).content.decode()
    assert EVIL not in page
    assert "林芳" not in page
    assert " style=" not in page


def test_somebody_who_may_not_see_the_ticket_finds_nothing(open_ticket: Opener, desk: Cast) -> None:
    ticket = open_ticket()
    for role in ("vendor_agent", "finance", "merchant_owner"):
        for rest in ("", "look/", "print/", "json/"):
            assert desk.client(desk.of(role)).get(url(ticket, rest)).status_code == 404


def test_an_assigned_ticket_is_resolved_in_one_dialog(open_ticket: Opener, desk: Cast) -> None:
    ticket = open_ticket()
    browser = desk.client(desk.agent)
    answer = browser.post(
        url(ticket, "do/resolve/"), {"result": "resent", "text": "已补发。", "version": ticket.version}
    )
    assert answer.status_code == 302, [str(said) for said in answer.context["messages"]]
    assert fresh(ticket).state == "resolved"
    assert Message.objects.filter(ticket=ticket, text="已补发。", audience="customer").exists()


def test_a_refused_act_says_why_and_keeps_what_was_typed(open_ticket: Opener, desk: Cast) -> None:
    ticket = open_ticket()
    answer = desk.client(desk.agent).post(url(ticket, "do/resolve/"), {"result": "", "text": "写了很多字"})
    assert answer.status_code == 422
    assert "写了很多字" in answer.content.decode()
    assert fresh(ticket).state == "assigned"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("nonsense", {}),
        ("seal", {}),
        ("confirm", {}),
        ("wait", {"wait_for": "customer", "until": "gestern"}),
        ("wait", {"wait_for": "nobody", "until": "2026-12-01T10:00"}),
        ("assign", {"to": "0"}),
        ("assign", {"to": "99999999999999999999999"}),
        ("cancel", {"why": "mistake"}),
        ("regrade", {"kind": "x", "severity": "y", "nature": "z", "reason": "r"}),
        ("archive", {"summary": "zu früh, viel zu früh"}),
    ],
)
def test_bad_input_changes_nothing_and_is_no_server_error(
    open_ticket: Opener, desk: Cast, name: str, data: dict[str, str]
) -> None:
    ticket = open_ticket()
    answer = desk.client(desk.agent).post(url(ticket, f"do/{name}/"), data)
    assert answer.status_code in (302, 422)
    assert fresh(ticket).state == "assigned"


def test_every_act_of_the_machine_has_a_handler_or_belongs_to_the_system() -> None:
    from aftersales.tickets.machine import MOVES

    assert {move.name for move in MOVES if not move.by_system} <= set(acts.HANDLERS) | set(acts.STEPS)


def test_the_page_and_the_bar_over_many_rows_judge_alike(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    """Whatever the page offers or refuses of the engine's acts, bulk, macros and rules answer the same way."""
    started, waits, free = open_ticket(), open_ticket(), open_ticket()
    for ticket in (started, waits):
        services.ticket_start(ticket=ticket, actor=desk.agent, now=now)
    services.ticket_wait(
        ticket=waits,
        wait_for="merchant",
        until=now + timedelta(hours=9),
        actor=desk.agent,
        now=now,
        reason="等",
    )
    services.ticket_put_back(ticket=free, actor=desk.agent, now=now, reason="换人")
    seen = 0
    for person in (desk.agent, desk.lead, desk.supervisor, desk.auditor):
        for row in map(fresh, (started, waits, free)):
            found = acts.acts(row, person, now)
            offered = {act.name: (act.allowed, [str(why) for why in act.reasons])
                       for act in [*found.allowed, *found.refused] if act.name in acts.STEPS}  # fmt: skip
            for name, (allowed, reasons) in offered.items():
                by_engine = engine.open_to(action(acts.STEPS[name].code), [row], actor=person, now=now)[
                    row.pk
                ]
                assert (allowed, [] if allowed else reasons) == (
                    not by_engine, [str(why) for why in by_engine],
                ), (person, row.state, name)  # fmt: skip
                seen += 1
    assert seen > 12


def test_a_ticket_goes_to_no_lead_where_there_is_none_and_the_page_says_so(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    services.ticket_start(ticket=ticket, actor=desk.agent, now=now)
    desk.lead.is_active = False
    desk.lead.save()
    found = acts.acts(fresh(ticket), desk.agent, now)
    (hand_over,) = [act for act in found.refused if act.name == "hand_over"]
    answer = desk.client(desk.agent).post(url(ticket, "do/hand_over/"), {"reason": "太难"}, follow=True)
    assert str(hand_over.reasons[0]) in answer.content.decode()
    assert fresh(ticket).assignee == desk.agent


def test_waiting_and_going_on(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    ticket = open_ticket()
    browser = desk.client(desk.agent)
    browser.post(url(ticket, "do/start/"))
    until = (now + timedelta(hours=30)).strftime("%Y-%m-%dT%H:%M")
    browser.post(url(ticket, "do/wait/"), {"wait_for": "customer", "until": until, "reason": "等照片"})
    assert fresh(ticket).state == "waiting"
    browser.post(url(ticket, "do/resume/"))
    assert fresh(ticket).state == "in_progress"


@pytest.mark.parametrize(
    ("voice", "audience", "author"),
    [("customer", "customer", "staff"), ("note", "internal", "staff"), ("heard", "customer", "customer")],
)
def test_the_reply_box_speaks_to_whom_it_says(
    open_ticket: Opener, desk: Cast, voice: str, audience: str, author: str
) -> None:
    ticket = open_ticket()
    desk.client(desk.agent).post(url(ticket, "say/"), {"voice": voice, "text": "这是内容"})
    said = Message.objects.get(ticket=ticket, text="这是内容")
    assert (said.audience, said.author_kind) == (audience, author)


def test_a_file_of_a_wrong_kind_is_refused_with_the_text_kept(open_ticket: Opener, desk: Cast) -> None:
    ticket = open_ticket()
    data = {"voice": "customer", "text": "请看附件", "files": SimpleUploadedFile("a.exe", b"MZ")}
    answer = desk.client(desk.agent).post(url(ticket, "say/"), data)
    assert answer.status_code == 422
    assert "请看附件" in answer.content.decode()
    assert not Message.objects.filter(text="请看附件").exists()


def test_a_reveal_needs_a_reason_and_is_recorded_without_the_value(
    open_ticket: Opener, desk: Cast, customer: Customer
) -> None:
    contact = Contact(customer=customer, kind="phone", value="13812346027")
    contact.save()
    ticket = open_ticket()
    browser = desk.client(desk.agent)
    assert "13812346027" not in browser.get(url(ticket)).content.decode()
    where = url(ticket, f"contacts/{contact.public_id}/")
    htmx = {"HX-Request": "true"}
    assert "13812346027" not in browser.post(where, {"reason": ""}, headers=htmx).content.decode()
    assert "13812346027" in browser.post(where, {"reason": "回电核实地址"}, headers=htmx).content.decode()
    event = Event.objects.get(kind="contact.revealed")
    assert "13812346027" not in json.dumps(event.payload)


def test_a_ticket_goes_out_as_json_and_on_paper_and_both_leave_a_trace(
    open_ticket: Opener, desk: Cast
) -> None:
    ticket = open_ticket()
    browser = desk.client(desk.lead)
    answer = browser.get(url(ticket, "json/"))
    document = json.loads(answer.content)
    assert document["ticket"]["number"] == ticket.number
    assert document["messages"][0]["text"]
    assert document["clocks"]
    assert ticket.number in browser.get(url(ticket, "print/")).content.decode()
    assert Event.objects.filter(kind="ticket.exported").count() == 2


def test_registering_a_problem_by_hand_opens_its_ticket(desk: Cast) -> None:
    browser = desk.client(desk.agent)
    assert browser.get("/desk/tickets/open/").status_code == 200
    data = {"subject": "水杯漏水", "text": "杯底漏水", "channel": "phone", "kind": ""}
    forgotten = browser.post("/desk/tickets/open/", data)
    assert list(forgotten.context["form"].errors) == ["customer"]
    data["unknown"] = "1"
    answer = browser.post("/desk/tickets/open/", data)
    assert answer.url == url(Ticket.objects.get())
    wrong = browser.post("/desk/tickets/open/", data | {"order": "gibt es nicht"})
    assert wrong.status_code == 200
    assert wrong.content.decode().count("没有订单使用此号码。") <= 1
    assert Ticket.objects.count() == 1


def test_the_timeline_names_rules_and_no_codes(open_ticket: Opener, desk: Cast) -> None:
    ticket = open_ticket()
    page = desk.client(desk.agent).get(url(ticket)).content.decode()
    timeline = page[page.index('class="tlist"') :].split("</ol>")[0]
    assert "first_response" not in timeline
    assert "_" not in timeline.replace("__", "")


def test_from_a_finished_ticket_nothing_is_sent_and_the_page_says_why(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    browser = desk.client(desk.agent)
    services.ticket_cancel(ticket=ticket, why="mistake", reason="试单", actor=desk.lead, now=now)

    page = browser.get(url(ticket)).context
    assert page["ended"]
    assert not {"customer", "merchant"} & {name for name, _label in page["voices"]}
    answer = browser.post(f"{url(ticket)}say/", {"voice": "customer", "text": "您好，还有一事。"})
    assert answer.status_code == 422
    assert answer.context["draft"] == "您好，还有一事。"
    assert not ticket.messages.filter(text="您好，还有一事。").exists()


def test_a_choice_is_made_by_the_person_and_waiting_says_why(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    ticket = open_ticket()
    if ticket.assignee is None:
        ticket = services.ticket_take(ticket=ticket, actor=desk.agent, now=now)
    ticket = services.ticket_start(ticket=ticket, actor=ticket.assignee, now=now)
    browser = desk.client(ticket.assignee)

    page = browser.get(url(ticket)).content.decode()
    assert re.search(r'name="result" required><option value="">', page)
    browser.post(f"{url(ticket)}do/wait/", {"wait_for": "customer", "until": "2030-01-01T10:00"})
    assert fresh(ticket).state == "in_progress"


def blue(page: str) -> str:
    """The filled button of what can be done now, with what it posts to or leads to."""
    part = page[page.index('id="acts"') :].partition("</section>")[0]
    at = part.index("btn pri big")
    return part[max(at - 400, 0) : at + 200]


def test_the_blue_act_answers_first_keeps_a_promise_next_and_resolves_last(
    open_ticket: Opener, desk: Cast, customer: Customer, now: datetime
) -> None:
    Contact.objects.create(customer=customer, kind="email", value="lin@example.com")
    ticket = open_ticket(customer_id=customer.pk)
    browser = desk.client(desk.agent)
    assert acts.acts(ticket, desk.agent, now).primary.name == "start"
    ticket = services.ticket_move(ticket=ticket, name="start", actor=desk.agent, now=now)
    assert 'href="#reply"' in blue(browser.get(url(ticket)).content.decode())
    # What was said goes out by mail, a note stays inside, and the page says so beside the button
    page = browser.get(url(ticket)).content.decode()
    assert 'class="by-customer"' in page
    assert 'class="by-note"' in page
    services.ticket_reply(ticket=fresh(ticket), text="您好，在处理了", actor=desk.agent, now=now)
    assert acts.acts(fresh(ticket), desk.agent, now).primary.name == "resolve"
    services.promise_give(
        ticket=fresh(ticket),
        what="明天回电",
        due_at=now + timedelta(days=1),
        to="customer",
        actor=desk.agent,
        now=now,
    )
    found = blue(browser.get(url(ticket)).content.decode())
    assert "/promises/" in found
    assert "/keep/" in found


def test_a_reassigning_is_taken_back_from_its_message(open_ticket: Opener, desk: Cast) -> None:
    ticket, lead = open_ticket(), desk.client(desk.lead)
    first, other = ticket.assignee, desk.person("agent")
    data = {"to": other.pk, "version": fresh(ticket).version, "reason": "去开会"}
    page = lead.post(url(ticket, "do/assign/"), data, follow=True).content.decode()
    assert fresh(ticket).assignee == other
    toast = page[page.index('class="toast ') :]
    back = {
        name: re.search(f'name="{name}" value="([^"]*)"', toast)[1] for name in ("to", "version", "reason")
    }
    lead.post(url(ticket, "do/assign/"), back)
    assert fresh(ticket).assignee == first
    # Once something else happened it is too late: the version says so
    lead.post(url(ticket, "do/assign/"), back | {"to": other.pk})
    assert fresh(ticket).assignee == first
