"""The demonstration's world: the same for the same seed, loaded once, never in production."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import F, Sum

from aftersales.core.models import Event
from aftersales.customers.models import Contact, Customer
from aftersales.desk.demo import again, characters, reviews, write
from aftersales.desk.demo.people import people
from aftersales.desk.demo.shops import shops
from aftersales.desk.demo.trade import trade
from aftersales.merchants.models import Merchant
from aftersales.orders.models import Order, OrderLine, Payment, Review, Shipment, TrackingEvent

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def test_production_gets_no_demonstration_data(settings):
    settings.PRODUCTION = True

    with pytest.raises(CommandError):
        call_command("load_demo")


@pytest.mark.parametrize("moment", ["yesterday", "2026-11-20T10:00:00"])
def test_a_moment_without_a_zone_is_refused(moment):
    with pytest.raises(CommandError):
        call_command("load_demo", at=moment)


def test_the_same_seed_makes_the_same_world(now):
    def world(seed):
        random = Random(seed)
        found_people, found_shops = people(random, 60, now), shops(random, now)
        made = trade(random, found_people, found_shops, 80, now)
        return json.dumps(
            [[one.external_no, one.status, str(one.total), one.customer.name] for one in made.orders],
            default=str,
        )

    assert world(7) == world(7)
    assert world(7) != world(8)


@pytest.fixture(scope="module")
def busy_world():
    """Two months of a whole market, in memory."""
    random = Random(write.SEED)
    return trade(random, people(random, 500, NOW), shops(random, NOW), 2500, NOW)


def test_shops_trade_well_middling_and_badly(busy_world):
    limit, late, sent = timedelta(hours=48), Counter(), Counter()
    for one in busy_world.shipments:
        if one.shipped_at:
            sent[one.merchant.code] += 1
            late[one.merchant.code] += one.shipped_at > one.order.placed_at + limit
    share = {characters.place_of(code): late[code] / number for code, number in sent.items() if number > 20}
    bad = [share[place] for place in characters.BAD_ONES]
    assert min(bad) > 0.35
    assert sum(one < 0.02 for one in share.values()) > 15
    assert any(0.15 < one < 0.4 for one in share.values())
    assert any(number < 30 for number in sent.values()), "of some too little is known"


def test_only_the_planted_ring_praises_in_the_same_words(busy_world):
    said = Counter(
        (one.merchant.code, one.body) for one in busy_world.reviews if one.score == 5 and len(one.body) > 15
    )
    often = {(characters.place_of(code), body) for (code, body), number in said.items() if number > 2}
    assert often == {(place, reviews.RING_WORDS) for place in characters.RING}
    buyers = [
        {
            one.order.customer.code
            for one in busy_world.reviews
            if one.body == reviews.RING_WORDS and characters.place_of(one.merchant.code) == place
        }
        for place in characters.RING
    ]
    assert buyers[0] == buyers[1]
    assert len(buyers[0]) >= 4


@pytest.fixture(scope="module")
def loaded_world(django_db_setup, django_db_blocker):
    """One world for the whole file; each test looks at it from inside its own savepoint."""
    with django_db_blocker.unblock(), transaction.atomic():
        write.load(NOW, orders=300, customers=150, seed=3)
        yield
        transaction.set_rollback(True)


@pytest.fixture
def world(loaded_world, db):
    """The world, readable."""


def test_a_second_load_is_recognised(world):
    assert write.loaded()


def test_the_world_holds_what_breaks_pages(world):
    lengths = {len(name) for name in Customer.objects.values_list("name", flat=True)}
    shop_lengths = {len(name) for name in Merchant.objects.values_list("name", flat=True)}

    assert {1, 40} <= lengths
    assert {1, 40} <= shop_lengths
    assert Merchant.objects.filter(state="active", code="S1004", orders=None).exists()
    assert Merchant.objects.filter(state="applying").exists()


def test_the_world_holds_what_becomes_tickets(world, now):
    assert Shipment.objects.past_promise(now).exists()
    assert Review.objects.with_at_most(2).exists()
    assert Order.objects.paid_but_failed().exists()
    assert Order.objects.filter(recipient__isnull=False).exists()


def test_the_worlds_money_fits(world):
    for order in Order.objects.annotate(of_lines=Sum("lines__paid")).exclude(paid=0):
        assert order.of_lines == order.paid == order.total
    assert not Order.objects.exclude(paid=0).exclude(payments__amount=F("paid")).exists()
    assert not Payment.objects.exclude(refunded=F("order__refunded")).exists()
    assert OrderLine.objects.filter(refunded__gt=0).exists()


def test_nothing_happens_after_now_or_before_its_cause(world, now):
    assert not Order.objects.filter(placed_at__gt=now).exists()
    assert not Order.objects.filter(placed_at__lt=now - timedelta(days=61)).exists()
    assert not Shipment.objects.filter(delivered_at__gt=now).exists()
    assert not Shipment.objects.filter(delivered_at__lte=F("shipped_at")).exists()
    assert not Shipment.objects.filter(shipped_at__lt=F("order__placed_at")).exists()
    assert not TrackingEvent.objects.filter(at__gt=now).exists()
    assert not Review.objects.filter(written_at__gt=now).exists()


def test_the_world_has_history_and_events_of_its_own_days(world, now):
    assert (
        Order.history.count() == Order.objects.count() == Event.objects.filter(kind="order.created").count()
    )
    assert Event.objects.filter(kind="order.created", at__lt=now - timedelta(days=50)).exists()


def test_no_phone_could_be_a_real_persons(world):
    numbers = Contact.objects.filter(kind="phone").values_list("value", flat=True)

    assert numbers
    assert all(number.startswith("128") for number in numbers)


def test_orders_for_repairs_are_found_batch_by_batch(world, django_assert_max_num_queries):
    with django_assert_max_num_queries(3 * 2):
        found = again._nobody_called_about()
    sorts = [one.lines.get(line_no=1).product.category.code in again.BY_POWER for one in found]
    assert sorts == sorted(sorts, reverse=True), "goods that run on power first"
    assert any(sorts)
    assert not [one for one in found if one.lines.get(line_no=1).product.category.code in again.FOOD]
    assert {one.status for one in found} <= {"delivered", "completed"}
