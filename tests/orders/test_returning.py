"""Trade data as the return rules are told it: parcels, grain, consent, category path, and nothing about the buyer."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aftersales.orders.models import Category, OrderLine, Product, Shipment, ShipmentLine, TrackingEvent
from aftersales.orders.returning import answers_of, facts_of
from tests.records import merchant, order

pytestmark = pytest.mark.django_db
SIGNED = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # Monday 10:00 in Shanghai
LAST_SECOND = datetime(2026, 3, 9, 15, 59, 59, tzinfo=UTC)


@pytest.fixture
def bought(db: None) -> Any:
    """An order of one line, placed two days before the parcel arrives."""
    return order("M-1", SIGNED - timedelta(days=2), status="delivered")


def line_of(bought: Any, **columns: Any) -> OrderLine:
    line = OrderLine(order=bought, line_no=bought.lines.count() + 1, merchant=bought.merchant, **columns)
    line.save()
    return line


def parcel_of(bought: Any, number: str = "1", **columns: Any) -> Shipment:
    told = {
        "status": "delivered",
        "delivered_at": SIGNED,
        "shipped_at": SIGNED - timedelta(days=1),
        **columns,
    }
    row = Shipment(order=bought, number=number, merchant=bought.merchant, **told)
    row.save()
    return row


def asked(line: OrderLine, **more: Any) -> Any:
    question = {"demand": "return", "ground": "no_reason", "asked_at": LAST_SECOND, **more}
    return answers_of([line.pk], **question)[line.pk]


def test_a_plain_line_is_returned_until_the_last_second(bought: Any) -> None:
    line = line_of(bought)
    parcel_of(bought)
    assert asked(line).is_yes
    assert asked(line, asked_at=LAST_SECOND + timedelta(seconds=1)).is_no


def test_the_facts_carry_the_rule_told_at_purchase(bought: Any) -> None:
    category = Category.objects.create(code="food", name_zh="生鲜", return_rule="hard_exception")
    product = Product.objects.create(code="P1", category=category)
    told = line_of(bought, product=product, return_rule="no_reason")
    untold = line_of(bought, product=product)
    parcel_of(bought)
    facts = facts_of([told.pk, untold.pk], demand="return", ground="no_reason", asked_at=LAST_SECOND)
    assert facts[told.pk].line_rule == "no_reason"
    assert facts[untold.pk].line_rule == "hard_exception"


def test_the_path_of_the_category_goes_from_the_root_down(bought: Any) -> None:
    root = Category.objects.create(code="bathroom")
    leaf = Category.objects.create(code="smart_toilet", parent=root)
    line = line_of(bought, product=Product.objects.create(code="P1", category=leaf))
    parcel_of(bought)
    facts = facts_of([line.pk], demand="repair", ground="warranty", asked_at=LAST_SECOND)[line.pk]
    assert facts.category_path == ("bathroom", "smart_toilet")
    assert facts.needs_installation is True


def test_without_a_category_nobody_knows_about_the_installation(bought: Any) -> None:
    facts = facts_of([line_of(bought).pk], demand="return", ground="no_reason", asked_at=LAST_SECOND)
    assert [one.needs_installation for one in facts.values()] == [None]


def test_the_later_of_two_parcels_counts_for_the_line_they_hold(bought: Any) -> None:
    both, first_only = line_of(bought, quantity=2), line_of(bought)
    early, late = parcel_of(bought), parcel_of(bought, "2", delivered_at=SIGNED + timedelta(days=3))
    for shipment, line in ((early, both), (late, both), (early, first_only)):
        ShipmentLine.objects.create(shipment=shipment, line=line, quantity=1)
    after = LAST_SECOND + timedelta(days=1)
    assert asked(both, asked_at=after).is_yes
    assert asked(first_only, asked_at=after).is_no


def test_pieces_that_no_parcel_holds_yet_leave_a_doubt(bought: Any) -> None:
    line, other = line_of(bought, quantity=2), line_of(bought)
    shipment = parcel_of(bought)
    ShipmentLine.objects.create(shipment=shipment, line=line, quantity=1)
    late = LAST_SECOND + timedelta(days=1)
    assert asked(line, asked_at=late).needs_person
    assert asked(other, asked_at=late).needs_person


def test_a_locker_without_consent_counts_from_the_pick_up_the_carrier_told(bought: Any) -> None:
    line = line_of(bought)
    shipment = parcel_of(bought, signed_by="locker", sign_consent=False)
    late = LAST_SECOND + timedelta(days=2)
    assert "pick_up_unknown" in asked(line, asked_at=late).codes("doubt")
    TrackingEvent.objects.create(shipment=shipment, at=SIGNED + timedelta(days=3), code="PICKED_UP")
    answer = asked(line, asked_at=late)
    assert answer.is_yes
    assert "pick_up_counts" in answer.codes()


def test_an_order_without_a_parcel_is_still_to_be_sent(bought: Any) -> None:
    bought.status = "paid"
    bought.save()
    line = line_of(bought)
    assert asked(line, demand="refund_only", ground="not_sent").is_yes
    bought.status = "delivered"
    bought.save()
    assert asked(line, demand="refund_only", ground="not_sent").needs_person


@pytest.mark.parametrize("status", ["canceled", "returned"])
def test_a_parcel_that_never_came_counts_for_nothing(bought: Any, status: str) -> None:
    line = line_of(bought)
    parcel_of(bought)
    parcel_of(bought, "2", status=status, delivered_at=None)
    assert asked(line, asked_at=LAST_SECOND + timedelta(seconds=1)).is_no


@pytest.mark.parametrize(
    ("column", "mark"),
    [
        ("is_presale", "presale"),
        ("cross_border", "cross_border"),
        ("is_gift", "gift"),
        ("cash_on_delivery", "cash_on_delivery"),
        ("minor_buyer", "minor"),
    ],
)
def test_what_is_special_about_an_order_is_told(bought: Any, column: str, mark: str) -> None:
    setattr(bought, column, True)
    bought.save()
    line = line_of(bought)
    facts = facts_of([line.pk], demand="return", ground="no_reason", asked_at=LAST_SECOND)[line.pk]
    assert facts.marks == {mark}


def test_many_lines_cost_as_many_queries_as_one(now: datetime, django_assert_num_queries: Any) -> None:
    seller, category = merchant("S1", now), Category.objects.create(code="clothing")
    keys = []
    for number in range(20):
        row = order(f"M-{number}", SIGNED - timedelta(days=2), merchant=seller)
        product = Product.objects.create(code=f"P{number}", category=category)
        keys.append(line_of(row, product=product).pk)
        parcel_of(row, signed_by="locker", sign_consent=None)
    answers_of(keys[:1], demand="return", ground="no_reason", asked_at=LAST_SECOND)
    with django_assert_num_queries(6):
        assert len(answers_of(keys, demand="return", ground="no_reason", asked_at=LAST_SECOND)) == 20


def test_no_line_no_question(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert answers_of([], demand="return", ground="no_reason", asked_at=LAST_SECOND) == {}
