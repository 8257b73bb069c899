"""Twelve shops with planted faults, from their orders to their grades; every number here was worked out on paper.

By the shipped formula, version 1. Twelve shops are fewer than twenty peers, so every rate is drawn towards its own
limit with 150 cases: of 400 orders, none late, (0 + 7.5) / 550 = 1.36 % are expected to be. What nobody asked for stays
neutral at 80: answers 12 of 15, refunds 12 of 15, low ratings 8 of 10, refusals 4 of 5.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from aftersales.cases.models import Case, Dispute, Ruling
from aftersales.clocks.models import Clock
from aftersales.clocks.services import circumstance_draft, circumstances_sweep
from aftersales.customers.models import Contact, Customer
from aftersales.improvement import services as improvement
from aftersales.improvement.models import Sign
from aftersales.merchants.models import MerchantContact
from aftersales.orders.models import Order, OrderLine, Review, Shipment
from aftersales.scorecards import services
from aftersales.scorecards.models import Formula, Rollup, Standing
from aftersales.scorecards.scores import explaining, selectors
from aftersales.standards import services as rule_book
from aftersales.standards.models import StandardVersion
from tests.cast import Cast
from tests.records import merchant as a_merchant

pytestmark = pytest.mark.django_db
D = Decimal
DAY = timedelta(days=1)


class Fair:
    """Plants what happened to shops; all of it lies twenty days before the scores are counted unless told."""

    def __init__(self, now: datetime, ticket: Any) -> None:
        self.now, self.ticket, self.count = now, ticket, 0

    def shop(self, code: str, **columns: Any) -> Any:
        return a_merchant(code, self.now, returns="", **columns)

    def sells(
        self,
        shop: Any,
        number: int,
        *,
        sent_late: int = 0,
        late_on_the_way: int = 0,
        cancelled: int = 0,
        ago: int = 20,
    ) -> list[Order]:
        """The first ``sent_late`` are handed over two days after their limit, others arrive late by the carrier."""
        at, made = self.now - ago * DAY, []
        for place in range(number):
            self.count += 1
            made.append(
                Order(
                    source="fair", external_no=f"F{self.count}", merchant=shop, placed_at=at, currency="CNY",
                    status="canceled" if place < cancelled else "delivered",
                )
            )  # fmt: skip
        Order.objects.bulk_create(made)
        OrderLine.objects.bulk_create(
            OrderLine(order=one, line_no=1, merchant=shop, currency="CNY", dispatch_due_at=at + 2 * DAY)
            for one in made
        )
        Shipment.objects.bulk_create(
            Shipment(
                order=one, number="1", merchant=shop, promised_at=at + 6 * DAY,
                shipped_at=at + (4 if place < sent_late else 1) * DAY,
                delivered_at=at + (9 if sent_late <= place < sent_late + late_on_the_way else 5) * DAY,
            )
            for place, one in enumerate(made)
        )  # fmt: skip
        return made

    def rated(self, shop: Any, sold: list[Order], stars: int) -> None:
        Review.objects.bulk_create(
            Review(
                order=one, merchant=shop, source="fair", external_id=f"R{one.external_no}", score=stars,
                written_at=one.placed_at + 6 * DAY,
            )
            for one in sold
        )  # fmt: skip

    def buys_itself(self, shop: Any, number: int) -> None:
        """By its own telephone, sent in time, five stars for each."""
        MerchantContact.objects.create(merchant=shop, role="aftersales", phone="138 0000 0001")
        own = Customer.objects.create(code=f"K-{shop.code}")
        Contact.objects.create(customer=own, kind="phone", value="13800000001")
        sold = self.sells(shop, number)
        Order.objects.filter(pk__in=[one.pk for one in sold]).update(customer=own)
        self.rated(shop, sold, 5)

    def asked(self, shop: Any, *, kept: int, broken: int, ago: int) -> None:
        """Questions of the platform to the shop: answered in time, or not at all."""
        at = self.now - ago * DAY
        rule = StandardVersion.objects.filter(standard__promise="merchant_answer").first()
        for place in range(kept + broken):
            self.count += 1
            Clock.objects.create(
                subject_kind="tickets.ticket", subject_id=10**9 + self.count, merchant_id=shop.pk, owed_by="merchant",
                promise="merchant_answer", kind="obligation", standard_version=rule, started_at=at, counted_from=at,
                due_at=at + 2 * DAY, warn_at=at + DAY, met_at=at + DAY if place < kept else None,
                breached_at=None if place < kept else at + 2 * DAY,
            )  # fmt: skip

    def disputed(
        self, shop: Any, sold: list[Order], *, refused: bool = False, ground: str = "no_reason"
    ) -> list[Dispute]:
        """The platform is called in; with ``refused`` the shop had said no, and the ruling is for the customer."""
        found = []
        for one in sold:
            at = one.placed_at + 3 * DAY
            case = Case.objects.create(
                number=f"C{one.external_no}", ticket=self.ticket, order=one, merchant=shop, kind="return",
                first_kind="return", ground=ground, first_ground=ground, currency="CNY", asked_at=at, opened_at=at,
                opened_by=self.ticket.assignee,
            )  # fmt: skip
            found.append(
                Dispute.objects.create(
                    number=f"D{one.external_no}", case=case, merchant_id=shop.pk, opened_side="customer", opened_at=at,
                    case_was="rejected" if refused else "requested", opened_by=self.ticket.assignee, turn="merchant",
                    ruled_at=at + DAY if refused else None,
                )
            )  # fmt: skip
        if refused:
            for row in found:
                self.ruled(row, "full_refund")
        return found

    def ruled(self, dispute: Dispute, outcome: str, *, on_appeal: bool = False) -> None:
        Ruling.objects.create(
            dispute=dispute, outcome=outcome, on_appeal=on_appeal, overturns=on_appeal, currency="CNY",
            freight_by="merchant", fault_merchant=100, clause="§1", facts="–", reasons="–",
            ruled_by=self.ticket.assignee, at=self.now - (5 if on_appeal else 9) * DAY,
        )  # fmt: skip


@pytest.fixture
def later(now: datetime) -> datetime:
    """The version is in force since November 17th; this is thirty days after the tests' now."""
    return now + 30 * DAY


