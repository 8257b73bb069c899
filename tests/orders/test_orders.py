"""Trade data: keys, caps, times with a grain, scope, and pages answered by few queries."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.services import system_user
from aftersales.core.errors import Conflict, DomainError
from aftersales.core.models import Event
from aftersales.customers import services as customers
from aftersales.merchants import services as merchants
from aftersales.orders import rules, services
from aftersales.orders.models import Category, Order, OrderLine, Payment, Product, Review, Shipment
from aftersales.orders.selectors import customer_panel, order_card
from tests.records import merchant, order, person

SHANGHAI = ZoneInfo("Asia/Shanghai")
EXACT = datetime(2020, 2, 20, 15, 59, 54, tzinfo=UTC)
MINUTE = datetime(2020, 2, 20, 15, 59, tzinfo=UTC)
DAY = datetime(2020, 2, 19, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("known", "known_grain", "told", "told_grain", "kept"),
    [
        (EXACT, "exact", MINUTE, "minute", (EXACT, "exact")),
        (EXACT, "exact", DAY, "day", (EXACT, "exact")),
        (MINUTE, "minute", DAY, "day", (MINUTE, "minute")),
        (MINUTE, "minute", EXACT, "exact", (EXACT, "exact")),
        (EXACT, "exact", MINUTE + timedelta(minutes=1), "minute", (MINUTE + timedelta(minutes=1), "minute")),
        (EXACT, "exact", None, "exact", (EXACT, "exact")),
        (None, "exact", DAY, "day", (DAY, "day")),
        (DAY, "day", DAY, "exact", (DAY, "exact")),
    ],
)
def test_a_coarser_time_never_overwrites_an_equal_finer_one(known, known_grain, told, told_grain, kept):
    assert rules.better_time(known, known_grain, told, told_grain, SHANGHAI) == kept


@pytest.mark.parametrize(
    ("grain", "delivered_after", "late"),
    [
        ("exact", timedelta(seconds=1), True),
        ("exact", timedelta(0), False),
        ("day", timedelta(hours=23), False),
        ("day", timedelta(hours=25), True),
    ],
)
def test_a_promise_known_to_the_day_lasts_until_that_day_is_over(grain, delivered_after, late):
    assert rules.is_late(DAY, grain, DAY + delivered_after, DAY + timedelta(days=30)) is late


@pytest.mark.django_db
def test_the_list_of_late_parcels_agrees_with_the_rule(now):
    row = order("1", now)
    for number, (promised, grain, delivered) in enumerate(
        (promised, grain, delivered)
        for promised in (None, now - timedelta(hours=30), now - timedelta(hours=2), now + timedelta(hours=1))
        for grain in ("exact", "day")
        for delivered in (None, now - timedelta(hours=40), now - timedelta(hours=1))
    ):
        services.shipment_add(
            order=row,
            number=str(number),
            actor=system_user(),
            now=now,
            promised_at=promised,
            promised_grain=grain,
            delivered_at=delivered,
        )

    by_rule = {
        one.pk
        for one in Shipment.objects.all()
        if rules.is_late(one.promised_at, one.promised_grain, one.delivered_at, now)
    }

    assert by_rule
    assert set(Shipment.objects.past_promise(now).values_list("pk", flat=True)) == by_rule


@pytest.mark.django_db
def test_source_and_number_name_an_order_once(now):
    order("1", now)

    with pytest.raises(DomainError) as refused:
        order("1", now)

    assert refused.value.code == "exists"


@pytest.mark.django_db
def test_no_more_is_refunded_than_was_paid_on_order_line_and_payment(now):
    row = order("1", now)
    line = services.line_add(order=row, line_no=1, actor=system_user(), now=now, paid=Decimal(50))
    payment = services.payment_add(order=row, sequence=1, actor=system_user(), now=now, amount=Decimal(50))

    with pytest.raises(DomainError) as refused:
        services.order_change(order=row, actor=system_user(), now=now, refunded=Decimal("100.01"))
    assert refused.value.code == "refunded_above_paid"
    with pytest.raises(DomainError):
        services.line_change(line=line, actor=system_user(), now=now, refunded=Decimal("50.01"))
    for model, pk in ((Order, row.pk), (OrderLine, line.pk), (Payment, payment.pk)):
        with pytest.raises(IntegrityError), transaction.atomic():
            model.objects.filter(pk=pk).update(refunded=Decimal(1000))


@pytest.mark.django_db
@pytest.mark.parametrize("score", [0, 6])
def test_stars_are_one_to_five(now, score):
    with pytest.raises(DomainError):
        services.review_add(
            order=order("1", now), source="shop", external_id="r", score=score, actor=system_user(), now=now
        )


@pytest.mark.django_db
def test_one_review_id_may_stand_under_two_orders(now):
    for number in ("1", "2"):
        services.review_add(
            order=order(number, now), source="shop", external_id="r", score=1, actor=system_user(), now=now
        )

    assert Review.objects.count() == 2


@pytest.mark.django_db
def test_a_line_keeps_the_return_rule_of_the_moment_of_purchase(now):
    category = services.category_create(
        code="food", actor=system_user(), now=now, name_zh="生鲜", return_rule="hard_exception"
    )
    product = services.product_create(code="P1", name="樱桃", category=category, actor=system_user(), now=now)
    line = services.line_add(order=order("1", now), line_no=1, product=product, actor=system_user(), now=now)

    services.category_change(category=category, actor=system_user(), now=now, return_rule="no_reason")

    line.refresh_from_db()
    assert (line.return_rule, line.product_name) == ("hard_exception", "樱桃")
    assert Product.objects.get().effective_return_rule == "no_reason"
    assert Category.history.count() == 2


@pytest.mark.django_db
def test_a_stale_correction_of_an_order_is_a_conflict(now):
    row = order("1", now)
    services.order_change(order=row, actor=system_user(), now=now, version=1, ship_city="杭州")

    with pytest.raises(Conflict):
        services.order_change(order=row, actor=system_user(), now=now, version=1, ship_city="宁波")

    assert Event.objects.filter(kind="order.changed").count() == 1
    assert [one.ship_city for one in Order.history.all()] == ["杭州", ""]


@pytest.mark.django_db
def test_invoice_titles_are_not_kept_in_history(now):
    order("1", now, invoice_title="张晓明")

    assert "invoice_title" not in {field.name for field in Order.history.model._meta.fields}


@pytest.fixture
def two_shops(now):
    mine, other = merchant("M-1", now), merchant("M-2", now)
    owner = person("merchant_owner", now)
    merchants.member_add(merchant=mine, user=owner, actor=system_user(), now=now)
    return owner, mine, other


@pytest.mark.django_db
def test_a_merchant_sees_his_orders_and_his_lines_of_mixed_orders(now, two_shops):
    owner, mine, other = two_shops
    own, foreign, mixed = (
        order("own", now, merchant=mine),
        order("foreign", now, merchant=other),
        order("mixed", now),
    )
    own_line = services.line_add(order=mixed, line_no=1, merchant=mine, actor=system_user(), now=now)
    services.line_add(order=mixed, line_no=2, merchant=other, actor=system_user(), now=now)
    services.payment_add(order=mixed, sequence=1, actor=system_user(), now=now)
    for row in (own, foreign):
        services.payment_add(order=row, sequence=1, actor=system_user(), now=now)
        services.shipment_add(order=row, number="1", actor=system_user(), now=now)
        services.review_add(order=row, source="s", external_id="1", score=1, actor=system_user(), now=now)

    assert set(Order.objects.visible_to(owner)) == {own, mixed}
    assert list(OrderLine.objects.visible_to(owner)) == [own_line]
    for model in (Payment, Shipment, Review):
        assert [one.order_id for one in model.objects.visible_to(owner)] == [own.pk]


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["merchant_clerk", "vendor_agent", "vendor_lead", "trainer", "customer"])
def test_people_without_a_grant_see_no_trade_data(now, role, two_shops):
    row = order("1", now, merchant=two_shops[1])
    services.line_add(order=row, line_no=1, actor=system_user(), now=now)

    for model in (Order, OrderLine):
        assert not model.objects.visible_to(person(role, now)).exists()


@pytest.mark.django_db
def test_the_workbench_panels_take_two_queries_whatever_the_order_holds(now):
    actor = system_user()
    person_ = customers.customer_create(code="C-1", name="张晓明", actor=actor, now=now)
    phone = customers.contact_add(customer=person_, kind="phone", value="13800138000", actor=actor, now=now)
    shop = merchant("M-1", now)
    row = order("1", now, customer=person_, merchant=shop, ship_phone=phone)
    for number in (2, 3, 4):
        order(str(number), now, customer=person_)
        services.line_add(
            order=row, line_no=number, actor=actor, now=now, product_name="灯", unit_price=Decimal("12.30")
        )
        services.payment_add(
            order=row, sequence=number, actor=actor, now=now, amount=Decimal("0.10"), method="alipay"
        )
        parcel = services.shipment_add(
            order=row,
            number=str(number),
            actor=actor,
            now=now,
            promised_at=now - timedelta(days=1),
            signed_by="locker",
        )
        services.tracking_add(shipment=parcel, at=now, code="SIGN", place="杭州", actor=actor, now=now)
        services.tracking_add(shipment=parcel, at=now, code="SIGN", place="杭州", actor=actor, now=now)
        services.review_add(order=row, source="s", external_id=str(number), score=1, actor=actor, now=now)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        card = order_card(row.pk)
        panel = customer_panel(person_.pk, except_order=row.pk)
        assert card.seller == "Shop M-1"
        assert card.order.customer.masked_name
        assert card.order.ship_phone.masked.endswith("8000")

    assert len(queries) == 2
    assert [line.unit_price for line in card.lines] == [Decimal("12.30")] * 3
    assert card.lines[0].merchant == "Shop M-1"
    assert [one.amount for one in card.payments] == [Decimal("0.10")] * 3
    assert card.refundable == Decimal(100)
    assert [len(one.tracking) for one in card.shipments] == [1, 1, 1]
    assert card.shipments[0].tracking[0].at == now
    assert card.shipments[0].late(now)
    assert card.shipments[0].consent_missing
    assert card.reviews[0].score == 1
    assert [one.external_no for one in panel.orders] == ["4", "3", "2"]
    assert "13800138000" not in str(panel.contacts)


@pytest.mark.django_db
def test_absent_rows_have_no_card():
    assert order_card(0) is None
    assert customer_panel(0) is None
