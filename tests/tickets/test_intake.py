"""Facts of the trade data become tickets: once each, one per order, inside the horizon."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.orders.models import Order, OrderLine, Review, Shipment
from aftersales.tickets import services
from aftersales.tickets.models import GradingRule, IntakeItem, IntakeRule, Ticket
from aftersales.tickets.services import settling
from aftersales.tickets.services.conversation import LONGEST
from aftersales.tickets.services.intake import draft_for
from tests import records
from tests.cast import Cast

DAY = timedelta(days=1)


@pytest.fixture
def order(desk: Cast, now: datetime) -> Order:
    return records.order("A-1001", now)


def review(order: Order, now: datetime, score: int = 1, **columns: Any) -> Review:
    said = {"body": "质量太差", "written_at": now - DAY} | columns
    row = Review(source="shop", external_id=f"R{Review.objects.count()}", order=order, score=score, **said)
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

    assert counts == {"opened": 2, "attached": 1, "too_old": 0, "refused": 0}
    ticket = Ticket.objects.get(order=order_paid)
    assert (ticket.kind, ticket.severity, ticket.channel) == ("payment", "major", "rule")
    assert IntakeItem.objects.filter(ticket=ticket).count() == 2
    assert services.intake_run(now=now) == {"opened": 0, "attached": 0, "too_old": 0, "refused": 0}


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


def test_a_very_long_review_opens_its_ticket_with_as_much_as_a_message_holds(
    order: Order, now: datetime
) -> None:
    whole = review(order, now, body="坏" * (LONGEST + 5000))
    other = records.order("A-1002", now)
    review(other, now)

    assert services.intake_run(now=now)["opened"] == 2

    said = Ticket.objects.get(order=order).messages.get().text
    assert (len(said), said[-1]) == (LONGEST, "…")
    whole.refresh_from_db()
    assert len(whole.body) == LONGEST + 5000


def test_a_signal_that_fails_is_refused_with_its_reason_and_the_rest_go_on(
    desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = [records.order(f"B-{number}", now) for number in range(5)]
    for one in orders:
        review(one, now)
    plain = settling._draft

    def odd(found: Any, look: Any) -> Any:
        if found[0].order_id == orders[2].pk:
            raise DomainError("这一条不行", "odd")
        return plain(found, look)

    monkeypatch.setattr(settling, "_draft", odd)
    assert services.intake_run(now=now) == {"opened": 4, "attached": 0, "too_old": 0, "refused": 1}
    refused = IntakeItem.objects.get(outcome="refused")
    assert (refused.order, refused.reason, refused.ticket) == (orders[2], "这一条不行", None)
    assert services.intake_run(now=now)["refused"] == 0  # it does not come back by itself

    monkeypatch.setattr(settling, "_draft", plain)
    assert services.signal_retry(item=refused, actor=desk.operations, now=now)
    assert not services.signal_retry(item=refused, actor=desk.operations, now=now)
    assert services.intake_run(now=now)["opened"] == 1
    refused.refresh_from_db()
    assert (refused.outcome, refused.reason) == ("opened", "")


def test_a_fault_nobody_thought_of_stops_nobody_else(
    order: Order, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    review(order, now)
    lost = review(records.order("A-1002", now), now)
    plain = settling.findings._words

    def forgetful(item: IntakeItem, reviews: dict[Any, Review]) -> Any:
        reviews.pop(lost.pk, None)
        return plain(item, reviews)

    monkeypatch.setattr(settling.findings, "_words", forgetful)
    counts = services.intake_run(now=now)

    assert (counts["opened"], counts["refused"]) == (1, 1)
    assert "KeyError" in IntakeItem.objects.get(outcome="refused").reason


def test_refused_signals_are_tried_again_from_the_register(order: Order, desk: Cast, now: datetime) -> None:
    review(order, now)
    services.intake_run(now=now)
    item = IntakeItem.objects.get()
    IntakeItem.objects.update(outcome="refused", reason="上次出错", ticket=None)
    page = desk.client(desk.operations)
    assert "上次出错" in page.get("/admin/tickets/intakeitem/").content.decode()

    page.post("/admin/tickets/intakeitem/", {"action": "retry", "_selected_action": [item.pk]})

    item.refresh_from_db()
    assert item.outcome == "waiting"
    assert Event.objects.filter(kind="intake.retried", subject_id=item.pk).exists()


def test_a_live_complaint_gets_a_live_ticket_beside_the_historic_one(order: Order, now: datetime) -> None:
    late_parcel(order, now - 60 * DAY, delivered_at=now - 50 * DAY)
    services.intake_run(now=now, backfill=True)
    historic = Ticket.objects.get()
    assert historic.historic

    review(order, now, body="今天收到假货，会起火！", written_at=now)
    services.intake_run(now=now + timedelta(hours=2))

    live = Ticket.objects.get(historic=False)
    assert (live.severity, live.assignee is not None, live.next_due_at.year) == ("critical", True, 2026)

    late_parcel(order, now - 70 * DAY, delivered_at=now - 40 * DAY)
    services.intake_run(now=now + DAY, backfill=True)
    assert Ticket.objects.count() == 2
    assert IntakeItem.objects.latest("id").ticket == live  # an open ticket takes everything about its order


def test_an_old_fact_joins_the_historic_ticket_and_reopens_nothing(
    order: Order, desk: Cast, now: datetime
) -> None:
    late_parcel(order, now - 60 * DAY, delivered_at=now - 50 * DAY)
    services.intake_run(now=now, backfill=True)
    review(order, now - 70 * DAY)
    services.intake_run(now=now, backfill=True)
    assert Ticket.objects.get().intake_items.count() == 2

    review(order, now)
    services.intake_run(now=now)
    live = Ticket.objects.get(historic=False)
    services.ticket_resolve(ticket=live, result="explained", text="已解释。", actor=desk.agent, now=now)
    late_parcel(order, now - 80 * DAY, delivered_at=now - 45 * DAY)
    services.intake_run(now=now, backfill=True)
    live.refresh_from_db()
    assert (live.state, live.reopened) == ("resolved", 0)


def test_a_problem_of_several_merchants_names_them_all_whoever_registers_it(
    order: Order, desk: Cast, now: datetime
) -> None:
    merchants = [records.merchant(code, now) for code in ("M1", "M2")]
    for number, merchant in enumerate(merchants):
        OrderLine(order=order, line_no=number, merchant=merchant, product_name="杯子").save()
    draft = draft_for(
        order, source="desk", source_ref="", subject="少发", text="", channel="phone", opened_at=now
    )
    ticket = services.ticket_open(draft=draft, actor=desk.agent, now=now)
    assert {party.merchant for party in ticket.parties.all()} == set(merchants)