@pytest.fixture
def fair(later: datetime, open_ticket: Any) -> Fair:
    return Fair(later, open_ticket())


SENT_LATE = {"tiny": 12, "late": 120, "hopeless": 150, "gaming": 120}
SOLD = {"fine": 1500, "tiny": 12, "unlucky": 40, "slow": 12, "hopeless": 300}
SHOPS = ("fine", "carrier", "appeal", "hopeless", "late", "unlucky", "tiny", "slow", "summoned", "cancelled") + (
    "gaming", "flood",
)  # fmt: skip


def plant(fair: Fair) -> dict[str, Any]:
    """Each shop is called by its fault."""
    shops = {}
    for code in SHOPS:
        shops[code] = shop = fair.shop(code, province="河南" if code == "flood" else "浙江")
        sold = fair.sells(
            shop, SOLD.get(code, 400), sent_late=SENT_LATE.get(code, 0),
            late_on_the_way=160 if code == "carrier" else 0, cancelled=100 if code == "cancelled" else 0,
        )  # fmt: skip
        if code == "fine":
            fair.rated(shop, sold, 5)
        if code == "slow":
            fair.sells(shop, 28, ago=60)
        if code == "unlucky":
            fair.disputed(shop, sold[:2])
        if code == "appeal":
            for row in fair.disputed(shop, sold[:8], refused=True)[:6]:
                fair.ruled(row, "for_merchant", on_appeal=True)
        if code == "gaming":
            fair.buys_itself(shop, 200)
        if code == "flood":
            fair.asked(shop, kept=12, broken=0, ago=28)
            fair.asked(shop, kept=0, broken=20, ago=20)
        if code == "hopeless":
            fair.rated(shop, sold[:200], 1)
            fair.disputed(shop, sold[-60:], ground="quality")
    return shops


def unmasked(desk: Cast, later: datetime) -> None:
    """A person finds that the shop's own orders are gaming, and leaves them out with their reviews."""
    improvement.signs_look(actor=desk.system, now=later, month=(later - 20 * DAY).date())
    sign = Sign.objects.get(kind="self_order")
    assert (sign.merchant.code, sign.count, sign.total) == ("gaming", 200, 600)
    improvement.sign_decide(
        sign=sign, state="real", words="店员手机号", actor=desk.risk, now=later, rows_out=True
    )


def declared(desk: Cast, later: datetime) -> None:
    """A flood in the province in those days."""
    draft = circumstance_draft(
        code="flood", name_zh="河南暴雨", name_en="Rain in Henan", cause="disaster", begins_at=later - 21 * DAY,
        ends_at=later - 17 * DAY, provinces=["河南"], cities=[], promises=[], source_ref="公告 12",
        source_zh="应急管理部公告", source_en="Announcement", actor=desk.operations, now=later,
    )  # fmt: skip
    rule_book.rule_activate(draft=draft, actor=desk.supervisor, now=later)
    assert circumstances_sweep(actor=desk.system, now=later) == 20


@pytest.fixture
def found(fair: Fair, later: datetime, desk: Cast) -> dict[str, explaining.Explained]:
    shops = plant(fair)
    unmasked(desk, later)
    declared(desk, later)
    formula = Formula.objects.get(code="merchants")
    version = selectors.in_force(formula, later.date() - 8 * DAY)
    assert version is not None
    services.recount(codes=selectors.terms_of(version).codes)
    letters = Rollup.objects.filter(metric="authority_complaint_rate", subject_id=shops["summoned"].pk)
    assert letters.update(num=5) == 1, "five letters of authorities, beside the orders of that day"
    services.standings_count(now=later)
    rows = Standing.objects.select_related("rule__formula")
    return {one.subject_name.removeprefix("Shop "): explaining.explained(one) for one in rows}


