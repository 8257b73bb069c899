"""The demonstration's proposals: in every state that due process has, each after its fact and by a rule in force."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from aftersales.clocks.models import Clock
from aftersales.core.models import Delivery, Event
from aftersales.desk.demo import life, measured, months, rewards
from aftersales.ledger import pages, selectors
from aftersales.ledger.models import IncentiveVersion, Proposal, Raised
from aftersales.merchants.models import Merchant
from aftersales.notices.models import Notice
from aftersales.orders.models import Order
from aftersales.scorecards.models import ConsequenceVersion
from aftersales.tickets.models import Ticket

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
NAMES = ("operations", "supervisor", "finance", "lead", "agent")


@pytest.fixture
def later(now: datetime) -> datetime:
    """The rule book is some months old by then; the month before ended twelve days ago."""
    return now + 140 * DAY


@pytest.fixture
def people(cast: Any, later: datetime) -> dict[str, Any]:
    for name, tier in (("supervisor", "lead"), ("finance", "finance")):
        cast.certify(getattr(cast, name), tier, valid_from=later - 200 * DAY)
    return {name: getattr(cast, name) for name in NAMES}


@pytest.fixture
def shops(customer: Any, people: Any, later: datetime) -> list[Merchant]:
    """As many as there are courses, each with three orders of the month that is judged."""
    made = [Merchant(code=f"S{1000 + place}", name=f"云帆{place}店", state="active") for place in range(1, 9)]
    for shop in made:
        shop.save()
    Order.objects.bulk_create(
        Order(
            source="shop", external_no=f"{shop.code}-{number}", placed_at=later - 30 * DAY, merchant=shop,
            customer=customer, currency=shop.currency, total=100, paid=100, status="delivered",
        )
        for shop in made for number in range(3)
    )  # fmt: skip
    return made


@pytest.mark.parametrize("since_month_end", [12 * DAY, DAY], ids=["late in a month", "on its second day"])
def test_every_state_is_there_once_and_nothing_comes_before_its_cause(
    people: Any, shops: Any, later: datetime, since_month_end: timedelta
) -> None:
    at = rewards.month_end(rewards.month_of(later) - DAY) + since_month_end
    late = since_month_end < rewards.WHOLE_COURSE
    Order.objects.update(placed_at=at - (50 if late else 30) * DAY)
    made = rewards.reward(people, at)
    assert made == len(rewards.COURSES)
    rows = list(Proposal.objects.all())
    assert {one.state for one in rows} == {
        "proposed", "notified", "appealed", "upheld", "overturned", "posted", "reversed", "withdrawn",
    }  # fmt: skip
    for one in rows:
        version = IncentiveVersion.objects.get(rule__code=rewards.RULE, state="active")
        raised = Raised.objects.get(pk=one.source_id)
        assert (one.source_kind, one.citation) == ("ledger.raised", version.citation)
        broken = [
            Clock.objects.get(pk=row.payload["clock"]) for row in Event.objects.filter(pk__in=raised.events)
        ]
        opened = Ticket.objects.filter(pk__in=[clock.subject_id for clock in broken])
        assert len(broken) == len(opened) == 3
        assert all(clock.breached_at < one.proposed_at for clock in broken)
        named, others = pages.evidence(one, people["operations"])
        assert [(len(named), others), {words.split()[-1] for words in named}] == [
            (3, 0), {ticket.number for ticket in opened},
        ], "by the tickets it rests on, not as evidence of a dispute"  # fmt: skip
        assert all(version.valid_from < ticket.opened_at < one.proposed_at for ticket in opened)
    assert not Event.objects.filter(at__gt=at).exists()
    announced = IncentiveVersion.objects.filter(rule__code="trainer_points").order_by("number")
    assert [one.state for one in announced] == ["active", "draft"]
    assert rewards.reward(people, at) == 0, "once, however often it is loaded"
    assert list(selectors.faults()) == []


def test_nobody_is_told_today_of_what_happened_weeks_ago(people: Any, shops: Any, later: datetime) -> None:
    Delivery.objects.all().delete()
    rewards.reward(people, later)
    told = Delivery.objects.filter(consumer__endswith="_messages")
    others = Delivery.objects.exclude(consumer__endswith="_messages").count()
    assert told.exists()
    life.old_news_drop(later)
    assert not Event.objects.filter(
        pk__in=told.values("event_id"), at__lt=later - life.MESSAGES_KEPT
    ).exists()
    assert 0 < Delivery.objects.exclude(consumer__endswith="_messages").count() <= others


def test_rules_are_told_before_they_count(people: Any, shops: Any, now: datetime) -> None:
    some_months_on = now + rewards.LONG_AGO + DAY
    rewards.reward(people, some_months_on)
    months.play(people, some_months_on)
    measured._rules(people, some_months_on)
    begins = {("ledger.incentiveversion", one.pk): one.valid_from for one in IncentiveVersion.objects.all()}
    begins |= {
        ("scorecards.consequenceversion", one.pk): one.valid_from for one in ConsequenceVersion.objects.all()
    }
    told = [one for one in Notice.objects.all() if (one.subject_kind, one.subject_id) in begins]
    assert len({(one.subject_kind, one.subject_id) for one in told}) >= 7
    assert all(one.created_at < begins[one.subject_kind, one.subject_id] for one in told)
