"""What training learns every night about people: tickets handled, marks, tickets that came back."""

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings

from accounts.services import system_user
from aftersales.core.errors import DomainError
from aftersales.tickets import services
from aftersales.tickets.services.daily_facts import facts_backfill
from training.factselectors import facts_of
from training.models import Fact
from training.services import fact_record, facts_record

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def answered(open_ticket, desk, at, *, answer_at, **answer) -> None:
    """One ticket resolved by the agent, and what the customer says of it."""
    ticket = services.ticket_resolve(
        ticket=open_ticket(at=at), result="explained", text="请重新配对。", actor=desk.agent, now=at
    )
    token = services.customer_link_issue(ticket=ticket, purpose="confirm", actor=system_user(), now=at)
    link = services.customer_link_open(token=token, purpose="confirm", now=at)
    services.ticket_confirm(link=link, now=answer_at, **answer)


def test_days_are_counted_from_events_and_counting_again_changes_nothing(desk, open_ticket, now) -> None:
    answered(open_ticket, desk, now, answer_at=now, satisfied=True, rating_handling=5)
    answered(open_ticket, desk, now, answer_at=now, satisfied=True, rating_handling=2)
    answered(open_ticket, desk, now, answer_at=now + DAY, satisfied=False)
    today = now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()

    assert facts_backfill(since=today - DAY, until=today + DAY) == 3
    assert facts_backfill(since=today - DAY, until=today + DAY) == 0

    def figure(metric, until=today + DAY):
        found = facts_of([desk.agent.pk], metric, today, until)[desk.agent.pk]
        return found.value, found.n

    assert figure("tickets_handled") == (3, 3)
    assert figure("satisfaction") == (Decimal("3.5"), 2)
    assert figure("reopened", until=today) == (0, 3)
    assert round(figure("reopened")[0]) == 33

    fact_record(person=desk.lead, metric="tickets_handled", day=today, value=9)  # nobody counted that
    assert facts_backfill(since=today, until=today) == 1
    assert facts_of([desk.lead.pk], "tickets_handled", today, today)[desk.lead.pk].value == 0


def test_the_same_day_again_replaces_and_a_figure_that_cannot_be_is_refused(cast, now) -> None:
    day = now.date()
    fact_record(person=cast.agent, metric="inspection_score", day=day, value=80, n=4)
    fact_record(person=cast.agent, metric="inspection_score", day=day, value=90, n=6)
    row = Fact.objects.get()
    assert (row.total, row.sample) == (540, 6)
    assert facts_record(metric="errors", day=day, figures={cast.agent.pk: (3, 1)}) == 1
    assert facts_of([cast.agent.pk], "errors", day, day)[cast.agent.pk].value == 50
    assert facts_of([cast.lead.pk], "satisfaction", day, day)[cast.lead.pk].value is None

    for metric, value, n, code in (
        ("satisfaction", 6, 1, "bad_value"),
        ("satisfaction", Decimal("0.5"), 2, "bad_value"),
        ("satisfaction", 4, 0, "bad_value"),
        ("tickets_handled", -1, 1, "bad_value"),
        ("guessed", 1, 1, "unknown_metric"),
    ):
        with pytest.raises(DomainError) as error:
            fact_record(person=cast.agent, metric=metric, day=day, value=value, n=n)
        assert error.value.code == code
    assert Fact.objects.count() == 2
