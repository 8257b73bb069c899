"""Whatever is done to the cases of one order, in whatever order: pieces, money, events and ledger stay whole.

For a long search: ``pytest tests/cases/test_any_course.py --hypothesis-profile=long``.
"""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import models, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.models import User
from accounts.services import system_user
from aftersales.cases import services
from aftersales.cases.models import Case, CaseParcel, CasePayment, Dispute, ParcelItem, Settlement
from aftersales.cases.services import Arrival, Finding, RulingDraft
from aftersales.cases.services.answers import Answer, answer_take
from aftersales.cases.services.paying import PayeeDraft
from aftersales.cases.services.quoting import Deduction
from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.orders import services as orders
from aftersales.orders.models import Order
from tests.cases.whole import check_whole
from tests.cast import Cast
from tests.records import said

D = Decimal
EXAMPLES = int(os.environ.get("AFTERSALES_COURSES", "0"))
"""How many courses to try; by default 20, in the long profile 1,000."""
WITH_STATE: tuple[Any, ...] = (Case, CaseParcel, CasePayment, Dispute)
HOUR = timedelta(hours=1)
which = st.integers(0, 3)
"""Which of the rows that there are; more than there are counts round."""
amounts = st.sampled_from([D("0.01"), D("9.99"), D("23.34"), D("50.00"), D("76.67"), D("110.00")])
sides = st.sampled_from(["customer", "merchant"])
kinds = st.sampled_from(["return", "refund_only", "exchange"])
grounds = st.sampled_from(["no_reason", "quality", "other"])
OTHER_ACCOUNT = PayeeDraft(holder="林芳", account="6222000011112222", consent="电话同意", name_check="same")


def there(model: type[models.Model], *states: str) -> Any:
    """Try an act only where there is a row that it may concern; whether it may be done the services say."""
    return precondition(lambda course: bool(course.seen[model] & set(states or course.seen[model])))


