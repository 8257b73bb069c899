"""Each machine of this room, whole: every state × every move × every role is allowed, or refused with its code.

The tables say what the business wants (DESIGN 4 and 5), written by hand: move, from, to, who. Everything that stands in
no row is refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import models

from accounts.services import system_user
from accounts.states import Role
from aftersales.cases import services
from aftersales.cases.models import (
    Case,
    CaseFlag,
    CaseParcel,
    CasePayment,
    Difference,
    Dispute,
    FaultTree,
    FaultTreeVersion,
    PaymentRun,
    Repair,
    ServiceRequest,
)
from aftersales.core import moves
from aftersales.core.errors import NotPermitted
from tests.cast import Cast

WORKERS = "agent lead supervisor authority_desk vendor_lead vendor_agent"
CUSTOMER_TOO = f"{WORKERS} customer"
JUDGE = "adjudicator"
MERCHANTS = "merchant_owner merchant_clerk"
DECIDERS = f"{WORKERS} {MERCHANTS}"
SIDES = f"{WORKERS} customer {MERCHANTS}"
DISPUTERS = f"{SIDES} {JUDGE}"
RECEIVERS = f"returns_receiver lead supervisor {MERCHANTS}"
WITH_FINANCE = f"{WORKERS} finance"
APPROVERS = "lead supervisor finance"
FINANCE = "finance"
WORKSHOP = f"{WORKERS} returns_receiver {MERCHANTS}"
RELEASERS = "finance supervisor"
RULE_KEEPERS = "operations supervisor"
LEADERS = "lead supervisor"
NOBODY = ""
"""Nobody but the system, which may what everybody may."""


@dataclass(frozen=True)
class Way:
    """One move. ``refused``: what it says besides to some of those who may, by state, role or both (* everybody)."""

    name: str
    sources: str
    target: str
    who: str
    refused: Mapping[str, str] = field(default_factory=dict)

    def expected(self, state: str, role: str) -> str:
        if role != "system" and role not in self.who.split():
            return "not_permitted"
        if state not in self.sources.split():
            return "wrong_state"
        return (
            self.refused.get(f"{state} {role}")
            or self.refused.get(role)
            or self.refused.get(state)
            or self.refused.get("*")
            or "allowed"
        )


NOT_SYSTEM = {"system": "not_neutral"}  # it decided this case


def case(settled: bool) -> list[Way]:
    """A case is not closed while a payment of it is open."""
    return [
        *CASE,
        Way("close", "approved rejected", "closed", WITH_FINANCE, {} if settled else {"*": "open_parts"}),
    ]


CASE = [
    Way("offer", "requested countered", "offered", DECIDERS),
    Way("counter", "offered", "countered", CUSTOMER_TOO),
    Way("accept_offer", "offered", "approved", CUSTOMER_TOO),
    Way("accept_counter", "countered", "approved", DECIDERS),
    Way("approve", "requested offered countered rejected", "approved", DECIDERS),
    Way("reject", "requested countered", "rejected", DECIDERS, {"system": "machine"}),
    Way("amend", "requested offered countered rejected", "requested", CUSTOMER_TOO),
    Way("dispute", "requested offered countered rejected approved", "disputed", DISPUTERS),
    Way("rule", "disputed", "approved", JUDGE),
    Way("rule_against", "disputed", "rejected", JUDGE),
    Way("drop_dispute", "disputed", "requested", DISPUTERS),
    Way("drop_dispute_offered", "disputed", "offered", DISPUTERS),
    Way("drop_dispute_countered", "disputed", "countered", DISPUTERS),
    Way("drop_dispute_approved", "disputed", "approved", DISPUTERS),
    Way("drop_dispute_rejected", "disputed", "rejected", DISPUTERS),
    Way("settle_dispute", "disputed", "approved", DISPUTERS),
    Way("withdraw", "requested offered countered approved rejected disputed", "withdrawn", CUSTOMER_TOO),
    Way("turn", "approved", "approved", WORKERS),
]
CASE_STATES = "requested offered countered approved rejected disputed withdrawn closed"


def parcel(inbound: bool) -> list[Way]:
    """A parcel that comes in is not delivered or stopped; one that goes out is not received."""
    out = {} if not inbound else {"*": "inbound"}
    return [
        Way("ship", "awaited expired", "in_transit", SIDES),
        Way("receive", "awaited in_transit lost expired", "received", RECEIVERS, {} if inbound else {"*": "outbound"}),
        Way("deliver", "in_transit lost", "delivered", SIDES, out),
        Way("lose", "in_transit", "lost", RECEIVERS),
        Way("refuse_at_door", "in_transit", "refused_at_door", RECEIVERS),
        Way("arrive", "in_transit", "in_transit", DECIDERS, {} if inbound else {"*": "outbound"}),
        Way("ask_stop", "in_transit", "in_transit", DECIDERS, out),
        Way("fail_stop", "in_transit", "in_transit", DECIDERS, {"*": "inbound" if inbound else "not_asked"}),
        Way("intercept", "awaited in_transit", "intercepted", RECEIVERS, out),
        Way("inspect", "received refused_at_door intercepted", "inspected", RECEIVERS),
        Way("keep", "inspected", "kept", RECEIVERS),
        Way("send_back", "received inspected unclaimed", "sent_back", RECEIVERS),
        Way("deliver_back", "sent_back", "delivered_back", RECEIVERS),
        Way("unclaim", "sent_back", "unclaimed", RECEIVERS),
        Way("expire", "awaited", "expired", NOBODY),
        Way("cancel", "awaited", "cancelled", SIDES),
    ]  # fmt: skip


PARCEL_STATES = (
    "awaited in_transit received lost refused_at_door intercepted inspected kept sent_back delivered_back delivered "
    "unclaimed expired cancelled"
)
PAYMENT = [
    Way("ask_second", "proposed", "awaiting_approval", f"{WITH_FINANCE} {MERCHANTS}"),
    Way(
        "approve",
        "proposed awaiting_approval",
        "approved",
        APPROVERS,
        {"awaiting_approval system": "own_decision"},  # it decided this case: its money waits for a person
    ),
    Way("reject", "proposed awaiting_approval", "rejected", APPROVERS),
    Way("refuse_account", "awaiting_approval approved", "payee_needed", WITH_FINANCE),
    Way(
        "cancel",
        "proposed awaiting_approval approved failed returned_by_bank payee_needed",
        "cancelled",
        WITH_FINANCE,
    ),
    Way("submit", "approved", "submitted", FINANCE),
    Way("succeed", "submitted unknown failed approved returned_by_bank payee_needed", "succeeded", FINANCE),
    Way("fail", "submitted unknown", "failed", FINANCE),
    Way("lose_track", "submitted", "unknown", FINANCE),
    Way("retry", "failed", "approved", FINANCE),
    Way("bounce", "succeeded", "returned_by_bank", FINANCE),
    Way("ask_payee", "returned_by_bank failed", "payee_needed", WITH_FINANCE),
    Way("replace", "payee_needed", "replaced", WITH_FINANCE),
    Way("reverse", "succeeded", "reversed", APPROVERS),
]
PAYMENT_STATES = (
    "proposed awaiting_approval approved submitted succeeded failed unknown returned_by_bank payee_needed replaced "
    "reversed rejected cancelled"
)
RUN = [
    Way("approve", "draft", "approved", RELEASERS),
    Way("export", "approved", "exported", FINANCE),
    Way("settle", "exported", "settled", FINANCE),
    Way("cancel", "draft", "cancelled", FINANCE),
]
DIFFERENCE = [
    Way("explain", "open", "explained", FINANCE),
    Way("correct", "open", "corrected", FINANCE),
    Way("reopen", "explained corrected", "open", FINANCE),
]
BEFORE_RULING = "opened evidence under_review suspended"
DISPUTE = [
    Way("hear", "opened", "evidence", DISPUTERS),
    Way("review", "opened evidence suspended", "under_review", JUDGE),
    Way("suspend", "evidence under_review", "suspended", JUDGE),
    Way("rule", "under_review", "ruled", JUDGE, NOT_SYSTEM),
    Way("appeal", "ruled", "appealed", SIDES),
    Way("decide_appeal", "appealed", "reviewed", JUDGE, NOT_SYSTEM),
    Way("settle", BEFORE_RULING, "settled", DISPUTERS),
    Way("withdraw", BEFORE_RULING, "withdrawn", SIDES),
    Way("execute", "ruled reviewed", "executed", NOBODY, {"ruled": "appeal_open"}),
    Way("close", "executed", "closed", NOBODY),
]
DISPUTE_STATES = f"{BEFORE_RULING} ruled appealed reviewed executed closed settled withdrawn"
IN_WORKSHOP = "received diagnosed quoted accepted declined awaiting_parts repairing tested unrepairable"
REPAIR_STATES = f"{IN_WORKSHOP} sent_back cancelled"


def repair(paid_by_customer: bool) -> list[Way]:
    """Whom the law protects is quoted nothing; who pays agrees before anybody starts."""
    free = {} if paid_by_customer else {"*": "free"}
    agreed = {"*": "quote_first"} if paid_by_customer else {}
    return [
        Way("diagnose", "received diagnosed", "diagnosed", WORKSHOP),
        Way("quote", "diagnosed quoted", "quoted", WORKSHOP, free),
        Way("accept", "quoted", "accepted", CUSTOMER_TOO),
        Way("decline", "quoted", "declined", CUSTOMER_TOO),
        Way("order_parts", "diagnosed accepted repairing", "awaiting_parts", WORKSHOP, agreed),
        Way("parts_arrive", "awaiting_parts", "repairing", WORKSHOP),
        Way("start", "diagnosed accepted tested", "repairing", WORKSHOP, agreed),
        Way("test", "repairing", "tested", WORKSHOP),
        Way("give_up", "diagnosed quoted accepted awaiting_parts repairing tested", "unrepairable", WORKSHOP),
        Way("send_back", "diagnosed declined tested unrepairable", "sent_back", WORKSHOP, {"diagnosed": "not_tested"}),
        Way("cancel", IN_WORKSHOP, "cancelled", WORKSHOP),
    ]  # fmt: skip


REQUEST = [
    Way("pass_on", "asked", "with_party", WORKERS),
    Way("finish", "with_party", "done", DECIDERS),
    Way("refuse", "asked with_party", "refused", DECIDERS, {"system": "machine"}),
    Way("lapse", "asked with_party", "lapsed", NOBODY),
    Way("withdraw", "asked with_party refused lapsed", "withdrawn", CUSTOMER_TOO),
    Way("ask_again", "refused lapsed", "with_party", WORKERS),
]
FLAG = [
    Way("dismiss", "open", "unfounded", LEADERS),
    Way("uphold", "open", "founded", LEADERS),
    Way("reopen", "unfounded founded", "open", LEADERS),
]
TREE = [
    Way("activate", "draft", "active", RULE_KEEPERS),
    Way("reject", "draft", "rejected", RULE_KEEPERS),
    Way("retire", "active", "retired", RULE_KEEPERS),
]


@dataclass
class World:
    """One row of each machine about the same case; whoever made them is none of those who are asked."""

    case: Case
    settled: Case
    payment: CasePayment
    desk: Cast
    now: datetime

    def parcel(self, direction: str) -> CaseParcel:
        return CaseParcel(pk=1, case=self.case, direction=direction, announced_at=self.now)

    def run(self) -> PaymentRun:
        return PaymentRun(pk=1, currency="CNY", made_by_id=self.payment.proposed_by_id, made_at=self.now)

    def dispute(self) -> Dispute:
        return Dispute(
            pk=1, case=self.case, turn_until=self.now + timedelta(hours=1), opened_by=self.case.opened_by,
            ruled_by_id=self.case.opened_by_id,
        )  # fmt: skip

    def repair(self, borne_by: str) -> Repair:
        return Repair(
            pk=1, case=self.case, borne_by=borne_by, received_at=self.now, case_line=self.case.lines.all()[0]
        )

    def tree(self) -> FaultTreeVersion:
        return FaultTreeVersion(pk=1, tree=FaultTree(pk=1), drafted_by=self.case.opened_by)


Build = Callable[[World], models.Model]
MATRIX: dict[str, tuple[str, list[Way], Build]] = {
    "case that is settled": (CASE_STATES, case(True), lambda w: w.settled),
    "case that is being paid": (CASE_STATES, case(False), lambda w: w.case),
    "parcel that comes in": (PARCEL_STATES, parcel(True), lambda w: w.parcel("inbound")),
    "parcel that goes out": (PARCEL_STATES, parcel(False), lambda w: w.parcel("outbound")),
    "payment": (PAYMENT_STATES, PAYMENT, lambda w: w.payment),
    "payment run": ("draft approved exported settled cancelled", RUN, lambda w: w.run()),
    "difference": ("open explained corrected", DIFFERENCE, lambda w: Difference(pk=1)),
    "dispute": (DISPUTE_STATES, DISPUTE, lambda w: w.dispute()),
    "repair that the customer pays": (REPAIR_STATES, repair(True), lambda w: w.repair("customer")),
    "repair that the merchant bears": (REPAIR_STATES, repair(False), lambda w: w.repair("merchant")),
    "request": ("asked with_party done refused lapsed withdrawn", REQUEST, lambda w: ServiceRequest(pk=1)),
    "signal of abuse": ("open unfounded founded", FLAG, lambda w: CaseFlag(pk=1)),
    "version of a fault tree": ("draft active retired rejected noted", TREE, lambda w: w.tree()),
}


@pytest.fixture
def world(open_case: Callable[..., Case], desk: Cast, now: datetime) -> World:
    """Approved by rule, proposed by another person of finance: nobody who is asked had a hand in it."""
    case = open_case({1: 1}, kind="refund_only", ground="quality")
    case = services.case_approve(case=case, actor=system_user(), now=now, how="rule")
    [payment] = services.payment_propose(case=case, actor=desk.person(Role.FINANCE), now=now)
    payment.attempts = 1  # it was handed over: what a bank says of it is believed
    return World(case, open_case({0: 1}), payment, desk, now)


def answer(row: models.Model, move: str, actor: Any, now: datetime) -> str:
    """What the door says: *allowed*, or the first reason why not."""
    try:
        reasons = moves.judged([row], move, actor=actor, now=now)[row.pk]
    except NotPermitted:
        return "not_permitted"
    return reasons[0].code if reasons else "allowed"


@pytest.mark.parametrize("name", MATRIX)
def test_every_state_move_and_role_is_answered_as_the_business_wants(name: str, world: World) -> None:
    states, ways, build = MATRIX[name]
    row = build(world)
    wrong = []
    for state in states.split():
        row.__dict__["state"] = state  # the row as it would stand there; nothing is written
        for way in ways:
            for role in Role.values:
                said = answer(row, way.name, world.desk.of(role), world.now)
                if said != way.expected(state, role):
                    wrong.append(f"{state} {way.name} {role}: {said}, wanted {way.expected(state, role)}")
    assert wrong == []


@pytest.mark.parametrize("name", MATRIX)
def test_no_move_and_no_state_is_left_out_of_the_table(name: str, world: World) -> None:
    states, ways, build = MATRIX[name]
    machine = moves.machine_of(build(world))
    assert {way.name: way.target for way in ways} == {one.name: str(one.target) for one in machine.moves}
    assert set(states.split()) == set(machine.states.values)
