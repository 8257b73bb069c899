"""Facts of the trade data become tickets: once each, one per order, inside the horizon."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from aftersales.core.models import Event
from aftersales.orders.models import Order, Review, Shipment
from aftersales.tickets import services
from aftersales.tickets.models import GradingRule, IntakeItem, IntakeRule, Ticket
from tests import records
from tests.cast import Cast

DAY = timedelta(days=1)


@pytest.fixture
def order(desk: Cast, now: datetime) -> Order:
    return records.order("A-1001", now)


def review(order: Order, now: datetime, score: int = 1, **columns: Any) -> Review:
    row = Review(source="shop", external_id=f"R{Review.objects.count()}", order=order, score=score,
                 body="质量太差", written_at=now - DAY, **columns)  # fmt: skip
    row.save()
    return row


def late_parcel(order: Order, promised: datetime, **columns: Any) -> Shipment:
    row = Shipment(order=order, number=f"{Shipment.objects.count() + 1}", promised_at=promised, **columns)
    row.save()
    return row


def test_several_signals_of_one_order_open_one_ticket(order: Order, now: datetime) -> None:
    review(order, now)
    order_paid = records.order("A-1002", now, status="canceled", paid=Decimal("80.00"))
    review(order_paid, now)

    counts = services.intake_run(now=now)

    assert counts == {"opened": 2, "attached": 1, "too_old": 0}
    ticket = Ticket.objects.get(order=order_paid)
    assert (ticket.kind, ticket.severity, ticket.channel) == ("payment", "major", "rule")
    assert IntakeItem.objects.filter(ticket=ticket).count() == 2
    assert services.intake_run(now=now) == {"opened": 0, "attached": 0, "too_old": 0}


def test_a_later_signal_joins_the_open_ticket_and_raises_its_severity(order: Order, now: datetime) -> None:
    review(order, now)
    services.intake_run(now=now)
    ticket = Ticket.objects.get()
    assert ticket.severity == "minor"
    Order.objects.filter(pk=order.pk).update(status="canceled")

    counts = services.intake_run(now=now + timedelta(hours=1))

    assert counts["attached"] == 1
    ticket.refresh_from_db()
    assert (Ticket.objects.count(), ticket.severity) == (1, "major")
    assert Event.objects.filter(kind="ticket.signal_attached", subject_id=ticket.pk).count() == 1


def test_a_promise_known_to_the_day_is_kept_until_the_day_ends(order: Order, now: datetime) -> None:
    day = now.replace(hour=16) - 3 * DAY  # midnight in Shanghai
    late_parcel(order, day, promised_grain="day", delivered_at=day + timedelta(hours=20))
    other = records.order("A-1003", now)
    late_parcel(other, day, promised_grain="day", delivered_at=day + timedelta(hours=25))

    services.intake_run(now=now)

    assert list(Ticket.objects.values_list("order", flat=True)) == [other.pk]


def test_older_facts_open_nothing_and_with_backfill_become_historic(order: Order, now: datetime) -> None:
    old = review(order, now - 90 * DAY)

    assert services.intake_run(now=now)["opened"] == 0
    services.intake_run(now=now, backfill=True)

    ticket = Ticket.objects.get()
    assert (ticket.historic, ticket.assignee, ticket.opened_at) == (True, None, old.written_at)
    event = Event.objects.get(kind="ticket.opened")
    assert (event.at, event.recorded_at > event.at) == (old.written_at, True)


def test_good_reviews_and_parcels_in_time_are_no_problem(order: Order, now: datetime) -> None:
    review(order, now, score=3)
    late_parcel(order, now + DAY)
    late_parcel(order, now - DAY, delivered_at=now - 2 * DAY)
    assert services.intake_run(now=now)["opened"] == 0


def test_a_changed_threshold_moves_what_is_a_problem(order: Order, now: datetime) -> None:
    review(order, now, score=3)
    IntakeRule.objects.filter(code="review_low").update(threshold=3)
    assert services.intake_run(now=now)["opened"] == 1


def test_a_rule_switched_off_finds_nothing(order: Order, now: datetime) -> None:
    review(order, now)
    IntakeRule.objects.update(is_active=False)
    assert services.intake_run(now=now)["opened"] == 0


def test_a_new_grading_rule_grades_what_comes_in_next(open_ticket: Any, desk: Cast, now: datetime) -> None:
    rule = GradingRule(
        code="baby", name_zh="婴儿用品", name_en="Baby", words=["奶粉"], set_severity="critical", position=1
    )
    services.rule_save(row=rule, actor=desk.operations, now=now, reason="安全")

    assert open_ticket(subject="奶粉罐凹陷").severity == "critical"
    assert open_ticket(subject="耳机坏了").severity == "minor"


def test_the_same_order_again_after_the_result_reopens_its_ticket(
    order: Order, desk: Cast, now: datetime
) -> None:
    review(order, now)
    services.intake_run(now=now)
    ticket = Ticket.objects.get()
    ticket = services.ticket_resolve(
        ticket=ticket, result="explained", text="已解释。", actor=desk.agent, now=now
    )
    Order.objects.filter(pk=order.pk).update(status="canceled")

    services.intake_run(now=now + DAY)

    ticket.refresh_from_db()
    assert (Ticket.objects.count(), ticket.state, ticket.reopened) == (1, "in_progress", 1)