class AnyCourse(RuleBasedStateMachine):
    """Every act is tried on whatever row there is; the services say yes, or why not."""

    open_case: Callable[..., Case]
    desk: Cast
    order: Order
    start: datetime
    done: dict[str, int]

    def __init__(self) -> None:
        super().__init__()
        self.now = self.start
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.seen: dict[type[models.Model], set[str]] = {model: set() for model in WITH_STATE}
        self.changed = True

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    def act(self, name: str, **given: Any) -> Any:
        """One act of the services; a refusal is an answer, anything else a fault."""
        self.now += HOUR
        fn: Callable[..., Any] = getattr(services, name, None) or (
            self.opened if name == "open" else ELSE[name]
        )
        try:
            with transaction.atomic():
                found = fn(now=self.now, **given)
        except DomainError as error:
            self.done[f"{name}: {error.code}"] = self.done.get(f"{name}: {error.code}", 0) + 1
            return None
        self.done[name] = self.done.get(name, 0) + 1
        self.changed = True
        return found

    def opened(self, now: datetime, **asked: Any) -> Case:
        return self.open_case(at=now, **asked)

    @staticmethod
    def one(model: type[models.Model], index: int, *states: str) -> Any:
        found = model._default_manager.order_by("-pk")
        rows = list((found.filter(state__in=states) if states else found)[:4])
        return rows[index % len(rows)] if rows else None

    @property
    def people(self) -> Cast:
        return self.desk

    # The decision

    @initialize(voucher=st.booleans(), kind=kinds, ground=grounds)
    def paid_by(self, voucher: bool, kind: str, ground: str) -> None:
        """Two ways of payment, so that money goes back on both."""
        if voucher:
            for number, (method, amount) in enumerate([("alipay", D("79.99")), ("voucher", D("30.01"))], 1):
                orders.payment_add(
                    order=self.order, sequence=number, method=method, amount=amount, external_ref=f"T-{number}",
                    actor=system_user(), now=self.now,
                )  # fmt: skip
        self.open(2, 1, kind, ground)

    @rule(cups=st.integers(0, 3), lamps=st.integers(0, 1), kind=kinds, ground=grounds)
    def open(self, cups: int, lamps: int, kind: str, ground: str) -> None:
        pieces = {index: count for index, count in ((0, cups), (1, lamps)) if count}
        self.act("open", pieces=pieces, kind=kind, ground=ground)

    @rule(amount=amounts)
    def open_compensation(self, amount: D) -> None:
        self.act(
            "open", pieces={}, kind="compensation", ground="service", compensation="goodwill", asked=amount
        )

    @there(Case, "requested", "offered", "countered", "rejected")
    @rule(
        index=which, amount=st.none() | amounts, waive=st.booleans(), off=st.sampled_from([D(0), D("3.33")])
    )
    def approve(self, index: int, amount: D | None, waive: bool, off: D) -> None:
        if case := self.one(Case, index, "requested", "offered", "countered", "rejected"):
            lines = list(case.lines.values_list("line_id", flat=True))
            self.act(
                "case_approve", case=case, actor=self.people.lead, amount=amount,
                goods_back=False if waive else None,
                deductions={lines[0]: Deduction(off, "缺包装")} if off and lines and amount is None else None,
            )  # fmt: skip

    @there(Case, "requested", "offered", "countered")
    @rule(index=which, amount=amounts, verb=st.sampled_from(["case_offer", "case_counter"]))
    def bargain(self, index: int, amount: D, verb: str) -> None:
        if case := self.one(Case, index, "requested", "offered", "countered"):
            self.act(verb, case=case, amount=amount, actor=self.people.agent)

    @there(Case)
    @rule(index=which, verb=st.sampled_from(["case_accept", "case_withdraw", "case_close", "case_reviewed"]))
    def end(self, index: int, verb: str) -> None:
        if case := self.one(Case, index):
            more = {"consent": said(self.now)} if verb == "case_accept" else {}
            self.act(verb, case=case, actor=self.people.agent, **more)

    @there(Case, "requested", "countered")
    @rule(index=which)
    def reject(self, index: int) -> None:
        if case := self.one(Case, index, "requested", "countered"):
            self.act("case_reject", case=case, actor=self.people.lead, words="不符合完好")

    @there(Case, "requested", "offered", "countered", "rejected", "approved")
    @rule(index=which, kind=kinds, ground=grounds, verb=st.sampled_from(["case_amend", "case_turn"]))
    def change(self, index: int, kind: str, ground: str, verb: str) -> None:
        if case := self.one(Case, index, "requested", "offered", "countered", "rejected", "approved"):
            self.act(verb, case=case, kind=kind, ground=ground, actor=self.people.lead)

    # The goods

    @there(CaseParcel, "awaited", "expired", "in_transit")
    @rule(index=which, number=st.sampled_from(["SF1001", "SF1002"]))
    def ship(self, index: int, number: str) -> None:
        if parcel := self.one(CaseParcel, index, "awaited", "expired", "in_transit"):
            self.act(
                "parcel_ship", parcel=parcel, carrier="顺丰", tracking_no=number, actor=self.people.agent
            )

    @there(CaseParcel, "awaited", "in_transit", "received", "lost", "expired")
    @rule(index=which, short=st.integers(0, 2), rest=st.booleans())
    def receive(self, index: int, short: int, rest: bool) -> None:
        if parcel := self.one(CaseParcel, index, "awaited", "in_transit", "received", "lost", "expired"):
            items = ParcelItem.objects.filter(parcel=parcel)
            counts = {one.pk: max(one.announced - one.received - short, 0) for one in items}
            self.act(
                "parcel_receive", parcel=parcel, arrival=Arrival(counts, rest_follows=rest),
                actor=self.people.returns_receiver,
            )  # fmt: skip

    @there(CaseParcel, "received", "refused_at_door")
    @rule(
        index=which,
        bad=st.sampled_from(["damaged", "missing", "wrong", ""]),
        off=amounts | st.just(D(0)),
        keep=st.booleans(),
    )
    def inspect(self, index: int, bad: str, off: D, keep: bool) -> None:
        if parcel := self.one(CaseParcel, index, "received", "refused_at_door"):
            findings = {}
            for one in ParcelItem.objects.filter(parcel=parcel):
                counts = {"accepted": one.received}
                if bad and one.received:
                    counts = {"accepted": one.received - 1, bad: 1}
                findings[one.pk] = Finding(**counts, grade="opened", deduction=off, why="划痕" if off else "")
            self.act(
                "parcel_inspect", parcel=parcel, findings=findings, keep=keep, actor=self.people.returns_receiver
            )  # fmt: skip

    @there(CaseParcel, "in_transit", "inspected", "sent_back")
    @rule(
        index=which,
        verb=st.sampled_from(
            ["parcel_keep", "parcel_lose", "parcel_refuse", "parcel_deliver_back", "parcel_unclaim"]
        ),
    )
    def move_goods(self, index: int, verb: str) -> None:
        if parcel := self.one(CaseParcel, index, "in_transit", "inspected", "sent_back"):
            self.act(verb, parcel=parcel, actor=self.people.returns_receiver)

    @there(CaseParcel, "received", "inspected", "unclaimed")
    @rule(index=which, only_wrong=st.booleans())
    def send_back(self, index: int, only_wrong: bool) -> None:
        if parcel := self.one(CaseParcel, index, "received", "inspected", "unclaimed"):
            self.act(
                "parcel_send_back", parcel=parcel, carrier="圆通", tracking_no="YT9001", only_wrong=only_wrong,
                actor=self.people.returns_receiver,
            )  # fmt: skip

    # The money

    @there(Case, "approved")
    @rule(index=which)
    def propose(self, index: int) -> None:
        if case := self.one(Case, index, "approved"):
            self.act("payment_propose", case=case, actor=self.people.agent)

    @there(CasePayment)
    @rule(index=which, verb=st.sampled_from(["payment_approve", "payment_cancel", "payment_ask_payee"]))
    def second_look(self, index: int, verb: str) -> None:
        if payment := self.one(CasePayment, index):
            self.act(verb, payment=payment, actor=self.people.finance)

    @there(CasePayment, "awaiting_approval", "succeeded")
    @rule(index=which, verb=st.sampled_from(["payment_reject", "payment_reverse"]))
    def with_reason(self, index: int, verb: str) -> None:
        if payment := self.one(CasePayment, index, "awaiting_approval", "succeeded"):
            self.act(verb, payment=payment, actor=self.people.supervisor, reason="依据已核实")

    @there(CasePayment, "approved")
    @rule(index=which)
    def hand_over(self, index: int) -> None:
        if payment := self.one(CasePayment, index, "approved"):
            self.act("submit", payment=payment, actor=system_user())

    @there(CasePayment, "submitted", "unknown", "failed", "approved", "succeeded", "payee_needed", "replaced")
    @rule(index=which, outcome=st.sampled_from(["paid", "failed", "returned"]), ref=st.sampled_from("AB"))
    def bank_says(self, index: int, outcome: str, ref: str) -> None:
        if payment := self.one(
            CasePayment,
            index,
            "submitted",
            "unknown",
            "failed",
            "approved",
            "succeeded",
            "payee_needed",
            "replaced",
        ):
            said = Answer(
                outcome, payment.amount, payment.currency, self.now, bank_ref=ref, reason="户名不符"
            )
            self.act("answer_take", payment=payment, answer=said, actor=self.people.finance)

    @there(CasePayment, "submitted", "failed")
    @rule(index=which, verb=st.sampled_from(["payment_lose_track", "payment_retry"]))
    def unclear(self, index: int, verb: str) -> None:
        if payment := self.one(CasePayment, index, "submitted", "failed"):
            actor = system_user() if verb == "payment_lose_track" else self.people.finance
            self.act(verb, payment=payment, actor=actor)

    @there(CasePayment, "payee_needed")
    @rule(index=which)
    def pay_anew(self, index: int) -> None:
        if payment := self.one(CasePayment, index, "payee_needed"):
            self.act("payment_replace", payment=payment, draft=OTHER_ACCOUNT, actor=self.people.finance)

    @there(Case, "approved")
    @rule(index=which)
    def whole_way(self, index: int) -> None:
        """Proposed, let out, handed over and paid, as it mostly goes."""
        self.propose(index)
        for payment in CasePayment.objects.filter(state__in=["awaiting_approval", "approved"]):
            if payment.state == "awaiting_approval":
                self.act("payment_approve", payment=payment, actor=self.people.finance)
            self.act("submit", payment=payment, actor=system_user())
            said = Answer("paid", payment.amount, payment.currency, self.now, bank_ref="W")
            self.act("answer_take", payment=payment, answer=said, actor=self.people.finance)

    # The dispute

    @there(Case, "requested", "offered", "countered", "rejected", "approved")
    @rule(index=which, by=sides)
    def dispute(self, index: int, by: str) -> None:
        if case := self.one(Case, index, "requested", "offered", "countered", "rejected", "approved"):
            self.act("dispute_open", case=case, by=by, actor=self.people.agent, words="请平台判断")

    @there(Dispute, "opened", "evidence", "under_review")
    @rule(index=which, side=sides)
    def bring(self, index: int, side: str) -> None:
        if row := self.one(Dispute, index, "opened", "evidence", "under_review"):
            self.act("evidence_add", dispute=row, side=side, actor=self.people.agent, text="照片")

    @there(Dispute, "opened", "evidence", "under_review", "suspended", "appealed")
    @rule(
        index=which,
        amount=amounts,
        outcome=st.sampled_from(["full_refund", "part_refund", "as_asked", "for_merchant"]),
        goods=st.booleans(),
    )
    def decide(self, index: int, amount: D, outcome: str, goods: bool) -> None:
        """Review and ruling, or the decision of the appeal by the other judge."""
        row = self.one(Dispute, index, "opened", "evidence", "under_review", "suspended", "appealed")
        if row is None:
            return
        draft = RulingDraft(
            outcome=outcome, clause="消保法 §24", facts="开箱视频", reasons="质量问题", amount=amount,
            goods_back=goods, fault={"merchant": 100}, penalty=D(2), penalty_unit="points",
        )  # fmt: skip
        if row.state == "appealed":
            self.act("appeal_decide", dispute=row, draft=draft, actor=self.other_judge)
            return
        self.act("dispute_review", dispute=row, actor=self.people.adjudicator)
        self.act("dispute_rule", dispute=row, draft=draft, actor=self.people.adjudicator)

    @there(Dispute, "ruled")
    @rule(index=which, by=sides)
    def appeal(self, index: int, by: str) -> None:
        if row := self.one(Dispute, index, "ruled"):
            self.act("dispute_appeal", dispute=row, by=by, actor=self.people.agent, words="事实有误")

    @there(Dispute, "opened", "evidence", "under_review")
    @rule(index=which, by=sides)
    def give_in(self, index: int, by: str) -> None:
        if row := self.one(Dispute, index, "opened", "evidence", "under_review"):
            self.act("dispute_withdraw", dispute=row, by=by, actor=self.people.agent)

    @there(Dispute, "opened", "evidence", "under_review")
    @rule(index=which, by=sides, amount=amounts, goods=st.booleans())
    def settle(self, index: int, by: str, amount: D, goods: bool) -> None:
        if row := self.one(Dispute, index, "opened", "evidence", "under_review"):
            self.act(
                "settlement_propose", dispute=row, by=by, amount=amount, goods_back=goods, actor=self.people.agent
            )  # fmt: skip

    @there(Dispute, "opened", "evidence", "under_review")
    @rule(index=which, by=sides)
    def agree(self, index: int, by: str) -> None:
        if row := self.one(Settlement, index):
            self.act(
                "settlement_accept", settlement=row, by=by, consent=said(self.now), actor=self.people.lead
            )

    # Time

    @there(Case)
    @rule(days=st.sampled_from([1, 8, 16]))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)
        for sweep in ("parcels_expire", "disputes_sweep", "silence_dispute", "decisions_carry_out"):
            self.act(sweep)

    @invariant()
    def whole(self) -> None:
        if not self.changed:
            return
        check_whole()
        self.changed = False
        for model in WITH_STATE:
            self.seen[model] = set(model._default_manager.values_list("state", flat=True))

    @property
    def other_judge(self) -> User:
        return User.objects.get(username="judge2")


ELSE: dict[str, Callable[..., Any]] = {
    "submit": lambda payment, actor, now: moves.perform(payment, "submit", actor=actor, now=now),
    "answer_take": answer_take,
}


@pytest.mark.slow
def test_any_course_of_cases_keeps_pieces_money_events_and_ledger_whole(
    open_case: Callable[..., Case], order: Order, desk: Cast, now: datetime
) -> None:
    for role in ("returns_receiver", "adjudicator", "lead", "supervisor", "finance"):
        desk.of(role)  # people are made before the first example, not in one that is taken back
    desk.person("adjudicator", username="judge2")
    done: dict[str, int] = {}
    world = {"open_case": staticmethod(open_case), "desk": desk, "order": order, "start": now, "done": done}
    machine = type("Course", (AnyCourse,), world)
    long = settings.get_current_profile_name() == "long"
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES or (1000 if long else 20), stateful_step_count=50 if long else 25,
            phases=(Phase.generate, Phase.shrink) if long else (Phase.generate,), report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    assert {"case_approve", "dispute_open"} <= set(done) or len(
        done
    ) >= 8  # it went somewhere; which ways, chance says
