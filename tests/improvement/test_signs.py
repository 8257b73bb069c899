"""Signs of gaming are found with exactly their rows, decided by people, and only then may rows leave the score."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from aftersales.clocks.models import Clock
from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.customers.models import Contact, Customer
from aftersales.improvement import services, signsql
from aftersales.improvement.models import Sign
from aftersales.improvement.services import signs
from aftersales.merchants.models import MerchantContact
from aftersales.orders.models import Order, Review, Shipment, TrackingEvent
from aftersales.scorecards.models import RowExclusion, Touched
from aftersales.tickets import services as tickets
from aftersales.tickets.models import Message
from tests.cast import Cast
from tests.improvement.conftest import DAY, Trade

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
LONG = "东西非常好，物流也很快，下次还会再来买的"


def look(cast: Cast, now: datetime) -> dict[str, Sign]:
    """Signs of the month that ``now`` lies in, by kind and merchant."""
    services.signs_look(actor=cast.system, now=now, month=now.date())
    return {
        f"{one.kind} {one.merchant.code if one.merchant else one.person}": one for one in Sign.objects.all()
    }


def rows_of(sign: Sign) -> set[int]:
    return set(sign.rows.values_list("subject_id", flat=True))


class Buyers:
    def __init__(self, trade: Trade, now: datetime) -> None:
        self.trade, self.now, self.count = trade, now, 0

    def buyer(self, phone: str = "", address: str = "") -> Customer:
        self.count += 1
        person = Customer(code=f"K{self.count}", name="某人")
        person.save()
        for kind, value in (("phone", phone), ("address", address)):
            if value:
                Contact.objects.create(customer=person, kind=kind, value=value)
        return person

    def buys(self, product: Any, who: Customer, *, ago: int = 3) -> Order:
        return self.trade.orders(product, 1, ago, customer=who)[0]

    def praises(self, order: Order, *, ago: float = 1, body: str = "", stars: int = 5) -> Review:
        self.count += 1
        row: Review = Review.objects.create(
            order=order, merchant=order.merchant, source="t", external_id=f"R{self.count}", score=stars, body=body,
            written_at=self.now - ago * DAY,
        )  # fmt: skip
        return row


@pytest.fixture
def buyers(trade: Trade, now: datetime) -> Buyers:
    return Buyers(trade, now)


def test_orders_by_the_shops_own_telephone_and_by_many_with_one_address(
    trade: Trade, buyers: Buyers, cast: Cast, now: datetime
) -> None:
    shop, other = trade.shop("S1"), trade.shop("S2")
    goods, far = trade.product("A", shop), trade.product("B", other)
    MerchantContact.objects.create(merchant=shop, role="aftersales", phone="+86 138 0000 0001")
    own = buyers.buyer(phone="13800000001")
    mine = {buyers.buys(goods, own).pk, buyers.buys(goods, own).pk}
    buyers.buys(far, own)
    locker = {buyers.buys(far, buyers.buyer(address="文一路 8 号")).pk for _one in range(3)}
    for _one in range(2):
        buyers.buys(goods, buyers.buyer(address="文二路 9 号"))
    found = look(cast, now)
    assert set(found) == {"self_order S1", "shared_buyer S2"}
    assert rows_of(found["self_order S1"]) == mine
    assert (found["self_order S1"].count, found["self_order S1"].total) == (2, 4)
    assert rows_of(found["shared_buyer S2"]) == locker, "two of one address are a family"


def test_praise_in_a_ring_in_a_burst_and_by_the_same_words(
    trade: Trade, buyers: Buyers, cast: Cast, now: datetime
) -> None:
    one, two, honest = (trade.product(code, trade.shop(code)) for code in ("S1", "S2", "S3"))
    ring = [buyers.buyer() for _one in range(4)]
    praise = {
        code: {
            buyers.praises(buyers.buys(goods, who), ago=2 + place * 2).pk for place, who in enumerate(ring)
        }
        for code, goods in (("S1", one), ("S2", two))
    }
    copied = {buyers.praises(buyers.buys(honest, buyers.buyer()), body=body).pk
              for body in (LONG, LONG + "！", LONG.replace("，", " "))}  # fmt: skip
    for _one in range(5):
        buyers.praises(buyers.buys(honest, buyers.buyer()), body="很好")
    burst = trade.product("S4", trade.shop("S4"))
    trade.orders(burst, 1, 40)
    stars = {buyers.praises(buyers.buys(burst, buyers.buyer()), ago=5).pk for _one in range(10)}
    young = trade.product("S6", trade.shop("S6"))
    for one_of_many in trade.orders(young, 10, 15):
        buyers.praises(one_of_many, ago=5)
    usual = trade.product("S5", trade.shop("S5"))
    for one_of_many in trade.orders(usual, 200, 40):
        buyers.praises(one_of_many, ago=30)
    for one_of_many in trade.orders(usual, 10, 9):
        buyers.praises(one_of_many, ago=3)
    found = look(cast, now)
    assert rows_of(found["review_ring S1"]) == praise["S1"]
    assert rows_of(found["review_ring S2"]) == praise["S2"]
    assert rows_of(found["copied_review S3"]) == copied
    assert rows_of(found["review_burst S4"]) == stars
    assert "review_burst S5" not in found, (
        "ten are no news for a shop with two hundred in its last eight weeks"
    )
    assert "review_burst S6" not in found, "a shop of ten days has no past to be compared with"


def test_words_without_an_answer_and_parcels_without_a_scan(trade: Trade, cast: Cast, now: datetime) -> None:
    lazy, busy = trade.shop("S1"), trade.shop("S2")
    goods, other = trade.product("A", lazy), trade.product("B", busy)
    opened = trade.tickets(trade.orders(goods, 12, 9), 6)
    fine = trade.tickets(trade.orders(other, 12, 9), 6)
    Message.objects.bulk_create(
        Message(
            ticket=one, merchant_id=one.merchant_id, author_kind="merchant", audience="merchant", channel="web",
            text="收到。" if one in opened else f"已核实，{place} 日内补发新件，请客户留意物流。", at=now - DAY,
        )
        for place, one in enumerate([*opened, *fine])
    )  # fmt: skip
    bare = trade.orders(goods, 6, 9, carrier="FAST")
    scanned = trade.orders(other, 20, 9, carrier="FAST")
    Shipment.objects.filter(order__in=[*bare, *scanned]).update(tracking_no="T1")
    for parcel in Shipment.objects.filter(order__in=scanned):
        TrackingEvent.objects.create(shipment=parcel, at=now - 7 * DAY, code="picked")
    found = look(cast, now)
    assert set(found) == {"empty_answer S1", "no_scan S1"}
    assert rows_of(found["empty_answer S1"]) == {one.pk for one in opened}
    assert found["empty_answer S1"].strength == 76, "twelve of twelve are at least 75.75 per cent"
    assert set(found["no_scan S1"].rows.values_list("subject_id", flat=True)) == set(
        Shipment.objects.filter(order__in=bare).values_list("pk", flat=True)
    )


def test_solved_just_in_time_and_opened_again_is_a_sign_about_who_did_it(
    desk: Cast, open_ticket: Callable[..., Any], now: datetime
) -> None:
    for number in range(5):
        ticket = open_ticket(at=now, subject=f"耳机 {number}")
        assert ticket.assignee == desk.agent
        tickets.ticket_start(ticket=ticket, actor=desk.agent, now=now)
        due = Clock.objects.filter(subject_id=ticket.pk, state="running").order_by("due_at").first()
        assert due is not None
        at = due.due_at - timedelta(minutes=3)
        ticket = tickets.ticket_resolve(
            ticket=ticket, result="advised", text="已说明。", actor=desk.agent, now=at
        )
        tickets.ticket_move(ticket=ticket, name="reopen", reason="还是不行", actor=desk.agent, now=at + HOUR)
    pressing = Clock.objects.filter(due_at=at + timedelta(minutes=3))
    pressing.update(ended_at=at - HOUR)
    assert look(desk, now + 2 * DAY) == {}, "a clock that was over before did not press anybody"
    pressing.update(ended_at=None)
    found = look(desk, now + 2 * DAY)
    (sign,) = [one for one in found.values() if one.kind == "clock_edge"]
    assert (sign.person, sign.count, sign.merchant) == (desk.agent, 5, None)
    with pytest.raises(DomainError) as why:
        services.sign_decide(
            sign=sign, state="real", words="x", actor=desk.supervisor, now=now + 2 * DAY, rows_out=True
        )
    assert why.value.code == "rows_out"


def test_a_sign_decided_at_the_same_moment_gets_no_more_rows(
    trade: Trade, buyers: Buyers, cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = trade.shop("S1")
    goods = trade.product("A", shop)
    MerchantContact.objects.create(merchant=shop, role="aftersales", phone="13800000001")
    own = buyers.buyer(phone="13800000001")
    first = {buyers.buys(goods, own).pk, buyers.buys(goods, own).pk}
    sign = look(cast, now)["self_order S1"]
    buyers.buys(goods, own)
    locked = moves.locked

    def decided_first(row: Any, **asked: Any) -> Any:
        monkeypatch.setattr(moves, "locked", locked)
        services.sign_decide(sign=sign, state="innocent", words="员工自用", actor=cast.risk, now=now)
        return locked(row, **asked)

    monkeypatch.setattr(moves, "locked", decided_first)
    found = look(cast, now + HOUR)["self_order S1"]
    assert (found.state, found.count, rows_of(found)) == ("innocent", 2, first)


def test_a_person_decides_and_another_takes_it_back(
    trade: Trade, buyers: Buyers, cast: Cast, now: datetime
) -> None:
    risk, supervisor = cast.risk, cast.supervisor
    shop = trade.shop("S1", manager=supervisor)
    goods = trade.product("A", shop)
    MerchantContact.objects.create(merchant=shop, role="aftersales", phone="13800000001")
    own = buyers.buyer(phone="13800000001")
    orders = {buyers.buys(goods, own).pk, buyers.buys(goods, own).pk}
    sign = look(cast, now)["self_order S1"]

    def refused(code: str, **asked: Any) -> None:
        with pytest.raises(DomainError) as why:
            services.sign_decide(
                **({"sign": sign, "state": "real", "words": "店员手机号", "now": now} | asked)
            )
        assert why.value.code == code

    refused("own_merchant", actor=supervisor)
    refused("words", actor=risk, words=" ")
    refused("not_permitted", actor=cast.operations)
    Touched.objects.all().delete()
    services.sign_decide(sign=sign, state="real", words="店员手机号", actor=risk, now=now, rows_out=True)
    out = RowExclusion.objects.filter(ended_at=None)
    assert {one.subject_id for one in out} == orders
    assert {one.subject_id for one in Touched.objects.filter(subject_kind="orders.order")} == orders
    assert look(cast, now + HOUR)["self_order S1"].state == "real", "what was decided stays"
    sign.refresh_from_db()
    refused("own_decision", actor=risk, state="innocent")
    again = cast.person("risk", username="risk2")
    services.sign_decide(sign=sign, state="innocent", words="员工自用，已核实", actor=again, now=now + HOUR)
    assert not RowExclusion.objects.filter(ended_at=None).exists()


def test_the_past_of_a_shop_is_looked_for_once_for_all_of_its_praise(now: datetime) -> None:
    """Inlined, its whole trade was read for each review: seconds for 1,700 of them, and beyond the time limit."""
    terms = signs._terms(now.date().replace(day=1), now)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {signsql.REVIEW_BURST}", terms)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert {"CTE opened", "CTE before"} <= {line.strip() for line in plan.splitlines()}
