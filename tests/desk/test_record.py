"""What a lead reads afterwards: the record's content (R5.6), the customer's marks, why a grade, why a clock."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.services import system_user
from aftersales.clocks.models import Clock
from aftersales.core.models import Event
from aftersales.customers.models import Customer
from aftersales.desk import workbench
from aftersales.tickets import selectors, services
from aftersales.tickets.models import ArchiveRecord, Ticket
from tests.cast import Cast
from tests.records import order

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


@pytest.fixture
def answered(open_ticket: Opener, desk: Cast, customer: Customer, now: datetime) -> Ticket:
    """A key customer's broken kettle, resolved and confirmed on the customer's page with 5 and 2."""
    Customer.objects.filter(pk=customer.pk).update(customer_class="key")
    customer.refresh_from_db()
    ticket = open_ticket(
        subject="水壶坏了", text="烧到一半没反应", kind="", order_id=order("SO-9", now, customer=customer).pk,
        customer_id=customer.pk, customer_class="key", channel="phone",
    )  # fmt: skip
    ticket = services.ticket_resolve(
        ticket=ticket, result="exchanged", text="新水壶已寄出。", actor=desk.agent, now=now
    )
    token = services.customer_link_issue(ticket=ticket, purpose="confirm", actor=system_user(), now=now)
    page = reverse("selfservice:confirm", args=[token])
    response = Client().post(page, {"solved": "yes", "handling": "5", "outcome": "2", "comment": ""})
    assert response.status_code == 302
    return Ticket.objects.get(pk=ticket.pk)


@pytest.fixture
def record(answered: Ticket, desk: Cast, now: datetime) -> ArchiveRecord:
    services.ticket_archive(
        ticket=answered,
        summary="换新后客户认可，提醒商家查同批次。",
        actor=desk.lead,
        now=now + timedelta(hours=1),
    )
    return ArchiveRecord.objects.get(ticket=answered)


def page(ticket: Ticket, desk: Cast, rest: str = "") -> str:
    return desk.client(desk.lead).get(f"/desk/tickets/{ticket.number}/{rest}").content.decode()


def test_the_customers_marks_stand_in_the_timeline_on_the_bench_on_paper_and_in_json(
    answered: Ticket, desk: Cast
) -> None:
    told = next(one for one in selectors.timeline(answered) if one.kind == "ticket.confirmed")
    assert "5" in told.sentence
    assert "2" in told.sentence
    for rest in ("", "print/"):
        assert "5 / 5" in page(answered, desk, rest)
        assert "2 / 5" in page(answered, desk, rest)
    data = desk.client(desk.supervisor).get(f"/desk/tickets/{answered.number}/json/").json()
    assert (data["answers"][0]["rating_handling"], data["answers"][0]["rating_outcome"]) == (5, 2)
    assert any("kind_quality v1" in rule or "v1" in rule for rule in data["graded_because"])


def test_the_customers_answer_comes_from_his_own_page(answered: Ticket, desk: Cast) -> None:
    event = Event.objects.get(kind="ticket.confirmed", subject_id=answered.pk)
    assert event.source == "customer"
    assert "客户页面" in page(answered, desk) or "customer" in page(answered, desk)


def test_a_grade_says_by_which_rules_in_which_version(answered: Ticket, desk: Cast) -> None:
    assert answered.severity == "major"
    told = next(one for one in selectors.timeline(answered) if one.kind == "ticket.triaged")
    names = selectors.rule_names(answered.graded_by)
    assert len(names) == 2
    assert all(name in told.sentence and name in page(answered, desk) for name in names)
    assert "key_customer" not in told.sentence


def test_the_record_holds_what_the_guide_asks_for(record: ArchiveRecord, desk: Cast) -> None:
    text = desk.client(desk.lead).get(reverse("desk:record", args=[record.public_id])).content.decode()
    ticket = record.ticket
    for part in (
        "烧到一半没反应",
        "SO-9",
        str(ticket.owner),
        "换新后客户认可",
        "5 / 5",
        "2 / 5",
        str(desk.lead),
    ):
        assert part in text, part
    assert str(ticket.get_closed_how_display()) in text
    for clock in Clock.objects.filter(subject_id=ticket.pk):
        assert str(clock.get_promise_display()) in text


def test_the_register_names_handlers_instead_of_raw_data(record: ArchiveRecord, desk: Cast) -> None:
    url = reverse("admin:tickets_archiverecord_change", args=[record.pk])
    text = desk.client(desk.lead).get(url).content.decode()
    assert "person_id" not in text
    assert f"{desk.agent} 20" in text


def test_a_clock_tells_what_started_it_and_in_which_hours_it_counts(answered: Ticket, now: datetime) -> None:
    cards = workbench.clock_cards(answered, now, selectors.timeline(answered))
    response = next(card for card in cards if card.clock.promise == "first_response")
    started, counted, *_rest = response.why.sentences
    assert "11-2" in started
    assert response.why.our_limit in counted
    assert response.kept


def test_the_archive_promise_is_the_leads_not_the_agents(answered: Ticket, desk: Cast, now: datetime) -> None:
    card = next(card for card in workbench.clock_cards(answered, now) if card.clock.promise == "archive")
    assert card.clock.holder is None
    ticket = workbench.find(desk.lead, answered.number)
    assert ticket is not None
    owed = workbench.owed_words(card.clock, ticket)
    assert str(desk.agent) not in owed
    if ticket.team and ticket.team.lead:
        assert str(ticket.team.lead) in owed


def test_the_bench_stays_within_fifteen_statements_with_everything_on_it(
    answered: Ticket, desk: Cast
) -> None:
    page(answered, desk)
    browser = desk.client(desk.lead)
    browser.get(f"/desk/tickets/{answered.number}/")
    with CaptureQueriesContext(connection) as asked:
        browser.get(f"/desk/tickets/{answered.number}/")
    sql = [one["sql"] for one in asked.captured_queries]
    sql = [one for one in sql if not one.startswith(("SAVEPOINT", "RELEASE"))]
    assert len(sql) <= 15, "\n".join(one[:300] for one in sql)


def test_ended_clocks_are_folded_and_running_ones_drawn(answered: Ticket, desk: Cast, now: datetime) -> None:
    with time_machine.travel(now + timedelta(hours=2), tick=False):
        text = page(answered, desk)
    assert 'class="cline' in text
    assert 'class="ck ended"' in text
    assert " style=" not in text.partition('id="clocks"')[2].partition("</section>")[0]


def test_only_reviewers_see_the_queue_of_reviews(answered: Ticket, desk: Cast) -> None:
    assert 'data-number="review"' in desk.client(desk.lead).get("/desk/tickets/?view=all").content.decode()
    for person in (desk.agent,):
        answer = desk.client(person).get("/desk/tickets/?view=review")
        assert 'data-number="review"' not in answer.content.decode()
        assert answered.number not in answer.content.decode()


def test_moments_in_sentences_are_told_to_the_minute(answered: Ticket, desk: Cast) -> None:
    started = next(one for one in selectors.timeline(answered) if one.kind == "clock.started")
    assert ":00:00" not in started.sentence
    assert "2026-" not in started.sentence