EARNED = {
    # Expected late 7.5/1650 and 15/1650: full points 20 and 10; disputes 3/1650 → 98.2 → 14.7; quality 4.5/1650 → 9.8;
    # low ratings 22.5/1650, under 2 % → 10; 28 neutral. The lower bound is 92: nothing worse is likely of 1,500 orders.
    "fine": ("92.5", "A"),
    # Late 7.5/550 → 98.2 of 100 → 19.6; delivered 15/550 late → 9.8; disputes 3/550 → 14.2; quality 4.5/550 → 9.5; 36.
    # 89.1 less five letters of authorities: 2 points each are 10, and 10 is the most.
    "summoned": ("79.1", "B"),
    # 160 of 400 late on the way: (160 + 15)/550 → 68.2 % in time → 1.1 of 10. Handed over in time, as agreed: 19.6.
    "carrier": ("80.4", "B"),
    # 100 of 400 were cancelled and count in nothing: 15/450, 3/450 and 4.5/450 instead.
    "cancelled": ("88.6", "B"),
    # Eight disputes of 400: (8 + 3)/550 = 2 % → 12.0, at the limit. Refusals (2 + 15)/158 → 78.5 → 3.9 of 5.
    "appeal": ("86.8", "B"),
    # Two disputes of 40 are 5 %, or anything between 1.4 % and 16.5 %: (2 + 3)/190 → 71.6 → 10.7. Nothing is proven.
    "unlucky": ("80.7", "B"),
    # 12 orders in 30 days are too few; with those of 90 days it are 40, and none was bad.
    "slow": ("82.6", "B"),
    # 120 of 400 handed over late: (120 + 7.5)/550 → 76.8 % in time, under 80 % → 0 of 20. Certain, and 69.5 < 75.
    "late": ("69.5", "C"),
    # Late by half, 60 disputes of 300 about quality, 200 reviews of one star: only what nobody asked for is left.
    "hopeless": ("38.1", "D"),
    # As "late": its 200 own orders, sent in time and praised, count in nothing. With them it were 74.3: (120 + 7.5)/750
    # → 3.0; delivery 10; disputes 3/750 → 14.4; quality 9.6; reviews 22.5/350 → 9.3; 28 neutral.
    "gaming": ("69.5", "C"),
    # 89.1 with 12 answers in time instead of neutral ones: 7.5/162 → 81.9 → 12.3. The 20 of the flood do not count.
    "flood": ("89.4", "B"),
    # 12 orders, all late: not enough to say anything.
    "tiny": ("70.0", ""),
}


def test_twelve_shops_get_the_grades_that_they_earned(found: dict[str, explaining.Explained]) -> None:
    earned = {code: (str(one.row.score), one.row.grade) for code, one in found.items()}
    assert earned == EARNED
    assert found["fine"].row.low >= 90 > found["cancelled"].row.low, "praised by the lower bound alone"
    assert found["late"].row.high < 75, "and blamed by the upper one"


def test_nobody_answers_for_the_carrier_or_for_chance(found: dict[str, explaining.Explained]) -> None:
    def verdict(code: str, metric: str) -> str:
        one = found[code].item(metric)
        assert one is not None
        return one.verdict.value

    assert verdict("carrier", "dispatch_in_time") == "met"
    assert verdict("carrier", "delivery_in_time") == "missed"
    assert verdict("late", "dispatch_in_time") == "missed"
    assert verdict("unlucky", "dispute_rate_orders") == "open"
    assert found["summoned"].added_points == D("-10.0")
    slow = found["slow"].item("dispatch_in_time")
    assert slow is not None
    assert (slow.counted.num, slow.counted.days) == (40, 90)


def test_what_was_overturned_on_appeal_counts_no_longer_and_the_rows_say_which(
    found: dict[str, explaining.Explained],
) -> None:
    """Eight refusals were overturned by a first ruling; on appeal six of them stood after all."""
    one = found["appeal"].item("refusal_overturned")
    assert one is not None
    assert (one.counted.num, one.counted.den, one.verdict.value) == (2, 8, "open")
    assert len(explaining.rows(found["appeal"], "refusal_overturned", which="bad")) == 2
    late = explaining.rows(found["late"], "dispatch_in_time", which="bad", page=500)
    assert len(late) == 120
    assert {row.kind for row in late} == {"orders.order"}


def test_what_was_left_out_stays_behind_the_figure_with_the_reason(
    found: dict[str, explaining.Explained],
) -> None:
    own = explaining.rows(found["gaming"], "dispatch_in_time", which="excluded", page=500)
    assert len(own) == 200
    assert {row.excluded for row in own} == {"not_genuine"}
    answers = found["flood"].item("answer_in_time")
    assert answers is not None
    assert (answers.counted.num, answers.counted.den) == (12, 12)
    assert len(explaining.rows(found["flood"], "answer_in_time", which="excluded")) == 20
