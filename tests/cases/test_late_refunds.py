"""A late refund that lay with the platform is not the merchant's breach; his own time still is."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from importlib import import_module

import pytest
from django.db import connection, transaction
from django.utils import translation

from accounts.services import system_user
from aftersales.cases import services
from aftersales.cases.models import Case, CasePayment
from aftersales.cases.outofhand import money_held
from aftersales.cases.selectors import given_at
from aftersales.cases.services.weighing import refunds_weigh
from aftersales.clocks.models import BreachExclusion, Clock
from aftersales.clocks.services import breach_count_again, breach_exclude, sweep
from aftersales.core import moves
from aftersales.core.models import Event
from aftersales.orders import services as orders
from aftersales.orders.models import Order
from tests.cast import Cast
from training.models import Limit

pytestmark = pytest.mark.django_db
Open = Callable[..., Case]
WorkOff = Callable[[datetime], None]
HOUR = timedelta(hours=1)


class Refund:
    """A refund for which no goods come back: its 48 hours run from the approval. A second person lets it out."""

    def __init__(self, case: Case, desk: Cast, now: datetime, work_off: WorkOff) -> None:
        self.case, self.desk, self.now, self.work_off = case, desk, now, work_off
        assert self.clock.due_at == now + 48 * HOUR

    @property
    def clock(self) -> Clock:
        return Clock.objects.get(subject_kind="cases.case", subject_id=self.case.pk, promise="refund")

    @property
    def out(self) -> BreachExclusion | None:
        return BreachExclusion.objects.standing().filter(clock=self.clock).first()

    @property
    def payment(self) -> CasePayment:
        return CasePayment.objects.filter(case=self.case).latest("id")

    def propose(self, hours: float) -> None:
        services.payment_propose(
            case=Case.objects.get(pk=self.case.pk), actor=self.desk.agent, now=self.now + hours * HOUR
        )

    def reject(self, hours: float, payment: CasePayment | None = None) -> None:
        services.payment_reject(
            payment=payment or self.payment,
            actor=self.desk.finance,
            now=self.now + hours * HOUR,
            reason="凭证不清",
        )

    def pay(self, let_out: float, paid: float) -> None:
        """Let out and handed to the bank at once, paid later."""
        at = self.now + let_out * HOUR
        for row in CasePayment.objects.filter(case=self.case, state="awaiting_approval"):
            gone = services.payment_approve(payment=row, actor=self.desk.finance, now=at)
            gone = moves.perform(gone, "submit", actor=system_user(), now=at)
            then = self.now + paid * HOUR
            services.payment_succeed(payment=gone, actor=system_user(), now=then, paid_at=then)
        self.work_off(self.now + paid * HOUR)

    def tick(self, hours: float) -> None:
        """The sweeps and the worker come by."""
        at = self.now + hours * HOUR
        sweep(now=at)
        self.work_off(at)
        refunds_weigh(now=at)


@pytest.fixture
def refund(open_case: Open, desk: Cast, now: datetime, work_off: WorkOff) -> Refund:
    Limit.objects.filter(kind="refund", tier__code="in_post").update(per_decision=1)
    case = open_case({0: 1}, kind="refund_only", ground="quality")
    return Refund(services.case_approve(case=case, actor=desk.lead, now=now), desk, now, work_off)


def test_a_refund_that_ran_late_with_the_platform_is_not_the_merchants_breach(refund: Refund) -> None:
    refund.propose(47)
    assert refund.payment.state == "awaiting_approval"
    refund.tick(49)
    out = refund.out
    assert out is not None
    assert (out.cause, out.by, out.evidence) == ("platform", system_user(), refund.payment.number)
    assert refund.clock.breached_at is not None, "the customer's clock runs on"

    refund.pay(let_out=70, paid=90)
    refund.tick(91)
    assert refund.clock.state == "met_late"
    said = refund.out
    assert said is not None
    assert said.pk == out.pk
    with translation.override("en"):
        assert "until" in said.why
        assert "money_held" not in said.why
    assert money_held([refund.case.pk])[refund.case.pk].spells[0].start == refund.now + 47 * HOUR
    assert Event.objects.filter(kind="clock.excluded").count() == 1, "and says so once"
    assert not Event.objects.filter(kind="clock.counted_again").exists()


def test_a_refund_that_was_late_before_it_was_proposed_stays_a_breach(refund: Refund) -> None:
    refund.tick(49)
    refund.propose(50)
    refund.tick(51)
    refund.pay(let_out=90, paid=91)
    refund.tick(92)
    assert refund.clock.state == "met_late"
    assert not BreachExclusion.objects.exists()


def test_a_refused_payment_gives_the_merchant_the_time_back_that_was_left_and_no_more(refund: Refund) -> None:
    refund.propose(40)
    refund.tick(60)
    assert refund.out is not None
    refund.reject(70)
    refund.tick(77)
    assert refund.out is not None, "eight hours were left to him"
    refund.tick(79)
    assert refund.out is None
    ended = BreachExclusion.objects.get()
    assert (ended.ended_at, ended.ended_by) == (refund.now + 79 * HOUR, system_user())
    assert "own_time" not in ended.ended_why

    refund.propose(80)
    refund.tick(81)
    refund.pay(let_out=90, paid=91)
    refund.tick(92)
    assert refund.out is None, "what was late stays late"
    assert Event.objects.filter(kind="clock.counted_again").count() == 1


def test_proposed_again_in_the_time_that_was_left_it_stays_left_out(refund: Refund) -> None:
    refund.propose(40)
    refund.reject(70)
    refund.propose(77)
    refund.tick(120)
    assert refund.out is not None
    assert refund.out.evidence.count("FK") == 2
    refund.pay(let_out=130, paid=140)
    refund.tick(141)
    assert refund.out is not None
    assert BreachExclusion.objects.count() == 1


def test_of_several_payments_the_one_that_came_back_is_his_turn(
    refund: Refund, order: Order, desk: Cast, now: datetime
) -> None:
    for number, (method, amount) in enumerate((("alipay", 10), ("voucher", 100)), start=1):
        orders.payment_add(
            order=order, sequence=number, method=method, amount=Decimal(amount), external_ref=f"T-{number}",
            actor=system_user(), now=now,
        )  # fmt: skip
    refund.propose(40)
    first, second = CasePayment.objects.filter(case=refund.case).order_by("id")
    refund.tick(60)
    assert refund.out is not None
    refund.reject(61, first)
    assert second.state == "awaiting_approval"
    refund.tick(68)
    assert refund.out is not None
    refund.tick(70)
    assert refund.out is None, "the other one still lies with the platform, but he had something to do"


def test_a_persons_word_about_a_late_refund_stands(refund: Refund, desk: Cast) -> None:
    refund.propose(40)
    refund.tick(49)
    out = refund.out
    assert out is not None
    at = refund.now + 50 * HOUR
    breach_count_again(exclusion=out, reason="凭证缺失是商家造成的", actor=desk.supervisor, now=at)
    refund.tick(51)
    assert refund.out is None
    mine = breach_exclude(
        clock=refund.clock, cause="outage", reason="系统故障", actor=desk.supervisor, now=at
    )
    refund.reject(52)
    refund.tick(90)
    assert refund.out == mine


def test_what_no_delivery_told_is_found_by_the_sweep(refund: Refund, work_off: WorkOff) -> None:
    refund.propose(40)
    late = refund.now + 50 * HOUR
    sweep(now=late)
    assert refunds_weigh(now=late) == 1
    out = refund.out
    assert out is not None
    work_off(late)
    assert refunds_weigh(now=late + HOUR) == 1
    assert BreachExclusion.objects.get() == out
    assert Event.objects.filter(kind="clock.excluded").count() == 1


def test_when_a_payment_came_back_was_known_from_its_story_before(refund: Refund) -> None:
    refund.propose(40)
    refund.reject(70)
    told = refund.payment.came_back_at
    CasePayment.objects.update(came_back_at=None)
    with connection.cursor() as cursor:
        cursor.execute(import_module("aftersales.cases.migrations.0005_payment_came_back").TOLD)
    assert refund.payment.came_back_at == told == refund.now + 70 * HOUR


def test_the_day_on_which_the_refund_was_given_is_not_that_of_the_freight(refund: Refund) -> None:
    refund.propose(47)
    row, given = refund.payment, refund.payment.proposed_at
    row.pk, row.public_id, row.number, row.kind = None, CasePayment().public_id, "FREIGHT", "freight"
    row.__dict__["state"], row.proposed_at, row.key = "proposed", given + 120 * HOUR, "FREIGHT"
    with transaction.atomic():
        row.save(force_insert=True)
        assert given_at([refund.case.pk]) == {refund.case.pk: given}
        transaction.set_rollback(True)  # nothing was agreed for it
