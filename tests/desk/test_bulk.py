"""Several chosen tickets at once: what an act will refuse is said before the click, what it refused after it."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.states import Role
from aftersales.core import moves
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.once import new_key
from aftersales.customers.models import Contact
from aftersales.desk import bulk
from aftersales.tickets import actions, services
from aftersales.tickets.machine import MACHINE
from aftersales.tickets.models import AnswerTemplate, DispatchRecord, Ticket
from aftersales.tickets.services.bulk import tickets_put_back, tickets_take
from aftersales.tickets.states import TicketState
from tests.cast import Cast

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def started(open_ticket: Opener, desk: Cast, now: datetime) -> Ticket:
    """One the agent works on: it cannot be put back."""
    return services.ticket_start(ticket=open_ticket(), actor=desk.agent, now=now)


@pytest.fixture
def free(open_ticket: Opener, desk: Cast, now: datetime) -> Ticket:
    """One that nobody has."""
    return services.ticket_put_back(ticket=open_ticket(), actor=desk.lead, now=now, reason="换人处理")


@pytest.fixture
def foreign(open_ticket: Opener, desk: Cast, now: datetime) -> Ticket:
    """One of another team: neither the outsourced team nor its lead may see it."""
    return open_ticket()


def chosen(user: Any, *tickets: Ticket, now: datetime) -> dict[str, bulk.BulkAct]:
    found = bulk.chosen(user, query(*tickets), now)
    return {act.name: act for act in found.acts}


def query(*tickets: Ticket) -> Any:
    return QueryDict("&".join(f"ids={ticket.pk}" for ticket in tickets))


def run(browser: Any, what: str, **data: Any) -> Any:
    """A button of the bar: the act on the chosen tickets, then the list again."""
    sent = {"what": what, "back": "1", "form_key": new_key(), **data}
    return browser.post(reverse("desk:bulk_run"), sent)


def said(answer: Any) -> str:
    return "\n".join(str(message) for message in get_messages(answer.wsgi_request))


def test_the_bar_names_who_will_be_refused_and_why_before_the_click(
    open_ticket: Opener, started: Ticket, desk: Cast
) -> None:
    given = open_ticket()
    data = {"ids": [given.pk, started.pk], "query": "view=all"}
    bar = desk.client(desk.lead).post(reverse("desk:bulk"), data, headers=HTMX).content.decode()
    lines = [
        line for line in bar.split('class="held"')[1].split("</li>") if str(MACHINE["unassign"].label) in line
    ]
    assert [started.number in line for line in lines if "处理中" in line] == [True]
    assert not any(given.number in line for line in lines)


def test_what_the_bar_says_is_what_the_door_does(
    open_ticket: Opener, started: Ticket, free: Ticket, desk: Cast, now: datetime
) -> None:
    rows = [open_ticket(), started, free]
    acts = chosen(desk.lead, *rows, now=now)
    found = Ticket.objects.filter(pk__in=[row.pk for row in rows])
    back = tickets_put_back(tickets=found, actor=desk.lead, now=now, reason="放回重派")
    assert (acts["put_back"].fit, acts["put_back"].refused) == (len(back.done), len(back.refused)) == (1, 2)
    told = {number: reason.words for reason in acts["put_back"].reasons for number in reason.numbers}
    numbers = dict(found.values_list("pk", "number"))
    assert told == {numbers[pk]: " ".join(map(str, reasons)) for pk, reasons in back.refused}


def test_an_agent_is_offered_to_take_what_nobody_has(
    open_ticket: Opener, free: Ticket, desk: Cast, now: datetime
) -> None:
    had = open_ticket()
    acts = chosen(desk.agent, had, free, now=now)
    assert {"take", "reply", "note", "put_back", "resolve", "wait"} <= set(acts)
    assert not {"assign", "to_team", "archive"} & set(acts)
    assert (acts["take"].fit, acts["take"].refused) == (1, 1)
    answer = run(desk.client(desk.agent), "action:take", ids=[had.pk, free.pk])
    assert had.number in said(answer)
    taken = Ticket.objects.get(pk=free.pk)
    assert (taken.assignee, taken.state) == (desk.agent, TicketState.ASSIGNED)
    assert DispatchRecord.objects.filter(ticket=free).latest("pk").reason == "pulled"


def test_new_tickets_are_graded_before_they_are_taken(
    free: Ticket, desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []

    def many(rows: Any, name: str, **rest: Any) -> moves.Outcome:
        asked.append((name, str(rest["actor"].username)))
        return moves.Outcome()

    monkeypatch.setattr("aftersales.tickets.services.bulk.moves.perform_many", many)
    tickets_take(tickets=Ticket.objects.filter(pk=free.pk), actor=desk.agent, now=now)
    assert [name for name, _who in asked] == ["triage", "assign"]
    assert len({who for _name, who in asked}) == 1


def test_a_foreign_ticket_among_the_own_is_not_judged_not_named_and_not_touched(
    foreign: Ticket, desk: Cast, now: datetime
) -> None:
    outsider = desk.person(Role.VENDOR_LEAD)
    browser = desk.client(outsider)
    bar = browser.post(reverse("desk:bulk"), {"ids": [foreign.pk, 999_999]}, headers=HTMX).content.decode()
    assert foreign.number not in bar
    assert "2 " in bar
    for name, data in (("assign", {"to": outsider.pk}), ("put_back", {"reason": "不该动"}), ("take", {})):
        answer = run(browser, f"action:{name}", ids=[foreign.pk], **data)
        assert answer.status_code == 302
        assert foreign.number not in said(answer)
    assert Ticket.objects.get(pk=foreign.pk).version == foreign.version


def test_own_and_foreign_keys_in_one_act_do_the_own_and_count_the_foreign(
    open_ticket: Opener, desk: Cast
) -> None:
    own = open_ticket()
    answer = run(desk.client(desk.lead), "action:assign", ids=[own.pk, 999_998, 999_999], to=desk.lead.pk)
    assert Ticket.objects.get(pk=own.pk).assignee == desk.lead
    assert bulk.notes(2, 0, 0)[0] in said(answer)


def test_putting_back_needs_a_reason_and_the_right(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    rows = Ticket.objects.filter(
        pk=services.ticket_assign(ticket=open_ticket(), to=desk.lead, actor=desk.lead, now=now).pk
    )
    with pytest.raises(DomainError):
        tickets_put_back(tickets=rows, actor=desk.lead, now=now, reason=" ")
    with pytest.raises(NotPermitted):
        tickets_put_back(tickets=rows, actor=desk.agent, now=now, reason="不归我")
    assert run(desk.client(desk.inspector), "action:put_back", ids=rows[0].pk, reason="x").status_code == 422
    answer = run(desk.client(desk.lead), "action:put_back", ids=rows[0].pk, reason="")
    assert rows[0].state == TicketState.ASSIGNED
    assert said(answer)


def test_no_more_than_the_rule_book_says_and_the_rest_is_counted(desk: Cast) -> None:
    sent = QueryDict("&".join(f"ids={n}" for n in range(1, 251)) + "&ids=1&ids=x&ids=%00")
    keys, over = bulk.asked_for(sent, 200)
    assert (len(keys), over) == (200, 50)


def test_the_judgement_takes_the_same_statements_for_one_and_for_many(
    open_ticket: Opener, desk: Cast
) -> None:
    browser = desk.client(desk.lead)

    def statements(keys: list[int]) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert browser.post(reverse("desk:bulk"), {"ids": keys}, headers=HTMX).status_code == 200
        return len(asked.captured_queries)

    keys = [open_ticket().pk for _n in range(4)]
    statements(keys[:1])
    assert statements(keys[:1]) == statements(keys) <= 26


def test_after_the_act_the_same_list_stands_there_and_no_foreign_address(
    open_ticket: Opener, desk: Cast
) -> None:
    data = {"ids": open_ticket().pk, "to": desk.lead.pk, "query": "view=team&severity=major"}
    browser = desk.client(desk.lead)
    assert run(browser, "action:assign", **data).url == "/desk/tickets/?view=team&severity=major"
    data["query"] = "//evil.example/?x"
    assert run(browser, "action:assign", **data).url.startswith("/desk/tickets/?")
    assert run(browser, "action:assign", **data, next="//evil.example/").url.startswith("/desk/tickets/?")


def test_without_the_script_the_chosen_tickets_have_a_page_of_their_own(
    open_ticket: Opener, desk: Cast
) -> None:
    ticket = open_ticket()
    page = desk.client(desk.lead).post(reverse("desk:bulk"), {"ids": ticket.pk}).content.decode()
    assert ticket.number in page
    assert f'name="ids" value="{ticket.pk}"' in page


def test_only_people_who_work_on_tickets_are_offered(desk: Cast, now: datetime) -> None:
    assert {pk for pk, _name in bulk.people(desk.lead, now)} <= {desk.agent.pk, desk.lead.pk}
    assert bulk.people(desk.lead, now)


def test_who_has_a_ticket_already_is_not_given_it_again(
    open_ticket: Opener, started: Ticket, desk: Cast, now: datetime
) -> None:
    """Before, work in progress fell back to *assigned* and was counted as done."""
    with pytest.raises(DomainError) as single:
        services.ticket_assign(ticket=started, to=desk.agent, actor=desk.lead, now=now)
    assert single.value.code == "already"

    bar = bulk.chosen(desk.lead, QueryDict(f"ids={started.pk}&to={desk.agent.pk}"), now)
    held = {act.name: act for act in bar.acts}["assign"]
    assert (held.fit, held.refused) == (0, 1)
    assert "周婷" in held.reasons[0].words

    answer = run(desk.client(desk.lead), "action:assign", ids=[started.pk], to=desk.agent.pk)
    assert started.number in said(answer)
    assert "周婷" in said(answer)
    after = Ticket.objects.get(pk=started.pk)
    assert (after.state, after.version) == (TicketState.IN_PROGRESS, started.version)


def test_a_waiting_ticket_is_not_passed_on_to_who_has_it(started: Ticket, desk: Cast, now: datetime) -> None:
    waiting = services.ticket_wait(
        ticket=started, wait_for="customer", until=now + timedelta(hours=5), actor=desk.agent, now=now
    )
    with pytest.raises(DomainError) as refused:
        services.ticket_assign(ticket=waiting, to=desk.agent, actor=desk.lead, now=now)
    assert refused.value.code == "already"


def test_every_act_of_the_persons_rights_is_on_the_bar_once_and_a_disabled_one_says_why(
    open_ticket: Opener, started: Ticket, desk: Cast
) -> None:
    data = {"ids": [open_ticket().pk, started.pk]}
    bar = desk.client(desk.lead).post(reverse("desk:bulk"), data, headers=HTMX).content.decode()
    for action in actions.actions():
        wanted = int(desk.lead.has_perm(action.capability))
        assert bar.count(f'value="action:{action.code}"') == wanted, action.code
    closed = bar.split('value="action:resume"')[1].split("</button>")[0]
    assert "disabled" in closed
    assert "<small>" in closed
    assert 'data-key="r"' in bar
    assert 'value="macro:calm_down"' in bar


def test_the_page_of_a_bulk_reply_says_what_is_done_to_how_many_and_takes_a_template(
    open_ticket: Opener, desk: Cast, now: datetime, customer: Any
) -> None:
    template = AnswerTemplate.objects.create(
        code="sorry", scope="all", title_zh="致歉", title_en="Sorry", body_zh="工单 {number}：{problem}，请稍候。",
        body_en="{number}",
    )  # fmt: skip
    Contact(customer=customer, kind="email", value="lin@example.com", preferred=True).save()
    pair = [open_ticket(subject="左耳没声"), open_ticket(subject="右耳没声")]
    browser, data = desk.client(desk.agent), {"ids": [one.pk for one in pair], "what": "action:reply"}
    page = browser.post(
        reverse("desk:bulk_plan"),
        {**data, "template": template.code, "fill": "1"},
        headers={"Accept-Language": "en"},
    ).content.decode()
    assert re.search(r"<h1>[^<]*2[^<]*</h1>", page)
    assert "工单 {number}：{problem}，请稍候。</textarea>" in page
    for one in pair:
        assert f"工单 {one.number}：{one.subject}，请稍候。" in page


def test_own_and_others_tickets_go_back_together_each_told_once(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    own = services.ticket_assign(ticket=open_ticket(), to=desk.lead, actor=desk.lead, now=now)
    other = open_ticket()
    rows = Ticket.objects.filter(pk__in=[own.pk, other.pk])
    outcome = tickets_put_back(tickets=rows, actor=desk.lead, now=now, reason="放回重派")
    assert sorted(row.pk for row in outcome.done) == sorted([own.pk, other.pk])
    assert (outcome.refused, outcome.busy) == ([], [])
    records = DispatchRecord.objects.filter(ticket__in=rows, reason="put_back")
    assert records.values("ticket").distinct().count() == 2


def test_who_may_not_assign_gives_back_the_own_tickets_of_the_choice_and_no_others(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    own = open_ticket()
    foreign = services.ticket_assign(ticket=open_ticket(), to=desk.lead, actor=desk.lead, now=now)
    answer = run(desk.client(desk.agent), "action:put_back", ids=[own.pk, foreign.pk], reason="放回重派")
    assert Ticket.objects.get(pk=own.pk).assignee is None
    assert Ticket.objects.get(pk=foreign.pk).assignee == desk.lead
    assert foreign.number in said(answer)
