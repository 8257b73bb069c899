"""The demonstration's work: tickets lived through the services, none of them from the future."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.db.models import F

from accounts import demo
from aftersales.cases.models import Case, CasePayment, Difference, Dispute, PaymentRun
from aftersales.clocks.models import Clock
from aftersales.core import demonstration
from aftersales.core.models import Event, Job, JobState
from aftersales.dashboards.models import Report
from aftersales.desk.demo import life, trade, write
from aftersales.tickets.models import AutomationVersion, Message, Ticket
from aftersales.tickets.selectors.rehearsal import rehearse

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lived(django_db_setup, django_db_blocker):
    """Nine days of a small department, once for the whole file."""
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock(), transaction.atomic():
        patch.setattr(life, "DAYS", 9)
        patch.setattr(life, "FORMS", 8)
        patch.setattr(trade, "DAYS", 9)
        people = demo.create(NOW)
        write.load(NOW, orders=160, customers=60, seed=11)
        life.live(NOW, people, seed=5)
        demonstration.play(NOW, people)
        yield
        transaction.set_rollback(True)


@pytest.fixture
def work(lived, db):
    """What the department did, readable."""


def test_tickets_come_from_people_and_from_rules(work):
    sources = set(Ticket.objects.values_list("source", flat=True))

    assert "form" in sources
    assert any(source.startswith("rule:") for source in sources)


def test_one_conversation_has_sixty_messages(work):
    counts = [ticket.messages.count() for ticket in Ticket.objects.all()]

    assert max(counts) >= life.THREAD_LENGTH


def test_a_ticket_of_this_minute_waits_to_be_graded(work):
    assert Ticket.objects.filter(state="new").count() == 1


def test_one_job_is_parked_with_its_reason(work):
    job = Job.objects.get(state=JobState.PARKED)

    assert job.error


def test_nothing_is_from_the_future(work):
    assert not Event.objects.filter(at__gt=NOW + timedelta(minutes=2)).exists()
    assert not Message.objects.filter(at__gt=NOW + timedelta(minutes=2)).exists()


def test_nothing_of_a_ticket_comes_before_it(work):
    opened = dict(Ticket.objects.values_list("pk", "opened_at"))
    told = Event.objects.filter(subject_kind="tickets.ticket").values_list("kind", "subject_id", "at")

    assert [kind for kind, ticket, at in told if at < opened[ticket]] == []
    assert not Case.objects.filter(opened_at__lt=F("ticket__opened_at")).exists()
    assert not Ticket.objects.filter(opened_at__lt=F("order__placed_at")).exists()


def test_clocks_ran_and_were_met(work):
    assert Clock.objects.filter(state="met").exists()


def test_a_second_life_is_recognised(work):
    assert life.lived()


def test_the_rules_of_the_department_would_have_had_something_to_do_last_week(work):
    made = AutomationVersion.objects.filter(rule__code__startswith="rule-").order_by("rule__position")

    assert [row.state for row in made] == ["active", "draft"]
    assert all(rehearse(row, NOW).done for row in made)


def test_who_leads_has_a_report_of_yesterday_and_one_of_last_week(work):
    made = Report.objects.filter(plan__owner__username="lead")

    assert sorted(made.values_list("plan__period", flat=True)) == ["day", "week"]
    assert all(row.content for row in made)


def test_finance_finds_what_the_bank_paid_and_refused(work):
    """A small department fills one run; a large one the boards behind it too."""
    states = set(CasePayment.objects.values_list("state", flat=True))
    assert {"succeeded", "failed", "approved"} <= states
    run = PaymentRun.objects.first()
    assert run is not None
    assert (run.state, run.count) == ("settled", run.payments.count())
    assert "unknown" in set(Difference.objects.values_list("kind", flat=True))


def test_every_board_of_cases_has_something_on_it_also_where_the_agents_team_has_little(work):
    states = set(Case.objects.values_list("state", flat=True))
    assert {"requested", "offered", "rejected", "approved", "disputed", "withdrawn"} <= states
    assert Dispute.objects.count() >= 3


def test_goods_that_the_buyer_knew_to_be_excluded_come_back_for_no_whim(work):
    asked = Case.objects.filter(first_ground="no_reason").exclude(first_kind="repair")
    assert asked.exists()
    assert not asked.filter(lines__line__exception_confirmed=True).exists()
